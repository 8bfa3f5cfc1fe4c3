"""Questions for staff: what waits, one of them with its conversation, and how it is answered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from aiohttp import web

from bot.console.form import Form
from bot.console.staffing import places
from bot.console.visit import Missing, Visit
from bot.desk import tickets as desk
from store.database import Work
from store.records import Ticket, TicketWhy

_SHOWN: Final = ("asked", "unanswered", "closed")


async def listed(visit: Visit) -> web.Response:
    """What waits in the visitor's places, the late first; or what only the bot left open, or is over."""
    wanted = visit.query("show")
    show = wanted if wanted in _SHOWN else "asked"
    async with visit.work() as work:
        why = TicketWhy.UNANSWERED if show == "unanswered" else TicketWhy.ASKED
        found = await work.tickets_of(scope=visit.scope, why=why, closed=show == "closed")
        front = await desk.Front.of(work)
        waited = [int((await front.waited(ticket, visit.now)).total_seconds()) // 60 for ticket in found]
    return visit.page("tickets.html", rows=list(zip(found, waited, strict=True)), show=show)


async def show(visit: Visit) -> web.Response:
    """One ticket: who asks, what was said, how an answer would go."""
    async with visit.work() as work:
        ticket = await _ticket(visit, work)
        return await _page(visit, work, ticket)


async def lines(visit: Visit) -> web.Response:
    """The conversation alone, which its page reads again now and then."""
    async with visit.work() as work:
        ticket = await _ticket(visit, work)
        sheet = await desk.sheet(work, ticket, visit.house.kinds[desk.KIND], visit.now)
    return visit.page("ticket_lines.html", sheet=sheet)


async def take(visit: Visit) -> web.Response:
    """Take a ticket, so that no colleague answers it as well."""
    async with visit.work() as work:
        ticket = await _ticket(visit, work)
        mine = await work.take_ticket(ticket_id=ticket.id, staff_id=visit.staff.id, now=visit.now)
        return await _then(visit, work, ticket, "taken", done=mine)


async def take_over(visit: Visit) -> web.Response:
    """Take what a colleague has taken."""
    async with visit.work() as work:
        ticket = await _ticket(visit, work)
        mine = ticket.staff_id is not None and await work.take_over(
            ticket_id=ticket.id, staff_id=visit.staff.id, from_staff=ticket.staff_id, now=visit.now
        )
        return await _then(visit, work, ticket, "taken_over", done=mine)


async def put_back(visit: Visit) -> web.Response:
    """Leave it to colleagues."""
    async with visit.work() as work:
        ticket = await _ticket(visit, work)
        back = await work.put_back(ticket_id=ticket.id, staff_id=visit.staff.id, now=visit.now)
        return await _then(visit, work, ticket, "put_back", done=back)


async def move(visit: Visit) -> web.Response:
    """Give it to another district, or one without a city to a city."""
    async with visit.work() as work:
        ticket = await _ticket(visit, work)
        place = visit.form.choice("place", [_named(*place) for place in _places(visit, ticket)])
        if visit.form.faults:
            return await _page(visit, work, ticket, status=422)
        city, _, district = place.partition("/")
        moved = await work.move_ticket(ticket_id=ticket.id, city=city, district=district, now=visit.now)
        if not moved:
            return await _page(visit, work, ticket, status=409, lost=True)
        await visit.record(
            work,
            "ticket.moved",
            f"ticket:{ticket.id}",
            before={"city": ticket.city, "district": ticket.district},
            after={"city": city, "district": district},
        )
    return visit.see("/tickets", "ticket_moved")


async def answer(visit: Visit) -> web.Response:
    """Write to the person; the words leave by the way that is open."""
    text = visit.form.text("text", longest=desk.LONGEST)
    async with visit.work() as work:
        ticket = await _ticket(visit, work)
        if visit.form.faults:
            return await _page(visit, work, ticket, status=422)
        sent = await desk.answer(work, ticket, staff_id=visit.staff.id, text=text, now=visit.now)
        return await _then(visit, work, ticket, "answered", done=sent)


async def close(visit: Visit) -> web.Response:
    """Finish; the bot answers the person again, and says so."""
    async with visit.work() as work:
        ticket = await _ticket(visit, work)
        closed = await desk.close(work, ticket, by="staff", now=visit.now)
        return await _then(visit, work, ticket, "closed", done=closed)


async def _then(visit: Visit, work: Work, ticket: Ticket, act: str, *, done: bool) -> web.Response:
    """On to the ticket; or, where a colleague or the person was quicker, the page as it now is."""
    if not done:
        return await _page(visit, work, await _ticket(visit, work), status=409, lost=True)
    await visit.record(work, f"ticket.{act}", f"ticket:{ticket.id}")
    return visit.see(f"/tickets/{ticket.id}", f"ticket_{act}")


async def _ticket(visit: Visit, work: Work) -> Ticket:
    ticket = await work.ticket(scope=visit.scope, ticket_id=visit.number("ticket"))
    if ticket is None:
        raise Missing
    return ticket


async def _page(
    visit: Visit, work: Work, ticket: Ticket, *, status: int = 200, lost: bool = False
) -> web.Response:
    sheet = await desk.sheet(work, ticket, visit.house.kinds[desk.KIND], visit.now)
    canned = await work.canned(scope=visit.scope)
    chosen = next((one for one in canned if str(one.id) == visit.query("canned")), None)
    values: dict[str, Any] = {} if visit.form["text"] or not chosen else {"form": Form.of(text=chosen.text)}
    return visit.page(
        "ticket.html",
        status=status,
        sheet=sheet,
        lost=lost,
        canned=canned,
        places=[(_named(*place), "".join(place)) for place in _places(visit, ticket)],
        longest=desk.LONGEST,
        **values,
    )


def _places(visit: Visit, ticket: Ticket) -> Iterable[tuple[str, str]]:
    """Where a ticket can go: to its city and each of its districts; without a city to any."""
    for city, districts in places(visit.house.library).items():
        if ticket.city in ("", city):
            yield from ((city, district) for district in ("", *districts))


def _named(city: str, district: str) -> str:
    return f"{city}/{district}"
