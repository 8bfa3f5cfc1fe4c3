"""What one person may see and say of applications: a unit's contact of all of the unit's, a candidate of the
own, shown by a one-time code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import bindparam, select, update

from store import applications, codes, desk, guessing, seats
from store.applications import Application
from store.engine import Session
from store.records import CodePurpose, SeatState
from store.schema import applications as table
from store.schema import returns

CODE_HOLDS: Final = timedelta(days=7)

PLACE: Final = select(table.c.id, table.c.unit_id).where(table.c.id == bindparam("of_application"))
MEND: Final = (
    update(returns)
    .where(
        returns.c.id == bindparam("of_return"), returns.c.closed_at.is_(None), returns.c.mended_at.is_(None)
    )
    .values(mended_at=bindparam("now"))
    .returning(returns.c.application_id)
)
BIND: Final = (
    update(table).where(table.c.id == bindparam("of_application")).values(contact_id=bindparam("to_contact"))
)


class Redeemed(StrEnum):
    """What came of a code."""

    OFFERED = "offered"
    BOUND = "bound"
    WRONG = "wrong"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaking:
    """A unit that a contact speaks for, with its applications where the seat is confirmed."""

    name: str
    confirmed: bool
    applications: tuple[Application, ...]


def units(session: Session, *, contact: int) -> tuple[Speaking, ...]:
    """The units of a contact's seats, the oldest seat first."""
    return tuple(
        Speaking(
            name=held.name,
            confirmed=held.state is SeatState.CONFIRMED,
            applications=applications.of_unit(session, unit=held.unit)
            if held.state is SeatState.CONFIRMED
            else (),
        )
        for held in seats.mine(session, contact=contact)
    )


def mend(session: Session, *, contact: int, return_id: int, now: datetime) -> bool:
    """Somebody who may see a return says that it is mended: staff of the place hear of it, and nobody is
    reminded any more."""
    seen = {one.return_id: one for one in _visible(session, contact)}
    if return_id not in seen or not session.run(MEND, of_return=return_id, now=now):
        return False
    one = seen[return_id]
    desk.note(
        session,
        kind="return_mended",
        city=one.city,
        district=one.district,
        content={"application": one.id, "unit": one.unit_id, "notice": one.notice},
        dedupe_key=f"return_mended:{return_id}",
        now=now,
    )
    return True


def issue(session: Session, *, application: int, issued_by: str, now: datetime) -> str:
    """A code for the candidate of an application; empty where it is not known to be of any unit."""
    found = session.run(PLACE, of_application=application)
    if not found or found[0]["unit_id"] is None:
        return ""
    return codes.issue(
        session,
        purpose=CodePurpose.PROGRESS,
        unit=found[0]["unit_id"],
        application=application,
        issued_by=issued_by,
        now=now,
        span=CODE_HOLDS,
    )


def issue_by(session: Session, *, contact: int, application: int, now: datetime) -> str:
    """The same by a contact; empty where it is none of a unit that they have a confirmed seat of."""
    own = {one.id for unit in units(session, contact=contact) for one in unit.applications}
    by = codes.by_contact(contact)
    return issue(session, application=application, issued_by=by, now=now) if application in own else ""


def look(session: Session, *, contact: int, code_hash: str, counts: bool, now: datetime) -> Redeemed:
    """What a code would come to, without using it. A wrong one is a failure where it `counts`; none is looked
    at while the contact is paused for failures."""
    subject = codes.by_contact(contact)
    if guessing.paused_until(session, subject=subject, now=now) is not None:
        return Redeemed.PAUSED
    found = codes.look(session, code_hash=code_hash, now=now)
    if found and found.purpose is CodePurpose.PROGRESS:
        return Redeemed.OFFERED
    if counts:
        guessing.failed(session, subject=subject, now=now)
    return Redeemed.WRONG


def redeem(session: Session, *, contact: int, code_hash: str, now: datetime) -> Redeemed:
    """Bind a candidate's contact by a code."""
    looked = look(session, contact=contact, code_hash=code_hash, counts=True, now=now)
    if looked is not Redeemed.OFFERED:
        return looked
    used = codes.use(session, code_hash=code_hash, contact=contact, now=now)
    if used is None or used.application_id is None:
        return Redeemed.WRONG
    session.run(BIND, of_application=used.application_id, to_contact=contact)
    return Redeemed.BOUND


def _visible(session: Session, contact: int) -> tuple[Application, ...]:
    every = (one for unit in units(session, contact=contact) for one in unit.applications)
    return (*every, *applications.of_person(session, contact=contact))
