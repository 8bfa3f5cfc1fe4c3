"""How fast deliveries go through the outbox without the call, beside the databases doing the same two writes.

What has ended is settled in the transaction of the next claim, as the loop of `bot.delivery` does it. The
floor is the bare driver: the claim and the settling as one UPDATE each, committed as durably, reading and
judging nothing. A machine that is busy lowers both, so the CPU time of this process is given as well.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path as File

import asyncpg
from sqlalchemy import BigInteger, Text, insert, literal, select, text, true, update

from store.columns import UtcDateTime, fixed, given, packed
from store.database import Store
from store.judge import Rules
from store.reach import Kind
from store.records import DeliveryState, Path, SeatState, Settlement
from store.schema import contacts, deliveries, seats, units
from tests.databases import VAULT, server_in

PEOPLE, SENT, WAITING, BATCH, LOOPS = 100_000, 20_000, 200_000, 100, 4
POST_S, SQLITE, POSTGRES, GROWTH_MB = 5.0, 15_000, 9_000, 20.0
NOW = datetime(2024, 7, 1, 2, tzinfo=UTC)
LANE, LEASE = "wechat:bench:push", timedelta(minutes=1)
REMINDER = Kind(
    name="reminder",
    paths=(Path.TEMPLATE, Path.CUSTOM, Path.EMAIL, Path.CALL),
    templates={Path.TEMPLATE: "template"},
)
RULES = Rules(kinds={"reminder": REMINDER}, stages={"n/s": "2024-07-08"}, quotas={Path.TEMPLATE: 10**9})

CLAIM_SQLITE = """
WITH due AS (SELECT id FROM deliveries WHERE state = 'waiting' AND lane = ? ORDER BY due_at, id LIMIT ?)
UPDATE deliveries SET state = 'sending', owner = 'me', attempt = attempt + 1, lease_until = 1,
 path = 'template', first_try_at = 1 FROM due WHERE deliveries.id = due.id AND state = 'waiting'
RETURNING deliveries.id, contact_id, recipient, content"""
SETTLE_SQLITE = """
UPDATE deliveries SET state = 'sent', platform_id = value ->> 1, settled_at = 1, lease_until = NULL
FROM json_each(?) WHERE deliveries.id = value ->> 0 AND owner = 'me' AND state = 'sending'"""
CLAIM_POSTGRES = """
WITH due AS (SELECT id FROM deliveries WHERE state = 'waiting' AND lane = $1 ORDER BY due_at, id LIMIT $2
 FOR NO KEY UPDATE SKIP LOCKED)
UPDATE deliveries SET state = 'sending', owner = 'me', attempt = attempt + 1, lease_until = 1,
 path = 'template', first_try_at = 1 FROM due WHERE deliveries.id = due.id AND state = 'waiting'
RETURNING deliveries.id, contact_id, recipient, content"""
SETTLE_POSTGRES = """
UPDATE deliveries SET state = 'sent', platform_id = value ->> 1, settled_at = 1, lease_until = NULL
FROM json_array_elements($1) WHERE deliveries.id = (value ->> 0)::bigint AND owner = 'me'
 AND state = 'sending'"""

_rows = given("people", sender=Text())
_people = insert(contacts).from_select(
    ["channel", "account", "sender", "follows", "window_left", "created_at"],
    select(
        literal("wechat"),
        literal("bench"),
        _rows.c.sender,
        true(),
        literal(0),
        literal(NOW, UtcDateTime()),
    ),
)
_unit = insert(units).values(
    id=1, code="1", name="甲公司", city="bench", district="", department="", created_at=NOW, changed_at=NOW
)
_seats = insert(seats).from_select(
    ["unit_id", "contact_id", "state", "how", "since"],
    select(
        literal(1, BigInteger),
        contacts.c.id,
        fixed(SeatState.CONFIRMED),
        literal("code"),
        literal(NOW, UtcDateTime()),
    ),
)
_afresh = update(deliveries).values(state="waiting", platform_id="", path=None, owner=None)

Row = Callable[..., None]


@dataclass(slots=True)
class Took:
    """Seconds by the clock, and of this process's own work."""

    wall: float = 0.0
    own: float = 0.0

    def rate(self, number: int) -> str:
        """As a figure of the table."""
        return f"{number / self.wall:,.0f} ({number / max(self.own, 1e-9):,.0f} a CPU second)"


@contextmanager
def timed() -> Iterator[Took]:
    """How long a block takes."""
    took, wall, own = Took(), time.perf_counter(), time.process_time()
    yield took
    took.wall, took.own = time.perf_counter() - wall, time.process_time() - own


def bench(row: Row) -> None:
    """The rows of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = File(name)
        file = folder / "outbox.db"
        asyncio.run(_measure(row, "SQLite", f"sqlite+aiosqlite:///{file}", SQLITE))
        _floor_sqlite(row, file)
        server = server_in(folder / "postgres")
        try:
            url = server.get_uri(driver="asyncpg")
            asyncio.run(_measure(row, "PostgreSQL", url, POSTGRES))
            asyncio.run(_floor_postgres(row, url.replace("+asyncpg", "")))
        finally:
            server.cleanup()


async def _measure(row: Row, name: str, url: str, target: int) -> None:
    store = await Store.open(url, VAULT)
    async with store.work() as work:
        people = packed([f"openid-{number:08d}"] for number in range(PEOPLE))
        await work.do(lambda session: session.run(_people, people=people))
        await work.do(lambda session: session.run(_unit))
        await work.do(lambda session: session.run(_seats))
        if name == "PostgreSQL":  # as it does by itself within a minute
            await work.do(lambda session: session.run(text("ANALYZE")))
    took = await _post(store, "deadline:1")
    measured = f"{took.wall:.2f} s"
    row(f"{name}: post to {PEOPLE:,} contacts", measured, f"< {POST_S:.0f} s", met=took.wall < POST_S)
    await _drain(store, 20 * BATCH, LOOPS)
    loops = 1 if name == "SQLite" else LOOPS
    took = await _drain(store, SENT, loops)
    met = SENT / took.wall >= target
    row(
        f"{name}: claimed and settled in a second, {loops} at a time",
        took.rate(SENT),
        f">= {target}",
        met=met,
    )
    for number in range(2, 2 + WAITING // PEOPLE):
        await _post(store, f"deadline:{number}")
    before = _memory_mb()
    await _drain(store, SENT, loops)
    grown = _memory_mb() - before
    row(
        f"{name}: memory that grows with {WAITING:,} waiting",
        f"{grown:.1f} MB",
        f"< {GROWTH_MB:.0f} MB",
        met=grown < GROWTH_MB,
    )
    async with store.work() as work:
        await work.do(lambda session: session.run(_afresh))
    await store.close()


async def _post(store: Store, occasion: str) -> Took:
    with timed() as took:
        async with store.work() as work:
            posted = await work.post(
                kind="reminder",
                template="deadlines/near",
                content='{"stage": "s"}',
                audience='{"who": "units", "city": "bench"}',
                occasion=occasion,
                due_at=NOW.isoformat(),
                not_after=(NOW + timedelta(days=3)).isoformat(),
                premises='[{"what": "stage", "of": "n/s", "version": "2024-07-08"}]',
                unit="",
                now=NOW,
            )
    assert posted == PEOPLE
    return took


async def _drain(store: Store, number: int, loops: int) -> Took:
    """Claim and settle so many, `loops` at a time."""
    left = number

    async def loop(owner: str) -> None:
        nonlocal left
        done: list[Settlement] = []
        while left > 0 or done:
            limit = min(BATCH, left)
            left -= limit
            async with store.work() as work:
                assert await work.settle(settlements=done, now=NOW) == len(done)
                claim = await work.claim_pushes(
                    lane=LANE, owner=owner, now=NOW, limit=limit, lease=LEASE, rules=RULES
                )
            done = [
                Settlement(delivery=one, state=DeliveryState.SENT, platform_id=str(one.id))
                for one in claim.ready
            ]

    with timed() as took:
        await asyncio.gather(*(loop(f"bench-{at}") for at in range(loops)))
    return took


def _floor_sqlite(row: Row, file: File) -> None:
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    with timed() as took:
        armed: list[tuple[int, ...]] = []
        for _ in range(SENT // BATCH + 1):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(SETTLE_SQLITE, (json.dumps([[one[0], str(one[0])] for one in armed]),))
            armed = connection.execute(CLAIM_SQLITE, (LANE, BATCH)).fetchall()
            connection.execute("COMMIT")
    connection.close()
    row("SQLite: the floor of it, bare sqlite3", took.rate(SENT))


async def _floor_postgres(row: Row, url: str) -> None:
    left = SENT

    async def loop() -> None:
        nonlocal left
        connection = await asyncpg.connect(url)
        armed: list[asyncpg.Record] = []
        while left > 0 or armed:
            limit = min(BATCH, left)
            left -= limit
            async with connection.transaction():
                await connection.execute(
                    SETTLE_POSTGRES, json.dumps([[one[0], str(one[0])] for one in armed])
                )
                armed = await connection.fetch(CLAIM_POSTGRES, LANE, limit)
        await connection.close()

    with timed() as took:
        await asyncio.gather(*(loop() for _ in range(LOOPS)))
    row(f"PostgreSQL: the floor of it, bare asyncpg, {LOOPS} at a time", took.rate(SENT))


def _memory_mb() -> float:
    """What this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
