"""A dead number over the encrypted wire: told, reported, corrected in the console, and told right by all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from pytest_asyncio import fixture

from bot.dialogue import Dialogue
from bot.overlays import Overlays
from knowledge.library import Library
from store.database import Store
from store.records import Role
from store.scope import EVERYWHERE
from tests.console.office import DISTRICT, Browser, Office
from tests.correcting import DONGXIHU
from tests.databases import VAULT
from tests.store.scene import NOW
from tests.talk import talk
from tests.wire import Wire, wire

ASK, PAGE = "我在东西湖区，武汉工匠找谁问", f"/console/offices/{DONGXIHU}"
WRONG, RIGHT, SOURCE = "027-83891432", "027-83890001", "区人社局官网公告 2024-06-01"


@fixture
async def line(tmp_path: Path) -> AsyncIterator[Wire]:
    async with wire(tmp_path) as line:
        yield line


async def clerk(line: Wire) -> Browser:
    office = Office(store=line.service.store, url=line.url, now=datetime.now(UTC), password_hash="x")
    await office.staff("liu", Role.CLERK, DISTRICT)
    return await office.enter("liu")


async def answered(line: Wire, wanted: str) -> str:
    """What a new person is told, as soon as it has `wanted` in it: within half a minute."""
    for _ in range(120):
        (text,) = await line.ask(ASK)
        if wanted in text:
            return text
        await asyncio.sleep(0.25)
    raise AssertionError(wanted)


async def test_a_number_that_fails_is_reported_corrected_and_told_right(line: Wire, tmp_path: Path) -> None:
    told, noted, again = await line.ask(ASK, "打不通", "还是没人接")
    assert WRONG in told
    assert "记下了" in noted
    assert "记下了" in again
    browser = await clerk(line)
    await browser.open("/console/offices")
    assert "1 次" in browser.plain
    assert "83919071" not in browser.text, "the city's"
    await browser.open(PAGE)
    await browser.send(f"{PAGE}/correct", {"phones": RIGHT, "source": SOURCE, "stands": ""})
    assert "已更正" in browser.plain

    text = await answered(line, RIGHT)
    assert f"{RIGHT}（工作人员更正，来源：{SOURCE}，2024-07-01）；通知原写：{WRONG}" in text
    for turns in ((ASK, "转人工"), (ASK, "没帮到"), (f"{WRONG}没人接",)):
        said = (await line.ask(*turns))[-1]
        assert said.index(RIGHT) < said.rindex(WRONG)
    async with line.service.store.work() as work:
        assert await work.office_reports(scope=EVERYWHERE) == (), "known already, and told"
    await line.ask(ASK, f"{RIGHT}占线")
    await browser.open(PAGE)
    assert f"{RIGHT}：1 次" in browser.plain
    await browser.client.session.close()


async def test_a_service_that_starts_anew_never_tells_the_wrong_number_alone(tmp_path: Path) -> None:
    async with wire(tmp_path) as line:
        browser = await clerk(line)
        await browser.open(PAGE)
        await browser.send(f"{PAGE}/correct", {"phones": RIGHT, "source": SOURCE, "stands": ""})
        await browser.client.session.close()
    async with wire(tmp_path) as line:
        (text,) = await line.ask(ASK)
    assert RIGHT in text


async def test_every_process_takes_a_correction_up_and_gives_it_up(postgres_url: str) -> None:
    library = Library.load()
    stores = [await Store.open(postgres_url, VAULT) for _ in range(2)]
    processes = [Dialogue(library) for _ in stores]
    overlays = [
        await Overlays.open(store, library, process.take)
        for store, process in zip(stores, processes, strict=True)
    ]

    def told() -> list[bool]:
        return [RIGHT in (talk(process, [ASK])[-1].text or "") for process in processes]

    async with stores[0].work() as work:
        made = await work.correct_office(
            fact=DONGXIHU,
            city="武汉",
            district="东西湖区",
            printed="027-83891432 东西湖区人社局201室（东西湖区吴中街302号，两馆一中心）",
            phones=[RIGHT],
            address="",
            remark="",
            source=SOURCE,
            by="liu",
            now=NOW,
        )
    tasks = [asyncio.create_task(one.run()) for one in overlays]
    await asyncio.sleep(1)
    assert told() == [True, True]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert made
    async with stores[1].work() as work:
        await work.end_correction(scope=EVERYWHERE, correction=made, now=NOW)
    for one in overlays:
        await one.sweep()
    assert told() == [False, False]
    for store in stores:
        await store.close()
