"""What the two databases do to the store: locks, full disks, lost connections, deadlocks, rivals."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import threading
import time
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from store.database import AlreadyOpen, Store, Unavailable
from store.engine import Session
from store.records import Before, Thought
from store.schema import conversations, deliveries, inbound
from store.sqlite import SqliteSession
from tests.databases import VAULT
from tests.store.scene import Mind, Waiter, drop_connections, in_time, message, rows, too_late
from tests.store.units import CODE, keep


async def test_turns_wait_for_a_backup_that_locks_the_file_and_the_loop_goes_on(sqlite_url: str) -> None:
    store = await Store.open(sqlite_url)
    backup = sqlite3.connect(str(make_url(sqlite_url).database), isolation_level=None)
    backup.execute("BEGIN IMMEDIATE")
    turn = asyncio.create_task(store.turn(message(), Mind(), passive=in_time))
    ticks = 0
    for _ in range(20):
        await asyncio.sleep(0.01)
        ticks += 1
    assert not turn.done()
    backup.execute("ROLLBACK")
    backup.close()
    settled = await turn
    await store.close()

    assert ticks == 20
    assert settled.text == "answer 1"


async def test_a_full_disk_keeps_nothing_of_a_turn_and_is_recovered_from(sqlite_url: str) -> None:
    store = await Store.open(sqlite_url)
    await store.turn(message("first"), Mind(), passive=in_time)

    async def allow(pages: int) -> None:
        def limit(session: Session) -> None:
            assert isinstance(session, SqliteSession)
            session.execute(f"PRAGMA max_page_count = {pages}")

        async with store.work() as work:
            await work.do(limit)

    await allow(1)
    outcomes = await asyncio.gather(
        *(store.turn(message(f"m{n}", "字" * 3000), Mind(), passive=too_late) for n in range(20)),
        return_exceptions=True,
    )
    assert {type(outcome) for outcome in outcomes} == {Unavailable}
    assert [row["message_id"] for row in await rows(store, inbound)] == ["first"]
    assert [row["state"] for row in await rows(store, conversations)] == ["1"]
    assert await rows(store, deliveries) == []

    await allow(1_000_000)
    settled = await asyncio.gather(
        *(store.turn(message(f"m{n}", "字" * 3000), Mind(), passive=too_late) for n in range(20))
    )
    assert not any(one.repeated for one in settled)
    assert len(await rows(store, deliveries)) == 20
    await store.close()
    healthy = sqlite3.connect(str(make_url(sqlite_url).database))
    assert healthy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    healthy.close()


async def test_turns_outlive_a_server_that_drops_its_connections(postgres_url: str) -> None:
    store = await Store.open(postgres_url)

    async def drop() -> None:
        for _ in range(3):
            await asyncio.sleep(0.02)
            await drop_connections(postgres_url)

    dropping = asyncio.create_task(drop())
    settled = [await store.turn(message(f"m{n}"), Mind(), passive=in_time) for n in range(60)]
    await dropping
    await store.turn(message("last"), Mind(), passive=in_time)
    kept = await rows(store, conversations)
    await store.close()

    assert len({one.inbound_id for one in settled}) == 60
    assert kept[0]["state"] == "61"


async def test_a_deadlock_is_tried_again_and_the_waiter_asked_once(postgres_url: str) -> None:
    store = await Store.open(postgres_url)
    await store.turn(message("m0"), Mind(), passive=in_time)
    waiter, mind, thinking = Waiter(waits=True), Mind(), threading.Event()

    def slowly(before: Before) -> Thought:
        if not mind.seen:
            thinking.set()
            time.sleep(0.3)
        return mind(before)

    def rival() -> None:
        async def lock_the_other_way_round() -> None:
            raw = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
            async with raw.transaction():
                await raw.execute("SELECT * FROM conversations FOR UPDATE")
                holding.set()
                await asyncio.to_thread(thinking.wait)
                await raw.execute("SELECT * FROM contacts FOR UPDATE")
            await raw.close()

        asyncio.run(lock_the_other_way_round())

    holding = threading.Event()
    thread = threading.Thread(target=rival)
    thread.start()
    await asyncio.to_thread(holding.wait)
    settled = await store.turn(message("m1"), slowly, passive=waiter)
    await asyncio.to_thread(thread.join)
    await store.close()

    assert (settled.text, settled.repeated) == ("answer 2", False)
    assert len(mind.seen) == 2
    assert waiter.asked == 1


async def test_a_second_store_on_one_sqlite_file_is_refused_with_a_cure(sqlite_url: str) -> None:
    store = await Store.open(sqlite_url)
    with pytest.raises(AlreadyOpen, match=r"test\.db\.lock.*PostgreSQL"):
        await Store.open(sqlite_url)
    await store.close()
    reopened = await Store.open(sqlite_url)
    await reopened.close()


async def test_a_second_process_on_one_sqlite_file_is_refused(sqlite_url: str) -> None:
    store = await Store.open(sqlite_url)
    script = "import asyncio, sys; from store.database import Store; asyncio.run(Store.open(sys.argv[1]))"
    second = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, sqlite_url, stderr=asyncio.subprocess.PIPE
    )
    _, said = await second.communicate()
    await store.close()

    assert second.returncode == 1
    assert f"AlreadyOpen: {make_url(sqlite_url).database} is in use" in said.decode()
    assert f"pid {os.getpid()}" in said.decode()


@pytest.mark.parametrize("url", ["sqlite+aiosqlite://", "mysql://localhost/x"])
async def test_an_address_that_is_no_database_of_ours_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not a database"):
        await Store.open(url)


async def test_a_server_that_is_away_is_named_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        await Store.open(f"postgresql+asyncpg://postgres@/none?host={tmp_path}")


async def test_a_guest_works_beside_whoever_has_the_file(sqlite_url: str) -> None:
    """A command does its short piece of work while the service runs; it keeps nobody out."""
    first = await Store.open(sqlite_url, VAULT)
    guest = await Store.open(sqlite_url, VAULT, guest=True)
    await keep(guest)
    async with first.work() as work:
        assert await work.unit(code=CODE)
    await first.close()
    second = await Store.open(sqlite_url, VAULT)
    async with guest.work() as work, asyncio.timeout(60):
        assert await work.unit(code=CODE)
    await guest.close()
    await second.close()


async def test_a_guest_brings_the_tables_of_an_idle_file_up_to_date(sqlite_url: str) -> None:
    guest = await Store.open(sqlite_url, VAULT, guest=True)
    await keep(guest)
    service = await Store.open(sqlite_url, VAULT)
    async with service.work() as work:
        assert await work.unit(code=CODE)
    await service.close()
    await guest.close()
