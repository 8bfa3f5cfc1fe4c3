"""Who may apply and who may not, and the rules across programmes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from handlers import facts
from handlers.chances import own_chances
from handlers.contract import NOT_MINE, Choice, NotMine, Reply, Section, Turn
from knowledge.library import Sourced
from knowledge.notice import Aspect, Condition
from knowledge.reading import Finding

ASPECTS = frozenset(
    {
        Aspect.ELIGIBILITY,
        Aspect.EXCLUSION,
        Aspect.ONE_CASE,
        Aspect.RENAMING,
        Aspect.DUPLICATES,
        Aspect.REQUIREMENTS,
        Aspect.ABOUT,
    }
)
_ORDER = ("all", "soft", "host", "any", "exclusion", "slot", "judged", "preference")
_LOOSE = frozenset({"soft", "preference", "judged"})
_BRIEF = ("all", "soft")
_BRIEF_ROWS = 3


class Eligibility:
    """Conditions as a whole where no finer matter is asked, else the conditions that were asked for."""

    name = "eligibility"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """One section a notice; the choice of a programme where the notice has several."""
        sections: list[Section] = []
        choices: list[Choice] = []
        for finding in turn.reading.findings:
            if finding.scope.programmes and own_chances(turn) and finding.overview:
                continue  # the self-check goes through the conditions one by one
            if Aspect.ELIGIBILITY in finding.overview:
                sections += facts.pointed(turn, finding, ASPECTS, Condition)
                sections += _overview(turn, finding)
                if len(finding.scope.programmes) != 1:
                    choices += _programmes(turn, finding)
            elif chosen := _asked(turn, finding):
                section = facts.section(turn, finding, chosen, template=_template(chosen[0]))
                sections.append(replace(section, values={**section.values, "role": _bound(chosen)}))
        scopes = [section.scope for section in sections if section.scope]
        choices += facts.checks(turn, scopes) + facts.offers(turn, scopes)
        return Reply(sections=sections, choices=choices) if sections else NOT_MINE


def _template(first: Sourced) -> str:
    """How what fits is told: of requirements also what follows from meeting them, of what bars people who is
    free of it."""
    if not isinstance(first.fact, Condition):
        return "facts/list"
    return "eligibility/barred" if first.fact.role == "exclusion" else "eligibility/list"


def _bound(chosen: Sequence[Sourced]) -> str:
    """The role by which it is said what follows from the rows: that of the first where it does not bind, or
    that one of several alternatives is enough."""
    roles = [_role(s) for s in chosen if isinstance(s.fact, Condition)]
    first = next(iter(roles), "")
    return "any" if "any" in roles and first not in _LOOSE else first


def _asked(turn: Turn, finding: Finding) -> list[Sourced]:
    """What fits; first whatever excludes people, where that is asked as a whole."""
    chosen = facts.hits(turn, finding, ASPECTS)
    if Aspect.EXCLUSION not in finding.overview:
        return chosen
    conditions = facts.facts_of(turn, finding.scope, Condition)
    excluding = {s.id: s for s in conditions if s.aspect is Aspect.EXCLUSION}
    return [
        *excluding.values(),
        *(s for s in chosen if s.id not in excluding and isinstance(s.fact, Condition)),
    ]


def _overview(turn: Turn, finding: Finding) -> Iterator[Section]:
    """What sums up the conditions of each programme asked, or the first ones; all of them where it is one."""
    named = len(finding.scope.programmes) == 1
    for programme in facts.programmes_of(turn, finding.scope):
        rows = sorted(_conditions(turn, finding, programme), key=lambda s: _ORDER.index(_role(s)))
        summed = _summed_up(turn, finding, programme)
        if not named:
            own = [s for s in rows if _role(s) in _BRIEF and programme in s.fact.programmes]
            rows = [] if summed else own[:_BRIEF_ROWS]
        if rows or summed:
            yield Section(
                template="eligibility/overview",
                values={
                    "programme": turn.library.programmes[programme][1].name,
                    "summed": [*map(facts.row, summed or ([] if named else rows))],
                    "groups": facts.groups(rows, _ORDER) if named else [],
                },
                facts=tuple(s.id for s in (*summed, *rows)),
                scope=finding.scope,
                weight=3,
            )


def _summed_up(turn: Turn, finding: Finding, programme: str) -> list[Sourced]:
    """What tells of the programme's conditions as a whole."""
    matters = turn.library.vocabulary.matters
    general = {m for m in matters if matters[m].general and matters[m].aspect is Aspect.ELIGIBILITY}
    return [
        s
        for s in turn.library.facts(facts.notice_of(turn, finding.scope))
        if programme in s.fact.programmes and s.fact.about[0] in general
    ]


def _conditions(turn: Turn, finding: Finding, programme: str) -> Iterator[Sourced]:
    for sourced in facts.facts_of(turn, finding.scope, Condition):
        if not sourced.fact.programmes or programme in sourced.fact.programmes:
            yield sourced


def _role(sourced: Sourced) -> str:
    assert isinstance(sourced.fact, Condition)
    return sourced.fact.role


def _programmes(turn: Turn, finding: Finding) -> Iterator[Choice]:
    for programme in facts.programmes_of(turn, finding.scope):
        name = turn.library.programmes[programme][1].name
        yield Choice(template="eligibility/choice", values={"programme": name})
