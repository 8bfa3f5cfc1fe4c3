"""How long each page of the console takes, and how large it is, with 3,000 units and 50,000 deliveries.

Every route that is read is visited by an administrator of the city; the floor is the page of one's own
account, which has nothing to find beside the session. `python -m tests.bench_console` prints them all.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Final

from sqlalchemy import text

from bot.console.routes import ROUTES
from bot.desk import imports
from bot.desk.status import digest
from store.database import Store
from store.records import Role
from store.scope import Scope
from tests import bench_city as city
from tests import bench_units
from tests.console.office import Browser, Office, open_office
from tests.databases import VAULT, server_in
from tests.store import broadcasting as scene
from tests.store.pushing import NOW

PAGE_MS, PAGE_KB, VISITS, SLOWEST = 200.0, 100.0, 5, 3
TARGET = f"< {PAGE_MS:.0f} ms, {PAGE_KB:.0f} KB"
FLOOR: Final = "/account"
SHOWN: Final = (200, 409)
"""A broadcast that is past being changed is shown instead of its form."""
FILES: Final = frozenset({"/style.css", "/console.js", "/icon.svg", "/imports/{draft}/faults"})
"""What a browser fetches once, or keeps."""
SEEN: Final = {
    "/boards/ranking": ("?programme=wuhan-gongjiang",),
    "/broadcasts/{broadcast}/recipients": ("", "?group=failed", "?group=silent"),
    "/figures": ("", "?since=2023-07-02&until=2024-07-01&by=month"),
    "/tickets": ("", "?show=unanswered", "?show=closed"),
}
"""With which queries a page is visited, where it has some that ask more of it."""

Row = Callable[..., None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one page took: the median of some visits in milliseconds, by the clock and of this process's own
    work (SQLite's as well, PostgreSQL's not), and kilobytes."""

    path: str
    status: int
    ms: float
    own_ms: float
    kb: float

    @property
    def met(self) -> bool:
        """Whether it came, in time, and is no larger than it may be."""
        return self.status in SHOWN and self.ms < PAGE_MS and self.kb < PAGE_KB

    def __str__(self) -> str:
        failed = "" if self.status in SHOWN else f", status {self.status}"
        return f"{self.ms:.0f} ms ({self.own_ms:.0f} CPU), {self.kb:.0f} KB{failed}"


def bench(row: Row, every: Row = lambda *_, **__: None) -> None:
    """The rows of the table: how many pages keep to it, and the slowest; all of them by `every`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(_measure(row, "SQLite", f"sqlite+aiosqlite:///{folder / 'console.db'}", every))
        server = server_in(folder / "postgres")
        try:
            asyncio.run(_measure(row, "PostgreSQL", server.get_uri(driver="asyncpg"), every))
        finally:
            server.cleanup()


async def _measure(row: Row, name: str, url: str, every: Row) -> None:
    """The summary of one database's pages by `row`, each of them by `every`."""
    store = await Store.open(url, VAULT)
    async with open_office(store) as office:
        office.now = NOW
        here = Scope(scene.CITY)
        liu = await office.staff("liu", Role.ADMIN, here)
        chen = await office.staff("chen", Role.ADMIN, here)
        await city.furnish(store)
        await city.sent_to(store, liu, chen)
        await city.busy(store, liu)
        if name == "PostgreSQL":  # as it does by itself within a minute
            await city.run(store, text("ANALYZE"))
        paths = list(_paths(await _things(office, liu)))
        browser = await office.enter("liu")
        floor = await _visit(browser, FLOOR)
        pages = [await _visit(browser, path) for path in paths]
    await store.close()
    for page in pages:
        every(f"{name}: {page.path}", str(page), met=page.met)
    row(f"{name}: the floor, a page with nothing to find", str(floor))
    quick = sum(page.met for page in pages)
    row(f"{name}: pages in time and of a size", f"{quick} of {len(pages)}", TARGET, met=quick == len(pages))
    for page in sorted(pages, key=lambda page: page.ms, reverse=True)[:SLOWEST]:
        row(f"{name}: {page.path}", str(page), TARGET, met=page.met)


async def _things(office: Office, liu: int) -> dict[str, list[int | str]]:
    """What the first part of a path names, with what may follow it."""
    store = office.store
    draft = await scene.draft(store, liu, "draft", title="草稿")
    pending = await scene.submit(store, await scene.draft(store, liu, "pending", title="待批"), liu)
    roster = bench_units.roster(city.UNITS)
    async with store.work() as work:
        upload = await work.keep_draft(
            staff_id=liu,
            kind="units",
            city=scene.CITY,
            district="",
            notice="",
            file_name="roster.csv",
            table=await imports.read("units", roster),
            digest=digest(roster),
            exported_at=NOW,
            now=office.now - timedelta(minutes=1),
        )
    return {
        "broadcast": [draft.id, pending.id, 1, city.SENT + 1],
        "draft": [upload],
        "edition": ["wuhan-2023/phone.gongjiang"],
        "gap": [1],
        "list": [1],
        "staff": [liu],
        "ticket": [1],
    }


def _paths(things: dict[str, list[int | str]]) -> Iterator[str]:
    for route in ROUTES:
        if route.method != "GET" or route.path in FILES:
            continue
        named = re.findall(r"{(\w+)}", route.path)
        for number in things[named[0]] if named else [""]:
            for query in SEEN.get(route.path, ("",)):
                yield re.sub("{.+}", str(number), route.path) + query


async def _visit(browser: Browser, path: str) -> Page:
    times, own = [], []
    for _ in range(VISITS):
        begun, worked = time.perf_counter(), time.process_time()
        await browser.open(f"/console{path}".rstrip("/"))
        times.append(1000 * (time.perf_counter() - begun))
        own.append(1000 * (time.process_time() - worked))
    return Page(
        path=path,
        status=browser.status,
        ms=median(times),
        own_ms=median(own),
        kb=len(browser.text.encode()) / 1024,
    )


def _print(name: str, measured: str, target: str = "", *, met: bool | None = None) -> None:
    verdict = "" if met is None else "met" if met else "missed"
    print(f"{name:<64}{measured:>28}  {target:<18}{verdict}".rstrip(), flush=True)


if __name__ == "__main__":
    bench(_print, _print)
