"""Token, menu, configuration, and that no secret is ever shown."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY, generate_latest
from structlog.testing import capture_logs

from bot.channels.contract import Later, Sent
from bot.channels.wechat_api import WeChatApi
from bot.channels.wechat_client import (
    CURES,
    ApiError,
    Misconfigured,
    Rejected,
    Unanswered,
    Unreachable,
)
from tests.channels.wechat_platform import (
    CREATE,
    GET_MENU,
    NOW,
    OK,
    SECRET,
    SEND,
    TOKEN,
    Platform,
    Shelf,
    client,
    cut,
    elsewhere,
    half,
    sent,
    slow,
)

# ---- token -----------------------------------------------------------------------------------------


async def test_fifty_senders_fetch_one_token_and_renew_it_once(api: WeChatApi, platform: Platform) -> None:
    assert await asyncio.gather(*(sent(api) for _ in range(50))) == [Sent()] * 50
    assert platform.calls[TOKEN] == 1
    platform.turn_token()
    assert await asyncio.gather(*(sent(api) for _ in range(50))) == [Sent()] * 50
    assert platform.calls[TOKEN] == 2
    assert platform.accepted == 100


@pytest.mark.parametrize("code", [40001, 40014, 42001])
async def test_a_dead_token_is_replaced_and_no_attempt_burned(
    api: WeChatApi, platform: Platform, code: int
) -> None:
    await sent(api)
    platform.says[SEND] = [{"errcode": code, "errmsg": "dead"}]
    platform.turn_token()
    assert await sent(api) == Sent()
    assert platform.calls == {TOKEN: 2, SEND: 3}


async def test_a_token_that_stays_dead_parks_the_lane(api: WeChatApi, platform: Platform) -> None:
    platform.says[SEND] = [{"errcode": 40001}] * 2
    assert await sent(api) == Later(
        at=NOW + timedelta(minutes=1), reason="token_refused", burns_attempt=False, lane=True
    )
    assert platform.calls == {TOKEN: 2, SEND: 2}


async def test_two_processes_share_one_token(base: str, platform: Platform) -> None:
    shelf = Shelf()
    first, second = client(base, shelf), client(base, shelf)
    assert [await sent(first), await sent(second)] == [Sent(), Sent()]
    assert platform.calls[TOKEN] == 1
    platform.turn_token()
    assert [await sent(first), await sent(second)] == [Sent(), Sent()]
    assert platform.calls[TOKEN] == 2, "the second finds the first one's on the shelf"
    for api in (first, second):
        await api.aclose()


async def test_a_token_is_renewed_before_it_expires(api: WeChatApi, platform: Platform) -> None:
    platform.expires_in = 239
    await sent(api)
    platform.turn_token()
    platform.expires_in = 7200
    assert await sent(api) == Sent()
    assert await sent(api) == Sent()
    assert platform.calls == {TOKEN: 2, SEND: 3}


async def test_an_old_token_on_the_shelf_is_not_used(base: str, platform: Platform) -> None:
    shelf = Shelf()
    shelf.kept["wxid"] = ("planted-old", datetime.now(UTC) + timedelta(minutes=1))
    api = client(base, shelf)
    assert await sent(api) == Sent()
    assert shelf.kept["wxid"][0] == platform.token
    assert timedelta(seconds=7190) < shelf.kept["wxid"][1] - datetime.now(UTC) <= timedelta(seconds=7200)
    await api.aclose()


async def test_a_cancelled_sender_does_not_block_the_others(api: WeChatApi, platform: Platform) -> None:
    platform.says[TOKEN] = [slow]
    first = asyncio.create_task(sent(api))
    await asyncio.sleep(0.02)
    first.cancel()
    assert await sent(api) == Sent()


# ---- menu and configuration ------------------------------------------------------------------------

MENU = {"button": [{"type": "click", "name": "查资格", "key": "self-check"}]}


async def test_a_menu_is_published_and_read(api: WeChatApi, platform: Platform) -> None:
    await api.publish_menu(MENU)
    assert json.loads(platform.bodies[-1][1]) == MENU
    assert "查资格" in platform.bodies[-1][1].decode()
    platform.says[GET_MENU] = [
        {"menu": MENU},
        {"errcode": 46003, "errmsg": "menu no exist"},
        {"errcode": 45009},
    ]
    assert await api.menu() == {"menu": MENU}
    assert await api.menu() is None
    with pytest.raises(Rejected, match="45009"):
        await api.menu()
    platform.says["/cgi-bin/get_current_selfmenu_info"] = [{"is_menu_open": 1, "selfmenu_info": MENU}]
    assert await api.live_menu() == {"is_menu_open": 1, "selfmenu_info": MENU}


async def test_a_menu_that_the_platform_refuses(api: WeChatApi, platform: Platform) -> None:
    platform.says[CREATE] = [{"errcode": 40018, "errmsg": "invalid button name size rid: 1-2-3"}, b"{}", 502]
    with pytest.raises(Rejected, match="40018: invalid button name size rid: 1-2-3") as refused:
        await api.publish_menu(MENU)
    assert type(refused.value) is Rejected
    for _ in range(2):
        with pytest.raises(Unanswered):
            await api.publish_menu(MENU)


async def test_the_menu_survives_a_dead_token(api: WeChatApi, platform: Platform) -> None:
    await api.publish_menu(MENU)
    platform.turn_token()
    await api.publish_menu(MENU)
    assert platform.accepted == 2


async def test_all_is_well(api: WeChatApi, platform: Platform) -> None:
    await api.check()
    assert platform.calls[TOKEN] >= 1
    assert platform.calls[GET_MENU] == 1


@pytest.mark.parametrize("code", [40001, *CURES])
async def test_a_configuration_fault_says_what_to_mend(api: WeChatApi, platform: Platform, code: int) -> None:
    said = {"errcode": code, "errmsg": "invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist rid: 1-2"}
    platform.says[TOKEN] = [said] * 3
    with pytest.raises(Misconfigured, match=f"^{code}: ") as check:
        await api.check()
    with pytest.raises(Misconfigured):
        await api.publish_menu(MENU)
    assert CURES[40125 if code == 40001 else code] in str(check.value)
    assert code == 40001 or "1.2.3.4" in str(check.value)
    decided = await sent(api)
    assert isinstance(decided, Later)
    assert decided.lane
    assert decided.reason.startswith("misconfigured_")


async def test_an_account_without_the_right_to_an_interface(api: WeChatApi, platform: Platform) -> None:
    platform.says[GET_MENU] = [{"errcode": 48001, "errmsg": "api unauthorized"}]
    with pytest.raises(Misconfigured, match="verified"):
        await api.check()


async def test_a_check_without_network(unused_tcp_port: int) -> None:
    api = client(f"http://127.0.0.1:{unused_tcp_port}")
    with pytest.raises(Unreachable):
        await api.check()
    await api.aclose()


# ---- secrets and counters --------------------------------------------------------------------------


def whole(error: BaseException | None) -> str:
    """All that a log could show of an exception, its chain included even where it is suppressed."""
    shown = ""
    while error is not None:
        shown += repr(error) + repr(error.args) + "".join(traceback.format_exception(error))
        error = error.__cause__ or error.__context__
    return shown


async def test_no_secret_is_ever_shown(
    api: WeChatApi,
    hasty: WeChatApi,
    platform: Platform,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    echoes: dict[str, dict[str, Any]] = {
        TOKEN: {"errcode": 40018, "errmsg": f"bad {SECRET}"},
        CREATE: {"errcode": 40018, "errmsg": f"bad {SECRET} planted-token-0"},
    }
    verbs: list[tuple[str, Callable[[WeChatApi], Awaitable[None]]]] = [
        (CREATE, lambda api: api.publish_menu(MENU)),
        (TOKEN, lambda api: api.check()),
    ]
    shown = ""
    with caplog.at_level(logging.DEBUG), capture_logs() as logs:
        await sent(api)
        for path, verb in verbs:
            for answer in (slow, cut, half, elsewhere, 500, b"{", {"errcode": 40013}, echoes[path]):
                platform.says[path] = [answer]
                with pytest.raises(ApiError) as caught:
                    await verb(hasty if answer is slow else api)
                shown += whole(caught.value)
        for answer in (slow, cut, half, 500, b"{", echoes[CREATE]):
            platform.says[SEND] = [answer]
            shown += repr(await sent(hasty if answer is slow else api))
        for url in ("http://127.0.0.1:1", "ftp://x", "http://"):
            lost = client(url, shelf := Shelf())
            shelf.kept["wxid"] = ("planted-kept", datetime.now(UTC) + timedelta(hours=1))
            with pytest.raises(Unreachable) as unreachable:
                await lost.publish_menu(MENU)
            shown += whole(unreachable.value)
            await lost.aclose()
    written = "".join(capfd.readouterr())
    everything = shown + repr(api) + caplog.text + str(logs) + written + generate_latest().decode()
    assert "planted" not in everything
    assert "*** ***" in shown


async def test_calls_are_counted_by_path_and_result(api: WeChatApi, platform: Platform) -> None:
    def count(result: str) -> float:
        labels = {"path": SEND, "result": result}
        return REGISTRY.get_sample_value("jiangwen_wechat_api_calls_total", labels) or 0.0

    before = {result: count(result) for result in ("0", "45015", "http_500")}
    platform.says[SEND] = [OK, {"errcode": 45015}, 500]
    for _ in range(3):
        await sent(api)
    assert {result: count(result) - was for result, was in before.items()} == dict.fromkeys(before, 1.0)
