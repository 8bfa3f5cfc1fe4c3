"""Two programmes side by side."""

from __future__ import annotations

from handlers import facts
from handlers.contract import NOT_MINE, NotMine, Reply, Section, Turn
from knowledge.notice import Aspect
from knowledge.reading import Finding, Scope

_MATTERS = ("level", "age", "title", "honours", "award.count", "quota.body", "way", "money.bonus")
_WORTH = 2


class Comparing:
    """区别: the same matters for each programme, a silence said as such."""

    name = "comparing"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """Only where at least two programmes are meant and no finer matter is asked."""
        reading = turn.reading
        if Aspect.COMPARE not in reading.aspects:
            return NOT_MINE
        pairs = [
            (finding, programme)
            for finding in reading.findings
            if Aspect.COMPARE in finding.overview
            for programme in facts.programmes_of(turn, finding.scope)
        ]
        if len(pairs) < _WORTH:
            return NOT_MINE
        return Reply(sections=[_section(turn, finding, programme) for finding, programme in pairs])


def _section(turn: Turn, finding: Finding, programme: str) -> Section:
    scope = Scope(notice=finding.scope.notice, programmes=(programme,))
    lines, used = [], []
    for matter in _MATTERS:
        own = [
            sourced
            for sourced in turn.library.facts(facts.notice_of(turn, scope))
            if sourced.fact.about[0] == matter and programme in sourced.fact.programmes
        ][:2]
        used += own
        lines.append((turn.library.vocabulary.matters[matter].name, [facts.row(s) for s in own]))
    return Section(
        template="comparing/programme",
        values={"programme": turn.library.programmes[programme][1].name, "lines": lines},
        facts=tuple(s.id for s in used),
        scope=finding.scope,
        weight=4,
    )
