"""Applications as the platform's lists show them: what changed, what was sent back, who may see which.

A list is what an officer exports, or what another system pushes (`store.lists`). A person is known by unit,
name, category and the time of the form.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Text, and_, bindparam, func, select

from store.columns import fixed
from store.engine import Session
from store.records import SeatState
from store.schema import application_history as steps
from store.schema import applications, returns, seats, units
from store.scope import Scope, within

NAME: Final = "applications.name"
OPINION: Final = "applications.opinion"


def bare(text: str) -> str:
    """A name as it is compared: narrow signs, small letters, no spaces."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


Identity = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A row of a list. `declared_at` is China's time as `YYYY-MM-DD HH:MM`; `status` is kept word for word,
    `status_id` and `phase` (open, submitted, returned, done) are empty where nobody knows it."""

    unit_id: int | None
    unit_name: str
    city: str
    district: str
    department: str
    notice: str
    programme: str
    category: str
    name: str
    declared_at: str
    unit_rank: str
    district_rank: str
    status: str
    status_id: str
    phase: str
    opinion: str

    @property
    def identity(self) -> Identity:
        """Who it is, whatever the spacing and the width of the signs."""
        return (
            self.city,
            bare(self.unit_name),
            bare(self.name),
            bare(self.category),
            bare(self.declared_at),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A status that an application had, as of the list that first showed it."""

    status: str
    status_id: str
    opinion: str
    exported_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Application(Listed):
    """An application as the last list shows it. `return_id` is its open return, marked mended or not;
    `contact_id` the candidate's own contact; `history` is filled where one person looks at it."""

    id: int
    exported_at: datetime
    changed_at: datetime
    gone_at: datetime | None
    contact_id: int | None
    return_id: int | None
    returned_at: datetime | None
    mended_at: datetime | None
    history: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit of the roster, as lists name it."""

    id: int
    code: str
    name: str
    district: str


_open_return = and_(returns.c.application_id == applications.c.id, returns.c.closed_at.is_(None))
_whole = select(
    applications,
    returns.c.id.label("return_id"),
    returns.c.opened_at.label("returned_at"),
    returns.c.mended_at,
).outerjoin(returns, _open_return)

OF_NOTICE: Final = _whole.where(applications.c.notice == bindparam("of_notice")).order_by(applications.c.id)
OF_UNIT: Final = _whole.where(applications.c.unit_id == bindparam("of_unit")).order_by(applications.c.id)
OF_PERSON: Final = _whole.where(applications.c.contact_id == bindparam("of_contact")).order_by(
    applications.c.id
)
_district = bindparam("in_district", type_=Text)
BOARD: Final = (
    _whole.where(returns.c.id.is_not(None), applications.c.city == bindparam("in_city"))
    .where((applications.c.district == _district) | (_district == ""))
    .order_by(returns.c.opened_at, returns.c.id)
)
HERE: Final = (
    _whole.where(returns.c.id.is_not(None), within(applications.c.city, applications.c.district))
    .order_by(returns.c.opened_at, returns.c.id)
    .limit(bindparam("limit"))
)
HISTORY: Final = (
    select(steps)
    .join(applications, applications.c.id == steps.c.application_id)
    .where(
        (applications.c.unit_id == bindparam("of_unit"))
        | (applications.c.contact_id == bindparam("of_contact"))
    )
    .order_by(steps.c.id)
)
ROSTER: Final = (
    select(units.c.id, units.c.code, units.c.name, units.c.district)
    .where(units.c.city == bindparam("in_city"))
    .order_by(units.c.id)
)
SEATS: Final = (
    select(seats.c.unit_id, func.count().label("seats"))
    .join(units, units.c.id == seats.c.unit_id)
    .where(units.c.city == bindparam("in_city"), seats.c.ended_at.is_(None))
    .where(seats.c.state == fixed(SeatState.CONFIRMED))
    .group_by(seats.c.unit_id)
)


def applications_of(session: Session, *, notice: str) -> tuple[Application, ...]:
    """Every application for a notice that a list has ever shown."""
    return tuple(_read(session, row) for row in session.run(OF_NOTICE, of_notice=notice))


def of_unit(session: Session, *, unit: int) -> tuple[Application, ...]:
    """A unit's applications with their history."""
    return _with_history(session, session.run(OF_UNIT, of_unit=unit), of_unit=unit, of_contact=None)


def of_person(session: Session, *, contact: int) -> tuple[Application, ...]:
    """The applications that a candidate's own contact is bound to, with their history."""
    return _with_history(
        session, session.run(OF_PERSON, of_contact=contact), of_unit=None, of_contact=contact
    )


def open_returns(session: Session, *, city: str, district: str = "") -> tuple[Application, ...]:
    """What was sent back and is not settled by a new status, the oldest first; an empty district is all."""
    return tuple(_read(session, row) for row in session.run(BOARD, in_city=city, in_district=district))


def returns_here(session: Session, *, scope: Scope, limit: int = 300) -> tuple[Application, ...]:
    """The same for the staff of a scope."""
    return tuple(_read(session, row) for row in session.run(HERE, **scope.values, limit=limit))


def roster(session: Session, *, city: str) -> tuple[Unit, ...]:
    """The units of a city."""
    return tuple(Unit(**row) for row in session.run(ROSTER, in_city=city))


def confirmed_seats(session: Session, *, city: str) -> Mapping[int, int]:
    """How many confirmed contacts each unit of a city has; units without any are left out."""
    return {row["unit_id"]: row["seats"] for row in session.run(SEATS, in_city=city)}


def _read(session: Session, row: Mapping[str, Any]) -> Application:
    values = dict(row)
    del values["key"]
    values["name"] = session.vault.open(NAME, values.pop("name_sealed"))
    sealed = values.pop("opinion_sealed")
    values["opinion"] = session.vault.open(OPINION, sealed) if sealed else ""
    return Application(**values)


def _with_history(
    session: Session, found: Sequence[Mapping[str, Any]], **whose: int | None
) -> tuple[Application, ...]:
    history: dict[int, tuple[Step, ...]] = {}
    for row in session.run(HISTORY, **whose) if found else ():
        sealed = row["opinion_sealed"]
        step = Step(
            status=row["status"],
            status_id=row["status_id"],
            opinion=session.vault.open(OPINION, sealed) if sealed else "",
            exported_at=row["exported_at"],
        )
        history[row["application_id"]] = (*history.get(row["application_id"], ()), step)
    read = (_read(session, row) for row in found)
    return tuple(replace(one, history=history.get(one.id, ())) for one in read)
