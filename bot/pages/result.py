"""A self-check as a page: what follows now from what the person said then, programme by programme."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from knowledge.criteria import (
    AllOf,
    AnyOf,
    AtLeast,
    Interval,
    Leaf,
    Node,
    Outcome,
    Relax,
    Standing,
    Switch,
    Together,
    parts,
)
from knowledge.dictionary import Days, Entry, Items, OneOf, Span, Value, load
from knowledge.edition import Notice, Season
from knowledge.library import Library
from knowledge.notice import CHINA, Contact, Limit, Material, Programme, Stage
from knowledge.overlay import Office
from knowledge.rules import Known, Rules
from knowledge.verdict import Reason, Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a page of the purpose `result` keeps; `values` are those that the dictionary still knows."""

    notice: Notice
    programmes: tuple[str, ...]
    districts: tuple[str, ...]
    values: Mapping[str, Value]
    unsure: frozenset[str]
    made_at: datetime
    knowledge: str

    @classmethod
    def read(cls, text: str, library: Library) -> Check | None:
        """From the page's JSON; None where the library no longer holds its notice."""
        kept: dict[str, Any] = json.loads(text)
        notice = library.notices.get(kept["notice"])
        if notice is None:
            return None
        values = {fact: load(value) for fact, value in kept["values"].items()}
        return cls(
            notice=notice,
            programmes=tuple(p for p in kept["programmes"] if p in library.rules),
            districts=tuple(kept["districts"]),
            values={f: v for f, v in values.items() if _still_known(library, f, v)},
            unsure=frozenset(kept["unsure"]),
            made_at=datetime.fromisoformat(kept["made_at"]),
            knowledge=kept["knowledge"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the comparison with the notice: one criterion (`reason`), or a heading over several that must
    all be met or of which one is enough; `spared` names alternatives that change nothing any more."""

    form: Literal["leaf", "all", "any", "switch"]
    depth: int
    name: str
    stands: Interval
    reason: Reason | None = None
    spared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What to hand in: an item of the notice with its limits, or what proves a criterion."""

    item: str
    proves: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    way: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One programme's result: `open` are facts with the programme whose title they are about, `stages` what
    binds the person, each with its citation, whether it is past, and the days left."""

    programme: Programme
    report: Report
    decisive: tuple[Reason, ...]
    lines: tuple[Line, ...]
    open: tuple[tuple[Entry, str], ...]
    stages: tuple[tuple[Stage, str, bool, int], ...]
    season: Season
    offices: tuple[Office, ...]
    proofs: tuple[Paper, ...]
    papers: tuple[Paper, ...]


def sheets(check: Check, library: Library, now: datetime) -> list[Sheet]:
    """The results, those that stand best first."""
    found = []
    for programme in check.programmes:
        known = check.notice.known(programme, check.values, check.districts, check.unsure)
        found.append(_sheet(check, library, programme, known, now))
    return sorted(found, key=lambda s: (s.report.stands.low, s.report.stands.high), reverse=True)


def choices(check: Check, found: Sequence[Sheet]) -> list[tuple[Together, list[Sheet], bool]]:
    """Rules that allow only one of the programmes that are still open to this person, with these programmes,
    best first, and whether the first stands better than the second."""
    rows = []
    for rule in check.notice.criteria.together:
        rivals = [
            s for s in found if s.programme.id in rule.programmes and s.report.stands.high > Standing.UNMET
        ]
        if len(rivals) > 1:
            first, second = rivals[0].report.stands, rivals[1].report.stands
            rows.append((rule, rivals, (first.low, first.high) > (second.low, second.high)))
    return rows


def told(value: Value | None, entry: Entry) -> tuple[str, Any]:
    """What the person said, as a form and what the template for it needs."""
    match value:
        case None:
            return "nothing", None
        case OneOf(options):
            labels = {o.id: o.shown for o in entry.options}
            order = list(labels) or ["yes", "no"]
            return "options", [
                labels.get(o, o) for o in sorted(options, key=lambda o: order.index(o) if o in order else 0)
            ]
        case Span(low, high):
            return "number", (low, high, entry.unit)
        case Days(first, last):
            return "days", (first, last)
        case Items(items, complete):
            return "items", ([_record(dict(item.fields), entry) for item in items], complete)


def _record(fields: Mapping[str, Any], entry: Entry) -> dict[str, Any]:
    """A record with the label of the option that it was chosen by, if it was chosen."""
    detailed = {detail.field for detail in entry.details}
    for option in entry.options:
        fixed = {field: value for field, value in option.record.items() if field not in detailed}
        if fixed.items() <= fields.items():
            return {**{f: v for f, v in fields.items() if f in detailed}, "label": option.shown}
    return dict(fields)


def _still_known(library: Library, fact: str, value: Value) -> bool:
    """A later edition of the dictionary may have dropped a fact or an option."""
    entry = library.dictionary.get(fact.partition("/")[0])
    if entry is None:
        return False
    return not isinstance(value, OneOf) or not entry.domain() or value.options <= entry.domain()


def _sheet(check: Check, library: Library, programme: str, known: Known, now: datetime) -> Sheet:
    rules = library.rules[programme]
    report = Report.of(rules, known)
    return Sheet(
        programme=library.programmes[programme][1],
        report=report,
        decisive=_decisive(report),
        lines=tuple(_lines(rules.ruleset.tree, rules, known, {r.leaf.id: r for r in report.criteria}, 0)),
        open=tuple((rules.entry(fact), _titled(fact, library)) for fact in report.open),
        stages=tuple(_stages(check, library, programme, now)),
        season=check.notice.season(now),
        offices=tuple(_offices(check, library, programme)),
        proofs=tuple(_proofs(report)),
        papers=tuple(_papers(check, library, programme)),
    )


def _decisive(report: Report) -> tuple[Reason, ...]:
    """What keeps the result from standing higher; nothing where it is met, or where answers are missing."""
    if report.outcome in (Outcome.MET, Outcome.OPEN):
        return ()
    return report.decisive


def _titled(fact: str, library: Library) -> str:
    """The programme that a fact of titles is about; empty for other facts."""
    _, _, programme = fact.partition("/")
    return library.programmes[programme][1].name if programme else ""


def _lines(
    node: Node, rules: Rules, known: Known, reasons: Mapping[str, Reason], depth: int
) -> Iterator[Line]:
    whole = rules.of(node, known)
    match node:
        case Leaf():
            yield Line(form="leaf", depth=depth, name=node.name, stands=whole, reason=reasons[node.id])
        case Relax():
            yield from _lines(node.base, rules, known, reasons, depth)
        case Switch():
            value = known.values.get(node.switch)
            if isinstance(value, OneOf) and len(value.options) == 1:
                (option,) = value.options
                yield from _lines(node.cases.get(option, node.otherwise), rules, known, reasons, depth)
            else:
                yield Line(form="switch", depth=depth, name=rules.entry(node.switch).name, stands=whole)
        case AllOf():
            if node.name or depth:
                yield Line(form="all", depth=depth, name=node.name, stands=whole)
            for part in node.all_of:
                yield from _lines(part, rules, known, reasons, depth + bool(node.name or depth))
        case AnyOf() | AtLeast():
            yield from _alternatives(node, rules, known, reasons, depth)


def _alternatives(
    node: AnyOf | AtLeast, rules: Rules, known: Known, reasons: Mapping[str, Reason], depth: int
) -> Iterator[Line]:
    whole = rules.of(node, known)
    kept: list[Node] = []
    spared: list[Node] = []
    for part in parts(node):
        (kept if _matters(rules.of(part, known), whole) else spared).append(part)
    name = node.name if isinstance(node, AnyOf) else ""
    names = tuple(n for part in spared for n in _named(part))
    yield Line(form="any", depth=depth, name=name, stands=whole, spared=names)
    for part in kept:
        yield from _lines(part, rules, known, reasons, depth + 1)


def _matters(part: Interval, whole: Interval) -> bool:
    """Whether an alternative holds its group where it is, or can still lift it."""
    return part == whole or (not whole.settled and part.high > whole.low)


def _named(node: Node) -> list[str]:
    """The names of what stands in a part of the tree."""
    if isinstance(node, Leaf):
        return [node.name]
    name = getattr(node, "name", "")
    return [name] if name else list(dict.fromkeys(n for part in parts(node)[:1] for n in _named(part)))


def _stages(
    check: Check, library: Library, programme: str, now: datetime
) -> Iterator[tuple[Stage, str, bool, int]]:
    """What binds this person until when: the stage, its citation, whether it is past, the days left."""
    today = now.astimezone(CHINA).date()
    for part, stage in check.notice.stages(programme):
        if stage.binds != "applicant" or (stage.region and stage.region not in check.districts):
            continue
        yield (
            stage,
            library.sourced[f"{part.id}/{stage.id}"].citation,
            now >= stage.ends,
            (stage.last_day - today).days,
        )


def _offices(check: Check, library: Library, programme: str) -> Iterator[Office]:
    """The office of the person's district, else the city's line for the programme."""
    usable = []
    for sourced in library.of_kind(check.notice, Contact):
        contact = sourced.fact
        assert isinstance(contact, Contact)
        if contact.phones and (not contact.programmes or programme in contact.programmes):
            usable.append(library.office(sourced))
    own = [office for office in usable if _local(office.contact, check.districts)]
    yield from own or [office for office in usable if office.contact.role == "city"]


def _local(contact: Contact, districts: tuple[str, ...]) -> bool:
    return bool(districts) and (contact.region in districts or contact.office.startswith(districts))


def _proofs(report: Report) -> Iterator[Paper]:
    """What proves the criteria that the person says are met, each proof once."""
    proves: dict[str, list[str]] = {}
    for reason in report.criteria:
        if reason.told is not None and reason.stands.high > Standing.UNMET:
            for proof in reason.entry.proof:
                proves.setdefault(proof, []).append(reason.entry.name)
    for proof, names in proves.items():
        yield Paper(item=proof, proves=tuple(dict.fromkeys(names)))


def _papers(check: Check, library: Library, programme: str) -> Iterator[Paper]:
    for sourced in library.of_kind(check.notice, Material):
        material = sourced.fact
        assert isinstance(material, Material)
        if not material.programmes or programme in material.programmes:
            yield Paper(item=material.item, limits=material.limits, way=material.way, group=material.group)
