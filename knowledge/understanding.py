"""From free Chinese text and the conversation so far to a typed `Reading`; deterministic, no network."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter

from knowledge.acts import Acts
from knowledge.asked import ASSERTED, Asked, Question
from knowledge.edition import Notice
from knowledge.figures import chinese_number
from knowledge.finding import MOST, find, joined, lacking
from knowledge.language import bare, is_han, normalise
from knowledge.lessons import Lesson, Lessons
from knowledge.lexicon import Found, Mended, Sort
from knowledge.library import Library
from knowledge.meant import known_to_one
from knowledge.notice import Aspect
from knowledge.notice_index import NoticeIndex
from knowledge.places import Place, Spoken
from knowledge.reading import ASK, Context, Finding, Reading, Stated
from knowledge.segments import Segments
from knowledge.topics import Statements, Topics, without_names
from knowledge.unknown import editions, strange_words, stranger, unheld
from knowledge.wordings import Lines, lexicon_of

_INDEXES_KEPT = 512
_FEW_NOTICES, _FEW = 3, 3
_SHORT, _BRIEF = 14, 8
_SURELY = 0.7
_BARRED = frozenset({Aspect.ELIGIBILITY, Aspect.EXCLUSION})
_JUDGEMENTS = _BARRED | {Aspect.COMPARE}
_WHETHER = _BARRED | {Aspect.SELFCHECK, Aspect.DUPLICATES, Aspect.RENAMING}
_COUNTED = frozenset({Aspect.QUOTA, Aspect.AWARD_COUNT})
_BY_DISTRICT = frozenset({Aspect.CONTACT, Aspect.ADDRESS, Aspect.DISTRICT_ROUTING})


@dataclass(frozen=True, slots=True)
class _Message:
    """A text with its errors mended, and what is found in it."""

    text: str
    mended: Mended
    segments: Segments
    spoken: Spoken
    statements: Statements
    stranger: str


class Reader:
    """Reads messages by one library; safe to share, and to drop at any time."""

    def __init__(self, library: Library) -> None:
        self._library = library
        words = self._words = library.vocabulary
        self._acts = Acts(words.speech)
        self._lexicon = lexicon_of(library)
        self._lines = Lines(library)
        self._topics = Topics(words, self._lexicon)
        glossary = sorted(words.glossary, key=lambda phrase: (-len(phrase), phrase))
        phrases = "|".join(map(re.escape, glossary))
        self._some_foreign = re.compile(phrases)  # beginning with letters it is searched for much faster
        self._glossary = re.compile(rf"(?<![a-z0-9./:@_-])(?:{phrases})(?![a-z0-9./:@_-])")
        self._indexes: OrderedDict[str, NoticeIndex] = OrderedDict()
        self._lessons = Lessons()

    def taught(self, lessons: Iterable[Lesson]) -> Reader:
        """A reader that also knows these lessons and no others; those of topics that the library has not are
        left out. It shares all else with this one."""
        reader = copy(self)
        known = [lesson for lesson in lessons if self._topics.has(lesson.topic)]
        reader._lessons = Lessons((self._wording(lesson.wording), lesson) for lesson in known)
        return reader

    def lessons(self, text: str) -> tuple[Lesson, ...]:
        """The lessons that a text repeats, whatever its city."""
        return self._lessons.like(self._wording(text))

    def read(self, text: str, context: Context) -> Reading:
        """The reading of `text`, said after `context`."""
        message = self._message(text, context)
        asked = self._topics.asked(message.text, message.segments, message.mended.found, message.statements)
        near = self._lessons.like(without_names(message.text, message.mended.found))
        compares = asked.aspects.get(Aspect.COMPARE, 0.0) >= ASSERTED
        own_topics = asked.topics() or bool(near)
        place = Place.resolve(
            message.spoken, context, self._library, own_topics=own_topics, compares=compares
        )
        named = editions(message.text, asked.wording, message.segments, self._words.patterns, context.year)
        unknown, place = unheld(named, place.notices), place.of_edition(named)
        if self._words.patterns.each.search(message.text):
            place = place.of_each(bodies=len(message.spoken.bodies))
        if compares or self._words.patterns.besides_those.search(message.text):
            place = place.beside(context, self._library)
        if self._words.patterns.two_days.search(message.text) and (relayed := place.relayed()):
            asked, place = self._topics.overviewed(asked, Aspect.DEADLINE), relayed
        strange: tuple[str, ...] = ()
        if lesson := next((one for one in near if one.city in ("", place.city)), None):
            asked = self._topics.taught(asked, lesson.topic)
        else:
            indexes = [self._index(notice) for notice in place.notices[:_FEW_NOTICES]]
            strange = strange_words(message.mended, self._words, indexes)
            strange = tuple(word for word in strange if word not in message.stranger)
        act = self._act(message, asked)
        asked = self._after(context, message, asked, place, strange)
        return replace(self._reading(message, act, asked, place, strange), other_edition=unknown)

    def _message(self, text: str, context: Context) -> _Message:
        district = bool(context.districts) or not _BY_DISTRICT.isdisjoint(context.aspects)
        mended = self._mended(text, district=district)
        mended = replace(mended, found=(*mended.found, *self._lines.by_surname(mended.text)))
        unknown, mended = stranger(mended, self._words)
        text, patterns = mended.text, self._words.patterns
        return _Message(
            text,
            mended,
            Segments(text, patterns.besides),
            Spoken.of(mended.found, text, patterns),
            [(row, match) for row in self._words.statements for match in row.pattern.finditer(text)],
            unknown,
        )

    def _after(
        self, context: Context, message: _Message, asked: Asked, place: Place, strange: Sequence[str]
    ) -> Asked:
        """What is asked, with what a short message takes over from the one before, and what a person or a
        place asks for by being named."""
        text = message.text
        if self._words.patterns.bare_answer.fullmatch(text):
            return asked
        if self._measures(message, context):
            return self._topics.held(asked, context)
        vague = not asked.topics() or asked.hinted
        general = not asked.matters and not place.explicit and len(text) <= _BRIEF
        vague = vague and not (strange or self._words.patterns.chance.search(text)) and len(text) <= _SHORT
        if vague or self._judges(asked, text) or self._trails(asked, text):
            asked = asked.continued(context)
        elif general or self._words.patterns.follows.match(text):
            another = not general and len(text) <= _BRIEF and asked.turns(context)
            asked = asked if another else asked.followed(context)
        if context.programmes and self._asks_whether(asked, text):
            asked = self._topics.told_before(asked, context.text)
        if message.spoken.persons or message.stranger:
            asked = asked.plainly(Aspect.CONTACT)
        if not asked.topics() and message.spoken.regions:
            # a place and nothing else: where does it belong
            asked = asked.plainly(Aspect.DISTRICT_ROUTING)
        return asked

    def _measures(self, message: _Message, context: Context) -> bool:
        """Whether a message holds a figure of one's own against what was asked before (我挑了十二张,
        多不多), naming no other matter; of places it is read by itself."""
        judged = self._words.patterns.measured.search(message.text)
        rows = self._words.matters
        before = [m for m in context.matters if rows[m].aspect not in _COUNTED and not rows[m].general]
        if not judged or not before or message.statements:
            return False
        named = (
            sense.value
            for item in message.mended.found
            if item.start < judged.start(1)
            for sense in item.senses
            if sense.sort is Sort.MATTER and sense.weight >= ASSERTED
        )
        return all(matter in context.matters or rows[matter].general for matter in named)

    def _trails(self, asked: Asked, text: str) -> bool:
        """Whether a short message only names what else the last question is asked about (工作室领头的呢)."""
        return self._words.patterns.trailing.match(text) is not None and not asked.topics(_SURELY)

    def _judges(self, asked: Asked, text: str) -> bool:
        """Whether a brief message only asks for a judgement of what was spoken of (那工匠卡不卡, 一样不), and
        not for somebody's own chances."""
        plain = {aspect for aspect, weight in asked.aspects.items() if weight >= ASSERTED}
        brief = _SHORT if Aspect.COMPARE in plain else _BRIEF
        finer = any(weight >= ASSERTED for weight in asked.matters.values())
        bare = len(text) <= brief and not finer and plain <= _JUDGEMENTS
        return bare and not self._words.patterns.chance.search(text)

    def _asks_whether(self, asked: Asked, text: str) -> bool:
        """Whether a message asks whether somebody may apply, and nothing else."""
        aspects = {aspect for aspect, weight in asked.aspects.items() if weight >= ASSERTED}
        named = [m for words in asked.segments for m, weight in words.items() if weight >= ASSERTED]
        matters = map(self._words.matters.__getitem__, named)
        if not aspects <= _WHETHER or not all(m.general or m.aspect is Aspect.DUPLICATES for m in matters):
            return False
        patterns = self._words.patterns
        return patterns.chances.judged.search(text) is not None and not patterns.checks.search(text)

    def _act(self, message: _Message, asked: Asked) -> str:
        """What a message does that asks this by its own words."""
        act = self._acts.of(message.text)
        aside = message.segments.asking and not message.spoken.programmes
        if act == ASK and aside and (asked.hinted or not asked.topics(_SURELY)):
            return self._acts.of_aside(message.text)
        return act

    def _reading(
        self, message: _Message, act: str, asked: Asked, place: Place, strange: tuple[str, ...]
    ) -> Reading:
        text, spoken, patterns = message.text, message.spoken, self._words.patterns
        if act == ASK and not asked.topics(_SURELY) and not place.explicit:
            act = self._acts.of_quiet(text)
        other = patterns.selection.search(text)
        selection = other[1] if other else place.foreign
        other_city = spoken.other_city()
        asks = act == ASK and not (other_city or selection) and any(map(is_han, text))
        return Reading(
            text=text,
            act=act,
            mended=message.mended.changes,
            city=place.city,
            city_from=place.city_from,
            other_city=other_city,
            other_selection=selection,
            districts=place.districts,
            street=spoken.street,
            bodies=spoken.bodies,
            unnamed=asked.wording,
            rest=bare(asked.wording),
            programmes=place.programmes,
            aspects=tuple(sorted(asked.aspects, key=lambda a: -asked.aspects[a])),
            matters=asked.matters,
            order=asked.order,
            compared=self._compared(message, asked, place, strange),
            stated=tuple(_stated(message.statements)),
            strange=strange,
            stranger=message.stranger,
            inherited=asked.inherited + place.inherited,
            findings=_unguessed(self._findings(message, asked, place, strange)) if asks else (),
        )

    def _wording(self, text: str) -> str:
        """A text as it is compared with others: mended, without the names of cities and programmes."""
        mended = self._mended(text, district=False)
        return without_names(mended.text, mended.found)

    def _mended(self, text: str, *, district: bool) -> Mended:
        text = self._lines.whole(self._in_common_chinese(normalise(text)))
        return self._lexicon.mend(text, district=district)

    def _in_common_chinese(self, text: str) -> str:
        """English and dialect words as the common Chinese they stand for."""
        if not self._some_foreign.search(text):
            return text
        return self._glossary.sub(lambda match: self._words.glossary[match.group()], text)

    def _question(self, message: _Message, asked: Asked, place: Place, strange: Sequence[str]) -> Question:
        """What is asked, as it is put to each notice."""
        text, patterns, topical = asked.text, self._words.patterns, asked.topics()
        strange = [word for word in strange if word in text]
        return Question(
            pieces=asked.pieces,
            parts=asked.parts,
            aspects=asked.aspects,
            matters=asked.matters,
            segments=asked.segments,
            kinds=[kind for kind in self._words.kinds if kind.asks.search(text)],
            topical=topical,
            cases=asked.cases,
            broad=asked.broad,
            several=patterns.severally.search(text) is not None,
            strange=tuple(
                word
                for word in message.segments.asked(strange)
                if not topical or patterns.headed.match(text.partition(word)[2])
            ),
            sought=tuple(word for word in strange if patterns.sought.search(text.partition(word)[0])),
            districts=place.districts,
            bodies=frozenset(message.spoken.bodies),
            central=patterns.central.search(message.text) is not None or _cites(message.mended.found),
        )

    def _compared(
        self, message: _Message, asked: Asked, place: Place, strange: Sequence[str]
    ) -> tuple[str, ...]:
        """The matters in which the programmes of a message are compared that asks nothing else."""
        if asked.each or asked.aspects.get(Aspect.COMPARE, 0.0) < ASSERTED:
            return ()
        return self._question(message, asked, place, strange).compared(self._words.matters)

    def _findings(
        self, message: _Message, asked: Asked, place: Place, strange: Sequence[str]
    ) -> list[Finding]:
        questions = [self._question(message, one, place, strange) for one in asked.each or (asked,)]
        scopes = [
            (self._index(notice), tuple(p.id for p in notice.programmes if p.id in place.programmes))
            for notice in place.notices[:_FEW_NOTICES]
        ]
        most = MOST if len(scopes) == len(questions) == 1 else _FEW
        unsaid = scopes if place.city_from != "said" else []
        term, meant = known_to_one(message.mended.found, unsaid, quotas=Aspect.QUOTA in asked.aspects)
        findings: list[Finding] = []
        for index, own in scopes:
            if meant in (None, index):
                told = [find(index, question, own, most=most) for question in questions]
            else:
                told = [lacking(index, question, own, term) for question in questions]
            finding = joined(told)
            if finding.pointed or any(q.topical for q in questions) or place.explicit:
                findings.append(finding)
        return findings

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


def _stated(statements: Statements) -> Iterator[Stated]:
    """The first of each row of the vocabulary."""
    for row, matches in groupby(statements, key=itemgetter(0)):
        match = next(matches)[1]
        raw = match[1]
        value = raw if row.reads == "text" or raw.isdecimal() else str(chinese_number(raw))
        yield Stated(fact=row.fact, value=value, words=match.group())
