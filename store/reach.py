"""By which legal path a message of a kind can reach a contact now, and why not by the others.

`ways` is pure: it judges `Reach`, what is known of a contact, by `LIMITS`, what the platform allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from store.records import Path, SeatState

CHINA: Final = timezone(timedelta(hours=8))
ROSTER: Final = "roster"
WAKES: Final = 8
SLEEPS: Final = 21


class Why(StrEnum):
    """Why a path is not open."""

    MUTED = "muted"
    NO_CONSENT = "no_consent"
    QUIET = "quiet_hours"
    NO_CHANNEL = "no_channel"
    NOT_FOLLOWING = "not_following"
    BARRED = "barred"
    NO_TEMPLATE = "no_template"
    NO_ALLOWANCE = "no_allowance"
    REJECTED = "rejected"
    WINDOW = "window_closed"
    MASS_USED = "mass_used_up"
    MASS_ALONE = "mass_alone"
    NO_EMAIL = "no_email"
    NO_PHONE = "no_phone"
    PARKED = "parked"
    QUOTA = "quota_used_up"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """The permission for subscribe notices of one template: so many more, or lasting, or rejected."""

    left: int
    lasting: bool
    rejected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What is known of how a contact can be reached.

    `allowances` by template id; `mass_used` in this month of China; `email` still sealed, empty if unknown;
    `phone`: whether the roster has one; `muted` topics, `consents` by purpose; `seats` by unit.
    """

    contact_id: int
    channel: str
    account: str
    follows: bool
    barred: str
    window_until: datetime | None
    window_left: int
    allowances: Mapping[str, Allowance] = field(default_factory=dict)
    mass_used: int = 0
    email: str = ""
    phone: bool = False
    muted: frozenset[str] = frozenset()
    consents: frozenset[str] = frozenset()
    seats: Mapping[int, SeatState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A sort of message: its `paths`, best first; the `consent` it needs (a purpose, or empty); whether it
    keeps `quiet` hours; the template id by path; the topic by which a person can `mute` it."""

    name: str
    paths: tuple[Path, ...]
    consent: str = ""
    quiet: bool = True
    templates: Mapping[Path, str] = field(default_factory=dict)
    mute: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shut:
    """Why an API is closed, and until when."""

    why: Why
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """The best path that is open now, and `until` when (None: no end is known); where none is, `opens_at` is
    when one will be, if anything is to open by itself. `why_not` has every other path of the kind."""

    chosen: Path | None
    until: datetime | None = None
    opens_at: datetime | None = None
    why_not: Mapping[Path, Why] = field(default_factory=dict)


def api_lane(path: Path, channel: str, account: str) -> str:
    """The lane of the API that a path goes by: what is parked, and counted by the day."""
    if path is Path.EMAIL:
        return f"email::{LIMITS[path].api}"
    return f"{channel}:{account}:{LIMITS[path].api}"


@lru_cache(maxsize=1024)
def topics(mute: str, occasion: str) -> frozenset[str]:
    """The topics by which a message can be muted: everything, its kind's, and every beginning of its
    occasion up to a `:` or `/`."""
    ends = [at for at, sign in enumerate(occasion) if sign in ":/"]
    return frozenset({"", mute, occasion, *(occasion[:at] for at in ends)})
