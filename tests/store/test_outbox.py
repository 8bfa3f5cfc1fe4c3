"""Deliveries: armed before they are sent, settled by their owner only, and moved along legal arrows only."""

from __future__ import annotations

import asyncio
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
from store.engine import Session
from store.records import ARROWS, Claim, Delivery, DeliveryState, ServiceClock, Settlement, Token
from store.schema import contacts, deliveries
from store.turns import LOCK
from tests.store.scene import NOW, Mind, event, in_time, late_reply, message, rows

LANE = "wechat:gh_1:custom"
MINUTE = timedelta(minutes=1)
GONE = timedelta(seconds=-1)


async def claim(
    store: Store, *, limit: int = 10, now: datetime = NOW, lease: timedelta = MINUTE, lane: str = LANE
) -> Claim:
    async with store.work() as work:
        return await work.claim(lane=lane, owner="me", now=now, limit=limit, lease=lease)


async def settle(
    store: Store, delivery: Delivery, state: DeliveryState, now: datetime = NOW, **told: Any
) -> int:
    async with store.work() as work:
        return await work.settle(settlements=[Settlement(delivery=delivery, state=state, **told)], now=now)


async def states(store: Store) -> list[str]:
    return [row["state"] for row in await rows(store, deliveries)]


async def post(store: Store, number: int, **changes: Any) -> None:
    for n in range(number):
        await late_reply(store, f"m{n}", sender=f"openid-{n}", **changes)


async def test_a_claim_arms_what_is_due_longest_first(store: Store) -> None:
    for n in range(4):
        await late_reply(store, f"m{n}", sender=f"openid-{n}", received_at=NOW + n * MINUTE)

    claimed = await claim(store, now=NOW + 2 * MINUTE, limit=2)
    rest = await claim(store, now=NOW + 2 * MINUTE)

    assert [one.recipient for one in claimed.ready] == ["openid-0", "openid-1"]
    assert [one.recipient for one in rest.ready] == ["openid-2"]
    assert {(one.owner, one.attempt, one.burned) for one in claimed.ready} == {("me", 1, 0)}
    assert await states(store) == ["sending"] * 3 + ["waiting"]


async def test_claims_at_one_moment_share_the_rows_among_them(postgres_url: str) -> None:
    stores = [await Store.open(postgres_url) for _ in range(3)]
    await post(stores[0], 30)
    claims = await asyncio.gather(*(claim(store, limit=5) for store in stores for _ in range(3)))
    for store in stores:
        await store.close()

    armed = [one.id for each in claims for one in each.ready]
    assert len(armed) == len(set(armed)) > 5


async def test_a_claim_waits_for_no_turn(postgres_url: str) -> None:
    store = await Store.open(postgres_url)
    await post(store, 2)

    def lock(session: Session) -> None:
        session.run(LOCK, channel="wechat", account="gh_1", sender="openid-0")

    async with store.work() as turn:
        await turn.do(lock)
        claimed = await asyncio.wait_for(claim(store), timeout=60)
    later = await claim(store)
    await store.close()

    assert [one.recipient for one in claimed.ready] == ["openid-1"]
    assert [one.recipient for one in later.ready] == ["openid-0"]


async def test_every_claim_takes_one_send_of_the_window_and_the_sixth_is_refused(store: Store) -> None:
    for n in range(5):
        await late_reply(store, f"m{n}", received_at=NOW - timedelta(seconds=n))
    await late_reply(store, "m5", kind="event", event="VIEW", received_at=NOW - MINUTE)
    claimed = await claim(store)

    assert (len(claimed.ready), claimed.refused) == (5, 1)
    assert [row["window_left"] for row in await rows(store, contacts)] == [0]
    (refused,) = [row for row in await rows(store, deliveries) if row["state"] == "refused"]
    assert refused["reason"] == "window_closed"


async def test_a_closed_window_refuses_without_a_call(store: Store) -> None:
    await late_reply(store, kind="event", event="CLICK", text="")
    claimed = await claim(store, now=NOW + 2 * MINUTE)

    assert claimed == Claim(ready=(), refused=1)
    assert await states(store) == ["refused"]


async def test_what_was_certainly_not_sent_waits_and_its_send_is_given_back(store: Store) -> None:
    await late_reply(store)
    (first,) = (await claim(store)).ready
    assert await settle(store, first, DeliveryState.WAITING, reason="refused", due_at=NOW + MINUTE) == 1

    assert [row["window_left"] for row in await rows(store, contacts)] == [5]
    assert (await claim(store)).ready == ()
    (second,) = (await claim(store, now=NOW + MINUTE)).ready
    assert (second.attempt, second.burned) == (2, 1)
    await settle(store, second, DeliveryState.WAITING, due_at=NOW + MINUTE, burns=False)
    (third,) = (await claim(store, now=NOW + MINUTE)).ready
    assert (third.attempt, third.burned) == (3, 1)


async def test_a_send_is_not_given_back_to_a_window_it_was_not_taken_from(store: Store) -> None:
    await late_reply(store)
    (taken,) = (await claim(store)).ready
    await store.turn(message("m2", received_at=NOW + MINUTE), Mind(), passive=in_time)
    await settle(store, taken, DeliveryState.WAITING, due_at=NOW + MINUTE)

    assert [row["window_left"] for row in await rows(store, contacts)] == [5]


async def test_an_expired_lease_leaves_a_doubt_and_never_a_second_send(store: Store) -> None:
    await late_reply(store)
    (armed,) = (await claim(store, lease=GONE)).ready
    async with store.work() as work:
        assert await work.rescue(now=NOW) == 1
        assert await work.rescue(now=NOW) == 0

    assert await states(store) == ["unclear"]
    assert await claim(store, now=NOW + MINUTE) == Claim(ready=(), refused=0)
    assert await settle(store, armed, DeliveryState.WAITING, due_at=NOW) == 0
    assert await settle(store, armed, DeliveryState.SENT, platform_id="p1") == 1
    assert await states(store) == ["sent"]
    assert await settle(store, armed, DeliveryState.UNCLEAR) == 0


async def test_a_lease_that_holds_is_left_alone(store: Store) -> None:
    await late_reply(store)
    await claim(store)
    async with store.work() as work:
        assert await work.rescue(now=NOW) == 0
    assert await states(store) == ["sending"]


async def test_only_the_claim_that_armed_it_can_settle_a_delivery(store: Store) -> None:
    await late_reply(store)
    (first,) = (await claim(store)).ready
    await settle(store, first, DeliveryState.WAITING, due_at=NOW)
    (second,) = (await claim(store)).ready

    assert await settle(store, first, DeliveryState.SENT) == 0
    assert await settle(store, second, DeliveryState.REFUSED, reason="45047") == 1
    (row,) = await rows(store, deliveries)
    assert (row["state"], row["reason"], row["settled_at"]) == ("refused", "45047", NOW)


async def test_what_is_of_no_use_any_more_expires(store: Store) -> None:
    await late_reply(store)
    too_late = NOW + timedelta(hours=48)
    assert (await claim(store, now=too_late)).ready == ()
    async with store.work() as work:
        assert await work.expire(now=too_late - MINUTE) == 0
        assert await work.expire(now=too_late) == 1
    assert await states(store) == ["expired"]


async def test_a_parked_lane_rests_and_the_others_go_on(store: Store) -> None:
    await late_reply(store, "m1")
    await late_reply(store, "m2", account="gh_2")
    async with store.work() as work:
        await work.park(lane=LANE, until=NOW + 2 * MINUTE)
        await work.park(lane=LANE, until=NOW + MINUTE)

    assert (await claim(store, now=NOW + MINUTE)).ready == ()
    assert len((await claim(store, lane="wechat:gh_2:custom")).ready) == 1
    assert len((await claim(store, now=NOW + 2 * MINUTE)).ready) == 1


async def test_counts_and_the_oldest_delivery_that_waits(store: Store) -> None:
    async with store.work() as work:
        assert await work.oldest_waiting() is None
    await late_reply(store, "m1")
    await late_reply(store, "m2", sender="openid-2", received_at=NOW - MINUTE)
    await claim(store, now=NOW - MINUTE)
    async with store.work() as work:
        counted = await work.counts()
        oldest = await work.oldest_waiting()

    assert counted == dict.fromkeys(DeliveryState, 0) | {
        DeliveryState.WAITING: 1,
        DeliveryState.SENDING: 1,
    }
    assert oldest == NOW


async def test_a_token_is_shared_and_dropped_only_by_who_used_it(store: Store) -> None:
    old = Token(account="wechat:gh_1", access_token="old", expires_at=NOW)
    new = Token(account="wechat:gh_1", access_token="new", expires_at=NOW + 2 * MINUTE)
    async with store.work() as work:
        assert await work.token(account="wechat:gh_1") is None
        await work.keep_token(token=old)
        await work.keep_token(token=new)
        await work.drop_token(token=old)
        assert await work.token(account="wechat:gh_1") == new
        await work.drop_token(token=new)
        assert await work.token(account="wechat:gh_1") is None


async def test_service_time_is_started_once_and_can_be_moved(store: Store) -> None:
    started = ServiceClock(real_at=NOW, service_at=NOW + timedelta(days=400), rate=1.0)
    moved = ServiceClock(real_at=NOW + MINUTE, service_at=NOW, rate=0.1)
    async with store.work() as work:
        assert await work.service_clock() is None
        assert await work.start_service_clock(clock=started) == started
        assert await work.start_service_clock(clock=moved) == started
        await work.set_service_clock(clock=moved)
        assert await work.service_clock() == moved


class Outbox(RuleBasedStateMachine):
    """People write and leave, senders claim, settle, die and answer late, and time goes on."""

    runner: asyncio.Runner
    store: Store
    numbers: Iterator[int] = count()

    def __init__(self) -> None:
        super().__init__()
        self.account = f"gh_{next(self.numbers)}"
        self.now = NOW
        self.armed: list[Delivery] = []
        self.known: dict[int, dict[str, Any]] = {}

    @rule(person=st.integers(0, 2))
    def writes(self, person: int) -> None:
        self.runner.run(
            late_reply(
                self.store,
                f"m{next(self.numbers)}",
                account=self.account,
                sender=f"openid-{person}",
                received_at=self.now,
            )
        )

    @rule(person=st.integers(0, 2))
    def leaves(self, person: int) -> None:
        leaving = event(
            "unsubscribe",
            f"m{next(self.numbers)}",
            account=self.account,
            sender=f"openid-{person}",
            received_at=self.now,
        )
        self.runner.run(self.store.turn(leaving, Mind(silent=True), passive=in_time))

    @rule(limit=st.integers(1, 4), lease=st.sampled_from([GONE, MINUTE]))
    def claims(self, limit: int, lease: timedelta) -> None:
        lane = f"wechat:{self.account}:custom"
        claimed = self.runner.run(claim(self.store, limit=limit, now=self.now, lease=lease, lane=lane))
        self.armed += claimed.ready

    @precondition(lambda self: self.armed)
    @rule(
        data=st.data(),
        state=st.sampled_from(
            [DeliveryState.SENT, DeliveryState.WAITING, DeliveryState.REFUSED, DeliveryState.UNCLEAR]
        ),
    )
    def settles(self, data: st.DataObject, state: DeliveryState) -> None:
        delivery = data.draw(st.sampled_from(self.armed))
        self.runner.run(settle(self.store, delivery, state, self.now, due_at=self.now + MINUTE))

    @rule()
    def sweeps(self) -> None:
        async def sweep() -> None:
            async with self.store.work() as work:
                await work.rescue(now=self.now)
                await work.expire(now=self.now)

        self.runner.run(sweep())

    @rule(hours=st.sampled_from([0.1, 1, 47]))
    def time_goes_on(self, hours: float) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def every_step_is_a_legal_arrow(self) -> None:
        found = {row["id"]: row for row in self.runner.run(self._mine())}
        for id_, row in found.items():
            before, after = self.known.get(id_), DeliveryState(row["state"])
            if before is None:
                assert after is DeliveryState.WAITING
            elif before["state"] != after:
                claimed_in_vain = before["state"] == "waiting" and row["attempt"] == before["attempt"] + 1
                step = DeliveryState.SENDING if claimed_in_vain else DeliveryState(before["state"])
                assert after is step or after in ARROWS[step], f"{before['state']} -> {after}"
        assert found.keys() >= self.known.keys()
        self.known = found

    @invariant()
    def windows_never_go_below_nothing(self) -> None:
        assert all(row["window_left"] >= 0 for row in self.runner.run(rows(self.store, contacts)))

    async def _mine(self) -> list[dict[str, Any]]:
        mine = select(deliveries).where(deliveries.c.lane == f"wechat:{self.account}:custom")
        async with self.store.work() as work:
            return [dict(row) for row in await work.do(lambda session: session.run(mine))]


def test_whatever_happens_a_delivery_only_goes_along_legal_arrows(database_url: str) -> None:
    with asyncio.Runner() as runner:
        store = runner.run(Store.open(database_url))
        run_state_machine_as_test(
            type("Here", (Outbox,), {"runner": runner, "store": store}),
            settings=settings(max_examples=15, stateful_step_count=25, deadline=None),
        )
        runner.run(store.close())
