"""What an answer may make known: the values that can follow from what is known, each with its likelihood.

The likelihoods come from the dictionary (`odds`, `bands`). They order questions; no verdict rests on them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from knowledge.dictionary import (
    ELSEWHERE,
    Answer,
    Band,
    Days,
    Detail,
    Entry,
    Item,
    Items,
    OneOf,
    Span,
    Value,
    month,
    options_left,
)

Prospect = tuple[float, Value]
Probe = Callable[[Value], Hashable]
"""What a value comes to: values of which it is the same need not be told apart."""

_FUTURE = 2  # months after the last day of reference that are looked at; all later ones stand alike


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospects:
    """The values that a fact may take: `city` is the notice's, `edges` the numbers or days at which standings
    change, `last` the last day of reference."""

    entry: Entry
    city: str
    last: date
    edges: Sequence[float] | Sequence[date]
    probe: Probe

    def of(self, value: Value | None) -> list[Prospect]:
        """What an answer may make of what is known, one value for each way to stand; the weights sum to 1.
        A single one where an answer can change nothing."""
        found: dict[Hashable, Prospect] = {}
        for weight, told in self._told(value):
            key = self.probe(told)
            before, kept = found.get(key, (0.0, told))
            found[key] = (before + weight, kept)
        return _normed(found.values())

    def value(self, options: Iterable[str]) -> OneOf:
        """What a screen's line says of the fact: of a place `here` is the city."""
        here = self.city if self.entry.type == "place" else "here"
        return OneOf(frozenset(here if option == "here" else option for option in options))

    def split(self, options: frozenset[str], value: Value | None) -> tuple[OneOf, OneOf]:
        """What choosing a line with these options leaves possible, and what leaving it out does."""
        possible = value.options if isinstance(value, OneOf) else self._domain
        return OneOf(possible & options), OneOf(possible - options)

    def share(self, options: Iterable[str]) -> float:
        """How likely one of the options is among those who ask."""
        all_ = self._domain
        total = sum(map(self._odds, all_))
        return sum(map(self._odds, options)) / total if total else 1 / len(all_)

    @property
    def _domain(self) -> frozenset[str]:
        place = self.entry.type == "place"
        return frozenset({self.city, ELSEWHERE}) if place else self.entry.domain()

    def _odds(self, option: str) -> float:
        entry = self.entry
        name = "here" if entry.type == "place" and option == self.city else option
        return entry.odds.get(name, 0.0 if entry.odds else 1.0)

    def _told(self, value: Value | None) -> Iterable[Prospect]:
        match self.entry.type:
            case "number":
                return self._numbers(value)
            case "month":
                return self._months(value)
            case "records":
                return self._records(value if isinstance(value, Items) else Items())
            case _:
                return self._options(value)

    def _options(self, value: Value | None) -> Iterator[Prospect]:
        for option in sorted(self._domain):
            if not isinstance(value, OneOf) or option in value.options:
                yield self._odds(option), OneOf(frozenset({option}))

    def _numbers(self, value: Value | None) -> Iterator[Prospect]:
        low, high = (value.low, value.high) if isinstance(value, Span) else self._limits
        edges = sorted({low, high, *(edge for edge in self._cuts if low < edge <= high)})
        for least, below in [*pairwise(edges), (high, high)]:
            yield _mass(self.entry.bands, least, below), Span(least, least)

    def _months(self, value: Value | None) -> Iterator[Prospect]:
        """A stretch of months that stand alike is told as its first."""
        low, high = (int(limit) for limit in self._limits)
        first, last = 12 * low, min(12 * high + 11, _index(self.last) + _FUTURE)
        if isinstance(value, Days):
            first, last = max(first, _index(value.first)), min(last, _index(value.last))
        marks = {at for edge in self._days for at in (_index(edge), _index(edge) + 1)}
        starts = [first, *sorted(at for at in marks if first < at <= last), last + 1]
        now = _index(self.last)
        for start, end in pairwise(starts):
            years = ((now - end + 1) / 12, (now - start + 1) / 12)
            yield _mass(self.entry.bands, *years), month(start // 12, start % 12 + 1)

    def _records(self, known: Items) -> Iterator[Prospect]:
        """Each option is had or not, apart from the others."""
        found = [(1.0, Items(known.items, complete=True))]
        for option, item in () if known.complete else options_left(self.entry, known):
            share = self.entry.odds.get(option.id, 0.0)
            had = [(w * share, Items((*v.items, item), complete=True)) for w, v in found]
            without = [(w * (1 - share), v) for w, v in found]
            found = self._merged([*without, *had])
        yield from found

    def detailed(self, detail: Detail, items: Sequence[Item], value: Items) -> list[Prospect]:
        """What telling the detail of these records may make known."""
        found: list[tuple[float, Items]] = [(1.0, value)]
        total = sum(line.odds for line in detail.lines)
        for item in items:
            found = self._merged(
                [
                    (weight * line.odds / total, filled(told, item, detail, line, self.last))
                    for weight, told in found
                    for line in detail.lines
                ]
            )
        return [(weight, told) for weight, told in found]

    def lacking(self, detail: Detail, value: Items) -> tuple[Item, ...]:
        """The records of which the detail is not known and matters."""
        return tuple(
            item
            for item in value.items
            if item.get(detail.field) is None
            and len({self.probe(filled(value, item, detail, row, self.last)) for row in detail.lines}) > 1
        )

    def _merged(self, found: Sequence[tuple[float, Items]]) -> list[tuple[float, Items]]:
        by_key: dict[Hashable, tuple[float, Items]] = {}
        for weight, value in found:
            key = self.probe(value)
            before, kept = by_key.get(key, (0.0, value))
            by_key[key] = (before + weight, kept)
        return list(by_key.values())

    @property
    def _limits(self) -> tuple[float, float]:
        assert self.entry.low is not None
        assert self.entry.high is not None
        return self.entry.low, self.entry.high

    @property
    def _cuts(self) -> list[float]:
        return [edge for edge in self.edges if not isinstance(edge, date)]

    @property
    def _days(self) -> list[date]:
        return [edge for edge in self.edges if isinstance(edge, date)]


def filled(value: Items, item: Item, detail: Detail, line: Answer, last: date) -> Items:
    """The list with one record's detail as a line tells it."""
    told = last.year - line.years_ago if line.years_ago is not None else line.value
    new = Item.of({**dict(item.fields), detail.field: told})
    items = tuple(new if other == item else other for other in value.items)
    return Items(items, value.complete, value.denied)


def _index(day: date) -> int:
    return day.year * 12 + day.month - 1


def _mass(bands: Sequence[Band], low: float, high: float) -> float:
    """The share of the bands between two bounds; within a band all is alike."""
    ends = [*(band.least for band in bands[1:]), float("inf")]
    total = 0.0
    for band, end in zip(bands, ends, strict=True):
        if band.odds and low == high and band.least <= low < end:
            total += 1e-9
        inner = min(high, end) - max(low, band.least)
        if inner > 0 and band.odds:
            total += band.odds * inner / (end - band.least)
    return total


def _normed(found: Iterable[Prospect]) -> list[Prospect]:
    rows = list(found)
    total = sum(weight for weight, _ in rows)
    if total <= 0:
        return [(1 / len(rows), value) for _, value in rows]
    return [(weight / total, value) for weight, value in rows]
