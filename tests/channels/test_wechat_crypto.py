"""Every vector that concerns the envelope, and every envelope that must not open."""

from __future__ import annotations

import json
import struct
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import PrpCrypto
from wechatpy.crypto.base import WeChatCipher

from bot.channels.wechat import Account, WeChat
from bot.channels.wechat_crypto import (
    BadEnvelope,
    BadSignature,
    Envelope,
    WeChatError,
    WrongAccount,
    check_signature,
    signature,
)
from tests.channels.wechat_push import AES_KEY, APP_ID, NoShelf

Vector = dict[str, Any]
VECTORS: list[Vector] = json.loads((Path(__file__).parent / "vectors.json").read_text("utf-8"))["vectors"]
ENVELOPE = Envelope(AES_KEY, APP_ID)


def of_kind(*kinds: str) -> list[Any]:
    return [pytest.param(vector, id=vector["id"]) for vector in VECTORS if vector["kind"] in kinds]


def plain(*, body: bytes = b"<xml/>", length: int | None = None, receive_id: str = APP_ID) -> bytes:
    """The clear text of an envelope, without padding."""
    size = len(body) if length is None else length
    return b"r" * 16 + struct.pack(">I", size) + body + receive_id.encode()


def padded(content: bytes) -> bytes:
    size = 32 - len(content) % 32
    return content + bytes([size]) * size


def ciphered(content: bytes) -> str:
    return b64encode(WeChatCipher(b64decode(AES_KEY + "=")).encrypt(content)).decode()


@pytest.mark.parametrize("vector", of_kind("plain_signature"))
def test_plain_signature(vector: Vector) -> None:
    parts = (vector["token"], vector["timestamp"], vector["nonce"])
    assert signature(*parts) == vector["signature"]
    check_signature(vector["signature"], *parts)


@pytest.mark.parametrize("vector", of_kind("plain_signature"))
def test_url_verification_gives_echostr_only_to_the_token_holder(vector: Vector) -> None:
    echo = vector.get("echostr", "4375120948345356249")
    query = {name: vector[name] for name in ("signature", "timestamp", "nonce")} | {"echostr": echo}
    account = Account(app_id="wx", app_secret="s", token=vector["token"])
    assert WeChat(account, shelf=NoShelf()).verify(query) == vector.get("expect_body", echo)
    with pytest.raises(BadSignature):
        WeChat(Account(app_id="wx", app_secret="s", token="other"), shelf=NoShelf()).verify(query)


@pytest.mark.parametrize("vector", of_kind("message", "echo", "reply_encrypt", "msg_signature_only"))
def test_message_signature_covers_the_encrypted_element(vector: Vector) -> None:
    parts = [vector["token"], vector["timestamp"], vector["nonce"], vector["encrypt"]]
    check_signature(vector["msg_signature"], *parts)
    for spoilt in range(len(parts)):
        with pytest.raises(BadSignature):
            check_signature(
                vector["msg_signature"], *(part + "0" * (i == spoilt) for i, part in enumerate(parts))
            )


@pytest.mark.parametrize("vector", of_kind("message", "echo", "reply_encrypt", "encrypt_deterministic"))
def test_envelope_opens_and_closes_to_the_same_bytes(vector: Vector) -> None:
    envelope = Envelope(vector["encoding_aes_key"], vector["receive_id"])
    assert envelope.decrypt(vector["encrypt"]).decode() == vector["plaintext"]
    again = envelope.encrypt(vector["plaintext"].encode(), random=vector["random"].encode())
    assert again == vector["encrypt"]


@pytest.mark.parametrize("vector", of_kind("message"))
def test_a_vector_through_the_whole_door(vector: Vector) -> None:
    account = Account(
        app_id=vector["receive_id"],
        app_secret="s",
        token=vector["token"],
        aes_key=vector["encoding_aes_key"],
    )
    query = {name: vector[name] for name in ("msg_signature", "timestamp", "nonce")} | {"encrypt_type": "aes"}
    body = f"<xml><Encrypt>{vector['encrypt']}</Encrypt></xml>".encode()
    now = datetime.fromtimestamp(int(vector["timestamp"]), UTC)
    channel = WeChat(account, shelf=NoShelf())
    if vector["plaintext"].startswith("{"):
        with pytest.raises(WeChatError):
            channel.open(query, body, now=now, received_at=now)
    else:
        received = channel.open(query, body, now=now, received_at=now)
        assert f"<MsgId>{received.message_id}</MsgId>" in vector["plaintext"]


@given(st.binary(max_size=2000))
def test_what_we_encrypt_wechatpy_decrypts_and_the_reverse(message: bytes) -> None:
    theirs = PrpCrypto(b64decode(AES_KEY + "="))
    assert ENVELOPE.decrypt(ENVELOPE.encrypt(message)) == message
    text = message.decode("utf-8", "replace")
    assert theirs.decrypt(ENVELOPE.encrypt(text.encode()), APP_ID) == text
    assert ENVELOPE.decrypt(theirs.encrypt(text, APP_ID).decode()) == text.encode()


def test_no_two_envelopes_are_alike() -> None:
    assert len({ENVELOPE.encrypt(b"same") for _ in range(50)}) == 50


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(padded(plain())[:-1] + b"\0", id="pad 0"),
        pytest.param(padded(plain())[:-1] + bytes([33]), id="pad 33"),
        pytest.param(padded(plain())[:-1] + b"\xff", id="pad 255"),
        pytest.param(padded(plain())[:-2] + b"\0" + padded(plain())[-1:], id="pad bytes differ"),
        pytest.param(plain() + bytes([48 - len(plain())]) * (48 - len(plain())), id="padded to 16"),
        pytest.param(bytes([32]) * 32, id="nothing but padding"),
        pytest.param(padded(b"r" * 19), id="no whole length field"),
        pytest.param(padded(plain(length=1 << 31)), id="length beyond the buffer"),
        pytest.param(padded(plain(length=6 + len(APP_ID) + 1)), id="length one beyond the buffer"),
        pytest.param(b"", id="empty"),
    ],
)
def test_a_malformed_envelope(content: bytes) -> None:
    with pytest.raises(BadEnvelope):
        ENVELOPE.decrypt(ciphered(content))


@pytest.mark.parametrize(
    "encrypted",
    ["", "=", "AAAA", "AA\nAA", "????", "十", "\ud800", "A" * 43, b64encode(b"a" * 31).decode(), "A" * 65536],
)
def test_what_is_no_ciphertext(encrypted: str) -> None:
    with pytest.raises(BadEnvelope):
        ENVELOPE.decrypt(encrypted)


@pytest.mark.parametrize("receive_id", ["", "wx", APP_ID + "0", APP_ID[:-1], APP_ID.upper()])
def test_an_envelope_for_another_account(receive_id: str) -> None:
    with pytest.raises(WrongAccount):
        ENVELOPE.decrypt(ciphered(padded(plain(receive_id=receive_id))))


def test_a_length_that_is_too_short_moves_the_app_id() -> None:
    with pytest.raises(WrongAccount):
        ENVELOPE.decrypt(ciphered(padded(plain(length=5))))


@given(st.binary(max_size=40).map(lambda content: content * 32))
def test_garbage_behind_the_right_key_fails_with_a_type(content: bytes) -> None:
    with pytest.raises((BadEnvelope, WrongAccount)):
        ENVELOPE.decrypt(ciphered(content))


@given(st.integers(0, 95), st.integers(1, 255))
def test_a_changed_byte_never_goes_unnoticed_in_structure(at: int, change: int) -> None:
    spoilt = bytearray(b64decode(ENVELOPE.encrypt(b"x" * 40)))
    spoilt[at % len(spoilt)] ^= change
    try:
        opened = ENVELOPE.decrypt(b64encode(spoilt).decode())
    except (BadEnvelope, WrongAccount):
        return
    assert len(opened) == 40


@pytest.mark.parametrize("key", ["", "A" * 42, "A" * 44, "A" * 42 + "!", "A" * 42 + "\n", "密" * 43])
def test_a_malformed_key_is_named_but_not_shown(key: str) -> None:
    with pytest.raises(ValueError, match="EncodingAESKey is 43") as caught:
        Envelope(key, APP_ID)
    assert not key or key not in str(caught.value)


def test_every_error_says_its_docstring() -> None:
    kinds: list[type[WeChatError]] = [WeChatError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    assert len(kinds) == 9
    for kind in kinds:
        assert str(kind()) == kind.__doc__
    assert len({kind.outcome for kind in kinds[1:]}) == len(kinds) - 1
