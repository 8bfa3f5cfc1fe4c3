"""What is seen of the facts of a session: each by where it puts the leaves of all programmes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from knowledge.criteria import Leaf, leaves
from knowledge.dictionary import Entry, Items, OneOf, Value, months_before
from knowledge.prospects import Prospects
from knowledge.residual import Ask, Odds, Seen, State, code_of
from knowledge.rules import Known, Rules

_KEPT: Final = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A fact of the session with the leaves of all programmes that it moves."""

    key: str
    entry: Entry
    leaves: tuple[tuple[int, Leaf], ...]
    switched: Mapping[int, frozenset[str]]
    asked: bool
    prospects: Prospects

    @property
    def detailed(self) -> bool:
        """Whether a detail may have to be asked of what is told."""
        fields = {detail.field for detail in self.entry.details}
        return any(fields - option.record.keys() for option in self.entry.options)


class Sight:
    """The facts that the rules of some programmes turn on, and what values of them come to. Equal knowledge
    is one object, whatever the values."""

    def __init__(
        self,
        rules: Sequence[Rules],
        dictionary: Mapping[str, Entry],
        days: Sequence[tuple[date, ...]],
        city: str,
    ) -> None:
        self._rules = rules
        self._days = days
        self._city = city
        self._coded: dict[tuple[str, Value | None], tuple[int, ...]] = {}
        self._last = max(max(some) for some in days)
        self.facts = self._gathered(dictionary)
        self.at = {fact.key: at for at, fact in enumerate(self.facts)}
        self._interned: dict[Hashable, Seen] = {}
        self._views: dict[Hashable, int] = {}
        self._seen: dict[tuple[int, Value | None, bool], Seen] = {}
        self._slots = [{id(leaf): n for n, (_, leaf) in enumerate(fact.leaves)} for fact in self.facts]

    def slot(self, leaf: Leaf) -> int:
        """A leaf's place among those of its fact."""
        return self._slots[self.at[leaf.fact]][id(leaf)]

    def _gathered(self, dictionary: Mapping[str, Entry]) -> list[Fact]:
        found: dict[str, list[tuple[int, Leaf]]] = {}
        switched: dict[str, dict[int, frozenset[str]]] = {}
        asked: set[str] = set()
        for at, rules in enumerate(self._rules):
            for leaf in rules.ruleset.leaves:
                found.setdefault(leaf.fact, []).append((at, leaf))
            asked.update(leaf.fact for leaf in leaves(rules.ruleset.tree, relaxing=False))
            for fact in rules.ruleset.facts:
                found.setdefault(fact, [])
            for fact, cases in rules.ruleset.switches.items():
                switched.setdefault(fact, {})[at] = cases
        return [
            self._fact(
                dictionary[key.partition("/")[0]],
                key,
                tuple(rows),
                switched.get(key, {}),
                key in asked or key in switched,
            )
            for key, rows in found.items()
        ]

    def _fact(
        self,
        entry: Entry,
        key: str,
        rows: tuple[tuple[int, Leaf], ...],
        switched: Mapping[int, frozenset[str]],
        asked: bool,
    ) -> Fact:
        def probe(value: Value) -> Hashable:
            return self._codes(key, rows, value), _routes(entry, switched, value)

        return Fact(
            key=key,
            entry=entry,
            leaves=rows,
            switched=switched,
            asked=asked,
            prospects=Prospects(
                entry=entry,
                city=self._city,
                last=self._last,
                edges=self._edges(rows),
                probe=probe,
            ),
        )

    def _edges(self, rows: Sequence[tuple[int, Leaf]]) -> Sequence[float] | Sequence[date]:
        """The numbers, or of a month the days, at which a leaf of the fact stands otherwise."""
        months = {"years": 12, "months": 1}
        days = {
            months_before(day, int(cut.least) * months[leaf.measure])
            for at, leaf in rows
            if leaf.measure
            for cut in leaf.cuts
            for day in self._days[at]
        }
        return sorted(days) or sorted({cut.least for _, leaf in rows for cut in leaf.cuts})

    def _codes(self, key: str, rows: Sequence[tuple[int, Leaf]], value: Value | None) -> tuple[int, ...]:
        found = self._coded.get((key, value))
        if found is None:
            if len(self._coded) > _KEPT:
                self._coded.clear()
            values = {} if value is None else {key: value}
            found = self._coded[key, value] = tuple(
                code_of(self._rules[at].leaf(leaf, Known(values=values, days=self._days[at])))
                for at, leaf in rows
            )
        return found

    def state(self, values: Mapping[str, Value], unsure: frozenset[str]) -> State:
        """What is seen of all facts by what is known."""
        return tuple(
            self.see(at, values.get(fact.key), fact.key in unsure) for at, fact in enumerate(self.facts)
        )

    def see(self, at: int, value: Value | None, unsure: bool = False) -> Seen:
        """What is seen of one fact."""
        key = (at, value, unsure)
        found = self._seen.get(key)
        if found is None:
            if len(self._seen) > _KEPT:
                self._seen.clear()
            found = self._seen[key] = self._looked(at, value, unsure)
        return found

    def _looked(self, at: int, value: Value | None, unsure: bool) -> Seen:
        fact = self.facts[at]
        codes = self._codes(fact.key, fact.leaves, value)
        options = _routes(fact.entry, fact.switched, value)
        asks = () if unsure or not fact.asked else self._asks(at, fact, value, codes)
        key = (
            at,
            value is None,
            codes,
            options,
            tuple((a.id, *((w, id(s)) for w, s in a.outcomes)) for a in asks),
        )
        found = self._interned.get(key)
        if found is None:
            odds = tuple(_odds(n, code, asks) for n, code in enumerate(codes))
            views = self._viewed(at, fact, codes, options, asks)
            found = Seen(value=value, codes=codes, options=options, asks=asks, views=views, odds=odds)
            self._interned[key] = found
        return found

    def _asks(self, at: int, fact: Fact, value: Value | None, codes: tuple[int, ...]) -> tuple[Ask, ...]:
        asks = []
        told = fact.prospects.of(value)
        if len(told) > 1:
            outcomes = tuple((weight, self.see(at, then)) for weight, then in told)
            asks.append(Ask(fact.key, fact.entry.cost, outcomes))
        if isinstance(value, Items):
            for detail in fact.entry.details:
                items = fact.prospects.lacking(detail, value)
                if items:
                    then = fact.prospects.detailed(detail, items, value)
                    outcomes = tuple((weight, self.see(at, told_)) for weight, told_ in then)
                    asks.append(Ask(f"{fact.key}.{detail.field}", 1, outcomes))
        return tuple(asks)

    def _viewed(
        self, at: int, fact: Fact, codes: Sequence[int], options: frozenset[str], asks: Sequence[Ask]
    ) -> tuple[int, ...]:
        found = []
        for programme in range(len(self._rules)):
            mine = [n for n, (p, _) in enumerate(fact.leaves) if p == programme]
            switches = programme in fact.switched
            ahead = tuple(
                (
                    a.id,
                    tuple(
                        (round(w, 9), tuple(s.codes[n] for n in mine), s.options if switches else 0)
                        for w, s in a.outcomes
                    ),
                )
                for a in asks
            )
            key = (at, programme, tuple(codes[n] for n in mine), options if switches else 0, ahead)
            found.append(self._views.setdefault(key, len(self._views)))
        return tuple(found)


def _routes(entry: Entry, switched: Mapping[int, frozenset[str]], value: Value | None) -> frozenset[str]:
    """The options that switches tell apart, all others as one (empty)."""
    if not switched:
        return frozenset()
    cases = frozenset[str]().union(*switched.values())
    options = value.options if isinstance(value, OneOf) else entry.domain()
    return frozenset(option if option in cases else "" for option in options)


def _odds(at: int, code: int, asks: Sequence[Ask]) -> Odds:
    """How likely a leaf is to stand where; what an answer leaves open is split between its ends."""
    found = [0.0] * 4
    rows = [(weight, seen.codes[at]) for weight, seen in asks[0].outcomes] if asks else [(1.0, code)]
    for weight, then in rows:
        found[then >> 2] += weight / 2
        found[then & 3] += weight / 2
    return found[0], found[1], found[2], found[3]
