"""What the platform allows on each path, and how it counts: by the day and the month of China."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from store.records import Path

CHINA: Final = timezone(timedelta(hours=8))
ROSTER: Final = "roster"
WAKES: Final = 8
SLEEPS: Final = 21


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What the platform allows on a path.

    `api` ends the name of the API's lane. `day`: calls of the API in a day of China, where a figure is
    documented. `month`: messages a person in a month of China. `key`: how long after its first try a send
    may be repeated under the same key; None where the platform knows no second copy.
    """

    api: str
    source: str
    day: int | None = None
    month: int | None = None
    key: timedelta | None = None


# The platform promises 10 minutes for a template's key; the rest is for the way there.
LIMITS: Final[Mapping[Path, Limit]] = MappingProxyType(
    {
        Path.TEMPLATE: Limit(
            api="template",
            day=100_000,
            key=timedelta(minutes=8),
            source="WeChat service account documents, api_sendtemplatemessage",
        ),
        Path.SUBSCRIBE: Limit(
            api="subscribe",
            source="WeChat service account documents, api_sendnewsubscribemsg: one message an acceptance",
        ),
        Path.CUSTOM: Limit(
            api="custom",
            day=500_000,
            source="WeChat service account documents, api_sendcustommessage (windows: store.windows)",
        ),
        Path.MASS: Limit(
            api="mass",
            day=100,
            month=4,
            key=timedelta(hours=24),
            source="WeChat service account documents, Batch_Sends: api_masssend, two people at least",
        ),
        Path.EMAIL: Limit(api="smtp", source="RFC 5321: the operator's own server, no limit known"),
        Path.CALL: Limit(api="call", source="staff ring up: no limit"),
    }
)
FEWEST_IN_MASS: Final = 2
CHANNEL_PATHS: Final[Mapping[str, frozenset[Path]]] = MappingProxyType(
    {"wechat": frozenset(Path), ROSTER: frozenset({Path.EMAIL, Path.CALL})}
)


def api_lane(path: Path, channel: str, account: str) -> str:
    """The lane of the API that a path goes by: what is parked, and counted by the day."""
    if path is Path.EMAIL:
        return f"email::{LIMITS[path].api}"
    return f"{channel}:{account}:{LIMITS[path].api}"


def api_of(path: Path, lane: str) -> str:
    """The lane of the API by which a path leaves the lane of an account's pushes or replies."""
    channel, account, _ = lane.split(":")
    return api_lane(path, channel, account)


# One moment is asked about for every row of a claim.
@lru_cache(maxsize=16)
def waking(now: datetime) -> datetime:
    """When people may be disturbed: `now`, or 08:00 of China after the quiet hours (21:00 to 08:00)."""
    local = now.astimezone(CHINA)
    if WAKES <= local.hour < SLEEPS:
        return now
    morning = local.replace(hour=WAKES, minute=0, second=0, microsecond=0)
    return morning if local.hour < WAKES else morning + timedelta(days=1)


def next_day(now: datetime) -> datetime:
    """The midnight of China that follows."""
    return now.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def next_month(now: datetime) -> datetime:
    """The beginning of the month of China that follows."""
    first = now.astimezone(CHINA).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=31)).replace(day=1)


@lru_cache(maxsize=16)
def day_of(now: datetime) -> str:
    """The day of China (`YYYY-MM-DD`) that a call counts for."""
    return now.astimezone(CHINA).date().isoformat()


def month_of(now: datetime) -> str:
    """The month of China (`YYYY-MM`) that a mass message counts for."""
    return day_of(now)[:7]
