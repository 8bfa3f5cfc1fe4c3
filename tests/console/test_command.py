"""`jiangwen staff …`."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.commands.opened import opened
from bot.commands.staff import commands
from bot.settings import load
from store.audit import START
from store.records import Role, Staff

GENERATED = re.compile(r"^(\w+): ([\w-]{23})$", re.MULTILINE)


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIANGWEN_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/jiangwen.db")


def run(line: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(commands, line.split(), input=typed)


def account(login: str) -> Staff | None:
    async def found() -> Staff | None:
        async with opened(load()) as (store, _), store.work() as work:
            assert (await work.verify(done=START)).whole
            return await work.staff_named(login=login)

    return asyncio.run(found())


def test_the_first_administrator_is_made_with_a_typed_password() -> None:
    done = run("add chen --name 陈", "three brown horses\nthree brown horses\n")
    kept = account("chen")

    assert done.exit_code == 0
    assert "horses" not in done.output
    assert kept is not None
    assert (kept.role, kept.name, kept.password_due, kept.scope.city) == (Role.ADMIN, "陈", False, "")
    assert "chen  admin  */*  password alone" in run("list").output


def test_a_made_password_has_to_be_changed() -> None:
    done = run("add liu --role clerk --city 武汉 --district 东西湖区 --district 汉阳区 --generate")
    kept = account("liu")

    assert GENERATED.search(done.output)
    assert kept is not None
    assert kept.password_due
    assert kept.scope.districts == ("东西湖区", "汉阳区")


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        ("add C --generate", None),
        ("add chen", "short\nshort\n"),
        ("add chen", "jiangwen2024\njiangwen2024\n"),
        ("add chen --city 南京 --generate", None),
        ("add chen --role clerk --city 武汉 --district 惠山区 --generate", None),
        ("add chen --role clerk --district 东西湖区 --generate", None),
        ("add chen --city 武汉 --district 东西湖区 --generate", None),
        ("add chen --role emperor --generate", None),
        ("reset nobody --generate", None),
        ("disable nobody", None),
    ],
)
def test_what_is_wrong_is_said_and_nothing_kept(line: str, typed: str | None) -> None:
    assert run(line, typed).exit_code == 2
    assert run("list").output == ""


def test_a_login_is_given_once() -> None:
    run("add chen --generate")
    assert run("add chen --generate").exit_code == 2


def test_the_last_administrator_stays_and_others_go() -> None:
    run("add chen --generate")
    assert run("disable chen").exit_code == 1
    run("add wang --generate")
    assert run("disable chen").exit_code == 0
    assert "chen  admin  */*  disabled" in run("list").output


def test_who_has_lost_everything_gets_a_new_password() -> None:
    run("add chen", "three brown horses\nthree brown horses\n")
    done = run("reset chen --generate --second")
    kept = account("chen")

    assert GENERATED.search(done.output)
    assert kept is not None
    assert kept.password_due
    assert not kept.guarded
