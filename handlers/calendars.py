"""Deadlines in a person's own calendar: the link to a feed of programmes or of a unit, and taking it back."""

from __future__ import annotations

import json
from typing import Any, Final

from handlers.contract import NOT_MINE, Choice, Effect, NotMine, Reply, Section, Turn

_DAYS: Final = 400
"""How long a link opens its calendar: over the next season's notice."""


class Calendars:
    """订阅日历, 收回日历."""

    name = "calendars"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """A new link for the programmes that were named, else for the person's only unit, else the choice."""
        match turn.reading.act:
            case "calendar":
                return self._link(turn)
            case "calendar_revoke":
                effect = Effect(name="revoke_pages", values={"purpose": "feed"})
                section = Section(template="calendars/revoked")
                return Reply(sections=[section], effects=[effect], alone=True)
            case _:
                return NOT_MINE

    def _link(self, turn: Turn) -> Reply:
        if turn.links is None:
            return Reply(sections=[Section(template="calendars/no_link")], alone=True)
        content = _wanted(turn)
        if content is None:
            return _choose(turn)
        link = turn.links.new("feed")
        values = {"url": f"{link.url}/calendar.ics", "name": content["name"], "days": _DAYS}
        return Reply(
            sections=[Section(template="calendars/link", values=values, computed={"days": str(_DAYS)})],
            effects=[link.keep(json.dumps(content, ensure_ascii=False), days=_DAYS)],
            alone=True,
        )


def _wanted(turn: Turn) -> dict[str, Any] | None:
    """What the calendar shows (`bot.pages.feeds`): programmes, or whatever a unit's city has."""
    programmes = [p for p in turn.reading.programmes if p in turn.library.programmes]
    held = turn.affairs.units.mine() if turn.affairs else ()
    districts = turn.reading.districts or turn.context.districts
    if programmes:
        names = [turn.library.programmes[p][1].name for p in programmes]
        own = [unit.district for unit in held]
        district = districts[0] if districts else own[0] if own else ""
        return {"programmes": programmes, "city": "", "district": district, "name": names}
    if len(held) == 1:
        unit = held[0]
        return {"programmes": [], "city": unit.city, "district": unit.district, "name": [unit.name]}
    return None


def _choose(turn: Turn) -> Reply:
    choices = [
        Choice(template="calendars/programme", values={"name": programme.name}, says="calendars/says")
        for notice in turn.library.notices.values()
        if not notice.superseded_by
        for programme in notice.programmes
    ]
    return Reply(sections=[Section(template="calendars/which")], choices=choices, alone=True)
