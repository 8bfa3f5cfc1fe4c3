"""Criteria compiled for many evaluations: where they stand, which leaves still matter, what is left to ask.

A standing interval is one small number, 4 x low + high. A state holds, fact by fact, what is `Seen` of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, product
from typing import Final

from knowledge.criteria import AllOf, AnyOf, AtLeast, Interval, Leaf, Node, Standing, Switch, parts
from knowledge.dictionary import Value

UNMET, EXCEPTION, MET = int(Standing.UNMET), int(Standing.EXCEPTION), int(Standing.MET)
_TRIED: Final = 64  # answers together; facts that occur twice are few
_INTERVALS: Final = [Interval(Standing(code >> 2), Standing(code & 3)) for code in range(16)]

Odds = tuple[float, float, float, float]
"""How likely each standing is."""


@dataclass(frozen=True, slots=True, eq=False)
class Ask:
    """A question on one fact, and what may be seen of it afterwards."""

    id: str
    cost: int
    outcomes: tuple[tuple[float, Seen], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What is known of a fact, as far as it matters: where each of its leaves stands (`codes`), the `options`
    that a switch may take, the questions on it that would tell more. Equal knowledge is one object; `views`
    names, programme by programme, what of it matters there."""

    value: Value | None
    codes: tuple[int, ...]
    options: frozenset[str]
    asks: tuple[Ask, ...]
    views: tuple[int, ...]
    odds: tuple[Odds, ...] = field(default=())


State = tuple[Seen, ...]


@dataclass(frozen=True, slots=True)
class Live:
    """A leaf that can move the root, which sees of it only what lies between `floor` and `cap`; of a switch
    the fact alone (`leaf` empty)."""

    fact: int
    programme: int
    leaf: str
    position: int
    floor: int
    cap: int

    def seen(self, code: int) -> tuple[int, int]:
        """The ends of an interval as the root sees them."""
        return min(max(code >> 2, self.floor), self.cap), max(min(code & 3, self.cap), self.floor)


def code_of(interval: Interval) -> int:
    """The number that stands for an interval."""
    return interval.low * 4 + interval.high


class Part:
    """A node of the tree: its place in the list of codes and its parts. A leaf has the `position` among its
    fact's leaves; of a count `need` parts must reach a standing; a switch takes its fact's route; a
    relaxation has the base and the leaf that relaxes it."""

    __slots__ = ("at", "below", "fact", "facts", "leaf", "need", "position", "routes")

    def __init__(self, at: int) -> None:
        self.at = at
        self.below: tuple[Part, ...] = ()
        self.need = 0
        self.fact = -1
        self.facts: tuple[int, ...] = ()
        self.position = -1
        self.leaf = ""
        self.routes: Mapping[str, Part] = {}


class Tree:
    """One programme's criteria; `facts` gives each fact's place in the state, and `slot` the place of a leaf
    among those of its fact."""

    def __init__(self, root: Node, facts: Mapping[str, int], slot: Callable[[Leaf], int]) -> None:
        self._facts = facts
        self._slot = slot
        self._parts: list[Part] = []
        self._above: dict[int, dict[int, None]] = {}
        self.root = self._compile(root, ())
        self.facts = frozenset(self.root.facts)
        self._affected = {
            fact: [self._parts[at] for at in sorted(above, reverse=True)]
            for fact, above in self._above.items()
        }

    def compiled(self, node: Node) -> Tree:
        """A part of the criteria by itself, over the same facts."""
        return Tree(node, self._facts, self._slot)

    def _compile(self, node: Node, above: tuple[int, ...]) -> Part:
        part = Part(len(self._parts))
        self._parts.append(part)
        above = (*above, part.at)
        match node:
            case Leaf():
                part.fact, part.position, part.leaf = self._facts[node.fact], self._slot(node), node.id
            case Switch():
                part.fact = self._facts[node.switch]
        part.below = tuple(self._compile(below, above) for below in parts(node))
        match node:
            case AllOf():
                part.need = len(part.below)
            case AnyOf():
                part.need = 1
            case AtLeast():
                part.need = node.count
            case Switch():
                part.routes = dict(zip(node.cases, part.below, strict=False))
        if part.fact >= 0:
            self._above.setdefault(part.fact, {}).update(dict.fromkeys(above))
        below = {fact for one in part.below for fact in one.facts}
        part.facts = tuple(sorted(below | {part.fact} - {-1}))
        return part

    # —— where it stands

    def codes(self, state: State) -> list[int]:
        """Where every part stands, the root first."""
        found = [0] * len(self._parts)
        for part in reversed(self._parts):
            found[part.at] = _code(part, state, found)
        return found

    def changed(self, codes: Sequence[int], state: State, facts: Sequence[int]) -> list[int]:
        """The codes after some facts have changed."""
        found = list(codes)
        touched = self._affected[facts[0]] if len(facts) == 1 else self._touched(facts)
        for part in touched:
            found[part.at] = _code(part, state, found)
        return found

    def _touched(self, facts: Sequence[int]) -> list[Part]:
        touched = {part.at for fact in facts for part in self._affected[fact]}
        return [self._parts[at] for at in sorted(touched, reverse=True)]

    def stands(self, state: State) -> Interval:
        """Where the programme stands."""
        return _INTERVALS[self.codes(state)[0]]

    # —— what matters

    def live(self, state: State, codes: Sequence[int], programme: int) -> list[Live]:
        """The leaves and switches on which the root still depends."""
        found: list[Live] = []

        def walk(part: Part, floor: int, cap: int) -> None:
            code = codes[part.at]
            if max(code >> 2, floor) >= min(code & 3, cap):
                return
            if part.position >= 0:
                found.append(Live(part.fact, programme, part.leaf, part.position, floor, cap))
            elif part.need:
                for one, low, high in _windows(part, codes):
                    walk(one, max(floor, low), min(cap, high))
            elif part.fact >= 0:
                taken = taken_of(part, state)
                if len(taken) > 1:
                    found.append(Live(part.fact, programme, "", -1, floor, cap))
                for one in taken:
                    walk(one, floor, cap)
            else:
                walk(part.below[0], max(floor, claimed(part, state)), cap)

        walk(self.root, UNMET, MET)
        return found

    def idle(self, state: State, live: Sequence[Live]) -> set[int]:
        """The facts of live leaves that can move nothing after all, since another leaf of a fact that occurs
        twice stands in their way: of `a or (a and b)`, b."""
        times = Counter(row.fact for row in live)
        twice = [fact for fact, n in times.items() if n > 1 and state[fact].asks]
        if not twice:
            return set()
        idle = set(times)
        for told in islice(product(*(state[fact].asks[0].outcomes for fact in twice)), _TRIED):
            settled = list(state)
            for fact, (_, seen) in zip(twice, told, strict=True):
                settled[fact] = seen
            idle -= {row.fact for row in self.live(tuple(settled), self.codes(tuple(settled)), 0)}
            for fact in idle.intersection(twice):
                if self._moves(fact, state[fact], settled):
                    idle.discard(fact)
        return idle

    def _moves(self, fact: int, seen: Seen, settled: Sequence[Seen]) -> bool:
        """Whether a fact's answers differ for the root where the others that occur twice are settled: from
        the one settled to each other, leaf by leaf."""
        state, before = list(settled), settled[fact]
        for _, then in seen.asks[0].outcomes:
            for step in range(len(before.codes)):
                ends = before.codes[step] >> 2, then.codes[step] & 3
                codes = (*then.codes[:step], min(ends) * 4 + max(ends), *before.codes[step + 1 :])
                state[fact] = replace(before, codes=codes)
                tried = tuple(state)
                if any(row.fact == fact for row in self.live(tried, self.codes(tried), 0)):
                    return True
            if then.options != before.options:
                return True
        return False


def taken_of(part: Part, state: State) -> list[Part]:
    """The parts that a switch may still take."""
    options, otherwise = state[part.fact].options, part.below[-1]
    return list({id(one): one for o in sorted(options) for one in [part.routes.get(o, otherwise)]}.values())


def claimed(part: Part, state: State) -> int:
    """A relaxation counts where it is claimed, and not before."""
    by = part.below[1]
    seen = state[by.fact]
    return min(EXCEPTION, seen.codes[by.position] >> 2) if seen.value is not None else UNMET


def _code(part: Part, state: State, found: Sequence[int]) -> int:
    """Where a part stands by its parts."""
    if part.position >= 0:
        return state[part.fact].codes[part.position]
    if part.fact >= 0:
        below = [found[one.at] for one in taken_of(part, state)]
        return min(c >> 2 for c in below) * 4 + max(c & 3 for c in below)
    below = [found[one.at] for one in part.below]
    if not part.need:
        base, lift = below[0], claimed(part, state)
        return max(base >> 2, lift) * 4 + max(base & 3, lift)
    if part.need == len(below):
        return min(below) & 12 | min([c & 3 for c in below])
    if part.need == 1:
        return max(below) & 12 | max([c & 3 for c in below])
    lows, highs = sorted(c >> 2 for c in below), sorted(c & 3 for c in below)
    return lows[-part.need] * 4 + highs[-part.need]


def _windows(part: Part, codes: Sequence[int]) -> Iterator[tuple[Part, int, int]]:
    """Each part with the standings between which it can move the node: the others against it, then for it."""
    need = part.need
    lows = sorted((codes[one.at] >> 2 for one in part.below), reverse=True)
    highs = sorted((codes[one.at] & 3 for one in part.below), reverse=True)
    # without one of them, the next takes its rank
    lows.append(UNMET)
    highs.insert(0, MET)
    for one in part.below:
        low, high = codes[one.at] >> 2, codes[one.at] & 3
        floor = lows[need] if low >= lows[need - 1] else lows[need - 1]
        cap = highs[need] if high >= highs[need - 1] and need > 1 else highs[need - 1]
        yield one, floor, cap
