"""What happened in the demo's town before its morning: people spoke to the bot, staff sent and answered.

All of it goes as it always goes, over the wire and by the desk, a day earlier by the service's clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bot.announce import announce
from bot.console import post
from bot.desk import imports, tickets
from bot.desk.status import digest
from bot.invented import Account, Bound, Claim, Text, Words
from bot.stage import Stage
from knowledge.notice import CHINA
from store.broadcasts import Aim, Broadcast, Draft
from store.database import Work
from store.drafts import Draft as Upload
from store.records import Actor, CodePurpose, DeliveryState, Span
from store.rosters import Registration
from store.scope import EVERYWHERE, Scope

_HOLDS: Final = timedelta(days=7)
_EARLIER: Final = timedelta(days=1)
_OPENS: Final = 10
_LOOK_S: Final = 0.02
_PATIENCE_S: Final = 60
_ADDRESS: Final = "127.0.0.*"


class Eve:
    """Plays on a stage whose roster and accounts (`staff`, numbers by login) are there. `export` is the
    platform's of the day before."""

    def __init__(
        self,
        stage: Stage,
        words: Words,
        units: Sequence[Registration],
        staff: Mapping[str, int],
        export: bytes,
    ) -> None:
        self._stage = stage
        self._store = stage.service.store
        self._words = words
        self._units = units
        self._staff = staff
        self._export = export
        clerk = self._account("clerk")
        self._scope = Scope(clerk.city, clerk.districts)
        self._phones: dict[int, str] = {}

    async def play(self) -> None:
        """From the day before to the moment at which the stage stood, where time begins to run."""
        morning = self._stage.service.clock.now()
        day = (morning - _EARLIER).astimezone(CHINA)
        await self._stage.move(day.replace(hour=_OPENS, minute=0, second=0, microsecond=0))
        await self._opens()
        for bound in self._words.bound:
            await self._bind(bound)
        for claim in self._words.claims:
            await self._claim(claim)
        await self._imports()
        await self._tells()
        for bound in self._words.bound:
            await self._says(bound.unit, bound.before)
        await self._answers()
        await self._stage.move(morning, rate=1)
        for bound in self._words.bound:
            await self._says(bound.unit, bound.says)
        await self._waits()

    @property
    def _now(self) -> datetime:
        return self._stage.service.clock.now()

    def _account(self, login: str) -> Account:
        return next(one for one in self._words.accounts if one.login == login)

    async def _record(self, work: Work, login: str, action: str, object: str, **after: Any) -> None:
        actor = Actor(staff_id=self._staff[login], role=self._account(login).role, address=_ADDRESS)
        await work.record(actor=actor, at=datetime.now(UTC), action=action, object=object, after=after)

    async def _opens(self) -> None:
        """Hours, frequent answers, a text and a list that are used again."""
        words, now, by = self._words, self._now, self._staff["clerk"]
        city, district = self._scope.city, self._scope.districts[0]
        async with self._store.work() as work:
            await work.enter_hours(city=city, district=district, sessions=words.hours, now=now)
            for one in words.canned:
                await work.write_canned(city=city, district=district, title=one.title, text=one.text, now=now)
            text = words.template
            await work.keep_template(city=city, title=text.title, body=text.body, by=by, now=now)
            units = self._units[: words.list.units]
            found = await work.matching_units(scope=self._scope, codes=[one.code for one in units], names=[])
            kept = await work.add_list(
                token=words.list.name,
                name=words.list.name,
                scope=self._scope,
                streets={one.id: one.street for one in found},
                by=by,
                now=now,
            )
            await work.tag_listed(scope=self._scope, list_id=kept, tag=words.list.tag)
            await self._record(work, "clerk", "list.added", f"list:{kept}", name=words.list.name)

    async def _bind(self, bound: Bound) -> None:
        unit = self._units[bound.unit]
        async with self._store.work() as work:
            kept = await work.unit(code=unit.code)
            assert kept is not None  # it was just taken in
            person = (await work.people_of(unit=kept.id))[0]
            code = await work.issue_code(
                purpose=CodePurpose.INVITE,
                unit=kept.id,
                issued_by="staff",
                now=self._now,
                span=_HOLDS,
                person=person.id,
            )
        await self._says(bound.unit, (code, self._words.agrees))

    async def _claim(self, claim: Claim) -> None:
        unit = self._units[claim.unit]
        words = (one.format(code=unit.code, phone=unit.people[0].phone) for one in claim.says)
        await self._says(claim.unit, tuple(words))

    async def _says(self, number: int, words: Sequence[str]) -> None:
        """What somebody of a unit says, on a phone that follows the account from their first word on."""
        simulator, unit = self._stage.simulator, self._units[number]
        if number not in self._phones:
            phone = simulator.person(f"{unit.people[0].name} {unit.name}", followed=False)
            self._phones[number] = phone.openid
            await simulator.follow(phone.openid)
        for one in words:
            await simulator.say(self._phones[number], one)

    async def _imports(self) -> None:
        """The platform's export of that day is taken in; whom it concerns is told."""
        place = self._words.notices[0]
        upload = Upload(
            id=0,
            kind="status",
            city=place.city,
            district=self._scope.districts[0],
            notice=place.notice,
            file_name="export.xlsx",
            table=await imports.read("status", self._export),
            digest=digest(self._export),
            exported_at=self._now,
        )
        library, by = self._stage.service.library, "clerk"
        await imports.take(self._store, library, upload, self._scope, by=by, now=self._now)
        async with self._store.work() as work:
            await self._record(work, by, "import.applied", "import:1", file=upload.file_name)
        await self._settled()

    async def _tells(self) -> None:
        """A broadcast to the whole district, approved and sent."""
        of = await self._submitted(self._words.told, Aim())
        now = self._now
        begins_at = post.begins(of, now)
        ends_at = post.ends(of, begins_at)
        async with self._store.work() as work:
            approver = self._staff["approver"]
            approved = await work.approve(
                of=of, by=approver, seen=of.digest, send_at=begins_at, not_after=ends_at, now=now
            )
            assert approved  # nobody else is there yet
            districts = await work.districts_of(of=of)
            alerts = post.alerts(
                of, districts, begins_at=begins_at, ends_at=ends_at, corrects=None, link=None
            )
            await announce(work, alerts, now)
            await self._record(work, "approver", "broadcast.approved", of.occasion, people=of.people)
        await self._stage.move(begins_at + post.RECALL)
        await self._settled()

    async def _submitted(self, text: Text, aim: Aim) -> Broadcast:
        """A broadcast that waits for its approval."""
        by, now = self._staff["clerk"], self._now
        draft = Draft(
            title=text.title,
            body=text.body,
            receipt=text.receipt,
            city=self._scope.city,
            districts=self._scope.districts,
            aim=aim,
            send_at=None,
            not_after=None,
        )
        async with self._store.work() as work:
            number = await work.add_broadcast(token=text.title, draft=draft, by=by, now=now)
            of = await work.broadcast(scope=EVERYWHERE, broadcast_id=number)
            assert of is not None
            found = await work.freeze(of=of)
            await work.submit(
                of=of,
                by=by,
                people=len(found.people),
                duplicates=found.duplicates,
                confirmed=(),
                now=now,
            )
            await self._record(work, "clerk", "broadcast.submitted", of.occasion, people=len(found.people))
            submitted = await work.broadcast(scope=EVERYWHERE, broadcast_id=number)
        assert submitted is not None
        return submitted

    async def _answers(self) -> None:
        """The clerk answers the first who has asked for her, and is done with it."""
        by = self._staff["clerk"]
        async with self._store.work() as work:
            first = min(await work.tickets_of(scope=self._scope), key=lambda ticket: ticket.id)
            await work.take_ticket(ticket_id=first.id, staff_id=by, now=self._now)
            await tickets.answer(work, first, staff_id=by, text=self._words.answer.text, now=self._now)
            await self._record(work, "clerk", "ticket.answered", f"ticket:{first.id}")
        await self._settled()
        async with self._store.work() as work:
            talking = await work.ticket(scope=self._scope, ticket_id=first.id)
            assert talking is not None
            await tickets.close(work, talking, by="staff", now=self._now)
            await self._record(work, "clerk", "ticket.closed", f"ticket:{first.id}")
        await self._settled()

    async def _waits(self) -> None:
        """What is left for the morning: a broadcast to the list that somebody else has to approve."""
        async with self._store.work() as work:
            (kept,) = await work.saved_lists(scope=self._scope)
        await self._submitted(self._words.waits, Aim(list_id=kept.id))

    async def _settled(self) -> None:
        """Until nothing that is due is on its way."""
        today = self._now.astimezone(CHINA).date()
        span = Span(first=today, last=today)
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                self._stage.service.delivery.wake()
                async with self._store.work() as work:
                    waiting = await work.oldest_waiting()
                    known = await work.delivered(scope=EVERYWHERE, span=span)
                moving = any(one.name == DeliveryState.SENDING for one in known)
                if not moving and (waiting is None or waiting > self._now):
                    return
                await asyncio.sleep(_LOOK_S)
