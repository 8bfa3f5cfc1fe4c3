"""Whether what stands around a claim only affirms it; else the claim is left open, and asked.

Words of doubt have no end, those by which people plainly say that they have something do: these are listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from knowledge.pattern import LazyPattern
from knowledge.sayings import MARK, NAME, Deed, Period, Row, Sayings

NO_CLAIM = frozenset({"none", "unit"})
"""Options that speak for nobody."""


class Plainness:
    """Judges parts of messages by the words of `Sayings.plain`, in which `facts` are marked (each where its
    row may tell something) and `names`, those of places and programmes; safe to share."""

    def __init__(self, sayings: Sayings, names: LazyPattern) -> None:
        plain = sayings.plain
        known = "|".join((f"[{MARK}{NAME}]+", *(pattern.pattern for pattern in plain.words)))
        self._known, self._kinds = known, plain.kinds
        self._words = cache(self._words_of)
        self._asks, self._topics = plain.asks, plain.topics
        self.facts = tuple(_facts(sayings))
        self.names = names

    def affirms(self, part: str, kind: str) -> bool:
        """Whether a marked part says no more than that what is marked is had, or asks whether that is
        enough."""
        asked = self._asks.fullmatch(part.removesuffix("?"))
        return not self._words(kind).sub("", asked[1] if asked else part)

    def apart(self, part: str, kind: str) -> bool:
        """Whether a marked part beside a claim of a kind only affirms it too, or has a topic of its own, so
        that it says nothing of the claim."""
        told = MARK in part or NAME in part or self._topics.search(part) is not None
        return told or not self._words(kind).sub("", part)

    def _words_of(self, kind: str) -> LazyPattern:
        own = self._kinds.get(kind)
        return LazyPattern(f"{own.pattern}|{self._known}" if own else self._known)


def _facts(sayings: Sayings) -> Iterator[tuple[Row, LazyPattern]]:
    """What tells facts of which a part may speak side by side."""
    plain, contests = sayings.plain, sayings.contests
    for options in sayings.options:
        if options.claim or options.fact in plain.beside:
            yield from ((options, says) for option, says in options.says.items() if option not in NO_CLAIM)
    told: tuple[Deed | Period, ...] = (*sayings.deeds, *(p for p in sayings.periods if not p.future))
    yield from ((row, row.says) for row in told)
    for pattern in (*(honour.says for honour in sayings.honours), contests.about, contests.place):
        yield Row(), pattern
