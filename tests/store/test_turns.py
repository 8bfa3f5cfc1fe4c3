"""A turn is thought once, kept whole or not at all, and answered the same however often it is asked."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from store.database import Store
from store.records import Before, DeliveryState, Route, Thought
from store.schema import contacts, conversations, deliveries, inbound
from tests.store.scene import (
    NOW,
    Effect,
    Mind,
    Waiter,
    event,
    in_time,
    late_reply,
    message,
    rows,
    too_late,
)


async def test_a_message_is_answered_and_kept(store: Store) -> None:
    settled = await store.turn(message(), Mind(), passive=in_time)

    assert (settled.text, settled.route, settled.repeated) == ("answer 1", Route.PASSIVE, False)
    (kept,) = await rows(store, inbound)
    assert kept["text"] == "几号截止"
    assert kept["reply"] == "answer 1"
    assert kept["trace"] == settled.trace
    assert kept["received_at"] == NOW
    assert await rows(store, deliveries) == []


async def test_a_talk_goes_on_where_it_stood(store: Store) -> None:
    mind = Mind()
    for number in range(3):
        settled = await store.turn(message(f"m{number}"), mind, passive=in_time)

    assert settled.text == "answer 3"
    assert [before.state for before in mind.seen] == [None, "1", "2"]
    (kept,) = await rows(store, conversations)
    assert (kept["state"], kept["version"]) == ("3", 3)


async def test_a_talk_survives_a_restart(database_url: str) -> None:
    first = await Store.open(database_url)
    await first.turn(message("m1"), Mind(), passive=in_time)
    await first.close()

    second = await Store.open(database_url)
    settled = await second.turn(message("m2"), Mind(), passive=in_time)
    await second.close()

    assert settled.text == "answer 2"


async def test_a_retry_gets_the_stored_reply_without_thinking(store: Store) -> None:
    mind, waiter = Mind(), Waiter(waits=True)
    first = await store.turn(message(), mind, passive=waiter)
    again = await store.turn(message(), mind, passive=waiter)

    assert (again.text, again.inbound_id, again.trace) == (first.text, first.inbound_id, first.trace)
    assert again.repeated
    assert len(mind.seen) == 1
    assert waiter.asked == 1


async def test_three_copies_at_one_moment_are_thought_once(store: Store) -> None:
    mind = Mind()
    settled = await asyncio.gather(*(store.turn(message(), mind, passive=in_time) for _ in range(3)))

    assert len(mind.seen) == 1
    assert {one.text for one in settled} == {"answer 1"}
    assert sorted(one.repeated for one in settled) == [False, True, True]


async def test_copies_that_reach_two_processes_are_thought_once(postgres_url: str) -> None:
    stores = [await Store.open(postgres_url) for _ in range(2)]
    mind = Mind()
    settled = await asyncio.gather(
        *(
            store.turn(message(f"m{number}"), mind, passive=in_time)
            for number in range(10)
            for store in stores
        )
    )
    kept = await rows(stores[0], conversations)
    for store in stores:
        await store.close()

    assert len(mind.seen) == 10
    assert sum(one.repeated for one in settled) == 10
    assert kept[0]["state"] == "10"


async def test_the_same_message_id_at_two_accounts_is_two_messages(store: Store) -> None:
    mind = Mind()
    here = await store.turn(message(account="gh_1"), mind, passive=in_time)
    there = await store.turn(message(account="gh_2"), mind, passive=in_time)

    assert (here.repeated, there.repeated) == (False, False)
    assert [before.contact.account for before in mind.seen] == ["gh_1", "gh_2"]
    assert [before.state for before in mind.seen] == [None, None]


async def test_thinking_is_told_who_writes(store: Store) -> None:
    mind = Mind()
    await store.turn(message(), mind, passive=in_time)

    contact = mind.seen[0].contact
    assert (contact.channel, contact.account, contact.sender) == ("wechat", "gh_1", "openid-1")
    assert contact.created_at == NOW
    assert contact.follows
    assert (contact.window_until, contact.window_left) == (NOW + timedelta(hours=48), 5)


async def test_no_kind_of_exception_in_a_thought_stops_the_store(store: Store) -> None:
    def runs_out(before: Before) -> Thought:
        raise StopIteration

    with pytest.raises((StopIteration, RuntimeError)):
        await store.turn(message("m1"), runs_out, passive=in_time)
    settled = await asyncio.wait_for(store.turn(message("m1"), Mind(), passive=in_time), timeout=60)

    assert settled.text == "answer 1"


async def test_a_thought_that_fails_leaves_its_message_unanswered_and_the_others_untouched(
    store: Store,
) -> None:
    def fails(before: Before) -> Thought:
        raise LookupError("no such fact")

    good, waiter = Mind(), Waiter(waits=True)
    outcomes = await asyncio.gather(
        store.turn(message("a", sender="openid-a"), good, passive=in_time),
        store.turn(message("b", sender="openid-b"), fails, passive=waiter),
        store.turn(message("c", sender="openid-c"), good, passive=in_time),
        return_exceptions=True,
    )

    assert isinstance(outcomes[1], LookupError)
    assert waiter.asked == 0
    kept = {row["message_id"]: row["reply"] for row in await rows(store, inbound)}
    assert kept == {"a": "answer 1", "b": None, "c": "answer 1"}
    assert len(await rows(store, conversations)) == 2

    settled = await store.turn(message("b", sender="openid-b"), good, passive=in_time)
    assert (settled.text, settled.repeated) == ("answer 1", False)


@pytest.mark.parametrize(
    "effect",
    [Effect(name="dance"), Effect(name="ask_staff", values={"colour": "red"})],
    ids=["name", "value"],
)
async def test_an_effect_that_nobody_knows_fails_the_turn_whole(store: Store, effect: Effect) -> None:
    with pytest.raises((KeyError, TypeError)):
        await store.turn(message(), Mind(effect), passive=too_late)

    assert [row["reply"] for row in await rows(store, inbound)] == [None]
    assert await rows(store, conversations) == []
    assert await rows(store, deliveries) == []


async def test_a_late_reply_goes_into_the_outbox_exactly_once(store: Store) -> None:
    waiter = Waiter(waits=False)
    settled = await store.turn(message(), Mind(), passive=waiter)
    again = await store.turn(message(), Mind(), passive=waiter)

    assert (settled.route, again.route) == (Route.OUTBOX, Route.OUTBOX)
    assert waiter.asked == 1
    (delivery,) = await rows(store, deliveries)
    assert delivery["dedupe_key"] == f"reply:{settled.inbound_id}"
    assert (delivery["recipient"], delivery["text"]) == ("openid-1", "answer 1")
    assert (delivery["lane"], delivery["state"]) == ("wechat:gh_1:custom", DeliveryState.WAITING)


async def test_a_silent_thought_sends_nothing_even_when_late(store: Store) -> None:
    waiter = Waiter(waits=False)
    settled = await store.turn(event("VIEW"), Mind(silent=True), passive=waiter)
    again = await store.turn(event("VIEW"), Mind(), passive=waiter)

    assert (settled.text, settled.route) == (None, Route.SILENT)
    assert (again.text, again.route, again.repeated) == (None, Route.SILENT, True)
    assert waiter.asked == 1
    assert await rows(store, deliveries) == []


async def test_a_noted_message_is_answered_after_a_crash(database_url: str) -> None:
    crashed = await Store.open(database_url)
    noted = event("CLICK", event_key="my")
    await crashed.note(noted)
    await crashed.note(noted)
    await crashed.close()

    store = await Store.open(database_url)
    async with store.work() as work:
        assert await work.unanswered(before=NOW) == ()
        waiting = await work.unanswered(before=NOW + timedelta(seconds=1))
    assert waiting == (noted,)
    settled = await store.turn(waiting[0], Mind(), passive=too_late)
    async with store.work() as work:
        assert await work.unanswered(before=NOW + timedelta(seconds=1)) == ()
    kept = await rows(store, deliveries)
    await store.close()

    assert (settled.route, settled.repeated) == (Route.OUTBOX, False)
    assert len(kept) == 1


async def test_noting_an_answered_message_changes_nothing(store: Store) -> None:
    await store.turn(message(), Mind(), passive=in_time)
    before = await rows(store, inbound)
    await store.note(message())

    assert await rows(store, inbound) == before


async def test_answering_a_noted_message_does_not_open_its_window_again(store: Store) -> None:
    await store.note(message("m1"))
    await late_reply(store, "m2")
    async with store.work() as work:
        claim = await work.claim(
            lane="wechat:gh_1:custom", owner="o", now=NOW, limit=1, lease=timedelta(minutes=1)
        )
    await store.turn(message("m1"), Mind(), passive=in_time)

    assert len(claim.ready) == 1
    assert [row["window_left"] for row in await rows(store, contacts)] == [4]


async def test_a_waiter_who_is_cancelled_does_not_undo_the_turn(store: Store) -> None:
    await store.turn(message("m0"), Mind(), passive=in_time)
    turn = asyncio.create_task(store.turn(message("m1"), Mind(), passive=too_late))
    await asyncio.sleep(0)
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    settled = await store.turn(message("m1"), Mind(), passive=in_time)

    assert (settled.repeated, settled.route, settled.text) == (True, Route.OUTBOX, "answer 2")


async def test_closing_finishes_the_turns_that_have_begun(database_url: str) -> None:
    store = await Store.open(database_url)
    turns = [asyncio.create_task(store.turn(message(f"m{n}"), Mind(), passive=in_time)) for n in range(5)]
    await asyncio.sleep(0)
    await store.close()

    assert [turn.done() for turn in turns] == [True] * 5
    assert {(await turn).repeated for turn in turns} == {False}


async def test_an_exception_in_a_block_of_work_takes_all_of_it_back(store: Store) -> None:
    async def half() -> None:
        async with store.work() as work:
            await work.park(lane="wechat:gh_1:custom", until=NOW + timedelta(hours=1))
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        await half()
    await late_reply(store)
    async with store.work() as work:
        claim = await work.claim(
            lane="wechat:gh_1:custom", owner="o", now=NOW, limit=1, lease=timedelta(minutes=1)
        )
    assert len(claim.ready) == 1
