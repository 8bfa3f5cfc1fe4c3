"""One message in, one answer out: never twice, never lost, within the platform's five seconds.

A repeated message waits for the answer of the first. A turn that is not ready in time gives up the
passive reply; its answer then leaves through the outbox, and the message is kept before the platform
hears `success`.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog

from bot.dialogue import Dialogue
from bot.masking import mask
from handlers.contract import Incoming, Kind
from store.database import Store, Unavailable
from store.reach import Kind as MessageKind
from store.records import Arrival, Before, Route, Settled, Think, Thought

_log = structlog.get_logger(__name__)

PATIENCE_S = 4.0
"""The platform cuts at 5 s (platform document A7); what is left is for the way back."""

_NOTE_S = 0.6
_SWEEP_S = 60.0
_SWEPT_AFTER = timedelta(minutes=1)
_TRIES = 3


class _Claim:
    """Who has the passive reply: decided once, by whichever of the two threads comes first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = False

    def take(self) -> bool:
        """True for the first caller only."""
        with self._lock:
            first, self._taken = not self._taken, True
            return first


class Conversation:
    """Answers what channels receive, through the store."""

    def __init__(
        self,
        store: Store,
        dialogue: Dialogue,
        *,
        limits: Mapping[str, int],
        clock: Callable[[], datetime],
        late: Callable[[], None],
        kinds: Callable[[], Mapping[str, MessageKind]],
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._store = store
        self._dialogue = dialogue
        self._limits = limits
        self._clock = clock
        self._late = late
        self._kinds = kinds
        self._patience_s = patience_s
        self._under_way: dict[tuple[str, str, str], asyncio.Task[str | None]] = {}
        self._tries: Counter[tuple[str, str]] = Counter()

    async def answer(self, incoming: Incoming) -> str | None:
        """The passive reply, or None where nothing is to be said now."""
        key = (incoming.channel, incoming.account, incoming.message_id)
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(self._answer(incoming))
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        return await asyncio.shield(task)

    async def _answer(self, incoming: Incoming) -> str | None:
        arrival, think = self._prepared(incoming)
        claim = _Claim()
        turn = asyncio.create_task(self._store.turn(arrival, think, passive=claim.take))
        await asyncio.wait({turn}, timeout=self._patience_s)
        if not turn.done() and claim.take():
            turn.add_done_callback(self._ended_late)
            with suppress(TimeoutError, Unavailable):
                await asyncio.wait_for(self._store.note(arrival), _NOTE_S)
                return None
            # not even noted: as long as the turn has not kept it, the platform shall send it again
            await turn
            return None
        try:
            return self._said(await turn)
        except Unavailable:
            raise
        except Exception:
            # kept unanswered by the store, logged there; the sweep tries again
            return None

    def _prepared(self, incoming: Incoming) -> tuple[Arrival, Think]:
        masked = replace(incoming, text=mask(incoming.text))
        if incoming.kind is Kind.LOCATION:
            masked = replace(masked, event_key="")  # where somebody stands is nobody's business
        notes = ("conversation/masked",) if masked.text != incoming.text else ()
        limit = self._limits[incoming.channel]
        seconds = time.time()

        def think(before: Before) -> Thought:
            said = self._dialogue.turn(
                masked,
                before.state,
                limit_bytes=limit,
                real_seconds=seconds,
                notes=notes,
                affairs=before.affairs.by(self._kinds()),
            )
            return Thought(
                text=said.text, state=said.state, trace=said.trace, effects=said.effects, noted=said.noted
            )

        return _arrival(masked), think

    def _said(self, settled: Settled) -> str | None:
        if settled.route is Route.OUTBOX and not settled.repeated:
            self._late()
        return settled.text if settled.route is Route.PASSIVE else None

    def _ended_late(self, turn: asyncio.Task[Settled]) -> None:
        if turn.cancelled() or turn.exception() is not None:
            return
        self._said(turn.result())

    async def sweep(self) -> int:
        """Answers, through the outbox, what a crash or a fault left without a reply; how many it answered."""
        before = self._clock() - _SWEPT_AFTER
        async with self._store.work() as work:
            left = await work.unanswered(before=before)
        answered = 0
        for arrival in left:
            key = (arrival.account, arrival.message_id)
            if self._tries[key] >= _TRIES or (arrival.channel, *key) in self._under_way:
                continue
            self._tries[key] += 1
            _, think = self._prepared(_incoming(arrival))
            try:
                self._said(await self._store.turn(arrival, think, passive=lambda: False))
                answered += 1
            except Exception:
                _log.exception(
                    "a message left over could not be answered", action="sweep_failed", tries=self._tries[key]
                )
        return answered

    async def run(self) -> None:
        """Sweeps now and then until cancelled."""
        while True:
            try:
                await self.sweep()
            except Exception:
                _log.exception("the sweep failed", action="sweep_failed")
            await asyncio.sleep(_SWEEP_S)


def _arrival(incoming: Incoming) -> Arrival:
    return Arrival(
        channel=incoming.channel,
        account=incoming.account,
        sender=incoming.sender,
        message_id=incoming.message_id,
        kind=str(incoming.kind),
        received_at=incoming.received_at.astimezone(UTC),
        text=incoming.text,
        event=incoming.event,
        event_key=incoming.event_key,
    )


def _incoming(arrival: Arrival) -> Incoming:
    return Incoming(
        channel=arrival.channel,
        account=arrival.account,
        sender=arrival.sender,
        message_id=arrival.message_id,
        kind=Kind(arrival.kind),
        received_at=arrival.received_at,
        text=arrival.text,
        event=arrival.event,
        event_key=arrival.event_key,
    )
