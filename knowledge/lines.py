"""Which of a question's lines an answer means: by what it tells, or by the words that it shares with them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from knowledge.dictionary import ELSEWHERE, NO, SURE_NO, Items, OneOf, Value
from knowledge.interview import Line, Question
from knowledge.pattern import LazyPattern

NONE = OneOf(frozenset({"none"}))
DENIALS = (SURE_NO, NONE, OneOf(frozenset({ELSEWHERE})))
_LEAD = 1.5
_COLON = "\uff1a"


def line_of(lines: Sequence[Line], told: Mapping[str, Value]) -> int | None:
    """The line that fits what was told, as far as it speaks of that, and speaks of more than any other."""
    fitting: dict[int, int] = {}
    for at, line in enumerate(lines):
        stands = {**line.beside, **line.values}
        shared = told.keys() & stands.keys()
        if shared and fits(line, told):
            fitting[at] = len(shared)
    best = [at for at, size in fitting.items() if size == max(fitting.values())]
    return best[0] if best and all(lines[at].values == lines[best[0]].values for at in best) else None


def fits(line: Line, told: Mapping[str, Value]) -> bool:
    """Whether a line may stand beside all that was told."""
    stands = {**line.beside, **line.values}
    return all(_may_both(told[fact], stands[fact]) for fact in told.keys() & stands.keys())


def _may_both(value: Value, other: Value) -> bool:
    """Whether both may be true at once."""
    if isinstance(value, OneOf) and isinstance(other, OneOf):
        return not value.options.isdisjoint(other.options)
    return value == other


def says(line: Line, told: Mapping[str, Value]) -> bool:
    """Whether what was told is what a line stands for."""
    return any(_within(told.get(fact), value) for fact, value in line.values.items() if not denial(value))


def _within(told: Value | None, value: Value) -> bool:
    """Whether what was told is no wider than a value."""
    return isinstance(told, OneOf) and isinstance(value, OneOf) and told.options <= value.options


def headed_by(part: str, lines: Sequence[Line], affirmed: LazyPattern) -> list[int]:
    """The lines whose headings a part names, by pairs of characters that no other line has, where it says
    nothing else but that they hold (攻关带徒都有)."""
    labels = [set(pairs_of(bared(line.label))) for line in lines]
    named: list[int] = []
    rest = part
    for at, line in enumerate(lines):
        others = set[str]().union(*(pairs for other, pairs in enumerate(labels) if other != at))
        heading, colon, _ = line.label.partition(_COLON)
        own = [pair for pair in pairs_of(heading) if colon and pair in part and pair not in others]
        if own:
            named.append(at)
            for pair in own:
                rest = rest.replace(pair, "")
    return named if named and affirmed.fullmatch(rest) else []


def likest(text: str, asked: Question, *, least: float) -> int | None:
    """The line that shares most of the text's pairs of characters (two at least, or the only one), and does
    so by far; what the question itself names tells of no line."""
    pairs = set(pairs_of(text))
    if not pairs:
        return None
    named = set(pairs_of(bared(asked.ask)))
    known = [set(pairs_of(bared(line.label))) - named for line in asked.lines]
    scores = [
        sum(1 / sum(pair in other for other in known) for pair in pairs & own) / len(pairs) for own in known
    ]
    best = max(range(len(known)), key=scores.__getitem__)
    second = max((s for at, s in enumerate(scores) if at != best), default=0.0)
    enough = len(pairs & known[best]) >= min(2, len(pairs))
    return best if enough and scores[best] >= max(least, _LEAD * second) else None


def pairs_of(text: str) -> Iterator[str]:
    return (text[at : at + 2] for at in range(len(text) - 1))


def narrowed(told: Mapping[str, Value], line: Mapping[str, Value]) -> dict[str, Value]:
    """What was told, with what the line that is meant says; of what both speak of, what both allow."""
    found = {**line, **told}
    for fact in line.keys() & told.keys():
        mine, its = told[fact], line[fact]
        if isinstance(mine, OneOf) and isinstance(its, OneOf) and mine.options & its.options:
            found[fact] = OneOf(mine.options & its.options)
    return found


def either(choices: Iterable[Mapping[str, Value]]) -> Mapping[str, Value] | None:
    """What holds whichever line is meant."""
    found: dict[str, frozenset[str]] = {}
    for values in choices:
        for fact, value in values.items():
            if not isinstance(value, OneOf):
                return None
            found[fact] = found.get(fact, frozenset()) | value.options
    return {fact: OneOf(options) for fact, options in found.items()}


def denies(line: Line) -> bool:
    """Whether a line says that there is nothing."""
    return all(
        (isinstance(value, OneOf) and value.options <= {NO, "none", "working", "elsewhere"})
        or (isinstance(value, Items) and not value.items)
        for value in line.values.values()
    )


def denial(value: Value) -> bool:
    """Whether a value says no more than that there is nothing."""
    return value in DENIALS or (isinstance(value, Items) and not value.items)


def bared(label: str) -> str:
    return re.sub(r"[^\w]+", "", label)
