"""From free Chinese text and the conversation so far to a typed `Reading`; deterministic, no network."""

from __future__ import annotations

import re
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import TypeVar

from knowledge.asked import ASSERTED, Asked, Question
from knowledge.edition import Notice
from knowledge.figures import chinese_number
from knowledge.finding import MOST, find, lacking
from knowledge.language import is_han, is_word, normalise, tagged
from knowledge.lessons import Lesson, Lessons
from knowledge.lexicon import Found, Lexicon, Mended, Sense, Sort
from knowledge.library import Library
from knowledge.likeness import Likeness, pieces
from knowledge.meant import known_to_one
from knowledge.notice import Aspect, Contact, Quota
from knowledge.notice_index import NoticeIndex
from knowledge.places import Place, Spoken
from knowledge.reading import ASK, Context, Finding, Reading, Stated
from knowledge.vocabulary import Statement

_SEGMENT = re.compile(r"[，。？！；,.?!;、\n]+|\s+")
_MARKS = re.compile(r"[^\w\u4e00-\u9fff]+")
_NAME_TAG = "nr"
_TOPIC_TAGS = ("n", "vn", "l", "i", "j")
_INDEXES_KEPT = 512
_FEW_NOTICES, _FEW = 3, 3
_SHORT, _BRIEF = 14, 8
_BY_LENGTH, _LENGTH_MOST = 0.12, 6
_FURTHER_WORD = 0.3
_CASE = 4.0
_HINT = 0.4
_LITTLE = 5
_BETWEEN = 1.3
_SURELY = 0.7
_ASPECT = "aspect"
_LIKELY, _CERTAIN, _LIKELIEST, _LIKELY_SHARE = 0.25, 0.6, 1.3, 0.6

_BY_DISTRICT = frozenset({Aspect.CONTACT, Aspect.ADDRESS, Aspect.DISTRICT_ROUTING})
_ABOUT_PERSONS = frozenset({Aspect.ELIGIBILITY, Aspect.EXCLUSION, Aspect.SELFCHECK, Aspect.DUPLICATES})

_Key = TypeVar("_Key")
_Statements = Sequence[tuple[Statement, re.Match[str]]]
"""What people say of themselves, each with the kind of statement that it is."""


class Reader:
    """Reads messages by one library; safe to share, and to drop at any time."""

    def __init__(self, library: Library) -> None:
        self._library = library
        words = self._words = library.vocabulary
        self._whole = {_bare(text): row.id for row in words.speech for text in row.whole}
        self._parts = [(text, row.id) for row in words.speech for text in row.has]
        self._some_part = re.compile("|".join(re.escape(text) for text, _ in self._parts))
        self._quiet = [(text, row.id) for row in words.speech for text in row.quiet]
        self._lexicon = Lexicon(_wordings(library), _spoken(library))
        glossary = sorted(words.glossary, key=lambda phrase: (-len(phrase), phrase))
        phrases = "|".join(map(re.escape, glossary))
        self._some_foreign = re.compile(phrases)  # beginning with letters it is searched for much faster
        self._glossary = re.compile(rf"(?<![a-z0-9./:@_-])(?:{phrases})(?![a-z0-9./:@_-])")
        self._between = {m.id: m.between for m in words.matters.values() if m.between}
        self._likeness = Likeness(words.asked, words.everyday)
        self._indexes: OrderedDict[str, NoticeIndex] = OrderedDict()
        self._lessons = Lessons()

    def taught(self, lessons: Iterable[Lesson]) -> Reader:
        """A reader that also knows these lessons and no others; those of topics that the library has not are
        left out. It shares all else with this one."""
        reader = copy(self)
        known = [lesson for lesson in lessons if self._is_topic(lesson.topic)]
        reader._lessons = Lessons((self._wording(lesson.wording), lesson) for lesson in known)
        return reader

    def lessons(self, text: str) -> tuple[Lesson, ...]:
        """The lessons that a text repeats, whatever its city."""
        return self._lessons.like(self._wording(text))

    def read(self, text: str, context: Context) -> Reading:
        """The reading of `text`, said after `context`."""
        district = bool(context.districts) or not _BY_DISTRICT.isdisjoint(context.aspects)
        mended = self._lexicon.mend(self._in_common_chinese(normalise(text)), district=district)
        text = mended.text
        act = self._act(text)
        found = mended.found
        spoken = Spoken.of(found, text, self._words.patterns)
        statements = [(row, match) for row in self._words.statements for match in row.pattern.finditer(text)]
        asked = self._asked(text, found, statements)
        near = self._lessons.like(_without_names(text, found))
        place = Place.resolve(spoken, context, self._library, own_topics=asked.topics() or bool(near))
        if self._words.patterns.each.search(text):
            place = place.of_each(bodies=len(spoken.bodies))
        strange = self._strange(mended, place.notices)
        lesson = next((one for one in near if one.city in ("", place.city)), None)
        if lesson:
            asked, strange = self._as_taught(asked, lesson.topic), ()
        vague = not asked.topics() or asked.hinted
        general = not asked.matters and not place.explicit and len(text) <= _BRIEF
        if vague and not strange and len(text) <= _SHORT:
            asked = asked.continued(context)
        elif general or self._words.patterns.follows.match(text):
            another = not general and len(text) <= _BRIEF and asked.turns(context)
            asked = asked if another else asked.followed(context)
        if spoken.persons:
            asked = asked.plainly(Aspect.CONTACT)
        if act == ASK and not asked.topics(_SURELY) and not place.explicit:
            act = next((quiet for word, quiet in self._quiet if word in text), act)
        if not asked.topics() and spoken.regions:
            # a place and nothing else: where does it belong
            asked = asked.plainly(Aspect.DISTRICT_ROUTING)
        other_edition = self._other_edition(text, asked.wording, place.notices)
        other = self._words.patterns.selection.search(text)
        selection = other[1] if other else place.foreign
        other_city = spoken.other_city()
        asks = act == ASK and not (other_city or selection) and any(map(is_han, text))
        return Reading(
            text=text,
            act=act,
            mended=mended.changes,
            city=place.city,
            city_from=place.city_from,
            other_city=other_city,
            other_edition=other_edition,
            other_selection=selection,
            districts=place.districts,
            street=spoken.street,
            bodies=spoken.bodies,
            unnamed=asked.wording,
            rest=_bare(asked.wording),
            programmes=place.programmes,
            aspects=tuple(sorted(asked.aspects, key=lambda a: -asked.aspects[a])),
            matters=asked.matters,
            stated=tuple(_stated(statements)),
            strange=strange,
            inherited=asked.inherited + place.inherited,
            findings=_unguessed(self._findings(text, found, spoken, asked, place, strange)) if asks else (),
        )

    def _wording(self, text: str) -> str:
        """A text as it is compared with others: mended, without the names of cities and programmes."""
        mended = self._lexicon.mend(self._in_common_chinese(normalise(text)), district=False)
        return _without_names(mended.text, mended.found)

    def _is_topic(self, topic: str) -> bool:
        kind, _, name = topic.partition(":")
        return name in set(Aspect) if kind == _ASPECT else topic in self._words.matters

    def _as_taught(self, asked: Asked, topic: str) -> Asked:
        """What was asked, if it was this topic alone."""
        kind, _, name = topic.partition(":")
        if kind == _ASPECT:
            return replace(asked, aspects={Aspect(name): _LIKELIEST}, matters={}, cases=(), hinted=False)
        return replace(
            asked,
            aspects={self._words.matters[topic].aspect: _HINT},
            matters={topic: _LIKELIEST},
            segments=({topic: _LIKELIEST},),
            cases=(),
            hinted=False,
        )

    def _in_common_chinese(self, text: str) -> str:
        """English and dialect words as the common Chinese they stand for."""
        if not self._some_foreign.search(text):
            return text
        return self._glossary.sub(lambda match: self._words.glossary[match.group()], text)

    def _act(self, text: str) -> str:
        bare = _bare(text)
        whole = self._whole.get(bare) or self._whole.get(_unsoftened(bare))
        if whole:
            return whole
        if self._some_part.search(text):
            return next((act for word, act in self._parts if word in text), ASK)
        parts = [self._whole.get(_unsoftened(part)) for part in _MARKS.split(text) if part]
        return (parts[-1] if parts and all(parts) else None) or ASK

    def _asked(self, text: str, found: Sequence[Found], statements: _Statements) -> Asked:
        aspects, matters, segments = self._named(text, found)
        topical = self._words.patterns.begins.sub(lambda m: " " * len(m.group()), _without_names(text, found))
        spans = _stated_spans(statements, aspects)
        for start, end in sorted(spans, reverse=True):
            topical = topical[:start] + " " * (end - start) + topical[end:]
        parts = self._questions(text, topical)
        self._add_likely(pieces(topical), aspects, matters)
        for at, part in parts.items():
            self._add_new(part, aspects, matters)
            _promote_hint(segments.get(at, {}), matters)
        if not spans and set(aspects) & _ABOUT_PERSONS:
            for row, _ in statements:
                matters[row.about] = max(matters.get(row.about, 0.0), 1.0)
                segments[-1].setdefault(row.about, 1.0)
        for matter in _only_within(found, spans):
            matters[matter] = min(matters[matter], _HINT)
        hinted = _promote(aspects, matters)
        for matter, weight in matters.items():
            if weight >= ASSERTED:
                aspect = self._words.matters[matter].aspect
                aspects[aspect] = max(aspects.get(aspect, 0.0), _HINT)
        return Asked(
            aspects,
            matters,
            tuple(segments[at] for at in sorted(segments)),
            topical,
            pieces(topical),
            tuple(parts.values()),
            tuple(dict.fromkeys(item.surface for item in found if self._lexicon.is_instance(item.surface))),
            hinted,
        )

    def _asking(self, text: str) -> dict[int, slice]:
        """Where the parts of a message that ask something are, by their places."""
        ends = [match.span() for match in _SEGMENT.finditer(text)]
        spans = zip([0, *(end for _, end in ends)], [*(start for start, _ in ends), len(text)], strict=True)
        asks = self._words.patterns.besides.search
        return {at: slice(*span) for at, span in enumerate(spans) if asks(text[slice(*span)])}

    def _questions(self, text: str, topical: str) -> Mapping[int, Collection[str]]:
        """The pieces of each question of a message that asks several: alone, each is like what is its own."""
        asking = self._asking(text)
        return {at: pieces(topical[part]) for at, part in asking.items()} if len(asking) > 1 else {}

    def _named(
        self, text: str, found: Sequence[Found]
    ) -> tuple[dict[Aspect, float], dict[str, float], dict[int, dict[str, float]]]:
        """The aspects and matters that the words name, the matters also by the message's parts."""
        aspects: dict[Aspect, float] = defaultdict(float)
        matters: dict[str, float] = defaultdict(float)
        segments: dict[int, dict[str, float]] = defaultdict(dict)
        ends = [match.end() for match in _SEGMENT.finditer(text)]
        for item in found:
            for sense in item.senses:
                if sense.sort is Sort.ASPECT:
                    _add(aspects, Aspect(sense.value), sense.weight)
                elif sense.sort is Sort.MATTER:
                    weight = sense.weight * (1 + _BY_LENGTH * min(len(item), _LENGTH_MOST))
                    weight *= _CASE if self._lexicon.is_instance(item.surface) else 1
                    _add(matters, sense.value, weight)
                    _add(segments[sum(end <= item.start for end in ends)], sense.value, weight)
        if len({_programmes(item) for item in found} - {frozenset()}) > 1:
            for matter, between in self._between.items():
                if said := between.search(text):
                    _add(matters, matter, _BETWEEN)
                    _add(segments[sum(end <= said.start() for end in ends)], matter, _BETWEEN)
        for row in self._words.aspects.values():
            if any(pattern.search(text) for pattern in row.patterns):
                _add(aspects, row.id, 1.0)
        return aspects, matters, segments

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

    def _strange(self, mended: Mended, notices: Sequence[Notice]) -> tuple[str, ...]:
        """Content words that neither the vocabulary nor a notice in scope knows."""
        covered = {at for item in mended.found for at in range(item.start, item.end)}
        known = [self._index(notice) for notice in notices[:_FEW_NOTICES]]
        result: list[str] = []
        at = 0
        for word, tag in mended.words:
            span = range(at, at + len(word))
            at += len(word)
            if len(set(word)) < 2 or not tag.startswith(_TOPIC_TAGS) or word in self._words.everyday:
                continue
            if not (is_word(word) or tag.startswith(_NAME_TAG)):
                continue  # cut by guessing: part of one word and of the next
            if not covered.isdisjoint(span) or any(index.holds(word) for index in known):
                continue
            result.append(word)
        return tuple(dict.fromkeys(result))

    def _other_edition(self, text: str, wording: str, notices: Sequence[Notice]) -> str:
        """The edition asked about, where it is none that the library holds for these notices."""
        headers = [part.header for notice in notices for part in (notice, *notice.relays)]
        years = {year for header in headers for year in (str(header.year), str(header.year)[2:])}
        names = [f"{h.edition} {' '.join(h.edition_words)} {h.title}" for h in headers]
        patterns = self._words.patterns
        found = [match for match in patterns.year.finditer(text) if years and match[1] not in years]
        found += [
            m for m in patterns.round.finditer(text) if not any(m.group()[:-1] in name for name in names)
        ]
        found += patterns.other.finditer(text)
        return next((match.group() for match in found if self._is_asked(match, text, wording)), "")

    def _is_asked(self, match: re.Match[str], text: str, wording: str) -> bool:
        """Whether an edition is what a message asks about: one in a story beside the question is not, if its
        part of the message says more than the edition and names."""
        asking = self._asking(text).values()
        if not asking or any(part.start <= match.start() < part.stop for part in asking):
            return True
        ends = [(0, 0), *(end.span() for end in _SEGMENT.finditer(text)), (len(text), len(text))]
        since = max(end for _, end in ends if end <= match.start())
        until = min(start for start, _ in ends if start >= match.end())
        return len(_bare(wording[since : match.start()] + wording[match.end() : until])) <= _LITTLE

    def _findings(
        self,
        text: str,
        found: Sequence[Found],
        spoken: Spoken,
        asked: Asked,
        place: Place,
        strange: Sequence[str],
    ) -> list[Finding]:
        sought, headed = self._words.patterns.sought, self._words.patterns.headed
        question = Question(
            pieces=asked.pieces,
            parts=asked.parts,
            aspects=asked.aspects,
            matters=asked.matters,
            segments=asked.segments,
            kinds=[kind for kind in self._words.kinds if kind.asks.search(text)],
            topical=asked.topics(),
            cases=asked.cases,
            strange=tuple(
                word
                for word in self._asked_for(text, strange)
                if not asked.topics() or headed.match(text.partition(word)[2])
            ),
            sought=tuple(word for word in strange if sought.search(text.partition(word)[0])),
            districts=place.districts,
            bodies=frozenset(spoken.bodies),
            central=self._words.patterns.central.search(text) is not None or _cites(found),
        )
        scopes = [
            (self._index(notice), tuple(p.id for p in notice.programmes if p.id in place.programmes))
            for notice in place.notices[:_FEW_NOTICES]
        ]
        most = MOST if len(scopes) == 1 else _FEW
        unsaid = scopes if place.city_from != "said" else []
        term, meant = known_to_one(found, unsaid, quotas=Aspect.QUOTA in asked.aspects)
        findings: list[Finding] = []
        for index, own in scopes:
            if meant in (None, index):
                finding = find(index, question, own, most=most)
            else:
                finding = lacking(index, question, own, term)
            if finding.pointed or question.topical or place.explicit:
                findings.append(finding)
        return findings

    def _asked_for(self, text: str, strange: Sequence[str]) -> Sequence[str]:
        """The strange words of what asks: those of a story beside it are none that a notice should know."""
        asking = [text[part] for part in self._asking(text).values()]
        return [word for word in strange if any(word in part for part in asking)] if asking else strange

    def _index(self, notice: Notice) -> NoticeIndex:
        index = self._indexes.get(notice.id)
        if index is None:
            index = self._indexes[notice.id] = NoticeIndex(self._library, notice, self._words.everyday)
            if len(self._indexes) > _INDEXES_KEPT:
                self._indexes.popitem(last=False)
        return index


def _unguessed(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings, without what one notice might mean where another surely knows."""
    sure = any(finding.pointed and not finding.unsure for finding in findings)
    return tuple(
        replace(one, hits=(), unsure=False) if sure and one.unsure and not one.pointed else one
        for one in findings
    )


def _cites(found: Sequence[Found]) -> bool:
    """Whether a document is called by its number."""
    cities = (item for item in found if any(sense.sort is Sort.CITY for sense in item.senses))
    return any(map(str.isdecimal, "".join(item.surface for item in cities)))


def _without_names(text: str, found: Sequence[Found]) -> str:
    """The text with blanks for the names of cities and programmes: they say where, not what."""
    where = (Sort.CITY, Sort.PROGRAMME)
    for item in found:
        if all(sense.sort in where for sense in item.senses):
            text = text[: item.start] + " " * len(item) + text[item.end :]
    return text


def _stated_spans(statements: _Statements, aspects: Mapping[Aspect, float]) -> list[tuple[int, int]]:
    """What people say of themselves: no question where something else is asked (五十三了…几号截止)."""
    asked = {aspect for aspect, weight in aspects.items() if weight >= ASSERTED}
    if not asked or asked & _ABOUT_PERSONS:
        return []
    return [match.span() for _, match in statements]


def _stated(statements: _Statements) -> Iterator[Stated]:
    """The first of each row of the vocabulary."""
    for row, matches in groupby(statements, key=itemgetter(0)):
        match = next(matches)[1]
        raw = match[1]
        value = raw if row.reads == "text" or raw.isdecimal() else str(chinese_number(raw))
        yield Stated(fact=row.fact, value=value, words=match.group())


def _only_within(found: Sequence[Found], spans: Sequence[tuple[int, int]]) -> set[str]:
    """The matters that are named nowhere but in `spans`."""
    inside: set[str] = set()
    outside: set[str] = set()
    for item in found:
        said = any(start <= item.start and item.end <= end for start, end in spans)
        (inside if said else outside).update(s.value for s in item.senses if s.sort is Sort.MATTER)
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


def _bare(text: str) -> str:
    return _MARKS.sub("", text).lower()


def _unsoftened(text: str) -> str:
    """Without the little words that soften a short message (啊, 呀, 哦…)."""
    return text.strip("啊呀哦呢吧嘛哈呗哇咯啦的亲请")


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
