"""Broadcasts as their recipients meet them: acknowledged by a reply; and who gets the tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, Text, bindparam, cast, literal, null, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite's compiler reads its ON CONFLICT as well

from store import codes
from store.columns import fixed
from store.engine import Session
from store.records import DeliveryState
from store.schema import broadcasts, contacts, deliveries, recipients, staff_contacts

CODE_HOLDS: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A broadcast that somebody has had and not acknowledged."""

    id: int
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tester:
    """The contact to whom a member of staff sends tests; `window` is whether a message can reach them now."""

    contact_id: int
    bound_at: datetime
    window: bool


_contact = bindparam("of_contact", type_=BigInteger)
_HAD: Final = (
    DeliveryState.SENDING,
    DeliveryState.SENT,
    DeliveryState.RECEIVED,
    DeliveryState.UNCLEAR,
)
OWED: Final = (
    select(broadcasts.c.id, broadcasts.c.title)
    .join(recipients, recipients.c.broadcast_id == broadcasts.c.id)
    .join(deliveries, deliveries.c.contact_id == recipients.c.contact_id)
    .where(
        recipients.c.contact_id == _contact,
        recipients.c.acknowledged_at.is_(None),
        broadcasts.c.receipt,
        deliveries.c.occasion == literal("broadcast:", Text) + cast(broadcasts.c.id, Text),
        deliveries.c.state.in_([fixed(state) for state in _HAD]),
    )
    .order_by(deliveries.c.first_try_at.desc(), deliveries.c.id.desc())
)
ACKNOWLEDGE: Final = (
    update(recipients)
    .where(recipients.c.contact_id == _contact, recipients.c.broadcast_id == bindparam("of_broadcast"))
    .values(acknowledged_at=bindparam("now"))
)
_offer = upsert(staff_contacts).values(
    staff_id=bindparam("staff_id"), code_hash=bindparam("code_hash"), code_until=bindparam("code_until")
)
OFFER: Final = _offer.on_conflict_do_update(
    index_elements=["staff_id"],
    set_={"code_hash": _offer.excluded.code_hash, "code_until": _offer.excluded.code_until},
)
BIND: Final = (
    update(staff_contacts)
    .where(
        staff_contacts.c.code_hash == bindparam("hashed"),
        staff_contacts.c.code_hash != "",
        staff_contacts.c.code_until > bindparam("now"),
    )
    .values(contact_id=_contact, bound_at=bindparam("now"), code_hash="", code_until=null())
    .returning(staff_contacts.c.staff_id)
)
TESTER: Final = (
    select(contacts.c.id, contacts.c.window_until, contacts.c.window_left, staff_contacts.c.bound_at)
    .join(contacts, contacts.c.id == staff_contacts.c.contact_id)
    .where(staff_contacts.c.staff_id == bindparam("of_staff"), contacts.c.forgotten_at.is_(None))
)


def owed(session: Session, *, contact: int) -> tuple[Owed, ...]:
    """What somebody has had and not acknowledged, the last first."""
    found = {row["id"]: Owed(**row) for row in session.run(OWED, of_contact=contact)}
    return tuple(found.values())


def acknowledge(session: Session, *, contact: int, broadcast: int, now: datetime) -> None:
    """Note that somebody has read a broadcast."""
    session.run(ACKNOWLEDGE, of_contact=contact, of_broadcast=broadcast, now=now)


def offer_tester(session: Session, *, staff_id: int, now: datetime) -> str:
    """A code: the contact who sends it gets the tests of a member of staff from then on."""
    code = codes.new()
    hashed = codes.hashed(session, code)
    session.run(OFFER, staff_id=staff_id, code_hash=hashed, code_until=now + CODE_HOLDS)
    return code


def bind_tester(session: Session, *, contact: int, code: str, now: datetime) -> bool:
    """Use such a code up; False where it is none (any more)."""
    hashed = codes.hashed(session, code)
    return bool(session.run(BIND, hashed=hashed, of_contact=contact, now=now))


def tester(session: Session, *, staff_id: int, now: datetime) -> Tester | None:
    """Who gets the tests of a member of staff."""
    found = session.run(TESTER, of_staff=staff_id)
    if not found:
        return None
    row = found[0]
    is_open = bool(row["window_left"] > 0 and row["window_until"] and row["window_until"] > now)
    return Tester(contact_id=row["id"], bound_at=row["bound_at"], window=is_open)
