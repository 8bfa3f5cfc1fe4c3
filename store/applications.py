"""Applications as the platform's lists show them: what changed, what was sent back, who may see which.

A list is what an officer exports, or what another system pushes. A whole list also says which applications
are gone; of an older list nothing is taken that a newer one has said. A person is known by unit, name,
category and the time of the form.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Text, and_, bindparam, func, null, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite's compiler reads its ON CONFLICT as well

from store.columns import UtcDateTime, fixed
from store.engine import Session
from store.records import SeatState
from store.schema import application_history as steps
from store.schema import applications, column_names, imports, returns, seats, sweeps, units

KIND: Final = "status"
RETURNED: Final = "returned"
_NAME, _OPINION = "applications.name", "applications.opinion"
_HANDED_IN: Final = frozenset({"submitted", "done"})
_TO_DO: Final = frozenset({"open", RETURNED})


def bare(text: str) -> str:
    """A name as it is compared: narrow signs, small letters, no spaces."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


Identity = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A row of a list. `declared_at` is China's time as `YYYY-MM-DD HH:MM`; `status` is kept word for word,
    `status_id` and `phase` (open, submitted, returned, done) are empty where nobody knows it."""

    unit_id: int | None
    unit_name: str
    city: str
    district: str
    department: str
    notice: str
    programme: str
    category: str
    name: str
    declared_at: str
    unit_rank: str
    district_rank: str
    status: str
    status_id: str
    phase: str
    opinion: str

    @property
    def identity(self) -> Identity:
        """Who it is, whatever the spacing and the width of the signs."""
        return (
            self.city,
            bare(self.unit_name),
            bare(self.name),
            bare(self.category),
            bare(self.declared_at),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A status that an application had, as of the list that first showed it."""

    status: str
    status_id: str
    opinion: str
    exported_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Application(Listed):
    """An application as the last list shows it. `return_id` is its open return, marked mended or not;
    `contact_id` the candidate's own contact; `history` is filled where one person looks at it."""

    id: int
    exported_at: datetime
    changed_at: datetime
    gone_at: datetime | None
    contact_id: int | None
    return_id: int | None
    returned_at: datetime | None
    mended_at: datetime | None
    history: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit of the roster, as lists name it."""

    id: int
    code: str
    name: str
    district: str


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


_open_return = and_(returns.c.application_id == applications.c.id, returns.c.closed_at.is_(None))
_whole = select(
    applications,
    returns.c.id.label("return_id"),
    returns.c.opened_at.label("returned_at"),
    returns.c.mended_at,
).outerjoin(returns, _open_return)

OF_NOTICE: Final = _whole.where(applications.c.notice == bindparam("of_notice")).order_by(applications.c.id)
OF_UNIT: Final = _whole.where(applications.c.unit_id == bindparam("of_unit")).order_by(applications.c.id)
OF_PERSON: Final = _whole.where(applications.c.contact_id == bindparam("of_contact")).order_by(
    applications.c.id
)
_district = bindparam("in_district", type_=Text)
BOARD: Final = (
    _whole.where(returns.c.id.is_not(None), applications.c.city == bindparam("in_city"))
    .where((applications.c.district == _district) | (_district == ""))
    .order_by(returns.c.opened_at, returns.c.id)
)
HISTORY: Final = (
    select(steps)
    .join(applications, applications.c.id == steps.c.application_id)
    .where(
        (applications.c.unit_id == bindparam("of_unit"))
        | (applications.c.contact_id == bindparam("of_contact"))
    )
    .order_by(steps.c.id)
)
ROSTER: Final = (
    select(units.c.id, units.c.code, units.c.name, units.c.district)
    .where(units.c.city == bindparam("in_city"))
    .order_by(units.c.id)
)
SEATS: Final = (
    select(seats.c.unit_id, func.count().label("seats"))
    .join(units, units.c.id == seats.c.unit_id)
    .where(units.c.city == bindparam("in_city"), seats.c.ended_at.is_(None))
    .where(seats.c.state == fixed(SeatState.CONFIRMED))
    .group_by(seats.c.unit_id)
)
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
SUBMITTED: Final = (
    select(applications.c.phase)
    .where(
        applications.c.unit_id == bindparam("of_unit"),
        applications.c.notice == bindparam("of_notice"),
        applications.c.gone_at.is_(None),
    )
    .distinct()
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


def applications_of(session: Session, *, notice: str) -> tuple[Application, ...]:
    """Every application for a notice that a list has ever shown."""
    return tuple(_read(session, row) for row in session.run(OF_NOTICE, of_notice=notice))


def of_unit(session: Session, *, unit: int) -> tuple[Application, ...]:
    """A unit's applications with their history."""
    return _with_history(session, session.run(OF_UNIT, of_unit=unit), of_unit=unit, of_contact=None)


def of_person(session: Session, *, contact: int) -> tuple[Application, ...]:
    """The applications that a candidate's own contact is bound to, with their history."""
    return _with_history(
        session, session.run(OF_PERSON, of_contact=contact), of_unit=None, of_contact=contact
    )


def open_returns(session: Session, *, city: str, district: str = "") -> tuple[Application, ...]:
    """What was sent back and is not settled by a new status, the oldest first; an empty district is all."""
    return tuple(_read(session, row) for row in session.run(BOARD, in_city=city, in_district=district))


def roster(session: Session, *, city: str) -> tuple[Unit, ...]:
    """The units of a city."""
    return tuple(Unit(**row) for row in session.run(ROSTER, in_city=city))


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


def submitted(session: Session, *, unit: int, notice: str) -> bool:
    """Whether a unit has handed in for a notice, and has nothing to mend."""
    phases = {row["phase"] for row in session.run(SUBMITTED, of_unit=unit, of_notice=notice)}
    return not phases.isdisjoint(_HANDED_IN) and phases.isdisjoint(_TO_DO)


def link(session: Session, *, city: str, unit_name: str, unit: int) -> frozenset[int]:
    """Say which unit a list means by a name; gives the applications that are now the unit's."""
    return frozenset(row["id"] for row in session.run(LINK, in_city=city, named=unit_name, to_unit=unit))


def confirmed_seats(session: Session, *, city: str) -> Mapping[int, int]:
    """How many confirmed contacts each unit of a city has; units without any are left out."""
    return {row["unit_id"]: row["seats"] for row in session.run(SEATS, in_city=city)}


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
    opinion = vault.seal(_OPINION, row.opinion) if row.opinion else None
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
        name_sealed=vault.seal(_NAME, row.name),
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


def _read(session: Session, row: Mapping[str, Any]) -> Application:
    values = dict(row)
    del values["key"]
    values["name"] = session.vault.open(_NAME, values.pop("name_sealed"))
    sealed = values.pop("opinion_sealed")
    values["opinion"] = session.vault.open(_OPINION, sealed) if sealed else ""
    return Application(**values)


def _with_history(
    session: Session, found: Sequence[Mapping[str, Any]], **whose: int | None
) -> tuple[Application, ...]:
    history: dict[int, tuple[Step, ...]] = {}
    for row in session.run(HISTORY, **whose) if found else ():
        sealed = row["opinion_sealed"]
        step = Step(
            status=row["status"],
            status_id=row["status_id"],
            opinion=session.vault.open(_OPINION, sealed) if sealed else "",
            exported_at=row["exported_at"],
        )
        history[row["application_id"]] = (*history.get(row["application_id"], ()), step)
    read = (_read(session, row) for row in found)
    return tuple(replace(one, history=history.get(one.id, ())) for one in read)
