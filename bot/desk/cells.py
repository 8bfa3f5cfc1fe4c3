"""What a cell of the roster says of a fact: the options' own words, yes and no, numbers, months."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final

from bot.desk.table import Cell
from bot.desk.words import WORDS, plain
from knowledge.dictionary import (
    ELSEWHERE,
    SURE_NO,
    SURE_YES,
    Detail,
    Entry,
    Item,
    Items,
    Option,
    Span,
    Value,
    known,
    month,
)

_MONTH: Final = re.compile(r"(\d{4})(?:[-./年](\d{1,2})(?:[-./月](?:\d{1,2}日?)?)?|年)?")
_YEAR: Final = re.compile(r"(?:19|20)\d{2}")
_ASIDE: Final = re.compile(r"\((.*?)\)")
_BETWEEN: Final = re.compile(r"[;,、/|]+")
_MEANT: Final = re.compile(r"[,(]")


class Unclear(Exception):
    """A cell that cannot be read; `reason` is the name of a text among the faults."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Column:
    """A fact as a column: how it is headed, what may be filled in, the notice's city and districts."""

    fact: str
    entry: Entry
    header: str
    city: str
    cities: frozenset[str]
    regions: Mapping[str, str]

    @cached_property
    def guide(self) -> str:
        """What may be filled in, in a sentence."""
        kind = {"level": "choice", "claim": "yes_no", "titles": "yes_no"}.get(
            self.entry.type, self.entry.type
        )
        shown = "／".join(option.shown for option in self.entry.options)
        return WORDS.guides[kind].format(
            options=shown, none=self.entry.none, unit=self.entry.unit, city=self.city
        )

    @cached_property
    def offered(self) -> tuple[str, ...]:
        """The answers of a drop-down list; none where the answer is told freely."""
        match self.entry.type:
            case "number" | "month":
                return ()
            case "place":
                return (self.city, WORDS.elsewhere, WORDS.answers[2])
            case "choice" | "level" | "records":
                none = [self.entry.none] if self.entry.none else []
                return (*(option.shown for option in self.entry.options), *none, WORDS.answers[2])
            case _:
                return WORDS.answers

    def read(self, cell: Cell) -> Value | None:
        """What the cell says; None for nothing. Raises Unclear."""
        said = plain("" if cell is None else str(cell))
        if not said or said in WORDS.unknown:
            return None
        match self.entry.type:
            case "number":
                value: Value = self._number(cell, said)
            case "month":
                value = self._month(cell, said)
            case "records":
                value = self._records(said)
            case "place":
                value = self._place(said)
            case "choice" | "level":
                value = self._option(said)
            case _:
                value = _yes_or_no(cell, said)
        return value

    def _number(self, cell: Cell, said: str) -> Span:
        text = said.removesuffix(plain(self.entry.unit))
        try:
            number = float(text)
        except ValueError:
            raise Unclear("number") from None
        # a share typed as 60 % reaches us as 0.6, and 0.6 % as well
        if self.entry.unit == "%" and not isinstance(cell, str) and 0 < number <= 1:
            raise Unclear("percent")
        if not self.low <= number <= self.high:
            raise Unclear("number")
        return Span(number, number)

    def _month(self, cell: Cell, said: str) -> Value:
        if isinstance(cell, date):
            found = month(cell.year, cell.month)
        else:
            match = _MONTH.fullmatch(said.removesuffix(".0") if isinstance(cell, float) else said)
            # 1975.1 typed into a sheet is January or October
            if match is None or (isinstance(cell, float) and match[2]) or not 0 < int(match[2] or 1) <= 12:
                raise Unclear("month")
            found = month(int(match[1]), int(match[2]) if match[2] else None)
        if not self.low <= found.first.year <= self.high:
            raise Unclear("month")
        return found

    def _option(self, said: str) -> Value:
        found = self._names.get(said)
        if found is None:
            raise Unclear("option")
        return known(found)

    def _place(self, said: str) -> Value:
        if said in self.cities or said in WORDS.here or self.district(said):
            return known(self.city)
        if said in WORDS.no or said == plain(WORDS.elsewhere):
            return known(ELSEWHERE)
        raise Unclear("option")

    def district(self, cell: Cell) -> str:
        """The district that a cell names, empty for none."""
        return self.regions.get(plain(str(cell)), "")

    def _records(self, said: str) -> Items:
        if said in WORDS.no or said == plain(self.entry.none):
            return Items((), complete=True)
        return Items(tuple(Item.of(fields) for fields in self._listed(said)), complete=True)

    def _listed(self, said: str) -> Iterator[Mapping[str, Any]]:
        """One record after the other: the longest label that fits, then what is said beside it."""
        names = sorted(self._names, key=len, reverse=True)
        while said := _BETWEEN.sub("", said, count=1) if _BETWEEN.match(said) else said:
            name = next((name for name in names if said.startswith(name)), None)
            if name is None:
                raise Unclear("option")
            option = next(o for o in self.entry.options if o.id == self._names[name])
            said = said.removeprefix(name)
            beside = _beside(said)
            said = said.removeprefix(beside)
            yield {**option.record, **_detailed(self.entry.details, beside)}

    @cached_property
    def _names(self) -> Mapping[str, str]:
        """Every way to write an option, as it is compared; those that two options share are left out."""
        found: dict[str, str | None] = {}
        for option in self.entry.options:
            for name in _ways(option):
                found[name] = option.id if found.get(name, option.id) == option.id else None
        nothing = next((o.id for o in self.entry.options if o.id == "none"), None)
        if nothing:
            found.update(dict.fromkeys(map(plain, WORDS.no), nothing))
        return {name: id_ for name, id_ in found.items() if id_ is not None}

    @property
    def low(self) -> float:
        return self.entry.low or 0

    @property
    def high(self) -> float:
        assert self.entry.high is not None  # the dictionary gives numbers and months their bounds
        return self.entry.high


def _ways(option: Option) -> set[str]:
    """Its label and id, the label without what stands in brackets, and that; what precedes a comma."""
    label = plain(option.shown)
    aside = {part for text in _ASIDE.findall(label) for part in re.split("、", text)}
    return {label, plain(option.id), _MEANT.split(label)[0], _ASIDE.sub("", label), *aside} - {""}


def _beside(said: str) -> str:
    """What is said of a record beside its label: in brackets, or up to the next separator."""
    match = re.match(r"\(.*?\)|[^;,、/|]+", said)
    return match[0] if match else ""


def _detailed(details: Sequence[Detail], beside: str) -> dict[str, str | int]:
    """The fields that the words beside a label give; raises Unclear for words that give none."""
    found: dict[str, str | int] = {}
    for detail in details:
        year = _YEAR.search(beside)
        if any(line.years_ago is not None for line in detail.lines):
            if year:
                found[detail.field] = int(year[0])
            continue
        for line in detail.lines:
            if plain(line.value) in beside or plain(line.label) in beside:
                found[detail.field] = line.value
    if beside and not found:
        raise Unclear("option")
    return found


def _yes_or_no(cell: Cell, said: str) -> Value:
    if cell is True or said in WORDS.yes:
        return SURE_YES
    if cell is False or said in WORDS.no:
        return SURE_NO
    raise Unclear("option")
