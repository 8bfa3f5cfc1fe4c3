"""The command line as an operator types it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml
from typer.testing import CliRunner, Result

from bot.app import free_port
from bot.cli import cli
from knowledge.library import Library
from tests.pages.tables import DIRECTOR, GOOD, as_csv, filled, sheets
from tests.wire import DATA_KEY

SECRET = "hunter2-hunter2"
ADDED = Path(__file__).parent / "knowledge" / "added"
AT = "2024-07-01T09:00:00+08:00"
WORKER = "我五十三了高级技师 武汉工匠几号截止 找谁问"


def run(*words: str, **environment: str) -> Result:
    """A command in this process; any exception but a clean exit is the command's fault."""
    result = CliRunner().invoke(cli, words, env=environment)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, as a shell starts it."""
    return subprocess.run(  # noqa: S603 — our own words
        [sys.executable, "-m", "bot", *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def answers(*words: str) -> list[dict[str, Any]]:
    """What `ask --json` prints: one document after the other."""
    text, decoder, found = run("ask", *words, "--at", AT, "--json").output.strip(), json.JSONDecoder(), []
    while text:
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:].lstrip()
    return found


def test_ask_answers() -> None:
    result = run("ask", WORKER, "--at", AT)
    assert result.exit_code == 0
    assert [
        word for word in ("6月26日", "6月27日", "83919071", "83919068") if word not in result.output
    ] == []


def test_ask_is_a_conversation() -> None:
    first, second = answers("武汉工匠几号截止", "无锡的呢")
    assert "6月27日" in first["text"]
    assert "7月14日" in second["text"]
    assert second["reading"]["city"] == "无锡"


def test_ask_answers_as_of_a_time() -> None:
    before = run("ask", "无锡卓越技师几号截止", "--at", "2024-07-01T09:00:00+08:00").output
    after = run("ask", "无锡卓越技师几号截止", "--at", "2024-07-15T00:00:00+08:00").output
    assert "13天" in before
    assert "81822591" in after
    assert "天" not in after.split("7月14日")[0]


def test_every_fact_of_a_trace_is_one_of_the_knowledge() -> None:
    (answer,) = answers(WORKER)
    library = Library.load()
    facts = [fact for section in answer["trace"]["sections"] for fact in section["facts"]]
    assert facts
    assert [fact for fact in facts if fact not in library.sourced] == []
    assert answer["trace"]["knowledge"] == library.version


def test_ask_explains() -> None:
    output = run("ask", "武汉工匠几号截止", "--explain", "--at", AT).output
    reading, end = json.JSONDecoder().raw_decode(output)
    assert reading["programmes"] == ["wuhan-gongjiang"]
    assert "deadline" in reading["aspects"]
    assert "6月27日" in output[end:]
    (finding,) = reading["findings"]
    assert finding["notice"] == "wuhan-2023"


@pytest.mark.parametrize("moment", ["soon", "2024-07-01T09:00:00", "2024-13-01T00:00:00+08:00", "７月"])
def test_a_time_that_is_none_is_said_so(moment: str) -> None:
    for words in (("ask", "几号截止", "--at", moment), ("demo", "--start", moment)):
        result = run(*words)
        assert result.exit_code == 2
        assert "2024-07-01T09:00:00+08:00" in result.output


@pytest.mark.parametrize("text", ["", " ", "{{7*7}}", "\udced\udca0\udc80几号", "\x00"])
def test_whatever_is_asked_is_answered(text: str) -> None:
    result = run("ask", text, "--at", AT)
    assert result.exit_code == 0
    assert result.output.strip()


def test_nothing_asked_is_a_misuse() -> None:
    assert run("ask").exit_code == 2


def test_chat_goes_on_until_an_empty_line() -> None:
    result = CliRunner().invoke(cli, ["chat"], input="武汉工匠几号截止\n那技能大师呢\n\n")
    assert result.exit_code == 0
    assert "武汉市技能大师" in result.output


def test_chat_ends_with_its_input() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "bot", "chat"], input="你好\n", capture_output=True, text=True, check=False
    )
    assert "Traceback" not in said.stderr
    assert "您好" in said.stdout


def test_kb_lint_finds_no_fault() -> None:
    assert run("kb", "lint").exit_code == 0
    assert run("kb", "lint", "--dir", str(ADDED)).exit_code == 0


def test_kb_lint_tells_all_faults_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "linjiang-2026"
    folder.mkdir()
    for path in (ADDED / "linjiang-2026").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    spoil(folder / "contacts.yaml", "phones", "call me")
    spoil(folder / "conditions.yaml", "clause", "不存在的条款")
    (folder / "quotas.yaml").write_text("- {id: broken}\n", encoding="utf-8")
    said = command("kb", "lint", "--dir", str(tmp_path))
    assert said.returncode == 1
    assert "Traceback" not in said.stderr
    assert [
        word for word in ("contacts.yaml", "quotas.yaml", "不存在的条款") if word not in said.stderr
    ] == []


def spoil(path: Path, field: str, value: str) -> None:
    """Another value for a field of the first row."""
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    rows[0][field] = value
    path.write_text(yaml.safe_dump(rows, allow_unicode=True), encoding="utf-8")


@pytest.mark.parametrize("where", ["nowhere", "empty"])
def test_kb_lint_of_no_knowledge_is_a_fault(tmp_path: Path, where: str) -> None:
    (tmp_path / "empty").mkdir()
    said = command("kb", "lint", "--dir", str(tmp_path / where))
    assert said.returncode == 1
    assert where in said.stderr
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        ("", ["wuhan-gongjiang", "wuxi-zhuoyue", "二（一）4"]),
        ("武汉工匠", ["高级技师", "五（四）", "wuhan-2023/"]),
        ("wuxi-zhuoyue", ["法定劳动年龄"]),
        ("二（一）4", ["世界技能大赛优胜奖", "wuhan-2023/"]),
    ],
)
def test_kb_show(what: str, shown: list[str]) -> None:
    output = run("kb", "show", *([what] if what else [])).output
    assert [word for word in shown if word not in output] == []


def test_kb_show_of_nothing_known() -> None:
    result = run("kb", "show", "北京工匠")
    assert result.exit_code == 1
    assert "北京工匠" in result.output


def test_kb_coverage_counts_every_notice() -> None:
    output = run("kb", "coverage").output
    library = Library.load()
    parts = [part for notice in library.notices.values() for part in (notice, *notice.relays)]
    assert [part.id for part in parts if f"{part.id}: " not in output] == []


def test_an_added_notice_is_answered_from() -> None:
    output = run("ask", "临江工匠几号截止", "--dir", str(ADDED), "--at", "2026-04-01T09:00:00+08:00").output
    assert "4月30日" in output
    assert "17:00" in output


def test_check_says_what_is_missing_and_shows_no_secret() -> None:
    url = f"postgresql+asyncpg://clerk:{SECRET}@host/x"
    result = run("check", JIANGWEN_DATABASE_URL=url, JIANGWEN_DATA_KEY=DATA_KEY, JIANGWEN_CLOCK_START=AT)
    assert result.exit_code == 1
    assert [
        n for n in ("WECHAT_APP_ID", "PUBLIC_URL", "CLOCK_START") if f"JIANGWEN_{n}" not in result.output
    ] == []
    assert SECRET not in result.output


def test_check_names_the_years_whose_holidays_nobody_knows() -> None:
    soon = run("check", JIANGWEN_CLOCK_START="2098-12-01T09:00:00+08:00").output
    assert [year for year in (2098, 2099) if f"note: the holidays of {year} are not known" not in soon] == []
    assert "holidays of" not in run("check", JIANGWEN_CLOCK_START=AT).output


def test_check_of_a_whole_account_is_content() -> None:
    result = run(
        "check",
        JIANGWEN_WECHAT_APP_ID="wx0123456789abcdef",
        JIANGWEN_WECHAT_APP_SECRET=SECRET,
        JIANGWEN_WECHAT_TOKEN=SECRET,
        JIANGWEN_WECHAT_AES_KEY="k" * 43,
        JIANGWEN_PUBLIC_URL="https://jiangwen.example",
    )
    assert result.exit_code == 0
    assert SECRET not in result.output
    assert "k" * 43 not in result.output


def test_faulty_settings_are_printed_plainly() -> None:
    said = command("serve", JIANGWEN_PORT="eighty", JIANGWEN_COLOUR="red", JIANGWEN_WECHAT_TOKEN=SECRET)
    assert said.returncode == 1
    assert [
        n for n in ("JIANGWEN_PORT", "JIANGWEN_COLOUR", "JIANGWEN_WECHAT_APP_ID") if n not in said.stderr
    ] == []
    assert "Traceback" not in said.stderr
    assert SECRET not in said.stderr


def test_a_menu_needs_an_account() -> None:
    result = run("wechat", "menu")
    assert result.exit_code == 1
    assert "JIANGWEN_WECHAT_APP_ID" in result.output


def test_a_menu_that_cannot_be_published_is_said_plainly(tmp_path: Path) -> None:
    said = command(
        *("wechat", "menu"),
        JIANGWEN_DATABASE_URL=f"sqlite+aiosqlite:///{tmp_path}/x.db",
        JIANGWEN_WECHAT_APP_ID="wx0123456789abcdef",
        JIANGWEN_WECHAT_APP_SECRET=SECRET,
        JIANGWEN_WECHAT_TOKEN=SECRET,
        JIANGWEN_WECHAT_API_BASE=f"http://127.0.0.1:{free_port()}",
    )
    assert said.returncode == 1
    assert said.stderr.strip()
    assert "Traceback" not in said.stderr
    assert SECRET not in said.stderr


@contextmanager
def served(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """The service in a process of its own, once it listens."""
    environment = {"JIANGWEN_DATABASE_URL": f"sqlite+aiosqlite:///{folder}/x.db", "JIANGWEN_PORT": str(port)}
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "serve"],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_the_service_is_ready_at_once_alone_on_its_file_and_ends_when_told(tmp_path: Path) -> None:
    port = free_port()
    with served(tmp_path, port) as process:
        assert process.stdout is not None
        assert f":{port}" in process.stdout.readline()
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=60) as answer:
            assert json.load(answer)["ready"] is True
        second = command(
            "serve", JIANGWEN_DATABASE_URL=f"sqlite+aiosqlite:///{tmp_path}/x.db", JIANGWEN_PORT="0"
        )
        assert second.returncode == 1
        assert "in use" in second.stderr
        assert "Traceback" not in second.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_help_lists_the_commands() -> None:
    output = run("--help").output
    assert [
        name for name in ("serve", "demo", "ask", "chat", "check", "kb", "wechat") if name not in output
    ] == []


def test_a_roster_is_checked_on_the_command_line(tmp_path: Path) -> None:
    roster = tmp_path / "people.csv"
    roster.write_bytes(as_csv([GOOD, DIRECTOR]))
    result = run("check-roster", str(roster))

    assert result.exit_code == 0
    assert "wuhan-2023: 2 people, 0 with faults" in result.output
    shown = sheets((tmp_path / "people-checked.xlsx").read_bytes())["结果"]
    assert [row[1] for row in shown] == ["姓名", "王建国", "李主任"]


def test_a_template_is_written_and_names_its_own_notice(tmp_path: Path) -> None:
    empty, full, out = (str(tmp_path / name) for name in ("empty.xlsx", "full.xlsx", "out.xlsx"))
    assert run("roster-template", "wuxi-2024", empty).exit_code == 0
    assert run("check-roster", empty).exit_code == 1
    Path(full).write_bytes(filled(Path(empty).read_bytes(), [{"姓名": "王建国", "团队人数": 5}]))
    result = run("check-roster", full, "--out", out)

    assert "wuxi-2024: 1 people, 0 with faults" in result.output
    assert len(sheets(Path(out).read_bytes())["结果"]) == 2


def test_what_is_no_roster_is_said_in_words(tmp_path: Path) -> None:
    picture = tmp_path / "people.xlsx"
    picture.write_bytes(b"\x89PNG" + bytes(9))
    result = run("check-roster", str(picture))

    assert (result.exit_code, "另存为 .xlsx" in result.output) == (1, True)
    assert run("check-roster", str(tmp_path / "none.xlsx")).exit_code == 2
    assert run("check-roster", str(picture), "--notice", "atlantis").exit_code in (1, 2)
    assert run("roster-template", "atlantis", str(picture)).exit_code == 2
    assert run("roster-template", "wuxi-2024", str(tmp_path)).exit_code == 2
