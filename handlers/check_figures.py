"""What a self-check adds to the figures: that it began, how it ended and what failed; nothing of anybody."""

from __future__ import annotations

from handlers.check_state import Check
from handlers.contract import Effect
from knowledge.criteria import Outcome
from knowledge.library import Library
from knowledge.verdict import Report


def begun(library: Library, check: Check) -> list[Effect]:
    """One more that began, of each programme."""
    return _effects(library, check, [(programme, "begun", "") for programme in check.programmes])


def ended(library: Library, check: Check, reports: dict[str, Report]) -> list[Effect]:
    """How each programme came out, and of a refusal every criterion that failed."""
    rows = []
    for programme, report in reports.items():
        rows.append((programme, "outcome", str(report.outcome)))
        if report.outcome is Outcome.UNMET:
            rows += [(programme, "failed", reason.leaf.id) for reason in report.decisive]
    return _effects(library, check, rows)


def _effects(library: Library, check: Check, rows: list[tuple[str, str, str]]) -> list[Effect]:
    city = library.notices[check.notice].header.city
    district = check.districts[0] if len(check.districts) == 1 else ""
    return [
        Effect(
            name="count_check",
            values={"what": what, "name": name, "programme": programme, "city": city, "district": district},
        )
        for programme, what, name in sorted(set(rows))
    ]
