"""Sending: what leaves, and what each answer comes to."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.channels.contract import Channel, Later, Outcome, Refused, Sent, Shut, Unclear
from bot.channels.wechat import Account, WeChat
from bot.channels.wechat_api import WeChatApi
from bot.channels.wechat_outcomes import OUTCOMES, outcome
from tests.channels.wechat_platform import (
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

# ---- sending ---------------------------------------------------------------------------------------


async def test_a_message_as_the_platform_wants_it(api: WeChatApi, platform: Platform) -> None:
    assert await sent(api, "6 月 27 日\n👍 \"'<") == Sent()
    (token_path, asked, _), (send_path, said, parameters) = platform.bodies
    assert (token_path, send_path) == (TOKEN, SEND)
    assert json.loads(asked) == {
        "grant_type": "client_credential",
        "appid": "wxid",
        "secret": SECRET,
        "force_refresh": False,
    }
    assert parameters == {"access_token": "planted-token-0"}
    assert "月 27 日\\n👍" in said.decode()
    assert json.loads(said) == {
        "touser": "oSomebody",
        "msgtype": "text",
        "text": {"content": "6 月 27 日\n👍 \"'<"},
    }


async def test_the_channel_sends_what_json_and_platform_can_take(base: str, platform: Platform) -> None:
    account = Account(app_id="wxid", app_secret=SECRET, token="t", api_base=base)
    channel: Channel = (door := WeChat(account, shelf=Shelf()))
    assert await channel.send_text(recipient="o", text="a\0b\ud83d\nc", now=NOW) == Sent()
    assert json.loads(platform.bodies[-1][1])["text"]["content"] == "ab\nc"
    assert (channel.name, channel.account, channel.limits.text_bytes) == ("wechat", "wxid", 2000)
    await door.aclose()


async def test_the_platforms_id_is_kept(api: WeChatApi, platform: Platform) -> None:
    platform.says[SEND] = [{**OK, "msgid": 200228332, "extra": [1]}]
    assert await sent(api) == Sent(platform_id="200228332")


async def test_a_closed_client_opens_again(api: WeChatApi) -> None:
    await sent(api)
    await api.aclose()
    await api.aclose()
    assert await sent(api) == Sent()


DOUBTFUL: dict[str, tuple[Any, str]] = {
    "no answer in time": (slow, "timeout"),
    "connection cut": (cut, "broken_connection"),
    "cut within the answer": (half, "broken_connection"),
    "redirect": (elsewhere, "http_302"),
    "HTTP 500": (500, "http_500"),
    "HTTP 502 with a page": (502, "http_502"),
    "HTTP 404": (404, "http_404"),
    "page with 200": (b"<html>busy</html>", "bad_answer"),
    "empty": (b"", "bad_answer"),
    "truncated": (b'{"errcode":0,"errm', "bad_answer"),
    "no object": (b"[0]", "bad_answer"),
    "nested": (b"[" * 100_000, "bad_answer"),
    "no errcode": (b"{}", "no_errcode"),
    "null errcode": (b'{"errcode":null}', "no_errcode"),
    "errcode of words": (b'{"errcode":"fine"}', "no_errcode"),
    "endless errcode": (b'{"errcode":Infinity}', "no_errcode"),
    "busy": ({"errcode": -1, "errmsg": "system error"}, "system_busy"),
}


@pytest.mark.parametrize("name", DOUBTFUL)
async def test_what_may_have_left_is_unclear(
    api: WeChatApi, hasty: WeChatApi, platform: Platform, name: str
) -> None:
    answer, reason = DOUBTFUL[name]
    platform.says[SEND] = [answer]
    assert await sent(hasty if answer is slow else api) == Unclear(reason=reason)
    assert platform.calls == {TOKEN: 1, SEND: 1}, "nothing is sent twice or elsewhere"
    assert await sent(api) == Sent()


@pytest.mark.parametrize(
    "raw",
    [
        b'{"errcode":"0","errmsg":"ok"}',
        b'{"errcode":0,"errmsg":"a\x01\n\tb"}',
        b'{"errcode":0,"errmsg":"\xff"}',
        b' {"errcode":0.0}\n',
    ],
)
async def test_a_sloppy_success_is_one(api: WeChatApi, platform: Platform, raw: bytes) -> None:
    platform.says[SEND] = [raw]
    assert await sent(api) == Sent()


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}", "https://127.0.0.1:{open}", "ftp://x", "http://"])
async def test_what_never_left_waits_with_its_lane(url: str, base: str, unused_tcp_port: int) -> None:
    api = client(url.format(port=unused_tcp_port, open=base.rpartition(":")[2]))
    expected = Later(at=NOW + timedelta(seconds=30), reason="unreachable", burns_attempt=False, lane=True)
    assert await sent(api) == expected
    await api.aclose()


@pytest.mark.parametrize(
    "answer",
    [
        slow,
        cut,
        500,
        b"<html>",
        b"{}",
        b'{"access_token":"","expires_in":7200}',
        b'{"access_token":1,"expires_in":1}',
        b'{"access_token":"planted-x","expires_in":"soon"}',
        b'{"access_token":"planted-x","expires_in":1e9}',
        {"errcode": -1},
    ],
)
async def test_without_a_token_nothing_has_left(
    api: WeChatApi, hasty: WeChatApi, platform: Platform, answer: Any
) -> None:
    platform.says[TOKEN] = [answer]
    assert await sent(hasty if answer is slow else api) == Later(
        at=NOW + timedelta(seconds=30), reason="no_token", burns_attempt=False, lane=True
    )
    assert platform.calls[SEND] == 0


# ---- the table -------------------------------------------------------------------------------------

# Platform document B7, row by row (B2 for 65400), and what each must come to.
B7: dict[type[Outcome], tuple[int, ...]] = {
    Unclear: (-1, 268487001, 268487002, 268488001),
    Later: (
        *(40001, 40014, 42001, 45009, 45011, 45033, 45066),
        *(40013, 40125, 40243, 40164, 61004, 45035, 89503, 89506, 89507, 48001, 48004, 48008, 65400),
    ),
    Refused: (
        *(40003, 49003, 43004, 50005, 45015, 45047, 43101, 43019, 48002, 50002, 70000),
        *(47003, 40037, 40036, 41030, 45002, 40033, 47001, 44002, 45008),
    ),
    Sent: (0, 45065),
}


@pytest.mark.parametrize(("kind", "code"), [(kind, code) for kind, codes in B7.items() for code in codes])
def test_every_errcode_is_decided(kind: type[Outcome], code: int) -> None:
    decided = outcome({"errcode": code, "errmsg": ""}, NOW)
    assert type(decided) is kind
    assert code in OUTCOMES
    if isinstance(decided, Later):
        assert decided.at > NOW
        assert decided.at.utcoffset() == timedelta(0)
        assert not decided.burns_attempt
        assert decided.lane is (code != 45066)
        assert decided.slower is (code in (45011, 45033))


# Beyond B7: token requests (B1), and what mass messages are refused for (B5).
BEYOND = {40002, 41002, 41004, 40008, 40031, 40032, 40130, 44004, 45067}
SHUTTING: dict[Shut, set[int]] = {
    Shut.CONTACT: {40003, 49003, 43004, 50005, 43019, 48002, 50002},
    Shut.WINDOW: {45015, 45047},
    Shut.ALLOWANCE: {43101},
    Shut.TEMPLATE: {40036, 40037, 41030},
}


def test_no_errcode_is_decided_without_being_documented() -> None:
    assert set(OUTCOMES) - {code for codes in B7.values() for code in codes} == BEYOND


def test_what_a_refusal_shuts_besides_its_message() -> None:
    refusals = {
        code: decided for code in OUTCOMES if isinstance(decided := outcome({"errcode": code}, NOW), Refused)
    }
    assert {shut: {c for c, r in refusals.items() if r.shuts is shut} for shut in Shut} == SHUTTING


@pytest.mark.parametrize(
    ("now", "code", "at"),
    [
        ("2024-07-01T15:59:59", 45009, "2024-07-01T16:00:00"),
        ("2024-07-01T16:00:00", 45009, "2024-07-02T16:00:00"),
        ("2024-12-31T03:00:00", 45009, "2024-12-31T16:00:00"),
        ("2024-07-01T01:30:20", 45011, "2024-07-01T01:31:00"),
        ("2024-07-01T01:59:59", 45011, "2024-07-01T02:00:00"),
        ("2024-07-01T01:30:20", 45066, "2024-07-01T01:31:20"),
        ("2024-07-01T01:30:20", 40164, "2024-07-01T01:40:20"),
    ],
)
def test_when_to_try_again(now: str, code: int, at: str) -> None:
    decided = outcome({"errcode": code}, datetime.fromisoformat(f"{now}+00:00"))
    assert isinstance(decided, Later)
    assert decided.at == datetime.fromisoformat(f"{at}+00:00")


def test_a_repeated_key_means_sent() -> None:
    assert outcome({"errcode": 45065, "msg_id": 7}, NOW) == Sent(platform_id="7")


def test_an_unknown_errcode_is_tried_again_and_counted_against_the_message() -> None:
    assert outcome({"errcode": 99999}, NOW) == Later(at=NOW + timedelta(minutes=5), reason="errcode_99999")


async def test_a_refusal_from_the_wire(api: WeChatApi, platform: Platform) -> None:
    platform.says[SEND] = [{"errcode": 45015, "errmsg": "response out of time limit"}, {"errcode": 45047}]
    assert await sent(api) == Refused(reason="window_closed", shuts=Shut.WINDOW)
    assert await sent(api) == Refused(reason="window_used_up", shuts=Shut.WINDOW)
