"""Two programmes side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from handlers import facts
from handlers.contract import NOT_MINE, NotMine, Reply, Section, Turn
from knowledge.library import Sourced
from knowledge.notice import Aspect
from knowledge.reading import Finding, Scope

ASPECTS = frozenset({Aspect.COMPARE})
_MATTERS = ("level", "age", "title", "honours", "contests", "award.count", "quota.body", "way", "money.bonus")
_TABLED = frozenset({Aspect.COMPARE, Aspect.ELIGIBILITY, Aspect.REQUIREMENTS, Aspect.ABOUT, Aspect.PROCEDURE})
"""What asks for the whole table: where anything else is compared, others' answers stand side by side."""
_FIGURES = frozenset({Aspect.AWARD_COUNT, Aspect.SUPPORT_MONEY})
_APART = frozenset({Aspect.DEADLINE, Aspect.TIMELINE, Aspect.QUOTA, Aspect.CONTACT, Aspect.ADDRESS})
"""What has its own way to be told, with days left, by body, by district."""
_WORTH = 2
_TABLE = 4.0
_BESIDE = frozenset({"contacts"})


@dataclass(frozen=True, slots=True)
class _Word:
    """What a notice says of a matter, with the fact that says it; of one it is silent on, its author."""

    row: facts.Row
    fact: str = ""


class Comparing:
    """区别: the same matters for each programme, a silence said as such."""

    name = "comparing"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """What the notices compare themselves, and side by side where at least two programmes are meant: the
        matters asked for alone, where each notice has a word on them."""
        matters = turn.library.vocabulary.matters
        if any(matters[matter].aspect in _APART for matter in turn.reading.compared):
            return NOT_MINE
        if sections := _in_matters(turn):
            return Reply(sections=sections, beside=_BESIDE)
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


def _in_matters(turn: Turn) -> list[Section]:
    """A section for each notice: what it says on the matters in which the programmes named are compared.
    None at all where one of the notices has no word on one of them for one of these."""
    findings, matters = turn.reading.findings, turn.reading.compared or _of_figures(turn)
    if not matters or sum(len(finding.scope.programmes) for finding in findings) < _WORTH:
        return []
    sections = []
    for finding in findings:
        lines = {}
        for matter in matters:
            words = [_word(turn, finding, programme, matter) for programme in finding.scope.programmes]
            lines[turn.library.vocabulary.matters[matter].name] = list(dict.fromkeys(filter(None, words)))
            if None in words:
                return []
        sections.append(
            Section(
                template="comparing/matters",
                values={"lines": lines},
                facts=tuple(word.fact for words in lines.values() for word in words if word.fact),
                scope=finding.scope,
                weight=_TABLE,
            )
        )
    return sections


def _of_figures(turn: Turn) -> list[str]:
    """Those of the table of which programmes are asked as a whole which has more."""
    overviews = {aspect for finding in turn.reading.findings for aspect in finding.overview}
    if Aspect.COMPARE not in overviews:
        return []
    asked, matters = overviews & _FIGURES, turn.library.vocabulary.matters
    return [matter for matter in _MATTERS if matters[matter].aspect in asked]


def _word(turn: Turn, finding: Finding, programme: str, matter: str) -> _Word | None:
    """What a notice says of a matter for the programme, or else its author of its silence."""
    if sourced := _about(turn, finding, programme, matter):
        return _Word(facts.row(sourced), sourced.id)
    silence = facts.notice_of(turn, finding.scope).silence(matter, (programme,))
    return _Word(facts.Row(say=silence.say, cite="")) if silence and silence.say else None


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
    scopes = list(dict.fromkeys(finding.scope for finding, _ in pairs))
    return Section(
        template="comparing/table",
        values={"lines": lines, "sources": [_source(turn, scope) for scope in scopes if len(scopes) > 1]},
        facts=tuple(s.id for s in used),
        scope=scopes[0] if len(scopes) == 1 else None,
        weight=_TABLE,
    )


def _source(turn: Turn, scope: Scope) -> dict[str, object]:
    """The programmes of a scope and the document that they are from."""
    names = [turn.library.programmes[programme][1].name for programme in facts.programmes_of(turn, scope)]
    return {"names": names, "doc_no": facts.notice_of(turn, scope).header.doc_no}


def _about(turn: Turn, finding: Finding, programme: str, matter: str) -> Sourced | None:
    """What the notice says of a matter for the programme: a fact that is about just that before others, then
    what fits the question best."""
    held = [
        sourced
        for sourced in turn.library.about(facts.notice_of(turn, finding.scope), matter)
        if not sourced.fact.programmes or programme in sourced.fact.programmes
    ]
    scores = {hit.fact: hit.score for hit in finding.hits}
    return min(
        held,
        key=lambda s: (s.fact.about.index(matter), not s.fact.programmes, -scores.get(s.id, 0.0)),
        default=None,
    )
