"""A message is answered once, whatever is repeated, late, broken off or spread over two instances."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import bindparam, select

from bot import app as service_app
from bot.app import Service
from bot.conversation import PATIENCE_S, Conversation
from bot.dialogue import Dialogue, Said
from bot.settings import load
from bot.simulator import Delivery, Outcome, Push, PushFault, Simulator, Trigger, Verdict
from bot.simulator import app as simulator_app
from handlers.contract import Incoming, Kind
from knowledge.library import Library
from store.database import Store
from store.engine import Session
from store.records import Arrival, DeliveryState
from store.schema import contacts, deliveries, inbound
from store.sqlite import SqliteSession
from tests.store.scene import rows
from tests.wire import AES_KEY, APP_ID, APP_SECRET, DATA_KEY, SEASON, TOKEN

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUESTION = "武汉工匠几号截止"
SHORT_S, SLOW_S = 0.1, 0.4
MOMENT = timedelta(seconds=1)
UNSETTLED = {DeliveryState.WAITING, DeliveryState.SENDING}
OF_PERSON = (
    select(inbound)
    .join(contacts, contacts.c.id == inbound.c.contact_id)
    .where(contacts.c.sender == bindparam("sender"))
    .order_by(inbound.c.id)
)


class Mind(Dialogue):
    """The real one, which can be made slow or made to fail, and tells what it was asked."""

    def __init__(self, library: Library) -> None:
        super().__init__(library)
        self.seconds = 0.0
        self.faults = 0
        self.asked: list[str] = []

    def turn(self, incoming: Incoming, state: str | None, **how: Any) -> Said:
        self.asked.append(incoming.sender)
        time.sleep(self.seconds)
        if self.faults:
            self.faults -= 1
            raise RuntimeError("the mind fails")
        return super().turn(incoming, state, **how)

    @contextmanager
    def slow(self, seconds: float = SLOW_S) -> Iterator[None]:
        self.seconds = seconds
        try:
            yield
        finally:
            self.seconds = 0.0


@dataclass(frozen=True)
class Line:
    """A platform and the service behind it, whose mind is in the test's hand."""

    simulator: Simulator
    service: Service
    mind: Mind

    async def kept(self, openid: str) -> list[dict[str, Any]]:
        """Somebody's messages as they are stored."""
        async with self.service.store.work() as work:
            found = await work.do(lambda session: session.run(OF_PERSON, sender=openid))
        return [dict(row) for row in found]

    async def settled(self, number: int) -> list[dict[str, Any]]:
        """This many deliveries, once none of them waits any more."""
        async with asyncio.timeout(60):
            while True:
                found = await rows(self.service.store, deliveries)
                if len(found) >= number and not {row["state"] for row in found} & UNSETTLED:
                    return found
                await asyncio.sleep(0.02)

    async def sent(self, openid: str, number: int = 1) -> list[Delivery]:
        """Custom messages to somebody that reached the platform, once none waits any more."""
        await self.settled(number)
        return [delivery for delivery in self.simulator.deliveries if delivery.openid == openid]


@asynccontextmanager
async def running(
    url: str, openids: Iterable[str] = (), *, patience_s: float = PATIENCE_S
) -> AsyncIterator[Line]:
    """The platform with these people, who have just written, and then the service with its loops."""
    port, platform = service_app.free_port(), service_app.free_port()
    settings = load(
        port=port,
        database_url=url,
        wechat_app_id=APP_ID,
        wechat_app_secret=APP_SECRET,
        wechat_token=TOKEN,
        wechat_aes_key=AES_KEY,
        wechat_api_base=f"http://127.0.0.1:{platform}",
        data_key=DATA_KEY,
        clock_start=SEASON,
    )
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(service_app.service(settings))
        simulator = Simulator(
            app_id=APP_ID,
            app_secret=APP_SECRET,
            token=TOKEN,
            aes_key=AES_KEY,
            callback_url=f"http://127.0.0.1:{port}/wechat",
            clock=parts.clock.now,
        )
        for openid in openids:
            simulator.person(openid=openid).opens(Trigger.MESSAGE, parts.clock.now())
        await stack.enter_async_context(service_app.serving(simulator_app(simulator), "127.0.0.1", platform))
        mind = Mind(parts.library)
        assert parts.wechat is not None
        conversation = Conversation(
            parts.store,
            mind,
            limits={"wechat": parts.wechat.limits.text_bytes},
            clock=parts.clock.now,
            kinds=dict,
            late=parts.delivery.wake,
            patience_s=patience_s,
        )
        parts = replace(parts, conversation=conversation, loops=[conversation.run, parts.delivery.run])
        app = service_app.application(parts)
        await stack.enter_async_context(service_app.serving(app, "127.0.0.1", port))
        yield Line(simulator, parts, mind)


def on_file(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder}/jiangwen.db"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Line]:
    async with running(on_file(tmp_path_factory.mktemp("retries"))) as running_line:
        yield running_line


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def impatient(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Line]:
    async with running(on_file(tmp_path_factory.mktemp("impatient")), patience_s=SHORT_S) as running_line:
        yield running_line


def arrival(openid: str, message_id: str, **changes: Any) -> Arrival:
    """What another run of the service noted two minutes ago."""
    given = {"kind": "text", "text": QUESTION, "received_at": SEASON - timedelta(minutes=2), **changes}
    return Arrival(channel="wechat", account=APP_ID, sender=openid, message_id=message_id, **given)


def text(content: str = QUESTION) -> dict[str, object]:
    return {"MsgType": "text", "Content": content}


async def test_three_copies_at_once_are_thought_once_and_answered_alike(line: Line) -> None:
    openid = line.simulator.person().openid
    pushes = await asyncio.gather(
        *(line.simulator.push(openid, text(), message_id=900_000_001) for _ in range(3))
    )
    assert {push.outcome for push in pushes} == {Outcome.REPLIED}
    assert len({push.text for push in pushes}) == 1
    assert line.mind.asked.count(openid) == 1
    assert len(await line.kept(openid)) == 1


async def test_copies_of_one_push_are_one_message(line: Line) -> None:
    openid = line.simulator.person().openid
    push = await line.simulator.say(openid, QUESTION, fault=PushFault(copies=3, duplicates=1))
    assert [attempt.verdict for attempt in push.attempts] == [Verdict.REPLY] * 4
    assert line.mind.asked.count(openid) == 1
    assert len(await line.kept(openid)) == 1


async def test_a_repeated_message_does_not_move_the_talk_on(line: Line) -> None:
    openid = line.simulator.person().openid
    await line.simulator.say(openid, "无锡技能大师工作室要什么条件")
    again = [await line.simulator.push(openid, text("更多"), message_id=900_000_002) for _ in range(3)]
    assert len({push.text for push in again}) == 1
    assert len(await line.kept(openid)) == 2


async def test_an_event_is_known_by_sender_time_name_and_key(line: Line) -> None:
    one, other = line.simulator.person().openid, line.simulator.person().openid
    click = {"MsgType": "event", "Event": "CLICK", "EventKey": "看通知", "CreateTime": 1_719_795_600}
    same = await asyncio.gather(*(line.simulator.push(one, click) for _ in range(3)))
    assert len({push.text for push in same}) == 1
    assert len(await line.kept(one)) == 1
    different = [
        click | {"CreateTime": 1_719_795_601},
        click | {"EventKey": "查资格"},
        click | {"Event": "SCAN"},
    ]
    for number, fields in enumerate(different):
        await line.simulator.push(one, fields)
        assert len(await line.kept(one)) == 2 + number
    await line.simulator.push(other, click)
    assert len(await line.kept(other)) == 1


async def test_the_same_message_to_another_account_is_another_message(line: Line) -> None:
    openid = line.simulator.person().openid
    incoming = Incoming(
        channel="wechat",
        account=APP_ID,
        sender=openid,
        message_id="900000003",
        kind=Kind.TEXT,
        received_at=SEASON,
        text=QUESTION,
    )
    first = await line.service.conversation.answer(incoming)
    assert await line.service.conversation.answer(incoming) == first
    assert await line.service.conversation.answer(replace(incoming, account="wx_other")) == first
    assert line.mind.asked.count(openid) == 2


async def test_what_is_not_ready_in_time_follows_as_one_custom_message(impatient: Line) -> None:
    openid = impatient.simulator.person().openid
    with impatient.mind.slow():
        push = await impatient.simulator.say(openid, QUESTION)
    assert push.outcome is Outcome.SILENT
    assert [attempt.latency_ms < 2000 for attempt in push.attempts] == [True]
    heard = await impatient.simulator.heard(openid)
    assert heard.channel == "custom"
    assert "6月26日" in heard.text
    assert "6月27日" in heard.text
    again = await impatient.simulator.push(openid, text(), message_id=push.message_id)
    assert again.outcome is Outcome.SILENT
    assert [delivery.text for delivery in await impatient.sent(openid)] == [heard.text]
    assert impatient.mind.asked.count(openid) == 1


async def test_a_platform_that_hangs_up_and_tries_again_still_hears_one_answer(impatient: Line) -> None:
    openid = impatient.simulator.person().openid
    impatient.simulator.knobs.patience = 0.15
    with impatient.mind.slow(0.6):
        push = await impatient.simulator.say(openid, QUESTION)
        impatient.simulator.knobs.patience = 5.0
        assert Verdict.TIMEOUT in {attempt.verdict for attempt in push.attempts}
        await impatient.simulator.heard(openid)
    assert len(await impatient.sent(openid)) == 1
    assert impatient.mind.asked.count(openid) == 1
    assert len(await impatient.kept(openid)) == 1


async def test_a_late_silence_stays_silent(impatient: Line) -> None:
    openid = impatient.simulator.person().openid
    with impatient.mind.slow(0.2):
        push = await impatient.simulator.unfollow(openid)
    assert push.outcome is Outcome.SILENT
    assert await impatient.sent(openid, 0) == []


async def test_the_rest_of_a_late_answer_can_be_had(impatient: Line) -> None:
    openid = impatient.simulator.person().openid
    with impatient.mind.slow(0.2):
        await impatient.simulator.say(openid, "无锡技能大师工作室要什么条件")
    first = await impatient.simulator.heard(openid)
    assert len(first.text.encode()) <= 2048
    await impatient.simulator.say(openid, "更多")
    rest = await impatient.simulator.heard(openid, after=first.seq)
    assert "授艺带徒" in rest.text


async def test_what_a_crash_left_is_answered_after_the_restart(tmp_path: Path) -> None:
    store = await Store.open(on_file(tmp_path))
    asked = arrival("o-crashed", "1")
    await store.note(asked)
    await store.note(asked)
    clicked = {"kind": "event", "event": "click", "event_key": "看通知", "text": ""}
    await store.note(arrival("o-crashed", "e", **clicked, received_at=asked.received_at + MOMENT))
    await store.close()
    async with running(on_file(tmp_path), ["o-crashed"]) as line:
        heard = await line.simulator.heard("o-crashed")
        sent = await line.sent("o-crashed", 2)
        repeated = await line.simulator.push("o-crashed", text(), message_id=1)
    assert "6月26日" in heard.text
    assert [("6月26日" in each.text, "锡人社函" in each.text) for each in sent] == [
        (True, False),
        (False, True),
    ]
    assert repeated.outcome is Outcome.SILENT


async def test_after_the_window_nothing_is_sent_and_the_reason_kept(tmp_path: Path) -> None:
    store = await Store.open(on_file(tmp_path))
    await store.note(arrival("o-late", "e", kind="event", event="click", event_key="看通知", text=""))
    await store.close()
    async with running(on_file(tmp_path), ["o-late"]) as line:
        (left,) = await line.settled(1)
        assert list(line.simulator.deliveries) == []
        (kept,) = await line.kept("o-late")
    assert (left["state"], left["reason"]) == (DeliveryState.REFUSED, "window_closed")
    assert "无锡" in kept["reply"]


async def test_a_refusal_of_the_platform_is_kept_with_its_reason(tmp_path: Path) -> None:
    async with running(on_file(tmp_path), patience_s=SHORT_S) as line:
        person = line.simulator.person()
        with line.mind.slow():
            pending = asyncio.create_task(line.simulator.say(person.openid, QUESTION))
            await asyncio.sleep(SHORT_S)
            person.windows.clear()
            await pending
        (left,) = await line.settled(1)
        assert [delivery.errcode for delivery in line.simulator.deliveries] == [45015]
    assert (left["state"], left["reason"]) == (DeliveryState.REFUSED, "window_closed")


async def test_a_fault_of_the_mind_is_mended_by_the_sweep(tmp_path: Path) -> None:
    async with running(on_file(tmp_path)) as line:
        openid = line.simulator.person().openid
        line.mind.faults = 1
        push = await line.simulator.say(openid, QUESTION)
        assert push.outcome is Outcome.SILENT
        assert [kept["answered_at"] for kept in await line.kept(openid)] == [None]
        assert await line.service.conversation.sweep() == 0, "somebody may still be answering it"
        later = line.service.clock.now() + timedelta(minutes=2)
        await line.service.clock.set(line.service.store, now=later, rate=1)
        assert await line.service.conversation.sweep() == 1
        assert "6月26日" in (await line.simulator.heard(openid)).text
        assert await line.service.conversation.sweep() == 0
        assert len(await line.sent(openid)) == 1


async def test_a_message_that_always_fails_is_given_up_and_kept(tmp_path: Path) -> None:
    store = await Store.open(on_file(tmp_path))
    await store.note(arrival("o-cursed", "1"))
    await store.close()
    async with running(on_file(tmp_path), ["o-cursed"]) as line:
        line.mind.faults = 100
        for _ in range(6):
            await line.service.conversation.sweep()
        assert line.mind.asked.count("o-cursed") <= 3
        assert [kept["text"] for kept in await line.kept("o-cursed")] == [QUESTION]


@pytest.mark.parametrize("patience_s", [PATIENCE_S, SHORT_S], ids=["in time", "late"])
async def test_what_could_not_be_kept_is_asked_again(tmp_path: Path, patience_s: float) -> None:
    async with running(on_file(tmp_path), patience_s=patience_s) as line:
        openid, long = line.simulator.person().openid, text(QUESTION + "，谢谢" * 600)
        line.simulator.knobs.tries = 1
        await pages(line.service.store, 1)
        with line.mind.slow(0.2):
            refused = await line.simulator.push(openid, long, message_id=5)
        assert refused.outcome is Outcome.FAILED, "the platform tries again only where it hears no success"
        assert await line.kept(openid) == []
        await pages(line.service.store, 1_000_000)
        await line.simulator.push(openid, long, message_id=5)
        assert "6月26日" in (await line.simulator.heard(openid)).text
        assert len(await line.kept(openid)) == 1


async def pages(store: Store, most: int) -> None:
    """How far the database's file may grow."""

    def limit(session: Session) -> None:
        assert isinstance(session, SqliteSession)
        session.execute(f"PRAGMA max_page_count = {most}")

    async with store.work() as work:
        await work.do(limit)


async def test_two_instances_answer_a_message_once(postgres_url: str) -> None:
    async with running(postgres_url) as one, running(postgres_url) as two:
        openid = one.simulator.person().openid
        two.simulator.person(openid=openid)

        async def both(content: str, number: int) -> list[Push]:
            return await asyncio.gather(
                *(line.simulator.push(openid, text(content), message_id=number) for line in (one, two) * 2)
            )

        asked = await both("无锡技能大师工作室要什么条件", 1)
        more = await both("更多", 2)
        for pushes in (asked, more):
            assert {push.outcome for push in pushes} == {Outcome.REPLIED}
            assert len({push.text for push in pushes}) == 1
        assert asked[0].text != more[0].text
        assert len(await one.kept(openid)) == 2
        assert len(await rows(one.service.store, inbound)) == 2


async def test_two_instances_send_a_late_answer_once(postgres_url: str) -> None:
    store = await Store.open(postgres_url)
    people = [f"o-left-{number}" for number in range(5)]
    for openid in people:
        await store.note(arrival(openid, openid))
    await store.close()
    async with running(postgres_url, people) as one, running(postgres_url, people) as two:
        await asyncio.gather(*(line.service.conversation.sweep() for line in (one, two)))
        for openid in people:
            tried = await one.sent(openid, len(people)) + await two.sent(openid, len(people))
            assert len(tried) == 1
