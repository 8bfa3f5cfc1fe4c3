"""What staff look over: deadlines, returns, quotas, rankings, whom nothing reached, notes, seats."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aiohttp import web

from bot.console.visit import Missing, Visit
from bot.console.words import WORDS
from bot.desk import seating
from bot.desk.quotas import uses
from knowledge.library import Library
from knowledge.notice import CHINA, Stage
from store.database import Work
from store.records import StaffNote
from store.scope import Scope

_AHEAD: Final = 12
_ROWS: Final = 100
"""So many of one sort a page shows, lest it be slow and large on an old computer."""
_MOST: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """A stage that has not ended: of which city and district, with its clause."""

    city: str
    district: str
    say: str
    ends: datetime
    days: int
    cite: str


async def show(visit: Visit) -> web.Response:
    """Deadlines ahead, open returns with their clocks, quotas used."""
    async with visit.work() as work:
        returned = await work.returns_here(scope=visit.scope, limit=_MOST)
        tallies = await work.tallies(scope=visit.scope)
        count, _ = await work.unreached(scope=visit.scope, limit=1)
        waiting = await work.provisional(scope=visit.scope)
        requests = await _requests(visit, work)
        notes = await work.notes_here(scope=visit.scope, limit=_MOST)
        failed = await work.office_reports(scope=visit.scope)
    library = visit.house.library
    return visit.page(
        "boards.html",
        ahead=list(_stages(library, visit.scope, visit.now))[:_AHEAD],
        returned=[(one, _days_since(one.returned_at, visit.now)) for one in returned[:_ROWS]],
        open_returns=len(returned),
        most=_MOST,
        uses=list(uses(library, tallies, visit.scope)),
        unreached=count,
        seats=len(waiting) + len(requests),
        notes=len(notes),
        failed=sum(report.count for report in failed),
    )


async def unreached(visit: Visit) -> web.Response:
    """Units to whom nothing ever got through, and why."""
    async with visit.work() as work:
        count, rows = await work.unreached(scope=visit.scope)
    return visit.page("boards_unreached.html", count=count, rows=rows)


async def ranking(visit: Visit) -> web.Response:
    """The ranking lists of a programme, as imported."""
    programmes = {
        programme.id: f"{notice.header.city} {programme.name}"
        for notice in visit.house.library.notices.values()
        if visit.scope.holds(notice.header.city) or notice.header.city == visit.scope.city
        for programme in notice.programmes
    }
    wanted = visit.query("programme")
    programme = wanted if wanted in programmes else next(iter(programmes), "")
    async with visit.work() as work:
        rows = await work.ranking(scope=visit.scope, programme=programme)
    return visit.page("boards_ranking.html", programmes=programmes, programme=programme, rows=rows)


async def notes(visit: Visit) -> web.Response:
    """What staff should know of their places."""
    async with visit.work() as work:
        found = await work.notes_here(scope=visit.scope, limit=_MOST)
    notes = [(note, _facts(note)) for note in found[:_ROWS]]
    return visit.page("boards_notes.html", notes=notes, number=len(found), most=_MOST)


async def close_note(visit: Visit) -> web.Response:
    """Somebody has dealt with it."""
    number = visit.number("note")
    async with visit.work() as work:
        kind = await work.close_note_here(scope=visit.scope, note_id=number, now=visit.now)
        if kind is None:
            raise Missing
        await visit.record(work, "note.closed", f"note:{number}", before={"kind": kind})
    return visit.see("/boards/notes", "note_closed")


async def seats(visit: Visit) -> web.Response:
    """Seats to confirm and requests to decide."""
    async with visit.work() as work:
        waiting = await work.provisional(scope=visit.scope)
        requests = await _requests(visit, work)
    return visit.page("boards_seats.html", waiting=waiting, requests=requests)


async def confirm_seat(visit: Visit) -> web.Response:
    """Staff have made sure of somebody, who is told."""
    number = visit.number("seat")
    async with visit.work() as work:
        held = await work.seat(seat_id=number)
        if held is None or not visit.scope.holds(held.city, held.district):
            raise Missing
        if confirmed := await work.confirm_seat(seat_id=number, now=visit.now):
            await seating.tell(work, confirmed, "confirmed", visit.now)
            await visit.record(work, "seat.confirmed", f"seat:{number}")
    return visit.see("/boards/seats", "seat_confirmed")


async def decide(visit: Visit) -> web.Response:
    """A request is granted or refused, and whoever asked is told."""
    number = visit.number("request")
    async with visit.work() as work:
        asked = next((one for one in await _requests(visit, work) if one.id == number), None)
        if asked is None:
            raise Missing
        grants = visit.form["decision"] == "grant" and asked.unit is not None
        decided = await work.decide(request=number, unit=asked.unit if grants else None, now=visit.now)
        if decided is None:
            raise Missing
        contact, held = decided
        if held:
            await seating.tell(work, held, "granted", visit.now)
        else:
            await seating.refuse(work, contact, number, visit.now)
        act = "granted" if held else "refused"
        await visit.record(work, f"request.{act}", f"request:{number}")
    return visit.see("/boards/seats", f"request_{act}")


async def _requests(visit: Visit, work: Work) -> list[seating.Request]:
    """Those for units of the visitor's places; where no unit is known, they are those of all cities."""
    found = await work.seat_requests(city=visit.scope.city, limit=1000)
    return [one for one in found if visit.scope.holds(one.city, one.district)]


def _stages(library: Library, scope: Scope, now: datetime) -> Iterator[Ahead]:
    today = now.astimezone(CHINA).date()
    rows = [
        (part, fact, notice.header.city, fact.region or part.header.district)
        for notice in library.notices.values()
        for part, fact in notice.stages()
        if not fact.vague and fact.ends > now
    ]
    for part, fact, city, district in sorted(rows, key=lambda row: row[1].ends):
        if scope.holds(city, district) or (not district and scope.city == city):
            yield _ahead(library, part.id, fact, city, district, (fact.counted_from - today).days)


def _ahead(library: Library, notice: str, fact: Stage, city: str, district: str, days: int) -> Ahead:
    cite = library.sourced[f"{notice}/{fact.id}"].citation
    return Ahead(city=city, district=district, say=fact.say, ends=fact.ends, days=days, cite=cite)


def _days_since(moment: datetime | None, now: datetime) -> int:
    """As a calendar of China counts them: what came yesterday came a day ago."""
    return (now.astimezone(CHINA).date() - moment.astimezone(CHINA).date()).days if moment else 0


def _facts(note: StaffNote) -> str:
    """What a note says, in one line."""
    values = {name: _line(value) for name, value in note.content.items()}
    line: str | None = WORDS["note_lines"].get(note.kind)
    if line is None:
        return ", ".join(values.values())
    count = sum(len(value) for value in note.content.values() if isinstance(value, list))
    return line.format_map(defaultdict(str, values, count=count))


def _line(value: object) -> str:
    if isinstance(value, list):
        return "、".join(map(_line, value)) or "—"
    return " ".join(map(str, value.values())) if isinstance(value, dict) else str(value)
