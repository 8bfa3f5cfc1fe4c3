"""The least that an interview on one programme can cost, by dynamic programming over what can be known.

All criteria must be met at the root, so its parts fall into groups that no question joins. What is known of
a group matters to the others by its best standing alone, the cap of the root. States are equal where what is
still open in them is, as seen up to the cap; that leaves few enough to look at all of them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.criteria import AllOf, Node, Relax
from knowledge.forms import Form
from knowledge.interview import Interview
from knowledge.residual import UNMET, Live, Seen, State, Tree

_Known = tuple[Seen, ...]
_Asked = tuple[str, float, tuple[tuple[float, _Known], ...]]

sys.setrecursionlimit(10_000)


def _needed(node: Node) -> Iterator[Node]:
    """The parts that must all be met; nobody claims a relaxation."""
    match node:
        case AllOf():
            for part in node.all_of:
                yield from _needed(part)
        case Relax():
            yield from _needed(node.base)
        case _:
            yield node


class _Group:
    """Criteria that questions join, and the facts they turn on."""

    def __init__(self, interview: Interview, tree: Tree, facts: tuple[int, ...], blank: State) -> None:
        self.tree = tree
        self.facts = facts
        self._interview = interview
        self._blank = blank
        self._numbers: dict[object, int] = {}
        self._of: dict[tuple[_Known, int], int] = {}
        self._reps: list[_Known] = []
        self._asked: dict[int, list[_Asked]] = {}
        self._highs: dict[_Known, int] = {}

    def state(self, known: _Known) -> State:
        found = list(self._blank)
        for at, seen in zip(self.facts, known, strict=True):
            found[at] = seen
        return tuple(found)

    def high(self, known: _Known) -> int:
        """The best that the group can still come to."""
        found = self._highs.get(known)
        if found is None:
            found = self._highs[known] = self.tree.codes(self.state(known))[0] & 3
        return found

    def _open(self, known: _Known, cap: int) -> list[Live]:
        state = self.state(known)
        rows = self.tree.live(state, self.tree.codes(state), 0)
        capped = [
            Live(r.fact, r.programme, r.leaf, r.position, min(r.floor, cap), min(r.cap, cap)) for r in rows
        ]
        return [
            row
            for row in capped
            if row.floor < row.cap
            and (row.position < 0 or len({*row.seen(state[row.fact].codes[row.position])}) > 1)
        ]

    def number(self, known: _Known, cap: int) -> int:
        """The name of what is open; -1 where nothing is that can be asked."""
        found = self._of.get((known, cap))
        if found is None:
            state = self.state(known)
            rows = self._open(known, cap)
            if not any(state[row.fact].asks for row in rows):
                found = -1
            else:
                facts = sorted({row.fact for row in rows})
                key = (
                    tuple((r.fact, r.position, r.floor, r.cap) for r in rows),
                    tuple(state[at].views for at in facts),
                )
                found = self._numbers.get(key, -2)
                if found == -2:
                    found = self._numbers[key] = len(self._reps)
                    self._reps.append(known)
                    self._asked[found] = list(self._questions(known, rows))
            self._of[known, cap] = found
        return found

    def known(self, number: int) -> _Known:
        return self._reps[number]

    def asked(self, number: int) -> list[_Asked]:
        """The questions that can be put, each with its cost and what may be known afterwards."""
        return self._asked[number]

    def _questions(self, known: _Known, rows: list[Live]) -> Iterator[_Asked]:
        state = self.state(known)
        live: dict[int, list[Live]] = {}
        for row in rows:
            if state[row.fact].asks:
                live.setdefault(row.fact, []).append(row)
        for form in self._interview.forms.offered(state, live):
            yield form.id, form.cost, self._outcomes(form, state, live)

    def _outcomes(
        self, form: Form, state: State, live: dict[int, list[Live]]
    ) -> tuple[tuple[float, _Known], ...]:
        found: dict[_Known, float] = {}
        for weight, then in self._interview.forms.outcomes(form, state, live.keys()):
            known = tuple(then[at] for at in self.facts)
            found[known] = found.get(known, 0.0) + weight
        return tuple((weight, known) for known, weight in found.items() if weight > 0)


_State = tuple[int, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class _Best:
    cost: float
    question: str


class Oracle:
    """The best order of questions for one programme by the priors of its interview's library."""

    def __init__(self, interview: Interview) -> None:
        self._interview = interview
        self._best: dict[_State, _Best] = {}
        self._blank = interview.state({}, frozenset())
        self._groups = self._joined()

    def _joined(self) -> list[_Group]:
        interview = self._interview
        (rules,) = interview.rules
        tree = interview.trees[0]
        parts: list[tuple[set[int], list[Node]]] = []
        for node in _needed(rules.ruleset.tree):
            facts = {*tree.compiled(node).facts}
            forms = [{*form.fills} for form in interview.forms.all if facts & {*form.fills}]
            parts.append((facts.union(*forms), [node]))
        joined: list[tuple[set[int], list[Node]]] = []
        for facts, nodes in parts:
            touching = [row for row in joined if row[0] & facts]
            joined = [row for row in joined if not row[0] & facts]
            joined.append(
                (facts.union(*(r[0] for r in touching)), [n for r in touching for n in r[1]] + nodes)
            )
        groups = []
        for _, nodes in joined:
            below = tree.compiled(AllOf(all_of=tuple(nodes)))
            groups.append(_Group(interview, below, below.root.facts, self._blank))
        return groups

    @property
    def states(self) -> int:
        """How many were looked at."""
        return len(self._best)

    def cost(self) -> float:
        """The expected cost from the beginning."""
        return self._value(self._named(self._blank))

    def choose(self, state: State) -> str | None:
        """The best question in a state."""
        named = self._named(state)
        return self._best[named].question if self._value(named) else None

    def _named(self, state: State) -> _State:
        known = [tuple(state[at] for at in group.facts) for group in self._groups]
        cap = min(group.high(row) for group, row in zip(self._groups, known, strict=True))
        return cap, self._numbers(known, cap)

    def _numbers(self, known: list[_Known], cap: int) -> tuple[int, ...]:
        if cap == UNMET:
            return (-1,) * len(known)
        return tuple(group.number(row, cap) for group, row in zip(self._groups, known, strict=True))

    def _value(self, state: _State) -> float:
        cap, numbers = state
        if max(numbers) < 0:
            return 0.0
        found = self._best.get(state)
        if found is None:
            found = self._best[state] = self._looked(cap, numbers)
        return found.cost

    def _looked(self, cap: int, numbers: tuple[int, ...]) -> _Best:
        best, question = float("inf"), ""
        for place, number in enumerate(numbers):
            if number < 0:
                continue
            group = self._groups[place]
            for id_, cost, outcomes in group.asked(number):
                total = cost
                for weight, known in outcomes:
                    high = min(cap, group.high(known))
                    if high == UNMET:
                        continue
                    total += weight * self._value(self._after(cap, high, numbers, place, known))
                    if total >= best:
                        break
                if total < best:
                    best, question = total, id_
        return _Best(best, question)

    def _after(self, cap: int, high: int, numbers: tuple[int, ...], place: int, known: _Known) -> _State:
        new = self._groups[place].number(known, high)
        if high == cap:
            return high, (*numbers[:place], new, *numbers[place + 1 :])
        found = [
            -1 if number < 0 else group.number(group.known(number), high)
            for group, number in zip(self._groups, numbers, strict=True)
        ]
        found[place] = new
        return high, tuple(found)
