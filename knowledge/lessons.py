"""Wordings that staff have taught: what is as good as one of them asks its topic, and nothing else.

They are held apart from the samples of the vocabulary: a lesson is sure of itself, and bears on no message
but those that are nearly the same, so that it can be tested as a whole before it is taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from knowledge.likeness import Names

ALIKE: Final = 0.75
"""From which share of what two wordings have in common they are the same question."""
_MOST: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """`wording` asks `topic` (a matter, or `aspect:` and its id) of a city's notices, or of all (empty)."""

    wording: str
    topic: str
    city: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a lesson would do: the reply to its own wording, whether that is an answer, and the questions
    whose replies would be worse."""

    reply: str
    answered: bool
    worse: tuple[str, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether it may be taken."""
        return self.answered and not self.worse


class Lessons:
    """Finds the lesson that a message repeats."""

    def __init__(self, lessons: Iterable[tuple[str, Lesson]] = ()) -> None:
        self._by_wording: dict[str, list[Lesson]] = {}
        for wording, lesson in lessons:
            self._by_wording.setdefault(wording, []).append(lesson)
        self._names = Names(self._by_wording)

    def like(self, wording: str) -> tuple[Lesson, ...]:
        """The lessons that a wording repeats, the nearest first; a lesson of each city at most counts."""
        if not self._by_wording:
            return ()
        near = self._names.nearest(wording, least=ALIKE, most=_MOST)
        return tuple(lesson for name, _ in near for lesson in self._by_wording[name])
