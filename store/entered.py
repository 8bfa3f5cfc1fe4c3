"""What staff have entered over the knowledge: days of the calendar, and how long their steps take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert  # SQLite's compiler reads its ON CONFLICT as well

from store.engine import Session
from store.schema import calendar_days, durations

DAYS: Final = select(
    calendar_days.c.day, calendar_days.c.working, calendar_days.c.name, calendar_days.c.source
)
_day = insert(calendar_days).values({column: bindparam(column.name) for column in calendar_days.c})
SET_DAY: Final = _day.on_conflict_do_update(
    index_elements=["day"],
    set_={name: _day.excluded[name] for name in ("working", "name", "source", "changed_at")},
)
DROP_DAY: Final = (
    delete(calendar_days).where(calendar_days.c.day == bindparam("of_day")).returning(calendar_days.c.day)
)
_columns = [column for column in durations.c if column.name != "changed_at"]
DURATIONS: Final = (
    select(*_columns)
    .where(durations.c.notice == bindparam("of_notice"))
    .order_by(durations.c.district, durations.c.step)
)
_duration = insert(durations).values({column: bindparam(column.name) for column in durations.c})
SET_DURATION: Final = _duration.on_conflict_do_update(
    index_elements=["notice", "district", "step"],
    set_={name: _duration.excluded[name] for name in ("working_days", "entered_by", "changed_at")},
)
_same_step = (
    durations.c.notice == bindparam("of_notice"),
    durations.c.district == bindparam("of_district"),
    durations.c.step == bindparam("of_step"),
)
DROP_DURATION: Final = delete(durations).where(*_same_step).returning(durations.c.step)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnteredDay:
    """Whether a day is worked, the name of its holiday or shift, and where that is announced."""

    working: bool
    name: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """The working days that a district's staff say they need for a step; an empty district is the city."""

    notice: str
    district: str
    step: str
    working_days: int
    entered_by: str


def days(session: Session) -> Mapping[date, EnteredDay]:
    """Every day that was entered."""
    return {
        date.fromisoformat(row["day"]): EnteredDay(
            working=row["working"], name=row["name"], source=row["source"]
        )
        for row in session.run(DAYS)
    }


def set_day(session: Session, *, day: date, entered: EnteredDay, now: datetime) -> None:
    """Keep a day; the last word counts."""
    session.run(
        SET_DAY,
        day=day.isoformat(),
        working=entered.working,
        name=entered.name,
        source=entered.source,
        changed_at=now,
    )


def drop_day(session: Session, *, day: date) -> bool:
    """The library's calendar holds for the day again; whether it had been entered."""
    return bool(session.run(DROP_DAY, of_day=day.isoformat()))


def durations_of(session: Session, *, notice: str) -> tuple[Duration, ...]:
    """What staff entered for the steps of a notice, by district."""
    return tuple(Duration(**row) for row in session.run(DURATIONS, of_notice=notice))


def set_duration(session: Session, *, duration: Duration, now: datetime) -> None:
    """Keep how long a step takes; the last word counts."""
    values = {column.name: getattr(duration, column.name) for column in _columns}
    session.run(SET_DURATION, **values, changed_at=now)


def drop_duration(session: Session, *, notice: str, district: str, step: str) -> bool:
    """Nobody says any more how long a step takes; whether somebody had."""
    return bool(session.run(DROP_DURATION, of_notice=notice, of_district=district, of_step=step))
