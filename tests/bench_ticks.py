"""How long the tick of reminders takes where 100,000 contacts are to be reminded at once."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import BigInteger, cast, false, func, insert, literal, select

from bot.ticks import Reminding
from knowledge.library import Library
from store.columns import UtcDateTime, given, packed
from store.database import Store
from store.engine import Session
from store.schema import contacts, deliveries, wishes
from store.vault import Vault
from tests.databases import server_in

CONTACTS: Final = 100_000
TARGET_S: Final = 5.0
START: Final = datetime.fromisoformat("2023-06-01T10:00:00+08:00")
DUE: Final = datetime.fromisoformat("2023-06-12T09:00:00+08:00")
TOPIC: Final = "wuhan-2023/wuhan-gongjiang"

_numbers = given("numbers", number=BigInteger())
_moment = literal(START, UtcDateTime())
PEOPLE: Final = insert(contacts).from_select(
    ["channel", "account", "sender", "follows", "window_left", "created_at"],
    select(
        literal("wechat"),
        literal("bench"),
        literal("o") + cast(_numbers.c.number, contacts.c.sender.type),
        false(),
        literal(0),
        _moment,
    ),
)
WISHES: Final = insert(wishes).from_select(
    ["contact_id", "kind", "topic", "district", "since"],
    select(contacts.c.id, literal("deadline"), literal(TOPIC), literal(""), _moment),
)
COUNT: Final = select(func.count().label("rows")).select_from(deliveries)


async def tick(url: str, people: int = CONTACTS) -> tuple[float, float]:
    """Seconds of the tick that reminds everybody, and of the one after it."""
    store = await Store.open(url, Vault([bytes(32)]))
    library, now = Library.load(), [START]
    reminding = Reminding(store, library, lambda: now[0], lambda: None)

    def fill(session: Session) -> None:
        session.run(PEOPLE, numbers=packed([number] for number in range(people)))
        session.run(WISHES)

    async with store.work() as work:
        await work.do(fill)
    await reminding.sweep()
    now[0] = DUE
    begun = time.perf_counter()
    assert await reminding.sweep() == people
    taken = time.perf_counter() - begun
    # another process, which does not know yet
    begun = time.perf_counter()
    assert await Reminding(store, library, lambda: now[0], lambda: None).sweep() == 0
    again = time.perf_counter() - begun
    async with store.work() as work:
        assert (await work.do(lambda session: session.run(COUNT)))[0]["rows"] == people
    await store.close()
    return taken, again


def bench(row: Callable[..., None]) -> None:
    """A row for each database."""
    with tempfile.TemporaryDirectory() as name:
        server = server_in(Path(name) / "postgres")
        try:
            urls = {
                "SQLite": f"sqlite+aiosqlite:///{name}/ticks.db",
                "PostgreSQL": server.get_uri(driver="asyncpg"),
            }
            for database, url in urls.items():
                taken, again = asyncio.run(tick(url))
                row(
                    f"tick of reminders, {CONTACTS} contacts, {database}",
                    f"{taken:.2f} s, again {again:.3f} s",
                    f"< {TARGET_S:.0f} s",
                    met=taken < TARGET_S,
                )
        finally:
            server.cleanup()
