"""The start of a self-check: the programme, its conditions one by one, and what was said so far."""

from __future__ import annotations

from handlers import facts
from handlers.contract import NOT_MINE, Choice, NotMine, Reply, Section, Turn
from knowledge.library import Sourced
from knowledge.notice import Aspect, Condition
from knowledge.reading import ASK, Scope

_ROLES = ("all", "soft", "any", "host", "exclusion", "slot")


class SelfCheck:
    """我能报吗: the conditions to hold one's own case against; the programme is chosen first."""

    name = "selfcheck"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """With a programme its conditions, without one the choice of a programme."""
        if turn.reading.act == "menu_check":
            return Reply(
                sections=[Section(template="selfcheck/choose")], choices=_every_programme(turn), alone=True
            )
        if turn.reading.act != ASK or Aspect.SELFCHECK not in turn.reading.aspects[:2]:
            return NOT_MINE
        scopes = [finding.scope for finding in turn.reading.findings if finding.scope.programmes]
        if not scopes:
            return Reply(
                sections=[Section(template="selfcheck/choose")], choices=_every_programme(turn), alone=True
            )
        return Reply(sections=[section for scope in scopes for section in _conditions(turn, scope)])


def _conditions(turn: Turn, scope: Scope) -> list[Section]:
    result = []
    for programme in scope.programmes:
        own = Scope(notice=scope.notice, programmes=(programme,))
        rows = [s for s in facts.facts_of(turn, own, Condition) if _checked(s)]
        result.append(
            Section(
                template="selfcheck/conditions",
                values={
                    "programme": turn.library.programmes[programme][1].name,
                    "groups": facts.groups(rows, _ROLES),
                    "stated": [said.words for said in turn.reading.stated],
                },
                facts=tuple(s.id for s in rows),
                scope=scope,
                weight=4,
            )
        )
    return result


def _checked(sourced: Sourced) -> bool:
    return isinstance(sourced.fact, Condition) and sourced.fact.role in _ROLES


def _every_programme(turn: Turn) -> list[Choice]:
    city = turn.reading.city
    return [
        Choice(template="selfcheck/programme", values={"programme": p.name}, says="selfcheck/start")
        for notice, p in turn.library.programmes.values()
        if not notice.superseded_by and (not city or notice.header.city == city)
    ]
