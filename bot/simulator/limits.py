"""How often an API path may be called: per day of China time and per minute (platform document E8)."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Final

from bot.simulator.errors import ApiError

CHINA: Final = timezone(timedelta(hours=8))


class Limits:
    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._counts: dict[tuple[str, str], tuple[datetime, int]] = {}

    def spend(self, path: str, *, daily: int, minute: int | None = None) -> None:
        """Counts one call. Raises ApiError 45009 (until midnight in China), 45011 (until the next minute)."""
        now = self._clock().astimezone(CHINA)
        self._count(path, "day", now.replace(hour=0, minute=0, second=0, microsecond=0), daily, 45009)
        if minute is not None:
            self._count(path, "minute", now.replace(second=0, microsecond=0), minute, 45011)

    def used_today(self, path: str) -> int:
        now = self._clock().astimezone(CHINA)
        since, count = self._counts.get((path, "day"), (now, 0))
        return count if since.date() == now.date() else 0

    def _count(self, path: str, span: str, since: datetime, limit: int, errcode: int) -> None:
        last, count = self._counts.get((path, span), (since, 0))
        count = count + 1 if last == since else 1
        if count > limit:
            raise ApiError(errcode)
        self._counts[path, span] = (since, count)
