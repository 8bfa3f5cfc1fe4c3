"""Gaps, tasks and lessons: inside a scope, seen to once, and gone with their person."""

from __future__ import annotations

from datetime import timedelta

from store.database import Store
from store.records import Why
from store.scope import EVERYWHERE, Scope
from tests.store.scene import NOW, Effect, Mind, in_time, message

WUHAN, WEST, WUXI = Scope("武汉"), Scope("武汉", ("东西湖区",)), Scope("无锡")
LESSON = {"city": "武汉", "wording": "咋个整", "topic": "aspect:deadline", "by": "chen"}


async def ask(store: Store, number: int, question: str, **place: str) -> None:
    values = {"question": question, "why": "unknown", **place}
    arrival = message(f"m{number}", sender=f"o{number}", received_at=NOW + timedelta(minutes=number))
    await store.turn(arrival, Mind(Effect(name="gap", values=values)), passive=in_time)


async def test_staff_find_the_gaps_of_their_place_newest_first(store: Store) -> None:
    await ask(store, 1, "一", city="武汉", district="东西湖区")
    await ask(store, 2, "二", city="武汉")
    await ask(store, 3, "三", city="无锡")
    async with store.work() as work:
        found = [await work.open_gaps(scope=scope) for scope in (EVERYWHERE, WUHAN, WEST, WUXI)]
    assert ["".join(gap.question for gap in gaps) for gaps in found] == ["三二一", "二一", "一", "三"]
    assert found[2][0].why is Why.UNKNOWN


async def test_what_is_seen_to_is_gone_and_nothing_elsewhere(store: Store) -> None:
    await ask(store, 1, "一", city="武汉")
    await ask(store, 2, "二", city="无锡")
    async with store.work() as work:
        ids = [gap.id for gap in await work.open_gaps(scope=EVERYWHERE)]
        assert await work.settle_gaps(scope=WUXI, ids=ids, now=NOW) == 1
        assert await work.settle_gaps(scope=WUXI, ids=ids, now=NOW) == 0
        assert [gap.question for gap in await work.open_gaps(scope=EVERYWHERE)] == ["一"]


async def test_a_task_is_done_once_inside_its_scope(store: Store) -> None:
    async with store.work() as work:
        task = await work.add_task(
            wording="咋个整", times=3, city="武汉", district="东西湖区", made_by="chen", now=NOW
        )
        assert [one.id for one in await work.tasks(scope=WEST)] == [task]
        assert await work.tasks(scope=WUXI) == ()
        assert not await work.finish_task(scope=WUXI, task=task, now=NOW)
        assert await work.finish_task(scope=WEST, task=task, now=NOW)
        assert not await work.finish_task(scope=WEST, task=task, now=NOW)
        assert await work.tasks(scope=WEST) == ()


async def test_a_wording_is_taught_once_until_it_ends(store: Store) -> None:
    async with store.work() as work:
        lesson = await work.teach(**LESSON, now=NOW)
        assert lesson
        assert await work.teach(**{**LESSON, "topic": "other"}, now=NOW) is None
        assert [row.wording for row in await work.lessons()] == ["咋个整"]
        assert await work.lessons_of(scope=WUXI) == ()
        assert not await work.unteach(scope=WUXI, lesson=lesson, now=NOW)
        assert await work.unteach(scope=WUHAN, lesson=lesson, now=NOW)
        assert await work.lessons() == ()
        assert await work.teach(**LESSON, now=NOW)


async def test_a_gap_goes_with_its_words(store: Store) -> None:
    await ask(store, 1, "一", city="武汉")
    await ask(store, 2, "二", city="武汉")
    forget = Mind(Effect(name="forget", values={"receipt": "r"}))
    await store.turn(message("m9", sender="o1"), forget, passive=in_time)
    async with store.work() as work:
        assert [gap.question for gap in await work.open_gaps(scope=EVERYWHERE)] == ["二"]
        await work.purge(now=NOW + timedelta(days=181), days=180)
        assert await work.open_gaps(scope=EVERYWHERE) == ()
