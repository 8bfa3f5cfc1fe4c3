"""How alike texts are, by the characters and the character pairs that they share; rare ones count more."""

from __future__ import annotations

import math
import re
import sys
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from heapq import nlargest
from itertools import accumulate, chain
from operator import add, mul

_RUN = re.compile(r"[\u4e00-\u9fff]+|[a-z0-9.:]+")
_HAN = "\u4e00"
_SMOOTH = 30.0
_OFTEN = 2.0
_COMMON = 0.7
"""Keep a label with few samples from winning by its shortness, and let a piece count the more the oftener a
label's samples have it; found by leaving out samples."""
_UNIT = 1 << 24
"""Of a weight; no sum overflows a lane, for it is below the root of the number of pieces of a label."""
_LANE = 32
_WEIGHT = (1 << _LANE) - 1
"""A piece's worth to a label is one number: the label's place, the weight."""
_FEW = 16
"""Up to so many labels, adding their weights singly is as fast as adding a whole row."""


def pairs(text: str) -> dict[str, None]:
    """The character pairs of the Chinese runs of a text, Latin words and numbers whole; each once, in order,
    so that sums over them come out the same in every run."""
    return _pairs(_RUN.findall(text))


def pieces(text: str) -> dict[str, None]:
    """The pairs of a text and its single Chinese characters."""
    runs = _RUN.findall(text)
    found = _pairs(runs)
    for run in runs:
        if run[0] >= _HAN:
            found.update(dict.fromkeys(run))
    return found


def _pairs(runs: Iterable[str]) -> dict[str, None]:
    found: dict[str, None] = {}
    for run in runs:
        if run[0] >= _HAN:
            found.update(dict.fromkeys(map(add, run, run[1:])))
        else:
            found[run] = None
    return found


class Likeness:
    """Labels with samples of text each; tells which labels a new text is like.

    What a piece is worth to the labels is a row of numbers. The row of a piece that many labels have is one
    integer with a lane of 32 bits for each label: to add two such rows is one addition.
    """

    def __init__(self, samples: Mapping[str, Sequence[str]], common: Collection[str] = ()) -> None:
        self._labels = tuple(samples)
        counts = [
            Counter(chain.from_iterable(pieces(text.lower()) for text in texts)) for texts in samples.values()
        ]
        spread = Counter(chain.from_iterable(counts))
        size = len(counts) + 1
        rarity = {
            piece: math.log(size / number) * (_COMMON if piece in common else 1)
            for piece, number in spread.items()
        }
        self._places = {piece: place for place, piece in enumerate(spread)}
        self._bounds = array("L", accumulate(spread.values(), initial=0))
        self._held = array("Q", bytes(8 * self._bounds[-1]))
        free = self._bounds[:]
        for at, own in enumerate(counts):
            worth = [rarity[piece] * count / (count + _OFTEN) for piece, count in own.items()]
            unit = _UNIT / math.sqrt(sum(map(mul, worth, worth)) + _SMOOTH)
            for place, weight in zip(map(self._places.__getitem__, own), worth, strict=True):
                self._held[free[place]] = at << _LANE | int(weight * unit)
                free[place] += 1
        self._rows = {piece: self._row(piece) for piece, number in spread.items() if number > _FEW}

    def _row(self, piece: str) -> int:
        row = array("I", bytes(4 * len(self._labels)))
        self._add(row, self._places[piece])
        return int.from_bytes(row, sys.byteorder)

    def _add(self, scores: array[int], place: int) -> None:
        """Adds what the piece at a place is worth to each label that has it."""
        for held in self._held[self._bounds[place] : self._bounds[place + 1]]:
            scores[held >> _LANE] += held & _WEIGHT

    def best(self, asked: Iterable[str], most: int = 3) -> list[tuple[str, float]]:
        """The labels most like a text, given as its `pieces`; best first, each with how much it is (some 0.3
        a shared rare pair)."""
        rows, few = 0, []
        for piece in asked:
            row = self._rows.get(piece)
            if row is not None:
                rows += row
            elif (place := self._places.get(piece)) is not None:
                few.append(place)
        scores = array("I", rows.to_bytes(4 * len(self._labels), sys.byteorder))
        for place in few:
            self._add(scores, place)
        ranked = nlargest(most, range(len(scores)), key=scores.__getitem__)
        return [(self._labels[at], round(scores[at] / _UNIT, 4)) for at in ranked if scores[at]]


class Names:
    """Names such as those of units; tells which of them a name that none equals may stand for."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)
        holders: dict[str, list[int]] = {}
        parts = [pieces(name.lower()) for name in self._names]
        for at, own in enumerate(parts):
            for piece in own:
                holders.setdefault(piece, []).append(at)
        self._holders = holders
        size = len(self._names) + 1
        self._worth = {piece: math.log(size / len(held)) for piece, held in holders.items()}
        self._new = math.log(size) if self._names else 0.0
        self._weights = [self._weight(own) for own in parts]

    def nearest(self, name: str, *, least: float, most: int = 3) -> list[tuple[str, float]]:
        """The names most like one, best first, each with its share (0 to 1) of what the two have in common;
        rare pieces count more, so that what all firms are called makes nobody alike."""
        own = pieces(name.lower())
        shared: dict[int, float] = {}
        for piece in own:
            for at in self._holders.get(piece, ()):
                shared[at] = shared.get(at, 0.0) + self._worth[piece]
        whole = self._weight(own)
        found = []
        for at, worth in shared.items():
            both = whole + self._weights[at]
            if both and 2 * worth / both >= least:
                found.append((self._names[at], round(2 * worth / both, 4)))
        return sorted(found, key=lambda row: (-row[1], row[0]))[:most]

    def _weight(self, of: Iterable[str]) -> float:
        return sum(self._worth.get(piece, self._new) for piece in of)


def groups(texts: Sequence[str], *, least: float) -> list[list[int]]:
    """The places of texts that are alike, in their order: each stands with the first to which it is like."""
    by_text: dict[str, list[int]] = {}
    for at, text in enumerate(texts):
        by_text.setdefault(text, []).append(at)
    names = Names(by_text)
    left, found = dict(by_text), []
    for text in by_text:
        if text not in left:
            continue
        near = [name for name, _ in names.nearest(text, least=least, most=len(by_text)) if name in left]
        found.append(sorted(at for name in {text: None, **dict.fromkeys(near)} for at in left.pop(name)))
    return found
