"""The messages that the account asked to be sent, and what became of each (platform document E10)."""

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

REMEMBERED: Final = 50_000  # deliveries kept whole; counts are kept for all


class Channel(StrEnum):
    CUSTOM = "custom"
    TEMPLATE = "template"
    SUBSCRIBE = "subscribe"
    MASS = "mass"


class Fate(StrEnum):
    """A suppressed one repeats an earlier one; a failed or skipped one was accepted and came to nobody."""

    DELIVERED = "delivered"
    SUPPRESSED = "suppressed"
    FAILED = "failed"
    SKIPPED = "skipped"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one person, at service time; `errcode` is what the account was answered.

    `key` is the client_msg_id (clientmsgid of a mass message), `reason` why it failed or was skipped,
    `data` the content besides `text`: of a template message `title`, `lines` and `link`.
    """

    at: datetime
    openid: str
    channel: Channel
    kind: str
    key: str = ""
    text: str = ""
    data: Mapping[str, object] = field(default_factory=dict)
    fate: Fate = Fate.DELIVERED
    errcode: int = 0
    reason: str = ""
    message_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    openid: str
    key: str
    fate: Fate
    count: int


class Deliveries:
    """Counts go by openid, key and fate; where a channel has no key, the text takes its place."""

    def __init__(self) -> None:
        self._kept: deque[Delivery] = deque(maxlen=REMEMBERED)
        self._counts: Counter[tuple[str, str, Fate]] = Counter()

    def record(self, delivery: Delivery) -> None:
        self._kept.append(delivery)
        self._counts[delivery.openid, delivery.key or delivery.text, delivery.fate] += 1

    def __iter__(self) -> Iterator[Delivery]:
        return iter(self._kept)

    def count(self, openid: str, key: str, fate: Fate = Fate.DELIVERED) -> int:
        return self._counts[openid, key, fate]

    def counts(self) -> list[Count]:
        return [
            Count(openid=openid, key=key, fate=fate, count=count)
            for (openid, key, fate), count in self._counts.items()
        ]
