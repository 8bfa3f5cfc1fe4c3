"""From the state of a self-check to what its templates show: the verdicts, their details, the materials."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from handlers import facts
from handlers.check_state import Check
from handlers.check_words import LAST, deadline, entry_of, name_of, ordered, shown, told
from handlers.contract import Choice, Reply, Section, Turn
from knowledge.criteria import Interval, Outcome
from knowledge.edition import Notice
from knowledge.interview import Interview
from knowledge.library import Library
from knowledge.notice import Condition, Material
from knowledge.reading import Scope
from knowledge.rules import Known
from knowledge.verdict import Reason, Report

_DECISIVE, _DECISIVE_OF_SEVERAL = 4, 2
"""So many of the reasons that decided are told with a verdict."""


def _known(library: Library, check: Check, programme: str) -> Known:
    """What is known for a programme of the check's notice, in the check or not."""
    return library.notices[check.notice].known(programme, check.values, check.districts, check.unsure)


def reports(library: Library, check: Check) -> dict[str, Report]:
    """The report on every programme of the check."""
    return {
        programme: Report.of(library.rules[programme], _known(library, check, programme))
        for programme in check.programmes
    }


def turned(
    library: Library, before: Mapping[str, Interval], interview: Interview, check: Check
) -> Iterator[Section]:
    """Verdicts that stood and have now changed."""
    after = interview.verdicts(check.values, check.unsure)
    for programme, was in before.items():
        now = after[programme]
        if was.settled and was != now:
            name = library.programmes[programme][1].name
            yield Section(
                template="selfcheck/turned",
                values={"programme": name, "was": str(was.outcome), "now": str(now.outcome)},
            )


def doubtful(library: Library, check: Check) -> Iterator[Section]:
    """What was told and speaks against the candidate without deciding it, said before anything is asked."""
    several = len(check.programmes) > 1
    for programme, report in reports(library, check).items():
        notice, about = library.programmes[programme]
        rows = [reason(library, notice, check, r) for r in report.contested if r.told is not None]
        if rows and report.outcome is not Outcome.UNMET:
            values = {"programme": about.name if several else "", "rows": rows}
            yield Section(template="selfcheck/doubtful", values=values, weight=LAST)


def gainsaid(library: Library, before: Check, now: Check, wanted: Collection[str]) -> Section:
    """Facts of which something else was told before, and the criteria that what is told now fails."""
    rows = [
        (was, said)
        for fact in sorted(wanted)
        for was, said in zip(told(library, before, [fact]), told(library, now, [fact]), strict=True)
    ]
    against = [
        reason(library, library.programmes[programme][0], now, r)
        for programme, report in reports(library, now).items()
        for r in report.criteria
        if r.leaf.fact in wanted and r.stands.outcome in (Outcome.UNMET, Outcome.EXCEPTION)
    ]
    return Section(template="selfcheck/gainsaid", values={"rows": rows, "against": against}, weight=LAST)


def unchanged(library: Library, stands: Mapping[str, Interval]) -> Section:
    """Verdicts that what was told since has not moved, in a line."""
    rows = [(library.programmes[programme][1].name, str(now.outcome)) for programme, now in stands.items()]
    return Section(template="selfcheck/unchanged", values={"verdicts": rows}, weight=LAST)


def verdicts(turn: Turn, check: Check) -> Reply:
    """The verdict on every programme, what goes with it, and what can be seen next."""
    found = reports(turn.library, check)
    several = len(found) > 1
    sections = [_verdict(turn, check, report, several=several) for report in found.values()]
    notice = turn.library.notices[check.notice]
    hopeful = [p for p, report in found.items() if report.stands.high > 0]
    for rule in notice.criteria.together:
        if len(set(hopeful) & set(rule.programmes)) > 1:
            values = {"name": rule.name, "quote": rule.quote, "cite": notice.citation(rule.clause)}
            sections.append(Section(template="selfcheck/together", values=values))
    sections.append(_closing(turn, check))
    choices = [
        choice
        for programme in check.programmes
        for choice in (
            _about("selfcheck/details_choice", "selfcheck/details_says", turn.library, programme),
            _about("selfcheck/materials_choice", "selfcheck/materials_says", turn.library, programme),
        )
    ]
    if several:
        choices = choices[::2]
    choices += [
        _about("selfcheck/better", "selfcheck/start", turn.library, programme)
        for programme in _better(turn.library, check, found)
    ]
    choices += facts.offers(turn, [Scope(notice=check.notice, programmes=check.programmes)])
    return Reply(sections=ordered(sections), choices=choices, alone=True)


def _about(template: str, says: str, library: Library, programme: str) -> Choice:
    name = library.programmes[programme][1].name
    return Choice(template=template, values={"programme": name}, says=says)


def _verdict(turn: Turn, check: Check, report: Report, *, several: bool) -> Section:
    notice, programme = turn.library.programmes[report.programme]
    decisive = report.decisive
    if report.outcome is Outcome.OPEN:
        decisive = ()
    elif report.outcome in (Outcome.MET, Outcome.JUDGED):
        chosen = turn.library.rules[report.programme].alternatives
        decisive = tuple(sorted(decisive, key=lambda r: r.leaf.id not in chosen))
    most = _DECISIVE_OF_SEVERAL if several else _DECISIVE
    best = next((o for o in (report.stands.high,)), None)
    return Section(
        template="selfcheck/verdict",
        values={
            "programme": programme.name,
            "outcome": str(report.outcome),
            "best": str(Interval(best, best).outcome) if best is not None else "",
            "worst": str(Interval(report.stands.low, report.stands.low).outcome),
            "decisive": [reason(turn.library, notice, check, r) for r in decisive[:most]],
            "more": len(decisive) - most if len(decisive) > most else 0,
            "contested": [reason(turn.library, notice, check, r) for r in report.contested],
            "judged": [r.leaf.name for r in report.judged] + [cited.name for cited in report.jury],
            "open": [
                {
                    "name": name_of(turn.library, fact),
                    "who": entry_of(turn.library, fact).who,
                    "rules": [r.leaf.name for r in rules][:_DECISIVE_OF_SEVERAL],
                }
                for fact, rules in report.open.items()
            ],
            "lifts": [[r.leaf.name for r in lift] for lift in report.lifts],
            "relaxation": _relaxation(turn, notice, check, report),
            "brief": several,
        },
        facts=_conditions(turn, notice, report),
        scope=None,
        weight=LAST,
    )


def reason(library: Library, notice: Notice, check: Check, of: Reason) -> dict[str, Any]:
    """A criterion as a line: what it is, what was said, what the clause says."""
    answer = check.answers.get(of.leaf.fact)
    return {
        "name": of.leaf.name,
        "quote": of.leaf.quote,
        "cite": notice.citation(of.leaf.clause),
        "note": of.leaf.note,
        "stands": str(of.stands.outcome),
        "told": shown(library, of.leaf.fact, answer.value, answer.words) if answer else None,
        "unsure": of.leaf.fact in check.unsure,
        "kind": of.leaf.kind,
    }


def _relaxation(turn: Turn, notice: Notice, check: Check, report: Report) -> dict[str, str | bool] | None:
    leaf = report.relaxation
    if leaf is None or report.stands.low > 0:
        return None
    claimed = name_of(turn.library, leaf.fact)
    return {
        "quote": leaf.quote,
        "cite": notice.citation(leaf.clause),
        "note": leaf.note,
        "claimed": claimed,
        "myself": not check.whom,
    }


def _conditions(turn: Turn, notice: Notice, report: Report) -> tuple[str, ...]:
    """The notice's facts on the clauses that a report speaks of."""
    clauses = {clause for r in report.criteria for clause in r.leaf.clause}
    return tuple(
        sourced.id
        for sourced in turn.library.of_kind(notice, Condition)
        if not clauses.isdisjoint(sourced.fact.clause)
    )


def _closing(turn: Turn, check: Check) -> Section:
    """That it is no decision, until when to apply, and whom to ask."""
    notice = turn.library.notices[check.notice]
    scope = Scope(notice=check.notice, programmes=check.programmes)
    office, until = facts.office(turn, scope), deadline(turn, check)
    return Section(
        template="selfcheck/closing",
        values={
            "deadline": until,
            "closed": notice.season(turn.now).over,
            "office": facts.told(turn.library, office) if office else None,
            "short": notice.header.short,
        },
        facts=tuple(source for source in (office and office.id, until and until.fact) if source),
    )


def _better(library: Library, check: Check, found: Mapping[str, Report]) -> list[str]:
    """Other programmes of the notice that may still suit where the checked ones are refused, best first."""
    if any(report.stands.high > 0 for report in found.values()):
        return []
    rows = []
    for ruleset in library.notices[check.notice].criteria.rulesets:
        if ruleset.programme not in check.programmes:
            rules = library.rules[ruleset.programme]
            stands = rules.verdict(_known(library, check, ruleset.programme))
            rows.append((stands, ruleset.programme))
    hopeful = sorted((row for row in rows if row[0].high > 0), reverse=True)
    return [programme for _, programme in hopeful]


# —— more on a verdict


def details(turn: Turn, check: Check) -> Reply:
    """Every criterion of a programme with what was said."""
    sections = []
    for programme, report in _wanted(turn, reports(turn.library, check)).items():
        notice, named_ = turn.library.programmes[programme]
        sections.append(
            Section(
                template="selfcheck/details",
                values={
                    "programme": named_.name,
                    "outcome": str(report.outcome),
                    "rows": [reason(turn.library, notice, check, r) for r in report.criteria],
                    "jury": [
                        {"name": row.name, "quote": row.quote, "cite": notice.citation(row.clause)}
                        for row in report.jury
                    ],
                    "notes": [
                        {"name": row.name, "quote": row.quote, "cite": notice.citation(row.clause)}
                        for row in report.notes
                    ],
                },
                facts=_conditions(turn, notice, report),
                weight=LAST,
            )
        )
    return Reply(sections=sections, alone=True)


def materials(turn: Turn, check: Check) -> Reply:
    """What proves each criterion by the answers, and what the notice wants handed in."""
    sections = []
    for programme, report in _wanted(turn, reports(turn.library, check)).items():
        notice, named_ = turn.library.programmes[programme]
        proofs: dict[tuple[str, ...], list[str]] = {}
        for r in report.criteria:
            if r.entry.proof and r.stands.high > 0 and r.told is not None:
                proofs.setdefault(r.entry.proof, []).append(r.leaf.name)
        scope = Scope(notice=notice.id, programmes=(programme,))
        handed = [*facts.facts_of(turn, scope, Material)]
        sections.append(
            Section(
                template="selfcheck/materials",
                values={
                    "programme": named_.name,
                    "proofs": [{"items": key, "for": value} for key, value in proofs.items()],
                    "rows": [facts.row(sourced) for sourced in handed],
                },
                facts=tuple(sourced.id for sourced in handed),
                weight=LAST,
            )
        )
    return Reply(sections=sections, alone=True)


def _wanted(turn: Turn, found: Mapping[str, Report]) -> dict[str, Report]:
    """The reports on the programmes named, on all where none is."""
    named_ = {p: report for p, report in found.items() if p in turn.reading.programmes}
    return named_ or dict(found)
