"""Which notice is meant where no city is named: the one that alone knows a term of the question."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.asked import ASSERTED
from knowledge.lexicon import Found, Sort
from knowledge.notice_index import NoticeIndex


def known_to_one(
    found: Sequence[Found], scopes: Sequence[tuple[NoticeIndex, tuple[str, ...]]], *, quotas: bool
) -> tuple[str, NoticeIndex | None]:
    """A term that one notice alone knows, with that notice: it is the one meant, though no city is named.
    None where there is no such term, or each has some. Who may recommend is such a term by any name where
    `quotas` are asked, else by a notice's own."""
    terms: dict[int, str] = {}
    indexes = [index for index, _ in scopes]
    known: list[set[str]] = [set() for _ in scopes]
    for item in found if len(scopes) > 1 else ():
        matters = [s.value for s in item.senses if s.sort is Sort.MATTER and s.weight >= ASSERTED]
        bodies = [sense.value for sense in item.senses if sense.sort is Sort.BODY]
        knowing = [
            at for at, (index, own) in enumerate(scopes) if index.knows(matters, own) or index.names(bodies)
        ]
        for at in knowing:
            known[at].update(matters)
        if len(knowing) == 1 and ((quotas and bodies) or _own(scopes[knowing[0]][0], item.surface, indexes)):
            terms.setdefault(knowing[0], item.surface)
    for at, term in terms.items():
        if len(terms) == 1 and all(other <= known[at] for other in known):
            return term, scopes[at][0]
    return "", None


def _own(index: NoticeIndex, term: str, indexes: Sequence[NoticeIndex]) -> bool:
    """Whether a term is a notice's own word."""
    return index.writes(term) or index.alone_writes(term, indexes)
