"""How people speak, shared by all cities: the words for aspects and matters, speech, statements, patterns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from pydantic import Field

from knowledge.criteria import Outcome
from knowledge.notice import Aspect, Record, Strings
from knowledge.pattern import Expression
from knowledge.sayings import Sayings


class AspectWords(Record):
    """An aspect and the words and patterns by which people ask it; a leading `~` marks a word that only
    supports."""

    id: Aspect
    name: str
    words: Strings
    patterns: tuple[Expression, ...] = ()


class Matter(Record):
    """A matter finer than an aspect; a `general` one is the aspect as a whole, one `apart` is told only to
    whoever names it. A word after `=` is a case of the matter (返聘 of 退休人员), not another word for it.
    `between` names it too where a message names several programmes, `after` where somebody asks whether
    somebody may apply who told this in the message before. Where it is named, the names of the aspects `of`
    say only of what it is asked (材料归谁审)."""

    id: str
    name: str
    aspect: Aspect
    words: Strings
    general: bool = False
    apart: bool = False
    between: Expression | None = None
    after: Expression | None = None
    of: tuple[Aspect, ...] = ()

    @property
    def compares(self) -> bool:
        """Whether it sets programmes beside each other as a whole."""
        return self.general and self.aspect is Aspect.COMPARE


class Speech(Record):
    """A kind of speech: what a whole message of the kind is, what one of it contains, and what one contains
    that asks nothing (`quiet`), or nothing but maybe a place (`aside`)."""

    id: str
    whole: Strings = ()
    has: Strings = ()
    quiet: Strings = ()
    aside: Strings = ()


class AnswerKind(Record):
    """A kind of answer: how it is asked for, what every answer of the kind shows, what a reply calls it."""

    id: str
    asks: Expression
    shows: Expression
    name: str
    not_for: tuple[Aspect, ...] = ()


class Statement(Record):
    """What people say of themselves: the fact, the matter it belongs to, and a pattern with one group."""

    fact: str
    about: str
    reads: Literal["number", "text"]
    pattern: Expression


class ChanceWords(Record):
    """How people ask for their own chances; see `common/patterns.yaml`."""

    words: Expression
    wishes: Expression
    judged: Expression
    never: Expression
    leads: Expression
    others: Expression
    who: Expression

    @cached_property
    def _only(self) -> re.Pattern[str]:
        return re.compile(f"(?:{self.words.pattern})+")

    @cached_property
    def _ending(self) -> re.Pattern[str]:
        return re.compile(rf"(?:{self.who.pattern}|{self.leads.pattern})(?:{self.words.pattern}|\s)+$")

    def wish(self, part: str) -> bool:
        """Whether a part of a message, without names, only asks for chances, or wishes to apply."""
        asked = self.judged.search(part) or self.wishes.search(part)
        return bool(asked and not self.never.search(part) and self._only.fullmatch(part))

    def bare(self, part: str) -> bool:
        """Whether a part, without names, says no more than of whom somebody speaks (那我老公呢)."""
        return self.who.search(part) is not None and self._only.fullmatch(part) is not None

    def ending(self, part: str) -> int | None:
        """Where in a part that tells somebody's case the asking for a judgement begins; None: nowhere."""
        found = self._ending.search(part)
        if not found or self.never.search(found.group()) or not self.judged.search(found.group()):
            return None
        return found.start() or None


class Patterns(Record):
    """Patterns that belong to no list: each is described in `common/patterns.yaml`."""

    other: Expression
    year: Expression
    years_away: Mapping[str, int]
    date: Expression
    round: Expression
    home: Expression
    denied: Expression
    province: Expression
    choice: Expression
    selection: Expression
    clause: Expression
    address: Expression
    office: Expression
    central: Expression
    two_days: Expression
    local: Expression
    sought: Expression
    headed: Expression
    each: Expression
    severally: Expression
    summed: Expression
    differs: Expression
    counted: Expression
    quantity: Expression
    bare_answer: Expression
    checks: Expression
    another: Expression
    besides_those: Expression
    excepted: Expression
    next_step: Expression
    follows: Expression
    trailing: Expression
    measured: Expression
    whether: Expression
    begins: Expression
    document: Expression
    change: Expression
    every: Expression
    chance: Expression
    chances: ChanceWords
    meaning: Expression
    myself: Expression
    item: Expression
    parted: Expression
    progress_code: Expression
    code_for: Expression
    which: Expression
    all_of_them: Expression
    called: Expression
    person: Expression
    surname: Expression
    tail: Expression
    unwritten: Expression
    uncounted: Expression
    unreached: Expression
    besides: Expression
    demands: Expression
    others: Expression


class Everyday(Record):
    """Words without a topic of their own, in rough groups."""

    polite: Strings
    question: Strings
    grammar: Strings
    verbs: Strings
    nouns: Strings
    marks: Strings

    def words(self) -> frozenset[str]:
        """All of them."""
        return frozenset(word for group in self.__class__.model_fields for word in getattr(self, group))


class Glossary(Record):
    """English and dialect words, with the common Chinese they stand for."""

    words: Mapping[str, str] = Field(min_length=1)


class Outcomes(Record):
    """What the five verdicts are called."""

    met: str
    judged: str
    exception: str
    unmet: str
    open: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """All of `common/`; `asked` are sample questions by matter, or by `aspect:` and the aspect's id."""

    aspects: Mapping[Aspect, AspectWords]
    matters: Mapping[str, Matter]
    cities: frozenset[str]
    speech: tuple[Speech, ...]
    kinds: tuple[AnswerKind, ...]
    statements: tuple[Statement, ...]
    patterns: Patterns
    everyday: frozenset[str]
    glossary: Mapping[str, str]
    outcomes: Mapping[Outcome, str]
    asked: Mapping[str, tuple[str, ...]]
    telling: Sayings
