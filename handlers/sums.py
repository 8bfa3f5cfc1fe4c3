"""What the figures of an answer come to, where that is asked: added up, or how far they are apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from handlers.contract import Turn
from knowledge.figures import chinese_number
from knowledge.notice import Aspect, Award, Quota

_PLUS: Final = "＋"
_MINUS: Final = "－"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoned:
    """Figures added up, or how far two are `apart`; `name` is what they are of, empty where it is of all."""

    name: str = ""
    figures: tuple[int, ...]
    unit: str = ""
    apart: bool = False

    @property
    def result(self) -> int:
        """What they come to."""
        return self.figures[0] - self.figures[1] if self.apart else sum(self.figures)

    @property
    def spelled(self) -> str:
        """In figures (9＋9＝18)."""
        return f"{(_MINUS if self.apart else _PLUS).join(map(str, self.figures))}＝{self.result}"


def of_quotas(turn: Turn, told: Iterable[tuple[str, Quota]]) -> list[Reckoned]:
    """Of rows with the names of their programmes: what those of the bodies named make together, each as often
    as bodies of its kind are named, or how far two are apart. None where the table's own sum is told of all,
    or where more bodies are counted than named."""
    of_named = [(name, quota, times) for name, quota in told if (times := _times(turn, quota))]
    rows: dict[tuple[str, str], list[int]] = {}
    for name, quota, times in of_named:
        rows.setdefault((name, quota.unit), []).extend([quota.count] * times)
    patterns, text = turn.library.vocabulary.patterns, turn.reading.text
    if patterns.differs.search(text) and all(len(counts) == 2 for counts in rows.values()):
        return [
            Reckoned(name=name, figures=tuple(sorted(counts, reverse=True)), unit=unit, apart=True)
            for (name, unit), counts in rows.items()
        ]
    counted = patterns.counted.search(text)
    of_all = counted and any(len(counts) != _number(counted[1]) for counts in rows.values())
    if of_all or not (patterns.summed.search(text) or any(times > 1 for _, _, times in of_named)):
        return []
    sums = [Reckoned(name=name, figures=tuple(of), unit=unit) for (name, unit), of in rows.items()]
    if len(units := {unit for _, unit in rows}) == 1:
        sums.append(Reckoned(figures=tuple(one.result for one in sums), unit=units.pop()))
    return [one for one in sums if len(one.figures) > 1]


def of_awards(turn: Turn, told: Sequence[Award]) -> Reckoned | None:
    """Of the numbers selected what they make together, where these are what is asked most."""
    reading = turn.reading
    summed = turn.library.vocabulary.patterns.summed.search(reading.text)
    if len(told) < 2 or not summed or reading.aspects[:1] != (Aspect.AWARD_COUNT,):
        return None
    return Reckoned(figures=tuple(award.count for award in told))


def named(turn: Turn, quota: Quota) -> bool:
    """Whether a row is that of a district or body that a message names, or sets another against."""
    bodies = {quota.body, *quota.bodies}
    return not bodies.isdisjoint(turn.reading.bodies) or quota.body.startswith(_districts(turn) or "/")


def _districts(turn: Turn) -> tuple[str, ...]:
    """The districts that a message names, with those of the message before where it sets one against them
    (比滨湖多几个)."""
    named = turn.reading.districts
    if len(named) != 1 or not turn.library.vocabulary.patterns.differs.search(turn.reading.text):
        return named
    return tuple(dict.fromkeys((*turn.context.districts, *named)))


def _times(turn: Turn, quota: Quota) -> int:
    """How many bodies of the row's kind a message names, one by one or by their number (三家央企)."""
    reading, quantity = turn.reading, turn.library.vocabulary.patterns.quantity
    kinds = {quantity.sub("", word) for word in (quota.body, *quota.bodies)}
    counts = (
        _number(match[1])
        for match in quantity.finditer(reading.text)
        if reading.text.startswith(tuple(kinds), match.end())
    )
    one_by_one = len({*_districts(turn)} & {*quota.bodies})
    return 0 if quota.total else max(one_by_one, int(named(turn, quota)), *counts, 0)


def _number(numeral: str) -> int:
    return int(numeral) if numeral.isdecimal() else chinese_number(numeral) or 0
