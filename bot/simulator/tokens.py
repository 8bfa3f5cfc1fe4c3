"""Access tokens of one account: the classic and the stable kind, independent (platform document B1, E2)."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from bot.simulator.errors import ApiError

LIFE: Final = timedelta(seconds=7200)
BOTH_VALID: Final = timedelta(seconds=300)
BETWEEN_FORCED: Final = timedelta(seconds=30)
Kind = Literal["classic", "stable"]


@dataclass(slots=True, kw_only=True)
class Token:
    """`expires` moves when a newer token takes over; `killed` is dead whatever `expires` says."""

    value: str
    kind: Kind
    issued: datetime
    expires: datetime
    killed: bool = False

    def left(self, now: datetime) -> int:
        """Whole seconds of life left."""
        return int((self.expires - now).total_seconds())


class Tokens:
    """Real time: a token is a session, and does not age with the service's clock."""

    def __init__(self, wall: Callable[[], datetime]) -> None:
        self._wall = wall
        self._all: dict[str, Token] = {}
        self._latest: dict[Kind, Token] = {}
        self._forced_at: datetime | None = None

    def __iter__(self) -> Iterator[Token]:
        return iter(self._all.values())

    def classic(self) -> Token:
        """A new token; the one before lives five minutes more, older ones are dead."""
        for token in self._all.values():
            token.killed |= token.kind == "classic" and token is not self._latest.get("classic")
        return self._issue("classic")

    def stable(self) -> Token:
        """The same token until its last five minutes, in which a new one joins it."""
        now, latest = self._wall(), self._latest.get("stable")
        if latest is None or latest.killed or latest.expires - now <= BOTH_VALID:
            return self._issue("stable")
        return latest

    def may_force(self) -> bool:
        return self._forced_at is None or self._wall() - self._forced_at >= BETWEEN_FORCED

    def forced(self) -> Token:
        """A new stable token; the one before is dead at once."""
        self._forced_at = self._wall()
        for token in self._all.values():
            token.killed |= token.kind == "stable"
        return self._issue("stable")

    def kill(self) -> None:
        """Every token is dead now, as after a reset of the secret."""
        for token in self._all.values():
            token.killed = True

    def check(self, value: str | None) -> None:
        """Raises ApiError 41001 (none given), 40001 (unknown or dead), 42001 (expired)."""
        if not value:
            raise ApiError(41001)
        token = self._all.get(value)
        if token is None or token.killed:
            raise ApiError(40001)
        if token.expires <= self._wall():
            raise ApiError(42001)

    def _issue(self, kind: Kind) -> Token:
        now = self._wall()
        before = self._latest.get(kind)
        if before is not None and before.expires > now:
            before.expires = now + BOTH_VALID if kind == "stable" else min(before.expires, now + BOTH_VALID)
        token = Token(value=f"98_{secrets.token_urlsafe(96)}", kind=kind, issued=now, expires=now + LIFE)
        self._all[token.value] = self._latest[kind] = token
        return token
