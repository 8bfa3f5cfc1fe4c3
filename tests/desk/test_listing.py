"""The platform's export, as officers save it: every column in any order, and every fault at once."""

from __future__ import annotations

import random
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.desk import listing, table
from bot.desk.listing import REFUSED, Fault, lines_of
from bot.desk.table import Cell, Row, Unreadable
from tests.desk.lists import HEADER, OPINION, ROW, entry, read, workbook


def at(fault: Fault) -> tuple[int, str]:
    return fault.row, fault.column


async def test_the_manuals_own_screen_is_read_and_sex_and_age_are_not_kept() -> None:
    found = await read(workbook([ROW]))

    assert found.faults == ()
    assert found.entries == (entry(),)


async def test_columns_stand_in_any_order_below_titles() -> None:
    header = list(HEADER)
    random.Random(4).shuffle(header)

    assert (await read(workbook([ROW], header, above=3))).entries == (entry(number=5),)


@pytest.mark.parametrize(
    "written",
    [
        "2023-04-10 17:44",
        "2023/4/10 17:44:30",
        "2023年4月10日 17:44",
        "2023-04-10T17:44:30.0",
        datetime.fromisoformat("2023-04-10T17:44:12+00:00"),
    ],
)
async def test_a_time_is_read_however_it_is_written(written: object) -> None:
    assert (await read(workbook([{**ROW, "申报时间": written}]))).entries == (entry(),)


async def test_a_day_alone_is_a_time_as_well() -> None:
    assert (await read(workbook([{**ROW, "申报时间": "2023-04-10"}]))).entries[0].declared_at == "2023-04-10"


async def test_a_table_of_text_is_read_as_well() -> None:
    text = ",".join(HEADER) + "\n" + ",".join(str(ROW[name]) for name in HEADER)

    for encoding in ("utf-8-sig", "gb18030", "utf-16"):
        assert (await read(text.encode(encoding))).entries == (entry(),)


async def test_every_fault_is_told_at_once_by_row_and_column() -> None:
    rows = [
        {**ROW, "申报人": "", "申报时间": "前天"},
        {**ROW, "审核状态": ""},
        {**ROW, "申报单位": "长" * 200, "申报时间": ""},
    ]
    found = await read(workbook(rows))

    assert [at(fault) for fault in found.faults] == [
        (2, "申报人"),
        (2, "申报时间"),
        (3, "审核状态"),
        (4, "申报单位"),
        (4, "申报时间"),
    ]
    assert "第2行“申报人”" in "\n".join(lines_of(found.faults))
    assert "填的是“前天”" in "\n".join(lines_of(found.faults))


async def test_a_renamed_column_is_asked_for_once_and_then_known() -> None:
    header = ["处理结果" if name == "审核状态" else name for name in HEADER]
    rows = [{**ROW, "处理结果": "进入初审"}]
    first = await read(workbook(rows, header))

    assert [at(fault) for fault in first.faults] == [(0, "审核状态"), (0, "处理结果")]
    assert "--map 处理结果=" in first.faults[1].text
    heading, field = listing.meaning("处理结果=审核状态")
    assert (await read(workbook(rows, header), {heading: field})).entries == (entry(),)


async def test_a_column_nobody_knows_matters_only_while_one_is_missing() -> None:
    rows = [{**ROW, "备注": "急"}]

    assert (await read(workbook(rows, [*HEADER, "备注"]))).faults == ()
    without = [name for name in HEADER if name != "退回意见"]
    assert [at(f) for f in (await read(workbook(rows, [*without, "备注"]))).faults] == [
        (0, "退回意见"),
        (0, "备注"),
    ]
    assert (await read(workbook(rows, without))).faults == ()
    known = dict([listing.meaning("备注=不用")])
    assert [at(f) for f in (await read(workbook(rows, [*without, "备注"]), known)).faults] == []


async def test_two_columns_of_one_meaning_are_a_fault() -> None:
    rows = [{**ROW, "申报状态": "初审退回"}]

    assert [at(f) for f in (await read(workbook(rows, [*HEADER, "申报状态"]))).faults] == [(0, "申报状态")]


@pytest.mark.parametrize("text", ["审核状态", "=审核状态", "处理结果=没有这一列", ""])
def test_a_meaning_is_heading_and_column(text: str) -> None:
    with pytest.raises(ValueError, match="审核状态"):
        listing.meaning(text)


async def test_totals_below_the_list_are_no_rows() -> None:
    found = await read(workbook([ROW, {"序号": "总计: 1个"}]))

    assert found.entries == (entry(),)
    assert found.faults == ()


@pytest.mark.parametrize("nothing", ["--", "-", "", "查看", " 查看 ", "无"])
async def test_what_stands_for_no_opinion_is_none(nothing: str) -> None:
    assert (await read(workbook([{**ROW, "退回意见": nothing}]))).entries[0].opinion == ""


async def test_a_long_opinion_is_read_whole_and_numbers_of_cards_are_starred() -> None:
    text = f"{OPINION}\n身份证420106197001011234写错了" + "。请改" * 600
    found = (await read(workbook([{**ROW, "退回意见": text}]))).entries[0].opinion

    assert "420106197001011234" not in found
    assert found.startswith(OPINION)
    assert len(found) == len(text)


async def test_a_table_that_is_no_list_is_refused() -> None:
    for data, reason in [
        (workbook([{"一": 1, "二": 2}], ["一", "二"]), "header"),
        (workbook([]), "empty"),
    ]:
        with pytest.raises(Unreadable) as refused:
            await read(data)
        assert refused.value.reason == reason
        assert REFUSED[reason]


async def test_hostile_files_are_refused_as_rosters_are() -> None:
    formula = workbook([{**ROW, "申报人": "=HYPERLINK(1)"}])
    for data, reason in [(formula, "formulas"), (b"\xd0\xcf\x11\xe0", "old"), (b"PK\x03\x04", "broken")]:
        with pytest.raises(Unreadable) as refused:
            await table.rows(data, most=listing.ROWS, letters=listing.LETTERS)
        assert refused.value.reason == reason


CELLS: st.SearchStrategy[Cell] = st.one_of(
    st.none(), st.booleans(), st.floats(allow_nan=False), st.text(max_size=40)
)


@given(st.lists(st.lists(CELLS, max_size=14), max_size=5), st.permutations(HEADER))
def test_whatever_the_cells_hold_faults_are_told_or_rows_are_whole(
    rows: list[list[Cell]], header: list[str]
) -> None:
    cells = [Row(number, tuple(row)) for number, row in enumerate(rows, start=2)]
    found = listing.read([Row(1, tuple(header)), *cells, Row(99, tuple(map(ROW.get, header)))], {})
    faulty = {fault.row for fault in found.faults}
    for one in found.entries:
        whole = all((one.category, one.name, one.declared_at, one.unit, one.status))
        assert whole != (one.number in faulty)
