"""From the state of a self-check to what its templates show: questions, answers as understood, verdicts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from handlers import facts
from handlers.check_state import Check
from handlers.contract import Choice, Reply, Section, Turn
from knowledge.dictionary import ELSEWHERE, NO, SURE_NO, YES, Days, Entry, Items, OneOf, Span, Value
from knowledge.interview import Interview, Line, Question
from knowledge.library import Library, Notice, Season
from knowledge.notice import Condition, Material
from knowledge.reading import Scope
from knowledge.rules import Interval, Known, Outcome
from knowledge.telling import Told
from knowledge.verdict import Reason, Report

LAST: Final = -1.0
"""The weight of what is said after everything else."""

_DECISIVE, _DECISIVE_OF_SEVERAL = 4, 2
_MONTH = 31
_WORD = 4
_MARKS = " ,.;:!?，。；：！？、"
_EITHER = 3
_COUNTED = 9
_WORDED = (YES, NO, ELSEWHERE)
_NUMBER = re.compile(r"\D*(\d{1,2})\D*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A fact as it is shown: `kind` says how its `value` is to be worded."""

    name: str
    kind: str
    value: object = None
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """The stage that binds the person's unit: who, until when as it is written, and the fact that says so."""

    actor: str
    as_written: str
    cite: str
    fact: str


def ordered(sections: Iterable[Section]) -> list[Section]:
    """Sections that stay together, in this order, after all others."""
    return [replace(section, weight=LAST) for section in sections]


def by_line(library: Library, text: str, question: Question) -> Told | None:
    """The answer by a line: the number of the one for none of the others, or words that one line alone has
    and does not deny."""
    match = _NUMBER.fullmatch(text)
    if question.none and match and int(match[1]) == len(question.lines) + 1:
        return Told(values=question.denied(), words=dict.fromkeys(question.fills, question.none))
    words = text.strip(_MARKS)
    denied = library.vocabulary.telling.moods.deny_before
    parts = [line.label.partition(words) for line in question.lines]
    held = [at for at, (before, found, _) in enumerate(parts) if found and not denied.search(before)]
    if len(words) < _WORD or len(held) != 1:
        return None
    values = question.chosen(held)
    return Told(values=values, words=dict.fromkeys(values, words))


# —— facts as told


def entry_of(library: Library, fact: str) -> Entry:
    """The dictionary's entry of a fact key."""
    return library.dictionary[fact.partition("/")[0]]


def name_of(library: Library, fact: str) -> str:
    """What a fact is called; of titles with the programme's name."""
    name, _, programme = fact.partition("/")
    entry = library.dictionary[name]
    return f"{entry.name} {library.programmes[programme][1].name}" if programme else entry.name


def names(library: Library, wanted: Iterable[str]) -> list[str]:
    """The names of facts."""
    return [name_of(library, fact) for fact in wanted]


def told(library: Library, check: Check, wanted: Iterable[str]) -> list[Shown]:
    """Facts as they were understood."""
    answers = ((fact, check.answers.get(fact)) for fact in wanted)
    rows = [shown(library, fact, answer.value, answer.words) for fact, answer in answers if answer]
    return [row for at, row in enumerate(rows) if row not in rows[:at]]  # two programmes may ask the same


def shown(library: Library, fact: str, value: Value, words: str) -> Shown:
    """A fact as it was understood, in its own terms where it has some, else in the person's words."""
    entry = entry_of(library, fact)
    kind, terms = _terms(entry, value)
    return Shown(
        name=name_of(library, fact),
        kind=kind or "words",
        value=terms if kind else words,
        unit=entry.unit,
    )


def _terms(entry: Entry, value: Value) -> tuple[str, object]:
    """The kind and the value in the dictionary's own terms; no kind where it has none for it."""
    match value:
        case OneOf(options) if len(options) == 1:
            option = next(iter(options))
            labels = {row.id: row.shown for row in entry.options}
            return (option, None) if option in _WORDED else ("text", labels.get(option, option))
        case OneOf(options) if entry.options and len(options) <= _EITHER:
            return "either", [row.shown for row in entry.options if row.id in options]
        case Days(first, last) if (last - first).days <= _MONTH:
            return "month", first
        case Span(low, high):
            return "number", (low, high)
        case Items(items, complete):
            labels_of = {tuple(sorted(row.record.items())): row.shown for row in entry.options}
            labels_found = [labels_of[item.fields] for item in items if item.fields in labels_of]
            if len(labels_found) == len(items) and (items or complete):
                return "list", labels_found or [entry.none]
    return "", None


def noted(library: Library, check: Check, question: Question, heard: Told, template: str) -> Section:
    """What was understood: the lines of the question that were chosen, and what else was told."""
    lines = [
        line for line in question.lines if all(_tells(heard.values.get(f), v) for f, v in line.values.items())
    ]
    denied = question.denied()
    none = [question.none] if question.none and _denies(denied, heard.values) else []
    said = {fact for line in lines for fact in line.values} | {fact for fact in denied if none}
    covered = {fact for fact in said if none or not _more(heard.values[fact], fact, lines)}
    if none:  # "none of them" is said of the titles that need not be asked for as well
        kinds = {fact.partition("/")[0] for fact in said if "/" in fact}
        covered |= {f for f, v in heard.values.items() if f.partition("/")[0] in kinds and v == SURE_NO}
    return Section(
        template=template,
        values={
            "lines": [line.label for line in lines] + none,
            "told": told(library, check, (fact for fact in heard.values if fact not in covered)),
            "parked": bool(heard.unsure),
        },
        weight=LAST,
    )


def _tells(heard: Value | None, line: Value) -> bool:
    """Whether what was heard says what a line says; of records each of its own."""
    if isinstance(heard, Items) and isinstance(line, Items):
        return all(any(row == item or row.says_less(item) for item in heard.items) for row in line.items)
    return heard == line


def _denies(denied: Mapping[str, Value], heard: Mapping[str, Value]) -> bool:
    """Whether all that was heard of what is asked is that there is none of it."""
    lists = [heard.get(fact) for fact, value in denied.items() if isinstance(value, Items)]
    if lists:
        return all(isinstance(value, Items) and value.complete and not value.items for value in lists)
    return all(heard.get(fact) == value for fact, value in denied.items())


def _more(heard: Value, fact: str, lines: Iterable[Line]) -> bool:
    """Whether records were heard that no line names."""
    named_ = [item for line in lines if isinstance(v := line.values.get(fact), Items) for item in v.items]
    return isinstance(heard, Items) and any(
        not any(row == item or row.says_less(item) for row in named_) for item in heard.items
    )


def named(library: Library, check: Check, words: str) -> list[str]:
    """The facts that a person calls by these words, the answered ones first."""
    wanted = words.strip()
    if not wanted:
        return []
    used = dict.fromkeys(
        fact for programme in check.programmes for fact in library.rules[programme].ruleset.facts
    )
    found = [fact for fact in used if wanted in name_of(library, fact)]
    found = found or [fact for fact in used if wanted in entry_of(library, fact).help]
    return sorted(found, key=lambda fact: fact not in check.answers)


# —— questions


def opening(turn: Turn, check: Check, *, asks: bool) -> Section:
    """What is checked, by which edition and season, and what is already known."""
    notice = turn.library.notices[check.notice]
    programmes = [turn.library.programmes[p][1] for p in check.programmes]
    until = deadline(turn, check)
    return Section(
        template="selfcheck/opening",
        values={
            "names": [p.name for p in programmes],
            "edition": programmes[0].edition,
            "short": notice.header.short,
            "season": str(notice.season(turn.now)),
            "deadline": until,
            "told": told(turn.library, check, check.answers),
            "asks": asks,
        },
        facts=(until.fact,) if until else (),
        weight=LAST,
    )


def deadline(turn: Turn, check: Check) -> Deadline | None:
    """The stage that binds this person's unit: who, when as written, and where it is said."""
    notice = turn.library.notices[check.notice]
    found = [
        (part, stage)
        for programme in check.programmes
        for part, stage in notice.stages(programme)
        if stage.binds == "applicant" and (not part.header.parent or part.header.district in check.districts)
    ]
    local = [row for row in found if row[0].header.parent] or found
    if not local:
        return None
    part, stage = max(local, key=lambda row: row[1].ends)
    sourced = turn.library.sourced[f"{part.id}/{stage.id}"]
    return Deadline(actor=stage.actor, as_written=stage.as_written, cite=sourced.citation, fact=sourced.id)


def asking(check: Check, question: Question, left: int) -> Section:
    """The question with its numbered lines."""
    return Section(
        template="selfcheck/question",
        values={
            "number": len(check.asked) + 1,
            "left": left - 1 if 0 < left <= _COUNTED else 0,
            "ask": question.ask,
            "help": question.help,
            "kind": question.kind,
            "lines": [line.label for line in question.lines] + ([question.none] if question.none else []),
            "example": question.example,
        },
        computed={"number": "questions asked so far", "left": "questions that may still be asked"},
        weight=LAST,
    )


def meaning(turn: Turn) -> Section | None:
    """What a word of the questions means, where a message asks that (高级技师是几级)."""
    text = turn.reading.text
    if not turn.library.vocabulary.patterns.meaning.search(text):
        return None
    for entry in turn.library.dictionary.values():
        words = (entry.name, *(option.id for option in entry.options))
        if entry.help and any(word in text for word in words):
            return Section(
                template="selfcheck/meaning", values={"name": entry.name, "help": entry.help}, weight=LAST
            )
    return None


def why(turn: Turn, question: Question) -> Section:
    """The clauses for which a question is asked."""
    rows = []
    for programme, ids in question.moves.items():
        rules = turn.library.rules[programme]
        notice, named_ = turn.library.programmes[programme]
        leaves = [leaf for leaf in rules.ruleset.leaves if leaf.id in ids]
        for leaf in leaves[:_DECISIVE_OF_SEVERAL]:
            cite = notice.citation(leaf.clause)
            rows.append({"programme": named_.name, "name": leaf.name, "quote": leaf.quote, "cite": cite})
    return Section(template="selfcheck/why", values={"rows": rows, "help": question.help}, weight=LAST)


# —— verdicts


def _known(library: Library, check: Check, programme: str) -> Known:
    """What is known for a programme of the check's notice, in the check or not."""
    return library.notices[check.notice].known(programme, check.values, check.districts, check.unsure)


def reports(library: Library, check: Check) -> dict[str, Report]:
    """The report on every programme of the check."""
    return {
        programme: Report.of(library.rules[programme], _known(library, check, programme))
        for programme in check.programmes
    }


def turned(
    library: Library, before: Mapping[str, Interval], interview: Interview, check: Check
) -> Iterator[Section]:
    """Verdicts that stood and have now changed."""
    after = interview.verdicts(check.values, check.unsure)
    for programme, was in before.items():
        now = after[programme]
        if was.settled and was != now:
            name = library.programmes[programme][1].name
            yield Section(
                template="selfcheck/turned",
                values={"programme": name, "was": str(was.outcome), "now": str(now.outcome)},
            )


def verdicts(turn: Turn, check: Check) -> Reply:
    """The verdict on every programme, what goes with it, and what can be seen next."""
    found = reports(turn.library, check)
    several = len(found) > 1
    sections = [_verdict(turn, check, report, several=several) for report in found.values()]
    notice = turn.library.notices[check.notice]
    hopeful = [p for p, report in found.items() if report.stands.high > 0]
    for rule in notice.criteria.together:
        if len(set(hopeful) & set(rule.programmes)) > 1:
            values = {"name": rule.name, "quote": rule.quote, "cite": notice.citation(rule.clause)}
            sections.append(Section(template="selfcheck/together", values=values))
    sections.append(_closing(turn, check))
    choices = [
        choice
        for programme in check.programmes
        for choice in (
            _about("selfcheck/details_choice", "selfcheck/details_says", turn.library, programme),
            _about("selfcheck/materials_choice", "selfcheck/materials_says", turn.library, programme),
        )
    ]
    if several:
        choices = choices[::2]
    choices += [
        _about("selfcheck/better", "selfcheck/start", turn.library, programme)
        for programme in _better(turn.library, check, found)
    ]
    choices += facts.offers(turn, [Scope(notice=check.notice, programmes=check.programmes)])
    return Reply(sections=ordered(sections), choices=choices, alone=True)


def _about(template: str, says: str, library: Library, programme: str) -> Choice:
    name = library.programmes[programme][1].name
    return Choice(template=template, values={"programme": name}, says=says)


def _verdict(turn: Turn, check: Check, report: Report, *, several: bool) -> Section:
    notice, programme = turn.library.programmes[report.programme]
    decisive = report.decisive
    if report.outcome is Outcome.OPEN:
        decisive = ()
    elif report.outcome in (Outcome.MET, Outcome.JUDGED):
        chosen = turn.library.rules[report.programme].alternatives
        decisive = tuple(sorted(decisive, key=lambda r: r.leaf.id not in chosen))
    most = _DECISIVE_OF_SEVERAL if several else _DECISIVE
    best = next((o for o in (report.stands.high,)), None)
    return Section(
        template="selfcheck/verdict",
        values={
            "programme": programme.name,
            "outcome": str(report.outcome),
            "best": str(Interval(best, best).outcome) if best is not None else "",
            "worst": str(Interval(report.stands.low, report.stands.low).outcome),
            "decisive": [reason(turn.library, notice, check, r) for r in decisive[:most]],
            "more": len(decisive) - most if len(decisive) > most else 0,
            "contested": [reason(turn.library, notice, check, r) for r in report.contested],
            "judged": [r.leaf.name for r in report.judged] + [cited.name for cited in report.jury],
            "open": [
                {
                    "name": name_of(turn.library, fact),
                    "who": entry_of(turn.library, fact).who,
                    "rules": [r.leaf.name for r in rules][:_DECISIVE_OF_SEVERAL],
                }
                for fact, rules in report.open.items()
            ],
            "lifts": [[r.leaf.name for r in lift] for lift in report.lifts],
            "relaxation": _relaxation(notice, report),
            "brief": several,
        },
        facts=_conditions(turn, notice, report),
        scope=None,
        weight=LAST,
    )


def reason(library: Library, notice: Notice, check: Check, of: Reason) -> dict[str, Any]:
    """A criterion as a line: what it is, what was said, what the clause says."""
    answer = check.answers.get(of.leaf.fact)
    return {
        "name": of.leaf.name,
        "quote": of.leaf.quote,
        "cite": notice.citation(of.leaf.clause),
        "note": of.leaf.note,
        "stands": str(of.stands.outcome),
        "told": shown(library, of.leaf.fact, answer.value, answer.words) if answer else None,
        "unsure": of.leaf.fact in check.unsure,
        "kind": of.leaf.kind,
    }


def _relaxation(notice: Notice, report: Report) -> dict[str, str] | None:
    leaf = report.relaxation
    if leaf is None or report.stands.low > 0:
        return None
    return {"quote": leaf.quote, "cite": notice.citation(leaf.clause), "note": leaf.note}


def _conditions(turn: Turn, notice: Notice, report: Report) -> tuple[str, ...]:
    """The notice's facts on the clauses that a report speaks of."""
    clauses = {clause for r in report.criteria for clause in r.leaf.clause}
    return tuple(
        sourced.id
        for sourced in turn.library.of_kind(notice, Condition)
        if not clauses.isdisjoint(sourced.fact.clause)
    )


def _closing(turn: Turn, check: Check) -> Section:
    """That it is no decision, until when to apply, and whom to ask."""
    notice = turn.library.notices[check.notice]
    scope = Scope(notice=check.notice, programmes=check.programmes)
    office, until = facts.office(turn, scope), deadline(turn, check)
    return Section(
        template="selfcheck/closing",
        values={
            "deadline": until,
            "closed": notice.season(turn.now) in (Season.CLOSED, Season.SUPERSEDED),
            "office": facts.told(turn.library, office) if office else None,
            "short": notice.header.short,
        },
        facts=tuple(source for source in (office and office.id, until and until.fact) if source),
    )


def _better(library: Library, check: Check, found: Mapping[str, Report]) -> list[str]:
    """Other programmes of the notice that may still suit where the checked ones are refused, best first."""
    if any(report.stands.high > 0 for report in found.values()):
        return []
    rows = []
    for ruleset in library.notices[check.notice].criteria.rulesets:
        if ruleset.programme not in check.programmes:
            rules = library.rules[ruleset.programme]
            stands = rules.verdict(_known(library, check, ruleset.programme))
            rows.append((stands, ruleset.programme))
    hopeful = sorted((row for row in rows if row[0].high > 0), reverse=True)
    return [programme for _, programme in hopeful]


# —— more on a verdict


def details(turn: Turn, check: Check) -> Reply:
    """Every criterion of a programme with what was said."""
    sections = []
    for programme, report in _wanted(turn, reports(turn.library, check)).items():
        notice, named_ = turn.library.programmes[programme]
        sections.append(
            Section(
                template="selfcheck/details",
                values={
                    "programme": named_.name,
                    "outcome": str(report.outcome),
                    "rows": [reason(turn.library, notice, check, r) for r in report.criteria],
                    "jury": [
                        {"name": row.name, "quote": row.quote, "cite": notice.citation(row.clause)}
                        for row in report.jury
                    ],
                    "notes": [
                        {"name": row.name, "quote": row.quote, "cite": notice.citation(row.clause)}
                        for row in report.notes
                    ],
                },
                facts=_conditions(turn, notice, report),
                weight=LAST,
            )
        )
    return Reply(sections=sections, alone=True)


def materials(turn: Turn, check: Check) -> Reply:
    """What proves each criterion by the answers, and what the notice wants handed in."""
    sections = []
    for programme, report in _wanted(turn, reports(turn.library, check)).items():
        notice, named_ = turn.library.programmes[programme]
        proofs: dict[tuple[str, ...], list[str]] = {}
        for r in report.criteria:
            if r.entry.proof and r.stands.high > 0 and r.told is not None:
                proofs.setdefault(r.entry.proof, []).append(r.leaf.name)
        scope = Scope(notice=notice.id, programmes=(programme,))
        handed = [*facts.facts_of(turn, scope, Material)]
        sections.append(
            Section(
                template="selfcheck/materials",
                values={
                    "programme": named_.name,
                    "proofs": [{"items": key, "for": value} for key, value in proofs.items()],
                    "rows": [facts.row(sourced) for sourced in handed],
                },
                facts=tuple(sourced.id for sourced in handed),
                weight=LAST,
            )
        )
    return Reply(sections=sections, alone=True)


def _wanted(turn: Turn, found: Mapping[str, Report]) -> dict[str, Report]:
    """The reports on the programmes named, on all where none is."""
    named_ = {p: report for p, report in found.items() if p in turn.reading.programmes}
    return named_ or dict(found)
