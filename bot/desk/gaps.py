"""Questions that were not answered, grouped by likeness, with nothing in them that names anybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from bot.masking import hide
from knowledge.likeness import Likeness, groups, pieces
from knowledge.vocabulary import Vocabulary
from store.records import Gap, Why

ALIKE: Final = 0.5
"""From which share of what two questions have in common they stand together."""
_PROPOSED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Questions of one place that are alike, the newest first; `people` is how many asked them."""

    gaps: tuple[Gap, ...]

    @property
    def id(self) -> int:
        """The newest gap's."""
        return self.gaps[0].id

    @property
    def city(self) -> str:
        return self.gaps[0].city

    @property
    def district(self) -> str:
        """Empty where they come from several."""
        districts = {gap.district for gap in self.gaps}
        return districts.pop() if len(districts) == 1 else ""

    @property
    def wordings(self) -> tuple[str, ...]:
        """Each once, without numbers and addresses that lead to somebody."""
        return tuple(dict.fromkeys(hide(gap.question) for gap in self.gaps))

    @property
    def people(self) -> int:
        return len({gap.contact_id for gap in self.gaps})

    @property
    def alone(self) -> bool:
        """One person's words: what they tell of that person has to be looked at first."""
        return self.people == 1

    @property
    def newest(self) -> datetime:
        return self.gaps[0].asked_at

    def count(self, why: Why) -> int:
        """How many are gaps for this reason."""
        return sum(gap.why is why for gap in self.gaps)

    @property
    def ids(self) -> list[int]:
        return [gap.id for gap in self.gaps]


def grouped(gaps: Sequence[Gap]) -> list[Group]:
    """Gaps, newest first, as groups, newest first; those of two cities never stand together."""
    found: list[Group] = []
    for city in dict.fromkeys(gap.city for gap in gaps):
        own = [gap for gap in gaps if gap.city == city]
        alike = groups([gap.question for gap in own], least=ALIKE)
        found += [Group(gaps=tuple(own[at] for at in group)) for group in alike]
    return sorted(found, key=lambda group: (group.newest, group.id), reverse=True)


class Topics:
    """The topics of a vocabulary by their names, and which of them a question may mean."""

    def __init__(self, words: Vocabulary) -> None:
        self._words = words
        self.names = {
            **{f"aspect:{row.id}": row.name for row in words.aspects.values()},
            **{row.id: row.name for row in words.matters.values()},
        }

    @cached_property
    def _likeness(self) -> Likeness:
        return Likeness(self._words.asked, self._words.everyday)

    def proposed(self, wording: str) -> list[str]:
        """The topics most like a wording, best first."""
        best = self._likeness.best(pieces(wording.lower()), _PROPOSED)
        return [topic for topic, _ in best if topic in self.names]
