"""A broadcast in Chromium, at a desk and on a phone: written, approved by another, chased, corrected."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, ViewportSize
from pytest_asyncio import fixture

from store.database import Store
from store.records import DeliveryState, Role
from store.unit_lists import Listed
from tests.browser.chromium import DESKTOP, PATIENCE_MS, PHONE
from tests.browser.test_console import SMALL, UNLABELLED
from tests.browser.test_page import FAINT
from tests.console.office import DISTRICT, Office, open_office
from tests.databases import VAULT
from tests.store import broadcasting as scene
from tests.store.pushing import NOW

pytestmark = pytest.mark.asyncio(loop_scope="session")

UNITS = ("武汉重工锻造有限公司", "东湖精密机械厂", "<img src=x onerror=alert(1)>")


@fixture(loop_scope="session")
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/console.db", VAULT)
    async with open_office(store) as office:
        office.now = NOW
        await office.staff("liu", Role.CLERK, DISTRICT, name="刘经办")
        await office.staff("chen", Role.APPROVER, DISTRICT, name="陈审批")
        for name in UNITS:
            unit_id, _ = await scene.registered(store, name)
        await scene.on_roster(store, unit_id, "王芳")
        yield office
    await store.close()


async def tab_of(
    office: Office, browser: Browser, login: str, size: ViewportSize, troubles: list[str]
) -> Page:
    """A tab of somebody who has signed in, in which nothing may go wrong."""
    context = await browser.new_context(locale="zh-CN", viewport=size)
    session = (await office.enter(login)).cookie
    await context.add_cookies([{"name": "jiangwen", "value": session, "url": office.at("/")}])
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("dialog", lambda dialog: troubles.append(dialog.message))
    return page


async def looked_at(tab: Page, folder: Path, name: str) -> None:
    """A page that fits, can be read, and names its fields; with a picture of it."""
    await tab.screenshot(path=folder / f"{name}.png", full_page=True)
    wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert await tab.evaluate(wide), name
    for what in (FAINT, UNLABELLED, SMALL):
        assert await tab.evaluate(what) == [], name
    assert await tab.locator("h1").count() == 1


async def approved(liu: Page, chen: Page) -> None:
    await liu.get_by_role("button", name="提交给另一个人批准").click()
    await liu.get_by_text("要另一个人批准").wait_for()
    await chen.goto(liu.url.partition("?")[0])
    await chen.get_by_role("button", name="批准，发给").click()
    await chen.get_by_text("已批准，一分钟后开始发").wait_for()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_the_morning_of_a_clerk(
    office: Office, browser: Browser, size: ViewportSize, tmp_path: Path
) -> None:
    troubles: list[str] = []
    liu = await tab_of(office, browser, "liu", size, troubles)
    chen = await tab_of(office, browser, "chen", size, troubles)
    await liu.goto(office.at("/console"))
    await liu.get_by_role("link", name="群发", exact=True).click()
    await looked_at(liu, tmp_path, "1-list")
    await liu.get_by_role("link", name="写一条").click()
    await liu.get_by_label("标题").fill("材料提交提醒")
    await liu.get_by_label("正文").fill("请{单位}周四前提交材料。")
    await liu.get_by_label("要回执").check()
    await looked_at(liu, tmp_path, "2-form")
    await liu.get_by_role("button", name="保存，下一步核对").click()
    await liu.get_by_text("发给 4 人").wait_for()
    assert f"请{UNITS[0]}周四前提交材料。" in await liu.locator(".messages").inner_text()
    await looked_at(liu, tmp_path, "3-check")
    await approved(liu, chen)
    await looked_at(chen, tmp_path, "4-approved")

    path = chen.url.partition("?")[0]
    await liu.goto(path)
    await liu.get_by_text("还有 4 人").or_(liu.get_by_text("共 4 人")).wait_for()
    of = await scene.again(office.store, 1)
    await scene.end(office.store, of, [1, 2, 3], DeliveryState.SENT)
    await scene.end(office.store, of, [4], DeliveryState.REFUSED, "unreachable:no_email")
    await liu.get_by_text("发完了").wait_for()  # the page has read its part again by itself
    await liu.reload()
    await looked_at(liu, tmp_path, "5-sent")
    await liu.get_by_role("link", name="每个人的结果").click()
    await looked_at(liu, tmp_path, "6-recipients")
    await liu.goto(path)
    await liu.get_by_role("link", name="电话清单").click()
    await liu.get_by_text("13800138000").wait_for()
    await looked_at(liu, tmp_path, "7-calls")

    await liu.goto(path)
    await liu.get_by_role("button", name="只催没回执的").click()
    await liu.get_by_label("标题").fill("请回执")
    await liu.get_by_role("button", name="保存").click()
    await liu.get_by_text("发给 3 人").wait_for()
    await liu.goto(path)
    await liu.get_by_role("button", name="发更正").click()
    await liu.get_by_label("标题").fill("时间改了")
    await liu.get_by_label("正文").fill("改到周五。")
    await liu.get_by_role("button", name="保存").click()
    assert "【更正】" in await liu.locator(".messages").inner_text()
    await approved(liu, chen)
    await liu.goto(path)
    await liu.get_by_role("link", name="时间改了").wait_for()
    assert troubles == []
    for tab in (liu, chen):
        await tab.context.close()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_a_list_with_faults_and_without(
    office: Office, browser: Browser, size: ViewportSize, tmp_path: Path
) -> None:
    troubles: list[str] = []
    liu = await tab_of(office, browser, "liu", size, troubles)
    await liu.goto(office.at("/console/lists"))

    async def upload(*lines: str) -> None:
        file: Any = {"name": "l.csv", "mimeType": "text/csv", "buffer": "\n".join(lines).encode()}
        await liu.get_by_label("名单叫什么").fill("重点企业")
        await liu.get_by_label("文件").set_input_files(file)
        await liu.get_by_role("button", name="上传").click()

    await upload("单位名称,街道", f"{UNITS[0]},径河街道", "没有的,", "")
    await liu.get_by_text("1 行要改").wait_for()
    await looked_at(liu, tmp_path, "1-faults")
    await upload("单位名称,街道", f"{UNITS[0]},径河街道")
    await liu.get_by_label("给这些单位贴标签").fill("重点")
    await liu.get_by_role("button", name="贴上").click()
    await liu.get_by_role("button", name="摘掉“重点”").wait_for()
    await looked_at(liu, tmp_path, "2-list")
    async with office.store.work() as work:
        (kept,) = await work.units_listed(scope=DISTRICT, list_id=1)
    assert isinstance(kept, Listed)
    assert (kept.street, kept.tags) == ("径河街道", ("重点",))
    assert troubles == []
    await liu.context.close()
