"""Coming in: password, second factor, its enrolment; and going out."""

from __future__ import annotations

import re
import unicodedata
from ipaddress import ip_address
from typing import Any, Final

from aiohttp import web

from bot.console import second
from bot.console.session import confirmed, due, give_id, hashed, new_id, renewed
from bot.console.visit import Visit
from store.records import Actor

_NEXT: Final = re.compile(r"/[\w/-]*(\?[\w=&%.+-]*)?", re.ASCII)
_LONGEST_CODE: Final = 64


async def show(visit: Visit) -> web.Response:
    """The form for login and password."""
    if visit.signed:
        return visit.see("/")
    return visit.page("login.html")


async def sign_in(visit: Visit) -> web.Response:
    """Begin a session, if the password is right; whoever fails does not learn why."""
    login = unicodedata.normalize("NFKC", visit.form["login"]).strip().casefold()
    async with visit.house.passwords.turn() as argon:
        async with visit.work() as work:
            attempt = await work.attempt(login=login, address=visit.address, now=visit.real_now)
        if attempt.throttled:
            return visit.page("login.html", status=429, throttled=True)
        right = await argon.verify(attempt.password_hash, visit.form["password"])
        if not right or attempt.staff_id is None:
            await _failed(visit, attempt.staff_id)
            return visit.page("login.html", status=422, wrong=True)
    return await _begun(visit, attempt.staff_id)


async def _failed(visit: Visit, staff_id: int | None) -> None:
    tried = Actor(staff_id=staff_id, role="", address=visit.address)
    async with visit.work() as work:
        await work.record(actor=tried, at=visit.real_now, action="sign_in.failed")


async def _begun(visit: Visit, staff_id: int) -> web.Response:
    session_id, now = new_id(), visit.real_now
    async with visit.work() as work:
        await work.open_session(
            id_hash=hashed(session_id), staff_id=staff_id, address=_masked(visit.address), now=now
        )
        signed = await work.signed(id_hash=hashed(session_id), now=now)
        assert signed
        await work.accept(staff_id=staff_id, address=visit.address, whole=not signed.staff.guarded)
        actor = Actor(staff_id=staff_id, role=signed.staff.role, address=visit.address)
        await work.record(actor=actor, at=now, action="sign_in")
    response = visit.see(due(signed) or _wanted(visit), **_carried(visit, due(signed)))
    give_id(visit.house, response, session_id)
    return response


async def sign_out(visit: Visit) -> web.Response:
    """End the session at once."""
    async with visit.work() as work:
        await work.revoke_session(staff_id=visit.staff.id, id_hash=hashed(visit.cookie), now=visit.real_now)
        await visit.record(work, "sign_out")
    response = visit.see("/login", "signed_out")
    give_id(visit.house, response, new_id())
    return response


async def show_second(visit: Visit) -> web.Response:
    """The form for the second factor."""
    return _onward(visit, "/second") or visit.page("second.html")


async def give_second(visit: Visit) -> web.Response:
    """Complete the session by a code, or by a recovery code."""
    if elsewhere := _onward(visit, "/second"):
        return elsewhere
    code, now, staff_id = visit.form["code"][:_LONGEST_CODE], visit.real_now, visit.staff.id
    session_id = ""
    async with visit.work() as work:
        proofs = await work.attempt_code(staff_id=staff_id, now=now)
        if proofs:
            step = second.step_of(proofs.secret, code, now, proofs.step)
            way = "sign_in.second"
            if step is not None and await work.accept_step(staff_id=staff_id, step=step):
                session_id = await renewed(visit, work, now)
            elif await work.accept_recovery(staff_id=staff_id, code_hash=second.recovery_hash(code)):
                session_id, way = await renewed(visit, work, now), "sign_in.recovery"
            await visit.record(work, way if session_id else "sign_in.second_failed")
    if not session_id:
        visit.form.fault("code", "code")
        return visit.page("second.html", status=422, locked=proofs is None)
    response = visit.see(_wanted(visit))
    give_id(visit.house, response, session_id)
    return response


async def show_enrolment(visit: Visit) -> web.Response:
    """The secret to scan, the same until it is proved."""
    if visit.staff.guarded and visit.signed and visit.signed.second_at is None:
        return visit.see("/second")
    return visit.page("enrol.html", **await _offer(visit))


async def enrol(visit: Visit) -> web.Response:
    """Take the secret, once a code proves that the phone has it, and show the recovery codes this once."""
    assert visit.signed
    if visit.staff.guarded and visit.signed.second_at is None:
        return visit.see("/second")
    if visit.staff.guarded and not await confirmed(visit):
        return visit.page("enrol.html", status=422, **await _offer(visit))
    offered, now = visit.signed.offered, visit.real_now
    step = second.step_of(offered, visit.form["code"][:_LONGEST_CODE], now, 0) if offered else None
    if step is None:
        visit.form.fault("code", "code")
        return visit.page("enrol.html", status=422, **await _offer(visit))
    codes = second.new_recovery()
    async with visit.work() as work:
        session_id = await renewed(visit, work, now)
        await work.guard(
            staff_id=visit.staff.id,
            secret=offered,
            step=step,
            recovery=[second.recovery_hash(code) for code in codes],
            now=now,
            keep=hashed(session_id),
        )
        await visit.record(work, "self.guarded", f"staff:{visit.staff.id}")
    response = visit.page("recovery.html", codes=[second.grouped(code) for code in codes])
    give_id(visit.house, response, session_id)
    return response


async def _offer(visit: Visit) -> dict[str, Any]:
    assert visit.signed
    secret = visit.signed.offered
    if not secret:
        secret = second.new_secret()
        async with visit.work() as work:
            await work.offer(id_hash=hashed(visit.cookie), secret=secret)
    return {"picture": second.picture(secret, visit.staff.login), "secret": second.grouped(secret)}


def _onward(visit: Visit, page: str) -> web.Response | None:
    """Somebody of whom this page's step is not due has nothing to do here."""
    assert visit.signed
    asked = due(visit.signed)
    return None if asked == page else visit.see(asked or "/")


def _wanted(visit: Visit) -> str:
    """Where somebody wanted to go before being asked who they are: a page of ours, or the first one."""
    wanted = visit.form["next"] or visit.request.query.get("next", "")
    return wanted if _NEXT.fullmatch(wanted) else "/"


def _carried(visit: Visit, page: str) -> dict[str, str]:
    wanted = _wanted(visit)
    return {"next": wanted} if page and wanted != "/" else {}


def _masked(address: str) -> str:
    """Enough of an address for its owner to know it again."""
    try:
        known = ip_address(address)
    except ValueError:
        return ""
    whole = known.exploded
    return whole.rpartition(".")[0] + ".*" if known.version == 4 else whole[:19] + ":*"
