"""What could be guessed is slowed: after a few failures in a row a pause, doubled by each further one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, case, delete, select
from sqlalchemy.dialects.postgresql import insert  # SQLite's compiler reads its ON CONFLICT as well

from store.columns import UtcDateTime
from store.engine import Session
from store.schema import failures

FREE: Final = 5
FIRST_PAUSE: Final = timedelta(hours=1)
LONGEST_PAUSE: Final = timedelta(days=7)
FORGOTTEN_AFTER: Final = timedelta(days=14)

FIND: Final = select(failures.c.count, failures.c.last_at).where(
    failures.c.subject == bindparam("of_subject")
)
_failed = insert(failures).values(subject=bindparam("subject"), count=1, last_at=bindparam("at"))
FAIL: Final = _failed.on_conflict_do_update(
    index_elements=["subject"],
    set_={
        "count": case(
            (failures.c.last_at < bindparam("stale", type_=UtcDateTime()), 1), else_=failures.c.count + 1
        ),
        "last_at": _failed.excluded.last_at,
    },
).returning(failures.c.count)
CLEAR: Final = delete(failures).where(failures.c.subject == bindparam("of_subject"))


def paused_until(session: Session, *, subject: str, now: datetime) -> datetime | None:
    """Until when nothing of `subject` is looked at; None where it is not paused."""
    found = session.run(FIND, of_subject=subject)
    if not found or found[0]["count"] < FREE:
        return None
    doublings = min(found[0]["count"] - FREE, 16)
    until: datetime = found[0]["last_at"] + min(FIRST_PAUSE * 2**doublings, LONGEST_PAUSE)
    return until if until > now else None


def failed(session: Session, *, subject: str, now: datetime) -> int:
    """Count one more failure; how many there are now in a row."""
    count: int = session.run(FAIL, subject=subject, at=now, stale=now - FORGOTTEN_AFTER)[0]["count"]
    return count


def clear(session: Session, *, subject: str) -> None:
    """Forget the failures of `subject`."""
    session.run(CLEAR, of_subject=subject)
