"""From the state of a self-check to what its templates show: questions, and answers as understood."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from handlers.check_state import Check
from handlers.contract import Section, Turn
from knowledge.dictionary import ELSEWHERE, NO, SURE_NO, YES, Days, Entry, Items, OneOf, Span, Value
from knowledge.interview import Line, Question
from knowledge.library import Library
from knowledge.telling import Told

LAST: Final = -1.0
"""The weight of what is said after everything else."""

_MONTH = 31
_PLAINLY = 2
_QUOTED = 20
_WORD = 4
_MARKS = " ,.;:!?，。；：！？、"
_EITHER = 3
_COUNTED = 9
_CLAUSES = 2
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
    """Facts as they were understood, in the order of the dictionary."""
    places = {id_: place for place, id_ in enumerate(library.dictionary)}
    listed = sorted(wanted, key=lambda fact: (places[fact.partition("/")[0]], fact))
    answers = [(fact, answer) for fact in listed if (answer := check.answers.get(fact))]
    had = {fact.partition("/")[0] for fact, answer in answers if answer.value != SURE_NO}
    rows = [
        _no_title(entry_of(library, fact))
        if "/" in fact and fact.partition("/")[0] not in had
        else shown(library, fact, answer.value, answer.words)
        for fact, answer in answers
    ]
    return [row for at, row in enumerate(rows) if row not in rows[:at]]  # two programmes may ask the same


def _no_title(entry: Entry) -> Shown:
    """None of the titles of a kind."""
    return Shown(name=entry.name, kind="text", value=entry.none)


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
    lines = _chosen(library, question, heard)
    denied = question.denied()
    none = [question.none] if question.none and _denies(denied, heard.values) else []
    said = {fact for line in lines for fact in line.values} | {fact for fact in denied if none}
    covered = {fact for fact in said if none or not _more(heard.values[fact], fact, lines)}
    unchosen = {
        fact for fact, value in denied.items() if lines and not none and heard.values.get(fact) == value
    } - {fact for line in lines for fact in line.values}
    covered |= unchosen
    if none:  # "none of them" is said of the titles that need not be asked for as well
        kinds = {fact.partition("/")[0] for fact in said if "/" in fact}
        covered |= {f for f, v in heard.values.items() if f.partition("/")[0] in kinds and v == SURE_NO}
    return Section(
        template=template,
        values={
            "name": _name(library, question),
            "lines": [line.label for line in lines],
            "rest": bool(unchosen),
            "nothing": question.none if none else "",
            "asked": question.lines[0].label if len(question.lines) == 1 else "",
            "told": told(library, check, (fact for fact in heard.values if fact not in covered)),
            "parked": list(
                dict.fromkeys(entry_of(library, fact).name for fact in question.fills if fact in heard.unsure)
            ),
        },
        weight=LAST,
    )


def _chosen(library: Library, question: Question, heard: Told) -> list[Line]:
    """The lines that say what was heard; none of a place, which is told by its name."""
    if entry_of(library, question.fills[0]).type == "place" and len(question.fills) == 1:
        return []
    return [
        row for row in question.lines if all(_tells(heard.values.get(f), v) for f, v in row.values.items())
    ]


def _name(library: Library, question: Question) -> str:
    """What a question of one fact is about, beside which a line of it is told."""
    single = question.kind == "one" and len(question.fills) == 1
    return name_of(library, question.fills[0]) if single else ""


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
            "earlier": any(answer.told_at < turn.now for answer in check.answers.values()),
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
            "plainly": check.tries >= _PLAINLY,
            "lines": [line.label for line in question.lines] + ([question.none] if question.none else []),
            "example": question.example,
        },
        computed={"number": "questions asked so far", "left": "questions that may still be asked"},
        weight=LAST,
    )


def again(turn: Turn, check: Check, question: Question, template: str) -> Section:
    """The line before a question that is asked once more: what was said, and how it may be answered."""
    said = turn.incoming.text.strip()
    return Section(
        template=template,
        values={
            "said": said if len(said) <= _QUOTED else "",
            "example": question.example,
            "help": question.help,
            "plainly": check.tries >= _PLAINLY,
            "kind": question.kind,
            "last": len(question.lines) + 1 if question.none else 0,
            "lines": bool(question.lines),
        },
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
        for leaf in leaves[:_CLAUSES]:
            cite = notice.citation(leaf.clause)
            rows.append({"programme": named_.name, "name": leaf.name, "quote": leaf.quote, "cite": cite})
    return Section(template="selfcheck/why", values={"rows": rows, "help": question.help}, weight=LAST)
