"""What a channel is to the rest of the bot, and what it says of one send."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one message of the channel may hold: UTF-8 bytes of text."""

    text_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The platform took the message; `platform_id` is empty where it names none."""

    platform_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Certainly not sent; try again at `at`. `burns_attempt` is false for quota and token trouble.

    `lane` is true when the whole account and API must wait, not this message alone.
    """

    at: datetime
    reason: str
    burns_attempt: bool = True
    lane: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Certainly not sent, and never will be; `reason` is a stable code for staff."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """Nobody knows whether it was sent; never resent by itself where the platform has no key."""

    reason: str


Outcome = Sent | Later | Refused | Unclear


class Channel(Protocol):
    """A door to one platform account."""

    name: str
    account: str
    limits: Limits

    async def send_text(self, *, recipient: str, text: str, now: datetime) -> Outcome:
        """Send one custom message to `recipient` (an openid); never raises for the platform's errors."""
        ...
