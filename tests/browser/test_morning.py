"""The demo's whole morning in Chromium: imported, approved, answered, looked over, heard on the phones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, ViewportSize
from pytest_asyncio import fixture

from bot.stage import Stage, staged
from bot.town import Town
from tests.browser.chromium import DESKTOP, PHONE
from tests.wire import DATA_KEY

pytestmark = pytest.mark.asyncio(loop_scope="session")

MORNING = datetime.fromisoformat("2023-06-20T09:00:00+08:00")


@dataclass(frozen=True, kw_only=True)
class Here:
    """A town whose morning begins, and somebody with a browser."""

    stage: Stage
    town: Town
    browser: Browser

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.stage.port}"

    async def enter(self, login: str, size: ViewportSize) -> Page:
        """A tab in which somebody has signed in with what the page of the town says."""
        context = await self.browser.new_context(locale="zh-CN", viewport=size)
        page = await context.new_page()
        page.set_default_timeout(15_000)
        await page.goto(f"{self.page}/town")
        row = page.locator("tr", has=page.get_by_role("cell", name=login, exact=True))
        code = await row.locator("strong").inner_text()
        password = await page.locator("p > strong").first.inner_text()
        await page.get_by_role("link", name="经办后台").click()
        await page.get_by_label("账号").fill(login)
        await page.get_by_label("密码").fill(password)
        await page.get_by_role("button", name="登录").click()
        await page.get_by_label("手机验证器").fill(code)
        await page.get_by_role("button", name="继续").click()
        await page.get_by_role("link", name="群发", exact=True).first.wait_for()
        return page

    async def heard(self, words: str, times: int) -> None:
        """The phones have had these words so often."""
        async with asyncio.timeout(15):
            while sum(words in one.text for one in self.stage.simulator.deliveries) < times:
                self.stage.service.delivery.wake()
                await asyncio.sleep(0.05)


@fixture(loop_scope="session")
async def here(browser: Browser) -> AsyncIterator[Here]:
    town = Town()
    async with staged(start=MORNING, beside=town.routes, data_key=DATA_KEY, **town.settings) as stage:
        await town.people(stage)
        yield Here(stage=stage, town=town, browser=browser)
        for context in browser.contexts:
            await context.close()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_the_morning_is_played_from_the_page_of_the_town(
    here: Here, size: ViewportSize, tmp_path: Path
) -> None:
    clerk = await here.enter("clerk", size)
    await _imports(here, clerk, tmp_path)
    await here.heard("初审退回", 4)

    approver = await here.enter("approver", size)
    await approver.get_by_role("link", name="群发", exact=True).click()
    await approver.get_by_role("link", name="纸质材料这周交齐").click()
    await approver.get_by_role("button", name="批准，发给").click()
    await approver.get_by_text("已批准，一分钟后开始发").wait_for()
    await here.stage.move(here.stage.service.clock.now() + timedelta(minutes=2), rate=1)
    await here.heard("纸质材料这周交齐", 7)
    await approver.get_by_text("发完了").wait_for()
    await approver.screenshot(path=tmp_path / "approved.png", full_page=True)

    await clerk.get_by_role("link", name="咨询", exact=True).click()
    await clerk.get_by_role("link", name="获奖证书丢了").click()
    await clerk.get_by_role("button", name="我来办").click()
    await clerk.get_by_label("写给对方的话").fill("可以先交照片，评审前补原件。")
    await clerk.get_by_role("button", name="发送").click()
    await here.heard("可以先交照片，评审前补原件。", 1)
    await clerk.screenshot(path=tmp_path / "answered.png", full_page=True)


async def _imports(here: Here, clerk: Page, folder: Path) -> None:
    await clerk.goto(f"{here.page}/town")
    async with clerk.expect_download() as export:
        await clerk.get_by_role("link", name="今天从平台导出的名单").click()
    file = folder / "export.xlsx"
    await (await export.value).save_as(file)
    await clerk.get_by_role("link", name="导入", exact=True).click()
    await clerk.get_by_label("什么", exact=True).select_option("平台导出的名单")
    await clerk.get_by_label("哪里的").select_option("武汉东西湖区")
    await clerk.get_by_label("文件").set_input_files(file)
    await clerk.get_by_role("button", name="上传").click()
    await clerk.get_by_text("读了 9 行").wait_for()
    assert await clerk.get_by_text("进入初审 → 初审退回").count() == 2
    await clerk.screenshot(path=folder / "import.png", full_page=True)
    await clerk.get_by_role("button", name="采用").click()
    await clerk.get_by_text("已采用").wait_for()


async def test_no_page_of_the_console_is_empty_at_first_sight(here: Here, tmp_path: Path) -> None:
    clerk, admin = await here.enter("clerk", DESKTOP), await here.enter("admin", DESKTOP)
    base = clerk.url.partition("/console")[0] + "/console"
    for who, path in ((admin, "/gaps"), (admin, "/audit"), *((clerk, path) for path in _PAGES)):
        await who.goto(base + path)
        await who.screenshot(path=tmp_path / f"{path.replace('/', '-')}.png", full_page=True)
        assert await who.locator("main tbody tr:not(:has(td[colspan])), main dl, main svg").count(), path


_PAGES = (
    "/broadcasts",
    "/lists",
    "/boards",
    "/boards/seats",
    "/boards/notes",
    "/boards/unreached",
    "/boards/ranking",
    "/tickets",
    "/front",
    "/gaps",
    "/figures",
)
