"""What a person has agreed to: for a purpose, by a version of the words, until it is withdrawn."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.dialects.postgresql import insert  # SQLite's compiler reads its ON CONFLICT as well

from store.engine import Session
from store.records import Consent
from store.schema import consents

_given = insert(consents).values(
    contact_id=bindparam("contact_id"),
    purpose=bindparam("purpose"),
    version=bindparam("version"),
    given_at=bindparam("given_at"),
)
GIVE: Final = _given.on_conflict_do_update(
    index_elements=["contact_id", "purpose"],
    index_where=text("withdrawn_at IS NULL"),
    set_={"version": _given.excluded.version, "given_at": _given.excluded.given_at},
)
_held = (consents.c.contact_id == bindparam("of_contact"), consents.c.withdrawn_at.is_(None))
WITHDRAW: Final = (
    update(consents)
    .where(*_held, consents.c.purpose == bindparam("for_purpose"))
    .values(withdrawn_at=bindparam("now"))
    .returning(consents.c.id)
)
HELD: Final = (
    select(consents.c.purpose, consents.c.version, consents.c.given_at)
    .where(*_held)
    .order_by(consents.c.given_at, consents.c.id)
)


def give(session: Session, *, contact: int, purpose: str, version: str, now: datetime) -> None:
    """Keep that the person agrees; a later agreement takes the place of an earlier one."""
    session.run(GIVE, contact_id=contact, purpose=purpose, version=version, given_at=now)


def withdraw(session: Session, *, contact: int, purpose: str, now: datetime) -> bool:
    """End an agreement at once; whether there was one."""
    return bool(session.run(WITHDRAW, of_contact=contact, for_purpose=purpose, now=now))


def held(session: Session, *, contact: int) -> tuple[Consent, ...]:
    """What the person agrees to now."""
    return tuple(Consent(**row) for row in session.run(HELD, of_contact=contact))
