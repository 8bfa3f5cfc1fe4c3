"""Rosters as people fill them in, and what stands in the tables that come back."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from io import BytesIO, StringIO

import xlsxwriter
from python_calamine import CalamineWorkbook

Person = Mapping[str, str | float]

GOOD: Person = {
    "姓名": "王建国",
    "单位所在地": "武昌区",
    "单位类型": "企业",
    "职业资格或技能等级": "一级",
    "一线技能岗位": "是",
    "荣誉称号": "全国技术能手（2021年）；本省、本市的技术能手",
    "技能竞赛": "都没有",
    "职务": "班组长",
    "退休情况": "没有退休",
    "已入选项目：武汉工匠": "否",
    "已入选项目：武汉市技能大师": "否",
    "出生年月": "1980-08",
}
DIRECTOR: Person = {**GOOD, "姓名": "李主任", "职务": "单位中层以上管理干部"}


def as_csv(people: Sequence[Person], encoding: str = "utf-8") -> bytes:
    """The people under one header."""
    text = StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(head for person in people for head in person)))
    writer.writeheader()
    writer.writerows(people)
    return text.getvalue().encode(encoding)


def as_xlsx(rows: Sequence[Sequence[str | float | None]]) -> bytes:
    """A plain workbook; a text that begins with = is a formula in it."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    return file.getvalue()


def filled(template: bytes, people: Sequence[Person]) -> bytes:
    """The template with people below its two first rows, as a spreadsheet would save it."""
    header, guide = sheets(template)["名单"][:2]
    return as_xlsx([header, guide, *([person.get(head) for head in header] for person in people)])


def sheets(data: bytes) -> dict[str, list[list[str]]]:
    """All that stands in a workbook, sheet by sheet."""
    book = CalamineWorkbook.from_filelike(BytesIO(data))
    return {
        name: [[str(cell) for cell in row] for row in book.get_sheet_by_name(name).to_python()]
        for name in book.sheet_names
    }
