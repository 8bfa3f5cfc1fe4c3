"""What lies outside the notices: another city, another edition, another subject."""

from __future__ import annotations

from handlers import facts
from handlers.contract import NOT_MINE, Choice, NotMine, Reply, Section, Turn
from handlers.handoff import unanswered
from knowledge.edition import Notice
from knowledge.reading import ASK, Scope

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
            n
            for n in turn.library.notices.values()
            if not reading.city or n.header.city == reading.city or _named(n, reading.other_selection)
        ]
        # of another year these offices know, and there may be news of it; of another city neither holds
        scopes = [_scope(turn, notice) for notice in notices] if reading.other_edition else []
        offices = [facts.office(turn, scope) for scope in scopes] or [None] * len(notices)
        return Reply(
            sections=[
                Section(
                    template="fallback/elsewhere",
                    values={
                        "city": reading.other_city,
                        "edition": reading.other_edition,
                        "selection": reading.other_selection,
                        "held": [
                            (notice, turn.library.office(office) if office else None)
                            for notice, office in zip(notices, offices, strict=True)
                        ],
                    },
                    facts=tuple(office.id for office in offices if office),
                )
            ],
            choices=_cities(turn) if reading.other_city else [facts.tell_me(turn, scope) for scope in scopes],
            alone=True,
        )


class Fallback:
    """Nothing that the bot can answer: says so, and offers what it can."""

    name = "fallback"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """The topic, where one could be made out, is named as one that the notices do not have."""
        if turn.reading.act == "more":
            return Reply(sections=[Section(template="conversation/no_more")])
        scopes = [finding.scope for finding in turn.reading.findings]
        if scopes:
            return Reply(sections=[_unwritten(turn, scope) for scope in scopes], effects=unanswered(turn))
        return Reply(
            sections=[Section(template="fallback/unknown", values={"strange": turn.reading.strange})],
            choices=_cities(turn),
            effects=unanswered(turn),
        )


def _scope(turn: Turn, notice: Notice) -> Scope:
    """The programmes of a notice that were named."""
    own = {programme.id for programme in notice.programmes}
    return Scope(notice=notice.id, programmes=tuple(p for p in turn.reading.programmes if p in own))


def _named(notice: Notice, selection: str) -> bool:
    return any(selection.endswith(name) for p in notice.programmes for name in (p.name, *p.names))


def _unwritten(turn: Turn, scope: Scope) -> Section:
    """Asked of a notice, and nothing in it fits: the office to call."""
    office = facts.office(turn, scope)
    return Section(
        template="fallback/unwritten",
        values={"office": turn.library.office(office) if office else None},
        facts=(office.id,) if office else (),
        scope=scope,
    )


def _cities(turn: Turn) -> list[Choice]:
    cities = dict.fromkeys(n.header.city for n in turn.library.notices.values())
    return [Choice(template="fallback/city", values={"city": city}) for city in list(cities)[:_FEW_CITIES]]
