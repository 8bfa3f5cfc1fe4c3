"""The platform's API as the account's server meets it."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientError

from bot.simulator import ApiFault, FaultKind, Simulator
from tests.simulator.conftest import SECRET, Platform
from tests.simulator.echo import EchoBot

SEND, MENU = "/cgi-bin/message/custom/send", "/cgi-bin/menu/create"
RID = r" rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$"


def button(name: str = "看通知", **more: object) -> dict[str, object]:
    return {"type": "click", "name": name, "key": "notices", **more}


# Tokens


async def test_the_stable_token_stays_until_its_last_five_minutes(platform: Platform) -> None:
    first = await platform.stable_token()
    assert first["expires_in"] == 7200
    platform.wall.advance(seconds=6899)
    again = await platform.stable_token()
    assert (again["access_token"], again["expires_in"]) == (first["access_token"], 301)
    platform.wall.advance(seconds=1)
    second = await platform.stable_token()
    assert second["access_token"] != first["access_token"]
    platform.wall.advance(seconds=299)
    for token in (first, second):
        assert (await platform.call("/cgi-bin/getcallbackip", token=token["access_token"]))["ip_list"]
    platform.wall.advance(seconds=1)
    assert (await platform.call("/cgi-bin/getcallbackip", token=first["access_token"]))["errcode"] == 42001


async def test_a_forced_refresh_kills_the_old_token_but_not_twice_in_half_a_minute(
    platform: Platform,
) -> None:
    first = await platform.stable_token()
    second = await platform.stable_token(force_refresh=True)
    third = await platform.stable_token(force_refresh=True)
    assert first["access_token"] != second["access_token"] == third["access_token"]
    assert (await platform.call("/cgi-bin/getcallbackip", token=first["access_token"]))["errcode"] == 40001


async def test_twenty_forced_refreshes_a_day(platform: Platform) -> None:
    for _ in range(20):
        await platform.stable_token(force_refresh=True)
        platform.wall.advance(seconds=30)
    assert (await platform.stable_token(force_refresh=True))["errcode"] == 45009


async def test_a_classic_token_replaces_the_one_before_within_five_minutes(platform: Platform) -> None:
    first, second = [(await platform.classic_token())["access_token"] for _ in range(2)]
    assert "ip_list" in await platform.call("/cgi-bin/getcallbackip", token=first)
    third = (await platform.classic_token())["access_token"]
    assert (await platform.call("/cgi-bin/getcallbackip", token=first))["errcode"] == 40001
    platform.wall.advance(seconds=300)
    assert (await platform.call("/cgi-bin/getcallbackip", token=second))["errcode"] == 42001
    assert "ip_list" in await platform.call("/cgi-bin/getcallbackip", token=third)


async def test_both_kinds_of_token_are_apart(platform: Platform) -> None:
    stable = await platform.token()
    for _ in range(3):
        await platform.classic_token()
    assert "ip_list" in await platform.call("/cgi-bin/getcallbackip", token=stable)


@pytest.mark.parametrize(
    ("wrong", "errcode"),
    [
        ({"appid": "wxabc", "grant_type": ""}, 40013),
        ({"appid": ""}, 41002),
        ({"grant_type": "password"}, 40002),
        ({"secret": ""}, 41004),
        ({"secret": SECRET[::-1]}, 40125),
    ],
)
async def test_wrong_credentials(platform: Platform, wrong: dict[str, str], errcode: int) -> None:
    assert (await platform.stable_token(**wrong))["errcode"] == errcode
    assert (await platform.classic_token(**wrong))["errcode"] == errcode


async def test_an_address_outside_the_whitelist_gets_no_token(platform: Platform) -> None:
    platform.simulator.knobs.allowed_ips = ["203.0.113.9"]
    answer = await platform.stable_token()
    assert answer["errcode"] == 40164
    assert "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist" in answer["errmsg"]


async def test_killed_tokens_are_dead_at_once(platform: Platform) -> None:
    token = await platform.token()
    await platform.client.delete("/sim/tokens")
    assert (await platform.call("/cgi-bin/getcallbackip", token=token))["errcode"] == 40001
    assert await platform.token() != token


# What holds for every path


async def test_the_shape_of_an_error(platform: Platform) -> None:
    answer = await (await platform.client.get("/cgi-bin/menu/get")).json()
    assert answer["errcode"] == 41001
    assert re.search(f"^access_token missing{RID}", answer["errmsg"])


@pytest.mark.parametrize(
    ("body", "errcode"),
    [(b"", 44002), (b"{", 47001), (b"[]", 47001), (b'{"touser": "\\u6b66"}', 40033), (b"{}", 40003)],
)
async def test_bodies_that_are_no_good(platform: Platform, body: bytes, errcode: int) -> None:
    assert (await platform.call(SEND, body))["errcode"] == errcode


async def test_the_method_is_checked_and_the_token_before_the_body(platform: Platform) -> None:
    assert (await platform.call(SEND))["errcode"] == 43002
    assert (await platform.call("/cgi-bin/menu/get", {}))["errcode"] == 43001
    assert (await platform.call(SEND, b"", token="fake"))["errcode"] == 40001


async def test_a_path_that_the_account_may_not_use(platform: Platform) -> None:
    platform.simulator.knobs.denied.add(SEND)
    assert await platform.write(platform.simulator.person()) == 48001


async def test_the_day_ends_at_midnight_in_china(platform: Platform) -> None:
    platform.simulator.knobs.daily["/cgi-bin/getcallbackip"] = 2
    codes = [(await platform.call("/cgi-bin/getcallbackip")).get("errcode", 0) for _ in range(3)]
    assert codes == [0, 0, 45009]
    platform.clock.advance(hours=14, minutes=59)
    assert (await platform.call("/cgi-bin/getcallbackip"))["errcode"] == 45009
    platform.clock.advance(minutes=1)
    assert "ip_list" in await platform.call("/cgi-bin/getcallbackip")


async def test_the_minute_passes_sooner(platform: Platform) -> None:
    platform.simulator.knobs.minute["/cgi-bin/getcallbackip"] = 1
    codes = [(await platform.call("/cgi-bin/getcallbackip")).get("errcode", 0) for _ in range(2)]
    assert codes == [0, 45011]
    platform.clock.advance(minutes=1)
    assert "ip_list" in await platform.call("/cgi-bin/getcallbackip")


async def test_the_quota_can_be_asked(platform: Platform) -> None:
    await platform.call("/cgi-bin/getcallbackip")
    answer = await platform.call("/cgi-bin/openapi/quota/get", {"cgi_path": "/cgi-bin/getcallbackip"})
    assert answer["quota"] == {"daily_limit": 500_000, "used": 1, "remain": 499_999}
    stable = await platform.call("/cgi-bin/openapi/quota/get", {"cgi_path": "/cgi-bin/stable_token"})
    assert stable["rate_limit"] == {"call_count": 10_000, "refresh_second": 60}
    assert (await platform.call("/cgi-bin/openapi/quota/get", {"cgi_path": "/x"}))["errcode"] == 76021


# Custom messages


async def test_a_message_opens_five_in_forty_eight_hours(platform: Platform) -> None:
    person = platform.simulator.person()
    assert await platform.write(person) == 45015
    await platform.simulator.say(person.openid, "好")
    assert [await platform.write(person) for _ in range(6)] == [0, 0, 0, 0, 0, 45047]
    await platform.simulator.say(person.openid, "再来")
    platform.clock.advance(hours=48, seconds=-1)
    assert await platform.write(person) == 0
    platform.clock.advance(seconds=1)
    assert await platform.write(person) == 45015


async def follow(simulator: Simulator) -> str:
    person = simulator.person(followed=False)
    await simulator.follow(person.openid)
    return person.openid


async def scan(simulator: Simulator) -> str:
    person = simulator.person()
    await simulator.scan(person.openid, "7")
    return person.openid


async def click(simulator: Simulator) -> str:
    person = simulator.person()
    simulator.menu.publish({"button": [button()]})
    await simulator.click(person.openid, "notices")
    return person.openid


@pytest.mark.parametrize("act", [follow, scan, click])
async def test_following_scanning_and_clicking_open_three_in_a_minute(
    platform: Platform, act: Callable[[Simulator], Awaitable[str]]
) -> None:
    person = platform.simulator.people[await act(platform.simulator)]
    assert [await platform.write(person) for _ in range(4)] == [0, 0, 0, 45047]
    platform.clock.advance(minutes=1)
    assert await platform.write(person) == 45015


async def test_the_window_that_closes_first_is_spent_first(platform: Platform) -> None:
    openid = await scan(platform.simulator)
    await platform.simulator.say(openid, "好")
    person = platform.simulator.people[openid]
    assert [await platform.write(person) for _ in range(9)] == [0] * 8 + [45047]


async def test_a_view_button_opens_nothing(platform: Platform, bot: EchoBot) -> None:
    person = platform.simulator.person()
    platform.simulator.menu.publish(
        {"button": [{"type": "view", "name": "官网", "url": "https://example.org/"}]}
    )
    await platform.simulator.click(person.openid, "https://example.org/")
    assert (bot.seen[-1]["Event"], bot.seen[-1]["EventKey"]) == ("VIEW", "https://example.org/")
    assert await platform.write(person) == 45015


async def test_leaving_closes_every_window(platform: Platform) -> None:
    person = platform.simulator.person()
    await platform.simulator.say(person.openid, "好")
    await platform.simulator.unfollow(person.openid)
    assert await platform.write(person) == 45015
    platform.simulator.knobs.unfollowed_errcode = 43004
    assert await platform.write(person) == 43004


@pytest.mark.parametrize(("length", "errcode"), [(682, 0), (683, 45002)])
async def test_a_text_has_2048_bytes(platform: Platform, length: int, errcode: int) -> None:
    person = platform.simulator.person()
    await platform.simulator.say(person.openid, "好")
    assert await platform.write(person, "字" * length) == errcode


@pytest.mark.parametrize(
    ("message", "errcode"),
    [
        ({"msgtype": "telepathy"}, 40008),
        ({"text": {"content": ""}}, 44004),
        ({"msgtype": "image", "image": {}}, 40007),
        ({"msgtype": "news", "news": {"articles": [{}, {}]}}, 45008),
        ({"msgtype": "news", "news": {"articles": [{"title": "通知", "url": "https://example.org"}]}}, 0),
        (
            {
                "msgtype": "msgmenu",
                "msgmenu": {"head_content": "满意吗", "list": [{"id": "1", "content": "满意"}]},
            },
            0,
        ),
    ],
)
async def test_the_forms_of_a_message(platform: Platform, message: dict[str, Any], errcode: int) -> None:
    person = platform.simulator.person()
    await platform.simulator.say(person.openid, "好")
    assert await platform.write(person, **message) == errcode


async def test_a_person_may_refuse(platform: Platform) -> None:
    person = platform.simulator.person()
    await platform.simulator.say(person.openid, "好")
    await platform.client.post(f"/sim/people/{person.openid}/refuse", json={"errcode": 48002})
    assert await platform.write(person) == 48002
    assert [delivery.errcode for delivery in platform.simulator.deliveries] == [48002]


async def test_what_was_sent_is_in_the_chat_and_can_be_waited_for(platform: Platform) -> None:
    person = platform.simulator.person()
    push = await platform.simulator.say(person.openid, "好")
    last = person.chat[-1].seq
    assert await platform.write(person, "名单出来了") == 0
    entry = await platform.simulator.heard(person.openid, after=last)
    assert (entry.text, entry.channel, push.text) == ("名单出来了", "custom", "你说：好")
    with pytest.raises(TimeoutError):
        await platform.simulator.heard(person.openid, after=entry.seq, patience=0.01)


async def test_typing(platform: Platform) -> None:
    person = platform.simulator.person()

    async def command(word: str) -> int:
        body = {"touser": person.openid, "command": word}
        return int((await platform.call("/cgi-bin/message/custom/typing", body))["errcode"])

    assert await command("Typing") == 45080
    await platform.simulator.say(person.openid, "好")
    assert [await command(word) for word in ("Dancing", "Typing", "Typing", "CancelTyping", "Typing")] == [
        45072,
        0,
        45081,
        0,
        0,
    ]
    platform.clock.advance(seconds=31)
    assert await command("Typing") == 45080


# Menu, people


async def test_a_menu_is_published_read_and_removed(platform: Platform) -> None:
    assert (await platform.call("/cgi-bin/menu/get"))["errcode"] == 46003
    menu = {"button": [button(), {"name": "我的", "sub_button": [button("隐私说明", key="privacy")]}]}
    assert (await platform.call(MENU, menu))["errcode"] == 0
    published = (await platform.call("/cgi-bin/menu/get"))["menu"]["button"]
    assert [item["name"] for item in published] == ["看通知", "我的"]
    assert published[0]["sub_button"] == []
    assert platform.simulator.menu.find("privacy")["name"] == "隐私说明"
    await platform.call("/cgi-bin/menu/delete")
    with pytest.raises(LookupError):
        platform.simulator.menu.find("privacy")


@pytest.mark.parametrize(
    ("buttons", "errcode"),
    [
        ([], 40016),
        ([button()] * 4, 40016),
        ([button("六个汉字太长")], 40018),
        ([button(key="k" * 129)], 40019),
        ([button(type="dance")], 40017),
        ([{"type": "view", "name": "网", "url": "u" * 1025}], 40020),
        ([{"name": "我的", "sub_button": [button()] * 6}], 40023),
        ([{"name": "我的", "sub_button": [button("名" * 21)]}], 40025),
        ([{"name": "我的", "sub_button": [button(sub_button=[button()])]}], 40022),
    ],
)
async def test_menus_that_are_no_good(platform: Platform, buttons: list[object], errcode: int) -> None:
    assert (await platform.call(MENU, {"button": buttons}))["errcode"] == errcode


async def test_user_info(platform: Platform) -> None:
    person = platform.simulator.person(followed=False)
    info = "/cgi-bin/user/info"
    assert (await platform.call(info, openid=person.openid))["subscribe"] == 0
    await platform.simulator.scan(person.openid, "12")
    found = await platform.call(info, openid=person.openid)
    assert (found["subscribe"], found["qr_scene"]) == (1, 12)
    assert found["subscribe_time"] == int(platform.clock.now.timestamp())
    assert (await platform.call(info, openid="nobody"))["errcode"] == 40003


# Faults


@pytest.mark.parametrize("kind", [FaultKind.STATUS, FaultKind.HTML, FaultKind.TRUNCATED, FaultKind.RESET])
@pytest.mark.parametrize("accepted", [False, True])
async def test_a_spoilt_answer_may_hide_an_accepted_message(
    platform: Platform, kind: FaultKind, accepted: bool
) -> None:
    person = platform.simulator.person()
    await platform.simulator.say(person.openid, "好")
    platform.simulator.faults.append(ApiFault(kind=kind, path=SEND, accepted=accepted))
    with pytest.raises((ValueError, ClientError, AssertionError)):
        await platform.write(person, "名单")
    assert [entry.text for entry in person.chat[2:]] == (["名单"] if accepted else [])
    assert await platform.write(person) == 0


async def test_busy_twice_then_well(platform: Platform) -> None:
    person = platform.simulator.person()
    await platform.simulator.say(person.openid, "好")
    platform.simulator.faults.append(ApiFault(kind=FaultKind.ERRCODE, path=SEND, times=2))
    assert [await platform.write(person) for _ in range(3)] == [-1, -1, 0]
    assert [call.fault for call in platform.simulator.calls if call.path == SEND] == [
        "errcode",
        "errcode",
        "",
    ]


async def test_accepted_but_timed_out(platform: Platform) -> None:
    person = platform.simulator.person()
    await platform.simulator.say(person.openid, "好")
    platform.simulator.faults.append(ApiFault(kind=FaultKind.HANG, path=SEND, accepted=True, seconds=0.3))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await platform.write(person)
    assert person.chat[-1].channel == "custom"


async def test_control_characters_and_a_plain_content_type(platform: Platform) -> None:
    platform.simulator.knobs.text_plain = True
    platform.simulator.faults.append(
        ApiFault(kind=FaultKind.CONTROL, path="/cgi-bin/getcallbackip", accepted=True)
    )
    query = {"access_token": await platform.token()}
    response = await platform.client.get("/cgi-bin/getcallbackip", params=query)
    assert (response.content_type, "\x01" in await response.text()) == ("text/plain", True)


async def test_a_token_does_not_age_with_the_services_clock(platform: Platform) -> None:
    token = await platform.token()
    platform.clock.now += timedelta(days=30)
    assert "ip_list" in await platform.call("/cgi-bin/getcallbackip", token=token)
