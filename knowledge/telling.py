"""What people tell of themselves and of their unit, in free text and in answers, as facts of the dictionary.

A wrong reading does more harm than a missed one: what is unsure is left out, and will be asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache

from knowledge.answering import Answering
from knowledge.dictionary import Days, OneOf, Value
from knowledge.interview import Question
from knowledge.language import normalise
from knowledge.library import Library
from knowledge.said import Found
from knowledge.stories import Stories

_PLAINLY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a message tells: `values` by fact, each with the `words` it was read from; `unsure` are facts that
    the person says he cannot tell; not `understood`: an answer to the question asked was not found, in words
    that cannot be read or as he asks something himself or gives a command (`aside`). What he mends is told
    `instead` of what he told before."""

    values: Mapping[str, Value] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    unsure: frozenset[str] = frozenset()
    understood: bool = True
    aside: bool = False
    instead: bool = False


class Telling:
    """Reads by one library; safe to share."""

    def __init__(self, library: Library) -> None:
        self._mends = library.vocabulary.telling.mends
        self._particles = library.vocabulary.telling.particles
        self._withdrawn = library.vocabulary.telling.withdrawn
        self._mended = library.vocabulary.telling.mended
        self._persons = library.vocabulary.telling.persons
        self._called = cache(self._calling)
        self._reaching = library.vocabulary.telling.reaching
        self._notices = library.notices
        self._stories = Stories(library)
        self._answering = Answering(library, self._stories)

    def read(
        self, text: str, *, today: date, notice: str, asked: Question | None = None, whom: str = ""
    ) -> Told:
        """What `text`, said on the day `today`, tells of a candidate of the notice; `asked` is the question
        that it answers, if any, `whom` the word for him in answers, where he is not who writes."""
        text = normalise(text)
        for wrong, right in self._mends.items():
            if wrong in text:
                text = text.replace(wrong, right)
        said = self._withdrawn.sub("", self._particles.sub("", text))
        text = self._mended.sub("", said)
        instead = text != said
        if asked is None:
            return _told(self._reached(text, self._story(text, whom, today=today, notice=notice), notice))
        if whom and not self._persons.taught.search(whom):
            text, others = self._called(whom).subn(self._persons.he, text)
            text = self._persons.mine.sub("", text) if others else text
        answer = self._answering.read(text, asked, today=today, notice=notice)
        if answer is None:
            return Told(understood=False, aside=True)
        told = _told(self._reached(text, answer.found, notice))
        return replace(told, unsure=answer.unsure, understood=answer.understood, instead=instead)

    def _story(self, text: str, whom: str, *, today: date, notice: str) -> Mapping[str, Found]:
        """What a story tells; of an apprentice only what makes him plainly its hero, and no pupil of him who
        asks."""
        if whom and self._persons.taught.search(whom):
            found = self._stories.read(
                self._called(whom).sub(self._persons.he, text), today=today, notice=notice
            )
            if len(found) >= _PLAINLY:
                return found
        return self._stories.read(text, today=today, notice=notice)

    def _reached(self, text: str, found: Mapping[str, Found], notice: str) -> Mapping[str, Found]:
        """What is told, with what becomes of the person between the days at which the notice may reckon."""
        reaching = self._reaching
        birth, state = found.get(reaching.of), found.get(next(iter(reaching.tells)))
        if birth is None or not isinstance(birth.value, Days) or birth.value != birth.value.of_month():
            return found
        if state and not (isinstance(state.value, OneOf) and state.value.options <= {*reaching.still}):
            return found
        held, born = self._notices[notice], birth.value.first
        days = [day for programme in held.programmes for day in held.reference_days(programme.id)]
        for age, words in reaching.ages.items():
            if min(days) < born.replace(year=born.year + age) <= max(days) and words.search(text):
                told = {f: Found(OneOf(frozenset({o})), birth.words) for f, o in reaching.tells.items()}
                return {**found, **told}
        return found

    def _calling(self, whom: str) -> re.Pattern[str]:
        """The word for whom a check is made, where a part begins with it."""
        persons = self._persons
        own = persons.whose.match(whom)
        name = whom[own.end() :] if own and own.end() < len(whom) else whom
        word = f"{re.escape(name)}(?:{re.escape(name[-1])})?(?!{persons.his.pattern})"
        called = f"{persons.whose.pattern}(?:{word}|{persons.third.pattern})"
        return re.compile(f"{called}(?:{persons.tells.pattern})?")


def _told(found: Mapping[str, Found]) -> Told:
    return Told(
        values={fact: row.value for fact, row in found.items()},
        words={fact: row.words for fact, row in found.items()},
    )
