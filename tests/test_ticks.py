"""The sweep of reminders on both databases: once each, whoever ticks; corrections, and news of notices."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from bot.notification import Notifier
from bot.ticks import Reminding
from handlers.season import Season, workdays
from knowledge.edition import Notice
from knowledge.library import Library
from knowledge.notice import CHINA, Stage
from store.audience import CONTENT
from store.database import Store
from store.entered import Duration, EnteredDay
from store.schema import deliveries, known_stages, staff_notes, wishes
from tests.databases import VAULT
from tests.seasons import at
from tests.store.scene import Mind, message, rows
from tests.store.units import DONGHU, WUZHONG, keep

LIBRARY = Library.load()
START = at("2023-06-01 10:00")
WISH = "wuhan-2023/wuhan-gongjiang"


def reminding(store: Store, now: datetime, library: Library = LIBRARY) -> Reminding:
    return Reminding(store, library, lambda: now, lambda: None)


async def wisher(
    store: Store, topic: str = WISH, kind: str = "deadline", district: str = "", n: int = 1
) -> int:
    """A contact who wished to be told."""
    mind = Mind(silent=True)
    await store.turn(message(f"m{n}", sender=f"o{n}"), mind, passive=lambda: True)
    before = mind.seen[0]
    values = {"contact_id": before.contact.id, "kind": kind, "topic": topic, "district": district}
    async with store.work() as work:
        statement = wishes.insert().values(**values, since=START)
        await work.do(lambda session: session.run(statement))
    return before.contact.id


async def posted(store: Store) -> list[dict[str, Any]]:
    return await rows(store, deliveries)


def moved(stage: str, until: str) -> Library:
    """The library with a stage that ends at another time."""
    notice = LIBRARY.notices[stage.partition("/")[0]]
    facts = tuple(
        _moved(fact, until) if fact.id == stage.partition("/")[2] else fact for fact in notice.facts
    )
    notices = {**LIBRARY.notices, notice.id: replace(notice, facts=facts)}
    return replace(LIBRARY, notices=notices)


def _moved(fact: Any, until: str) -> Stage:
    assert isinstance(fact, Stage)
    return Stage.model_validate({**fact.model_dump(), "until": until, "safe_day": None, "disputed": ""})


async def test_a_new_database_begins_now_and_tells_nobody_of_what_was(store: Store) -> None:
    await keep(store)
    assert await reminding(store, at("2023-06-19 12:00")).sweep() == 0
    assert len(await rows(store, known_stages)) == 10


async def test_four_that_tick_at_once_tell_each_once(store: Store, database_url: str) -> None:
    """On PostgreSQL four stores, as four processes have; on SQLite there is one."""
    await keep(store, WUZHONG, DONGHU)
    contact = await wisher(store)
    await reminding(store, START).sweep()
    many = "postgresql" in database_url
    stores = [await Store.open(database_url, VAULT) if many and n else store for n in range(4)]
    for moment in ("2023-06-12 09:00", "2023-06-12 09:01", "2023-06-19 09:00"):
        made = await asyncio.gather(*(reminding(each, at(moment)).sweep() for each in stores))
        assert sum(made) in (0, 4), "three of the rosters' people, and who wished"
        assert sum(made) == 0 or sorted(made) == [0, 0, 0, 4]
    found = Counter(row["occasion"] for row in await posted(store))
    assert found == {f"reminder:wuhan-2023:wuhan-2023/stage.submit:2023-06-26:{n}": 4 for n in (14, 7)}
    assert contact in {row["contact_id"] for row in await posted(store)}
    keys = [row["dedupe_key"] for row in await rows(store, staff_notes)]
    assert len(keys) == len(set(keys)) == 2
    for each in stores[1:]:
        if many:
            await each.close()


async def test_a_sweep_that_dies_between_its_parts_loses_and_doubles_nothing(store: Store) -> None:
    people = {await wisher(store, n=n) for n in range(7)}
    await reminding(store, START).sweep()
    now, told = at("2023-06-12 09:00"), list[int]()

    def dies() -> None:
        told.append(len(told))
        if len(told) == 2:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await Reminding(store, LIBRARY, lambda: now, dies, part=2).sweep()
    assert len(await posted(store)) == 4
    later = now + timedelta(minutes=1)
    assert await Reminding(store, LIBRARY, lambda: later, lambda: None, part=2).sweep() == 3
    assert await reminding(store, later).sweep() == 0, "now the cursor has moved"
    assert sorted(row["contact_id"] for row in await posted(store)) == sorted(people)


async def test_two_that_tick_at_once_in_parts_tell_each_once(store: Store, database_url: str) -> None:
    people = {await wisher(store, n=n) for n in range(7)}
    await reminding(store, START).sweep()
    now = at("2023-06-12 09:00")
    other = await Store.open(database_url, VAULT) if "postgresql" in database_url else store
    sweeps = (Reminding(each, LIBRARY, lambda: now, lambda: None, part=2).sweep() for each in (store, other))
    assert sum(await asyncio.gather(*sweeps)) == 7
    assert sorted(row["contact_id"] for row in await posted(store)) == sorted(people)
    if other is not store:
        await other.close()


async def test_a_moved_stage_corrects_those_told_and_reminds_anew(store: Store) -> None:
    told = await wisher(store, district="江岸区")
    await reminding(store, START).sweep()
    await reminding(store, at("2023-06-12 09:00")).sweep()
    await sent(store)
    later = moved("wuhan-2023/stage.submit", "2023-07-10")
    now = at("2023-06-20 10:00")
    assert await reminding(store, now, later).sweep() == 1
    assert await reminding(store, now + timedelta(minutes=1), later).sweep() == 0, "once, whoever starts"
    correction = (await posted(store))[-1]
    assert (correction["kind"], correction["contact_id"]) == ("correction", told)
    text = words(correction, later, now)
    assert "更正" in text
    assert "7月10日" in text
    assert "还有20天" in text
    assert await reminding(store, at("2023-06-26 09:00"), later).sweep() == 1, "T-14 of the new date"
    assert (await posted(store))[-1]["occasion"].endswith("2023-07-10:14")


async def test_a_stage_that_moves_before_anybody_was_told_is_corrected_to_nobody_else(store: Store) -> None:
    await keep(store)
    await reminding(store, START).sweep()
    assert await reminding(store, START, moved("wuhan-2023/stage.submit", "2023-07-10")).sweep() == 0


async def test_a_new_edition_is_told_once_with_what_changed(store: Store) -> None:
    old = LIBRARY.notices["wuhan-2023"]
    before = replace(LIBRARY, notices={"wuhan-2023": old})
    await reminding(store, START, before).sweep()
    contact = await wisher(store, "武汉/wuhan-gongjiang", "news")
    await wisher(store, "无锡/wuxi-studio", "news", n=2)
    after, now = replace(before, notices={**before.notices, **_edition(old)}), at("2025-06-01 09:00")
    assert await reminding(store, now, after).sweep() == 1
    assert await reminding(store, now, after).sweep() == 0
    (row,) = await posted(store)
    assert (row["contact_id"], row["kind"]) == (contact, "news")
    text = words(row, after, now)
    for word in ("新通知出来了", "武汉工匠", "2025年6月20日", "条件有"):
        assert word in text, text


def _edition(old: Notice) -> Mapping[str, Notice]:
    """The next edition, with one date and one condition less."""
    header = old.header.model_copy(
        update={
            "id": "wuhan-2025",
            "supersedes": old.id,
            "issued": date(2025, 5, 30),
            "short": "武汉2025年通知",
        }
    )
    facts = [fact for fact in old.facts if fact.id != "stage.submit"]
    facts = [fact for fact in facts if fact is not next(f for f in facts if type(f).__name__ == "Condition")]
    stage = next(fact for fact in old.facts if fact.id == "stage.submit")
    dated = {"until": "2025-06-20", "safe_day": None, "disputed": "", "as_written": "2025年6月20日前"}
    assert isinstance(stage, Stage)
    facts.append(Stage.model_validate({**stage.model_dump(), **dated}))
    new = replace(old, header=header, facts=tuple(facts), relays=())
    return {old.id: replace(old, superseded_by="wuhan-2025"), "wuhan-2025": new}


async def sent(store: Store) -> None:
    statement = deliveries.update().values(state="sent")
    async with store.work() as work:
        await work.do(lambda session: session.run(statement))


def words(row: Mapping[str, Any], library: Library, now: datetime) -> str:
    content = VAULT.open(CONTENT, row["content"])
    return Notifier(library).notification(template=row["template"], content=content, now=now).text


async def test_days_and_durations_are_kept_and_taken_back(store: Store) -> None:
    day, entered = date(2027, 2, 6), EnteredDay(working=False, name="春节", source="国办发明电")
    duration = Duration(
        notice="wuhan-2023", district="东西湖区", step="publicity", working_days=5, entered_by="李"
    )
    async with store.work() as work:
        await work.set_day(day=day, entered=replace(entered, working=True), now=START)
        await work.set_day(day=day, entered=entered, now=START)
        await work.set_duration(duration=duration, now=START)
        assert await work.days() == {day: entered}
        assert await work.durations_of(notice="wuhan-2023") == (duration,)
        assert not workdays(await work.days()).is_working(day).assumed
        assert await work.drop_day(day=day)
        assert not await work.drop_day(day=day)
        assert await work.drop_duration(notice="wuhan-2023", district="东西湖区", step="publicity")
        assert await work.days() == {}


def test_what_falls_due_in_parts_is_what_falls_due_at_once() -> None:
    season = Season(LIBRARY)
    first, last = at("2023-06-01 00:00"), at("2023-06-30 00:00")
    hours = [first + timedelta(hours=n) for n in range(int((last - first) / timedelta(hours=1)) + 1)]
    parts = [p for a, b in pairwise(hours) for p in season.between(a, b)]
    assert [p.occasion for p in parts] == [p.occasion for p in season.planned if first < p.due.at <= last]
    assert all(8 <= p.due.at.astimezone(CHINA).hour < 21 for p in season.planned)
