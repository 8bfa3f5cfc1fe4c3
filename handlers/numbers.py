"""How many may be recommended, how many are selected, and what money there is."""

from __future__ import annotations

from collections.abc import Sequence

from handlers import facts, sums
from handlers.contract import NOT_MINE, NotMine, Reply, Section, Turn
from knowledge.library import Sourced
from knowledge.notice import Aspect, Award, Fact, Money, Quota
from knowledge.reading import Finding, Scope

ASPECTS = frozenset({Aspect.QUOTA, Aspect.AWARD_COUNT, Aspect.SUPPORT_MONEY})
_KINDS: dict[Aspect, type[Fact]] = {Aspect.AWARD_COUNT: Award, Aspect.SUPPORT_MONEY: Money}


_OFFICES = frozenset({Aspect.CONTACT, Aspect.ADDRESS, Aspect.DISTRICT_ROUTING})
_FEW = 3
_NEARLY = 0.8
_ROW = "·"
_MORE, _WHOLE, _FIRST, _BESIDE = 0.5, 5.0, 6.0, -2.0


class Numbers:
    """Quotas as a table by body; numbers and sums as sentences."""

    name = "numbers"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """Sections a notice."""
        sections: list[Section] = []
        for finding in turn.reading.findings:
            chosen = facts.hits(turn, finding, ASPECTS)
            quotas = _quotas(turn, finding, [s for s in chosen if isinstance(s.fact, Quota)])
            if quotas:
                sections.append(_table(turn, finding, quotas, _heavier(turn, finding)))
            rest = [s for s in chosen if not isinstance(s.fact, Quota)]
            for aspect, kind in _KINDS.items():
                if aspect in finding.overview or (kind is Award and _of_some(finding, rest)):
                    rest += [s for s in facts.facts_of(turn, finding.scope, kind) if _here(turn, s, rest)]
            if rest:
                first = _FIRST if quotas and not _KINDS.keys().isdisjoint(finding.overview) else 0.0
                sections.append(facts.section(turn, finding, rest, heavier=first))
                sections += _together(turn, finding, rest) if not quotas else ()
        return Reply(sections=sections) if sections else NOT_MINE


def _together(turn: Turn, finding: Finding, told: Sequence[Sourced]) -> list[Section]:
    """What the numbers selected make together, where that is asked."""
    awards = [(sourced, sourced.fact) for sourced in told if isinstance(sourced.fact, Award)]
    reckoned = sums.of_awards(turn, [award for _, award in awards])
    if reckoned is None:
        return []
    vague = dict.fromkeys(award.word for _, award in awards if award.word)
    section = Section(
        template="numbers/together",
        values={"reckoned": reckoned, "vague": tuple(vague)},
        facts=tuple(sourced.id for sourced, _ in awards),
        computed={"reckoned": reckoned.spelled},
        scope=finding.scope,
        weight=facts.weight(finding, [sourced for sourced, _ in awards]),
    )
    return [section]


def _of_some(finding: Finding, told: Sequence[Sourced]) -> bool:
    """Whether of several programmes named only some have the number selected told."""
    having = {p for sourced in told if isinstance(sourced.fact, Award) for p in sourced.fact.programmes}
    return bool(having) and not having.issuperset(finding.scope.programmes)


def _here(turn: Turn, sourced: Sourced, told: list[Sourced]) -> bool:
    """Whether a fact is not told yet, nor another district's than the one asked."""
    districts, region = turn.reading.districts, sourced.fact.region
    return sourced not in told and not (districts and region and region not in districts)


def _quotas(turn: Turn, finding: Finding, chosen: list[Sourced]) -> list[Sourced]:
    """The rows to tell: all where places are asked as a whole, else those of the bodies asked; of many that
    nobody asked for by its body only the sums."""
    quotas = [s for s in chosen if _asked(turn, finding, s)]
    rows = list(facts.facts_of(turn, finding.scope, Quota))
    whole = Aspect.QUOTA in finding.overview
    if turn.reading.districts or turn.reading.bodies:
        told = rows if whole else quotas
        return _of_all(turn, finding, [s for s in told if sums.named(turn, _quota(s))] or told)
    many, totals = len(quotas) > _FEW, [s for s in rows if _quota(s).total]
    summed = any(s.id in finding.pointed[:1] for s in totals)
    if totals and (summed or len(turn.reading.findings) > 1):
        return totals if quotas or whole else []
    if whole or (many and _most(turn)):
        return rows
    return (totals if many else [s for s in quotas if s in totals]) or quotas


def _most(turn: Turn) -> bool:
    """Whether places are asked for more than anything else."""
    return turn.reading.aspects[:1] == (Aspect.QUOTA,)


def _heavier(turn: Turn, finding: Finding) -> float:
    """How much sooner the rows are told than they fit: much where they are what is asked."""
    if turn.reading.bodies and Aspect.AWARD_COUNT in turn.reading.aspects[:1]:
        return _WHOLE  # how many are selected in all is no answer to whoever recommends
    if Aspect.QUOTA not in turn.reading.aspects:
        return _BESIDE
    by_body = turn.reading.districts or turn.reading.bodies
    return _WHOLE if Aspect.QUOTA in finding.overview or (by_body and _most(turn)) else _MORE


def _asked(turn: Turn, finding: Finding, sourced: Sourced) -> bool:
    """Whether places are asked for, and not just whoever may recommend is named."""
    aspects = {*turn.reading.aspects, *turn.context.aspects}
    if Aspect.QUOTA in aspects or any(hit.why for hit in finding.hits if hit.fact == sourced.id):
        return True
    best = max(finding.hits, key=lambda hit: hit.score)
    score = next(hit.score for hit in finding.hits if hit.fact == sourced.id)
    near = score >= _NEARLY * best.score and _OFFICES.isdisjoint(aspects)
    return sourced.id in finding.pointed and (best.fact == sourced.id or near)


def _of_all(turn: Turn, finding: Finding, quotas: list[Sourced]) -> list[Sourced]:
    """These rows, and those of the same bodies for the other programmes asked about; where a body has no
    place, for what it has some."""
    bodies = {_quota(s).body for s in quotas}
    scope = finding.scope if all(_quota(s).count for s in quotas) else Scope(notice=finding.scope.notice)
    return [s for s in facts.facts_of(turn, scope, Quota) if _quota(s).body in bodies]


def _quota(sourced: Sourced) -> Quota:
    assert isinstance(sourced.fact, Quota)
    return sourced.fact


def _cited(quotas: Sequence[Sourced]) -> list[str]:
    """The clauses of the rows; of many rows of one annex the annex."""
    cites = list(dict.fromkeys(s.citation for s in quotas))
    annexes = list(dict.fromkeys(cite.partition(_ROW)[0] for cite in cites))
    return annexes if len(cites) > _FEW and len(annexes) == 1 else cites


def _table(turn: Turn, finding: Finding, quotas: Sequence[Sourced], heavier: float) -> Section:
    """One line a body, its programmes side by side; the sum first, which most people want, or last where
    rows are to be added up."""
    bodies: dict[str, list[tuple[str, Quota]]] = {}
    for sourced in sorted(quotas, key=lambda s: not _quota(s).total):
        quota = _quota(sourced)
        name = turn.library.programmes[quota.programmes[0]][1].name
        bodies.setdefault(quota.body, []).append((name, quota))
    reckoned = sums.of_quotas(turn, (row for rows in bodies.values() for row in rows))
    return Section(
        template="numbers/quotas",
        values={
            "bodies": [{"body": body, "quotas": rows} for body, rows in bodies.items()],
            "reckoned": reckoned,
            "cites": _cited(quotas),
            "street": turn.reading.street,
        },
        facts=tuple(s.id for s in quotas),
        computed={f"reckoned.{one.name}": one.spelled for one in reckoned},
        scope=finding.scope,
        weight=facts.weight(finding, quotas) + heavier,
    )
