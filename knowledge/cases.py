"""Cases: what is known of a person and a unit, and the verdict that the notice's text gives.

A file `<programme>.yaml` has `people`, whole sets of facts by name, and `cases`, each `like` one of them but
for its own `facts` and what is `unknown`. The verdicts are worked out by hand from the notice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import Field

from knowledge import lint
from knowledge.criteria import Interval, Outcome
from knowledge.dictionary import ELSEWHERE, Days, Entry, Item, Items, OneOf, Span, Value, known, month
from knowledge.edition import Notice
from knowledge.faults import Fault, KnowledgeError
from knowledge.library import Library
from knowledge.notice import Record, Strings
from knowledge.rules import Known
from knowledge.yaml_source import Path_, Source, read

FOLDER = Path(__file__).parent / "cases"

_DAY = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


class Written(Record):
    """A case as its author writes it. `expect`, `best` and `worst` are words of `common/outcomes.yaml`; for a
    refusal `decisive` names every certain failure, for another verdict some of what holds it there."""

    id: str
    why: str
    like: str = ""
    facts: Mapping[str, Any] = Field(default_factory=dict)
    unknown: Strings = ()
    districts: Strings = ()
    expect: str
    best: str = ""
    worst: str = ""
    decisive: Strings = ()


class _File(Record):
    people: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    cases: tuple[Written, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case ready to be judged; `best` and `worst` are None where the author leaves them open."""

    programme: str
    id: str
    why: str
    known: Known
    expect: Outcome
    best: Outcome | None
    worst: Outcome | None
    decisive: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the rules find for a case."""

    case: Case
    found: Interval
    decisive: tuple[str, ...]

    @property
    def worst(self) -> Outcome:
        return Interval(self.found.low, self.found.low).outcome

    @property
    def best(self) -> Outcome:
        return Interval(self.found.high, self.found.high).outcome

    @property
    def passed(self) -> bool:
        case, held = self.case, frozenset(self.decisive)
        return (
            self.found.outcome is case.expect
            and case.worst in (None, self.worst)
            and case.best in (None, self.best)
            and (case.decisive == held if case.expect is Outcome.UNMET else case.decisive <= held)
        )


def load(library: Library, folder: Path = FOLDER) -> tuple[Case, ...]:
    """The cases of every file; raises KnowledgeError with all faults."""
    faults: list[Fault] = []
    cases: list[Case] = []
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        faults.append(_missing(folder))
    for path in paths:
        try:
            file = _Author(library, read(path, f"{folder.name}/{path.name}"), path.stem)
            cases += file.cases()
            faults += file.faults
        except KnowledgeError as error:
            faults += error.faults
    if faults:
        raise KnowledgeError(faults)
    return tuple(cases)


def judge(library: Library, case: Case) -> Result:
    """The case by the library's rules."""
    rules = library.rules[case.programme]
    decisive = tuple(leaf.id for leaf in rules.decisive(case.known))
    return Result(case=case, found=rules.verdict(case.known), decisive=decisive)


def _missing(folder: Path) -> Fault:
    expected = "files named <programme>.yaml"
    return Fault(
        file=str(folder), line=1, field="(folder)", found="no case file", expected=expected, cure="correct it"
    )


class _Author:
    """One file of cases; gathers every fault of it."""

    def __init__(self, library: Library, source: Source, programme: str) -> None:
        self.faults: list[Fault] = []
        self._library = library
        self._source = source
        self._programme = programme
        self._words = {word: outcome for outcome, word in library.vocabulary.outcomes.items()}

    def cases(self) -> list[Case]:
        """Its cases, as far as they are sound."""
        if self._programme not in self._library.rules:
            self._fault(
                (), "(file)", self._programme, "the id of a programme with criteria", "rename the file"
            )
            return []
        file, faults = lint.validated(self._source, _File, (), self._source.value)
        self.faults += faults
        if file is None:
            return []
        people = {name: dict(self._values(facts, ("people", name))) for name, facts in file.people.items()}
        seen: set[str] = set()
        for at, row in enumerate(file.cases):
            if row.id in seen:
                self._fault(("cases", at), "id", row.id, "each id once", "rename one")
            seen.add(row.id)
        return [case for at, row in enumerate(file.cases) if (case := self._case(row, ("cases", at), people))]

    def _case(self, row: Written, path: Path_, people: Mapping[str, Mapping[str, Value]]) -> Case | None:
        before = len(self.faults)
        if row.like and row.like not in people:
            self._one_of((*path, "like"), row, row.like, sorted(people))
        values = dict(people.get(row.like, {})) | dict(self._values(row.facts, (*path, "facts")))
        for fact in row.unknown:
            if values.pop(fact, None) is None:
                self._fault((*path, "unknown"), row.id, fact, "a fact that `like` knows", "leave it out")
        self._checked(row, path)
        if len(self.faults) > before:
            return None
        return Case(
            programme=self._programme,
            id=row.id,
            why=row.why,
            known=self._notice.known(self._programme, values, row.districts),
            expect=self._words[row.expect],
            best=self._words.get(row.best),
            worst=self._words.get(row.worst),
            decisive=frozenset(row.decisive),
        )

    def _checked(self, row: Written, path: Path_) -> None:
        for field in ("expect", "best", "worst"):
            word = getattr(row, field)
            if word and word not in self._words:
                self._one_of((*path, field), row, word, list(self._words))
        leaves = [leaf.id for leaf in self._library.rules[self._programme].ruleset.leaves]
        for id_ in row.decisive:
            if id_ not in leaves:
                self._one_of((*path, "decisive"), row, id_, leaves)
        if self._words.get(row.expect) is Outcome.UNMET and not row.decisive:
            self._fault(path, row.id, "no `decisive`", "every certain failure of a refusal", "name them")
        regions = [region.name for region in self._notice.regions]
        for district in row.districts:
            if district not in regions:
                self._one_of((*path, "districts"), row, district, regions)

    @property
    def _notice(self) -> Notice:
        return self._library.programmes[self._programme][0]

    def _values(self, facts: Mapping[str, Any], path: Path_) -> Iterator[tuple[str, Value]]:
        for fact, raw in facts.items():
            name, _, programme = fact.partition("/")
            entry = self._library.dictionary.get(name)
            if entry is None:
                self._fault((*path, fact), fact, fact, "a fact of facts.yaml", "correct it")
                continue
            try:
                if entry.type == "titles" and not programme:
                    yield from self._titles(name, raw)
                else:
                    yield fact, _value(entry, raw, self._cities)
            except ValueError as error:
                self._fault((*path, fact), fact, repr(raw), str(error), "write the value as expected")

    def _titles(self, name: str, raw: Any) -> Iterator[tuple[str, Value]]:
        """`won: [a]` says that of the notice's programmes a is won and the others are not."""
        programmes = [programme.id for programme in self._notice.programmes]
        if not isinstance(raw, list) or not set(raw) <= set(programmes):
            raise ValueError(f"a list of {', '.join(programmes)}")
        for programme in programmes:
            yield f"{name}/{programme}", known("yes" if programme in raw else "no")

    @property
    def _cities(self) -> frozenset[str]:
        return frozenset({ELSEWHERE, *(n.header.city for n in self._library.notices.values())})

    def _one_of(self, path: Path_, row: Written, found: str, expected: Sequence[str]) -> None:
        self._fault(path, f"{row.id}.{path[-1]}", found, f"one of {', '.join(expected)}", "correct it")

    def _fault(self, path: Path_, field: str, found: str, expected: str, cure: str) -> None:
        line = self._source.line(path)
        self.faults.append(
            Fault(file=self._source.name, line=line, field=field, found=found, expected=expected, cure=cure)
        )


def _value(entry: Entry, raw: Any, cities: frozenset[str]) -> Value:
    """The value as written; ValueError says what was expected."""
    match entry.type:
        case "number":
            return _number(entry, raw)
        case "month":
            first, last = raw if isinstance(raw, list) and len(raw) == 2 else (raw, raw)
            return Days(_days(first).first, _days(last).last)
        case "records":
            return _records(entry, raw)
    options = entry.domain() or cities
    chosen = frozenset(map(str, raw if isinstance(raw, list) else [raw]))
    if not chosen or not chosen <= options:
        raise ValueError(f"one or several of {', '.join(sorted(options))}")
    return OneOf(chosen)


def _number(entry: Entry, raw: Any) -> Span:
    low, high = raw if isinstance(raw, list) and len(raw) == 2 else (raw, raw)
    least, most = entry.low or 0, entry.high or 0
    if not all(isinstance(n, int | float) and least <= n <= most for n in (low, high)):
        raise ValueError(f"a number from {least:g} to {most:g}, or a list of the lowest and highest")
    return Span(float(low), float(high))


def _days(raw: Any) -> Days:
    found = _DAY.fullmatch(str(raw))
    if found is None:
        raise ValueError("a day, a month or a year, as 1969-03-12, 1969-03, 1969")
    year, number, day = (int(part) if part else None for part in found.groups())
    assert year is not None  # the pattern begins with a year
    if number is not None and day is not None:
        return Days(date(year, number, day), date(year, number, day))
    return month(year, number)


def _records(entry: Entry, raw: Any) -> Items:
    """A list of them all, or `{items: […], complete: false}`; each an option's id or a mapping of fields,
    which `is` an option but for what it says otherwise."""
    complete = True
    if isinstance(raw, Mapping) and raw.keys() <= {"items", "complete"}:
        raw, complete = raw.get("items", []), bool(raw.get("complete", True))
    if not isinstance(raw, list):
        raise ValueError("a list of records, or a mapping with `items` and `complete`")
    options = {option.id: option.record for option in entry.options}
    fields = {field for record in options.values() for field in record} | {d.field for d in entry.details}
    items = []
    for row in raw:
        said = dict(row) if isinstance(row, Mapping) else {"is": row}
        option = said.pop("is", None)
        if (option is not None and option not in options) or not said.keys() <= fields:
            raise ValueError(f"one of {', '.join(options)}, or a mapping of {', '.join(sorted(fields))}")
        items.append(Item.of({**options.get(option, {}), **said}))
    return Items(tuple(items), complete)
