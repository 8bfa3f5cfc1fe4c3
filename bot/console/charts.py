"""Charts as shapes for inline SVG: what is where, in units of the drawing; the template draws them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

WIDTH: Final = 720
HEIGHT: Final = 240
_LEFT, _BOTTOM, _TOP = 44, 26, 10
_LINES: Final = 4
_LABELS: Final = 12
_FILLED: Final = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A part of a column: which series it belongs to, its column and how much it stands for."""

    series: int
    column: int
    count: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A word at an axis, at so many units from the left or from above."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Columns with an axis of their counts (`lines`) and one of their names (`names`)."""

    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    floor: int = HEIGHT - _BOTTOM
    blocks: tuple[Block, ...]
    lines: tuple[Mark, ...]
    names: tuple[Mark, ...]


def stacked(labels: Sequence[str], series: Sequence[Sequence[int]]) -> Chart:
    """A column for each label, the series' counts on top of one another."""
    top = _round(max((sum(counts) for counts in zip(*series, strict=True)), default=0))
    high, wide = HEIGHT - _BOTTOM - _TOP, (WIDTH - _LEFT) / max(len(labels), 1)
    blocks = [
        Block(
            series=number,
            column=column,
            count=count,
            x=round(_LEFT + (column + (1 - _FILLED) / 2) * wide, 1),
            y=round(_TOP + high - high * upto / top, 1),
            width=round(wide * _FILLED, 1),
            height=round(high * count / top, 1),
        )
        for column, counts in enumerate(zip(*series, strict=True))
        for number, (count, upto) in enumerate(zip(counts, accumulate(counts), strict=True))
        if count
    ]
    every = math.ceil(len(labels) / _LABELS)
    named = range(0, len(labels), every or 1)
    names = [Mark(round(_LEFT + (at + 0.5) * wide, 1), labels[at]) for at in named]
    lines = [
        Mark(round(_TOP + high - high * part / _LINES, 1), str(top * part // _LINES))
        for part in range(_LINES + 1)
    ]
    return Chart(blocks=tuple(blocks), lines=tuple(lines), names=tuple(names))


def _round(most: int) -> int:
    """The end of the axis: a figure that four lines divide evenly."""
    unit = int("1".ljust(len(str(most)) - 1, "0"))
    return max(math.ceil(most / (_LINES * unit)) * _LINES * unit, _LINES)
