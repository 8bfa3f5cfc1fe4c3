"""Accounts of the console: who they are, what they may see, and by what they prove it.

A change of role, scope, password or second factor ends the account's sessions, but for the one that asks.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, bindparam, null, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite's compiler reads its ON CONFLICT as well

from store.account import PHONE, TOTP, account
from store.columns import fixed
from store.engine import Session
from store.records import Role, Staff
from store.schema import staff as staff_table
from store.scope import Scope, within
from store.staff_sessions import revoke_sessions

_account = tuple(
    column for column in staff_table.c if column.name not in ("password_hash", "totp_step", "failures")
)
_inside = within(staff_table.c.city)
LIST: Final = (
    select(*_account).where(_inside).order_by(staff_table.c.disabled_at.is_not(None), staff_table.c.login)
)
GET: Final = select(*_account).where(_inside, staff_table.c.id == bindparam("staff_id", type_=BigInteger))
NAMED: Final = select(*_account).where(staff_table.c.login == bindparam("login"))
_new = insert(staff_table).values(
    {
        c: bindparam(c.name)
        for c in staff_table.c
        if c.name not in ("id", "totp_sealed", "locked_until", "disabled_at")
    }
)
ADD: Final = _new.on_conflict_do_nothing(index_elements=["login"]).returning(staff_table.c.id)
ADMINISTRATORS: Final = (
    select(staff_table.c.id, staff_table.c.city)
    .where(staff_table.c.role == fixed(Role.ADMIN), staff_table.c.disabled_at.is_(None))
    .order_by(staff_table.c.id)
    .with_for_update()
)


def _change(*names: str, **fixed_values: Any) -> Any:
    values = {name: bindparam(name, type_=staff_table.c[name].type) for name in names}
    return (
        update(staff_table)
        .where(staff_table.c.id == bindparam("of_staff", type_=BigInteger))
        .values({**values, **fixed_values})
    )


CHANGE: Final = _change("name", "role", "city", "districts")
DISABLE: Final = _change("disabled_at")
CHANGE_SELF: Final = _change("name", "phone_sealed")
PASSWORD: Final = _change("password_hash", "password_due", failures=0, locked_until=null())
GUARD: Final = _change("totp_sealed", "totp_step", "recovery")
UNLOCK: Final = _change(failures=0, locked_until=null())


class LoginTaken(Exception):
    """Another account has this login."""


class LastAdministrator(Exception):
    """Nobody would be left who could administer this city."""


def staff_list(session: Session, *, scope: Scope) -> tuple[Staff, ...]:
    """The accounts of a city (of all for who sees every city), those in use first."""
    return tuple(account(session, row) for row in session.run(LIST, **scope.values))


def staff_member(session: Session, *, scope: Scope, staff_id: int) -> Staff | None:
    """One account, if it is inside the scope."""
    found = session.run(GET, **scope.values, staff_id=staff_id)
    return account(session, found[0]) if found else None


def staff_named(session: Session, *, login: str) -> Staff | None:
    """The account with this login."""
    found = session.run(NAMED, login=login)
    return account(session, found[0]) if found else None


def add_staff(
    session: Session,
    *,
    login: str,
    name: str,
    phone: str,
    role: Role,
    scope: Scope,
    password_hash: str,
    password_due: bool,
    now: datetime,
) -> int:
    """A new account's id; `password_due` makes its owner choose another password first. Raises LoginTaken."""
    added = session.run(
        ADD,
        login=login,
        name=name,
        phone_sealed=_sealed(session, phone),
        role=role,
        city=scope.city,
        districts=_districts(scope),
        password_hash=password_hash,
        password_due=password_due,
        totp_step=0,
        recovery="[]",
        failures=0,
        created_at=now,
    )
    if not added:
        raise LoginTaken(login)
    staff_id: int = added[0]["id"]
    return staff_id


def change_staff(
    session: Session, *, staff_id: int, name: str, role: Role, scope: Scope, now: datetime
) -> None:
    """Another name, role or scope. Raises LastAdministrator."""
    if role is not Role.ADMIN or scope.city:
        _keep_one_administrator(session, staff_id, left=scope.city if role is Role.ADMIN else None)
    session.run(CHANGE, of_staff=staff_id, name=name, role=role, city=scope.city, districts=_districts(scope))
    revoke_sessions(session, staff_id=staff_id, now=now)


def disable_staff(session: Session, *, staff_id: int, now: datetime) -> None:
    """Lets nobody sign in as this account any more. Raises LastAdministrator."""
    _keep_one_administrator(session, staff_id)
    session.run(DISABLE, of_staff=staff_id, disabled_at=now)
    revoke_sessions(session, staff_id=staff_id, now=now)


def enable_staff(session: Session, *, staff_id: int) -> None:
    """Lets a disabled account sign in again."""
    session.run(DISABLE, of_staff=staff_id, disabled_at=None)


def change_self(session: Session, *, staff_id: int, name: str, phone: str) -> None:
    """What an account says of its owner."""
    session.run(CHANGE_SELF, of_staff=staff_id, name=name, phone_sealed=_sealed(session, phone))


def set_password(
    session: Session, *, staff_id: int, password_hash: str, due: bool, now: datetime, keep: str = ""
) -> None:
    """Another password, and no lock; every session ends but `keep`."""
    session.run(PASSWORD, of_staff=staff_id, password_hash=password_hash, password_due=due)
    revoke_sessions(session, staff_id=staff_id, now=now, keep=keep)


def guard(
    session: Session,
    *,
    staff_id: int,
    secret: str,
    step: int,
    recovery: Sequence[str],
    now: datetime,
    keep: str,
) -> None:
    """Enrol a second factor: its secret, the step of the code that proved it, hashes of recovery codes."""
    session.run(
        GUARD,
        of_staff=staff_id,
        totp_sealed=session.vault.seal(TOTP, secret),
        totp_step=step,
        recovery=json.dumps(list(recovery)),
    )
    revoke_sessions(session, staff_id=staff_id, now=now, keep=keep)


def unguard(session: Session, *, staff_id: int, now: datetime) -> None:
    """Forget the second factor of one who has lost it."""
    session.run(GUARD, of_staff=staff_id, totp_sealed=None, totp_step=0, recovery="[]")
    revoke_sessions(session, staff_id=staff_id, now=now)


def unlock(session: Session, *, staff_id: int) -> None:
    """Let an account try again that failed too often."""
    session.run(UNLOCK, of_staff=staff_id)


def _keep_one_administrator(session: Session, staff_id: int, left: str | None = None) -> None:
    """Raises LastAdministrator where this account alone administers its city; `left` is the city that it
    would still administer. The rows are locked, so that two who dismiss each other do not both succeed."""
    rows = {row["id"]: row["city"] for row in session.run(ADMINISTRATORS)}
    if staff_id not in rows:
        return
    city = rows.pop(staff_id)
    if left != city and not any(other in ("", city) for other in rows.values()):
        raise LastAdministrator


def _sealed(session: Session, phone: str) -> str | None:
    return session.vault.seal(PHONE, phone) if phone else None


def _districts(scope: Scope) -> str:
    return json.dumps(scope.districts, ensure_ascii=False)
