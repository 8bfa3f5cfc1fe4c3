"""Accounts of others: who works here, as what, and for which districts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from bot.console import passwords
from bot.console.account import NAME_LONGEST, phone_of
from bot.console.form import Form
from bot.console.visit import Missing, Visit
from knowledge.library import Library
from store.database import Work
from store.records import Role, Staff
from store.scope import Scope
from store.staff import LastAdministrator, LoginTaken

LOGIN: Final = re.compile(r"[a-z][a-z0-9._-]{1,31}", re.ASCII)
WHOLE_CITY: Final = frozenset({Role.ADMIN, Role.OPERATOR})


async def listed(visit: Visit) -> web.Response:
    """The accounts of the city."""
    async with visit.work() as work:
        accounts = await work.staff_list(scope=visit.scope)
    return visit.page("staff.html", accounts=accounts, now=visit.real_now)


async def show_new(visit: Visit) -> web.Response:
    """The form for a new account."""
    offered = _places(visit)
    form = Form.of(role=Role.CLERK, city=next(iter(offered["places"]), ""))
    return visit.page("staff_new.html", form=form, **offered)


async def add(visit: Visit) -> web.Response:
    """A new account, with a password that is shown this once and has to be changed."""
    form = visit.form
    login, name = form["login"].strip(), form.text("name", longest=NAME_LONGEST)
    phone = phone_of(form)
    if not LOGIN.fullmatch(login):
        form.fault("login", "login")
    role, scope = _post(visit)
    if form.faults:
        return visit.page("staff_new.html", status=422, **_places(visit))
    password = passwords.generated()
    async with visit.house.passwords.turn() as argon:
        kept = await argon.hash(password)
    async with visit.work() as work:
        try:
            staff_id = await work.add_staff(
                login=login,
                name=name,
                phone=phone,
                role=role,
                scope=scope,
                password_hash=kept,
                password_due=True,
                now=visit.real_now,
            )
        except LoginTaken:
            form.fault("login", "login_taken")
            return visit.page("staff_new.html", status=422, **_places(visit))
        after = {"login": login, "phone": phone, **_noted(name, role, scope)}
        await visit.record(work, "staff.added", f"staff:{staff_id}", after=after)
    return visit.page("staff_password.html", login=login, password=password, path=f"/staff/{staff_id}")


async def show(visit: Visit) -> web.Response:
    """One account."""
    async with visit.work() as work:
        account = await _account(visit, work)
    form = Form.of(
        name=account.name, role=account.role, city=account.scope.city, districts=account.scope.districts
    )
    return _account_page(visit, account, form=form)


async def change(visit: Visit) -> web.Response:
    """Another name, role or scope; the account's sessions end."""
    name = visit.form.text("name", longest=NAME_LONGEST)
    role, scope = _post(visit)
    async with visit.work() as work:
        account = await _account(visit, work)
        if visit.form.faults:
            return _account_page(visit, account, status=422)
        try:
            await work.change_staff(
                staff_id=account.id, name=name, role=role, scope=scope, now=visit.real_now
            )
        except LastAdministrator:
            return _account_page(visit, account, status=409, last=True)
        await visit.record(
            work,
            "staff.changed",
            f"staff:{account.id}",
            before=_noted(account.name, account.role, account.scope),
            after=_noted(name, role, scope),
        )
    return visit.see(f"/staff/{account.id}", "saved")


async def reset_password(visit: Visit) -> web.Response:
    """A new password for somebody who has forgotten theirs, shown this once."""
    password = passwords.generated()
    async with visit.house.passwords.turn() as argon:
        kept = await argon.hash(password)
    async with visit.work() as work:
        account = await _account(visit, work)
        await work.set_password(staff_id=account.id, password_hash=kept, due=True, now=visit.real_now)
        await visit.record(work, "staff.password", f"staff:{account.id}")
    return visit.page(
        "staff_password.html", login=account.login, password=password, path=f"/staff/{account.id}"
    )


async def disable(visit: Visit) -> web.Response:
    """Let an account sign in no more; its sessions end at once."""
    async with visit.work() as work:
        account = await _account(visit, work)
        try:
            await work.disable_staff(staff_id=account.id, now=visit.real_now)
        except LastAdministrator:
            return _account_page(visit, account, status=409, last=True)
        await visit.record(work, "staff.disabled", f"staff:{account.id}")
    return visit.see(f"/staff/{account.id}", "disabled")


async def enable(visit: Visit) -> web.Response:
    """Let a disabled account sign in again."""
    async with visit.work() as work:
        account = await _account(visit, work)
        await work.enable_staff(staff_id=account.id)
        await visit.record(work, "staff.enabled", f"staff:{account.id}")
    return visit.see(f"/staff/{account.id}", "enabled")


async def unlock(visit: Visit) -> web.Response:
    """Let an account try again that failed too often."""
    async with visit.work() as work:
        account = await _account(visit, work)
        await work.unlock(staff_id=account.id)
        await visit.record(work, "staff.unlocked", f"staff:{account.id}")
    return visit.see(f"/staff/{account.id}", "unlocked")


async def unguard(visit: Visit) -> web.Response:
    """Forget the second factor of somebody who has lost it."""
    async with visit.work() as work:
        account = await _account(visit, work)
        await work.unguard(staff_id=account.id, now=visit.real_now)
        await visit.record(work, "staff.unguarded", f"staff:{account.id}")
    return visit.see(f"/staff/{account.id}", "unguarded")


def places(library: Library) -> Mapping[str, tuple[str, ...]]:
    """The cities that have a notice, with their districts."""
    found: dict[str, dict[str, None]] = {}
    for notice in library.notices.values():
        districts = found.setdefault(notice.header.city, {})
        districts.update(dict.fromkeys(region.name for region in notice.regions))
    return {city: tuple(districts) for city, districts in found.items()}


async def _account(visit: Visit, work: Work) -> Staff:
    account = await work.staff_member(scope=visit.scope, staff_id=visit.number("staff"))
    if account is None:
        raise Missing
    return account


def _post(visit: Visit) -> tuple[Role, Scope]:
    """Role and scope of the form; a scope is at most the visitor's own."""
    form, known = visit.form, places(visit.house.library)
    role = form.choice("role", list(Role))
    city = form.choice("city", ["", *known])
    scope = Scope(city, form.many("districts"))
    if any(district not in known.get(city, ()) for district in scope.districts):
        form.fault("districts", "district")
    if scope.districts and role in WHOLE_CITY:
        form.fault("districts", "whole_city")
    if not visit.scope.covers(scope):
        form.fault("city", "outside")
    return (Role(role) if role in set(Role) else Role.VIEWER), scope


def _places(visit: Visit) -> dict[str, Any]:
    """What the form offers: the cities of the visitor's scope."""
    known = places(visit.house.library)
    own = {city: all_of for city, all_of in known.items() if visit.scope.holds(city)}
    return {"places": own, "every": not visit.scope.city}


def _account_page(visit: Visit, account: Staff, *, status: int = 200, **values: Any) -> web.Response:
    return visit.page(
        "staff_account.html",
        status=status,
        account=account,
        now=visit.real_now,
        **{"last": False, **values, **_places(visit)},
    )


def _noted(name: str, role: Role, scope: Scope) -> dict[str, Any]:
    return {"name": name, "role": role, "city": scope.city, "districts": list(scope.districts)}
