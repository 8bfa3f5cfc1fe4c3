"""The roster of units as staff keep it: read from any sensible table, all faults at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from bot.desk.table import Cell, Row, Unreadable
from bot.desk.words import WORDS as ROSTER
from bot.desk.words import plain
from bot.masking import mask
from knowledge import yaml_source
from knowledge.figures import chinese_number
from knowledge.library import Library
from knowledge.registration import Flaw, phone, unit_code
from store.rosters import Listing, Registration

ROWS: Final = 100_000
BYTES: Final = 20 << 20
_LONG: Final = 100
_HEAD: Final = 6
"""The heading stands among so many first rows, below titles."""
_MUST: Final = ("name", "code", "district")
_PERSONAL: Final = ("person", "phone", "email")
_EMAIL: Final = re.compile(r"[^\s@<>,;]{1,64}@[^\s@<>,;.]+(?:\.[^\s@<>,;.]+)+")


class Words(BaseModel):
    """`units.yaml` as a whole; texts with braces are filled with `format`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: Mapping[str, frozenset[str]]
    titles: Mapping[str, str]
    city_sign: str
    nothing: frozenset[str]
    numbered: re.Pattern[str]
    faults: Mapping[str, str]
    refused: Mapping[str, str]
    sheets: Mapping[str, str]
    header: str
    lines: Mapping[str, str]
    changes: Mapping[str, str]
    notes: Mapping[str, str]


WORDS: Final = Words.model_validate(yaml_source.read(Path(__file__).with_name("units.yaml")).value)
REFUSED: Final = {**ROSTER.refused, **WORDS.refused}
_FIELDS: Final = {plain(name): key for key, names in WORDS.columns.items() for name in names}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with a cell, or with a column (`row` 0); `at` counts columns from 0, None where the table
    lacks it. `found` is what stands there, masked."""

    row: int
    at: int | None
    column: str
    found: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A roster as it was read: units without the faulty rows, and all faults; `whole` says there are none."""

    registrations: tuple[Registration, ...]
    faults: tuple[Fault, ...]
    rows: int

    @property
    def whole(self) -> bool:
        """Whether all of it can be taken in."""
        return not self.faults

    @property
    def usable(self) -> bool:
        """Whether the rows without faults can be: no column is at fault."""
        return bool(self.registrations) and all(fault.row for fault in self.faults)


@dataclass(frozen=True, slots=True)
class _Column:
    field: str
    number: int
    at: int
    header: str


@dataclass(slots=True)
class _Unit:
    """A unit as it comes together from its rows; `row` is the first."""

    row: int
    values: Mapping[str, str]
    people: dict[str, tuple[Listing, int]] = field(default_factory=dict)


class _Reading:
    """One table being read."""

    def __init__(self, library: Library, city: str, columns: Sequence[_Column]) -> None:
        self._city = city
        self._columns = columns
        self._places = _places(library)
        self._cities = {
            plain(name): notice.header.city
            for notice in library.notices.values()
            for name in (notice.header.city, *notice.header.cities)
        }
        self.units: dict[str, _Unit] = {}
        self.faults: list[Fault] = []
        self._above: dict[str, str] = {}

    def row(self, row: Row) -> None:
        """One row: a unit, or one more contact of a unit above."""
        cells = {(c.field, c.number): (c, _cell(row, c.at)) for c in self._columns}
        before = len(self.faults)
        values = self._unit(row, cells)
        people = list(self._people(row, cells))
        if len(self.faults) > before or not values["code"]:
            return
        unit = self.units.setdefault(values["code"], _Unit(row.number, values))
        for name, value in values.items():
            if unit.values[name] != value:
                self._fault(row, self._column(name), value, "differs", first=unit.row)
        for column, listing in people:
            other, first = unit.people.get(listing.phone, (listing, row.number))
            if other.name != listing.name:
                self._fault(row, column, listing.name, "person_twice", first=first)
        if len(self.faults) == before:
            for _, listing in people:
                unit.people.setdefault(listing.phone, (listing, row.number))

    def _unit(self, row: Row, cells: Mapping[tuple[str, int], tuple[_Column, Cell]]) -> dict[str, str]:
        """What a row says of the unit itself; where it says nothing, the row above does."""
        found = {key: pair for (key, _), pair in cells.items() if key not in _PERSONAL}
        if self._above and not any(_text(found[key][1]) for key in _MUST):
            return self._above
        values, before = {"city": "", "department": "", "street": ""}, len(self.faults)
        for key, (column, cell) in found.items():
            text = _text(cell)
            values[key] = text
            if mask(text) != text:
                self._fault(row, column, text, "secret")
            elif key in _MUST and not text:
                self._fault(row, column, "", "empty")
            elif len(text) > _LONG:
                self._fault(row, column, text[:20], "long", most=_LONG)
            elif key == "code":
                values[key] = self._code(row, column, cell, text)
        values["city"], values["district"] = self._place(row, found, values)
        # rows below that name no unit belong to this one, and are of no use where it is at fault
        self._above = values if len(self.faults) == before else {**values, "code": ""}
        return values

    def _code(self, row: Row, column: _Column, cell: Cell, text: str) -> str:
        if isinstance(cell, float):
            self._fault(row, column, text, "code_number")
            return ""
        code = unit_code(text)
        if isinstance(code, Flaw):
            self._fault(row, column, text, f"code_{code}", count=len(re.sub(r"[\s\-]", "", text)))
            return ""
        return code

    def _place(
        self, row: Row, found: Mapping[str, tuple[_Column, Cell]], values: Mapping[str, str]
    ) -> tuple[str, str]:
        """City and district by their proper names, faults for what is not known."""
        column, _ = found["district"]
        given = plain(values["city"] or self._city)
        city = self._cities.get(given) or self._cities.get(given.removesuffix(WORDS.city_sign))
        if given and city is None:
            at_fault = found.get("city", (column, None))[0]
            self._fault(
                row, at_fault, values["city"], "city", city=values["city"], cities=_list(self._cities)
            )
            return "", ""
        if not values["district"]:
            return "", ""
        places = self._places.get(plain(values["district"]), frozenset())
        meant = [place for place in places if city in (None, place[0])]
        if len(meant) == 1:
            return meant[0]
        if city is None and (places or len(self._cities) > 1):
            self._fault(row, column, values["district"], "which_city")
        else:
            districts = sorted(
                {district for all_ in self._places.values() for c, district in all_ if c == city}
            )
            self._fault(
                row, column, values["district"], "district", city=city, districts="、".join(districts)
            )
        return "", ""

    def _people(
        self, row: Row, cells: Mapping[tuple[str, int], tuple[_Column, Cell]]
    ) -> Iterator[tuple[_Column, Listing]]:
        for number in sorted({number for key, number in cells if key in _PERSONAL}):
            mine = {key: cells[key, number] for key in _PERSONAL if (key, number) in cells}
            texts = {key: _text(cell) for key, (_, cell) in mine.items()}
            if not any(texts.values()):
                continue
            before = len(self.faults)
            listing = self._person(row, mine, texts)
            if len(self.faults) == before:
                yield mine["person"][0], listing

    def _person(
        self, row: Row, mine: Mapping[str, tuple[_Column, Cell]], texts: Mapping[str, str]
    ) -> Listing:
        some = next(iter(mine.values()))[0]
        digits = phone(texts.get("phone", ""))
        for key, text in texts.items():
            column = mine[key][0]
            if mask(text) != text:
                self._fault(row, column, text, "secret")
            elif len(text) > _LONG:
                self._fault(row, column, text[:20], "long", most=_LONG)
            elif text and key == "phone" and not digits:
                self._fault(row, column, text, "phone")
            elif text and key == "email" and not _EMAIL.fullmatch(text):
                self._fault(row, column, text, "email")
        if not texts.get("phone"):
            self._fault(row, mine.get("phone", (some, None))[0], "", "no_phone")
        if not texts.get("person"):
            self._fault(row, mine.get("person", (some, None))[0], "", "no_person")
        return Listing(name=texts.get("person", ""), phone=digits, email=texts.get("email", "").lower())

    def _column(self, key: str) -> _Column:
        return next((c for c in self._columns if c.field == key), self._columns[0])

    def _fault(self, row: Row, column: _Column, found: str, reason: str, **values: object) -> None:
        text = WORDS.faults[reason].format(**values)
        self.faults.append(
            Fault(row=row.number, at=column.at, column=column.header, found=mask(found), text=text)
        )


def read(library: Library, rows: Sequence[Row], city: str = "") -> Book:
    """The units of a table; `city` where it has no such column. Raises Unreadable for a table without
    headings, or without rows."""
    at = max(range(min(_HEAD, len(rows))), key=lambda n: sum(_known(cell) for cell in rows[n].cells))
    columns, faults = _columns(rows[at])
    if not {"name", "code"} & {column.field for column in columns}:
        raise Unreadable("header")
    below = rows[at + 1 :]
    if not below:
        raise Unreadable("empty")
    missing = [key for key in (*_MUST, "person", "phone") if key not in {column.field for column in columns}]
    faults += [_of_column(None, WORDS.titles[key], "missing") for key in missing]
    if missing:
        return Book(registrations=(), faults=tuple(faults), rows=len(below))
    reading = _Reading(library, city, columns)
    for row in below:
        reading.row(row)
    registrations = (
        Registration(**unit.values, people=tuple(listing for listing, _ in unit.people.values()))
        for unit in reading.units.values()
    )
    return Book(registrations=tuple(registrations), faults=tuple(faults + reading.faults), rows=len(below))


def _columns(header: Row) -> tuple[list[_Column], list[Fault]]:
    """The known columns; the second phone is the second contact's, whether it is numbered or not."""
    columns: list[_Column] = []
    faults: list[Fault] = []
    for at, cell in enumerate(header.cells):
        heading = _text(cell)
        key, number = _meant(heading)
        if key in (None, "aside"):
            continue
        same = [column.number for column in columns if column.field == key]
        if key in _PERSONAL and not number:
            number = len(same) + 1
        if number in same or (same and key not in _PERSONAL):
            faults.append(_of_column(at, heading, "twice"))
        else:
            columns.append(_Column(key, number, at, heading))
    return columns, faults


def _meant(heading: str) -> tuple[str | None, int]:
    """The field that a heading names, with the number of the contact where it has one."""
    name = plain(heading)
    if name in _FIELDS:
        return _FIELDS[name], 0
    match = WORDS.numbered.fullmatch(name)
    if match is None or match[2] not in _FIELDS or _FIELDS[match[2]] not in _PERSONAL:
        return None, 0
    said = match[1] or match[3] or "0"
    return _FIELDS[match[2]], int(said) if said.isdecimal() else chinese_number(said) or 0


def _known(cell: Cell) -> bool:
    return _meant(_text(cell))[0] is not None


def _of_column(at: int | None, heading: str, reason: str) -> Fault:
    return Fault(row=0, at=at, column=heading, found="", text=WORDS.faults[reason])


def _places(library: Library) -> dict[str, frozenset[tuple[str, str]]]:
    """Cities and districts by every name of a district."""
    found: dict[str, set[tuple[str, str]]] = {}
    for notice in library.notices.values():
        for region in notice.regions:
            for name in (region.name, *region.names):
                found.setdefault(plain(name), set()).add((notice.header.city, region.name))
    return {name: frozenset(places) for name, places in found.items()}


def _cell(row: Row, at: int) -> Cell:
    return row.cells[at] if at < len(row.cells) else None


def _text(cell: Cell) -> str:
    """A cell's words; whole numbers as people write them, nothing for a word that says so."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    text = " ".join(str(cell).split()) if cell is not None else ""
    return "" if plain(text) in WORDS.nothing else text


def _list(names: Mapping[str, str]) -> str:
    return "、".join(dict.fromkeys(names.values()))
