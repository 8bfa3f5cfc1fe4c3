"""Reads a table in a process of its own: whatever a file does to its reader, the service goes on.

Standard input is the file, standard output JSON: `{"rows": [[number, [cell, …]], …]}`, the rows that hold
anything, where a cell is a text, a number, a truth value, `{"day": "YYYY-MM-DD"}` (with `THH:MM:SS` where
the cell has a time) or null; or `{"refused": reason}`. The arguments are how many rows and how many letters
of a cell may be read.
"""

from __future__ import annotations

import csv
import json
import re
import resource
import sys
from collections.abc import Iterable
from datetime import date, datetime
from io import BytesIO, StringIO
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

from python_calamine import CalamineError, CalamineWorkbook

MEMORY: Final = 768 << 20
SECONDS: Final = 10
UNPACKED: Final = 64 << 20
ROWS: Final = 2000
ABOVE: Final = 2
"""Rows that are no people: the header and the line of explanations."""
COLUMNS: Final = 200
LETTERS: Final = 300
_MIDNIGHT = "T00:00:00"
_OLD = b"\xd0\xcf\x11\xe0"
_MACROS = ("vbaProject", "macroEnabled", "xl/macrosheets/")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


class Refused(Exception):
    """A file that is not read; its one argument is the reason's name in the words of the roster."""


def read(data: bytes, most: int = ROWS, letters: int = LETTERS) -> list[tuple[int, list[Any]]]:
    """The rows of the first sheet that hold anything, each with its number; raises Refused."""
    rows = []
    for number, row in enumerate(_rows(data), start=1):
        cells = [_cell(value, letters) for value in row[:COLUMNS]]
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            rows.append((number, cells))
        if len(rows) > most + ABOVE:
            raise Refused("rows")
    if not rows:
        raise Refused("empty")
    return rows


def _rows(data: bytes) -> Iterable[list[Any]]:
    if data.startswith(_OLD):
        raise Refused("old")
    return _workbook(data) if data.startswith(b"PK") else _text(data)


def _cell(value: Any, letters: int) -> Any:
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime | date):
        return {"day": value.isoformat()[:19].removesuffix(_MIDNIGHT)}
    return str(value).strip()[:letters] or None


def _workbook(data: bytes) -> Iterable[list[Any]]:
    try:
        _inspect(ZipFile(BytesIO(data)))
        sheet = CalamineWorkbook.from_filelike(BytesIO(data)).get_sheet_by_index(0)
        return sheet.to_python(skip_empty_area=False)
    except (BadZipFile, CalamineError, EOFError, NotImplementedError, RuntimeError) as fault:
        raise Refused("broken") from fault


def _inspect(archive: ZipFile) -> None:
    names = archive.namelist()
    if "xl/workbook.xml" not in names or "[Content_Types].xml" not in names:
        raise Refused("kind")
    if sum(part.file_size for part in archive.infolist()) > UNPACKED:
        raise Refused("huge")
    types = archive.read("[Content_Types].xml").decode(errors="replace")
    if any(mark in text for mark in _MACROS for text in (types, *names)):
        raise Refused("macros")
    for name in names:
        if name.startswith("xl/worksheets/") and _FORMULA.search(archive.read(name)):
            raise Refused("formulas")


def _text(data: bytes) -> Iterable[list[Any]]:
    text = _decoded(data)
    if _CONTROL.search(text) or text.lstrip().startswith(("<", "%PDF", "{")):
        raise Refused("kind")
    first = text.partition("\n")[0]
    delimiter = max(",\t;", key=first.count)
    try:
        return list(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as fault:
        raise Refused("broken") from fault


def _decoded(data: bytes) -> str:
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    if b"\0" in data and not wide:
        raise Refused("kind")
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused("text")


def main() -> None:
    """One file, one answer, within its share of memory and time."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer: dict[str, Any] = {"rows": read(sys.stdin.buffer.read(), *map(int, sys.argv[1:]))}
    except Refused as refused:
        answer = {"refused": refused.args[0]}
    except (MemoryError, OverflowError):
        answer = {"refused": "huge"}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
