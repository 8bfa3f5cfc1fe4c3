"""Which question is asked next: the one expected to leave least to ask, over all programmes at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from knowledge.criteria import Interval
from knowledge.dictionary import (
    Item,
    Items,
    Value,
)
from knowledge.forms import Form, Forms
from knowledge.library import Library
from knowledge.outlook import Outlook
from knowledge.questions import Asking, Line, Question
from knowledge.residual import Live, State, Tree
from knowledge.rules import Known, implied
from knowledge.sight import Sight

__all__ = ["Interview", "Line", "Question"]

_KEPT: Final = 50_000
_LOOKED_AT, _FIRST = 24, 6  # of more questions only those on the facts that an estimate would ask first


class Interview:
    """The self-check of some programmes of one notice.

    Answers are values by fact, in any order: what is asked and what follows depends on them alone. An
    instance is immutable but for its caches and may be shared.
    """

    def __init__(self, library: Library, programmes: Sequence[str], districts: Sequence[str] = ()) -> None:
        notice = library.programmes[programmes[0]][0]
        self.rules = [library.rules[programme] for programme in programmes]
        self._programmes = tuple(programmes)
        self._rulesets = notice.criteria.rulesets
        self._days = {p: notice.reference_days(p, districts) for p in programmes}
        city = notice.header.city
        self.sight = Sight(self.rules, library.dictionary, list(self._days.values()), city)
        self.trees = [Tree(one.ruleset.tree, self.sight.at, self.sight.slot) for one in self.rules]
        names = {p.id: p.name for p in notice.programmes}
        self.forms = Forms(self.sight, (*library.screens, *notice.screens), names)
        self._asking = Asking(
            prospects={fact.key: fact.prospects for fact in self.sight.facts if fact.asked},
            screens=self.forms.screens,
            city=city,
        )
        prices = self.forms.prices()
        self._outlooks = [Outlook(tree, at, prices) for at, tree in enumerate(self.trees)]
        self._chosen: dict[State, str | None] = {}
        self.state({}, frozenset())  # what is seen of nothing is what every check begins with

    # —— what is known

    def known(self, programme: str, values: Mapping[str, Value], unsure: frozenset[str]) -> Known:
        """What is known for a programme: its days of reference, and what titles that were won imply."""
        return Known(values=implied(values, self._rulesets), days=self._days[programme], unsure=unsure)

    def verdicts(self, values: Mapping[str, Value], unsure: frozenset[str]) -> Mapping[str, Interval]:
        """Where each programme stands."""
        state = self.state(values, unsure)
        return {p: tree.stands(state) for p, tree in zip(self._programmes, self.trees, strict=True)}

    def state(self, values: Mapping[str, Value], unsure: frozenset[str]) -> State:
        """What is seen of the facts."""
        return self.sight.state(implied(values, self._rulesets), unsure)

    # —— the next question

    def next(self, values: Mapping[str, Value], unsure: frozenset[str]) -> Question | None:
        """The question to ask now; None where nothing that can be asked would change an outcome."""
        state = self.state(values, unsure)
        chosen = self.choose(state)
        return None if chosen is None else self.question(chosen, values, unsure)

    def choose(self, state: State) -> str | None:
        """The question to ask in a state."""
        if state not in self._chosen:
            if len(self._chosen) > _KEPT:
                self._chosen.clear()
            self._chosen[state] = self._best(state)
        return self._chosen[state]

    def question(self, id: str, values: Mapping[str, Value], unsure: frozenset[str]) -> Question | None:
        """A question by its id with the lines that make a difference now, or with all where none does."""
        values = implied(values, self._rulesets)
        state = self.state(values, unsure)
        live = {at: rows for at, rows in self.live(state).items() if state[at].asks}
        programmes = self._programmes
        moves = {
            self.sight.facts[at].key: {
                programmes[p]: tuple(row.leaf for row in rows if row.programme == p and row.leaf)
                for p in dict.fromkeys(row.programme for row in rows)
            }
            for at, rows in live.items()
        }

        def useful(fact: str, item: Item) -> bool:
            return self._useful(self.sight.at[fact], item, state, live[self.sight.at[fact]])

        return self._asking.built(id, values, moves, useful)

    def _useful(self, at: int, item: Item, state: State, live: Sequence[Live]) -> bool:
        """Whether having a record could raise a leaf, by what can be seen of it."""
        codes, now = self.sight.see(at, Items((item,), complete=True)).codes, state[at].codes
        return any(
            min(codes[row.position] & 3, row.cap) > max(now[row.position] >> 2, row.floor) for row in live
        )

    def left(self, values: Mapping[str, Value], unsure: frozenset[str]) -> int:
        """At most so many further questions."""
        state = self.state(values, unsure)
        return self.forms.most([at for at in self.live(state) if state[at].asks])

    def questions_for(self, fact: str) -> tuple[str, ...]:
        """The questions that fill a fact."""
        return self.forms.filling(self.sight.at[fact]) if fact in self.sight.at else ()

    def live(self, state: State, codes: Sequence[Sequence[int]] = ()) -> dict[int, list[Live]]:
        """The facts that matter, each with the leaves it can move."""
        found: dict[int, list[Live]] = {}
        for programme, tree in enumerate(self.trees):
            for row in tree.live(state, codes[programme] if codes else tree.codes(state), programme):
                found.setdefault(row.fact, []).append(row)
        return found

    def _best(self, state: State) -> str | None:
        """The question after which, its own cost included, least is expected to be left."""
        codes = [tree.codes(state) for tree in self.trees]
        live = self.live(state, codes)
        live = {at: rows for at, rows in live.items() if state[at].asks}
        kept = [
            {row.fact for row in rows} - tree.idle(state, rows)
            for programme, tree in enumerate(self.trees)
            for rows in [[row for of in live.values() for row in of if row.programme == programme]]
        ]
        moving = {at: rows for at, rows in live.items() if any(at in facts for facts in kept)}
        live = moving or live
        offered = self.forms.offered(state, live)
        if len(offered) > _LOOKED_AT:
            first = {
                at
                for o, some in zip(self._outlooks, codes, strict=True)
                for at in o.first(state, some, _FIRST)
            }
            offered = [form for form in offered if not first.isdisjoint(form.fills)] or offered
        best: tuple[float, int, str] | None = None
        for offer in offered:
            cost = offer.cost + self._after(offer, state, codes, live)
            rank = (round(cost, 9), min(offer.fills), offer.id)
            best = min(best, rank) if best else rank
        return best[2] if best else None

    def _after(
        self, form: Form, state: State, codes: Sequence[Sequence[int]], live: Mapping[int, Sequence[Live]]
    ) -> float:
        """What is expected to be left after a question, over all programmes."""
        total = 0.0
        for programme, (tree, outlook) in enumerate(zip(self.trees, self._outlooks, strict=True)):
            mine = {at for at in form.fills for row in live.get(at, ()) if row.programme == programme}
            if not mine:
                total += outlook.cost(state, codes[programme])
                continue
            for weight, then in self.forms.outcomes(form, state, mine):
                changed = [at for at in form.fills if then[at] is not state[at] and at in tree.facts]
                total += weight * outlook.cost(then, codes[programme], changed)
        return total
