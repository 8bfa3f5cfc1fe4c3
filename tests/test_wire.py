"""What people send over the real wire, and what they read within the second."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bot.cli import MENU
from bot.simulator import Mode, Outcome, Push
from bot.wording import Wording, pack
from store.schema import inbound, metadata
from store.scope import EVERYWHERE
from tests.store.scene import rows
from tests.wire import AES_KEY, APP_ID, APP_SECRET, TOKEN, Wire, wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

WORKER = "我五十三了高级技师 武汉工匠几号截止 找谁问"
WORDING = Wording()
MORE = WORDING.render("conversation/more")
PASSIVE_BYTES = 2048
KEYS = re.findall(r"key: (\S+?)}", MENU.read_text(encoding="utf-8"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Wire]:
    async with wire(tmp_path_factory.mktemp("wire")) as running:
        assert running.service.wechat is not None
        await running.service.wechat.api.publish_menu(yaml.safe_load(MENU.read_text(encoding="utf-8")))
        yield running


async def row(line: Wire, push: Push) -> dict[str, Any]:
    """How a message is kept."""
    kept = [r for r in await rows(line.service.store, inbound) if r["message_id"] == str(push.message_id)]
    assert len(kept) == 1
    return kept[0]


async def trace(line: Wire, push: Push) -> list[dict[str, Any]]:
    """The sections that an answer was made of."""
    sections: list[dict[str, Any]] = json.loads((await row(line, push))["trace"]).get("sections", [])
    return sections


async def templates(line: Wire, push: Push) -> list[str]:
    return [section["template"] for section in await trace(line, push)]


async def everything(line: Wire) -> str:
    """All that is kept of anybody."""
    tables = [await rows(line.service.store, table) for table in metadata.sorted_tables]
    return json.dumps(tables, default=str, ensure_ascii=False)


async def read_on(line: Wire, push: Push) -> list[str]:
    """The parts of an answer, to the last."""
    parts = [push.text]
    while parts[-1].endswith(MORE):
        parts.append((await line.simulator.say(push.openid, "更多")).text)
        assert len(parts) < 20
    return parts


async def in_whole(line: Wire, *turns: str) -> str:
    """All parts of the answer to the last of a new person's turns."""
    person = line.simulator.person()
    for text in turns:
        push = await line.simulator.say(person.openid, text)
    return "\n".join(await read_on(line, push))


def lacking(text: str, *words: str) -> list[str]:
    return [word for word in words if word not in text]


async def answers_the_worker(line: Wire) -> None:
    push = await line.simulator.say(line.simulator.person().openid, WORKER)
    assert push.outcome is Outcome.REPLIED
    assert len(push.attempts) == 1
    wanted = ("6月26日", "6月27日", "83919071", "83919068", "已截止", "武人社函〔2023〕193号", "五（四）")
    assert lacking(push.text, *wanted) == []


async def test_the_worker_reads_dates_telephones_and_clauses_within_a_second(line: Wire) -> None:
    await answers_the_worker(line)


@pytest.mark.parametrize("mode", [Mode.PLAIN, Mode.COMPATIBLE])
async def test_the_same_in_every_mode(mode: Mode, tmp_path: Path) -> None:
    async with wire(tmp_path, mode=mode) as line:
        assert await line.simulator.verify()
        await answers_the_worker(line)


async def test_the_address_is_verified(line: Wire) -> None:
    assert await line.simulator.verify()


async def test_a_new_follower_is_welcomed_and_can_answer_by_number(line: Wire) -> None:
    person = line.simulator.person(followed=False)
    welcome = await line.simulator.follow(person.openid)
    assert welcome.outcome is Outcome.REPLIED
    first = await line.simulator.say(person.openid, "1")
    assert set(await templates(line, first)) & {"eligibility/overview", "selfcheck/conditions"}


async def test_who_follows_by_a_code_is_welcomed_too(line: Wire) -> None:
    stranger, follower = line.simulator.person(followed=False), line.simulator.person()
    followed = await line.simulator.scan(stranger.openid, "poster-7")
    scanned = await line.simulator.scan(follower.openid, "poster-7")
    assert followed.kind == "event:subscribe"
    assert scanned.kind == "event:SCAN"
    assert followed.text == scanned.text != ""


async def test_who_leaves_hears_nothing_is_forgotten_and_may_come_back(line: Wire) -> None:
    person = line.simulator.person()
    await line.simulator.say(person.openid, "武汉工匠铣工李铁柱几号截止")
    assert lacking(await everything(line), person.openid, "李铁柱") == []
    left = await line.simulator.unfollow(person.openid)
    again = await line.simulator.push(
        person.openid,
        {"MsgType": "event", "Event": "unsubscribe", "EventKey": "", "CreateTime": left.created},
    )
    assert (left.outcome, again.outcome) == (Outcome.SILENT, Outcome.SILENT)
    assert lacking(await everything(line), person.openid, "李铁柱") == [person.openid, "李铁柱"]
    assert (await line.simulator.follow(person.openid)).outcome is Outcome.REPLIED
    anew = await line.simulator.say(person.openid, "找谁问")
    assert lacking(anew.text, "武汉", "无锡") == []


@pytest.mark.parametrize(
    "fields",
    [
        {"Event": "VIEW", "EventKey": "https://jiangwen.example/"},
        {"Event": "LOCATION", "Latitude": 30.62, "Longitude": 114.13, "Precision": 10},
        {"Event": "TEMPLATESENDJOBFINISH", "MsgID": 200163836, "Status": "success"},
        {"Event": "an_event_of_next_year", "EventKey": "武汉工匠几号截止"},
    ],
    ids=lambda fields: fields["Event"],
)
async def test_events_without_a_question_are_only_taken(line: Wire, fields: dict[str, object]) -> None:
    person = line.simulator.person()
    push = await line.simulator.push(person.openid, {"MsgType": "event", **fields})
    assert push.outcome is Outcome.SILENT
    assert len(push.attempts) == 1


@pytest.mark.parametrize("key", KEYS)
async def test_every_button_of_the_menu_is_answered(line: Wire, key: str) -> None:
    push = await line.simulator.click(line.simulator.person().openid, key)
    assert push.kind == "event:CLICK"
    assert push.outcome is Outcome.REPLIED


async def test_the_menu_is_published_beside_the_running_service(tmp_path: Path) -> None:
    async with wire(tmp_path) as line:
        settings = line.service.settings
        environment: dict[str, str] = {
            "JIANGWEN_DATABASE_URL": settings.database_url.get_secret_value(),
            "JIANGWEN_WECHAT_APP_ID": APP_ID,
            "JIANGWEN_WECHAT_APP_SECRET": APP_SECRET,
            "JIANGWEN_WECHAT_TOKEN": TOKEN,
            "JIANGWEN_WECHAT_AES_KEY": AES_KEY,
            "JIANGWEN_WECHAT_API_BASE": settings.wechat_api_base,
        }
        command = await create_subprocess_exec(
            *(sys.executable, "-m", "bot", "wechat", "menu"), env={**os.environ, **environment}, stderr=PIPE
        )
        _, complaint = await command.communicate()
        assert command.returncode == 0, complaint.decode()
        assert [button["name"] for button in line.simulator.menu.buttons] == ["查资格", "看通知", "我的"]
        push = await line.simulator.click(line.simulator.person().openid, KEYS[0])
    assert push.outcome is Outcome.REPLIED


async def test_a_place_is_led_to_its_office(line: Wire) -> None:
    person = line.simulator.person()
    here = await line.simulator.place(person.openid, 30.62, 114.13, "湖北省武汉市东西湖区吴中街302号")
    there = await line.simulator.place(person.openid, 31.92, 120.28, "江苏省无锡市江阴市澄江中路9号")
    assert lacking(here.text, "027-83891432", "吴中街302号") == []
    assert lacking(there.text, "0510-86711013", "长江路141号") == []


async def test_a_place_without_a_name_is_not_guessed(line: Wire) -> None:
    push = await line.simulator.place(line.simulator.person().openid, 30.62, 114.13, "")
    assert push.outcome is Outcome.REPLIED
    assert "83891432" not in push.text


async def test_what_a_voice_says_is_answered(line: Wire) -> None:
    push = await line.simulator.speak(line.simulator.person().openid, "武汉工匠什么时候截止啊找谁问")
    assert lacking(push.text, "6月26日", "6月27日", "83919071") == []
    assert (await row(line, push))["kind"] == "voice"


@pytest.mark.parametrize("recognition", [None, ""])
async def test_a_voice_that_nobody_heard_is_asked_again(line: Wire, recognition: str | None) -> None:
    push = await line.simulator.speak(line.simulator.person().openid, recognition)
    assert await templates(line, push) == ["smalltalk/unreadable"]


async def test_pictures_films_and_strange_things_are_declined_kindly(line: Wire) -> None:
    person = line.simulator.person()
    picture = await line.simulator.picture(person.openid, "https://mmbiz.example/p.jpg")
    assert await templates(line, picture) == ["smalltalk/unreadable"]
    for number, kind in enumerate(("video", "shortvideo", "file", "a_kind_of_next_year")):
        fields = {"MsgType": kind, "MediaId": "m"}
        push = await line.simulator.push(person.openid, fields, message_id=7_000_000_000 + number)
        assert await templates(line, push) == ["smalltalk/unreadable"], kind


async def test_the_title_of_a_link_is_read(line: Wire) -> None:
    person = line.simulator.person()
    titled = await line.simulator.link(person.openid, "武汉工匠几号截止", "https://rsj.example/n.html")
    bare = await line.simulator.link(person.openid, "", "https://rsj.example/n.html")
    assert lacking(titled.text, "6月26日", "6月27日") == []
    assert await templates(line, bare) == ["smalltalk/unreadable"]


@pytest.mark.parametrize("written", ["2", "２", "二", "第二个", "选2", "2。", " 2 ", "2、"])
async def test_a_number_chooses_from_the_list(line: Wire, written: str) -> None:
    person = line.simulator.person()
    await line.simulator.click(person.openid, "查资格")
    push = await line.simulator.say(person.openid, written)
    assert "selfcheck/question" in await templates(line, push)
    assert "武汉市技能大师" in push.text


async def test_a_number_that_is_not_in_the_list_is_said_so_and_the_list_stays(line: Wire) -> None:
    refused, chosen = (await line.ask("查资格", "9", "5"))[1:]
    assert refused == WORDING.render("conversation/no_choice", number=9)
    assert "卓越技师" in chosen


async def test_a_chosen_notice_leads_on_by_numbers(line: Wire) -> None:
    *_, topics, answer = await line.ask("看通知", "2", "2")
    assert "无锡" in topics
    assert lacking(answer, "7月14日", "24:00") == []


@pytest.mark.parametrize(
    "question",
    ["无锡技能大师工作室要什么条件", "武汉工匠有什么条件", "武汉市技能大师有什么条件"],
)
async def test_more_tells_the_rest_and_no_part_is_too_long(line: Wire, question: str) -> None:
    push = await line.simulator.say(line.simulator.person().openid, question)
    parts = await read_on(line, push)
    assert len(parts) > 1
    assert max(len(part.encode()) for part in parts) <= PASSIVE_BYTES
    whole = "".join(part.removesuffix(MORE) for part in parts).replace("\n", "")
    facts = [
        line.service.library.sourced[fact] for section in await trace(line, push) for fact in section["facts"]
    ]
    assert facts
    shown = [fact for fact in facts if fact.fact.say.replace("\n", "") in whole or fact.citation in whole]
    assert shown == facts
    after = await line.simulator.say(push.openid, "更多")
    assert after.text == WORDING.render("conversation/no_more")


@given(st.lists(st.text("字a😀 \n", max_size=200), max_size=6), st.integers(100, 400))
async def test_parts_keep_to_the_limit_and_lose_nothing(blocks: list[str], limit: int) -> None:
    parts = pack(blocks, limit, "\n" + MORE)
    assert max(len(part.encode()) for part in parts) <= limit
    told = "".join(part.removesuffix(MORE) for part in parts)
    assert "".join(told.split()) == "".join("".join(blocks).split())


async def test_several_questions_in_one_message_are_all_answered(line: Wire) -> None:
    text = await in_whole(line, "武汉工匠几号截止？要交什么材料？评多少个？打哪个电话？")
    assert lacking(text, "6月26日", "6月27日", "申报表", "20名", "83919071") == []


async def test_questions_about_two_cities_are_both_answered(line: Wire) -> None:
    text = await in_whole(line, "武汉工匠找谁问，无锡卓越技师几号截止")
    assert lacking(text, "83919071", "83919068", "7月14日") == []


async def test_without_a_city_both_are_answered(line: Wire) -> None:
    text = await in_whole(line, "几号截止")
    assert lacking(text, "武汉", "6月26日", "6月27日", "无锡", "7月14日", "24:00") == []


async def test_a_remembered_city_is_used_and_said(line: Wire) -> None:
    answer = (await line.ask("武汉工匠几号截止", "找谁问"))[1]
    assert lacking(answer, "83919071", WORDING.render("conversation/remembered", city="武汉")) == []
    assert "0510" not in answer


async def test_a_conversation_goes_on(line: Wire) -> None:
    artisan, master, wuxi, hour = await line.ask("武汉工匠几号截止", "那技能大师呢", "无锡的", "几点")
    assert lacking(artisan, "武汉工匠", "6月27日") == []
    assert lacking(master, "武汉市技能大师", "6月27日", "83919069") == []
    assert lacking(wuxi, "无锡市技能大师工作室", "7月14日") == []
    assert lacking(hour, "无锡", "24:00") == []
    assert [text for text in (wuxi, hour) if "6月2" in text] == []


async def test_a_new_topic_leaves_the_old_one(line: Wire) -> None:
    answer = (await line.ask("武汉工匠几号截止", "无锡卓越技师评多少个"))[1]
    assert lacking(answer, "无锡", "30人") == []
    assert "6月2" not in answer


async def test_a_conversation_survives_a_restart(tmp_path: Path) -> None:
    async with wire(tmp_path) as before:
        openid = before.simulator.person().openid
        await before.simulator.say(openid, "武汉工匠几号截止")
        other = before.simulator.person().openid
        long = await before.simulator.say(other, "无锡技能大师工作室要什么条件")
        chooser = before.simulator.person().openid
        await before.simulator.say(chooser, "查资格")
    async with wire(tmp_path) as after:
        for person in (openid, other, chooser):
            after.simulator.person(openid=person)
        went_on = await after.simulator.say(openid, "那技能大师呢")
        rest = await after.simulator.say(other, "更多")
        chosen = await after.simulator.say(chooser, "1")
    assert lacking(went_on.text, "武汉市技能大师", "6月27日") == []
    assert long.text.endswith(MORE)
    assert "授艺带徒" in rest.text
    assert "武汉工匠" in chosen.text


async def test_what_did_not_help_is_recorded_and_an_office_named(line: Wire) -> None:
    answer = (await line.ask("无锡卓越技师奖金什么时候到账呀", "没帮到"))[1]
    assert "0510-81822591" in answer
    async with line.service.store.work() as work:
        latest = (await work.feedback(limit=1))[0]
    assert latest.question is not None
    assert "奖金" in latest.question


async def test_a_person_is_wanted(line: Wire) -> None:
    answer = (await line.ask("武汉市技能大师评审会在哪开", "转人工"))[1]
    assert "83919069" in answer
    async with line.service.store.work() as work:
        latest = (await work.tickets_of(scope=EVERYWHERE))[-1]
    assert latest.question is not None
    assert "评审会" in latest.question
    assert (latest.city, latest.programme) == ("武汉", "wuhan-dashi")


async def test_a_person_is_wanted_at_once(line: Wire) -> None:
    (answer,) = await line.ask("转人工")
    assert lacking(answer, "83919071", "0510-81822591") == []
    async with line.service.store.work() as work:
        assert (await work.tickets_of(scope=EVERYWHERE))[-1].question


async def test_what_is_kept_is_told(line: Wire) -> None:
    person = line.simulator.person()
    fresh = await line.simulator.say(person.openid, "隐私说明")
    assert await templates(line, fresh) == ["privacy/statement"]
    await line.simulator.say(person.openid, "我五十三了，武汉工匠能报吗")
    told = await line.simulator.click(person.openid, "我的信息")
    assert lacking(told.text, "武汉", "53") == []
    assert "53" not in fresh.text


@pytest.mark.parametrize("confirmation", ["1", "确认删除"])
async def test_a_person_is_forgotten_and_gets_a_receipt(line: Wire, confirmation: str) -> None:
    person = line.simulator.person()
    await line.simulator.say(person.openid, "武汉工匠五十三岁铣工王大锤能报吗")
    await line.simulator.say(person.openid, "转人工")
    asked = await line.simulator.say(person.openid, "删除我的信息")
    assert lacking(await everything(line), person.openid, "王大锤") == []
    assert "确认删除" in asked.text
    done = await line.simulator.say(person.openid, confirmation)
    assert lacking(await everything(line), person.openid, "王大锤") == [person.openid, "王大锤"]
    receipt = re.search(r"[0-9a-f]{12}", done.text)
    assert receipt is not None
    async with line.service.store.work() as work:
        assert await work.forgotten(receipt=receipt[0]) is not None
    anew = await line.simulator.say(person.openid, "找谁问")
    assert lacking(anew.text, "武汉", "无锡") == []


async def test_nothing_is_forgotten_without_the_word(line: Wire) -> None:
    person = line.simulator.person()
    for text in ("武汉工匠几号截止", "删除我的信息", "算了"):
        await line.simulator.say(person.openid, text)
    answer = await line.simulator.say(person.openid, "武汉的找谁问")
    assert "83919071" in answer.text
    kept = await rows(line.service.store, inbound)
    assert "武汉工匠几号截止" in [r["text"] for r in kept]


SECRETS = (
    "420106197001011234",
    "42010619700101123X",
    "420106700101123",
    "6222021234567890123",
    "6222 0212 3456 7890 123",
    "4201-0619-7001-0112-34",
    "420106 1970 0101 1234",
    "420106 700101 123",
    "622202 0212345678901",
    "４２０１０６１９７００１０１１２３４",
)
TELEPHONES = ("13812345678", "027-83891432", "83919071 83919068", "0510-81822591、0510-86711013")


async def test_card_numbers_never_reach_the_file_and_telephones_stay(tmp_path: Path) -> None:
    async with wire(tmp_path) as line:
        for secret in SECRETS:
            person = line.simulator.person().openid
            for text in (f"武汉工匠几号截止，我的号是{secret}，行不行", "转人工", "没帮到"):
                push = await line.simulator.say(person, text)
                assert secret not in push.text
            await line.simulator.speak(person, f"我的号码是{secret}")
        person = line.simulator.person().openid
        noted = await line.simulator.say(person, f"无锡找谁问 {SECRETS[0]}")
        assert noted.text.startswith(WORDING.render("conversation/masked"))
        for telephone in TELEPHONES:
            push = await line.simulator.say(line.simulator.person().openid, f"我打{telephone}没人接")
            assert WORDING.render("conversation/masked") not in push.text
    kept, written = on_disk(tmp_path)
    assert [secret for secret in SECRETS if secret in kept or secret.encode() in written] == []
    assert lacking(kept, *TELEPHONES) == []


def on_disk(folder: Path) -> tuple[str, bytes]:
    """Every value of the closed database, and the bytes of its files."""
    with closing(sqlite3.connect(folder / "jiangwen.db")) as connection:
        tables = [connection.execute(str(select(table))).fetchall() for table in metadata.sorted_tables]
    values = [str(value) for table in tables for found in table for value in found]
    return "\n".join(values), b"".join(path.read_bytes() for path in folder.iterdir())
