"""When an office is there: its sessions on working days, when it opens next, how long it has let wait.

Pure: moments come in and go out aware, days and hours are China's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Final

from knowledge.notice import CHINA
from knowledge.workdays import WorkingDays

_DAY: Final = timedelta(days=1)
_AHEAD: Final = 60
"""Days that are looked through for one that is worked; no holiday is so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The sessions of a working day, with the break between them; `assumed` where nobody has said so."""

    sessions: tuple[tuple[time, time], ...]
    assumed: bool = False

    @classmethod
    def of(cls, pairs: Sequence[tuple[str, str]]) -> Opening:
        """From pairs of `HH:MM`; ValueError where they are no times, or not one after the other."""
        sessions = tuple((time.fromisoformat(start), time.fromisoformat(end)) for start, end in pairs)
        marks = [mark for session in sessions for mark in session]
        if not marks or any(later <= earlier for earlier, later in pairwise(marks)):
            raise ValueError("sessions come one after the other, and end after they begin")
        return cls(sessions=sessions)

    def is_open(self, now: datetime, workdays: WorkingDays) -> bool:
        """Whether somebody is there."""
        local = now.astimezone(CHINA)
        return any(start <= local < end for start, end in self._of_day(local.date(), workdays))

    def opens(self, now: datetime, workdays: WorkingDays) -> datetime:
        """When somebody is there next: `now` where the office is open."""
        for start, end in self._sessions(now, workdays):
            if end > now:
                return max(start, now)
        raise ValueError("no working day is near")

    def passed(self, since: datetime, until: datetime, workdays: WorkingDays) -> timedelta:
        """How much of the time between two moments the office was open."""
        total = timedelta()
        for start, end in self._sessions(since, workdays):
            if start >= until:
                break
            total += max(timedelta(), min(end, until) - max(start, since))
        return total

    def _sessions(self, since: datetime, workdays: WorkingDays) -> Iterator[tuple[datetime, datetime]]:
        first = since.astimezone(CHINA).date()
        for ahead in range(_AHEAD):
            yield from self._of_day(first + _DAY * ahead, workdays)

    def _of_day(self, day: date, workdays: WorkingDays) -> Iterator[tuple[datetime, datetime]]:
        if workdays.is_working(day).value:
            for start, end in self.sessions:
                yield datetime.combine(day, start, CHINA), datetime.combine(day, end, CHINA)


USUAL: Final = Opening(
    sessions=((time(9), time(12)), (time(13, 30), time(17))),
    assumed=True,
)
"""Where staff have entered nothing: the hours that city offices commonly keep, all within them."""


def opening(pairs: Sequence[tuple[str, str]] | None) -> Opening:
    """What was entered, or the usual."""
    return Opening.of(pairs) if pairs is not None else USUAL
