"""`jiangwen status …` as an operator types it."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import cli
from store.database import Store
from tests.databases import VAULT
from tests.desk.lists import EXPORTED, HEADER, OPINION, ROW, UNIT, workbook
from tests.desk.test_status import seat
from tests.store.units import CODE, keep
from tests.wire import DATA_KEY


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database of the settings, with two units and a confirmed contact."""
    url = f"sqlite+aiosqlite:///{tmp_path}/jiangwen.db"
    monkeypatch.setenv("JIANGWEN_DATABASE_URL", url)
    monkeypatch.setenv("JIANGWEN_DATA_KEY", DATA_KEY)

    async def fill() -> None:
        store = await Store.open(url, VAULT)
        await keep(store)
        await seat(store)
        await store.close()

    asyncio.run(fill())
    return url


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["status", *arguments])


def listed(folder: Path, *rows: dict[str, object], hours: int = 0, header: list[str] | None = None) -> str:
    """A file of the platform's, last changed when it was exported."""
    file = folder / f"list{hours}.xlsx"
    file.write_bytes(workbook([{**ROW, **row} for row in rows], header or HEADER))
    at = (EXPORTED + timedelta(hours=hours)).timestamp()
    os.utime(file, (at, at))
    return str(file)


RETURNED: dict[str, object] = {"审核状态": "初审退回", "退回意见": OPINION}


def test_a_list_is_shown_and_then_taken(url: str, tmp_path: Path) -> None:
    file = listed(tmp_path, RETURNED, {"申报人": "李四", "申报单位": "武汉重工锻造公司"})
    shown = run("import", file, "--city", "武汉")

    assert shown.exit_code == 0
    assert "新出现：2 条" in shown.output
    assert f"武汉重工锻造公司，像是 {UNIT}（{CODE}）" in shown.output
    assert "加 --apply" in shown.output
    assert "还没有了结的退回：0 条" in run("returns", "--city", "武汉").output

    taken = run("import", file, "--city", "武汉", "--apply")
    assert "要通知 1 个单位" in taken.output
    assert "没有变化" in run("import", file, "--city", "武汉", "--apply").output
    board = run("returns", "--city", "武汉").output
    assert "王五 武汉市工匠：1、职业资格证书缺少照片页" in board
    assert "认领了 1 条" in run("link", "武汉重工锻造公司", CODE, "--city", "武汉").output
    assert "的进度码：" in run("code", CODE, "李四", "--city", "武汉").output


def test_an_older_list_is_only_shown(url: str, tmp_path: Path) -> None:
    run("import", listed(tmp_path, RETURNED, hours=2), "--city", "武汉", "--apply")
    shown = run("import", listed(tmp_path, {}, hours=1), "--city", "武汉", "--apply")

    assert "只给看，不采用" in shown.output
    assert "还没有了结的退回：1 条" in run("returns", "--city", "武汉").output
    stated = (EXPORTED + timedelta(hours=3)).isoformat()
    later = run("import", listed(tmp_path, {}, hours=1), "--city", "武汉", "--apply", "--exported-at", stated)
    assert "有变化：1 条" in later.output
    assert "初审退回→进入初审" in later.output


def test_a_faulty_list_is_not_taken_and_a_renamed_column_said_once(url: str, tmp_path: Path) -> None:
    header = ["处理结果" if name == "审核状态" else name for name in HEADER]
    file = listed(tmp_path, {"处理结果": "进入初审", "申报人": ""}, header=header)
    refused = run("import", file, "--city", "武汉", "--apply")

    assert refused.exit_code == 1
    assert "有 3 处要改" in refused.output
    assert "第2行“申报人”：不能空着" in refused.output
    file = listed(tmp_path, {"处理结果": "进入初审"}, header=header)
    assert run("import", file, "--city", "武汉", "--map", "处理结果=审核状态").exit_code == 0
    assert run("import", file, "--city", "武汉").exit_code == 0


@pytest.mark.parametrize(
    "options",
    [
        ["--city", "南京"],
        ["--city", "武汉", "--district", "没有的区"],
        ["--city", "武汉", "--notice", "wuxi-2024"],
        ["--city", "武汉", "--map", "没有等号"],
        ["--city", "武汉", "--exported-at", "昨天"],
    ],
)
def test_what_nobody_can_mean_is_refused(url: str, tmp_path: Path, options: list[str]) -> None:
    assert run("import", listed(tmp_path, {}), *options).exit_code == 2


def test_a_file_that_is_no_list_is_refused(url: str, tmp_path: Path) -> None:
    file = tmp_path / "list.xlsx"
    file.write_bytes(b"%PDF-1.7")
    refused = run("import", str(file), "--city", "武汉")

    assert refused.exit_code == 1
    assert "导出" in refused.output
    assert run("code", CODE, "无名", "--city", "武汉").exit_code == 2
    assert run("link", "甲", "没有的代码", "--city", "武汉").exit_code == 2
