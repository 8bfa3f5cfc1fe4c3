"""One-time codes: known by their hash alone, for a purpose, until they are used, revoked or expire."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, update

from store.engine import Session
from store.records import CodePurpose
from store.schema import codes

# 39 random bits in signs that nobody takes for one another
LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
ALPHABET: Final = "23456789" + LETTERS
LENGTH: Final = 8

ISSUE: Final = insert(codes).values(
    {column: bindparam(column.name) for column in codes.c if column.name not in ("used_at", "used_by")}
)
_open = (codes.c.code_hash == bindparam("hashed"), codes.c.used_at.is_(None))
_fields = (
    codes.c.code_hash,
    codes.c.purpose,
    codes.c.unit_id,
    codes.c.application_id,
    codes.c.person_id,
    codes.c.issued_by,
    codes.c.expires_at,
)
LOOK: Final = select(*_fields).where(*_open, codes.c.expires_at > bindparam("now"))
USE: Final = (
    update(codes)
    .where(*_open, codes.c.expires_at > bindparam("now"))
    .values(used_at=bindparam("now"), used_by=bindparam("by_contact"))
    .returning(*_fields)
)
OPEN: Final = (
    select(*_fields)
    .where(
        codes.c.unit_id == bindparam("of_unit"),
        codes.c.used_at.is_(None),
        codes.c.expires_at > bindparam("now"),
    )
    .order_by(codes.c.issued_at)
)
_unused = delete(codes).where(codes.c.issued_by == bindparam("issuer"), codes.c.used_at.is_(None))
REVOKE: Final = _unused
REVOKE_OF: Final = _unused.where(codes.c.unit_id == bindparam("of_unit"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A code that can still be used; its text is known to nobody but the person it was given to."""

    code_hash: str
    purpose: CodePurpose
    unit_id: int
    application_id: int | None
    person_id: int | None
    issued_by: str
    expires_at: datetime


def by_contact(contact: int) -> str:
    """How a contact stands as the issuer of a code, or as who ended a seat."""
    return f"contact:{contact}"


def issue(
    session: Session,
    *,
    purpose: CodePurpose,
    unit: int,
    issued_by: str,
    now: datetime,
    span: timedelta,
    application: int | None = None,
    person: int | None = None,
) -> str:
    """A new code, as it is shown (`K7M2-9QXD`); it cannot be shown again."""
    code = new()
    session.run(
        ISSUE,
        code_hash=hashed(session, code),
        purpose=purpose,
        unit_id=unit,
        application_id=application,
        person_id=person,
        issued_by=issued_by,
        issued_at=now,
        expires_at=now + span,
    )
    return code


def new() -> str:
    """A code that nobody can guess, as it is shown."""
    # with a letter first it is no telephone
    code = secrets.choice(LETTERS) + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def hashed(session: Session, code: str) -> str:
    """What a code is known by, however it is typed."""
    return session.vault.index("codes.code_hash", "".join(sign for sign in code.upper() if sign.isalnum()))


def look(session: Session, *, code_hash: str, now: datetime) -> Code | None:
    """The code, where it can be used now."""
    found = session.run(LOOK, hashed=code_hash, now=now)
    return _code(found[0]) if found else None


def use(session: Session, *, code_hash: str, contact: int, now: datetime) -> Code | None:
    """Use the code up; None where it cannot be used (any more)."""
    found = session.run(USE, hashed=code_hash, by_contact=contact, now=now)
    return _code(found[0]) if found else None


def open_codes(session: Session, *, unit: int, now: datetime) -> tuple[Code, ...]:
    """The codes of a unit that can still be used."""
    return tuple(map(_code, session.run(OPEN, of_unit=unit, now=now)))


def revoke(session: Session, *, issued_by: str) -> None:
    """Let no unused code of this issuer be used any more."""
    session.run(REVOKE, issuer=issued_by)


def revoke_of(session: Session, *, issued_by: str, unit: int) -> None:
    """Let no unused code of this issuer and unit be used any more."""
    session.run(REVOKE_OF, issuer=issued_by, of_unit=unit)


def _code(row: Mapping[str, Any]) -> Code:
    return Code(**{**row, "purpose": CodePurpose(row["purpose"])})
