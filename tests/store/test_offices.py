"""Corrections, checks and reports of offices: one holds, inside a scope, and nobody is named."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from store.database import Store
from store.schema import office_corrections, office_reports
from store.scope import EVERYWHERE, Scope
from tests.store.scene import NOW, Effect, Mind, in_time, message, rows

WUHAN, WEST, WUXI = Scope("武汉"), Scope("武汉", ("东西湖区",)), Scope("无锡")
FACT = "dongxihu-2023/phone.dongxihu"
HERE = {"fact": FACT, "city": "武汉", "district": "东西湖区"}
PLACE: dict[str, Any] = {**HERE, "printed": "027-83891432 201室"}
WORDS = {"address": "", "remark": "", "source": "公告", "by": "liu"}
SAID: dict[str, Any] = {**WORDS, "phones": ["027-83890001"]}


async def fail(store: Store, hours: int, sender: str, *, number: str = "", open: str = "1") -> None:
    values = {**HERE, "number": number, "open": open}
    arrival = message(f"m{hours}", sender=sender, received_at=NOW + timedelta(hours=hours))
    await store.turn(arrival, Mind(Effect(name="report_office", values=values)), passive=in_time)


async def test_one_correction_holds_and_the_earlier_ones_stay_as_they_were(store: Store) -> None:
    async with store.work() as work:
        first = await work.correct_office(**PLACE, **SAID, now=NOW)
        second = await work.correct_office(**PLACE, **{**SAID, "phones": ["027-83890002"]}, now=NOW)
        (held,) = await work.corrections()
    assert first
    assert (held.id, held.phones, held.source, held.entered_by) == (second, ("027-83890002",), "公告", "liu")
    kept = await rows(store, office_corrections)
    assert [(row["phones"], row["ended_at"] is None) for row in kept] == [
        ('["027-83890001"]', False),
        ('["027-83890002"]', True),
    ]


async def test_a_correction_ends_once_inside_its_scope(store: Store) -> None:
    async with store.work() as work:
        correction = await work.correct_office(**PLACE, **SAID, now=NOW)
        assert correction
        assert [len(await work.corrections(scope=scope)) for scope in (EVERYWHERE, WEST, WUXI)] == [1, 1, 0]
        assert await work.end_correction(scope=WUXI, correction=correction, now=NOW) is None
        ended = await work.end_correction(scope=WEST, correction=correction, now=NOW)
        assert ended
        assert ended.source == "公告"
        assert await work.end_correction(scope=WEST, correction=correction, now=NOW) is None
        assert await work.corrections() == ()


async def test_of_two_who_correct_at_once_one_holds(store: Store) -> None:
    async def correct(number: int) -> int | None:
        async with store.work() as work:
            return await work.correct_office(**PLACE, **{**SAID, "phones": [f"8389000{number}"]}, now=NOW)

    made = await asyncio.gather(*map(correct, range(4)))
    async with store.work() as work:
        (held,) = await work.corrections()
    assert held.id in made


async def test_the_last_check_counts(store: Store) -> None:
    async with store.work() as work:
        for day, by in enumerate(("liu", "chen")):
            await work.check_office(**PLACE, correction=None, by=by, now=NOW + timedelta(days=day))
        (check,) = await work.office_checks(scope=WEST)
        assert (check.checked_by, check.checked_at) == ("chen", NOW + timedelta(days=1))
        assert await work.office_checks(scope=WUXI) == ()


async def test_a_person_reports_an_office_once_a_day(store: Store) -> None:
    await fail(store, 0, "a", number="027-83891432")
    await fail(store, 1, "a")
    await fail(store, 2, "b", open="")
    await fail(store, 26, "a")
    async with store.work() as work:
        found = await work.office_reports(scope=WEST)
        assert await work.office_reports(scope=WUXI) == ()
    assert [(one.number, one.count, one.closed) for one in found] == [("", 2, 1), ("027-83891432", 1, 0)]
    assert found[0].last_at == NOW + timedelta(hours=26)


async def test_reports_are_settled_inside_the_scope_and_come_again(store: Store) -> None:
    await fail(store, 0, "a")
    await fail(store, 1, "b")
    async with store.work() as work:
        assert await work.settle_office(scope=WUXI, fact=FACT, now=NOW) == 0
        assert await work.settle_office(scope=WEST, fact=FACT, now=NOW) == 2
        assert await work.office_reports(scope=EVERYWHERE) == ()
    await fail(store, 30, "a")
    async with store.work() as work:
        assert [one.count for one in await work.office_reports(scope=EVERYWHERE)] == [1]


async def test_who_reported_is_forgotten_in_time(store: Store) -> None:
    await fail(store, 0, "a")
    async with store.work() as work:
        await work.purge(now=NOW + timedelta(days=179), days=180)
    assert (await rows(store, office_reports))[0]["contact_id"]
    async with store.work() as work:
        await work.purge(now=NOW + timedelta(days=181), days=180)
    assert (await rows(store, office_reports))[0]["contact_id"] is None


async def test_a_report_stays_counted_when_its_person_is_forgotten(store: Store) -> None:
    await fail(store, 0, "a")
    forget = Mind(Effect(name="forget", values={"receipt": "r"}))
    await store.turn(message("m9", sender="a"), forget, passive=in_time)
    (kept,) = await rows(store, office_reports)
    assert kept["contact_id"] is None
    async with store.work() as work:
        assert [one.count for one in await work.office_reports(scope=EVERYWHERE)] == [1]
