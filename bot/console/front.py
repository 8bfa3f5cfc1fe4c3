"""How staff of a place answer: their hours, and the answers that they give often."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from aiohttp import web

from bot.console.staffing import places
from bot.console.visit import Missing, Visit
from bot.desk.tickets import LONGEST
from knowledge.opening import USUAL, Opening
from store.database import Work
from store.scope import Scope

_MARKS: Final = ("morning", "noon", "afternoon", "evening")
_TITLE: Final = 30


async def show(visit: Visit) -> web.Response:
    """Hours and frequent answers of the visitor's places."""
    async with visit.work() as work:
        return await _page(visit, work)


async def enter_hours(visit: Visit) -> web.Response:
    """Say when the staff of a place are there."""
    place = _place(visit, "hours_place")
    try:
        sessions = _sessions(visit)
        Opening.of(sessions)
    except ValueError:
        visit.form.fault("morning", "hours")
    async with visit.work() as work:
        if visit.form.faults:
            return await _page(visit, work, status=422)
        city, district = place
        await work.enter_hours(city=city, district=district, sessions=sessions, now=visit.now)
        after = {"city": city, "district": district, "sessions": ["-".join(one) for one in sessions]}
        await visit.record(work, "hours.entered", after=after)
    return visit.see("/front", "saved")


async def write(visit: Visit) -> web.Response:
    """Keep an answer under a title; what has the same one is replaced."""
    form = visit.form
    title, text = form.text("title", longest=_TITLE), form.text("text", longest=LONGEST)
    city, district = _place(visit, "place")
    async with visit.work() as work:
        if form.faults:
            return await _page(visit, work, status=422)
        number = await work.write_canned(city=city, district=district, title=title, text=text, now=visit.now)
        await visit.record(work, "canned.written", f"canned:{number}", after={"title": title, "text": text})
    return visit.see("/front", "saved")


async def drop(visit: Visit) -> web.Response:
    """Give up an answer."""
    number = visit.number("canned")
    async with visit.work() as work:
        title = await work.drop_canned(scope=visit.scope, canned_id=number)
        if title is None:
            raise Missing
        await visit.record(work, "canned.dropped", f"canned:{number}", before={"title": title})
    return visit.see("/front", "dropped")


async def _page(visit: Visit, work: Work, *, status: int = 200) -> web.Response:
    options: dict[str, Any] = {
        "places": [(f"{city}/{district}", city + district) for city, district in _places(visit)],
        "hours": await work.all_hours(scope=visit.scope),
        "canned": await work.canned(scope=visit.scope),
        "usual": [(f"{start:%H:%M}", f"{end:%H:%M}") for start, end in USUAL.sessions],
        "longest": LONGEST,
        "owned": visit.scope.holds,
    }
    return visit.page("front.html", status=status, **options)


def _sessions(visit: Visit) -> list[tuple[str, str]]:
    """Morning and afternoon as typed, or one without a break; ValueError for half a session."""
    marks = [visit.form[name].strip() for name in _MARKS]
    pairs = [(marks[at], marks[at + 1]) for at in (0, 2)]
    if any(bool(start) != bool(end) for start, end in pairs):
        raise ValueError("a session has a beginning and an end")
    return [pair for pair in pairs if pair[0]]


def _place(visit: Visit, name: str) -> tuple[str, str]:
    known = {f"{city}/{district}": (city, district) for city, district in _places(visit)}
    chosen = visit.form.choice(name, known)
    return known.get(chosen, ("", ""))


def _places(visit: Visit) -> Iterator[tuple[str, str]]:
    """Districts and whole cities that the visitor may speak for."""
    for city, districts in places(visit.house.library).items():
        if visit.scope.covers(Scope(city)):
            yield city, ""
        yield from ((city, district) for district in districts if visit.scope.holds(city, district))
