"""Service time: real time, or in a rehearsal a time of its own that can be moved and sped up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import structlog

from bot.settings import Settings
from store.database import Store
from store.records import ServiceClock

_log = structlog.get_logger(__name__)

_REREAD_S = 2.0
_TICK_S = 5.0
_END = datetime(2300, 1, 1, tzinfo=UTC)


class Clock:
    """Deadlines, windows and greetings live by `now()`; the database keeps it for every process."""

    def __init__(self, kept: ServiceClock | None = None) -> None:
        self._kept = kept

    @classmethod
    async def open(cls, store: Store, settings: Settings) -> Clock:
        """Real time, unless the settings start a rehearsal."""
        if settings.clock_start is None:
            return cls()
        start = ServiceClock(
            real_at=datetime.now(UTC),
            service_at=settings.clock_start.astimezone(UTC),
            rate=settings.clock_rate,
        )
        async with store.work() as work:
            return cls(await work.start_service_clock(clock=start))

    @property
    def rate(self) -> float:
        """Seconds of service time in a real second."""
        return self._kept.rate if self._kept else 1.0

    def now(self) -> datetime:
        """The time in service, aware, UTC."""
        real = datetime.now(UTC)
        if self._kept is None:
            return real
        try:
            return self._kept.service_at + (real - self._kept.real_at) * self._kept.rate
        except OverflowError:
            return _END

    async def set(self, store: Store, *, now: datetime, rate: float) -> None:
        """Move service time, for every process."""
        kept = ServiceClock(real_at=datetime.now(UTC), service_at=now.astimezone(UTC), rate=rate)
        async with store.work() as work:
            await work.set_service_clock(clock=kept)
        self._kept = kept

    async def follow(self, store: Store) -> None:
        """Takes up what another process has set, until cancelled; at once done where time is real."""
        while self._kept is not None:
            await asyncio.sleep(_REREAD_S)
            try:
                async with store.work() as work:
                    self._kept = await work.service_clock() or self._kept
            except Exception:
                _log.exception("service time could not be read", action="clock_failed")


async def ticking(sweeps: Mapping[str, Callable[[], Awaitable[object]]]) -> None:
    """Does each sweep now and then, until cancelled; never one while it is still at it."""
    from apscheduler.schedulers.asyncio import AsyncIOScheduler  # noqa: PLC0415 — 200 ms, the service's alone

    async def swept(name: str) -> None:
        try:
            await sweeps[name]()
        except Exception:
            _log.exception("a sweep failed", action="sweep_failed", sweep=name)

    scheduler = AsyncIOScheduler(timezone=UTC)
    for name in sweeps:
        scheduler.add_job(
            swept,
            "interval",
            args=[name],
            seconds=_TICK_S,
            coalesce=True,
            misfire_grace_time=None,
            max_instances=1,
            next_run_time=datetime.now(UTC),
        )
    scheduler.start()
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        scheduler.shutdown(wait=False)
