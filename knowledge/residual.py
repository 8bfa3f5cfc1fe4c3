"""Criteria compiled for many evaluations: where they stand, which leaves still matter, what is left to ask.

A standing interval is one small number, 4 x low + high. A state holds, fact by fact, what is `Seen` of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from knowledge.dictionary import Value
from knowledge.rules import AllOf, AnyOf, AtLeast, Interval, Leaf, Node, Relax, Standing, Switch, parts

UNMET, EXCEPTION, MET = int(Standing.UNMET), int(Standing.EXCEPTION), int(Standing.MET)
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


class _Part:
    """A node of the tree with its place in the list of codes."""

    __slots__ = ("at", "below", "fact", "leaf", "need", "position", "routes")

    def __init__(self, at: int) -> None:
        self.at = at
        self.below: tuple[_Part, ...] = ()
        self.need = 0
        self.fact = -1
        self.position = -1
        self.leaf = ""
        self.routes: Mapping[str, _Part] = {}


class Tree:
    """One programme's criteria; `facts` gives each fact's place in the state, and `slot` the place of a leaf
    among those of its fact."""

    def __init__(self, root: Node, facts: Mapping[str, int], slot: Callable[[Leaf], int]) -> None:
        self._facts = facts
        self._slot = slot
        self._size = 0
        self.root = self._compile(root)
        self.used = tuple(sorted({part.fact for part in self._all(self.root) if part.fact >= 0}))

    def _all(self, part: _Part) -> Iterator[_Part]:
        yield part
        for below in part.below:
            yield from self._all(below)

    def _compile(self, node: Node) -> _Part:
        part = _Part(self._size)
        self._size += 1
        if isinstance(node, Leaf):
            part.fact, part.position, part.leaf = self._facts[node.fact], self._slot(node), node.id
            return part
        part.below = tuple(self._compile(below) for below in parts(node))
        match node:
            case AllOf():
                part.need = len(part.below)
            case AnyOf():
                part.need = 1
            case AtLeast():
                part.need = node.count
            case Switch():
                part.fact = self._facts[node.switch]
                part.routes = dict(zip(node.cases, part.below, strict=False))
            case Relax():
                pass
        return part

    # —— where it stands

    def codes(self, state: State) -> list[int]:
        """Where every part stands, the root first."""
        found = [0] * self._size
        self._stand(self.root, state, found)
        return found

    def stands(self, state: State) -> Interval:
        """Where the programme stands."""
        return _INTERVALS[self.codes(state)[0]]

    def _stand(self, part: _Part, state: State, found: list[int]) -> int:
        if part.position >= 0:
            code = state[part.fact].codes[part.position]
        elif part.need:
            below = [self._stand(one, state, found) for one in part.below]
            if part.need == 1:
                code = max(c >> 2 for c in below) * 4 + max(c & 3 for c in below)
            elif part.need == len(below):
                code = min(c >> 2 for c in below) * 4 + min(c & 3 for c in below)
            else:
                lows, highs = sorted(c >> 2 for c in below), sorted(c & 3 for c in below)
                code = lows[-part.need] * 4 + highs[-part.need]
        elif part.fact >= 0:
            for one in part.below:
                self._stand(one, state, found)
            below = [found[one.at] for one in _taken(part, state)]
            code = min(c >> 2 for c in below) * 4 + max(c & 3 for c in below)
        else:
            base = self._stand(part.below[0], state, found)
            lift = _claimed(part, state)
            code = max(base >> 2, lift) * 4 + max(base & 3, lift)
        found[part.at] = code
        return code

    # —— what matters

    def live(self, state: State, codes: Sequence[int], programme: int) -> list[Live]:
        """The leaves and switches on which the root still depends."""
        found: list[Live] = []

        def walk(part: _Part, floor: int, cap: int) -> None:
            code = codes[part.at]
            if max(code >> 2, floor) >= min(code & 3, cap):
                return
            if part.position >= 0:
                found.append(Live(part.fact, programme, part.leaf, part.position, floor, cap))
            elif part.need:
                for one, low, high in _windows(part, codes):
                    walk(one, max(floor, low), min(cap, high))
            elif part.fact >= 0:
                taken = _taken(part, state)
                if len(taken) > 1:
                    found.append(Live(part.fact, programme, "", -1, floor, cap))
                else:
                    walk(taken[0], floor, cap)
            else:
                walk(part.below[0], max(floor, _claimed(part, state)), cap)

        walk(self.root, UNMET, MET)
        return found

    def latent(self, state: State, codes: Sequence[int]) -> set[int]:
        """The facts that may come to matter once a switch is settled."""
        return {
            below.fact
            for part in self._all(self.root)
            if part.routes and len(taken := _taken(part, state)) > 1 and codes[part.at] % 5
            for one in taken
            for below in self._all(one)
            if below.fact >= 0
        }


def _taken(part: _Part, state: State) -> list[_Part]:
    """The parts that a switch may still take."""
    options, otherwise = state[part.fact].options, part.below[-1]
    return list({id(one): one for o in sorted(options) for one in [part.routes.get(o, otherwise)]}.values())


def _claimed(part: _Part, state: State) -> int:
    """A relaxation counts where it is claimed, and not before."""
    by = part.below[1]
    seen = state[by.fact]
    return min(EXCEPTION, seen.codes[by.position] >> 2) if seen.value is not None else UNMET


def _windows(part: _Part, codes: Sequence[int]) -> Iterator[tuple[_Part, int, int]]:
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
