"""The parts of a message between two pauses, and which of them ask something."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

_PAUSE = re.compile(r"[，。？！；,.?!;、~…\n]+|\s+")


def parts(text: str) -> Iterator[slice]:
    """Where the parts between two pauses are that hold anything."""
    since = 0
    for start, end in (*(match.span() for match in _PAUSE.finditer(text)), (len(text), len(text))):
        if start > since:
            yield slice(since, start)
        since = end


class Segments:
    """A text by its parts, each known by its number; `asks` is found in those that ask."""

    def __init__(self, text: str, asks: re.Pattern[str]) -> None:
        pauses = [match.span() for match in _PAUSE.finditer(text)]
        self._text = text
        self._starts = [0, *(end for _, end in pauses)]
        self._ends = [*(start for start, _ in pauses), len(text)]
        self.spans = [*map(slice, self._starts, self._ends)]
        self.asking = {number: span for number, span in enumerate(self.spans) if asks.search(text[span])}

    def number(self, at: int) -> int:
        """The part in which a place of the text stands, or which ends in the pause there."""
        return bisect_right(self._starts, at) - 1

    def beside_question(self, at: int) -> bool:
        """Whether a place stands in a part that asks nothing, where others ask."""
        return bool(self.asking) and not any(span.start <= at < span.stop for span in self.asking.values())

    def around(self, start: int, end: int) -> tuple[int, int]:
        """Where what is said together with [start, end) begins and ends."""
        return self._starts[self.number(start)], next(stop for stop in self._ends if stop >= end)

    def asked(self, words: Sequence[str]) -> Sequence[str]:
        """Those of some words that stand in what asks; all where nothing does."""
        parts = [self._text[span] for span in self.asking.values()]
        return [word for word in words if any(word in part for part in parts)] if parts else words
