"""Mass messages by openid: four a month, no job twice, and the event that counts."""

from typing import Any

import pytest

from bot.simulator import Person
from tests.simulator.conftest import Platform
from tests.simulator.echo import EchoBot

MASS_SEND = "/cgi-bin/message/mass/send"


@pytest.fixture
def platform(platform: Platform) -> Platform:
    platform.simulator.knobs.receipt_seconds = (0, 0)
    return platform


async def mass(platform: Platform, people: list[Person], text: str = "新通知", **more: Any) -> dict[str, Any]:
    openids = [person.openid for person in people]
    body = {"touser": openids, "msgtype": "text", "text": {"content": text}, **more}
    return await platform.call(MASS_SEND, body)


async def test_a_mass_message_is_counted_and_told_of(platform: Platform, bot: EchoBot) -> None:
    simulator = platform.simulator
    people = [simulator.person() for _ in range(3)] + [simulator.person(followed=False)]
    people[0].refuses = 43019
    answer = await mass(platform, people, clientmsgid="m1")
    assert (answer["errcode"], answer["errmsg"]) == (0, "send job submission success")
    await simulator.receipts.settled()
    (event,) = bot.told("MASSSENDJOBFINISH")
    names = ("MsgID", "Status", "TotalCount", "FilterCount", "SentCount", "ErrorCount")
    assert [event[name] for name in names] == [str(answer["msg_id"]), "send success", "3", "2", "2", "0"]
    assert [delivery.reason for delivery in simulator.deliveries] == ["refused", "", "", "not a follower"]
    assert [entry.channel for entry in people[1].chat] == ["mass"]
    state = await platform.call("/cgi-bin/message/mass/get", {"msg_id": str(answer["msg_id"])})
    assert state["msg_status"] == "SEND_SUCCESS"
    assert (await platform.call("/cgi-bin/message/mass/get", {"msg_id": 7}))["errcode"] == 40059


async def test_four_a_month_and_the_fifth_is_silently_skipped(platform: Platform) -> None:
    people = [platform.simulator.person() for _ in range(2)]
    codes = [(await mass(platform, people, f"第{n}条"))["errcode"] for n in range(5)]
    assert codes == [0] * 5
    assert len(people[0].chat) == 4
    assert [delivery.reason for delivery in platform.simulator.deliveries][-1] == "four a month"
    platform.clock.advance(days=31)
    await mass(platform, people, "下个月")
    assert len(people[0].chat) == 5


async def test_the_same_job_twice_is_refused_with_its_id(platform: Platform) -> None:
    people = [platform.simulator.person() for _ in range(2)]
    first = await mass(platform, people, clientmsgid="m1")
    assert (await mass(platform, people, "别的", clientmsgid="m1"))["errcode"] == 45066
    platform.clock.advance(seconds=60)
    again = await mass(platform, people, clientmsgid="m1")
    assert (again["errcode"], again["msg_id"]) == (45065, first["msg_id"])
    platform.clock.advance(hours=24)
    assert (await mass(platform, people, clientmsgid="m1"))["errcode"] == 0
    assert len(people[0].chat) == 2


async def test_without_a_key_the_content_is_the_key(platform: Platform) -> None:
    people = [platform.simulator.person() for _ in range(2)]
    await mass(platform, people)
    platform.clock.advance(seconds=60)
    assert (await mass(platform, people))["errcode"] == 45065


async def test_a_job_that_the_platform_stops(platform: Platform, bot: EchoBot) -> None:
    platform.simulator.knobs.mass_status = "err(10001)"
    people = [platform.simulator.person() for _ in range(2)]
    answer = await mass(platform, people)
    await platform.simulator.receipts.settled()
    (event,) = bot.told("MASSSENDJOBFINISH")
    assert (event["Status"], event["SentCount"]) == ("err(10001)", "0")
    state = await platform.call("/cgi-bin/message/mass/get", {"msg_id": answer["msg_id"]})
    assert state["msg_status"] == "SEND_FAIL"
    assert people[0].chat == []


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"touser": "someone"}, 40031),
        ({"touser": ["someone"]}, 40130),
        ({"touser": ["someone"] * 10_001}, 40032),
        ({"touser": ["nobody", "none"]}, 40003),
        ({"msgtype": "telepathy"}, 40008),
        ({"text": {"content": ""}}, 44004),
        ({"clientmsgid": "m" * 65}, 45067),
        ({"msgtype": "mpnews", "mpnews": {"media_id": "123"}}, 0),
    ],
)
async def test_mass_messages_that_are_no_good(
    platform: Platform, change: dict[str, Any], errcode: int
) -> None:
    people = [platform.simulator.person() for _ in range(2)]
    body = {"touser": [person.openid for person in people], "msgtype": "text", "text": {"content": "好"}}
    assert (await platform.call(MASS_SEND, {**body, **change}))["errcode"] == errcode


async def test_sixty_a_minute(platform: Platform) -> None:
    people = [platform.simulator.person() for _ in range(2)]
    codes = [(await mass(platform, people, f"第{n}条"))["errcode"] for n in range(61)]
    assert codes == [0] * 60 + [45011]
