"""What surrounds an application: who is reminded when, what comes before it, how it stands afterwards.

Each type is filled from YAML by `knowledge.loading`; `docs/notices.md` tells authors what to write where.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from knowledge.notice import Record, Strings

_HOUR = re.compile(r"(0[89]|1\d|20):([0-5]\d)")


class Audience(StrEnum):
    """Who is reminded: people who asked for it, the contacts of units, the offices' own staff."""

    CANDIDATE = "candidate"
    UNIT = "unit"
    STAFF = "staff"


def _decent_hour(value: object) -> time:
    """`09:00`, no earlier than 08:00 and before 21:00."""
    match = _HOUR.fullmatch(str(value))
    if not match:
        raise ValueError('an hour of the day is written "09:00", from 08:00 and before 21:00, China\'s time')
    return time(int(match[1]), int(match[2]))


def _countdown(days: tuple[int, ...]) -> tuple[int, ...]:
    """Days before, each once, from the most to the fewest."""
    if sorted(set(days), reverse=True) != list(days):
        raise ValueError("days are listed from the most to the fewest, each once: [14, 7, 3, 1, 0]")
    return days


Hour = Annotated[time, BeforeValidator(_decent_hour)]
DaysBefore = Annotated[
    tuple[Annotated[int, Field(ge=0, le=90)], ...], Field(min_length=1), AfterValidator(_countdown)
]


class Reminding(Record):
    """What a notice changes of the plan for one audience: the stages, how many days before, at which hour."""

    stages: Strings | None = None
    days_before: DaysBefore | None = None
    at: Hour | None = None


class Reminders(Record):
    """What a notice changes of the shared plan, by audience."""

    candidate: Reminding = Reminding()
    unit: Reminding = Reminding()
    staff: Reminding = Reminding()


class Binding(Record):
    """How an audience is reminded unless a notice says otherwise: of all the stages that bind this side."""

    binds: Literal["applicant", "office"]
    days_before: DaysBefore
    at: Hour


class Defaults(Record):
    """The shared plan, by audience."""

    candidate: Binding
    unit: Binding
    staff: Binding


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """An audience's plan as it holds for one notice; `stages` are ids of the notice's own stages."""

    stages: frozenset[str]
    days_before: tuple[int, ...]
    at: time


Plan = Mapping[Audience, Reminder]


class Preparation(Record):
    """A step that the notice requires before a stage; `after` names the steps that come before it.

    How long it takes no notice says: staff enter that.
    """

    id: str = Field(min_length=1)
    name: str = Field(min_length=1)
    clause: Strings = Field(min_length=1)
    quote: str
    programmes: Strings = ()
    stage: str
    after: Strings = ()


class ReviewStatus(Record):
    """How an application stands: `word` as the platform or the office writes it, `words` its other spellings.

    `says` is the status in plain words. Where the source defines none, that is a reading: `label` says so
    and `ask` names the contact who knows. `actor` acts next, and does `next`; the date of the stage
    `expected` is when. `phase`: nothing is handed in yet (`open`), it lies with the offices
    (`submitted`), the unit has to mend it (`returned`), it is over (`done`).
    """

    id: str = Field(min_length=1)
    word: str = Field(min_length=1)
    words: Strings = ()
    programmes: Strings = ()
    clause: Strings = Field(min_length=1)
    phase: Literal["open", "submitted", "returned", "done"]
    says: str = Field(min_length=1)
    label: str = ""
    ask: Strings = ()
    actor: str = Field(min_length=1)
    next: str = Field(min_length=1)
    expected: str = ""

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every way in which it is written, the platform's first."""
        return (self.word, *self.words)
