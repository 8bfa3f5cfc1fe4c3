"""What people write into a cell, and what is made of it."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.desk.cells import Column, Unclear
from bot.desk.roster import columns
from bot.desk.table import Cell
from bot.desk.words import WORDS
from knowledge.dictionary import (
    ELSEWHERE,
    SURE_NO,
    SURE_YES,
    Items,
    Span,
    Value,
    dump,
    known,
    load,
    month,
)
from knowledge.library import Library

LIBRARY = Library.load()
COLUMNS = {
    column.fact: column
    for notice in ("wuxi-2024", "wuhan-2023")
    for column in columns(LIBRARY, LIBRARY.notices[notice])
}


@pytest.mark.parametrize("fact", COLUMNS)
def test_every_answer_that_is_offered_is_read(fact: str) -> None:
    column = COLUMNS[fact]
    read = [column.read(answer) for answer in column.offered]

    assert len({str(value) for value in read}) == len(column.offered)
    assert (None in read) == bool(column.offered)
    assert column.guide


@pytest.mark.parametrize(
    ("fact", "cell", "value"),
    [
        ("skill_level", "高级技师", known("高级技师")),
        ("skill_level", "一级", known("高级技师")),
        ("skill_level", " 高级技师 (一级)", known("高级技师")),
        ("skill_level", "无", known("none")),
        ("unit_kind", "国企", known("enterprise")),
        ("ent_eval", "高级工", known("高级工")),
        ("frontline", True, SURE_YES),
        ("frontline", "√", SURE_YES),
        ("frontline", "不是", SURE_NO),
        ("won/wuhan-dashi", "没有", SURE_NO),
        ("host_fund_share", "60%", Span(60, 60)),
        ("host_fund_share", 55.5, Span(55.5, 55.5)),
        ("members", "6人", Span(6, 6)),
        ("birth", "1975年8月", month(1975, 8)),
        ("birth", "1975-08-12", month(1975, 8)),
        ("birth", "1975.10", month(1975, 10)),
        ("birth", "1975/8", month(1975, 8)),
        ("birth", "１９７５年", month(1975)),
        ("birth", 1975.0, month(1975)),
        ("birth", date(1975, 8, 12), month(1975, 8)),
        ("unit_city", "武汉市", known("武汉")),
        ("unit_city", "东西湖", known("武汉")),
        ("unit_city", "外地", known(ELSEWHERE)),
        ("honours", "都没有", Items((), complete=True)),
    ],
)
def test_what_people_write(fact: str, cell: Cell, value: Value) -> None:
    assert COLUMNS[fact].read(cell) == value


@pytest.mark.parametrize("cell", [None, "", "  ", "不清楚", "？", "—"])
def test_what_is_not_known_is_no_answer(cell: Cell) -> None:
    assert {column.read(cell) for column in COLUMNS.values()} == {None}


@pytest.mark.parametrize(
    ("fact", "cell", "reason"),
    [
        ("skill_level", "七级", "option"),
        ("studio_approved", "有", "option"),
        ("frontline", "有时候", "option"),
        ("unit_city", "上海", "option"),
        ("host_fund_share", 0.6, "percent"),
        ("host_fund_share", "120", "number"),
        ("members", "很多", "number"),
        ("members", True, "number"),
        ("members", "nan", "number"),
        ("birth", 1975.1, "month"),
        ("birth", "1975-13", "month"),
        ("birth", "1875-01", "month"),
        ("birth", 27600.0, "month"),
        ("birth", "四十五岁", "month"),
        ("honours", "全国技术能手；厂里的先进", "option"),
        ("honours", "全国技术能手（厂里）", "option"),
    ],
)
def test_what_cannot_be_read_is_said_to_be_unclear(fact: str, cell: Cell, reason: str) -> None:
    with pytest.raises(Unclear) as unclear:
        COLUMNS[fact].read(cell)
    assert unclear.value.reason == reason


def test_records_are_told_one_after_the_other_with_what_is_known_of_each() -> None:
    honours = COLUMNS["honours"].read(
        "全国技术能手2021年；省政府的特殊津贴、专项津贴（2015），本省、本市的技术能手"
    )
    contests = COLUMNS["contests"].read("省级竞赛前10名（一类）、市级竞赛前3名")

    assert isinstance(honours, Items)
    assert isinstance(contests, Items)
    assert honours.complete
    assert [(item.get("kind"), item.get("year")) for item in honours.items] == [
        ("全国技术能手", 2021),
        ("政府津贴", 2015),
        ("技术能手", None),
    ]
    assert [(item.get("tier"), item.get("class")) for item in contests.items] == [
        ("省", "一类"),
        ("市", "二类"),
    ]


@given(st.sampled_from(sorted(COLUMNS)), st.text(max_size=40) | st.floats() | st.booleans() | st.dates())
def test_no_cell_is_more_than_unclear(fact: str, cell: Cell) -> None:
    column: Column = COLUMNS[fact]
    try:
        value, reason = column.read(cell), "option"
    except Unclear as unclear:
        value, reason = None, unclear.reason
    assert reason in WORDS.faults
    assert value is None or load(dump(value)) == value
