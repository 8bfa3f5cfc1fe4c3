"""The demo's whole morning in Chromium: imported, approved, answered, looked over, heard on the phones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect
from pytest_asyncio import fixture

from bot.stage import Stage, staged
from bot.town import Town
from tests.browser.axe import violations
from tests.browser.chromium import DESKTOP, PATIENCE_MS, PHONE
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

    async def enter(self, login: str, size: ViewportSize, *, mouse: bool = True) -> Page:
        """A tab in which somebody has signed in with what the page of the town says."""
        context = await self.browser.new_context(locale="zh-CN", viewport=size)
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        await page.goto(f"{self.page}/town")
        row = page.locator("tr", has=page.get_by_role("cell", name=login, exact=True))
        code = await row.locator("strong").inner_text()
        password = await page.locator("p > strong").first.inner_text()
        if mouse:
            await page.get_by_role("link", name="经办后台").click()
            await page.get_by_label("账号").fill(login)
            await page.get_by_label("密码").fill(password)
            await page.get_by_role("button", name="登录").click()
            await page.get_by_label("手机验证器").fill(code)
            await page.get_by_role("button", name="继续").click()
        else:
            await _press(page, "经办后台")
            for words in ({"账号": login, "密码": password}, {"手机验证器": code}):
                for label, word in words.items():
                    await expect(page.get_by_label(label)).to_be_focused()
                    await page.keyboard.type(word)
                    await page.keyboard.press("Tab")
                async with page.expect_navigation():
                    await page.keyboard.press("Enter")
        await page.get_by_role("link", name="群发", exact=True).first.wait_for()
        return page

    async def heard(self, words: str, times: int) -> None:
        """The phones have had these words so often."""
        async with asyncio.timeout(60):
            while sum(words in one.text for one in self.stage.simulator.deliveries) < times:
                self.stage.service.delivery.wake()
                await asyncio.sleep(0.05)


@asynccontextmanager
async def morning(browser: Browser) -> AsyncIterator[Here]:
    town = Town()
    async with staged(start=MORNING, beside=town.routes, data_key=DATA_KEY, **town.settings) as stage:
        await town.people(stage)
        yield Here(stage=stage, town=town, browser=browser)


@fixture(loop_scope="session")
async def here(browser: Browser) -> AsyncIterator[Here]:
    async with morning(browser) as here:
        yield here


async def test_the_morning_is_played_from_the_page_of_the_town(here: Here, tmp_path: Path) -> None:
    clerk = await here.enter("clerk", PHONE)
    await _imports(here, clerk, tmp_path)
    await here.heard("初审退回", 4)

    approver = await here.enter("approver", PHONE)
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
    for page in (clerk, approver):
        await page.context.close()


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
    assert await violations(clerk) == []
    await clerk.get_by_role("button", name="采用").click()
    await clerk.get_by_text("已采用").wait_for()


@fixture(scope="module", loop_scope="session")
async def first_sight(browser: Browser) -> AsyncIterator[Here]:
    """A town in which nobody does anything yet."""
    async with morning(browser) as here:
        yield here


async def test_a_clerk_s_pages_have_something_to_show_and_nothing_that_axe_finds(first_sight: Here) -> None:
    clerk = await first_sight.enter("clerk", DESKTOP)
    base = clerk.url.partition("/console")[0] + "/console"
    for path in _BOARDS:
        await looked_at(clerk, base + path)
        assert await clerk.locator(_SHOWN).count(), path
    for path in _DESK:
        await looked_at(clerk, base + path)
    await clerk.context.close()


async def test_axe_finds_nothing_on_the_other_pages(first_sight: Here) -> None:
    admin = await first_sight.enter("admin", DESKTOP)
    base = admin.url.partition("/console")[0] + "/console"
    for path in _MANAGED:
        await looked_at(admin, base + path)
    await admin.context.clear_cookies()
    for url in (f"{base}/login", *(first_sight.page + path for path in ("/town", "/", "/phones"))):
        await looked_at(admin, url)
    await admin.context.close()


async def looked_at(page: Page, url: str) -> None:
    """A page, at a desk and on a phone."""
    answer = await page.goto(url)
    assert answer
    assert answer.ok, url
    await page.locator("main").first.wait_for()
    for size in (DESKTOP, PHONE):
        await page.set_viewport_size(size)
        assert await violations(page) == []


async def test_a_morning_s_work_needs_no_mouse(here: Here) -> None:
    approver = await here.enter("approver", DESKTOP, mouse=False)
    await _press(approver, "群发")
    await _press(approver, "纸质材料这周交齐")
    await _press(approver, "批准，发给这 24 人")
    await approver.get_by_text("已批准，一分钟后开始发").wait_for()

    clerk = await here.enter("clerk", DESKTOP, mouse=False)
    await _press(clerk, "咨询")
    await _press(clerk, "获奖证书丢了只有照片行不行")
    await _press(clerk, "我来办")
    await _reach(clerk, "写给对方的话")
    await clerk.keyboard.type("可以先交照片，评审前补原件。")
    await _press(clerk, "发送")
    await here.heard("可以先交照片，评审前补原件。", 1)
    for page in (clerk, approver):
        await page.context.close()


async def _reach(page: Page, name: str) -> None:
    """Tab until what is called so has the focus, which can be seen."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate(_FOCUS) == name:
            break
    assert await page.evaluate(_FOCUS) == name
    assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


async def _press(page: Page, name: str) -> None:
    """Reach it, and press Enter; the page that it leads to has come."""
    await _reach(page, name)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


_FOCUS = """
(({ labels, textContent }) => (labels?.[0]?.textContent || textContent).trim())(document.activeElement)
"""
_SHOWN = "main tbody tr:not(:has(td[colspan])), main dl, main svg"
_BOARDS = (
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
_DESK = (
    "",
    "/account",
    "/password",
    "/broadcasts/new",
    "/broadcasts/1",
    "/broadcasts/2",
    "/broadcasts/1/recipients",
    "/broadcasts/1/calls",
    "/lists/1",
    "/imports",
    "/imports/columns",
    "/tickets/1",
    "/tickets/2",
    "/offices",
    "/offices/dongxihu-2023/phone.dongxihu",
)
_MANAGED = ("/staff", "/staff/new", "/staff/1", "/audit", "/gaps/1", "/second/enrol", "/broadcasts/2")
