"""The pages of broadcasts with 3,000 units and 50,000 deliveries: `python -m tests.bench_broadcasts`.

Prints for each page the median of several visits in milliseconds and its size; with an address of PostgreSQL
as the argument, on that.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from sqlalchemy import Executable, insert

from store.database import Store
from store.recipients import TOLD
from store.records import DeliveryState, Role, SeatState
from store.schema import consents, contacts, deliveries, seats, unit_people, units
from tests.console.office import Browser, Office, open_office
from tests.databases import VAULT
from tests.store import broadcasting as scene
from tests.store.broadcasting import CITY, DONGXIHU, WUCHANG
from tests.store.pushing import NOW

UNITS: Final = 3_000
SENT: Final = 8
VISITS: Final = 7


async def run(store: Store, statement: Executable) -> None:
    async with store.work() as work:
        await work.do(lambda session: session.run(statement))


async def put(store: Store, table: Any, rows: list[dict[str, Any]]) -> None:
    """Rows, a few hundred at a time."""
    for at in range(0, len(rows), 400):
        await run(store, insert(table).values(rows[at : at + 400]))


async def furnish(store: Store) -> None:
    """Units with one contact in chat and one on the roster alone."""
    streets = ("径河街道", "吴家山街道", "金银湖街道", "")
    await put(
        store,
        units,
        [
            {
                "id": n,
                "code": f"code{n}",
                "name": f"武汉第{n}精密机械制造有限公司",
                "city": CITY,
                "district": DONGXIHU if n % 3 else WUCHANG,
                "department": "",
                "street": streets[n % 4],
                "created_at": NOW,
                "changed_at": NOW,
            }
            for n in range(1, UNITS + 1)
        ],
    )
    chat = {"channel": "wechat", "account": "gh_1", "follows": True, "created_at": NOW}
    roster = {"channel": "roster", "account": "", "follows": False, "created_at": NOW, "window_left": 0}
    window = {"window_until": NOW + timedelta(hours=40)}
    in_chat = [
        {**chat, **window, "id": n, "sender": f"o{n}", "window_left": n % 4} for n in range(1, UNITS + 1)
    ]
    on_roster = [
        {**roster, "id": UNITS + n, "sender": str(n), "window_until": None} for n in range(1, UNITS + 1)
    ]
    await put(store, contacts, [*in_chat, *on_roster])
    seat = {"state": SeatState.CONFIRMED, "how": "code", "since": NOW}
    await put(store, seats, [{**seat, "unit_id": n, "contact_id": n} for n in range(1, UNITS + 1)])
    agreed = {"purpose": "push", "version": "1", "given_at": NOW}
    await put(store, consents, [{**agreed, "contact_id": n} for n in range(1, UNITS + 1)])
    name, phone = VAULT.seal("unit_people.name_sealed", "张三"), VAULT.seal("unit_people.phone_sealed", "138")
    person = {"name_sealed": name, "phone_sealed": phone, "changed_at": NOW}
    people = [
        {**person, "unit_id": n, "contact_id": UNITS + n, "phone_index": str(n)} for n in range(1, UNITS + 1)
    ]
    await put(store, unit_people, people)


async def settle_most(store: Store) -> None:
    """Everybody in chat has had theirs, nobody on the roster."""
    reached = deliveries.update().where(deliveries.c.contact_id <= UNITS)
    lost = deliveries.update().where(deliveries.c.contact_id > UNITS)
    values = {"settled_at": NOW}
    await run(store, reached.values(state=TOLD[0], path="custom", **values))
    lost_for_good = lost.values(state=DeliveryState.REFUSED, reason="unreachable:no_email", **values)
    await run(store, lost_for_good)


async def visit(browser: Browser, path: str, **fields: Any) -> None:
    """One page several times."""
    times = []
    for _ in range(VISITS if not fields else 1):
        begun = perf_counter()
        await (browser.send(path, **fields) if fields else browser.open(path))
        times.append(1000 * (perf_counter() - begun))
        assert browser.status == 200, (path, browser.status)
    size = len(browser.text.encode()) / 1024
    print(f"{statistics.median(times):7.0f} ms {size:6.1f} KB  {'POST' if fields else 'GET'} {path}")


async def send(store: Store, liu: int, chen: int, number: int) -> None:
    """A broadcast to all of them, approved."""
    begun = perf_counter()
    of = await scene.submit(store, await scene.draft(store, liu, f"f{number}", title=f"第{number}条"), liu)
    frozen = perf_counter()
    assert await scene.approve(store, of, chen)
    print(f"submitted in {frozen - begun:.2f} s, approved and posted in {perf_counter() - frozen:.2f} s")


async def bench(url: str) -> None:
    """All pages."""
    store = await Store.open(url, VAULT)
    await furnish(store)
    async with open_office(store) as office:
        office.now = NOW
        liu = await office.staff("liu", Role.ADMIN)
        chen = await office.staff("chen", Role.ADMIN)
        for number in range(1, SENT + 1):
            await send(store, liu, chen, number)
        await settle_most(store)
        await send(store, liu, chen, SENT + 1)
        await pages(office)
    await store.close()


async def pages(office: Office) -> None:
    """As their author, and as the second person, sees them."""
    liu, chen = await office.enter("liu"), await office.enter("chen")
    await visit(liu, "/console/broadcasts")
    await visit(liu, "/console/broadcasts/new")
    draft = await scene.draft(office.store, 1, "draft", title="草稿")
    path = f"/console/broadcasts/{draft.id}"
    await visit(liu, path)
    await visit(liu, f"{path}/submit", alike="1")
    await visit(chen, path)
    found = await scene.again(office.store, draft.id)
    await visit(chen, f"{path}/approve", digest=found.digest, submission=str(found.submissions))
    for running in (1, SENT + 1):
        base = f"/console/broadcasts/{running}"
        for page in ("", "/progress", "/recipients", "/recipients?group=failed"):
            await visit(liu, base + page)
    await visit(liu, "/console/broadcasts/1/calls")
    await visit(liu, "/console/broadcasts/1/export", all="1")
    await visit(liu, "/console/broadcasts/1/resend", delivery="")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        default = f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"
        asyncio.run(bench(sys.argv[1] if len(sys.argv) > 1 else default))
