"""Until when, and what comes when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from handlers import facts
from handlers.contract import NOT_MINE, NotMine, Reply, Section, Turn
from knowledge.library import Sourced
from knowledge.notice import CHINA, Aspect, Stage
from knowledge.reading import Finding

ASPECTS = frozenset({Aspect.DEADLINE, Aspect.TIMELINE})
_LEAST, _ASKED = 2.0, 3.5
_NEARLY = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A stage seen from now: `left` whole days to the last one on which one is surely in time, below 0 on a
    day that the wording leaves open; None where it cannot be counted."""

    stage: Stage
    cite: str
    passed: bool
    left: int | None


class Deadlines:
    """The applicants' deadlines, layered as the notice and its relays have them, or the stages asked."""

    name = "deadlines"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """One section a notice, each stage with the days left or the word that it is past."""
        sections = []
        for finding in turn.reading.findings:
            chosen = facts.hits(turn, finding, ASPECTS)
            stages = [s for s in chosen if isinstance(s.fact, Stage)]
            asked = set(finding.overview) & ASPECTS
            if Aspect.DEADLINE in asked or any(s.fact.aspect is Aspect.DEADLINE for s in stages[:1]):
                meant = _meant(finding, stages) if not asked else _named(turn, finding, stages)
                stages = _merged(_applicants(turn, finding), meant)
            elif Aspect.TIMELINE in asked:
                stages = list(facts.facts_of(turn, finding.scope, Stage))
            if stages and not asked and turn.library.vocabulary.patterns.next_step.search(turn.reading.text):
                stages = _with_next(turn, finding, stages)
            others = [s for s in chosen if not isinstance(s.fact, Stage)]
            if stages:
                least = max(_ASKED, facts.weight(finding, others)) if asked else _least(turn, finding)
                sections.append(_section(turn, finding, stages, least))
            if others:
                sections.append(facts.section(turn, finding, others))
        choices = [
            facts.tell_me(turn, section.scope)
            for section in sections
            if section.scope and section.values.get("closed")
        ]
        return Reply(sections=sections, choices=choices) if sections else NOT_MINE


def _applicants(turn: Turn, finding: Finding) -> list[Sourced]:
    """The stages that bind applicants; those of another district than the one asked are left out."""
    districts = turn.reading.districts
    rows = [
        s
        for s in facts.facts_of(turn, finding.scope, Stage)
        if _stage(s).binds == "applicant"
        and (not districts or not s.fact.region or s.fact.region in districts)
    ]
    return sorted(rows, key=lambda s: _stage(s).ends)


def _meant(finding: Finding, stages: list[Sourced]) -> list[Sourced]:
    """The stages that the question is about nearly as much as about the best of them."""
    scores = {hit.fact: hit.score for hit in finding.hits}
    least = _NEARLY * max((scores[s.id] for s in stages), default=0.0)
    return [s for s in stages if s.id in finding.pointed or scores[s.id] >= least]


def _least(turn: Turn, finding: Finding) -> float:
    """How heavy the stages are at the least: as what fits best, where deadlines are asked most of all."""
    most = turn.reading.aspects[:1] == (Aspect.DEADLINE,)
    return max((hit.score for hit in finding.hits), default=_LEAST) if most else _LEAST


def _named(turn: Turn, finding: Finding, stages: list[Sourced]) -> list[Sourced]:
    """The stage that fits better than anything else, and those whose last day was called."""
    dates = turn.library.vocabulary.patterns.date.finditer(turn.reading.text)
    called = {(int(match[1]), int(match[2])) for match in dates}
    last = {s.id: _stage(s).last_day for s in stages}
    return [s for s in stages if s.id == finding.hits[0].fact or (last[s.id].month, last[s.id].day) in called]


def _with_next(turn: Turn, finding: Finding, stages: list[Sourced]) -> list[Sourced]:
    """What comes after the stage that is meant, then that one."""
    order = _stage(stages[0]).order
    later = [s for s in facts.facts_of(turn, finding.scope, Stage) if _stage(s).order > order]
    following = min(later, key=lambda s: _stage(s).order, default=None)
    return [following, stages[0]] if following else stages


def _merged(first: list[Sourced], second: list[Sourced]) -> list[Sourced]:
    return list({s.id: s for s in (*first, *second)}.values())


def _stage(sourced: Sourced) -> Stage:
    assert isinstance(sourced.fact, Stage)
    return sourced.fact


def _section(turn: Turn, finding: Finding, stages: list[Sourced], least: float) -> Section:
    moments = [_moment(s, turn.now) for s in stages]
    closed = all(m.passed for m in moments) and any(_stage(s).binds == "applicant" for s in stages)
    office = facts.office(turn, finding.scope)
    return Section(
        template="deadlines/stages",
        values={
            "moments": moments,
            "closed": closed,
            "unlisted": _unlisted(turn, finding, stages),
            "office": turn.library.office(office) if office and closed else None,
        },
        facts=tuple(s.id for s in (*stages, *([office] if office and closed else []))),
        computed={
            f"left.{s.id}": str(m.left) for s, m in zip(stages, moments, strict=True) if m.left is not None
        },
        scope=finding.scope,
        weight=max(facts.weight(finding, stages), least),
    )


def _unlisted(turn: Turn, finding: Finding, stages: list[Sourced]) -> tuple[str, ...]:
    """The districts asked about that have no date of their own, where another has."""
    regions = {region.name for region in facts.notice_of(turn, finding.scope).regions}
    dated = {s.fact.region for s in facts.facts_of(turn, finding.scope, Stage)} - {""}
    asked = [d for d in turn.reading.districts if d in regions and d not in dated]
    return tuple(asked) if dated and any(_stage(s).binds == "applicant" for s in stages) else ()


def _moment(sourced: Sourced, now: datetime) -> Moment:
    stage = _stage(sourced)
    passed = now >= stage.ends
    today = now.astimezone(CHINA).date()
    left = None if passed or stage.vague else (stage.counted_from - today).days
    return Moment(stage=stage, cite=sourced.citation, passed=passed, left=left)
