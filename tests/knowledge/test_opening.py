"""An office's hours: lunch, weekends, shifted days, and how long somebody has waited in them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.notice import CHINA
from knowledge.opening import USUAL, Opening, opening
from knowledge.workdays import WorkingDays

DAYS = WorkingDays()
MONDAY = datetime(2024, 7, 1, tzinfo=CHINA)
MOMENTS = st.integers(0, 40 * 24 * 60).map(lambda minutes: MONDAY + timedelta(minutes=minutes))


def at(day: int, clock: str, month: int = 7) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(2024, month, day, hour, minute, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        (at(1, "08:00"), at(1, "09:00")),
        (at(1, "09:00"), at(1, "09:00")),
        (at(1, "11:59"), at(1, "11:59")),
        (at(1, "12:00"), at(1, "13:30")),
        (at(1, "17:00"), at(2, "09:00")),
        (at(5, "17:30"), at(8, "09:00")),
        (at(30, "18:00", month=9), at(8, "09:00", month=10)),
        (at(12, "10:00", month=10), at(12, "10:00", month=10)),
    ],
)
def test_an_office_opens(now: datetime, opens: datetime) -> None:
    assert USUAL.opens(now, DAYS) == opens
    assert USUAL.is_open(now, DAYS) == (opens == now)


def test_only_the_time_in_office_counts_as_waiting() -> None:
    assert USUAL.passed(at(1, "11:00"), at(1, "14:00"), DAYS) == timedelta(hours=1.5)
    assert USUAL.passed(at(5, "16:00"), at(8, "10:00"), DAYS) == timedelta(hours=2)
    assert USUAL.passed(at(6, "10:00"), at(7, "20:00"), DAYS) == timedelta()


@given(st.lists(MOMENTS, min_size=3, max_size=3))
def test_waiting_adds_up(moments: list[datetime]) -> None:
    first, second, third = sorted(moments)
    parts = USUAL.passed(first, second, DAYS) + USUAL.passed(second, third, DAYS)

    assert parts == USUAL.passed(first, third, DAYS)


@given(MOMENTS)
def test_nobody_waits_before_the_office_opens(now: datetime) -> None:
    assert USUAL.passed(now, USUAL.opens(now, DAYS), DAYS) == timedelta()


@pytest.mark.parametrize(
    "pairs",
    [[], [("nine", "12:00")], [("12:00", "09:00")], [("09:00", "13:00"), ("12:30", "17:00")], [("x", "y")]],
)
def test_what_is_no_day_is_refused(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Opening.of(pairs)


def test_what_nobody_entered_is_assumed() -> None:
    assert opening(None).assumed
    assert not opening([("08:30", "12:00"), ("14:00", "17:30")]).assumed
