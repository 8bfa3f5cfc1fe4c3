"""Pages that people open by a link: known by the hash of a token, for a purpose, until they expire."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, insert, select, update

from store.engine import Session
from store.records import Page, Purpose
from store.schema import contacts, pages

_columns = [column for column in pages.c if column.name != "revoked"]
KEEP: Final = insert(pages).values(
    {column: bindparam(column.name) for column in _columns} | {"revoked": False}
)
FIND: Final = select(*_columns).where(
    pages.c.token_hash == bindparam("token_hash"),
    pages.c.expires_at > bindparam("now"),
    pages.c.revoked.is_(False),
)
REVOKE: Final = (
    update(pages)
    .where(pages.c.token_hash == bindparam("of_token"), pages.c.revoked.is_(False))
    .values(revoked=True)
    .returning(pages.c.token_hash)
)
OWNER: Final = (
    select(contacts.c.sender)
    .join(pages, pages.c.contact_id == contacts.c.id)
    .where(pages.c.token_hash == bindparam("of_token"))
)
_expired = select(pages.c.token_hash).where(pages.c.expires_at <= bindparam("now")).limit(bindparam("limit"))
PURGE: Final = delete(pages).where(pages.c.token_hash.in_(_expired)).returning(pages.c.token_hash)


def keep_page(session: Session, *, page: Page) -> None:
    """Keep a new page; a token is used once, so that the same hash again is an error."""
    session.run(KEEP, **{column.name: getattr(page, column.name) for column in _columns})


def page(session: Session, *, token_hash: str, now: datetime) -> Page | None:
    """The page behind a token; None for one that is unknown, expired or revoked alike."""
    found = session.run(FIND, token_hash=token_hash, now=now)
    return Page(**{**found[0], "purpose": Purpose(found[0]["purpose"])}) if found else None


def page_owner(session: Session, *, token_hash: str) -> str | None:
    """Whom a page was made for, as their platform knows them; None where it is nobody's."""
    found = session.run(OWNER, of_token=token_hash)
    return str(found[0]["sender"]) if found else None


def revoke_page(session: Session, *, token_hash: str) -> bool:
    """The link opens nothing any more; whether it did."""
    return bool(session.run(REVOKE, of_token=token_hash))


def purge_pages(session: Session, *, now: datetime, limit: int = 1000) -> int:
    """Delete pages that have expired, at most `limit`: call again until it gives 0."""
    return len(session.run(PURGE, now=now, limit=limit))
