"""By which legal path a message of a kind can reach a contact now, and why not by the others.

`ways` is pure: it judges `Reach`, what is known of a contact, by what the platform allows (`store.limits`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Table,
    Text,
    bindparam,
    case,
    cast,
    literal,
    select,
    union_all,
)

from store.columns import given, packed
from store.engine import Session
from store.limits import CHANNEL_PATHS, LIMITS, ROSTER, month_of, next_month, waking
from store.records import Path, SeatState
from store.schema import allowances, consents, contacts, mass_uses, mutes, seats, unit_people


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
class Allowance:
    """The permission for subscribe notices of one template: so many more, or lasting, or rejected."""

    left: int
    lasting: bool
    rejected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What is known of how a contact can be reached.

    `allowances` by template id; `mass_used` in this month of China; `email` still sealed, empty if unknown;
    `phone`: whether the roster has one; `muted` topics, `consents` by purpose; held `seats` by unit, and the
    units whose `rosters` name the person.
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
    muted: Set[str] = frozenset()
    consents: Set[str] = frozenset()
    seats: Mapping[int, SeatState] = field(default_factory=dict)
    rosters: Set[int] = frozenset()


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
    """Why a path is closed, and until when; None where it will not open by itself."""

    why: Why
    until: datetime | None = None


_OF_THE_SERVICE: Final = frozenset({Why.NO_CHANNEL, Why.NO_TEMPLATE})
_FOR: Final = {why: Shut(why=why) for why in Why}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """The best path that is open now, and `until` when (None: no end is known); where none is, `opens_at` is
    when one will be, if anything is to open by itself. `why_not` has every other path of the kind."""

    chosen: Path | None
    until: datetime | None = None
    opens_at: datetime | None = None
    why_not: Mapping[Path, Why] = field(default_factory=dict)

    @property
    def why(self) -> Why:
        """Of several reasons the one that says most about the person, where there is one."""
        reasons = list(self.why_not.values())
        personal = (why for why in reasons if why not in _OF_THE_SERVICE)
        return next(personal, next(iter(reasons), Why.NO_CHANNEL))


@lru_cache(maxsize=1024)
def topics(mute: str, occasion: str) -> frozenset[str]:
    """The topics by which a message can be muted: everything, its kind's, and every beginning of its
    occasion up to a `:` or `/`."""
    ends = [at for at, sign in enumerate(occasion) if sign in ":/"]
    return frozenset({"", mute, occasion, *(occasion[:at] for at in ends)})


def ways(
    reach: Reach,
    kind: Kind,
    now: datetime,
    *,
    occasion: str = "",
    shut: Mapping[Path, Shut] = MappingProxyType({}),
    brief: bool = False,
) -> Ways:
    """The best path of `kind` to this contact at `now`, and why not the others; `shut` are the APIs at rest.

    Staff who ring up come last: as long as another path will open by itself, nobody need be rung up.
    `brief` asks nothing about the paths after the best.
    """
    if silence := _silence(reach, kind, occasion):
        return Ways(chosen=None, why_not=dict.fromkeys(kind.paths, silence))
    closed: dict[Path, Shut] = {}
    chosen = None
    wakes = waking(now) if kind.quiet else now
    for path in kind.paths:
        obstacle = _obstacle(reach, kind, path, now) or shut.get(path)
        if obstacle is None and wakes > now and path is not Path.CALL:
            obstacle = Shut(why=Why.QUIET, until=wakes)
        if obstacle is not None:
            closed[path] = obstacle
        elif chosen is None and path is not Path.CALL:
            chosen = path
            if brief:
                break
    why_not = {path: obstacle.why for path, obstacle in closed.items()}
    if chosen is not None:
        until = reach.window_until if chosen is Path.CUSTOM else None
        return Ways(chosen=chosen, until=until, why_not=why_not)
    later = [at.until for path, at in closed.items() if at.until is not None and path is not Path.CALL]
    rung = Path.CALL in kind.paths and Path.CALL not in closed and not later
    return Ways(
        chosen=Path.CALL if rung else None,
        opens_at=max(wakes, min(later)) if later else None,
        why_not=why_not,
    )


def _silence(reach: Reach, kind: Kind, occasion: str) -> Why | None:
    """What the person wants to hear nothing by any path for; the roster's people are told by duty, since
    they were never asked."""
    if reach.muted and reach.muted & topics(kind.mute, occasion):
        return Why.MUTED
    if kind.consent and kind.consent not in reach.consents and reach.channel != ROSTER:
        return Why.NO_CONSENT
    return None


def _obstacle(reach: Reach, kind: Kind, path: Path, now: datetime) -> Shut | None:
    """What of the contact or the kind closes this path now."""
    if path not in CHANNEL_PATHS.get(reach.channel, ()):
        return _FOR[Why.NO_CHANNEL]
    if path is Path.EMAIL:
        return None if reach.email else _FOR[Why.NO_EMAIL]
    if path is Path.CALL:
        return None if reach.phone else _FOR[Why.NO_PHONE]
    if reach.barred:
        return _FOR[Why.BARRED]
    if not reach.follows:
        return _FOR[Why.NOT_FOLLOWING]
    return _ON_PLATFORM[path](reach, kind, now)


def _by_template(reach: Reach, kind: Kind, now: datetime) -> Shut | None:
    return None if kind.templates.get(Path.TEMPLATE) else _FOR[Why.NO_TEMPLATE]


def _by_subscription(reach: Reach, kind: Kind, now: datetime) -> Shut | None:
    template = kind.templates.get(Path.SUBSCRIBE)
    if not template:
        return _FOR[Why.NO_TEMPLATE]
    held = reach.allowances.get(template)
    if held is not None and held.rejected:
        return _FOR[Why.REJECTED]
    return None if held is not None and (held.lasting or held.left > 0) else _FOR[Why.NO_ALLOWANCE]


def _by_window(reach: Reach, kind: Kind, now: datetime) -> Shut | None:
    is_open = reach.window_left > 0 and reach.window_until is not None and reach.window_until > now
    return None if is_open else _FOR[Why.WINDOW]


def _by_mass(reach: Reach, kind: Kind, now: datetime) -> Shut | None:
    allowed = LIMITS[Path.MASS].month
    if allowed is None or reach.mass_used < allowed:
        return None
    return Shut(why=Why.MASS_USED, until=next_month(now))


_ON_PLATFORM: Final = {
    Path.TEMPLATE: _by_template,
    Path.SUBSCRIBE: _by_subscription,
    Path.CUSTOM: _by_window,
    Path.MASS: _by_mass,
}


# As a common table it is read once for all that hold it.
ASKED: Final = select(given("ids", id=BigInteger())).cte("asked")
ADDRESS: Final = (
    contacts.c.channel,
    contacts.c.account,
    contacts.c.follows,
    contacts.c.barred,
    contacts.c.window_until,
    contacts.c.window_left,
)
ADDRESSES: Final = select(contacts.c.id.label("contact_id"), *ADDRESS).where(
    contacts.c.id == ASKED.c.id, contacts.c.forgotten_at.is_(None)
)


def _facts(
    what: str, of: Table, name: Any, number: Any, *conditions: ColumnElement[bool], more: Any = None
) -> Select[Any]:
    """Facts of one table on the contacts asked for, in the shape that all of them have."""
    return select(
        of.c.contact_id,
        literal(what, Text).label("what"),
        cast(name, Text).label("name"),
        cast(number, BigInteger).label("number"),
        cast(more, Text).label("more"),
    ).where(of.c.contact_id == ASKED.c.id, *conditions)


_held = seats.c.ended_at.is_(None)
_standing = case((allowances.c.rejected, "rejected"), (allowances.c.lasting, "lasting"))
FOR_WAYS: Final = (
    _facts("allowance", allowances, allowances.c.template_id, allowances.c.left, more=_standing),
    _facts("mass", mass_uses, None, mass_uses.c.used, mass_uses.c.month == bindparam("in_month")),
    _facts("muted", mutes, mutes.c.topic, None),
    _facts("consent", consents, consents.c.purpose, None, consents.c.withdrawn_at.is_(None)),
    # A person of the roster is addressed as such, or by the seat that stands for them.
    _facts("person", unit_people, unit_people.c.email_sealed, unit_people.c.unit_id),
    _facts(
        "person",
        seats,
        unit_people.c.email_sealed,
        unit_people.c.unit_id,
        _held,
        unit_people.c.id == seats.c.person_id,
    ),
)
"""The facts that `ways` goes by, beside the addresses."""
OF_CONTACTS: Final = (*FOR_WAYS, _facts("seat", seats, seats.c.state, seats.c.unit_id, _held))
FACTS: Final = union_all(*OF_CONTACTS)


def reach(session: Session, *, contact_ids: Iterable[int], now: datetime) -> Mapping[int, Reach]:
    """What is known of each of these contacts, but for those who were forgotten."""
    ids = packed([one] for one in contact_ids)
    facts = session.run(FACTS, ids=ids, in_month=month_of(now))
    return reaches(session.run(ADDRESSES, ids=ids), facts)


def reaches(addressed: Iterable[Mapping[str, Any]], facts: Iterable[Mapping[str, Any]]) -> dict[int, Reach]:
    """The same, of contacts whose `ADDRESS` has been read, and the facts `OF_CONTACTS`."""
    found = {row["contact_id"]: row for row in addressed}
    known: defaultdict[int, dict[str, Any]] = defaultdict(dict)
    for row in facts:
        _note(known[row["contact_id"]], row["what"], row["name"], row["number"], row["more"])
    return {
        one: Reach(
            contact_id=one,
            channel=row["channel"],
            account=row["account"],
            follows=row["follows"],
            barred=row["barred"],
            window_until=row["window_until"],
            window_left=row["window_left"],
            **known.get(one, {}),
        )
        for one, row in found.items()
    }


def _note(known: dict[str, Any], what: str, name: str, number: int, more: str | None) -> None:
    match what:
        case "allowance":
            held = Allowance(left=number, lasting=more == "lasting", rejected=more == "rejected")
            known.setdefault("allowances", {})[name] = held
        case "mass":
            known["mass_used"] = number
        case "muted":
            known.setdefault("muted", set()).add(name)
        case "consent":
            known.setdefault("consents", set()).add(name)
        case "seat":
            known.setdefault("seats", {})[number] = SeatState(name)
        case _:
            known.setdefault("rosters", set()).add(number)
            known["phone"] = True
            known["email"] = name or known.get("email", "")
