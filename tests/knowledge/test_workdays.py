"""Working days: 调休, years that nobody knows yet, what staff enter, and the laws of counting."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from chinese_calendar import constants
from hypothesis import given
from hypothesis import strategies as st

from knowledge.workdays import Override, Reckoned, WorkingDays

DAYS = WorkingDays()
HALF = WorkingDays(
    {
        date(2099, 2, 9): Override(working=False, name="春节", source="人工录入"),
        date(2099, 2, 21): Override(working=True, name="春节调休", source="人工录入"),
        date(2026, 11, 23): Override(working=False, name="停电", source="人工录入"),
    }
)
day = st.dates(date(2004, 1, 1), date(2035, 12, 31)) | st.dates(date(2098, 11, 1), date(2099, 6, 1))
counts = st.integers(0, 60)
calendars = st.sampled_from([DAYS, HALF])


def known(value: object) -> Reckoned[object]:
    return Reckoned(value=value, assumed=False)


def assumed(value: object) -> Reckoned[object]:
    return Reckoned(value=value, assumed=True)


@pytest.mark.parametrize(
    ("on", "working"),
    [
        (date(2023, 6, 22), known(False)),  # 端午
        (date(2023, 6, 25), known(True)),  # a Sunday worked for it
        (date(2024, 7, 14), known(False)),  # a Sunday
        (date(2026, 10, 10), known(True)),  # a Saturday worked for 国庆
        (date(2018, 12, 29), known(True)),  # worked for the holiday of the year after
        (date(2099, 1, 1), assumed(False)),
        (date(2099, 5, 4), assumed(True)),
        (date(2099, 10, 2), assumed(False)),
        (date(2099, 10, 10), assumed(False)),  # a Saturday: whether it is worked nobody knows
        (date(2003, 12, 31), assumed(True)),
    ],
)
def test_a_day_is_worked_or_not(on: date, working: Reckoned[bool]) -> None:
    assert DAYS.is_working(on) == working


def test_the_last_days_of_the_last_known_year_may_change_with_the_next() -> None:
    last = max(constants.holidays).year

    assert not DAYS.is_working(date(last, 12, 24)).assumed
    assert DAYS.is_working(date(last, 12, 25)).assumed
    assert DAYS.unknown_years(date(last, 12, 24), date(last, 12, 31)) == ()
    assert DAYS.unknown_years(date(last, 12, 24), date(last + 1, 1, 1)) == (last + 1,)


def test_what_staff_enter_wins_and_ends_the_assumption() -> None:
    assert HALF.is_working(date(2099, 2, 9)) == known(False)
    assert HALF.is_working(date(2099, 2, 21)) == known(True)
    assert HALF.is_working(date(2026, 11, 23)) == known(False)
    assert HALF.is_working(date(2099, 2, 10)).assumed


@pytest.mark.parametrize(
    ("start", "n", "found"),
    [
        (date(2023, 6, 26), -1, known(date(2023, 6, 25))),
        (date(2023, 6, 26), -2, known(date(2023, 6, 21))),
        (date(2023, 6, 21), 1, known(date(2023, 6, 25))),
        (date(2026, 9, 30), 1, known(date(2026, 10, 8))),
        (date(2098, 12, 31), 1, assumed(date(2099, 1, 2))),
        (date(2024, 7, 14), 0, known(date(2024, 7, 14))),
    ],
)
def test_working_days_are_counted_on_and_back(start: date, n: int, found: Reckoned[date]) -> None:
    assert DAYS.add(start, n) == found


def test_the_next_working_day_may_be_the_day_itself() -> None:
    assert DAYS.next_working(date(2023, 6, 25)) == known(date(2023, 6, 25))
    assert DAYS.next_working(date(2023, 6, 22)) == known(date(2023, 6, 25))


@pytest.mark.parametrize(
    ("first", "last", "overrides", "years"),
    [
        (date(2026, 11, 21), date(2026, 12, 31), {}, ()),
        (date(2098, 12, 31), date(2099, 1, 1), {}, (2098, 2099)),
        (date(2099, 2, 9), date(2099, 2, 9), HALF.overrides, ()),
        (date(2099, 2, 9), date(2099, 2, 10), HALF.overrides, (2099,)),
        (date(2003, 1, 1), date(2004, 1, 1), {}, (2003,)),
    ],
)
def test_the_years_that_are_not_announced_are_named(
    first: date, last: date, overrides: Mapping[date, Override], years: tuple[int, ...]
) -> None:
    assert WorkingDays(overrides).unknown_years(first, last) == years


@given(calendar=calendars, start=day, n=counts, m=counts, sign=st.sampled_from([1, -1]))
def test_counting_in_two_steps_is_counting_at_once(
    calendar: WorkingDays, start: date, n: int, m: int, sign: int
) -> None:
    there = calendar.add(start, sign * n)
    on = calendar.add(there.value, sign * m)

    assert calendar.add(start, sign * (n + m)) == Reckoned(
        value=on.value, assumed=there.assumed or on.assumed
    )


@given(calendar=calendars, start=day, n=st.integers(-60, 60))
def test_between_undoes_add(calendar: WorkingDays, start: date, n: int) -> None:
    there = calendar.add(start, n)

    assert calendar.between(start, there.value) == Reckoned(value=n, assumed=there.assumed)


@given(calendar=calendars, first=day, middle=st.integers(0, 90), last=st.integers(0, 90))
def test_spans_add_up(calendar: WorkingDays, first: date, middle: int, last: int) -> None:
    b = first + timedelta(days=middle)
    c = b + timedelta(days=last)
    parts = calendar.between(first, b), calendar.between(b, c)

    assert calendar.between(first, c) == Reckoned(
        value=sum(part.value for part in parts), assumed=any(part.assumed for part in parts)
    )


@given(calendar=calendars, start=day)
def test_the_next_working_day_is_worked(calendar: WorkingDays, start: date) -> None:
    found = calendar.next_working(start)

    assert found.value >= start
    assert calendar.is_working(found.value).value
    assert (found.value == start) == calendar.is_working(start).value


def test_the_library_of_holidays_is_loaded_when_it_is_asked() -> None:
    code = "import sys, knowledge.calendar; print('chinese_calendar' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603

    assert run.stdout.strip() == "False"
