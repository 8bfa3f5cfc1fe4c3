"""A person is wanted: the question goes to staff, and they to the person; and answers that did not help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from handlers import facts
from handlers.affairs import Desk
from handlers.alerts import Sending, Told
from handlers.contract import NOT_MINE, Choice, Effect, Kind, NotMine, Reply, Section, Turn
from handlers.handoff import place, presence, question
from knowledge.reading import Scope

_CITIES = 3
_MANY_CITIES = 9
_ENDS: Final = frozenset({"end_human", "check_quit"})
_HEARD: Final = frozenset(
    {"details", "privacy", "my_data", "forget", "confirm_forget", "stop_push", "resume_push"}
)
"""What the bot answers even while a person talks: what it has told, and everybody's rights."""


class Human:
    """转人工 hands the question to staff; it, 没帮到 and anger all name an office to call."""

    name = "human"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """Keeps the last question, and names the offices of the conversation's city, or of each city."""
        match turn.reading.act:
            case "human":
                return _wanted(turn)
            case "not_helpful":
                return _with_offices(turn, {}, *_unhelpful(turn))
            case "complaint":
                return _with_offices(turn, {})
            case "end_human":
                left = turn.affairs is not None and turn.affairs.desk.asked() is not None
                sections = [Section(template="human/back", values={"left": left})]
                return Reply(sections=sections, effects=_LEAVE if left else (), alone=True)
        return NOT_MINE

    def beside(self, turn: Turn) -> Reply | NotMine:
        """While somebody of the staff talks with the person: nothing, but the way back, once a time that
        nobody is there, and what belongs to the bot in any case."""
        desk = turn.affairs.desk if turn.affairs else None
        if desk is None or not desk.talking or turn.incoming.kind is Kind.EVENT or turn.reading.act in _HEARD:
            return NOT_MINE
        if turn.reading.act in _ENDS:
            section = Section(template="human/back", values={"left": True})
            return Reply(sections=[section], effects=_LEAVE, alone=True)
        away = _away(turn, desk)
        return Reply(sections=away, effects=_SAY, silent=not away, alone=True)

    def tell(self, sending: Sending) -> Told:
        """What staff wrote, or that they are gone."""
        return Told(values=dict(sending.values))


_LEAVE: Final = (Effect(name="leave_staff"),)
_SAY: Final = (Effect(name="say_to_staff"),)


def _wanted(turn: Turn) -> Reply:
    city, district = place(turn)
    asked = turn.affairs.desk.asked() if turn.affairs else None
    values = {
        "kept": turn.affairs is not None,
        "place": f"{city}{district}",
        "waiting": asked.state if asked and asked.why == "asked" else "",
        "presence": presence(turn, city, district),
    }
    text = turn.context.text or turn.reading.text
    effect = question(turn, why="asked", text=text, city=city, district=district)
    return _with_offices(turn, values, effect, choices=() if city else _cities(turn))


def _unhelpful(turn: Turn) -> tuple[Effect, Effect]:
    text = turn.context.text or turn.reading.text
    districts = turn.reading.districts or turn.context.districts
    where = {
        "city": turn.reading.city or turn.context.city,
        "district": districts[0] if len(districts) == 1 else "",
    }
    return (
        Effect(name="not_helpful", values={"question": text, "message_id": ""}),
        Effect(name="gap", values={"question": text, "why": "unhelpful", **where}),
    )


def _with_offices(
    turn: Turn, values: Mapping[str, Any], *effects: Effect, choices: tuple[Choice, ...] = ()
) -> Reply:
    city, district = place(turn)
    districts = (district,) if district else turn.reading.districts
    found = (facts.office_of(turn.library, scope, districts) for scope in _scopes(turn, city))
    offices = [office for office in found if office]
    shown = [*map(turn.library.office, offices)]
    section = Section(
        template=f"human/{turn.reading.act}",
        values={**values, "offices": shown},
        facts=tuple(s.id for s in offices),
    )
    return Reply(sections=[section], effects=effects, choices=choices, alone=True)


def _away(turn: Turn, desk: Desk) -> list[Section]:
    """That nobody is there now, and when somebody will be: said of the first word that waits."""
    asked = desk.asked()
    if asked is None or asked.waits_since is not None:
        return []
    there = presence(turn, asked.city, asked.district)
    return [] if there["open"] else [Section(template="human/away", values=there)]


def _scopes(turn: Turn, city: str) -> list[Scope]:
    notices = turn.library.of_city(city) if city else list(turn.library.notices.values())[:_CITIES]
    asked = turn.reading.programmes or turn.context.programmes
    return [
        Scope(notice=n.id, programmes=tuple(p for p in asked if p in {own.id for own in n.programmes}))
        for n in notices
    ]


def _cities(turn: Turn) -> tuple[Choice, ...]:
    cities = dict.fromkeys(notice.header.city for notice in turn.library.notices.values())
    return tuple(Choice(template="human/city", values={"city": city}) for city in list(cities)[:_MANY_CITIES])
