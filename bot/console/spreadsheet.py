"""Rows as xlsx, in which every cell is what it says: no text is ever taken for a formula or a link."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Final

import xlsxwriter

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CELL_LONGEST: Final = 32_767
_WIDTH: Final = 18


def spreadsheet(name: str, columns: Sequence[str], rows: Iterable[Sequence[str | int | float]]) -> bytes:
    """One sheet with a heading that stays; numbers are numbers, all else is text."""
    out = BytesIO()
    with xlsxwriter.Workbook(
        out,
        {"in_memory": True, "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
    ) as book:
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(columns) - 1, _WIDTH)
        bold = book.add_format({"bold": True})
        for at, text in enumerate(columns):
            sheet.write_string(0, at, text, bold)
        for number, row in enumerate(rows, start=1):
            for at, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(number, at, value[:CELL_LONGEST])
                else:
                    sheet.write_number(number, at, value)
    return out.getvalue()
