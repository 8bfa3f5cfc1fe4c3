"""SQLite: one process, one writer thread, and one commit for all the turns that are ready.

Core statements are compiled once and run on the raw connection; SQLAlchemy's own execution would
cost many times what SQLite needs for a row.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog
from sqlalchemy import Executable, create_engine
from sqlalchemy.dialects import sqlite
from sqlalchemy.pool import StaticPool

from store.engine import AlreadyOpen, Do, NoVault, Piece, Unavailable
from store.migrations import upgrade
from store.vault import Vault

T = TypeVar("T")

log = structlog.get_logger(__name__)

BATCH: Final = 256
DIALECT: Final = sqlite.dialect()
PRAGMAS: Final = (
    "PRAGMA busy_timeout = 10000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)


class Prepared:
    """One statement as SQLite takes it: its text, the order of its values, the shape of its rows."""

    def __init__(self, statement: Any) -> None:
        compiled = statement.compile(dialect=DIALECT)
        self.sql = str(compiled)
        binds = [(name, compiled.binds[name]) for name in compiled.positiontup]
        self._constants = {name: bind.value for name, bind in binds if not bind.required}
        self._places = [
            (name, bind.type.dialect_impl(DIALECT).bind_processor(DIALECT)) for name, bind in binds
        ]
        columns = statement.exported_columns
        self._names = [column.name for column in columns]
        self._decoders = [
            (column.name, decode)
            for column in columns
            if (decode := column.type.dialect_impl(DIALECT).result_processor(DIALECT, None))
        ]

    def values(self, given: dict[str, Any]) -> list[Any]:
        if self._constants:
            given = self._constants | given
        return [encode(given[name]) if encode else given[name] for name, encode in self._places]

    def rows(self, found: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
        rows = [dict(zip(self._names, row, strict=True)) for row in found]
        for row in rows:
            for name, decode in self._decoders:
                row[name] = decode(row[name])
        return rows


class SqliteSession:
    """Runs prepared statements on the writer's connection, in the writer's thread."""

    def __init__(self, connection: sqlite3.Connection, vault: Vault | None) -> None:
        self._connection = connection
        self._vault = vault
        self._prepared: dict[Executable, Prepared] = {}

    @property
    def vault(self) -> Vault:
        if self._vault is None:
            raise NoVault
        return self._vault

    def run(self, statement: Executable, /, **values: Any) -> Sequence[Mapping[str, Any]]:
        prepared = self._prepared.get(statement)
        if prepared is None:
            prepared = self._prepared[statement] = Prepared(statement)
        return prepared.rows(self.execute(prepared.sql, prepared.values(values)))

    def undo(self) -> None:
        self.execute("ROLLBACK TO piece")

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError as fault:
            raise Unavailable(str(fault)) from fault


class Writer:
    """The connection by which this process writes the file; everything of it runs in one thread."""

    def __init__(self, path: Path, vault: Vault | None, *, guest: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock: int | None = None
        try:
            self._lock = _hold(path)
            _migrate(path)
        except AlreadyOpen:
            # whoever has the file has brought its tables up to date
            if not guest:
                raise
        except BaseException:
            self._let_go()
            raise
        if guest:
            self._let_go()
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._session = SqliteSession(self._connection, vault)
        for pragma in PRAGMAS:
            self._session.execute(pragma)

    def begin(self) -> None:
        # A transaction that reads before it writes would fail at once if it began deferred.
        self._session.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._session.execute("COMMIT")

    def roll_back(self) -> None:
        # SQLite has done so already where the disk was full.
        if self._connection.in_transaction:
            self._session.execute("ROLLBACK")

    def do(self, piece: Piece[T]) -> T:
        return piece(self._session)

    def commit_together(self, pieces: Sequence[Piece[Any]]) -> list[Any]:
        """Each piece's result, or the exception for which it alone was taken back."""
        try:
            self.begin()
            outcomes = [self._apart(piece) for piece in pieces]
            self.commit()
        except BaseException:
            self.roll_back()
            raise
        return outcomes

    def close(self) -> None:
        self._connection.close()
        self._let_go()

    def _let_go(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _apart(self, piece: Piece[Any]) -> Any:
        self._session.execute("SAVEPOINT piece")
        try:
            outcome = piece(self._session)
        except Exception as fault:
            if not self._connection.in_transaction:
                raise
            self._session.execute("ROLLBACK TO piece")
            outcome = fault
        self._session.execute("RELEASE piece")
        return outcome


class Sqlite:
    """The event loop's side of the writer."""

    def __init__(self, thread: ThreadPoolExecutor, writer: Writer) -> None:
        self._thread = thread
        self._writer = writer
        self._writing = asyncio.Lock()
        self._ready: list[tuple[Piece[Any], asyncio.Future[Any]]] = []
        self._sharing: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, path: Path, vault: Vault | None, *, guest: bool) -> Sqlite:
        """Take hold of the file, bring its tables up to date, and start the writer; a guest lets go of it
        again, and shares it with whoever has it."""
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-writer")
        try:
            writer = partial(Writer, path, vault, guest=guest)
            return cls(thread, await asyncio.get_running_loop().run_in_executor(thread, writer))
        except BaseException:
            thread.shutdown(wait=False)
            raise

    async def share(self, piece: Piece[T]) -> T:
        """Keep one piece of work in the next commit, parted from the others by a savepoint."""
        waiter: asyncio.Future[T | Exception] = asyncio.get_running_loop().create_future()
        self._ready.append((piece, waiter))
        if self._sharing is None:
            self._sharing = asyncio.create_task(self._share())
        outcome = await waiter
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Do]:
        """The writer for the caller alone, until the block ends."""
        async with self._writing:
            try:
                await self._call(self._writer.begin)
                yield self._do
                await self._call(self._writer.commit)
            except BaseException:
                await self._call(self._writer.roll_back)
                raise

    async def close(self) -> None:
        """Finish the turns that are ready, then let go of the file."""
        if self._sharing is not None:
            await self._sharing
        async with self._writing:
            await self._call(self._writer.close)
        self._thread.shutdown()

    async def _share(self) -> None:
        while self._ready:
            async with self._writing:
                batch, self._ready = self._ready[:BATCH], self._ready[BATCH:]
                try:
                    outcomes = await self._call(self._writer.commit_together, [piece for piece, _ in batch])
                except Exception as fault:
                    log.exception("commit_failed", turns=len(batch))
                    outcomes = [fault] * len(batch)
            for (_, waiter), outcome in zip(batch, outcomes, strict=True):
                # One that was cancelled is done already; its turn is kept all the same.
                if not waiter.done():
                    waiter.set_result(outcome)
        self._sharing = None

    async def _do(self, piece: Piece[T], /) -> T:
        return await self._call(self._writer.do, piece)

    async def _call(self, function: Callable[..., T], /, *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)


def _hold(path: Path) -> int:
    """Lock the file for this process until the descriptor is closed; a killed process lets go by itself."""
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(lock, 20).decode() or "unknown"
        os.close(lock)
        raise AlreadyOpen(
            f"{path} is in use by another process (pid {holder}, lock file {path}.lock). SQLite serves one "
            "process: stop that one first, or give JIANGWEN_DATABASE_URL a PostgreSQL database for several."
        ) from None
    os.ftruncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    return lock


def _migrate(path: Path) -> None:
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(path), poolclass=StaticPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        upgrade(connection)
    engine.dispose()
