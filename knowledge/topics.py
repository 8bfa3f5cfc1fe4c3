"""Which topics a message asks: those its words name, and those that its wording makes likely."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from knowledge.asked import ASSERTED, Asked
from knowledge.lexicon import Found, Lexicon, Sense, Sort
from knowledge.likeness import Likeness, pieces
from knowledge.notice import Aspect
from knowledge.reading import FIGURE, Context
from knowledge.segments import Segments
from knowledge.vocabulary import Statement, Vocabulary

_BY_LENGTH, _LENGTH_MOST = 0.12, 6
_FURTHER_WORD = 0.3
_CASE = 4.0
_HEADWORD = 6
_HINT = 0.4
_BETWEEN = 1.3
_ASPECT = "aspect"
_LIKELY, _CERTAIN, _LIKELIEST, _LIKELY_SHARE = 0.25, 0.6, 1.3, 0.6
_FIGURES = (Aspect.SUPPORT_MONEY, Aspect.DEADLINE, Aspect.QUOTA, Aspect.AWARD_COUNT)
_ABOUT_PERSONS = frozenset(
    {Aspect.ELIGIBILITY, Aspect.EXCLUSION, Aspect.SELFCHECK, Aspect.DUPLICATES, Aspect.COMPARE}
)

_Key = TypeVar("_Key")
Statements = Sequence[tuple[Statement, re.Match[str]]]
"""What people say of themselves, each with the kind of statement that it is."""


class Topics:
    """The topics of a vocabulary, by the words that a lexicon finds and by samples of how people ask."""

    def __init__(self, words: Vocabulary, lexicon: Lexicon) -> None:
        self._words = words
        self._lexicon = lexicon
        self._between = {m.id: m.between for m in words.matters.values() if m.between}
        self._after = {m.id: m.after for m in words.matters.values() if m.after}
        self._likeness = Likeness(words.asked, words.everyday)

    def asked(self, text: str, segments: Segments, found: Sequence[Found], statements: Statements) -> Asked:
        """What a text asks in which these wordings and `statements` are found; also each of several questions
        by itself, where each names what it asks."""
        doubts = [match.span() for match in self._words.patterns.whether.finditer(text)]
        found = [f for f in found if not any(start < f.start < end for start, end in doubts)]
        whole = self._asked(text, segments, found, statements)
        stops = [*(span.stop for span in segments.asking.values())][:-1]
        if not stops:
            return whole
        spans = map(slice, (0, *stops), (*stops, len(text)))
        each = [self._part(text, span, segments, found, statements) for span in spans]
        return replace(whole, each=tuple(each)) if all(map(self._stands, each)) else whole

    def _stands(self, asked: Asked) -> bool:
        """Whether a question names by itself what it asks: a finer matter, or a figure that is told alone."""
        strong = [m for segment in asked.segments for m, weight in segment.items() if weight >= ASSERTED]
        finer = any(not self._words.matters[matter].general for matter in strong)
        return not asked.hinted and (finer or any(asked.aspects.get(a, 0.0) >= 1.0 for a in _FIGURES))

    def _part(
        self, text: str, span: slice, segments: Segments, found: Sequence[Found], statements: Statements
    ) -> Asked:
        """What a part of a text asks, as if the rest were not said."""
        alone = text[span].rjust(span.stop).ljust(len(text))
        own = [item for item in found if span.start <= item.start < span.stop]
        said = [(row, match) for row, match in statements if span.start <= match.start() < span.stop]
        return self._asked(alone, segments, own, said)

    def _asked(self, text: str, segments: Segments, found: Sequence[Found], statements: Statements) -> Asked:
        aspects, matters, named, plain = self._named(text, segments, found)
        topical = self._words.patterns.begins.sub(lambda m: " " * len(m.group()), without_names(text, found))
        spans = _stated_spans(statements, aspects)
        excepted = [match.span(1) for match in self._words.patterns.excepted.finditer(text)]
        for start, end in sorted((*spans, *excepted), reverse=True):
            topical = topical[:start] + " " * (end - start) + topical[end:]
        asking = {n: span for n, span in segments.asking.items() if not text[span].isspace()}
        asking = asking or dict(_headwords(text, segments, plain))
        asking = asking if len(asking) > 1 else {}
        # alone, each of several questions is like what is its own
        parts = {number: pieces(topical[span]) for number, span in asking.items()}
        whole = pieces(topical)
        self._add_likely(whole, aspects, matters)
        for number, part in parts.items():
            self._add_new(part, aspects, matters)
            _promote_hint(named.get(number, {}), matters)
        if not spans and set(aspects) & _ABOUT_PERSONS:
            for row, _ in statements:
                matters[row.about] = max(matters.get(row.about, 0.0), 1.0)
                named[-1].setdefault(row.about, 1.0)
        for matter in _only_within(found, [*spans, *excepted], Sort.MATTER):
            matters[matter] = min(matters[matter], _HINT)
        for aspect in map(Aspect, _only_within(found, excepted, Sort.ASPECT)):
            aspects[aspect] = min(aspects[aspect], _HINT)
        self._promote_time(aspects, found)
        if not asking:
            self._leave_objects(named, aspects, matters)
        hinted = _promote(aspects, matters)
        for matter, weight in matters.items():
            if weight >= ASSERTED:
                aspect = self._words.matters[matter].aspect
                aspects[aspect] = max(aspects.get(aspect, 0.0), _HINT)
        return Asked(
            aspects,
            matters,
            tuple(named[number] for number in sorted(named)),
            topical,
            whole,
            tuple(parts.values()),
            tuple(dict.fromkeys(item.surface for item in found if self._lexicon.is_instance(item.surface))),
            hinted,
            broad=tuple(dict.fromkeys(self._broad(asking, named, plain))),
            order=_order(segments, found, named),
            text=text,
        )

    def _broad(
        self,
        asking: Collection[int],
        named: Mapping[int, Mapping[str, float]],
        plain: Mapping[int, Collection[Aspect]],
    ) -> Iterator[Aspect]:
        """The aspects that one of several questions asks as a whole, naming no finer matter."""
        for number in asking:
            strong = (m for m, weight in named.get(number, {}).items() if weight >= ASSERTED)
            if all(self._words.matters[matter].general for matter in strong):
                yield from (aspect for aspect in plain.get(number, ()) if aspect not in _ABOUT_PERSONS)

    def taught(self, asked: Asked, topic: str) -> Asked:
        """What was asked, if it was this topic alone."""
        kind, _, name = topic.partition(":")
        if kind == _ASPECT:
            taught = replace(asked, matters={}, segments=(), broad=(), cases=(), each=(), hinted=False)
            return replace(taught, aspects={Aspect(name): _LIKELIEST})
        return replace(
            asked,
            aspects={self._words.matters[topic].aspect: _HINT},
            matters={topic: _LIKELIEST},
            segments=({topic: _LIKELIEST},),
            broad=(),
            cases=(),
            each=(),
            hinted=False,
        )

    def overviewed(self, asked: Asked, aspect: Aspect) -> Asked:
        """What was asked, if it was this aspect as a whole, whatever the words are like."""
        return replace(self.taught(asked, f"{_ASPECT}:{aspect}"), pieces=(), parts=())

    def held(self, asked: Asked, context: Context) -> Asked:
        """What is asked by whoever only holds a figure of his own against the last answer: the same again."""
        told = dict.fromkeys(context.matters, _BETWEEN)
        return replace(
            asked,
            aspects={self._words.matters[matter].aspect: 1.0 for matter in told},
            matters=told,
            segments=(told,),
            pieces=pieces(context.text),
            parts=(),
            broad=(),
            cases=(),
            each=(),
            hinted=False,
            inherited=("topic", FIGURE),
        )

    def told_before(self, asked: Asked, before: str) -> Asked:
        """What is asked, if what was told `before` decides it (评上过工匠, and then 能报大师吗)."""
        told = {matter: _BETWEEN for matter, after in self._after.items() if after.search(before)}
        if not told:
            return asked
        aspects = {self._words.matters[matter].aspect: 1.0 for matter in told}
        return replace(asked, matters=told, segments=(told,), aspects=aspects, broad=(), each=())

    def has(self, topic: str) -> bool:
        """Whether the vocabulary knows a topic: a matter, or `aspect:` and its id."""
        kind, _, name = topic.partition(":")
        return name in set(Aspect) if kind == _ASPECT else topic in self._words.matters

    def _leave_objects(
        self, named: Mapping[int, dict[str, float]], aspects: dict[Aspect, float], matters: dict[str, float]
    ) -> None:
        """Leaves out what is only named because something is asked of it (材料归谁审), and finer than which
        nothing is."""
        rows = self._words.matters
        plain = {m for words in named.values() for m, weight in words.items() if weight >= ASSERTED}
        for aspect in {aspect for matter in plain for aspect in rows[matter].of}:
            own = [matter for matter in matters if rows[matter].aspect is aspect]
            if any(matter in plain and not rows[matter].general for matter in own):
                continue
            aspects.pop(aspect, None)
            for matter in own:
                del matters[matter]
                for words in named.values():
                    words.pop(matter, None)

    def _promote_time(self, aspects: dict[Aspect, float], found: Sequence[Found]) -> None:
        """What is asked of an event by a word of time alone is its time, and not what the event's name also
        stands for (现场考察几号来)."""
        events = [item for item in found if any(self._timed(sense) for sense in item.senses)]
        if not events or not 0.0 < aspects.get(Aspect.TIMELINE, 0.0) < ASSERTED:
            return
        for sense in (sense for item in events for sense in item.senses if sense.sort is Sort.ASPECT):
            aspects[Aspect(sense.value)] = _HINT
        aspects[Aspect.TIMELINE] = 1.0

    def _timed(self, sense: Sense) -> bool:
        """Whether a sense is plainly a step of the season."""
        plain = sense.sort is Sort.MATTER and sense.weight >= ASSERTED
        return plain and self._words.matters[sense.value].aspect is Aspect.TIMELINE

    def _named(
        self, text: str, segments: Segments, found: Sequence[Found]
    ) -> tuple[
        dict[Aspect, float], dict[str, float], dict[int, dict[str, float]], dict[int, dict[Aspect, None]]
    ]:
        """The aspects and matters that the words name; the matters, and the aspects named plainly, also by
        the message's parts."""
        aspects: dict[Aspect, float] = defaultdict(float)
        matters: dict[str, float] = defaultdict(float)
        by_part: dict[int, dict[str, float]] = defaultdict(dict)
        plain: dict[int, dict[Aspect, None]] = defaultdict(dict)
        bodies = [item for item in found if any(sense.sort is Sort.BODY for sense in item.senses)]
        for item in found:
            case = self._lexicon.is_instance(item.surface)
            if case and any(b.start <= item.start and item.end <= b.end and b != item for b in bodies):
                continue
            for sense in item.senses:
                if sense.sort is Sort.ASPECT:
                    _add(aspects, Aspect(sense.value), sense.weight)
                    if sense.weight >= ASSERTED:
                        plain[segments.number(item.start)][Aspect(sense.value)] = None
                elif sense.sort is Sort.MATTER:
                    weight = sense.weight * (1 + _BY_LENGTH * min(len(item), _LENGTH_MOST))
                    weight *= _CASE if case else 1
                    _add(matters, sense.value, weight)
                    _add(by_part[segments.number(item.start)], sense.value, weight)
        if len({_programmes(item) for item in found} - {frozenset()}) > 1:
            for matter, between in self._between.items():
                if said := between.search(text):
                    _add(matters, matter, _BETWEEN)
                    _add(by_part[segments.number(said.start())], matter, _BETWEEN)
        for row in self._words.aspects.values():
            if any(pattern.search(text) for pattern in row.patterns):
                _add(aspects, row.id, 1.0)
        return aspects, matters, by_part, plain

    def _add_likely(
        self, parts: Collection[str], aspects: dict[Aspect, float], matters: dict[str, float]
    ) -> None:
        """What samples of how people ask make likely: `aspect:…` for an aspect, else a matter."""
        best = self._likeness.best(parts)
        if not best or best[0][1] < _LIKELY:
            return
        for label, score in best:
            if score < _LIKELY_SHARE * best[0][1]:
                continue
            weight = min(_LIKELIEST, score / _CERTAIN)
            kind, _, name = label.partition(":")
            if name == Aspect.SELFCHECK and label != best[0][0]:
                continue
            if kind == _ASPECT:
                _add(aspects, Aspect(name), weight)
            elif label in matters or not self._words.matters[label].apart:
                _add(matters, label, weight)

    def _add_new(
        self, part: Collection[str], aspects: dict[Aspect, float], matters: dict[str, float]
    ) -> None:
        """What one question of several makes likely that nothing has spoken for yet."""
        of_part: dict[Aspect, float] = {}
        likely: dict[str, float] = {}
        self._add_likely(part, of_part, likely)
        for aspect, weight in of_part.items():
            aspects.setdefault(aspect, weight)
        for matter, weight in likely.items():
            matters.setdefault(matter, weight)


def _order(
    segments: Segments, found: Sequence[Found], named: Mapping[int, Mapping[str, float]]
) -> dict[str, int]:
    """Which of several questions is the first to name a topic: a matter plainly, an aspect be it faintly."""
    if len(segments.asking) < 2:
        return {}
    first = [
        (segments.number(item.start), sense.value)
        for item in found
        for sense in item.senses
        if sense.sort is Sort.ASPECT
    ]
    first += [(n, m) for n, words in named.items() for m, weight in words.items() if weight >= ASSERTED]
    return {topic: number for number, topic in sorted(first, reverse=True) if number in segments.asking}


def without_names(text: str, found: Sequence[Found]) -> str:
    """The text with blanks for the names of cities and programmes: they say where, not what."""
    where = (Sort.CITY, Sort.PROGRAMME)
    for item in found:
        if all(sense.sort in where for sense in item.senses):
            text = text[: item.start] + " " * len(item) + text[item.end :]
    return text


def _stated_spans(statements: Statements, aspects: Mapping[Aspect, float]) -> list[tuple[int, int]]:
    """What people say of themselves: no question where something else is asked (五十三了…几号截止)."""
    asked = {aspect for aspect, weight in aspects.items() if weight >= ASSERTED}
    if not asked or asked & _ABOUT_PERSONS:
        return []
    return [match.span() for _, match in statements]


def _headwords(text: str, segments: Segments, plain: Collection[int]) -> Iterator[tuple[int, slice]]:
    """The parts of a text that asks in no words which are no more than a name for what is asked (申报网址
    客服电话), by their numbers."""
    for number in sorted(plain):
        if len(text[segments.spans[number]].strip()) <= _HEADWORD:
            yield number, segments.spans[number]


def _only_within(found: Sequence[Found], spans: Sequence[tuple[int, int]], sort: Sort) -> set[str]:
    """The topics of a sort that are named nowhere but in `spans`."""
    inside: set[str] = set()
    outside: set[str] = set()
    for item in found:
        said = any(start <= item.start and item.end <= end for start, end in spans)
        (inside if said else outside).update(s.value for s in item.senses if s.sort is sort)
    return inside - outside


def _promote(aspects: dict[Aspect, float], matters: dict[str, float]) -> bool:
    """Where nothing is said plainly, what is hinted at is taken as asked (哪天, 在哪); whether it was so."""
    if any(weight >= ASSERTED for weight in (*aspects.values(), *matters.values())):
        return False
    for aspect in aspects:
        aspects[aspect] = 1.0
    return bool(aspects)


def _promote_hint(hinted: dict[str, float], matters: dict[str, float]) -> None:
    """Where a question names no matter plainly, what it hints at most is taken as asked."""
    if hinted and max(hinted.values()) < ASSERTED:
        most = max(hinted, key=hinted.__getitem__)
        hinted[most] = matters[most] = max(matters[most], ASSERTED)


def _add(weights: dict[_Key, float], key: _Key, weight: float) -> None:
    """The strongest evidence counts whole, further evidence a little."""
    before = weights.get(key, 0.0)
    weights[key] = max(before, weight) + _FURTHER_WORD * min(before, weight)


def _programmes(item: Found) -> frozenset[str]:
    return frozenset(sense.value for sense in item.senses if sense.sort is Sort.PROGRAMME)
