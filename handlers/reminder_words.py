"""What reminders, corrections and news show at the moment in which they are sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from handlers.alerts import Sending, Told
from knowledge.calendar import Deadline, Due, timeline
from knowledge.changes import COMPARED, Change, changes
from knowledge.library import Library
from knowledge.notice import CHINA, Stage
from knowledge.process import Audience as Side

_SHOWN = 4
"""How many changes of one kind are told one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A deadline of one or several programmes: `left` days to its last safe day, None where it has no day;
    `dates` of the reminders to come."""

    names: tuple[str, ...]
    deadline: Deadline
    left: int | None
    dates: tuple[datetime, ...]

    @property
    def day(self) -> date:
        return self.deadline.counted_from

    @property
    def cite(self) -> str:
        return self.deadline.stage.citation


def row(library: Library, same: Sequence[Deadline], dues: Sequence[Due], now: datetime) -> Row:
    """The deadlines of the programmes that share a stage, as one."""
    first = same[0]
    today = now.astimezone(CHINA).date()
    return Row(
        names=tuple(library.programmes[deadline.programme][1].name for deadline in same),
        deadline=first,
        left=None if first.vague else (first.counted_from - today).days,
        dates=tuple(due.at.astimezone(CHINA) for due in dues if due.deadline.id == first.id),
    )


def deadline(library: Library, values: Mapping[str, Any]) -> Deadline | None:
    """The deadline that an alert's values name, as it stands in this library; None where it is gone."""
    for programme in values["programmes"]:
        if programme in library.programmes:
            found = timeline(library, programme, values["district"], Side(values["side"]))
            return next((one for one in found if one.id == values["stage"]), None)
    return None


def told(sending: Sending) -> Told:
    """The values of the templates `reminders/*`; LookupError where the stage is no more."""
    if sending.template == "reminders/new_edition":
        return _new_edition(sending)
    values = sending.values
    found = deadline(sending.library, values)
    if found is None:
        raise LookupError(values["stage"])
    shown = row(sending.library, [found], [], sending.now)
    names = [sending.library.programmes[programme][1].name for programme in values["programmes"]]
    was = datetime.fromisoformat(values["was"]).astimezone(CHINA) if "was" in values else None
    return Told(
        values={
            "row": shown,
            "names": names,
            "notice": sending.library.programmes[found.programme][0].header,
            "district": values["district"],
            "unit": sending.unit,
            "url": sending.url,
            "rest": values.get("rest", False),
            "assumed": values.get("assumed", False),
            "was": was,
        },
        facts=(found.id, *([found.upper.id] if found.upper else [])),
        computed={"left": str(shown.left)} if shown.left is not None else {},
    )


def _new_edition(sending: Sending) -> Told:
    new = sending.library.notices[sending.values["notice"]]
    old = sending.library.notices.get(sending.values["before"])
    found = changes(old, new) if old else ()
    stages = [stage for _, stage in new.stages() if stage.binds == "applicant"]
    moved = [change for change in found if change.kind is Stage][:_SHOWN]
    return Told(
        values={
            "notice": new.header,
            "before": old.header if old else None,
            "names": [programme.name for programme in new.programmes],
            "stages": [
                (stage, sending.library.sourced[f"{part.id}/{stage.id}"].citation)
                for part, stage in new.stages()
                if stage in stages
            ],
            "moved": [(change.before, change.after) for change in moved if change.after],
            "counts": _counts(found),
            "url": sending.url,
        },
        facts=tuple(change.after.id for change in moved if change.after),
    )


def _counts(found: Sequence[Change]) -> dict[str, int]:
    """How many facts of each kind differ, but for the stages, which are told one by one."""
    return {
        kind.__name__.lower(): sum(change.kind is kind for change in found)
        for kind in COMPARED
        if kind is not Stage
    }
