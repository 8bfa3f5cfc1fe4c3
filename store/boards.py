"""What staff look over, of their places: who was never reached, what is listed, counted and noted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Text, and_, bindparam, func, or_, select, update

from store.applications import NAME
from store.columns import EMPTY, fixed
from store.engine import Session
from store.records import DeliveryState, SeatState, StaffNote
from store.schema import applications, deliveries, seats, staff_notes, unit_people, units
from store.scope import Scope, within


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreached:
    """A unit to whom no message has got through. `reason` is that of the last one that failed, empty where
    none was tried; `people` are those of the roster, `emails` of them with an address, `seats` those held."""

    id: int
    code: str
    name: str
    city: str
    district: str
    people: int
    emails: int
    seats: int
    tried: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisional:
    """A seat that waits to be confirmed."""

    seat: int
    unit: str
    code: str
    city: str
    district: str
    how: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many applications the lists show of a programme, by place, department and category."""

    notice: str
    programme: str
    city: str
    district: str
    department: str
    category: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """An application as the lists rank it."""

    notice: str
    programme: str
    district: str
    unit: str
    name: str
    category: str
    unit_rank: str
    district_rank: str
    status: str


_here = within(units.c.city, units.c.district)
_got_through = deliveries.c.state.in_([fixed(DeliveryState.SENT), fixed(DeliveryState.RECEIVED)])
_seated = and_(seats.c.unit_id == units.c.id, seats.c.ended_at.is_(None))
_contacts = (
    select(seats.c.contact_id)
    .where(_seated)
    # two levels below the units that are listed, where nothing is correlated by itself
    .correlate(units)
    .union(select(unit_people.c.contact_id).where(unit_people.c.unit_id == units.c.id).correlate(units))
    .subquery("theirs")
)
_people = select(func.count()).where(unit_people.c.unit_id == units.c.id)
_tried = deliveries.join(_contacts, _contacts.c.contact_id == deliveries.c.contact_id)
_last_failure = (
    select(deliveries.c.reason)
    .select_from(_tried)
    .where(deliveries.c.reason != EMPTY)
    .order_by(deliveries.c.id.desc())
    .limit(1)
)
# Each by itself, so that a planner can go through all deliveries once instead of once a unit.
_never = and_(
    ~select(deliveries.c.id)
    .where(deliveries.c.contact_id == seats.c.contact_id, _seated, _got_through)
    .exists(),
    ~select(deliveries.c.id)
    .where(
        deliveries.c.contact_id == unit_people.c.contact_id,
        unit_people.c.unit_id == units.c.id,
        _got_through,
    )
    .exists(),
)
UNREACHED: Final = (
    select(
        units.c.id,
        units.c.code,
        units.c.name,
        units.c.city,
        units.c.district,
        _people.scalar_subquery().label("people"),
        _people.where(unit_people.c.email_sealed.is_not(None)).scalar_subquery().label("emails"),
        select(func.count()).where(_seated).scalar_subquery().label("seats"),
        select(func.count()).select_from(_tried).scalar_subquery().label("tried"),
        func.coalesce(_last_failure.scalar_subquery(), EMPTY).label("reason"),
    )
    .where(_here, _never)
    .order_by(units.c.city, units.c.district, units.c.name, units.c.id)
    .limit(bindparam("limit"))
)
UNREACHED_COUNT: Final = select(func.count().label("rows")).select_from(units).where(_here, _never)
PROVISIONAL: Final = (
    select(
        seats.c.id.label("seat"),
        units.c.name.label("unit"),
        units.c.code,
        units.c.city,
        units.c.district,
        seats.c.how,
        seats.c.since,
    )
    .join(units, units.c.id == seats.c.unit_id)
    .where(_here, seats.c.ended_at.is_(None), seats.c.state == fixed(SeatState.PROVISIONAL))
    .order_by(seats.c.since, seats.c.id)
    .limit(bindparam("limit"))
)
_listed = (within(applications.c.city, applications.c.district), applications.c.gone_at.is_(None))
_counted = (
    applications.c.notice,
    applications.c.programme,
    applications.c.city,
    applications.c.district,
    applications.c.department,
    applications.c.category,
)
TALLY: Final = select(*_counted, func.count().label("count")).where(*_listed).group_by(*_counted)
RANKING: Final = (
    select(
        applications.c.notice,
        applications.c.programme,
        applications.c.district,
        applications.c.unit_name.label("unit"),
        applications.c.name_sealed,
        applications.c.category,
        applications.c.unit_rank,
        applications.c.district_rank,
        applications.c.status,
    )
    .where(
        *_listed,
        applications.c.programme == bindparam("of_programme", type_=Text),
        or_(applications.c.unit_rank != EMPTY, applications.c.district_rank != EMPTY),
    )
    .order_by(
        applications.c.district,
        func.length(applications.c.district_rank),
        applications.c.district_rank,
        applications.c.unit_name,
        func.length(applications.c.unit_rank),
        applications.c.unit_rank,
        applications.c.id,
    )
    .limit(bindparam("limit"))
)

_noted_here = within(staff_notes.c.city, staff_notes.c.district)
NOTES: Final = (
    select(*(column for column in staff_notes.c if column.name not in ("dedupe_key", "closed_at")))
    .where(staff_notes.c.closed_at.is_(None), _noted_here)
    .order_by(staff_notes.c.noted_at, staff_notes.c.id)
    .limit(bindparam("limit"))
)
CLOSE: Final = (
    update(staff_notes)
    .where(
        staff_notes.c.id == bindparam("note_id", type_=BigInteger),
        staff_notes.c.closed_at.is_(None),
        _noted_here,
    )
    .values(closed_at=bindparam("now"))
    .returning(staff_notes.c.kind)
)


def unreached(session: Session, *, scope: Scope, limit: int = 300) -> tuple[int, tuple[Unreached, ...]]:
    """How many units of a scope no message has ever got through to, and the first of them."""
    (count,) = session.run(UNREACHED_COUNT, **scope.values)
    rows = session.run(UNREACHED, **scope.values, limit=limit)
    return count["rows"], tuple(Unreached(**row) for row in rows)


def provisional(session: Session, *, scope: Scope, limit: int = 300) -> tuple[Provisional, ...]:
    """Seats of a scope that wait to be confirmed, oldest first."""
    return tuple(Provisional(**row) for row in session.run(PROVISIONAL, **scope.values, limit=limit))


def tallies(session: Session, *, scope: Scope) -> tuple[Tally, ...]:
    """The applications of a scope that the last lists show, counted."""
    return tuple(Tally(**row) for row in session.run(TALLY, **scope.values))


def ranking(session: Session, *, scope: Scope, programme: str, limit: int = 500) -> tuple[Ranked, ...]:
    """The applications of a programme that have a rank, in its order."""
    opened = session.vault.open
    return tuple(
        Ranked(
            name=opened(NAME, row["name_sealed"]),
            **{name: value for name, value in row.items() if name != "name_sealed"},
        )
        for row in session.run(RANKING, **scope.values, of_programme=programme, limit=limit)
    )


def notes_here(session: Session, *, scope: Scope, limit: int = 300) -> tuple[StaffNote, ...]:
    """What the staff of a scope have not closed yet, oldest first."""
    found = session.run(NOTES, **scope.values, limit=limit)
    return tuple(StaffNote(**{**row, "content": json.loads(row["content"])}) for row in found)


def close_note_here(session: Session, *, scope: Scope, note_id: int, now: datetime) -> str | None:
    """Staff of a scope have dealt with it; its kind, None where there is no such open one."""
    closed = session.run(CLOSE, note_id=note_id, now=now, **scope.values)
    return closed[0]["kind"] if closed else None
