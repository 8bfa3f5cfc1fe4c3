"""What a database is to the verbs (`Session`), to the façade (`Engine`), and how it fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar

from sqlalchemy import Executable

from store.vault import Vault

T = TypeVar("T")


class Unavailable(Exception):
    """The database cannot keep anything now (full, locked, gone); nothing of this call was kept."""


class NoVault(Exception):
    """Personal values cannot be kept or read: the store was opened without a vault."""


class AlreadyOpen(Exception):
    """Another process holds this SQLite file."""


class Session(Protocol):
    """One open transaction, or a savepoint of it."""

    @property
    def vault(self) -> Vault:
        """Seals personal values; NoVault where the store was opened without one."""
        ...

    def run(self, statement: Executable, /, **values: Any) -> Sequence[Mapping[str, Any]]:
        """Run one statement and give its rows.

        Statements are constants of their modules, because each is compiled once and kept.
        """
        ...

    def undo(self) -> None:
        """Take back what this piece of work has written; nothing more may be run."""
        ...


Piece = Callable[[Session], T]


class Do(Protocol):
    """Runs one piece of work inside an open transaction."""

    def __call__(self, piece: Piece[T], /) -> Awaitable[T]: ...


class Engine(Protocol):
    """SQLite in one process, or PostgreSQL in many."""

    async def share(self, piece: Piece[T]) -> T:
        """Keep one piece of work, perhaps in one transaction with others; each stands or falls alone."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Do]:
        """A transaction of its own for several pieces of work."""
        ...

    async def close(self) -> None:
        """Finish what has begun and let go of the database."""
        ...
