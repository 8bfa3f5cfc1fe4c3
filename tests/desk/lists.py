"""Lists as the platform exports them, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import xlsxwriter

from bot.desk import listing, table
from bot.desk.comparison import Delivered
from bot.desk.listing import Entry, Listing
from knowledge.library import Library

LIBRARY = Library.load()
EXPORTED = datetime.fromisoformat("2023-06-12T10:00:00+08:00")
HEADER = [
    "序号",
    "申报类别",
    "申报人",
    "性别",
    "年龄",
    "申报时间",
    "申报单位",
    "单位推荐排名",
    "主管部门",
    "区推荐排名",
    "审核状态",
    "退回意见",
    "操作",
]
UNIT = "武汉重工锻造有限公司"
ROW: Mapping[str, Any] = {
    "序号": 1,
    "申报类别": "武汉市工匠",
    "申报人": "王五",
    "性别": "女",
    "年龄": 28,
    "申报时间": "2023-04-10 17:44",
    "申报单位": UNIT,
    "单位推荐排名": 45,
    "主管部门": "测试主管部门",
    "区推荐排名": "",
    "审核状态": "进入初审",
    "退回意见": "--",
    "操作": "查看 审核 确认为排名",
}
OPINION = "1、职业资格证书缺少照片页；2、公示材料未盖章；3、照片不清楚"


def workbook(rows: Sequence[Mapping[str, Any]], header: Sequence[str] = HEADER, above: int = 0) -> bytes:
    """The rows as xlsx, under so many lines of titles."""
    file = BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet()
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for line in range(above):
        sheet.write(line, 0, f"申报人数列表 {line}")
    for at, name in enumerate(header):
        sheet.write(above, at, name)
        for line, row in enumerate(rows, start=above + 1):
            value = row.get(name, "")
            if isinstance(value, datetime):
                sheet.write_datetime(line, at, value.replace(tzinfo=None), moment)
            else:
                sheet.write(line, at, value)
    book.close()
    return file.getvalue()


async def read(data: bytes, meanings: Mapping[str, str] | None = None) -> Listing:
    rows = await table.rows(data, most=listing.ROWS, letters=listing.LETTERS)
    return listing.read(rows, meanings or {})


def entry(number: int = 2, **changes: Any) -> Entry:
    """王五's row; changes are fields."""
    values = {
        "category": "武汉市工匠",
        "name": "王五",
        "declared_at": "2023-04-10 17:44",
        "unit": UNIT,
        "status": "进入初审",
        "unit_rank": "45",
        "department": "测试主管部门",
    }
    return Entry(number=number, **{**values, **changes})


def returned(**changes: Any) -> Entry:
    return entry(**{"status": "初审退回", "opinion": OPINION, **changes})


def delivered(
    *entries: Entry,
    hours: float = 0,
    whole: bool = True,
    district: str = "",
    notice: str = "wuhan-2023",
    source: str = "list.xlsx",
) -> Delivered:
    """A list that was exported so many hours after the first."""
    return Delivered(
        notice=LIBRARY.notices[notice],
        district=district,
        whole=whole,
        exported_at=EXPORTED + timedelta(hours=hours),
        source=source,
        digest=f"{source}:{hours}",
        by="test",
        entries=entries,
    )
