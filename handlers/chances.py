"""Whether a message asks for a judgement on somebody's own case, and which of its words tell the case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from handlers.contract import Turn
from knowledge.notice import Aspect
from knowledge.segments import parts

ABOUT_CHANCES: Final = frozenset(
    {Aspect.SELFCHECK, Aspect.ELIGIBILITY, Aspect.EXCLUSION, Aspect.REQUIREMENTS, Aspect.ABOUT}
)


@dataclass(frozen=True, slots=True)
class Chances:
    """A message by its parts between two pauses: `wish`, those that only ask for one's own chances or wish to
    apply (我想报, 行不行啊), without names; `judged`, whether they ask for a judgement; `case`, the others as
    they are with all pauses; `asks`, whether any of these asks as well."""

    wish: str
    judged: bool
    case: str
    asks: bool

    @classmethod
    def of(cls, turn: Turn) -> Chances:
        """The parts of the message of a turn."""
        reading, patterns = turn.reading, turn.library.vocabulary.patterns
        words, wishes, since, case, asks = patterns.chances, "", 0, False, False
        told = ""  # pauses as they are: where a sentence ends tells of whom the next one speaks
        for part in parts(reading.text):
            told += reading.text[since : part.start]
            since, said, wording = part.stop, reading.text[part], reading.unnamed[part]
            bare = wording.replace(" ", "")
            if words.wish(bare):
                wishes += bare
            elif (end := words.ending(wording.rstrip())) is not None:
                wishes += wording[end:]
                case = True
                told += said[:end]
                asks |= patterns.besides.search(said[:end]) is not None
            elif bare:
                case = True
                told += said
                asks |= not words.bare(bare) and patterns.besides.search(said) is not None
        return cls(
            wish=wishes,
            judged=words.judged.search(wishes) is not None,
            case=told + reading.text[since:] if case else "",
            asks=asks,
        )


def own_chances(turn: Turn) -> bool:
    """Whether somebody asks for a judgement on his own case (我能报吗), beside whatever else."""
    asked = turn.reading.aspects
    if Aspect.SELFCHECK not in asked:
        return False
    return Aspect.SELFCHECK in asked[:2] or bool(
        turn.library.vocabulary.patterns.chance.search(turn.reading.text)
    )
