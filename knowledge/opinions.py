"""What an officer asks to be mended: an opinion's items, each with the material that it is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from knowledge.library import Library, Sourced
from knowledge.likeness import Likeness, pieces
from knowledge.notice import Material

_STOPS: Final = ";；"
_LEAST: Final = 0.75
_AHEAD: Final = 1.8
"""How like a material an item must be, and how much more than the next: found on opinions as officers write
them, so that what could be either is left unsaid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing to mend, word for word, and the material that it surely concerns."""

    text: str
    material: Sourced | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """An opinion as it is told: what stands before the items, and the items in order."""

    lead: str
    items: tuple[Item, ...]


class Opinions:
    """Reads opinions by one library."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._alike = cache(self._materials)

    def read(self, opinion: str, programme: str) -> Opinion:
        """The items by their numbers, else by lines and semicolons; one that has neither is one item. An
        empty or unknown programme has no materials."""
        lead, texts = self._split(opinion.strip())
        return Opinion(
            lead=lead,
            items=tuple(Item(text=text, material=self._material(text, programme)) for text in texts),
        )

    def _split(self, opinion: str) -> tuple[str, list[str]]:
        patterns = self._library.vocabulary.patterns
        marks = list(patterns.item.finditer(opinion))
        if len(marks) > 1 or (marks and marks[0].start() == 0):
            ends = [mark.start() for mark in marks[1:]] + [len(opinion)]
            texts = [opinion[mark.end() : end] for mark, end in zip(marks, ends, strict=True)]
            return opinion[: marks[0].start()].strip(), _trimmed(texts)
        return "", _trimmed(patterns.parted.split(opinion))

    def _material(self, text: str, programme: str) -> Sourced | None:
        alike = self._alike(programme)
        best = alike.best(pieces(text.lower()), most=2) if alike else []
        if not best or best[0][1] < _LEAST or (len(best) > 1 and best[0][1] < _AHEAD * best[1][1]):
            return None
        return self._library.sourced[best[0][0]]

    def _materials(self, programme: str) -> Likeness | None:
        if programme not in self._library.programmes:
            return None
        notice, _ = self._library.programmes[programme]
        return Likeness(
            {
                sourced.id: tuple(self._words(sourced.fact))
                for sourced in self._library.of_kind(notice, Material)
                if isinstance(sourced.fact, Material)
                and (not sourced.fact.programmes or programme in sourced.fact.programmes)
            }
        )

    def _words(self, material: Material) -> Iterator[str]:
        yield material.item
        yield from material.words
        for about in material.about:
            matter = self._library.vocabulary.matters[about]
            if not matter.general:
                yield from (word.removeprefix("=") for word in matter.words)


def _trimmed(texts: Iterable[str]) -> list[str]:
    return [text for text in (text.strip().rstrip(_STOPS) for text in texts) if text]
