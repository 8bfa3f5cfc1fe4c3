"""A broadcast from the console to the phones and back: approved, received, acknowledged, corrected."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest_asyncio

from bot.simulator.people import Person, Side
from store.records import Role
from store.schema import deliveries, recipients
from store.scope import Scope
from tests.console.office import Browser, Office
from tests.console.test_broadcasts import seen_in, upload, write
from tests.store.scene import rows
from tests.store.units import CODE, DONGHU, OTHER_CODE, OTHER_PHONE, PHONE, WUZHONG
from tests.wire import SEASON, Wire, wire

CITY = Scope("武汉")
PDF = b"%PDF-1.7 invented"


@pytest_asyncio.fixture
async def line(tmp_path: Path) -> AsyncIterator[Wire]:
    async with wire(tmp_path, public_url="http://127.0.0.1") as running:
        await running.service.clock.set(running.service.store, now=SEASON, rate=0)
        async with running.service.store.work() as work:
            await work.take_roster(registrations=(WUZHONG, DONGHU), now=SEASON, keep=True)
        yield running


@pytest_asyncio.fixture
async def crew(line: Wire) -> AsyncIterator[tuple[Browser, Browser]]:
    """A clerk, and somebody who may approve, at the running service's console."""
    office = Office(store=line.service.store, url=line.url, now=datetime.now(UTC))
    await office.staff("liu", Role.CLERK, CITY)
    await office.staff("chen", Role.APPROVER, CITY)
    yield await office.enter("liu"), await office.enter("chen")
    for browser in office.browsers:
        await browser.client.session.close()


async def bound(line: Wire, code: str, phone: str) -> Person:
    """A person who has bound a unit, and whose window is open."""
    person = line.simulator.person()
    for text in ("绑定单位", "同意", f"{code} {phone}"):
        await line.simulator.say(person.openid, text)
    return person


async def say(line: Wire, person: Person, text: str) -> str:
    return (await line.simulator.say(person.openid, text)).text


async def forward(line: Wire, **span: int) -> None:
    now = line.service.clock.now() + timedelta(**span)
    await line.service.clock.set(line.service.store, now=now, rate=0)
    line.service.delivery.wake()


async def read(person: Person, text: str) -> str:
    """What the account has pushed to a phone that has this text, within a minute."""
    for _ in range(1200):
        pushed = [e.text for e in person.chat if e.side is Side.ACCOUNT and e.channel == "custom"]
        found = [one for one in pushed if text in one]
        if found:
            return found[-1]
        await asyncio.sleep(0.05)
    raise AssertionError(f"{text} has not come: {person.chat[-2:]}")


async def approved(line: Wire, liu: Browser, chen: Browser, path: str) -> None:
    await liu.send(f"{path}/submit")
    assert "等批准" in liu.plain, liu.plain
    await chen.open(path)
    await chen.send(f"{path}/approve", **seen_in(chen))
    assert "已批准" in chen.plain, chen.plain


async def test_from_the_console_to_the_phones_and_back(line: Wire, crew: tuple[Browser, Browser]) -> None:
    liu, chen = crew
    wang, other = await bound(line, CODE, PHONE), await bound(line, OTHER_CODE, PHONE)
    path = await write(liu)
    await upload(liu, f"{path}/file", "表.pdf", PDF)
    assert "发给 3 人" in liu.plain, "two in chat, one on the roster alone"
    await approved(line, liu, chen, path)
    await forward(line, seconds=30)
    await asyncio.sleep(0.3)
    assert not [e for e in wang.chat if e.channel == "custom"], "there is a minute to think better of it"
    await forward(line, seconds=40)

    told = await read(wang, "材料提交提醒")
    assert f"请{WUZHONG.name}在7月1日前提交。" in told
    assert DONGHU.name in await read(other, "材料提交提醒")
    link = re.search(r"/p/[\w-]+", told)
    assert link
    async with aiohttp.ClientSession() as session:
        async with session.get(line.url + link[0]) as answer:
            assert (answer.status, await answer.read()) == (200, PDF)
            assert answer.headers["Content-Disposition"].startswith("attachment")
        await forward(line, days=40)
        async with session.get(line.url + link[0]) as answer:
            assert answer.status == 404

    assert "已确认收到：材料提交提醒" in await say(line, wang, "收到")
    assert "已确认收到" not in await say(line, wang, "收到")
    kept = [row for row in await rows(line.service.store, recipients) if row["acknowledged_at"]]
    assert len(kept) == 1
    await liu.open(path)
    assert "没收到1" in re.sub(r"\s", "", liu.plain)
    assert "没有绑定微信" in liu.plain


async def test_only_the_silent_are_chased_and_who_had_it_is_corrected(
    line: Wire, crew: tuple[Browser, Browser]
) -> None:
    liu, chen = crew
    wang, other = await bound(line, CODE, PHONE), await bound(line, OTHER_CODE, PHONE)
    path = await write(liu, body="周四前提交")
    await approved(line, liu, chen, path)
    await forward(line, minutes=2)
    await read(wang, "周四前提交")
    await read(other, "周四前提交")
    await say(line, wang, "收到")

    await liu.send(f"{path}/chase", token="c")
    chase = liu.url.removesuffix("/edit")
    await liu.send(f"{chase}/edit", title="请回执", body="还没有回执", receipt="1")
    await approved(line, liu, chen, chase)
    await forward(line, minutes=2)
    await read(other, "还没有回执")
    assert not [e for e in wang.chat if "还没有回执" in e.text]
    acknowledged = await say(line, other, "已阅")
    assert "请回执" in acknowledged
    assert "材料提交提醒" in acknowledged, "the earlier one is still owed"
    assert "材料提交提醒" in await say(line, other, "收到")

    late = await bound(line, CODE, OTHER_PHONE)
    await liu.send(f"{path}/correct", token="d")
    correction = liu.url.removesuffix("/edit")
    await liu.send(f"{correction}/edit", title="时间改了", body="改到周五")
    await approved(line, liu, chen, correction)
    await forward(line, minutes=2)
    for person in (wang, other):
        assert "“材料提交提醒”作废" in await read(person, "改到周五")
    assert not [e for e in late.chat if "改到周五" in e.text]


async def test_pause_stops_and_resume_goes_on(line: Wire, crew: tuple[Browser, Browser]) -> None:
    liu, chen = crew
    wang = await bound(line, CODE, PHONE)
    path = await write(liu)
    await approved(line, liu, chen, path)
    await liu.send(f"{path}/pause")
    await forward(line, minutes=5)
    await asyncio.sleep(0.3)
    assert {
        row["state"] for row in await rows(line.service.store, deliveries) if row["kind"] == "notice"
    } == {"waiting"}
    await liu.send(f"{path}/resume")
    line.service.delivery.wake()
    await read(wang, "材料提交提醒")


async def test_who_forgets_mid_way_gets_nothing(line: Wire, crew: tuple[Browser, Browser]) -> None:
    liu, chen = crew
    wang, other = await bound(line, CODE, PHONE), await bound(line, OTHER_CODE, PHONE)
    path = await write(liu)
    await approved(line, liu, chen, path)
    await say(line, wang, "退订")
    for text in ("删除我的信息", "确认删除"):
        await say(line, other, text)
    await forward(line, minutes=2)
    for _ in range(1200):
        states = {
            row["state"] for row in await rows(line.service.store, deliveries) if row["kind"] == "notice"
        }
        if "waiting" not in states:
            break
        await asyncio.sleep(0.05)
    assert not [e for person in (wang, other) for e in person.chat if "材料提交提醒" in e.text]
    assert "sent" not in states


async def test_a_test_comes_to_ones_own_phone(line: Wire, crew: tuple[Browser, Browser]) -> None:
    liu, _ = crew
    await bound(line, CODE, PHONE)
    mine = line.simulator.person()
    path = await write(liu)
    await liu.send("/console/broadcasts/tester", back=path)
    code = re.search(r"经办绑定 [A-Z0-9-]{9}", liu.plain)
    assert code
    assert "不对或者过期" in await say(line, mine, "经办绑定 ABCD-EFGH")
    assert "测试消息就发到这里" in await say(line, mine, code[0])
    await liu.open(path)
    await liu.send(f"{path}/test", token="t")
    line.service.delivery.wake()
    told = await read(mine, "测试，只发给您")
    assert "请贵单位在7月1日前提交。" in told


async def test_details_after_a_card_are_the_whole_text(line: Wire, crew: tuple[Browser, Browser]) -> None:
    liu, chen = crew
    wang = await bound(line, CODE, PHONE)
    path = await write(liu)
    await approved(line, liu, chen, path)
    await forward(line, minutes=2)
    await read(wang, "材料提交提醒")
    assert f"请{WUZHONG.name}在7月1日前提交。" in await say(line, wang, "详情")
