"""The roster as xlsx: the template to fill in, and the table of verdicts. Both are made in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any, Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from bot.desk.cells import Column
from bot.desk.reader import ROWS
from bot.desk.roster import Fault, Roster, columns, verdicts
from bot.desk.words import WORDS
from knowledge.criteria import Outcome
from knowledge.edition import Notice
from knowledge.library import Library
from knowledge.notice import CHINA

_FIRST_PERSON: Final = 2
_COLOURS: Final = {
    Outcome.MET: "#E3F2E8",
    Outcome.JUDGED: "#E3EDF7",
    Outcome.EXCEPTION: "#FBEFD9",
    Outcome.UNMET: "#FAE3E1",
    Outcome.OPEN: "#ECEAF1",
}


def results(library: Library, notice: Notice, roster: Roster, now: datetime) -> bytes:
    """The table of verdicts as xlsx: a row for each person, a column for each programme, then the faults."""
    book = _Book()
    programmes = [ruleset.programme for ruleset in notice.criteria.rulesets]
    sheet = book.sheet("results", [WORDS.results["row"], WORDS.name, *_names(library, programmes)], [6, 14])
    for at, person in enumerate(roster.people, start=1):
        sheet.write_number(at, 0, person.number)
        book.text(sheet, at, 1, person.name)
        if person.number in roster.faulty:
            for column in range(len(programmes)):
                book.text(sheet, at, column + 2, WORDS.results["faulty"])
            continue
        found = verdicts(library, notice, person)
        for column, programme in enumerate(programmes):
            book.text(sheet, at, column + 2, found[programme].text, found[programme].outcome)
    if roster.faults:
        _write_faults(book, roster.faults)
    about = book.sheet("about", [notice.header.title], [100])
    for at, line in enumerate(_about(library, notice, now), start=1):
        book.text(about, at, 0, line)
    return book.close()


def _names(library: Library, programmes: Iterable[str]) -> list[str]:
    return [library.programmes[programme][1].name for programme in programmes]


def _write_faults(book: _Book, faults: Sequence[Fault]) -> None:
    sheet = book.sheet("faults", list(WORDS.columns.values()), [8, 26, 30, 70])
    for at, fault in enumerate(faults, start=1):
        book.text(sheet, at, 0, str(fault.row) if fault.row else WORDS.header)
        place = "" if fault.at is None else f"{xl_col_to_name(fault.at)} "
        book.text(sheet, at, 1, place + fault.header)
        book.text(sheet, at, 2, fault.found)
        book.text(sheet, at, 3, fault.text)


def _about(library: Library, notice: Notice, now: datetime) -> Iterator[str]:
    header = notice.header
    words = {outcome.value: word for outcome, word in library.vocabulary.outcomes.items()}
    moment = f"{now.astimezone(CHINA):%Y-%m-%d %H:%M}"
    for line in WORDS.about:
        yield line.format(
            title=header.title, doc_no=header.doc_no, now=moment, version=library.version, **words
        )


def template(library: Library, notice: Notice) -> bytes:
    """The empty roster as xlsx: a header, a row that explains each column, drop-down lists."""
    book = _Book()
    asked = columns(library, notice)
    sheet = book.sheet("people", [WORDS.name, *(column.header for column in asked)], [14], text=True)
    book.text(sheet, 1, 0, WORDS.guide)
    sheet.freeze_panes(_FIRST_PERSON, 1)
    options = book.sheet("options", [column.header for column in asked], [])
    for at, column in enumerate(asked):
        book.text(sheet, 1, at + 1, column.guide)
        for line, answer in enumerate(column.offered, start=1):
            book.text(options, line, at, answer)
        _offer(sheet, at, column)
    return book.close()


def _offer(sheet: Worksheet, at: int, column: Column) -> None:
    """The drop-down list of a column; where several answers may stand in one cell it only helps."""
    rule: dict[str, Any] = {
        "validate": "any",
        "input_title": column.header[:32],
        "input_message": column.entry.ask.replace("{city}", column.city)[:255],
    }
    if column.offered:
        name = xl_col_to_name(at, col_abs=True)
        source = f"='{WORDS.sheets['options']}'!{name}$2:{name}${len(column.offered) + 1}"
        free = column.entry.type in ("records", "place")
        rule |= {"validate": "list", "source": source, "show_error": not free}
    sheet.data_validation(_FIRST_PERSON, at + 1, ROWS + _FIRST_PERSON - 1, at + 1, rule)


class _Book:
    """A workbook in memory in which every text stays a text, whatever it begins with."""

    def __init__(self) -> None:
        self._file = BytesIO()
        self._book = xlsxwriter.Workbook(self._file, {"in_memory": True})
        self._head = self._book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1})
        self._text = self._book.add_format({"num_format": "@"})
        self._body: dict[Outcome | None, Format] = {
            outcome: self._book.add_format(
                # the prefix keeps =1+1 a text even after it was edited or copied
                {"text_wrap": True, "valign": "top", "quote_prefix": True, "num_format": "@"}
                | ({"bg_color": _COLOURS[outcome]} if outcome else {})
            )
            for outcome in (None, *_COLOURS)
        }

    def sheet(
        self, name: str, header: Sequence[str], widths: Sequence[float], *, text: bool = False
    ) -> Worksheet:
        """A sheet with its header frozen; `text` keeps a spreadsheet from making dates of what is typed."""
        sheet = self._book.add_worksheet(WORDS.sheets[name])
        sheet.freeze_panes(1, 0)
        for at, word in enumerate(header):
            width = widths[at] if at < len(widths) else max(18, min(40, 2 * len(word) + 2))
            sheet.set_column(at, at, width, self._text if text else None)
            sheet.write_string(0, at, word, self._head)
        return sheet

    def text(
        self, sheet: Worksheet, row: int, column: int, words: str, outcome: Outcome | None = None
    ) -> None:
        sheet.write_string(row, column, words, self._body[outcome])

    def close(self) -> bytes:
        """The file's bytes."""
        self._book.close()
        return self._file.getvalue()
