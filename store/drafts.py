"""Files that staff have uploaded and not taken in yet, sealed, for a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, bindparam, delete, insert, select

from store.engine import Session
from store.schema import import_drafts

KEPT: Final = timedelta(days=1)
_SEALED: Final = "import_drafts.table_sealed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A file with what was said of it: of which kind (`units`, `status`), of which place and notice, when
    it was exported. `table` is what it holds, as its reader wrote it down; `digest` is the file's own."""

    id: int
    kind: str
    city: str
    district: str
    notice: str
    file_name: str
    table: str
    digest: str
    exported_at: datetime


_of_staff = import_drafts.c.staff_id == bindparam("of_staff", type_=BigInteger)
_one = import_drafts.c.id == bindparam("draft_id", type_=BigInteger)
KEEP: Final = (
    insert(import_drafts)
    .values({column: bindparam(column.name) for column in import_drafts.c if column.name != "id"})
    .returning(import_drafts.c.id)
)
CLEAR: Final = delete(import_drafts).where(_of_staff)
DRAFT: Final = select(*(c for c in import_drafts.c if c.name not in ("staff_id", "uploaded_at"))).where(
    _one, _of_staff
)
DROP: Final = delete(import_drafts).where(_one, _of_staff)
PURGE: Final = (
    delete(import_drafts)
    .where(import_drafts.c.uploaded_at < bindparam("before"))
    .returning(import_drafts.c.id)
)


def keep_draft(
    session: Session,
    *,
    staff_id: int,
    kind: str,
    city: str,
    district: str,
    notice: str,
    file_name: str,
    table: str,
    digest: str,
    exported_at: datetime,
    now: datetime,
) -> int:
    """Keep an upload in the place of the last one of this account; its number. `now` is real time."""
    session.run(CLEAR, of_staff=staff_id)
    kept = session.run(
        KEEP,
        staff_id=staff_id,
        kind=kind,
        city=city,
        district=district,
        notice=notice,
        file_name=file_name,
        table_sealed=session.vault.seal(_SEALED, table),
        digest=digest,
        exported_at=exported_at,
        uploaded_at=now,
    )
    number: int = kept[0]["id"]
    return number


def draft(session: Session, *, staff_id: int, draft_id: int) -> Draft | None:
    """An upload of this account's."""
    found = session.run(DRAFT, draft_id=draft_id, of_staff=staff_id)
    if not found:
        return None
    row = dict(found[0])
    return Draft(table=session.vault.open(_SEALED, row.pop("table_sealed")), **row)


def drop_draft(session: Session, *, staff_id: int, draft_id: int) -> None:
    """Forget an upload."""
    session.run(DROP, draft_id=draft_id, of_staff=staff_id)


def purge_drafts(session: Session, *, now: datetime) -> int:
    """Erase uploads that nobody took in within a day; how many. `now` is real time."""
    return len(session.run(PURGE, before=now - KEPT))
