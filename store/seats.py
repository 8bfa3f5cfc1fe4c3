"""Seats: who speaks for which unit, what a seat may see, and how it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, func, insert, null, select, update

from store import codes, desk
from store.columns import fixed
from store.engine import Session
from store.masks import masked_name, masked_phone, masked_sender
from store.records import DeliveryState, SeatState
from store.schema import contacts, deliveries, seats, unit_people, units


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A seat that is held; `others` are the unit's other seats."""

    seat: int
    unit: int
    contact: int
    code: str
    name: str
    city: str
    district: str
    state: SeatState
    since: datetime
    others: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatShown:
    """A seat as staff see it, masked; `name` and `phone` are the roster's where the seat is tied to it."""

    id: int
    sender: str
    state: SeatState
    how: str
    since: datetime
    name: str
    phone: str


place_of_unit: Final = (units.c.id, units.c.code, units.c.name, units.c.city, units.c.district)
LOCK_UNIT_ID: Final = select(*place_of_unit).where(units.c.id == bindparam("of_unit")).with_for_update()

_other = seats.alias("other")
_others = (
    select(func.count(_other.c.id))
    .where(_other.c.unit_id == seats.c.unit_id, _other.c.id != seats.c.id, _other.c.ended_at.is_(None))
    .scalar_subquery()
    .label("others")
)
_held = (
    select(
        seats.c.id.label("seat"),
        seats.c.unit_id.label("unit"),
        seats.c.contact_id.label("contact"),
        units.c.code,
        units.c.name,
        units.c.city,
        units.c.district,
        seats.c.state,
        seats.c.since,
        _others,
    )
    .join(units, units.c.id == seats.c.unit_id)
    .where(seats.c.ended_at.is_(None))
    .order_by(seats.c.since, seats.c.id)
)
MINE: Final = _held.where(seats.c.contact_id == bindparam("of_contact"))
AT: Final = _held.where(
    seats.c.contact_id == bindparam("of_contact"), seats.c.unit_id == bindparam("of_unit")
)
SEAT: Final = _held.where(seats.c.id == bindparam("seat_id"))

SIT: Final = (
    insert(seats)
    .values(
        unit_id=bindparam("unit_id"),
        contact_id=bindparam("contact_id"),
        person_id=bindparam("person_id"),
        state=bindparam("state"),
        how=bindparam("how"),
        since=bindparam("since"),
        confirmed_at=bindparam("confirmed_at"),
    )
    .returning(seats.c.id)
)
CONFIRM: Final = (
    update(seats)
    .where(
        seats.c.id == bindparam("seat_id"),
        seats.c.ended_at.is_(None),
        seats.c.state == fixed(SeatState.PROVISIONAL),
    )
    .values(state=SeatState.CONFIRMED, confirmed_at=bindparam("now"))
    .returning(seats.c.id)
)
END: Final = (
    update(seats)
    .where(seats.c.id == bindparam("seat_id"), seats.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"), ended_by=bindparam("by"), person_id=null())
    .returning(seats.c.id)
)
CALL_BACK: Final = (
    update(deliveries)
    .where(
        deliveries.c.contact_id == bindparam("of_contact"),
        deliveries.c.unit_id == bindparam("of_unit"),
        deliveries.c.state == fixed(DeliveryState.WAITING),
    )
    .values(state=DeliveryState.CANCELLED, reason="seat", settled_at=bindparam("now"))
)
SEATS_OF: Final = (
    select(
        seats.c.id,
        contacts.c.sender,
        seats.c.state,
        seats.c.how,
        seats.c.since,
        unit_people.c.name_sealed,
        unit_people.c.phone_sealed,
    )
    .join(contacts, contacts.c.id == seats.c.contact_id)
    .outerjoin(unit_people, unit_people.c.id == seats.c.person_id)
    .where(seats.c.unit_id == bindparam("of_unit"), seats.c.ended_at.is_(None))
    .order_by(seats.c.since, seats.c.id)
)


def mine(session: Session, *, contact: int) -> tuple[Held, ...]:
    """The seats of a contact, oldest first."""
    return tuple(map(_held_of, session.run(MINE, of_contact=contact)))


def seat(session: Session, *, seat_id: int) -> Held | None:
    """A seat that is held."""
    found = session.run(SEAT, seat_id=seat_id)
    return _held_of(found[0]) if found else None


def confirm(session: Session, *, seat_id: int, now: datetime) -> Held | None:
    """Staff have made sure of a seat; None where there is no provisional one."""
    return seat(session, seat_id=seat_id) if session.run(CONFIRM, seat_id=seat_id, now=now) else None


def end(session: Session, *, seat_id: int, by: str, now: datetime) -> Held | None:
    """End a seat: what waits for it is called back, and staff hear where it was the unit's last. None where
    nobody sits there."""
    held = seat(session, seat_id=seat_id)
    if held is None or not session.run(END, seat_id=seat_id, by=by, now=now):
        return None
    session.run(CALL_BACK, of_contact=held.contact, of_unit=held.unit, now=now)
    codes.revoke_of(session, issued_by=codes.by_contact(held.contact), unit=held.unit)
    if not held.others:
        (unit,) = session.run(LOCK_UNIT_ID, of_unit=held.unit)
        tell(session, "unit_without_contact", unit, f"{seat_id}", now)
    return held


def seats_of(session: Session, *, unit: int) -> tuple[SeatShown, ...]:
    """Who sits for a unit, masked."""
    opened = session.vault.open
    return tuple(
        SeatShown(
            id=row["id"],
            sender=masked_sender(row["sender"]),
            state=SeatState(row["state"]),
            how=row["how"],
            since=row["since"],
            name=masked_name(opened("unit_people.name_sealed", row["name_sealed"]))
            if row["name_sealed"]
            else "",
            phone=masked_phone(opened("unit_people.phone_sealed", row["phone_sealed"]))
            if row["phone_sealed"]
            else "",
        )
        for row in session.run(SEATS_OF, of_unit=unit)
    )


def sit(
    session: Session,
    contact: int,
    unit: int,
    *,
    how: str,
    now: datetime,
    person: int | None,
    confirmed: bool,
) -> Held:
    """Seat a contact who does not sit there."""
    seat_id = session.run(
        SIT,
        unit_id=unit,
        contact_id=contact,
        person_id=person,
        state=SeatState.CONFIRMED if confirmed else SeatState.PROVISIONAL,
        how=how,
        since=now,
        confirmed_at=now if confirmed else None,
    )[0]["id"]
    return _held_of(session.run(SEAT, seat_id=seat_id)[0])


def at(session: Session, contact: int, unit: int) -> Held | None:
    """The seat of a contact at a unit."""
    found = session.run(AT, of_contact=contact, of_unit=unit)
    return _held_of(found[0]) if found else None


def tell(
    session: Session, kind: str, unit: Mapping[str, Any] | None, key: str, now: datetime, **content: int
) -> None:
    """Let staff of the unit's place know; of no known place without a unit."""
    desk.note(
        session,
        kind=kind,
        city=unit["city"] if unit else "",
        district=unit["district"] if unit else "",
        content={**content, **({"unit": unit["id"], "name": unit["name"]} if unit else {})},
        dedupe_key=f"{kind}:{key}",
        now=now,
    )


def _held_of(row: Mapping[str, Any]) -> Held:
    return Held(**{**row, "state": SeatState(row["state"])})
