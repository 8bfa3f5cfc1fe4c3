"""A question is handed to staff: of which place, as which record, and when somebody is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handlers import season
from handlers.contract import Effect, Turn
from knowledge.notice import CHINA
from knowledge.opening import opening
from knowledge.reading import ASK
from knowledge.workdays import WorkingDays


def place(turn: Turn) -> tuple[str, str]:
    """City and district whose staff a question is for, as far as they are known: by what was said, else by
    the unit that the person speaks for. A question about several districts is the city's."""
    city = turn.reading.city or turn.context.city
    said = turn.reading.districts or turn.context.districts
    if city and said:
        return city, said[0] if len(said) == 1 else ""
    seats = turn.affairs.units.mine() if turn.affairs else ()
    own = {(held.city, held.district) for held in seats if city in ("", held.city)}
    return own.pop() if len(own) == 1 else (city, "")


def question(turn: Turn, *, why: str, text: str, city: str, district: str) -> Effect:
    """The record of a question for staff: `asked` for a person, or `unanswered` by the bot."""
    programmes = turn.reading.programmes or turn.context.programmes
    values = {"question": text, "why": why, "city": city, "district": district}
    return Effect(name="ask_staff", values={**values, "programme": ",".join(programmes)})


def unanswered(turn: Turn) -> list[Effect]:
    """The record of a question that nothing here answers, where it is one, and of a known city."""
    city, district = place(turn)
    if not city or turn.reading.act != ASK:
        return []
    return [question(turn, why="unanswered", text=turn.reading.text, city=city, district=district)]


def presence(turn: Turn, city: str, district: str) -> Mapping[str, Any]:
    """What a template says of when staff are there: `sessions`, whether they are `assumed`, whether somebody
    is there (`open`), else when (`opens`, in `days` from today)."""
    entered = turn.affairs.desk.hours(city=city, district=district) if turn.affairs else None
    hours = opening(entered)
    workdays = season.workdays(turn.affairs.entered.days()) if turn.affairs else WorkingDays()
    opens = hours.opens(turn.now, workdays).astimezone(CHINA)
    return {
        "sessions": [(start.strftime("%H:%M"), end.strftime("%H:%M")) for start, end in hours.sessions],
        "assumed": hours.assumed,
        "open": hours.is_open(turn.now, workdays),
        "opens": opens,
        "days": (opens.date() - turn.now.astimezone(CHINA).date()).days,
    }
