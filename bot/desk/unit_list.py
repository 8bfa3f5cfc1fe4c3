"""A list of units that staff upload: read from any sensible table and held against the units we know."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from bot.desk.table import Cell, Row, Unreadable
from bot.desk.words import WORDS as ROSTER
from bot.desk.words import plain
from knowledge import yaml_source
from knowledge.registration import Flaw, unit_code
from store.unit_lists import Listed

ROWS: Final = 20_000
_HEAD: Final = 6
"""The heading stands among so many first rows, below titles."""
_STREET_LONGEST: Final = 40


class Words(BaseModel):
    """`broadcast.yaml` as a whole; texts with braces are filled with `format`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    variables: Mapping[str, str]
    columns: Mapping[str, frozenset[str]]
    faults: Mapping[str, str]
    refused: Mapping[str, str]


WORDS: Final = Words.model_validate(yaml_source.read(Path(__file__).with_name("broadcast.yaml")).value)
REFUSED: Final = {**ROSTER.refused, **WORDS.refused}
_FIELDS: Final = {plain(name): key for key, names in WORDS.columns.items() for name in names}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row that names a unit, by a code, a name or both."""

    row: int
    code: str
    name: str
    street: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with a row; `found` is what stands there."""

    row: int
    found: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """A list as it was read; it is whole where there are no faults."""

    entries: tuple[Entry, ...]
    faults: tuple[Fault, ...]

    @property
    def codes(self) -> frozenset[str]:
        """The codes to look up."""
        return frozenset(entry.code for entry in self.entries if entry.code)

    @property
    def names(self) -> frozenset[str]:
        """The names to look up, where no code is given."""
        return frozenset(entry.name for entry in self.entries if not entry.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """The units of a list with the streets that it gives them (or empty), how many rows named one again, and
    every fault, by row."""

    streets: Mapping[int, str]
    again: int
    faults: tuple[Fault, ...]


def read(rows: Sequence[Row]) -> Uploaded:
    """The entries and the faults of a table; raises Unreadable where it has no heading."""
    for at, row in enumerate(rows[:_HEAD]):
        columns = _columns(row)
        if columns.keys() & {"code", "name"}:
            found = [_entry(one, columns) for one in rows[at + 1 :]]
            return Uploaded(
                entries=tuple(one for one in found if isinstance(one, Entry)),
                faults=tuple(one for one in found if isinstance(one, Fault)),
            )
    raise Unreadable("header")


def matched(uploaded: Uploaded, units: Sequence[Listed]) -> Matched:
    """The entries held against the units that have their codes or names."""
    by_code = {unit.code: unit for unit in units}
    by_name: defaultdict[str, list[Listed]] = defaultdict(list)
    for unit in units:
        by_name[unit.name].append(unit)
    streets: dict[int, str] = {}
    faults, again = list(uploaded.faults), 0
    for entry in uploaded.entries:
        meant = _meant(entry, by_code, by_name)
        if isinstance(meant, Fault):
            faults.append(meant)
            continue
        again += meant.id in streets
        streets[meant.id] = entry.street or streets.get(meant.id, "")
    return Matched(streets=streets, again=again, faults=tuple(sorted(faults, key=lambda fault: fault.row)))


def _columns(row: Row) -> dict[str, int]:
    """Which field stands where; the first of two columns alike counts."""
    found: dict[str, int] = {}
    for at, cell in enumerate(row.cells):
        field = _FIELDS.get(re.sub(r"[(].*[)]|\*", "", plain(str(cell or ""))))
        if field:
            found.setdefault(field, at)
    return found


def _entry(row: Row, columns: Mapping[str, int]) -> Entry | Fault:
    cells = {field: row.cells[at] if at < len(row.cells) else None for field, at in columns.items()}
    texts = {field: str(cell or "").strip() for field, cell in cells.items()}
    code, name, street = (texts.get(field, "") for field in ("code", "name", "street"))
    problem = next(_problems(cells.get("code"), code, name, street), "")
    if problem:
        return Fault(row=row.number, found=code or name, text=problem)
    return Entry(row=row.number, code=str(unit_code(code)) if code else "", name=name, street=street)


def _problems(cell: Cell, code: str, name: str, street: str) -> Iterator[str]:
    if not code and not name:
        yield WORDS.faults["empty"]
    if isinstance(cell, float):
        yield WORDS.faults["code_number"]
    elif code and isinstance(flaw := unit_code(code), Flaw):
        yield WORDS.faults[f"code_{flaw}"].format(count=len(re.sub(r"[\s\-]", "", code)))
    if len(street) > _STREET_LONGEST:
        yield WORDS.faults["long"]


def _meant(
    entry: Entry, by_code: Mapping[str, Listed], by_name: Mapping[str, Sequence[Listed]]
) -> Listed | Fault:
    units = [by_code[entry.code]] if entry.code in by_code else [] if entry.code else by_name[entry.name]
    found = entry.code or entry.name
    if not units:
        text = WORDS.faults["unknown_code" if entry.code else "unknown_name"]
    elif len(units) > 1:
        text = WORDS.faults["several"]
    elif entry.name and plain(units[0].name) != plain(entry.name):
        text = WORDS.faults["differs"].format(name=units[0].name)
    else:
        return units[0]
    return Fault(row=entry.row, found=found, text=text)
