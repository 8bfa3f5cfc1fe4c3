"""The people who follow the account: their chat, and the windows in which the account may write to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class Side(StrEnum):
    PERSON = "person"
    ACCOUNT = "account"
    SYSTEM = "system"


class Trigger(StrEnum):
    """What a person did that opens a window for custom messages (platform document B2, E4)."""

    MESSAGE = "message"
    MENU = "menu"
    FOLLOW = "follow"
    SCAN = "scan"


SHORT: Final = (3, timedelta(minutes=1))
ALLOWANCE: Final = {
    Trigger.MESSAGE: (5, timedelta(hours=48)),
    Trigger.MENU: SHORT,
    Trigger.FOLLOW: SHORT,
    Trigger.SCAN: SHORT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a chat. `seq` grows over all chats; `at` is service time; `data` the rest of `kind`."""

    seq: int
    at: datetime
    side: Side
    kind: str
    text: str = ""
    channel: str = ""
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Window:
    left: int
    until: datetime


@dataclass(slots=True, kw_only=True)
class Person:
    """`refuses` is the errcode of messages to this person: 0, or 43019, 48002, 50002, 70000.

    `subscriptions` has by template id how many subscribe messages may still come; of a lasting template any
    number above 0 is without end.
    """

    openid: str
    nickname: str
    note: str = ""
    followed: bool = True
    followed_at: datetime
    scene: str = ""
    refuses: int = 0
    windows: dict[Trigger, Window] = field(default_factory=dict)
    subscriptions: dict[str, int] = field(default_factory=dict)
    spoke_at: datetime | None = None
    chat: list[Entry] = field(default_factory=list)

    def opens(self, trigger: Trigger, now: datetime) -> None:
        left, life = ALLOWANCE[trigger]
        self.windows[trigger] = Window(left=left, until=now + life)
        self.spoke_at = now

    def open_windows(self, now: datetime) -> list[Window]:
        """Windows still open, the one that closes first in front: it is spent first."""
        return sorted((w for w in self.windows.values() if w.until > now), key=lambda window: window.until)

    def leaves(self) -> None:
        self.followed = False
        self.windows.clear()
