"""How a contact comes to a seat: by what the roster has, by a one-time code, or by staff.

A unit's row is locked before its seats are judged, so that of two persons who claim the same at once one
is second. What is tried and fails is counted against the contact and against the unit (`store.guessing`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Text, bindparam, insert, null, or_, select, update

from store import codes, guessing
from store.engine import Session
from store.masks import masked_phone
from store.records import CodePurpose, SeatState
from store.schema import seat_requests, seats, unit_people, units
from store.seats import CONFIRM, LOCK_UNIT_ID, Held, at, end, place_of_unit, sit, tell


class Outcome(StrEnum):
    """What came of an attempt to get a seat."""

    BOUND = "bound"
    OFFERED = "offered"
    ALREADY = "already"
    WAITING = "waiting"
    WRONG = "wrong"
    PAUSED = "paused"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of an attempt: the seat where there is one, `until` when nothing more is looked at, `name` of
    the unit that a code is for, `giver` the contact whose seat a hand-over has ended."""

    outcome: Outcome
    held: Held | None = None
    until: datetime | None = None
    name: str = ""
    giver: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A binding that waits for staff: what was claimed, the phone masked; `unit` is None where none has the
    code."""

    id: int
    contact: int
    unit: int | None
    name: str
    city: str
    district: str
    code: str
    phone: str
    asked_at: datetime


LOCK_UNIT: Final = select(*place_of_unit).where(units.c.code == bindparam("of_code")).with_for_update()
# The roster's person of a phone, unless somebody sits there for them already.
FREE_PERSON: Final = (
    select(unit_people.c.id)
    .outerjoin(seats, (seats.c.person_id == unit_people.c.id) & seats.c.ended_at.is_(None))
    .where(
        unit_people.c.unit_id == bindparam("of_unit"),
        unit_people.c.phone_index == bindparam("by_phone"),
        seats.c.id.is_(None),
    )
)
_asked = seat_requests.c.contact_id == bindparam("of_contact"), seat_requests.c.decided_at.is_(None)
RENEW: Final = (
    update(seat_requests)
    .where(*_asked)
    .values(unit_id=bindparam("for_unit"), claim_sealed=bindparam("claim"), asked_at=bindparam("now"))
    .returning(seat_requests.c.id)
)
REQUEST: Final = (
    insert(seat_requests)
    .values(
        contact_id=bindparam("contact_id"),
        unit_id=bindparam("unit_id"),
        claim_sealed=bindparam("claim_sealed"),
        asked_at=bindparam("asked_at"),
    )
    .returning(seat_requests.c.id)
)
_place = bindparam("in_city", type_=Text)
REQUESTS: Final = (
    select(
        seat_requests.c.id,
        seat_requests.c.contact_id,
        seat_requests.c.unit_id,
        seat_requests.c.claim_sealed,
        seat_requests.c.asked_at,
        units.c.name,
        units.c.city,
        units.c.district,
    )
    .outerjoin(units, units.c.id == seat_requests.c.unit_id)
    .where(seat_requests.c.decided_at.is_(None), or_(_place == "", units.c.city == _place))
    .order_by(seat_requests.c.asked_at, seat_requests.c.id)
    .limit(bindparam("limit"))
)
DECIDE: Final = (
    update(seat_requests)
    .where(seat_requests.c.id == bindparam("request_id"), seat_requests.c.decided_at.is_(None))
    .values(decided_at=bindparam("now"), decision=bindparam("said"), claim_sealed=null())
    .returning(seat_requests.c.contact_id, seat_requests.c.unit_id)
)
WITHDRAW: Final = (
    update(seat_requests)
    .where(*_asked)
    .values(decided_at=bindparam("now"), decision="bound", claim_sealed=null())
)


def claim(session: Session, *, contact: int, code: str, phone: str, now: datetime) -> Tried:
    """Bind by what the roster has: a match sits provisionally, all else waits for staff, and nothing tells
    what was wrong. `phone` is digits alone."""
    until = guessing.paused_until(session, subject=codes.by_contact(contact), now=now)
    if until is not None:
        return Tried(outcome=Outcome.PAUSED, until=until)
    found = session.run(LOCK_UNIT, of_code=code)
    unit = found[0] if found else None
    if unit and (held := at(session, contact, unit["id"])):
        return Tried(outcome=Outcome.ALREADY, held=held)
    index = session.vault.index("unit_people.phone_index", phone)
    free = session.run(FREE_PERSON, of_unit=unit["id"], by_phone=index) if unit else ()
    guessed = _guessed(session, code)
    if unit and free and guessing.paused_until(session, subject=guessed, now=now) is None:
        held = _seated(session, contact, unit, how="roster", now=now, person=free[0]["id"], confirmed=False)
        tell(session, "seat_provisional", unit, f"{held.seat}", now, seat=held.seat)
        return Tried(outcome=Outcome.BOUND, held=held)
    if not free:
        _count(session, contact, guessed, unit, now)
    _ask_staff(session, contact, unit, {"code": code, "phone": phone}, now)
    return Tried(outcome=Outcome.WAITING)


def offer(session: Session, *, contact: int, code_hash: str, now: datetime, counts: bool) -> Tried:
    """What a one-time code would give, without using it; a wrong one is a failure where it `counts`."""
    until = guessing.paused_until(session, subject=codes.by_contact(contact), now=now)
    if until is not None:
        return Tried(outcome=Outcome.PAUSED, until=until)
    code = codes.look(session, code_hash=code_hash, now=now)
    if code is None:
        if counts:
            _count(session, contact, None, None, now)
        return Tried(outcome=Outcome.WRONG)
    if code.purpose is CodePurpose.PROGRESS:
        return Tried(outcome=Outcome.ELSEWHERE)
    (unit,) = session.run(LOCK_UNIT_ID, of_unit=code.unit_id)
    held = at(session, contact, code.unit_id)
    if held and (held.state is SeatState.CONFIRMED):
        return Tried(outcome=Outcome.ALREADY, held=held)
    return Tried(outcome=Outcome.OFFERED, name=unit["name"])


def redeem(session: Session, *, contact: int, code_hash: str, now: datetime) -> Tried:
    """Use a one-time code: a confirmed seat, and the end of the giver's where it hands over."""
    tried = offer(session, contact=contact, code_hash=code_hash, now=now, counts=True)
    if tried.outcome is not Outcome.OFFERED:
        return tried
    code = codes.use(session, code_hash=code_hash, contact=contact, now=now)
    if code is None:
        return Tried(outcome=Outcome.WRONG)
    (unit,) = session.run(LOCK_UNIT_ID, of_unit=code.unit_id)
    held = at(session, contact, code.unit_id)
    if held:
        session.run(CONFIRM, seat_id=held.seat, now=now)
    else:
        how, person = str(code.purpose), code.person_id
        held = _seated(session, contact, unit, how=how, now=now, person=person)
    giver = _hand_over(session, code, now) if code.purpose is CodePurpose.HAND_OVER else 0
    held = at(session, contact, code.unit_id)
    return Tried(outcome=Outcome.BOUND, held=held, giver=giver)


def requests(session: Session, *, city: str = "", limit: int = 100) -> tuple[Request, ...]:
    """Bindings that wait for staff, oldest first; where no city is named, of all and of no known unit."""
    found = []
    for row in session.run(REQUESTS, in_city=city, limit=limit):
        said = json.loads(session.vault.open("seat_requests.claim_sealed", row["claim_sealed"]))
        found.append(
            Request(
                id=row["id"],
                contact=row["contact_id"],
                unit=row["unit_id"],
                name=row["name"] or "",
                city=row["city"] or "",
                district=row["district"] or "",
                code=said["code"],
                phone=masked_phone(said["phone"]),
                asked_at=row["asked_at"],
            )
        )
    return tuple(found)


def decide(
    session: Session, *, request: int, unit: int | None, now: datetime
) -> tuple[int, Held | None] | None:
    """Staff's answer to a request: a confirmed seat of `unit`, or none. Gives the contact who asked and
    their seat; None where the request does not wait."""
    decided = session.run(DECIDE, request_id=request, now=now, said="refused" if unit is None else "granted")
    if not decided:
        return None
    contact: int = decided[0]["contact_id"]
    if unit is None:
        return contact, None
    (found,) = session.run(LOCK_UNIT_ID, of_unit=unit)
    held = at(session, contact, unit)
    if held is None:
        held = _seated(session, contact, found, how="request", now=now)
    else:
        session.run(CONFIRM, seat_id=held.seat, now=now)
    return contact, at(session, contact, unit)


def _seated(
    session: Session,
    contact: int,
    unit: Mapping[str, Any],
    *,
    how: str,
    now: datetime,
    person: int | None = None,
    confirmed: bool = True,
) -> Held:
    """A new seat: what failed before is forgotten, and what waited for staff does so no more."""
    held = sit(session, contact, unit["id"], how=how, now=now, person=person, confirmed=confirmed)
    guessing.clear(session, subject=codes.by_contact(contact))
    session.run(WITHDRAW, of_contact=contact, now=now)
    return held


def _hand_over(session: Session, code: codes.Code, now: datetime) -> int:
    """End the seat of whoever gave the code, and say who that was."""
    giver = int(code.issued_by.partition(":")[2])
    held = at(session, giver, code.unit_id)
    if held is None:
        return 0
    end(session, seat_id=held.seat, by=str(CodePurpose.HAND_OVER), now=now)
    return giver


def _count(
    session: Session, contact: int, guessed: str | None, unit: Mapping[str, Any] | None, now: datetime
) -> None:
    """One more failure of the contact, and against the unit; staff hear of each that begins a pause."""
    for subject in filter(None, (codes.by_contact(contact), guessed)):
        count = guessing.failed(session, subject=subject, now=now)
        if count >= guessing.FREE:
            tell(session, "guessing", unit, f"{subject}:{now.isoformat()}", now, tries=count)


def _ask_staff(
    session: Session, contact: int, unit: Mapping[str, Any] | None, said: Mapping[str, str], now: datetime
) -> None:
    """One request of a contact waits at a time: the latest."""
    unit_id = unit["id"] if unit else None
    sealed = session.vault.seal("seat_requests.claim_sealed", json.dumps(dict(said)))
    kept = session.run(RENEW, of_contact=contact, for_unit=unit_id, claim=sealed, now=now) or session.run(
        REQUEST, contact_id=contact, unit_id=unit_id, claim_sealed=sealed, asked_at=now
    )
    tell(session, "seat_request", unit, f"{kept[0]['id']}", now, request=kept[0]["id"])


def _guessed(session: Session, code: str) -> str:
    """Against which unit something was tried, whether there is such a unit or not."""
    return f"unit:{session.vault.index('failures.subject', code)}"
