"""Which facts of a notice answer a question, and on what the notice is silent.

Evidence adds up: matters the question names, the aspect it asks, the wording it shares with a fact
(character pairs, rare ones more), the district and programme it is about. The cost grows with the
question, not with the number of notices.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from knowledge.library import Library, Notice
from knowledge.likeness import pairs
from knowledge.notice import Aspect, Contact, Fact, Form, Place, Quota, Stage, Status
from knowledge.reading import Finding, Hit, Scope, Silent

FIRST_MATTER, LATER_MATTER = 1.0, 0.8
ASPECT_ASKED, ASPECT_HINTED = 0.9, 0.4
OWN_PROGRAMME, OWN_DISTRICT, OTHER_DISTRICT = 0.3, 1.6, -2.5
WORDING, WORDING_MOST, WORDING_ALONE = 0.22, 2.6, 1.8
ASSERTED = 0.5
WHOLE_WORD = 3
KEEP, ENOUGH, MOST = 0.62, 0.9, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, free of where: matters and aspects with their weights, and the wording itself.

    `topical` is false where the vocabulary found no topic and the wording alone must do. `segments` are the
    message's parts, each with the matters found in it; `kinds` are the kinds of
    answer it asks for (a number of days…), each with a pattern of what would answer it and its name.
    """

    text: str
    aspects: Mapping[Aspect, float]
    matters: Mapping[str, float]
    segments: Sequence[Collection[str]]
    kinds: Sequence[tuple[str, re.Pattern[str], frozenset[Aspect]]] = ()
    topical: bool = True
    districts: Sequence[str] = ()


class NoticeIndex:
    """One notice with its relays, made searchable."""

    def __init__(self, library: Library, notice: Notice, common: Collection[str]) -> None:
        self._library = library
        self._notice = notice
        self._facts = list(library.facts(notice))
        self._regions = {region.name: (region.name, *region.names) for region in notice.regions}
        self._pairs: dict[str, list[int]] = defaultdict(list)
        self._by_matter: dict[str, list[int]] = defaultdict(list)
        self._by_aspect: dict[Aspect, list[int]] = defaultdict(list)
        self._region_of: list[str] = []
        pairs_of: list[set[str]] = []
        for at, sourced in enumerate(self._facts):
            fact = sourced.fact
            pairs_of.append(pairs(_wording(fact)) - set(common))
            for matter in fact.about:
                self._by_matter[matter].append(at)
            for aspect in aspects_of(fact):
                self._by_aspect[aspect].append(at)
            self._region_of.append(self._district(fact))
        counts = Counter(pair for own in pairs_of for pair in own)
        size = len(self._facts) + 1
        self._rarity = {pair: math.log(size / count) for pair, count in counts.items()}
        for at, own in enumerate(pairs_of):
            for pair in own:
                self._pairs[pair].append(at)
        self.text = frozenset(
            pair
            for part in (notice, *notice.relays)
            for c in part.clauses.values()
            for pair in pairs(c.text.lower())
        )

    def _district(self, fact: Fact) -> str:
        """The one district that a fact is about, by its field or the name of its office or body."""
        if fact.region:
            return fact.region
        named = fact.office if isinstance(fact, Contact) else fact.body if isinstance(fact, Quota) else ""
        for region, names in self._regions.items():
            if any(named.startswith(name) for name in names):
                return region
        return ""

    def answer(self, question: Question, programmes: tuple[str, ...]) -> Finding:
        """The facts that fit, best first, and what the notice does not say."""
        scores, why = self._score(question, programmes)
        silent = self._silences(question, programmes)
        hits = [] if self._wholly_silent(question, programmes) else self._choose(question, scores, why)
        silent += self._missing_kinds(question, hits)
        matters = self._library.matters
        specific = [
            m for m, weight in question.matters.items() if weight >= ASSERTED and not matters[m].general
        ]
        overview = (
            tuple(a for a in question.aspects if question.aspects[a] >= ASSERTED) if not specific else ()
        )
        if not hits and not silent and not question.topical:
            overview = (Aspect.ELIGIBILITY,) if programmes else ()
        return Finding(
            scope=Scope(notice=self._notice.id, programmes=programmes),
            hits=tuple(hits),
            silent=tuple(silent),
            overview=overview,
        )

    def _wholly_silent(self, question: Question, programmes: tuple[str, ...]) -> bool:
        """Whether every finer matter asked is one that the notice lacks, and nothing else is asked."""
        asked = [m for m, weight in question.matters.items() if weight >= ASSERTED]
        specific = [m for m in asked if not self._library.matters[m].general]
        if not specific or any(self.covers(m, programmes) for m in specific):
            return False
        own = {self._library.matters[m].aspect for m in specific}
        others = {a for a, weight in question.aspects.items() if weight >= ASSERTED} - own
        return not any(self._by_aspect.get(a) for a in others)

    def _fits(self, fact: Fact, programmes: Collection[str]) -> bool:
        return not programmes or not fact.programmes or not set(programmes).isdisjoint(fact.programmes)

    def _score(
        self, question: Question, programmes: tuple[str, ...]
    ) -> tuple[dict[int, float], dict[int, list[str]]]:
        scores: dict[int, float] = defaultdict(float)
        why: dict[int, list[str]] = defaultdict(list)
        for matter, weight in question.matters.items():
            for at in self._by_matter.get(matter, ()):
                first = self._facts[at].fact.about[0] == matter
                scores[at] += weight * (FIRST_MATTER if first else LATER_MATTER)
                why[at].append(matter)
        for aspect, weight in question.aspects.items():
            for at in self._by_aspect.get(aspect, ()):
                scores[at] += ASPECT_ASKED if weight >= ASSERTED else ASPECT_HINTED
                why[at].append(aspect)
        shared: dict[int, float] = defaultdict(float)
        for pair in pairs(question.text):
            rarity = self._rarity.get(pair)
            if rarity:
                for at in self._pairs[pair]:
                    shared[at] += rarity * (WHOLE_WORD if pair.isascii() else 1)
        for at, worth in shared.items():
            scores[at] += min(WORDING_MOST, WORDING * worth)
        for at in list(scores):
            asked = at in why or shared[at] * WORDING >= WORDING_ALONE or not question.topical
            if not asked or not self._fits(self._facts[at].fact, programmes):
                del scores[at]
        for at in scores:
            scores[at] += self._place_bonus(at, question, programmes)
        return scores, why

    def _place_bonus(self, at: int, question: Question, programmes: tuple[str, ...]) -> float:
        fact = self._facts[at].fact
        bonus = OWN_PROGRAMME if programmes and not set(programmes).isdisjoint(fact.programmes) else 0.0
        region = self._region_of[at]
        if question.districts and region:
            bonus += OWN_DISTRICT if region in question.districts else OTHER_DISTRICT
        return bonus

    def _choose(
        self, question: Question, scores: Mapping[int, float], why: Mapping[int, list[str]]
    ) -> list[Hit]:
        """The best facts, and for each matter and aspect asked at least one."""
        ranked = sorted(scores, key=lambda at: (-scores[at], at))
        ranked = [at for at in ranked if scores[at] >= ENOUGH]
        if not ranked:
            return []
        chosen = [at for at in ranked[:MOST] if scores[at] >= KEEP * scores[ranked[0]]]
        needs = [m for m, weight in question.matters.items() if weight >= ASSERTED]
        for need in needs:
            own = self._by_matter.get(need, ())
            if own and not set(own) & set(chosen):
                best = max((at for at in own if at in scores), key=lambda at: scores[at], default=None)
                if best is not None and scores[best] >= ENOUGH:
                    chosen.append(best)
        for aspect, weight in question.aspects.items():
            own = self._by_aspect.get(aspect, ())
            if weight >= ASSERTED and own and not set(own) & set(chosen):
                best = max((at for at in own if at in scores), key=lambda at: scores[at], default=None)
                if best is not None:
                    chosen.append(best)
        return [Hit(fact=self._facts[at].id, score=round(scores[at], 3), why=tuple(why[at])) for at in chosen]

    def covers(self, matter: str, programmes: tuple[str, ...]) -> bool:
        """Whether any fact for these programmes is about the matter."""
        return any(self._fits(self._facts[at].fact, programmes) for at in self._by_matter.get(matter, ()))

    def _silences(self, question: Question, programmes: tuple[str, ...]) -> list[Silent]:
        """The matters asked that no fact covers, unless the same part of the message names a covered one
        with as much weight."""
        found: list[Silent] = []
        for segment in question.segments:
            strong = [m for m in segment if question.matters.get(m, 0) >= ASSERTED]
            covered = [m for m in strong if self.covers(m, programmes)]
            best = max((question.matters[m] for m in covered), default=0.0)
            for matter in strong:
                general = self._library.matters[matter].general
                if matter not in covered and question.matters[matter] >= best and not (general and covered):
                    found.append(self._silent(matter, programmes))
        return list(dict.fromkeys(found))

    def _silent(self, matter: str, programmes: tuple[str, ...]) -> Silent:
        name = self._library.matters[matter].name
        for silence in self._notice.silences:
            if matter in silence.about and (
                not silence.programmes or not programmes or set(programmes) & set(silence.programmes)
            ):
                near = tuple(f"{self._notice.id}/{fact}" for fact in silence.near)
                return Silent(notice=self._notice.id, topic=name, note=silence.say, near=near)
        return Silent(notice=self._notice.id, topic=name)

    def _missing_kinds(self, question: Question, hits: Iterable[Hit]) -> list[Silent]:
        says = [self._library.sourced[hit.fact].fact for hit in hits]
        return [
            Silent(notice=self._notice.id, topic=name)
            for name, shows, not_for in question.kinds
            if not (not_for & set(question.aspects)) and not any(shows.search(fact.say) for fact in says)
        ]


def aspects_of(fact: Fact) -> tuple[Aspect, ...]:
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
