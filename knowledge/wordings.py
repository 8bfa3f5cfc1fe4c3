"""All that a library has a name for, as the lexicon that finds it in a text."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from knowledge.edition import Notice
from knowledge.language import normalise, tagged
from knowledge.lexicon import Found, Lexicon, Sense, Sort
from knowledge.library import Library
from knowledge.notice import Contact, Quota


def lexicon_of(library: Library) -> Lexicon:
    """The lexicon of cities, programmes, places, bodies, persons and topics, by all their names."""
    return Lexicon(_wordings(library), library.vocabulary.everyday, lambda: _written(library))


class Lines:
    """Whom people mean who know only a part of a name or a number of a library's contacts."""

    def __init__(self, library: Library) -> None:
        self._patterns = library.vocabulary.patterns
        self._numbers: set[str] = set()
        self._surnames: dict[str, dict[Sense, None]] = defaultdict(dict)
        for notice in library.notices.values():
            facts = (fact for part in (notice, *notice.relays) for fact in part.facts)
            for contact in (fact for fact in facts if isinstance(fact, Contact)):
                self._numbers.update(_numbers(contact))
                for person in contact.people:
                    self._surnames[person[0]][_line(notice.id, contact)] = None

    def whole(self, text: str) -> str:
        """The text with the end of a number (尾号1593) as the whole one, where one alone ends so."""
        return self._patterns.tail.sub(self._number, text)

    def by_surname(self, text: str) -> Iterator[Found]:
        """The persons of whom the surname alone is known (姓李的)."""
        for match in self._patterns.surname.finditer(text):
            if senses := self._surnames.get(match[1]):
                yield Found(match.start(), match.end(), match.group(), tuple(senses))

    def _number(self, match: re.Match[str]) -> str:
        digits = match[1] or match[2]
        whole = [number for number in self._numbers if number.endswith(digits)]
        return whole[0] if len(whole) == 1 else match.group()


def _numbers(contact: Contact) -> Iterator[str]:
    """The numbers of a contact as they are dialled within the city."""
    yield from (phone.dial.split("-")[-1] for phone in contact.phones)


def _line(notice: str, contact: Contact) -> Sense:
    return Sense(Sort.PERSON, f"{notice}/{' '.join(contact.programmes)}", 1.0)


def _wordings(library: Library) -> Iterator[tuple[str, Sense]]:
    yield from _topics(library)
    own = {name for n in library.notices.values() for name in (n.header.city, *n.header.cities)}
    for city in sorted(library.vocabulary.cities - own):
        yield city, Sense(Sort.OTHER_CITY, city, 1.0)
    for notice in library.notices.values():
        number = normalise(notice.header.doc_no)
        names = (*notice.header.cities, number, *library.vocabulary.patterns.document.findall(number))
        for name in (notice.header.city, *names):
            yield name.lower(), Sense(Sort.CITY, notice.header.city, 1.0)
        for programme in notice.programmes:
            for name in (programme.name, *programme.names, *programme.old_names):
                yield name.lower(), Sense(Sort.PROGRAMME, programme.id, 1.0)
        for part in (notice, *notice.relays):
            yield from _places(notice.header.city, part)
            yield from _bodies(notice.id, part)


def _places(city: str, part: Notice) -> Iterator[tuple[str, Sense]]:
    for region in part.regions:
        for name in (region.name, *region.names):
            yield name.lower(), Sense(Sort.REGION, f"{city}/{region.name}", 1.0)
    for row in part.streets:
        for street in row.streets:
            yield street.lower(), Sense(Sort.STREET, f"{city}/{row.district}", 1.0)


def _bodies(notice: str, part: Notice) -> Iterator[tuple[str, Sense]]:
    for fact in part.facts:
        if isinstance(fact, Quota):
            for body in (fact.body, *fact.bodies):
                yield body.lower(), Sense(Sort.BODY, body, 1.0)
        if isinstance(fact, Contact):
            for name in (*fact.people, *_numbers(fact)):
                yield name, _line(notice, fact)


def _topics(library: Library) -> Iterator[tuple[str, Sense]]:
    shared: dict[str, int] = defaultdict(int)
    for matter in library.vocabulary.matters.values():
        for word in matter.words:
            shared[word] += 1
    for aspect in library.vocabulary.aspects.values():
        for word in aspect.words:
            yield word.lower(), Sense(Sort.ASPECT, aspect.id, 1.0)
    for matter in library.vocabulary.matters.values():
        for word in matter.words:
            yield word.lower(), Sense(Sort.MATTER, matter.id, 1.0 / shared[word] ** 0.5)


def _written(library: Library) -> set[str]:
    """Words of the notices' own text."""
    words: set[str] = set()
    for notice in library.notices.values():
        for part in (notice, *notice.relays):
            for fact in part.facts:
                words.update(word for word, _ in tagged(fact.say) if len(word) > 1)
    return words
