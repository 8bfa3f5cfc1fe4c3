"""The outbox loop: deliveries that are due are armed, sent without any transaction open, and settled.

What the platform certainly did not take is tried again on a ladder; what nobody knows is `unclear` and
never sent again by itself, because custom messages have no key by which a second copy would be known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom
from secrets import token_hex
from typing import Final

import structlog

from bot.channels.contract import Channel, Later, Outcome, Refused, Sent, Unclear
from store import records
from store.database import Store, Unavailable
from store.records import DeliveryState, Settlement, custom_lane

log = structlog.get_logger(__name__)

LADDER: Final = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
JITTER: Final = 0.2

_chance = SystemRandom()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast and how patient the loop is, in seconds of real time.

    `slots` are the sends at a time in a lane. `lease` outlasts `send` by far, so that only a sender who
    died loses one. After `doubts` sends in a row of which nobody knows the end a lane has a `rest`.
    """

    slots: int = 20
    send: float = 15.0
    lease: float = 60.0
    doubts: int = 20
    rest: float = 60.0
    stop: float = 20.0
    poll: float = 1.0


PACE: Final = Pace()


class Lane:
    """One account and API: how much is in flight, and whether anything certain comes back from it.

    After a rest it is probed with one send at a time.
    """

    def __init__(self, channel: Channel, pace: Pace) -> None:
        self.name = custom_lane(channel.name, channel.account)
        self.channel = channel
        self.flying = 0
        self._pace = pace
        self._doubts = 0
        self._rests_until = 0.0

    def room(self, time: float) -> int:
        """How many sends may begin at `time`, which is the event loop's."""
        if time < self._rests_until:
            return 0
        slots = self._pace.slots if self._doubts < self._pace.doubts else 1
        return max(0, slots - self.flying)

    def learn(self, outcome: Outcome, time: float) -> None:
        """Count the doubts in a row; anything certain ends them."""
        self._doubts = self._doubts + 1 if isinstance(outcome, Unclear) else 0
        if self._doubts >= self._pace.doubts:
            self._rests_until = time + self._pace.rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A send that is over but not yet written down; `park` closes its whole lane until then."""

    settlement: Settlement
    park: datetime | None


class Delivery:
    """Carries deliveries to their channels, keyed `<channel>:<account>`, in the time that `clock` tells."""

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        clock: Callable[[], datetime],
        pace: Pace = PACE,
    ) -> None:
        self._store = store
        self._clock = clock
        self._pace = pace
        self._owner = token_hex(8)
        self._lanes = [Lane(channel, pace) for channel in channels.values()]
        self._flights: set[asyncio.Task[None]] = set()
        self._finished: list[Finished] = []
        self._claiming = asyncio.Lock()
        self._settling = asyncio.Lock()
        self._awake = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """Carry what is due until stopped; a database that is away is waited for."""
        while not self._stopping:
            self._awake.clear()
            moved = 0
            try:
                moved = await self._begin(self._clock())
            except Unavailable as fault:
                log.warning("outbox_unavailable", fault=str(fault))
            except Exception:
                log.exception("outbox_failed")
            if not moved:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._awake.wait(), self._pace.poll)

    async def run_once(self, now: datetime) -> int:
        """One pass to its end: sweep, claim, send, settle. Gives how many deliveries it moved."""
        moved = await self._begin(now)
        await asyncio.gather(*self._flights)
        return moved

    def wake(self) -> None:
        """Look for deliveries now rather than at the next poll."""
        self._awake.set()

    async def stop(self) -> None:
        """Claim nothing more and let what is in flight arrive, for `Pace.stop` seconds at most."""
        self._stopping = True
        self.wake()
        async with self._claiming:
            flights = set(self._flights)
        if flights:
            _, late = await asyncio.wait(flights, timeout=self._pace.stop)
            for flight in late:
                flight.cancel()

    async def _begin(self, now: datetime) -> int:
        async with self._claiming:
            if self._stopping:
                return 0
            moved, armed = await self._claim(now)
            for lane, delivery in armed:
                self._take_off(lane, delivery, now)
            return moved

    async def _claim(self, now: datetime) -> tuple[int, list[tuple[Lane, records.Delivery]]]:
        armed: list[tuple[Lane, records.Delivery]] = []
        time = asyncio.get_running_loop().time()
        lease = timedelta(seconds=self._pace.lease)
        async with self._store.work() as work:
            moved = await work.rescue(now=now) + await work.expire(now=now)
            for lane in self._lanes:
                if room := lane.room(time):
                    claim = await work.claim(
                        lane=lane.name, owner=self._owner, now=now, limit=room, lease=lease
                    )
                    moved += claim.refused + len(claim.ready)
                    armed += [(lane, delivery) for delivery in claim.ready]
        return moved, armed

    def _take_off(self, lane: Lane, delivery: records.Delivery, now: datetime) -> None:
        def landed(flight: asyncio.Task[None]) -> None:
            lane.flying -= 1
            self._flights.discard(flight)
            self.wake()

        lane.flying += 1
        flight = asyncio.create_task(self._fly(lane, delivery, now))
        self._flights.add(flight)
        flight.add_done_callback(landed)

    async def _fly(self, lane: Lane, delivery: records.Delivery, now: datetime) -> None:
        outcome = await self._send(lane, delivery, now)
        lane.learn(outcome, asyncio.get_running_loop().time())
        park = outcome.at if isinstance(outcome, Later) and outcome.lane else None
        self._finished.append(Finished(settlement=settlement(delivery, outcome, now), park=park))
        await self._write_down()

    async def _send(self, lane: Lane, delivery: records.Delivery, now: datetime) -> Outcome:
        try:
            async with asyncio.timeout(self._pace.send):
                return await lane.channel.send_text(recipient=delivery.recipient, text=delivery.text, now=now)
        except TimeoutError:
            return Unclear(reason="timeout")
        except Exception as fault:
            log.exception("send_failed", lane=lane.name, delivery=delivery.id)
            return Refused(reason=f"fault:{type(fault).__name__}")

    async def _write_down(self) -> None:
        """Settle all that is finished in one commit; whoever waits for it here finds it done."""
        async with self._settling:
            while self._finished:
                batch, self._finished = self._finished, []
                try:
                    await self._settle(batch)
                except Unavailable as fault:
                    log.warning("outbox_unavailable", fault=str(fault), unsettled=len(batch))
                    self._finished = batch + self._finished
                    await asyncio.sleep(self._pace.poll)

    async def _settle(self, batch: list[Finished]) -> None:
        async with self._store.work() as work:
            await work.settle(settlements=[finished.settlement for finished in batch], now=self._clock())
            for finished in batch:
                if finished.park:
                    await work.park(lane=finished.settlement.delivery.lane, until=finished.park)


def settlement(delivery: records.Delivery, outcome: Outcome, now: datetime) -> Settlement:
    """What a channel's word means for the delivery; no try is put off beyond the message's use."""
    match outcome:
        case Sent(platform_id=platform_id):
            return Settlement(delivery=delivery, state=DeliveryState.SENT, platform_id=platform_id)
        case Refused(reason=reason):
            return Settlement(delivery=delivery, state=DeliveryState.REFUSED, reason=reason)
        case Unclear(reason=reason):
            return Settlement(delivery=delivery, state=DeliveryState.UNCLEAR, reason=reason)
        case Later(at=at, reason=reason, burns_attempt=burns):
            if burns and delivery.burned == len(LADDER):
                return Settlement(delivery=delivery, state=DeliveryState.REFUSED, reason=f"gave_up:{reason}")
            if burns:
                at = max(at, now + LADDER[delivery.burned] * _chance.uniform(1 - JITTER, 1 + JITTER))
            return Settlement(
                delivery=delivery,
                state=DeliveryState.WAITING,
                reason=reason,
                due_at=min(at, delivery.not_after),
                burns=burns,
            )
