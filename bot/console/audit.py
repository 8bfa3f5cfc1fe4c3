"""The audit log: read, filtered, verified, exported."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from aiohttp import web

from bot.console.form import Form
from bot.console.spreadsheet import XLSX, spreadsheet
from bot.console.visit import Visit
from bot.console.words import WORDS
from knowledge.notice import CHINA
from store.audit import START, AuditFilter, Stretch
from store.records import AuditEntry

_PAGE: Final = 50
_EXPORTED: Final = 20_000
_BATCH: Final = 1_000
_VERIFIED_AT_ONCE: Final = 200
"""Few enough that a turn that waits for the database meanwhile waits 50 ms."""
_NEWEST: Final = 1 << 62
_FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2200, 1, 1, tzinfo=UTC)
_FIELDS: Final = ("since", "until", "login", "action", "object")


async def listed(visit: Visit) -> web.Response:
    """The newest entries that fit the filter, or those before one."""
    query = visit.request.query
    form = Form({name: [query.get(name, "")] for name in _FIELDS})
    before = query.get("below", "")
    below = int(before) if re.fullmatch(r"[0-9]{1,18}", before) else _NEWEST
    of = _filter(form)
    async with visit.work() as work:
        entries = await work.recorded(scope=visit.scope, of=of, below=below, limit=_PAGE)
    return _page(visit, form, entries)


async def verify(visit: Visit) -> web.Response:
    """Whether the chain holds from the first entry to the last."""
    stretch = START
    while True:
        async with visit.work() as work:
            stretch = await work.verify(done=stretch, limit=_VERIFIED_AT_ONCE)
        if stretch.whole or stretch.broken_at is not None:
            break
    async with visit.work() as work:
        entries = await work.recorded(scope=visit.scope, of=_filter(Form()), limit=_PAGE)
    return _page(visit, Form(), entries, verified=stretch)


async def export(visit: Visit) -> web.Response:
    """The entries that fit the filter as xlsx."""
    of = _filter(visit.form)
    rows = [_row(entry) async for entry in _all(visit, of)]
    async with visit.work() as work:
        await visit.record(work, "audit.exported", after={"rows": len(rows)})
    words = WORDS["audit_sheet"]
    data = spreadsheet(words["name"], words["columns"], rows)
    return visit.download(data, f"{words['name']}.xlsx", XLSX)


async def _all(visit: Visit, of: AuditFilter) -> AsyncIterator[AuditEntry]:
    below = _NEWEST
    for _ in range(_EXPORTED // _BATCH):
        async with visit.work() as work:
            entries = await work.recorded(scope=visit.scope, of=of, below=below, limit=_BATCH)
        for entry in entries:
            yield entry
        if len(entries) < _BATCH:
            return
        below = entries[-1].id


def _page(
    visit: Visit, form: Form, entries: tuple[AuditEntry, ...], verified: Stretch | None = None
) -> web.Response:
    filters = {name: form[name] for name in _FIELDS if form[name]}
    return visit.page(
        "audit.html",
        form=form,
        entries=entries,
        filters=filters,
        older=entries[-1].id if len(entries) == _PAGE else None,
        verified=verified,
    )


def _filter(form: Form) -> AuditFilter:
    since, until = _day(form, "since"), _day(form, "until")
    return AuditFilter(
        since=since or _FIRST,
        until=until + timedelta(days=1) if until else _LAST,
        login=form["login"].strip(),
        action=form["action"],
        object=form["object"].strip(),
    )


def _day(form: Form, name: str) -> datetime | None:
    """The beginning of a day in China."""
    day = form.day(name)
    return datetime.combine(day, time(), CHINA) if day else None


def _row(entry: AuditEntry) -> list[str | int]:
    return [
        entry.id,
        entry.at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S"),
        entry.login,
        WORDS["roles"].get(entry.role, ""),
        entry.address,
        WORDS["actions"].get(entry.action, entry.action),
        entry.object,
        _text(entry.before),
        _text(entry.after),
    ]


def _text(value: Mapping[str, Any] | None) -> str:
    return json.dumps(value, ensure_ascii=False) if value is not None else ""
