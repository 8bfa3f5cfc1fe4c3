"""What is kept of one person, and how pushes to them are stopped at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import BindParameter, bindparam, func, select

from store import consents, outbox, wishes
from store.engine import Session
from store.masks import masked_sender
from store.records import Consent, Contact
from store.schema import applications, deliveries, inbound, pages, seat_requests
from store.seats import Held, mine
from store.wishes import Wish

PUSH: Final = "push"
"""The consent without which nothing is said unasked."""

_person: BindParameter[int] = bindparam("of_contact")
MESSAGES: Final = select(
    func.count(inbound.c.id).label("rows"), func.min(inbound.c.received_at).label("since")
).where(inbound.c.contact_id == _person, inbound.c.text.is_not(None))
PAGES: Final = select(
    func.count(pages.c.token_hash).label("rows"), func.max(pages.c.expires_at).label("until")
).where(pages.c.contact_id == _person, pages.c.revoked.is_(False))
WAITING: Final = select(func.count(seat_requests.c.id).label("rows")).where(
    seat_requests.c.contact_id == _person, seat_requests.c.decided_at.is_(None)
)
APPLICATIONS: Final = select(func.count(applications.c.id).label("rows")).where(
    applications.c.contact_id == _person
)
CALL_BACK: Final = outbox.CANCEL.where(deliveries.c.kind != "reply")


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
        wishes=wishes.mine(session, contact=person),
        mutes=wishes.muted(session, contact=person),
        consents=consents.held(session, contact=person),
    )


def stop_pushes(session: Session, *, contact: int, now: datetime) -> bool:
    """Withdraw the consent to be told anything unasked, and call back what waits; whether there was one."""
    session.run(CALL_BACK, of_contact=contact, why="no_consent", now=now)
    return consents.withdraw(session, contact=contact, purpose=PUSH, now=now)
