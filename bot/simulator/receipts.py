"""What became of a job, told to the account's server a while after the API call (platform document E5)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from secrets import SystemRandom
from typing import Final

from bot.simulator.knobs import Knobs

IN_FLIGHT: Final = 64
CHANCE: Final = SystemRandom()
Fields = Mapping[str, object]


class Receipts:
    """`push` sends an event to the account's server, in the name of an openid."""

    def __init__(self, knobs: Knobs, push: Callable[[str, Fields], Awaitable[object]]) -> None:
        self._knobs, self._push = knobs, push
        self._waiting: set[asyncio.Task[None]] = set()
        self._free = asyncio.Semaphore(IN_FLIGHT)

    async def promise(self, openid: str, event: Fields) -> None:
        """Sends the event later, in no order; as the knobs have it never, or before this returns."""
        knobs = self._knobs
        if CHANCE.random() < knobs.receipt_lost:
            return
        if CHANCE.random() < knobs.receipt_first:
            await self._push(openid, event)
            return
        task = asyncio.create_task(self._later(openid, event, CHANCE.uniform(*knobs.receipt_seconds)))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def settled(self) -> None:
        """Returns when no promised event waits any more."""
        while self._waiting:
            await asyncio.wait(self._waiting)

    async def close(self) -> None:
        """Drops those that wait."""
        for task in self._waiting:
            task.cancel()
        await asyncio.gather(*self._waiting, return_exceptions=True)

    async def _later(self, openid: str, event: Fields, seconds: float) -> None:
        await asyncio.sleep(seconds)
        async with self._free:
            await self._push(openid, event)
