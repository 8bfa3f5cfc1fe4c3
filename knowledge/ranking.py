"""Which facts of a notice answer a question, and on what the notice is silent.

Evidence adds up: matters the question names, the aspect it asks, the wording it shares with a fact
(character pairs, rare ones more), the district and programme it is about. The cost grows with the
question, not with the number of notices.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache

from knowledge.edition import Notice
from knowledge.figures import chinese_number
from knowledge.library import Library
from knowledge.likeness import Likeness, pairs
from knowledge.notice import Aspect, Award, Contact, Fact, Form, Place, Quota, Stage, Status
from knowledge.reading import Finding, Hit, Scope, Silent
from knowledge.vocabulary import AnswerKind

FIRST_MATTER, LATER_MATTER = 1.0, 0.8
ASPECT_ASKED, ASPECT_HINTED, ASPECT_LEAST = 0.9, 0.4, 1.0
OWN_PROGRAMME, OWN_DISTRICT, OTHER_DISTRICT = 0.3, 1.6, -2.5
OTHER_NOTICE = -5.0
WORDING, WORDING_MOST, WORDING_ALONE, WORDING_LEAST = 0.25, 2.6, 2.0, 1.2
ASSERTED, PLAINLY = 0.5, 1.0
_STRANGE_NAMED = 2
_CHOICES_KEPT = 64
WHOLE_WORD, WHOLE_LEAST, TERM_LEAST = 3, 2, 3
SAMPLE, SAMPLE_MOST, SAMPLE_ALONE, SAMPLED = 4.0, 4.0, 0.25, 8
POINTED = 0.45
SURELY_LIKE, SILENT_SHARE = 0.9, 0.6
ANSWERED, SURE, MOST_UNSURE = 0.4, 3.0, 5
SURELY_ASKED, JUST_ASKED, KIND_SHARE, SILENT_TOP = 2.0, 0.5, 0.9, 1.1
KEEP, KEEP_ALONE, ENOUGH, MOST, FEW = 0.42, 0.6, 0.9, 8, 3
DAYS = frozenset({Aspect.DEADLINE, Aspect.TIMELINE})
_ROWS = (Award, Contact, Quota, Stage)
BESIDE_SILENCE = 1.25
CLEAR, ROW_SHARE = 7.0, 0.5
FIGURES = frozenset({Aspect.SUPPORT_MONEY, Aspect.AWARD_COUNT, Aspect.QUOTA})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, free of where: matters and aspects with their weights, and the pieces of the wording.

    `parts` are the pieces of each question where there are several.
    `segments` are the message's parts, each with the matters that its words name; `kinds` are the kinds
    of answer it asks for (a number of days…). `topical` is false where the vocabulary found no topic and
    the wording alone must do. `cases` are particular cases of a matter (返聘 of 退休人员), `strange` words
    that nothing knows: a notice without them says nothing of them, least of all where they are `sought`.
    `bodies` are recommending bodies named; `central` says that the city's own office is meant, and no
    district's.
    """

    pieces: Collection[str]
    aspects: Mapping[Aspect, float]
    matters: Mapping[str, float]
    segments: Sequence[Mapping[str, float]]
    kinds: Sequence[AnswerKind] = ()
    parts: Sequence[Collection[str]] = ()
    topical: bool = True
    cases: Sequence[str] = ()
    strange: Sequence[str] = ()
    sought: Sequence[str] = ()
    districts: Sequence[str] = ()
    bodies: Set[str] = frozenset()
    central: bool = False


@dataclass(frozen=True, slots=True)
class _Posting:
    facts: Sequence[int]
    worth: float


@dataclass(frozen=True, slots=True)
class _Fitting:
    """The facts that hold for some programmes: all of them, and those that name one of the programmes."""

    all: frozenset[int]
    own: frozenset[int]


class NoticeIndex:
    """One notice with its relays, made searchable."""

    def __init__(self, library: Library, notice: Notice, common: Collection[str]) -> None:
        self._matters = library.vocabulary.matters
        self._names = {row.id: row.name for row in library.vocabulary.aspects.values()}
        self._notice = notice
        self._facts = list(library.facts(notice))
        self._ids = [sourced.id for sourced in self._facts]
        self._about = [frozenset(sourced.fact.about) for sourced in self._facts]
        apart = {matter.id for matter in library.vocabulary.matters.values() if matter.apart}
        self._apart = {at: about for at, about in enumerate(self._about) if about and about <= apart}
        self._aspects = [frozenset(aspects_of(sourced.fact)) for sourced in self._facts]
        self._regions = {region.name: (region.name, *region.names) for region in notice.regions}
        self._fitting = lru_cache(_CHOICES_KEPT)(self._fitting_of)
        self._programmes = [frozenset(sourced.fact.programmes) for sourced in self._facts]
        self._region_of = [self._district(sourced.fact) for sourced in self._facts]
        self._by_matter: dict[str, dict[int, float]] = defaultdict(dict)
        self._by_aspect: dict[Aspect, list[int]] = defaultdict(list)
        for at, sourced in enumerate(self._facts):
            for matter in sourced.fact.about:
                share = FIRST_MATTER if sourced.fact.about[0] == matter else LATER_MATTER
                self._by_matter[matter][at] = share
            for aspect in aspects_of(sourced.fact):
                self._by_aspect[aspect].append(at)
        self._relayed = frozenset(
            region
            for region, aspects in zip(self._region_of, self._aspects, strict=True)
            if region and Aspect.ABOUT in aspects
        )
        self._bodies = {
            name
            for sourced in self._facts
            if isinstance(sourced.fact, Quota)
            for name in (sourced.fact.body, *sourced.fact.bodies)
        }
        self._summed = any(isinstance(sourced.fact, Quota) and sourced.fact.total for sourced in self._facts)
        self._source = notice.source + "".join(relay.source for relay in notice.relays)
        self._pairs = self._index_pairs(frozenset(common))
        self._at = {id_: at for at, id_ in enumerate(self._ids)}
        self._samples = Likeness(
            {
                sourced.id: (*sourced.notice.asked.get(sourced.fact.id, ()), _wording(sourced.fact))
                for sourced in self._facts
            },
            common,
        )
        self.text = frozenset(
            pair
            for part in (notice, *notice.relays)
            for c in part.clauses.values()
            for pair in pairs(c.text.lower())
        )

    def _index_pairs(self, common: frozenset[str]) -> dict[str, _Posting]:
        """Which facts share a pair, and what sharing it is worth: rare pairs more, whole words most."""
        found: dict[str, list[int]] = defaultdict(list)
        for at, sourced in enumerate(self._facts):
            for pair in pairs(_wording(sourced.fact)):
                if pair not in common:
                    found[pair].append(at)
        size = len(self._facts) + 1
        return {
            pair: _Posting(
                facts,
                WORDING
                * math.log(size / len(facts))
                * (WHOLE_WORD if pair.isascii() and len(pair) >= WHOLE_LEAST else 1),
            )
            for pair, facts in found.items()
        }

    def _district(self, fact: Fact) -> str:
        """The one district that a fact is about, by its field or the name of its office or body."""
        if fact.region:
            return fact.region
        named = fact.office if isinstance(fact, Contact) else fact.body if isinstance(fact, Quota) else ""
        for region, names in self._regions.items():
            if any(named.startswith(name) for name in names):
                return region
        return ""

    def answer(self, question: Question, programmes: tuple[str, ...], *, most: int = MOST) -> Finding:
        """The `most` facts that fit, best first, and what the notice does not say."""
        fits = self._fitting(programmes)
        like = self._samples.best(question.pieces, SAMPLED)
        samples = [(fact, worth) for fact, worth in like if self._at[fact] in fits.all]
        just = [fact for fact, worth in samples if worth >= JUST_ASKED]
        surely = {m for fact, worth in samples if worth >= SURELY_ASKED for m in self._about[self._at[fact]]}
        silent = self._silences(question, programmes, fits, surely)
        hits = self._hits(question, fits, samples, just, most)
        named = {matter for segment in question.segments for matter in segment}
        specific = self._specific(question, named)
        overview = (
            tuple(a for a in question.aspects if question.aspects[a] >= ASSERTED) if not specific else ()
        )
        if not any(row.note for row in silent):
            silent += self._missing_kinds(question, hits, overview)
        unknown = list(self._missing_words(question, bool(silent or just), fits))
        silent += unknown
        silent += [] if silent else self._missing_aspects(question, programmes, fits)
        alike = {fact for fact, worth in samples if worth >= POINTED}
        if unknown and overview and FIGURES.issuperset(overview) and not alike:
            # a sum or a number for something the notice does not know would be taken for its answer
            hits, overview = [], ()
        if just and not any(map(self._general, just)):
            overview = ()
        if silent:
            hits = [hit for hit in hits if hit.fact in alike or self._told_beside_silence(hit, question)]
        if not hits and not silent and not question.topical:
            overview = (Aspect.ELIGIBILITY,) if programmes else ()
        told = any(m in named and self._covers(m, fits) for m in specific)
        unsure = bool(hits) and not (silent or overview or told) and hits[0].score < SURE
        if unsure:
            hits = hits[:MOST_UNSURE]
        return Finding(
            scope=Scope(notice=self._notice.id, programmes=programmes),
            pointed=tuple(hit.fact for hit in hits if hit.fact in alike),
            hits=tuple(hits),
            silent=tuple(silent),
            overview=overview,
            unsure=unsure,
        )

    def _hits(
        self,
        question: Question,
        fits: _Fitting,
        samples: Sequence[tuple[str, float]],
        just: Sequence[str],
        most: int,
    ) -> list[Hit]:
        """The facts to tell; `just` are those asked for in almost the words of `samples`."""
        wholly = not just and self._wholly_silent(question, fits, samples)
        hits = self._choose(
            question,
            {} if wholly else self._score(question, fits, samples),
            most,
            just=any(not self._region_of[self._at[f]] for f in just),
            likest={self._at[fact] for fact in (*just[:1], *self._likest_of_parts(question, fits))},
            clear=any(worth >= POINTED for _, worth in samples),
        )
        return self._without_neighbours(question, hits, dict(samples))

    def _likest_of_parts(self, question: Question, fits: _Fitting) -> Iterator[str]:
        """What each of several questions is most like, where it is so by itself."""
        for part in question.parts:
            for fact, worth in self._samples.best(part, 1):
                if worth >= JUST_ASKED and self._at[fact] in fits.all:
                    yield fact

    def knows(self, matters: Iterable[str], programmes: tuple[str, ...]) -> bool:
        """Whether the notice has a fact on one of the matters."""
        fits = self._fitting(programmes)
        return any(self._covers(matter, fits) for matter in matters)

    def names(self, bodies: Iterable[str]) -> bool:
        """Whether one of the recommending bodies is this notice's."""
        return not self._bodies.isdisjoint(bodies)

    def writes(self, term: str) -> bool:
        """Whether a term of some length stands in the text itself."""
        return len(term) >= TERM_LEAST and term in self._source

    def alone_writes(self, term: str, others: Iterable[NoticeIndex]) -> bool:
        """Whether a part of a term stands in the text itself, and in that of no other notice."""
        elsewhere = [other._source for other in others if other is not self]
        return any(
            pair in self._source and not any(pair in source for source in elsewhere)
            for pair in pairs(term)
            if chinese_number(pair[0]) is None  # 一份 is any notice's word
        )

    def lacking(self, question: Question, programmes: tuple[str, ...], term: str) -> Finding:
        """That the notice has nothing on a `term` that another one has: the other is meant."""
        fits, named = self._fitting(programmes), {m for segment in question.segments for m in segment}
        silent = [
            replace(self._silent(matter, programmes), near=())
            for matter in self._specific(question, named)
            if matter in named and not self._covers(matter, fits)
        ]
        return Finding(
            scope=Scope(notice=self._notice.id, programmes=programmes),
            silent=tuple(silent) or (Silent(notice=self._notice.id, topic=term),),
        )

    def _fitting_of(self, programmes: tuple[str, ...]) -> _Fitting:
        """Which facts hold for the programmes asked about; none asked are all."""
        own = frozenset(at for at, of in enumerate(self._programmes) if not of.isdisjoint(programmes))
        general = (at for at, of in enumerate(self._programmes) if not of or not programmes)
        return _Fitting(own.union(general), own)

    def _specific(self, question: Question, named: Collection[str]) -> list[str]:
        """The finer matters that are surely asked: by their names, or by a likeness as strong as those."""
        most_named = max((question.matters.get(matter, 0.0) for matter in named), default=0.0)
        return [
            matter
            for matter, weight in question.matters.items()
            if weight >= (ASSERTED if matter in named else max(SURELY_LIKE, most_named))
            and not self._matters[matter].general
        ]

    def _general(self, fact: str) -> bool:
        """Whether a fact tells of its aspect as a whole."""
        return any(self._matters[matter].general for matter in self._about[self._at[fact]])

    def _wholly_silent(
        self, question: Question, fits: _Fitting, samples: Sequence[tuple[str, float]]
    ) -> bool:
        """Whether every finer matter asked is one that the notice lacks, and nothing else is asked. What the
        words name counts; what they are merely like counts where they name nothing."""
        named = {matter for segment in question.segments for matter in segment}
        asked = [m for m, weight in question.matters.items() if weight >= ASSERTED]
        finer = [m for m in asked if not self._matters[m].general]
        answered = bool(samples) and samples[0][1] >= ANSWERED
        likely = [m for m in finer if question.matters[m] >= SURELY_LIKE and not answered]
        sure = [m for m in finer if m in named] or ([] if named & set(asked) else likely)
        if not sure or any(self._covers(m, fits) for m in sure):
            return False
        most = max(question.matters[m] for m in sure)
        telling = [m for m in asked if m in named or self._matters[m].general]
        if any(question.matters[m] > most and self._covers(m, fits) for m in telling):
            return False
        own = {self._matters[m].aspect for m in sure}
        others = {a for a, weight in question.aspects.items() if weight >= ASSERTED} - own
        return not any(self._by_aspect.get(a) for a in others)

    def _score(
        self, question: Question, fits: _Fitting, samples: Sequence[tuple[str, float]]
    ) -> dict[int, float]:
        """Every fact that something speaks for, with the sum of what does."""
        scores = [0.0] * len(self._facts)
        shared: dict[int, float] = defaultdict(float)
        named: set[int] = set()
        for matter, weight in question.matters.items():
            facts = self._by_matter.get(matter, {})
            named.update(facts)
            for at, share in facts.items():
                scores[at] += weight * share
        for aspect, weight in question.aspects.items():
            worth = ASPECT_ASKED if weight >= ASSERTED else ASPECT_HINTED
            served = self._by_aspect.get(aspect, ())
            named.update(served)
            for at in served:
                scores[at] += worth
        for found in map(self._pairs.get, question.pieces):
            if found:
                worth = found.worth
                for at in found.facts:
                    shared[at] += worth
        sampled = {self._at[fact]: worth for fact, worth in samples}
        named.update(at for at, worth in sampled.items() if worth >= SAMPLE_ALONE)
        alone = WORDING_ALONE if question.topical else WORDING_LEAST
        named.update([at for at, worth in shared.items() if worth >= alone])
        for at in named & shared.keys():
            scores[at] += min(WORDING_MOST, shared[at])
        for at in named & sampled.keys():
            scores[at] += min(SAMPLE_MOST, SAMPLE * sampled[at])
        unnamed = [
            at
            for at, about in self._apart.items()
            if about.isdisjoint(question.matters) and sampled.get(at, 0.0) < JUST_ASKED
        ]
        fitting = (named & fits.all).difference(self._beside_the_notice(question, sampled), unnamed)
        return {at: scores[at] + self._place_bonus(at, question, fits) for at in fitting}

    def _asserted(self, question: Question) -> Set[Aspect]:
        return {aspect for aspect, weight in question.aspects.items() if weight >= ASSERTED}

    def _beside_the_notice(self, question: Question, like: Mapping[int, float]) -> Set[int]:
        """The days of the season, where the day of the notice itself is asked and none of these."""
        asked = self._asserted(question)
        days = {at for aspect in DAYS for at in self._by_aspect.get(aspect, ())}
        if Aspect.ABOUT in asked and asked.isdisjoint(DAYS):
            return days
        if self._most_of_itself(question):
            return {at for at in days if like.get(at, 0.0) < JUST_ASKED}
        return frozenset()

    def _most_of_itself(self, question: Question) -> bool:
        """Whether the matter most asked is one of the notice itself, and no step of the season is named."""
        most = max(question.matters, key=question.matters.__getitem__, default=None)
        if most is None or question.matters[most] < ASSERTED or self._matters[most].general:
            return False
        named = {self._matters[matter].aspect for segment in question.segments for matter in segment}
        return self._matters[most].aspect is Aspect.ABOUT and named.isdisjoint(DAYS)

    def _place_bonus(self, at: int, question: Question, fits: _Fitting) -> float:
        bonus = OWN_PROGRAMME if at in fits.own else 0.0
        region = self._region_of[at]
        if question.districts and region:
            bonus += OWN_DISTRICT if region in question.districts else OTHER_DISTRICT
        elif Aspect.ABOUT in self._aspects[at] and self._of_another(region, question):
            bonus += OTHER_NOTICE
        return bonus

    def _of_another(self, region: str, question: Question) -> bool:
        """Whether a notice that tells of itself is not the one meant: a relay where the city's is asked for,
        the city's where that of a district is which has its own."""
        if region or question.central:
            return bool(region) and question.central
        return not self._relayed.isdisjoint(question.districts)

    def _choose(
        self,
        question: Question,
        scores: Mapping[int, float],
        most: int,
        *,
        just: bool,
        likest: Set[int],
        clear: bool,
    ) -> list[Hit]:
        """The best facts, and for each matter and aspect asked at least one; where a fact is `just` what is
        asked, an aspect's name alone brings in no other, and where it is `clear`, what the words are merely
        like brings in none."""
        scores = self._place_last(question, scores)
        ranked = sorted([(-score, at) for at, score in scores.items() if score >= ENOUGH])[:most]
        if not ranked:
            return []
        top = scores[ranked[0][1]]
        chosen = {
            at: self._why(at, question)
            for _, at in ranked
            if at in likest
            or scores[at] >= KEEP_ALONE * top
            or (scores[at] >= KEEP * top and self._why(at, question))
        }
        served = ASPECT_LEAST if just else 0.0
        surely = _named(question) if clear and top >= CLEAR else question.matters.keys()
        wanted: list[tuple[Collection[int], float]] = [
            *(
                (self._best_about(m, question), ENOUGH)
                for m, w in question.matters.items()
                if w >= ASSERTED and m in surely
            ),
            *(
                (self._by_aspect.get(a, ()), 0.0 if a in DAYS and w >= 1.0 else served)
                for a, w in question.aspects.items()
                if w >= ASSERTED
            ),
        ]
        for facts, least in wanted:
            if not chosen.keys().isdisjoint(facts):
                continue
            fitting = (at for at in facts if at in scores and not self._elsewhere(at, question))
            best = max(fitting, key=scores.__getitem__, default=None)
            if best is not None and scores[best] >= least:
                chosen[best] = self._why(best, question)
        return [Hit(fact=self._ids[at], score=round(scores[at], 3), why=why) for at, why in chosen.items()]

    def _without_neighbours(
        self, question: Question, hits: Sequence[Hit], like: Mapping[str, float]
    ) -> list[Hit]:
        """The hits without rows that only stand beside the one asked for: another body's number, another
        step's day, another sum. A row is asked for by its district, by a matter that the words name, or by
        being asked in much these words."""
        best: dict[type[Fact], Hit] = {}
        kept = []
        for hit in sorted(hits, key=lambda hit: -hit.score):
            at = self._at[hit.fact]
            kind = type(self._facts[at].fact)
            first = best.setdefault(kind, hit)
            beside = (
                kind in _ROWS
                and hit is not first
                and like.get(first.fact, 0.0) >= POINTED
                and first.score >= CLEAR
                and hit.score < ROW_SHARE * first.score
            )
            if not beside or self._named_by(at, question):
                kept.append(hit.fact)
        return [hit for hit in hits if hit.fact in kept]

    def _elsewhere(self, at: int, question: Question) -> bool:
        """Whether a fact is a district's that nobody named, or such a body's in a table that has its sum."""
        fact, region = self._facts[at].fact, self._region_of[at]
        if region in question.districts:
            return False
        if isinstance(fact, Quota) and self._summed and not fact.total:
            return question.bodies.isdisjoint((fact.body, *fact.bodies))
        return bool(region)

    def _named_by(self, at: int, question: Question) -> bool:
        return self._region_of[at] in question.districts or not _named(question).isdisjoint(self._about[at])

    def _told_beside_silence(self, hit: Hit, question: Question) -> bool:
        """Whether a fact is still told where the notice has no word of something else that is asked."""
        if question.aspects.get(Aspect.DEADLINE, 0.0) >= 1.0 and (
            Aspect.DEADLINE in self._aspects[self._at[hit.fact]]
        ):
            return True
        return bool(hit.why) and hit.score >= BESIDE_SILENCE

    def _place_last(self, question: Question, scores: Mapping[int, float]) -> Mapping[int, float]:
        """The scores, with facts for which nothing but their district speaks behind the best that was asked
        for: the day that a whole city has is told first of a district too, before its quota."""
        if self._asserted(question).isdisjoint(DAYS):
            return scores
        placed = [at for at in scores if self._region_of[at] in question.districts]
        only = [at for at in placed if not self._why(at, question)]
        most = max((score for at, score in scores.items() if self._why(at, question)), default=0.0)
        return {**scores, **{at: min(scores[at], KEEP_ALONE * most) for at in only}} if only else scores

    def _best_about(self, matter: str, question: Question) -> Collection[int]:
        """The facts about a matter: those that serve an aspect that is asked, where there are such."""
        facts = self._by_matter.get(matter, {})
        asked = question.aspects.keys()
        return [at for at in facts if not asked.isdisjoint(self._aspects[at])] or facts

    def _why(self, at: int, question: Question) -> tuple[str, ...]:
        """The matters and aspects that spoke for a fact, for people who want to know."""
        about, aspects = self._about[at], self._aspects[at]
        return (*[m for m in question.matters if m in about], *[a for a in question.aspects if a in aspects])

    def _covers(self, matter: str, fits: _Fitting) -> bool:
        """Whether any fact that fits is about the matter."""
        return not fits.all.isdisjoint(self._by_matter.get(matter, ()))

    def _silences(
        self, question: Question, programmes: tuple[str, ...], fits: _Fitting, surely: Set[str]
    ) -> list[Silent]:
        """The matters asked that no fact covers, unless the same part of the message names a covered one
        with as much weight; of one that a fact asked in almost these words is about (`surely`) any greater
        weight is enough."""
        found: list[Silent] = []
        for segment in question.segments:
            strong = [matter for matter, weight in segment.items() if weight >= ASSERTED]
            covered = [matter for matter in strong if self._covers(matter, fits)]
            best = max((segment[matter] for matter in covered), default=0.0)
            share = SILENT_SHARE if surely.isdisjoint(m for m in covered if segment[m] == best) else 1.0
            for matter in strong:
                general = self._matters[matter].general
                if matter not in covered and segment[matter] >= share * best and not (general and covered):
                    found.append(self._silent(matter, programmes))
        likely = max(question.matters, key=lambda m: question.matters[m], default=None)
        least = SILENT_TOP if any(question.segments) else SURELY_LIKE
        if likely and question.matters[likely] >= least and not self._covers(likely, fits):
            found.append(self._silent(likely, programmes))
        return list(dict.fromkeys(found))

    def _missing_aspects(
        self, question: Question, programmes: tuple[str, ...], fits: _Fitting
    ) -> Iterator[Silent]:
        """The aspects plainly asked that no fact serves, where none is about a matter that is asked."""
        if any(weight >= ASSERTED and self._covers(m, fits) for m, weight in question.matters.items()):
            return
        for aspect, weight in question.aspects.items():
            if (
                weight < PLAINLY
                or aspect is Aspect.SELFCHECK
                or not fits.all.isdisjoint(self._by_aspect[aspect])
            ):
                continue
            own = [m for m in question.matters if self._matters[m].aspect is aspect]
            if own:
                yield self._silent(max(own, key=question.matters.__getitem__), programmes)
            else:
                yield Silent(notice=self._notice.id, topic=self._names[aspect])

    def _silent(self, matter: str, programmes: tuple[str, ...]) -> Silent:
        name = self._matters[matter].name
        for silence in self._notice.silences:
            if matter in silence.about and (
                not silence.programmes or not programmes or set(programmes) & set(silence.programmes)
            ):
                near = tuple(f"{self._notice.id}/{fact}" for fact in silence.near)
                return Silent(notice=self._notice.id, topic=name, note=silence.say, near=near)
        return Silent(notice=self._notice.id, topic=name)

    def _missing_words(self, question: Question, settled: bool, fits: _Fitting) -> Iterator[Silent]:
        """Cases and things asked for that the text has no word of; other strange words where neither a fact
        nor a silence has `settled` the question and no finer matter is covered."""
        text = self._source
        for case in question.cases:
            if case not in text and not any(case in body for body in question.bodies):
                yield Silent(notice=self._notice.id, topic=case)
        matters = self._matters
        finer = [m for m, weight in question.matters.items() if weight >= ASSERTED and not matters[m].general]
        for word in question.sought:
            yield Silent(notice=self._notice.id, topic=word)
        if not settled and not any(self._covers(m, fits) for m in finer):
            for word in [w for w in question.strange if w not in question.sought][:_STRANGE_NAMED]:
                yield Silent(notice=self._notice.id, topic=word)

    def _missing_kinds(
        self, question: Question, hits: Sequence[Hit], overview: Sequence[Aspect]
    ) -> list[Silent]:
        """The kinds of answer asked for that neither the best facts nor the deadline, told whole, show."""
        own = [hit for hit in hits if self._region_of[self._at[hit.fact]] in question.districts] or hits
        best = max((hit.score for hit in own), default=0.0)
        due = self._by_aspect.get(Aspect.DEADLINE, ()) if Aspect.DEADLINE in self._asserted(question) else ()
        says = [
            self._facts[self._at[hit.fact]].fact.say
            for hit in own
            if hit.score >= KIND_SHARE * best or self._at[hit.fact] in due
        ]
        if Aspect.DEADLINE in overview:
            says += [self._facts[i].fact.say for i in due]
        return [
            Silent(notice=self._notice.id, topic=kind.name)
            for kind in question.kinds
            if not set(kind.not_for) & set(question.aspects) and not any(map(kind.shows.search, says))
        ]


def _named(question: Question) -> Set[str]:
    """The matters that the words name, and are not merely like."""
    return {m for segment in question.segments for m, weight in segment.items() if weight >= ASSERTED}


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
