"""Coming in and going out: what is asked, what is refused, and what ends a session."""

from __future__ import annotations

from datetime import timedelta
from time import process_time

import pytest
from yarl import URL

from bot.console.second import STEP_S, recovery_hash
from bot.console.session import hashed
from store.records import Role
from store.schema import staff_sessions
from store.sign_in import FAILURES, PER_ADDRESS
from tests.console.office import DISTRICT, PASSWORD, SECRET, Browser, Office
from tests.store.scene import rows


async def test_a_viewer_comes_in_by_password(both: Office) -> None:
    await both.staff("liu", Role.VIEWER, DISTRICT, guarded=False)
    browser = both.browser()

    assert "登录" in await browser.open("/console")
    assert browser.url == "/console/login"
    await browser.sign_in("liu")

    assert browser.url == "/console"
    assert "武汉：东西湖区" in browser.plain


async def test_an_administrator_needs_the_second_factor(both: Office) -> None:
    await both.staff("chen", Role.ADMIN)
    browser = await both.signed("chen")

    assert browser.url == "/console"
    for path in ("/account", "/staff", "/staff/new", "/staff/1", "/audit", "/password", "/second/enrol"):
        await browser.open(f"/console{path}")
        assert browser.status == 200, path
        assert browser.url == f"/console{path}"


async def test_a_name_is_found_however_it_is_typed(office: Office) -> None:
    await office.staff("liu", Role.VIEWER, guarded=False)
    browser = office.browser()
    await browser.sign_in(" ＬＩＵ ")

    assert browser.url == "/console"


# —— failures


async def test_whoever_fails_learns_nothing(office: Office) -> None:
    await office.staff("liu", Role.VIEWER, guarded=False)
    gone = await office.staff("gone", Role.VIEWER, guarded=False)
    async with office.store.work() as work:
        await work.disable_staff(staff_id=gone, now=office.now)
    browser = office.browser()
    pages = set()
    for login, password in (("liu", "wrong"), ("nobody", PASSWORD), ("gone", PASSWORD), ("liu", "")):
        page = await browser.sign_in(login, password)
        assert browser.status == 422
        pages.add(page.replace(login, "…"))

    assert len(pages) == 1
    assert await rows(office.store, staff_sessions) == []


async def test_an_unknown_account_takes_as_long(office: Office) -> None:
    """Within the noise of a machine that does other things too."""
    await office.staff("liu", Role.VIEWER, guarded=False)

    async def fastest(login: str) -> float:
        spans = []
        for _ in range(3):
            browser = office.browser()
            await browser.open("/console/login")
            begun = process_time()
            await browser.send("/console/login", login=login, password="wrong")
            spans.append(process_time() - begun)
        return min(spans)

    known, unknown = await fastest("liu"), await fastest("nobody")
    assert 0.5 < known / unknown < 2
    assert unknown > 0.02


async def test_five_failures_lock_an_account_for_half_an_hour(both: Office) -> None:
    await both.staff("liu", Role.VIEWER, guarded=False)
    browser = both.browser()
    for _ in range(FAILURES):
        await browser.sign_in("liu", "wrong")
    await browser.sign_in("liu")
    assert browser.status == 422, "even the right password"

    both.pass_time(minutes=29)
    await browser.sign_in("liu")
    assert browser.status == 422
    both.pass_time(minutes=2)
    await browser.sign_in("liu")
    assert browser.url == "/console"


async def test_success_forgives_the_failures_before_it(office: Office) -> None:
    await office.staff("liu", Role.VIEWER, guarded=False)
    browser = office.browser()
    for _ in range(3):
        for _ in range(FAILURES - 1):
            await browser.sign_in("liu", "wrong")
        await browser.sign_in("liu")
        assert browser.url == "/console"
        await browser.send("/console/logout")
        office.pass_time(hours=1)


async def test_an_address_may_fail_twenty_times_an_hour(both: Office) -> None:
    await both.staff("liu", Role.VIEWER, guarded=False)
    browser = both.browser()
    for number in range(PER_ADDRESS):
        await browser.sign_in(f"nobody{number}", "wrong")
        assert browser.status == 422
    await browser.sign_in("liu")
    assert browser.status == 429

    both.pass_time(minutes=6)
    await browser.sign_in("liu")
    assert browser.url == "/console", "and a success costs nothing"


# —— the second factor


async def first_step(office: Office, login: str = "chen") -> Browser:
    browser = office.browser()
    await browser.sign_in(login)
    assert browser.url == "/console/second"
    return browser


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
async def test_a_clock_may_be_one_step_off(office: Office, steps: int, taken: bool) -> None:
    await office.staff("chen", Role.ADMIN)
    browser = await first_step(office)
    await browser.send("/console/second", code=office.code(steps))

    assert (browser.url == "/console") is taken


async def test_a_code_is_used_once(both: Office) -> None:
    await both.staff("chen", Role.ADMIN)
    code = both.code()
    first, second = await first_step(both), await first_step(both)
    await first.send("/console/second", code=code)
    await second.send("/console/second", code=code)

    assert (first.url, second.url) == ("/console", "/console/second")
    await second.send("/console/second", code=both.code(-1))
    assert second.url == "/console/second", "nor one before it"
    both.pass_time(seconds=STEP_S)
    await second.send("/console/second", code=both.code())
    assert second.url == "/console"


async def test_codes_cannot_be_guessed_by_signing_in_again(both: Office) -> None:
    """Whoever has the password gets five guesses in half an hour, not five for each sign-in."""
    await both.staff("chen", Role.ADMIN)
    for _ in range(FAILURES - 1):
        browser = await first_step(both)
        await browser.send("/console/second", code="000000")
    browser = await first_step(both)
    await browser.send("/console/second", code="000000")
    assert "已锁" in browser.plain or browser.status == 422
    again = both.browser()
    await again.sign_in("chen")
    assert again.url == "/console/login"
    await browser.send("/console/second", code=both.code())
    assert browser.url == "/console/second"
    assert "已锁" in browser.plain


async def test_a_recovery_code_is_used_once(both: Office) -> None:
    staff_id = await both.staff("chen", Role.ADMIN)
    async with both.store.work() as work:
        await work.guard(
            staff_id=staff_id,
            secret=SECRET,
            step=0,
            recovery=[recovery_hash("a1b2c3d4e5f60718293a")],
            now=both.now,
            keep="",
        )
    browser = await first_step(both)
    await browser.send("/console/second", code="A1B2C 3D4E5-F6071 8293A")
    assert browser.url == "/console"
    assert "恢复码只剩 0 个" in browser.plain
    browser = await first_step(both)
    await browser.send("/console/second", code="a1b2c3d4e5f60718293a")
    assert browser.url == "/console/second"
    assert ("sign_in.recovery", "") in await both.acts()


# —— sessions


async def test_the_cookie_is_new_at_each_step(office: Office) -> None:
    await office.staff("chen", Role.ADMIN)
    browser = office.browser()
    await browser.open("/console/login")
    seen = [browser.cookie]
    await browser.send("/console/login", login="chen", password=PASSWORD)
    seen.append(browser.cookie)
    await browser.send("/console/second", code=office.code())
    seen.append(browser.cookie)
    await browser.send("/console/logout")
    seen.append(browser.cookie)

    assert len(set(seen)) == 4
    for planted in seen:
        thief = office.browser()
        take_cookie(thief, planted)
        await thief.open("/console")
        assert thief.url == "/console/login"


async def test_a_stolen_cookie_is_worth_nothing_after_the_sign_out(both: Office) -> None:
    await both.staff("liu", Role.VIEWER, guarded=False)
    browser, thief = await both.signed("liu"), both.browser()
    take_cookie(thief, browser.cookie)
    await thief.open("/console")
    assert thief.url == "/console"
    await browser.send("/console/logout")
    await thief.open("/console")

    assert thief.url == "/console/login"


async def test_a_session_ends_idle_or_old(both: Office) -> None:
    await both.staff("liu", Role.VIEWER, guarded=False)
    browser = await both.signed("liu")
    both.pass_time(minutes=29)
    await browser.open("/console")
    assert browser.url == "/console"
    both.pass_time(minutes=31)
    await browser.open("/console")
    assert browser.url == "/console/login"

    browser = await both.signed("liu")
    for _ in range(24):
        both.pass_time(minutes=29)
        await browser.open("/console")
        assert browser.url == "/console"
    both.pass_time(minutes=25)
    await browser.open("/console")
    assert browser.url == "/console/login", "after twelve hours"


async def test_a_role_that_is_taken_away_is_gone_at_the_next_request(both: Office) -> None:
    await both.staff("chen", Role.ADMIN)
    other = await both.staff("wang", Role.ADMIN)
    wang = await both.enter("wang")
    chen = await both.enter("chen")
    await chen.send(f"/console/staff/{other}", name="王", role="viewer", city="")
    assert "已保存" in chen.plain
    await wang.open("/console/staff")

    assert wang.url == "/console/login"


async def test_the_database_knows_no_cookie(office: Office) -> None:
    await office.staff("liu", Role.VIEWER, guarded=False)
    browser = await office.signed("liu")
    (kept,) = await rows(office.store, staff_sessions)

    assert kept["id_hash"] == hashed(browser.cookie)
    assert browser.cookie not in str(kept)
    assert kept["address"] == "127.0.0.*"
    assert kept["expires_at"] - kept["created_at"] == timedelta(hours=12)


# —— where to, afterwards


async def test_one_comes_back_to_the_page_that_was_asked_for(office: Office) -> None:
    await office.staff("chen", Role.ADMIN)
    browser = office.browser()
    await browser.open("/console/audit?action=sign_in&login=chen")
    await browser.send("/console/login", login="chen", password=PASSWORD, next=next_of(browser))
    await browser.send("/console/second", code=office.code(), next=next_of(browser))

    assert browser.url == "/console/audit"
    assert 'value="chen"' in browser.text


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/../../evil",
        "javascript:alert(1)",
        "/staff\r\nX-Evil: 1",
        "/%2f%2fevil.example",
        "\x00",
    ],
)
async def test_nobody_is_led_away(office: Office, wanted: str) -> None:
    await office.staff("liu", Role.VIEWER, guarded=False)
    browser = office.browser()
    await browser.open(URL("/console/login").with_query(next=wanted))
    await browser.send("/console/login", login="liu", password=PASSWORD, next=wanted)

    assert browser.url == "/console"


def next_of(browser: Browser) -> str:
    return browser.text.partition('name="next" value="')[2].partition('"')[0].replace("&amp;", "&")


def take_cookie(browser: Browser, value: str) -> None:
    browser.client.session.cookie_jar.update_cookies({"jiangwen": value}, URL(browser.client.make_url("/")))
