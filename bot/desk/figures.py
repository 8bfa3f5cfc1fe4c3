"""The figures of a time and a place, ready to be shown: by period, with every id under its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import Final

from knowledge.criteria import Outcome
from knowledge.library import Library
from knowledge.notice import Aspect
from store.database import Work
from store.records import Answer, Counted, Figure, Span
from store.scope import Scope

_ASPECT: Final = "aspect:"
_TOP: Final = 15


class Step(StrEnum):
    """How long a period is; a week begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Row:
    """How often something happened in all, under its names, the wider one first."""

    names: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Messages of a period that begins on `first`: all, and those that asked something by their answer."""

    first: date
    messages: int
    by_answer: dict[Answer, int]

    @property
    def asked(self) -> int:
        """Questions among the messages."""
        return self.messages - self.by_answer[Answer.NONE]

    @property
    def share(self) -> float | None:
        """The part of the questions that was answered, by what a notice says or by saying that it is silent;
        None where nothing was asked."""
        unknown = self.by_answer[Answer.UNKNOWN]
        return (self.asked - unknown) / self.asked if self.asked else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What is told of a time: `outcomes` are by programme and verdict, `failed` by programme and criterion,
    `deliveries` by kind, path and state (their ids)."""

    periods: tuple[Period, ...]
    whole: Period
    topics: tuple[Row, ...]
    begun: int
    outcomes: tuple[Row, ...]
    failed: tuple[Row, ...]
    deliveries: tuple[Row, ...]


async def figures(work: Work, library: Library, *, scope: Scope, span: Span, step: Step) -> Figures:
    """What happened in a span that lies inside a scope."""
    messages = await work.messages(scope=scope, span=span)
    checks = await work.checks(scope=scope, span=span)
    topics = await work.topics(scope=scope, span=span)
    delivered = await work.delivered(scope=scope, span=span)
    return Figures(
        periods=tuple(_periods(messages, span, step)),
        whole=_period(span.first, messages),
        topics=_rows(topics, lambda row: (topic_name(library, row.name),))[:_TOP],
        begun=sum(row.count for row in checks if row.of[0] == Counted.BEGUN),
        outcomes=_rows(_of(checks, Counted.OUTCOME), lambda row: _outcome(library, row)),
        failed=_rows(_of(checks, Counted.FAILED), lambda row: _criterion(library, row))[:_TOP],
        deliveries=_rows(delivered, lambda row: (*row.of, row.name)),
    )


def periods_in(span: Span, step: Step) -> list[date]:
    """The first days of the periods of a span."""
    days = (span.first + timedelta(days=number) for number in range((span.last - span.first).days + 1))
    return list(dict.fromkeys(begins(day, step) for day in days))


def begins(day: date, step: Step) -> date:
    """The first day of the period that holds a day."""
    if step is Step.MONTH:
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if step is Step.WEEK else day


def topic_name(library: Library, topic: str) -> str:
    """What a topic (a matter, or `aspect:` and its id) is called; its id where the library has it no more."""
    words = library.vocabulary
    if topic.startswith(_ASPECT):
        aspect = topic.removeprefix(_ASPECT)
        return words.aspects[Aspect(aspect)].name if aspect in set(Aspect) else aspect
    return words.matters[topic].name if topic in words.matters else topic


def _periods(messages: Iterable[Figure], span: Span, step: Step) -> Iterator[Period]:
    by_period: dict[date, list[Figure]] = {first: [] for first in periods_in(span, step)}
    for row in messages:
        by_period[begins(row.day, step)].append(row)
    for first, rows in by_period.items():
        yield _period(max(first, span.first), rows)


def _period(first: date, rows: Iterable[Figure]) -> Period:
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row.name] += row.count
    by_answer = {answer: counts[answer] for answer in Answer}
    return Period(first=first, messages=counts.total(), by_answer=by_answer)


def _of(checks: Iterable[Figure], what: Counted) -> list[Figure]:
    return [row for row in checks if row.of[0] == what]


def _rows(found: Iterable[Figure], names: Callable[[Figure], tuple[str, ...]]) -> tuple[Row, ...]:
    """Counted under their names, the most frequent first."""
    counts: Counter[tuple[str, ...]] = Counter()
    named = cache(lambda of, name: names(Figure(day=date.min, of=of, name=name, count=0)))
    for row in found:
        counts[named(row.of, row.name)] += row.count
    return tuple(Row(key, count) for key, count in sorted(counts.items(), key=lambda item: (-item[1], item)))


def _programme(library: Library, programme: str) -> str:
    return library.programmes[programme][1].name if programme in library.programmes else programme


def _outcome(library: Library, row: Figure) -> tuple[str, ...]:
    name = library.vocabulary.outcomes[Outcome(row.name)] if row.name in set(Outcome) else row.name
    return _programme(library, row.of[1]), name


def _criterion(library: Library, row: Figure) -> tuple[str, ...]:
    rules = library.rules.get(row.of[1])
    names = {leaf.id: leaf.name for leaf in rules.ruleset.leaves} if rules else {}
    return _programme(library, row.of[1]), names.get(row.name, row.name)
