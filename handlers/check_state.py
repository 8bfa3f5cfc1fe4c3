"""What a self-check keeps between two messages: answers by fact, never a path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from knowledge.dictionary import ELSEWHERE, Entry, Items, OneOf, Value, dump, load, merge
from knowledge.interview import Question
from knowledge.library import Library
from knowledge.telling import Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One fact as told: its value, the words it was read from, when it was told."""

    value: Value
    words: str
    told_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A self-check of one notice edition: `rules` is the state of its criteria at the beginning, `asked` are
    the questions answered so far, `current` the open one, `tries` how often its answer was not understood,
    `said` the last words that asked something else, `counted` whether its end is among the figures, `whom`
    the word for whom it is made (none: oneself)."""

    notice: str
    programmes: tuple[str, ...]
    rules: str
    touched_at: datetime
    districts: tuple[str, ...] = ()
    answers: Mapping[str, Answer] = field(default_factory=dict)
    unsure: frozenset[str] = frozenset()
    asked: tuple[str, ...] = ()
    current: str = ""
    tries: int = 0
    said: str = ""
    counted: bool = False
    whom: str = ""

    @property
    def values(self) -> dict[str, Value]:
        """What is known, by fact."""
        return {fact: answer.value for fact, answer in self.answers.items()}

    def with_told(self, told: Told, now: datetime, *, asked: Question | None = None) -> Check:
        """With what was told now; what was known before of a list stays known. What an answer tells beside
        the question `asked` only narrows what was told before: a contradiction leaves the fact open."""
        answers = dict(self.answers)
        for fact, value in told.values.items():
            before = answers.get(fact)
            if asked and fact not in asked.fills and before and isinstance(value, OneOf):
                assert isinstance(before.value, OneOf)
                both = value.options & before.value.options
                if not both:
                    del answers[fact]
                    continue
                answers[fact] = replace(before, value=OneOf(both))
                continue
            answers[fact] = Answer(
                value=merge(before.value, value) if before else value,
                words=told.words.get(fact, ""),
                told_at=now,
            )
        unsure = (self.unsure | told.unsure) - told.values.keys()
        return replace(self, answers=answers, unsure=unsure)

    def gainsaid(self, told: Told) -> frozenset[str]:
        """The facts of which something else was told before."""
        return frozenset(
            fact
            for fact, value in told.values.items()
            if isinstance(value, OneOf)
            and isinstance(before := self.values.get(fact), OneOf)
            and value.options.isdisjoint(before.options)
        )

    def answered(self, question: Question) -> Check:
        """With the question among those answered; a list that was asked for is told as a whole."""
        answers = {
            fact: replace(answer, value=replace(answer.value, complete=True))
            if fact in question.fills and isinstance(answer.value, Items)
            else answer
            for fact, answer in self.answers.items()
        }
        asked = (*(id_ for id_ in self.asked if id_ != question.id), question.id)
        return replace(self, answers=answers, asked=asked, tries=self.tries + 1)

    def without(self, facts: Iterable[str]) -> Check:
        """As if these facts had not been told."""
        gone = frozenset(facts)
        answers = {fact: answer for fact, answer in self.answers.items() if fact not in gone}
        return replace(self, answers=answers, unsure=self.unsure - gone)

    def fresh(self, now: datetime, dictionary: Mapping[str, Entry]) -> Check:
        """Without what was told too long ago to be still true."""

        def stale(fact: str, answer: Answer) -> bool:
            days = dictionary[fact.partition("/")[0]].ttl_days
            return days is not None and now - answer.told_at > timedelta(days=days)

        return self.without(fact for fact, answer in self.answers.items() if stale(fact, answer))

    def of(self, whom: str | None) -> bool:
        """Whether it may be of whoever is meant: by this name, oneself by an empty one, anybody by none."""
        return whom is None or whom == self.whom

    def elsewhere(self) -> Check:
        """For another city, where a bare "elsewhere" says nothing."""
        place = OneOf(frozenset({ELSEWHERE}))
        return self.without(fact for fact, answer in self.answers.items() if answer.value == place)

    def dump(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "notice": self.notice,
            "programmes": self.programmes,
            "rules": self.rules,
            "touched_at": self.touched_at.isoformat(),
            "districts": self.districts,
            "answers": {
                fact: [dump(answer.value), answer.words, answer.told_at.isoformat()]
                for fact, answer in self.answers.items()
            },
            "unsure": sorted(self.unsure),
            "asked": self.asked,
            "current": self.current,
            "tries": self.tries,
            "said": self.said,
            "counted": self.counted,
            "whom": self.whom,
        }

    def page(self, knowledge: str) -> dict[str, Any]:
        """What the page of a result is made from (see `bot.pages`); `knowledge` is the library's version."""
        return {
            "notice": self.notice,
            "programmes": self.programmes,
            "districts": self.districts,
            "values": {fact: dump(answer.value) for fact, answer in self.answers.items()},
            "unsure": sorted(self.unsure),
            "made_at": self.touched_at.isoformat(),
            "knowledge": knowledge,
        }

    @classmethod
    def load(cls, kept: Mapping[str, Any], library: Library) -> Check | None:
        """From JSON; None where nothing is kept, or what is kept is of another form or of a notice that is
        gone."""
        try:
            if kept["notice"] not in library.notices or not set(kept["programmes"]) <= library.rules.keys():
                return None
            return cls(
                notice=kept["notice"],
                programmes=tuple(kept["programmes"]),
                rules=kept["rules"],
                touched_at=datetime.fromisoformat(kept["touched_at"]),
                districts=tuple(kept["districts"]),
                answers={
                    fact: Answer(value=load(value), words=words, told_at=datetime.fromisoformat(told_at))
                    for fact, (value, words, told_at) in kept["answers"].items()
                    if fact.partition("/")[0] in library.dictionary
                },
                unsure=frozenset(kept["unsure"]),
                asked=tuple(kept["asked"]),
                current=kept["current"],
                tries=int(kept["tries"]),
                said=str(kept.get("said", "")),
                counted=bool(kept.get("counted", False)),
                whom=str(kept.get("whom", "")),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            return None
