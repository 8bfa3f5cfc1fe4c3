"""What a message asks, free of where: topics with their weights, as they are put to each notice."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final

from knowledge.notice import Aspect
from knowledge.reading import Context
from knowledge.vocabulary import AnswerKind, Matter

ASSERTED: Final = 0.5
"""From which weight a topic is asked, and not merely hinted at."""
SURELY_LIKE: Final = 0.9
"""From which weight a matter is asked that no word names."""
_TOLD_ALONE: Final = frozenset(
    {Aspect.CONTACT, Aspect.ADDRESS, Aspect.SUPPORT_MONEY, Aspect.DEADLINE, Aspect.QUOTA, Aspect.AWARD_COUNT}
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The topics of a message with their weights, the wording that is left without names and statements.
    `parts` are the pieces of each question, where a message asks several, `broad` the aspects that one of
    these asks as a whole, `order` has for each topic the first of these that names it, and `each` is what
    these ask by themselves, where all of them name it. `text` is what it was read from."""

    aspects: Mapping[Aspect, float]
    matters: Mapping[str, float]
    segments: tuple[Mapping[str, float], ...]
    wording: str
    pieces: Collection[str]
    parts: tuple[Collection[str], ...] = ()
    cases: tuple[str, ...] = ()
    hinted: bool = False
    inherited: tuple[str, ...] = ()
    broad: tuple[Aspect, ...] = ()
    order: Mapping[str, int] = field(default_factory=dict)
    each: tuple[Asked, ...] = ()
    text: str = ""

    def topics(self, least: float = ASSERTED) -> bool:
        """Whether anything is asked that the vocabulary knows."""
        return any(w >= least for w in (*self.aspects.values(), *self.matters.values()))

    def plainly(self, aspect: Aspect) -> Asked:
        """The same, and an aspect besides."""
        return replace(self, aspects={**self.aspects, aspect: 1.0}, each=())

    def continued(self, context: Context) -> Asked:
        """A message that names no topic goes on with the last one (那技能大师呢, 无锡的)."""
        if not context.aspects and not context.matters:
            return self
        # what was compared is asked of another one now
        aspects = [aspect for aspect in context.aspects if aspect is not Aspect.COMPARE] or context.aspects
        return Asked(
            {**self.aspects, **dict.fromkeys(aspects, 1.0)},
            {**self.matters, **dict.fromkeys(context.matters, 1.0)},
            (dict.fromkeys(context.matters, 1.0),),
            self.wording,
            self.pieces,
            self.parts,
            self.cases,
            inherited=("topic",),
            text=self.text,
        )

    def followed(self, context: Context) -> Asked:
        """A message that goes on with the last one (那…) is also about what that one was."""
        return replace(
            self,
            aspects={**dict.fromkeys(context.aspects, 1.0), **self.aspects},
            matters={**dict.fromkeys(context.matters, 1.0), **self.matters},
            each=(),
        )

    def turns(self, context: Context) -> bool:
        """Whether another thing than the last one is to be told now, and that alone (那电话呢)."""
        return any(self.aspects.get(aspect, 0.0) >= 1.0 for aspect in _TOLD_ALONE - set(context.aspects))


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, free of where: matters and aspects with their weights, and the pieces of the wording.

    `parts` are the pieces of each question where there are several, `broad` the aspects that one of them asks
    as a whole.
    `segments` are the message's parts, each with the matters that its words name; `kinds` are the kinds
    of answer it asks for (a number of days…). `topical` is false where the vocabulary found no topic and
    the wording alone must do. `cases` are particular cases of a matter (返聘 of 退休人员), `strange` words
    that nothing knows: a notice without them says nothing of them, least of all where they are `sought`.
    `bodies` are recommending bodies named; `central` says that the city's own office is meant, and no
    district's, `several` that each of some things is asked, or how they differ.
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
    broad: tuple[Aspect, ...] = ()
    several: bool = False

    def asserted(self) -> tuple[Aspect, ...]:
        """The aspects that are asked."""
        return tuple(aspect for aspect, weight in self.aspects.items() if weight >= ASSERTED)

    def touched(self) -> Set[str]:
        """The matters that the words name, be it faintly, and are not merely like; in their order."""
        return dict.fromkeys(chain.from_iterable(self.segments)).keys()

    def named(self) -> Set[str]:
        """The matters that the words name plainly, in their order."""
        plainly = {m: weight for words in self.segments for m, weight in words.items() if weight >= ASSERTED}
        return plainly.keys()

    def finer(self, matters: Mapping[str, Matter]) -> list[str]:
        """The finer matters that are surely asked: by their names, or by a likeness as strong as those."""
        touched = self.touched()
        most = max((self.matters.get(matter, 0.0) for matter in touched), default=0.0)
        return [
            matter
            for matter, weight in self.matters.items()
            if weight >= (ASSERTED if matter in touched else max(SURELY_LIKE, most))
            and not matters[matter].general
        ]

    def compared(self, matters: Mapping[str, Matter]) -> tuple[str, ...]:
        """The finer matters named in which programmes are to be compared; none where they are as a whole, or
        where something is asked as a whole more."""
        named = [matter for matter in self.named() if matters[matter].aspect is not Aspect.COMPARE]
        whole = max((self.matters.get(m, 0.0) for m in named if matters[m].general), default=0.0)
        finer = (matter for matter in named if not matters[matter].general)
        return tuple(matter for matter in finer if self.matters.get(matter, 0.0) >= whole)
