"""Hand-off: a person's question for staff, who has taken it, what was answered, and when it is over.

While a ticket is `talking`, `contacts.ticket_id` names it: the bot reads that with the person's row and is
silent. Whoever changes both locks the person first, as turns do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Select,
    Text,
    Update,
    bindparam,
    func,
    insert,
    null,
    or_,
    select,
    update,
)

from store.columns import EMPTY, UtcDateTime, fixed
from store.engine import Session
from store.masks import masked_sender
from store.records import Contact, Ticket, TicketState, TicketWhy
from store.schema import contacts, inbound, seats, staff, ticket_answers, tickets, units
from store.scope import Scope, within

SEALED: Final = "ticket_answers.text_sealed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person has asked staff, as they may know themselves."""

    id: int
    why: TicketWhy
    state: TicketState
    city: str
    district: str
    opened_at: datetime
    waits_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Whom a ticket is of, as far as staff may know: the platform's id by its ends, the units they speak for
    with their places."""

    contact_id: int
    sender: str
    units: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A message of the person with the reply it had; `text` is None once it was erased. `trace` says by
    which templates was answered."""

    at: datetime
    kind: str
    text: str | None
    reply: str | None
    trace: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What staff wrote; `text` is None once it was erased."""

    id: int
    staff: str
    text: str | None
    at: datetime


_state = tickets.c.state
_current: ColumnElement[bool] = _state != fixed(TicketState.CLOSED)
_of_ticket: ColumnElement[bool] = tickets.c.id == bindparam("ticket_id", type_=BigInteger)
_of_contact: BindParameter[int] = bindparam("of_contact", type_=BigInteger)
_now: BindParameter[datetime] = bindparam("now", type_=UtcDateTime())
# What is of no place yet is everybody's, so that nobody waits in vain.
_mine: ColumnElement[bool] = or_(within(tickets.c.city, tickets.c.district), tickets.c.city == EMPTY)

CURRENT: Final = select(
    tickets.c.id,
    tickets.c.why,
    _state,
    tickets.c.city,
    tickets.c.district,
    tickets.c.opened_at,
    tickets.c.waits_since,
).where(tickets.c.contact_id == _of_contact, _current)
OPEN: Final = (
    insert(tickets)
    .values(
        {
            column: bindparam(column.name)
            for column in tickets.c
            if column.name not in ("id", "state", "staff_id", "escalated_at", "closed_by")
        }
    )
    .values(state=TicketState.OPEN)
)
ASK_AGAIN: Final = (
    update(tickets)
    .where(_of_ticket)
    .values(
        {name: bindparam(f"new_{name}") for name in ("inbound_id", "why", "question", "waits_since")}
        | {name: bindparam(f"new_{name}", type_=Text) for name in ("city", "district", "programme")}
    )
)
SAY: Final = (
    update(tickets)
    .where(_of_ticket)
    .values(waits_since=func.coalesce(tickets.c.waits_since, _now))
    .returning(tickets.c.waits_since)
)

_ticket_columns = (
    *(c for c in tickets.c if c.name != "inbound_id"),
    func.coalesce(staff.c.name, EMPTY).label("staff"),
)


def _tickets(*conditions: ColumnElement[bool]) -> Select[Any]:
    return (
        select(*_ticket_columns)
        .outerjoin(staff, staff.c.id == tickets.c.staff_id)
        .where(*conditions)
        .order_by(
            tickets.c.escalated_at.is_(None),
            tickets.c.waits_since.is_(None),
            tickets.c.waits_since,
            tickets.c.id,
        )
    )


ONE: Final = _tickets(_of_ticket, _mine)
LISTED: Final = {
    False: _tickets(_mine, _current, tickets.c.why == bindparam("of_why", type_=Text)).limit(
        bindparam("limit")
    ),
    True: _tickets(_mine, _state == fixed(TicketState.CLOSED))
    .order_by(None)
    .order_by(tickets.c.moved_at.desc(), tickets.c.id.desc())
    .limit(bindparam("limit")),
}
WAITING: Final = _tickets(_current, tickets.c.waits_since.is_not(None), tickets.c.escalated_at.is_(None))
IDLE: Final = _tickets(
    or_(
        (_state == fixed(TicketState.TALKING)) & (tickets.c.moved_at < bindparam("talks_before")),
        (tickets.c.why == fixed(TicketWhy.UNANSWERED))
        & (_state == fixed(TicketState.OPEN))
        & (tickets.c.moved_at < bindparam("asks_before")),
    )
)

SENDER: Final = select(contacts.c.sender).where(contacts.c.id == _of_contact)
UNITS: Final = (
    select(units.c.name, units.c.city, units.c.district)
    .join(seats, seats.c.unit_id == units.c.id)
    .where(seats.c.contact_id == _of_contact, seats.c.ended_at.is_(None))
    .order_by(seats.c.id)
)
SPOKEN: Final = (
    select(
        inbound.c.received_at.label("at"), inbound.c.kind, inbound.c.text, inbound.c.reply, inbound.c.trace
    )
    .where(inbound.c.contact_id == _of_contact, inbound.c.received_at >= bindparam("since"))
    .order_by(inbound.c.received_at.desc(), inbound.c.id.desc())
    .limit(bindparam("limit"))
)
ANSWERS: Final = (
    select(
        ticket_answers.c.id,
        staff.c.name.label("staff"),
        ticket_answers.c.text_sealed,
        ticket_answers.c.at,
    )
    .join(staff, staff.c.id == ticket_answers.c.staff_id)
    .where(ticket_answers.c.ticket_id == bindparam("ticket_id", type_=BigInteger))
    .order_by(ticket_answers.c.id)
)

LOCK: Final = (
    select(contacts.c.id)
    .where(contacts.c.id == select(tickets.c.contact_id).where(_of_ticket).scalar_subquery())
    .with_for_update(key_share=True)
)
POINT: Final = update(contacts).where(contacts.c.id == _of_contact).values(ticket_id=bindparam("talks_by"))


def _moved(condition: ColumnElement[bool], **values: Any) -> Update:
    return update(tickets).where(_of_ticket, condition).values(**values).returning(tickets.c.contact_id)


_staff: BindParameter[int] = bindparam("by_staff", type_=BigInteger)
_free = tickets.c.staff_id.is_(None)
TAKE: Final = _moved(
    (_state == fixed(TicketState.OPEN)) & _free,
    state=TicketState.TAKEN,
    staff_id=_staff,
    moved_at=_now,
)
TAKE_OVER: Final = _moved(
    _state.in_([fixed(TicketState.TAKEN), fixed(TicketState.TALKING)])
    & tickets.c.staff_id.is_not_distinct_from(bindparam("from_staff", type_=BigInteger)),
    staff_id=_staff,
    moved_at=_now,
)
PUT_BACK: Final = _moved(
    (_state == fixed(TicketState.TAKEN)) & (tickets.c.staff_id == _staff),
    state=TicketState.OPEN,
    staff_id=null(),
    moved_at=_now,
)
MOVE: Final = _moved(
    _state.in_([fixed(TicketState.OPEN), fixed(TicketState.TAKEN)]),
    state=TicketState.OPEN,
    staff_id=null(),
    city=bindparam("to_city"),
    district=bindparam("to_district"),
    escalated_at=null(),
    moved_at=_now,
)
TALK: Final = _moved(
    _state.in_([fixed(TicketState.TAKEN), fixed(TicketState.TALKING)]) & (tickets.c.staff_id == _staff),
    state=TicketState.TALKING,
    waits_since=null(),
    escalated_at=null(),
    moved_at=_now,
)
CLOSE: Final = _moved(
    _current,
    state=TicketState.CLOSED,
    waits_since=null(),
    closed_by=bindparam("closed_by_whom"),
    moved_at=_now,
)
ESCALATE: Final = _moved(_current, escalated_at=_now)
KEEP_ANSWER: Final = (
    insert(ticket_answers)
    .values({column: bindparam(column.name) for column in ticket_answers.c if column.name != "id"})
    .returning(ticket_answers.c.id)
)


# —— the person's side, within a turn that has locked them


def ask(
    session: Session,
    *,
    contact: Contact,
    inbound_id: int,
    why: TicketWhy,
    question: str,
    city: str,
    district: str,
    programme: str,
    now: datetime,
) -> None:
    """Put a question to staff. While one waits, a newer one takes its place; one that the bot could not
    answer never takes the place of one that a person was asked for."""
    known = current(session, contact_id=contact.id)
    asked = {"question": question, "city": city, "district": district, "programme": programme}
    if known is None:
        session.run(
            OPEN,
            contact_id=contact.id,
            inbound_id=inbound_id,
            why=why,
            **asked,
            opened_at=now,
            waits_since=now,
            moved_at=now,
        )
    elif known.state is TicketState.OPEN and (why is TicketWhy.ASKED or known.why is why):
        new = {"inbound_id": inbound_id, "why": why, "waits_since": now, **asked}
        session.run(ASK_AGAIN, ticket_id=known.id, **{f"new_{name}": value for name, value in new.items()})


def current(session: Session, *, contact_id: int) -> Asked | None:
    """What this person has asked staff and is not closed."""
    found = session.run(CURRENT, of_contact=contact_id)
    if not found:
        return None
    row = found[0]
    return Asked(**{**row, "state": TicketState(row["state"]), "why": TicketWhy(row["why"])})


def say(session: Session, *, contact: Contact, now: datetime) -> None:
    """The person has said something to whoever talks with them."""
    if contact.ticket_id is not None:
        session.run(SAY, ticket_id=contact.ticket_id, now=now)


def leave(session: Session, *, contact_id: int, by: str, now: datetime) -> None:
    """The person wants staff no more, or is forgotten."""
    if found := current(session, contact_id=contact_id):
        session.run(CLOSE, ticket_id=found.id, closed_by_whom=by, now=now)
        session.run(POINT, of_contact=contact_id, talks_by=None)


# —— the side of staff


def tickets_of(
    session: Session,
    *,
    scope: Scope,
    why: TicketWhy = TicketWhy.ASKED,
    closed: bool = False,
    limit: int = 200,
) -> tuple[Ticket, ...]:
    """What waits or is talked about in a scope, what is late first, then who waits longest; or the latest
    that are closed, whatever they were opened for."""
    of = {} if closed else {"of_why": why}
    return tuple(map(_ticket, session.run(LISTED[closed], **scope.values, **of, limit=limit)))


def ticket(session: Session, *, scope: Scope, ticket_id: int) -> Ticket | None:
    """One ticket of a scope."""
    found = session.run(ONE, ticket_id=ticket_id, **scope.values)
    return _ticket(found[0]) if found else None


def asker(session: Session, *, contact_id: int) -> Asker:
    """Who asks."""
    (person,) = session.run(SENDER, of_contact=contact_id)
    speaks_for = session.run(UNITS, of_contact=contact_id)
    return Asker(
        contact_id=contact_id,
        sender=masked_sender(person["sender"]),
        units=tuple((row["name"], row["city"], row["district"]) for row in speaks_for),
    )


def conversation(
    session: Session, *, contact_id: int, since: datetime, limit: int = 40
) -> tuple[Spoken, ...]:
    """What a person said from `since`, with the replies, oldest first; the latest `limit` of it."""
    found = session.run(SPOKEN, of_contact=contact_id, since=since, limit=limit)
    return tuple(Spoken(**row) for row in reversed(found))


def answers_of(session: Session, *, ticket_id: int) -> tuple[Answered, ...]:
    """What staff wrote to the person of a ticket, oldest first."""
    opened = session.vault.open
    return tuple(
        Answered(
            id=row["id"],
            staff=row["staff"],
            text=opened(SEALED, row["text_sealed"]) if row["text_sealed"] else None,
            at=row["at"],
        )
        for row in session.run(ANSWERS, ticket_id=ticket_id)
    )


def take_ticket(session: Session, *, ticket_id: int, staff_id: int, now: datetime) -> bool:
    """Take what waits; False where somebody else was first."""
    return bool(session.run(TAKE, ticket_id=ticket_id, by_staff=staff_id, now=now))


def take_over(session: Session, *, ticket_id: int, staff_id: int, from_staff: int, now: datetime) -> bool:
    """Take from a colleague what they have taken; False where it is not theirs any more."""
    return bool(
        session.run(TAKE_OVER, ticket_id=ticket_id, by_staff=staff_id, from_staff=from_staff, now=now)
    )


def put_back(session: Session, *, ticket_id: int, staff_id: int, now: datetime) -> bool:
    """Leave to colleagues what one has taken and not answered."""
    return bool(session.run(PUT_BACK, ticket_id=ticket_id, by_staff=staff_id, now=now))


def move_ticket(session: Session, *, ticket_id: int, city: str, district: str, now: datetime) -> bool:
    """Give a ticket that nobody has answered to the staff of another place."""
    return bool(session.run(MOVE, ticket_id=ticket_id, to_city=city, to_district=district, now=now))


def answer_ticket(session: Session, *, ticket_id: int, staff_id: int, text: str, now: datetime) -> int | None:
    """Keep an answer and stop the bot for this person; the answer's number, None where the ticket is not
    this one's of the staff. The caller posts it."""
    session.run(LOCK, ticket_id=ticket_id)
    talked = session.run(TALK, ticket_id=ticket_id, by_staff=staff_id, now=now)
    if not talked:
        return None
    session.run(POINT, of_contact=talked[0]["contact_id"], talks_by=ticket_id)
    kept = session.run(
        KEEP_ANSWER,
        ticket_id=ticket_id,
        staff_id=staff_id,
        text_sealed=session.vault.seal(SEALED, text),
        at=now,
    )
    number: int = kept[0]["id"]
    return number


def close_ticket(session: Session, *, ticket_id: int, by: str, now: datetime) -> bool:
    """Finish; the bot answers this person again. False where it was closed already."""
    session.run(LOCK, ticket_id=ticket_id)
    closed = session.run(CLOSE, ticket_id=ticket_id, closed_by_whom=by, now=now)
    for row in closed:
        session.run(POINT, of_contact=row["contact_id"], talks_by=None)
    return bool(closed)


# —— the sweep


def tickets_waiting(session: Session) -> tuple[Ticket, ...]:
    """What waits for a word of the staff and is not escalated, everywhere."""
    return tuple(map(_ticket, session.run(WAITING)))


def tickets_idle(session: Session, *, talks_before: datetime, asks_before: datetime) -> tuple[Ticket, ...]:
    """Conversations in which nobody has waited nor answered since `talks_before`, and questions that only
    the bot left open, from before `asks_before`."""
    found = session.run(IDLE, talks_before=talks_before, asks_before=asks_before)
    return tuple(one for one in map(_ticket, found) if one.why == "unanswered" or one.waits_since is None)


def escalate(session: Session, *, ticket: Ticket, now: datetime) -> bool:
    """Note that a ticket waits for too long, and let colleagues take what was taken and never answered;
    False where it is closed."""
    if ticket.state is TicketState.TAKEN and ticket.staff_id is not None:
        put_back(session, ticket_id=ticket.id, staff_id=ticket.staff_id, now=now)
    return bool(session.run(ESCALATE, ticket_id=ticket.id, now=now))


def _ticket(row: Mapping[str, Any]) -> Ticket:
    return Ticket(**{**row, "state": TicketState(row["state"]), "why": TicketWhy(row["why"])})
