"""Somebody dialled and did not get through: staff are to look, and there may be another way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from handlers import facts
from handlers.contract import NOT_MINE, Choice, Effect, NotMine, Reply, Section, Turn
from handlers.handoff import presence
from knowledge.edition import Notice
from knowledge.overlay import Office
from knowledge.reading import ASK, Scope
from knowledge.segments import parts

_ACTS: Final = frozenset({ASK, "complaint"})
_NUMBER: Final = re.compile(r"\d(?:[\s()（）—–-]{0,2}\d){6,}")
_SIGNS: Final = re.compile(r"\D")
_SURE: Final = 2
"""Of so many offices all are meant; of more it is asked which."""
_CHOICES: Final = 9
_OTHERS: Final = 2
_NAME: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialled:
    """An office that nobody reached, the number of it that was said (empty: none); `known`: that number has
    been corrected already."""

    office: Office
    number: str

    @property
    def known(self) -> bool:
        return bool(self.number) and self.number not in self.office.phones


class Dialling:
    """Keeps that a call did not get through, of the office that was said or named last."""

    name = "dialling"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """What is noted, and whom else to call; which office, where that is not clear. A message that asks
        something else as well is answered by others, too."""
        reading, patterns = turn.reading, turn.library.vocabulary.patterns
        if reading.act not in _ACTS or not patterns.unreached.search(reading.text):
            return NOT_MINE
        said = (reading.text[part] for part in parts(reading.text))
        rest = " ".join(part for part in said if not patterns.unreached.search(part))
        asks = any(silent.note for finding in reading.findings for silent in finding.silent)
        alone = not asks and patterns.besides.search(rest) is None
        dialled = _dialled(turn)
        if 0 < len(dialled) <= _SURE:
            return _noted(turn, dialled, alone=alone)
        return _which(turn, dialled) if alone and reading.act == ASK else NOT_MINE


def _dialled(turn: Turn) -> list[Dialled]:
    """The offices meant: by the number, else by person, name, district or programme, else those named last;
    of several that were said those that were also named last."""
    last = set(turn.context.offices)
    digits = [_SIGNS.sub("", match.group()) for match in _NUMBER.finditer(turn.reading.text)]
    if digits:
        found = [
            Dialled(office=office, number=number)
            for office in _all(turn, turn.library.notices.values())
            if (number := next((n for n in map(office.has, digits) if n), ""))
        ]
    else:
        found = [Dialled(office=office, number="") for office in _said(turn)]
    named = [one for one in found if one.office.id in last]
    return named or _of_programmes(turn, found) or ([] if digits else _last(turn))


def _of_programmes(turn: Turn, found: list[Dialled]) -> list[Dialled]:
    """Of rows with the same number those of the programmes asked about, where there are any."""
    asked = set(turn.reading.programmes)
    return [one for one in found if not asked.isdisjoint(one.office.contact.programmes)] or found


def _last(turn: Turn) -> list[Dialled]:
    """The offices that were named last; where those were of a report, its own, or, if the words point beside
    those, the other ways that it named."""
    named, reported = turn.context.offices, set(turn.kept.get("dialled", ()))
    if reported and reported.issubset(named):
        others = turn.library.vocabulary.patterns.others.search(turn.reading.text) is not None
        named = tuple(id_ for id_ in named if (id_ in reported) != others)
    sourced = (turn.library.sourced[id_] for id_ in named if id_ in turn.library.sourced)
    return [
        Dialled(office=office, number="") for office in map(turn.library.office, sourced) if office.phones
    ]


def _said(turn: Turn) -> list[Office]:
    """The offices that the message names."""
    reading, text = turn.reading, turn.reading.text
    offices = list(_all(turn, _notices(turn)))
    if people := [o for o in offices if any(person in text for person in o.contact.people)]:
        return people
    districts = () if "districts" in reading.inherited else reading.districts
    if districts:
        return [o for o in offices if o.district in districts]
    named = [o for o in offices if _named(o, text)] or offices
    if reading.named:
        return [
            o for o in named if not o.district and not set(reading.named).isdisjoint(o.contact.programmes)
        ]
    return named if named is not offices else []


def _named(office: Office, text: str) -> bool:
    names = (office.contact.office, *office.contact.words)
    return any(name in text for name in names if len(name) >= _NAME and not name.isdecimal())


def _notices(turn: Turn) -> Iterable[Notice]:
    city = turn.reading.city
    return turn.library.of_city(city) if city else turn.library.notices.values()


def _all(turn: Turn, notices: Iterable[Notice]) -> Iterator[Office]:
    """Every office with a number, what holds now before what it replaced."""
    for notice in sorted(notices, key=lambda n: bool(n.superseded_by)):
        yield from (office for office in turn.library.offices(notice) if office.phones)


def _noted(turn: Turn, dialled: list[Dialled], *, alone: bool) -> Reply:
    place = dialled[0].office
    there = presence(turn, place.city, place.district)
    others = _others(turn, [one.office for one in dialled])
    new = [one for one in dialled if not one.known]
    section = Section(
        template="dialling/noted",
        values={
            "kept": turn.affairs is not None,
            "new": new,
            "known": [one for one in dialled if one.known],
            "others": others,
            "presence": there,
        },
        facts=tuple(office.id for office in (*(one.office for one in dialled), *others)),
    )
    effects = [_report(one, open=bool(there["open"])) for one in new]
    keep = {"dialled": [one.office.id for one in dialled]}
    return Reply(sections=[section], effects=effects, alone=alone, keep=keep)


def _report(dialled: Dialled, *, open: bool) -> Effect:
    office = dialled.office
    values = {"fact": office.id, "city": office.city, "district": office.district, "number": dialled.number}
    return Effect(name="report_office", values={**values, "open": "1" if open else ""})


def _others(turn: Turn, offices: list[Office]) -> list[Office]:
    """Other ways that the notice names: the city's line, and the city's further ones."""
    notices = dict.fromkeys(_family(turn, office) for office in offices)
    taken = {number for office in offices for number in office.phones}
    found: list[Office] = []
    for id_ in notices:
        asked = turn.reading.programmes or offices[0].contact.programmes
        city = facts.office_of(turn.library, Scope(notice=id_, programmes=asked), ())
        lines = [turn.library.office(city)] if city else []
        lines += [o for o in turn.library.offices(turn.library.notices[id_]) if o.contact.role == "city"]
        found += [o for o in lines if o.phones and taken.isdisjoint(o.phones)]
    return list({office.id: office for office in found}.values())[:_OTHERS]


def _family(turn: Turn, office: Office) -> str:
    """The notice of an office, or the one that its notice relays."""
    header = turn.library.sourced[office.id].notice.header
    return header.parent or header.id


def _which(turn: Turn, dialled: list[Dialled]) -> Reply:
    """Which number it was: of those that may be meant, else of the city's, else which city."""
    offices = [one.office for one in dialled] or (
        list(_all(turn, _notices(turn))) if turn.reading.city else []
    )
    numbers: dict[str, Office] = {}
    for office in offices:
        for number in office.phones:
            numbers.setdefault(number, office)
    lines = [
        Choice(
            template="dialling/line",
            values={"number": number, "office": office.contact},
            says="dialling/line_says",
        )
        for number, office in numbers.items()
    ]
    cities = dict.fromkeys(notice.header.city for notice in turn.library.notices.values())
    choices = lines or [Choice(template="dialling/city", values={"city": city}) for city in cities]
    section = Section(
        template="dialling/which",
        values={"lines": bool(lines), "more": len(lines) > _CHOICES},
        facts=tuple(office.id for office in offices),
    )
    return Reply(sections=[section], choices=choices[:_CHOICES], alone=True)
