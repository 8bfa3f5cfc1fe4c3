"""Where each page of the console is, and what it takes to open it: the one table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from bot.console import (
    account,
    audit,
    boards,
    broadcasts,
    figures,
    front,
    gaps,
    home,
    imports,
    lists,
    login,
    offices,
    running,
    staffing,
    tickets,
)
from bot.console.roles import Permission
from bot.console.visit import Visit
from bot.desk import attachment, table

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
    Route("GET", "/broadcasts", broadcasts.listed, _P.SEE),
    Route("GET", "/broadcasts/new", broadcasts.show_new, _P.SEND),
    Route("POST", "/broadcasts/new", broadcasts.add, _P.SEND),
    Route("POST", "/broadcasts/tester", broadcasts.offer_tester, _P.SEND),
    Route("POST", "/broadcasts/templates/{template}/drop", broadcasts.drop_template, _P.SEND),
    Route("GET", "/broadcasts/{broadcast}", broadcasts.show, _P.SEE),
    Route("GET", "/broadcasts/{broadcast}/edit", broadcasts.show_edit, _P.SEND),
    Route("POST", "/broadcasts/{broadcast}/edit", broadcasts.edit, _P.SEND),
    Route("POST", "/broadcasts/{broadcast}/file", broadcasts.attach, _P.SEND, attachment.BYTES),
    Route("POST", "/broadcasts/{broadcast}/test", broadcasts.test, _P.SEND),
    Route("POST", "/broadcasts/{broadcast}/template", broadcasts.keep_template, _P.SEND),
    Route("POST", "/broadcasts/{broadcast}/submit", broadcasts.submit, _P.SEND),
    Route("POST", "/broadcasts/{broadcast}/withdraw", broadcasts.withdraw, _P.SEND),
    Route("POST", "/broadcasts/{broadcast}/back", broadcasts.hand_back, _P.APPROVE),
    Route("POST", "/broadcasts/{broadcast}/approve", broadcasts.approve, _P.APPROVE),
    Route("GET", "/broadcasts/{broadcast}/progress", running.fragment, _P.SEE),
    Route("GET", "/broadcasts/{broadcast}/recipients", running.listed, _P.SEE),
    Route("POST", "/broadcasts/{broadcast}/pause", running.pause, _P.SEND),
    Route("POST", "/broadcasts/{broadcast}/resume", running.resume, _P.SEND),
    Route("POST", "/broadcasts/{broadcast}/cancel", running.cancel, _P.SEND),
    Route("POST", "/broadcasts/{broadcast}/resend", running.resend, _P.SEND),
    Route("POST", "/broadcasts/{broadcast}/chase", running.chase, _P.SEND),
    Route("POST", "/broadcasts/{broadcast}/correct", running.correct, _P.SEND),
    Route("POST", "/broadcasts/{broadcast}/export", running.export, _P.EXPORT),
    Route("GET", "/broadcasts/{broadcast}/calls", running.calls, _P.EXPORT),
    Route("GET", "/lists", lists.listed, _P.SEND),
    Route("POST", "/lists", lists.add, _P.SEND, table.BYTES),
    Route("GET", "/lists/{list}", lists.show, _P.SEND),
    Route("POST", "/lists/{list}/tag", lists.tag, _P.SEND),
    Route("POST", "/lists/{list}/remove", lists.remove, _P.SEND),
    Route("GET", "/boards", boards.show, _P.SEE),
    Route("GET", "/boards/unreached", boards.unreached, _P.SEE),
    Route("GET", "/boards/ranking", boards.ranking, _P.SEE),
    Route("GET", "/boards/notes", boards.notes, _P.SEE),
    Route("POST", "/boards/notes/{note}/close", boards.close_note, _P.ANSWER),
    Route("GET", "/boards/seats", boards.seats, _P.SEE),
    Route("POST", "/boards/seats/{seat}/confirm", boards.confirm_seat, _P.ANSWER),
    Route("POST", "/boards/requests/{request}", boards.decide, _P.ANSWER),
    Route("GET", "/imports", imports.show, _P.IMPORT),
    Route("POST", "/imports", imports.upload, _P.IMPORT, upload=imports.BYTES),
    Route("GET", "/imports/columns", imports.columns, _P.IMPORT),
    Route("POST", "/imports/columns", imports.name_column, _P.IMPORT),
    Route("GET", "/imports/{draft}", imports.look, _P.IMPORT),
    Route("POST", "/imports/{draft}", imports.apply, _P.IMPORT),
    Route("GET", "/imports/{draft}/faults", imports.faults, _P.IMPORT),
    Route("GET", "/tickets", tickets.listed, _P.SEE),
    Route("GET", "/tickets/{ticket}", tickets.show, _P.SEE),
    Route("GET", "/tickets/{ticket}/lines", tickets.lines, _P.SEE),
    Route("POST", "/tickets/{ticket}/take", tickets.take, _P.ANSWER),
    Route("POST", "/tickets/{ticket}/over", tickets.take_over, _P.ANSWER),
    Route("POST", "/tickets/{ticket}/back", tickets.put_back, _P.ANSWER),
    Route("POST", "/tickets/{ticket}/move", tickets.move, _P.ANSWER),
    Route("POST", "/tickets/{ticket}/answer", tickets.answer, _P.ANSWER),
    Route("POST", "/tickets/{ticket}/close", tickets.close, _P.ANSWER),
    Route("GET", "/front", front.show, _P.SEE),
    Route("POST", "/front/hours", front.enter_hours, _P.EDIT_OFFICES),
    Route("POST", "/front/canned", front.write, _P.ANSWER),
    Route("POST", "/front/canned/{canned}/drop", front.drop, _P.ANSWER),
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
    Route("GET", "/offices", offices.listed, _P.SEE),
    Route("GET", "/offices/{edition}/{office}", offices.show, _P.SEE),
    Route("POST", "/offices/{edition}/{office}/check", offices.check, _P.EDIT_OFFICES),
    Route("POST", "/offices/{edition}/{office}/correct", offices.correct, _P.EDIT_OFFICES),
    Route("POST", "/offices/{edition}/{office}/settle", offices.settle, _P.EDIT_OFFICES),
    Route("POST", "/offices/corrections/{correction}/end", offices.end, _P.EDIT_OFFICES),
    Route("GET", "/figures", figures.show, _P.FIGURES),
    Route("POST", "/figures/export", figures.export, _P.FIGURES),
    Route("GET", "/audit", audit.listed, _P.AUDIT),
    Route("POST", "/audit/verify", audit.verify, _P.AUDIT),
    Route("POST", "/audit/export", audit.export, _P.AUDIT),
)
