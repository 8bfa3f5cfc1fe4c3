"""Files of staff: uploaded, looked at with every fault and difference, taken in; what their columns mean."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePath
from typing import Final

from aiohttp import web

from bot.console.spreadsheet import XLSX
from bot.console.staffing import places
from bot.console.visit import Missing, Visit
from bot.console.words import WORDS
from bot.desk import comparison, imports, listing, table
from bot.desk.annotated import annotated
from bot.desk.status import digest
from bot.desk.units import REFUSED
from store.drafts import Draft
from store.lists import KIND
from store.scope import Scope

BYTES: Final = 8 << 20
_KINDS: Final = ("units", "status")
_SHOWN: Final = 200


async def show(visit: Visit) -> web.Response:
    """The form for a file."""
    return _asked(visit)


async def upload(visit: Visit) -> web.Response:
    """Keep a file for a day, and go on to what it holds."""
    form, file = visit.form, visit.files.get("file")
    kind = form.choice("kind", _KINDS)
    place = form.choice("place", [value for value, _ in _places(visit)])
    if file is None or not file.data:
        form.fault("file", "missing")
    city, _, district = place.partition("/")
    where = comparison.scope(visit.house.library, city=city, notice="", district=district)
    if not form.faults and kind == "status" and isinstance(where, list):
        form.fault("place", "choice")
    exported = _moment(visit)
    if form.faults or file is None:
        return _asked(visit, status=422)
    try:
        read = await imports.read(kind, file.data)
    except table.Unreadable as fault:
        return _asked(visit, status=422, refused=REFUSED[fault.reason])
    async with visit.work() as work:
        number = await work.keep_draft(
            staff_id=visit.staff.id,
            kind=kind,
            city=city,
            district=district,
            notice="" if isinstance(where, list) else where.notice.id,
            file_name=PurePath(file.name).name[:80],
            table=read,
            digest=digest(file.data),
            exported_at=exported,
            now=visit.real_now,
        )
    return visit.see(f"/imports/{number}")


async def look(visit: Visit) -> web.Response:
    """Every fault of the file, or what it changes."""
    return await _page(visit, await _draft(visit))


async def faults(visit: Visit) -> web.Response:
    """The file with its faults marked."""
    draft = await _draft(visit)
    try:
        seen = await _seen(visit, draft)
    except table.Unreadable:
        return visit.see(f"/imports/{draft.id}")
    name = f"{PurePath(draft.file_name).stem}-faults.xlsx"
    return visit.download(annotated(seen.rows, seen.faults), name, XLSX)


async def apply(visit: Visit) -> web.Response:
    """Take the file in, and tell whom it concerns."""
    draft, house = await _draft(visit), visit.house
    try:
        await imports.take(
            house.store, house.library, draft, visit.scope, by=visit.staff.login, now=visit.now
        )
    except (ValueError, table.Unreadable):
        return await _page(visit, draft, status=409)
    async with visit.work() as work:
        await work.drop_draft(staff_id=visit.staff.id, draft_id=draft.id)
        after = {"kind": draft.kind, "city": draft.city, "district": draft.district, "file": draft.file_name}
        await visit.record(work, "import.applied", f"import:{draft.id}", after=after)
    return visit.see("/imports", "imported")


async def columns(visit: Visit) -> web.Response:
    """What the headings of lists mean, as staff have said."""
    async with visit.work() as work:
        known = await work.headings(kind=KIND)
    return _columns(visit, known)


async def name_column(visit: Visit) -> web.Response:
    """Say what a heading means, for all lists to come."""
    heading = visit.form.text("heading", longest=60)
    field = visit.form.choice("field", [value for value, _ in _fields()])
    async with visit.work() as work:
        if not visit.form.faults:
            await imports.name_headings(work, {heading: "" if field == "-" else field})
            await visit.record(work, "column.named", after={"heading": heading, "field": field})
        known = await work.headings(kind=KIND)
    return _columns(visit, known, status=422) if visit.form.faults else visit.see("/imports/columns", "saved")


def _asked(visit: Visit, *, status: int = 200, refused: str = "") -> web.Response:
    return visit.page("imports.html", status=status, places=_places(visit), refused=refused)


def _columns(visit: Visit, known: object, *, status: int = 200) -> web.Response:
    return visit.page("imports_columns.html", status=status, known=known, fields=_fields())


def _fields() -> list[tuple[str, str]]:
    return [*((field, listing.title(field)) for field in listing.KEPT), ("-", listing.WORDS.ignore)]


async def _draft(visit: Visit) -> Draft:
    async with visit.work() as work:
        draft = await work.draft(staff_id=visit.staff.id, draft_id=visit.number("draft"))
    if draft is None or not _theirs(visit, draft):
        raise Missing
    return draft


def _theirs(visit: Visit, draft: Draft) -> bool:
    """Whether the place is still the visitor's, whose scope may have changed since."""
    if draft.district:
        return visit.scope.holds(draft.city, draft.district)
    return visit.scope.covers(Scope(draft.city))


async def _seen(visit: Visit, draft: Draft) -> imports.Look:
    house = visit.house
    return await imports.look(
        house.store, house.library, draft, visit.scope, by=visit.staff.login, now=visit.now
    )


async def _page(visit: Visit, draft: Draft, *, status: int = 200) -> web.Response:
    seen, refused = None, ""
    try:
        seen = await _seen(visit, draft)
    except table.Unreadable as fault:
        refused = REFUSED[fault.reason]
    return visit.page(
        "imports_look.html",
        status=status,
        draft=draft,
        seen=seen,
        refused=refused,
        shown=_SHOWN,
        sorts=listing.WORDS.sorts,
    )


def _places(visit: Visit) -> list[tuple[str, str]]:
    """Of what a file may be: districts of the visitor's, whole cities where all of them are."""
    found = []
    for city, districts in places(visit.house.library).items():
        if visit.scope.covers(Scope(city)):
            found.append((f"{city}/", f"{city}{WORDS['whole_city']}"))
        found += [(f"{city}/{one}", city + one) for one in districts if visit.scope.holds(city, one)]
    return found


def _moment(visit: Visit) -> datetime:
    """When the file was exported; now where nothing is said."""
    moment = visit.form.moment("exported") or visit.now
    if moment > visit.now:
        visit.form.fault("exported", "future")
    return moment
