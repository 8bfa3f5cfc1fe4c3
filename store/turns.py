"""A turn: one message becomes one answer, in one transaction with everything that follows from it.

The person's row is locked first and the conversation read after it, so that two messages of one
person, and two copies of one message, wait for each other, in one process or in several.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite's compiler reads its ON CONFLICT as well

from store import effects, outbox, windows
from store.affairs import Affairs
from store.engine import Session
from store.records import Arrival, Before, Contact, Noted, Passive, Route, Settled, Think, Thought
from store.schema import contacts, conversations, inbound

REPLY_USEFUL: Final = timedelta(hours=48)

_person = (
    contacts.c.id,
    contacts.c.channel,
    contacts.c.account,
    contacts.c.sender,
    contacts.c.follows,
    contacts.c.window_until,
    contacts.c.window_left,
    contacts.c.created_at,
    contacts.c.barred,
    contacts.c.ticket_id,
)
_newcomer = insert(contacts).values(
    channel=bindparam("channel"),
    account=bindparam("account"),
    sender=bindparam("sender"),
    follows=False,
    window_left=0,
    created_at=bindparam("created_at"),
)
LOCK: Final = (
    select(*_person)
    .where(
        contacts.c.channel == bindparam("channel"),
        contacts.c.account == bindparam("account"),
        contacts.c.sender == bindparam("sender"),
    )
    .with_for_update(key_share=True)
)
# Where another process met the same newcomer first, the update changes nothing: it locks the row.
MEET: Final = _newcomer.on_conflict_do_update(
    index_elements=["channel", "account", "sender"], set_={"sender": _newcomer.excluded.sender}
).returning(*_person)

FIND: Final = select(
    inbound.c.id, inbound.c.reply, inbound.c.trace, inbound.c.route, inbound.c.answered_at
).where(
    inbound.c.channel == bindparam("channel"),
    inbound.c.account == bindparam("account"),
    inbound.c.message_id == bindparam("message_id"),
)

TOUCH: Final = (
    update(contacts)
    .where(contacts.c.id == bindparam("contact_id"))
    .values(
        follows=bindparam("follows"),
        window_until=bindparam("window_until"),
        window_left=bindparam("window_left"),
        barred=bindparam("barred"),
    )
)

RECALL: Final = select(conversations.c.state).where(conversations.c.contact_id == bindparam("contact_id"))

_remembered = insert(conversations).values(
    contact_id=bindparam("contact_id"),
    state=bindparam("state"),
    version=1,
    updated_at=bindparam("updated_at"),
)
REMEMBER: Final = _remembered.on_conflict_do_update(
    index_elements=["contact_id"],
    set_={
        "state": _remembered.excluded.state,
        "version": conversations.c.version + 1,
        "updated_at": _remembered.excluded.updated_at,
    },
)

_arrived = insert(inbound).values(
    {column: bindparam(column.name) for column in inbound.c if column.name != "id"}
)
KEEP: Final = _arrived.on_conflict_do_update(
    index_elements=["channel", "account", "message_id"],
    set_={
        name: _arrived.excluded[name]
        for name in ("reply", "trace", "route", "answered_at", "answer", "city", "district", "topic")
    },
).returning(inbound.c.id)


def turn(session: Session, arrival: Arrival, think: Think, passive: Passive) -> Settled:
    """Answer one arrival, or give the answer that it has had."""
    contact, known = _receive(session, arrival)
    if known is not None and known["answered_at"] is not None:
        session.undo()
        return Settled(
            inbound_id=known["id"],
            text=known["reply"],
            trace=known["trace"],
            route=Route(known["route"]),
            repeated=True,
        )
    if known is None:
        contact = _touch(session, contact, arrival)
    recalled = session.run(RECALL, contact_id=contact.id)
    thought = think(
        Before(
            contact=contact,
            state=recalled[0]["state"] if recalled else None,
            affairs=Affairs(session, contact, arrival.received_at),
        )
    )
    in_time = passive()
    route = Route.SILENT if thought.text is None else Route.PASSIVE if in_time else Route.OUTBOX
    inbound_id = _conclude(session, contact, arrival, thought, route)
    return Settled(inbound_id=inbound_id, text=thought.text, trace=thought.trace, route=route, repeated=False)


def note(session: Session, arrival: Arrival) -> None:
    """Keep an arrival that is not answered yet."""
    contact, known = _receive(session, arrival)
    if known is not None:
        session.undo()
        return
    _touch(session, contact, arrival)
    _keep(session, contact, arrival, Noted(), reply=None, trace=None, route=None, answered_at=None)


def _receive(session: Session, arrival: Arrival) -> tuple[Contact, Mapping[str, Any] | None]:
    """The person, locked, and the message if it is known: a copy that ran meanwhile has committed by now."""
    person = {"channel": arrival.channel, "account": arrival.account, "sender": arrival.sender}
    met = session.run(LOCK, **person) or session.run(MEET, **person, created_at=arrival.received_at)
    known = session.run(FIND, channel=arrival.channel, account=arrival.account, message_id=arrival.message_id)
    return Contact(**met[0]), known[0] if known else None


def _conclude(session: Session, contact: Contact, arrival: Arrival, thought: Thought, route: Route) -> int:
    inbound_id = _keep(
        session,
        contact,
        arrival,
        thought.noted,
        reply=thought.text,
        trace=thought.trace,
        route=route,
        answered_at=datetime.now(UTC),
    )
    session.run(REMEMBER, contact_id=contact.id, state=thought.state, updated_at=arrival.received_at)
    cause = effects.Cause(contact=contact, arrival=arrival, inbound_id=inbound_id)
    for effect in thought.effects:
        effects.apply(session, cause, effect)
    if thought.text is not None and route is Route.OUTBOX:
        outbox.post(
            session,
            contact,
            text=thought.text,
            dedupe_key=f"reply:{inbound_id}",
            due_at=arrival.received_at,
            not_after=arrival.received_at + REPLY_USEFUL,
        )
    return inbound_id


def _touch(session: Session, contact: Contact, arrival: Arrival) -> Contact:
    contact = windows.after(contact, arrival)
    session.run(
        TOUCH,
        contact_id=contact.id,
        follows=contact.follows,
        window_until=contact.window_until,
        window_left=contact.window_left,
        barred=contact.barred,
    )
    if windows.leaves(arrival):
        outbox.cancel(session, contact, reason="unsubscribed", now=arrival.received_at)
    return contact


def _keep(session: Session, contact: Contact, arrival: Arrival, noted: Noted, **answer: Any) -> int:
    kept = session.run(
        KEEP,
        contact_id=contact.id,
        channel=arrival.channel,
        account=arrival.account,
        message_id=arrival.message_id,
        kind=arrival.kind,
        event=arrival.event,
        event_key=arrival.event_key,
        text=arrival.text,
        received_at=arrival.received_at,
        answer=noted.answer,
        city=noted.city,
        district=noted.district,
        topic=noted.topic,
        **answer,
    )
    inbound_id: int = kept[0]["id"]
    return inbound_id
