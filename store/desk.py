"""What is left for staff: answers that did not help, and what they should know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, Text, bindparam, or_, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite's compiler reads its ON CONFLICT as well

from store.engine import Session
from store.records import Feedback, StaffNote
from store.schema import feedback as feedback_table
from store.schema import staff_notes

LATEST: Final = select(feedback_table).order_by(feedback_table.c.id.desc()).limit(bindparam("limit"))
NOTE: Final = (
    insert(staff_notes)
    .values(
        {column: bindparam(column.name) for column in staff_notes.c if column.name not in ("id", "closed_at")}
    )
    .on_conflict_do_nothing(index_elements=["dedupe_key"])
)
_city: BindParameter[str] = bindparam("in_city", type_=Text)
NOTES: Final = (
    select(*(column for column in staff_notes.c if column.name not in ("dedupe_key", "closed_at")))
    .where(staff_notes.c.closed_at.is_(None), or_(_city == "", staff_notes.c.city == _city))
    .order_by(staff_notes.c.noted_at, staff_notes.c.id)
    .limit(bindparam("limit"))
)
CLOSE: Final = (
    update(staff_notes)
    .where(staff_notes.c.id == bindparam("note_id"), staff_notes.c.closed_at.is_(None))
    .values(closed_at=bindparam("now"))
    .returning(staff_notes.c.id)
)


def feedback(session: Session, *, limit: int = 100) -> tuple[Feedback, ...]:
    """Answers that did not help, newest first."""
    return tuple(Feedback(**row) for row in session.run(LATEST, limit=limit))


def note(
    session: Session,
    *,
    kind: str,
    city: str,
    district: str,
    content: Mapping[str, Any],
    dedupe_key: str,
    now: datetime,
) -> None:
    """Let staff of the place know, once for each key; `content` is JSON and holds nothing personal."""
    session.run(
        NOTE,
        kind=kind,
        city=city,
        district=district,
        content=json.dumps(dict(content), ensure_ascii=False, sort_keys=True),
        dedupe_key=dedupe_key,
        noted_at=now,
    )


def notes(session: Session, *, city: str = "", limit: int = 100) -> tuple[StaffNote, ...]:
    """What staff have not closed yet, oldest first; of all cities where none is named."""
    found = session.run(NOTES, in_city=city, limit=limit)
    return tuple(StaffNote(**{**row, "content": json.loads(row["content"])}) for row in found)


def close_note(session: Session, *, note_id: int, now: datetime) -> bool:
    """Staff have dealt with it; whether it was open."""
    return bool(session.run(CLOSE, note_id=note_id, now=now))
