"""Stages in time: what binds whom until when, which reminders fall due, what has to be done before.

Pure: moments come in as aware datetimes and go out in UTC, days are China's. A day counts to its 24:00, the
next 00:00; 27日前 counts to the 26th (`Stage.safe_day`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from graphlib import TopologicalSorter

from knowledge.edition import Notice
from knowledge.library import Library, Sourced
from knowledge.notice import CHINA, Stage
from knowledge.process import Audience, Preparation, Reminder, ReviewStatus
from knowledge.workdays import WorkingDays

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """A stage as it binds an audience of one programme: `stage` holds the fact with its citation.

    `upper` is the city's deadline where this one is a district's nearer date; `reminder` the audience's
    plan, None where it is not reminded of this stage.
    """

    stage: Sourced
    programme: str
    upper: Deadline | None
    reminder: Reminder | None

    @property
    def id(self) -> str:
        """Unique in the library, the same for every programme that shares the stage."""
        return self.stage.id

    @property
    def fact(self) -> Stage:
        """The stage itself; its `disputed` says what the wording leaves open."""
        assert isinstance(self.stage.fact, Stage)
        return self.stage.fact

    @property
    def vague(self) -> bool:
        """Whether the notice names no day: then nothing is counted down."""
        return self.fact.vague

    @property
    def counted_from(self) -> date:
        """The last safe day, which days are counted to."""
        return self.fact.counted_from

    @property
    def ends(self) -> datetime:
        """The exclusive end as the notice is read; in UTC."""
        return self.fact.ends.astimezone(UTC)

    @property
    def safe_end(self) -> datetime:
        """The end of the last safe day, or an earlier hour that the notice names; in UTC."""
        return min(self.ends, _at(self.counted_from + _DAY))

    @property
    def preparation(self) -> tuple[Preparation, ...]:
        """What the notice requires before this stage: the district's own steps, else the city's."""
        return self._preparing[1]

    def citation(self, step: Preparation) -> str:
        """The clauses of one of its steps."""
        return self._preparing[0].citation(step.clause)

    @property
    def _preparing(self) -> tuple[Notice, tuple[Preparation, ...]]:
        notice = self.stage.notice
        steps = tuple(
            step
            for step in notice.preparation
            if step.stage == self.fact.id and (not step.programmes or self.programme in step.programmes)
        )
        return self.upper._preparing if self.upper and not steps else (notice, steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A reminder of a deadline: it falls due `at`, and is of no use from `not_after` on.

    `days_before` counts to the last safe day; None says that a stage without a day begins.
    """

    deadline: Deadline
    days_before: int | None
    at: datetime
    not_after: datetime

    @property
    def key(self) -> str:
        """The same whenever it is reckoned: the stage and the days before."""
        return f"{self.deadline.id}:{'opens' if self.days_before is None else self.days_before}"


def timeline(library: Library, programme: str, district: str, audience: Audience) -> tuple[Deadline, ...]:
    """Every stage of a programme in a district (empty: none or not known), the nearest first.

    A district's nearer date stands for the city's, with the city's as its `upper`, except where the
    audience is reminded of the city's alone. Raises KeyError for an unknown programme.
    """
    notice, _ = library.programmes[programme]
    bound = {
        s.id: Deadline(stage=s, programme=programme, upper=None, reminder=_reminder(s, audience))
        for s in library.of_kind(notice, Stage)
        if (not s.fact.programmes or programme in s.fact.programmes)
        and (s.fact.region or s.notice.header.district) in ("", district)
    }
    found = dict(bound)
    for id_, nearer in bound.items():
        if upper := bound.get(f"{notice.id}/{nearer.fact.within}"):
            found[id_] = replace(nearer, upper=upper)
            if nearer.reminder or not upper.reminder:
                found.pop(upper.id, None)
    return tuple(sorted(found.values(), key=lambda d: (d.counted_from, d.fact.order, d.id)))


def _reminder(stage: Sourced, audience: Audience) -> Reminder | None:
    reminder = stage.notice.plan[audience]
    return reminder if stage.fact.id in reminder.stages else None


def deadlines(library: Library, programme: str, district: str, audience: Audience) -> tuple[Deadline, ...]:
    """The deadlines of which the audience is reminded, the nearest first; as in `timeline`."""
    return tuple(d for d in timeline(library, programme, district, audience) if d.reminder)


def expected(status: ReviewStatus, timeline: Iterable[Deadline]) -> Deadline | None:
    """Until when a status should change: the stage that it names, or the district's nearer date for it where
    the unit is to act. None where it names none."""
    for deadline in timeline:
        if status.expected and status.expected in (deadline.fact.id, deadline.fact.within):
            unit_acts = status.phase in ("open", "returned")
            return deadline if unit_acts else deadline.upper or deadline
    return None


def schedule(deadlines: Iterable[Deadline]) -> tuple[Due, ...]:
    """Every reminder of these deadlines in order of time, each key once.

    None is due before its notice was issued, nor once it is of no use. A reminder is of use until the next
    one of the same deadline, the last until the last safe day ends.
    """
    by_key: dict[str, Due] = {}
    for deadline in deadlines:
        for due in _reminders(deadline):
            by_key.setdefault(due.key, due)
    return tuple(sorted(by_key.values(), key=lambda due: (due.at, due.key)))


def _reminders(deadline: Deadline) -> Iterator[Due]:
    """The latest first: each is of use until the one after it."""
    reminder, fact = deadline.reminder, deadline.fact
    if reminder is None:
        return
    planned: Iterable[tuple[int | None, date | None]] = (
        [(None, fact.opens)]
        if deadline.vague
        else [(n, deadline.counted_from - n * _DAY) for n in sorted(reminder.days_before)]
    )
    end = deadline.safe_end
    for days_before, day in planned:
        if day is None or day < deadline.stage.notice.header.issued:
            continue
        at = datetime.combine(day, reminder.at, CHINA).astimezone(UTC)
        if at < end:
            yield Due(deadline=deadline, days_before=days_before, at=at, not_after=end)
            end = at


def due_between(deadlines: Iterable[Deadline], after: datetime, until: datetime) -> tuple[Due, ...]:
    """The reminders that fell due after one moment, up to and with another, and still help at the latter.

    Of several of one deadline that is the latest: each makes the one before it useless. So the reminders of
    (a, c] are those of (a, b] and (b, c] together, less what no longer helps at c; and with an `after` of
    long ago they are what somebody should be told who comes only now.
    """
    return tuple(due for due in schedule(deadlines) if after < due.at <= until < due.not_after)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """A step before a stage. `days` are the working days that staff entered for it, `start` and `finish` the
    last safe days to begin and to be done with it; all None where they entered none.

    `assumed`: the days rest on a year whose holidays are not announced.
    """

    step: Preparation
    citation: str
    days: int | None
    start: date | None
    finish: date | None
    assumed: bool


def back_plan(
    deadline: Deadline, durations: Mapping[str, int], workdays: WorkingDays
) -> tuple[PlannedStep, ...]:
    """The steps before a deadline in their order, planned back from its last safe day.

    `durations` are working days by the id of the step. A step is done on a working day before the next
    begins, the last before the day of the deadline. It has days of its own only where all that comes
    after it has a duration too. Raises ValueError for an unknown step or less than one day.
    """
    steps = {step.id: step for step in deadline.preparation}
    if wrong := {id_: days for id_, days in durations.items() if id_ not in steps or days < 1}:
        raise ValueError(f"durations of {', '.join(sorted(steps)) or 'no step'}, at least one day: {wrong}")
    before = {id_: [other for other in step.after if other in steps] for id_, step in steps.items()}
    planned: dict[str, PlannedStep] = {}
    order = tuple(TopologicalSorter(before).static_order())
    for id_ in reversed(order):
        later = [planned[other] for other in planned if id_ in before[other]]
        planned[id_] = _planned(deadline, steps[id_], durations.get(id_), later, workdays)
    return tuple(planned[id_] for id_ in order)


def _planned(
    deadline: Deadline,
    step: Preparation,
    days: int | None,
    later: Collection[PlannedStep],
    workdays: WorkingDays,
) -> PlannedStep:
    bounds = [follower.start for follower in later] or [deadline.counted_from]
    known = [bound for bound in bounds if bound is not None]
    start = finish = None
    assumed = False
    if days is not None and len(known) == len(bounds) and not deadline.vague:
        done = workdays.add(min(known), -1)
        begun = workdays.add(done.value, 1 - days)
        start, finish = begun.value, done.value
        assumed = done.assumed or begun.assumed or any(follower.assumed for follower in later)
    return PlannedStep(
        step=step,
        citation=deadline.citation(step),
        days=days,
        start=start,
        finish=finish,
        assumed=assumed,
    )


def _at(day: date) -> datetime:
    """The 00:00 with which a day begins in China, in UTC."""
    return datetime.combine(day, datetime.min.time(), CHINA).astimezone(UTC)
