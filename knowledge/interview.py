"""Which question is asked next: the one expected to leave least to ask, over all programmes at once."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Final

from knowledge.dictionary import (
    YES,
    Entry,
    Item,
    Items,
    OneOf,
    Screen,
    Setting,
    Value,
    months_before,
)
from knowledge.library import Library
from knowledge.outlook import Outlook
from knowledge.prospects import Prospects
from knowledge.questions import Asking, Line, Question
from knowledge.residual import Ask, Live, Odds, Seen, State, Tree, code_of
from knowledge.rules import Interval, Known, Leaf, implied, leaves

__all__ = ["Interview", "Line", "Question"]

_KEPT: Final = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A fact of the session with the leaves of all programmes that it moves."""

    key: str
    entry: Entry
    leaves: tuple[tuple[int, Leaf], ...]
    switched: frozenset[int]
    asked: bool
    prospects: Prospects

    @property
    def detailed(self) -> bool:
        """Whether a detail may have to be asked of what is told."""
        fields = {detail.field for detail in self.entry.details}
        return any(fields - option.record.keys() for option in self.entry.options)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """A question by the facts it fills: the lines of a screen of which one is chosen, or each fact apart."""

    id: str
    many: bool
    cost: int
    fills: tuple[int, ...]
    lines: tuple[tuple[tuple[int, Value], ...], ...] = ()
    titles: bool = False


class Interview:
    """The self-check of some programmes of one notice.

    Answers are values by fact, in any order: what is asked and what follows depends on them alone. An
    instance is immutable but for its caches and may be shared.
    """

    def __init__(self, library: Library, programmes: Sequence[str], districts: Sequence[str] = ()) -> None:
        notice = library.programmes[programmes[0]][0]
        self._rules = {programme: library.rules[programme] for programme in programmes}
        self._rulesets = notice.criteria.rulesets
        self._days = {p: notice.reference_days(p, districts) for p in programmes}
        self._last = max(max(days) for days in self._days.values())
        self._city = notice.header.city
        self._facts = self._gathered(library)
        self._at = {fact.key: at for at, fact in enumerate(self._facts)}
        slots = [{id(leaf): n for n, (_, leaf) in enumerate(fact.leaves)} for fact in self._facts]
        self._trees = [
            Tree(rules.ruleset.tree, self._at, lambda leaf: slots[self._at[leaf.fact]][id(leaf)])
            for rules in self._rules.values()
        ]
        names = {p.id: p.name for p in notice.programmes}
        self._screens = self._cut_down((*library.screens, *notice.screens), names)
        self._asking = Asking(
            prospects={fact.key: fact.prospects for fact in self._facts if fact.asked},
            screens={screen.id: screen for screen in self._screens},
            city=self._city,
        )
        self._forms = [self._form(screen) for screen in self._screens]
        self._costs, self._group = self._grouped()
        self._interned: dict[Hashable, Seen] = {}
        self._views: dict[Hashable, int] = {}
        self._seen: dict[tuple[int, Value | None, bool], Seen] = {}
        self._outlooks = [
            Outlook(tree, programme, self._costs, self._group) for programme, tree in enumerate(self._trees)
        ]
        self._chosen: dict[State, str | None] = {}

    def _cut_down(self, screens: Sequence[Screen], names: Mapping[str, str]) -> list[Screen]:
        """The screens that fill several facts of the session, those of titles among them."""
        asked = {fact.key: fact for fact in self._facts if fact.asked}
        found = [
            screen.model_copy(update={"fills": fills})
            for screen in screens
            if len(fills := tuple(f for f in screen.fills if f in asked)) > 1
        ]
        titles: dict[str, list[str]] = {}
        for key, fact in asked.items():
            if fact.entry.type == "titles":
                titles.setdefault(fact.entry.id, []).append(key)
        for id_, keys in titles.items():
            entry = asked[keys[0]].entry
            keys.sort(key=lambda key: [*names].index(key.partition("/")[2]))
            lines = tuple(Setting(label=names[key.partition("/")[2]], sets={key: (YES,)}) for key in keys)
            found.append(
                Screen(
                    id=id_,
                    ask=entry.ask,
                    help=entry.help,
                    example=entry.example,
                    fills=tuple(keys),
                    lines=lines,
                    many=True,
                    none=entry.none,
                    cost=entry.cost,
                )
            )
        return found

    def _form(self, screen: Screen) -> _Form:
        lines = tuple(
            tuple(
                (self._at[fact], self._facts[self._at[fact]].prospects.value(options))
                for fact, options in line.sets.items()
                if fact in self._at
            )
            for line in screen.lines
        )
        fills = tuple(self._at[f] for f in screen.fills)
        return _Form(
            id=screen.id,
            many=screen.many,
            cost=screen.cost,
            fills=fills,
            lines=lines,
            titles=self._facts[fills[0]].entry.type == "titles",
        )

    def _grouped(self) -> tuple[list[float], list[int]]:
        """What each fact costs to be told, and the form that tells it together with others."""
        costs = [float(fact.entry.cost) for fact in self._facts]
        group = list(range(len(self._facts)))
        for number, form in enumerate(self._forms):
            for at in form.fills:
                if group[at] == at:
                    costs[at], group[at] = form.cost, len(self._facts) + number
        return costs, group

    def _gathered(self, library: Library) -> list[Fact]:
        found: dict[str, list[tuple[int, Leaf]]] = {}
        switched: dict[str, set[int]] = {}
        asked: set[str] = set()
        for at, rules in enumerate(self._rules.values()):
            for leaf in rules.ruleset.leaves:
                found.setdefault(leaf.fact, []).append((at, leaf))
            asked.update(leaf.fact for leaf in leaves(rules.ruleset.tree, relaxing=False))
            for fact in rules.ruleset.facts:
                found.setdefault(fact, [])
            for fact in rules.ruleset.switches:
                switched.setdefault(fact, set()).add(at)
        return [
            self._fact(
                library.dictionary[key.partition("/")[0]],
                key,
                tuple(rows),
                frozenset(switched.get(key, ())),
                key in asked or key in switched,
            )
            for key, rows in found.items()
        ]

    def _fact(
        self,
        entry: Entry,
        key: str,
        rows: tuple[tuple[int, Leaf], ...],
        switched: frozenset[int],
        asked: bool,
    ) -> Fact:
        edges: set[float] = set()
        dated: set[date] = set()
        programmes = list(self._rules)
        for at, leaf in rows:
            per = {"years": 12, "months": 1}.get(leaf.measure, 0)
            for cut in leaf.cuts:
                edges.add(cut.least)
                if per:
                    days = self._days[programmes[at]]
                    dated.update(months_before(day, int(cut.least) * per) for day in days)

        def probe(value: Value) -> Hashable:
            options = value if switched else None
            return self._codes(key, rows, value), options

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
                edges=sorted(dated) if dated else sorted(edges),
                probe=probe,
            ),
        )

    def _codes(self, key: str, rows: Sequence[tuple[int, Leaf]], value: Value | None) -> tuple[int, ...]:
        programmes = list(self._rules)
        values = {} if value is None else {key: value}
        return tuple(
            code_of(
                self._rules[programmes[at]].leaf(leaf, Known(values=values, days=self._days[programmes[at]]))
            )
            for at, leaf in rows
        )

    # —— what is known

    def known(self, programme: str, values: Mapping[str, Value], unsure: frozenset[str]) -> Known:
        """What is known for a programme: its days of reference, and what titles that were won imply."""
        return Known(values=implied(values, self._rulesets), days=self._days[programme], unsure=unsure)

    def verdicts(self, values: Mapping[str, Value], unsure: frozenset[str]) -> Mapping[str, Interval]:
        """Where each programme stands."""
        state = self._state(values, unsure)
        return {p: tree.stands(state) for p, tree in zip(self._rules, self._trees, strict=True)}

    def _state(self, values: Mapping[str, Value], unsure: frozenset[str]) -> State:
        values = implied(values, self._rulesets)
        return tuple(
            self._see(at, values.get(fact.key), fact.key in unsure) for at, fact in enumerate(self._facts)
        )

    def _see(self, at: int, value: Value | None, unsure: bool) -> Seen:
        key = (at, value, unsure)
        found = self._seen.get(key)
        if found is None:
            if len(self._seen) > _KEPT:
                self._seen.clear()
            found = self._seen[key] = self._looked(at, value, unsure)
        return found

    def _looked(self, at: int, value: Value | None, unsure: bool) -> Seen:
        fact = self._facts[at]
        codes = self._codes(fact.key, fact.leaves, value)
        options: frozenset[str] = frozenset()
        if fact.switched:
            options = value.options if isinstance(value, OneOf) else fact.entry.domain()
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
            outcomes = tuple((weight, self._see(at, then, False)) for weight, then in told)
            asks.append(Ask(fact.key, fact.entry.cost, outcomes))
        if isinstance(value, Items):
            for detail in fact.entry.details:
                items = fact.prospects.lacking(detail, value)
                if items:
                    then = fact.prospects.detailed(detail, items, value)
                    outcomes = tuple((weight, self._see(at, told_, False)) for weight, told_ in then)
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

    # —— the next question

    def next(self, values: Mapping[str, Value], unsure: frozenset[str]) -> Question | None:
        """The question to ask now; None where nothing that can be asked would change an outcome."""
        state = self._state(values, unsure)
        if state in self._chosen:
            chosen = self._chosen[state]
        else:
            if len(self._chosen) > _KEPT:
                self._chosen.clear()
            chosen = self._chosen[state] = self._choose(state)
        return None if chosen is None else self.question(chosen, values, unsure)

    def question(self, id: str, values: Mapping[str, Value], unsure: frozenset[str]) -> Question | None:
        """A question by its id with the lines that make a difference now, or with all where none does."""
        values = implied(values, self._rulesets)
        state = self._state(values, unsure)
        live = {at: rows for at, rows in self._live(state).items() if state[at].asks}
        programmes = list(self._rules)
        moves = {
            self._facts[at].key: {
                programmes[p]: tuple(row.leaf for row in rows if row.programme == p and row.leaf)
                for p in dict.fromkeys(row.programme for row in rows)
            }
            for at, rows in live.items()
        }

        def useful(fact: str, item: Item) -> bool:
            return self._useful(self._at[fact], item, state, live[self._at[fact]])

        return self._asking.built(id, values, moves, useful)

    def _useful(self, at: int, item: Item, state: State, live: Sequence[Live]) -> bool:
        """Whether having a record could raise a leaf, by what can be seen of it."""
        codes, now = self._see(at, Items((item,), complete=True), False).codes, state[at].codes
        return any(
            min(codes[row.position] & 3, row.cap) > max(now[row.position] >> 2, row.floor) for row in live
        )

    def left(self, values: Mapping[str, Value], unsure: frozenset[str]) -> int:
        """At most so many further questions."""
        state = self._state(values, unsure)
        live = {at: rows for at, rows in self._live(state).items() if state[at].asks}
        later = {at for rows in live.values() for row in rows for at in row.ahead if state[at].asks}
        return self._most(live.keys()) + self._most(later - live.keys())

    def _most(self, facts: Collection[int]) -> int:
        """The most questions that can be put on facts that matter at the same time: a form of which all that
        hold are chosen settles those it fills at once, two such forms that share facts all but one."""
        many = [frozenset(form.fills).intersection(facts) for form in self._forms if form.many]
        forms = [fills for fills in dict.fromkeys(many) if not any(fills < other for other in many)]
        joined: list[tuple[frozenset[int], int]] = []
        for fills in filter(None, forms):
            touching = [row for row in joined if row[0] & fills]
            apart = [row for row in joined if not row[0] & fills]
            joined = [*apart, (fills.union(*(row[0] for row in touching)), 1 + sum(n for _, n in touching))]
        together = sum(1 if forms == 1 else max(1, len(fills) - 1) for fills, forms in joined)
        alone = {*facts}.difference(*(fills for fills, _ in joined))
        return together + len(alone) + sum(self._facts[at].detailed for at in alone)

    def questions_for(self, fact: str) -> tuple[str, ...]:
        """The questions that fill a fact."""
        if fact not in self._at:
            return ()
        forms = [form for form in self._forms if self._at[fact] in form.fills]
        own = () if any(form.titles for form in forms) else (fact,)
        return (*(form.id for form in forms), *own)

    def _live(self, state: State, codes: Sequence[Sequence[int]] = ()) -> dict[int, list[Live]]:
        """The facts that matter, each with the leaves it can move."""
        found: dict[int, list[Live]] = {}
        for programme, tree in enumerate(self._trees):
            for row in tree.live(state, codes[programme] if codes else tree.codes(state), programme):
                found.setdefault(row.fact, []).append(row)
        return found

    def _choose(self, state: State) -> str | None:
        """The question after which, its own cost included, least is expected to be left."""
        codes = [tree.codes(state) for tree in self._trees]
        live = self._live(state, codes)
        live = {at: rows for at, rows in live.items() if state[at].asks}
        kept = [
            {row.fact for row in rows} - tree.idle(state, rows)
            for programme, tree in enumerate(self._trees)
            for rows in [[row for of in live.values() for row in of if row.programme == programme]]
        ]
        moving = {at: rows for at, rows in live.items() if any(at in facts for facts in kept)}
        live = moving or live
        best: tuple[float, int, str] | None = None
        for offer in self._offered(state, live):
            cost = offer.cost + self._after(offer, state, codes, live)
            rank = (round(cost, 9), min(offer.fills), offer.id)
            best = min(best, rank) if best else rank
        return best[2] if best else None

    def _offered(self, state: State, live: Mapping[int, Sequence[Live]]) -> list[_Form]:
        """The forms that fill several facts that matter (of titles one) and no other form as well, and the
        questions on facts that none of these fills as cheaply."""
        fills = {form: {at for at in form.fills if at in live} for form in self._forms}
        able = [
            form
            for form in self._forms
            if len(fills[form]) > (0 if form.titles else 1)
            and (form.many or len(self._lines(form, state)) > 1)
        ]
        found = [
            form
            for form in able
            if not any(
                fills[form] <= fills[other]
                and other.cost <= form.cost
                and (len(fills[form]), -len(form.fills)) < (len(fills[other]), -len(other.fills))
                for other in able
            )
        ]
        filled = {(at, form.cost) for form in found for at in form.fills}
        for at in sorted(live):
            fact = self._facts[at]
            if fact.entry.type == "titles" or any(
                (at, cost) in filled for cost in range(fact.entry.cost + 1)
            ):
                continue
            found += [
                _Form(id=ask.id, many=False, cost=ask.cost, fills=(at,))
                for ask in state[at].asks
                if any(_moved(state[at], then, live[at]) for _, then in ask.outcomes)
            ]
        return found

    def _after(
        self, form: _Form, state: State, codes: Sequence[Sequence[int]], live: Mapping[int, Sequence[Live]]
    ) -> float:
        """What is expected to be left after a question, over all programmes."""
        total = 0.0
        for programme, (tree, outlook) in enumerate(zip(self._trees, self._outlooks, strict=True)):
            mine = {at for at in form.fills for row in live.get(at, ()) if row.programme == programme}
            if not mine:
                total += outlook.cost(state, codes[programme])
                continue
            for weight, then in self._outcomes(form, state, mine):
                changed = [at for at in form.fills if then[at] is not state[at] and at in tree.facts]
                total += weight * outlook.cost(then, codes[programme], changed)
        return total

    def _outcomes(self, form: _Form, state: State, mine: Collection[int]) -> Iterator[tuple[float, State]]:
        """The states after a question, told apart by the facts of `mine`."""
        if form.many:
            facts = [at for at in form.fills if at in mine]
            for told in product(*(state[at].asks[0].outcomes for at in facts)):
                weight = 1.0
                then = list(state)
                for at, (share, seen) in zip(facts, told, strict=True):
                    weight *= share
                    then[at] = seen
                yield weight, tuple(then)
        elif form.lines:
            rows = self._lines(form, state)
            total = sum(weight for weight, _ in rows) or 1.0
            for weight, changes in rows:
                yield weight / total, tuple(changes.get(at, seen) for at, seen in enumerate(state))
        else:
            (at,) = form.fills
            ask = next(ask for ask in state[at].asks if ask.id == form.id)
            for weight, seen in ask.outcomes:
                yield weight, (*state[:at], seen, *state[at + 1 :])

    def _lines(self, form: _Form, state: State) -> list[tuple[float, dict[int, Seen]]]:
        """The lines that do not contradict what is seen: how likely each is, and what it changes."""
        found = []
        for line in form.lines:
            weight, changes = 1.0, {}
            for at, value in line:
                seen = state[at]
                told = self._see(at, value, False)
                if seen.asks:
                    weight *= sum(share for share, then in seen.asks[0].outcomes if then is told)
                    changes[at] = told
                elif seen.codes != told.codes and seen.value is not None:
                    weight = 0.0
            if weight:
                found.append((weight, changes))
        return found


def _moved(now: Seen, then: Seen, live: Sequence[Live]) -> bool:
    """Whether a switch or a leaf, as far as it matters, would be seen otherwise."""
    return any(
        now.options != then.options
        if row.position < 0
        else row.seen(now.codes[row.position]) != row.seen(then.codes[row.position])
        for row in live
    )


def _odds(at: int, code: int, asks: Sequence[Ask]) -> Odds:
    """How likely a leaf is to stand where; what an answer leaves open is split between its ends."""
    found = [0.0] * 4
    rows = [(weight, seen.codes[at]) for weight, seen in asks[0].outcomes] if asks else [(1.0, code)]
    for weight, then in rows:
        found[then >> 2] += weight / 2
        found[then & 3] += weight / 2
    return found[0], found[1], found[2], found[3]
