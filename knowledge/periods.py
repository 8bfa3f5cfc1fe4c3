"""Moments, ages, periods and amounts as people tell them, each as what is then known."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date

from knowledge.dictionary import Days, Span, month, months_before
from knowledge.figures import chinese_number
from knowledge.sayings import Numbers, Times

_YEAR = 12
_LONG = 40 * _YEAR
_WHOLE = 100


def number(text: str) -> int | None:
    """A number in figures or in words; None where it is none."""
    if text.isdecimal():
        return int(text)
    if len(text) > 1 and all(_digit(char) for char in text):
        return None  # neighbours (five or six), or the digits of a year
    return chinese_number(text)


def lasting(today: date, least: int, most: int) -> Days:
    """The days since which `least` to `most` full months have passed."""
    return Days(months_before(today, most + 1, days=1), months_before(today, least))


class Periods:
    """Reads the words of time and of number."""

    def __init__(self, times: Times, numbers: Numbers) -> None:
        self._times = times
        self._numbers = numbers

    def when(self, text: str, today: date) -> Days | None:
        """Since when, from a date or from how long it has lasted; the first that the text tells."""
        if self._times.counted.search(text):
            return self.since(text, today) or self.day(text, today)
        return self.day(text, today) or self.since(text, today)

    def day(self, text: str, today: date) -> Days | None:
        """The day, the month or the year that the text names; none that is to come."""
        for pattern in self._times.dates:
            match = pattern.search(text)
            if match is None:
                continue
            groups = match.groupdict()
            word = groups.get("month") or ""
            named = self._times.lunar.get(word) or (number(word) if word else None)
            if near := groups.get("near"):
                beside = _beside(today, self._times.near[near])
                named = beside.first.month
            year = beside.first.year if near else self._year(groups, today)
            if year is not None and year <= today.year and (named is None or 1 <= named <= _YEAR):
                if named and (groups.get("lunar") or word in self._times.lunar):
                    return _lunar(year, named)
                days = _exact(month(year, named), groups.get("day"))
                days = self._part(days, groups.get("part") or "", groups.get("season") or "")
                return _around(days, today) if self._times.around.match(text[match.end() :]) else days
        return None

    def _year(self, groups: Mapping[str, str | None], today: date) -> int | None:
        """The year that a date names, in figures or by how long it is past."""
        if ago := groups.get("ago"):
            return today.year - self._times.ago[ago]
        if back := groups.get("back"):
            past = number(back)
            return today.year - past if past else None
        return _year(groups.get("year") or "", today)

    def reckoned(self, text: str, today: date) -> Days | None:
        """Since when, from when it was or will be so many years, or from how little is lacking."""
        for pattern in self._times.reckoned:
            match = pattern.search(text)
            years = number(match["years"]) if match else None
            if match is None or not years:
                continue
            groups = match.groupdict()
            if "lack" in groups:
                least, most = self._lacking(groups["lack"])
                return lasting(today, _YEAR * years - most, _YEAR * years - least) if most < _YEAR else None
            named = number(groups.get("month") or "")
            if near := groups.get("near"):
                full = _beside(today, self._times.near[near])
                return month(full.first.year - years, full.first.month)
            ago = groups.get("ago")
            year = today.year - (self._times.ago[ago] if ago else 0) - years
            return month(year, named) if named is None or named <= _YEAR else None
        return None

    def _lacking(self, text: str) -> tuple[int, int]:
        """How many months are lacking, at least and at most; a few days make one that is not full."""
        match = self._times.lack.search(text)
        count = number(match["n"]) if match else 1
        if match is None or count is None:
            return (1, 1) if match is None else (1, _YEAR - 3)
        return count, count + (1 if match["more"] else 0)

    def _part(self, days: Days, part: str, season: str) -> Days:
        """The third of a month or the months of a year, where one is named."""
        if part and days.first.day == 1:
            first, last = self._times.parts[part[0]]
            return Days(days.first.replace(day=first), days.first.replace(day=min(last, days.last.day)))
        if season:
            first, last = self._times.seasons[season]
            return Days(days.first.replace(month=first), month(days.first.year, last).last)
        return days

    def since(self, text: str, today: date) -> Days | None:
        """Since when something has lasted, from how long."""
        match = self._times.lasting.search(text) or self._times.months.search(text)
        if match is None or self._times.tens.search(text):
            return self._roundly(text, today)
        groups = match.groupdict()
        pair = self._numbers.pair.fullmatch(groups.get("years") or "")
        if pair and pair["a"]:
            low, high = number(pair["a"]) or 0, number(pair["b"]) or 0
            return lasting(today, _YEAR * low, _YEAR * high + _YEAR - 1) if high == low + 1 else None
        years = number(groups["years"]) if groups.get("years") else 0
        rest = number(groups["months"]) if groups["months"] else 0
        if years is None or rest is None:
            return None
        months = _YEAR * years + rest + (6 if groups["half"] and years else 0)
        width = 0 if rest else 5 if groups["half"] else _YEAR - 1
        if self._times.about.search(text) and not (groups["less"] or groups.get("short")):
            return lasting(today, max(0, months - (6 if years else 3)), months + width)
        return self._bounded(today, months, width, groups)

    def _roundly(self, text: str, today: date) -> Days | None:
        """Since when, from half a year or from tens of years and more."""
        if tens := self._times.tens.search(text):
            years = number(tens["tens"]) or 0
            low = years - 1 if tens["about"] else years
            return lasting(today, _YEAR * low, _YEAR * (years + 9) + _YEAR - 1)
        if half := self._times.half_year.search(text):
            return lasting(today, 0, 5) if half["less"] else lasting(today, 6, 8)
        return None

    def _bounded(self, today: date, months: int, width: int, groups: dict[str, str | None]) -> Days:
        if groups["less"] or groups.get("short"):
            return lasting(today, max(0, months - max(width, 1) - 1), max(0, months - 1))
        full = groups["full"] or ""
        if any(word in full for word in self._times.just):
            return lasting(today, months, months + 2)
        if any(word in full for word in self._times.least):
            return lasting(today, months, _LONG)
        return lasting(today, months, months + width)

    def born(self, match: re.Match[str], today: date) -> Days | None:
        """The birthdays of an age that was told, `less` than it (`short` of it), `just` reached, or `nominal`
        (counted from one at birth)."""
        groups = match.groupdict()
        age = number(groups["age"])
        if age is None:
            return None
        months = _YEAR * age
        if groups.get("nominal"):
            return lasting(today, months - 2 * _YEAR, months - 1)
        if groups.get("less") or groups.get("short"):
            return lasting(today, months - _YEAR, months - 1)
        return lasting(today, months, months + (5 if groups.get("just") else _YEAR - 1))

    def decade(self, text: str, today: date) -> Days | None:
        """The birthdays of somebody in his fifties, or about fifty."""
        match = self._times.decade.search(text)
        tens = number(match["tens"]) if match else None
        if match is None or tens is None:
            return None
        low, high = self._times.decades[match["how"]]
        return lasting(today, _YEAR * (tens + low), _YEAR * (tens + high) + _YEAR - 1)

    def share(self, text: str) -> Span | None:
        """A share in per cent, from figures, tenths or halves."""
        for words, (low, high) in self._numbers.percent.items():
            if words in text:
                return Span(low, high)
        hundredths = self._numbers.hundredths.search(text)
        if hundredths:
            return self.amount(text[: hundredths.start()] + text[hundredths.end() :])
        if tenths := self._numbers.tenths.search(text):
            return self._tenths(text, tenths)
        told = self.amount(text)
        if told is None or told.low > _WHOLE or 0 < told.high < 1:
            return None  # none of a hundred, or a share of one
        return Span(told.low, min(told.high, _WHOLE))

    def _tenths(self, text: str, match: re.Match[str]) -> Span | None:
        """A share told in tenths."""
        base = 10 * (number(match["n"]) or 0) + (5 if match["half"] else 0)
        pair = self._numbers.pair.search(text)
        if pair and pair["b"] and pair.end() == match.end("n"):
            return Span(10 * (number(pair["a"]) or 0), base)
        if match["more"]:
            return Span(base + 0.01, base + 9.99)
        return self._limited(text, match, base) or Span(base, base)

    def amount(self, text: str) -> Span | None:
        """A number, a pair of neighbours (五六个), or a round number and more."""
        pair = self._numbers.pair.search(text)
        if pair and pair["c"]:
            return Span(float(pair["c"]), float(pair["d"])) if float(pair["c"]) < float(pair["d"]) else None
        if pair:
            low, high = number(pair["a"]), number(pair["b"])
            if low and high and high == low + 1:
                by = 10 if pair["tens"] else 1
                return Span(low * by, high * by)
        match = self._numbers.single.search(text)
        if match is None:
            return None
        value = float(match["n"]) if match["n"][0].isdecimal() else number(match["n"])
        if value is None:
            return None
        return self._roughly(text, match, float(value))

    def _limited(self, text: str, match: re.Match[str], value: float) -> Span | None:
        """What is told as less or as no less than a number, before it or after it."""
        before, rest, numbers = text[: match.start()], text[match.end() :], self._numbers
        if numbers.under.match(rest) or any(before.endswith(word) for word in numbers.below):
            return Span(0, value - 0.01)
        if numbers.over.match(rest) or any(before.endswith(word) for word in numbers.above):
            return Span(value, max(value, numbers.most))
        return None

    def _roughly(self, text: str, match: re.Match[str], value: float) -> Span:
        rest = text[match.end() :]
        step = 9 if value % 10 == 0 and value else 0
        if step and self._numbers.more.match(rest):
            return Span(value + 1, value + step)
        if limited := self._limited(text, match, value):
            return limited
        if self._numbers.about.search(text) and value > 10 and value.is_integer():
            return Span(value - 5, value + 5)
        return Span(value, value)


def _beside(today: date, months: int) -> Days:
    """The month that is so many after that of a day."""
    at = _YEAR * today.year + today.month - 1 + months
    return month(at // _YEAR, at % _YEAR + 1)


def _around(days: Days, today: date) -> Days:
    """A date that is no more exact than a year, or two months where it is no whole year."""
    slack = _YEAR if days.last.month - days.first.month == _YEAR - 1 else 2
    first, last = months_before(days.first, slack), _beside(days.last, slack).last
    return Days(first, min(last, today))


def _lunar(year: int, number: int) -> Days:
    """The months that a month of the lunar calendar may fall in: its own number, or up to two later."""
    later = number + 1
    return Days(date(year, number, 1), month(year + later // _YEAR, later % _YEAR + 1).last)


def _exact(days: Days, named: str | None) -> Days:
    """The day of a month that is named; the whole month for one that it does not have."""
    day = number(named) if named else None
    if day is None or not 1 <= day <= days.last.day:
        return days
    return Days(days.first.replace(day=day), days.first.replace(day=day))


def _year(text: str, today: date) -> int | None:
    """A year in figures or digit words; of two digits the last such year that is not to come."""
    digits = "".join(map(_digit, text))
    if not digits.isdecimal():
        return None
    if len(digits) == 2:
        year = today.year - today.year % 100 + int(digits)
        return year if year <= today.year else year - 100
    return int(digits)


def _digit(char: str) -> str:
    """The figure that a character stands for, of either script; `""` for any other."""
    value = unicodedata.numeric(char, -1)
    return str(int(value)) if 0 <= value < 10 else ""
