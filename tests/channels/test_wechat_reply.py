"""What is kept of a text, what the passive reply looks like, and that settings keep their secrets."""

from __future__ import annotations

import re
import unicodedata
from base64 import b64decode
from collections.abc import Callable

import pytest
from defusedxml import ElementTree
from hypothesis import example, given
from wechatpy.crypto import WeChatCrypto

from bot.channels.wechat import TEXT_CHARACTERS, Account, WeChat, sanitise
from tests.channels.wechat_push import (
    AES_KEY,
    ANY_TEXT,
    APP_ID,
    NOW,
    OPENID,
    ORIGINAL_ID,
    PLAIN,
    SEALED,
    SERVICE_NOW,
    TOKEN,
    NoShelf,
    compatible,
    query,
    safe,
    taken,
    text_message,
)


@given(ANY_TEXT)
@example("e\u200b\u0301")
@example("a" * 1999 + "e\u0301")
def test_sanitising_twice_changes_nothing(text: str) -> None:
    clean = sanitise(text)
    assert sanitise(clean) == clean
    assert len(clean) <= TEXT_CHARACTERS
    assert unicodedata.is_normalized("NFC", clean)
    assert clean.encode().decode() == clean
    assert not re.search("[\x00-\x08\x0b-\x1f\u200b\ufeff\u202a-\u202e\u2066-\u2069]", clean)


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("e\u0301", "é"),
        ("\u202eevil\u2066\u2069", "evil"),
        ("\ufeff工\u200b匠", "工匠"),
        ("a\r\n\tb\0", "a\n\tb"),
        ("\ud83d", ""),
        ("{{7*7}} '; DROP TABLE x;-- %s {0}", "{{7*7}} '; DROP TABLE x;-- %s {0}"),
        ("ＡＢＣ１２", "ＡＢＣ１２"),
        ("好" * 10_000, "好" * 2000),
    ],
)
def test_sanitise(given_text: str, expected: str) -> None:
    assert sanitise(given_text) == expected


# ---- the passive reply -----------------------------------------------------------------------------

REPLIES = [
    "你好，6 月 27 日",
    "a]]>b",
    "]]>" * 5,
    "]]]]>>",
    "x]]></Content><MsgType>image</MsgType><Content>",
    "\0\x0b\ud800\ufffe👍",
    "a\nb\tc",
    "<a href='x'>&amp;</a>",
]


def shown(reply: str) -> dict[str, str]:
    root = ElementTree.fromstring(reply)
    assert len({child.tag for child in root}) == len(root)
    return {child.tag: child.text or "" for child in root}


def stripped(text: str) -> str:
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "", text)


@pytest.mark.parametrize("text", REPLIES)
def test_a_plain_reply_says_the_text_and_nothing_else(text: str) -> None:
    received = taken(text_message())
    assert shown(PLAIN.seal(text, received, query(), now=NOW)) == {
        "ToUserName": OPENID,
        "FromUserName": ORIGINAL_ID,
        "CreateTime": str(int(NOW.timestamp())),
        "MsgType": "text",
        "Content": stripped(text),
    }


@given(ANY_TEXT)
def test_any_reply_is_well_formed(text: str) -> None:
    content = shown(PLAIN.seal(text, taken(text_message()), query(), now=NOW))["Content"]
    assert content == stripped(text).replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("push", [safe, compatible])
def test_an_encrypted_request_gets_an_encrypted_reply(
    push: Callable[[str], tuple[dict[str, str], bytes]],
) -> None:
    parameters, body = push(text_message())
    received = SEALED.open(parameters, body, now=NOW, received_at=SERVICE_NOW)
    reply = SEALED.seal("你好]]>", received, parameters, now=NOW)
    outer = shown(reply)
    assert list(outer) == ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"]
    assert outer["Nonce"] == parameters["nonce"]
    assert outer["TimeStamp"] == str(int(NOW.timestamp()))
    platform = WeChatCrypto(TOKEN, AES_KEY, APP_ID)
    opened = platform.decrypt_message(reply, outer["MsgSignature"], outer["TimeStamp"], outer["Nonce"])
    assert shown(opened)["Content"] == "你好]]>"
    assert shown(opened)["ToUserName"] == OPENID


def test_a_nonce_cannot_break_the_reply() -> None:
    outer = shown(SEALED.seal("a", taken(text_message()), {"nonce": "]]><x>\0"}, now=NOW))
    assert outer["Nonce"] == "]]><x>"


# ---- settings --------------------------------------------------------------------------------------


def test_no_secret_in_repr() -> None:
    account = Account(app_id="wxid", app_secret="planted-1", token="planted-2", aes_key=AES_KEY)
    assert repr(account) == "Account(app_id='wxid', api_base='https://api.weixin.qq.com')"
    assert not re.search(f"planted|{AES_KEY}|{b64decode(AES_KEY + '=')!r}", repr(vars(SEALED)))


@pytest.mark.parametrize("name", ["app_id", "app_secret", "token", "api_base"])
def test_an_empty_setting_is_named(name: str) -> None:
    settings = {"app_id": "a", "app_secret": "b", "token": "c", "api_base": "http://d"} | {name: ""}
    with pytest.raises(ValueError, match=name):
        Account(**settings)


def test_a_malformed_key_stops_the_start() -> None:
    with pytest.raises(ValueError, match="EncodingAESKey"):
        WeChat(Account(app_id="a", app_secret="b", token="c", aes_key="A" * 42), shelf=NoShelf())
