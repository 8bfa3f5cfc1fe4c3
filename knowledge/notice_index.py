"""One notice with its relays, made searchable: its facts by all that a question may name, and by wording."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from knowledge.edition import Notice
from knowledge.figures import chinese_number
from knowledge.library import Library
from knowledge.likeness import Likeness, pairs
from knowledge.notice import Aspect, Contact, Fact, Form, Place, Quota, Stage, Status

_FIRST_MATTER, _LATER_MATTER = 1.0, 0.8
_WORDING = 0.25
_WHOLE_WORD, _WHOLE_LEAST, _TERM_LEAST = 3, 2, 3
_CHOICES_KEPT = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A fact as it is looked for: the matters it is about, the aspects it serves, the one district it is
    of, the programmes it names; `apart`, where it is told only if one of its matters is asked."""

    id: str
    fact: Fact
    about: frozenset[str]
    aspects: frozenset[Aspect]
    region: str
    programmes: frozenset[str]
    apart: bool


@dataclass(frozen=True, slots=True)
class Fitting:
    """The facts that hold for some programmes: all of them, and those that name one of the programmes."""

    all: frozenset[int]
    own: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Posting:
    facts: Sequence[int]
    worth: float


class NoticeIndex:
    """The facts of a notice and its relays, each known by its place (`at`, by id) among the `entries`.

    `by_matter` has for each matter how much each fact is about it, `apart` the places of entries that are.
    `relayed` are the districts whose relay tells of itself, `summed` says whether a table of quotas has its
    sum; `source` is the text itself. `matters` and `aspect_names` are the vocabulary's.
    """

    def __init__(self, library: Library, notice: Notice, common: Collection[str]) -> None:
        self.notice = notice
        self.matters = library.vocabulary.matters
        self.aspect_names = {row.id: row.name for row in library.vocabulary.aspects.values()}
        sourced = list(library.facts(notice))
        self.entries = self._entries([(row.id, row.fact) for row in sourced])
        self.at = {entry.id: at for at, entry in enumerate(self.entries)}
        self.apart = [at for at, entry in enumerate(self.entries) if entry.apart]
        comparing = {matter.id for matter in self.matters.values() if matter.compares}
        self._comparing = frozenset(  # what sets programmes beside each other tells nothing of one alone
            at for at, entry in enumerate(self.entries) if not comparing.isdisjoint(entry.about)
        )
        self.by_matter: dict[str, dict[int, float]] = defaultdict(dict)
        self.by_aspect: dict[Aspect, list[int]] = defaultdict(list)
        self._post()
        self.relayed = frozenset(e.region for e in self.entries if e.region and Aspect.ABOUT in e.aspects)
        quotas = [entry.fact for entry in self.entries if isinstance(entry.fact, Quota)]
        self.summed = any(quota.total for quota in quotas)
        self._bodies = {name for quota in quotas for name in (quota.body, *quota.bodies)}
        self.source = notice.source + "".join(relay.source for relay in notice.relays)
        self._pairs = self._index_pairs(frozenset(common))
        self._samples = Likeness(
            {row.id: (*row.notice.asked.get(row.fact.id, ()), _wording(row.fact)) for row in sourced}, common
        )
        self._text = frozenset(
            pair
            for part in (notice, *notice.relays)
            for c in part.clauses.values()
            for pair in pairs(c.text.lower())
        )
        self.fitting = lru_cache(_CHOICES_KEPT)(self._fitting)

    def _entries(self, facts: Iterable[tuple[str, Fact]]) -> Sequence[Entry]:
        apart = {matter.id for matter in self.matters.values() if matter.apart}
        regions = {region.name: (region.name, *region.names) for region in self.notice.regions}
        return [
            Entry(
                id=id_,
                fact=fact,
                about=frozenset(fact.about),
                aspects=frozenset(aspects_served(fact)),
                region=_district(fact, regions),
                programmes=frozenset(fact.programmes),
                apart=bool(fact.about) and apart.issuperset(fact.about),
            )
            for id_, fact in facts
        ]

    def _post(self) -> None:
        for at, entry in enumerate(self.entries):
            about = entry.fact.about
            for matter in about:
                self.by_matter[matter][at] = _FIRST_MATTER if about[0] == matter else _LATER_MATTER
            for aspect in aspects_served(entry.fact):
                self.by_aspect[aspect].append(at)

    def _index_pairs(self, common: frozenset[str]) -> dict[str, _Posting]:
        """Which facts share a pair, and what sharing it is worth: rare pairs more, whole words most."""
        found: dict[str, list[int]] = defaultdict(list)
        for at, entry in enumerate(self.entries):
            for pair in pairs(_wording(entry.fact)):
                if pair not in common:
                    found[pair].append(at)
        size = len(self.entries) + 1
        return {
            pair: _Posting(
                facts,
                _WORDING
                * math.log(size / len(facts))
                * (_WHOLE_WORD if pair.isascii() and len(pair) >= _WHOLE_LEAST else 1),
            )
            for pair, facts in found.items()
        }

    def _fitting(self, programmes: tuple[str, ...]) -> Fitting:
        """Which facts hold for the programmes asked about; none asked are all."""
        named = [entry.programmes for entry in self.entries]
        own = frozenset(at for at, of in enumerate(named) if not of.isdisjoint(programmes))
        general = (at for at, of in enumerate(named) if not of or not programmes)
        beside = self._comparing if len(programmes) == 1 else frozenset()
        return Fitting(own.union(general) - beside, own - beside)

    def like(self, asked: Iterable[str], most: int) -> list[tuple[int, float]]:
        """The facts that people ask for in words most like these `pieces`, best first, with how much."""
        return [(self.at[fact], worth) for fact, worth in self._samples.best(asked, most)]

    def sharing(self, asked: Iterable[str]) -> dict[int, float]:
        """The facts that share `pieces` of a wording, with what all that is shared is worth."""
        shared: dict[int, float] = defaultdict(float)
        for found in map(self._pairs.get, asked):
            if found:
                worth = found.worth
                for at in found.facts:
                    shared[at] += worth
        return shared

    def covers(self, matter: str, fits: Fitting) -> bool:
        """Whether any fact that fits is about the matter."""
        return not fits.all.isdisjoint(self.by_matter.get(matter, ()))

    def knows(self, matters: Iterable[str], programmes: tuple[str, ...]) -> bool:
        """Whether the notice has a fact on one of the matters."""
        fits = self.fitting(programmes)
        return any(self.covers(matter, fits) for matter in matters)

    def names(self, bodies: Iterable[str]) -> bool:
        """Whether one of the recommending bodies is this notice's."""
        return not self._bodies.isdisjoint(bodies)

    def holds(self, word: str) -> bool:
        """Whether all pairs of a word occur in the clauses."""
        return pairs(word).keys() <= self._text

    def writes(self, term: str) -> bool:
        """Whether a term of some length stands in the text itself."""
        return len(term) >= _TERM_LEAST and term in self.source

    def alone_writes(self, term: str, others: Iterable[NoticeIndex]) -> bool:
        """Whether a part of a term stands in the text itself, and in that of no other notice."""
        elsewhere = [other.source for other in others if other is not self]
        return any(
            pair in self.source and not any(pair in source for source in elsewhere)
            for pair in pairs(term)
            if chinese_number(pair[0]) is None  # 一份 is any notice's word
        )


def _district(fact: Fact, regions: Mapping[str, Sequence[str]]) -> str:
    """The one district that a fact is about, by its field or the name of its office or body."""
    if fact.region:
        return fact.region
    named = fact.office if isinstance(fact, Contact) else fact.body if isinstance(fact, Quota) else ""
    for region, names in regions.items():
        if any(named.startswith(name) for name in names):
            return region
    return ""


def aspects_served(fact: Fact) -> tuple[Aspect, ...]:
    """The aspects that a fact serves: its own, and those it answers besides."""
    own = fact.aspect
    match fact:
        case Stage():
            return (Aspect.DEADLINE, Aspect.TIMELINE) if own is Aspect.DEADLINE else (Aspect.TIMELINE,)
        case Contact(address=address) if address:
            return (own, Aspect.ADDRESS, Aspect.DISTRICT_ROUTING)
        case Contact():
            return (own, Aspect.DISTRICT_ROUTING)
        case _:
            return (own,)


def _wording(fact: Fact) -> str:
    parts = [fact.say, fact.quote, *fact.words]
    match fact:
        case Contact():
            parts += [
                fact.office,
                fact.purpose,
                fact.address,
                *fact.people,
                *(phone.dial for phone in fact.phones),
            ]
        case Quota():
            parts += [fact.body, *fact.bodies]
        case Stage():
            parts += [fact.name, fact.actor]
        case Form():
            parts += [fact.annex, fact.title, *fact.fields]
        case Place() | Status():
            parts += [fact.name]
        case _:
            pass
    return " ".join(parts).lower()
