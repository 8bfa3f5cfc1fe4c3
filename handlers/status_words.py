"""What is said of an application: what its status means, what comes next and when, what is to be mended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from handlers import facts
from knowledge import calendar
from knowledge.calendar import Deadline
from knowledge.library import Library, Sourced
from knowledge.notice import CHINA, Material
from knowledge.opinions import Item, Opinions
from knowledge.overlay import Office
from knowledge.process import Audience, ReviewStatus
from knowledge.reading import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An application as far as words need it."""

    notice: str
    programme: str
    district: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A deadline seen from now: `left` whole days to the last safe day, None where it is past or has no day.
    `upper` is the city's, where this one is the district's nearer date."""

    id: str
    actor: str
    as_written: str
    cite: str
    day: date
    left: int | None
    passed: bool
    vague: bool
    disputed: str
    upper: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a status comes to, where somebody has described it; `label` says that it is our reading. `due` is
    until when the next step is expected."""

    says: str
    label: str
    cite: str
    actor: str
    next: str
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One thing to mend, with the material that it surely concerns, and that one's clause."""

    text: str
    material: str
    cite: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An opinion as it is told; `lead` stands before its items."""

    lead: str
    items: tuple[Named, ...]
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What is said once of several applications: each status's meaning, each deadline, each office."""

    meanings: tuple[tuple[str, Meaning | None], ...]
    dues: tuple[Due, ...]
    offices: tuple[Office, ...]

    @property
    def values(self) -> dict[str, Any]:
        """As the templates take it."""
        return {"meanings": self.meanings, "dues": self.dues, "offices": self.offices}

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts that it shows."""
        expected = [meaning.due for _, meaning in self.meanings if meaning and meaning.due]
        shown = (*(due.id for due in (*self.dues, *expected)), *(one.id for one in self.offices))
        return tuple(dict.fromkeys(shown))

    @property
    def computed(self) -> dict[str, str]:
        """The days that it counts."""
        expected = [meaning.due for _, meaning in self.meanings if meaning and meaning.due]
        return {f"left.{due.id}": str(due.left) for due in (*self.dues, *expected) if due.left is not None}


def sheet(library: Library, cases: Iterable[Case], now: datetime, *, dues: bool = False) -> Sheet:
    """What is said once of these cases; with `dues` the deadlines that the units still have to keep."""
    unique = dict.fromkeys(cases)
    bound = [binding(library, case, now) for case in unique] if dues else []
    asked = [office(library, case) for case in unique]
    meanings = {case.status: meaning(library, case, now) for case in unique}
    return Sheet(
        meanings=tuple(meanings.items()),
        dues=tuple(dict.fromkeys(due for due in bound if due)),
        offices=tuple({one.id: library.office(one) for one in asked if one}.values()),
    )


def binding(library: Library, case: Case, now: datetime) -> Due | None:
    """The deadline that the unit still has to keep, or the last that it had; None where no notice says."""
    if case.programme not in library.programmes:
        return None
    found = calendar.deadlines(library, case.programme, case.district, Audience.UNIT)
    left = [deadline for deadline in found if deadline.ends > now]
    return _due(left[0] if left else found[-1], now) if found else None


def meaning(library: Library, case: Case, now: datetime) -> Meaning | None:
    """What the status comes to; None for one that nobody has described."""
    status = described(library, case)
    if status is None:
        return None
    due = None
    if case.programme in library.programmes:
        timeline = calendar.timeline(library, case.programme, case.district, Audience.UNIT)
        expected = calendar.expected(status, timeline)
        due = _due(expected, now) if expected else None
    return Meaning(
        says=status.says,
        label=status.label,
        cite=library.notices[case.notice].citation(status.clause),
        actor=status.actor,
        next=status.next,
        due=due,
    )


def described(library: Library, case: Case) -> ReviewStatus | None:
    """The status as its notice describes it."""
    notice = library.notices.get(case.notice)
    return notice.status(case.status, case.programme or None) if notice else None


def office(library: Library, case: Case) -> Sourced | None:
    """Whom to ask about an application."""
    if case.notice not in library.notices:
        return None
    scope = Scope(notice=case.notice, programmes=(case.programme,) if case.programme else ())
    return facts.office_of(library, scope, (case.district,) if case.district else ())


def told(opinions: Opinions, opinion: str, programme: str) -> Told:
    """The opinion in its items."""
    read = opinions.read(opinion, programme)
    return Told(
        lead=read.lead,
        items=tuple(map(_named, read.items)),
        facts=tuple(item.material.id for item in read.items if item.material),
    )


def _named(item: Item) -> Named:
    if item.material is None:
        return Named(text=item.text, material="", cite="")
    material = item.material.fact
    assert isinstance(material, Material)
    return Named(text=item.text, material=material.item, cite=item.material.citation)


def _due(deadline: Deadline, now: datetime) -> Due:
    passed = now >= deadline.ends
    today = now.astimezone(CHINA).date()
    left = (deadline.counted_from - today).days
    return Due(
        id=deadline.id,
        actor=deadline.fact.actor,
        as_written=deadline.fact.as_written,
        cite=deadline.stage.citation,
        day=deadline.counted_from,
        left=None if passed or deadline.vague or left < 0 else left,
        passed=passed,
        vague=deadline.vague,
        disputed=deadline.fact.disputed,
        upper=_due(deadline.upper, now) if deadline.upper else None,
    )
