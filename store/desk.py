"""What people left for staff: questions that wait, and answers that did not help."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, select

from store.engine import Session
from store.records import Feedback, Question
from store.schema import feedback as feedback_table
from store.schema import questions as questions_table

OPEN: Final = (
    select(*(column for column in questions_table.c if column.name != "state"))
    .where(questions_table.c.state == "open")
    .order_by(questions_table.c.asked_at, questions_table.c.id)
    .limit(bindparam("limit"))
)
LATEST: Final = select(feedback_table).order_by(feedback_table.c.id.desc()).limit(bindparam("limit"))


def questions(session: Session, *, limit: int = 100) -> tuple[Question, ...]:
    """Questions that wait for staff, oldest first."""
    return tuple(Question(**row) for row in session.run(OPEN, limit=limit))


def feedback(session: Session, *, limit: int = 100) -> tuple[Feedback, ...]:
    """Answers that did not help, newest first."""
    return tuple(Feedback(**row) for row in session.run(LATEST, limit=limit))
