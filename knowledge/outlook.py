"""How much asking a programme still takes, by estimate: its open parts one after the other, those first that
settle most for their cost. (The ratio rule; exact for a tree of two levels whose facts occur once.)"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from knowledge.residual import MET, UNMET, Odds, State, Tree, _claimed, _Part, _taken

_NEVER = 1e-6
_Guess = tuple[float, Odds]


@dataclass(slots=True)
class Outlook:
    """The estimate for one state. `costs` is what telling each fact costs, `group` the question that tells it
    with others."""

    tree: Tree
    state: State
    codes: Sequence[int]
    costs: Sequence[float]
    group: Sequence[int]
    _memo: dict[tuple[int, int, int], _Guess] = field(default_factory=dict)

    def cost(self) -> float:
        """The expected cost of settling the programme."""
        return self._guess(self.tree.root, UNMET, MET)[0]

    def _guess(self, part: _Part, floor: int, cap: int) -> _Guess:
        """The cost of settling a part as seen between two standings, and where it will stand."""
        code = self.codes[part.at]
        low, high = max(code >> 2, floor), min(code & 3, cap)
        if low >= high:
            return 0.0, _POINTS[min(max(code >> 2, floor), cap)]
        key = (part.at, floor, cap)
        found = self._memo.get(key)
        if found is None:
            found = self._memo[key] = self._worked(part, floor, cap)
        return found

    def _worked(self, part: _Part, floor: int, cap: int) -> _Guess:
        if part.position >= 0:
            return self._leaf(part, floor, cap)
        if part.need:
            return self._count(part, floor, cap)
        if part.fact >= 0:
            return self._switch(part, floor, cap)
        return self._guess(part.below[0], max(floor, _claimed(part, self.state)), cap)

    def _leaf(self, part: _Part, floor: int, cap: int) -> _Guess:
        seen = self.state[part.fact]
        odds = clamped(seen.odds[part.position], floor, cap)
        return (self.costs[part.fact] if seen.asks else 0.0), odds

    def _switch(self, part: _Part, floor: int, cap: int) -> _Guess:
        taken = _taken(part, self.state)
        if len(taken) == 1:
            return self._guess(taken[0], floor, cap)
        seen = self.state[part.fact]
        cost, odds = self.costs[part.fact], [0.0] * 4
        if not seen.asks:
            return 0.0, clamped((0.25,) * 4, floor, cap)
        for weight, then in seen.asks[0].outcomes:
            option = next(iter(then.options))
            inner, where = self._guess(part.routes.get(option, part.below[-1]), floor, cap)
            cost += weight * inner
            odds = [o + weight * w for o, w in zip(odds, where, strict=True)]
        return cost, (odds[0], odds[1], odds[2], odds[3])

    def _count(self, part: _Part, floor: int, cap: int) -> _Guess:
        if part.need == len(part.below):
            return self._sequence(part, floor, cap, least=True)
        if part.need == 1:
            return self._sequence(part, floor, cap, least=False)
        return self._several(part, floor, cap)

    def _sequence(self, part: _Part, floor: int, cap: int, *, least: bool) -> _Guess:
        """The parts in the order of their ratios, the window narrowing with each."""
        code = self.codes[part.at]
        if least:
            cap = min(cap, code & 3)
        else:
            floor = max(floor, code >> 2)
        end = floor if least else cap
        rows = sorted(
            (
                (self._ratio(g, floor, cap, end, least), i, g)
                for i, g in enumerate(self._grouped(part, floor, cap))
            )
        )
        alive = {cap if least else floor: 1.0}
        cost, done = 0.0, 0.0
        for _, _, group in rows:
            after: dict[int, float] = {}
            for edge, weight in alive.items():
                low, high = (floor, edge) if least else (edge, cap)
                inner, odds = self._joint(group, low, high, least)
                cost += weight * inner
                for stands, share in enumerate(odds):
                    if share:
                        if stands == end:
                            done += weight * share
                        else:
                            after[stands] = after.get(stands, 0.0) + weight * share
            alive = after
        odds_ = [0.0] * 4
        odds_[end] = done
        for stands, weight in alive.items():
            odds_[stands] += weight
        return cost, (odds_[0], odds_[1], odds_[2], odds_[3])

    def _ratio(self, group: Sequence[_Part], floor: int, cap: int, end: int, least: bool) -> float:
        cost, odds = self._joint(group, floor, cap, least)
        return cost / max(odds[end], _NEVER)

    def _grouped(self, part: _Part, floor: int, cap: int) -> list[list[_Part]]:
        """The open parts, leaves that one question tells together."""
        groups: dict[int, list[_Part]] = {}
        for one in part.below:
            code = self.codes[one.at]
            if max(code >> 2, floor) < min(code & 3, cap):
                key = self.group[one.fact] if one.position >= 0 else -1 - one.at
                if one.position >= 0 and not self.state[one.fact].asks:
                    continue
                groups.setdefault(key, []).append(one)
        return list(groups.values())

    def _joint(self, group: Sequence[_Part], floor: int, cap: int, least: bool) -> _Guess:
        cost, odds = self._guess(group[0], floor, cap)
        for one in group[1:]:
            inner, more = self._guess(one, floor, cap)
            cost = max(cost, inner)
            odds = _least(odds, more) if least else _best(odds, more)
        return cost, odds

    def _several(self, part: _Part, floor: int, cap: int) -> _Guess:
        """So many of the parts: each is taken to be asked; where they come to is exact."""
        guesses = [self._guess(one, floor, cap) for one in part.below]
        reached = [0.0] * 5
        for rung in range(4):
            counts = [1.0] + [0.0] * len(guesses)
            for _, odds in guesses:
                share = sum(odds[rung:])
                counts = [
                    counts[n] * (1 - share) + (counts[n - 1] * share if n else 0.0)
                    for n in range(len(counts))
                ]
            reached[rung] = sum(counts[part.need :])
        found = [reached[rung] - reached[rung + 1] for rung in range(4)]
        return sum(cost for cost, _ in guesses), clamped((found[0], found[1], found[2], found[3]), floor, cap)


_POINTS: Mapping[int, Odds] = {
    0: (1.0, 0.0, 0.0, 0.0),
    1: (0.0, 1.0, 0.0, 0.0),
    2: (0.0, 0.0, 1.0, 0.0),
    3: (0.0, 0.0, 0.0, 1.0),
}


def clamped(odds: Odds, floor: int, cap: int) -> Odds:
    """The odds as seen between two standings."""
    if floor == UNMET and cap == MET:
        return odds
    found = [0.0] * 4
    for stands, share in enumerate(odds):
        found[min(max(stands, floor), cap)] += share
    return found[0], found[1], found[2], found[3]


def _least(one: Odds, other: Odds) -> Odds:
    a3, b3 = one[3], other[3]
    a2, b2 = a3 + one[2], b3 + other[2]
    a1, b1 = a2 + one[1], b2 + other[1]
    return 1 - a1 * b1, a1 * b1 - a2 * b2, a2 * b2 - a3 * b3, a3 * b3


def _best(one: Odds, other: Odds) -> Odds:
    a0, b0 = one[0], other[0]
    a1, b1 = a0 + one[1], b0 + other[1]
    a2, b2 = a1 + one[2], b1 + other[2]
    return a0 * b0, a1 * b1 - a0 * b0, a2 * b2 - a1 * b1, 1 - a2 * b2
