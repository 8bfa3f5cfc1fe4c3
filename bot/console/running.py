"""Broadcasts on their way: how far, stopped and resumed, what became of whom, and what is done about it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from aiohttp import web

from bot.console.spreadsheet import XLSX, spreadsheet
from bot.console.visit import Missing, Visit
from bot.console.words import WORDS
from bot.desk.broadcast import PER_SECOND
from knowledge.notice import CHINA
from store.broadcasts import Aim, Broadcast
from store.database import Work
from store.limits import waking
from store.recipients import FAILED, NEVER, PACE_OVER, TOLD, UNSETTLED, Progress, Result
from store.records import BroadcastState, DeliveryState

_PAGE: Final = 100
_CALLS: Final = 400
_EXPORTED: Final = 100_000
_MOST_DIGITS: Final = 18
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "failed": (*FAILED, NEVER),
    "unclear": (DeliveryState.UNCLEAR,),
    "told": TOLD,
    "waiting": UNSETTLED,
    "cancelled": (DeliveryState.CANCELLED,),
}
"""Which recipients can be looked at by themselves, by the states of their last deliveries."""
SILENT: Final = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast it goes: messages in the last minute, and how long the rest takes at that rate."""

    lately: int
    left: int
    takes: timedelta | None


async def page(
    visit: Visit, work: Work, of: Broadcast, *, status: int = 200, problem: str = ""
) -> web.Response:
    """How far it is, and what can be done."""
    progress = await work.broadcast_progress(of=of, now=visit.now)
    return visit.page(
        "broadcast.html",
        status=status,
        problem=problem,
        groups=GROUPS,
        followers=await work.followers(scope=visit.scope, broadcast_id=of.id),
        follows=await _followed(visit, work, of),
        **_values(visit, of, progress),
    )


async def fragment(visit: Visit) -> web.Response:
    """The part of the page that moves."""
    async with visit.work() as work:
        of = await found(visit, work)
        progress = await work.broadcast_progress(of=of, now=visit.now)
    return visit.page("broadcast_progress.html", **_values(visit, of, progress))


async def settled(work: Work, of: Broadcast, now: datetime) -> bool:
    """Whether nothing of it is on its way any more."""
    return not (await work.broadcast_progress(of=of, now=now)).number(*UNSETTLED)


async def pause(visit: Visit) -> web.Response:
    """Let nothing more go for now; what is on its way arrives."""
    async with visit.work() as work:
        of = await found(visit, work)
        if not await work.pause_broadcast(broadcast_id=of.id):
            return await page(visit, work, of, status=409, problem="changed")
        await work.hold(of=of)
        await visit.record(work, "broadcast.paused", of.occasion)
    return visit.see(f"/broadcasts/{of.id}", "paused")


async def resume(visit: Visit) -> web.Response:
    """Let the rest go."""
    async with visit.work() as work:
        of = await found(visit, work)
        if not await work.resume_broadcast(broadcast_id=of.id):
            return await page(visit, work, of, status=409, problem="changed")
        await work.release(of=of, due=max(visit.now, of.draft.send_at or visit.now))
        await visit.record(work, "broadcast.resumed", of.occasion)
    return visit.see(f"/broadcasts/{of.id}", "resumed")


async def cancel(visit: Visit) -> web.Response:
    """Call back what has not gone, or drop the draft."""
    async with visit.work() as work:
        of = await found(visit, work)
        if not await work.cancel_broadcast(broadcast_id=of.id):
            return await page(visit, work, of, status=409, problem="changed")
        called_back = await work.call_back(of=of, now=visit.now)
        await visit.record(work, "broadcast.cancelled", of.occasion, after={"called_back": called_back})
    return visit.see(f"/broadcasts/{of.id}", "cancelled")


async def resend(visit: Visit) -> web.Response:
    """Once more to those whom it did not reach, or to one of whom nobody knows."""
    delivery = visit.form["delivery"]
    async with visit.work() as work:
        of = await found(visit, work)
        if of.state is not BroadcastState.APPROVED:
            return await page(visit, work, of, status=409, problem="changed")
        values: dict[str, Any] = {"of": of, "by": f"staff:{visit.staff.id}", "now": visit.now}
        if delivery:
            if not (delivery.isdecimal() and len(delivery) <= _MOST_DIGITS):
                raise Missing
            resent = int(await work.resend_one(delivery_id=int(delivery), **values))
        else:
            resent = await work.resend_failed(**values)
        if not resent:
            return await page(visit, work, of, status=409, problem="nothing_resent")
        await visit.record(work, "broadcast.resent", of.occasion, after={"deliveries": resent})
    return visit.see(f"/broadcasts/{of.id}", "resent")


async def chase(visit: Visit) -> web.Response:
    """A draft for those who received it and have not acknowledged it."""
    return await _follow(visit, "notice", "silent")


async def correct(visit: Visit) -> web.Response:
    """A draft for exactly those who received it, or may have."""
    return await _follow(visit, "correction", "told")


async def listed(visit: Visit) -> web.Response:
    """What became of each, a page at a time."""
    group, above = visit.query("group"), visit.query("above")
    after = int(above) if above.isdecimal() and len(above) <= _MOST_DIGITS else 0
    async with visit.work() as work:
        of = await found(visit, work)
        states = GROUPS.get(group, ())
        rows = await work.results(of=of, states=states, silent=group == SILENT, above=after, limit=_PAGE)
    more = rows[-1].contact_id if len(rows) == _PAGE else None
    return visit.page(
        "broadcast_recipients.html", of=of, results=rows, group=group, groups=[*GROUPS, SILENT], more=more
    )


async def export(visit: Visit) -> web.Response:
    """What became of each, as xlsx."""
    async with visit.work() as work:
        of = await found(visit, work)
        rows = await work.results(of=of, limit=_EXPORTED)
        await visit.record(work, "broadcast.exported", of.occasion, after={"rows": len(rows)})
    words = WORDS["broadcast_sheet"]
    reasons = visit.house.templates.filters["reason"]
    cells = [_row(one, reasons) for one in rows]
    data = await asyncio.to_thread(spreadsheet, words["name"], words["columns"], cells)
    return visit.download(data, f"{words['name']}-{of.id}.xlsx", XLSX)


async def calls(visit: Visit) -> web.Response:
    """Whom nothing reached, with their telephones, by district and street, to be printed a part at a time."""
    skipped = visit.query("after")
    after = int(skipped) if skipped.isdecimal() and len(skipped) <= _MOST_DIGITS else 0
    async with visit.work() as work:
        of = await found(visit, work)
        rows = await work.broadcast_calls(of=of)
        await visit.record(work, "broadcast.calls", of.occasion, after={"people": len(rows)})
    shown = rows[after : after + _CALLS]
    streets = [
        (place, list(several))
        for place, several in groupby(shown, key=lambda one: (one.district, one.street))
    ]
    more = after + _CALLS if after + _CALLS < len(rows) else None
    return visit.page(
        "broadcast_calls.html", of=of, streets=streets, number=len(rows), after=after, more=more
    )


async def found(visit: Visit, work: Work) -> Broadcast:
    """The broadcast of the path; raises Missing."""
    number, changing = visit.number("broadcast"), visit.request.method == "POST"
    of = await work.broadcast(scope=visit.scope, broadcast_id=number, lock=changing)
    if of is None:
        raise Missing
    return of


async def _followed(visit: Visit, work: Work, of: Broadcast) -> Broadcast | None:
    return await work.broadcast(scope=visit.scope, broadcast_id=of.follows) if of.follows else None


async def _follow(visit: Visit, kind: str, who: str) -> web.Response:
    token = visit.form.text("token", longest=64)
    async with visit.work() as work:
        of = await found(visit, work)
        progress = await work.broadcast_progress(of=of, now=visit.now)
        if visit.form.faults or not (progress.silent if who == "silent" else progress.number(*TOLD)):
            return await page(visit, work, of, status=409, problem="nobody_to_tell")
        draft = replace(of.draft, aim=Aim(who=who), send_at=None, not_after=None)
        number = await work.add_broadcast(
            token=token, draft=draft, by=visit.staff.id, now=visit.now, kind=kind, follows=of.id
        )
        await visit.record(
            work, "broadcast.written", f"broadcast:{number}", after={"follows": of.id, "who": who}
        )
    return visit.see(f"/broadcasts/{number}/edit", who)


def _values(visit: Visit, of: Broadcast, progress: Progress) -> dict[str, Any]:
    left = progress.number(*UNSETTLED)
    paused = of.state is BroadcastState.PAUSED
    begins_at = waking(max(of.draft.send_at or visit.now, visit.now))
    rate = progress.lately / PACE_OVER.total_seconds() or PER_SECOND
    return {
        "of": of,
        "progress": progress,
        "pace": Pace(
            lately=progress.lately,
            left=left,
            takes=None if paused or not left else timedelta(seconds=max(1, round(left / rate))),
        ),
        "told": progress.number(*TOLD),
        "failed": progress.number(*GROUPS["failed"]),
        "begins_at": begins_at if begins_at > visit.now else None,
        "done_share": 1 - left / (progress.number() or 1),
        "live": bool(left) and not paused,
    }


def _row(one: Result, reasons: Any) -> list[str | int]:
    words = WORDS["broadcast"]
    return [
        one.code,
        one.unit,
        one.units,
        one.district,
        one.street,
        words["states"][one.state],
        reasons(one.reason) if one.reason else "",
        words["paths"][one.path] if one.path else "",
        _local(one.settled_at),
        _local(one.acknowledged_at),
    ]


def _local(moment: datetime | None) -> str:
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M") if moment else ""
