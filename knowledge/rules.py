"""What follows for a programme from what is known of a person and a unit.

A leaf maps a fact's values to a standing on the chain F < E < J < T; all_of is the least of its parts,
any_of the best. What is not known makes an interval: a verdict stands where its ends meet. (Kleene's logic
with two judgements between.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import combinations

from knowledge.criteria import (
    AllOf,
    AnyOf,
    AtLeast,
    Interval,
    Leaf,
    Node,
    Relax,
    Ruleset,
    Standing,
    Switch,
    Test,
    leaves,
    parts,
)
from knowledge.dictionary import (
    SURE_YES,
    Days,
    Entry,
    Item,
    Items,
    OneOf,
    Span,
    Value,
    months_before,
    options_left,
    whole_months,
)

_MONTH = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All that is known in a check: `values` by fact, and the reference `days` (date of issue and
    the deadline that binds the unit). `unsure` are the facts that the person cannot tell."""

    values: Mapping[str, Value]
    days: tuple[date, ...]
    unsure: frozenset[str] = frozenset()


def implied(values: Mapping[str, Value], rulesets: Iterable[Ruleset]) -> Mapping[str, Value]:
    """The values, with what each title that was won counts as: 武汉市技能大师 is also an honour."""
    found = dict(values)
    for ruleset in rulesets:
        if ruleset.title is None or values.get(f"won/{ruleset.programme}") != SURE_YES:
            continue
        had = found.get(ruleset.title.fact)
        items, complete = (had.items, had.complete) if isinstance(had, Items) else ((), False)
        item = Item.of(ruleset.title.record)
        found[ruleset.title.fact] = Items(tuple(dict.fromkeys((*items, item))), complete)
    return found


class Rules:
    """One programme's criteria over the dictionary: judges what is known, names what can still matter."""

    def __init__(self, ruleset: Ruleset, dictionary: Mapping[str, Entry]) -> None:
        self.ruleset = ruleset
        self._dictionary = dictionary
        self._possible = {leaf.id: self._at_large(leaf) for leaf in ruleset.leaves}

    def entry(self, fact: str) -> Entry:
        """The dictionary's entry of a fact; of titles for every programme the same."""
        return self._dictionary[fact.partition("/")[0]]

    def leaf(self, leaf: Leaf, known: Known) -> Interval:
        """Where a leaf stands by what is known."""
        value = known.values.get(leaf.fact)
        if value is None:
            return self._possible[leaf.id]
        return _of_value(leaf, value, self.entry(leaf.fact), known.days)

    def _at_large(self, leaf: Leaf) -> Interval:
        """Where a leaf may stand while nothing is known: by the options that its fact has."""
        entry = self.entry(leaf.fact)
        options = entry.domain()
        return _of_value(leaf, OneOf(options), entry, ()) if options else leaf.possible

    def verdict(self, known: Known) -> Interval:
        """Where the programme stands by what is known."""
        return self.of(self.ruleset.tree, known)

    def of(self, node: Node, known: Known) -> Interval:
        """Where a part of the tree stands."""
        match node:
            case Leaf():
                return self.leaf(node, known)
            case AllOf():
                return _least([self.of(part, known) for part in node.all_of])
            case AnyOf():
                return _best([self.of(part, known) for part in node.any_of])
            case AtLeast():
                return _nth([self.of(part, known) for part in node.of], node.count)
            case Switch():
                found = [self.of(part, known) for part in self._taken(node, known)]
                return Interval(min(i.low for i in found), max(i.high for i in found))
            case Relax():
                base = self.of(node.base, known)
                lift = min(Standing.EXCEPTION, self._claimed(node.by, known))
                return Interval(max(base.low, lift), max(base.high, lift))

    def _claimed(self, leaf: Leaf, known: Known) -> Standing:
        """A relaxation counts where the person claims it, and not before: it is told, never asked."""
        return self.leaf(leaf, known).low if leaf.fact in known.values else Standing.UNMET

    def relaxes(self, leaf: str, known: Known) -> bool:
        """Whether a relaxation, once claimed, would lift what is refused."""
        by = next(row for row in self.ruleset.leaves if row.id == leaf)
        claimed = OneOf(frozenset(option for option, stands in by.when.items() if stands > Standing.UNMET))
        lifted = replace(known, values={**known.values, by.fact: claimed})
        return self.verdict(known).high < self.verdict(lifted).high

    def _taken(self, node: Switch, known: Known) -> list[Node]:
        """The parts that a switch may still take, each once."""
        value = known.values.get(node.switch)
        if not isinstance(value, OneOf):
            return [*node.cases.values(), node.otherwise]
        taken = [node.cases.get(option, node.otherwise) for option in sorted(value.options)]
        return list({id(part): part for part in taken}.values())

    def open_facts(self, known: Known) -> dict[str, tuple[str, ...]]:
        """The facts on which the verdict still depends, each with the leaves that it can move; in the order
        of the text. (Exact where each fact occurs in one direction only.)"""
        found: dict[str, list[str]] = {}
        for fact, leaf in self._live(self.ruleset.tree, known, Standing.UNMET, Standing.MET):
            found.setdefault(fact, []).append(leaf)
        return {fact: tuple(dict.fromkeys(ids)) for fact, ids in found.items()}

    def _live(self, node: Node, known: Known, floor: Standing, cap: Standing) -> Iterator[tuple[str, str]]:
        """Facts and leaves that can move the root, which sees of this node only what lies between `floor` and
        `cap`."""
        whole = self.of(node, known)
        if max(whole.low, floor) >= min(whole.high, cap):
            return
        match node:
            case Leaf():
                yield node.fact, node.id
            case Relax():
                lift = min(Standing.EXCEPTION, self._claimed(node.by, known))
                yield from self._live(node.base, known, max(floor, lift), cap)
            case Switch():
                taken = self._taken(node, known)
                if len(taken) > 1:
                    yield node.switch, ""
                for part in taken:
                    yield from self._live(part, known, floor, cap)
            case _:
                below = parts(node)
                found = [self.of(part, known) for part in below]
                need = _needed(node)
                for at, part in enumerate(below):
                    others = found[:at] + found[at + 1 :]
                    # the part alone at its worst, then at its best, the others against and for it
                    low = _nth([*others, Interval(Standing.UNMET, Standing.UNMET)], need).low
                    high = _nth([*others, Interval(Standing.MET, Standing.MET)], need).high
                    yield from self._live(part, known, max(floor, low), min(cap, high))

    @cached_property
    def alternatives(self) -> frozenset[str]:
        """The leaves of which one may stand for another."""
        return frozenset(leaf.id for node in _choices(self.ruleset.tree) for leaf in leaves(node))

    def counting(self, known: Known) -> tuple[Leaf, ...]:
        """The leaves that count for this person: those of the switch's part that applies, and a relaxation
        only where it lifts."""
        return tuple({leaf.id: leaf for leaf in self._counting(self.ruleset.tree, known)}.values())

    def _counting(self, node: Node, known: Known) -> Iterator[Leaf]:
        match node:
            case Leaf():
                yield node
            case Switch():
                for part in self._taken(node, known):
                    yield from self._counting(part, known)
            case Relax():
                yield from self._counting(node.base, known)
                if self.of(node, known) != self.of(node.base, known):
                    yield node.by
            case _:
                for part in parts(node):
                    yield from self._counting(part, known)

    def decisive(self, known: Known) -> tuple[Leaf, ...]:
        """The leaves that hold a settled verdict where it is: of a refusal every certain failure, else what
        keeps it from standing higher, or meets it; of an open one, the leaves that are open."""
        found = self._decisive(self.ruleset.tree, known)
        return tuple({leaf.id: leaf for leaf in found}.values())

    def _decisive(self, node: Node, known: Known) -> Iterator[Leaf]:
        whole = self.of(node, known)
        match node:
            case Leaf():
                yield node
            case Relax():
                base = self.of(node.base, known)
                if base != whole:
                    yield node.by
                if base.settled or not whole.settled:
                    yield from self._decisive(node.base, known)
            case _:
                below = self._taken(node, known) if isinstance(node, Switch) else parts(node)
                found = [(part, self.of(part, known)) for part in below]
                for part, stands in found:
                    if stands == whole if whole.settled else not stands.settled:
                        yield from self._decisive(part, known)

    def lifts(self, known: Known, *, most: int = 3) -> list[tuple[Leaf, ...]]:
        """The smallest sets of failing criteria that, once mended, end a refusal; none by a fact that nobody
        can change, none by a relaxation. Fewest first, at most `most`."""
        sets = self._lifts(self.ruleset.tree, known)
        return sorted((s for s in sets if s), key=len)[:most]

    def _lifts(self, node: Node, known: Known) -> list[tuple[Leaf, ...]]:
        if self.of(node, known).high > Standing.UNMET:
            return [()]
        match node:
            case Leaf():
                changeable = self.entry(node.fact).changeable
                return [(node,)] if changeable and self._possible[node.id].high > Standing.UNMET else []
            case Relax():
                return self._lifts(node.base, known)
            case Switch():
                return [s for part in self._taken(node, known) for s in self._lifts(part, known)]
            case _:
                below = parts(node)
                failing = [part for part in below if self.of(part, known).high == Standing.UNMET]
                missing = _needed(node) - (len(below) - len(failing))
                return [s for some in combinations(failing, missing) for s in self._joined(some, known)]

    def _joined(self, nodes: Sequence[Node], known: Known) -> list[tuple[Leaf, ...]]:
        """The smallest sets that lift all of them."""
        joined: list[tuple[Leaf, ...]] = [()]
        for node in nodes:
            joined = [(*had, *new) for had in joined for new in self._lifts(node, known)]
            joined = sorted(joined, key=len)[:_KEPT]
        return [tuple({leaf.id: leaf for leaf in s}.values()) for s in joined]


_KEPT = 12


def _choices(node: Node) -> Iterator[Node]:
    """The nodes of a tree of which not all parts need be met."""
    if isinstance(node, AnyOf | AtLeast):
        yield node
    for part in parts(node):
        yield from _choices(part)


def _needed(node: Node) -> int:
    """How many of its parts a node needs, as the rank from the best."""
    if isinstance(node, AtLeast):
        return node.count
    return len(parts(node)) if isinstance(node, AllOf) else 1


def _least(found: Sequence[Interval]) -> Interval:
    return Interval(min(i.low for i in found), min(i.high for i in found))


def _best(found: Sequence[Interval]) -> Interval:
    return Interval(max(i.low for i in found), max(i.high for i in found))


def _nth(found: Sequence[Interval], count: int) -> Interval:
    """The standing that `count` of them reach."""
    lows = sorted((i.low for i in found), reverse=True)
    highs = sorted((i.high for i in found), reverse=True)
    return Interval(lows[count - 1], highs[count - 1])


def _of_value(leaf: Leaf, value: Value, entry: Entry, days: Sequence[date]) -> Interval:
    match value:
        case OneOf(options):
            found = [of_option(leaf, option, entry) for option in options]
        case Span(low, high):
            inner = [cut.least for cut in leaf.cuts if low < cut.least <= high]
            found = [of_number(leaf, number) for number in (low, high, *inner)]
        case Days():
            return _of_days(leaf, value, days)
        case Items():
            return _of_items(leaf, value, entry, days)
    return Interval(min(found), max(found))


def of_option(leaf: Leaf, option: str, entry: Entry) -> Standing:
    """Where a leaf stands by one option of its fact."""
    if leaf.at_least:
        return leaf.stands if entry.rank(option) >= entry.rank(leaf.at_least) else leaf.otherwise
    return leaf.when.get(option, leaf.otherwise)


def of_number(leaf: Leaf, number: float) -> Standing:
    """The standing of the highest cut that the number reaches; of a day still to come, that of the lowest."""
    lowest = min(leaf.cuts, key=lambda cut: cut.least)
    reached = [cut for cut in leaf.cuts if cut.least <= number]
    return max(reached, key=lambda cut: cut.least, default=lowest).stands


def _of_days(leaf: Leaf, value: Days, days: Sequence[date]) -> Interval:
    """Every day that is possible, at every reference day; days that disagree make an exception, and so does
    a month within which the standing changes: no closer question would help."""
    per = 12 if leaf.measure == "years" else 1
    edges = {months_before(day, int(cut.least) * per) for day in days for cut in leaf.cuts}
    tried = [value.first, value.last]
    tried += [d for edge in edges for d in (edge, _next(edge)) if value.first <= d <= value.last]
    found = set()
    for since in tried:
        at = {of_number(leaf, max(0, whole_months(since, day)) // per) for day in days}
        found.add(at.pop() if len(at) == 1 else Standing.EXCEPTION)
    if len(found) > 1 and (value.last - value.first).days <= _MONTH:
        return Interval(Standing.EXCEPTION, Standing.EXCEPTION)
    return Interval(min(found), max(found))


def _next(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)


def _of_items(leaf: Leaf, value: Items, entry: Entry, days: Sequence[date]) -> Interval:
    """The best record counts; where there may be others, those among the options that were not denied."""
    found = [_of_item(leaf, item, days) for item in value.items]
    low = max((i.low for i in found), default=leaf.otherwise)
    high = max((i.high for i in found), default=leaf.otherwise)
    if value.complete:
        return Interval(low, high)
    if not value.denied:
        return Interval(low, max(high, leaf.possible.high))
    more = [_of_item(leaf, item, days).high for _, item in options_left(entry, value)]
    return Interval(low, max([high, *more]))


def _of_item(leaf: Leaf, item: Item, days: Sequence[date]) -> Interval:
    low, high = leaf.otherwise, leaf.otherwise
    for match in leaf.matches:
        passed = [_passes(item, field, test, days) for field, test in match.where.items()]
        if all(p is not False for p in passed):
            high = max(high, match.stands)
            if all(passed):
                low = max(low, match.stands)
    return Interval(low, high)


def _passes(item: Item, field: str, test: Test, days: Sequence[date]) -> bool | None:
    """Whether a field passes; None where it is not known."""
    value = item.get(field)
    if value is None:
        return None
    if isinstance(test, Mapping):
        if "at_most" in test:
            return int(value) <= test["at_most"]
        return int(value) >= max(days).year - test["since_years"]
    return value in test if isinstance(test, tuple) else value == test
