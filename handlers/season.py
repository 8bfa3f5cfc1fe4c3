"""A season in alerts: who is reminded of what and when, and who hears of stages that move and new notices.

Pure: what falls due between two moments, and what differs from what everybody was told of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from handlers.affairs import EnteredDay
from handlers.alerts import Alert, Audience, Premise, Who
from knowledge.calendar import Deadline, Due, deadlines, schedule
from knowledge.changes import heirs
from knowledge.edition import Notice
from knowledge.library import Library
from knowledge.notice import Stage
from knowledge.process import Audience as Side
from knowledge.workdays import Override, WorkingDays

DEADLINE: Final = "deadline"
NEWS: Final = "news"
"""The kinds of wishes."""

_USEFUL: Final = timedelta(days=3)
"""How long a correction is of use at least."""
_NEWS_USEFUL: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A reminder and whom it is for: the programmes that share its stage, in these districts (`""`: of none),
    or everywhere where none is named."""

    side: Side
    notice: Notice
    due: Due
    programmes: tuple[str, ...]
    districts: tuple[str, ...]

    @property
    def occasion(self) -> str:
        """The same in every process. A stage that moves makes new ones."""
        return f"{told_of(self.notice, self.due.deadline.id)}{_day(self.due)}:{_count(self.due)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What staff of a place should know, once for each key."""

    kind: str
    city: str
    district: str
    content: Mapping[str, Any]
    dedupe_key: str


class Season:
    """Every reminder of a library, in order of time; `moments` are kept, so that a tick costs nothing."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self.planned = tuple(
            sorted(
                (
                    planned
                    for notice in library.notices.values()
                    if not notice.superseded_by
                    for side in Side
                    for planned in _plan(library, notice, side)
                ),
                key=lambda p: (p.due.at, p.occasion, p.side != Side.UNIT),
            )
        )

    def between(self, after: datetime, until: datetime) -> tuple[Planned, ...]:
        """What fell due after one moment, up to and with another, and still helps at the latter."""
        return tuple(p for p in self.planned if after < p.due.at <= until < p.due.not_after)

    def next(self, after: datetime) -> datetime | None:
        """When the next reminder falls due; None after the last one."""
        return next((p.due.at for p in self.planned if p.due.at > after), None)

    def reminders(self, after: datetime, until: datetime, workdays: WorkingDays) -> Iterator[Alert]:
        """To the contacts of units and to those who wished for it; who is both hears it as a unit's."""
        for planned in self.between(after, until):
            if planned.side is not Side.STAFF:
                yield from _alerts(planned, workdays)

    def notes(self, after: datetime, until: datetime) -> Iterator[Note]:
        """What the offices are reminded of: their own stages."""
        for planned in self.between(after, until):
            if planned.side is Side.STAFF:
                yield _note(planned)

    def moved(self, stage: str, was: str, now: datetime) -> Iterator[Alert]:
        """The correction of a stage that everybody was told of: to all who were reminded of it, and to all
        who wished to be. Nothing where the old and the new end are past, or nobody is reminded of it."""
        found = [p for p in self.planned if p.due.deadline.id == stage and p.side is not Side.STAFF]
        if not found:
            return
        planned = found[0]
        ends = planned.due.deadline.ends
        if max(ends, datetime.fromisoformat(was)) <= now:
            return
        values = {**_values(planned), "was": was}
        told = Audience(who=Who.TOLD, topic=told_of(planned.notice, stage))
        districts = tuple(dict.fromkeys(d for p in found for d in p.districts))
        for audience in (told, *_wishers(planned.notice, planned.programmes, districts)):
            yield Alert(
                kind="correction",
                template="reminders/moved",
                values=values,
                audience=audience,
                occasion=f"moved:{planned.notice.id}:{stage}:{version(planned.due.deadline)}",
                due_at=now,
                not_after=max(ends, now + _USEFUL),
                premises=[still(planned.due.deadline)],
            )

    def opened(self, notice: Notice, now: datetime) -> Iterator[Alert]:
        """The news of a notice, to all who asked to hear when the next one of a programme is out."""
        for old in self._library.notices.values():
            if old.header.city != notice.header.city or old.header.issued >= notice.header.issued:
                continue
            topics = {programme for pair in heirs(old, notice).items() for programme in pair}
            for topic in sorted(f"{notice.header.city}/{programme}" for programme in topics):
                yield Alert(
                    kind="news",
                    template="reminders/new_edition",
                    values={"notice": notice.id, "before": old.id},
                    audience=Audience(who=Who.WISHERS, kind=NEWS, topic=topic),
                    occasion=f"edition:{notice.id}",
                    due_at=now,
                    not_after=now + _NEWS_USEFUL,
                    premises=[Premise(what="wish", of=topic)],
                )


def told_of(notice: Notice, stage: str) -> str:
    """How the occasions of a stage's reminders begin; up to the notice, how all of the notice's do."""
    return f"{reminders_of(notice)}:{stage}:"


def reminders_of(notice: Notice) -> str:
    """The topic by which somebody hears no more of a notice's deadlines."""
    return f"reminder:{notice.id}"


def version(deadline: Deadline) -> str:
    """Which end of a stage is meant, as the premise `stage` has it: ISO in UTC."""
    return deadline.ends.isoformat()


def stages(library: Library) -> Mapping[str, tuple[str, str]]:
    """Every stage: the notice that says it, and its version."""
    return {
        f"{part.id}/{fact.id}": (part.id, fact.ends.astimezone(UTC).isoformat())
        for notice in library.notices.values()
        for part in (notice, *notice.relays)
        for fact in part.facts
        if isinstance(fact, Stage)
    }


def contact(id_: int) -> Audience:
    """One contact alone."""
    return Audience(who=Who.CONTACT, id=id_)


def still(deadline: Deadline) -> Premise:
    """That a stage has not moved."""
    return Premise(what="stage", of=deadline.id, version=version(deadline))


def workdays(entered: Mapping[date, EnteredDay]) -> WorkingDays:
    """The calendar, with what staff have entered over it."""
    return WorkingDays(
        {day: Override(working=row.working, name=row.name, source=row.source) for day, row in entered.items()}
    )


def _plan(library: Library, notice: Notice, side: Side) -> Iterator[Planned]:
    """The reminders of one audience. A district with dates of its own has them, all others the city's."""
    own = {fact.region or part.header.district for part, fact in notice.stages()} - {""}
    found: dict[str, dict[str, tuple[Due, list[str]]]] = defaultdict(dict)
    for place in ("", *sorted(own)):
        for programme in (p.id for p in notice.programmes):
            for due in schedule(deadlines(library, programme, place, side)):
                found[due.key].setdefault(place, (due, []))[1].append(programme)
    for by_place in found.values():
        due = next(iter(by_place.values()))[0]
        for programmes in dict.fromkeys(tuple(named) for _, named in by_place.values()):
            places = [place for place, (_, named) in by_place.items() if tuple(named) == programmes]
            yield Planned(
                side=side,
                notice=notice,
                due=due,
                programmes=programmes,
                districts=_districts(notice, own, places),
            )


def _districts(notice: Notice, own: Iterable[str], places: Collection[str]) -> tuple[str, ...]:
    if "" not in places:
        return tuple(places)
    others = [place for place in own if place not in places]
    if not others:
        return ()
    return ("", *(region.name for region in notice.regions if region.name not in others))


def _alerts(planned: Planned, workdays: WorkingDays) -> Iterator[Alert]:
    deadline = planned.due.deadline
    day = workdays.is_working(deadline.counted_from)
    values = {**_values(planned), "rest": not day.value, "assumed": day.assumed}
    if planned.side is Side.UNIT:
        city = planned.notice.header.city
        units = Audience(who=Who.UNITS, city=city, districts=planned.districts)
        audiences = [(units, Premise(what="unsubmitted", of=planned.notice.id))]
    else:
        wishers = _wishers(planned.notice, planned.programmes, planned.districts)
        audiences = [(w, Premise(what="wish", of=w.topic)) for w in wishers]
    for audience, premise in audiences:
        yield Alert(
            kind="reminder",
            template="reminders/opens" if deadline.vague else "reminders/near",
            values=values,
            audience=audience,
            occasion=planned.occasion,
            due_at=planned.due.at,
            not_after=planned.due.not_after,
            premises=[still(deadline), premise],
        )


def _wishers(notice: Notice, programmes: Iterable[str], districts: tuple[str, ...]) -> Iterator[Audience]:
    for programme in programmes:
        topic = f"{notice.id}/{programme}"
        yield Audience(who=Who.WISHERS, kind=DEADLINE, topic=topic, districts=districts)


def _values(planned: Planned) -> Mapping[str, Any]:
    """What the words of a reminder are made of when it is sent."""
    return {
        "stage": planned.due.deadline.id,
        "programmes": list(planned.programmes),
        "district": "" if "" in planned.districts else "".join(planned.districts[:1]),
        "side": str(planned.side),
    }


def _note(planned: Planned) -> Note:
    due = planned.due
    return Note(
        kind="stage",
        city=planned.notice.header.city,
        district=planned.districts[0] if len(planned.districts) == 1 else "",
        content={
            "stage": due.deadline.id,
            "name": due.deadline.fact.name,
            "days_before": due.days_before,
            "day": due.deadline.counted_from.isoformat(),
            "vague": due.deadline.vague,
        },
        dedupe_key=f"staff:{planned.occasion}",
    )


def _day(due: Due) -> date:
    fact = due.deadline.fact
    return fact.opens if due.days_before is None and fact.opens else due.deadline.counted_from


def _count(due: Due) -> str:
    return "opens" if due.days_before is None else str(due.days_before)
