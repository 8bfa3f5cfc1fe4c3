"""The forms in which facts can be asked: screens of several facts, and each fact by itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import product

from knowledge.dictionary import YES, OneOf, Screen, Setting
from knowledge.outlook import Prices
from knowledge.residual import Live, Seen, State
from knowledge.sight import Sight

_Told = tuple[int, frozenset[str]]
_Split = tuple[tuple[float, Seen], tuple[float, Seen]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A question by the facts it fills. Of a screen the `lines` say which options of a fact each stands for:
    one line is chosen, or (`many`) each fact is told apart from the others; without lines it is a question
    on one fact."""

    id: str
    many: bool = False
    cost: int
    fills: tuple[int, ...]
    lines: tuple[tuple[_Told, ...], ...] = ()
    titles: bool = False


class Forms:
    """The forms for the facts of a session, and what may be seen once they are answered."""

    def __init__(self, sight: Sight, screens: Sequence[Screen], names: Mapping[str, str]) -> None:
        self._sight = sight
        self.screens = {screen.id: screen for screen in _cut_down(sight, screens, names)}
        self.all = [self._form(screen) for screen in self.screens.values()]
        self._splits: dict[tuple[int, frozenset[str], Seen], _Split | None] = {}

    def _form(self, screen: Screen) -> Form:
        at = self._sight.at
        fills = tuple(at[fact] for fact in screen.fills)
        return Form(
            id=screen.id,
            many=screen.many,
            cost=screen.cost,
            fills=fills,
            lines=tuple(
                tuple(
                    (at[fact], self._sight.facts[at[fact]].prospects.value(options).options)
                    for fact, options in line.sets.items()
                    if fact in at
                )
                for line in screen.lines
            ),
            titles=self._sight.facts[fills[0]].entry.type == "titles",
        )

    def prices(self) -> Prices:
        """What it costs to be told each fact, alone and with others."""
        facts = self._sight.facts
        alone, group = [float(fact.entry.cost) for fact in facts], list(range(len(facts)))
        together = dict(enumerate(alone))
        for number, form in enumerate(sorted(self.all, key=lambda form: -len(form.fills)), len(facts)):
            together[number] = form.cost
            for at in form.fills:
                if group[at] == at:
                    alone[at], group[at] = min(alone[at], form.cost), number
        return Prices(alone=alone, group=group, together=together)

    def filling(self, at: int) -> tuple[str, ...]:
        """The questions that fill a fact, that on the fact alone last; a title is asked among titles."""
        forms = [form for form in self.all if at in form.fills]
        own = () if any(form.titles for form in forms) else (self._sight.facts[at].key,)
        return (*(form.id for form in forms), *own)

    def offered(self, state: State, live: Mapping[int, Sequence[Live]]) -> list[Form]:
        """The forms that fill several facts that matter (of titles one) and no other form as well, and the
        questions on facts that none of these fills as cheaply."""
        fills = {form: self._filled(form, state, live.keys()) for form in self.all}
        able = [form for form in self.all if len(fills[form]) > (0 if form.titles else 1)]
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
        filled = {(at, form.cost) for form in found for at in fills[form]}
        for at in sorted(live):
            fact = self._sight.facts[at]
            if fact.entry.type == "titles" or any(
                (at, cost) in filled for cost in range(fact.entry.cost + 1)
            ):
                continue
            found += [
                Form(id=ask.id, many=False, cost=ask.cost, fills=(at,))
                for ask in state[at].asks
                if any(_moved(state[at], then, live[at]) for _, then in ask.outcomes)
            ]
        return found

    def _filled(self, form: Form, state: State, live: Set[int]) -> set[int]:
        """The facts that matter on which the form would tell more."""
        if not form.many:
            if live.isdisjoint(form.fills):
                return set()
            rows = self._lines(form, state)
            return {at for _, changes in rows for at in changes if at in live} if len(rows) > 1 else set()
        told = {at: options for line in form.lines for at, options in line}
        return {at for at in form.fills if at in live and self._split(at, told[at], state[at])}

    def _split(self, at: int, options: frozenset[str], seen: Seen) -> _Split | None:
        """What is seen of a fact once a line is chosen, and once it is left out, each with how likely it is;
        None where it is known already."""
        key = (at, options, seen)
        if key not in self._splits:
            prospects = self._sight.facts[at].prospects
            weights = []
            for some in prospects.split(options, seen.value):
                weights.append(
                    (prospects.share(some.options), self._sight.see(at, some)) if some.options else None
                )
            inside, outside = weights
            if inside is None or outside is None:
                self._splits[key] = None
            else:
                total = inside[0] + outside[0] or 1.0
                self._splits[key] = (inside[0] / total, inside[1]), (outside[0] / total, outside[1])
        return self._splits[key]

    def outcomes(self, form: Form, state: State, mine: Collection[int]) -> Iterator[tuple[float, State]]:
        """The states after a question, told apart by the facts of `mine`."""
        if form.many:
            told = {at: options for line in form.lines for at, options in line}
            facts = [at for at in form.fills if at in mine]
            splits = [(at, split) for at in facts if (split := self._split(at, told[at], state[at]))]
            for chosen in product(*(split for _, split in splits)):
                weight, then = 1.0, list(state)
                for (at, _), (share, seen) in zip(splits, chosen, strict=True):
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

    def _lines(self, form: Form, state: State) -> list[tuple[float, dict[int, Seen]]]:
        """The lines that do not contradict what is seen: how likely each is, and what it changes."""
        found = []
        for line in form.lines:
            weight, changes = 1.0, {}
            for at, options in line:
                seen, told = state[at], self._sight.see(at, OneOf(options))
                if seen.asks:
                    possible = told.asks or any(then is told for _, then in seen.asks[0].outcomes)
                    weight *= self._sight.facts[at].prospects.share(options) if possible else 0.0
                    changes[at] = told
                elif seen.codes != told.codes and seen.value is not None:
                    weight = 0.0
            if weight:
                found.append((weight, changes))
        return found

    def most(self, facts: Collection[int]) -> int:
        """The most questions that can be put on facts that matter at the same time: a form of which all that
        hold are chosen settles those it fills at once (but for options that a line does not tell apart), two
        such forms that share facts all but one."""
        many = [frozenset(form.fills).intersection(facts) for form in self.all if form.many]
        forms = [fills for fills in dict.fromkeys(many) if not any(fills < other for other in many)]
        joined: list[tuple[frozenset[int], int]] = []
        for fills in filter(None, forms):
            touching = [row for row in joined if row[0] & fills]
            apart = [row for row in joined if not row[0] & fills]
            joined = [*apart, (fills.union(*(row[0] for row in touching)), 1 + sum(n for _, n in touching))]
        together = sum(1 if forms == 1 else max(1, len(fills) - 1) for fills, forms in joined)
        alone = {*facts}.difference(*(fills for fills, _ in joined))
        facts_ = self._sight.facts
        finer = sum(not facts_[at].entry.yes_or_no for fills, _ in joined for at in fills)
        return together + finer + len(alone) + sum(facts_[at].detailed for at in alone)


def _cut_down(sight: Sight, screens: Sequence[Screen], names: Mapping[str, str]) -> list[Screen]:
    """The screens that fill several facts of the session, those of titles among them."""
    asked = {fact.key: fact for fact in sight.facts if fact.asked}
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


def _moved(now: Seen, then: Seen, live: Sequence[Live]) -> bool:
    """Whether a switch or a leaf, as far as it matters, would be seen otherwise."""
    return any(
        now.options != then.options
        if row.position < 0
        else row.seen(now.codes[row.position]) != row.seen(then.codes[row.position])
        for row in live
    )
