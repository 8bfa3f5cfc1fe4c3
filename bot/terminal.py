"""What the command line prints of the knowledge and of a reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from knowledge.cases import Result
from knowledge.criteria import Outcome
from knowledge.edition import Notice
from knowledge.library import Library
from knowledge.reading import Reading
from knowledge.workdays import WorkingDays

_WIDTH = 60
_AHEAD = timedelta(days=60)


def explained(reading: Reading) -> dict[str, Any]:
    """A reading as plain data: slots, weights, candidates with scores and what spoke for them."""
    return {
        "text": reading.text,
        "act": reading.act,
        "mended": [list(change) for change in reading.mended],
        "city": reading.city,
        "city_from": reading.city_from,
        "other_city": reading.other_city,
        "other_edition": reading.other_edition,
        "districts": list(reading.districts),
        "programmes": list(reading.programmes),
        "aspects": [str(aspect) for aspect in reading.aspects],
        "matters": {matter: round(weight, 2) for matter, weight in reading.matters.items()},
        "stated": {said.fact: said.value for said in reading.stated},
        "strange": list(reading.strange),
        "inherited": list(reading.inherited),
        "findings": [
            {
                "notice": finding.scope.notice,
                "programmes": list(finding.scope.programmes),
                "overview": [str(aspect) for aspect in finding.overview],
                "facts": [{"fact": h.fact, "score": h.score, "why": list(h.why)} for h in finding.hits],
                "silent": [silent.topic for silent in finding.silent],
            }
            for finding in reading.findings
        ],
    }


def programme_lines(library: Library, what: str) -> list[str]:
    """A programme's facts; for an empty `what` every programme with its clauses."""
    lines: list[str] = []
    for notice in library.notices.values():
        for programme in notice.programmes:
            if not what:
                lines.append(f"{programme.id}  {programme.name}  {notice.header.doc_no}")
            elif what in (programme.id, programme.name):
                for sourced in library.facts(notice):
                    if not sourced.fact.programmes or programme.id in sourced.fact.programmes:
                        lines.append(f"{sourced.id}  {sourced.fact.say}  [{sourced.citation}]")
    if not what:
        lines += [f"{part.id} {clause}" for part in _parts(library) for clause in part.clauses]
    return lines


def clause_lines(library: Library, what: str) -> list[str]:
    """The clauses of this id, word for word, with the facts that cite them."""
    lines: list[str] = []
    for part in _parts(library):
        clause = part.clauses.get(what)
        if clause is not None:
            lines += [f"{part.header.short} {clause.citation}", clause.text]
            lines += [f"  {part.id}/{fact.id}" for fact in part.facts if what in fact.clause]
    return lines


def year_lines(library: Library, today: date, known: WorkingDays) -> list[str]:
    """The coming years whose holidays are not announced, nor entered by staff: soon, or before the last stage
    of a notice ends."""
    ends = [stage.last_day for notice in library.notices.values() for _, stage in notice.stages()]
    years = known.unknown_years(today, max([today + _AHEAD, *ends]))
    return [f"the holidays of {year} are not known: its working days are assumed" for year in years]


def coverage_lines(library: Library) -> list[str]:
    """The clauses that no fact cites, and how many are cited."""
    lines: list[str] = []
    for part in _parts(library):
        cited = {clause for fact in part.facts for clause in fact.clause}
        cited |= {clause for programme in part.programmes for clause in programme.clause}
        cited |= {clause for basis in part.header.basis for clause in basis.clause}
        bare = [clause for clause in part.clauses.values() if clause.id not in cited]
        lines.append(
            f"{part.id}: {len(part.clauses) - len(bare)} of {len(part.clauses)} clauses are cited by a fact"
        )
        lines += [f"  {clause.id}: {clause.text[:_WIDTH]}" for clause in bare]
    return lines


def _parts(library: Library) -> list[Notice]:
    return [part for notice in library.notices.values() for part in (notice, *notice.relays)]


def case_lines(results: Sequence[Result], words: Mapping[Outcome, str]) -> list[str]:
    """Every case that failed, with what was expected and what was found; then the counts by programme."""
    lines = [line for result in results if not result.passed for line in _failure(result, words)]
    every = Counter(result.case.programme for result in results)
    passed = Counter(result.case.programme for result in results if result.passed)
    lines += [f"{programme}: {passed[programme]} of {count} cases" for programme, count in every.items()]
    return lines


def _failure(result: Result, words: Mapping[Outcome, str]) -> list[str]:
    case = result.case
    expected = _told(case.expect, case.worst, case.best, words)
    found = _told(result.found.outcome, result.worst, result.best, words)
    return [
        f"{case.programme} {case.id}: {case.why}",
        f"    expected: {expected}; {', '.join(sorted(case.decisive))}",
        f"    found:    {found}; {', '.join(result.decisive)}",
    ]


def _told(outcome: Outcome, worst: Outcome | None, best: Outcome | None, words: Mapping[Outcome, str]) -> str:
    """The verdict; of an open one with the cases that are known."""
    ends = [words[end] if end else "…" for end in (worst, best)]
    return words[outcome] + (f" ({ends[0]} - {ends[1]})" if outcome is Outcome.OPEN else "")
