"""Files of staff, looked at before they are taken in: faults, differences, and what is not theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.desk import comparison, listing, status, table, units
from bot.desk.comparison import Comparison, Delivered
from bot.desk.status import Applied
from bot.desk.words import plain
from knowledge.library import Library
from store.database import Store, Work
from store.drafts import Draft
from store.lists import KIND
from store.rosters import Change
from store.scope import Scope

CHUNK: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A file as it was read: its `rows`; either `faults`, or what it changes. `outside` are names of what is
    not in the reader's places, for which nothing of the file is taken; `headings` those nobody knows."""

    rows: Sequence[table.Row]
    faults: Sequence[units.Fault] = ()
    changes: Sequence[Change] = ()
    compared: Comparison | None = None
    outside: Sequence[str] = ()
    headings: Sequence[str] = ()
    number: int = 0

    @property
    def ready(self) -> bool:
        """Whether it can be taken in."""
        older = self.compared is not None and self.compared.last is not None
        return not self.faults and not self.outside and not older


async def read(kind: str, data: bytes) -> str:
    """The table of a file (`Draft.table`); raises `table.Unreadable`."""
    if kind == "units":
        return await table.text(data, most=units.ROWS, size=units.BYTES)
    return await table.text(data, most=listing.ROWS, letters=listing.LETTERS)


async def look(store: Store, library: Library, draft: Draft, scope: Scope, *, by: str, now: datetime) -> Look:
    """What a file holds; raises `table.Unreadable` where its table is no roster and no list."""
    if draft.kind == "units":
        return await _units(store, library, draft, scope, now)
    return await _status(store, library, draft, scope, by)


async def take(
    store: Store, library: Library, draft: Draft, scope: Scope, *, by: str, now: datetime
) -> Applied | None:
    """Take in a file that `look` found ready, as things stand now; raises ValueError where it is not."""
    seen = await look(store, library, draft, scope, by=by, now=now)
    if not seen.ready:
        raise ValueError("the file has faults, or is not of these places")
    if draft.kind == "units":
        book = units.read(library, seen.rows, draft.city)
        await take_in(store, book, now=now, keep=True)
        return None
    read = await _listing(store, seen.rows)
    async with store.work() as work:
        _, applied = await status.apply(work, _delivered(library, draft, read, by), now=now)
    return applied


async def take_in(store: Store, book: units.Book, *, now: datetime, keep: bool) -> list[Change]:
    """What a roster changes, kept a chunk at a time, so that a running service never waits long."""
    changes: list[Change] = []
    for at in range(0, len(book.registrations), CHUNK):
        async with store.work() as work:
            part = book.registrations[at : at + CHUNK]
            changes += await work.take_roster(registrations=part, now=now, keep=keep)
    return changes


async def _units(store: Store, library: Library, draft: Draft, scope: Scope, now: datetime) -> Look:
    rows = table.loaded(draft.table)
    book = units.read(library, rows, draft.city)
    if book.faults:
        return Look(rows=rows, faults=book.faults, number=book.rows)
    outside = [one.name for one in book.registrations if not scope.holds(one.city, one.district)]
    changes = await take_in(store, book, now=now, keep=False)
    # a unit that others have on their roster is theirs to give
    outside += [one.unit for one in changes if one.field in ("city", "district") and not _own(scope, one)]
    return Look(rows=rows, changes=changes, outside=list(dict.fromkeys(outside)), number=book.rows)


def _own(scope: Scope, change: Change) -> bool:
    place = (change.old,) if change.field == "city" else (scope.city, change.old)
    return scope.holds(*place) or (change.field == "city" and change.old == scope.city)


async def _status(store: Store, library: Library, draft: Draft, scope: Scope, by: str) -> Look:
    rows = table.loaded(draft.table)
    read = await _listing(store, rows)
    faults = [
        units.Fault(row=one.row, at=None, column=one.column, found=one.found, text=one.text)
        for one in read.faults
    ]
    if faults:
        unknown = [one.column for one in read.faults if not one.row and not one.field]
        return Look(rows=rows, faults=faults, headings=unknown, number=len(rows))
    async with store.work() as work:
        compared = await comparison.compare(work, _delivered(library, draft, read, by))
    outside = {
        one.row.unit_name for one in compared.differences if not scope.holds(one.row.city, one.row.district)
    }
    return Look(rows=rows, compared=compared, outside=sorted(outside), number=len(read.entries))


async def _listing(store: Store, rows: Sequence[table.Row]) -> listing.Listing:
    async with store.work() as work:
        known: Mapping[str, str] = await work.headings(kind=KIND)
    return listing.read(rows, known)


def _delivered(library: Library, draft: Draft, read: listing.Listing, by: str) -> Delivered:
    return Delivered(
        notice=library.notices[draft.notice],
        district=draft.district,
        whole=True,
        exported_at=draft.exported_at,
        source=draft.file_name,
        digest=draft.digest,
        by=by,
        entries=read.entries,
    )


async def name_headings(work: Work, meanings: Mapping[str, str]) -> None:
    """Remember what the headings of lists mean."""
    for heading, field in meanings.items():
        await work.name_heading(kind=KIND, heading=plain(heading), field=field)
