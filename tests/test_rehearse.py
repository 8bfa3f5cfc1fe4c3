"""Whole seasons, from the notices' dates: who is told what and when, exactly."""

from __future__ import annotations

from datetime import timedelta

import pytest
from typer.testing import CliRunner

from bot import rehearse
from bot.cli import cli
from bot.rehearse import Rehearsal, Told
from knowledge.library import Library

LIBRARY = Library.load()
WANG, LI, ZHAO, ZHANG = "王芳", "李强", "赵敏", "张师傅"


async def played(notice: str) -> tuple[Rehearsal, list[timedelta]]:
    passed: list[timedelta] = []

    async def pace(time: timedelta) -> None:
        passed.append(time)

    return await rehearse.rehearse(LIBRARY, LIBRARY.notices[notice], pace=pace), passed


def state(row: Told) -> str:
    """How many days are left, as the card says; for a note to staff, what it counts; the reason of a call."""
    if row.path != "template":
        return row.reason
    return next(line for line in row.text.splitlines() if line.startswith("状态")).removeprefix("状态：")


def matter(row: Told) -> str:
    return next(line for line in row.text.splitlines() if line.startswith("事项")).removeprefix("事项：")


def told(season: Rehearsal, who: str) -> list[tuple[str, str, str]]:
    return [(f"{row.at:%m-%d %H:%M}", matter(row), state(row)) for row in season.rows if row.who == who]


def called(season: Rehearsal, unit: str) -> list[str]:
    return [f"{row.at:%m-%d %H:%M}" for row in season.rows if row.path == "nobody" and row.unit == unit]


async def test_the_season_of_wuhan_with_the_relay_of_dongxihu() -> None:
    season, passed = await played("wuhan-2023")
    city = "武汉工匠等项目完成审核提交"
    studio, online = "武汉市技能大师工作室完成审核提交", "武汉工匠等项目网上申报"

    # 东西湖区 has a date of its own for two programmes, from the day on which it was issued
    assert told(season, WANG) == [
        ("06-12 09:00", studio, "还有14天截止"),
        ("06-19 09:00", online, "还有7天截止"),
        ("06-19 09:00", studio, "还有7天截止"),
        ("06-23 09:00", online, "还有3天截止"),
        ("06-23 09:00", studio, "还有3天截止"),
        ("06-25 09:00", online, "明天截止"),
        ("06-25 09:00", studio, "明天截止"),
        ("06-26 09:00", online, "今天截止"),
        ("06-26 09:00", studio, "今天截止"),
    ]
    # says 不再提醒 after the second; leaves after the first; asks to be told again after the third
    assert told(season, LI) == [("06-12 09:00", city, "还有14天截止"), ("06-19 09:00", city, "还有7天截止")]
    assert told(season, ZHAO) == [("06-12 09:00", city, "还有14天截止")]
    assert told(season, ZHANG) == [
        ("06-12 09:00", city, "还有14天截止"),
        ("06-19 09:00", city, "还有7天截止"),
        ("06-23 09:00", city, "还有3天截止"),
        ("06-24 09:00", city, "还有2天截止"),
        ("06-25 09:00", city, "明天截止"),
        ("06-26 09:00", city, "今天截止"),
    ]
    each = ["06-12 09:00", "06-19 09:00", "06-23 09:00", "06-25 09:00", "06-26 09:00"]
    assert called(season, "望山纺织有限公司") == each
    assert called(season, "双溪电子有限公司") == each[1:], "whoever left is rung up"
    staff = [(f"{row.at:%m-%d %H:%M}", row.reason) for row in season.rows if row.path == "staff"]
    assert staff == [(f"06-{day} 08:30", left) for day, left in _STAFF]
    assert sum(passed, timedelta()) == timedelta(days=27, hours=23)


_STAFF = [("12", "14"), ("19", "7"), ("23", "3"), ("25", "1"), ("26", "0")]


async def test_the_season_of_wuxi() -> None:
    season, _ = await played("wuxi-2024")
    apply = "无锡市技能大师工作室等项目网上申报"
    days = [("06-30", "还有14天截止"), ("07-07", "还有7天截止"), ("07-11", "还有3天截止")]
    days += [("07-13", "明天截止"), ("07-14", "今天截止")]
    each = [(f"{day} 09:00", apply, left) for day, left in days]

    assert told(season, WANG) == each
    assert told(season, LI) == each[:2]
    assert told(season, ZHAO) == each[:1]
    assert [row for row in told(season, ZHANG) if "2天" not in row[2]] == each
    staff = [(f"{row.at:%m-%d}", row.text, row.reason) for row in season.rows if row.path == "staff"]
    assert staff[:4] == [
        ("07-07", "在线初审", "14"),
        ("07-13", "在线初核", "14"),
        ("07-14", "在线初审", "7"),
        ("07-18", "在线初审", "3"),
    ]
    # stages without a day: once, as their time begins
    assert staff[-5:] == [
        ("08-01", "在线复核", ""),
        ("08-11", "专家评审", ""),
        ("08-21", "现场考察", ""),
        ("09-01", "公示", ""),
        ("09-01", "认定命名", ""),
    ]
    page = season.page()
    assert "无锡市技能大师工作室" in page
    assert page.count("<circle") == len(season.days())


@pytest.mark.parametrize("speed", ["1d", "fast", "0d/s", ""])
def test_a_speed_is_days_hours_or_minutes_a_second(speed: str) -> None:
    assert rehearse.pace(speed) is None
    assert rehearse.pace("1d/s")
    assert rehearse.pace("0")


def test_an_unknown_notice_is_named() -> None:
    assert "wuhan-2023" in CliRunner().invoke(cli, ["rehearse", "nanjing-2023"]).output
