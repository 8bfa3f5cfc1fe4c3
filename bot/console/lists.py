"""Lists of units: uploaded with all faults at once, kept for other times, and the tags given by them."""

from __future__ import annotations

import secrets
from typing import Any, Final

from aiohttp import web

from bot.console.form import Form
from bot.console.staffing import places
from bot.console.visit import Missing, Visit
from bot.desk import table, unit_list
from bot.desk.table import Unreadable
from bot.desk.unit_list import REFUSED, ROWS, Matched
from store.database import Work
from store.scope import Scope
from store.unit_lists import UnitList

_NAME_LONGEST: Final = 40
_TAG_LONGEST: Final = 20
_FAULTS: Final = 200
_UNITS: Final = 300


async def listed(visit: Visit) -> web.Response:
    """The lists of the scope, and the form for a new one."""
    async with visit.work() as work:
        return await _page(visit, work, form=Form.of(token=secrets.token_urlsafe(16)))


async def add(visit: Visit) -> web.Response:
    """A new list from a table; one with any fault is not kept, and all of them are shown."""
    form, upload = visit.form, visit.files.get("file")
    name, token = form.text("name", longest=_NAME_LONGEST), form.text("token", longest=64)
    city = form.choice("city", [one for one in places(visit.house.library) if visit.scope.city in ("", one)])
    if upload is None or not upload.data:
        form.fault("file", "file_none")
    if form.faults or upload is None:
        async with visit.work() as work:
            return await _page(visit, work, status=422)
    scope = Scope(city, visit.scope.districts)
    try:
        uploaded = unit_list.read(await table.rows(upload.data, most=ROWS))
    except Unreadable as fault:
        async with visit.work() as work:
            return await _page(visit, work, status=422, refused=REFUSED[fault.reason])
    async with visit.work() as work:
        units = await work.matching_units(scope=scope, codes=uploaded.codes, names=uploaded.names)
        found = unit_list.matched(uploaded, units)
        if found.faults or not found.streets:
            return await _page(visit, work, status=422, found=found)
        number = await work.add_list(
            token=token, name=name, scope=scope, streets=found.streets, by=visit.staff.id, now=visit.now
        )
        after = {"name": name, "units": len(found.streets), "again": found.again}
        await visit.record(work, "list.added", f"list:{number}", after=after)
    return visit.see(f"/lists/{number}", "saved", again=str(found.again))


async def show(visit: Visit) -> web.Response:
    """The units of a list with their tags."""
    async with visit.work() as work:
        kept = await _found(visit, work)
        units = await work.units_listed(scope=visit.scope, list_id=kept.id)
    tags = sorted({tag for unit in units for tag in unit.tags})
    return visit.page(
        "list.html", kept=kept, units=units[:_UNITS], number=len(units), tags=tags, again=visit.query("again")
    )


async def tag(visit: Visit) -> web.Response:
    """Give a tag to all units of a list, or take one from them."""
    form = visit.form
    name = " ".join(form.text("tag", longest=_TAG_LONGEST).split())
    async with visit.work() as work:
        kept = await _found(visit, work)
        if form.faults:
            units = await work.units_listed(scope=visit.scope, list_id=kept.id)
            return visit.page(
                "list.html", status=422, kept=kept, units=units[:_UNITS], number=len(units), tags=[], again=""
            )
        change = work.untag_listed if form["take"] else work.tag_listed
        await change(scope=visit.scope, list_id=kept.id, tag=name)
        action = "list.untagged" if form["take"] else "list.tagged"
        await visit.record(work, action, f"list:{kept.id}", after={"tag": name})
    return visit.see(f"/lists/{kept.id}", "saved")


async def remove(visit: Visit) -> web.Response:
    """Keep a list no longer."""
    async with visit.work() as work:
        kept = await _found(visit, work)
        await work.remove_list(list_id=kept.id, now=visit.now)
        await visit.record(work, "list.removed", f"list:{kept.id}", before={"name": kept.name})
    return visit.see("/lists", "removed")


async def _found(visit: Visit, work: Work) -> UnitList:
    kept = await work.unit_list(scope=visit.scope, list_id=visit.number("list"))
    if kept is None:
        raise Missing
    return kept


async def _page(
    visit: Visit,
    work: Work,
    *,
    status: int = 200,
    form: Form | None = None,
    refused: str = "",
    found: Matched | None = None,
) -> web.Response:
    values: dict[str, Any] = {
        "lists": await work.saved_lists(scope=visit.scope),
        "cities": [one for one in places(visit.house.library) if visit.scope.city in ("", one)],
        "refused": refused,
        "found": found,
        "faults": found.faults[:_FAULTS] if found else (),
    }
    return visit.page("lists.html", status=status, **values, form=form or visit.form)
