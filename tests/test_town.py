"""The demo's town, over the real wire: its staff can sign in, its export reaches the phones."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from aiohttp import ClientSession, CookieJar
from typer.testing import CliRunner

from bot.cli import cli
from bot.console.visit import PROOF
from bot.stage import Stage, staged
from bot.town import Town
from store.recipients import TOLD, UNSETTLED
from store.records import BroadcastState, SeatState
from store.scope import EVERYWHERE, Scope
from tests.wire import DATA_KEY

MORNING = datetime.fromisoformat("2023-06-20T09:00:00+08:00")
CLERK = Scope("武汉", ("东西湖区",))


@asynccontextmanager
async def town() -> AsyncIterator[tuple[Stage, ClientSession]]:
    made = Town()
    async with staged(start=MORNING, beside=made.routes, data_key=DATA_KEY, **made.settings) as stage:
        await made.people(stage)
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
            yield stage, browser


async def test_every_account_signs_in_with_the_code_of_the_page() -> None:
    async with town() as (stage, browser):
        async with browser.get(f"http://127.0.0.1:{stage.port}/town") as answer:
            page = await answer.text()
        console = re.search(r'href="(http[^"]+)/console"', page)
        assert console
        accounts = re.findall(r"<tr><td>(\w+)</td>.*<strong>(\d{6})</strong>", page)
        password = re.search(r"<strong>(demo-[^<]+)</strong>", page)
        assert password
        async with stage.service.store.work() as work:
            kept = [account.login for account in await work.staff_list(scope=EVERYWHERE)]
        assert sorted(kept) == sorted(login for login, _ in accounts)
        login, code = accounts[1]
        base = f"{console[1]}/console"
        shown = await _sent(browser, f"{base}/login", login=login, password=password[1])
        assert "/console/second" in shown
        assert "console/logout" in await _sent(browser, f"{base}/second", code=code)


async def test_the_export_reaches_the_phones_of_those_who_have_bound(tmp_path: Path) -> None:
    async with town() as (stage, browser):
        async with stage.service.store.work() as work:
            units = await work.units_of(city="武汉", limit=1000)
            seats = [seat for unit in units for seat in await work.seats_of(unit=unit.id)]
        assert len(units) == 140
        assert sorted(seat.state for seat in seats) == [*[SeatState.CONFIRMED] * 6, SeatState.PROVISIONAL]
        before = _sent_back(stage)
        file = tmp_path / "export.xlsx"
        async with browser.get(f"http://127.0.0.1:{stage.port}/town/export.xlsx") as answer:
            file.write_bytes(await answer.read())
        environment = {
            "JIANGWEN_DATABASE_URL": stage.service.settings.database_url.get_secret_value(),
            "JIANGWEN_DATA_KEY": DATA_KEY,
            "JIANGWEN_CLOCK_START": MORNING.isoformat(),
        }
        command = ["status", "import", str(file), "--city", "武汉", "--apply"]
        result = await asyncio.to_thread(CliRunner().invoke, cli, command, env=environment)
        assert result.exit_code == 0, result.output
        stage.service.delivery.wake()
        for _ in range(1200):
            if len(_sent_back(stage)) == len(before) + 2:
                break
            await asyncio.sleep(0.05)
        assert len(_sent_back(stage)) == len(before) + 2


async def test_the_day_before_has_been_lived_through() -> None:
    async with town() as (stage, _):
        now = stage.service.clock.now()
        assert MORNING <= now < MORNING + timedelta(minutes=5)
        assert stage.service.clock.rate == 1
        async with stage.service.store.work() as work:
            waits, told = await work.broadcast_list(scope=CLERK)
            progress = await work.broadcast_progress(of=told, now=now)
            asked = await work.tickets_of(scope=CLERK)
            closed = await work.tickets_of(scope=CLERK, closed=True)
            returned = await work.returns_here(scope=CLERK)
            gaps = await work.open_gaps(scope=CLERK)
        assert (waits.state, waits.people) == (BroadcastState.PENDING, 24)
        assert (progress.number(*TOLD), progress.acknowledged) == (7, 3)
        assert progress.number(*UNSETTLED) == 0
        assert (len(asked), len(closed)) == (1, 1)
        assert [one.returned_at is not None and one.returned_at < MORNING for one in returned] == [True] * 3
        assert len(gaps) == 2


def _sent_back(stage: Stage) -> list[str]:
    return [one.text for one in stage.simulator.deliveries if "退回" in one.text]


async def test_the_roster_of_the_page_changes_nothing(tmp_path: Path) -> None:
    async with town() as (stage, browser):
        file = tmp_path / "roster.xlsx"
        async with browser.get(f"http://127.0.0.1:{stage.port}/town/roster.xlsx") as answer:
            file.write_bytes(await answer.read())
        environment = {
            "JIANGWEN_DATABASE_URL": stage.service.settings.database_url.get_secret_value(),
            "JIANGWEN_DATA_KEY": DATA_KEY,
        }
        result = await asyncio.to_thread(
            CliRunner().invoke, cli, ["units", "import", str(file)], env=environment
        )
        assert result.exit_code == 0, result.output
        assert "200" in result.output


async def _sent(browser: ClientSession, url: str, **fields: str) -> str:
    """The page after a form was filled in and sent."""
    async with browser.get(url) as answer:
        token = re.search(rf'name="{PROOF}" value="(\w+)"', await answer.text())
    values = {**fields, **({PROOF: token[1]} if token else {})}
    async with browser.post(url, data=values, headers={"Origin": url.rpartition("/console")[0]}) as answer:
        return await answer.text()
