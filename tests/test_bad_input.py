"""Bad input over the real wire: a clear outcome for each, never a 500, and nothing lost."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from bot.channels.wechat import sanitise
from bot.dialogue import MESSAGES_A_MINUTE, Dialogue, Memory
from bot.simulator import Mode, Outcome, Push, PushFault
from bot.simulator.envelope import Envelope, signature
from bot.wording import Wording
from handlers.contract import Incoming, Kind
from knowledge.library import Library
from store.schema import contacts, conversations, inbound
from tests.store.scene import rows
from tests.wire import AES_KEY, APP_ID, SEASON, TOKEN, Wire, wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUESTION = "武汉工匠几号截止"
WORDING = Wording()
PASSIVE_BYTES = 2048


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Wire]:
    async with wire(tmp_path_factory.mktemp("bad")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def compatible(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Wire]:
    async with wire(tmp_path_factory.mktemp("compatible"), mode=Mode.COMPATIBLE) as running:
        yield running


@pytest.fixture(scope="module")
def dialogue() -> Dialogue:
    return Dialogue(Library.load())


async def kept(line: Wire, openid: str) -> list[dict[str, Any]]:
    """Somebody's messages as they are stored."""
    person = {row["id"] for row in await rows(line.service.store, contacts) if row["sender"] == openid}
    return [row for row in await rows(line.service.store, inbound) if row["contact_id"] in person]


async def said(line: Wire, text: str) -> tuple[Push, list[str]]:
    """A new person's one message, and the templates of its answer."""
    push = await line.simulator.say(line.simulator.person().openid, text)
    (row,) = await kept(line, push.openid)
    assert row["reply"] == push.text
    return push, [section["template"] for section in json.loads(row["trace"]).get("sections", [])]


async def still_answers(line: Wire) -> bool:
    return "6月26日" in (await line.ask(QUESTION))[0]


def message(openid: str, content: str, number: int) -> str:
    return (
        f"<xml><ToUserName>gh_7c3a5d1e9b24</ToUserName><FromUserName>{openid}</FromUserName>"
        f"<CreateTime>1719795600</CreateTime><MsgType>text</MsgType><Content>{content}</Content>"
        f"<MsgId>{number}</MsgId></xml>"
    )


async def post(line: Wire, inner: str | None, *, body: bytes = b"", **changes: str) -> tuple[int, str]:
    """A body as nobody but an attacker or a broken proxy sends it; status and answer."""
    timestamp, nonce = str(int(time.time())), "42"
    query = {"signature": signature(TOKEN, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}
    if inner is not None:
        sealed = Envelope(AES_KEY).seal(inner, APP_ID)
        body = f"<xml><ToUserName>gh_7c3a5d1e9b24</ToUserName><Encrypt>{sealed}</Encrypt></xml>".encode()
        query |= {"encrypt_type": "aes", "msg_signature": signature(TOKEN, timestamp, nonce, sealed)}
    async with line.simulator.pusher.session.post(
        f"{line.url}/wechat", params={**query, **changes}, data=body
    ) as response:
        return response.status, await response.text()


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        (PushFault(wrong_signature=True), 403, "HTTP 403"),
        (PushFault(stale_seconds=301), 403, "HTTP 403"),
        (PushFault(stale_seconds=-301), 403, "HTTP 403"),
        (PushFault(padding_bytes=1_000_000), 413, "HTTP 413"),
        (PushFault(app_id="wxffffffffffffffff"), 200, ""),
        (PushFault(doctype=True), 403, "HTTP 403"),
    ],
    ids=["wrong signature", "replay", "from the future", "oversized", "wrong app id", "entity bomb"],
)
async def test_what_the_platform_never_sends_is_refused(
    line: Wire, compatible: Wire, fault: PushFault, status: int, reason: str
) -> None:
    for account in (line, compatible):
        person = account.simulator.person()
        push = await account.simulator.say(person.openid, QUESTION, fault=fault)
        assert [(attempt.status, attempt.reason) for attempt in push.attempts] == [(status, reason)]
        assert push.text == ""
        assert await kept(account, person.openid) == []
        assert await still_answers(account)


async def test_a_push_caught_on_the_way_is_worth_nothing_later(line: Wire) -> None:
    openid = line.simulator.person().openid
    genuine = message(openid, QUESTION, 1)
    first = await post(line, genuine)
    again = await post(line, genuine)
    late = await post(line, genuine, timestamp=str(int(time.time()) - 400))
    assert (first[0], again[0], late[0]) == (200, 200, 403)
    assert len(await kept(line, openid)) == 1


@pytest.mark.parametrize(
    "inner",
    [
        "",
        "not xml",
        "{}",
        "<xml><FromUserName>o</FromUserName>",
        "<xml></xml>",
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><xml><Content>&a;</Content></xml>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><xml><Content>&a;</Content></xml>',
        "<xml>" + "<a>" * 500 + "</a>" * 500 + "</xml>",
        message("o-surrogate", "&#xD83D;", 1),
        message("o-null", "&#0;", 1),
    ],
    ids=["empty", "text", "json", "unclosed", "bare", "entity", "file", "deep", "surrogate", "null"],
)
async def test_a_broken_message_in_a_good_envelope_is_taken_and_dropped(line: Wire, inner: str) -> None:
    before = len(await rows(line.service.store, inbound))
    assert await post(line, inner) == (200, "success")
    assert len(await rows(line.service.store, inbound)) == before


@pytest.mark.parametrize(
    ("body", "changes", "status"),
    [
        (b"", {}, 403),
        (b"\xff\xfe\x00", {"encrypt_type": "aes"}, 403),
        (message("o-plain", QUESTION, 1).encode(), {}, 403),
        (b"<xml><Encrypt>AAAA</Encrypt></xml>", {"encrypt_type": "aes", "msg_signature": ""}, 403),
        (b"", {"signature": ""}, 403),
        (b"", {"timestamp": "never"}, 403),
        (b"<xml>" + b"0" * 200_000, {}, 413),
    ],
    ids=["empty", "bytes", "unsealed", "unsigned", "no signature", "no time", "oversized"],
)
async def test_a_broken_body_is_refused(
    line: Wire, body: bytes, changes: dict[str, str], status: int
) -> None:
    assert (await post(line, None, body=body, **changes))[0] == status
    assert await still_answers(line)


async def test_bytes_that_are_no_text_are_kept_as_far_as_they_are(tmp_path: Path) -> None:
    async with wire(tmp_path, mode=Mode.PLAIN) as line:
        body = (
            message("o-bytes", "SPLIT", 7)
            .encode()
            .replace(b"SPLIT", "几号截止".encode() + b"\xed\xa0\x80\xff")
        )
        status, answer = await post(line, None, body=body)
        assert status == 200
        assert "6月26日" in answer
        (row,) = await kept(line, "o-bytes")
    assert row["text"].startswith("几号截止")


@pytest.mark.parametrize("mode", Mode)
async def test_ten_thousand_characters_are_read(tmp_path: Path, mode: Mode) -> None:
    async with wire(tmp_path, mode=mode) as line:
        started = time.process_time()
        push, _ = await said(line, QUESTION + "，我想问一下" * 1666)
        assert time.process_time() - started < 2
    assert push.outcome is Outcome.REPLIED
    assert "6月26日" in push.text


@pytest.mark.parametrize(
    "filler", ["几", "武汉", "1", "（", "？", "a", "😀", "\u202e", "二（一）4", "<", "&amp;", "{{"]
)
async def test_a_flood_of_anything_costs_little(line: Wire, filler: str) -> None:
    started = time.process_time()
    push, _ = await said(line, (filler * 10_000)[:10_000])
    assert time.process_time() - started < 2
    assert push.outcome is Outcome.REPLIED


async def test_control_and_direction_characters_neither_hinder_nor_come_back(line: Wire) -> None:
    unseen = "\u202e\u2066\u200b\ufeff"
    push, _ = await said(line, "".join(f"{letter}{unseen}\x07" for letter in QUESTION))
    assert "6月26日" in push.text
    strange, _ = await said(line, f"{unseen}狗头金{unseen}\x07怎么炼")
    (row,) = await kept(line, strange.openid)
    assert [sign for sign in unseen + "\x07" if sign in strange.text + row["text"]] == []


@pytest.mark.parametrize(
    "text",
    [
        "{{7*7}}",
        "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
        "{{ config }}",
        "${7*7}#{7*7}",
        "%s%n%(name)s",
        "'; DROP TABLE inbound; --",
        "' OR '1'='1",
        '"><script>alert(1)</script>',
        "]]></Content><Content>武汉工匠几号截止",
        "../../../../etc/passwd",
    ],
)
async def test_code_is_only_text(line: Wire, text: str) -> None:
    push, _ = await said(line, text)
    assert push.outcome is Outcome.REPLIED
    (row,) = await kept(line, push.openid)
    assert row["text"] == text
    assert [word for word in ("49", "class '", "root:", "<script") if word in push.text] == []
    assert await still_answers(line)


@pytest.mark.parametrize("text", ["{{7*7}}", "😀😀👍🏽", "……", "。", "asdfghjkl", "锟斤拷烫烫烫", "1234567"])
async def test_what_says_nothing_is_not_guessed_at(line: Wire, text: str) -> None:
    push, templates = await said(line, text)
    assert push.outcome is Outcome.REPLIED
    assert set(templates) <= {"fallback/unknown", "smalltalk/empty"}


@pytest.mark.parametrize("text", ["", " ", "   \t ", "\n\n", "\u3000", "\u200b\u202e", "\x07"])
async def test_an_empty_message_is_answered_kindly(line: Wire, text: str) -> None:
    push, templates = await said(line, text)
    assert push.outcome is Outcome.REPLIED
    assert templates == ["smalltalk/empty"]


@pytest.mark.parametrize("text", ["3", "第2个", "选9", "７"])
async def test_a_number_without_a_list_chooses_nothing(line: Wire, text: str) -> None:
    person = line.simulator.person()
    push = await line.simulator.say(person.openid, text)
    assert push.outcome is Outcome.REPLIED
    asked = await line.simulator.say(person.openid, "武汉工匠奖励多少名额")
    again = await line.simulator.say(person.openid, text)
    assert again.outcome is Outcome.REPLIED
    assert again.text != asked.text
    assert "20名" not in again.text


PIECES = (
    "武汉",
    "无锡",
    "南京",
    "工匠",
    "技能大师",
    "卓越技师",
    "几号",
    "材料",
    "电话",
    "更多",
    "转人工",
    "2",
    "二（一）4",
)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text() | st.lists(st.sampled_from(PIECES)).map("".join), max_size=6))
async def test_whatever_is_said_is_answered_within_the_limit(dialogue: Dialogue, texts: list[str]) -> None:
    state = None
    for number, text in enumerate(texts):
        incoming = Incoming(
            channel="wechat",
            account=APP_ID,
            sender="o",
            message_id=str(number),
            kind=Kind.TEXT,
            received_at=SEASON,
            text=sanitise(text),
        )
        said = dialogue.turn(incoming, state, limit_bytes=PASSIVE_BYTES, real_seconds=0)
        assert said.text is not None
        assert said.text.strip()
        assert len(said.text.encode()) <= PASSIVE_BYTES
        assert Memory.load(said.state).dump() == said.state
        state = said.state


async def test_more_without_more_says_so(line: Wire) -> None:
    push, _ = await said(line, "更多")
    assert push.text == WORDING.render("conversation/no_more")


async def test_fifty_messages_in_a_second_are_slowed_kindly_and_all_kept(line: Wire) -> None:
    openid = line.simulator.person().openid
    pushes = await asyncio.gather(*(line.simulator.say(openid, QUESTION) for _ in range(50)))
    assert {attempt.status for push in pushes for attempt in push.attempts} == {200}
    assert {push.outcome for push in pushes} == {Outcome.REPLIED}
    slowed = [push for push in pushes if push.text == WORDING.render("conversation/slower")]
    assert len(slowed) == 50 - MESSAGES_A_MINUTE
    messages = await kept(line, openid)
    assert len(messages) == 50
    assert [row for row in messages if row["answered_at"] is None] == []
    assert await still_answers(line)


async def test_events_that_ask_nothing_neither_slow_nor_are_slowed(line: Wire) -> None:
    openid = line.simulator.person().openid
    for number in range(MESSAGES_A_MINUTE + 5):
        where = {
            "Latitude": 30.62,
            "Longitude": 114.13,
            "Precision": number,
            "CreateTime": 1_719_795_600 + number,
        }
        event = await line.simulator.push(openid, {"MsgType": "event", "Event": "LOCATION", **where})
        assert event.outcome is Outcome.SILENT
    assert "6月26日" in (await line.simulator.say(openid, QUESTION)).text


async def test_who_leaves_in_the_rush_is_forgotten_all_the_same(line: Wire) -> None:
    openid = line.simulator.person().openid
    await asyncio.gather(*(line.simulator.say(openid, QUESTION) for _ in range(MESSAGES_A_MINUTE + 1)))
    assert (await line.simulator.unfollow(openid)).outcome is Outcome.SILENT
    assert await kept(line, openid) == []


async def test_a_crowd_is_not_slowed_by_one(line: Wire) -> None:
    crowd = [line.simulator.person().openid for _ in range(50)]
    pushes = await asyncio.gather(*(line.simulator.say(openid, QUESTION) for openid in crowd))
    assert all("6月26日" in push.text for push in pushes)


@pytest.mark.parametrize("lost", json.loads(Memory().dump()))
async def test_a_conversation_of_an_earlier_version_is_read_as_far_as_it_goes(line: Wire, lost: str) -> None:
    openid = line.simulator.person().openid
    await line.simulator.say(openid, QUESTION)
    (person,) = [row["id"] for row in await rows(line.service.store, contacts) if row["sender"] == openid]
    (state,) = [
        r["state"] for r in await rows(line.service.store, conversations) if r["contact_id"] == person
    ]
    earlier = json.dumps({name: value for name, value in json.loads(state).items() if name != lost})
    spoil = update(conversations).where(conversations.c.contact_id == person).values(state=earlier)
    async with line.service.store.work() as work:
        await work.do(lambda session: session.run(spoil))
    push = await line.simulator.say(openid, "无锡卓越技师几号截止")
    assert "7月14日" in push.text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD"])
async def test_other_methods_are_not_allowed(line: Wire, method: str) -> None:
    async with line.simulator.pusher.session.request(method, f"{line.url}/wechat") as response:
        assert response.status == 405


@pytest.mark.parametrize(
    "query", [{}, {"echostr": "x"}, {"signature": "\x00", "timestamp": "1", "nonce": "é"}]
)
async def test_a_verification_that_is_not_the_platforms_is_refused(line: Wire, query: dict[str, str]) -> None:
    async with line.simulator.pusher.session.get(f"{line.url}/wechat", params=query) as response:
        assert response.status == 403
        assert "x" not in await response.text()


NONSENSE = (
    b"",
    b"[]",
    b"{",
    b'{"now": "soon"}',
    b'{"now": "2024-07-01T09:00"}',
    b'{"now": null}',
    b'{"rate": -1}',
    b'{"rate": "inf"}',
    b'{"now": "9999-12-31T23:59:59+00:00", "rate": 1000000}',
)


async def test_the_rehearsals_clock_is_not_moved_by_nonsense(tmp_path: Path) -> None:
    async with wire(tmp_path) as line:
        for body in NONSENSE:
            async with line.simulator.pusher.session.post(f"{line.url}/rehearsal/clock", data=body) as answer:
                assert answer.status == 400, body
        assert await still_answers(line)


async def test_ready_and_alive(line: Wire) -> None:
    for path in ("healthz", "readyz"):
        async with line.simulator.pusher.session.get(f"{line.url}/{path}") as response:
            assert response.status == 200
