"""E-mail by SMTP, for those whom no platform reaches: what each answer of the server comes to (RFC 5321).

A letter's `Message-ID` is the delivery's key, so that a mail box can tell a second copy. Until the letter
itself is handed over it certainly was not sent; after that nobody knows until the server has answered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP as LINES
from email.utils import format_datetime, parseaddr
from enum import StrEnum
from typing import Final

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from bot.channels.contract import Later, Outcome, Refused, Sent, Shut, Unclear

TIMEOUT_S: Final = 10.0
ADDRESS: Final = re.compile(r"[A-Za-z0-9._%+'/=-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_SOON: Final = timedelta(minutes=1)
_GREYLIST: Final = timedelta(minutes=5)
_MENDED: Final = timedelta(minutes=10)
_CLOSING: Final = 421


class Tls(StrEnum):
    """How the connection is kept private: from its start, after STARTTLS, or not at all."""

    IMPLICIT = "tls"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The mail server, and from whom letters are: `sender` is an address, with a name before it or not."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    tls: Tls = Tls.STARTTLS


class Email:
    """The account at a mail server, as a `Mail`."""

    def __init__(self, server: Server, *, timeout: float = TIMEOUT_S) -> None:
        self._server = server
        self._timeout = timeout
        self._sender = parseaddr(server.sender)[1]
        self._domain = self._sender.rpartition("@")[2]

    async def send_mail(self, *, recipient: str, subject: str, text: str, key: str, now: datetime) -> Outcome:
        """Send a letter; 4xx is tried again later, 5xx is final, a connection lost after DATA unclear."""
        if not ADDRESS.fullmatch(recipient):
            return Refused(reason="bad_recipient", shuts=Shut.CONTACT)
        smtp = self._smtp()
        try:
            await smtp.connect()
            await smtp.mail(self._sender)
        except (SMTPException, OSError) as trouble:
            return _closed(trouble, now)
        else:
            return await self._handed(smtp, recipient, self._letter(recipient, subject, text, key, now), now)
        finally:
            smtp.close()

    async def check(self) -> str:
        """What the server has against this account, before any letter; empty where nothing."""
        smtp = self._smtp()
        try:
            await smtp.connect()
            await smtp.mail(self._sender)
        except (SMTPException, OSError) as trouble:
            return f"{type(trouble).__name__}: {trouble}"
        finally:
            smtp.close()
        return ""

    async def _handed(self, smtp: SMTP, recipient: str, letter: bytes, now: datetime) -> Outcome:
        try:
            await smtp.rcpt(recipient)
        except SMTPRecipientRefused as refusal:
            return _answered(refusal.code, now, shuts=Shut.CONTACT)
        except (SMTPException, OSError) as trouble:
            return _closed(trouble, now)
        try:
            await smtp.data(letter)
        except SMTPResponseException as refusal:
            return _answered(refusal.code, now)
        except (SMTPServerDisconnected, SMTPTimeoutError, OSError):
            return Unclear(reason="broken_connection")
        return Sent()

    def _smtp(self) -> SMTP:
        server = self._server
        return SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            local_hostname=self._domain,
            use_tls=server.tls is Tls.IMPLICIT,
            start_tls=server.tls is Tls.STARTTLS,
            timeout=self._timeout,
        )

    def _letter(self, recipient: str, subject: str, text: str, key: str, now: datetime) -> bytes:
        letter = EmailMessage(policy=LINES)
        letter["From"] = self._server.sender
        letter["To"] = recipient
        letter["Subject"] = " ".join(subject.split())
        letter["Date"] = format_datetime(now)
        letter["Message-ID"] = f"<{key}@{self._domain}>"
        # no machine shall answer it, and no out-of-office reply comes back
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(text, cte="base64")
        return letter.as_bytes()


def _closed(trouble: Exception, now: datetime) -> Later:
    """The server does not serve us now: it is the lane that waits, for it is no letter's fault."""
    if isinstance(trouble, SMTPResponseException) and trouble.code != _CLOSING:
        return Later(at=now + _MENDED, reason=f"mail_account_{trouble.code}", burns_attempt=False, lane=True)
    return Later(at=now + _SOON, reason="unreachable", burns_attempt=False, lane=True)


def _answered(code: int, now: datetime, shuts: Shut | None = None) -> Outcome:
    """An answer that is no success: the server did not take the letter."""
    if 500 <= code < 600:
        return Refused(reason=f"smtp_{code}", shuts=shuts)
    return Later(at=now + _GREYLIST, reason=f"smtp_{code}", lane=code == _CLOSING)
