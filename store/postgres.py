"""PostgreSQL: many processes, one transaction a turn, tried again when the server stumbles."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from random import SystemRandom
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Executable, func, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from store.engine import Do, NoVault, Piece, Unavailable
from store.migrations import upgrade
from store.vault import Vault

T = TypeVar("T")

CONNECTIONS: Final = 16
PAUSES: Final = (0.05, 0.2, 0.6, 1.8)
MIGRATION_LOCK: Final = 0x6A69616E67
SERVER_SETTINGS: Final = {
    "application_name": "jiangwen",
    # Switched off, a crash of the server would forget commits that were answered on.
    "synchronous_commit": "on",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
}
# Classes of SQLSTATE: connection lost, rolled back for another's sake, out of resources, shutting down.
PASSING: Final = ("08", "40", "53", "57")
READ_ONLY: Final = "25006"

_jitter = SystemRandom()


class PostgresSession:
    """Runs statements on one connection, inside the greenlet of `run_sync`."""

    def __init__(self, connection: Connection, vault: Vault | None) -> None:
        self._connection = connection
        self._vault = vault

    @property
    def vault(self) -> Vault:
        if self._vault is None:
            raise NoVault
        return self._vault

    def run(self, statement: Executable, /, **values: Any) -> Sequence[Mapping[str, Any]]:
        result = self._connection.execute(statement, values)
        if not result.returns_rows:
            return ()
        names = tuple(result.keys())
        return [dict(zip(names, row, strict=True)) for row in result.all()]

    def undo(self) -> None:
        self._connection.rollback()


class Postgres:
    """A pool of connections; each piece of work has a transaction of its own."""

    def __init__(self, engine: AsyncEngine, vault: Vault | None) -> None:
        self._engine = engine
        self._vault = vault
        self._running: set[asyncio.Task[Any]] = set()

    @classmethod
    async def open(cls, url: URL, vault: Vault | None) -> Postgres:
        """Connect and bring the tables up to date; of many processes one does it and the others wait."""
        engine = create_async_engine(
            url,
            pool_size=CONNECTIONS,
            max_overflow=0,
            hide_parameters=True,
            connect_args={"server_settings": SERVER_SETTINGS},
        )
        postgres = cls(engine, vault)
        try:
            async with postgres._connected() as connection:
                await connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
                await connection.run_sync(upgrade)
        except BaseException:
            await engine.dispose()
            raise
        return postgres

    async def share(self, piece: Piece[T]) -> T:
        """Keep one piece of work; a caller who stops waiting does not undo it."""
        task = asyncio.create_task(self._persist(piece))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Do]:
        """A transaction for several pieces of work; never tried again by itself."""
        async with self._connected() as connection:

            async def do(piece: Piece[T], /) -> T:
                return await connection.run_sync(lambda inner: piece(PostgresSession(inner, self._vault)))

            yield do

    async def close(self) -> None:
        """Finish the turns that have begun, then close the pool."""
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._engine.dispose()

    async def _persist(self, piece: Piece[T]) -> T:
        for pause in PAUSES:
            try:
                return await self._once(piece)
            except Unavailable:
                await asyncio.sleep(pause * _jitter.uniform(0.5, 1.5))
        return await self._once(piece)

    async def _once(self, piece: Piece[T]) -> T:
        async with self.transaction() as do:
            return await do(piece)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        try:
            connection = await self._engine.connect()
        except (OSError, PoolTimeout) as fault:
            raise Unavailable(str(fault)) from fault
        except DBAPIError as fault:
            raise _judged(fault) from fault
        try:
            async with connection.begin():
                yield connection
        except DBAPIError as fault:
            raise _judged(fault) from fault
        finally:
            await connection.close()


def _judged(fault: DBAPIError) -> Exception:
    """`Unavailable` where the same work may succeed another time, else the fault itself."""
    state = getattr(fault.orig, "sqlstate", None) or ""
    if fault.connection_invalidated or state.startswith(PASSING) or state == READ_ONLY:
        return Unavailable(str(fault))
    return fault
