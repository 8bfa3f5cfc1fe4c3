"""How the platform reads the body that a callback answered with (platform document A4, A7, A8, E9)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from bot.simulator.envelope import BrokenEnvelopeError, Envelope, signature

TEXT_LIMIT: Final = 2048  # bytes of UTF-8
ARTICLES_FOR_EVENT: Final = 8
NEEDS: Final = {  # type of a reply -> the element that holds its substance
    "text": "Content",
    "image": "Image",
    "voice": "Voice",
    "video": "Video",
    "music": "Music",
    "news": "Articles",
}


class Verdict(StrEnum):
    SILENT = "silent"
    REPLY = "reply"
    MALFORMED = "malformed"
    STATUS = "status"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"

    @property
    def settles(self) -> bool:
        """Whether the platform takes this for the callback's answer rather than trying again."""
        return self in (Verdict.SILENT, Verdict.REPLY, Verdict.MALFORMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    kind: str
    text: str = ""
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    verdict: Verdict
    reason: str = ""
    reply: Reply | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an answer is held against. `clear` and `sealed` say which forms the account's mode allows."""

    openid: str
    original_id: str
    app_id: str
    token: str
    event: bool
    clear: bool
    sealed: bool


class MalformedError(ValueError):
    """An answer for which the platform tells the person that the service is out of order."""


SILENT: Final = Answer(verdict=Verdict.SILENT)


def judge(body: bytes, asked: Asked, envelope: Envelope) -> Answer:
    """The verdict on one body of an HTTP 200 answer."""
    if body.strip() in (b"", b"success"):
        return SILENT
    try:
        root = _parse(body)
        if root.find("Encrypt") is not None:
            root = _parse(_unseal(root, asked, envelope).encode())
        elif not asked.clear:
            raise MalformedError("a clear reply in safe mode")
        return _reply(root, asked)
    except MalformedError as error:
        return Answer(verdict=Verdict.MALFORMED, reason=str(error))


def _parse(body: bytes) -> Element:
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, UnicodeDecodeError) as error:
        raise MalformedError(f"neither success nor well-formed XML: {error}") from error
    if root.tag != "xml":
        raise MalformedError(f"the root element is <{root.tag}>, not <xml>")
    return root


def _unseal(root: Element, asked: Asked, envelope: Envelope) -> str:
    if not asked.sealed:
        raise MalformedError("a sealed reply in plain mode")
    sealed = _text(root, "Encrypt")
    expected = signature(asked.token, _text(root, "TimeStamp"), _text(root, "Nonce"), sealed)
    if _text(root, "MsgSignature") != expected:
        raise MalformedError("MsgSignature does not match")
    try:
        return envelope.open(sealed, asked.app_id)
    except BrokenEnvelopeError as error:
        raise MalformedError(f"the reply cannot be opened: {error}") from error


def _reply(root: Element, asked: Asked) -> Answer:
    if (_text(root, "ToUserName"), _text(root, "FromUserName")) != (asked.openid, asked.original_id):
        raise MalformedError("ToUserName and FromUserName are not swapped")
    if not _text(root, "CreateTime").isdigit():
        raise MalformedError("CreateTime is not a number of seconds")
    kind = _text(root, "MsgType")
    if kind == "transfer_customer_service":
        return SILENT
    substance = root.find(NEEDS.get(kind, ""))
    if substance is None:
        raise MalformedError(f"a reply of type {kind!r} without {NEEDS.get(kind, 'a known form')}")
    if kind == "text":
        reply = Reply(kind=kind, text=_content(substance))
    elif kind == "news":
        reply = Reply(kind=kind, data={"articles": _articles(substance, asked)})
    else:
        reply = Reply(kind=kind, data=_plain(substance))
    return Answer(verdict=Verdict.REPLY, reply=reply)


def _plain(element: Element) -> dict[str, str]:
    return {child.tag.lower(): child.text or "" for child in element}


def _content(element: Element) -> str:
    text = element.text or ""
    if not text.strip():
        raise MalformedError("an empty Content")
    if len(text.encode()) > TEXT_LIMIT:
        raise MalformedError(f"Content of {len(text.encode())} bytes, {TEXT_LIMIT} are allowed")
    return text


def _articles(element: Element, asked: Asked) -> list[dict[str, str]]:
    articles = [_plain(item) for item in element.findall("item")]
    limit = ARTICLES_FOR_EVENT if asked.event else 1
    if not 1 <= len(articles) <= limit:
        raise MalformedError(f"{len(articles)} articles, 1 to {limit} are allowed here")
    return articles


def _text(root: Element, tag: str) -> str:
    return root.findtext(tag) or ""
