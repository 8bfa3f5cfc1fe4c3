"""What requests of other systems have used up: nonces, and answers that a repeated request gets again.

Times are real time: a signature holds for minutes of it, whatever service time does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert  # SQLite's compiler reads its ON CONFLICT as well

from store.engine import Session
from store.schema import api_answers as answers
from store.schema import api_nonces as nonces

NONCES_KEPT: Final = timedelta(minutes=15)
ANSWERS_KEPT: Final = timedelta(days=7)

USE: Final = (
    insert(nonces)
    .values({column: bindparam(column.name) for column in nonces.c})
    .on_conflict_do_nothing(index_elements=["client", "nonce"])
    .returning(nonces.c.nonce)
)
DROP_NONCES: Final = delete(nonces).where(nonces.c.seen_at < bindparam("before"))
FIND: Final = select(answers.c.request_hash, answers.c.status, answers.c.body).where(
    answers.c.client == bindparam("of_client"), answers.c.idempotency_key == bindparam("key")
)
KEEP: Final = insert(answers).values({column: bindparam(column.name) for column in answers.c})
DROP_ANSWERS: Final = delete(answers).where(answers.c.answered_at < bindparam("before"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer that was given; `request_hash` is of the body that it answered."""

    request_hash: str
    status: int
    body: str


def use_nonce(session: Session, *, client: str, nonce: str, real_now: datetime) -> bool:
    """Use up a client's nonce; False where it has been used."""
    session.run(DROP_NONCES, before=real_now - NONCES_KEPT)
    return bool(session.run(USE, client=client, nonce=nonce, seen_at=real_now))


def answer(session: Session, *, client: str, key: str) -> Answer | None:
    """What the client was answered under this idempotency key."""
    found = session.run(FIND, of_client=client, key=key)
    return Answer(**found[0]) if found else None


def keep_answer(session: Session, *, client: str, key: str, given: Answer, real_now: datetime) -> None:
    """Keep an answer for the same request to come again."""
    session.run(DROP_ANSWERS, before=real_now - ANSWERS_KEPT)
    session.run(
        KEEP,
        client=client,
        idempotency_key=key,
        request_hash=given.request_hash,
        status=given.status,
        body=given.body,
        answered_at=real_now,
    )
