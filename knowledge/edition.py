"""One edition of a notice, with its clauses, facts and rules, and the districts' relays of it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property

from knowledge.criteria import Criteria
from knowledge.dictionary import Screen, Value
from knowledge.notice import CHINA, Clause, Fact, Header, Programme, Record, Silence, Stage, Strings
from knowledge.process import Plan, Preparation, ReviewStatus
from knowledge.rules import Known, implied


class Season(StrEnum):
    """Where a notice stands at a moment."""

    COMING = "coming"
    OPEN = "open"
    CLOSED = "closed"
    SUPERSEDED = "superseded"

    @property
    def over(self) -> bool:
        """Whether nothing can be applied for any more."""
        return self in (Season.CLOSED, Season.SUPERSEDED)


class Region(Record):
    """A district of a notice's city and how people call it."""

    name: str
    names: Strings = ()
    note: str = ""


class Streets(Record):
    """Streets of a district, from a source of their own."""

    district: str
    streets: Strings
    source: str
    read_on: str


@dataclass(frozen=True)
class Notice:
    """One notice edition with its clauses and facts; `relays` are the districts' additions to it."""

    header: Header
    clauses: Mapping[str, Clause]
    facts: tuple[Fact, ...]
    silences: tuple[Silence, ...]
    regions: tuple[Region, ...]
    streets: tuple[Streets, ...]
    source: str
    asked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    relays: tuple[Notice, ...] = ()
    superseded_by: str = ""
    criteria: Criteria = field(default_factory=Criteria)
    screens: tuple[Screen, ...] = ()
    plan: Plan = field(default_factory=dict)
    preparation: tuple[Preparation, ...] = ()
    statuses: tuple[ReviewStatus, ...] = ()

    @property
    def id(self) -> str:
        return self.header.id

    @property
    def programmes(self) -> tuple[Programme, ...]:
        return self.header.programmes

    def stages(self, programme: str | None = None) -> list[tuple[Notice, Stage]]:
        """Every stage in order, those of relays among them, each with the notice that says it."""
        rows = [
            (notice, fact)
            for notice in (self, *self.relays)
            for fact in notice.facts
            if isinstance(fact, Stage)
            and (not programme or not fact.programmes or programme in fact.programmes)
        ]
        return sorted(rows, key=lambda row: (row[1].order, row[1].ends))

    def status(self, word: str, programme: str | None = None) -> ReviewStatus | None:
        """The status that is written so, for a programme where one is given; None for an unknown word."""
        bare = "".join(word.split())
        for status in self.statuses:
            holds = not programme or not status.programmes or programme in status.programmes
            if holds and bare in status.spellings:
                return status
        return None

    @cached_property
    def closes(self) -> datetime | None:
        """When the last stage that binds applicants ends; None where the notice names none."""
        return max((stage.ends for _, stage in self.stages() if stage.binds == "applicant"), default=None)

    def reference_days(self, programme: str, districts: Sequence[str] = ()) -> tuple[date, ...]:
        """The days at which ages and periods are reckoned where the notice names none: the day of issue, and
        the last day that binds a unit of these districts (the city's own where a district has none)."""
        binding = [
            (part, stage)
            for part, stage in self.stages(programme)
            if stage.binds == "applicant" and (not part.header.parent or part.header.district in districts)
        ]
        local = [stage for part, stage in binding if part.header.parent]
        last = [stage.counted_from for stage in local or [stage for _, stage in binding]]
        return (self.header.issued, *([max(last)] if last else []))

    def known(
        self,
        programme: str,
        values: Mapping[str, Value],
        districts: Sequence[str] = (),
        unsure: frozenset[str] = frozenset(),
    ) -> Known:
        """What is known for one of its programmes: a title that was won counts as what it is, and the
        reference days are those of a unit in these districts."""
        return Known(
            values=implied(values, self.criteria.rulesets),
            days=self.reference_days(programme, districts),
            unsure=unsure,
        )

    def silence(self, matter: str, programmes: Collection[str]) -> Silence | None:
        """What its author says of a matter it is silent on, for one of some programmes (none: for any)."""
        about = (silence for silence in self.silences if matter in silence.about)
        for silence in about:
            if not (silence.programmes and programmes) or {*silence.programmes} & {*programmes}:
                return silence
        return None

    def citation(self, clauses: Iterable[str]) -> str:
        """Clauses as a reply cites them, each once."""
        return "、".join(dict.fromkeys(self.clauses[clause].citation for clause in clauses))

    @cached_property
    def rules_version(self) -> str:
        """The state of its criteria, to see whether they have changed since."""
        return hashlib.sha256(repr(self.criteria).encode()).hexdigest()[:12]

    def season(self, now: datetime) -> Season:
        """Open from the day of issue until the applicants' last stage ends."""
        if self.superseded_by:
            return Season.SUPERSEDED
        if self.closes is not None and now >= self.closes:
            return Season.CLOSED
        return Season.OPEN if now.astimezone(CHINA).date() >= self.header.issued else Season.COMING
