"""The console in Chromium: at a desk, on a phone, by keyboard alone, readable, and deaf to stored script."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pyotp
import pytest
from playwright.async_api import Browser, Page, Route, ViewportSize
from pytest_asyncio import fixture

from bot.console.second import STEP_S
from store.database import Store
from store.records import Actor, Role
from tests.browser.chromium import DESKTOP, PATIENCE_MS, PHONE
from tests.browser.test_page import FAINT
from tests.console.office import DISTRICT, PASSWORD, Office, open_office
from tests.correcting import DONGXIHU
from tests.databases import VAULT
from tests.store.scene import Effect, Mind, in_time, message
from tests.store.units import keep

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCRIPT = "<img src=x onerror=alert(1)><script>alert(2)</script>"
UNLABELLED = """
[...document.querySelectorAll('input:not([type=hidden]), select, textarea, button')]
  .filter((one) => !(one.textContent.trim() || one.ariaLabel || one.labels?.[0]?.textContent.trim()))
  .map((one) => one.outerHTML)
"""
SMALL = """
[...document.querySelectorAll('button, .button, nav a, main input:not([type=checkbox], [type=hidden])')]
  .filter((one) => one.getBoundingClientRect().height < 32)
  .map((one) => one.outerHTML)
"""
PAGES = (
    "",
    "/account",
    "/password",
    "/second/enrol",
    "/staff",
    "/staff/new",
    "/staff/1",
    "/audit",
    "/boards",
    "/boards/seats",
    "/boards/notes",
    "/boards/unreached",
    "/boards/ranking",
    "/tickets",
    "/tickets/1",
    "/front",
    "/imports",
    "/imports/columns",
    "/figures",
    "/gaps",
    "/offices",
    f"/offices/{DONGXIHU}",
)


@fixture(scope="module", loop_scope="session")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('console')}/console.db", VAULT)
    async with open_office(store) as office:
        office.now = datetime.now(UTC)
        await office.staff("chen", Role.ADMIN, name=f"陈{SCRIPT}")
        await office.staff("liu", Role.CLERK, DISTRICT, name="刘经办")
        await office.staff("wang", Role.VIEWER, DISTRICT, guarded=False)
        async with store.work() as work:
            for number in range(60):
                await work.record(
                    actor=Actor(staff_id=1, role="admin", address="10.0.0.7"),
                    at=office.now,
                    action="staff.changed",
                    object=f"staff:{number}",
                    after={"name": SCRIPT},
                )
        values = {"question": f"评审会在哪开{SCRIPT}", "why": "asked", "city": "武汉", "district": "东西湖区"}
        asks = Mind(Effect(name="ask_staff", values=values))
        arrival = message(text=f"评审会在哪开{SCRIPT}", received_at=office.now)
        await store.turn(arrival, asks, passive=in_time)
        await keep(store)
        for number, question in enumerate([f"翻毛鸡咋个整{SCRIPT}", "翻毛鸡咋个整"]):
            values = {"question": question, "why": "unknown", "city": "武汉"}
            arrival = message(f"m{number}", sender=f"o{number}", received_at=office.now)
            await store.turn(arrival, Mind(Effect(name="gap", values=values)), passive=in_time)
        yield office
    await store.close()


@fixture(loop_scope="session")
async def tab(browser: Browser) -> AsyncIterator[Page]:
    """A tab in which nothing may go wrong, and no script of a page's content may run."""
    context = await browser.new_context(locale="zh-CN")
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    troubles: list[str] = []
    page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("dialog", lambda dialog: troubles.append(dialog.message))
    yield page
    await context.close()
    # a form with faults is answered with 422, which the browser notes
    assert [line for line in troubles if "status of 422" not in line] == []


def url(office: Office, path: str) -> str:
    return office.at(f"/console{path}")


async def sign_in(office: Office, tab: Page, login: str) -> None:
    await tab.goto(url(office, "/login"))
    await tab.get_by_label("账号").fill(login)
    await tab.get_by_label("密码").fill(PASSWORD)
    await tab.get_by_role("button", name="登录").click()
    office.pass_time(seconds=STEP_S)  # a code is used once
    await tab.get_by_label("手机验证器").fill(office.code())
    await tab.get_by_role("button", name="继续").click()
    await tab.wait_for_url(url(office, ""))


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_every_page_fits_is_read_and_named(office: Office, tab: Page, size: ViewportSize) -> None:
    await tab.set_viewport_size(size)
    await sign_in(office, tab, "chen")
    for path in PAGES:
        await tab.goto(url(office, path))
        wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert await tab.evaluate(wide), path
        assert await tab.evaluate(FAINT) == [], path
        assert await tab.evaluate(UNLABELLED) == [], path
        assert await tab.evaluate(SMALL) == [], path
        assert await tab.locator("h1").count() == 1
        ground = "getComputedStyle(document.querySelector('main')).backgroundColor"
        assert await tab.evaluate(ground) == "rgb(255, 255, 255)", "the style is let through by the policy"


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_an_administrator_makes_an_account(office: Office, tab: Page, size: ViewportSize) -> None:
    await tab.set_viewport_size(size)
    await sign_in(office, tab, "chen")
    await tab.get_by_role("link", name="人员", exact=True).click()
    await tab.get_by_role("link", name="新增账号").click()
    login = f"new{size['width']}"
    await tab.get_by_label("账号").fill("Wrong Login")
    await tab.get_by_label("姓名").fill("赵审批")
    await tab.get_by_label("角色").select_option("审批人")
    await tab.get_by_label("城市").select_option("武汉")
    await tab.get_by_label("东西湖区").check()
    await tab.get_by_role("button", name="新增").click()
    field = tab.get_by_label("账号", exact=False).first
    assert await field.get_attribute("aria-invalid") == "true"
    assert "小写字母" in await tab.locator("#login-fault").inner_text()
    assert await tab.get_by_label("东西湖区").is_checked()
    await field.fill(login)
    await tab.get_by_role("button", name="新增").click()
    password = await tab.locator(".code code").inner_text()

    await tab.get_by_role("button", name="退出").click()
    await tab.get_by_label("账号").fill(login)
    await tab.get_by_label("密码").fill(password)
    await tab.get_by_role("button", name="登录").click()
    secret = (await tab.locator("main ol > li > code").inner_text()).replace(" ", "")
    assert await tab.locator(".picture svg").is_visible()
    code = pyotp.TOTP(secret).at(int(office.now.timestamp()))
    await tab.get_by_label("6 位数字").fill(code)
    await tab.get_by_role("button", name="绑定").click()
    assert await tab.locator(".codes li").count() == 10
    await tab.get_by_role("link", name="继续").click()
    await tab.get_by_label("现在的密码").fill(password)
    await tab.get_by_label("新密码", exact=True).fill("four grey donkeys")
    await tab.get_by_label("再输一次新密码").fill("four grey donkeys")
    await tab.get_by_role("button", name="修改").click()
    assert "密码已修改" in await tab.get_by_role("status").inner_text()
    assert "武汉：东西湖区" in await tab.locator("body > header").inner_text()


async def test_a_keyboard_is_enough(office: Office, tab: Page) -> None:
    await tab.set_viewport_size(DESKTOP)
    await tab.goto(url(office, "/login"))
    for text in ("wang", PASSWORD):
        await tab.keyboard.type(text)
        await tab.keyboard.press("Tab")
    await tab.keyboard.press("Enter")
    await tab.wait_for_url(url(office, ""))
    await tab.keyboard.press("Tab")
    await tab.keyboard.press("Enter")
    assert await tab.evaluate("document.activeElement.id") == "main", "past the menu"

    await tab.goto(url(office, ""))
    for _ in range(12):
        await tab.keyboard.press("Tab")
        focus = "document.activeElement.textContent"
        if await tab.evaluate(focus) == "账号管理":
            break
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert await tab.evaluate(outline) == "solid", "one sees where one is"
    await tab.keyboard.press("Enter")
    await tab.wait_for_url(url(office, "/account"))


async def test_a_viewer_s_menu_names_what_it_leads_to(office: Office, tab: Page) -> None:
    await tab.goto(url(office, "/login"))
    await tab.get_by_label("账号").fill("wang")
    await tab.get_by_label("密码").fill(PASSWORD)
    await tab.get_by_role("button", name="登录").click()
    await tab.wait_for_url(url(office, ""))
    names = await tab.locator("nav a").all_inner_texts()

    assert "首页" in names
    assert "人员" not in names
    assert "审计日志" not in names


async def test_the_log_is_verified_and_kept(office: Office, tab: Page) -> None:
    await sign_in(office, tab, "chen")
    await tab.goto(url(office, "/audit"))
    await tab.get_by_role("button", name="核对整条日志").click()
    assert re.search(r"\d+ 条全部核对过", await tab.get_by_role("status").inner_text())
    async with tab.expect_download() as sheet:
        await tab.get_by_role("button", name="导出").click()
    assert (await sheet.value).suggested_filename == "审计日志.xlsx"


async def test_a_part_of_a_page_is_read_again_until_it_is_done(office: Office, tab: Page) -> None:
    asked = 0

    async def part(route: Route) -> None:
        nonlocal asked
        asked += 1
        again = ' data-poll="part" data-every="0.05"' if asked < 3 else ""
        await route.fulfill(content_type="text/html", body=f"<p id=part{again}>{asked}</p>")

    page = '<script src="console.js" defer></script><p id=part data-poll="part" data-every="0.05">0</p>'
    await tab.route("**/console/page", lambda route: route.fulfill(content_type="text/html", body=page))
    await tab.route("**/console/part", part)
    await tab.goto(url(office, "/page"))
    await tab.locator("#part", has_text="3").wait_for()
    await tab.wait_for_timeout(200)

    assert asked == 3


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_a_clerk_answers_a_question(office: Office, tab: Page, size: ViewportSize) -> None:
    sender = f"openid-{size['width']}"
    values = {"question": f"几号截止{sender}", "why": "asked", "city": "武汉", "district": "东西湖区"}
    arrival = message(f"m-{sender}", "几号截止", sender=sender, received_at=office.now)
    await office.store.turn(arrival, Mind(Effect(name="ask_staff", values=values)), passive=in_time)
    await tab.set_viewport_size(size)
    await sign_in(office, tab, "liu")
    await tab.get_by_role("link", name="咨询", exact=True).click()
    await tab.get_by_role("link", name=f"几号截止{sender}").click()
    await tab.get_by_role("button", name="我来办").click()
    await tab.get_by_label("写给对方的话").fill("7 月 8 日 24 点前。")
    await tab.get_by_role("button", name="发送").click()
    assert await tab.get_by_text("7 月 8 日 24 点前。").count() == 1
    assert "等着发" in (await tab.locator(".talk .us").text_content() or "")
    await tab.get_by_role("button", name="结束，交还机器人").click()
    assert "已结束" in (await tab.locator("main").text_content() or "")


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_an_administrator_teaches_a_wording(office: Office, tab: Page, size: ViewportSize) -> None:
    question = f"翻毛鸡{'一' if size is PHONE else '二'}号到底咋个弄"
    for number in range(2):
        values = {"question": question, "why": "unknown", "city": "武汉"}
        arrival = message(f"{question}{number}", sender=f"p{number}", received_at=office.now)
        await office.store.turn(arrival, Mind(Effect(name="gap", values=values)), passive=in_time)
    await tab.set_viewport_size(size)
    await sign_in(office, tab, "chen")
    await tab.get_by_role("link", name="没答上的", exact=True).click()
    await tab.get_by_role("link", name=question).click()
    await tab.get_by_label("就是在问").select_option("aspect:deadline")
    await tab.get_by_role("button", name="教给它").click()
    await tab.get_by_text("已教会").wait_for()
    assert await tab.get_by_role("cell", name=question).count() == 1


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_a_clerk_puts_a_dead_number_right(office: Office, tab: Page, size: ViewportSize) -> None:
    place = {"fact": DONGXIHU, "city": "武汉", "district": "东西湖区", "number": "", "open": "1"}
    arrival = message(f"dead{size['width']}", sender=f"dead{size['width']}", received_at=office.now)
    await office.store.turn(arrival, Mind(Effect(name="report_office", values=place)), passive=in_time)
    await tab.set_viewport_size(size)
    await sign_in(office, tab, "liu")
    await tab.get_by_role("link", name="看板", exact=True).click()
    await tab.get_by_role("link", name="电话打不通 1").click()
    await tab.get_by_role("link", name="东西湖区人力资源和社会保障局").click()
    await tab.get_by_label("电话").fill("12")
    await tab.get_by_label("来源").fill(f"官网公告{SCRIPT}")
    await tab.get_by_role("button", name="保存更正").click()
    assert await tab.get_by_label("电话").get_attribute("aria-invalid") == "true"
    await tab.get_by_label("电话").fill(f"027-8389{size['width']:04}")
    await tab.get_by_label("来源").fill("官网公告")
    await tab.get_by_role("button", name="保存更正").click()
    assert "已更正" in await tab.get_by_role("status").inner_text()
    await tab.get_by_role("button", name="核对无误").click()
    assert "已记为核对无误" in await tab.get_by_role("status").inner_text()
    await tab.get_by_role("link", name="办公电话", exact=True).click()
    row = tab.get_by_role("row").filter(has_text=f"027-8389{size['width']:04}")
    assert "027-83891432" in await row.inner_text(), "what the notice prints stays"
    assert "没有" in await row.inner_text()
    await row.get_by_role("link").click()
    await tab.get_by_role("button", name="结束更正").click()
    assert "更正已结束" in await tab.get_by_role("status").inner_text()
