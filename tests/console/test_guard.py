"""What the guard lets through: forms that are ours and in bounds; and what every answer carries."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from aiohttp import FormData

from bot.console.visit import PROOF, token_of
from store.database import Store
from store.records import Role
from store.schema import audit, staff
from tests.console.office import PASSWORD, Browser, Office, open_office
from tests.databases import VAULT
from tests.store.scene import rows

SCRIPT = "\"><script>alert('x')</script>{{ 7*7 }}"


async def name_of(office: Office, login: str) -> str:
    (row,) = [row for row in await rows(office.store, staff) if row["login"] == login]
    return str(row["name"])


# —— forged forms


async def test_a_form_without_its_proof_changes_nothing(office: Office) -> None:
    await office.staff("liu", Role.VIEWER)
    browser = await office.enter("liu")
    stranger = office.browser()
    await stranger.open("/console/login")
    for proof in ("", "0" * 64, stranger.token, "一", token_of("x")):
        await browser.send("/console/account", {"name": "forged", "phone": "", PROOF: proof})
        assert browser.status == 403
    await browser.send("/console/account", name="mine", phone="")

    assert browser.status == 200
    assert await name_of(office, "liu") == "mine"


async def test_a_form_of_an_earlier_session_is_stale(office: Office) -> None:
    await office.staff("liu", Role.VIEWER)
    first = await office.enter("liu")
    await first.open("/console/account")
    old = first.token
    await first.send("/console/logout")
    second = await office.enter("liu")
    await second.send("/console/account", {"name": "replayed", "phone": "", PROOF: old})

    assert second.status == 403
    assert await name_of(office, "liu") == "liu"


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "{here}"}, True),
        ({"Origin": "{here}.evil.example"}, False),
    ],
)
async def test_a_form_comes_from_one_of_our_pages(
    office: Office, headers: dict[str, str], taken: bool
) -> None:
    await office.staff("liu", Role.VIEWER)
    browser = await office.enter("liu")
    here = str(browser.client.make_url("")).rstrip("/")
    sent = {name: value.replace("{here}", here) for name, value in headers.items()}
    await browser.send("/console/account", headers=sent, name="mine", phone="")

    assert browser.status == (200 if taken else 403)


async def test_the_sign_in_is_a_form_too(office: Office) -> None:
    """Else a foreign page could sign somebody in as another."""
    await office.staff("liu", Role.VIEWER, guarded=False)
    browser = office.browser()
    forged = {"login": "liu", "password": PASSWORD, PROOF: token_of("mine")}
    await browser.send("/console/login", forged)

    assert browser.status == 403


async def test_nothing_changes_by_get(office: Office) -> None:
    await office.staff("chen", Role.ADMIN)
    browser = await office.enter("chen")
    before = await rows(office.store, staff)
    for path in ("/logout", "/staff/1/disable", "/account/sessions", "/audit/export"):
        await browser.open(f"/console{path}")
        assert browser.status in (404, 405)

    assert await rows(office.store, staff) == before


# —— bounds


async def test_a_form_has_bounds(office: Office) -> None:
    await office.staff("liu", Role.VIEWER)
    browser = await office.enter("liu")
    await browser.send("/console/account", name="x" * 70_000, phone="")
    assert browser.status == 413
    await browser.send("/console/account", name="x" * 41, phone="12345")
    assert browser.status == 422
    assert "太长了" in browser.plain
    assert "12345" in browser.text, "what was typed stays"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x",
        b"--x\r\n\r\n",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n',
        b"--x\r\nContent-Disposition: form-data\r\n\r\nz\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.xlsx"\r\n\r\n'
        + b"z" * 70_000
        + b"\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n'
        b"Content-Type: multipart/mixed; boundary=y\r\n\r\n--y--\r\n--x--\r\n",
    ],
)
async def test_a_broken_form_is_refused(office: Office, body: bytes) -> None:
    await office.staff("liu", Role.VIEWER)
    browser = await office.enter("liu")
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    async with browser.client.post("/console/account", data=body, headers=headers) as answer:
        assert answer.status in (400, 403, 413)


async def test_a_form_of_parts_is_read(office: Office) -> None:
    await office.staff("liu", Role.VIEWER)
    browser = await office.enter("liu")
    form = FormData({PROOF: browser.token, "name": "刘", "phone": ""}, default_to_multipart=True)
    async with browser.client.post("/console/account", data=form) as answer:
        assert answer.status == 200

    assert await name_of(office, "liu") == "刘"


# —— what is shown


async def test_a_name_is_shown_as_it_is(office: Office) -> None:
    staff_id = await office.staff("chen", Role.ADMIN, name=SCRIPT)
    browser = await office.enter("chen")
    for path in ("", "/account", "/staff", f"/staff/{staff_id}", "/audit"):
        await browser.open(f"/console{path}")
        assert "<script>alert" not in browser.text
        assert "{{ 7*7 }}" in browser.plain or path == "/audit"
    await browser.open(f"/console/audit?login={SCRIPT}&object={SCRIPT}&below={SCRIPT}&since={SCRIPT}")
    assert browser.status == 200
    assert "<script>alert" not in browser.text


async def test_every_answer_is_sealed(office: Office) -> None:
    await office.staff("chen", Role.ADMIN)
    browser = await office.enter("chen")
    for path in ("", "/login", "/style.css", "/console.js", "/staff", "/staff/999", "/audit"):
        await browser.open(f"/console{path}")
        policy = browser.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert browser.headers["X-Frame-Options"] == "DENY"
        assert browser.headers["X-Content-Type-Options"] == "nosniff"
        kept = path.endswith((".css", ".js"))
        assert ("no-store" in browser.headers["Cache-Control"]) is not kept
        assert not (kept and "Set-Cookie" in browser.headers)
        assert "Strict-Transport-Security" not in browser.headers
        if not kept:
            assert "<style" not in browser.text
            assert " style=" not in browser.text
            assert "<script>" not in browser.text
            assert len(browser.text.encode()) < 100_000


async def test_by_https_the_cookie_is_secure(sqlite_url: str) -> None:
    store = await Store.open(sqlite_url, VAULT)
    async with open_office(store, public_url="https://bot.example.org") as office:
        browser = office.browser()
        async with browser.client.get("/console/login") as answer:
            cookie = answer.headers["Set-Cookie"]
            lasting = answer.headers["Strict-Transport-Security"]
    await store.close()

    assert cookie.startswith("__Host-jiangwen=")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie
    assert lasting


async def test_links_lead_on_below_any_path(office: Office) -> None:
    """A proxy may have put the service below a path of its own."""
    await office.staff("chen", Role.ADMIN)
    browser = await office.enter("chen")
    for path, link in (("", 'href="console/staff"'), ("/staff", 'href="../console/audit"')):
        await browser.open(f"/console{path}")
        assert link in browser.text
        assert 'href="/' not in browser.text


# —— who asks


async def address_of(browser: Browser, headers: dict[str, str]) -> str:
    await browser.open("/console/login")
    await browser.send("/console/login", headers=headers, login="nobody", password="wrong")
    entries = await rows(browser.office.store, audit)
    return str(entries[-1]["address"])


async def test_only_a_trusted_proxy_says_for_whom_it_asks(sqlite_url: str) -> None:
    told = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9"}
    store = await Store.open(sqlite_url, VAULT)
    async with open_office(store) as office:
        assert await address_of(office.browser(), told) == "127.0.0.1"
    async with open_office(store, proxies=[ip_network("127.0.0.0/8")]) as office:
        assert await address_of(office.browser(), told) == "203.0.113.9"
        assert await address_of(office.browser(), {}) == "127.0.0.1"
        assert await address_of(office.browser(), {"X-Forwarded-For": "rubbish"}) == "127.0.0.1"
    await store.close()
