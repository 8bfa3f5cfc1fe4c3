"""How staff come in: attempts are counted before they are judged.

An attempt is spent before the password is looked at, so that many at once are not more than one after the
other; success gives it back. A right password alone clears no count where a second factor is asked: else
whoever has the password could guess codes for ever. Times are real time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, bindparam, case, delete, null, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite's compiler reads its ON CONFLICT as well

from store.account import TOTP
from store.columns import MICROSECOND, UtcDateTime
from store.engine import Session
from store.schema import sign_in_addresses, staff

FAILURES: Final = 5
LOCKED: Final = timedelta(minutes=30)
PER_ADDRESS: Final = 20
WINDOW: Final = timedelta(hours=1)
_STEP: Final = WINDOW // PER_ADDRESS
_ADDRESS: Final = "sign_in_addresses.address"

_now = bindparam("now", type_=UtcDateTime)
_step = bindparam("step", type_=BigInteger)
_spent = sign_in_addresses.c.spent_until
_tried = upsert(sign_in_addresses).values(address=bindparam("address"), spent_until=_now + _step)
SPEND: Final = _tried.on_conflict_do_update(
    index_elements=["address"],
    set_={"spent_until": case((_spent > _now, _spent), else_=_now) + _step},
    where=_spent <= bindparam("latest", type_=UtcDateTime),
).returning(sign_in_addresses.c.address)
GIVE_BACK: Final = (
    update(sign_in_addresses)
    .where(sign_in_addresses.c.address == bindparam("of_address"))
    .values(spent_until=_spent - _step)
)
PURGE: Final = delete(sign_in_addresses).where(_spent <= _now).returning(sign_in_addresses.c.address)

_proofs = (
    staff.c.id,
    staff.c.password_hash,
    staff.c.totp_sealed,
    staff.c.totp_step,
    staff.c.recovery,
    staff.c.failures,
    staff.c.locked_until,
    staff.c.disabled_at,
)
BY_LOGIN: Final = select(*_proofs).where(staff.c.login == bindparam("login")).with_for_update()
BY_ID: Final = select(*_proofs).where(staff.c.id == bindparam("staff_id", type_=BigInteger)).with_for_update()
_this = staff.c.id == bindparam("of_staff", type_=BigInteger)
FAILED: Final = (
    update(staff)
    .where(_this)
    .values(
        failures=bindparam("count", type_=BigInteger), locked_until=bindparam("locked", type_=UtcDateTime)
    )
)
PROVED: Final = update(staff).where(_this).values(failures=0, locked_until=null())
SPARED: Final = (
    update(staff)
    .where(_this)
    .values(
        failures=case((staff.c.locked_until.is_not(None), FAILURES), else_=staff.c.failures) - 1,
        locked_until=null(),
    )
)
STEPPED: Final = (
    update(staff)
    .where(_this, staff.c.totp_step < bindparam("step", type_=BigInteger))
    .values(totp_step=bindparam("step", type_=BigInteger))
    .returning(staff.c.id)
)
RECOVERED: Final = update(staff).where(_this).values(recovery=bindparam("left"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A counted attempt: whose it claims to be, and the hash to hold the password against (empty where none
    can succeed). `throttled`: this address has failed too often to be listened to."""

    staff_id: int | None
    password_hash: str
    throttled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """What a second factor is held against: the secret, the last step that was used."""

    secret: str
    step: int


def attempt(session: Session, *, login: str, address: str, now: datetime) -> Attempt:
    """Spend an attempt of this address and of this account, before the password is looked at."""
    index = session.vault.index(_ADDRESS, address)
    step = _STEP // MICROSECOND
    if not session.run(SPEND, address=index, now=now, step=step, latest=now + WINDOW - _STEP):
        return Attempt(staff_id=None, password_hash="", throttled=True)
    found = session.run(BY_LOGIN, login=login)
    if not found:
        return Attempt(staff_id=None, password_hash="")
    counted = _spend(session, found[0], now)
    return Attempt(staff_id=found[0]["id"], password_hash=found[0]["password_hash"] if counted else "")


def attempt_code(session: Session, *, staff_id: int, now: datetime) -> Proofs | None:
    """Spend an attempt at the second factor; None where the account is locked or has none."""
    row = session.run(BY_ID, staff_id=staff_id)[0]
    if row["totp_sealed"] is None or not _spend(session, row, now):
        return None
    return Proofs(secret=session.vault.open(TOTP, row["totp_sealed"]), step=row["totp_step"])


def accept(session: Session, *, staff_id: int, address: str, whole: bool) -> None:
    """The password was right: this attempt counts as no failure. `whole`: nothing more is asked, so that the
    failures before it are forgiven too."""
    session.run(PROVED if whole else SPARED, of_staff=staff_id)
    index = session.vault.index(_ADDRESS, address)
    session.run(GIVE_BACK, of_address=index, step=_STEP // MICROSECOND)


def accept_step(session: Session, *, staff_id: int, step: int) -> bool:
    """Use up the code of a step; False where it, or a later one, has been used."""
    if not session.run(STEPPED, of_staff=staff_id, step=step):
        return False
    session.run(PROVED, of_staff=staff_id)
    return True


def accept_recovery(session: Session, *, staff_id: int, code_hash: str) -> bool:
    """Use up a recovery code; False where it is none."""
    row = session.run(BY_ID, staff_id=staff_id)[0]
    codes = json.loads(row["recovery"])
    if code_hash not in codes:
        return False
    left = json.dumps([code for code in codes if code != code_hash])
    session.run(RECOVERED, of_staff=staff_id, left=left)
    session.run(PROVED, of_staff=staff_id)
    return True


def purge_addresses(session: Session, *, now: datetime) -> int:
    """Forget addresses whose failures are long past."""
    return len(session.run(PURGE, now=now))


def _spend(session: Session, row: Any, now: datetime) -> bool:
    """Count an attempt of the account; False where it is locked or disabled."""
    if row["disabled_at"] is not None or (row["locked_until"] is not None and row["locked_until"] > now):
        return False
    failures = row["failures"] + 1
    locks = failures >= FAILURES
    session.run(
        FAILED, of_staff=row["id"], count=0 if locks else failures, locked=now + LOCKED if locks else None
    )
    return True
