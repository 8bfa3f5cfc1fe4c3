"""Working days in China: weekends, holidays and the weekends worked instead of them (调休).

The State Council announces a year's holidays late in the year before. Days of a year that the library
chinesecalendar does not hold are reckoned from weekends and the holidays on fixed days, and whatever rests
on such a day is marked `assumed`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType
from typing import Generic, TypeVar

_Value = TypeVar("_Value")

_SATURDAY = 5
_FIXED = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
"""Month and day of the holidays that fall on the same days each year, by the law in force since 2025."""
_REACH = timedelta(days=7)
"""How far a year's holidays have reached back into the year before: 2018-12-29 was worked for 2019."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What staff entered for a day, with the name of the holiday or the shift and where it is announced."""

    working: bool
    name: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoned(Generic[_Value]):
    """A value, and whether it rests on a day whose holidays are not announced."""

    value: _Value
    assumed: bool


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Which days are worked; `overrides` win, and end the assumption for their days."""

    overrides: Mapping[date, Override] = field(default_factory=lambda: MappingProxyType({}))

    def is_working(self, day: date) -> Reckoned[bool]:
        """Whether the day is worked."""
        if override := self.overrides.get(day):
            return Reckoned(value=override.working, assumed=False)
        announced = _announced()
        if day.year in announced:
            return Reckoned(value=_worked(day), assumed=(day + _REACH).year not in announced)
        return Reckoned(value=day.weekday() < _SATURDAY and (day.month, day.day) not in _FIXED, assumed=True)

    def next_working(self, day: date) -> Reckoned[date]:
        """The day itself where it is worked, else the first one after it that is."""
        return self.add(day - _DAY, 1)

    def add(self, day: date, n: int) -> Reckoned[date]:
        """The n-th working day after the day, before it for a negative n; for 0 the day itself."""
        step = _DAY if n > 0 else -_DAY
        assumed, left = False, abs(n)
        while left:
            day += step
            found = self.is_working(day)
            assumed |= found.assumed
            left -= found.value
        return Reckoned(value=day, assumed=assumed)

    def between(self, first: date, last: date) -> Reckoned[int]:
        """How many working days come after the first day, up to and with the last; negative where they are
        the other way round, so that `between(day, add(day, n)) == n`."""
        if last < first:
            # backwards the last of the days counts, and the first does not
            back = self.between(last - _DAY, first - _DAY)
            return Reckoned(value=-back.value, assumed=back.assumed)
        found = [self.is_working(first + _DAY * n) for n in range(1, (last - first).days + 1)]
        return Reckoned(value=sum(f.value for f in found), assumed=any(f.assumed for f in found))

    def unknown_years(self, first: date, last: date) -> tuple[int, ...]:
        """The years of this span whose holidays are not announced, as far as overrides do not say so."""
        years = range(first.year, last.year + 1)
        return tuple(
            year
            for year in years
            if year not in _announced()
            and not self._entered(max(first, date(year, 1, 1)), min(last, date(year, 12, 31)))
        )

    def _entered(self, first: date, last: date) -> bool:
        return all(first + _DAY * n in self.overrides for n in range((last - first).days + 1))


@cache
def _announced() -> range:
    """The years that the library holds."""
    from chinese_calendar import constants  # noqa: PLC0415 — a start without dates does not wait for it

    return range(min(constants.holidays).year, max(constants.holidays).year + 1)


def _worked(day: date) -> bool:
    from chinese_calendar import is_workday  # noqa: PLC0415 — as above

    return bool(is_workday(day))
