"""Template messages, and the events that tell of them."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulator import ApiFault, Channel, Fate, FaultKind, Template, TemplateKind
from bot.simulator.values import takes
from tests.simulator.conftest import Platform
from tests.simulator.echo import EchoBot

TEMPLATE_SEND = "/cgi-bin/message/template/send"
DEADLINE = Template(
    id="deadline",
    title="申报截止提醒",
    content="单位：{{thing1.DATA}}\n截止时间：{{time2.DATA}}\n状态：{{const3.DATA}}\n",
    choices={"const3": frozenset({"待申报", "已退回"})},
)
DATA = {
    "thing1": {"value": "无锡某精密机械有限公司"},
    "time2": {"value": "2024年7月5日 17:00"},
    "const3": {"value": "待申报"},
}


@pytest.fixture
def platform(platform: Platform) -> Platform:
    platform.simulator.knobs.receipt_seconds = (0, 0)
    platform.simulator.templates.add(DEADLINE)
    return platform


async def notify(platform: Platform, openid: str, **more: Any) -> dict[str, Any]:
    body = {"touser": openid, "template_id": "deadline", "data": DATA, **more}
    return await platform.call(
        TEMPLATE_SEND, {key: value for key, value in body.items() if value is not None}
    )


async def test_a_template_message_arrives_and_is_told_of(platform: Platform, bot: EchoBot) -> None:
    person = platform.simulator.person()
    answer = await notify(platform, person.openid, url="https://example.org/7", client_msg_id="a")
    assert (answer["errcode"], answer["errmsg"]) == (0, "ok")
    entry = person.chat[-1]
    assert (entry.kind, entry.channel) == ("template", "template")
    assert entry.data == {
        "title": "申报截止提醒",
        "lines": [
            ("单位", "无锡某精密机械有限公司"),
            ("截止时间", "2024年7月5日 17:00"),
            ("状态", "待申报"),
        ],
        "link": "https://example.org/7",
    }
    await platform.simulator.receipts.settled()
    (event,) = bot.told("TEMPLATESENDJOBFINISH")
    assert (event["MsgID"], event["Status"]) == (str(answer["msgid"]), "success")
    assert event["FromUserName"] == person.openid
    assert person.chat[-1] is entry


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"touser": "nobody"}, 40003),
        ({"template_id": "unknown"}, 40037),
        ({"data": {**DATA, "thing1": {"value": "字" * 21}}}, 47003),
        ({"data": {**DATA, "thing1": {"value": ""}}}, 47003),
        ({"data": {**DATA, "const3": {"value": "别的"}}}, 47003),
        ({"data": {**DATA, "time2": {"value": 20240705}}}, 47003),
        ({"data": {"thing1": DATA["thing1"]}}, 47003),
        ({"data": None}, 47003),
    ],
)
async def test_template_messages_that_are_no_good(
    platform: Platform, bot: EchoBot, change: dict[str, Any], errcode: int
) -> None:
    person = platform.simulator.person()
    body = {"touser": person.openid, "template_id": "deadline", "data": DATA, **change}
    assert (await platform.call(TEMPLATE_SEND, body))["errcode"] == errcode
    await platform.simulator.receipts.settled()
    assert (person.chat, bot.seen) == ([], [])


async def test_the_faulty_field_is_named(platform: Platform) -> None:
    openid = platform.simulator.person().openid
    long = await notify(platform, openid, data={**DATA, "thing1": {"value": "字" * 21}})
    assert long["errmsg"].startswith("argument invalid! data.thing1.value invalid rid: ")
    empty = await notify(platform, openid, data={**DATA, "time2": {}})
    assert empty["errmsg"].startswith("argument invalid! data.time2.value is emtpy rid: ")


async def test_only_followers_get_template_messages(platform: Platform) -> None:
    person = platform.simulator.person(followed=False)
    assert (await notify(platform, person.openid))["errcode"] == 43004
    (kept,) = platform.simulator.deliveries
    assert (kept.fate, kept.errcode, kept.channel) == (Fate.REFUSED, 43004, Channel.TEMPLATE)


async def test_a_repeat_within_ten_minutes_is_suppressed(platform: Platform, bot: EchoBot) -> None:
    simulator, person = platform.simulator, platform.simulator.person()
    first = await notify(platform, person.openid, client_msg_id="a")
    platform.clock.advance(seconds=599)
    assert await notify(platform, person.openid, client_msg_id="a") == first
    platform.clock.advance(seconds=1)
    assert (await notify(platform, person.openid, client_msg_id="a"))["msgid"] != first["msgid"]
    await notify(platform, person.openid, client_msg_id="b")
    await notify(platform, simulator.person().openid, client_msg_id="a")
    await simulator.receipts.settled()
    assert len(bot.told("TEMPLATESENDJOBFINISH")) == 4
    assert simulator.deliveries.count(person.openid, "a") == 2
    assert simulator.deliveries.count(person.openid, "a", Fate.SUPPRESSED) == 1
    assert len(person.chat) == 3


async def test_without_a_key_nothing_is_a_repeat(platform: Platform) -> None:
    person = platform.simulator.person()
    for _ in range(2):
        await notify(platform, person.openid)
    text = "申报截止提醒\n单位：无锡某精密机械有限公司\n截止时间：2024年7月5日 17:00\n状态：待申报"
    assert platform.simulator.deliveries.count(person.openid, text) == 2


async def test_the_answer_to_a_repeat_can_be_turned(platform: Platform) -> None:
    platform.simulator.knobs.repeat_errcode = -1
    openid = platform.simulator.person().openid
    codes = [(await notify(platform, openid, client_msg_id="a"))["errcode"] for _ in range(2)]
    assert codes == [0, -1]
    assert platform.simulator.deliveries.count(openid, "a") == 1


async def test_one_that_was_accepted_behind_a_lost_answer_is_not_sent_twice(platform: Platform) -> None:
    person = platform.simulator.person()
    platform.simulator.faults.append(
        ApiFault(kind=FaultKind.HANG, path=TEMPLATE_SEND, accepted=True, seconds=0.3)
    )
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await notify(platform, person.openid, client_msg_id="a")
    assert (await notify(platform, person.openid, client_msg_id="a"))["errcode"] == 0
    assert len(person.chat) == 1


async def test_messages_that_are_accepted_and_come_to_nobody(platform: Platform, bot: EchoBot) -> None:
    blocker, unlucky = platform.simulator.person(), platform.simulator.person()
    blocker.refuses = 43019
    await notify(platform, blocker.openid)
    platform.simulator.knobs.system_failed = 1.0
    await notify(platform, unlucky.openid)
    await platform.simulator.receipts.settled()
    assert {event["Status"] for event in bot.told("TEMPLATESENDJOBFINISH")} == {
        "failed:user block",
        "failed: system failed",
    }
    assert [delivery.fate for delivery in platform.simulator.deliveries] == [Fate.FAILED, Fate.FAILED]
    assert (blocker.chat, unlucky.chat) == ([], [])


async def test_the_event_may_come_before_the_answer(platform: Platform, bot: EchoBot) -> None:
    platform.simulator.knobs.receipt_first = 1.0
    answer = await notify(platform, platform.simulator.person().openid)
    assert [event["MsgID"] for event in bot.told("TEMPLATESENDJOBFINISH")] == [str(answer["msgid"])]


async def test_the_event_may_never_come(platform: Platform, bot: EchoBot) -> None:
    platform.simulator.knobs.receipt_lost = 1.0
    await notify(platform, platform.simulator.person().openid)
    await platform.simulator.receipts.settled()
    assert bot.seen == []


async def test_the_events_come_in_any_order(platform: Platform, bot: EchoBot) -> None:
    platform.simulator.knobs.receipt_seconds = (0, 0.05)
    openid = platform.simulator.person().openid
    sent = [str((await notify(platform, openid))["msgid"]) for _ in range(20)]
    await platform.simulator.receipts.settled()
    heard = [event["MsgID"] for event in bot.told("TEMPLATESENDJOBFINISH")]
    assert sorted(heard) == sorted(sent)


async def test_the_accounts_templates_are_listed_without_those_to_subscribe_to(platform: Platform) -> None:
    add = platform.simulator.templates.add
    add(Template(id="once", title="截止提醒", content="事项：{{thing1.DATA}}", kind=TemplateKind.ONCE))
    found = await platform.call("/cgi-bin/template/get_all_private_template")
    (listed,) = found["template_list"]
    assert (listed["template_id"], listed["content"]) == ("deadline", DEADLINE.content)
    assert (await notify(platform, platform.simulator.person().openid, template_id="once"))[
        "errcode"
    ] == 40037


@pytest.mark.parametrize("content", ["没有字段", "", "状态：{{const1.DATA}}"])
def test_templates_that_no_page_would_make(content: str) -> None:
    with pytest.raises(ValueError, match="template bad"):
        Template(id="bad", title="坏", content=content)


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("thing1", ["字" * 20, "A座 3-2（东）"], ["字" * 21, "两\n行"]),
        ("character_string2", ["A-2024/07 #3", "x" * 32], ["编号7", "x" * 33]),
        ("number3", ["12", "3.5"], ["十二", "1" * 33, "1e5"]),
        ("letter4", ["AbC"], ["A1"]),
        ("symbol5", ["★！"], ["a", "字"]),
        ("phrase6", ["已退回"], ["已退回修改中", "OK"]),
        ("name7", ["阿依古丽·买买提", "Wang Fang"], ["张" * 11, "王1"]),
        (
            "time8",
            ["09:42", "2019-12-25 09:42", "2024年7月5日 17:00", "09:00~17:00"],
            ["24:00", "2024年7月5日"],
        ),
        (
            "date9",
            ["2024年7月5日", "2019-12-25 09:42", "2024年7月1日~2024年7月31日"],
            ["7月5日", "2024年13月1日"],
        ),
        ("amount10", ["¥5000", "3000.50元"], ["五千元", "12345678901"]),
        ("phone_number11", ["0510-81822222", "+86 13800000000"], ["1" * 18, "电话"]),
        ("car_number12", ["苏B12345"], ["苏B12345678"]),
        ("keyword1", ["随便 什么\n都行"], [""][:0]),
    ],
)
def test_the_rules_of_values(key: str, good: list[str], bad: list[str]) -> None:
    assert [value for value in good if not takes(key, value)] == []
    assert [value for value in bad if takes(key, value)] == []


@given(st.text(alphabet=st.characters(exclude_categories=["C"]), min_size=1))
def test_a_thing_is_twenty_characters_of_anything(value: str) -> None:
    assert takes("thing7", value) is (len(value) <= 20)
