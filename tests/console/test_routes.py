"""Every route as every role, as a stranger, and as somebody of another city: generated from the table."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import pytest

from bot.console.roles import PERMISSIONS, Permission, may, must_be_guarded
from bot.console.routes import ROUTES, Route
from store.records import Before, Role, Thought
from store.scope import Scope
from tests.console.office import Office
from tests.store import broadcasting as scene
from tests.store.scene import Effect, Mind, in_time, message
from tests.store.units import CODE, PHONE, keep

ANYBODY = (Permission.OPEN, Permission.BEGUN, Permission.SELF)
_numbers = count()
CITY, OTHER_CITY = Scope("武汉"), Scope("无锡")


async def _account(office: Office) -> int:
    return await office.staff(f"made{next(_numbers)}", Role.VIEWER, CITY)


async def _broadcast(office: Office) -> int:
    return (await scene.draft(office.store, await _account(office), f"form{next(_numbers)}")).id


async def _template(office: Office) -> int:
    values: dict[str, Any] = {
        "city": CITY.city,
        "title": "t",
        "body": "b",
        "by": await _account(office),
        "now": office.now,
    }
    async with office.store.work() as work:
        await work.keep_template(**values)
        return (await work.message_templates(scope=CITY))[-1].id


async def _list(office: Office) -> int:
    values: dict[str, Any] = {
        "name": "n",
        "scope": CITY,
        "streets": {},
        "by": await _account(office),
        "now": office.now,
    }
    async with office.store.work() as work:
        return await work.add_list(token=f"form{next(_numbers)}", **values)


async def _ticket(office: Office) -> int:
    number = next(_numbers)
    values = {"question": "?", "why": "asked", "city": CITY.city, "district": "东西湖区"}
    arrival = message(f"m{number}", sender=f"openid-{number}", received_at=office.now)
    await office.store.turn(arrival, Mind(Effect(name="ask_staff", values=values)), passive=in_time)
    async with office.store.work() as work:
        return max(ticket.id for ticket in await work.tickets_of(scope=CITY))


async def _canned(office: Office) -> int:
    title = f"title {next(_numbers)}"
    async with office.store.work() as work:
        return await work.write_canned(city=CITY.city, district="", title=title, text="x", now=office.now)


async def _note(office: Office) -> int:
    key = f"note {next(_numbers)}"
    async with office.store.work() as work:
        await work.note(
            kind="status_gone", city=CITY.city, district="", content={}, dedupe_key=key, now=office.now
        )
        return max(note.id for note in await work.notes_here(scope=CITY))


async def _claim(office: Office, phone: str) -> None:
    """Somebody new who wants to speak for the unit of 武汉 by a phone of its roster, or of nobody's."""
    await keep(office.store)
    number = next(_numbers)

    def claim(before: Before) -> Thought:
        before.affairs.units.claim(code=CODE, phone=phone)
        return Mind()(before)

    arrival = message(f"m{number}", sender=f"openid-{number}", received_at=office.now)
    await office.store.turn(arrival, claim, passive=in_time)


async def _seat(office: Office) -> int:
    await _claim(office, PHONE)
    async with office.store.work() as work:
        return max(waiting.seat for waiting in await work.provisional(scope=CITY))


async def _request(office: Office) -> int:
    await _claim(office, "13800001111")
    async with office.store.work() as work:
        return max(one.id for one in await work.seat_requests(city=CITY.city, limit=1000))


async def _draft(office: Office) -> int:
    async with office.store.work() as work:
        account = await work.staff_named(login="one")
    staff_id = account.id if account else await office.staff("one", Role.CLERK, CITY)
    async with office.store.work() as work:
        return await work.keep_draft(
            staff_id=staff_id,
            kind="units",
            city=CITY.city,
            district="",
            notice="",
            file_name="x.csv",
            table='{"rows": [[1, ["?"]]]}',
            digest="",
            exported_at=office.now,
            now=office.now,
        )


async def _gap(office: Office) -> int:
    values = {"question": "翻毛鸡咋个整", "why": "unknown", "city": CITY.city}
    mind = Mind(Effect(name="gap", values=values))
    await office.store.turn(message(f"gap{next(_numbers)}"), mind, passive=in_time)
    async with office.store.work() as work:
        return (await work.open_gaps(scope=CITY))[0].id


async def _task(office: Office) -> int:
    async with office.store.work() as work:
        return await work.add_task(
            wording="x", times=1, city=CITY.city, district="", made_by="x", now=office.now
        )


async def _lesson(office: Office) -> int:
    async with office.store.work() as work:
        lesson = await work.teach(
            city=CITY.city, wording=f"x{next(_numbers)}", topic="x", by="x", now=office.now
        )
    assert lesson
    return lesson


async def _edition(office: Office) -> str:
    return "wuhan-2023"


async def _office(office: Office) -> str:
    return "phone.gongjiang"


async def _correction(office: Office) -> int:
    values: dict[str, Any] = {"printed": "", "phones": [], "address": "x", "remark": "", "source": "x"}
    async with office.store.work() as work:
        made = await work.correct_office(
            fact=f"wuhan-2023/x{next(_numbers)}",
            city=CITY.city,
            district="",
            by="x",
            now=office.now,
            **values,
        )
    assert made
    return made


OBJECTS: dict[str, Callable[[Office], Awaitable[int | str]]] = {
    "staff": _account,
    "broadcast": _broadcast,
    "template": _template,
    "list": _list,
    "ticket": _ticket,
    "canned": _canned,
    "note": _note,
    "draft": _draft,
    "seat": _seat,
    "request": _request,
    "gap": _gap,
    "task": _task,
    "lesson": _lesson,
    "edition": _edition,
    "office": _office,
    "correction": _correction,
}
"""How the thing that a part of a path names is made, inside 武汉."""


async def path_of(route: Route, office: Office) -> str:
    path = f"/console{route.path}"
    for name in re.findall(r"{(\w+)}", route.path):
        path = path.replace(f"{{{name}}}", str(await OBJECTS[name](office)))
    return path.rstrip("/")


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


async def visit(office: Office, route: Route, login: str) -> tuple[int, str, str]:
    """The status, the path visited, and where the answer leads."""
    browser = await office.enter(login)
    path = await path_of(route, office)
    if route.method == "GET":
        await browser.open(path, allow_redirects=False)
    else:
        await browser.send(path, follow=False)
    return browser.status, path, browser.headers.get("Location", "")


@pytest.mark.parametrize("role", Role)
async def test_a_role_opens_what_it_may_and_nothing_else(office: Office, role: Role) -> None:
    await office.staff("one", role, CITY)
    for route in ROUTES:
        status, path, location = await visit(office, route, "one")
        if route.permission in ANYBODY or may(role, route.permission):
            assert status in (200, 303, 409, 422), named(route)
            assert "login" not in location or route.path == "/logout", named(route)
        else:
            assert status == 403, named(route)
            assert (await office.acts())[-1] == ("refused", f"{route.method} {path}")


@pytest.mark.parametrize("role", Role)
async def test_what_is_of_another_city_does_not_exist(office: Office, role: Role) -> None:
    await office.staff("one", role, OTHER_CITY)
    for route in (route for route in ROUTES if "{" in route.path):
        status, path, _ = await visit(office, route, "one")
        allowed = may(role, route.permission)
        assert status == (404 if allowed else 403), named(route)
        act = "missing" if allowed else "refused"
        assert (await office.acts())[-1] == (act, f"{route.method} {path}")


async def test_a_stranger_is_led_to_the_sign_in(office: Office) -> None:
    for route in ROUTES:
        if route.permission is Permission.OPEN:
            continue
        browser, path = office.browser(), await path_of(route, office)
        await browser.open("/console/login")
        if route.method == "GET":
            await browser.open(path)
        else:
            await browser.send(path)
        assert browser.url == "/console/login", named(route)


async def test_who_owes_the_second_factor_opens_nothing_else(office: Office) -> None:
    await office.staff("one", Role.ADMIN, CITY)
    browser = office.browser()
    await browser.sign_in("one")
    for route in ROUTES:
        if route.permission in (Permission.OPEN, Permission.BEGUN):
            continue
        path = await path_of(route, office)
        if route.method == "GET":
            await browser.open(path)
        else:
            await browser.send(path)
        assert browser.url == "/console/second", named(route)
    await browser.open("/console/password")
    assert browser.url == "/console/second"
    await browser.open("/console/second/enrol")
    assert browser.url == "/console/second"


def test_a_route_is_declared_with_a_permission_and_once() -> None:
    permission = inspect.signature(Route).parameters["permission"]

    assert permission.default is inspect.Parameter.empty
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)
    assert all(isinstance(route.permission, Permission) for route in ROUTES)


def test_a_permission_is_some_role_s() -> None:
    held = {permission for role in Role for permission in PERMISSIONS[role]}

    assert set(Permission) - held == set(ANYBODY)
    assert [role for role in Role if must_be_guarded(role)] == [Role.ADMIN, Role.CLERK, Role.APPROVER]
