"""What a reply may ask to be kept beside it, by name.

- `not_helpful` (question, message_id): an answer did not help; `message_id` is that of the message
  which it answered, or empty.
- `gap` (question, why; city, district): a question that was not answered, or not helpfully.
- `count_check` (what, name, programme; city, district): one more self-check that began, ended so, or failed
  a criterion, on this day; it names nobody. Several come in the order of their values, so that two turns
  never wait for each other in a circle.
- `report_office` (fact, city, district, number, open): the person did not get through to an office; an empty
  `open` is outside its hours.
- `ask_staff` (question, why; city, district, programme): a question for staff (`store.tickets`).
- `say_to_staff` (): this message is for whoever of the staff talks with the person.
- `leave_staff` (): the person wants the bot again.
- `page` (token_hash, purpose, content, days): a page that this person opens by a link for so many days.
- `revoke_pages` (; purpose): none of this person's links opens anything any more, of a purpose or of any.
- `alert` (kind, template, content, audience, occasion, due_at, not_after, premises, unit): something to be
  said later, or to others (`handlers.alerts.Alert.dump`).
- `redact` (): nothing of what this message said is kept, now that it is answered.
- `forget` (receipt): everything that this person wrote, heard or left is erased, and the rows that
  remain, so that a repeated message is still known, name `receipt` instead of the person; their seats end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import BindParameter, Text, bindparam, delete, insert, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite's compiler reads its ON CONFLICT as well

from store import audience, audit, codes, guessing, offices, outbox, seats
from store import pages as links
from store import tickets as handoff
from store.columns import fixed
from store.engine import Session
from store.limits import day_of
from store.records import Arrival, Contact, Counted, EffectLike, Page, Purpose, Route, TicketWhy, Why
from store.schema import (
    allowances,
    applications,
    check_counts,
    consents,
    contacts,
    conversations,
    deliveries,
    feedback,
    gaps,
    inbound,
    mass_uses,
    mutes,
    office_reports,
    pages,
    receipts,
    seat_requests,
    staff_contacts,
    ticket_answers,
    tickets,
    wishes,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The turn that an effect belongs to."""

    contact: Contact
    arrival: Arrival
    inbound_id: int


COMPLAIN: Final = insert(feedback).values(
    contact_id=bindparam("contact_id"),
    question=bindparam("question"),
    given_at=bindparam("given_at"),
    inbound_id=select(inbound.c.id)
    .where(
        inbound.c.channel == bindparam("channel"),
        inbound.c.account == bindparam("account"),
        inbound.c.message_id == bindparam("message_id"),
        inbound.c.contact_id == bindparam("contact_id"),
    )
    .scalar_subquery(),
)

GAP: Final = insert(gaps).values(
    {name: bindparam(name) for name in ("contact_id", "question", "why", "city", "district", "asked_at")}
)
_counted = upsert(check_counts).values(
    {column: bindparam(column.name) for column in check_counts.c if column.name != "count"} | {"count": 1}
)
COUNT_CHECK: Final = _counted.on_conflict_do_update(
    index_elements=[column.name for column in check_counts.primary_key],
    set_={"count": check_counts.c.count + 1},
)

_purpose = bindparam("of_purpose", type_=Text)
REVOKE: Final = (
    update(pages)
    .where(pages.c.contact_id == bindparam("of_contact"), or_(_purpose == "", pages.c.purpose == _purpose))
    .values(revoked=True)
)

_of_person: BindParameter[int] = bindparam("of_contact")
ERASE_CONVERSATION: Final = delete(conversations).where(conversations.c.contact_id == _of_person)
ERASE_PAGES: Final = delete(pages).where(pages.c.contact_id == _of_person)
ERASE_QUESTIONS: Final = update(tickets).where(tickets.c.contact_id == _of_person).values(question=null())
ERASE_ANSWERS: Final = (
    update(ticket_answers)
    .where(ticket_answers.c.ticket_id.in_(select(tickets.c.id).where(tickets.c.contact_id == _of_person)))
    .values(text_sealed=null())
)
ERASE_FEEDBACK: Final = update(feedback).where(feedback.c.contact_id == _of_person).values(question=null())
ERASE_GAPS: Final = update(gaps).where(gaps.c.contact_id == _of_person).values(question=null())
ERASE_DELIVERIES: Final = (
    update(deliveries)
    .where(deliveries.c.contact_id == _of_person)
    .values(text=null(), recipient=null(), content=null())
)
ERASE_INBOUND: Final = (
    update(inbound)
    .where(inbound.c.contact_id == _of_person, inbound.c.id != bindparam("except_id"))
    .values(text=null(), reply=null(), trace=null(), event_key="")
)
REDACT: Final = update(inbound).where(inbound.c.id == bindparam("at_id")).values(text="", event_key="")
ERASE_REQUEST: Final = (
    update(inbound).where(inbound.c.id == bindparam("at_id")).values(text=null(), trace=null())
)
ERASE_WORDS: Final = (
    ERASE_CONVERSATION,
    ERASE_PAGES,
    ERASE_QUESTIONS,
    ERASE_ANSWERS,
    ERASE_FEEDBACK,
    ERASE_GAPS,
    ERASE_DELIVERIES,
)
# What is held for a person without any words of theirs, and goes with them.
ERASE_WHOLE: Final = tuple(
    delete(table).where(table.c.contact_id == _of_person)
    for table in (consents, wishes, mutes, allowances, mass_uses, seat_requests, receipts)
)
UNBIND_APPLICATIONS: Final = (
    update(applications).where(applications.c.contact_id == _of_person).values(contact_id=null())
)
# who was a recipient of a broadcast stays counted; the contact names nobody any more
UNBIND_STAFF: Final = (
    update(staff_contacts).where(staff_contacts.c.contact_id == _of_person).values(contact_id=null())
)
# that somebody did not get through stays counted, and is nobody's
UNBIND_REPORTS: Final = (
    update(office_reports).where(office_reports.c.contact_id == _of_person).values(contact_id=null())
)
DROP_UNANSWERED: Final = (
    update(inbound)
    .where(inbound.c.contact_id == _of_person, inbound.c.answered_at.is_(None))
    .values(answered_at=bindparam("now"), route=fixed(Route.SILENT))
)
UNLINK: Final = (
    update(contacts)
    .where(contacts.c.id == _of_person)
    .values(sender=bindparam("receipt"), forgotten_at=bindparam("now"))
)


def apply(session: Session, cause: Cause, effect: EffectLike) -> None:
    """Keep one effect; a name or a value that is unknown is an error of the handler."""
    EFFECTS[effect.name](session, cause, **effect.values)


def _not_helpful(session: Session, cause: Cause, *, question: str, message_id: str) -> None:
    session.run(
        COMPLAIN,
        contact_id=cause.contact.id,
        question=question,
        given_at=cause.arrival.received_at,
        channel=cause.arrival.channel,
        account=cause.arrival.account,
        message_id=message_id,
    )


def _gap(
    session: Session, cause: Cause, *, question: str, why: str, city: str = "", district: str = ""
) -> None:
    session.run(
        GAP,
        contact_id=cause.contact.id,
        question=question,
        why=Why(why),
        city=city,
        district=district,
        asked_at=cause.arrival.received_at,
    )


def _count_check(
    session: Session,
    cause: Cause,
    *,
    what: str,
    name: str,
    programme: str,
    city: str = "",
    district: str = "",
) -> None:
    session.run(
        COUNT_CHECK,
        day=day_of(cause.arrival.received_at),
        city=city,
        district=district,
        programme=programme,
        what=Counted(what),
        name=name,
    )


def _report_office(
    session: Session, cause: Cause, *, fact: str, city: str, district: str, number: str, open: str
) -> None:
    now = cause.arrival.received_at
    offices.report(
        session,
        contact=cause.contact.id,
        fact=fact,
        city=city,
        district=district,
        number=number,
        open=bool(open),
        day=day_of(now),
        now=now,
    )


def _ask_staff(
    session: Session,
    cause: Cause,
    *,
    question: str,
    why: str = TicketWhy.ASKED,
    city: str = "",
    district: str = "",
    programme: str = "",
) -> None:
    handoff.ask(
        session,
        contact=cause.contact,
        inbound_id=cause.inbound_id,
        why=TicketWhy(why),
        question=question,
        city=city,
        district=district,
        programme=programme,
        now=cause.arrival.received_at,
    )


def _say_to_staff(session: Session, cause: Cause) -> None:
    handoff.say(session, contact=cause.contact, now=cause.arrival.received_at)


def _leave_staff(session: Session, cause: Cause) -> None:
    handoff.leave(session, contact_id=cause.contact.id, by="person", now=cause.arrival.received_at)


def _page(session: Session, cause: Cause, *, token_hash: str, purpose: str, content: str, days: str) -> None:
    now = cause.arrival.received_at
    page = Page(
        token_hash=token_hash,
        purpose=Purpose(purpose),
        content=content,
        contact_id=cause.contact.id,
        created_at=now,
        expires_at=now + timedelta(days=int(days)),
    )
    links.keep_page(session, page=page)


def _revoke_pages(session: Session, cause: Cause, *, purpose: str = "") -> None:
    session.run(REVOKE, of_contact=cause.contact.id, of_purpose=purpose)


def _alert(session: Session, cause: Cause, **alert: str) -> None:
    audience.post(session, **alert, now=cause.arrival.received_at)


def _redact(session: Session, cause: Cause) -> None:
    session.run(REDACT, at_id=cause.inbound_id)


def _forget(session: Session, cause: Cause, *, receipt: str) -> None:
    person, now = cause.contact.id, cause.arrival.received_at
    for held in seats.mine(session, contact=person):
        seats.end(session, seat_id=held.seat, by="forgotten", now=now)
    handoff.leave(session, contact_id=person, by="forgotten", now=now)
    guessing.clear(session, subject=codes.by_contact(person))
    outbox.cancel(session, cause.contact, reason="forgotten", now=now)
    session.run(DROP_UNANSWERED, of_contact=person, now=now)
    session.run(ERASE_INBOUND, of_contact=person, except_id=cause.inbound_id)
    session.run(ERASE_REQUEST, at_id=cause.inbound_id)
    for erase in (*ERASE_WORDS, *ERASE_WHOLE, UNBIND_APPLICATIONS, UNBIND_STAFF, UNBIND_REPORTS):
        session.run(erase, of_contact=person)
    audit.erase_recorded(session, object=f"contact:{person}")
    session.run(UNLINK, of_contact=person, receipt=receipt, now=now)


EFFECTS: Final[Mapping[str, Callable[..., None]]] = {
    "not_helpful": _not_helpful,
    "gap": _gap,
    "count_check": _count_check,
    "report_office": _report_office,
    "ask_staff": _ask_staff,
    "say_to_staff": _say_to_staff,
    "leave_staff": _leave_staff,
    "page": _page,
    "revoke_pages": _revoke_pages,
    "alert": _alert,
    "redact": _redact,
    "forget": _forget,
}
