"""Which notices there are, where they stand today, and any clause word for word."""

from __future__ import annotations

from handlers import facts
from handlers.contract import NOT_MINE, Choice, NotMine, Reply, Section, Turn
from knowledge.library import clause_key
from knowledge.notice import Award
from knowledge.reading import ASK, Scope

_LITTLE = 2
_TOPICS = ("conditions", "deadline", "materials", "place", "contact")


class Notices:
    """看通知: a list with each one's season; `二（一）4 原文` gives the clause."""

    name = "notices"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """The list, or the clause that the message names."""
        if turn.reading.act == "menu_notices":
            notices = [n for n in turn.library.notices.values() if not n.superseded_by]
            rows = [{"header": n.header, "season": str(n.season(turn.now))} for n in notices]
            choices = [
                Choice(template="notices/choice", values={"header": n.header}, says="notices/city")
                for n in notices
            ]
            return Reply(
                sections=[Section(template="notices/list", values={"rows": rows})],
                choices=choices,
                alone=True,
            )
        if quoted := _quoted(turn):
            return Reply(sections=quoted, alone=True)
        return _introduction(turn) if _names_only(turn) else NOT_MINE


def _names_only(turn: Turn) -> bool:
    """A city or a programme and nothing asked about it."""
    reading = turn.reading
    named = bool(reading.programmes or reading.city_from == "said")
    if turn.library.vocabulary.patterns.chances.wish(reading.rest):
        return False
    return reading.act == ASK and named and not reading.topics() and len(reading.rest) <= _LITTLE


def _introduction(turn: Turn) -> Reply:
    """What the programmes are, and what can be asked of them."""
    city = turn.reading.city
    ids = turn.reading.programmes or tuple(p.id for n in turn.library.of_city(city) for p in n.programmes)
    named = [turn.library.programmes[id_] for id_ in ids]
    awards = [
        sourced
        for notice, programme in named
        for sourced in turn.library.facts(notice)
        if isinstance(sourced.fact, Award) and programme.id in sourced.fact.programmes
    ]
    scopes = [
        Scope(notice=notice, programmes=tuple(p.id for n, p in named if n.id == notice))
        for notice in dict.fromkeys(notice.id for notice, _ in named)
    ]
    sections = [
        Section(
            template="facts/list",
            values={
                "label": "",
                "rows": [facts.row(s) for s in awards if s.notice.id == scope.notice],
            },
            facts=tuple(s.id for s in awards if s.notice.id == scope.notice),
            scope=scope,
        )
        for scope in scopes
    ]
    subject = named[0][1].name if len(named) == 1 else city or "、".join(p.name for _, p in named)
    choices = [Choice(template=f"notices/ask_{topic}", values={"name": subject}) for topic in _TOPICS]
    return Reply(sections=sections, choices=[*facts.checks(turn, scopes), *choices], alone=True)


def _quoted(turn: Turn) -> list[Section]:
    """The clauses whose ids the message is, as somebody copies them from an answer."""
    city = turn.reading.city or turn.context.city
    return [
        Section(
            template="notices/clause",
            values={"cite": clause.citation, "text": clause.text, "header": part.header},
            facts=tuple(f"{part.id}/{fact.id}" for fact in part.facts if clause.id in fact.clause),
            scope=Scope(notice=notice.id),
        )
        for notice, part, clause in turn.library.clauses.get(_key(turn), ())
        if not city or notice.header.city == city
    ]


def _key(turn: Turn) -> str:
    """The clause that the message is about, without the words that ask for its text."""
    return clause_key(turn.library.vocabulary.patterns.clause.sub("", turn.reading.unnamed))
