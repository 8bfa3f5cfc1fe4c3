"""Load for the encrypted callback: people who ask, and connections that carry what they ask."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from urllib.parse import urlencode

from defusedxml.ElementTree import fromstring

from bot.channels.wechat_crypto import Envelope, check_signature, signature
from bot.dialogue import MESSAGES_A_MINUTE
from tests.wire import AES_KEY, APP_ID, TOKEN

QUESTIONS = Path("knowledge/questions/sample.jsonl")
CONNECTIONS = 32
PEOPLE, EACH = 200, 10
_PATIENCE_S = 120

_OPENINGS = ("", "", "", "请问", "你好，", "老师，", "问一下，", "您好 ", "那个，", "想问问")
_ENDINGS = ("", "", "？", "，谢谢", "呢", "啊", "🙂", "。", "，急", "……")
_STATED = ("我{}岁，", "我今年{}了，", "本人{}岁，", "师傅{}岁，")
_STATING = 0.25
_NUMERALS = "零一二三四五六七八九"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ENVELOPE = Envelope(AES_KEY, APP_ID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One message and the whole HTTP request that brings it, signed when it was made."""

    sender: str
    message_id: str
    text: str
    request: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What became of a series of requests: seconds from the first byte out to the last reply, the time that
    each waited, the raw responses in the order of the requests, and the load's own CPU seconds."""

    seconds: float
    waits: Sequence[float]
    responses: Sequence[bytes]
    load_cpu_s: float


def questions() -> list[tuple[str, ...]]:
    """The sample questions, each a conversation of one or more turns."""
    rows = map(json.loads, QUESTIONS.read_text(encoding="utf-8").splitlines())
    return [tuple(row["turns"]) for row in rows]


class Crowd:
    """Invents people and what they write; no sender or MsgId comes twice, and hardly a text."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._questions = questions()
        self._people = 0
        self._messages = 0

    def pushes(self, people: int = PEOPLE, each: int = EACH) -> list[Push]:
        """What new people write, in turns, so that nobody's second message overtakes the first."""
        assert each <= MESSAGES_A_MINUTE  # nobody is to be slowed
        talks = [(self._sender(), list(self._talk(each))) for _ in range(people)]
        return [self._push(sender, talk[turn]) for turn in range(each) for sender, talk in talks]

    def _sender(self) -> str:
        self._people += 1
        return f"oBench{self._people:022d}"

    def _talk(self, size: int) -> Iterator[str]:
        said = 0
        while said < size:
            for turn in self._random.choice(self._questions)[: size - said]:
                yield self._varied(turn)
                said += 1

    def _varied(self, text: str) -> str:
        """The question as one more person would put it; one in four tells an age first."""
        opening, ending = self._random.choice(_OPENINGS), self._random.choice(_ENDINGS)
        stated = self._random.choice(_STATED) if self._random.random() < _STATING else ""
        return f"{opening}{stated.format(self._number())}{text}{ending}"

    def _number(self) -> str:
        tens, ones = self._random.randrange(2, 6), self._random.randrange(1, 10)
        return self._random.choice((f"{tens}{ones}", f"{_NUMERALS[tens]}十{_NUMERALS[ones]}"))

    def _push(self, sender: str, text: str) -> Push:
        self._messages += 1
        number = str(24_000_000_000_000_000 + self._messages)
        return Push(sender=sender, message_id=number, text=text, request=request(sender, number, text))


def request(sender: str, message_id: str, text: str) -> bytes:
    """A callback in safe mode (platform document A3), as bytes for a kept connection."""
    timestamp, nonce = str(int(time.time())), message_id[-10:]
    encrypted = _ENVELOPE.encrypt(
        f"<xml><ToUserName><![CDATA[gh_bench]]></ToUserName><FromUserName><![CDATA[{sender}]]></FromUserName>"
        f"<CreateTime>{timestamp}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{text}]]></Content><MsgId>{message_id}</MsgId></xml>".encode()
    )
    body = (
        f"<xml><ToUserName><![CDATA[gh_bench]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    )
    query = urlencode(
        {
            "signature": signature(TOKEN, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "openid": sender,
            "encrypt_type": "aes",
            "msg_signature": signature(TOKEN, timestamp, nonce, encrypted),
        }
    )
    return (
        f"POST /wechat?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Mozilla/4.0\r\nAccept: */*\r\n"
        f"Content-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def opened(response: bytes, sender: str, *, signed: bool) -> str:
    """The words of an encrypted reply to `sender`.

    Raises AssertionError, ParseError or WeChatError for anything else.
    """
    head, _, body = response.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), head
    sealed = fromstring(body)
    encrypted = sealed.findtext("Encrypt", "")
    if signed:
        parts = (sealed.findtext(name, "") for name in ("TimeStamp", "Nonce"))
        check_signature(sealed.findtext("MsgSignature", ""), TOKEN, *parts, encrypted)
    reply = fromstring(_ENVELOPE.decrypt(encrypted))
    assert (reply.findtext("ToUserName"), reply.findtext("MsgType")) == (sender, "text")
    return reply.findtext("Content", "")


class _Connection(asyncio.Protocol):
    """Sends the next request when the reply to the last one is whole."""

    def __init__(self, todo: Iterator[tuple[int, bytes]], waits: list[float], responses: list[bytes]) -> None:
        self._todo = todo
        self._waits = waits
        self._responses = responses
        self._at = -1
        self._sent = 0.0
        self._received = b""
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def begin(self) -> None:
        """Send one request, or close where none is left."""
        following = next(self._todo, None)
        if following is None:
            self.finished.set_result(None)
            self._transport.close()
            return
        self._at, request = following
        self._received = b""
        self._sent = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head = self._received.find(b"\r\n\r\n")
        length = _LENGTH.search(self._received, 0, head) if head >= 0 else None
        if length is None or len(self._received) < head + 4 + int(length[1]):
            return
        self._waits[self._at] = time.perf_counter() - self._sent
        self._responses[self._at] = self._received
        self.begin()

    def connection_lost(self, fault: Exception | None) -> None:
        if not self.finished.done():
            self.finished.set_exception(fault or ConnectionResetError("the server closed a kept connection"))


async def _fire(port: int, requests: Sequence[bytes], connections: int) -> Round:
    waits, responses = [0.0] * len(requests), [b""] * len(requests)
    todo = iter(enumerate(requests))
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: _Connection(todo, waits, responses), "127.0.0.1", port)
        for _ in range(connections)
    ]
    cpu, start = time.process_time(), time.perf_counter()
    async with asyncio.timeout(_PATIENCE_S):
        for _, connection in made:
            connection.begin()
        await asyncio.gather(*(connection.finished for _, connection in made))
    return Round(
        seconds=time.perf_counter() - start,
        waits=waits,
        responses=responses,
        load_cpu_s=time.process_time() - cpu,
    )


def fire(port: int, requests: Iterable[bytes], connections: int = CONNECTIONS) -> Round:
    """Bring every request to the server on this machine, over connections that each wait for their reply."""
    return asyncio.run(_fire(port, list(requests), connections))
