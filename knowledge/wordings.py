"""All that a library has a name for, as the lexicon that finds it in a text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from knowledge.edition import Notice
from knowledge.language import normalise, tagged
from knowledge.lexicon import Lexicon, Sense, Sort
from knowledge.library import Library
from knowledge.notice import Contact, Quota


def lexicon_of(library: Library) -> Lexicon:
    """The lexicon of cities, programmes, places, bodies, persons and topics, by all their names."""
    return Lexicon(_wordings(library), _spoken(library))


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
            line = Sense(Sort.PERSON, f"{notice}/{' '.join(fact.programmes)}", 1.0)
            for name in (*fact.people, *(phone.dial.split("-")[-1] for phone in fact.phones)):
                yield name, line


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


def _spoken(library: Library) -> set[str]:
    """Words of the notices' own text and of every day, by which Latin pinyin may be read."""
    words = set(library.vocabulary.everyday)
    for notice in library.notices.values():
        for part in (notice, *notice.relays):
            for fact in part.facts:
                words.update(word for word, _ in tagged(fact.say) if len(word) > 1)
    return words
