"""The page of a roster: a template, a table back, and nobody's name left anywhere."""

from __future__ import annotations

import json
import logging
import re
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from aiohttp import ClientResponse, FormData

from bot.desk import workbook
from knowledge.criteria import Outcome
from store.records import Purpose
from tests.pages.door import Door
from tests.pages.people import MASTER, TOKEN, content, keep
from tests.pages.tables import DIRECTOR, GOOD, as_csv, as_xlsx, filled, sheets

pytestmark = pytest.mark.asyncio(loop_scope="module")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def linked(door: Door, notice: str = "wuhan-2023") -> None:
    await keep(door.store, json.dumps({"notice": notice}), Purpose.ROSTER)


async def sent(door: Door, data: bytes, name: str = "名单.xlsx") -> ClientResponse:
    form = FormData()
    form.add_field("file", data, filename=name)
    return await door.client.post(f"/p/{TOKEN}", data=form)


async def table(door: Door, data: bytes) -> dict[str, list[list[str]]]:
    """The workbook that comes back."""
    response = await sent(door, data)
    assert (response.status, response.content_type) == (200, XLSX)
    assert response.headers["Cache-Control"] == "no-store"
    return sheets(await response.read())


async def test_the_page_says_what_to_do_and_gives_the_template(door: Door) -> None:
    await linked(door)
    page = await (await door.client.get(f"/p/{TOKEN}")).text()
    template = await door.client.get(f"/p/{TOKEN}/template.xlsx")

    assert "名单和结果都不留下" in page
    assert "武汉工匠、武汉市技能大师、武汉市技能大师工作室" in page
    assert template.content_type == XLSX
    shown = sheets(await template.read())
    header, guide = shown["名单"][:2]
    assert header[:4] == ["姓名", "单位所在地", "单位类型", "职业资格或技能等级"]
    assert len(set(header)) == len(header) == len(guide)
    assert "高级技师（一级）" in guide[3]
    assert [row[2] for row in shown["选项"][1:4]] == ["没有证书", "初级工（五级）", "中级工（四级）"]


@pytest.mark.parametrize("notice", ["wuhan-2023", "wuxi-2024"])
async def test_a_template_offers_lists_for_options_and_asks_for_no_relaxation(
    door: Door, notice: str
) -> None:
    await linked(door, notice)
    data = await (await door.client.get(f"/p/{TOKEN}/template.xlsx")).read()
    people = ZipFile(BytesIO(data)).read("xl/worksheets/sheet1.xml").decode()

    asked = {fact for r in door.library.notices[notice].criteria.rulesets for fact in r.facts}
    listed = [
        fact for fact in asked if door.library.dictionary[fact.split("/")[0]].type not in ("number", "month")
    ]
    assert people.count('type="list"') == len(listed) - ("special_talent" in asked)
    assert not any(name.startswith("特殊技能技艺人才") for name in sheets(data)["名单"][0])


async def test_a_filled_template_comes_back_as_a_matrix(door: Door) -> None:
    await linked(door)
    template = await (await door.client.get(f"/p/{TOKEN}/template.xlsx")).read()
    shown = await table(door, filled(template, [GOOD, DIRECTOR]))

    words = door.library.vocabulary.outcomes
    header, good, manager = shown["结果"]
    assert header == ["行", "姓名", "武汉工匠", "武汉市技能大师", "武汉市技能大师工作室"]
    assert good[:4] == ["3.0", "王建国", words[Outcome.MET], words[Outcome.MET]]
    assert good[4].startswith(f"{words[Outcome.OPEN]}：还缺证书种类")
    assert manager[:2] == ["4.0", "李主任"]
    assert all(cell.startswith(words[Outcome.UNMET]) and "五（一）" in cell for cell in manager[2:])
    assert "要改的地方" not in shown
    assert "不是认定" in str(shown["说明"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
async def test_a_csv_of_any_spreadsheet_is_read(door: Door, encoding: str) -> None:
    await linked(door)
    shown = await table(door, as_csv([GOOD], encoding))

    assert shown["结果"][1][1] == "王建国"
    assert shown["结果"][1][2] == door.library.vocabulary.outcomes[Outcome.MET]


async def test_faults_are_told_by_row_and_column_and_the_other_rows_are_held(door: Door) -> None:
    await linked(door)
    wrong = {**GOOD, "姓名": "张三", "职务": "大官", "出生年月": "去年", "身份证号": "不该有"}
    shown = await table(door, as_csv([wrong, DIRECTOR]))

    assert shown["结果"][1][2] == "这一行有要改的地方，没有比对"
    assert shown["结果"][2][2].startswith("不符合")
    faults = shown["要改的地方"][1:]
    cells = [(row[0], row[1], row[2]) for row in faults if row[0] != "表头"]
    assert cells == [("2", "H 职务", "大官"), ("2", "L 出生年月", "去年")]
    assert "班组长" in next(row[3] for row in faults if row[1] == "H 职务")
    heads = {row[1]: row[3] for row in faults if row[0] == "表头"}
    assert heads["M 身份证号"] == "模板里没有这一列，没有用到"
    assert heads["企业自主评价"] == "缺这一列，按“不清楚”比对"


async def test_a_name_that_is_a_formula_comes_back_as_text(door: Door) -> None:
    await linked(door)
    names = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", '=HYPERLINK("http://x","y")', "\t=1"]
    response = await sent(door, as_csv([{**GOOD, "姓名": name, "职务": f"{name}!"} for name in names]))
    data = await response.read()

    shown = sheets(data)
    assert [row[1] for row in shown["结果"][1:]] == [name.strip() for name in names]
    archive = ZipFile(BytesIO(data))
    for part in archive.namelist():
        if part.startswith("xl/worksheets/"):
            assert b"<f>" not in archive.read(part)
            assert b"<hyperlink" not in archive.read(part)
    assert b'quotePrefix="1"' in archive.read("xl/styles.xml")


def files_with(folder: Path, text: str) -> list[str]:
    """The files below a folder that hold a text; the database's log counts as the database."""
    found = [path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]
    return sorted({path.name.removesuffix("-wal") for path in found})


async def test_nothing_of_a_roster_is_kept(
    door: Door, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    await linked(door)
    caplog.set_level(logging.DEBUG)
    name = "欧阳不留名"
    person = {**GOOD, "姓名": name, "职务": f"{name}的职务"}
    for data in (as_csv([person]), as_csv([{**GOOD, "姓名": name}]), as_xlsx([[name, f"={name}"]])):
        await (await sent(door, data)).read()

    assert name not in caplog.text
    assert name not in "".join(capfd.readouterr())
    assert "jiangwen.db" in files_with(door.folder, "wuhan-2023")
    assert files_with(door.folder, name) == []


async def test_a_link_to_a_result_takes_no_roster_and_the_other_way_round(door: Door) -> None:
    await keep(door.store, content(door.library, MASTER))

    assert (await sent(door, as_csv([GOOD]))).status == 404
    assert (await door.client.get(f"/p/{TOKEN}/template.xlsx")).status == 404
    assert (await door.client.post("/p/unknown", data=b"x")).status == 404


async def test_a_unit_elsewhere_is_refused_and_one_in_a_district_is_here(door: Door) -> None:
    await linked(door)
    shown = await table(door, as_csv([{**GOOD, "单位所在地": "东西湖区"}, {**GOOD, "单位所在地": "不在"}]))

    assert shown["结果"][1][2] == door.library.vocabulary.outcomes[Outcome.MET]
    assert shown["结果"][2][2].startswith(door.library.vocabulary.outcomes[Outcome.UNMET])


async def test_every_notice_with_criteria_has_a_template(door: Door) -> None:
    for notice in door.library.notices.values():
        header = sheets(workbook.template(door.library, notice))["名单"][0]
        assert len(header) > 10
        assert not [name for name in header if re.search(r"[{}]", name)]
