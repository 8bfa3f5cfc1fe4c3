"""Files that were not made to be read: refused with words that help, and the service goes on."""

from __future__ import annotations

import json
import re
import struct
import time
from collections.abc import Callable
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import xlsxwriter
from aiohttp import FormData

from bot.desk import reader, table
from bot.desk.words import WORDS
from store.records import Purpose
from tests.pages.door import Door
from tests.pages.people import TOKEN, keep
from tests.pages.tables import GOOD, as_csv, as_xlsx

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLAIN = as_xlsx([["姓名", "职务"], ["王建国", "班组长"]])
OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


def changed(data: bytes, change: Callable[[str, bytes], bytes | None], **added: bytes) -> bytes:
    """The workbook with every part changed, or left out, and others added."""
    file = BytesIO()
    with ZipFile(BytesIO(data)) as old, ZipFile(file, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = change(name, old.read(name))
            if part is not None:
                new.writestr(name, part)
        for name, part in added.items():
            new.writestr(name, part)
    return file.getvalue()


def in_sheet(old: bytes, new: bytes) -> bytes:
    return changed(PLAIN, lambda name, part: part.replace(old, new) if "sheet1" in name else part)


def with_part(name: str, part: bytes) -> bytes:
    return changed(PLAIN, lambda _, part: part, **{name: part})


def far_cell() -> bytes:
    """Two cells, and a table between them that no machine holds."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_string(0, 0, "姓名")
        sheet.write_string(1_048_575, 16_383, "班组长")
    return file.getvalue()


def bomb(megabytes: int) -> bytes:
    return in_sheet(b"<sheetData>", b"<sheetData>" + b" " * (megabytes << 20))


def lying_bomb() -> bytes:
    """A bomb whose directory says that it is small."""
    data = bytearray(bomb(80))
    at = data.rfind(b"xl/worksheets/sheet1.xml")
    header = data.rfind(b"PK\x01\x02", 0, at)
    data[header + 24 : header + 28] = struct.pack("<I", 1000)
    return bytes(data)


ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">'
    + b"".join(
        b'<!ENTITY a%d "%s">' % (n, b"&a%s;" % (str(n - 1).encode() if n else b"") * 10) for n in range(9)
    )
    + b"]><sst>&a8;</sst>"
)


def files() -> dict[str, tuple[bytes, str]]:
    """What is sent, and the words that refuse it."""
    return {
        "nothing": (b"", "none"),
        "an old workbook": (OLD, "old"),
        "a picture": (PNG, "kind"),
        "a pdf": (b"%PDF-1.7\n1 0 obj\n", "kind"),
        "a web page": ("<html><table><tr><td>姓名</td></tr></table></html>".encode(), "kind"),
        "a program": (b"MZ\x90\0\3\0\0\0", "kind"),
        "another archive": (changed(PLAIN, lambda name, part: None, **{"a.txt": b"x"}), "kind"),
        "a binary workbook": (
            changed(
                PLAIN,
                lambda name, part: part if name != "xl/workbook.xml" else None,
                **{"xl/workbook.bin": b"x"},
            ),
            "kind",
        ),
        "macros": (with_part("xl/vbaProject.bin", b"x"), "macros"),
        "macros by type": (
            changed(
                PLAIN,
                lambda name, part: part.replace(
                    b"spreadsheetml.sheet.main", b"ms-excel.sheet.macroEnabled.main"
                ),
            ),
            "macros",
        ),
        "old macros": (with_part("xl/macrosheets/sheet1.xml", b"<x/>"), "macros"),
        "a formula": (as_xlsx([["姓名", "职务"], ["王建国", '=HYPERLINK("http://x")']]), "formulas"),
        "a formula with a prefix": (in_sheet(b"<sheetData>", b"<x:f>1+1</x:f><sheetData>"), "formulas"),
        "a broken archive": (PLAIN[: len(PLAIN) // 2], "broken"),
        "no sheet": (changed(PLAIN, lambda name, part: None if "sheet1" in name else part), "broken"),
        "a bomb": (bomb(65), "huge"),
        "a lying bomb": (lying_bomb(), "broken"),
        "a far cell": (far_cell(), "huge"),
        "too many people": (as_csv([GOOD] * (reader.ROWS + 1)), "rows"),
        "only a header": (as_csv([GOOD]).splitlines()[0], "empty"),
        "another table": (as_csv([{"商品": "苹果", "价格": "3"}]), "header"),
        "no text": (b"\x81\xff\xfe\x80\xff", "text"),
        "an open quote": ('姓名,职务\n"王建国,班组长'.encode(), "broken"),
        "an endless cell": ("姓名,职务\n".encode() + b"x" * 200_000, "broken"),
    }


async def sent(door: Door, data: bytes) -> tuple[int, str]:
    form = FormData()
    form.add_field("file", BytesIO(data), filename="名单.xlsx")
    response = await door.client.post(f"/p/{TOKEN}", data=form)
    return response.status, await response.text(errors="replace")


async def linked(door: Door) -> None:
    await keep(door.store, json.dumps({"notice": "wuhan-2023"}), Purpose.ROSTER)


async def test_what_is_no_roster_is_refused_in_words_and_the_form_is_there_again(door: Door) -> None:
    await linked(door)
    for what, (data, reason) in files().items():
        status, page = await sent(door, data)
        assert (status, WORDS.refused[reason] in page) == (400, True), what
        assert 'type="file"' in page
    assert (await sent(door, as_csv([GOOD])))[0] == 200


async def test_a_file_that_is_too_long_is_not_read_to_its_end(door: Door) -> None:
    await linked(door)
    began = time.process_time()
    status, page = await sent(door, b"x" * (table.BYTES + 1))

    assert (status, WORDS.refused["size"] in page) == (400, True)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"x", {"Content-Type": "text/plain"}),
        (b"x", {"Content-Type": "multipart/form-data"}),
        (b"x", {"Content-Type": "multipart/form-data; boundary=b"}),
        (b"--b\r\n\r\nx", {"Content-Type": "multipart/form-data; boundary=b"}),
        (
            b"--b\r\nContent-Disposition: form-data; name=other\r\n\r\nx\r\n--b--",
            {"Content-Type": "multipart/form-data; boundary=b"},
        ),
        (
            b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n--b--",
            {"Content-Type": "multipart/form-data; boundary=b"},
        ),
    ],
)
async def test_a_form_without_a_file_is_told_so(door: Door, body: bytes, headers: dict[str, str]) -> None:
    await linked(door)
    response = await door.client.post(f"/p/{TOKEN}", data=body, headers=headers)

    assert response.status == 400
    assert re.search("没有选文件|没有传完整", await response.text())


async def test_entities_are_never_grown(door: Door) -> None:
    await linked(door)
    began = time.process_time()
    data = changed(PLAIN, lambda name, part: ENTITIES if name == "xl/sharedStrings.xml" else part)
    status, _ = await sent(door, data)

    assert status == 400
    assert time.process_time() - began < 5
