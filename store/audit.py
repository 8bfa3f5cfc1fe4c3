"""What staff did, in a log that shows when it was tampered with.

Each entry is bound to the one before by a keyed hash, so that whoever writes to the database without
`JIANGWEN_DATA_KEY` can neither change, insert, reorder nor remove one; `audit_head` holds how many there
are, so that none is cut off at the end. What stood before and after is sealed apart with a salt, and only its
hash stands in the chain: it may be erased, and afterwards nobody can guess it from the hash.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Text, and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite's compiler reads its ON CONFLICT as well

from store.columns import EPOCH, MICROSECOND, UtcDateTime
from store.engine import Session
from store.records import Actor, AuditEntry
from store.schema import audit, audit_head, audit_values, staff
from store.scope import Scope, within
from store.vault import KeyMissing

_CHAINED: Final = (
    "id",
    "at",
    "staff_id",
    "role",
    "address",
    "action",
    "object",
    "before_hash",
    "after_hash",
    "previous",
)
_SALT_BYTES: Final = 16

_first = upsert(audit_head).values(id=1, number=1, hash="", seal="")
NEXT: Final = _first.on_conflict_do_update(
    index_elements=["id"], set_={"number": audit_head.c.number + 1}
).returning(audit_head.c.number, audit_head.c.hash)
END: Final = update(audit_head).values(hash=bindparam("last"), seal=bindparam("sealed"))
HEAD: Final = select(audit_head.c.number, audit_head.c.hash, audit_head.c.seal)
ANYBODY: Final = select(staff.c.id).limit(1)
WRITE: Final = insert(audit).values({column: bindparam(column.name) for column in audit.c})
KEEP: Final = insert(audit_values).values({column: bindparam(column.name) for column in audit_values.c})
ERASE: Final = (
    delete(audit_values)
    .where(audit_values.c.audit_id.in_(select(audit.c.id).where(audit.c.object == bindparam("of_object"))))
    .returning(audit_values.c.audit_id)
)

_before = audit_values.alias("before")
_after = audit_values.alias("after")
_place = func.coalesce(staff.c.city, "")


def _given(name: str, kind: Any) -> Any:
    return bindparam(name, type_=kind)


READ: Final = (
    select(
        audit.c.id,
        audit.c.at,
        audit.c.staff_id,
        func.coalesce(staff.c.login, "").label("login"),
        audit.c.role,
        audit.c.address,
        audit.c.action,
        audit.c.object,
        _before.c.sealed.label("before"),
        _after.c.sealed.label("after"),
    )
    .select_from(
        audit.outerjoin(staff, staff.c.id == audit.c.staff_id)
        .outerjoin(_before, and_(_before.c.audit_id == audit.c.id, _before.c.part == "before"))
        .outerjoin(_after, and_(_after.c.audit_id == audit.c.id, _after.c.part == "after"))
    )
    .where(
        within(_place),
        audit.c.id < _given("below", BigInteger),
        audit.c.at >= _given("since", UtcDateTime),
        audit.c.at < _given("until", UtcDateTime),
        or_(_given("of_login", Text) == "", staff.c.login == _given("of_login", Text)),
        or_(_given("of_action", Text) == "", audit.c.action == _given("of_action", Text)),
        or_(_given("of_object", Text) == "", audit.c.object == _given("of_object", Text)),
    )
    .order_by(audit.c.id.desc())
    .limit(bindparam("limit"))
)
CHAIN: Final = (
    select(*(audit.c[name] for name in _CHAINED), audit.c.hash)
    .where(audit.c.id > bindparam("after_id"))
    .order_by(audit.c.id)
    .limit(bindparam("limit"))
)
VALUES: Final = (
    select(audit_values)
    .where(audit_values.c.audit_id > bindparam("after_id"), audit_values.c.audit_id <= bindparam("until_id"))
    .order_by(audit_values.c.audit_id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """What to read; empty texts stand for all."""

    since: datetime
    until: datetime
    login: str = ""
    action: str = ""
    object: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A checked part of the chain: up to which entry, with which hash, and the entry where it breaks."""

    upto: int
    hash: str
    broken_at: int | None
    whole: bool


START: Final = Stretch(upto=0, hash="", broken_at=None, whole=False)


def record(
    session: Session,
    *,
    actor: Actor,
    at: datetime,
    action: str,
    object: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> int:
    """Note an act in the transaction that does it, and give the entry's number.

    `object` names what was acted on (`staff:7`); personal values belong into `before` and `after` alone.
    """
    head = session.run(NEXT)[0]
    salted = {part: _salted(value) for part, value in (("before", before), ("after", after)) if value}
    entry: dict[str, Any] = {
        "id": head["number"],
        "at": at,
        "staff_id": actor.staff_id,
        "role": actor.role,
        "address": actor.address,
        "action": action,
        "object": object,
        "before_hash": _fingerprint(salted.get("before", "")),
        "after_hash": _fingerprint(salted.get("after", "")),
        "previous": head["hash"],
    }
    entry["hash"] = _hash(session, entry)
    session.run(WRITE, **entry)
    for part, text in salted.items():
        session.run(KEEP, audit_id=entry["id"], part=part, sealed=session.vault.seal(_column(part), text))
    session.run(END, last=entry["hash"], sealed=_seal(session, entry["id"], entry["hash"]))
    number: int = entry["id"]
    return number


def erase_recorded(session: Session, *, object: str) -> int:
    """Erase what was noted of an object before and after each act; the acts stay."""
    return len(session.run(ERASE, of_object=object))


def recorded(
    session: Session, *, scope: Scope, of: AuditFilter, below: int = (1 << 62), limit: int = 50
) -> tuple[AuditEntry, ...]:
    """Acts of staff of this scope's city, newest first; those of nobody known only to who sees every city."""
    rows = session.run(
        READ,
        **scope.values,
        below=below,
        since=of.since,
        until=of.until,
        of_login=of.login,
        of_action=of.action,
        of_object=of.object,
        limit=limit,
    )
    opened = (
        {**row, **{part: _opened(session, part, row[part]) for part in ("before", "after")}} for row in rows
    )
    return tuple(AuditEntry(**row) for row in opened)


def verify(session: Session, *, done: Stretch = START, limit: int = 1000) -> Stretch:
    """Check the next `limit` entries after `done`; call again until it is `whole` or broken."""
    rows = session.run(CHAIN, after_id=done.upto, limit=limit)
    upto, last = done.upto, done.hash
    values: dict[tuple[int, str], str] = {
        (row["audit_id"], row["part"]): row["sealed"]
        for row in session.run(VALUES, after_id=upto, until_id=rows[-1]["id"] if rows else upto)
    }
    for row in rows:
        sound = (row["id"], row["previous"], row["hash"]) == (upto + 1, last, _hash(session, row))
        if not sound or not all(_kept(session, row, part, values) for part in ("before", "after")):
            return Stretch(upto=upto, hash=last, broken_at=upto + 1, whole=False)
        upto, last = row["id"], row["hash"]
    if len(rows) == limit:
        return Stretch(upto=upto, hash=last, broken_at=None, whole=False)
    return _ended(session, upto, last)


def _ended(session: Session, upto: int, last: str) -> Stretch:
    """Whether the chain ends where its head says, and nobody else wrote that head; the first account was
    recorded, so that only where there is none the log may be empty."""
    head = session.run(HEAD)
    if head:
        sound = tuple(head[0].values()) == (upto, last, _seal(session, upto, last))
    else:
        sound = not upto and not session.run(ANYBODY)
    return Stretch(upto=upto, hash=last, broken_at=None if sound else upto + 1, whole=sound)


def _kept(session: Session, row: Mapping[str, Any], part: str, values: Mapping[tuple[int, str], str]) -> bool:
    """Whether what was noted beside an entry is still what its hash says; what was erased is no fault."""
    sealed = values.get((row["id"], part))
    if sealed is None:
        return True
    try:
        noted = _fingerprint(session.vault.open(_column(part), sealed))
    except KeyMissing:
        return False
    return bool(noted == row[f"{part}_hash"])


def _salted(value: Mapping[str, Any]) -> str:
    body = {"salt": secrets.token_hex(_SALT_BYTES), "value": value}
    return json.dumps(body, ensure_ascii=False, sort_keys=True)


def _opened(session: Session, part: str, sealed: str | None) -> Mapping[str, Any] | None:
    """What was noted, as far as it can still be read; what was tampered with is for `verify` to say."""
    if sealed is None:
        return None
    try:
        value: Mapping[str, Any] = json.loads(session.vault.open(_column(part), sealed))["value"]
    except KeyMissing:
        return None
    return value


def _fingerprint(salted: str) -> str:
    return hashlib.sha256(salted.encode()).hexdigest() if salted else ""


def _hash(session: Session, entry: Mapping[str, Any]) -> str:
    parts = [entry[name] for name in _CHAINED]
    parts[1] = (entry["at"] - EPOCH) // MICROSECOND
    return session.vault.index("audit.hash", json.dumps(parts, ensure_ascii=False))


def _seal(session: Session, number: int, last: str) -> str:
    return session.vault.index("audit_head.seal", f"{number} {last}")


def _column(part: str) -> str:
    return f"audit_values.{part}"
