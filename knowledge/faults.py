"""Faults of knowledge files, worded for the person who has to mend them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Fault:
    """One fault: where it stands, what was found, what was expected, how to mend it."""

    file: str
    line: int
    field: str
    found: str
    expected: str
    cure: str

    def __str__(self) -> str:
        return (
            f"{self.file}:{self.line}: {self.field}\n"
            f"    found:    {self.found}\n"
            f"    expected: {self.expected}\n"
            f"    to mend:  {self.cure}"
        )


class KnowledgeError(Exception):
    """The knowledge cannot be loaded; `faults` names everything that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(map(str, self.faults)))
