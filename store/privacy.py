"""What is kept of one person, and how pushes to them are stopped at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import BindParameter, bindparam, func, select

from store import consents, outbox
from store.engine import Session
from store.masks import masked_sender
from store.records import Consent, Contact
from store.schema import applications, deliveries, inbound, mutes, pages, seat_requests, wishes
from store.seats import Held, mine

PUSH: Final = "push"
"""The consent without which nothing is said unasked."""

_person: BindParameter[int] = bindparam("of_contact")
MESSAGES: Final = select(
    func.count(inbound.c.id).label("rows"), func.min(inbound.c.received_at).label("since")
).where(inbound.c.contact_id == _person, inbound.c.text.is_not(None))
PAGES: Final = select(
    func.count(pages.c.token_hash).label("rows"), func.max(pages.c.expires_at).label("until")
).where(pages.c.contact_id == _person, pages.c.revoked.is_(False))
WISHES: Final = (
    select(wishes.c.kind, wishes.c.topic, wishes.c.since)
    .where(wishes.c.contact_id == _person, wishes.c.ended_at.is_(None))
    .order_by(wishes.c.since, wishes.c.id)
)
MUTES: Final = select(mutes.c.topic).where(mutes.c.contact_id == _person).order_by(mutes.c.since)
WAITING: Final = select(func.count(seat_requests.c.id).label("rows")).where(
    seat_requests.c.contact_id == _person, seat_requests.c.decided_at.is_(None)
)
APPLICATIONS: Final = select(func.count(applications.c.id).label("rows")).where(
    applications.c.contact_id == _person
)
CALL_BACK: Final = outbox.CANCEL.where(deliveries.c.kind != "reply")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Something that a person asked to be told of."""

    kind: str
    topic: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of a person: themselves (masked), what they said (`messages`), pages behind links,
    seats, a binding that waits, applications shown to them, wishes, mutes and consents."""

    sender: str
    known_since: datetime
    messages: int
    said_since: datetime | None
    pages: int
    pages_until: datetime | None
    seats: tuple[Held, ...]
    requests: int
    applications: int
    wishes: tuple[Wish, ...]
    mutes: tuple[str, ...]
    consents: tuple[Consent, ...]


def kept(session: Session, *, contact: Contact) -> Kept:
    """All that is kept of `contact`, by its sorts."""
    person = contact.id
    said, shown = (session.run(statement, of_contact=person)[0] for statement in (MESSAGES, PAGES))
    return Kept(
        sender=masked_sender(contact.sender),
        known_since=contact.created_at,
        messages=said["rows"],
        said_since=said["since"],
        pages=shown["rows"],
        pages_until=shown["until"],
        seats=mine(session, contact=person),
        requests=session.run(WAITING, of_contact=person)[0]["rows"],
        applications=session.run(APPLICATIONS, of_contact=person)[0]["rows"],
        wishes=tuple(Wish(**row) for row in session.run(WISHES, of_contact=person)),
        mutes=tuple(row["topic"] for row in session.run(MUTES, of_contact=person)),
        consents=consents.held(session, contact=person),
    )


def stop_pushes(session: Session, *, contact: int, now: datetime) -> bool:
    """Withdraw the consent to be told anything unasked, and call back what waits; whether there was one."""
    session.run(CALL_BACK, of_contact=contact, why="no_consent", now=now)
    return consents.withdraw(session, contact=contact, purpose=PUSH, now=now)
