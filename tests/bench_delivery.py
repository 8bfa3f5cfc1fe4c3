"""How fast deliveries leave through the outbox over HTTP, to a platform that answers at once.

The floor is the same HTTP client with the same requests and no outbox behind it. Run as a program with the
argument `platform`, it is the platform; with `carry`, a worker.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Final

from aiohttp import web
from sqlalchemy import BigInteger, Text, func, insert, literal, select, true

from bot.app import serving, until_stopped
from bot.channels.contract import Card, Sent
from bot.channels.wechat import Account, WeChat
from bot.delivery import Delivery
from bot.kinds import Kinds
from bot.lanes import Pace
from bot.settings import Settings
from store.columns import UtcDateTime, fixed, given, packed
from store.database import Store
from store.records import DeliveryState, SeatState
from store.schema import contacts, deliveries, seats, units
from tests.bot.office import TEMPLATES, pushes
from tests.channels.wechat_push import NoShelf
from tests.databases import VAULT, server_in

SENT, TARGET, FLYING = 10_000, 1_500, 100
NOW: Final = datetime(2024, 7, 1, 2, tzinfo=UTC)
PACE: Final = Pace(pushes=FLYING)

Row = Callable[..., None]


def bench(row: Row) -> None:
    """The rows of the table."""
    asyncio.run(_bench(row))


async def _bench(row: Row) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with _program("platform") as platform:
            assert platform.stdout
            base = (await platform.stdout.readline()).decode().strip()
            row("sends over HTTP in a second, without an outbox (the floor)", f"{await _floor(base):,.0f}")
            rate = await _sqlite(f"sqlite+aiosqlite:///{folder / 'outbox.db'}", base)
            target = f">= {TARGET}"
            row("SQLite: deliveries over HTTP in a second", f"{rate:,.0f}", target, met=rate >= TARGET)
            server = server_in(folder / "postgres")
            try:
                for workers in (1, 4):
                    url = server.get_uri(driver="asyncpg")
                    rate = await _postgres(url, base, workers)
                    row(f"PostgreSQL: the same, {workers} at a time", f"{rate:,.0f}")
            finally:
                server.cleanup()


@asynccontextmanager
async def _program(*arguments: str) -> AsyncIterator[Process]:
    command = (sys.executable, "-m", "tests.bench_delivery", *arguments)
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    yield process
    process.terminate()
    await process.wait()


async def _floor(base: str) -> float:
    channel, left = _door(base), count(SENT, -1)
    card = Card(template_id="tmpl", fields={"thing1": "区级截止", "time2": "2024年7月5日 17:00"})

    async def loop() -> None:
        while (number := next(left)) > 0:
            assert isinstance(
                await channel.send_template(recipient="openid", card=card, key=f"{number:032d}", now=NOW),
                Sent,
            )

    begun = time.perf_counter()
    await asyncio.gather(*(loop() for _ in range(FLYING)))
    await channel.aclose()
    return SENT / (time.perf_counter() - begun)


async def _sqlite(url: str, base: str) -> float:
    store = await Store.open(url, VAULT)
    await _posted(store, "memo:1")
    begun = time.perf_counter()
    await _carried(store, base)
    seconds = time.perf_counter() - begun
    await store.close()
    return SENT / seconds


async def _carried(store: Store, base: str) -> None:
    """Carry until nothing waits any more."""
    channel = _door(base)
    outbox = _outbox(store, channel)
    running = asyncio.create_task(outbox.run())
    await _emptied(store)
    await outbox.stop()
    await running
    await channel.aclose()


async def _postgres(url: str, base: str, workers: int) -> float:
    store = await Store.open(url, VAULT)
    await _posted(store, f"memo:{workers}")
    async with AsyncExitStack() as stack:
        crew = [await stack.enter_async_context(_program("carry", url, base)) for _ in range(workers)]
        for worker in crew:
            assert worker.stdout
            await worker.stdout.readline()
        begun = time.perf_counter()
        for worker in crew:
            assert worker.stdin
            worker.stdin.write(b"\n")
        await _emptied(store)
        seconds = time.perf_counter() - begun
    await store.close()
    return SENT / seconds


async def _emptied(store: Store) -> None:
    """Returns when all is settled."""
    while await _left(store):  # noqa: ASYNC110 (other processes settle it)
        await asyncio.sleep(0.05)


async def _left(store: Store) -> int:
    unsettled = [fixed(DeliveryState.WAITING), fixed(DeliveryState.SENDING)]
    counted = select(func.count().label("rows")).where(deliveries.c.state.in_(unsettled))
    async with store.work() as work:
        left: int = (await work.do(lambda session: session.run(counted)))[0]["rows"]
    return left


async def _posted(store: Store, occasion: str) -> None:
    """Contacts, where there are none yet, and a message to each."""
    people = packed([f"openid-{number:08d}"] for number in range(SENT))
    async with store.work() as work:
        if not await work.do(lambda session: session.run(select(contacts.c.id).limit(1))):
            await work.do(lambda session: session.run(_people, people=people))
            await work.do(lambda session: session.run(_unit))
            await work.do(lambda session: session.run(_seats))
        await work.post(
            kind="binding",
            template="memo/near",
            content="{}",
            audience='{"who": "units", "city": "bench"}',
            occasion=occasion,
            due_at=NOW.isoformat(),
            not_after=(NOW + timedelta(days=3)).isoformat(),
            premises="[]",
            unit="",
            now=NOW,
        )


def _door(base: str) -> WeChat:
    return WeChat(Account(app_id="bench", app_secret="s", token="t", api_base=base), shelf=NoShelf())


def _outbox(store: Store, channel: WeChat) -> Delivery:
    chosen = Settings(templates={"binding": {"template": TEMPLATES["reminder"]["template"]}}).templates
    return Delivery(store, {"wechat:bench": channel}, lambda: NOW, PACE, pushes(Kinds(chosen)))


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


async def _platform() -> None:
    numbers = count(1)

    async def token(request: web.Request) -> web.Response:
        return web.json_response({"access_token": "bench", "expires_in": 7200})

    async def send(request: web.Request) -> web.Response:
        await request.read()
        return web.json_response({"errcode": 0, "errmsg": "ok", "msgid": next(numbers)})

    app = web.Application()
    app.router.add_post("/cgi-bin/stable_token", token)
    app.router.add_post("/cgi-bin/message/template/send", send)
    async with serving(app, "127.0.0.1", 0) as port:
        print(f"http://127.0.0.1:{port}", flush=True)
        await until_stopped()


async def _carry(url: str, base: str) -> None:
    store = await Store.open(url, VAULT)
    channel = _door(base)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await _outbox(store, channel).run()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["platform"]:
            asyncio.run(_platform())
        case ["carry", url, base]:
            asyncio.run(_carry(url, base))
        case _:
            from tests.bench import row as _row

            bench(_row)
