"""Hand-off as staff do it: what a ticket shows, how an answer leaves, what waits for too long."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.announce import announce
from handlers import season
from handlers.alerts import Alert, Audience, Who
from knowledge.opening import Opening, opening
from knowledge.workdays import WorkingDays
from store.database import Store, Work
from store.reach import Kind, Reach, Ways, ways
from store.records import Fate, Ticket, TicketState, TicketWhy
from store.tickets import Answered, Asker, Spoken

_log = structlog.get_logger(__name__)

KIND: Final = "answer"
LONGEST: Final = 500
"""Characters of an answer: with what is put around it, one message of the platform."""
LATE: Final = timedelta(hours=2)
"""Office time after which a word that nobody has answered is brought before the city."""
WINDOW_NEAR: Final = timedelta(hours=4)
"""The same, before the platform closes the way back to the person."""
IDLE: Final = timedelta(hours=24)
STALE: Final = timedelta(days=7)
_USEFUL: Final = timedelta(days=7)
_BEFORE: Final = timedelta(days=1)
_QUESTION: Final = 20
_SWEEP_S: Final = 60.0
_PRIVATE: Final = frozenset({"binding", "status", "privacy"})
"""Handlers whose replies tell of people or units: staff of a place read those in their own lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Something that was said: by the person, in reply by the bot, or by staff (`who` is their name).
    `text` is None once it was erased; `hidden` where it is not for staff; `fate` what became of it."""

    at: datetime
    who: str
    text: str | None
    kind: str = ""
    hidden: bool = False
    fate: Fate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A ticket as its page shows it; `reach` and `ways` tell how an answer would go now."""

    ticket: Ticket
    asker: Asker
    lines: tuple[Line, ...]
    reach: Reach | None
    ways: Ways | None
    opening: Opening
    open: bool
    late: bool


async def sheet(work: Work, ticket: Ticket, kind: Kind, now: datetime) -> Sheet:
    """All that a clerk needs to answer."""
    reach = (await work.reach(contact_ids=[ticket.contact_id], now=now)).get(ticket.contact_id)
    front = await Front.of(work)
    hours = await front.hours(ticket)
    return Sheet(
        ticket=ticket,
        asker=await work.asker(contact_id=ticket.contact_id),
        lines=await _lines(work, ticket),
        reach=reach,
        ways=ways(reach, kind, now) if reach else None,
        opening=hours,
        open=hours.is_open(now, front.workdays),
        late=await front.waited(ticket, now) >= LATE,
    )


class Front:
    """When the staff of each place are there, read once for many tickets."""

    def __init__(self, work: Work, workdays: WorkingDays) -> None:
        self._work = work
        self._known: dict[tuple[str, str], Opening] = {}
        self.workdays = workdays

    @classmethod
    async def of(cls, work: Work) -> Front:
        """With the working days that staff have entered."""
        return cls(work, season.workdays(await work.days()))

    async def hours(self, ticket: Ticket) -> Opening:
        """The hours of the ticket's place."""
        place = ticket.city, ticket.district
        if place not in self._known:
            entered = await self._work.hours(city=ticket.city, district=ticket.district)
            self._known[place] = opening(entered.sessions if entered else None)
        return self._known[place]

    async def waited(self, ticket: Ticket, now: datetime) -> timedelta:
        """For how much office time the person's word has not been answered."""
        if ticket.waits_since is None:
            return timedelta()
        return (await self.hours(ticket)).passed(ticket.waits_since, now, self.workdays)


async def answer(work: Work, ticket: Ticket, *, staff_id: int, text: str, now: datetime) -> bool:
    """Keep an answer and put it on its way; False where the ticket is not this one's of the staff."""
    number = await work.answer_ticket(ticket_id=ticket.id, staff_id=staff_id, text=text, now=now)
    if number is None:
        return False
    values = {
        "text": text,
        "place": f"{ticket.city}{ticket.district}",
        "question": (ticket.question or "")[:_QUESTION],
        "first": ticket.state is not TicketState.TALKING,
    }
    await announce(work, [_alert(ticket, "human/answer", values, f"{ticket.id}:{number}", now)], now)
    return True


async def close(work: Work, ticket: Ticket, *, by: str, now: datetime) -> bool:
    """Finish; whoever was in conversation is told that the bot is back."""
    closed = await work.close_ticket(ticket_id=ticket.id, by=by, now=now)
    if closed and ticket.state is TicketState.TALKING:
        await announce(work, [_alert(ticket, "human/ended", {}, f"{ticket.id}:ended", now)], now)
    return closed


async def sweep(work: Work, now: datetime) -> int:
    """Bring what waits for too long before the city, end what has fallen silent; how many of them."""
    front, moved = await Front.of(work), 0
    for ticket in await work.tickets_waiting():
        if ticket.why is TicketWhy.ASKED and await _escalates(work, ticket, front, now):
            await work.escalate(ticket=ticket, now=now)
            await work.note(
                kind="ticket_waits",
                city=ticket.city,
                district="",
                content={"ticket": ticket.id, "district": ticket.district},
                dedupe_key=f"ticket_waits:{ticket.id}:{now.date()}",
                now=now,
            )
            moved += 1
    for ticket in await work.tickets_idle(talks_before=now - IDLE, asks_before=now - STALE):
        moved += await close(work, ticket, by="idle", now=now)
    return moved


class Watch:
    """Looks after tickets that wait, until cancelled."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    async def run(self) -> None:
        """Sweeps now and then."""
        while True:
            try:
                async with self._store.work() as work:
                    await sweep(work, self._clock())
            except Exception:
                _log.exception("tickets that wait could not be looked after", action="tickets_failed")
            await asyncio.sleep(_SWEEP_S)


async def _escalates(work: Work, ticket: Ticket, front: Front, now: datetime) -> bool:
    if await front.waited(ticket, now) >= LATE:
        return True
    reach = (await work.reach(contact_ids=[ticket.contact_id], now=now)).get(ticket.contact_id)
    until = reach.window_until if reach else None
    return until is not None and now < until <= now + WINDOW_NEAR


async def _lines(work: Work, ticket: Ticket) -> tuple[Line, ...]:
    spoken = await work.conversation(contact_id=ticket.contact_id, since=ticket.opened_at - _BEFORE)
    if ticket.state is TicketState.CLOSED:
        spoken = tuple(one for one in spoken if one.at <= ticket.moved_at)
    lines = [line for one in spoken for line in _said(one)]
    for written in await work.answers_of(ticket_id=ticket.id):
        fates = await work.deliveries_of(occasion=f"ticket:{ticket.id}:{written.id}")
        lines.append(_written(written, fates[-1] if fates else None))
    return tuple(sorted(lines, key=lambda line: line.at))


def _said(spoken: Spoken) -> list[Line]:
    hidden = not _PRIVATE.isdisjoint(_folders(spoken.trace))
    said = Line(at=spoken.at, who="", text=spoken.text, kind=spoken.kind, hidden=hidden)
    if spoken.reply is None:
        return [said]
    return [said, Line(at=spoken.at, who="bot", text=spoken.reply, hidden=hidden)]


def _folders(trace: str | None) -> set[str]:
    sections: list[Mapping[str, str]] = json.loads(trace or "{}").get("sections", [])
    return {section["template"].partition("/")[0] for section in sections}


def _written(answered: Answered, fate: Fate | None) -> Line:
    return Line(at=answered.at, who=answered.staff, text=answered.text, kind="answer", fate=fate)


def _alert(ticket: Ticket, template: str, values: Mapping[str, object], name: str, now: datetime) -> Alert:
    return Alert(
        kind=KIND,
        template=template,
        values=values,
        audience=Audience(who=Who.CONTACT, id=ticket.contact_id),
        occasion=f"ticket:{name}",
        due_at=now,
        not_after=now + _USEFUL,
    )
