"""A whole season in little time: who is told what and when, by the service itself, over the real wire.

Service time is set to one due moment after the other. The people are invented (`rehearsal.yaml`); WeChat is
played by the simulator.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from pydantic import BaseModel, ConfigDict

from bot.simulator import Fate as Played
from bot.simulator import Template
from bot.stage import Stage, staged
from handlers.season import Planned, Season
from knowledge import yaml_source
from knowledge.edition import Notice
from knowledge.library import Library
from knowledge.notice import CHINA
from knowledge.process import Audience
from store.records import CodePurpose, DeliveryState, Fate
from store.rosters import Listing, Registration

_FILE: Final = Path(__file__).with_name("rehearsal.yaml")
_TEMPLATES: Final = Path(__file__).parent / "pages" / "templates"
_TEMPLATE: Final = "rehearsal"
_KINDS: Final = ("reminder", "correction", "news")
_HOLDS: Final = timedelta(days=7)
_OPENS: Final = time(10)
_PATIENCE_S: Final = 10.0
_LOOK_S: Final = 0.01
_NOT_TOLD: Final = (DeliveryState.REFUSED, DeliveryState.UNCLEAR, DeliveryState.EXPIRED)


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Person(_Row):
    """Somebody of the roster, or a candidate: what they say after the reminder so many days before, and after
    which they leave."""

    name: str
    phone: str = ""
    binds: bool = False
    district: str = ""
    says: Mapping[int, str] = {}
    leaves: int | None = None


class Unit(_Row):
    """An invented unit."""

    name: str
    code: str
    district: str
    people: tuple[Person, ...]


class Cast(_Row):
    """All of a rehearsal, with the words that they say."""

    units: tuple[Unit, ...]
    candidates: tuple[Person, ...]
    agrees: str
    wishes: str
    unsure: str
    title: str
    fields: Mapping[str, str]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody with WeChat."""

    openid: str
    person: Person
    unit: str
    district: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A line of the table, in China's time. `path`: how it came; `staff` for a note to the offices, `nobody`
    for what came to nobody, with `reason`. `who` is empty for somebody whom only the roster names."""

    at: datetime
    who: str
    unit: str
    district: str
    path: str
    text: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What happened, in order."""

    notice: Notice
    rows: Sequence[Told]

    def text(self) -> str:
        """The table as text."""
        return _words().get_template("rehearsal.txt.j2").render(rehearsal=self, days=self.days())

    def page(self) -> str:
        """The table and its time line as HTML."""
        style = (_TEMPLATES / "page.css").read_text(encoding="utf-8")
        template = _words().get_template("rehearsal.html")
        return template.render(rehearsal=self, days=self.days(), style=style)

    def days(self) -> list[tuple[datetime, list[Told], float]]:
        """The moments, what was told at each, and where each stands from the first (0) to the last (1)."""
        moments = sorted({row.at for row in self.rows})
        span = (moments[-1] - moments[0]) / timedelta(days=1) if moments else 0.0
        return [
            (
                moment,
                [row for row in self.rows if row.at == moment],
                (moment - moments[0]) / timedelta(days=1) / span if span else 0.0,
            )
            for moment in moments
        ]


def _words() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        autoescape=select_autoescape(),  # by ending
        trim_blocks=True,
        lstrip_blocks=True,
    )


Pace = Callable[[timedelta], Awaitable[object]]
_SPEED: Final = re.compile(r"(\d+(?:\.\d+)?)([dhm])/s")
_UNITS: Final = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}


def pace(speed: str) -> Pace | None:
    """Waits for a real second for each `1d` of `1d/s`, not at all for `0`; None for anything else."""
    match = _SPEED.fullmatch(speed)
    a_second = float(match[1]) * _UNITS[match[2]] if match else timedelta()
    if not a_second and speed != "0":
        return None

    async def wait(passed: timedelta) -> None:
        await asyncio.sleep(passed / a_second if a_second else 0)

    return wait


async def rehearse(library: Library, notice: Notice, *, pace: Pace, **given: Any) -> Rehearsal:
    """Plays the season of a notice; `pace` is awaited with the time that passes between two moments. `given`
    are further settings."""
    cast = Cast.model_validate(yaml_source.read(_FILE).value)
    start = datetime.combine(notice.header.issued, _OPENS, CHINA)
    card = {"template": {"id": _TEMPLATE, "fields": dict(cast.fields)}}
    async with staged(start=start, templates=dict.fromkeys(_KINDS, card), **given) as stage:
        stage.simulator.templates.add(Template(id=_TEMPLATE, title=cast.title, content=cast.content))
        stage.simulator.knobs.receipt_seconds = (0, 0)
        await stage.move(start)
        await stage.service.reminding.sweep()
        play = _Play(stage, library, notice, cast)
        await play.gather(start)
        return Rehearsal(notice=notice, rows=await play.season(start, pace))


class _Play:
    def __init__(self, stage: Stage, library: Library, notice: Notice, cast: Cast) -> None:
        self._stage = stage
        self._library = library
        self._notice = notice
        self._cast = cast
        self._actors: list[Actor] = []
        self._seen = 0
        own = [fact.region or part.header.district for part, fact in notice.stages()]
        others = [region.name for region in notice.regions if region.name not in own]
        own = [district for district in own if district] or others[-1:]
        self._districts = {"own": own[0] if own else "", "other": others[0] if others else ""}

    async def gather(self, now: datetime) -> None:
        """The roster is taken in; whoever binds or wishes does so."""
        for unit in self._cast.units:
            await self._register(unit, now)
        programme = self._notice.programmes[0]
        for person in self._cast.candidates:
            actor = await self._enters(person, "", self._districts[person.district])
            words = f"{self._cast.wishes}{programme.name} {actor.district}"
            await self._stage.simulator.say(actor.openid, words)

    async def season(self, start: datetime, pace: Pace) -> list[Told]:
        """From one due moment to the next, until nothing more is due."""
        rows: list[Told] = []
        now = start
        while (moment := await self._next(now)) is not None:
            await pace(moment - now)
            now = moment
            await self._stage.move(now)
            planned = [
                p for p in self._season().planned if p.due.at == now and p.notice.id == self._notice.id
            ]
            await self._stage.service.reminding.sweep()
            rows += sorted(await self._told(now, planned), key=lambda row: (row.unit, row.who, row.text))
            await self._act(planned)
        return rows

    def _season(self) -> Season:
        return self._stage.service.reminding.season

    async def _next(self, now: datetime) -> datetime | None:
        """The next reminder of the notice, or the next delivery that waits."""
        planned = [
            p.due.at for p in self._season().planned if p.notice.id == self._notice.id and p.due.at > now
        ]
        async with self._stage.service.store.work() as work:
            waiting = await work.oldest_waiting()
        return min([*planned, *([waiting] if waiting and waiting > now else [])], default=None)

    async def _register(self, unit: Unit, now: datetime) -> None:
        district = self._districts[unit.district]
        registration = Registration(
            code=unit.code,
            name=unit.name,
            city=self._notice.header.city,
            district=district,
            department="",
            people=tuple(Listing(name=person.name, phone=person.phone) for person in unit.people),
        )
        store = self._stage.service.store
        async with store.work() as work:
            await work.take_roster(registrations=[registration], now=now, keep=True)
            kept = await work.unit(code=unit.code)
            assert kept is not None  # it was just taken in
            people = await work.people_of(unit=kept.id)
        for person, listed in zip(unit.people, people, strict=True):
            if not person.binds:
                continue
            async with store.work() as work:
                code = await work.issue_code(
                    purpose=CodePurpose.INVITE,
                    unit=kept.id,
                    issued_by="staff",
                    now=now,
                    span=_HOLDS,
                    person=listed.id,
                )
            actor = await self._enters(person, unit.name, district)
            for words in (code, self._cast.agrees):
                await self._stage.simulator.say(actor.openid, words)

    async def _enters(self, person: Person, unit: str, district: str) -> Actor:
        openid = self._stage.simulator.person(person.name, followed=False).openid
        await self._stage.simulator.follow(openid)
        actor = Actor(openid=openid, person=person, unit=unit, district=district)
        self._actors.append(actor)
        return actor

    async def _told(self, now: datetime, planned: Sequence[Planned]) -> list[Told]:
        """What was told at this moment, and to whom it could not be."""
        here = now.astimezone(CHINA)
        rows = [
            Told(
                at=here,
                who="",
                unit="",
                district="",
                path="staff",
                text=p.due.deadline.fact.name,
                reason="" if p.due.days_before is None else str(p.due.days_before),
            )
            for p in planned
            if p.side is Audience.STAFF
        ]
        occasions = {p.occasion for p in planned if p.side is not Audience.STAFF}
        fates = await self._settled(now, occasions)
        by_openid = {actor.openid: actor for actor in self._actors}
        delivered = list(self._stage.simulator.deliveries)[self._seen :]
        self._seen += len(delivered)
        for one in delivered:
            if one.fate is Played.DELIVERED and (actor := by_openid.get(one.openid)):
                rows.append(_heard(here, actor, str(one.channel), one.text))
        for fate in fates:
            if fate.state in _NOT_TOLD:
                rows.append(
                    Told(
                        at=here,
                        who="",
                        unit=fate.unit,
                        district="",
                        path="nobody",
                        text="",
                        reason=fate.reason,
                    )
                )
        return rows

    async def _settled(self, now: datetime, occasions: Collection[str]) -> list[Fate]:
        """Where the deliveries of these occasions stand, once nothing that is due is on its way."""
        store, delivery = self._stage.service.store, self._stage.service.delivery
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                delivery.wake()
                async with store.work() as work:
                    fates = [f for occasion in occasions for f in await work.deliveries_of(occasion=occasion)]
                    waiting = await work.oldest_waiting()
                moving = any(fate.state is DeliveryState.SENDING for fate in fates)
                if not moving and (waiting is None or waiting > now):
                    return fates
                await asyncio.sleep(_LOOK_S)

    async def _act(self, planned: Sequence[Planned]) -> None:
        """What people do after they were reminded."""
        counts = {p.due.days_before for p in planned if p.side is not Audience.STAFF}
        for actor in self._actors:
            for days, words in actor.person.says.items():
                if days in counts:
                    await self._stage.simulator.say(actor.openid, words)
            if actor.person.leaves in counts and actor.person.leaves is not None:
                await self._stage.simulator.unfollow(actor.openid)


def _heard(at: datetime, actor: Actor, path: str, text: str) -> Told:
    return Told(at=at, who=actor.person.name, unit=actor.unit, district=actor.district, path=path, text=text)
