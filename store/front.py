"""How the staff of a place answer: when they are there, and what they answer often."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Text, bindparam, delete, or_, select
from sqlalchemy.dialects.postgresql import insert  # SQLite's compiler reads its ON CONFLICT as well

from store.columns import EMPTY
from store.engine import Session
from store.schema import canned_answers, office_hours
from store.scope import Scope, within

Sessions = Sequence[tuple[str, str]]
"""From when to when, `HH:MM`, in the order of the day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When the staff of a place are there on working days; an empty district is the city."""

    city: str
    district: str
    sessions: tuple[tuple[str, str], ...]
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Canned:
    """An answer that is given often, under its title."""

    id: int
    city: str
    district: str
    title: str
    text: str
    changed_at: datetime


_city, _district = bindparam("of_city", type_=Text), bindparam("of_district", type_=Text)
HOURS: Final = (
    select(office_hours)
    .where(
        office_hours.c.city == _city,
        or_(office_hours.c.district == _district, office_hours.c.district == EMPTY),
    )
    .order_by(office_hours.c.district.desc())
    .limit(1)
)
ALL_HOURS: Final = (
    select(office_hours)
    .where(within(office_hours.c.city))
    .order_by(office_hours.c.city, office_hours.c.district)
)
_entered = insert(office_hours).values({column: bindparam(column.name) for column in office_hours.c})
ENTER: Final = _entered.on_conflict_do_update(
    index_elements=["city", "district"],
    set_={"sessions": _entered.excluded.sessions, "changed_at": _entered.excluded.changed_at},
)

CANNED: Final = (
    select(canned_answers)
    .where(
        or_(
            within(canned_answers.c.city, canned_answers.c.district),
            within(canned_answers.c.city) & (canned_answers.c.district == EMPTY),
        )
    )
    .order_by(canned_answers.c.title, canned_answers.c.id)
)
_written = insert(canned_answers).values(
    {column: bindparam(column.name) for column in canned_answers.c if column.name != "id"}
)
WRITE: Final = _written.on_conflict_do_update(
    index_elements=["city", "district", "title"],
    set_={"text": _written.excluded.text, "changed_at": _written.excluded.changed_at},
).returning(canned_answers.c.id)
DROP: Final = (
    delete(canned_answers)
    .where(
        canned_answers.c.id == bindparam("canned_id", type_=BigInteger),
        within(canned_answers.c.city, canned_answers.c.district),
    )
    .returning(canned_answers.c.title)
)


def hours(session: Session, *, city: str, district: str) -> Hours | None:
    """What was entered for the district, else for its city."""
    found = session.run(HOURS, of_city=city, of_district=district)
    return _hours(**found[0]) if found else None


def all_hours(session: Session, *, scope: Scope) -> tuple[Hours, ...]:
    """All that was entered in the cities of a scope."""
    return tuple(_hours(**row) for row in session.run(ALL_HOURS, **scope.values))


def enter_hours(session: Session, *, city: str, district: str, sessions: Sessions, now: datetime) -> None:
    """Say when the staff of a place are there; the caller has seen to it that they are in order."""
    session.run(ENTER, city=city, district=district, sessions=json.dumps(sessions), changed_at=now)


def canned(session: Session, *, scope: Scope) -> tuple[Canned, ...]:
    """What the staff of a scope answer often, with what holds for their whole city."""
    return tuple(Canned(**row) for row in session.run(CANNED, **scope.values))


def write_canned(session: Session, *, city: str, district: str, title: str, text: str, now: datetime) -> int:
    """Keep an answer under a title of its place; what stood there is replaced. Gives its number."""
    written = session.run(WRITE, city=city, district=district, title=title, text=text, changed_at=now)
    number: int = written[0]["id"]
    return number


def drop_canned(session: Session, *, scope: Scope, canned_id: int) -> str | None:
    """Give up an answer; its title, None where the scope has none such."""
    dropped = session.run(DROP, canned_id=canned_id, **scope.values)
    return dropped[0]["title"] if dropped else None


def _hours(*, city: str, district: str, sessions: str, changed_at: datetime) -> Hours:
    pairs = tuple((start, end) for start, end in json.loads(sessions))
    return Hours(city=city, district=district, sessions=pairs, changed_at=changed_at)
