"""A browser's session: the id in its cookie, and what is still asked of whoever began it.

The id is new at each step that makes the session worth more (password, second factor, enrolment), so that
nobody who planted or saw an earlier one has anything. `docs/decisions/` says why sessions are our own.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from hashlib import sha256
from typing import Final

from aiohttp import web

from bot.console.roles import must_be_guarded
from bot.console.visit import House, Visit
from store.database import Work
from store.records import Signed

_ID_BYTES: Final = 32
_ID: Final = re.compile(r"[\w-]{43}", re.ASCII)


def new_id() -> str:
    """A session's id, 256 bits."""
    return secrets.token_urlsafe(_ID_BYTES)


def hashed(session_id: str) -> str:
    """What the database knows a session by."""
    return sha256(session_id.encode()).hexdigest()


def cookie_name(house: House) -> str:
    """By https the name alone keeps others of the domain from setting it."""
    return "__Host-jiangwen" if house.secure else "jiangwen"


def given_id(house: House, request: web.Request) -> str:
    """The id that a browser brings; empty for none, and for what we never gave out."""
    given = request.cookies.get(cookie_name(house), "")
    return given if _ID.fullmatch(given) else ""


def give_id(house: House, response: web.StreamResponse, session_id: str) -> None:
    """Hand the browser an id; it is forgotten with the browser, and never seen by a script."""
    response.set_cookie(
        cookie_name(house), session_id, path="/", httponly=True, secure=house.secure, samesite="Lax"
    )


def due(signed: Signed) -> str:
    """The page of what is still asked of somebody whose password was right; empty where nothing is."""
    staff = signed.staff
    if staff.guarded and signed.second_at is None:
        return "/second"
    if must_be_guarded(staff.role) and not staff.guarded:
        return "/second/enrol"
    return "/password" if staff.password_due else ""


async def renewed(visit: Visit, work: Work, second_at: datetime | None = None) -> str:
    """Another id for this visit's session, to be given to the browser with the answer."""
    session_id = new_id()
    await work.renew_session(id_hash=hashed(visit.cookie), new_hash=hashed(session_id), second_at=second_at)
    return session_id


async def confirmed(visit: Visit) -> bool:
    """Whether the form's `password` is the visitor's own, asked again before what a stolen session must not
    do; a wrong one is noted beside the field and counts as a failed sign-in. Raises Busy."""
    staff = visit.staff
    async with visit.house.passwords.turn() as argon:
        async with visit.work() as work:
            attempt = await work.attempt(login=staff.login, address=visit.address, now=visit.real_now)
        if not await argon.verify(attempt.password_hash, visit.form["password"]):
            visit.form.fault("password", "password_wrong")
            return False
    async with visit.work() as work:
        await work.accept(staff_id=staff.id, address=visit.address, whole=True)
    return True
