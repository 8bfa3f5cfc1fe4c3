"""People made up for the self-check: complete facts, and how they answer what they are asked."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from knowledge.dictionary import (
    ELSEWHERE,
    SURE_YES,
    Days,
    Entry,
    Item,
    Items,
    OneOf,
    Span,
    Value,
    known,
    merge,
    month,
)
from knowledge.interview import Interview, Question
from knowledge.library import Library

Facts = Mapping[str, Value]
"""A person: every fact with its complete value."""
Odds = Mapping[str, Mapping[str, float]]
"""Weights by fact and option, where they differ from the dictionary's; of a number or a month by the lower
bound of its band."""


def keys(library: Library, notice: str) -> list[str]:
    """Every fact that a programme of the notice asks."""
    rulesets = library.notices[notice].criteria.rulesets
    return list(dict.fromkeys(fact for ruleset in rulesets for fact in ruleset.facts))


def person(library: Library, notice: str, random: Random, odds: Odds | None = None) -> Facts:
    """Somebody made up; without odds each value of a fact is as likely as the others."""
    found = {
        key: _value(library, notice, key, random, None if odds is None else odds.get(key, {}))
        for key in keys(library, notice)
    }
    for ruleset in library.notices[notice].criteria.rulesets:
        title = ruleset.title
        if title and found.get(f"won/{ruleset.programme}") == SURE_YES:
            held = Item.of({**title.record, "year": library.notices[notice].header.issued.year - 1})
            found[title.fact] = merge(found[title.fact], Items((held,), complete=True))
    return found


def _value(
    library: Library, notice: str, key: str, random: Random, odds: Mapping[str, float] | None
) -> Value:
    entry = library.dictionary[key.partition("/")[0]]
    last = library.notices[notice].header.issued
    match entry.type:
        case "number":
            low, high = _band(entry, random, odds)
            return Span(number := random.randint(int(low), int(high) - 1), number)
        case "month":
            low, high = _band(entry, random, odds)
            months = random.randint(int(low * 12), int(high * 12) - 1)
            at = last.year * 12 + last.month - 1 - months
            return month(at // 12, at % 12 + 1)
        case "records":
            return _records(entry, last.year, random, odds)
        case "place":
            options = {library.notices[notice].header.city: "here", ELSEWHERE: ELSEWHERE}
        case _:
            options = {option: option for option in sorted(entry.domain())}
    weights = [(odds or entry.odds).get(name, 0.0) if odds is not None else 1.0 for name in options.values()]
    return known(random.choices(list(options), weights)[0])


def _band(entry: Entry, random: Random, odds: Mapping[str, float] | None) -> tuple[float, float]:
    """The bounds of one of the bands."""
    ends = [band.least for band in entry.bands[1:]]
    bands = [(band, end) for band, end in zip(entry.bands, ends, strict=False) if band.odds]
    weights = [1.0 if odds is None else odds.get(f"{b.least:g}", 0.0 if odds else b.odds) for b, _ in bands]
    band, end = random.choices(bands, weights)[0]
    return band.least, end


def _records(entry: Entry, year: int, random: Random, odds: Mapping[str, float] | None) -> Items:
    """Each option by itself; without odds at most one of them. The details as their odds are, or evenly."""
    if odds is None:
        had = [option for option in [random.choice([None, *entry.options])] if option]
    else:
        had = [o for o in entry.options if random.random() < odds.get(o.id, entry.odds.get(o.id, 0.0))]
    items = []
    for option in had:
        fields = dict(option.record)
        for detail in entry.details:
            if detail.field not in fields:
                line = random.choices(
                    detail.lines, [1.0 if odds is None else line.odds for line in detail.lines]
                )[0]
                fields[detail.field] = line.value or year - (line.years_ago or 0)
        items.append(Item.of(fields))
    return Items(tuple(items), complete=True)


def answer(question: Question, facts: Facts) -> Mapping[str, Value]:
    """What the person makes known by answering truthfully."""
    if question.kind in ("number", "month"):
        value = facts[question.fills[0]]
        assert isinstance(value, Span | Days)
        return question.told(value.low if isinstance(value, Span) else value)
    true = [
        index
        for index, line in enumerate(question.lines)
        if all(_holds(fact, value, facts) for fact, value in line.values.items())
    ]
    if question.kind == "one":
        assert true, f"{question.id} has no line for {facts}"
        return question.chosen(true[:1])
    return question.chosen(true)


def _holds(fact: str, value: Value, facts: Facts) -> bool:
    told = facts[fact]
    if isinstance(value, Items) and isinstance(told, Items):
        return all(
            any(item == other or item.says_less(other) for other in told.items) for item in value.items
        )
    if isinstance(value, OneOf) and isinstance(told, OneOf):
        return told.options <= value.options
    raise AssertionError(f"{fact} is told freely")


def asked(
    interview: Interview,
    facts: Facts,
    values: Mapping[str, Value] | None = None,
    unsure: frozenset[str] = frozenset(),
) -> tuple[list[Question], dict[str, Value]]:
    """The questions of an interview until it ends, and what it then knows."""
    values = dict(values or {})
    questions: list[Question] = []
    while question := interview.next(values, unsure):
        assert len(questions) < 60, [q.id for q in questions]
        questions.append(question)
        values |= answer(question, facts)
    return questions, values


def cost(library: Library, question: Question) -> int:
    """What answering costs."""
    screens = [s for n in library.notices.values() for s in (*library.screens, *n.screens)]
    by_screen = {screen.id: screen.cost for screen in screens}
    if question.id in by_screen:
        return by_screen[question.id]
    entry = library.dictionary.get(question.id.partition("/")[0])
    return entry.cost if entry else 1
