"""Where each page of the console is, and what it takes to open it: the one table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from bot.console import account, audit, figures, gaps, home, login, staffing
from bot.console.roles import Permission
from bot.console.visit import Visit

View = Callable[[Visit], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """A page below `/console`. GET changes nothing; a POST is a form with our token, with a file of at most
    `upload` bytes where it has one."""

    method: str
    path: str
    view: View
    permission: Permission
    upload: int = 0


_P = Permission

ROUTES: Final = (
    Route("GET", "/style.css", home.style, _P.OPEN),
    Route("GET", "/console.js", home.script, _P.OPEN),
    Route("GET", "/icon.svg", home.icon, _P.OPEN),
    Route("GET", "/login", login.show, _P.OPEN),
    Route("POST", "/login", login.sign_in, _P.OPEN),
    Route("POST", "/logout", login.sign_out, _P.BEGUN),
    Route("GET", "/second", login.show_second, _P.BEGUN),
    Route("POST", "/second", login.give_second, _P.BEGUN),
    Route("GET", "/second/enrol", login.show_enrolment, _P.BEGUN),
    Route("POST", "/second/enrol", login.enrol, _P.BEGUN),
    Route("GET", "/password", account.show_password, _P.BEGUN),
    Route("POST", "/password", account.change_password, _P.BEGUN),
    Route("GET", "/", home.show, _P.SELF),
    Route("GET", "/account", account.show, _P.SELF),
    Route("POST", "/account", account.change, _P.SELF),
    Route("POST", "/account/sessions", account.revoke, _P.SELF),
    Route("GET", "/staff", staffing.listed, _P.MANAGE_STAFF),
    Route("GET", "/staff/new", staffing.show_new, _P.MANAGE_STAFF),
    Route("POST", "/staff/new", staffing.add, _P.MANAGE_STAFF),
    Route("GET", "/staff/{staff}", staffing.show, _P.MANAGE_STAFF),
    Route("POST", "/staff/{staff}", staffing.change, _P.MANAGE_STAFF),
    Route("POST", "/staff/{staff}/password", staffing.reset_password, _P.MANAGE_STAFF),
    Route("POST", "/staff/{staff}/disable", staffing.disable, _P.MANAGE_STAFF),
    Route("POST", "/staff/{staff}/enable", staffing.enable, _P.MANAGE_STAFF),
    Route("POST", "/staff/{staff}/unlock", staffing.unlock, _P.MANAGE_STAFF),
    Route("POST", "/staff/{staff}/unguard", staffing.unguard, _P.MANAGE_STAFF),
    Route("GET", "/gaps", gaps.listed, _P.ANSWER),
    Route("GET", "/gaps/{gap}", gaps.show, _P.ANSWER),
    Route("POST", "/gaps/{gap}/teach", gaps.teach, _P.TEACH),
    Route("POST", "/gaps/{gap}/task", gaps.hand_on, _P.ANSWER),
    Route("POST", "/gaps/{gap}/leave", gaps.leave, _P.ANSWER),
    Route("POST", "/gaps/tasks/{task}/done", gaps.finish, _P.TEACH),
    Route("POST", "/gaps/lessons/{lesson}/end", gaps.end, _P.TEACH),
    Route("GET", "/figures", figures.show, _P.FIGURES),
    Route("POST", "/figures/export", figures.export, _P.FIGURES),
    Route("GET", "/audit", audit.listed, _P.AUDIT),
    Route("POST", "/audit/verify", audit.verify, _P.AUDIT),
    Route("POST", "/audit/export", audit.export, _P.AUDIT),
)
