"""Questions that were not answered, what is to be done about them, and wordings that staff have taught."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite's compiler reads its ON CONFLICT as well

from store.columns import given, packed
from store.engine import Session
from store.records import Gap, GapTask, Taught, Why
from store.schema import gap_tasks, gaps, learned
from store.scope import Scope, within

OPEN: Final = (
    select(*(column for column in gaps.c if column.name not in ("settled_at", "task_id")))
    .where(gaps.c.settled_at.is_(None), gaps.c.question.is_not(None), within(gaps.c.city, gaps.c.district))
    .order_by(gaps.c.asked_at.desc(), gaps.c.id.desc())
    .limit(bindparam("limit"))
)
_meant = given("meant", gap_id=BigInteger())
SETTLE: Final = (
    update(gaps)
    .where(
        gaps.c.id == _meant.c.gap_id,
        gaps.c.settled_at.is_(None),
        within(gaps.c.city, gaps.c.district),
    )
    .values(settled_at=bindparam("now"), task_id=bindparam("as_task"))
    .returning(gaps.c.id)
)
ADD_TASK: Final = (
    insert(gap_tasks)
    .values(
        {column: bindparam(column.name) for column in gap_tasks.c if column.name not in ("id", "done_at")}
    )
    .returning(gap_tasks.c.id)
)
TASKS: Final = (
    select(*(column for column in gap_tasks.c if column.name != "done_at"))
    .where(gap_tasks.c.done_at.is_(None), within(gap_tasks.c.city, gap_tasks.c.district))
    .order_by(gap_tasks.c.made_at, gap_tasks.c.id)
)
FINISH: Final = (
    update(gap_tasks)
    .where(
        gap_tasks.c.id == bindparam("of_task"),
        gap_tasks.c.done_at.is_(None),
        within(gap_tasks.c.city, gap_tasks.c.district),
    )
    .values(done_at=bindparam("now"))
    .returning(gap_tasks.c.wording)
)
_taught = [column for column in learned.c if column.name != "ended_at"]
LESSONS: Final = select(*_taught).where(learned.c.ended_at.is_(None)).order_by(learned.c.id)
LESSONS_OF: Final = (
    select(*_taught).where(learned.c.ended_at.is_(None), within(learned.c.city)).order_by(learned.c.id.desc())
)
TEACH: Final = (
    upsert(learned)
    .values({column: bindparam(column.name) for column in _taught if column.name != "id"})
    .on_conflict_do_nothing(index_elements=["city", "wording"], index_where=learned.c.ended_at.is_(None))
    .returning(learned.c.id)
)
UNTEACH: Final = (
    update(learned)
    .where(learned.c.id == bindparam("of_lesson"), learned.c.ended_at.is_(None), within(learned.c.city))
    .values(ended_at=bindparam("now"))
    .returning(learned.c.wording)
)


def open_gaps(session: Session, *, scope: Scope, limit: int = 500) -> tuple[Gap, ...]:
    """Questions that nobody has seen to, newest first."""
    found = session.run(OPEN, **scope.values, limit=limit)
    return tuple(Gap(**{**row, "why": Why(row["why"])}) for row in found)


def settle_gaps(
    session: Session, *, scope: Scope, ids: Iterable[int], now: datetime, task: int | None = None
) -> int:
    """These have been seen to, perhaps by a task; how many of them were open."""
    meant = packed((gap_id,) for gap_id in ids)
    return len(session.run(SETTLE, **scope.values, meant=meant, now=now, as_task=task))


def add_task(
    session: Session, *, wording: str, times: int, city: str, district: str, made_by: str, now: datetime
) -> int:
    """Something for whoever owns the knowledge; its id. `wording` holds nothing personal."""
    values = {"wording": wording, "times": times, "city": city, "district": district, "made_by": made_by}
    task: int = session.run(ADD_TASK, **values, made_at=now)[0]["id"]
    return task


def tasks(session: Session, *, scope: Scope) -> tuple[GapTask, ...]:
    """What is not done yet, oldest first."""
    return tuple(GapTask(**row) for row in session.run(TASKS, **scope.values))


def finish_task(session: Session, *, scope: Scope, task: int, now: datetime) -> bool:
    """It is done; whether it was open."""
    return bool(session.run(FINISH, **scope.values, of_task=task, now=now))


def lessons(session: Session) -> tuple[Taught, ...]:
    """What holds for every process, oldest first."""
    return tuple(Taught(**row) for row in session.run(LESSONS))


def lessons_of(session: Session, *, scope: Scope) -> tuple[Taught, ...]:
    """What was taught for the cities of a scope, newest first."""
    return tuple(Taught(**row) for row in session.run(LESSONS_OF, **scope.values))


def teach(session: Session, *, city: str, wording: str, topic: str, by: str, now: datetime) -> int | None:
    """Take a lesson; its id, or None where the wording is taught already."""
    found = session.run(TEACH, city=city, wording=wording, topic=topic, taught_by=by, taught_at=now)
    return found[0]["id"] if found else None


def unteach(session: Session, *, scope: Scope, lesson: int, now: datetime) -> bool:
    """It holds no more; whether it did."""
    return bool(session.run(UNTEACH, **scope.values, of_lesson=lesson, now=now))
