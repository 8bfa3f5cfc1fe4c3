"""What lies outside the notices: another city, another edition, another subject."""

from __future__ import annotations

from handlers.contract import NOT_MINE, Choice, NotMine, Reply, Section, Turn
from knowledge.reading import ASK

_FEW_CITIES = 9


class Elsewhere:
    """Another city's or another year's selection: the library has none of it, and nothing is guessed."""

    name = "elsewhere"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """Says what is not held, and what is."""
        reading = turn.reading
        if reading.act != ASK or not (reading.other_city or reading.other_edition or reading.other_selection):
            return NOT_MINE
        notices = [
            n for n in turn.library.notices.values() if not reading.city or n.header.city == reading.city
        ]
        return Reply(
            sections=[
                Section(
                    template="fallback/elsewhere",
                    values={
                        "city": reading.other_city,
                        "edition": reading.other_edition,
                        "selection": reading.other_selection,
                        "held": [n.header for n in notices],
                    },
                )
            ],
            choices=_cities(turn) if reading.other_city else (),
            alone=True,
        )


class Fallback:
    """Nothing that the bot can answer: says so, and offers what it can."""

    name = "fallback"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """The topic, where one could be made out, is named as one that the notices do not have."""
        return Reply(
            sections=[Section(template="fallback/unknown", values={"strange": turn.reading.strange})],
            choices=_cities(turn),
        )


def _cities(turn: Turn) -> list[Choice]:
    cities = dict.fromkeys(n.header.city for n in turn.library.notices.values())
    return [Choice(template="fallback/city", values={"city": city}) for city in list(cities)[:_FEW_CITIES]]
