"""Whether a message asks for a judgement on somebody's own case, and which of its words tell the case."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from handlers.contract import Turn
from knowledge.notice import Aspect

ABOUT_CHANCES: Final = frozenset(
    {Aspect.SELFCHECK, Aspect.ELIGIBILITY, Aspect.EXCLUSION, Aspect.REQUIREMENTS, Aspect.ABOUT}
)
_PART: Final = re.compile(r"[^，。？！；、,.?!;~…\s]+")


@dataclass(frozen=True, slots=True)
class Chances:
    """A message by its parts between two pauses: `wishes`, which only ask for one's own chances, without names
    (我想报, 行不行啊), and `case`, the others as they are; `asks` is whether any of these asks as well."""

    wishes: tuple[str, ...]
    case: str
    asks: bool

    @property
    def alone(self) -> bool:
        """Whether they are asked for, and nothing else."""
        return bool(self.wishes) and not self.asks

    @classmethod
    def of(cls, turn: Turn) -> Chances:
        """The parts of the message of a turn."""
        reading, patterns = turn.reading, turn.library.vocabulary.patterns
        wishes: list[str] = []
        case: list[str] = []
        for part in _PART.finditer(reading.text):
            wording = reading.unnamed[part.start() : part.end()].replace(" ", "")
            if patterns.wish.fullmatch(wording):
                wishes.append(wording)
            elif wording:
                case.append(part.group())
        asks = any(patterns.besides.search(part) for part in case)
        return cls(tuple(wishes), ", ".join(case), asks)


def own_chances(turn: Turn) -> bool:
    """Whether somebody asks for a judgement on his own case (我能报吗), beside whatever else."""
    asked = turn.reading.aspects
    if Aspect.SELFCHECK not in asked:
        return False
    return Aspect.SELFCHECK in asked[:2] or bool(
        turn.library.vocabulary.patterns.chance.search(turn.reading.text)
    )
