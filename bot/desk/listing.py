"""The platform's list as a table: which column is which, its rows, and every fault at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from bot.desk.table import Cell, Row, Unreadable
from bot.desk.words import WORDS as ROSTER
from bot.desk.words import plain
from bot.masking import mask
from knowledge import yaml_source
from knowledge.notice import CHINA

ROWS: Final = 20_000
LETTERS: Final = 4000
_MOST: Final = {"opinion": LETTERS - 1}
_LONG: Final = 120
_HEAD: Final = 6
"""The heading stands among so many first rows, below titles and totals."""
_UNSEEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\ufeff\ud800-\udfff]")
_TEXT: Final = ("category", "name", "unit", "unit_rank", "department", "district_rank", "status", "opinion")


class Named(BaseModel):
    """A column: its names, the manual's first; `must` be there and filled in; `kept` or read over."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: tuple[str, ...]
    must: bool = False
    kept: bool = True


class Words(BaseModel):
    """`status.yaml` as a whole; texts with braces are filled with `format`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: Mapping[str, Named]
    nothing: frozenset[str]
    ignore: str
    moment: re.Pattern[str]
    faults: Mapping[str, str]
    refused: Mapping[str, str]
    sorts: Mapping[str, str]
    lines: Mapping[str, str]


WORDS: Final = Words.model_validate(yaml_source.read(Path(__file__).with_name("status.yaml")).value)
REFUSED: Final = {**ROSTER.refused, **WORDS.refused}
FIELDS: Final = {plain(name): field for field, column in WORDS.columns.items() for name in column.names}
KEPT: Final = tuple(field for field, column in WORDS.columns.items() if column.kept)
_MUST: Final = tuple(field for field, column in WORDS.columns.items() if column.must)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of a list, cleaned: `declared_at` is China's time as `YYYY-MM-DD[ HH:MM]`, what does not hold
    anything is empty, numbers of identity cards are masked. `number` is the row's as its file shows it."""

    number: int
    category: str
    name: str
    declared_at: str
    unit: str
    status: str
    unit_rank: str = ""
    department: str = ""
    district_rank: str = ""
    opinion: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with a cell, or with a column (`row` 0), and what was found there; `field` is empty for a
    column that none is known to be."""

    row: int
    field: str
    column: str
    found: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list as it was read; nothing of one with faults is to be used."""

    entries: tuple[Entry, ...]
    faults: tuple[Fault, ...]


def title(field: str) -> str:
    """What the manual calls a column."""
    return WORDS.columns[field].names[0]


def meaning(text: str) -> tuple[str, str]:
    """A heading and the field that `列名=字段` gives it, empty for one that is of no use; raises ValueError
    with what may stand there."""
    heading, sign, name = text.rpartition("=")
    field = "" if plain(name) == plain(WORDS.ignore) else FIELDS.get(plain(name))
    if not sign or not heading.strip() or field is None:
        names = "、".join(map(title, KEPT))
        raise ValueError(WORDS.faults["map"].format(names=names))
    return plain(heading), field


def read(rows: Sequence[Row], meanings: Mapping[str, str]) -> Listing:
    """The list that a table holds; `meanings` are headings (as `plain` writes them) that staff have
    explained. Raises Unreadable for a table without any known heading, or without rows."""
    known = {**FIELDS, **meanings}
    at = max(range(min(_HEAD, len(rows))), key=lambda n: _known(rows[n], known))
    if not _known(rows[at], known):
        raise Unreadable("header")
    heads, faults = _heads(rows[at], known)
    entries: list[Entry] = []
    for row in rows[at + 1 :]:
        found = {field: row.cells[n] if n < len(row.cells) else None for field, n in heads.items()}
        if any(_shown(found.get(field)) for field in _MUST):
            entry, wrong = clean(row.number, found)
            entries.append(entry)
            faults += wrong
    if not entries:
        raise Unreadable("empty")
    missing = {title(field) for field in _MUST if field not in heads}
    return Listing(
        entries=tuple(entries),
        faults=tuple(fault for fault in faults if not fault.row or fault.column not in missing),
    )


def _known(row: Row, known: Mapping[str, str]) -> int:
    return sum(plain(_shown(cell)) in known for cell in row.cells)


def _heads(header: Row, known: Mapping[str, str]) -> tuple[dict[str, int], list[Fault]]:
    """Where each field stands. A heading that nobody knows is a fault while one of the manual's is missing:
    it may be that one by a new name."""
    heads: dict[str, int] = {}
    faults: list[Fault] = []
    strange: list[str] = []
    for at, cell in enumerate(header.cells):
        heading = _shown(cell)
        field = known.get(plain(heading))
        if field is None:
            strange += [heading] if heading else []
        elif field in heads:
            other = _shown(header.cells[heads[field]])
            faults.append(_fault(0, field, heading, "", "twice", other=other))
        elif field:
            heads[field] = at
    missing = [field for field in KEPT if field not in heads]
    needed = [field for field in missing if strange or WORDS.columns[field].must]
    faults += [_wrong(0, field, "", "missing", name=title(field)) for field in needed]
    faults += [_fault(0, "", heading, "", "unknown", heading=heading) for heading in strange if missing]
    return heads, faults


def clean(number: int, found: Mapping[str, Cell]) -> tuple[Entry, list[Fault]]:
    """A row as it is used, with its faults."""
    values: dict[str, str] = {}
    faults: list[Fault] = []
    for field in _TEXT:
        text = _text(found.get(field), lines=field == "opinion")
        values[field] = "" if plain(text) in WORDS.nothing else mask(text)
        most = _MOST.get(field, _LONG)
        if len(text) > most:
            faults.append(_wrong(number, field, text[:20], "long", most=most))
        elif field in _MUST and not values[field]:
            faults.append(_wrong(number, field, text, "empty"))
    declared = found.get("declared_at")
    values["declared_at"] = _moment(declared)
    if not values["declared_at"]:
        wrong = "moment" if _shown(declared) else "empty"
        faults.append(_wrong(number, "declared_at", _shown(declared), wrong))
    return Entry(number=number, **values), faults


def _fault(row: int, field: str, column: str, found: str, reason: str, **values: object) -> Fault:
    text = WORDS.faults[reason].format(**values)
    return Fault(row=row, field=field, column=column, found=found, text=text)


def _wrong(row: int, field: str, found: str, reason: str, **values: object) -> Fault:
    return _fault(row, field, title(field), found, reason, **values)


def _text(cell: Cell, *, lines: bool) -> str:
    """A cell's words; whole numbers as people write them, in one line but for opinions."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    text = _shown(cell)
    return "\n".join(line.strip() for line in text.splitlines() if line.strip()) if lines else _line(text)


def _line(text: str) -> str:
    return " ".join(text.split())


def _shown(cell: Cell) -> str:
    """A cell's words without what no database or no reader can take."""
    return "" if cell is None else _UNSEEN.sub("", str(cell)).strip()


def _moment(cell: Cell) -> str:
    """The time of a form to the minute, its day alone where the list gives no more; empty for none."""
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, date):
        return f"{cell:%Y-%m-%d}"
    match = WORDS.moment.fullmatch(_shown(cell))
    if match is None:
        return ""
    year, month, day, hour, minute = (int(part) if part else None for part in match.groups())
    try:
        found = datetime(year or 0, month or 0, day or 0, hour or 0, minute or 0, tzinfo=CHINA)
    except ValueError:
        return ""
    return f"{found:%Y-%m-%d}" if hour is None else f"{found:%Y-%m-%d %H:%M}"


def lines_of(faults: Sequence[Fault]) -> Iterator[str]:
    """Faults as they are shown, a line each."""
    for fault in faults:
        words = WORDS.lines["place" if fault.row else "header"]
        place = words.format(row=fault.row, column=fault.column)
        found = WORDS.lines["found"].format(found=fault.found) if fault.found else ""
        yield WORDS.lines["fault"].format(place=place, found=found, text=fault.text)
