"""What the notices do not say, said plainly, with the nearest thing they do say and whom to call."""

from __future__ import annotations

from handlers import facts
from handlers.chances import own_chances
from handlers.contract import NOT_MINE, NotMine, Reply, Section, Turn
from handlers.handoff import unanswered
from knowledge.library import Sourced
from knowledge.reading import Finding

_FIRST, _BESIDE, _LAST, _LEAST = 10, 1.5, 0.1, 2.0


class Silences:
    """One section a notice that is silent on something asked."""

    name = "silences"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """The topics without a word in the notice; a notice that answers nothing else says so too."""
        findings = turn.reading.findings
        others = any(finding.hits for finding in findings)
        sections = [
            _section(turn, finding) for finding in findings if finding.silent or (others and not finding.hits)
        ]
        sections += [
            Section(template="silences/unsure", scope=finding.scope, weight=_FIRST)
            for finding in findings
            if finding.unsure and not turn.reading.inherited
        ]
        return Reply(sections=sections, effects=[] if others else unanswered(turn)) if sections else NOT_MINE


def _section(turn: Turn, finding: Finding) -> Section:
    best = max((hit.score for other in turn.reading.findings for hit in other.hits), default=0.0)
    office = None if finding.hits else facts.office(turn, finding.scope)
    near = [turn.library.sourced[fact] for silent in finding.silent for fact in silent.near]
    shown = {hit.fact for hit in finding.hits} | ({office.id} if office else set())
    near = list({s.id: s for s in near if s.id not in shown and _fits(s, finding)}.values())
    others_know = best > max((hit.score for hit in finding.hits), default=_LEAST)
    first = _BESIDE if own_chances(turn) or _by_the_way(turn, finding) else _FIRST
    return Section(
        template="silences/silent",
        values={
            "topics": _topics(finding, case=False),
            "cases": _topics(finding, case=True),
            "notes": list(dict.fromkeys(silent.note for silent in finding.silent if silent.note)),
            "near": [facts.told(turn.library, s) for s in near],
            "office": turn.library.office(office) if office else None,
            "else_answered": bool(finding.hits),
        },
        facts=tuple(s.id for s in (*near, *([office] if office else []))),
        scope=finding.scope,
        weight=_LAST if others_know else first,
        beside=True,
    )


def _topics(finding: Finding, *, case: bool) -> list[str]:
    """What is asked and not said, each once, where the author has no sentence of his own for it."""
    silent = (s for s in finding.silent if not s.note and s.case is case)
    return list(dict.fromkeys(s.topic for s in silent))


def _by_the_way(turn: Turn, finding: Finding) -> bool:
    """Whether something else is asked more, and told in answer to words much like these."""
    asked, names = turn.reading.matters, turn.library.vocabulary.matters
    topics = {silent.topic for silent in finding.silent}
    silent = [weight for matter, weight in asked.items() if names[matter].name in topics]
    return bool(finding.pointed) and bool(silent) and max(silent) < max(asked.values())


def _fits(sourced: Sourced, finding: Finding) -> bool:
    asked, own = finding.scope.programmes, sourced.fact.programmes
    return not asked or not own or not set(asked).isdisjoint(own)
