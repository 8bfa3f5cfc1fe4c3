"""The door of one WeChat Official Account: what comes in, what is answered at once, what is sent later."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Final

import structlog
from aiohttp import web
from prometheus_client import Counter

from bot.channels.contract import Card, Limits, Outcome, Report
from bot.channels.wechat_api import WeChatApi
from bot.channels.wechat_client import TokenShelf
from bot.channels.wechat_crypto import (
    BadEnvelope,
    BadSignature,
    BadXml,
    Broken,
    Envelope,
    Stale,
    TooLarge,
    Unsealed,
    WeChatError,
    check_signature,
    signature,
)
from bot.channels.wechat_reports import reports
from bot.channels.wechat_xml import UNWRITABLE, Parsed, parsed
from handlers.contract import Incoming, Kind

BODY_BYTES: Final = 128 * 1024  # compatible mode carries a text twice, the second time as base64
WINDOW_SECONDS: Final = 300
TEXT_CHARACTERS: Final = 2000
_ID_CHARACTERS: Final = 64

_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\u200b\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
_SECONDS: Final = re.compile("[0-9]{10}")

# Platform document A5: the kind of each MsgType, and where its words stand (both spellings occur).
_KINDS: Final[Mapping[str, tuple[Kind, tuple[str, ...]]]] = {
    "text": (Kind.TEXT, ("Content",)),
    "voice": (Kind.VOICE, ("Recognition", "Recongnition")),
    "image": (Kind.IMAGE, ()),
    "video": (Kind.VIDEO, ()),
    "shortvideo": (Kind.VIDEO, ()),
    "location": (Kind.LOCATION, ("Label",)),
    "link": (Kind.LINK, ("Title",)),
    "event": (Kind.EVENT, ()),
}
_REPLY: Final = (
    "<xml><ToUserName><![CDATA[{recipient}]]></ToUserName><FromUserName><![CDATA[{sender}]]></FromUserName>"
    "<CreateTime>{timestamp}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
    "<Content><![CDATA[{text}]]></Content></xml>"
)
_SEALED: Final = (
    "<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>"
    "<TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
)
# To the platform: taken, nothing to show, do not try again (platform document A7).
_SUCCESS: Final = "success"

_callbacks = Counter("jiangwen_wechat_callbacks", "Callback requests of the Official Account", ["outcome"])
_counted = cache(_callbacks.labels)  # to find the counter of an outcome costs more than to count
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The settings of one Official Account; an empty `aes_key` means that the platform is in plain mode."""

    app_id: str
    app_secret: str = field(repr=False)
    token: str = field(repr=False)
    aes_key: str = field(default="", repr=False)
    api_base: str = "https://api.weixin.qq.com"

    def __post_init__(self) -> None:
        for name in ("app_id", "app_secret", "token", "api_base"):
            if not getattr(self, name):
                raise ValueError(f"{name} of a WeChat account must not be empty")


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Incoming):
    """An `Incoming` with the account's original id (gh_…), in whose name the reply is written.

    `reports` are what it tells of messages and permissions, None where it belongs to a conversation.
    """

    original_id: str
    reports: tuple[Report, ...] | None = None


class WeChat:
    """One Official Account as a `Channel`; `account` is its app id.

    With an AES key only encrypted bodies are taken (compatible and safe mode): the plain signature does
    not cover the body, so that one URL read in a proxy's log would let anybody write as anybody.
    """

    name = "wechat"
    # Platform document A8: 2048 bytes, less what a client may count besides.
    limits = Limits(text_bytes=2000)

    def __init__(self, account: Account, *, shelf: TokenShelf) -> None:
        self.account = account.app_id
        self.api = WeChatApi(
            app_id=account.app_id, app_secret=account.app_secret, api_base=account.api_base, shelf=shelf
        )
        self._token = account.token
        self._envelope = Envelope(account.aes_key, account.app_id) if account.aes_key else None

    def verify(self, query: Mapping[str, str]) -> str:
        """Give the `echostr` of a GET request (platform document A1); raises BadSignature."""
        self._check(query, "signature")
        return query.get("echostr", "")

    def open(
        self, query: Mapping[str, str], body: bytes, *, now: datetime, received_at: datetime
    ) -> Received:
        """Read a POST request; raises WeChatError and nothing else.

        `now` is real time, for the window of the signature; `received_at` is service time.
        """
        if len(body) > BODY_BYTES:
            raise TooLarge
        message = self._authentic(query, body, now)
        return self._received(parsed(message), message, received_at)

    def seal(self, text: str, received: Received, query: Mapping[str, str], *, now: datetime) -> str:
        """Write the passive reply (platform document A4, A8), encrypted if the account has an AES key."""
        timestamp = int(now.timestamp())
        reply = _REPLY.format(
            recipient=_cdata(received.sender),
            sender=_cdata(received.original_id),
            timestamp=timestamp,
            text=_cdata(text),
        )
        if self._envelope is None:
            return reply
        nonce = query.get("nonce", "")
        encrypted = self._envelope.encrypt(reply.encode())
        return _SEALED.format(
            encrypted=encrypted,
            signature=signature(self._token, str(timestamp), nonce, encrypted),
            timestamp=timestamp,
            nonce=_cdata(nonce),
        )

    async def send_text(self, *, recipient: str, text: str, now: datetime) -> Outcome:
        """Send one custom message to an openid; `now` is service time."""
        return await self.api.send_text(recipient=recipient, text=UNWRITABLE.sub("", text), now=now)

    async def send_template(self, *, recipient: str, card: Card, key: str, now: datetime) -> Outcome:
        """Send a template message to a follower."""
        return await self.api.send_template(recipient=recipient, card=card, key=key, now=now)

    async def send_subscribed(self, *, recipient: str, card: Card, now: datetime) -> Outcome:
        """Send a subscribe notice."""
        return await self.api.send_subscribed(recipient=recipient, card=card, now=now)

    async def send_mass(self, *, recipients: Sequence[str], text: str, key: str, now: datetime) -> Outcome:
        """Send one text to many."""
        text = UNWRITABLE.sub("", text)
        return await self.api.send_mass(recipients=recipients, text=text, key=key, now=now)

    async def aclose(self) -> None:
        """Close the HTTP session."""
        await self.api.aclose()

    def _check(self, query: Mapping[str, str], name: str, *more: str) -> None:
        check_signature(
            query.get(name, ""), self._token, query.get("timestamp", ""), query.get("nonce", ""), *more
        )

    def _authentic(self, query: Mapping[str, str], body: bytes, now: datetime) -> bytes:
        """The message of a request that is signed, fresh and, where it must be, encrypted."""
        if query.get("encrypt_type") == "aes":
            encrypted = _encrypted(body)
            self._check(query, "msg_signature", encrypted)
            _check_time(query, now)
            if self._envelope is None:
                raise BadEnvelope
            return self._envelope.decrypt(encrypted)
        self._check(query, "signature")
        if self._envelope is not None:
            raise Unsealed
        _check_time(query, now)
        return body

    def _received(self, document: Parsed, message: bytes, received_at: datetime) -> Received:
        fields = document.fields
        original_id, sender, kind_name = (
            fields.get(name) for name in ("ToUserName", "FromUserName", "MsgType")
        )
        if not original_id or not sender or not kind_name:
            raise BadXml
        kind, words = _KINDS.get(kind_name.lower(), (Kind.UNKNOWN, ()))
        message_id = _message_id(fields, message, kind)
        told = reports(self.account, fields, document.rows, message_id=message_id, now=received_at)
        return Received(
            channel=self.name,
            account=self.account,
            sender=sender,
            message_id=message_id,
            kind=kind,
            received_at=received_at,
            text=sanitise(next((fields[word] for word in words if word in fields), "")),
            event=fields.get("Event", "").lower() if kind is Kind.EVENT else "",
            event_key=_event_key(fields, kind),
            original_id=original_id,
            reports=told if kind is Kind.EVENT else None,
        )


def sanitise(text: str) -> str:
    """What may be stored and matched: NFC, without control, bidi and zero-width characters, 2000 at most.

    The zero-width joiner stays: emoji are made with it.
    """
    return unicodedata.normalize("NFC", _UNSEEN.sub("", text))[:TEXT_CHARACTERS]


def _cdata(text: str) -> str:
    """Text that cannot leave its CDATA section, nor break the document."""
    return UNWRITABLE.sub("", text).replace("]]>", "]]]]><![CDATA[>")


def _check_time(query: Mapping[str, str], now: datetime) -> None:
    timestamp = query.get("timestamp", "")
    if not _SECONDS.fullmatch(timestamp) or abs(now.timestamp() - int(timestamp)) > WINDOW_SECONDS:
        raise Stale


def _encrypted(body: bytes) -> str:
    """The element that `msg_signature` covers; a body without one is not signed."""
    try:
        return parsed(body).fields["Encrypt"]
    except (BadXml, KeyError):
        raise BadSignature from None


def _event_key(fields: Mapping[str, str], kind: Kind) -> str:
    if kind is Kind.LOCATION:
        return f"{fields.get('Location_X', '')},{fields.get('Location_Y', '')}"
    return fields.get("EventKey", "") if kind is Kind.EVENT else ""


def _message_id(fields: Mapping[str, str], message: bytes, kind: Kind) -> str:
    """Platform document A7. An event's is hashed, as it is made of an openid and will be logged."""
    number = fields.get("MsgId") or fields.get("MsgID")
    if kind is Kind.EVENT and number:
        plain = f"{fields.get('Event', '').lower()}:{number}:{fields.get('Status', '')}"
    elif kind is Kind.EVENT:
        parts = (fields.get(name, "") for name in ("FromUserName", "CreateTime", "Event", "EventKey"))
        return sha256("\0".join(parts).encode()).hexdigest()
    else:
        plain = number or sha256(message).hexdigest()
    return plain if len(plain) <= _ID_CHARACTERS else sha256(plain.encode()).hexdigest()


def routes(
    channel: WeChat,
    answer: Callable[[Incoming], Awaitable[str | None]],
    report: Callable[[Report], Awaitable[None]],
    clock: Callable[[], datetime],
) -> list[web.RouteDef]:
    """GET and POST /wechat. `answer` gives the passive reply, or None for none; `report` takes what belongs
    to no conversation; `clock` is service time."""

    async def hear(received: Received) -> str | None:
        if received.reports is None:
            return await answer(received)
        for told in received.reports:
            await report(told)
        return None

    async def verify(request: web.Request) -> web.Response:
        try:
            echo = channel.verify(request.query)
        except WeChatError as refusal:
            return _refusal(refusal)
        return _response("verified", echo)

    async def receive(request: web.Request) -> web.Response:
        try:
            body = await _body(request)
            received = channel.open(request.query, body, now=datetime.now(UTC), received_at=clock())
        except WeChatError as refusal:
            return _refusal(refusal)
        try:
            text = await hear(received)
        except (
            Exception
        ) as fault:  # not kept: the platform shall send it again; its text stays out of the log
            _log.error("wechat.failed", fault=type(fault).__name__, **received.log_context())
            return _response("failed", "later", status=503)
        if not text:
            return _response("silent")
        reply = channel.seal(text, received, request.query, now=datetime.now(UTC))
        return _response("answered", reply, content_type="application/xml")

    return [web.get("/wechat", verify, allow_head=False), web.post("/wechat", receive)]


async def _body(request: web.Request) -> bytes:
    """Read no more than is allowed, whatever the headers promise; raises TooLarge or Broken."""
    body = bytearray()
    try:
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > BODY_BYTES:
                raise TooLarge
    except (web.RequestPayloadError, ConnectionError):
        raise Broken from None
    return bytes(body)


def _refusal(refusal: WeChatError) -> web.Response:
    _log.warning("wechat.refused", outcome=refusal.outcome)
    return _response(refusal.outcome, _SUCCESS if refusal.status == 200 else "refused", status=refusal.status)


def _response(
    outcome: str, text: str = _SUCCESS, *, status: int = 200, content_type: str = "text/plain"
) -> web.Response:
    _counted(outcome).inc()
    return web.Response(
        text=text, status=status, content_type=content_type, headers={"X-Content-Type-Options": "nosniff"}
    )
