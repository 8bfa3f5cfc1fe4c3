"""Messages that were kept: those still without an answer, and those too old to be kept legible."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, delete, null, or_, select, update

from store.columns import fixed
from store.engine import Session
from store.records import Arrival, TicketState
from store.schema import (
    contacts,
    conversations,
    deliveries,
    gaps,
    inbound,
    office_reports,
    receipts,
    ticket_answers,
    tickets,
)

UNANSWERED: Final = (
    select(
        inbound.c.channel,
        inbound.c.account,
        contacts.c.sender,
        inbound.c.message_id,
        inbound.c.kind,
        inbound.c.received_at,
        inbound.c.text,
        inbound.c.event,
        inbound.c.event_key,
    )
    .join(contacts, contacts.c.id == inbound.c.contact_id)
    .where(inbound.c.answered_at.is_(None), inbound.c.received_at < bindparam("before"))
    .order_by(inbound.c.received_at, inbound.c.id)
    .limit(bindparam("limit"))
)

FORGOTTEN: Final = select(contacts.c.forgotten_at).where(
    contacts.c.sender == bindparam("receipt"), contacts.c.forgotten_at.is_not(None)
)

_old_inbound = (
    select(inbound.c.id)
    .where(
        inbound.c.text.is_not(None),
        inbound.c.answered_at.is_not(None),
        inbound.c.received_at < bindparam("before"),
    )
    .order_by(inbound.c.received_at)
    .limit(bindparam("limit"))
)
_old_conversations = (
    select(conversations.c.contact_id)
    .where(conversations.c.updated_at < bindparam("before"))
    .limit(bindparam("limit"))
)
_old_deliveries = (
    select(deliveries.c.id)
    .join(contacts, contacts.c.id == deliveries.c.contact_id)
    .where(
        deliveries.c.recipient.is_not(None),
        or_(deliveries.c.settled_at < bindparam("before"), contacts.c.forgotten_at.is_not(None)),
        deliveries.c.settled_at.is_not(None),
    )
    .limit(bindparam("limit"))
)
_old_gaps = (
    select(gaps.c.id)
    .where(gaps.c.question.is_not(None), gaps.c.asked_at < bindparam("before"))
    .limit(bindparam("limit"))
)
_old_reports = (
    select(office_reports.c.id)
    .where(office_reports.c.contact_id.is_not(None), office_reports.c.reported_at < bindparam("before"))
    .limit(bindparam("limit"))
)
_old_receipts = (
    select(receipts.c.platform_id).where(receipts.c.at < bindparam("before")).limit(bindparam("limit"))
)
_old_tickets = (
    select(tickets.c.id)
    .where(
        tickets.c.state == fixed(TicketState.CLOSED),
        tickets.c.question.is_not(None),
        tickets.c.moved_at < bindparam("before"),
    )
    .limit(bindparam("limit"))
)
_old_answers = (
    select(ticket_answers.c.id)
    .join(tickets, tickets.c.id == ticket_answers.c.ticket_id)
    .where(
        ticket_answers.c.text_sealed.is_not(None),
        ticket_answers.c.at < bindparam("before"),
        tickets.c.state == fixed(TicketState.CLOSED),
    )
    .limit(bindparam("limit"))
)
PURGE: Final = (
    update(inbound)
    .where(inbound.c.id.in_(_old_inbound))
    .values(text=null(), reply=null(), trace=null())
    .returning(inbound.c.id),
    delete(conversations)
    .where(conversations.c.contact_id.in_(_old_conversations))
    .returning(conversations.c.contact_id),
    update(deliveries)
    .where(deliveries.c.id.in_(_old_deliveries))
    .values(text=null(), recipient=null(), content=null())
    .returning(deliveries.c.id),
    update(gaps).where(gaps.c.id.in_(_old_gaps)).values(question=null()).returning(gaps.c.id),
    update(office_reports)
    .where(office_reports.c.id.in_(_old_reports))
    .values(contact_id=null())
    .returning(office_reports.c.id),
    delete(receipts)
    .where(receipts.c.platform_id.in_(_old_receipts), receipts.c.at < bindparam("before"))
    .returning(receipts.c.contact_id),
    update(tickets).where(tickets.c.id.in_(_old_tickets)).values(question=null()).returning(tickets.c.id),
    update(ticket_answers)
    .where(ticket_answers.c.id.in_(_old_answers))
    .values(text_sealed=null())
    .returning(ticket_answers.c.id),
)


def unanswered(session: Session, *, before: datetime, limit: int = 100) -> tuple[Arrival, ...]:
    """Arrivals from before `before` that nobody has answered, oldest first."""
    return tuple(Arrival(**row) for row in session.run(UNANSWERED, before=before, limit=limit))


def purge(session: Session, *, now: datetime, days: int, limit: int = 1000) -> int:
    """Erase messages, answers, conversations and gaps that are older than `days`, who reported an office,
    settled deliveries, and reports of the platform that were of none.

    At most `limit` of each, so that no turn waits long: call again until it gives 0. Deliveries to
    people who were forgotten are erased whatever their age.
    """
    before = now - timedelta(days=days)
    return sum(len(session.run(statement, before=before, limit=limit)) for statement in PURGE)


def forgotten(session: Session, *, receipt: str) -> datetime | None:
    """When the person who holds this receipt was forgotten."""
    found = session.run(FORGOTTEN, receipt=receipt)
    return found[0]["forgotten_at"] if found else None
