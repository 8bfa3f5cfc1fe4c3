"""Coming in and going out."""

from __future__ import annotations

from store.records import Role
from tests.console.office import DISTRICT, Office


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
