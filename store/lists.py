"""Lists of the platform taken over: histories go on, returns are opened and settled.

One whole list of a district or of the city is held against the last: what it shows no more is gone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, func, null, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite's compiler reads its ON CONFLICT as well

from store.applications import NAME as PERSON
from store.applications import OPINION, Listed
from store.columns import UtcDateTime
from store.engine import Session
from store.schema import application_history as steps
from store.schema import applications, column_names, imports, returns, sweeps

KIND: Final = "status"
RETURNED: Final = "returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """A list that is taken over. `whole` lists of a district (empty: of the city) say what is gone."""

    city: str
    notice: str
    district: str
    whole: bool
    file_name: str
    file_hash: str
    exported_at: datetime
    imported_by: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A row to be kept; `changed`: its status or opinion is another than before."""

    row: Listed
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of a changed row: its application, the candidate's contact, the return that it opened."""

    application_id: int
    contact_id: int | None
    return_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """An import that is kept: its number, and the changed rows in order."""

    import_id: int
    written: tuple[Written, ...]


EXPORTED: Final = (
    select(imports.c.scope, func.max(imports.c.exported_at, type_=UtcDateTime()).label("exported_at"))
    .where(imports.c.kind == KIND, imports.c.scope != "")
    .group_by(imports.c.scope)
)
NAMED: Final = select(column_names.c.heading, column_names.c.field).where(
    column_names.c.kind == bindparam("of_kind")
)
_name = insert(column_names).values(
    kind=bindparam("kind"), heading=bindparam("heading"), field=bindparam("field")
)
NAME: Final = _name.on_conflict_do_update(
    index_elements=["kind", "heading"], set_={"field": _name.excluded.field}
)
# One import of a notice at a time: the second waits for the first, and sees what it has kept.
_turnstile = insert(sweeps).values(name=bindparam("name"), done_until=bindparam("now"))
ENTER: Final = _turnstile.on_conflict_do_update(
    index_elements=["name"], set_={"done_until": _turnstile.excluded.done_until}
)

KEEP_IMPORT: Final = (
    insert(imports)
    .values({column: bindparam(column.name) for column in imports.c if column.name != "id"})
    .returning(imports.c.id)
)
_application = insert(applications).values(
    {
        column: bindparam(column.name)
        for column in applications.c
        if column.name not in ("id", "gone_at", "contact_id")
    }
)
KEEP: Final = _application.on_conflict_do_update(
    index_elements=["key"],
    set_={
        **{
            column.name: _application.excluded[column.name]
            for column in applications.c
            if column.name not in ("id", "key", "contact_id", "gone_at")
        },
        "gone_at": null(),
    },
).returning(applications.c.id, applications.c.contact_id)
STEP: Final = (
    insert(steps)
    .values({column: bindparam(column.name) for column in steps.c if column.name != "id"})
    .returning(steps.c.id)
)
CLOSE: Final = (
    update(returns)
    .where(returns.c.application_id == bindparam("of_application"), returns.c.closed_at.is_(None))
    .values(closed_at=bindparam("now"))
)
OPEN: Final = (
    insert(returns)
    .values(
        application_id=bindparam("application_id"),
        history_id=bindparam("history_id"),
        opened_at=bindparam("opened_at"),
    )
    .returning(returns.c.id)
)
_latest = select(func.max(steps.c.id)).where(steps.c.application_id == bindparam("of_application"))
REOPEN: Final = (
    update(returns).where(returns.c.history_id == _latest.scalar_subquery()).values(closed_at=null())
)
GONE: Final = (
    update(applications)
    .where(applications.c.id == bindparam("of_application"))
    .values(gone_at=bindparam("now"))
)
LINK: Final = (
    update(applications)
    .where(
        applications.c.city == bindparam("in_city"),
        applications.c.unit_name == bindparam("named"),
        applications.c.unit_id.is_(None),
    )
    .values(unit_id=bindparam("to_unit"))
    .returning(applications.c.id)
)


def exported(session: Session, *, notice: str) -> Mapping[str, datetime]:
    """When the last whole list that was taken over had been exported, by district (empty: the city's)."""
    found = {row["scope"].partition("/"): row["exported_at"] for row in session.run(EXPORTED)}
    return {district: at for (of, _, district), at in found.items() if of == notice}


def headings(session: Session, *, kind: str) -> Mapping[str, str]:
    """The fields that staff have said headings of a kind of file to mean."""
    return {row["heading"]: row["field"] for row in session.run(NAMED, of_kind=kind)}


def name_heading(session: Session, *, kind: str, heading: str, field: str) -> None:
    """Remember what a heading means."""
    session.run(NAME, kind=kind, heading=heading, field=field)


def link(session: Session, *, city: str, unit_name: str, unit: int) -> frozenset[int]:
    """Say which unit a list means by a name; gives the applications that are now the unit's."""
    return frozenset(row["id"] for row in session.run(LINK, in_city=city, named=unit_name, to_unit=unit))


def enter(session: Session, *, notice: str, now: datetime) -> None:
    """Wait until no other import of this notice is under way; holds until the transaction ends."""
    session.run(ENTER, name=f"{KIND}:{notice}", now=now)


def take(
    session: Session, *, imported: Import, rows: Sequence[Write], gone: Sequence[int], now: datetime
) -> Taken:
    """Keep the rows of a list and what it shows no more: histories go on, returns are opened and settled."""
    kept = session.run(
        KEEP_IMPORT,
        kind=KIND,
        city=imported.city,
        scope=f"{imported.notice}/{imported.district}" if imported.whole else "",
        file_name=imported.file_name,
        file_hash=imported.file_hash,
        exported_at=imported.exported_at,
        imported_at=now,
        imported_by=imported.imported_by,
        counts=json.dumps(dict(imported.counts), sort_keys=True),
    )
    import_id: int = kept[0]["id"]
    written = [_write(session, import_id, imported.exported_at, write, now) for write in rows]
    for application in gone:
        session.run(GONE, of_application=application, now=now)
        session.run(CLOSE, of_application=application, now=now)
    return Taken(import_id=import_id, written=tuple(done for done in written if done))


def _write(
    session: Session, import_id: int, exported_at: datetime, write: Write, now: datetime
) -> Written | None:
    row, vault = write.row, session.vault
    opinion = vault.seal(OPINION, row.opinion) if row.opinion else None
    standing = {"status": row.status, "status_id": row.status_id, "opinion_sealed": opinion}
    kept = session.run(
        KEEP,
        key=vault.index("applications.key", "\0".join(row.identity)),
        unit_id=row.unit_id,
        unit_name=row.unit_name,
        city=row.city,
        district=row.district,
        department=row.department,
        notice=row.notice,
        programme=row.programme,
        category=row.category,
        name_sealed=vault.seal(PERSON, row.name),
        declared_at=row.declared_at,
        unit_rank=row.unit_rank,
        district_rank=row.district_rank,
        phase=row.phase,
        exported_at=exported_at,
        changed_at=now,
        **standing,
    )[0]
    if not write.changed:
        # one that is shown again after it was gone goes on where it stood
        session.run(REOPEN, of_application=kept["id"])
        return None
    step = session.run(
        STEP, application_id=kept["id"], import_id=import_id, exported_at=exported_at, **standing
    )
    session.run(CLOSE, of_application=kept["id"], now=now)
    opened = (
        session.run(OPEN, application_id=kept["id"], history_id=step[0]["id"], opened_at=now)
        if row.phase == RETURNED
        else ()
    )
    return Written(
        application_id=kept["id"],
        contact_id=kept["contact_id"],
        return_id=opened[0]["id"] if opened else None,
    )
