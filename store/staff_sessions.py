"""Sessions of the console: a cookie's value is known by its hash, may be revoked, and ends by itself.

Times are real time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, bindparam, delete, func, insert, null, select, update

from store.account import account
from store.columns import UtcDateTime
from store.engine import Session
from store.records import Signed, StaffSession
from store.schema import staff, staff_sessions

IDLE: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=12)
_SEEN_AGAIN: Final = timedelta(minutes=1)
"""How old `seen_at` may be before it is written anew."""
_OFFERED: Final = "staff_sessions.offered"

_now = bindparam("now", type_=UtcDateTime)
_session = (
    staff_sessions.c.id_hash,
    staff_sessions.c.created_at,
    staff_sessions.c.seen_at,
    staff_sessions.c.expires_at,
)
_alive = (
    staff_sessions.c.revoked_at.is_(None),
    staff_sessions.c.expires_at > _now,
    staff_sessions.c.seen_at > bindparam("seen_after", type_=UtcDateTime),
)
_which = staff_sessions.c.id_hash == bindparam("of_session")
OPEN: Final = insert(staff_sessions).values(
    {
        column: bindparam(column.name)
        for column in staff_sessions.c
        if column.name not in ("second_at", "offered_sealed", "revoked_at")
    }
)
RENEW: Final = (
    update(staff_sessions)
    .where(_which, staff_sessions.c.revoked_at.is_(None))
    .values(
        id_hash=bindparam("new_hash"),
        second_at=func.coalesce(bindparam("second", type_=UtcDateTime), staff_sessions.c.second_at),
        offered_sealed=null(),
    )
)
OFFER: Final = update(staff_sessions).where(_which).values(offered_sealed=bindparam("offered"))
SIGNED: Final = (
    select(
        *_session,
        staff_sessions.c.second_at,
        staff_sessions.c.offered_sealed,
        staff_sessions.c.staff_id,
        *(
            column.label(f"staff_{column.name}")
            for column in staff.c
            if column.name not in ("id", "password_hash", "totp_step", "failures")
        ),
    )
    .select_from(staff_sessions.join(staff, staff.c.id == staff_sessions.c.staff_id))
    .where(_which, *_alive, staff.c.disabled_at.is_(None))
)
SEE: Final = update(staff_sessions).where(_which).values(seen_at=bindparam("seen", type_=UtcDateTime))
SESSIONS: Final = (
    select(*_session, staff_sessions.c.address)
    .where(staff_sessions.c.staff_id == bindparam("staff_id", type_=BigInteger), *_alive)
    .order_by(staff_sessions.c.seen_at.desc())
)
_of_staff = staff_sessions.c.staff_id == bindparam("of_staff", type_=BigInteger)
_open = staff_sessions.c.revoked_at.is_(None)
_ended = {"revoked_at": _now}
REVOKE: Final = (
    update(staff_sessions).where(_of_staff, _open, _which).values(_ended).returning(staff_sessions.c.id_hash)
)
REVOKE_ALL: Final = (
    update(staff_sessions)
    .where(_of_staff, _open, staff_sessions.c.id_hash != bindparam("keep"))
    .values(_ended)
    .returning(staff_sessions.c.id_hash)
)
PURGE: Final = (
    delete(staff_sessions).where(staff_sessions.c.expires_at <= _now).returning(staff_sessions.c.id_hash)
)


def open_session(session: Session, *, id_hash: str, staff_id: int, address: str, now: datetime) -> None:
    """Begin a session; `address` is masked already."""
    session.run(
        OPEN,
        id_hash=id_hash,
        staff_id=staff_id,
        created_at=now,
        seen_at=now,
        expires_at=now + LONGEST,
        address=address,
    )


def renew_session(
    session: Session, *, id_hash: str, new_hash: str, second_at: datetime | None = None
) -> None:
    """Give a session another id, so that whoever knew the old one knows nothing."""
    session.run(RENEW, of_session=id_hash, new_hash=new_hash, second=second_at)


def offer(session: Session, *, id_hash: str, secret: str) -> None:
    """Keep the secret that is shown to this session, until a code proves it."""
    session.run(OFFER, of_session=id_hash, offered=session.vault.seal(_OFFERED, secret))


def signed(session: Session, *, id_hash: str, now: datetime) -> Signed | None:
    """The session with its account as it is now; None once it has ended, been revoked or been idle."""
    found = session.run(SIGNED, of_session=id_hash, now=now, seen_after=now - IDLE)
    if not found:
        return None
    row = found[0]
    if now - row["seen_at"] >= _SEEN_AGAIN:
        session.run(SEE, of_session=id_hash, seen=now)
    fields = {name.removeprefix("staff_"): value for name, value in row.items() if name.startswith("staff_")}
    offered = row["offered_sealed"]
    return Signed(
        id_hash=id_hash,
        staff=account(session, fields),
        created_at=row["created_at"],
        seen_at=row["seen_at"],
        expires_at=row["expires_at"],
        second_at=row["second_at"],
        offered=session.vault.open(_OFFERED, offered) if offered else "",
    )


def sessions_of(session: Session, *, staff_id: int, now: datetime) -> tuple[StaffSession, ...]:
    """An account's sessions, the one used last first."""
    rows = session.run(SESSIONS, staff_id=staff_id, now=now, seen_after=now - IDLE)
    return tuple(StaffSession(**row) for row in rows)


def revoke_session(session: Session, *, staff_id: int, id_hash: str, now: datetime) -> bool:
    """End a session of this account at once; False where it has none such."""
    return bool(session.run(REVOKE, of_staff=staff_id, of_session=id_hash, now=now))


def revoke_sessions(session: Session, *, staff_id: int, now: datetime, keep: str = "") -> int:
    """End every session of an account but `keep`."""
    return len(session.run(REVOKE_ALL, of_staff=staff_id, keep=keep, now=now))


def purge_sessions(session: Session, *, now: datetime) -> int:
    """Delete sessions that have ended."""
    return len(session.run(PURGE, now=now))
