"""Which question is asked next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from knowledge.dictionary import SURE_NO, SURE_YES, Days, Items, Span, Value, merge


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a question: its label and what choosing it makes known, by fact."""

    label: str
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question of one message: one line (`one`), all that hold (`many`), or told freely."""

    id: str
    kind: Literal["one", "many", "number", "month"]
    ask: str
    help: str = ""
    example: str = ""
    unit: str = ""
    lines: tuple[Line, ...] = ()
    none: str = ""
    fills: tuple[str, ...] = ()
    moves: Mapping[str, tuple[str, ...]]
    who: Literal["self", "unit"] = "self"

    def denied(self) -> Mapping[str, Value]:
        """What "none of them" makes known."""
        found: dict[str, Value] = {}
        for line in self.lines:
            for fact, value in line.values.items():
                if isinstance(value, Items):
                    found[fact] = Items((), complete=True)
                elif value == SURE_YES:
                    found[fact] = SURE_NO
        return found

    def chosen(self, indexes: Sequence[int]) -> Mapping[str, Value]:
        """What choosing the lines makes known; of `many` the others are denied."""
        found = dict(self.denied()) if self.kind == "many" else {}
        for at in indexes:
            for fact, value in self.lines[at].values.items():
                before = found.get(fact)
                found[fact] = merge(before, value) if isinstance(before, Items) else value
        return found

    def told(self, value: float | Days) -> Mapping[str, Value]:
        """What a number or a moment makes known."""
        return {self.fills[0]: value if isinstance(value, Days) else Span(value, value)}
