"""What all notices say, as one immutable snapshot.

Nothing faulty is ever served: `Library.load` raises `KnowledgeError` with all faults at once. What it may
leave to be compiled later is the same for every city, and comes with the program.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from knowledge.dictionary import Entry, Screen
from knowledge.edition import Notice
from knowledge.loading import contents
from knowledge.notice import Aspect, Clause, Contact, Fact, Programme
from knowledge.overlay import Office, Overlay, printed
from knowledge.rules import Rules
from knowledge.vocabulary import Vocabulary

_CITED = 3
_CLAUSE_MARKS = re.compile(r"[\s()（）·.第项条款]")

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Sourced:
    """A fact with the notice that says it; `id` is unique in the library."""

    notice: Notice
    fact: Fact

    @cached_property
    def id(self) -> str:
        return f"{self.notice.id}/{self.fact.id}"

    @cached_property
    def aspect(self) -> Aspect:
        return self.fact.aspect

    @property
    def clauses(self) -> tuple[Clause, ...]:
        return tuple(self.notice.clauses[clause] for clause in self.fact.clause)

    @cached_property
    def citation(self) -> str:
        """The first clauses as a reply cites them; a relay's with its own name before."""
        cited = "、".join(list(dict.fromkeys(clause.citation for clause in self.clauses))[:_CITED])
        return f"{self.notice.header.short} {cited}" if self.notice.header.parent else cited


@dataclass(frozen=True, repr=False)
class Library:
    """Every notice, the shared vocabulary, and look-ups over them."""

    version: str
    notices: Mapping[str, Notice]
    vocabulary: Vocabulary
    dictionary: Mapping[str, Entry]
    screens: tuple[Screen, ...] = ()
    overlay: Overlay = field(default_factory=Overlay)

    @classmethod
    def load(cls, *added: Path, base: Path = DATA, whole: bool = True) -> Library:
        """The notices of `base` and of each folder of `added`; raises KnowledgeError with all faults. Where
        not the `whole` is looked at, the expressions of `base` by which people tell facts are compiled when
        somebody does, so that the first answer comes sooner."""
        read = contents(base, added, whole=whole)
        return cls(read.version, read.notices, read.vocabulary, read.dictionary, read.screens)

    def __repr__(self) -> str:
        return f"Library({self.version})"

    @cached_property
    def sourced(self) -> Mapping[str, Sourced]:
        """Every fact by its unique id."""
        return MappingProxyType(
            {s.id: s for n in self._with_relays() for s in (Sourced(n, fact) for fact in n.facts)}
        )

    @cached_property
    def programmes(self) -> Mapping[str, tuple[Notice, Programme]]:
        """Every programme by id, with its notice."""
        return MappingProxyType({p.id: (n, p) for n in self.notices.values() for p in n.programmes})

    @cached_property
    def rules(self) -> Mapping[str, Rules]:
        """The criteria of every programme that has them, by its id."""
        return MappingProxyType(
            {
                ruleset.programme: Rules(ruleset, self.dictionary)
                for notice in self.notices.values()
                for ruleset in notice.criteria.rulesets
            }
        )

    @cached_property
    def clauses(self) -> Mapping[str, tuple[tuple[Notice, Notice, Clause], ...]]:
        """Every clause with its notice and the part (the notice itself or a relay) that holds it, by its
        id without brackets and marks, as people type it."""
        found: dict[str, tuple[tuple[Notice, Notice, Clause], ...]] = {}
        for notice in self.notices.values():
            for part in (notice, *notice.relays):
                for clause in part.clauses.values():
                    key = clause_key(clause.id)
                    found[key] = (*found.get(key, ()), (notice, part, clause))
        return MappingProxyType(found)

    def overlaid(self, overlay: Overlay) -> Library:
        """The same notices under what staff say now; this one stays as it is."""
        return replace(self, overlay=overlay)

    def office(self, sourced: Sourced) -> Office:
        """A contact as it is told now."""
        contact, header = sourced.fact, sourced.notice.header
        assert isinstance(contact, Contact)
        correction = self.overlay.corrections.get(sourced.id)
        if correction and correction.printed != printed(contact):
            correction = None
        check = self.overlay.checks.get(sourced.id)
        checked = check and (check.printed, check.correction) == (
            printed(contact),
            correction.id if correction else None,
        )
        return Office(
            id=sourced.id,
            city=header.city,
            district=contact.region or header.district,
            contact=contact,
            cite=sourced.citation,
            correction=correction,
            checked_on=check.on if check and checked else None,
        )

    def offices(self, notice: Notice) -> tuple[Office, ...]:
        """The contacts of a notice and its relays as they are told now, in the order of the files."""
        return tuple(map(self.office, self.of_kind(notice, Contact)))

    def misled(self, text: str) -> tuple[Office, ...]:
        """The corrected contacts whose wrong number or address a text gives alone."""
        return tuple(office for office in self.corrected if office.misled(text))

    @cached_property
    def corrected(self) -> tuple[Office, ...]:
        """The contacts that staff corrected, of the notices that hold: a later edition has its own word."""
        return tuple(
            office
            for notice in (self.notices.values() if self.overlay.corrections else ())
            if not notice.superseded_by
            for office in self.offices(notice)
            if office.correction
        )

    @cached_property
    def _by_kind(self) -> dict[tuple[str, type[Fact]], tuple[Sourced, ...]]:
        return {}

    @cached_property
    def _by_matter(self) -> Mapping[tuple[str, str], tuple[Sourced, ...]]:
        found: dict[tuple[str, str], tuple[Sourced, ...]] = {}
        for notice in self.notices.values():
            for sourced in self.facts(notice):
                for matter in dict.fromkeys(sourced.fact.about):
                    key = notice.id, matter
                    found[key] = (*found.get(key, ()), sourced)
        return MappingProxyType(found)

    def about(self, notice: Notice, matter: str) -> tuple[Sourced, ...]:
        """The facts of a notice and its relays that are about a matter, in the order of the files."""
        return self._by_matter.get((notice.id, matter), ())

    def of_kind(self, notice: Notice, kind: type[Fact]) -> tuple[Sourced, ...]:
        """The facts of one kind of a notice and its relays, in the order of the files."""
        found = self._by_kind.get((notice.id, kind))
        if found is None:
            found = tuple(s for s in self.facts(notice) if isinstance(s.fact, kind))
            self._by_kind[notice.id, kind] = found
        return found

    def of_city(self, city: str) -> tuple[Notice, ...]:
        """The city's notices that no later edition replaces."""
        return self._current.get(city, ())

    @cached_property
    def _current(self) -> Mapping[str, tuple[Notice, ...]]:
        found: dict[str, tuple[Notice, ...]] = {}
        for notice in self.notices.values():
            if not notice.superseded_by:
                found[notice.header.city] = (*found.get(notice.header.city, ()), notice)
        return MappingProxyType(found)

    def facts(self, notice: Notice) -> Iterator[Sourced]:
        """The facts of a notice and of its relays."""
        for part in (notice, *notice.relays):
            yield from (self.sourced[f"{part.id}/{fact.id}"] for fact in part.facts)

    def _with_relays(self) -> Iterator[Notice]:
        for notice in self.notices.values():
            yield notice
            yield from notice.relays


def clause_key(text: str) -> str:
    """A clause's id without brackets, marks and ordinal words: `二（一）第4项` and `二(一)4` are one."""
    return _CLAUSE_MARKS.sub("", text)
