"""`jiangwen figures` and `jiangwen gaps list`: the same without a console."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import cli
from store.database import Store
from tests.console.test_figures import fill_store
from tests.store.scene import Effect, Mind, in_time, message


def run(*command: str) -> str:
    result = CliRunner().invoke(cli, command, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/jiangwen.db"
    monkeypatch.setenv("JIANGWEN_DATABASE_URL", url)
    monkeypatch.chdir(tmp_path)

    async def fill() -> None:
        store = await Store.open(url)
        await fill_store(store)
        for number, question in enumerate(["翻毛鸡咋个整", "翻毛鸡咋个整", "本人电话13812345678"]):
            values = {"question": question, "why": "unknown", "city": "武汉"}
            arrival = message(f"g{number}", sender=f"g{number}")
            await store.turn(arrival, Mind(Effect(name="gap", values=values)), passive=in_time)
        await store.close()

    asyncio.run(fill())


@pytest.mark.usefixtures("kept")
def test_figures_are_told_by_period_and_place() -> None:
    said = run("figures", "--since", "2024-07-01", "--until", "2024-07-31", "--by", "month", "--city", "武汉")

    assert "2024-07-01         3         2       0           1" in said
    assert "in all 3 messages, 3 questions, answered 66.7%" in said
    assert "=1+1" in said


@pytest.mark.usefixtures("kept")
def test_gaps_are_listed_without_the_words_of_one_person() -> None:
    said = run("gaps", "list")

    assert "2024-07-01  2 (unknown 2)  武汉   翻毛鸡咋个整" in said
    assert "(one person's words)" in said
    assert "138" not in said
    assert run("gaps", "list", "--city", "无锡") == ""
