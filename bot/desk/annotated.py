"""A roster of units given back with its faults marked, as xlsx: every cell where it stood, as a text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from io import BytesIO
from typing import Final

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from bot.desk.table import Cell, Row
from bot.desk.units import WORDS, Fault
from bot.masking import mask

_RED: Final = "#FAE3E1"


def annotated(rows: Sequence[Row], faults: Sequence[Fault]) -> bytes:
    """The table with faulty cells in red and what is wrong at the end of each row; all faults in a list."""
    file = BytesIO()
    of_row: dict[int, list[Fault]] = defaultdict(list)
    for fault in faults:
        of_row[fault.row].append(fault)
    with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
        # the prefix keeps =1+1 a text even after it was edited or copied
        text = book.add_format({"quote_prefix": True, "num_format": "@"})
        red = book.add_format({"quote_prefix": True, "num_format": "@", "bg_color": _RED})
        sheet = book.add_worksheet(WORDS.sheets["rows"])
        last = max(len(row.cells) for row in rows)
        for row in rows:
            wrong = of_row.get(row.number, [])
            marked = {fault.at for fault in wrong}
            for at, cell in enumerate(row.cells):
                sheet.write_string(row.number - 1, at, _shown(cell), red if at in marked else text)
            if wrong:
                said = "\n".join(WORDS.lines["cell"].format(column=f.column, text=f.text) for f in wrong)
                sheet.write_string(row.number - 1, last, said, red)
        listed = book.add_worksheet(WORDS.sheets["faults"])
        for line, fault in enumerate(faults):
            place = "" if fault.at is None else xl_col_to_name(fault.at)
            number = str(fault.row) if fault.row else WORDS.header
            for at, said in enumerate((number, place, fault.column, fault.found, fault.text)):
                listed.write_string(line, at, said, text)
    return file.getvalue()


def _shown(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else mask(str(cell))
