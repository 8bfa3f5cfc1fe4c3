"""Passwords: which are good enough, and argon2id for two people at a time."""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError

SHORTEST: Final = 12
LONGEST: Final = 128
AT_ONCE: Final = 2
QUEUE: Final = 50
_FEWEST_SIGNS: Final = 5
_TELLING_LOGIN: Final = 4
"""A shorter login stands in many a good password by chance."""
_GENERATED: Final = "abcdefghjkmnpqrstuvwxyz23456789"
# takes as long as an account's own, and opens nothing
_NOBODYS: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$maUCslDh1GGRYykj95WaKQ$L6FR2RrtB+7d9zDbsq9QHv+FmvPLF+KCmkgF4pP96SY"
)
_COMMON: Final = frozenset(
    (Path(__file__).parent / "passwords.txt").read_text(encoding="utf-8").casefold().split()
)


class Busy(Exception):
    """More people sign in at once than can be served; trying again helps."""


class Argon:
    """Hashes and verifies in a thread: 19 MiB, two passes, 46 ms each."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1, type=Type.ID)

    async def hash(self, password: str) -> str:
        """What to keep of a password."""
        return await asyncio.to_thread(self._hasher.hash, _plain(password))

    async def verify(self, kept: str, password: str) -> bool:
        """Whether a password is the kept one; where none is kept it takes as long to say no."""
        return await asyncio.to_thread(self._verified, kept, _plain(password))

    def _verified(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept or _NOBODYS, password) and bool(kept)
        except (Argon2Error, InvalidHashError):
            return False


class Passwords:
    """Lets two people at once to what their passwords need, the database with it; fifty wait."""

    def __init__(self) -> None:
        self._argon = Argon()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._inside = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Argon]:
        """One's turn. Raises Busy where too many wait for theirs."""
        if self._inside >= AT_ONCE + QUEUE:
            raise Busy
        self._inside += 1
        try:
            async with self._room:
                yield self._argon
        finally:
            self._inside -= 1


def fault(password: str, login: str) -> str:
    """What is wrong with a new password, as a key of the words for it; empty where it is good enough."""
    plain = _plain(password)
    if len(plain) < SHORTEST:
        return "password_short"
    if len(plain) > LONGEST:
        return "password_long"
    small = plain.casefold()
    if (
        len(set(small)) < _FEWEST_SIGNS
        or (len(login) >= _TELLING_LOGIN and login in small)
        or small in _COMMON
    ):
        return "password_plain"
    return ""


def generated() -> str:
    """A password to hand over, without signs that look alike (99 bits)."""
    return "-".join("".join(secrets.choice(_GENERATED) for _ in range(5)) for _ in range(4))


def _plain(password: str) -> str:
    """The same sign however a keyboard made it."""
    return unicodedata.normalize("NFKC", password)
