"""Pages by link in Chromium: on a phone, on a desk, and on one sheet of paper."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, ViewportSize
from pytest_asyncio import fixture

from knowledge.dictionary import Value
from store.records import Purpose
from tests.browser.axe import violations
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.test_page import FAINT
from tests.pages.door import Door, open_door
from tests.pages.people import HEAD_OF_WORKSHOP, LEADER, MANAGER, MASTER, WUHAN, WUXI, content, keep
from tests.pages.tables import DIRECTOR, GOOD, filled, sheets

pytestmark = pytest.mark.asyncio(loop_scope="session")

PROGRAMMES = [*WUHAN, *WUXI]
PEOPLE: Mapping[str, Mapping[str, Value]] = {
    "unknown": {},
    "master": MASTER,
    "head": HEAD_OF_WORKSHOP,
    "manager": MANAGER,
    "leader": LEADER,
}


@fixture(scope="module", loop_scope="session")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with open_door(tmp_path_factory.mktemp("pages")) as door:
        for who, values in PEOPLE.items():
            for one in PROGRAMMES:
                text = content(door.library, values, [one], districts=["东西湖区"])
                await keep(door.store, text, token=f"{who}-{one}")
        await keep(door.store, content(door.library, HEAD_OF_WORKSHOP), token="all")
        await keep(door.store, json.dumps({"notice": "wuhan-2023"}), Purpose.ROSTER, token="roster")
        yield door


@fixture(loop_scope="session")
async def tab(browser: Browser) -> AsyncIterator[Page]:
    """A tab in which nothing may go wrong."""
    context = await browser.new_context(locale="zh-CN")
    page = await context.new_page()
    troubles: list[str] = []
    page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
    yield page
    await context.close()
    assert troubles == []


async def paper(page: Page, folder: Path) -> int:
    """How many pages the printed page has."""
    printed = await page.pdf(prefer_css_page_size=True)
    (folder / "page.pdf").write_bytes(printed)
    return len(re.findall(rb"/Type\s*/Page\b", printed))


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_a_result_is_read_without_scrolling_sideways(door: Door, tab: Page, size: ViewportSize) -> None:
    await tab.set_viewport_size(size)
    await tab.goto(door.url("/p/all"))

    assert await violations(tab) == []
    assert await tab.locator("h1").all_inner_texts() == ["武汉工匠", "武汉市技能大师", "武汉市技能大师工作室"]
    assert await tab.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert await tab.evaluate(FAINT) == []
    smallest = "Math.min(...[...document.querySelectorAll('li, p, q, cite, small')].map("
    assert await tab.evaluate(smallest + "one => parseFloat(getComputedStyle(one).fontSize)))") >= 11
    background = await tab.locator(".sheet").first.evaluate("one => getComputedStyle(one).backgroundColor")
    assert background == "rgb(255, 255, 255)", "the style is let through by the policy"


@pytest.mark.parametrize("who", PEOPLE)
async def test_one_programme_is_one_sheet_of_paper(door: Door, tab: Page, who: str, tmp_path: Path) -> None:
    for programme in PROGRAMMES:
        await tab.goto(door.url(f"/p/{who}-{programme}"))
        assert await paper(tab, tmp_path) == 1, programme


async def test_three_programmes_are_three_sheets(door: Door, tab: Page, tmp_path: Path) -> None:
    await tab.goto(door.url("/p/all"))

    assert await paper(tab, tmp_path) == 3


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_a_roster_goes_up_and_its_verdicts_come_down(
    door: Door, tab: Page, size: ViewportSize, tmp_path: Path
) -> None:
    await tab.set_viewport_size(size)
    await tab.goto(door.url("/p/roster"))
    assert await tab.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert await tab.evaluate(FAINT) == []
    assert await violations(tab) == []
    async with tab.expect_download() as template:
        await tab.get_by_role("link", name="下载模板").click()
    await (await template.value).save_as(tmp_path / "template.xlsx")

    roster = tmp_path / "名单.xlsx"
    roster.write_bytes(filled((tmp_path / "template.xlsx").read_bytes(), [GOOD, DIRECTOR]))
    await tab.get_by_label("名单").set_input_files(roster)
    async with tab.expect_download() as matrix:
        await tab.get_by_role("button", name="比对").click()
    done = await matrix.value
    await done.save_as(tmp_path / "matrix.xlsx")

    assert done.suggested_filename == "结果.xlsx"
    shown = sheets((tmp_path / "matrix.xlsx").read_bytes())["结果"]
    assert [row[1] for row in shown] == ["姓名", "王建国", "李主任"]
    assert [row[2][:3] for row in shown[1:]] == ["符合明", "不符合"]


async def test_a_file_that_is_no_roster_is_answered_on_the_page(
    door: Door, browser: Browser, tmp_path: Path
) -> None:
    """In a tab of its own: the browser itself notes the status in its console."""
    page = await browser.new_page()
    await page.goto(door.url("/p/roster"))
    (tmp_path / "名单.xlsx").write_bytes(b"%PDF-1.7")
    await page.get_by_label("名单").set_input_files(tmp_path / "名单.xlsx")
    await page.get_by_role("button", name="比对").click()

    assert "另存为 .xlsx" in await page.get_by_role("alert").inner_text()
    assert await page.locator("#file").is_visible()
    await page.close()
