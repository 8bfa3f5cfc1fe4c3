"""Which facts of a notice fit a question.

Evidence adds up: matters the question names, the aspect it asks, the wording it shares with a fact
(character pairs, rare ones more), the district and programme it is about. The cost grows with the
question, not with the number of notices.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from typing import Final

from knowledge.asked import ASSERTED, Question
from knowledge.notice import Aspect, Award, Contact, Fact, Money, Quota, Stage
from knowledge.notice_index import Fitting, NoticeIndex
from knowledge.reading import Hit

POINTED: Final = 0.45
"""From which likeness on people ask for a fact in words much like these."""
JUST_ASKED: Final = 0.5
"""From which likeness on a fact is asked for in almost these words."""

_ASPECT_ASKED, _ASPECT_HINTED, _ASPECT_LEAST = 0.9, 0.4, 1.0
_OWN_PROGRAMME, _OWN_DISTRICT, _OTHER_DISTRICT, _NO_DISTRICT = 0.3, 1.6, -4.0, -1.0
_OTHER_NOTICE = -5.0
_WORDING_MOST, _WORDING_ALONE, _WORDING_LEAST = 2.6, 2.0, 1.2
_SAMPLE, _SAMPLE_MOST, _SAMPLE_ALONE = 4.0, 4.0, 0.25
_KEEP, _KEEP_ONE, _KEEP_ALONE, _ENOUGH = 0.42, 0.55, 0.6, 0.9
_CLEAR, _ROW_SHARE, _APART, _PLACED, _PLACED_ALIKE = 7.0, 0.5, 0.8, 0.5, 0.7
_SURELY_ALIKE, _NEARLY_ALIKE = 0.6, 0.75
_NEAR, _NEAR_OF_SEVERAL, _NEAR_ALONE, _NEARER_THAN_NOT = 0.8, 0.5, 0.85, 0.6
_DAYS = frozenset({Aspect.DEADLINE, Aspect.TIMELINE})
_BY_PLACE = _DAYS | {Aspect.QUOTA}
_ROWS = (Award, Contact, Money, Quota, Stage)


def ranked(
    index: NoticeIndex, question: Question, fits: Fitting, like: Mapping[int, float], *, most: int
) -> list[Hit]:
    """The facts to tell, best first, `most` by their own scores; `like` are those that people ask for in
    words like these, the likest first, with how much they are."""
    ranking = _Ranking(index, question, fits, like)
    return ranking.to_the_point(ranking.without_neighbours(ranking.chosen(ranking.scores(), most)))


class _Ranking:
    """One question as put to one notice."""

    def __init__(
        self, index: NoticeIndex, question: Question, fits: Fitting, like: Mapping[int, float]
    ) -> None:
        self._index = index
        self._entries = index.entries
        self._question = question
        self._fits = fits
        self._like = like
        self._asserted = frozenset(question.asserted())

    def scores(self) -> dict[int, float]:
        """Every fact that something speaks for, with the sum of what does."""
        index, question, like = self._index, self._question, self._like
        scores = [0.0] * len(self._entries)
        named: set[int] = set()
        for matter, weight in question.matters.items():
            facts = index.by_matter.get(matter, {})
            named.update(facts)
            for at, share in facts.items():
                scores[at] += weight * share
        for aspect, weight in question.aspects.items():
            worth = _ASPECT_ASKED if weight >= ASSERTED else _ASPECT_HINTED
            served = index.by_aspect.get(aspect, ())
            named.update(served)
            for at in served:
                scores[at] += worth
        shared = index.sharing(question.pieces)
        named.update(at for at, worth in like.items() if worth >= _SAMPLE_ALONE)
        alone = _WORDING_ALONE if question.topical else _WORDING_LEAST
        named.update([at for at, worth in shared.items() if worth >= alone])
        for at in named & shared.keys():
            scores[at] += min(_WORDING_MOST, shared[at])
        for at in named & like.keys():
            scores[at] += min(_SAMPLE_MOST, _SAMPLE * like[at])
        least = max(JUST_ASKED, _APART * max(like.values(), default=0.0))
        unnamed = [
            at
            for at in index.apart
            if self._entries[at].about.isdisjoint(question.matters) and like.get(at, 0.0) < least
        ]
        fitting = (named & self._fits.all).difference(self._beside_the_notice(), unnamed)
        return {at: scores[at] + self._place_bonus(at) for at in fitting}

    def _beside_the_notice(self) -> Set[int]:
        """The days of the season, where the day of the notice itself is asked and none of these."""
        days = {at for aspect in _DAYS for at in self._index.by_aspect.get(aspect, ())}
        if Aspect.ABOUT in self._asserted and self._asserted.isdisjoint(_DAYS):
            return days
        if self._most_of_itself():
            return {at for at in days if self._like.get(at, 0.0) < JUST_ASKED}
        return frozenset()

    def _most_of_itself(self) -> bool:
        """Whether the matter most asked is one of the notice itself, and no step of the season is named."""
        asked, matters = self._question.matters, self._index.matters
        most = max(asked, key=asked.__getitem__, default=None)
        if most is None or asked[most] < ASSERTED or matters[most].general:
            return False
        touched = {matters[matter].aspect for matter in self._question.touched()}
        return matters[most].aspect is Aspect.ABOUT and touched.isdisjoint(_DAYS)

    def _place_bonus(self, at: int) -> float:
        districts, entry = self._question.districts, self._entries[at]
        bonus = _OWN_PROGRAMME if at in self._fits.own else 0.0
        if entry.region in districts:
            bonus += _OWN_DISTRICT
        elif entry.region:
            bonus += _OTHER_DISTRICT if districts else _NO_DISTRICT
        itself = Aspect.ABOUT in entry.aspects and not (districts and entry.region)
        return bonus + (_OTHER_NOTICE if itself and self._of_another(entry.region) else 0.0)

    def _of_another(self, region: str) -> bool:
        """Whether a notice that tells of itself is not the one meant: a relay where the city's is asked for,
        the city's where that of a district is which has its own."""
        if region or self._question.central:
            return bool(region) and self._question.central
        return not self._index.relayed.isdisjoint(self._question.districts)

    def chosen(self, scores: Mapping[int, float], most: int) -> list[Hit]:
        """The best facts, and for each matter and aspect asked at least one."""
        scores = self._place_last(scores)
        best = sorted([(-score, at) for at, score in scores.items() if score >= _ENOUGH])[:most]
        if not best:
            return []
        top = scores[best[0][1]]
        likest = self._likest()
        chosen = {at: self._why(at) for _, at in best if at in likest or scores[at] >= self._share(at) * top}
        if any(chosen.values()):
            chosen = {at: why for at, why in chosen.items() if not self._only_placed(at)}
        for facts, least in self._wanted(top):
            if not chosen.keys().isdisjoint(facts):
                continue
            fitting = (at for at in facts if at in scores and not self._elsewhere(at))
            first = max(fitting, key=scores.__getitem__, default=None)
            if first is not None and scores[first] >= least:
                chosen[first] = self._why(first)
        return [
            Hit(fact=self._entries[at].id, score=round(scores[at], 3), why=why) for at, why in chosen.items()
        ]

    def _wanted(self, top: float) -> Iterator[tuple[Collection[int], float]]:
        """Of which facts one is to be told for each matter and aspect asked, from which score on. Where a
        fact is just what is asked, an aspect's name alone brings in no other; where the best, of score `top`,
        is clear, what the words are merely like brings in none."""
        question = self._question
        clear = top >= _CLEAR and any(worth >= POINTED for worth in self._like.values())
        surely = question.named() if clear else question.matters.keys()
        for matter, weight in question.matters.items():
            if weight >= ASSERTED and matter in surely:
                yield self._best_about(matter), _ENOUGH
        for matter in question.named():
            first = [at for at, share in self._index.by_matter.get(matter, {}).items() if share >= 1.0]
            if first:
                yield first, _ENOUGH
        if self._of_both():
            yield [at for at in self._index.by_aspect[Aspect.ABOUT] if not self._entries[at].region], 0.0
        just = any(not self._entries[at].region for at in self._just_asked())
        served = _ASPECT_LEAST if just else 0.0
        for aspect in question.asserted():
            plainly = aspect in _DAYS and question.aspects[aspect] >= 1.0
            if not (aspect is Aspect.TIMELINE and self._of_other_steps()):
                yield self._index.by_aspect.get(aspect, ()), 0.0 if plainly else served

    def _of_both(self) -> bool:
        """Whether the city's notice and a district's are both asked about."""
        question = self._question
        return question.central and bool(question.districts) and Aspect.ABOUT in question.aspects

    def _of_other_steps(self) -> bool:
        """Whether the day of a step is asked that none of the facts which fit is about."""
        steps = [m for m in self._question.named() if self._index.matters[m].aspect is Aspect.TIMELINE]
        days = self._fits.all.intersection(self._index.by_aspect.get(Aspect.TIMELINE, ()))
        return bool(steps) and not any(self._entries[at].about.intersection(steps) for at in days)

    def _just_asked(self) -> list[int]:
        return [at for at, worth in self._like.items() if worth >= JUST_ASKED and not self._only_placed(at)]

    def _share(self, at: int) -> float:
        """Which share of the best fact's score a fact needs to be told too: less where a topic that is asked
        speaks for it, and least where several things are asked."""
        if self._why(at):
            return _KEEP if self._question.parts else _KEEP_ONE
        return _KEEP_ALONE

    def _only_placed(self, at: int) -> bool:
        """Whether nothing speaks for a fact but the district that the question names, or it tells of the
        notice itself, where a day or a number of places is plainly asked; the rows of a district are like any
        question that names it."""
        entry, aspects = self._entries[at], self._question.aspects
        asked = any(aspects.get(aspect, 0.0) >= 1.0 for aspect in _BY_PLACE)
        placed = entry.region in self._question.districts or isinstance(entry.fact, Quota)
        like = self._like.get(at, 0.0) >= _PLACED_ALIKE and not isinstance(entry.fact, _ROWS)
        return asked and (placed or Aspect.ABOUT in entry.aspects) and not (like or self._why(at))

    def _likest(self) -> Set[int]:
        """What the question is most like, and what each of several questions is by itself."""
        likest = {*self._just_asked()[:1]}
        for part in self._question.parts:
            likest.update(
                at for at, worth in self._index.like(part, 1) if worth >= JUST_ASKED and at in self._fits.all
            )
        return likest

    def without_neighbours(self, hits: Sequence[Hit]) -> list[Hit]:
        """The hits without rows that only stand beside the one asked for: another body's number, another
        step's day, another sum. A row is asked for by its district, by a matter that the words name, or by
        being asked in much these words."""
        best: dict[type[Fact], Hit] = {}
        kept = []
        for hit in sorted(hits, key=lambda hit: -hit.score):
            at = self._index.at[hit.fact]
            kind = type(self._entries[at].fact)
            first = best.setdefault(kind, hit)
            beside = (
                kind in _ROWS
                and hit is not first
                and self._like.get(self._index.at[first.fact], 0.0) >= POINTED
                and first.score >= _CLEAR
                and hit.score < _ROW_SHARE * first.score
            )
            if not beside or self._named(at):
                kept.append(hit.fact)
        return [hit for hit in hits if hit.fact in kept]

    def to_the_point(self, hits: Sequence[Hit]) -> list[Hit]:
        """The hits without what only shares some words with the question; and where one thing is asked, and
        much in the words in which people ask for the best hit, also without what is neither nearly as good
        nor as much like it. Rows and days have had their turn."""
        asked = [hit for hit in hits if not self._only_recommends(self._index.at[hit.fact])]
        best = max(asked or hits, key=lambda hit: hit.score, default=None)
        if best is None:
            return []
        likest, alike = self._likest(), self._like.get(self._index.at[best.fact], 0.0)
        sure = self._index.at[best.fact] in likest and alike >= _SURELY_ALIKE and bool(best.why)
        sure = sure and not self._question.several
        near = (_NEAR_OF_SEVERAL if self._question.parts else _NEAR) * best.score
        alone = (_NEAR_ALONE if alike >= JUST_ASKED else _NEARER_THAN_NOT) * best.score
        kept = []
        for hit in hits:
            at = self._index.at[hit.fact]
            worse = sure and hit.score < near and self._like.get(at, 0.0) < _NEARLY_ALIKE * alike
            if not (worse if hit.why else hit.score < alone) or at in likest or self._stands(at):
                kept.append(hit)
        return kept

    def _only_recommends(self, at: int) -> bool:
        """Whether a row of places is a body's that is named, and no places are asked."""
        matters = self._question.matters
        asked = any(matters.get(matter, 0.0) >= ASSERTED for matter in self._entries[at].about)
        return isinstance(self._entries[at].fact, Quota) and not asked and Aspect.QUOTA not in self._asserted

    def _stands(self, at: int) -> bool:
        """Whether a fact is a row (a quota only somewhat in the words of the question), a day that is asked,
        of the district that is named, or of the city's notice where that and a district's are meant."""
        entry = self._entries[at]
        due = Aspect.DEADLINE in entry.aspects and Aspect.DEADLINE in self._asserted
        placed = bool(entry.region) and entry.region in self._question.districts
        row = isinstance(entry.fact, _ROWS) and not (isinstance(entry.fact, Quota) and at not in self._like)
        itself = Aspect.ABOUT in entry.aspects and self._of_both()
        return due or placed or itself or (row and bool(self._why(at)))

    def _elsewhere(self, at: int) -> bool:
        """Whether a fact is a district's that nobody named, or such a body's in a table that has its sum."""
        fact, region = self._entries[at].fact, self._entries[at].region
        if region in self._question.districts:
            return False
        if isinstance(fact, Quota) and self._index.summed and not fact.total:
            return self._question.bodies.isdisjoint((fact.body, *fact.bodies))
        return bool(region)

    def _named(self, at: int) -> bool:
        entry = self._entries[at]
        return entry.region in self._question.districts or not self._question.named().isdisjoint(entry.about)

    def _place_last(self, scores: Mapping[int, float]) -> Mapping[int, float]:
        """The scores, with facts for which nothing but their district speaks behind the best that was asked
        for: the day that a whole city has is told first of a district too, before its quota."""
        if self._asserted.isdisjoint(_BY_PLACE):
            return scores
        placed = [at for at in scores if self._entries[at].region in self._question.districts]
        only = [at for at in placed if not self._why(at)]
        most = max((score for at, score in scores.items() if self._why(at)), default=0.0)
        return {**scores, **{at: min(scores[at], _PLACED * most) for at in only}} if only else scores

    def _best_about(self, matter: str) -> Collection[int]:
        """The facts about a matter: those that serve an aspect that is asked, where there are such."""
        facts = self._index.by_matter.get(matter, {})
        asked = self._question.aspects.keys()
        return [at for at in facts if not asked.isdisjoint(self._entries[at].aspects)] or facts

    def _why(self, at: int) -> tuple[str, ...]:
        """The matters and aspects that spoke for a fact, for people who want to know."""
        entry, question = self._entries[at], self._question
        return (
            *[matter for matter in question.matters if matter in entry.about],
            *[aspect for aspect in question.aspects if aspect in entry.aspects],
        )
