"""What can be known of a person or a unit: one dictionary of facts for all cities, and their values.

A value says what is known, which may be less than everything: some of the options, a span of numbers
or of days, records that may not be all. Nothing known at all is no value.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from pydantic import Field, model_validator

from knowledge.notice import Record, Strings

YES, NO = "yes", "no"
ELSEWHERE = "elsewhere"
"""The option of a `place` fact for any city but the one asked about."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of these options; of one option it is certain."""

    options: frozenset[str]


@dataclass(frozen=True, slots=True)
class Span:
    """A number between `low` and `high`, both included."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Days:
    """A day between `first` and `last`, both included: a month, a year, or a birthday left open by an age."""

    first: date
    last: date

    def of_month(self) -> Days:
        """No more of it than its months."""
        last = calendar.monthrange(self.last.year, self.last.month)[1]
        return Days(self.first.replace(day=1), self.last.replace(day=last))


@dataclass(frozen=True, slots=True)
class Item:
    """One record of a list (a contest with its tier, class and place): only the fields that are known."""

    fields: tuple[tuple[str, str | int], ...]

    @classmethod
    def of(cls, fields: Mapping[str, str | int]) -> Item:
        """With its fields in the order of their names."""
        return cls(tuple(sorted(fields.items())))

    def get(self, field: str) -> str | int | None:
        """The field's value, None where it is not known."""
        return dict(self.fields).get(field)

    def says_less(self, other: Item) -> bool:
        """Whether the other record says all that this one says, and more."""
        return {*self.fields} < {*other.fields}


@dataclass(frozen=True, slots=True)
class Items:
    """Records of a list; `complete` once the person said that there are no others, `denied` those that he
    was asked for and has not."""

    items: tuple[Item, ...] = ()
    complete: bool = False
    denied: frozenset[Item] = frozenset()


Value = OneOf | Span | Days | Items

SURE_YES: Final = OneOf(frozenset({YES}))
SURE_NO: Final = OneOf(frozenset({NO}))


class Answer(Record):
    """One answer to a detail."""

    label: str
    value: str = ""
    years_ago: int | None = None
    odds: float = Field(gt=0)


class Detail(Record):
    """A field of a list's records that is asked for only where it matters; a line's value is a text, or a
    year given as so many years before the last reference day (`years_ago`). `which` asks several records
    at once for which of them the first line holds, the others having the last."""

    field: str
    ask: str
    which: str = ""
    none: str = ""
    help: str = ""
    lines: tuple[Answer, ...] = Field(min_length=2)


class Option(Record):
    """One possible value of a fact, as shown (`label`) and, of a list, the record that it stands for."""

    id: str
    label: str = ""
    record: Mapping[str, str | int] = Field(default_factory=dict)

    @property
    def shown(self) -> str:
        return self.label or self.id


class Band(Record):
    """What a prior or a criterion holds from this lower bound up to the next."""

    least: float
    odds: float = Field(ge=0)


class Entry(Record):
    """A fact of the dictionary: its type, how it is asked of a worker on a phone, what proves it.

    `yes_no` and `claim` (a yes that only a jury can confirm) have the options yes and no; a `level` lists its
    `options` from low to high, a `choice` in any order; `records` is a list, whose options each stand for a
    record; a `number` (in `unit`) and a `month` are told freely within `low` and `high` (of a month: years);
    `place` is the city of the unit; `titles` is a yes or no for each programme (keys `<id>/<programme>`).
    `answers` are the words for yes and no, of a place for here and elsewhere. `details` are fields of records
    that are asked afterwards. `who` can tell it; `changeable` by one's
    own work within some years; `ttl_days` is how long an answer stays good; `cost`: 1 a tap, 2 a claim
    or a unit's matter, 3 a sum to be worked out. `odds` are the weights of the options among those who
    ask (of a list: the share that has it), `bands` those of a number (of a month: of the years since).
    `deeds` are the kinds of achievement (`common/telling.yaml`) that speak for a claim.
    """

    id: str = Field(pattern=r"[a-z0-9_]+(\.[a-z0-9_]+)*")
    type: Literal["yes_no", "claim", "choice", "level", "records", "number", "month", "place", "titles"]
    name: str
    ask: str
    help: str = ""
    example: str = ""
    answers: tuple[str, str] = ("", "")
    options: tuple[Option, ...] = ()
    none: str = ""
    details: tuple[Detail, ...] = ()
    unit: str = ""
    low: float | None = None
    high: float | None = None
    who: Literal["self", "unit"] = "self"
    changeable: bool = False
    proof: Strings = ()
    ttl_days: int | None = None
    cost: Literal[1, 2, 3] = 1
    odds: Mapping[str, float] = Field(default_factory=dict)
    bands: tuple[Band, ...] = ()
    deeds: Strings = ()

    @model_validator(mode="after")
    def _complete(self) -> Entry:
        listed = self.type in ("choice", "level", "records")
        if listed != bool(self.options):
            raise ValueError("a choice, a level and records list their `options`; other types have none")
        if self.type in ("number", "month") and (self.low is None or self.high is None or not self.bands):
            raise ValueError("a number and a month need `low`, `high` and `bands`")
        if self.type == "records" and not self.none:
            raise ValueError("records need `none`: the words for having none of them")
        known = {option.id for option in self.options} or {YES, NO, ELSEWHERE, "here"}
        if wrong := sorted(self.odds.keys() - known):
            raise ValueError(f"`odds` names {', '.join(wrong)}, which is no option")
        return self

    @property
    def yes_or_no(self) -> bool:
        """Whether it is told by a yes or a no."""
        return self.type in ("yes_no", "claim", "titles")

    def domain(self) -> frozenset[str]:
        """The options of a fact that has them; empty for a number, a month, records and a place."""
        if self.yes_or_no:
            return frozenset({YES, NO})
        return frozenset(o.id for o in self.options) if self.type in ("choice", "level") else frozenset()

    def rank(self, option: str) -> int:
        """The place of a level's option in its scale, from 0."""
        return next(at for at, row in enumerate(self.options) if row.id == option)


def options_left(entry: Entry, had: Items) -> list[tuple[Option, Item]]:
    """The options of a list that have been neither told nor denied, each with its record."""
    rows = [(option, Item.of(option.record)) for option in entry.options]
    return [
        (option, item)
        for option, item in rows
        if item not in had.denied and not any(item == told or item.says_less(told) for told in had.items)
    ]


class Setting(Record):
    """One line of a screen: its label and what choosing it says, fact by fact: an option or several that are
    not told apart, of a place `here` or `elsewhere`."""

    label: str
    sets: Mapping[str, Strings]


class Screen(Record):
    """Several facts asked in one question: one line is chosen, or (`many`) all that hold, the others being
    denied. `fills` are the facts that it settles; `none` is the label for none of the lines."""

    id: str
    ask: str
    help: str = ""
    example: str = ""
    fills: Strings = Field(min_length=1)
    lines: tuple[Setting, ...] = ()
    many: bool = False
    none: str = ""
    cost: Literal[1, 2, 3] = 1


def known(options: str | Iterable[str]) -> OneOf:
    """The value of a fact with options."""
    return OneOf(frozenset({options} if isinstance(options, str) else options))


def month(year: int, number: int | None = None) -> Days:
    """A month of a year, or the whole year."""
    if number is None:
        return Days(date(year, 1, 1), date(year, 12, 31))
    return Days(date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1]))


def born(age: int, on: date) -> Days:
    """The birthdays of somebody who is `age` full years old on a day."""
    return Days(months_before(on, 12 * (age + 1), days=1), months_before(on, 12 * age))


def months_before(day: date, months: int, *, days: int = 0) -> date:
    """The day `months` months earlier (the last of the month where it is shorter), and then `days` later."""
    year, rest = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = calendar.monthrange(year, rest + 1)[1]
    return date.fromordinal(date(year, rest + 1, min(day.day, last)).toordinal() + days)


def whole_months(since: date, until: date) -> int:
    """Full months from one day to another; a year is full on its anniversary (民法典 1259: 满 counts it)."""
    return (until.year - since.year) * 12 + until.month - since.month - (until.day < since.day)


def dump(value: Value) -> Any:
    """The value as JSON."""
    match value:
        case OneOf(options):
            return sorted(options)
        case Span(low, high):
            return {"low": low, "high": high}
        case Days(first, last):
            return {"first": first.isoformat(), "last": last.isoformat()}
        case Items(items, complete, denied):
            rows = [dict(item.fields) for item in items]
            not_had = [dict(item.fields) for item in sorted(denied, key=lambda item: repr(item.fields))]
            return {"items": rows, "complete": complete, "denied": not_had}


def load(value: Any) -> Value:
    """The value that `dump` wrote; raises KeyError, TypeError or ValueError for anything else."""
    if isinstance(value, list):
        return OneOf(frozenset(map(str, value)))
    if "low" in value:
        return Span(float(value["low"]), float(value["high"]))
    if "first" in value:
        return Days(date.fromisoformat(value["first"]), date.fromisoformat(value["last"]))
    items, denied = ([Item.of(fields) for fields in value[key]] for key in ("items", "denied"))
    return Items(tuple(items), bool(value["complete"]), frozenset(denied))


def merge(old: Value | None, new: Value) -> Value:
    """What is known after a newer telling: records join those known before, a record that says less than
    another going with it; anything else is replaced."""
    if not isinstance(old, Items) or not isinstance(new, Items):
        return new
    items = list(dict.fromkeys((*old.items, *new.items)))
    kept = tuple(item for item in items if not any(item.says_less(other) for other in items))
    return Items(kept, old.complete or new.complete, (old.denied - {*kept}) | new.denied)
