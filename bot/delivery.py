"""The outbox loop: deliveries that are due are armed, sent without any transaction open, and settled.

What the platform certainly did not take is tried again on a ladder, or by another path where this one is
shut. What nobody knows is repeated under its key where the platform knows a second copy by it; where it does
not, it is `unclear` and never sent again by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from random import SystemRandom
from secrets import token_hex
from typing import Final

import structlog

from bot.channels.contract import Channel, Later, Outcome, Refused, Sent, Shut, Unclear
from bot.lanes import PACE, Api, Lane, Pace
from bot.pushes import Pushes
from store import records
from store.database import Store, Unavailable, Work
from store.limits import ROSTER, api_lane
from store.records import DeliveryState, Path, Settlement, custom_lane, push_lane

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
_AGAIN: Final = (timedelta(seconds=5), timedelta(minutes=2))
_GATHERED_S: Final = 0.005

_chance = SystemRandom()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A send that is over but not yet written down; `park` closes its API until then."""

    settlements: Sequence[Settlement]
    api: str
    park: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A lane with the channel that it leads to: None for those who are reached by e-mail alone."""

    lane: Lane
    channel: Channel | None
    pushes: Pushes | None = None


Group = Sequence[records.Delivery]
"""What leaves in one send: one delivery, or all recipients of one mass message."""


class Delivery:
    """Carries deliveries to their channels, keyed `<channel>:<account>`, in the time that `clock` tells.

    Without `pushes` it carries replies alone.
    """

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        clock: Callable[[], datetime],
        pace: Pace = PACE,
        pushes: Pushes | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._pace = pace
        self._owner = token_hex(8)
        self._doors = list(_doors(channels.values(), pace, pushes))
        self._flights: set[asyncio.Task[None]] = set()
        self._finished: list[Finished] = []
        self._claiming = asyncio.Lock()
        self._settling = asyncio.Lock()
        self._awake = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """Carry what is due until stopped; a database that is away is waited for."""
        swept, loop = -self._pace.poll, asyncio.get_running_loop()
        while not self._stopping:
            self._awake.clear()
            moved = 0
            sweep = loop.time() >= swept + self._pace.poll
            swept = loop.time() if sweep else swept
            try:
                moved = await self._begin(self._clock(), sweep=sweep)
            except Unavailable as fault:
                log.warning("outbox_unavailable", fault=str(fault))
            except Exception:
                log.exception("outbox_failed")
                await self._write_down()
            if not moved:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._awake.wait(), self._pace.poll)
            # what lands within this time is settled and replaced by one commit
            await asyncio.sleep(_GATHERED_S)

    async def run_once(self, now: datetime) -> int:
        """One pass to its end: sweep, claim, send, settle. Gives how many deliveries it moved."""
        moved = await self._begin(now, sweep=True)
        await asyncio.gather(*self._flights)
        await self._write_down()
        return moved

    def wake(self) -> None:
        """Look for deliveries now rather than at the next poll."""
        for door in self._doors:
            door.lane.drained = False
        self._awake.set()

    async def stop(self) -> None:
        """Claim nothing more and let what is in flight arrive, for `Pace.stop` seconds at most."""
        self._stopping = True
        self.wake()
        async with self._claiming:
            ends = {*self._flights, asyncio.create_task(self._write_down())}
        _, late = await asyncio.wait(ends, timeout=self._pace.stop)
        for end in late:
            end.cancel()

    async def _begin(self, now: datetime, *, sweep: bool) -> int:
        async with self._claiming:
            if self._stopping:
                return 0
            time = asyncio.get_running_loop().time()
            rooms = {door: door.lane.room(time) for door in self._doors if sweep or not door.lane.drained}
            landed, self._finished = self._finished, []
            if not (sweep or landed or any(rooms.values())):
                return 0
            try:
                async with self._store.work() as work:
                    await self._settle(work, landed)
                    moved = await _sweep(work, now) if sweep else 0
                    claims = {
                        door: await self._claim(work, door, room, now) for door, room in rooms.items() if room
                    }
            except BaseException:
                self._finished = landed + self._finished
                raise
            for door, claim in claims.items():
                door.lane.drained = _number(claim) < rooms[door]
                for group in _groups(claim.ready):
                    self._take_off(door, group, now)
            return moved + sum(map(_number, claims.values()))

    async def _claim(self, work: Work, door: Door, room: int, now: datetime) -> records.Claim:
        time, lane = asyncio.get_running_loop().time(), door.lane
        lease = timedelta(seconds=self._pace.lease)
        if door.pushes is None:
            return await work.claim(lane=lane.name, owner=self._owner, now=now, limit=room, lease=lease)
        resting = {
            name: now + timedelta(seconds=api.rests_until - time)
            for name, api in lane.apis.items()
            if api.rests(time)
        }
        return await work.claim_pushes(
            lane=lane.name,
            owner=self._owner,
            now=now,
            limit=room,
            lease=lease,
            rules=door.pushes.rules(resting),
        )

    def _take_off(self, door: Door, group: Group, now: datetime) -> None:
        def landed(flight: asyncio.Task[None]) -> None:
            door.lane.flying -= len(group)
            self._flights.discard(flight)

        door.lane.flying += len(group)
        flight = asyncio.create_task(self._fly(door, group, now))
        self._flights.add(flight)
        flight.add_done_callback(landed)

    async def _fly(self, door: Door, group: Group, now: datetime) -> None:
        outcome = await self._send(door, group, now)
        api = _api(group[0], door.channel)
        door.lane.learn(api, outcome, asyncio.get_running_loop().time())
        park = outcome.at if isinstance(outcome, Later) and outcome.lane else None
        settlements = [settlement(delivery, outcome, now) for delivery in group]
        if any(one.state is DeliveryState.WAITING for one in settlements):
            door.lane.drained = False
        self._finished.append(Finished(settlements=settlements, api=api, park=park))
        self._awake.set()
        if self._stopping:
            await self._write_down()

    async def _send(self, door: Door, group: Group, now: datetime) -> Outcome:
        first = group[0]
        try:
            async with asyncio.timeout(self._pace.send):
                if door.pushes is not None:
                    return await door.pushes.send(door.channel, group, now)
                assert door.channel is not None
                return await door.channel.send_text(recipient=first.recipient, text=first.text, now=now)
        except TimeoutError:
            return Unclear(reason="timeout")
        except Exception as fault:
            log.exception("send_failed", lane=door.lane.name, delivery=first.id)
            return Refused(reason=f"fault:{type(fault).__name__}")

    async def _write_down(self) -> None:
        """Settle all that is finished where no claim will; whoever waits for it here finds it done."""
        async with self._settling:
            while self._finished:
                batch, self._finished = self._finished, []
                try:
                    async with self._store.work() as work:
                        await self._settle(work, batch)
                except Unavailable as fault:
                    log.warning("outbox_unavailable", fault=str(fault), unsettled=len(batch))
                    self._finished = batch + self._finished
                    await asyncio.sleep(self._pace.poll)

    async def _settle(self, work: Work, batch: list[Finished]) -> None:
        if settlements := [one for finished in batch for one in finished.settlements]:
            await work.settle(settlements=settlements, now=self._clock())
        for finished in batch:
            if finished.park:
                await work.park(lane=finished.api, until=finished.park)


async def _sweep(work: Work, now: datetime) -> int:
    """What no sender has settled, nobody needs any more, or was reported while it was being settled."""
    return await work.rescue(now=now) + await work.expire(now=now) + await work.sweep_receipts(now=now)


def _doors(channels: Iterable[Channel], pace: Pace, pushes: Pushes | None) -> Iterable[Door]:
    mail = {api_lane(Path.EMAIL, "", ""): Api(pace)}
    for channel in channels:
        at = channel.name, channel.account
        custom = {custom_lane(*at): Api(pace)}
        yield Door(lane=Lane(custom_lane(*at), custom, pace.slots), channel=channel)
        if pushes is not None:
            ways = (Path.TEMPLATE, Path.SUBSCRIBE, Path.MASS)
            apis = {**mail, **custom, **{api_lane(path, *at): Api(pace) for path in ways}}
            yield Door(lane=Lane(push_lane(*at), apis, pace.pushes), channel=channel, pushes=pushes)
    if pushes is not None:
        yield Door(lane=Lane(push_lane(ROSTER, ""), mail, pace.pushes), channel=None, pushes=pushes)


def _number(claim: records.Claim) -> int:
    """How many deliveries a claim has moved."""
    return len(claim.ready) + claim.refused + claim.cancelled + claim.put_off + claim.unclear


def _groups(ready: Iterable[records.Delivery]) -> Iterable[Group]:
    """Each delivery alone, but those of one mass message together."""
    masses = sorted((one for one in ready if one.path is Path.MASS), key=lambda one: one.key)
    yield from ([one] for one in ready if one.path is not Path.MASS)
    yield from (list(group) for _, group in groupby(masses, key=lambda one: one.key))


def _api(delivery: records.Delivery, channel: Channel | None) -> str:
    return api_lane(delivery.path, *((channel.name, channel.account) if channel else ("", "")))


def settlement(delivery: records.Delivery, outcome: Outcome, now: datetime) -> Settlement:
    """What a channel's word means for the delivery; no try is put off beyond the message's use."""
    match outcome:
        case Sent(platform_id=platform_id):
            return Settlement(delivery=delivery, state=DeliveryState.SENT, platform_id=platform_id)
        case Refused():
            return _refused(delivery, outcome, now)
        case Unclear(reason=reason):
            first, longest = _AGAIN
            again = now + min(first * 2 ** (delivery.attempt - 1), longest) if delivery.again_until else None
            return Settlement(delivery=delivery, state=DeliveryState.UNCLEAR, reason=reason, due_at=again)
        case Later():
            return _put_off(delivery, outcome, now)


def _refused(delivery: records.Delivery, refusal: Refused, now: datetime) -> Settlement:
    """A push whose path is shut looks for another; a letter is the last path before a telephone."""
    reason, shuts, mass = refusal.reason, refusal.shuts, delivery.path is Path.MASS
    bars = reason if shuts is Shut.CONTACT and not mass and delivery.path is not Path.EMAIL else ""
    if delivery.path is Path.EMAIL:
        return Settlement(delivery=delivery, state=DeliveryState.REFUSED, reason=f"unreachable:{reason}")
    elsewhere = shuts is not None and bool(delivery.template)
    return Settlement(
        delivery=delivery,
        state=DeliveryState.WAITING if elsewhere else DeliveryState.REFUSED,
        reason=reason,
        due_at=now if elsewhere else None,
        burns=False,
        shuts=shuts in (Shut.WINDOW, Shut.ALLOWANCE) or (mass and shuts is not None),
        bars=bars,
    )


def _put_off(delivery: records.Delivery, later: Later, now: datetime) -> Settlement:
    """Where a whole API waits, the next claim of a push finds another path, or waits with it."""
    at, burns = later.at, later.burns_attempt
    if burns and delivery.burned == len(LADDER):
        return Settlement(delivery=delivery, state=DeliveryState.REFUSED, reason=f"gave_up:{later.reason}")
    if burns:
        at = max(at, now + LADDER[delivery.burned] * _chance.uniform(1 - JITTER, 1 + JITTER))
    elif later.lane and delivery.template:
        at = now
    return Settlement(
        delivery=delivery,
        state=DeliveryState.WAITING,
        reason=later.reason,
        due_at=min(at, delivery.not_after),
        burns=burns,
    )
