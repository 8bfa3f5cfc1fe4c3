"""Sends callbacks to the account's server as the platform does (platform document A1, A2, A7, E9)."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

from bot.simulator.answers import Answer, Asked, Reply, Verdict, judge
from bot.simulator.envelope import Envelope, cdata, render, signature
from bot.simulator.knobs import NO_FAULT, Knobs, PushFault

BOMB: Final = '<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


class Mode(StrEnum):
    PLAIN = "plain"
    COMPATIBLE = "compatible"
    SAFE = "safe"


class Outcome(StrEnum):
    PENDING = "pending"
    SILENT = "silent"
    REPLIED = "replied"
    FAILED = "failed"
    DROPPED = "dropped"


OUTCOMES: Final = {Verdict.REPLY: Outcome.REPLIED, Verdict.SILENT: Outcome.SILENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What the owner of the account has entered on the platform's pages."""

    app_id: str
    app_secret: str = field(repr=False)
    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    callback_url: str
    mode: Mode
    original_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One POST. Sizes in bytes, `cipher_bytes` the sealed part of what was sent; `started` in real time."""

    number: int
    started: datetime
    latency_ms: float
    sent_bytes: int
    cipher_bytes: int
    received_bytes: int = 0
    status: int | None = None
    verdict: Verdict
    reason: str = ""


@dataclass(slots=True, kw_only=True)
class Push:
    """One message or event on its way to the account's server, and what became of it."""

    id: int
    openid: str
    kind: str
    created: int
    message_id: int | None
    outcome: Outcome = Outcome.PENDING
    attempts: list[Attempt] = field(default_factory=list)
    reply: Reply | None = None

    @property
    def text(self) -> str:
        return self.reply.text if self.reply else ""


class Pusher:
    """Holds the HTTP session and the memory of failures; knows nothing of chats."""

    def __init__(self, account: Account, knobs: Knobs, wall: Callable[[], datetime]) -> None:
        self._account, self._knobs, self._wall = account, knobs, wall
        self._envelope = Envelope(account.aes_key)
        self._session: ClientSession | None = None
        self._failures = 0
        self._muted_until: datetime | None = None

    async def open(self) -> None:
        self._session = ClientSession(connector=TCPConnector(limit=0))

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    @property
    def session(self) -> ClientSession:
        if self._session is None:
            raise RuntimeError("the simulator is not open: use `async with simulator`")
        return self._session

    async def verify(self) -> bool:
        """The GET of the moment when the URL is entered: the echo must come back as it is, in clear."""
        echo = str(secrets.randbelow(10**19))
        try:
            async with self.session.get(
                self._account.callback_url,
                params={**self._signed(NO_FAULT, secrets.token_hex(5)), "echostr": echo},
                timeout=self._timeout(),
            ) as response:
                return response.status == 200 and await response.read() == echo.encode()
        except (ClientError, TimeoutError):
            return False

    async def deliver(self, push: Push, fields: Mapping[str, object], fault: PushFault) -> None:
        """Tries until the server answers; fills `push` with attempts, reply and outcome."""
        if not fault.hostile and self._muted():
            push.outcome = Outcome.DROPPED
            return
        answer = await self._rounds(push, fields, fault)
        push.reply, push.outcome = answer.reply, OUTCOMES.get(answer.verdict, Outcome.FAILED)
        if not fault.hostile:
            self._remember(push.outcome)
        if push.outcome is not Outcome.FAILED:
            for _ in range(fault.duplicates):
                await self._try(push, fields, fault, secrets.token_hex(5))

    async def _rounds(self, push: Push, fields: Mapping[str, object], fault: PushFault) -> Answer:
        """The first answer that settles the matter, of up to three rounds; of copies the earliest."""
        nonce = secrets.token_hex(5)
        for _ in range(1 if fault.hostile else self._knobs.tries):
            copies = [self._try(push, fields, fault, nonce) for _ in range(fault.copies)]
            answers = [await copy for copy in asyncio.as_completed(copies)]
            answer = next((answer for answer in answers if answer.verdict.settles), answers[-1])
            if answer.verdict.settles:
                break
            nonce = nonce if self._knobs.same_nonce_on_retry else secrets.token_hex(5)
        return answer

    async def _try(self, push: Push, fields: Mapping[str, object], fault: PushFault, nonce: str) -> Answer:
        query, body, cipher_bytes = self._compose(push, fields, fault, nonce)
        started, clock, status, received = self._wall(), time.perf_counter(), None, b""
        try:
            async with self.session.post(
                self._account.callback_url,
                params=query,
                data=body,
                headers={"Content-Type": "text/xml", "User-Agent": "Mozilla/4.0"},
                timeout=self._timeout(),
            ) as response:
                status, received = response.status, await response.read()
            answer = judge(received, self._asked(push), self._envelope) if status == 200 else _status(status)
        except TimeoutError:
            answer = Answer(verdict=Verdict.TIMEOUT, reason=f"no answer in {self._knobs.patience:g} s")
        except ClientError as error:
            answer = Answer(verdict=Verdict.UNREACHABLE, reason=str(error) or type(error).__name__)
        push.attempts.append(
            Attempt(
                number=len(push.attempts) + 1,
                started=started,
                latency_ms=round((time.perf_counter() - clock) * 1000, 1),
                sent_bytes=len(body),
                cipher_bytes=cipher_bytes,
                received_bytes=len(received),
                status=status,
                verdict=answer.verdict,
                reason=answer.reason,
            )
        )
        return answer

    def _compose(
        self, push: Push, fields: Mapping[str, object], fault: PushFault, nonce: str
    ) -> tuple[dict[str, str], bytes, int]:
        """Query, body and the size of its sealed part, as the account's mode has them."""
        query = {**self._signed(fault, nonce), "openid": push.openid}
        sealed = ""
        if self._account.mode is not Mode.PLAIN:
            sealed = self._envelope.seal(render(fields), fault.app_id or self._account.app_id)
            signed = signature(self._account.token, query["timestamp"], nonce, sealed)
            query |= {
                "encrypt_type": "aes",
                "msg_signature": _spoilt(signed) if fault.wrong_signature else signed,
            }
        match self._account.mode:
            case Mode.PLAIN:
                outer = dict(fields)
            case Mode.COMPATIBLE:
                outer = {**fields, "Encrypt": sealed}
            case Mode.SAFE:
                outer = {"ToUserName": self._account.original_id, "Encrypt": sealed}
        body = render(outer)
        if fault.padding_bytes:
            body = body.replace("</xml>", f"<Padding>{cdata('0' * fault.padding_bytes)}</Padding></xml>")
        return query, ((BOMB if fault.doctype else "") + body).encode(), len(sealed)

    def _signed(self, fault: PushFault, nonce: str) -> dict[str, str]:
        moment = self._wall() - timedelta(seconds=fault.stale_seconds)
        timestamp = str(int(moment.timestamp()))
        signed = signature(self._account.token, timestamp, nonce)
        return {
            "signature": _spoilt(signed) if fault.wrong_signature else signed,
            "timestamp": timestamp,
            "nonce": nonce,
        }

    def _asked(self, push: Push) -> Asked:
        return Asked(
            openid=push.openid,
            original_id=self._account.original_id,
            app_id=self._account.app_id,
            token=self._account.token,
            event=push.kind.startswith("event:"),
            clear=self._account.mode is not Mode.SAFE,
            sealed=self._account.mode is not Mode.PLAIN,
        )

    def _timeout(self) -> ClientTimeout:
        return ClientTimeout(total=self._knobs.patience)

    def _muted(self) -> bool:
        return self._muted_until is not None and self._wall() < self._muted_until

    def _remember(self, outcome: Outcome) -> None:
        """MarkFail: after several failed pushes in a row the server is left alone for a minute."""
        self._failures = self._failures + 1 if outcome is Outcome.FAILED else 0
        if self._failures >= self._knobs.mark_fail_after:
            self._failures = 0
            self._muted_until = self._wall() + timedelta(seconds=self._knobs.mark_fail_seconds)


def _status(status: int) -> Answer:
    return Answer(verdict=Verdict.STATUS, reason=f"HTTP {status}")


def _spoilt(signed: str) -> str:
    return signed[:-1] + ("0" if signed[-1] != "0" else "1")
