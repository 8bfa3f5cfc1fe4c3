"""Pushes as the platform makes them, by wechatpy's own cipher and signer."""

from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import strategies as st
from wechatpy.crypto import PrpCrypto
from wechatpy.utils import WeChatSigner

from bot.channels.wechat import Account, Received, WeChat
from bot.channels.wechat_crypto import WeChatError

APP_ID, TOKEN, OPENID, ORIGINAL_ID = "wx0123456789abcdef", "push2token", "oPusher", "gh_pushed"
# The last character has non-zero trailing bits, as in WeCom's official sample.
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
SERVICE_NOW = datetime(2024, 7, 1, 1, 0, tzinfo=UTC)
# Lone surrogates too.
ANY_TEXT = st.text(st.characters(exclude_categories=()))
PAYLOADS = Path(__file__).parent / "payloads"


class NoShelf:
    """Shares nothing."""

    async def get(self, account: str) -> tuple[str, datetime] | None:
        return None

    async def put(self, account: str, token: str, expires_at: datetime) -> None:
        return None


def door(*, plain: bool = False, api_base: str = "http://127.0.0.1:1") -> WeChat:
    account = Account(
        app_id=APP_ID, app_secret="secret", token=TOKEN, aes_key="" if plain else AES_KEY, api_base=api_base
    )
    return WeChat(account, shelf=NoShelf())


def sign(*parts: str) -> str:
    signer = WeChatSigner()
    signer.add_data(*parts)
    return str(signer.signature)


def encrypt(message: str | bytes, app_id: str = APP_ID) -> str:
    return str(PrpCrypto(b64decode(AES_KEY + "=")).encrypt(message, app_id), "ascii")


def query(at: datetime = NOW, encrypted: str | None = None) -> dict[str, str]:
    timestamp, nonce = str(int(at.timestamp())), "1320562132"
    signed = {
        "signature": sign(TOKEN, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": OPENID,
    }
    if encrypted is None:
        return signed
    return {**signed, "encrypt_type": "aes", "msg_signature": sign(TOKEN, timestamp, nonce, encrypted)}


def sealed(encrypted: str, at: datetime = NOW, beside: str = "") -> tuple[dict[str, str], bytes]:
    """A push with this `Encrypt`; `beside` are the plain fields of compatible mode."""
    first = beside or f"<ToUserName><![CDATA[{ORIGINAL_ID}]]></ToUserName>"
    body = f"<xml>{first}<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    return query(at, encrypted), body.encode()


def safe(message: str | bytes, at: datetime = NOW) -> tuple[dict[str, str], bytes]:
    return sealed(encrypt(message), at)


def compatible(message: str, at: datetime = NOW) -> tuple[dict[str, str], bytes]:
    return sealed(encrypt(message), at, beside=message.removeprefix("<xml>").removesuffix("</xml>"))


def text_message(content: str = "hello", number: str = "6054768590064713728") -> str:
    return (
        f"<xml><ToUserName><![CDATA[{ORIGINAL_ID}]]></ToUserName>"
        f"<FromUserName><![CDATA[{OPENID}]]></FromUserName><CreateTime>1714112445</CreateTime>"
        f"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{content}]]></Content>"
        f"<MsgId>{number}</MsgId></xml>"
    )


def payload(name: str) -> str:
    return (PAYLOADS / f"{name}.xml").read_text(encoding="utf-8").strip()


SEALED, PLAIN = door(), door(plain=True)


def taken(message: str | bytes) -> Received:
    parameters, body = safe(message)
    return SEALED.open(parameters, body, now=NOW, received_at=SERVICE_NOW)


def refused(
    kind: type[WeChatError], parameters: dict[str, str], body: bytes, channel: WeChat = SEALED
) -> None:
    with pytest.raises(WeChatError) as caught:
        channel.open(parameters, body, now=NOW, received_at=SERVICE_NOW)
    assert type(caught.value) is kind
