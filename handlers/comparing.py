"""Two programmes side by side."""

from __future__ import annotations

from collections.abc import Sequence

from handlers import facts
from handlers.contract import NOT_MINE, NotMine, Reply, Section, Turn
from knowledge.library import Sourced
from knowledge.notice import Aspect
from knowledge.reading import Finding

ASPECTS = frozenset({Aspect.COMPARE})
_MATTERS = ("level", "age", "title", "honours", "contests", "award.count", "quota.body", "way", "money.bonus")
_TABLED = frozenset(
    {
        Aspect.COMPARE,
        Aspect.ELIGIBILITY,
        Aspect.REQUIREMENTS,
        Aspect.ABOUT,
        Aspect.QUOTA,
        Aspect.AWARD_COUNT,
        Aspect.SUPPORT_MONEY,
        Aspect.PROCEDURE,
    }
)
"""What the table tells of: where anything else is compared, the others' answers stand side by side."""
_WORTH = 2
_TABLE = 4.0


class Comparing:
    """区别: the same matters for each programme, a silence said as such."""

    name = "comparing"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """What the notices compare themselves, and side by side where at least two programmes are meant."""
        sections = [
            facts.section(turn, finding, compared, heavier=_TABLE)
            for finding in turn.reading.findings
            if _TABLED.issuperset(finding.overview) and (compared := facts.hits(turn, finding, ASPECTS))
        ]
        pairs = [
            (finding, programme)
            for finding in turn.reading.findings
            if Aspect.COMPARE in finding.overview and _TABLED.issuperset(finding.overview)
            for programme in facts.programmes_of(turn, finding.scope)
        ]
        if len(pairs) >= _WORTH:
            sections.append(_table(turn, pairs))
        return Reply(sections=sections) if sections else NOT_MINE


def _table(turn: Turn, pairs: Sequence[tuple[Finding, str]]) -> Section:
    """A line for each programme under each matter; a matter on which all are silent is left out."""
    used: list[Sourced] = []
    lines: list[dict[str, object]] = []
    for matter in _MATTERS:
        rows = [(programme, _about(turn, finding, programme, matter)) for finding, programme in pairs]
        if not any(own for _, own in rows):
            continue
        used += [own for _, own in rows if own]
        lines.append(
            {
                "matter": turn.library.vocabulary.matters[matter].name,
                "rows": [
                    {
                        "programme": turn.library.programmes[programme][1].name,
                        "row": facts.row(own) if own else None,
                    }
                    for programme, own in rows
                ],
            }
        )
    scopes = {finding.scope for finding, _ in pairs}
    return Section(
        template="comparing/table",
        values={"lines": lines},
        facts=tuple(s.id for s in used),
        scope=scopes.pop() if len(scopes) == 1 else None,
        weight=_TABLE,
    )


def _about(turn: Turn, finding: Finding, programme: str, matter: str) -> Sourced | None:
    """What the notice says of a matter for the programme: before all else a fact that is about just that."""
    held = [
        sourced
        for sourced in turn.library.about(facts.notice_of(turn, finding.scope), matter)
        if not sourced.fact.programmes or programme in sourced.fact.programmes
    ]
    return min(held, key=lambda s: (not s.fact.programmes, s.fact.about.index(matter)), default=None)
