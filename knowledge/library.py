"""What all notices say, as one immutable snapshot.

`Library.load` reads every notice folder, checks it as a whole and raises `KnowledgeError` with all
faults at once; nothing faulty is ever served.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from knowledge import lint, lint_process, lint_rules, lint_telling
from knowledge.dictionary import Entry, Screen, Value
from knowledge.faults import Fault, KnowledgeError
from knowledge.notice import (
    CHINA,
    FACT_FILES,
    Aspect,
    Clause,
    Contact,
    Fact,
    Header,
    Programme,
    Record,
    Silence,
    Stage,
    Strings,
)
from knowledge.overlay import Office, Overlay, printed
from knowledge.process import Audience, Defaults, Plan, Preparation, Reminder, Reminders, ReviewStatus
from knowledge.rules import Criteria, Known, Outcome, Rules, implied
from knowledge.sayings import Sayings
from knowledge.vocabulary import (
    AnswerKind,
    AspectWords,
    Everyday,
    Glossary,
    Matter,
    Outcomes,
    Patterns,
    Speech,
    Statement,
    Vocabulary,
)
from knowledge.yaml_source import Path_, Source, read

_CITED = 3
_OTHER_FILES = (
    "notice",
    "clauses",
    "silences",
    "regions",
    "streets",
    "asked",
    "facts",
    "screens",
    "criteria",
    "reminders",
    "preparation",
    "review",
)
_CLAUSE_MARKS = re.compile(r"[\s()（）·.第项条款]")

_Kind = TypeVar("_Kind")

DATA = Path(__file__).parent / "data"


class Season(StrEnum):
    """Where a notice stands at a moment."""

    COMING = "coming"
    OPEN = "open"
    CLOSED = "closed"
    SUPERSEDED = "superseded"


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


@dataclass(frozen=True)
class Sourced:
    """A fact with the notice that says it; `id` is unique in the library."""

    notice: Notice
    fact: Fact

    @cached_property
    def id(self) -> str:
        return f"{self.notice.id}/{self.fact.id}"

    @cached_property
    def aspect(self) -> Aspect:
        return self.fact.aspect

    @property
    def clauses(self) -> tuple[Clause, ...]:
        return tuple(self.notice.clauses[clause] for clause in self.fact.clause)

    @cached_property
    def citation(self) -> str:
        """The first clauses as a reply cites them; a relay's with its own name before."""
        cited = "、".join(list(dict.fromkeys(clause.citation for clause in self.clauses))[:_CITED])
        return f"{self.notice.header.short} {cited}" if self.notice.header.parent else cited


@dataclass(frozen=True)
class Library:
    """Every notice, the shared vocabulary, and look-ups over them."""

    version: str
    notices: Mapping[str, Notice]
    vocabulary: Vocabulary
    dictionary: Mapping[str, Entry]
    screens: tuple[Screen, ...] = ()
    overlay: Overlay = field(default_factory=Overlay)

    @classmethod
    def load(cls, *added: Path, base: Path = DATA) -> Library:
        """The notices of `base` and of each folder of `added`; raises KnowledgeError with all faults."""
        return _Loader(base, added).load()

    @cached_property
    def sourced(self) -> Mapping[str, Sourced]:
        """Every fact by its unique id."""
        return MappingProxyType(
            {s.id: s for n in self._with_relays() for s in (Sourced(n, fact) for fact in n.facts)}
        )

    @cached_property
    def programmes(self) -> Mapping[str, tuple[Notice, Programme]]:
        """Every programme by id, with its notice."""
        return MappingProxyType({p.id: (n, p) for n in self.notices.values() for p in n.programmes})

    @cached_property
    def rules(self) -> Mapping[str, Rules]:
        """The criteria of every programme that has them, by its id."""
        return MappingProxyType(
            {
                ruleset.programme: Rules(ruleset, self.dictionary)
                for notice in self.notices.values()
                for ruleset in notice.criteria.rulesets
            }
        )

    @cached_property
    def clauses(self) -> Mapping[str, tuple[tuple[Notice, Notice, Clause], ...]]:
        """Every clause with its notice and the part (the notice itself or a relay) that holds it, by its
        id without brackets and marks, as people type it."""
        found: dict[str, tuple[tuple[Notice, Notice, Clause], ...]] = {}
        for notice in self.notices.values():
            for part in (notice, *notice.relays):
                for clause in part.clauses.values():
                    key = clause_key(clause.id)
                    found[key] = (*found.get(key, ()), (notice, part, clause))
        return MappingProxyType(found)

    def overlaid(self, overlay: Overlay) -> Library:
        """The same notices under what staff say now; this one stays as it is."""
        return replace(self, overlay=overlay)

    def office(self, sourced: Sourced) -> Office:
        """A contact as it is told now."""
        contact, header = sourced.fact, sourced.notice.header
        assert isinstance(contact, Contact)
        correction = self.overlay.corrections.get(sourced.id)
        if correction and correction.printed != printed(contact):
            correction = None
        check = self.overlay.checks.get(sourced.id)
        checked = check and (check.printed, check.correction) == (
            printed(contact),
            correction.id if correction else None,
        )
        return Office(
            id=sourced.id,
            city=header.city,
            district=contact.region or header.district,
            contact=contact,
            cite=sourced.citation,
            correction=correction,
            checked_on=check.on if check and checked else None,
        )

    def offices(self, notice: Notice) -> tuple[Office, ...]:
        """The contacts of a notice and its relays as they are told now, in the order of the files."""
        return tuple(map(self.office, self.of_kind(notice, Contact)))

    def misled(self, text: str) -> tuple[Office, ...]:
        """The corrected contacts whose wrong number or address a text gives alone."""
        return tuple(office for office in self.corrected if office.misled(text))

    @cached_property
    def corrected(self) -> tuple[Office, ...]:
        """The contacts that staff corrected, of the notices that hold: a later edition has its own word."""
        return tuple(
            office
            for notice in (self.notices.values() if self.overlay.corrections else ())
            if not notice.superseded_by
            for office in self.offices(notice)
            if office.correction
        )

    @cached_property
    def _by_kind(self) -> dict[tuple[str, type[Fact]], tuple[Sourced, ...]]:
        return {}

    @cached_property
    def _by_matter(self) -> Mapping[tuple[str, str], tuple[Sourced, ...]]:
        found: dict[tuple[str, str], tuple[Sourced, ...]] = {}
        for notice in self.notices.values():
            for sourced in self.facts(notice):
                for matter in dict.fromkeys(sourced.fact.about):
                    key = notice.id, matter
                    found[key] = (*found.get(key, ()), sourced)
        return MappingProxyType(found)

    def about(self, notice: Notice, matter: str) -> tuple[Sourced, ...]:
        """The facts of a notice and its relays that are about a matter, in the order of the files."""
        return self._by_matter.get((notice.id, matter), ())

    def of_kind(self, notice: Notice, kind: type[Fact]) -> tuple[Sourced, ...]:
        """The facts of one kind of a notice and its relays, in the order of the files."""
        found = self._by_kind.get((notice.id, kind))
        if found is None:
            found = tuple(s for s in self.facts(notice) if isinstance(s.fact, kind))
            self._by_kind[notice.id, kind] = found
        return found

    def of_city(self, city: str) -> tuple[Notice, ...]:
        """The city's notices that no later edition replaces."""
        return self._current.get(city, ())

    @cached_property
    def _current(self) -> Mapping[str, tuple[Notice, ...]]:
        found: dict[str, tuple[Notice, ...]] = {}
        for notice in self.notices.values():
            if not notice.superseded_by:
                found[notice.header.city] = (*found.get(notice.header.city, ()), notice)
        return MappingProxyType(found)

    def facts(self, notice: Notice) -> Iterator[Sourced]:
        """The facts of a notice and of its relays."""
        for part in (notice, *notice.relays):
            yield from (self.sourced[f"{part.id}/{fact.id}"] for fact in part.facts)

    def _with_relays(self) -> Iterator[Notice]:
        for notice in self.notices.values():
            yield notice
            yield from notice.relays


def clause_key(text: str) -> str:
    """A clause's id without brackets, marks and ordinal words: `二（一）第4项` and `二(一)4` are one."""
    return _CLAUSE_MARKS.sub("", text)


class _Loader:
    """Gathers every fault before it gives up."""

    def __init__(self, base: Path, added: Iterable[Path]) -> None:
        self._base = base
        self._folders = [
            folder
            for root in (base, *added)
            for folder in sorted(root.iterdir() if root.is_dir() else ())
            if folder.is_dir() and folder.name != "common"
        ]
        self._missing = [root for root in added if not any(folder.parent == root for folder in self._folders)]
        self._faults: list[Fault] = []
        self._digest = hashlib.sha256()

    def load(self) -> Library:
        for root in self._missing:
            self._fault(
                str(root), "(folder)", "no notice folder", "a folder of notice folders", "correct the path"
            )
        common = self._base / "common"
        vocabulary = self._vocabulary(common)
        entries = self._lined(common / "facts.yaml", Entry)
        screens = self._lined(common / "screens.yaml", Screen)
        defaults = self._whole(common / "reminders.yaml", Defaults)
        drafts = [draft for folder in self._folders if (draft := self._notice(folder))]
        self._faults += lint.check(drafts, set(vocabulary.matters) if vocabulary else None)
        self._faults += lint_rules.check(drafts, entries, screens)
        self._faults += lint_process.check(drafts)
        told = self._read(common / "telling.yaml")
        if vocabulary and told:
            every = [entry for entry, _ in (*entries, *(row for draft in drafts for row in draft.entries))]
            self._faults += lint_telling.check(vocabulary.telling, told, every)
        if self._faults or vocabulary is None or defaults is None:
            raise KnowledgeError(self._faults)
        return Library(
            version=self._digest.hexdigest()[:12],
            notices=MappingProxyType(_assemble(drafts, defaults)),
            vocabulary=vocabulary,
            dictionary=MappingProxyType(
                {e.id: e for e, _ in (*entries, *(row for draft in drafts for row in draft.entries))}
            ),
            screens=tuple(screen for screen, _ in screens),
        )

    def _vocabulary(self, common: Path) -> Vocabulary | None:
        aspects = self._rows(common / "aspects.yaml", AspectWords)
        matters = self._lined(common / "matters.yaml", Matter)
        known: set[str] = set()
        for matter, line in matters:
            if matter.id in known:
                self._fault("common/matters.yaml", "id", matter.id, "each id once", "join the two", line)
            known.add(matter.id)
        cities = self._rows(common / "cities.yaml", str)
        speech = self._rows(common / "speech.yaml", Speech)
        kinds = self._rows(common / "kinds.yaml", AnswerKind)
        statements = self._rows(common / "statements.yaml", Statement)
        patterns = self._whole(common / "patterns.yaml", Patterns)
        everyday = self._whole(common / "everyday.yaml", Everyday)
        glossary = self._whole(common / "glossary.yaml", Glossary)
        outcomes = self._whole(common / "outcomes.yaml", Outcomes)
        asked = {
            key: texts
            for path in sorted(common.glob("asked_*.yaml"))
            for key, (texts, _) in self._samples(path).items()
        }
        for key in sorted(asked.keys() - known - {f"aspect:{row.id}" for row in aspects}):
            self._fault(
                "common/asked_*.yaml", key, key, "a matter, or aspect: and an aspect's id", "correct it"
            )
        telling = self._whole(common / "telling.yaml", Sayings)
        if patterns is None or everyday is None or glossary is None or outcomes is None or telling is None:
            return None
        return Vocabulary(
            aspects=MappingProxyType({row.id: row for row in aspects}),
            matters=MappingProxyType({row.id: row for row, _ in matters}),
            cities=frozenset(cities),
            speech=tuple(speech),
            kinds=tuple(kinds),
            statements=tuple(statements),
            patterns=patterns,
            everyday=everyday.words(),
            glossary=MappingProxyType(dict(glossary.words)),
            outcomes=MappingProxyType({outcome: getattr(outcomes, outcome) for outcome in Outcome}),
            asked=MappingProxyType(asked),
            telling=telling,
        )

    def _notice(self, folder: Path) -> lint.Draft | None:
        known = {f"{name}.yaml" for name in (*FACT_FILES, *_OTHER_FILES)}
        for path in sorted(folder.glob("*.yaml")):
            if path.name not in known:
                expected = "one of " + ", ".join(sorted(known))
                self._fault(
                    f"{folder.name}/{path.name}", "(file)", path.name, expected, "rename or remove the file"
                )
        notice = self._read(folder / "notice.yaml")
        header = self._validated(notice, Header, (), notice.value) if notice else None
        text = folder / "source.txt"
        if not text.is_file():
            self._fault(
                f"{folder.name}/source.txt", "(file)", "no such file", "the notice as published", "add it"
            )
        facts: list[tuple[Fact, str, int]] = []
        for name, kind in FACT_FILES.items():
            if source := self._read(folder / f"{name}.yaml", optional=True):
                facts += [(row, source.name, line) for row, line in self._typed(source, kind)]
        clauses = self._lined(folder / "clauses.yaml", Clause)
        silences = self._lined(folder / "silences.yaml", Silence, optional=True)
        regions = self._rows(folder / "regions.yaml", Region, optional=True)
        streets = self._lined(folder / "streets.yaml", Streets, optional=True)
        asked, source_text = self._samples(folder / "asked.yaml"), self._text(text)
        rules = self._read(folder / "criteria.yaml", optional=True)
        reminders = self._read(folder / "reminders.yaml", optional=True)
        preparation = self._lined(folder / "preparation.yaml", Preparation, optional=True)
        statuses = self._lined(folder / "review.yaml", ReviewStatus, optional=True)
        entries = self._lined(folder / "facts.yaml", Entry, optional=True)
        screens = self._lined(folder / "screens.yaml", Screen, optional=True)
        if header is None or notice is None:
            return None
        return lint.Draft(
            header=header,
            notice=notice,
            folder=folder.name,
            clauses=clauses,
            facts=facts,
            silences=silences,
            regions=regions,
            streets=streets,
            source=source_text,
            asked=asked,
            criteria=self._optional(rules, Criteria),
            rules=rules,
            entries=entries,
            screens=screens,
            reminders=self._optional(reminders, Reminders),
            reminding=reminders,
            preparation=preparation,
            statuses=statuses,
        )

    def _optional(self, source: Source | None, kind: type[_Kind]) -> _Kind:
        """A file as its type; as an empty one where there is none, or a faulty one."""
        return (self._validated(source, kind, (), source.value) if source else None) or kind()

    def _samples(self, path: Path) -> dict[str, tuple[tuple[str, ...], int]]:
        """Sample questions by what they ask for, each group with its line."""
        source = self._read(path, optional=True)
        if source is None or self._validated(source, dict[str, Strings], (), source.value) is None:
            return {}
        return {key: (tuple(map(str, texts)), source.line((key,))) for key, texts in source.value.items()}

    def _text(self, path: Path) -> str:
        if not path.is_file():
            return ""
        content = path.read_bytes()
        self._digest.update(content)
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError as error:
            name = f"{path.parent.name}/{path.name}"
            self._fault(name, "(file)", str(error), "text in UTF-8", "save the file as UTF-8")
            return ""

    def _rows(self, path: Path, kind: type[_Kind], *, optional: bool = False) -> list[_Kind]:
        return [row for row, _ in self._lined(path, kind, optional=optional)]

    def _lined(self, path: Path, kind: type[_Kind], *, optional: bool = False) -> list[tuple[_Kind, int]]:
        source = self._read(path, optional=optional)
        return list(self._typed(source, kind)) if source else []

    def _whole(self, path: Path, kind: type[_Kind]) -> _Kind | None:
        source = self._read(path)
        return self._validated(source, kind, (), source.value) if source else None

    def _typed(self, source: Source, kind: type[_Kind]) -> Iterator[tuple[_Kind, int]]:
        rows = source.value
        if not isinstance(rows, list):
            self._fault(
                source.name, "(file)", type(rows).__name__, "a list of rows", "begin each row with a dash"
            )
            return
        for index, value in enumerate(rows):
            row = self._validated(source, kind, (index,), value)
            if row is not None:
                yield row, source.line((index,))

    def _validated(self, source: Source, kind: type[_Kind], path: Path_, value: Any) -> _Kind | None:
        row, faults = lint.validated(source, kind, path, value)
        self._faults += faults
        return row

    def _read(self, path: Path, *, optional: bool = False) -> Source | None:
        name = f"{path.parent.name}/{path.name}"
        if not path.is_file():
            if not optional:
                self._fault(
                    name, "(file)", "no such file", "this file", "add it; docs/notices.md says what it holds"
                )
            return None
        self._digest.update(path.read_bytes())
        try:
            return read(path, name)
        except KnowledgeError as error:
            self._faults += error.faults
            return None

    def _fault(self, file: str, field: str, found: str, expected: str, cure: str, line: int = 1) -> None:
        self._faults.append(
            Fault(file=file, line=line, field=field, found=found, expected=expected, cure=cure)
        )


def _assemble(drafts: Sequence[lint.Draft], defaults: Defaults) -> dict[str, Notice]:
    superseded = {d.header.supersedes: d.header.id for d in drafts if d.header.supersedes}
    reminders = {d.header.id: d.reminders for d in drafts}
    built = {
        d.header.id: _built(
            d,
            superseded.get(d.header.id, ""),
            _plan(d, reminders.get(d.header.parent, Reminders()), defaults),
        )
        for d in drafts
    }
    relays: dict[str, list[Notice]] = {}
    for notice in built.values():
        if notice.header.parent:
            relays.setdefault(notice.header.parent, []).append(notice)
    return {
        id_: replace(notice, relays=tuple(relays.get(id_, ())))
        for id_, notice in built.items()
        if not notice.header.parent
    }


def _plan(draft: lint.Draft, parents: Reminders, defaults: Defaults) -> Plan:
    """Each audience's plan: the notice's own, else its parent's days and hour, else the shared one's."""
    stages = [fact for fact, _, _ in draft.facts if isinstance(fact, Stage)]
    plan = {}
    for audience in Audience:
        own, above = getattr(draft.reminders, audience), getattr(parents, audience)
        default = getattr(defaults, audience)
        bound = (stage.id for stage in stages if stage.binds == default.binds)
        plan[audience] = Reminder(
            stages=frozenset(bound if own.stages is None else own.stages),
            days_before=own.days_before or above.days_before or default.days_before,
            at=own.at or above.at or default.at,
        )
    return MappingProxyType(plan)


def _built(draft: lint.Draft, superseded_by: str, plan: Plan) -> Notice:
    return Notice(
        header=draft.header,
        clauses=MappingProxyType({c.id: c for c, _ in draft.clauses}),
        facts=tuple(fact for fact, _, _ in draft.facts),
        silences=tuple(row for row, _ in draft.silences),
        regions=tuple(draft.regions),
        streets=tuple(row for row, _ in draft.streets),
        source=draft.source,
        asked=MappingProxyType({key: tuple(texts) for key, (texts, _) in draft.asked.items()}),
        superseded_by=superseded_by,
        criteria=draft.criteria,
        screens=tuple(screen for screen, _ in draft.screens),
        plan=plan,
        preparation=tuple(row for row, _ in draft.preparation),
        statuses=tuple(row for row, _ in draft.statuses),
    )
