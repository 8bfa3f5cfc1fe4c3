"""What is told of applications whose status has changed: to the unit, to the candidate, and again later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from typing import Final

from handlers.alerts import Alert, Audience, Premise, Who
from knowledge.notice import CHINA
from knowledge.workdays import WorkingDays

REMIND_AFTER: Final = (1, 2)
"""Working days after which an open return is reminded of."""
REMIND_AT: Final = time(9, 30)
_USEFUL: Final = timedelta(days=7)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A status that has changed. `before` is empty where the application is new, `return_id` 0 where nothing
    was sent back; `contact` is the candidate's own, `seats` how many confirmed contacts the unit has."""

    application: int
    unit: int | None
    district: str
    notice: str
    programme: str
    category: str
    name: str
    before: str
    status: str
    opinion: str
    return_id: int
    contact: int | None
    seats: int


def alerts(changes: Sequence[Change], *, occasion: str, workdays: WorkingDays, now: datetime) -> list[Alert]:
    """One message for each unit with all its changes, one for each bound candidate, and the reminders of what
    was sent back; `occasion` is the import's own name."""
    by_unit: dict[int, list[Change]] = {}
    for change in changes:
        if change.unit is not None and change.seats:
            by_unit.setdefault(change.unit, []).append(change)
    found: list[Alert] = []
    for unit, own in by_unit.items():
        audience = Audience(who=Who.SEATS, id=unit, confirmed=True)
        found += _told(own, audience, f"{occasion}:{unit}", unit, workdays, now)
    for change in changes:
        if change.contact is not None:
            audience = Audience(who=Who.CANDIDATE, id=change.application)
            name = f"{occasion}:of:{change.application}"
            found += _told([change], audience, name, None, workdays, now)
    return found


def _told(
    changes: Sequence[Change],
    audience: Audience,
    occasion: str,
    unit: int | None,
    workdays: WorkingDays,
    now: datetime,
) -> Iterator[Alert]:
    returned = [change for change in changes if change.return_id]
    values = {"mine": unit is None, "changes": [asdict(change) for change in changes]}
    yield Alert(
        kind="returned" if returned else "status",
        template="status/returned" if returned else "status/changed",
        values=values,
        audience=audience,
        occasion=occasion,
        due_at=now,
        not_after=now + _USEFUL,
        unit=unit,
    )
    if not returned:
        return
    premise = Premise(what="return", of=",".join(str(change.return_id) for change in returned))
    left = {
        "mine": unit is None,
        "changes": [asdict(change) for change in returned],
        "since": now.isoformat(),
    }
    for days in REMIND_AFTER:
        due = _working_day(now, days, workdays)
        yield Alert(
            kind="returned",
            template="status/reminder",
            values=left,
            audience=audience,
            occasion=f"{occasion}:+{days}",
            due_at=due,
            not_after=due + _DAY,
            premises=[premise],
            unit=unit,
        )


def _working_day(now: datetime, days: int, workdays: WorkingDays) -> datetime:
    day = workdays.add(now.astimezone(CHINA).date(), days).value
    return datetime.combine(day, REMIND_AT, CHINA)


def unheard(changes: Iterable[Change]) -> dict[str, int]:
    """How many changes nobody of a unit hears of, by district."""
    found: dict[str, int] = {}
    for change in changes:
        if change.unit is None or not change.seats:
            found[change.district] = found.get(change.district, 0) + 1
    return found
