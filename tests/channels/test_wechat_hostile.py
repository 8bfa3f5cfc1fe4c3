"""Everything that must not come in, and that nothing but a typed error comes of it."""

from __future__ import annotations

import json
import time

import pytest
from defusedxml import ElementTree
from hypothesis import example, given
from hypothesis import strategies as st

from bot.channels.wechat import BODY_BYTES, TEXT_CHARACTERS, sanitise
from bot.channels.wechat_crypto import (
    BadSignature,
    BadXml,
    TooLarge,
    WeChatError,
)
from tests.channels.wechat_push import (
    ANY_TEXT,
    NOW,
    OPENID,
    ORIGINAL_ID,
    PAYLOADS,
    PLAIN,
    SEALED,
    SERVICE_NOW,
    payload,
    query,
    refused,
    safe,
    taken,
    text_message,
)

BOMB = "<!DOCTYPE xml [" + "".join(
    f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "ha" * 10}">' for i in range(10)
)
HOSTILE = {
    "empty": "",
    "blank": "  \n",
    "truncated": text_message()[:-20],
    "json": json.dumps({"ToUserName": ORIGINAL_ID, "MsgType": "text"}),
    "entity bomb": BOMB + "]><xml><Content>&e9;</Content></xml>",
    "quadratic": f'<!DOCTYPE xml [<!ENTITY a "{"a" * 20000}">]><xml>{"&a;" * 5000}</xml>',
    "xxe": '<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml><Content>&x;</Content></xml>',
    "parameter entity": '<!DOCTYPE xml [<!ENTITY % x SYSTEM "http://127.0.0.1:1/">%x;]><xml/>',
    "bare doctype": "<!DOCTYPE xml>" + text_message(),
    "external doctype": '<!DOCTYPE xml SYSTEM "http://127.0.0.1:1/x.dtd">' + text_message(),
    "unknown entity": "<xml><Content>&secret;</Content></xml>",
    "deep": "<xml>" + "<a>" * 15000,
    "17 deep": "<xml>" + "<a>" * 16 + "</a>" * 16 + "</xml>",
    "wide": "<xml>" + "<a/>" * 11000 + "</xml>",
    "201 elements": text_message().replace("</xml>", "<a/>" * 194 + "</xml>"),
    "two roots": text_message() * 2,
    "other root": text_message().replace("xml>", "html>"),
    "no sender": text_message().replace("FromUserName", "From"),
    "empty sender": text_message().replace(OPENID, ""),
    "no receiver": text_message().replace("ToUserName", "To"),
    "no type": text_message().replace("MsgType", "Type"),
    "only whitespace where names stand": "<xml><ToUserName/><FromUserName/><MsgType/></xml>",
    "raw angle bracket": "<xml><Content>a < b</Content></xml>",
    "nothing but an attribute": '<xml MsgType="text"/>',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_is_refused_at_once(name: str) -> None:
    started = time.process_time()
    refused(BadXml, *safe(HOSTILE[name].ljust(1)))
    refused(BadXml, query(), HOSTILE[name].encode(), PLAIN)
    assert time.process_time() - started < 0.5


def test_200_thousand_nested_tags_cost_nothing() -> None:
    started = time.process_time()
    refused(TooLarge, query(), b"<xml>" + b"<a>" * 200_000, PLAIN)
    assert time.process_time() - started < 0.5


def test_the_limits_themselves_are_allowed() -> None:
    deep = "<a>" * 15 + "</a>" * 15
    wide = "<a/>" * (200 - 7 - 15)
    assert taken(text_message().replace("</xml>", deep + wide + "</xml>")).text == "hello"


def test_64_kilobytes_and_one() -> None:
    empty = text_message("").encode()
    full = text_message("x" * (BODY_BYTES - len(empty))).encode()
    received = PLAIN.open(query(), full, now=NOW, received_at=SERVICE_NOW)
    assert received.text == "x" * TEXT_CHARACTERS
    refused(TooLarge, query(), full + b" ", PLAIN)


def test_other_encodings_are_not_followed() -> None:
    assert taken('<?xml version="1.0" encoding="gbk"?>' + text_message("工匠")).text == "工匠"
    refused(BadXml, query(), text_message().encode("utf-16"), PLAIN)
    assert taken(text_message("a?").encode().replace(b"?", b"\xff")).text == "a\ufffd"


def test_control_characters_are_tolerated() -> None:
    assert taken(text_message("a\0b\x0bc\x1f\ufffed\t\ne")).text == "abcd\t\ne"


@given(st.binary(max_size=3000))
@example(b"<xml>" + b"<a>" * 900)
def test_random_bytes_are_refused_with_a_type(body: bytes) -> None:
    for channel, (parameters, sent) in ((PLAIN, (query(), body)), (SEALED, safe(body))):
        with pytest.raises(WeChatError):
            channel.open(parameters, sent, now=NOW, received_at=SERVICE_NOW)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A genuine payload with a few pieces cut, doubled or overwritten."""
    body = bytearray(
        payload(draw(st.sampled_from(sorted(path.stem for path in PAYLOADS.glob("*.xml"))))).encode()
    )
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(len(body), start + 40)))
        piece = draw(
            st.one_of(
                st.binary(max_size=8),
                st.just(bytes(body[start:end]) * 2),
                st.sampled_from(
                    [b"", b"]]>", b"<", b"&", b"<![CDATA[", b"<MsgType>", b"\0", b"\xed\xa0\x80"]
                ),
            )
        )
        body[start:end] = piece
    return bytes(body)


@given(mutated())
def test_a_mutated_message_is_a_message_or_a_typed_error(body: bytes) -> None:
    for channel, (parameters, sent) in ((PLAIN, (query(), body)), (SEALED, safe(body))):
        try:
            received = channel.open(parameters, sent, now=NOW, received_at=SERVICE_NOW)
        except BadXml:
            continue
        assert len(received.message_id) <= 64
        assert received.text == sanitise(received.text)
        reply = channel.seal("ok", received, parameters, now=NOW)
        assert ElementTree.fromstring(reply).tag == "xml"


@given(
    st.dictionaries(
        st.sampled_from(
            ["signature", "msg_signature", "timestamp", "nonce", "encrypt_type", "echostr", "openid"]
        ),
        st.one_of(ANY_TEXT, st.sampled_from(["aes", "raw", "1795226400"])),
    ),
    st.sampled_from([b"", text_message().encode(), safe(text_message())[1]]),
)
def test_any_query_is_refused_with_a_type(parameters: dict[str, str], body: bytes) -> None:
    for channel in (SEALED, PLAIN):
        with pytest.raises(BadSignature):
            channel.open(parameters, body, now=NOW, received_at=SERVICE_NOW)
        with pytest.raises(BadSignature):
            channel.verify(parameters)
