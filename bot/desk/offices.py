"""The offices of a place: what the notices print, what staff have put right, who could not get through."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from knowledge.library import Library, Sourced
from knowledge.notice import PHONE, Contact
from knowledge.opening import USUAL
from knowledge.overlay import Office, printed
from store.front import Hours
from store.records import OfficeCheck, OfficeCorrection, OfficeReports
from store.scope import Scope

_PARTS: Final = re.compile(r"[\s、,;/]+")
_DASHES: Final = re.compile(r"[‐-―－−]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the store has of the offices of a scope."""

    corrections: Sequence[OfficeCorrection]
    checks: Sequence[OfficeCheck]
    reports: Sequence[OfficeReports]
    hours: Sequence[Hours]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An office as staff see it: with the names of its programmes, the correction that was entered (`stale`
    where the notice prints something else since), who made sure of it as it is told now, and by which numbers
    nobody got through. `sessions` is when its place has staff, `assumed` where nobody has said so."""

    office: Office
    programmes: tuple[str, ...]
    correction: OfficeCorrection | None
    stale: bool
    check: OfficeCheck | None
    reports: tuple[OfficeReports, ...]
    sessions: tuple[tuple[str, str], ...]
    assumed: bool

    @property
    def path(self) -> str:
        """Where its page is."""
        return f"/offices/{self.office.id}"

    @property
    def phones(self) -> tuple[str, ...]:
        """The numbers that people are told."""
        held = self.held
        return (held.phones if held else ()) or self.office.printed

    @property
    def held(self) -> OfficeCorrection | None:
        """The correction that people are told."""
        return None if self.stale else self.correction

    @property
    def stands(self) -> str:
        """Which state it is in, for a form to come back with."""
        return str(self.correction.id) if self.correction else ""

    @property
    def count(self) -> int:
        """How many reports are open."""
        return sum(report.count for report in self.reports)

    @property
    def closed(self) -> int:
        """How many of them came out of hours."""
        return sum(report.closed for report in self.reports)

    @property
    def last_at(self) -> datetime:
        """When the last of them came; there is one."""
        return max(report.last_at for report in self.reports)


def lines(library: Library, scope: Scope, kept: Kept) -> list[Line]:
    """The offices with a number or an address that the notices of a scope name, in their order."""
    return [_line(library, sourced, kept) for sourced in _named(library, scope)]


def gone(kept: Kept, shown: Iterable[Line]) -> list[OfficeCorrection]:
    """Corrections of offices that no notice in force names any more."""
    known = {line.office.id for line in shown}
    return [correction for correction in kept.corrections if correction.fact not in known]


def numbers(typed: str) -> tuple[str, ...]:
    """The numbers of a text as they are dialled; ValueError where one of them is none."""
    plain = _DASHES.sub("-", unicodedata.normalize("NFKC", typed)).strip()
    found = tuple(dict.fromkeys(part for part in _PARTS.split(plain) if part))
    if wrong := [number for number in found if not PHONE.fullmatch(number)]:
        raise ValueError(f"{wrong[0]} is no number to dial")
    return found


def _named(library: Library, scope: Scope) -> Iterator[Sourced]:
    for notice in library.notices.values():
        for sourced in () if notice.superseded_by else library.of_kind(notice, Contact):
            office = library.office(sourced)
            if scope.holds(office.city, office.district):
                yield sourced


def _line(library: Library, sourced: Sourced, kept: Kept) -> Line:
    office = library.office(sourced)
    correction = next((one for one in kept.corrections if one.fact == office.id), None)
    stale = correction is not None and correction.printed != printed(office.contact)
    told = correction.id if correction and not stale else None
    state = (printed(office.contact), told)
    checks = (one for one in kept.checks if one.fact == office.id)
    ours = [one for one in kept.hours if one.city == office.city and one.district in ("", office.district)]
    hours = max(ours, key=lambda one: one.district, default=None)
    usual = tuple((f"{start:%H:%M}", f"{end:%H:%M}") for start, end in USUAL.sessions)
    return Line(
        office=office,
        programmes=tuple(library.programmes[id_][1].name for id_ in office.contact.programmes),
        correction=correction,
        stale=stale,
        check=next((one for one in checks if (one.printed, one.correction_id) == state), None),
        reports=tuple(one for one in kept.reports if one.fact == office.id),
        sessions=hours.sessions if hours else usual,
        assumed=hours is None,
    )
