"""Whom to call, where to go, and which office is responsible for a unit."""

from __future__ import annotations

from handlers import facts
from handlers.contract import NOT_MINE, NotMine, Reply, Section, Turn
from knowledge.library import Sourced
from knowledge.notice import Aspect, Contact
from knowledge.reading import Finding

ASPECTS = frozenset({Aspect.CONTACT, Aspect.ADDRESS, Aspect.DISTRICT_ROUTING})
_ENOUGH = 4
_NEAR, _NEARLY, _ALMOST = 0.6, 0.7, 0.85
_OUTSTANDING = 1.3
_SURE = 5.0
_LEAST, _UNLISTED = 1.5, 6.0
_ASK_FIRST = 9


class Contacts:
    """The district's office for a district, the programme's line otherwise; never a number made up."""

    name = "contacts"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """Sections a notice; a district without an entry is sent to the city's line, saying so."""
        sections: list[Section] = []
        meant = [finding for finding in turn.reading.findings if _called(turn, _everyone(turn, finding))]
        for finding in turn.reading.findings:
            asked = bool(set(finding.overview) & ASPECTS)
            chosen = facts.hits(turn, finding, ASPECTS)
            contacts = [s for s in chosen if isinstance(s.fact, Contact)]
            if contacts and meant and finding not in meant:
                continue  # the line that was called is of another notice
            if _where(turn):
                sections.append(_which_district(turn, finding))
            if not contacts and not asked:
                if chosen:
                    sections.append(facts.section(turn, finding, chosen))
                continue
            sections += _answered(turn, finding, contacts, asked=asked)
            rules = [s for s in chosen if not isinstance(s.fact, Contact)]
            if rules:
                sections.append(facts.section(turn, finding, rules, heavier=-0.5))
        return Reply(sections=sections) if sections else NOT_MINE


def _everyone(turn: Turn, finding: Finding) -> list[Sourced]:
    return list(facts.facts_of(turn, finding.scope, Contact))


def _where(turn: Turn) -> bool:
    """Whether a street was told that no list has, and no district."""
    reading = turn.reading
    asked = Aspect.DISTRICT_ROUTING in reading.aspects
    address = turn.library.vocabulary.patterns.address.search(reading.unnamed)
    return asked and not reading.districts and not reading.street and address is not None


def _which_district(turn: Turn, finding: Finding) -> Section:
    regions = [region.name for region in facts.notice_of(turn, finding.scope).regions]
    return Section(
        template="contacts/which_district",
        values={"regions": regions},
        scope=finding.scope,
        weight=_ASK_FIRST,
    )


def _answered(turn: Turn, finding: Finding, contacts: list[Sourced], *, asked: bool) -> list[Section]:
    districts = turn.reading.districts
    everyone = _everyone(turn, finding)
    named = [s for s in everyone if _by_name(turn, s)]
    if named and not turn.reading.programmes:
        return [_section(turn, finding, named, missing=())]
    unlisted = _unlisted(turn, everyone)
    if districts:
        own = [s for s in everyone if _of(s, districts)]
        regions = {region.name for region in facts.notice_of(turn, finding.scope).regions}
        missing = tuple(d for d in districts if d in regions and not any(_of(s, (d,)) for s in own))
        just = any(s.id in finding.pointed for s in contacts[:1])
        elsewhere = just or _meant(turn, finding, contacts[:1])
        elsewhere = elsewhere and not _asks_office(turn, finding, contacts[0])
        if (missing or not own) and elsewhere and contacts[0] not in own:
            return [_section(turn, finding, [*contacts[:1], *own], missing=())]
        if missing or not own:
            city = [s for s in everyone if _contact(s).role == "city" and _contact(s).phones]
            contacts = [*own, *city]
            return [_section(turn, finding, contacts, missing=missing)]
        if "districts" in turn.reading.inherited and turn.reading.programmes:
            contacts = [*own, *(s for s in contacts if not _belongs(s))]
        else:
            called = bool(finding.scope.programmes) and "programmes" not in turn.reading.inherited
            contacts = [*own, *_beside(finding, own, contacts, _NEARLY if called else _ALMOST)]
        contacts += [s for s in everyone if s not in contacts and _dialled(turn, s)]
        if unlisted:
            return [_section(turn, finding, contacts, missing=unlisted)]
    elif unlisted:
        office = facts.office(turn, finding.scope)
        return [_section(turn, finding, [office] if office else [], missing=unlisted)]
    else:
        city = [s for s in everyone if _contact(s).role == "city"]
        contacts = _of_city(turn, finding, contacts, city, asked=asked)
    return [_section(turn, finding, contacts[: _ENOUGH + 2], missing=())]


def _unlisted(turn: Turn, everyone: list[Sourced]) -> tuple[str, ...]:
    """The bodies named that no line is of, where offices are asked for more than places."""
    asked = turn.reading.aspects
    if ASPECTS.isdisjoint(asked) or asked[:1] == (Aspect.QUOTA,):
        return ()
    return tuple(
        body
        for body in turn.reading.bodies
        if not any(
            body.removeprefix(turn.reading.city) in _contact(s).office or body in s.fact.words
            for s in everyone
        )
    )


def _dialled(turn: Turn, sourced: Sourced) -> bool:
    """Whether the message has the number of a line."""
    return any(phone.dial.split("-")[-1] in turn.reading.text for phone in _contact(sourced).phones)


def _by_name(turn: Turn, sourced: Sourced) -> bool:
    """Whether the message has the name of a person of a line, or no more than the surname."""
    text, people = turn.reading.text, _contact(sourced).people
    surnames = turn.library.vocabulary.patterns.surname.findall(text)
    return any(name in text or name[0] in surnames for name in people)


def _of_city(
    turn: Turn, finding: Finding, contacts: list[Sourced], city: list[Sourced], *, asked: bool
) -> list[Sourced]:
    """The lines for whoever names no district: those called or fitting, else all of the city's."""
    called = _called(turn, contacts)
    best = next((s for s in contacts[:1] if not _belongs(s) and s.id in finding.pointed[:1]), None)
    if best and called and best not in called:
        return [best]  # the names beside it only say whose office it is
    contacts = called or _fitting(finding, contacts) or city
    if not called and _by_chance(finding, contacts):
        contacts = city
    contacts = [*contacts, *_lines(turn, finding, contacts, city)]
    return (city or contacts) if asked and not _meant(turn, finding, contacts) else contacts


def _lines(turn: Turn, finding: Finding, contacts: list[Sourced], city: list[Sourced]) -> list[Sourced]:
    """The lines of programmes asked about, or of an address whose number is asked, that `contacts` lack."""
    named = {programme for s in contacts for programme in s.fact.programmes}
    lined = {programme for s in contacts if _contact(s).phones for programme in s.fact.programmes}
    wanted = set(finding.scope.programmes) if named else set()
    if Aspect.CONTACT in turn.reading.aspects:
        wanted |= named
    return [s for s in city if _contact(s).phones and (wanted - lined) & set(s.fact.programmes)]


def _asks_office(turn: Turn, finding: Finding, best: Sourced) -> bool:
    """Whether a district's own office is asked for, and not `best`: a line for everybody, or any other."""
    own = not set(best.fact.programmes).isdisjoint(finding.scope.programmes) or any(
        word in turn.reading.text for word in best.fact.words
    )
    common = _contact(best).role == "city" and (bool(_contact(best).phones) or not own)
    return common or turn.library.vocabulary.patterns.office.search(turn.reading.text) is not None


def _beside(finding: Finding, own: list[Sourced], contacts: list[Sourced], share: float) -> list[Sourced]:
    """The city's lines that the question is about nearly as much (by this share) as about the district's."""
    scores = {hit.fact: hit.score for hit in finding.hits}
    least = max(_SURE, share * max((scores.get(s.id, 0.0) for s in own), default=0.0))
    return [s for s in contacts if not _belongs(s) and scores[s.id] >= least]


def _meant(turn: Turn, finding: Finding, contacts: list[Sourced]) -> bool:
    """Whether the question is about just these lines and not for a number in general."""
    scores = {hit.fact: hit.score for hit in finding.hits}
    return any(scores.get(s.id, 0.0) >= _SURE for s in contacts) or bool(_called(turn, contacts))


def _called(turn: Turn, contacts: list[Sourced]) -> list[Sourced]:
    """The lines of which the message has the number or a name, with the addresses that have no number."""
    text = turn.reading.text
    named = {
        s.id
        for s in contacts
        if _dialled(turn, s) or any(name in text for name in (_contact(s).office, *s.fact.words))
    }
    return [s for s in contacts if named and (s.id in named or not _contact(s).phones)]


def _fitting(finding: Finding, contacts: list[Sourced]) -> list[Sourced]:
    """The lines of the programmes asked with what fits better, or what fits about as well as the best; a
    district's only where it stands out (by its street, its number), for nobody asked for a district."""
    scores = {hit.fact: hit.score for hit in finding.hits}
    if contacts and _belongs(contacts[0]):
        others = [scores[s.id] for s in contacts[1:]]
        pointed = contacts[0].id in finding.pointed
        if not others or (pointed and scores[contacts[0].id] >= _OUTSTANDING * max(others)):
            return contacts[:1]
    contacts = [s for s in contacts if not _belongs(s)]
    own = [s for s in contacts if set(finding.scope.programmes) & set(s.fact.programmes)]
    best = max((scores[s.id] for s in own or contacts), default=0.0)
    near = _NEARLY if contacts and contacts[0].id in finding.pointed else _NEAR
    least = best if own else near * best
    return [s for s in contacts if s in own or scores[s.id] >= least]


def _by_chance(finding: Finding, contacts: list[Sourced]) -> bool:
    """Whether these are lines of single programmes, none of them asked about, nor one alone pointed at."""
    pointed = len(contacts) == 1 and contacts[0].id in finding.pointed
    return not (finding.scope.programmes or pointed) and all(s.fact.programmes for s in contacts)


def _contact(sourced: Sourced) -> Contact:
    assert isinstance(sourced.fact, Contact)
    return sourced.fact


def _of(sourced: Sourced, districts: tuple[str, ...]) -> bool:
    contact = _contact(sourced)
    return contact.region in districts or contact.office.startswith(districts)


def _belongs(sourced: Sourced) -> bool:
    return _contact(sourced).role == "district"


def _stranger(turn: Turn, contacts: list[Sourced]) -> str:
    """The person asked for whom no contact names; by surname alone he may be one of these contacts."""
    name = turn.reading.stranger
    surnames = [person[0] for s in contacts for person in _contact(s).people]
    by_surname = turn.library.vocabulary.patterns.called.fullmatch(name) is not None
    return "" if by_surname and any(surname in name for surname in surnames) else name


def _section(turn: Turn, finding: Finding, contacts: list[Sourced], *, missing: tuple[str, ...]) -> Section:
    street = turn.reading.street
    called = turn.reading.aspects[:1] == (Aspect.CONTACT,)
    source = next(
        (
            row.source
            for row in facts.notice_of(turn, finding.scope).streets
            if street and street in row.streets
        ),
        "",
    )
    return Section(
        template="contacts/list",
        values={
            "offices": [*map(turn.library.office, contacts)],
            "missing": missing,
            "stranger": _stranger(turn, contacts),
            "street": street,
            "street_source": source,
            "local": turn.library.vocabulary.patterns.local.search(turn.reading.text) is not None,
            "districts": turn.reading.districts,
            "address": Aspect.ADDRESS in turn.reading.aspects,
        },
        facts=tuple(s.id for s in contacts),
        computed={"street_source": source} if source else {},
        scope=finding.scope,
        weight=max(facts.weight(finding, contacts), _UNLISTED if missing and called else _LEAST),
    )
