"""What a channel is to the rest of the bot, and what it says of one send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
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

    `lane` is true when the whole account and API must wait, not this message alone; `slower`, when the
    account sends more at a time than the platform bears.
    """

    at: datetime
    reason: str
    burns_attempt: bool = True
    lane: bool = False
    slower: bool = False


class Shut(StrEnum):
    """What a refusal shuts besides its message, until something opens it again.

    `contact`: nothing of this account reaches them. `window`: no custom message does. `allowance`: no
    subscribe notice of this template does. `template`: nobody is sent anything by this template.
    """

    CONTACT = "contact"
    WINDOW = "window"
    ALLOWANCE = "allowance"
    TEMPLATE = "template"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Certainly not sent, and never will be by this way; `reason` is a stable code for staff."""

    reason: str
    shuts: Shut | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """Nobody knows whether it was sent; never resent by itself where the platform has no key."""

    reason: str


Outcome = Sent | Later | Refused | Unclear


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the platform reports later of a message that it took, by the id that it gave it.

    `sender` is its recipient, empty for all of a mass message; `template_id` that of a subscribe notice,
    which may have had no id. An empty `refused` says that it arrived.
    """

    channel: str
    account: str
    sender: str
    platform_id: str
    template_id: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """What somebody has answered to the question whether subscribe notices may come, by template id:
    one more, or none. `message_id` tells a repeated report; `now` is service time."""

    channel: str
    account: str
    sender: str
    message_id: str
    allowed: Mapping[str, bool]
    now: datetime


Report = Receipt | Permissions
"""An event that is no turn of a conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A form of the platform's, filled in: `fields` by their names, `url` what a tap opens, if anything."""

    template_id: str
    fields: Mapping[str, str]
    url: str = ""


class Channel(Protocol):
    """A door to one platform account. Recipients are openids; `now` is service time.

    No send raises for the platform's errors. Where one takes a `key` (32 characters of [0-9a-zA-Z_-] at
    most), the platform knows a second copy by it, for as long as `store.reach` says.
    """

    name: str
    account: str
    limits: Limits

    async def send_text(self, *, recipient: str, text: str, now: datetime) -> Outcome:
        """Send one custom message."""
        ...

    async def send_template(self, *, recipient: str, card: Card, key: str, now: datetime) -> Outcome:
        """Send a template message to a follower."""
        ...

    async def send_subscribed(self, *, recipient: str, card: Card, now: datetime) -> Outcome:
        """Send a subscribe notice, which its recipient has allowed before."""
        ...

    async def send_mass(self, *, recipients: Sequence[str], text: str, key: str, now: datetime) -> Outcome:
        """Send one text to at least two recipients; the outcome is that of all."""
        ...


class Mail(Protocol):
    """A door to people's mail boxes."""

    async def send_mail(self, *, recipient: str, subject: str, text: str, key: str, now: datetime) -> Outcome:
        """Send a letter to an address; never raises for the server's errors."""
        ...
