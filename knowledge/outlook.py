"""How much asking a programme still takes, by estimate: its open parts one after the other, those first that
settle most for their cost. (The ratio rule; exact for a tree of two levels whose facts occur once.)"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from knowledge.residual import MET, UNMET, Odds, Part, State, Tree, claimed, taken_of

_NEVER = 1e-6
_KEPT = 100_000
_Guess = tuple[float, Odds]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What it costs to be told facts: each `alone`, and those of one `group` `together`."""

    alone: Sequence[float]
    group: Sequence[int]
    together: Mapping[int, float]

    def of(self, facts: Sequence[int]) -> float:
        """What it costs to be told all of them."""
        times = Counter(self.group[fact] for fact in facts)
        return sum(
            self.together[group] if n > 1 else self.alone[fact]
            for group, n in times.items()
            for fact in [next(f for f in facts if self.group[f] == group)]
        )


class Outlook:
    """The estimate for one programme of a session."""

    def __init__(self, tree: Tree, programme: int, prices: Prices) -> None:
        self.tree = tree
        self.programme = programme
        self.prices = prices
        self.guesses: dict[tuple[object, ...], _Guess] = {}
        self._worth: dict[tuple[int, ...], float] = {}

    def cost(self, state: State, codes: Sequence[int], changed: Sequence[int] = ()) -> float:
        """The expected cost of settling the programme; `codes` tells where its parts stood before the facts
        `changed` did."""
        programme = self.programme
        key = tuple([state[fact].views[programme] for fact in self.tree.root.facts])
        found = self._worth.get(key)
        if found is None:
            for memo in (self._worth, self.guesses):
                if len(memo) > _KEPT:
                    memo.clear()
            now = self.tree.changed(codes, state, changed) if changed else codes
            found = self._worth[key] = _Estimate(self, state, now).cost()
        return found

    def first(self, state: State, codes: Sequence[int], most: int) -> list[int]:
        """The facts that the estimate takes to be asked first."""
        return list(islice(_Estimate(self, state, codes).order(self.tree.root, UNMET, MET), most))


@dataclass(frozen=True, slots=True)
class _Estimate:
    """The estimate in one state."""

    outlook: Outlook
    state: State
    codes: Sequence[int]

    def cost(self) -> float:
        root = self.outlook.tree.root
        code = self.codes[root.at]
        return 0.0 if code >> 2 == code & 3 else self._worked(root, UNMET, MET)[0]

    def order(self, part: Part, floor: int, cap: int) -> Iterator[int]:
        """The facts in the order in which the estimate takes them to be asked."""
        code = self.codes[part.at]
        if max(code >> 2, floor) >= min(code & 3, cap):
            return
        if part.need:
            least = part.need > 1
            floor, cap = self._narrowed(part, floor, cap, least)
            for group in self._ranked(part, floor, cap, least):
                for one in group:
                    yield from self.order(one, floor, cap)
        elif part.below and part.fact < 0:
            yield from self.order(part.below[0], max(floor, claimed(part, self.state)), cap)
        elif part.below and len(taken := taken_of(part, self.state)) == 1:
            yield from self.order(taken[0], floor, cap)
        elif self.state[part.fact].asks:
            yield part.fact

    def _guess(self, part: Part, floor: int, cap: int) -> _Guess:
        """The cost of settling a part as seen between two standings, and where it will stand."""
        code = self.codes[part.at]
        low, high = max(code >> 2, floor), min(code & 3, cap)
        if low >= high:
            return 0.0, _POINTS[min(low, cap)]
        if part.position >= 0:
            return self._leaf(part, floor, cap)
        state, programme = self.state, self.outlook.programme
        key = (part.at, floor, cap, *[state[fact].views[programme] for fact in part.facts])
        found = self.outlook.guesses.get(key)
        if found is None:
            found = self.outlook.guesses[key] = self._worked(part, floor, cap)
        return found

    def _worked(self, part: Part, floor: int, cap: int) -> _Guess:
        if part.position >= 0:
            return self._leaf(part, floor, cap)
        if part.need:
            cost, odds = self._count(part, floor, cap)
            # what stands in several of its parts may be told at once
            return min(cost, self.outlook.prices.of([f for f in part.facts if self.state[f].asks])), odds
        if part.fact >= 0:
            return self._switch(part, floor, cap)
        return self._guess(part.below[0], max(floor, claimed(part, self.state)), cap)

    def _leaf(self, part: Part, floor: int, cap: int) -> _Guess:
        seen = self.state[part.fact]
        odds = clamped(seen.odds[part.position], floor, cap)
        return (self.outlook.prices.alone[part.fact] if seen.asks else 0.0), odds

    def _switch(self, part: Part, floor: int, cap: int) -> _Guess:
        taken = taken_of(part, self.state)
        if len(taken) == 1:
            return self._guess(taken[0], floor, cap)
        seen = self.state[part.fact]
        cost, odds = self.outlook.prices.alone[part.fact], [0.0] * 4
        if not seen.asks:
            return 0.0, clamped((0.25,) * 4, floor, cap)
        for weight, then in seen.asks[0].outcomes:
            option = next(iter(then.options))
            inner, where = self._guess(part.routes.get(option, part.below[-1]), floor, cap)
            cost += weight * inner
            odds = [o + weight * w for o, w in zip(odds, where, strict=True)]
        return cost, (odds[0], odds[1], odds[2], odds[3])

    def _count(self, part: Part, floor: int, cap: int) -> _Guess:
        if part.need == len(part.below):
            return self._sequence(part, floor, cap, least=True)
        if part.need == 1:
            return self._sequence(part, floor, cap, least=False)
        return self._several(part, floor, cap)

    def _sequence(self, part: Part, floor: int, cap: int, *, least: bool) -> _Guess:
        """The parts in the order of their ratios, the window narrowing with each."""
        floor, cap = self._narrowed(part, floor, cap, least)
        end = floor if least else cap
        alive = {cap if least else floor: 1.0}
        cost, done = 0.0, 0.0
        for group in self._ranked(part, floor, cap, least):
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

    def _narrowed(self, part: Part, floor: int, cap: int, least: bool) -> tuple[int, int]:
        """The window as the parts that are settled leave it."""
        code = self.codes[part.at]
        return (floor, min(cap, code & 3)) if least else (max(floor, code >> 2), cap)

    def _ranked(self, part: Part, floor: int, cap: int, least: bool) -> list[list[Part]]:
        """The open parts, those first that settle the whole most likely for their cost."""
        end = floor if least else cap
        rows = []
        for place, group in enumerate(self._grouped(part, floor, cap)):
            cost, odds = self._joint(group, floor, cap, least)
            rows.append((cost / max(odds[end], _NEVER), place, group))
        return [group for _, _, group in sorted(rows)]

    def _grouped(self, part: Part, floor: int, cap: int) -> list[list[Part]]:
        """The open parts, leaves that one question tells together."""
        groups: dict[int, list[Part]] = {}
        for one in self._flat(part):
            code = self.codes[one.at]
            if max(code >> 2, floor) < min(code & 3, cap):
                key = self.outlook.prices.group[one.fact] if one.position >= 0 else -1 - one.at
                if one.position >= 0 and not self.state[one.fact].asks:
                    continue
                groups.setdefault(key, []).append(one)
        return list(groups.values())

    def _flat(self, part: Part) -> Iterator[Part]:
        """The parts, those of parts of the same kind and of relaxations that nobody claims among them."""
        for one in part.below:
            if one.need == len(one.below) > 1 and part.need > 1:
                yield from self._flat(one)
            elif one.below and one.fact < 0 and not one.need and claimed(one, self.state) == UNMET:
                base = one.below[0]
                same = base.need == len(base.below) > 1 and part.need > 1
                yield from self._flat(base) if same else [base]
            else:
                yield one

    def _joint(self, group: Sequence[Part], floor: int, cap: int, least: bool) -> _Guess:
        cost, odds = self._guess(group[0], floor, cap)
        for one in group[1:]:
            inner, more = self._guess(one, floor, cap)
            cost = max(cost, inner)
            odds = _least(odds, more) if least else _best(odds, more)
        return cost, odds

    def _several(self, part: Part, floor: int, cap: int) -> _Guess:
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
