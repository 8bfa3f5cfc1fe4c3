"""Whether what stands around a claim only affirms it; else the claim is left open, and asked.

Words of doubt have no end, those by which people plainly say that they have something do: these are listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from knowledge.sayings import MARK, NAME, Deed, Period, Row, Sayings

NO_CLAIM = frozenset({"none", "unit"})
"""Options that speak for nobody."""


class Plainness:
    """Judges parts of messages by the words of `Sayings.plain`; `names` are those of places and programmes.
    Safe to share."""

    def __init__(self, sayings: Sayings, names: re.Pattern[str]) -> None:
        plain = sayings.plain
        known = "|".join((f"[{MARK}{NAME}]+", *(pattern.pattern for pattern in plain.words)))
        self._words = re.compile(known)
        self._kinds = {kind: re.compile(f"{own.pattern}|{known}") for kind, own in plain.kinds.items()}
        self._asks = plain.asks
        self._facts = tuple(_facts(sayings))
        self._names = names

    def marked(self, text: str, spans: Iterable[tuple[int, int]]) -> str:
        """A text with all facts, names and some `spans` in it marked."""
        characters = frozenset(text)
        found = {at for start, end in spans for at in range(start, end)}
        for row, pattern in self._facts:
            if row.may(characters):
                found.update(at for match in pattern.finditer(text) for at in range(*match.span()))
        text = self._names.sub(lambda match: NAME * len(match.group()), text)
        return "".join(MARK if at in found else char for at, char in enumerate(text))

    def affirms(self, part: str, kind: str) -> bool:
        """Whether a marked part says no more than that what is marked is had, or asks whether that is
        enough."""
        asked = self._asks.fullmatch(part.removesuffix("?"))
        return not self._kinds.get(kind, self._words).sub("", asked[1] if asked else part)


def _facts(sayings: Sayings) -> Iterator[tuple[Row, re.Pattern[str]]]:
    """What tells facts of which a part may speak side by side."""
    plain, contests = sayings.plain, sayings.contests
    for options in sayings.options:
        if options.claim or options.fact in plain.beside:
            yield from ((options, says) for option, says in options.says.items() if option not in NO_CLAIM)
    told: tuple[Deed | Period, ...] = (*sayings.deeds, *(p for p in sayings.periods if not p.future))
    yield from ((row, row.says) for row in told)
    for pattern in (*(honour.says for honour in sayings.honours), contests.about, contests.place):
        yield Row(), pattern
