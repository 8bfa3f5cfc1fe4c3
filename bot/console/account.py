"""One's own account: name, phone, password, sessions."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final

from aiohttp import web

from bot.console import passwords
from bot.console.form import Form
from bot.console.session import confirmed, due, give_id, hashed, renewed
from bot.console.visit import Visit

NAME_LONGEST: Final = 40
_PHONE: Final = re.compile(r"\+?[\d ()-]{4,24}\d", re.ASCII)
_PHONE_DIGITS: Final = range(5, 21)


async def show(visit: Visit) -> web.Response:
    """Name, phone, and where one is signed in."""
    form = Form.of(name=visit.staff.name, phone=visit.staff.phone)
    return visit.page("account.html", form=form, **await _sessions(visit))


async def change(visit: Visit) -> web.Response:
    """Another name or phone of one's own."""
    name = visit.form.text("name", longest=NAME_LONGEST)
    phone = phone_of(visit.form)
    if visit.form.faults:
        return visit.page("account.html", status=422, **await _sessions(visit))
    staff = visit.staff
    async with visit.work() as work:
        await work.change_self(staff_id=staff.id, name=name, phone=phone)
        await visit.record(
            work,
            "self.changed",
            f"staff:{staff.id}",
            before={"name": staff.name, "phone": staff.phone},
            after={"name": name, "phone": phone},
        )
    return visit.see("/account", "saved")


async def revoke(visit: Visit) -> web.Response:
    """End one of one's own sessions; one that has ended already is no fault."""
    async with visit.work() as work:
        found = await work.revoke_session(
            staff_id=visit.staff.id, id_hash=visit.form["session"], now=visit.real_now
        )
        if found:
            await visit.record(work, "session.revoked", f"staff:{visit.staff.id}")
    return visit.see("/account", "revoked")


async def show_password(visit: Visit) -> web.Response:
    """The form for another password."""
    return _not_yet(visit) or visit.page("password.html")


async def change_password(visit: Visit) -> web.Response:
    """Another password; every other session ends."""
    if elsewhere := _not_yet(visit):
        return elsewhere
    password = new_password(visit.form, visit.staff.login)
    if visit.form.faults or not await confirmed(visit):
        return visit.page("password.html", status=422)
    async with visit.house.passwords.turn() as argon:
        kept = await argon.hash(password)
    now = visit.real_now
    async with visit.work() as work:
        session_id = await renewed(visit, work)
        await work.set_password(
            staff_id=visit.staff.id, password_hash=kept, due=False, now=now, keep=hashed(session_id)
        )
        await visit.record(work, "self.password", f"staff:{visit.staff.id}")
    response = visit.see("/account", "password")
    give_id(visit.house, response, session_id)
    return response


def new_password(form: Form, login: str) -> str:
    """The new password of a form that asks for it twice; what is wrong with it is noted."""
    password = form["new_password"]
    if wrong := passwords.fault(password, login):
        form.fault("new_password", wrong)
    elif password == form["password"]:
        form.fault("new_password", "password_same")
    elif password != form["again"]:
        form.fault("again", "password_differs")
    return password


def phone_of(form: Form) -> str:
    """The digits of the form's `phone`, which may be left empty."""
    phone = unicodedata.normalize("NFKC", form["phone"]).strip()
    digits = re.sub(r"\D", "", phone)
    if phone and not (_PHONE.fullmatch(phone) and len(digits) in _PHONE_DIGITS):
        form.fault("phone", "phone")
    return digits


def _not_yet(visit: Visit) -> web.Response | None:
    """Who still has to give the second factor changes no password."""
    assert visit.signed
    asked = due(visit.signed)
    return visit.see(asked) if asked not in ("", "/password") else None


async def _sessions(visit: Visit) -> dict[str, Any]:
    async with visit.work() as work:
        sessions = await work.sessions_of(staff_id=visit.staff.id, now=visit.real_now)
    return {"sessions": sessions, "current": hashed(visit.cookie)}
