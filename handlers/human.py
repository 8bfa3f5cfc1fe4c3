"""A person is wanted: the office's number, the question kept for staff; and answers that did not help."""

from __future__ import annotations

from handlers import facts
from handlers.contract import NOT_MINE, Effect, NotMine, Reply, Section, Turn
from knowledge.reading import Scope

_CITIES = 3


class Human:
    """转人工, 没帮到 and anger all end with an office to call."""

    name = "human"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """Keeps the last question, and names the offices of the conversation's city, or of each city."""
        act = turn.reading.act
        if act not in ("human", "not_helpful", "complaint"):
            return NOT_MINE
        offices = [office for scope in _scopes(turn) if (office := facts.office(turn, scope))]
        return Reply(
            sections=[
                Section(
                    template=f"human/{act}",
                    values={"offices": [{"contact": s.fact, "cite": s.citation} for s in offices]},
                    facts=tuple(s.id for s in offices),
                )
            ],
            effects=_kept(turn, act),
            alone=True,
        )


def _scopes(turn: Turn) -> list[Scope]:
    city = turn.reading.city or turn.context.city
    notices = turn.library.of_city(city) if city else list(turn.library.notices.values())[:_CITIES]
    asked = turn.reading.programmes or turn.context.programmes
    return [
        Scope(notice=n.id, programmes=tuple(p for p in asked if p in {own.id for own in n.programmes}))
        for n in notices
    ]


def _kept(turn: Turn, act: str) -> list[Effect]:
    """The last question, for staff to answer or to learn from; of anger nothing."""
    if act == "complaint":
        return []
    question = turn.context.text or turn.reading.text
    city, districts = turn.reading.city or turn.context.city, turn.reading.districts or turn.context.districts
    if act == "human":
        programmes = turn.reading.programmes or turn.context.programmes
        values = {"city": city, "district": "、".join(districts), "programme": "、".join(programmes)}
        return [Effect(name="ask_staff", values={"question": question, **values})]
    place = {"city": city, "district": districts[0] if len(districts) == 1 else ""}
    return [
        Effect(name="not_helpful", values={"question": question, "message_id": ""}),
        Effect(name="gap", values={"question": question, "why": "unhelpful", **place}),
    ]
