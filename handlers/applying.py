"""How and where to apply, how the platform is used, and what its statuses show."""

from __future__ import annotations

from handlers import facts
from handlers.contract import NOT_MINE, NotMine, Reply, Section, Turn
from knowledge.library import Sourced
from knowledge.notice import Aspect, Place, Provision, Status, Step
from knowledge.reading import Finding

ASPECTS = frozenset({Aspect.PROCEDURE, Aspect.WHERE_TO_APPLY, Aspect.SYSTEM_MANUAL, Aspect.REVIEW_STATUS})


class Applying:
    """The steps in order where the procedure is asked as a whole, else what fits."""

    name = "applying"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """Sections a notice."""
        sections: list[Section] = []
        for finding in turn.reading.findings:
            chosen = _as_a_whole(turn, finding)
            chosen += [s for s in facts.hits(turn, finding, ASPECTS) if s not in chosen]
            if chosen:
                sections.append(facts.section(turn, finding, chosen))
        return Reply(sections=sections) if sections else NOT_MINE


def _as_a_whole(turn: Turn, finding: Finding) -> list[Sourced]:
    asked = set(finding.overview)
    rows: list[Sourced] = []
    if Aspect.PROCEDURE in asked:
        steps = [s for s in facts.facts_of(turn, finding.scope, Step) if s.fact.aspect is Aspect.PROCEDURE]
        steps.sort(key=lambda s: s.fact.order if isinstance(s.fact, Step) else 0)
        rows += _summed_up(turn, finding) or steps
    if not asked.isdisjoint({Aspect.PROCEDURE, Aspect.WHERE_TO_APPLY}):
        rows += [s for s in facts.facts_of(turn, finding.scope, Place) if not _closed(s)]
    if Aspect.REVIEW_STATUS in asked:
        rows += facts.facts_of(turn, finding.scope, Status)
    return rows


def _summed_up(turn: Turn, finding: Finding) -> list[Sourced]:
    """What tells of the procedure as a whole."""
    matters, regions = turn.library.vocabulary.matters, ("", *turn.reading.districts)
    return [
        s
        for s in facts.facts_of(turn, finding.scope, Provision)
        if s.aspect is Aspect.PROCEDURE and s.fact.region in regions and matters[s.fact.about[0]].general
    ]


def _closed(sourced: Sourced) -> bool:
    return isinstance(sourced.fact, Place) and sourced.fact.closed_to_public
