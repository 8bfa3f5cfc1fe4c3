"""Rosters of units as staff keep them: every fault at once, the annotated copy, and files of no good will."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc
from typer.testing import CliRunner

from bot.cli import cli
from bot.desk import table, units
from bot.desk.annotated import annotated
from bot.desk.table import Row
from bot.desk.units import Book
from bot.masking import mask
from knowledge.library import Library
from knowledge.registration import Flaw, phone, unit_code
from knowledge.registration import given as given_in
from store.rosters import Listing
from tests.pages.tables import as_xlsx, sheets
from tests.pages.test_hostile_uploads import files
from tests.store.units import CODE, OTHER_CODE, OTHER_PHONE, PHONE
from tests.wire import DATA_KEY

LIBRARY = Library.load()
HEAD = ("单位名称", "统一社会信用代码", "所在区", "主管部门", "联系人", "联系电话", "邮箱")
GOOD = ("武汉重工锻造有限公司", CODE, "武昌", "市经信局", "王芳", PHONE, "wangfang@example.org")
OTHER = ("东湖精密机械厂", OTHER_CODE, "光谷", None, "王芳", 13812345678.0, None)


def book(*rows: tuple[str | float | None, ...], city: str = "") -> Book:
    return units.read(LIBRARY, [Row(at, row) for at, row in enumerate(rows, start=1)], city)


def found(read: Book) -> list[tuple[int, str]]:
    return [(fault.row, fault.column) for fault in read.faults]


def test_units_and_their_people_are_read() -> None:
    read = book(HEAD, GOOD, OTHER)

    assert read.faults == ()
    first, second = read.registrations
    assert (first.code, first.city, first.district, first.department) == (CODE, "武汉", "武昌区", "市经信局")
    assert first.people == (Listing(name="王芳", phone=PHONE, email="wangfang@example.org"),)
    assert (second.district, second.people[0].phone) == ("东湖高新区", PHONE)


def test_columns_come_in_any_order_by_other_names_and_below_a_title() -> None:
    read = book(
        ("2024年单位名册", None, None, None, None),
        ("序号", "手 机", "经办人", "区县", "社会信用代码", "企业名称", "没见过的列"),
        (1, PHONE, "王芳", "惠山区", CODE, "无锡一厂", "x"),
    )
    assert read.faults == ()
    assert read.registrations[0].city == "无锡"


def test_a_street_may_be_given() -> None:
    read = book((*HEAD, "所属街道"), (*GOOD, "杨园街道"), (*OTHER, None))

    assert read.faults == ()
    assert [one.street for one in read.registrations] == ["杨园街道", ""]


def test_several_contacts_stand_in_rows_or_in_columns() -> None:
    wide = book((*HEAD, "联系人2", "联系电话2"), (*GOOD, "李强", OTHER_PHONE))
    twice = book((*HEAD, "联系人", "联系电话"), (*GOOD, "李强", OTHER_PHONE))
    long = book(HEAD, GOOD, (*GOOD[:4], "李强", OTHER_PHONE, None))
    merged = book(HEAD, GOOD, (None, None, None, None, "李强", OTHER_PHONE, None))

    assert wide.registrations == twice.registrations == long.registrations == merged.registrations
    assert [one.name for one in wide.registrations[0].people] == ["王芳", "李强"]


def test_every_fault_is_told_at_once_by_row_and_column() -> None:
    read = book(
        HEAD,
        (GOOD[0], CODE[:-1] + "A", *GOOD[2:]),
        (GOOD[0], 91420100711967.0, *GOOD[2:]),
        ("", OTHER_CODE, "浦东", None, "王芳", "138", "no address"),
        ("丙厂", "91420100177716821Q", "武昌", None, "110101199003074514", PHONE, None),
        ("丁厂", "124200004416161619", "武昌", None, None, PHONE, None),
        ("戊厂", "124200004416161619", "汉阳", None, "赵敏", None, None),
        GOOD,
        (*GOOD[:2], "汉阳", *GOOD[3:]),
        (*GOOD[:4], "另一个人", PHONE, None),
        city="武汉",
    )
    assert found(read) == [
        (2, "统一社会信用代码"),
        (3, "统一社会信用代码"),
        (4, "单位名称"),
        (4, "所在区"),
        (4, "联系电话"),
        (4, "邮箱"),
        (5, "联系人"),
        (6, "联系人"),
        (7, "联系电话"),
        (9, "所在区"),
        (10, "联系人"),
    ]
    assert "110101199003074514" not in str(read)
    assert [one.code for one in read.registrations] == [CODE]
    assert (read.whole, read.usable) == (False, True)


def test_rows_below_a_faulty_unit_are_not_taken_for_the_unit_above() -> None:
    read = book(HEAD, OTHER, (GOOD[0], "1", *GOOD[2:]), (None, None, None, None, "李强", OTHER_PHONE, None))

    assert [one.name for unit in read.registrations for one in unit.people] == ["王芳"]
    assert found(read) == [(3, "统一社会信用代码")]


def test_missing_columns_are_named_and_nothing_is_usable() -> None:
    read = book(("单位名称", "统一社会信用代码"), (GOOD[0], CODE))

    assert [fault.column for fault in read.faults] == ["所在区", "联系人", "联系电话"]
    assert not read.usable
    with pytest.raises(table.Unreadable):
        book(("甲", "乙"), ("丙", "丁"))


def test_the_annotated_copy_keeps_every_cell_and_marks_faults() -> None:
    rows = [Row(1, HEAD), Row(3, (GOOD[0], CODE[:-1] + "A", *GOOD[2:4], "=1+1", PHONE))]
    read = units.read(LIBRARY, rows)
    shown = sheets(annotated(rows, read.faults))

    assert shown["名册"][0][:7] == list(HEAD)
    assert shown["名册"][2][:2] == [GOOD[0], CODE[:-1] + "A"]
    assert shown["名册"][2][4] == "=1+1"
    assert "校验位" in shown["名册"][2][7]
    assert shown["要改的地方"][0][:3] == ["3", "B", "统一社会信用代码"]


@pytest.mark.parametrize("name", sorted(files()))
async def test_hostile_files_are_refused_with_words_that_help(name: str) -> None:
    data, reason = files()[name]
    if reason in ("none", "size", "rows"):  # a roster of units may be larger, and a command is given a file
        return
    with pytest.raises(table.Unreadable) as refused:
        units.read(LIBRARY, await table.rows(data, most=units.ROWS, size=units.BYTES))
    assert refused.value.reason in units.REFUSED


@given(st.from_regex(r"[159][0-9]{7}[0-9A-HJ-NP-RTUWXY]{9}", fullmatch=True))
def test_a_code_is_known_again_however_it_is_typed(body: str) -> None:
    code = body + uscc.calc_check_digit(body)
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in code.lower())
    assert unit_code(wide) == unit_code(f" {code[:8]}-{code[8:]} ") == code


@given(st.from_regex(r"[159][0-9]{7}[0-9A-HJ-NP-RTUWXY]{9}", fullmatch=True), st.integers(0, 16), st.data())
def test_one_wrong_sign_is_noticed(body: str, at: int, data: st.DataObject) -> None:
    code = body + uscc.calc_check_digit(body)
    signs = "0123456789" if at < 8 else "0123456789ABCDEFGHJKLMNPQRTUWXY"
    other = data.draw(st.sampled_from([sign for sign in signs if sign != code[at]]))
    assert unit_code(code[:at] + other + code[at + 1 :]) == Flaw.CHECK


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("+86 138-1234-5678", PHONE),
        ("0086１３８１２３４５６７８", PHONE),
        ("027-83919071", "02783919071"),
        ("138123456", ""),
        ("12812345678", ""),
        ("王芳", ""),
    ],
)
def test_phones_are_their_digits(text: str, digits: str) -> None:
    assert phone(text) == digits


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        OTHER_CODE,
        "124200004416161619",
        f"代码{CODE}电话{PHONE}",
        "9142 0100 7119 67X3 0K",
        CODE[:-1] + "A",
    ],
)
def test_a_units_code_is_no_secret(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize("secret", ["110101199003074514", "11010119900307451X", "6222021234567890123"])
def test_a_secret_beside_a_code_is_masked(secret: str) -> None:
    assert mask(f"{CODE} {secret}") == f"{CODE} {'*' * len(secret)}"
    assert given_in(mask(f"{CODE} {secret}")).secret


def test_the_commands_import_invite_and_remove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIANGWEN_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/j.db")
    monkeypatch.setenv("JIANGWEN_DATA_KEY", DATA_KEY)
    good, bad = tmp_path / "good.xlsx", tmp_path / "bad.xlsx"
    good.write_bytes(as_xlsx([HEAD, GOOD, OTHER]))
    bad.write_bytes(as_xlsx([HEAD, (*GOOD[:5], "13700001111", None), ("丙厂", "1", *GOOD[2:])]))

    def run(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(cli, ["units", *words])
        assert result.exit_code == code, result.output
        return result.output

    assert "new_unit 2, new_person 2" in run("import", str(good), "--dry-run")
    assert "new_unit 2, new_person 2" in run("import", str(good))
    assert "changed: nothing" in run("import", str(good))
    assert "1 faults" in run("import", str(bad), code=1)
    assert (tmp_path / "bad-faults.xlsx").exists()
    changed = run("import", str(bad), "--rows-without-faults")
    assert "换了电话" in changed
    assert "13700001111" not in changed
    assert GOOD[0] in run("list", "--city", "武汉", "--district", "武昌区")
    assert "137****1111" in run("show", CODE)
    assert "once" in run("invite", CODE, "--person", "1", "--qr", str(tmp_path / "q.png"))
    assert (tmp_path / "q.png").read_bytes().startswith(b"\x89PNG")
    assert "code: invite, by staff" in run("show", CODE)
    assert "erased" in run("remove-person", "1")
    run("remove-person", "1", code=2)
    run("confirm", "9", code=2)
    run("remove-seat", "9", code=2)
    run("decide", "9", "--refuse", code=2)
    run("show", "123", code=2)
    assert run("requests") == run("notes") == ""
    assert json.dumps(PHONE) not in (tmp_path / "j.db").read_bytes().decode(errors="replace")
