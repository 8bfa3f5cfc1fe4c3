"""Stages as a calendar (RFC 5545): a file to import, or a feed to subscribe to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from knowledge.calendar import Deadline, Due, schedule
from knowledge.library import Library
from knowledge.notice import CHINA

if TYPE_CHECKING:
    from icalendar import Alarm, Event

MIME: Final = "text/calendar; charset=utf-8"

_TEMPLATES: Final = Path(__file__).parent / "templates"
_REREAD: Final = timedelta(hours=6)
"""How often a subscriber should read the feed again."""


def feed(library: Library, name: str, deadlines: Sequence[Deadline], as_of: datetime) -> bytes:
    """The calendar in UTF-8: an event for each stage, whichever of the programmes share it.

    A stage with a day is that day, the last safe one, or the hour that the notice names; a vague one spans
    its days. UIDs are the stages' ids: a feed read again moves an event, never doubles it. Alarms go off
    when the reminders do. `as_of` (aware) is when the knowledge is of; the same input gives the same bytes.
    """
    from icalendar import Calendar  # noqa: PLC0415 — 80 ms, which only a calendar should cost

    words = _words()
    calendar = Calendar.new(
        name=words.calendar(name), uid=_uid(name), prodid="-//jiangwen//feed//ZH", refresh_interval=_REREAD
    )
    calendar.add("X-WR-TIMEZONE", CHINA.key)
    sharing: dict[str, list[Deadline]] = {}
    for deadline in deadlines:
        sharing.setdefault(deadline.id, []).append(deadline)
    for shared in sharing.values():
        names = [library.programmes[deadline.programme][1].name for deadline in shared]
        calendar.add_component(_event(shared[0], names, as_of))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _event(deadline: Deadline, programmes: Sequence[str], as_of: datetime) -> Event:
    from icalendar import TRANSP, Event  # noqa: PLC0415 — as above

    words = _words()
    start, end = _span(deadline)
    event = Event.new(
        uid=_uid(deadline.id),
        stamp=as_of,
        start=start,
        end=end,
        summary=words.summary(deadline, programmes),
        description="\n".join(line for line in words.description(deadline).splitlines() if line.strip()),
        transparency=TRANSP.TRANSPARENT,
    )
    for due in schedule([deadline]):
        event.add_component(_alarm(due, words.alarm(due, programmes)))
    return event


def _span(deadline: Deadline) -> tuple[date, date | None]:
    """The days of a stage, the last exclusive; or the hour at which it ends."""
    first = last = deadline.counted_from
    if deadline.vague:
        first = deadline.fact.opens or last
    elif (end := deadline.safe_end.astimezone(CHINA)).time() != time.min:
        return end, None
    return first, last + timedelta(days=1)


def _alarm(due: Due, text: str) -> Alarm:
    from icalendar import Alarm  # noqa: PLC0415 — as above

    alarm = Alarm.new(description=text)
    alarm.add("ACTION", "DISPLAY")
    alarm.add("TRIGGER", due.at)
    return alarm


def _uid(name: str) -> str:
    return f"{name.replace('/', '.')}@jiangwen"


@cache
def _words() -> Any:
    """The macros of the template: `calendar`, `summary`, `description`, `alarm`."""
    templates = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        autoescape=select_autoescape(),  # by ending: a calendar is no HTML
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return templates.get_template("feed.j2").module
