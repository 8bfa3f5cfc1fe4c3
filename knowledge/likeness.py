"""How alike texts are, by the rare character pairs that they share."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

_RUN = re.compile(r"[\u4e00-\u9fff]+|[a-z0-9.:]+")


def pairs(text: str) -> set[str]:
    """The character pairs of the Chinese runs of a text; Latin words and numbers whole."""
    found: set[str] = set()
    for run in _RUN.findall(text):
        if run[0] >= "\u4e00":
            found.update(run[i : i + 2] for i in range(len(run) - 1))
        else:
            found.add(run)
    return found


class Likeness:
    """Labels with samples of text each; tells which labels a new text is like."""

    def __init__(self, samples: Mapping[str, Sequence[str]], passed_over: Iterable[str] = ()) -> None:
        self._labels = tuple(samples)
        ignored = frozenset(passed_over)
        counts = [
            Counter(pair for text in texts for pair in pairs(text.lower()) - ignored)
            for texts in samples.values()
        ]
        spread = Counter(pair for own in counts for pair in own)
        size = len(counts) + 1
        self._rarity = {pair: math.log(size / number) for pair, number in spread.items()}
        weights: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for at, own in enumerate(counts):
            for pair, count in own.items():
                weights[pair].append((at, self._rarity[pair] * count / (count + 1)))
        self._weights = dict(weights)

    def best(self, text: str, most: int = 3) -> list[tuple[str, float]]:
        """The labels most like `text`, each with the sum of what its shared pairs are worth."""
        scores: dict[int, float] = defaultdict(float)
        for pair in pairs(text):
            for at, worth in self._weights.get(pair, ()):
                scores[at] += worth
        ranked = sorted(scores, key=lambda at: (-scores[at], at))[:most]
        return [(self._labels[at], round(scores[at], 3)) for at in ranked]
