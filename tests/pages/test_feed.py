"""Stages as a calendar: read back by a parser of its own, moved and never doubled."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from icalendar import Calendar

from bot.pages.feed import feed
from knowledge.calendar import Deadline, schedule, timeline
from knowledge.library import Library
from knowledge.notice import CHINA
from knowledge.process import Audience

LIBRARY = Library.load(Path(__file__).parent.parent / "knowledge" / "added")
AS_OF = datetime(2024, 6, 1, tzinfo=UTC)


def line(programme: str, district: str = "") -> tuple[Deadline, ...]:
    return timeline(LIBRARY, programme, district, Audience.UNIT)


def events(deadlines: tuple[Deadline, ...]) -> dict[str, Any]:
    calendar = Calendar.from_ical(feed(LIBRARY, "某厂", deadlines, AS_OF))
    return {str(event["UID"]): event for event in calendar.walk("VEVENT")}


def test_every_stage_is_an_event_with_its_clause() -> None:
    found = events(line("wuxi-studio"))

    assert list(found) == [
        f"wuxi-2024.stage.{name}@jiangwen"
        for name in (
            *("apply", "first_review", "first_check", "recheck"),
            *("jury", "visit", "publicity", "naming"),
        )
    ]
    apply = found["wuxi-2024.stage.apply@jiangwen"]
    assert (apply["DTSTART"].dt, apply["DTEND"].dt) == (date(2024, 7, 14), date(2024, 7, 15))
    assert apply["SUMMARY"] == "无锡市技能大师工作室：网上申报截止"
    for words in ("2024年7月14日24:00前", "原文：", "锡人社函〔2024〕78号", "三（一）"):
        assert words in apply["DESCRIPTION"]
    assert apply["TRANSP"] == "TRANSPARENT"


def test_a_stage_without_a_day_spans_its_days_and_says_about() -> None:
    recheck = events(line("wuxi-studio"))["wuxi-2024.stage.recheck@jiangwen"]

    assert (recheck["DTSTART"].dt, recheck["DTEND"].dt) == (date(2024, 8, 1), date(2024, 8, 21))
    assert recheck["SUMMARY"].endswith("在线复核（大约）")
    assert "8月中上旬" in recheck["DESCRIPTION"]
    assert recheck.walk("VALARM") == []


def test_a_district_has_its_own_day_with_the_citys_beside_it() -> None:
    found = events((*line("wuhan-gongjiang", "东西湖区"), *line("wuhan-dashi", "东西湖区")))

    assert list(found) == ["dongxihu-2023.stage.online@jiangwen"]
    (online,) = found.values()
    assert online["DTSTART"].dt == date(2023, 6, 26)
    assert online["SUMMARY"] == "武汉工匠、武汉市技能大师：网上申报截止"
    assert "全市：2023年6月27日前完成审核提交〔武汉2023年通知 五（四）〕" in online["DESCRIPTION"]


def test_a_disputed_day_is_the_safe_one() -> None:
    (submit,) = events(line("wuhan-studio")).values()

    assert submit["DTSTART"].dt == date(2023, 6, 26)
    assert "稳妥起见按6月26日" in submit["DESCRIPTION"]


def test_an_hour_of_the_notice_is_an_hour_in_china() -> None:
    apply = events(line("linjiang-gongjiang"))["linjiang-2026.stage.apply@jiangwen"]
    text = feed(LIBRARY, "某厂", line("linjiang-gongjiang"), AS_OF).decode()

    assert apply["DTSTART"].dt == datetime(2026, 4, 30, 17, tzinfo=CHINA)
    assert "DTSTART;TZID=Asia/Shanghai:20260430T170000" in text
    assert "BEGIN:VTIMEZONE" in text
    assert "DTEND" not in apply


def test_alarms_go_off_when_the_reminders_do() -> None:
    deadlines = line("wuxi-zhuoyue")
    alarms = [alarm for event in events(deadlines).values() for alarm in event.walk("VALARM")]

    assert [alarm["TRIGGER"].dt for alarm in alarms] == [due.at for due in schedule(deadlines)]
    assert [str(alarm["DESCRIPTION"]).rpartition("：")[2] for alarm in alarms] == [
        "还有14天",
        "还有7天",
        "还有3天",
        "还有1天",
        "就是今天",
    ]
    assert {alarm["ACTION"] for alarm in alarms} == {"DISPLAY"}


def test_an_alarm_of_a_vague_stage_says_that_it_begins() -> None:
    staff = timeline(LIBRARY, "linjiang-gongjiang", "", Audience.STAFF)
    (alarm,) = events(staff)["linjiang-2026.stage.jury@jiangwen"].walk("VALARM")

    assert alarm["TRIGGER"].dt == datetime(2026, 5, 11, 8, 30, tzinfo=CHINA)
    assert alarm["DESCRIPTION"] == "临江工匠：专家评审（大约）：大约从现在开始"


def test_the_same_stages_give_the_same_bytes() -> None:
    again = Library.load()
    one, other = (
        feed(library, "某厂；A,B", timeline(library, "wuxi-studio", "", Audience.UNIT), AS_OF)
        for library in (again, LIBRARY)
    )

    assert one == other
    assert all(len(row) <= 75 for row in one.split(b"\r\n"))
    assert one.endswith(b"END:VCALENDAR\r\n")
    calendar: Any = Calendar.from_ical(one)
    assert calendar["X-WR-CALNAME"] == "匠问：某厂；A,B"
    assert calendar["X-WR-TIMEZONE"] == "Asia/Shanghai"
    assert calendar["REFRESH-INTERVAL"].dt == timedelta(hours=6)


def test_the_calendar_library_is_loaded_when_it_is_asked() -> None:
    code = "import sys, bot.pages.feed; print('icalendar' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603

    assert run.stdout.strip() == "False"
