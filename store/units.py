"""Units and the contact persons whom their rosters name: looked up by staff, always masked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Text, bindparam, delete, func, null, or_, select, update

from store.columns import fixed
from store.engine import Session
from store.masks import masked_email, masked_name, masked_phone
from store.records import DeliveryState
from store.schema import codes as code_table
from store.schema import contacts, deliveries, seats, unit_people, units


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A registered unit; `people` are on its roster, `seats` held for it."""

    id: int
    code: str
    name: str
    city: str
    district: str
    department: str
    street: str
    people: int
    seats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A contact person of a unit's roster, masked."""

    id: int
    name: str
    phone: str
    email: str
    seated: bool


_people = (
    select(func.count(unit_people.c.id))
    .where(unit_people.c.unit_id == units.c.id)
    .scalar_subquery()
    .label("people")
)
_seats = (
    select(func.count(seats.c.id))
    .where(seats.c.unit_id == units.c.id, seats.c.ended_at.is_(None))
    .scalar_subquery()
    .label("seats")
)
_fields = [column for column in units.c if column.name not in ("created_at", "changed_at")]
UNIT: Final = select(*_fields, _people, _seats).where(units.c.code == bindparam("of_code"))
_city, _district, _name = (bindparam(name, type_=Text) for name in ("in_city", "in_district", "like"))
UNITS: Final = (
    select(*_fields, _people, _seats)
    .where(
        or_(_city == "", units.c.city == _city),
        or_(_district == "", units.c.district == _district),
        or_(_name == "", units.c.name.contains(_name, autoescape=False)),
    )
    .order_by(units.c.city, units.c.district, units.c.name, units.c.id)
    .limit(bindparam("limit"))
)
_seated = select(seats.c.person_id).where(seats.c.ended_at.is_(None), seats.c.person_id == unit_people.c.id)
PEOPLE_OF: Final = (
    select(
        unit_people.c.id,
        unit_people.c.name_sealed,
        unit_people.c.phone_sealed,
        unit_people.c.email_sealed,
        _seated.exists().label("seated"),
    )
    .where(unit_people.c.unit_id == bindparam("of_unit"))
    .order_by(unit_people.c.id)
)

PERSON: Final = select(unit_people.c.id, unit_people.c.contact_id).where(
    unit_people.c.id == bindparam("person_id")
)
STAND_UP: Final = update(seats).where(seats.c.person_id == bindparam("of_person")).values(person_id=null())
UNNAME: Final = (
    update(code_table).where(code_table.c.person_id == bindparam("of_person")).values(person_id=null())
)
REMOVE: Final = delete(unit_people).where(unit_people.c.id == bindparam("person_id"))
UNLINK: Final = (
    update(contacts)
    .where(contacts.c.id == bindparam("of_contact"))
    .values(sender=bindparam("gone"), forgotten_at=bindparam("now"))
)
CANCEL: Final = (
    update(deliveries)
    .where(
        deliveries.c.contact_id == bindparam("of_contact"), deliveries.c.state == fixed(DeliveryState.WAITING)
    )
    .values(state=DeliveryState.CANCELLED, reason="forgotten", settled_at=bindparam("now"))
)


def unit(session: Session, *, code: str) -> Unit | None:
    """The unit of a 统一社会信用代码."""
    found = session.run(UNIT, of_code=code)
    return Unit(**found[0]) if found else None


def units_of(
    session: Session, *, city: str = "", district: str = "", name: str = "", limit: int = 100
) -> tuple[Unit, ...]:
    """Units by place and part of their name; an empty word is any."""
    found = session.run(UNITS, in_city=city, in_district=district, like=name, limit=limit)
    return tuple(Unit(**row) for row in found)


def people_of(session: Session, *, unit: int) -> tuple[Person, ...]:
    """The contact persons whom a unit's roster names, masked."""
    opened = session.vault.open
    return tuple(
        Person(
            id=row["id"],
            name=masked_name(opened("unit_people.name_sealed", row["name_sealed"])),
            phone=masked_phone(opened("unit_people.phone_sealed", row["phone_sealed"])),
            email=masked_email(opened("unit_people.email_sealed", row["email_sealed"]))
            if row["email_sealed"]
            else "",
            seated=bool(row["seated"]),
        )
        for row in session.run(PEOPLE_OF, of_unit=unit)
    )


def remove_person(session: Session, *, person: int, now: datetime) -> bool:
    """Erase a person of a roster, and call back what waits for them; a seat that was taken by their phone
    stays until it is removed itself. Whether there was such a person."""
    found = session.run(PERSON, person_id=person)
    if not found:
        return False
    contact = found[0]["contact_id"]
    session.run(STAND_UP, of_person=person)
    session.run(UNNAME, of_person=person)
    session.run(REMOVE, person_id=person)
    session.run(CANCEL, of_contact=contact, now=now)
    session.run(UNLINK, of_contact=contact, gone=f"removed:{person}", now=now)
    return True
