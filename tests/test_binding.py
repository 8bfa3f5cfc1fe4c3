"""A unit's contact over the encrypted wire: bound, confirmed, handed over, ended; and bad days between."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from typer.testing import CliRunner

from bot.cli import cli
from store.records import CodePurpose
from store.schema import consents, contacts, deliveries, inbound, metadata, seat_requests, seats
from tests.databases import VAULT
from tests.store.scene import rows, texts_in
from tests.store.units import CODE, DONGHU, OTHER_CODE, OTHER_PHONE, PHONE, WUZHONG
from tests.wire import DATA_KEY, SEASON, Wire, wire

CODE_SHOWN = re.compile(r"[A-Z2-9]{4}-[A-Z2-9]{4}")


@pytest_asyncio.fixture
async def line(tmp_path: Path) -> AsyncIterator[Wire]:
    async with wire(tmp_path) as running:
        await running.service.clock.set(running.service.store, now=SEASON, rate=0)
        async with running.service.store.work() as work:
            await work.take_roster(registrations=(WUZHONG, DONGHU), now=SEASON, keep=True)
        yield running


class Talker:
    """One person's side of a conversation."""

    def __init__(self, line: Wire, *, followed: bool = True) -> None:
        self.line = line
        self.openid = line.simulator.person(followed=followed).openid

    async def say(self, *texts: str) -> str:
        for text in texts:
            push = await self.line.simulator.say(self.openid, text)
        return push.text

    async def bind(self, code: str = CODE, phone: str = PHONE) -> str:
        return await self.say("绑定单位", "同意", f"{code} {phone}")


async def invitation(line: Wire, code: str = CODE, purpose: CodePurpose = CodePurpose.INVITE) -> str:
    async with line.service.store.work() as work:
        unit = await work.unit(code=code)
        assert unit
        return await work.issue_code(
            purpose=purpose, unit=unit.id, issued_by="staff", now=SEASON, span=timedelta(days=7)
        )


async def told(line: Wire) -> list[tuple[str, int]]:
    """What was posted: by whom of what it speaks, to which contact."""
    return [
        (json.loads(VAULT.open("deliveries.content", row["content"])).get("what", ""), row["contact_id"])
        for row in await rows(line.service.store, deliveries)
        if row["kind"] == "binding"
    ]


async def everything(line: Wire) -> str:
    return texts_in(
        [row for table in metadata.sorted_tables for row in await rows(line.service.store, table)]
    )


# —— binding by the roster


async def test_consent_comes_first_then_code_and_phone(line: Wire) -> None:
    hr = Talker(line)
    asked = await hr.say("绑定单位")
    assert all(word in asked for word in ("保存什么", "为什么", "多久", "同意", "身份证号", "180天"))
    assert "统一社会信用代码" in await hr.say("同意")
    assert CODE in await hr.say(CODE)
    bound = await hr.say(PHONE)

    assert WUZHONG.name in bound
    assert "截止提醒" in bound
    assert "确认后才能看" in bound
    assert {row["purpose"] for row in await rows(line.service.store, consents)} == {"seat", "push"}
    mine = await hr.say("我的单位")
    assert f"1 {WUZHONG.name}：待确认" in mine


async def test_both_in_one_message_however_they_are_typed(line: Wire) -> None:
    wide = str.maketrans("0123456789KX", "０１２３４５６７８９ｋｘ")
    bound = await Talker(line).say("邦定单位", "1", f"{CODE.translate(wide)}，手机１３８-1234-5678谢谢")
    assert WUZHONG.name in bound


async def test_what_is_no_phone_and_a_doubt_get_a_next_step(line: Wire) -> None:
    hr = Talker(line)
    assert "不保存" in await hr.say("绑定单位", "安全吗 要我手机号干嘛")
    await hr.say("同意", CODE)
    assert "手机是11位" in await hr.say("1381234567")
    assert WUZHONG.name in await hr.say(PHONE)


async def test_a_person_who_wants_staff_gets_them_whatever_was_asked(line: Wire) -> None:
    for before in (["绑定单位"], ["绑定单位", "同意"], ["提醒我"]):
        hr = Talker(line)
        said = await hr.say(*before, "转人工")
        assert "工作人员" in said
        assert "回复“同意”（1）" not in said
        assert "哪个项目" not in said


async def test_no_phone_is_kept_legible_anywhere(line: Wire) -> None:
    hr = Talker(line)
    await hr.say(f"绑定单位 {CODE} {PHONE}", PHONE, "同意", "13800001111", f"{CODE} {PHONE}", "几号截止")
    assert await rows(line.service.store, seats)
    kept = await everything(line)

    assert PHONE not in kept
    assert "13800001111" not in kept


async def test_who_does_not_agree_is_not_kept(line: Wire) -> None:
    hr = Talker(line)
    assert "不绑定" in await hr.say("绑定单位", "不同意")
    assert "回复“同意”" in await hr.say("绑定单位", f"{CODE} {PHONE}")
    assert "不绑定" in await hr.say("2")
    assert await rows(line.service.store, consents) == []
    assert await rows(line.service.store, seats) == []


async def test_no_match_waits_and_does_not_say_what_was_wrong(line: Wire) -> None:
    answers = {
        await Talker(line).bind(code, phone)
        for code, phone in ((CODE, "13800001111"), ("91420100177716821Q", PHONE), (CODE, "02783919071"))
    }
    assert len(answers) == 1
    assert "转给工作人员" in answers.pop()
    assert len(await rows(line.service.store, seat_requests)) == 3


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (CODE[:-1], "18位"),
        (f"{CODE[:-1]}A", "校验位"),
        ("110101199003074514", "身份证号"),
        ("123", "统一社会信用代码"),
        ("13812345678", "还差单位的统一社会信用代码"),
    ],
)
async def test_what_cannot_be_meant_gets_a_next_step(line: Wire, said: str, heard: str) -> None:
    assert heard in await Talker(line).say("绑定单位", "同意", said)


async def test_a_picture_a_question_and_a_change_of_mind(line: Wire) -> None:
    hr = Talker(line)
    await hr.say("绑定单位", "同意")
    assert "图片" in (await line.simulator.picture(hr.openid, "https://example.org/1.jpg")).text
    aside = await hr.say("武汉工匠几号截止")
    assert "6月27日" in aside
    assert "回到绑定单位" in aside
    assert "不绑了" in await hr.say("退出")
    assert "回到绑定单位" not in await hr.say("谢谢")


async def test_a_self_check_gives_way_to_binding(line: Wire) -> None:
    hr = Talker(line)
    assert "保存什么" in await hr.say("自查武汉工匠", "绑定单位")
    assert "统一社会信用代码" in await hr.say("同意")


async def test_guessing_is_paused_and_told_to_staff(line: Wire) -> None:
    hr = Talker(line)
    await hr.bind(phone="13800001110")
    for n in range(4):
        assert "转给工作人员" in await hr.say(f"绑定单位 {CODE} 1380000111{n + 1}")
    assert "7月1日10:00以后" in await hr.say(f"绑定单位 {CODE} {PHONE}")
    async with line.service.store.work() as work:
        kinds = {note.kind for note in await work.notes(city="武汉")}
    assert {"guessing", "seat_request"} <= kinds

    await line.service.clock.set(line.service.store, now=SEASON + timedelta(minutes=61), rate=0)
    assert "已绑定" in await hr.say(f"绑定单位 {CODE} {PHONE}")


async def test_two_with_the_same_phone(line: Wire) -> None:
    first, second = Talker(line), Talker(line)
    assert "已绑定" in await first.bind()
    assert "转给工作人员" in await second.bind()
    assert "已经绑定" in await first.say(f"绑定单位 {CODE} {PHONE}")


# —— codes


async def test_whoever_speaks_for_a_unit_is_told_the_office_of_its_place(line: Wire) -> None:
    talker = Talker(line)
    code = await invitation(line)
    await talker.say("绑定单位", "同意", code)
    for said in ("转人工", "没帮到"):
        heard = await talker.say(said)
        assert "83919071" in heard
        assert "81822591" not in heard


async def test_an_invitation_binds_after_consent(line: Wire) -> None:
    hr = Talker(line)
    code = await invitation(line)
    offered = await hr.say(code.lower().replace("-", ""))
    assert WUZHONG.name in offered
    assert "保存什么" in offered
    assert "审核状态" in await hr.say("同意")
    assert "已确认" in await hr.say("我的单位")
    assert "不能用" in await Talker(line).say(code)
    assert code.replace("-", "") not in (await everything(line)).replace("-", "")


async def test_a_scanned_code_binds_new_followers_and_old(line: Wire) -> None:
    new, old = Talker(line, followed=False), Talker(line)
    scene = (await invitation(line)).replace("-", "")
    followed = await line.simulator.scan(new.openid, scene)
    assert WUZHONG.name in followed.text
    assert "审核状态" in await new.say("同意")
    scanned = await line.simulator.scan(old.openid, (await invitation(line, OTHER_CODE)).replace("-", ""))
    assert DONGHU.name in scanned.text
    assert "欢迎关注" in (await line.simulator.scan(old.openid, "spring2024")).text


async def test_a_colleague_confirms_and_is_told(line: Wire) -> None:
    boss, hr = Talker(line), Talker(line)
    await boss.say(await invitation(line), "同意")
    await hr.bind()
    assert ("joined", await contact(line, boss)) in await told(line)
    assert "还没有确认" in await hr.say("邀请同事")
    invited = await boss.say("邀请同事")
    assert WUZHONG.name in invited
    shown = CODE_SHOWN.search(invited)
    assert shown
    assert "审核状态" in await hr.say(shown[0])
    assert "另有1位联系人" in await hr.say("我的单位")


async def contact(line: Wire, talker: Talker) -> int:
    (row,) = [r for r in await rows(line.service.store, contacts) if r["sender"] == talker.openid]
    return int(row["id"])


async def test_a_hand_over_takes_the_givers_place(line: Wire) -> None:
    giver, taker = Talker(line), Talker(line)
    await giver.say(await invitation(line), "同意")
    shown = CODE_SHOWN.search(await giver.say("我离职了"))
    assert shown
    assert "已确认" in await giver.say("我的单位")
    assert "已绑定" in await taker.say(shown[0], "同意")
    assert "还没有绑定" in await giver.say("我的单位")
    assert ("handed_over", await contact(line, giver)) in await told(line)


async def test_one_of_several_units_is_chosen_by_number(line: Wire) -> None:
    hr = Talker(line)
    await hr.bind()
    await hr.say(f"绑定单位 {OTHER_CODE} {PHONE}")
    listed = await hr.say("我的单位")
    assert listed.index(WUZHONG.name) < listed.index(DONGHU.name)
    assert f"2. 确认解绑：{DONGHU.name}" in (await hr.say("解绑")).replace("2 ", "2. ")
    assert DONGHU.name in await hr.say("2")
    left = await hr.say("我的单位")
    assert WUZHONG.name in left
    assert DONGHU.name not in left
    assert "哪个单位" not in await hr.say("邀请同事")


async def test_several_confirmed_units_each_have_their_code(line: Wire) -> None:
    hr = Talker(line)
    await hr.say(await invitation(line), "同意", await invitation(line, OTHER_CODE))
    await hr.say("移交")
    handed = await hr.say("2")
    assert DONGHU.name in handed
    assert CODE_SHOWN.search(handed)


# —— what is kept, and how it ends


async def test_what_is_kept_is_shown_masked_with_how_long(line: Wire) -> None:
    hr = Talker(line)
    await hr.bind()
    shown = await hr.say("我的信息")
    for word in (WUZHONG.name, "待确认", "180天", "接收推送", "作为单位联系人", "2024-07-01"):
        assert word in shown
    assert hr.openid not in shown


async def test_pushes_stop_at_once_and_come_back(line: Wire) -> None:
    hr = Talker(line)
    await hr.bind()
    assert "已停止推送" in await hr.say("退订")
    assert "push" not in await agreed(line)
    assert "没有给您推送" in await hr.say("TD")
    assert "已恢复" in await hr.say("恢复推送")
    assert "push" in await agreed(line)


async def agreed(line: Wire) -> set[str]:
    kept = await rows(line.service.store, consents)
    return {row["purpose"] for row in kept if row["withdrawn_at"] is None}


async def test_deletion_ends_seats_tells_the_others_and_leaves_nothing(line: Wire) -> None:
    boss, hr = Talker(line), Talker(line)
    await boss.say(await invitation(line), "同意")
    await hr.bind()
    asked = await hr.say("删除我的信息")
    assert WUZHONG.name in asked
    assert "花名册" in asked
    done = await hr.say("确认删除")
    assert "回执号" in done
    assert WUZHONG.name in done
    assert ("left", await contact(line, boss)) in await told(line)
    assert hr.openid not in await everything(line)
    assert "还没有绑定" in await hr.say("我的单位")
    assert PHONE[:3] not in done


async def test_whoever_leaves_the_account_sits_nowhere(line: Wire) -> None:
    boss, hr = Talker(line), Talker(line)
    await boss.say(await invitation(line), "同意")
    await hr.bind()
    await line.simulator.unfollow(hr.openid)
    assert ("left", await contact(line, boss)) in await told(line)
    held = [row for row in await rows(line.service.store, seats) if row["ended_at"] is None]
    assert len(held) == 1
    assert await rows(line.service.store, inbound)


async def test_whoever_speaks_for_a_unit_is_answered_for_its_city(line: Wire) -> None:
    hr, stranger = Talker(line), Talker(line)
    await hr.bind()
    own = await hr.say("几号截止")
    assert "按您单位所在的武汉来答" in own
    assert "锡人社函" not in own
    assert "锡人社函" not in await hr.say("材料要交什么")
    assert "武人社函" not in await hr.say("无锡几号截止")
    assert "按您前面说的无锡来答" in await hr.say("材料要交什么")
    assert "武人社函" not in await hr.say("卓越技师评几个")
    both = await stranger.say("几号截止")
    assert "锡人社函" in both
    assert "武人社函" in both


async def test_the_menu_shows_what_is_kept(line: Wire) -> None:
    assert OTHER_PHONE not in await Talker(line).say("我的")


async def test_staff_answer_a_request_beside_the_running_service(
    line: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIANGWEN_DATABASE_URL", line.service.settings.database_url.get_secret_value())
    monkeypatch.setenv("JIANGWEN_DATA_KEY", DATA_KEY)
    granted, refused = Talker(line), Talker(line)
    for hr in (granted, refused):
        await hr.bind(phone="13800001111")

    async def run(*words: str) -> str:
        result = await asyncio.to_thread(CliRunner().invoke, cli, ["units", *words])
        assert result.exit_code == 0, result.output
        return result.output

    asked = await run("requests", "--city", "武汉")
    assert "138****1111" in asked
    first, second = (row.partition(":")[0] for row in asked.splitlines())
    await run("decide", first, "--grant")
    await run("decide", second, "--refuse")
    assert "已确认" in await granted.say("我的单位")
    assert ("granted", await contact(line, granted)) in await told(line)
    assert await run("requests") == ""
    shown = await run("show", CODE)
    seat = re.search(r"seat (\d+)", shown)
    assert seat
    await run("remove-seat", seat[1])
    assert "还没有绑定" in await granted.say("我的单位")
    assert ("removed", await contact(line, granted)) in await told(line)
    assert "没有联系人" in await run("notes")
