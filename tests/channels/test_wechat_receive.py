"""What comes in: every payload, every mode, and everything that must not come in."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.channels.wechat_crypto import (
    BadEnvelope,
    BadSignature,
    Stale,
    Unsealed,
    WrongAccount,
)
from handlers.contract import Kind
from tests.channels.wechat_push import (
    APP_ID,
    NOW,
    OPENID,
    ORIGINAL_ID,
    PAYLOADS,
    PLAIN,
    SEALED,
    SERVICE_NOW,
    TOKEN,
    compatible,
    encrypt,
    payload,
    query,
    refused,
    safe,
    sealed,
    sign,
    taken,
    text_message,
)

HASH = re.compile("[0-9a-f]{64}")


def message(kind: Kind, number: int, text: str = "", key: str = "") -> tuple[Kind, str, str, str, str]:
    return kind, text, "", key, f"245364788012345{number}"


def event_of(name: str, key: str = "", message_id: str = "") -> tuple[Kind, str, str, str, str]:
    return Kind.EVENT, "", name, key, message_id


# name of the payload: kind, text, event, event key, message id ("": a hash)
EXPECTED = {
    "text": message(Kind.TEXT, 67, "武汉工匠几号截止 找谁问"),
    "text_from_article": message(Kind.TEXT, 68, "技能大师怎么报名"),
    "text_from_msgmenu": message(Kind.TEXT, 69, "查资格"),
    "image": message(Kind.IMAGE, 70),
    "voice": message(Kind.VOICE, 71),
    "voice_recognised": message(Kind.VOICE, 72, "武汉工匠几号截止。"),
    "voice_recongnised": message(Kind.VOICE, 73, "无锡的呢？"),
    "video": message(Kind.VIDEO, 74),
    "shortvideo": message(Kind.VIDEO, 75),
    "location": message(Kind.LOCATION, 76, "武汉市东西湖区吴家山街道", "30.619340,114.137170"),
    "link": message(Kind.LINK, 77, "关于开展选拔的通知"),
    "file": message(Kind.UNKNOWN, 78),
    "event_subscribe": event_of("subscribe"),
    "event_subscribe_bare": event_of("subscribe"),
    "event_subscribe_scene": event_of("subscribe", "qrscene_district-420112"),
    "event_unsubscribe": event_of("unsubscribe"),
    "event_scan": event_of("scan", "district-420112"),
    "event_click": event_of("click", "self-check"),
    "event_view": event_of("view", "https://example.org/notices?id=1"),
    "event_view_miniprogram": event_of("view_miniprogram", "pages/index/index"),
    "event_location": event_of("location"),
    "event_scancode_push": event_of("scancode_push", "scan-1"),
    "event_scancode_waitmsg": event_of("scancode_waitmsg", "scan-2"),
    "event_template_success": event_of(
        "templatesendjobfinish", message_id="templatesendjobfinish:200163836:success"
    ),
    "event_template_blocked": event_of(
        "templatesendjobfinish", message_id="templatesendjobfinish:200163837:failed:user block"
    ),
    "event_template_failed": event_of(
        "templatesendjobfinish", message_id="templatesendjobfinish:200163838:failed: system failed"
    ),
    "event_mass": event_of("masssendjobfinish", message_id="masssendjobfinish:1000001625:err(30003)"),
    "event_subscribe_msg_popup": event_of("subscribe_msg_popup_event"),
    "event_subscribe_msg_change": event_of("subscribe_msg_change_event"),
    "event_subscribe_msg_sent": event_of("subscribe_msg_sent_event"),
    "event_unknown": event_of("debug_demo"),
}


def event(name: str, key: str = "", at: int = 1714112445, sender: str = OPENID) -> str:
    return (
        f"<xml><ToUserName>{ORIGINAL_ID}</ToUserName><FromUserName>{sender}</FromUserName>"
        f"<CreateTime>{at}</CreateTime><MsgType>event</MsgType><Event>{name}</Event>"
        f"<EventKey>{key}</EventKey></xml>"
    )


def test_no_payload_is_without_expectation() -> None:
    assert {path.stem for path in PAYLOADS.glob("*.xml")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_payload_in_every_mode(name: str) -> None:
    kind, text, event_name, event_key, message_id = EXPECTED[name]
    pushed = payload(name)
    received = taken(pushed)
    assert (received.kind, received.text, received.event, received.event_key) == (
        kind,
        text,
        event_name,
        event_key,
    )
    assert received.message_id == message_id or (not message_id and HASH.fullmatch(received.message_id))
    assert (received.channel, received.account, received.received_at) == ("wechat", APP_ID, SERVICE_NOW)
    assert (received.sender, received.original_id) == ("oTestOpenid0000000000000001x", "gh_3c884a361561")
    parameters, body = compatible(pushed)
    assert SEALED.open(parameters, body, now=NOW, received_at=SERVICE_NOW) == received
    assert PLAIN.open(query(), pushed.encode(), now=NOW, received_at=SERVICE_NOW) == received


def test_what_is_logged_of_an_event_names_nobody() -> None:
    assert OPENID not in str(taken(event("CLICK", "k")).log_context())


def test_an_event_is_one_by_sender_second_name_and_key() -> None:
    variants = [
        event("CLICK", "a"),
        event("CLICK", "b"),
        event("VIEW", "a"),
        event("CLICK", "a", at=1714112446),
        event("CLICK", "a", sender="oAnother"),
    ]
    ids = {taken(variant).message_id for variant in variants}
    assert len(ids) == len(variants)
    assert taken(variants[0]).message_id in ids


def test_a_message_without_a_number_is_known_by_its_body() -> None:
    nameless = [text_message(words, number="") for words in ("one", "two")]
    first, again, other = (taken(message).message_id for message in (nameless[0], nameless[0], nameless[1]))
    assert first == again != other
    assert HASH.fullmatch(first)


def test_an_overlong_number_is_hashed() -> None:
    assert HASH.fullmatch(taken(text_message(number="9" * 65)).message_id)
    assert taken(text_message(number="9" * 64)).message_id == "9" * 64


def test_the_first_of_two_elements_counts() -> None:
    twice = text_message().replace("</xml>", "<MsgType>event</MsgType><Content>other</Content></xml>")
    assert (taken(twice).kind, taken(twice).text) == (Kind.TEXT, "hello")


def test_children_of_an_element_are_not_its_text() -> None:
    nested = text_message().replace("<Content>", "<Content>a<MsgId>7</MsgId>b")
    assert (taken(nested).text, taken(nested).message_id) == ("abhello", "6054768590064713728")


# ---- signature, time, account ----------------------------------------------------------------------


@pytest.mark.parametrize("change", ["signature", "timestamp", "nonce"])
@pytest.mark.parametrize("spoil", [str.upper, lambda value: value[:-1], lambda value: "", lambda value: "é"])
def test_a_plain_request_with_a_wrong_parameter(change: str, spoil: Callable[[str], str]) -> None:
    good = query()
    spoilt = good | {change: spoil(good[change])}
    if spoilt != good:
        refused(BadSignature, spoilt, text_message().encode(), PLAIN)
    del spoilt[change]
    refused(BadSignature, spoilt, text_message().encode(), PLAIN)
    with pytest.raises(BadSignature):
        PLAIN.verify(spoilt | {"echostr": "1"})


@pytest.mark.parametrize("change", ["msg_signature", "timestamp", "nonce"])
def test_an_encrypted_request_with_a_wrong_parameter(change: str) -> None:
    parameters, body = safe(text_message())
    refused(BadSignature, parameters | {change: parameters[change] + "0"}, body)
    del parameters[change]
    refused(BadSignature, parameters, body)


def test_the_plain_signature_does_not_stand_in_for_the_one_over_the_body() -> None:
    parameters, body = safe(text_message())
    refused(BadSignature, parameters | {"msg_signature": parameters["signature"]}, body)
    refused(BadSignature, parameters, safe(text_message("other"))[1])


@pytest.mark.parametrize("encrypt_type", [None, "raw", "AES", ""])
def test_encryption_cannot_be_stripped_from_a_captured_request(encrypt_type: str | None) -> None:
    parameters, _ = safe(text_message())
    stripped = {name: parameters[name] for name in ("signature", "timestamp", "nonce")}
    if encrypt_type is not None:
        stripped["encrypt_type"] = encrypt_type
    refused(Unsealed, stripped, text_message("forged").encode())


def test_compatible_mode_reads_the_encrypted_fields_only() -> None:
    parameters, body = compatible(text_message("true"))
    received = SEALED.open(parameters, body.replace(b"[true]", b"[forged]"), now=NOW, received_at=SERVICE_NOW)
    assert received.text == "true"


@pytest.mark.parametrize("seconds", [-300, -1, 0, 299, 300])
def test_inside_the_window(seconds: int) -> None:
    parameters, body = safe(text_message(), NOW + timedelta(seconds=seconds))
    assert SEALED.open(parameters, body, now=NOW, received_at=SERVICE_NOW).text == "hello"


@pytest.mark.parametrize("seconds", [-86400, -600, -301, 301, 86400])
def test_outside_the_window(seconds: int) -> None:
    at = NOW + timedelta(seconds=seconds)
    refused(Stale, *safe(text_message(), at))
    refused(Stale, query(at), text_message().encode(), PLAIN)


@pytest.mark.parametrize(
    "timestamp", ["", "0", "-1", "9" * 5000, "１７９５２２６４００", "1e9", "nan", "1795226400\n"]
)
def test_a_signed_timestamp_that_is_none(timestamp: str) -> None:
    parameters = {"timestamp": timestamp, "nonce": "1", "signature": sign(TOKEN, timestamp, "1")}
    refused(Stale, parameters, text_message().encode(), PLAIN)


def test_a_message_for_another_account() -> None:
    refused(WrongAccount, *sealed(encrypt(text_message(), "wxanother")))


def test_an_encrypted_message_for_an_account_without_a_key() -> None:
    refused(BadEnvelope, *safe(text_message()), PLAIN)


def test_a_signed_envelope_that_does_not_open() -> None:
    for encrypted in ("", "!!!!", "AAAA", encrypt(text_message())[:-24]):
        refused(BadEnvelope, *sealed(encrypted))


@pytest.mark.parametrize(
    "body", [b"", b"<xml/>", b"<xml><Encrypt>", b'{"Encrypt":"x"}', b"\xff\xfe", b"<a><Encrypt/></a>"]
)
def test_nothing_encrypted_is_nothing_signed(body: bytes) -> None:
    refused(BadSignature, safe(text_message())[0], body)
