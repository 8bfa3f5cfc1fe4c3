"""The outbox loop: each message at most once at the platform, none lost, and trouble kept to its own lane."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from bot.channels.contract import Channel, Later, Outcome, Refused, Sent, Unclear
from bot.delivery import LADDER, Delivery
from bot.lanes import PACE, Pace
from store.database import Store
from store.records import DeliveryState
from store.schema import contacts, deliveries
from tests.bot.doors import TextDoor
from tests.bot.sender import FilePlatform
from tests.store.scene import NOW, drop_connections, late_reply, rows

SECOND = timedelta(seconds=1)


class Platform(TextDoor):
    """Answers each send as it is told, in turn and then with the last answer; keeps what it was asked."""

    def __init__(self, *answers: Outcome | Exception, account: str = "gh_1", hold: bool = False) -> None:
        self.account = account
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        if not hold:
            self.gate.set()
        self._answers = list(answers) or [Sent()]

    async def send_text(self, *, recipient: str, text: str, now: datetime) -> Outcome:
        self.asked.append(recipient)
        await self.gate.wait()
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def delivery(store: Store, *platforms: Channel, pace: Pace = PACE) -> Delivery:
    return Delivery(store, {f"{p.name}:{p.account}": p for p in platforms}, lambda: NOW, pace)


async def post(store: Store, number: int = 1, **changes: Any) -> None:
    account = changes.get("account", "")
    for n in range(number):
        await late_reply(store, f"m{account}{n}", sender=f"openid-{account}{n}", **changes)


async def the_row(store: Store) -> dict[str, Any]:
    (row,) = await rows(store, deliveries)
    return row


async def until(happens: Callable[[], Awaitable[bool]] | Callable[[], bool], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while True:
            so_far = happens()
            if so_far if isinstance(so_far, bool) else await so_far:
                return
            await asyncio.sleep(0.01)


async def test_a_late_reply_is_sent_once(store: Store) -> None:
    await post(store)
    platform = Platform(Sent(platform_id="p1"))
    outbox = delivery(store, platform)

    assert await outbox.run_once(NOW) == 1
    assert await outbox.run_once(NOW) == 0
    assert platform.asked == ["openid-0"]
    row = await the_row(store)
    assert (row["state"], row["platform_id"], row["settled_at"]) == (DeliveryState.SENT, "p1", NOW)


async def test_a_refusal_is_final(store: Store) -> None:
    await post(store)
    platform = Platform(Refused(reason="45015"))
    outbox = delivery(store, platform)
    await outbox.run_once(NOW)
    await outbox.run_once(NOW + timedelta(hours=1))

    row = await the_row(store)
    assert (row["state"], row["reason"], len(platform.asked)) == ("refused", "45015", 1)


async def test_a_doubt_is_never_sent_again(store: Store) -> None:
    await post(store)
    platform = Platform(Unclear(reason="http_502"))
    outbox = delivery(store, platform)
    await outbox.run_once(NOW)
    await outbox.run_once(NOW + timedelta(hours=1))

    row = await the_row(store)
    assert (row["state"], row["reason"], len(platform.asked)) == ("unclear", "http_502", 1)


async def test_failures_climb_the_ladder_and_end_in_giving_up(store: Store) -> None:
    await post(store)
    outbox = delivery(store, Platform(Later(at=NOW, reason="connect")))
    now = NOW
    for step in LADDER:
        await outbox.run_once(now)
        row = await the_row(store)
        assert row["state"] == "waiting"
        assert 0.8 * step <= row["due_at"] - now <= 1.2 * step
        assert await outbox.run_once(row["due_at"] - SECOND) == 0
        now = row["due_at"]
    await outbox.run_once(now)

    row = await the_row(store)
    assert (row["state"], row["reason"]) == ("refused", "gave_up:connect")
    assert (await rows(store, contacts))[0]["window_left"] == 4


async def test_the_platform_may_ask_for_more_patience_than_the_ladder(store: Store) -> None:
    await post(store)
    await delivery(store, Platform(Later(at=NOW + timedelta(minutes=1), reason="45011"))).run_once(NOW)

    assert (await the_row(store))["due_at"] == NOW + timedelta(minutes=1)


async def test_the_ladder_is_cut_where_the_message_is_of_no_use_any_more(store: Store) -> None:
    await post(store)
    outbox = delivery(store, Platform(Later(at=NOW + timedelta(days=9), reason="connect")))
    await outbox.run_once(NOW)
    row = await the_row(store)
    assert row["due_at"] == row["not_after"]

    assert await outbox.run_once(row["not_after"]) == 1
    assert (await the_row(store))["state"] == "expired"


async def test_trouble_with_the_token_burns_no_attempt(store: Store) -> None:
    await post(store)
    outbox = delivery(store, Platform(Later(at=NOW + SECOND, reason="40001", burns_attempt=False)))
    for n in range(len(LADDER) + 3):
        await outbox.run_once(NOW + n * SECOND)

    row = await the_row(store)
    assert (row["state"], row["burned"], row["attempt"]) == ("waiting", 0, len(LADDER) + 3)
    assert row["due_at"] == NOW + SECOND


async def test_a_used_up_quota_parks_its_lane_alone(store: Store) -> None:
    await post(store, 3, account="gh_1")
    await post(store, 1, account="gh_2")
    midnight = NOW + timedelta(hours=7)
    full = Platform(
        Later(at=midnight, reason="45009", burns_attempt=False, lane=True), Sent(), account="gh_1"
    )
    free = Platform(account="gh_2")
    outbox = delivery(store, full, free)
    await outbox.run_once(NOW)
    asked = len(full.asked)
    await post(store, 4, account="gh_1")
    await outbox.run_once(NOW + timedelta(hours=1))

    assert free.asked == ["openid-gh_20"]
    assert len(full.asked) == asked
    await outbox.run_once(midnight)
    assert Counter(row["state"] for row in await rows(store, deliveries)) == {"sent": 5}


async def test_a_poison_row_is_refused_and_the_others_go_on(store: Store) -> None:
    await post(store, 3)
    platform = Platform(ValueError("no such template"), Sent())
    await delivery(store, platform).run_once(NOW)

    found = Counter((row["state"], row["reason"]) for row in await rows(store, deliveries))
    assert found == {("refused", "fault:ValueError"): 1, ("sent", ""): 2}


async def test_a_send_that_hangs_is_a_doubt(store: Store) -> None:
    await post(store)
    await delivery(store, Platform(hold=True), pace=Pace(send=0.05)).run_once(NOW)

    row = await the_row(store)
    assert (row["state"], row["reason"]) == ("unclear", "timeout")


async def test_a_lane_full_of_doubts_rests_and_is_probed_with_one(store: Store) -> None:
    await post(store, 30, account="gh_1")
    await post(store, 2, account="gh_2")
    answers = [Unclear(reason="http_502")] * 21
    broken, sound = Platform(*answers, Sent(), account="gh_1"), Platform(account="gh_2")
    outbox = delivery(store, broken, sound, pace=Pace(rest=1))

    await outbox.run_once(NOW)
    await outbox.run_once(NOW)
    assert (len(broken.asked), len(sound.asked)) == (20, 2)
    await asyncio.sleep(1.1)
    await outbox.run_once(NOW)
    assert len(broken.asked) == 21
    await outbox.run_once(NOW)
    assert len(broken.asked) == 21
    await asyncio.sleep(1.1)
    await outbox.run_once(NOW)
    assert len(broken.asked) == 22
    await outbox.run_once(NOW)
    assert len(broken.asked) == 30


async def test_no_transaction_is_open_while_a_message_is_on_its_way(store: Store) -> None:
    await post(store)
    platform = Platform(hold=True)
    outbox = delivery(store, platform)
    running = asyncio.create_task(outbox.run_once(NOW))
    await until(lambda: bool(platform.asked))
    await asyncio.wait_for(post(store, 1, account="gh_2"), timeout=60)
    platform.gate.set()
    await running

    assert sorted(row["state"] for row in await rows(store, deliveries)) == ["sent", "waiting"]


async def test_the_loop_wakes_for_a_late_reply_and_stops_gracefully(store: Store) -> None:
    platform = Platform(hold=True)
    outbox = delivery(store, platform, pace=Pace(poll=30))
    running = asyncio.create_task(outbox.run())
    await asyncio.sleep(0.05)
    await post(store, 2)
    outbox.wake()
    await until(lambda: len(platform.asked) == 2)

    stopping = asyncio.create_task(outbox.stop())
    await post(store, 1, account="gh_1", received_at=NOW)
    await asyncio.sleep(0.05)
    assert not stopping.done()
    platform.gate.set()
    await stopping
    await running

    assert Counter(row["state"] for row in await rows(store, deliveries)) == {"sent": 2, "waiting": 1}


async def test_what_hangs_longer_than_stopping_waits_is_left_to_the_lease(store: Store) -> None:
    await post(store)
    platform = Platform(hold=True)
    outbox = delivery(store, platform, pace=Pace(stop=0.05))
    running = asyncio.create_task(outbox.run())
    await until(lambda: bool(platform.asked))
    await outbox.stop()
    await running

    assert (await the_row(store))["state"] == "sending"


async def test_an_outcome_is_not_lost_when_the_database_goes_away_during_the_send(postgres_url: str) -> None:
    class Severing(Platform):
        async def send_text(self, *, recipient: str, text: str, now: datetime) -> Outcome:
            await drop_connections(postgres_url)
            return await Platform.send_text(self, recipient=recipient, text=text, now=now)

    store = await Store.open(postgres_url)
    await post(store)
    platform = Severing()
    await delivery(store, platform, pace=Pace(poll=0.05)).run_once(NOW)

    assert (await the_row(store))["state"] == "sent"
    assert platform.asked == ["openid-0"]
    await store.close()


async def test_the_loop_outlives_a_database_that_goes_away(postgres_url: str) -> None:
    store = await Store.open(postgres_url)
    platform = Platform()
    outbox = delivery(store, platform, pace=Pace(poll=0.02))
    await post(store)
    await drop_connections(postgres_url)
    running = asyncio.create_task(outbox.run())
    await until(lambda: bool(platform.asked))
    await outbox.stop()
    await running

    assert (await the_row(store))["state"] == "sent"
    await store.close()


async def test_one_lane_sends_a_limited_number_at_a_time(store: Store) -> None:
    await post(store, 25)
    platform = Platform(hold=True)
    outbox = delivery(store, platform)
    running = asyncio.create_task(outbox.run())
    await until(lambda: len(platform.asked) == 20)
    await asyncio.sleep(0.05)
    assert len(platform.asked) == 20
    platform.gate.set()

    async def all_sent() -> bool:
        return {row["state"] for row in await rows(store, deliveries)} == {"sent"}

    await until(all_sent)
    await outbox.stop()
    await running
    assert Counter(platform.asked).most_common(1)[0][1] == 1


async def _kill_in_the_middle(url: str, log: Path, more: int) -> None:
    """Run a sender until the platform has accepted `more` messages, and kill it there."""
    accepted = _accepted(log).total()
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.bot.sender", url, str(log))
    await until(lambda: _accepted(log).total() >= accepted + more, seconds=20)
    process.send_signal(signal.SIGKILL)
    await process.wait()


def _accepted(log: Path) -> Counter[str]:
    lines: Iterable[str] = log.read_text().splitlines() if log.exists() else ()
    return Counter(lines)


@pytest.mark.timeout(60)
async def test_a_killed_sender_loses_nothing_and_doubles_nothing(database_url: str, tmp_path: Path) -> None:
    log, kills, number = tmp_path / "platform.log", 2, 150
    store = await Store.open(database_url)
    await post(store, number)
    await store.close()
    for _ in range(kills):
        await _kill_in_the_middle(database_url, log, more=25)

    store = await Store.open(database_url)
    time_goes_on = update(deliveries).where(deliveries.c.lease_until.is_not(None)).values(lease_until=NOW)
    async with store.work() as work:
        in_flight = (await work.counts())[DeliveryState.SENDING]
        await work.do(lambda session: session.run(time_goes_on))
    outbox = delivery(store, FilePlatform(log))
    while await outbox.run_once(NOW):
        pass
    found = await rows(store, deliveries)
    await store.close()

    accepted = _accepted(log)
    state = {row["id"]: row["state"] for row in found}
    assert len(found) == number
    assert set(state.values()) == {"sent", "unclear"}
    assert set(accepted.values()) == {1}
    unclear = [id_ for id_, value in state.items() if value == "unclear"]
    assert 0 < len(unclear) == in_flight <= 20 * kills
    sent = {f"openid-{n}" for n, row in enumerate(found) if row["state"] == "sent"}
    assert sent <= accepted.keys()
