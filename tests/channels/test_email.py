"""Letters, to a real server on this machine."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP as Served
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from bot.channels.contract import Later, Mail, Outcome, Refused, Sent, Shut, Unclear
from bot.channels.email import Email, Server, Tls
from tests.channels.wechat_platform import NOW

SECRET = "planted-password"


class MailBox:
    """Takes letters; `says` holds what it answers instead, by command."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.says: dict[str, str] = {}
        self.cuts: str = ""
        self.transports: list[asyncio.BaseTransport] = []

    async def handle_MAIL(
        self, server: Served, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self._answer(server, "MAIL", "250 OK")

    async def handle_RCPT(
        self, server: Served, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self._answer(server, "RCPT", "250 OK")

    async def handle_DATA(self, server: Served, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return self._answer(server, "DATA", "250 OK")

    def _answer(self, server: Served, command: str, usual: str) -> str:
        if self.cuts == command:
            assert server.transport is not None
            server.transport.close()
        return self.says.get(command, usual)


@pytest.fixture
def box() -> MailBox:
    return MailBox()


def allowed(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and data.password == SECRET.encode()
    return AuthResult(success=good, handled=False)


@pytest.fixture
async def port(box: MailBox) -> AsyncIterator[int]:
    def served() -> Served:
        return Served(
            box,
            hostname="mail.example.org",
            loop=asyncio.get_running_loop(),
            authenticator=allowed,
            auth_require_tls=False,
            auth_exclude_mechanism=["LOGIN"],
        )

    server = await asyncio.get_running_loop().create_server(served, "127.0.0.1", 0)
    yield int(server.sockets[0].getsockname()[1])
    server.close()
    await server.wait_closed()


def door(port: int, **changes: Any) -> Email:
    given: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "sender": "匠问 <bot@example.org>",
        "tls": Tls.NONE,
        **changes,
    }
    return Email(Server(**given), timeout=1)


async def sent(mail: Mail, recipient: str = "hr@example.com") -> Outcome:
    return await mail.send_mail(
        recipient=recipient, subject="区级截止\n提醒", text="还有 3 天。\n👍", key="d7-1", now=NOW
    )


async def test_a_letter_arrives_whole(box: MailBox, port: int) -> None:
    assert await sent(door(port)) == Sent()
    (letter,) = box.letters
    assert letter["From"] == "匠问 <bot@example.org>"
    assert (letter["To"], letter["Subject"]) == ("hr@example.com", "区级截止 提醒")
    assert (letter["Message-ID"], letter["Auto-Submitted"]) == ("<d7-1@example.org>", "auto-generated")
    assert letter.get_content().split() == ["还有", "3", "天。", "👍"]


async def test_a_server_that_wants_a_password_gets_it(box: MailBox, port: int) -> None:
    assert await sent(door(port, user="bot", password=SECRET)) == Sent()
    wrong = await sent(door(port, user="bot", password="guess"))
    expected = Later(
        at=NOW + timedelta(minutes=10), reason="mail_account_535", burns_attempt=False, lane=True
    )
    assert wrong == expected
    assert len(box.letters) == 1


@pytest.mark.parametrize(
    ("command", "answer", "outcome"),
    [
        ("RCPT", "550 no such user", Refused(reason="smtp_550", shuts=Shut.CONTACT)),
        ("RCPT", "450 greylisted", Later(at=NOW + timedelta(minutes=5), reason="smtp_450")),
        ("DATA", "554 spam", Refused(reason="smtp_554")),
        ("DATA", "452 full", Later(at=NOW + timedelta(minutes=5), reason="smtp_452")),
        (
            "MAIL",
            "553 not your sender",
            Later(at=NOW + timedelta(minutes=10), reason="mail_account_553", burns_attempt=False, lane=True),
        ),
    ],
)
async def test_what_the_server_answers(
    box: MailBox, port: int, command: str, answer: str, outcome: Outcome
) -> None:
    box.says[command] = answer
    assert await sent(door(port)) == outcome


async def test_what_never_left_waits_with_its_lane(box: MailBox, port: int, unused_tcp_port: int) -> None:
    away = Later(at=NOW + timedelta(minutes=1), reason="unreachable", burns_attempt=False, lane=True)
    assert await sent(door(unused_tcp_port)) == away
    assert await sent(door(port, tls=Tls.STARTTLS)) == away
    for command in ("MAIL", "RCPT"):
        box.cuts = command
        assert await sent(door(port)) == away
    assert box.letters == []


async def test_a_connection_lost_after_the_letter_is_unclear(box: MailBox, port: int) -> None:
    box.cuts = "DATA"
    assert await sent(door(port)) == Unclear(reason="broken_connection")
    assert len(box.letters) == 1


@pytest.mark.parametrize("recipient", ["", "hr", "a@b\r\nBcc: c@d.example", "a b@example.com"])
async def test_an_address_that_is_none_is_refused(box: MailBox, port: int, recipient: str) -> None:
    assert await sent(door(port), recipient) == Refused(reason="bad_recipient", shuts=Shut.CONTACT)
    assert box.letters == []


async def test_the_account_can_be_checked(box: MailBox, port: int, unused_tcp_port: int) -> None:
    assert await door(port).check() == ""
    assert "SMTPConnectError" in await door(unused_tcp_port).check()
    assert box.letters == []


def test_no_secret_is_shown() -> None:
    assert SECRET not in repr(Server(host="h", port=25, sender="a@b.example", password=SECRET))
