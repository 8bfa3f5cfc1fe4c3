"""A unit's roster held against a notice: who stands where, and what is wrong with the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.desk.cells import Column, Unclear
from bot.desk.reader import ROWS
from bot.desk.table import Cell, Row, Unreadable
from bot.desk.words import WORDS, plain
from knowledge.criteria import Outcome, leaves
from knowledge.dictionary import Value
from knowledge.edition import Notice
from knowledge.library import Library
from knowledge.rules import Rules
from knowledge.verdict import Reason, Report

_NAMED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A row of the roster; `districts` are those that its unit belongs to."""

    number: int
    name: str
    values: Mapping[str, Value]
    districts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with a cell, or with a column (`row` 0); `at` counts columns from 0, None where the table
    lacks it, and `found` is what was filled in."""

    row: int
    at: int | None
    header: str
    found: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """A roster as it was read: everybody in order, with all faults."""

    people: tuple[Person, ...]
    faults: tuple[Fault, ...]

    @property
    def faulty(self) -> frozenset[int]:
        """The rows that get no verdict."""
        return frozenset(fault.row for fault in self.faults if fault.row)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A cell of the matrix."""

    outcome: Outcome
    text: str


def columns(library: Library, notice: Notice) -> list[Column]:
    """A column for each fact that the notice's programmes ask for, in the order of the text. A relaxation is
    no column: the office grants it."""
    facts = dict.fromkeys(
        fact for ruleset in notice.criteria.rulesets for fact in _asked(library.rules[ruleset.programme])
    )
    entries = {fact: library.dictionary[fact.partition("/")[0]] for fact in facts}
    names = Counter(entries[fact].name for fact in facts if "/" not in fact)
    regions = {plain(name): region.name for region in notice.regions for name in (region.name, *region.names)}
    city = notice.header.city
    return [
        Column(
            fact=fact,
            entry=entry,
            header=_header(library, notice, fact, alike=names[entry.name] > 1),
            city=city,
            cities=frozenset(map(plain, (city, *notice.header.cities))),
            regions=regions,
        )
        for fact, entry in entries.items()
    ]


def _asked(rules: Rules) -> Iterator[str]:
    tree = rules.ruleset.tree
    asked = {leaf.fact for leaf in leaves(tree, relaxing=False)}
    relaxed = {leaf.fact for leaf in leaves(tree)} - asked
    yield from (fact for fact in rules.ruleset.facts if fact not in relaxed)


def _header(library: Library, notice: Notice, fact: str, *, alike: bool) -> str:
    id_, _, title = fact.partition("/")
    name = library.dictionary[id_].name
    if title:
        return WORDS.titled.format(name=name, programme=library.programmes[title][1].name)
    if not alike:
        return name
    asking = (r.programme for r in notice.criteria.rulesets if fact in r.facts)
    return WORDS.alike.format(name=name, programme=library.programmes[next(asking)][1].name)


def notice_of(library: Library, rows: Sequence[Row]) -> Notice:
    """The notice whose template a table was made from: most of its columns are that one's."""
    found = {
        notice.id: len(_heads(columns(library, notice), rows[0]))
        for notice in library.notices.values()
        if notice.criteria.rulesets and not notice.superseded_by
    }
    return library.notices[max(found, key=lambda id_: found[id_])]


def _heads(asked: Sequence[Column], header: Row) -> dict[int, Column]:
    """The known columns by their place; of two with one heading the first."""
    by_header = {plain(column.header): column for column in asked}
    found: dict[int, Column] = {}
    for at, cell in enumerate(header.cells):
        column = by_header.get(plain(str(cell or "")))
        if column and column not in found.values():
            found[at] = column
    return found


def read(library: Library, notice: Notice, rows: Sequence[Row]) -> Roster:
    """The people of a table; raises Unreadable where the table is no roster of this notice."""
    asked = columns(library, notice)
    header, *below = rows
    heads = _heads(asked, header)
    names = [plain(_shown(cell)) for cell in header.cells]
    if not heads or plain(WORDS.name) not in names:
        raise Unreadable("header")
    name_at = names.index(plain(WORDS.name))
    people, faults = [], list(_about_header(asked, heads, header))
    for row in below:
        if not plain(str(row.cells[0] or "")).startswith(plain(WORDS.guide)):
            person, wrong = _person(row, heads, name_at)
            people.append(person)
            faults += wrong
    if not people or len(people) > ROWS:
        raise Unreadable("rows" if people else "empty")
    return Roster(people=tuple(people), faults=tuple(faults))


def _about_header(asked: Sequence[Column], heads: Mapping[int, Column], header: Row) -> Iterator[Fault]:
    used = set(map(plain, (column.header for column in heads.values())))
    for at, cell in enumerate(header.cells):
        name = plain(str(cell or ""))
        if at not in heads and name and name != plain(WORDS.name):
            reason = "twice" if name in used else "unknown_column"
            yield Fault(row=0, at=at, header=str(cell), found="", text=WORDS.faults[reason])
    for column in asked:
        if column not in heads.values():
            text = WORDS.faults["missing_column"]
            yield Fault(row=0, at=None, header=column.header, found="", text=text)


def _person(row: Row, heads: Mapping[int, Column], name_at: int) -> tuple[Person, list[Fault]]:
    values: dict[str, Value] = {}
    faults: list[Fault] = []
    districts: list[str] = []
    for at, column in heads.items():
        cell = row.cells[at] if at < len(row.cells) else None
        try:
            value = column.read(cell)
        except Unclear as unclear:
            advice = _advice(column, unclear.reason)
            faults.append(Fault(row=row.number, at=at, header=column.header, found=_shown(cell), text=advice))
            continue
        if value is not None:
            values[column.fact] = value
        if column.entry.type == "place" and (district := column.district(cell)):
            districts.append(district)
    name = _shown(row.cells[name_at]) if name_at < len(row.cells) else ""
    person = Person(number=row.number, name=name, values=values, districts=tuple(districts))
    return person, faults


def _shown(cell: Cell) -> str:
    return "" if cell is None else str(cell)


def _advice(column: Column, reason: str) -> str:
    entry = column.entry
    return WORDS.faults[reason].format(
        guide=column.guide, low=f"{entry.low or 0:g}", high=f"{entry.high or 0:g}", unit=entry.unit
    )


def verdicts(library: Library, notice: Notice, person: Person) -> dict[str, Verdict]:
    """The person's verdict for each programme of the notice, with what decides it."""
    found = {}
    for ruleset in notice.criteria.rulesets:
        known = notice.known(ruleset.programme, person.values, person.districts)
        report = Report.of(library.rules[ruleset.programme], known)
        found[ruleset.programme] = Verdict(report.outcome, _said(library, notice, report))
    return found


def _said(library: Library, notice: Notice, report: Report) -> str:
    outcome = library.vocabulary.outcomes[report.outcome]
    if report.outcome is Outcome.MET:
        return outcome
    if report.outcome is Outcome.OPEN:
        missing = dict.fromkeys(library.dictionary[fact.partition("/")[0]].name for fact in report.open)
        return WORDS.results["open"].format(outcome=outcome, facts=_few(list(missing)))
    reasons = [_reason(notice, reason) for reason in report.decisive]
    return WORDS.results["verdict"].format(outcome=outcome, reasons=_few(reasons))


def _reason(notice: Notice, reason: Reason) -> str:
    cited = notice.citation(reason.leaf.clause)
    return WORDS.results["reason"].format(name=reason.leaf.name, cite=cited)


def _few(names: Sequence[str]) -> str:
    shown = "、".join(names[:_NAMED])
    return shown + WORDS.results["more"].format(count=len(names)) if len(names) > _NAMED else shown
