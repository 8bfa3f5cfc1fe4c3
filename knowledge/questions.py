"""Questions as they are put: one fact, several facts on one screen, or a detail of what was told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from knowledge.dictionary import (
    ELSEWHERE,
    Days,
    Detail,
    Entry,
    Item,
    Items,
    OneOf,
    Option,
    Screen,
    Span,
    Value,
    known,
    merge,
    options_left,
)
from knowledge.prospects import Prospects, filled

Moves = Mapping[str, Mapping[str, tuple[str, ...]]]
"""The facts that matter now, each with the leaves it can move by programme."""
Useful = Callable[[str, Item], bool]
"""Whether having a record would make a difference to what a list settles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One answer: its words, and what choosing it makes known; where all that hold are chosen, `denies` is
    what leaving it out makes known. `beside` is what its words say of facts that are not asked for, as they
    are known or of no matter: whoever names these means this line."""

    label: str
    values: Mapping[str, Value]
    denies: Mapping[str, Value] = field(default_factory=dict)
    beside: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question with the lines that make a difference.

    `id` is the screen's, or the fact's key (`birth`, `won`, of a detail `honours.year`). Of `one` a line is
    chosen, of `many` all that hold (`none` is the label for none of them), a `number` or `month` is told
    freely. `fills` are the facts that an answer makes known; `moves` names by programme the leaves that it
    can settle now; `who` can tell it; `before` is what is known already of lists that it adds to.
    """

    id: str
    kind: Literal["one", "many", "number", "month"]
    ask: str
    help: str = ""
    example: str = ""
    unit: str = ""
    lines: tuple[Line, ...] = ()
    none: str = ""
    fills: tuple[str, ...] = ()
    moves: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    who: Literal["self", "unit"] = "self"
    before: Mapping[str, Value] = field(default_factory=dict)

    def denied(self) -> Mapping[str, Value]:
        """What "none of them" makes known."""
        return self.chosen(())

    def chosen(self, indexes: Sequence[int]) -> Mapping[str, Value]:
        """What the chosen lines make known; of `many` the others are denied."""
        found = dict(self.before)
        for index, line in enumerate(self.lines):
            told = line.values if index in indexes else line.denies
            found |= {fact: merge(found.get(fact), value) for fact, value in told.items()}
        return found

    def told(self, value: float | Days) -> Mapping[str, Value]:
        """What a number or a month makes known."""
        return {self.fills[0]: value if isinstance(value, Days) else Span(value, value)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Words the questions of a session: `prospects` of its facts, its `screens` cut down to those facts, the
    notice's `city`."""

    prospects: Mapping[str, Prospects]
    screens: Mapping[str, Screen]
    city: str

    def built(self, id_: str, values: Mapping[str, Value], moves: Moves, useful: Useful) -> Question | None:
        """The question with this id by what is known and matters now; None for an id that is none."""
        id_ = self._among_titles(id_)
        if id_ in self.screens:
            question: Question | None = self._screen(self.screens[id_], values, moves)
        elif id_ in self.prospects:
            question = self._fact(id_, values, moves, useful)
        else:
            question = self._detail(id_, values)
        if question is None:
            return None
        moved: dict[str, tuple[str, ...]] = {}
        for fact in question.fills:
            for programme, leaves in moves.get(fact, {}).items():
                moved[programme] = tuple(dict.fromkeys((*moved.get(programme, ()), *leaves)))
        return replace(question, moves=moved)

    def _among_titles(self, id_: str) -> str:
        """A title is asked among titles, be it the only one."""
        title = id_ in self.prospects and self.prospects[id_].entry.type == "titles"
        return next((s.id for s in self.screens.values() if id_ in s.fills), id_) if title else id_

    def _put(self, words: str) -> str:
        return words.replace("{city}", self.city)

    def _screen(self, screen: Screen, values: Mapping[str, Value], moves: Moves) -> Question:
        shown = [fact for fact in screen.fills if fact in moves] or list(screen.fills)
        worded = self._all_that_hold if screen.many else self._consistent
        lines = worded(screen, shown, values)
        if not any(line.values for line in lines):  # of what matters no line that is possible tells anything
            shown = list(screen.fills)
            lines = worded(screen, shown, values)
        entries = [self.prospects[fact].entry for fact in shown]
        return Question(
            id=screen.id,
            kind="many" if screen.many else "one",
            ask=self._put(screen.ask),
            help=self._put(screen.help),
            example=self._put(screen.example),
            lines=lines,
            none=screen.none,
            fills=tuple(dict.fromkeys(fact for line in lines for fact in line.values)),
            who="unit" if all(entry.who == "unit" for entry in entries) else "self",
        )

    def _all_that_hold(
        self, screen: Screen, shown: Sequence[str], values: Mapping[str, Value]
    ) -> tuple[Line, ...]:
        """The lines that may hold and may not, by what is known."""
        lines = []
        for line in screen.lines:
            told, denied = {}, {}
            for fact, options in line.sets.items():
                if fact in shown:
                    prospects = self.prospects[fact]
                    told[fact], denied[fact] = prospects.split(frozenset(options), values.get(fact))
            if told and all(some.options for some in (*told.values(), *denied.values())):
                lines.append(Line(label=self._put(line.label), values=told, denies=denied))
        return tuple(lines)

    def _consistent(
        self, screen: Screen, shown: Sequence[str], values: Mapping[str, Value]
    ) -> tuple[Line, ...]:
        """The lines that do not contradict what is known, each with what it adds."""
        return tuple(
            Line(
                label=self._put(line.label),
                values={f: self.prospects[f].value(o) for f, o in line.sets.items() if f in shown},
                beside={f: self._says(f, o) for f, o in line.sets.items() if f not in shown},
            )
            for line in screen.lines
            if all(self._may_be(fact, options, values) for fact, options in line.sets.items())
        )

    def _says(self, fact: str, options: Sequence[str]) -> Value:
        """What a line's words say of a fact, be it in the session or not."""
        return self.prospects[fact].value(options) if fact in self.prospects else known(options)

    def _may_be(self, fact: str, options: Sequence[str], values: Mapping[str, Value]) -> bool:
        """Whether what a line says stands like one of those that are still possible."""
        prospects, value = self.prospects.get(fact), values.get(fact)
        if prospects is None or value is None:
            return True
        told = prospects.probe(prospects.value(options))
        return any(prospects.probe(then) == told for _, then in prospects.of(value))

    def _fact(self, fact: str, values: Mapping[str, Value], moves: Moves, useful: Useful) -> Question:
        entry = self.prospects[fact].entry
        question = Question(
            id=fact,
            kind="one",
            ask=self._put(entry.ask),
            help=entry.help,
            example=entry.example,
            unit=entry.unit,
            fills=(fact,),
            who=entry.who,
        )
        match entry.type:
            case "number":
                return replace(question, kind="number")
            case "month":
                return replace(question, kind="month")
            case "records":
                had = values.get(fact)
                return self._records(
                    question, entry, had if isinstance(had, Items) else Items(), moves, useful
                )
            case _:
                return replace(question, lines=self._options(fact, entry, values.get(fact)))

    def _options(self, fact: str, entry: Entry, value: Value | None) -> tuple[Line, ...]:
        if entry.type == "place":
            rows = zip((self.city, ELSEWHERE), entry.answers, strict=True)
        elif entry.yes_or_no:
            rows = zip(("yes", "no"), entry.answers, strict=True)
        else:
            rows = zip((o.id for o in entry.options), (o.shown for o in entry.options), strict=True)
        return tuple(
            Line(label=label, values={fact: known(option)})
            for option, label in rows
            if not isinstance(value, OneOf) or option in value.options
        )

    def _records(
        self, question: Question, entry: Entry, had: Items, moves: Moves, useful: Useful
    ) -> Question:
        left = options_left(entry, replace(had, complete=False))
        shown = [row for row in left if useful(question.id, row[1])] if question.id in moves else left
        lines = tuple(
            Line(
                label=option.shown,
                values={question.id: Items((item,))},
                denies={question.id: Items(denied=frozenset({item}))},
            )
            for option, item in shown
        )
        before = replace(had, complete=had.complete or len(shown) == len(left))
        return replace(question, kind="many", lines=lines, none=entry.none, before={question.id: before})

    def _detail(self, id_: str, values: Mapping[str, Value]) -> Question | None:
        """Of one record its detail; of several which of them have it, where the detail can be asked so."""
        fact, _, name = id_.rpartition(".")
        value, prospects = values.get(fact), self.prospects.get(fact)
        details = prospects.entry.details if prospects else ()
        detail = next((row for row in details if row.field == name), None)
        if prospects is None or detail is None or not isinstance(value, Items):
            return None
        items = prospects.lacking(detail, value)
        if not items:
            return None
        question = Question(
            id=id_, kind="one", ask="", help=detail.help, fills=(fact,), who=prospects.entry.who
        )
        if len(items) > 1 and detail.which:
            lines = tuple(
                Line(
                    label=_named(prospects.entry, item),
                    values={fact: _filled(item, detail, 0, prospects)},
                    denies={fact: _filled(item, detail, -1, prospects)},
                )
                for item in items
            )
            return replace(
                question, kind="many", ask=detail.which, lines=lines, none=detail.none, before={fact: value}
            )
        lines = tuple(
            Line(label=line.label, values={fact: _filled(items[0], detail, at, prospects)})
            for at, line in enumerate(detail.lines)
        )
        ask = detail.ask.replace("{record}", _named(prospects.entry, items[0]))
        return replace(question, ask=ask, lines=lines, before={fact: value})


def _filled(item: Item, detail: Detail, line: int, prospects: Prospects) -> Items:
    return filled(Items((item,)), item, detail, detail.lines[line], prospects.last)


def _named(entry: Entry, item: Item) -> str:
    """The option that the record is of, or is most like (市 and 省 are one line), else its own words."""

    def unlike(option: Option) -> int:
        return len({*option.record.items()} - {*item.fields})

    nearest = min(entry.options, key=unlike, default=None)
    if nearest is not None and 2 * unlike(nearest) < len(nearest.record):
        return nearest.shown
    return " ".join(str(value) for _, value in item.fields if isinstance(value, str))
