"""Whatever happens, the platform takes a push at most once, and every step is a legal arrow."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from store.database import Store
from store.records import ARROWS, Delivery, DeliveryState, Path
from store.schema import deliveries
from tests.databases import VAULT
from tests.store.pushing import MINUTE, NOW, claim, contact, only, post, receive, settle, sweep

REMEMBERS = {Path.TEMPLATE: timedelta(minutes=10), Path.MASS: timedelta(hours=24)}


class Platform(RuleBasedStateMachine):
    """A platform that takes messages, answers, is cut off, and reports; people who come and go."""

    runner: asyncio.Runner
    store: Store
    numbers: Iterator[int] = count()

    def __init__(self) -> None:
        super().__init__()
        self.account = f"gh_{next(self.numbers)}"
        self.lane = f"wechat:{self.account}:push"
        self.now = NOW
        window = {"window_until": NOW + 48 * 60 * MINUTE, "window_left": 3}
        self.people = [
            self._do(contact(self.store, f"o{n}", account=self.account, **window)) for n in range(3)
        ]
        self.flying: list[tuple[Delivery, str]] = []
        self.taken: Counter[int] = Counter()
        self.keys: dict[tuple[int, str], datetime] = {}
        self.before: dict[int, str] = {}

    def _do(self, work: Any) -> Any:
        return self.runner.run(work)

    @rule(content=st.sampled_from(["{}", '{"n": 1}']))
    def something_happens(self, content: str) -> None:
        occasion = f"deadline:{next(self.numbers)}"
        for person in self.people:
            self._do(post(self.store, person, occasion=occasion, content=content, now=self.now))

    @rule(
        paths=st.lists(st.sampled_from([Path.TEMPLATE, Path.CUSTOM, Path.MASS]), min_size=1, unique=True),
        limit=st.integers(1, 6),
        lost=st.booleans(),
        heard=st.booleans(),
    )
    def sends(self, paths: list[Path], limit: int, lost: bool, heard: bool) -> None:
        lease = timedelta(seconds=-1) if lost else MINUTE
        rules = only(*paths, quiet=False)
        claimed = self._do(claim(self.store, self.now, rules, lane=self.lane, limit=limit, lease=lease))
        for one in claimed.ready:
            if heard:
                self._take(one)
            if not lost:
                self.flying.append((one, f"p{one.id}" if heard else ""))

    def _take(self, one: Delivery) -> None:
        """The platform takes a message, unless it knows its key."""
        known = self.keys.get((one.contact_id, one.key))
        if known is None or self.now >= known + REMEMBERS.get(one.path, timedelta(0)):
            self.taken[one.id] += 1
            self.keys[one.contact_id, one.key] = self.now

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), answered=st.booleans(), burns=st.booleans())
    def a_send_ends(self, data: st.DataObject, answered: bool, burns: bool) -> None:
        one, platform_id = self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))
        later = {"due_at": self.now + MINUTE, "burns": burns}
        if not answered:
            told = settle(self.store, one, DeliveryState.UNCLEAR, self.now, **later)
        elif platform_id:
            told = settle(self.store, one, DeliveryState.SENT, self.now, platform_id=platform_id)
        else:
            told = settle(self.store, one, DeliveryState.WAITING, self.now, **later)
        self._do(told)

    @rule(person=st.integers(0, 2), number=st.integers(1, 40), good=st.booleans())
    def a_report_comes(self, person: int, number: int, good: bool) -> None:
        status = "success" if good else "failed:user block"
        at = {"account": self.account, "sender": f"o{person}", "now": self.now}
        self._do(receive(self.store, f"p{number}", status, **at))

    @rule(minutes=st.sampled_from([1, 5, 9, 60, 20 * 60]))
    def time_goes_on(self, minutes: int) -> None:
        self.now += minutes * MINUTE
        self._do(sweep(self.store, self.now))

    @invariant()
    def nothing_is_taken_twice(self) -> None:
        assert all(times == 1 for times in self.taken.values()), self.taken

    @invariant()
    def every_step_is_a_legal_arrow(self) -> None:
        for id_, state in self._do(self._states()).items():
            before = self.before.get(id_, "waiting")
            assert state == before or self._leads(DeliveryState(before), DeliveryState(state)), (
                before,
                state,
            )
            self.before[id_] = state

    def _leads(self, start: DeliveryState, end: DeliveryState) -> bool:
        """One rule may take two steps: a sweep after a claim, a report that waited for the settling."""
        return end in ARROWS[start] or any(end in ARROWS[between] for between in ARROWS[start])

    async def _states(self) -> dict[int, str]:
        mine = select(deliveries.c.id, deliveries.c.state).where(deliveries.c.lane == self.lane)
        async with self.store.work() as work:
            return {row["id"]: row["state"] for row in await work.do(lambda session: session.run(mine))}


def test_whatever_happens_a_push_is_taken_at_most_once(database_url: str) -> None:
    with asyncio.Runner() as runner:
        store = runner.run(Store.open(database_url, VAULT))
        run_state_machine_as_test(
            type("Here", (Platform,), {"runner": runner, "store": store}),
            settings=settings(max_examples=12, stateful_step_count=25, deadline=None),
        )
        runner.run(store.close())
