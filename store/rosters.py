"""Rosters of units, taken in as they come: what is new or differs is shown and kept, what is the same
changes nothing.

A chunk of a roster is one transaction of a few statements on many rows, whatever its length.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any, Final

from sqlalchemy import BigInteger, Text, bindparam, false, insert, literal, select, update

from store.columns import UtcDateTime, given, packed
from store.engine import Session
from store.masks import masked_email, masked_name, masked_phone
from store.schema import contacts, listed_units, unit_people, units

ROSTER: Final = "roster"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A contact person as a roster names them; `phone` is digits alone, `email` may be empty."""

    name: str
    phone: str
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A unit as a roster names it; `street` is empty where it says nothing of it."""

    code: str
    name: str
    city: str
    district: str
    department: str
    people: tuple[Listing, ...]
    street: str = ""


class What(StrEnum):
    """What a roster says of a unit or a person that was not known so."""

    NEW_UNIT = "new_unit"
    UNIT = "unit"
    NEW_PERSON = "new_person"
    PHONE = "phone"
    PERSON = "person"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference between a roster and what was known, masked where it is personal."""

    code: str
    unit: str
    what: What
    field: str = ""
    old: str = ""
    new: str = ""


_described = ("name", "city", "district", "department", "street")
_codes = given("codes", code=Text())
_listed = select(listed_units.c.unit_id).where(listed_units.c.unit_id == units.c.id).exists()
KNOWN_UNITS: Final = select(
    units.c.id, units.c.code, *(units.c[name] for name in _described), _listed.label("listed")
).where(units.c.code.in_(select(_codes.c.code)))
_sealed = ("name_sealed", "phone_sealed", "phone_index", "email_sealed")
KNOWN_PEOPLE: Final = (
    select(unit_people.c.id, units.c.code, *(unit_people.c[name] for name in _sealed))
    .join(units, units.c.id == unit_people.c.unit_id)
    .where(units.c.code.in_(select(_codes.c.code)))
    .order_by(unit_people.c.id)
)

_now = bindparam("now", type_=UtcDateTime())
_units = given("rows", code=Text(), **dict.fromkeys(_described, Text()))
ADD_UNITS: Final = insert(units).from_select(
    ["code", *_described, "created_at", "changed_at"], select(*_units.c, _now, _now)
)
CHANGE_UNITS: Final = (
    update(units)
    .where(units.c.code == _units.c.code)
    .values({name: _units.c[name] for name in _described} | {"changed_at": _now})
)
_keys = given("rows", key=Text())
ADD_CONTACTS: Final = (
    insert(contacts)
    .from_select(
        ["channel", "account", "sender", "follows", "window_left", "created_at"],
        select(literal(ROSTER), literal(""), _keys.c.key, false(), literal(0), _now),
    )
    .returning(contacts.c.id, contacts.c.sender)
)
_added = given("rows", unit=BigInteger(), contact=BigInteger(), **dict.fromkeys(_sealed, Text()))
ADD_PEOPLE: Final = (
    insert(unit_people)
    .from_select(["unit_id", "contact_id", *_sealed, "changed_at"], select(*_added.c, _now))
    .returning(unit_people.c.id, unit_people.c.contact_id)
)
# whom a roster names is known at its channel by their own number
_named = given("rows", contact=BigInteger(), sender=Text())
NAME_CONTACTS: Final = (
    update(contacts).where(contacts.c.id == _named.c.contact).values(sender=_named.c.sender)
)
_changed = given("rows", person=BigInteger(), **dict.fromkeys(_sealed, Text()))
CHANGE_PEOPLE: Final = (
    update(unit_people)
    .where(unit_people.c.id == _changed.c.person)
    .values({name: _changed.c[name] for name in _sealed} | {"changed_at": _now})
)


@dataclass(frozen=True, slots=True)
class _Known:
    """A person as they are kept, opened."""

    id: int
    listing: Listing


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be kept of a roster."""

    new_units: list[Registration] = field(default_factory=list)
    changed_units: list[Registration] = field(default_factory=list)
    new_people: list[tuple[str, Listing]] = field(default_factory=list)
    changed_people: list[tuple[int, Listing]] = field(default_factory=list)


def take_roster(
    session: Session, *, registrations: Sequence[Registration], now: datetime, keep: bool
) -> tuple[Change, ...]:
    """What a roster changes, and the change itself where it is to be kept. Whom it names no more is shown and
    stays: staff remove people."""
    known_units, known_people = _known(session, registrations)
    changes: list[Change] = []
    plan = _Plan()
    for registration in map(partial(_placed, known_units), registrations):
        before = known_units.get(registration.code)
        differing = list(_unit_changes(registration, before))
        changes += differing
        if differing:
            (plan.changed_units if before else plan.new_units).append(registration)
        for listing, person in _matched(registration.people, known_people.get(registration.code, [])):
            change = _person_change(registration, listing, person)
            changes += [change] if change else []
            if change and listing and person:
                plan.changed_people.append((person.id, listing))
            elif change and listing:
                plan.new_people.append((registration.code, listing))
    if keep and changes:
        _keep_units(session, plan, now)
        _keep_people(session, plan, now)
    return tuple(changes)


def _known(
    session: Session, registrations: Sequence[Registration]
) -> tuple[dict[str, Mapping[str, Any]], dict[str, list[_Known]]]:
    asked = packed((registration.code,) for registration in registrations)
    found = {row["code"]: row for row in session.run(KNOWN_UNITS, codes=asked)}
    opened = session.vault.open
    people: dict[str, list[_Known]] = {}
    for row in session.run(KNOWN_PEOPLE, codes=asked):
        listing = Listing(
            name=opened("unit_people.name_sealed", row["name_sealed"]),
            phone=opened("unit_people.phone_sealed", row["phone_sealed"]),
            email=opened("unit_people.email_sealed", row["email_sealed"]) if row["email_sealed"] else "",
        )
        people.setdefault(row["code"], []).append(_Known(row["id"], listing))
    return found, people


def _placed(known: Mapping[str, Mapping[str, Any]], registration: Registration) -> Registration:
    """With the street that is to be kept: the known one where it says none, or a list of staff's holds the
    unit."""
    before = known.get(registration.code)
    if before and before["street"] and (before["listed"] or not registration.street):
        return replace(registration, street=before["street"])
    return registration


def _unit_changes(registration: Registration, before: Mapping[str, Any] | None) -> Iterable[Change]:
    if before is None:
        yield Change(code=registration.code, unit=registration.name, what=What.NEW_UNIT)
        return
    code, unit = registration.code, registration.name
    for name in _described:
        old, new = before[name], getattr(registration, name)
        if old != new:
            yield Change(code=code, unit=unit, what=What.UNIT, field=name, old=old, new=new)


def _matched(
    listings: Sequence[Listing], known: Sequence[_Known]
) -> Iterable[tuple[Listing | None, _Known | None]]:
    """Each listing with the person whom it means: by phone, else by a name that is one person's alone."""
    by_phone = {person.listing.phone: person for person in known}
    named = {listing.phone for listing in listings}
    left = {person.id: person for person in known if person.listing.phone not in named}
    for listing in listings:
        person = by_phone.get(listing.phone)
        if person is None:
            alike = [one for one in left.values() if one.listing.name == listing.name]
            person = left.pop(alike[0].id) if len(alike) == 1 else None
        yield listing, person
    for person in left.values():
        yield None, person


def _person_change(
    registration: Registration, listing: Listing | None, known: _Known | None
) -> Change | None:
    old, new = known.listing if known else None, listing
    if old == new:
        return None
    what = What.NEW_PERSON
    if new is None:
        what = What.GONE
    elif old is not None:
        what = What.PHONE if old.phone != new.phone else What.PERSON
    return Change(
        code=registration.code,
        unit=registration.name,
        what=what,
        old=_shown(old) if old else "",
        new=_shown(new) if new else "",
    )


def _shown(listing: Listing) -> str:
    email = f" {masked_email(listing.email)}" if listing.email else ""
    return f"{masked_name(listing.name)} {masked_phone(listing.phone)}{email}"


def _keep_units(session: Session, plan: _Plan, now: datetime) -> None:
    for statement, registrations in ((ADD_UNITS, plan.new_units), (CHANGE_UNITS, plan.changed_units)):
        if registrations:
            rows = ((one.code, *(getattr(one, name) for name in _described)) for one in registrations)
            session.run(statement, rows=packed(rows), now=now)


def _keep_people(session: Session, plan: _Plan, now: datetime) -> None:
    if plan.changed_people:
        changed = ((person, *_sealing(session, listing)) for person, listing in plan.changed_people)
        session.run(CHANGE_PEOPLE, rows=packed(changed), now=now)
    if not plan.new_people:
        return
    asked = packed((code,) for code in dict.fromkeys(code for code, _ in plan.new_people))
    ids = {row["code"]: row["id"] for row in session.run(KNOWN_UNITS, codes=asked)}
    sealed = [(ids[code], _sealing(session, listing)) for code, listing in plan.new_people]
    people = {f"{unit}:{values[_sealed.index('phone_index')]}": (unit, values) for unit, values in sealed}
    made = session.run(ADD_CONTACTS, rows=packed((key,) for key in people), now=now)
    rows = ((people[row["sender"]][0], row["id"], *people[row["sender"]][1]) for row in made)
    added = session.run(ADD_PEOPLE, rows=packed(rows), now=now)
    session.run(NAME_CONTACTS, rows=packed((row["contact_id"], str(row["id"])) for row in added))


def _sealing(session: Session, listing: Listing) -> tuple[str, str, str, str | None]:
    """The values of `_sealed`."""
    seal, index = session.vault.seal, session.vault.index
    return (
        seal("unit_people.name_sealed", listing.name),
        seal("unit_people.phone_sealed", listing.phone),
        index("unit_people.phone_index", listing.phone),
        seal("unit_people.email_sealed", listing.email) if listing.email else None,
    )
