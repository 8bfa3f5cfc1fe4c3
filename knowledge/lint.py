"""What must hold across a notice's files; each check yields the faults it finds."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from knowledge.criteria import Criteria
from knowledge.dictionary import Entry, Screen
from knowledge.faults import Fault
from knowledge.figures import chinese_number, figures, reckonings
from knowledge.notice import Clause, Fact, Header, Quota, Silence, Stage
from knowledge.process import Preparation, Reminders, ReviewStatus
from knowledge.yaml_source import Path_, Source

_Kind = TypeVar("_Kind")
_adapter = cast("Callable[[type[Any]], TypeAdapter[Any]]", cache(TypeAdapter))

_OF_ITS_CLAUSES = "only figures of the clauses it cites"
_LAYOUT = re.compile(r"[\s#*<>\\|…．.\-—_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A notice folder as read, each row with its line, before the notices are put together."""

    header: Header
    notice: Source
    folder: str
    clauses: Sequence[tuple[Clause, int]]
    facts: Sequence[tuple[Fact, str, int]]
    silences: Sequence[tuple[Silence, int]]
    regions: Sequence[Any]
    streets: Sequence[tuple[Any, int]]
    source: str
    asked: Mapping[str, tuple[Sequence[str], int]]
    criteria: Criteria
    rules: Source | None
    entries: Sequence[tuple[Entry, int]]
    screens: Sequence[tuple[Screen, int]]
    reminders: Reminders
    reminding: Source | None
    preparation: Sequence[tuple[Preparation, int]]
    statuses: Sequence[tuple[ReviewStatus, int]]


def bare(text: str) -> str:
    """`text` without white space and marks of layout, for comparing a quotation with its source."""
    return _LAYOUT.sub("", text).replace("“", '"').replace("”", '"')


def cure(kind: type[Any], problem: ErrorDetails) -> str:
    """How to mend a value that its type refused."""
    match problem["type"]:
        case "missing":
            return f"add the field {problem['loc'][-1]!r}"
        case "extra_forbidden":
            fields = ", ".join(getattr(kind, "model_fields", {}))
            return f"remove it, or use one of: {fields}"
        case "string_type":
            return "put the value in quotation marks"
        case _:
            return "write the value as expected"


def validated(source: Source, kind: type[_Kind], path: Path_, value: Any) -> tuple[_Kind | None, list[Fault]]:
    """The value at `path` of a file as its type, or None with every fault that its type finds."""
    try:
        return _adapter(kind).validate_python(value), []
    except ValidationError as error:
        found = []
        for problem in error.errors():
            place = _place(source, path, problem)
            field = ".".join(map(str, place)) or "(row)"
            was, expected = repr(problem["input"])[:120], problem["msg"]
            found.append(_fault(source.name, source.line(place), field, was, expected, cure(kind, problem)))
        return None, found


def _place(source: Source, path: Path_, problem: ErrorDetails) -> Path_:
    """Where the file has the problem: pydantic also names the kinds of value that it tried."""
    for key in problem["loc"]:
        missing = problem["type"] == "missing" and key == problem["loc"][-1]
        if (*path, key) in source.lines or missing:
            path = (*path, key)
    return path


def check(drafts: Sequence[Draft], matters: Collection[str] | None) -> Iterator[Fault]:
    """Every fault within and between the notices; without `matters`, whose file has faults of its own, none
    is held against them."""
    by_id = {draft.header.id: draft for draft in drafts}
    yield from _unique_across(drafts)
    for draft in drafts:
        parent = by_id.get(draft.header.parent)
        yield from _header(draft, by_id)
        yield from _unique(draft)
        yield from _references(draft, parent, matters)
        yield from _wording(draft)
        yield from _quota_sums(draft)
        yield from _stage_dates(draft)
        yield from _completeness(draft)


def _fault(file: str, line: int, field: str, found: str, expected: str, cure: str) -> Fault:
    return Fault(file=file, line=line, field=field, found=found, expected=expected, cure=cure)


def _header(draft: Draft, by_id: dict[str, Draft]) -> Iterator[Fault]:
    file = f"{draft.folder}/notice.yaml"
    for field, other in (("parent", draft.header.parent), ("supersedes", draft.header.supersedes)):
        if other and other not in by_id:
            line = draft.notice.line((field,))
            known = f"one of: {', '.join(sorted(by_id))}"
            yield _fault(file, line, field, other, "the id of another notice", known)
    parent = by_id.get(draft.header.parent)
    if parent and (parent.header.parent or parent is draft):
        line = draft.notice.line(("parent",))
        expected = "a notice that is no relay itself"
        yield _fault(file, line, "parent", draft.header.parent, expected, "name the city's notice")
    if draft.header.parent and not draft.header.district:
        yield _fault(file, 1, "district", "nothing", "the district that relays the notice", "add `district:`")
    if not draft.header.parent and not draft.header.programmes:
        yield _fault(file, 1, "programmes", "none", "at least one programme", "add the programmes")
    clauses = {clause.id for clause, _ in draft.clauses}
    cited = [
        *((c, ("programmes", at)) for at, row in enumerate(draft.header.programmes) for c in row.clause),
        *((c, ("basis", at)) for at, row in enumerate(draft.header.basis) for c in row.clause),
    ]
    for clause, place in cited:
        if clause not in clauses:
            line = draft.notice.line((*place, "clause"))
            cure = "correct the id or add the clause"
            yield _fault(file, line, "clause", clause, "a clause of clauses.yaml", cure)


def _unique(draft: Draft) -> Iterator[Fault]:
    counts = Counter(clause.id for clause, _ in draft.clauses)
    for clause, line in {clause.id: line for clause, line in draft.clauses}.items():
        if counts[clause] > 1:
            file, found = f"{draft.folder}/clauses.yaml", f"{counts[clause]} clauses"
            yield _fault(file, line, clause, found, "each id once", "rename one")
    seen: dict[str, str] = {}
    for fact, file, line in draft.facts:
        if fact.id in seen:
            yield _fault(file, line, "id", fact.id, f"an id not used in {seen[fact.id]}", "choose another id")
        seen[fact.id] = file


def _unique_across(drafts: Sequence[Draft]) -> Iterator[Fault]:
    """No notice and no programme twice."""
    seen: dict[str, str] = {}
    for draft in drafts:
        file = f"{draft.folder}/notice.yaml"
        programmes = enumerate(draft.header.programmes)
        ids = [(draft.header.id, ("id",)), *((p.id, ("programmes", at, "id")) for at, p in programmes)]
        for id_, place in ids:
            if id_ in seen:
                line = draft.notice.line(place)
                yield _fault(file, line, "id", id_, f"an id not used in {seen[id_]}", "choose another id")
            seen[id_] = file


def _references(draft: Draft, parent: Draft | None, matters: Collection[str] | None) -> Iterator[Fault]:
    clauses = {clause.id for clause, _ in draft.clauses}
    family = (draft, parent) if parent else (draft,)
    programmes = {p.id for member in family for p in member.header.programmes}
    regions = {r.name for member in family for r in member.regions}
    facts = {fact.id for fact, _, _ in draft.facts}
    for fact, file, line in draft.facts:
        where = f"{fact.id}."
        for name, given, known in (
            ("clause", fact.clause, clauses),
            ("about", fact.about, matters),
            ("programmes", fact.programmes, programmes),
            ("region", (fact.region,) if fact.region else (), regions),
        ):
            for value in given:
                if known is not None and value not in known:
                    cure = "correct it" + (f"; known: {', '.join(sorted(known))}" if len(known) <= 40 else "")
                    yield _fault(file, line, where + name, value, f"a known {name}", cure)
    for silence, line in draft.silences:
        file = f"{draft.folder}/silences.yaml"
        for name, given, known in (
            ("about", silence.about, matters),
            ("near", silence.near, facts),
            ("programmes", silence.programmes, programmes),
        ):
            for value in given:
                if known is not None and value not in known:
                    yield _fault(file, line, f"{silence.id}.{name}", value, f"a known {name}", "correct it")
    for key in sorted(draft.asked.keys() - facts):
        yield _fault(
            f"{draft.folder}/asked.yaml", draft.asked[key][1], key, key, "the id of a fact", "correct the id"
        )
    for street, line in draft.streets:
        if street.district not in regions:
            file = f"{draft.folder}/streets.yaml"
            yield _fault(
                file, line, "district", street.district, "a region of regions.yaml", "correct the name"
            )


def _wording(draft: Draft) -> Iterator[Fault]:
    text = {clause.id: clause.text for clause, _ in draft.clauses}
    allowed = figures(f"{draft.header.edition} {draft.header.doc_no}")
    lists = _lists(text)
    for fact, file, line in draft.facts:
        clauses = [text[c] for c in fact.clause if c in text]
        if fact.quote and not any(bare(fact.quote) in bare(t) for t in clauses):
            yield _fault(
                file, line, f"{fact.id}.quote", fact.quote, "words of its clause", "copy them from the clause"
            )
        figures_known = allowed.union(*(figures(t) for t in clauses), *(figures(c) for c in fact.clause))
        figures_known |= set(_counted(fact.clause, lists))
        yield from _reckoned(fact, figures_known, file, line)
        results = {reckoning.result for spelled in fact.reckons for reckoning in reckonings(spelled)}
        for figure in sorted(figures(fact.say) - figures_known - results):
            yield _fault(
                file,
                line,
                f"{fact.id}.say",
                figure,
                _OF_ITS_CLAUSES,
                "cite the clause that has it",
            )


def _lists(clauses: Iterable[str]) -> Mapping[str, Mapping[str, int]]:
    """The items of each list that the clauses have, with their numbers: 一 is 1."""
    lists: dict[str, dict[str, int]] = defaultdict(dict)
    for clause in clauses:
        head, _, item = clause.rpartition("·")
        if head and (number := chinese_number(item)) is not None:
            lists[head][clause] = number
    return lists


def _counted(cited: Collection[str], lists: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """How many items a list has all of whose clauses are cited, from 一 to the last."""
    for items in (lists.get(clause.rpartition("·")[0], {}) for clause in cited):
        if items and items.keys() <= {*cited} and {*items.values()} == {*range(1, len(items) + 1)}:
            yield str(len(items))


def _reckoned(fact: Fact, known: Set[str], file: str, line: int) -> Iterator[Fault]:
    """What is wrong with what a fact reckons of the figures of its clauses."""
    field = f"{fact.id}.reckons"
    for text in fact.reckons:
        found = [*reckonings(text)]
        if not found:
            yield _fault(
                file, line, field, text, "figures like 9＋9＝18, 9－7＝2 or 10×1.2＝12", "write it so"
            )
        for reckoning in found:
            for figure in sorted({*reckoning.operands} - known):
                yield _fault(file, line, field, figure, _OF_ITS_CLAUSES, "cite the clause that has it")
            if not reckoning.holds:
                yield _fault(file, line, field, text, f"the result {reckoning.right}", "correct it")


def _quota_sums(draft: Draft) -> Iterator[Fault]:
    rows: dict[tuple[str, tuple[str, ...]], int] = defaultdict(int)
    totals: list[tuple[Quota, str, int]] = []
    for fact, file, line in draft.facts:
        if not isinstance(fact, Quota):
            continue
        if fact.total:
            totals.append((fact, file, line))
        else:
            rows[fact.unit, fact.programmes] += fact.count
        for limit in fact.sub_limits:
            if limit.at_most > fact.count:
                expected = f"at most the quota itself, {fact.count}"
                yield _fault(
                    file, line, f"{fact.id}.sub_limits", str(limit.at_most), expected, "correct one of them"
                )
    for total, file, line in totals:
        found = rows[total.unit, total.programmes]
        if found != total.count:
            yield _fault(
                file,
                line,
                f"{total.id}.count",
                str(total.count),
                f"{found}, the sum of its rows",
                "correct a row or the total",
            )


def _stage_dates(draft: Draft) -> Iterator[Fault]:
    """One step of one actor has one date; different actors may have different ones."""
    seen: dict[tuple[str, ...], tuple[Stage, str]] = {}
    for fact, file, line in draft.facts:
        if not isinstance(fact, Stage):
            continue
        for programme in fact.programmes or ("",):
            key = (fact.name, fact.actor, fact.region, programme)
            other, _ = seen.setdefault(key, (fact, file))
            if other.ends != fact.ends:
                expected = f"{other.as_written}, as in {other.id}"
                yield _fault(
                    file,
                    line,
                    f"{fact.id}.until",
                    fact.as_written,
                    expected,
                    "correct one date, or name their different actors",
                )


def _completeness(draft: Draft) -> Iterator[Fault]:
    """The clauses, one after the other, are the source."""
    source, at = bare(draft.source), 0
    file = f"{draft.folder}/clauses.yaml"
    for clause, line in draft.clauses:
        text = bare(clause.text)
        found = source.find(text, at)
        if found < 0:
            yield _fault(
                file,
                line,
                clause.id,
                clause.text[:60],
                "words of source.txt, in its order",
                "copy them from the source",
            )
            continue
        if found > at:
            yield _fault(
                file,
                line,
                clause.id,
                f"before it the source has: {source[at:found][:60]}",
                "no words left out",
                "add them to a clause",
            )
        at = found + len(text)
    if draft.clauses and at < len(source):
        yield _fault(
            file,
            draft.clauses[-1][1],
            "(end)",
            f"the source goes on: {source[at:][:60]}",
            "no words left out",
            "add them to a clause",
        )
