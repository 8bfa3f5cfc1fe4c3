"""How long the acts of a broadcast to 6,000 people take, with 3,000 units and 50,000 deliveries."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import text

from store.database import Store
from store.records import Role
from tests import bench_city as city
from tests.console.office import Browser, Office, open_office
from tests.databases import VAULT, server_in
from tests.store import broadcasting as scene
from tests.store.pushing import NOW

TARGET_S = 2.0
"""Nobody who has just pressed a button wonders whether it was taken."""

Row = Callable[..., None]


def bench(row: Row) -> None:
    """The rows of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(_measure(row, "SQLite", f"sqlite+aiosqlite:///{folder / 'broadcasts.db'}"))
        server = server_in(folder / "postgres")
        try:
            asyncio.run(_measure(row, "PostgreSQL", server.get_uri(driver="asyncpg")))
        finally:
            server.cleanup()


async def _measure(row: Row, name: str, url: str) -> None:
    store = await Store.open(url, VAULT)
    async with open_office(store) as office:
        office.now = NOW
        liu = await office.staff("liu", Role.ADMIN)
        chen = await office.staff("chen", Role.ADMIN)
        await city.furnish(store)
        await city.sent_to(store, liu, chen)
        if name == "PostgreSQL":  # as it does by itself within a minute
            await city.run(store, text("ANALYZE"))
        for act, seconds in (await _acts(office)).items():
            row(
                f"{name}: a broadcast {act}",
                f"{seconds:.2f} s",
                f"< {TARGET_S:.0f} s",
                met=seconds < TARGET_S,
            )
    await store.close()


async def _acts(office: Office) -> dict[str, float]:
    """As its author, and as the second person, sends the forms."""
    liu, chen = await office.enter("liu"), await office.enter("chen")
    draft = await scene.draft(office.store, 1, "draft", title="草稿")
    path = f"/console/broadcasts/{draft.id}"
    submitted = await _sent(liu, f"{path}/submit", alike="1")
    found = await scene.again(office.store, draft.id)
    return {
        f"to {found.people:,} submitted": submitted,
        "approved and posted": await _sent(
            chen, f"{path}/approve", digest=found.digest, submission=str(found.submissions)
        ),
        "exported": await _sent(liu, "/console/broadcasts/1/export", all="1"),
        "sent again to those it did not reach": await _sent(liu, "/console/broadcasts/1/resend", delivery=""),
        "called back": await _sent(liu, f"{path}/cancel"),
    }


async def _sent(browser: Browser, path: str, **fields: Any) -> float:
    """Seconds until the answer to a form, without the page that it leads to."""
    begun = time.perf_counter()
    await browser.send(path, follow=False, **fields)
    taken = time.perf_counter() - begun
    assert browser.status in (200, 303), (path, browser.status)
    return taken
