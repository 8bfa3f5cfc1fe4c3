"""What people asked to be told of, and what they asked not to be told any more.

A wish has a kind (`deadline`, `news`), a topic and the person's district, empty where it does not matter or
is not known. A topic that is muted is the beginning of the occasions that it silences (`store.reach.topics`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import BindParameter, bindparam, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert  # SQLite's compiler reads its ON CONFLICT as well

from store.engine import Session
from store.schema import mutes, wishes

_person: BindParameter[int] = bindparam("of_contact")
_wished = insert(wishes).values(
    contact_id=bindparam("contact_id"),
    kind=bindparam("kind"),
    topic=bindparam("topic"),
    district=bindparam("district"),
    since=bindparam("since"),
)
WISH: Final = _wished.on_conflict_do_update(
    index_elements=["contact_id", "kind", "topic"],
    index_where=text("ended_at IS NULL"),
    set_={"district": _wished.excluded.district},
)
END: Final = (
    update(wishes)
    .where(
        wishes.c.contact_id == _person,
        wishes.c.kind == bindparam("of_kind"),
        wishes.c.topic == bindparam("of_topic"),
        wishes.c.ended_at.is_(None),
    )
    .values(ended_at=bindparam("now"))
    .returning(wishes.c.id)
)
MINE: Final = (
    select(wishes.c.kind, wishes.c.topic, wishes.c.district, wishes.c.since)
    .where(wishes.c.contact_id == _person, wishes.c.ended_at.is_(None))
    .order_by(wishes.c.since, wishes.c.id)
)
MUTE: Final = (
    insert(mutes)
    .values(contact_id=bindparam("contact_id"), topic=bindparam("topic"), since=bindparam("since"))
    .on_conflict_do_nothing(index_elements=["contact_id", "topic"])
)
UNMUTE: Final = delete(mutes).where(mutes.c.contact_id == _person, mutes.c.topic == bindparam("of_topic"))
MUTED: Final = select(mutes.c.topic).where(mutes.c.contact_id == _person).order_by(mutes.c.since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Something that a person asked to be told of."""

    kind: str
    topic: str
    district: str
    since: datetime


def mine(session: Session, *, contact: int) -> tuple[Wish, ...]:
    """What the person wishes to be told of, oldest first."""
    return tuple(Wish(**row) for row in session.run(MINE, of_contact=contact))


def wish(session: Session, *, contact: int, kind: str, topic: str, district: str, now: datetime) -> None:
    """Keep a wish; one that is held gets the district."""
    session.run(WISH, contact_id=contact, kind=kind, topic=topic, district=district, since=now)


def end(session: Session, *, contact: int, kind: str, topic: str, now: datetime) -> bool:
    """End a wish; whether it was held."""
    return bool(session.run(END, of_contact=contact, of_kind=kind, of_topic=topic, now=now))


def mute(session: Session, *, contact: int, topic: str, now: datetime) -> None:
    """Keep that the person wants to hear no more of a topic."""
    session.run(MUTE, contact_id=contact, topic=topic, since=now)


def unmute(session: Session, *, contact: int, topic: str) -> None:
    """The person wants to hear of a topic again."""
    session.run(UNMUTE, of_contact=contact, of_topic=topic)


def muted(session: Session, *, contact: int) -> tuple[str, ...]:
    """The topics that the person wants to hear no more of."""
    return tuple(row["topic"] for row in session.run(MUTED, of_contact=contact))
