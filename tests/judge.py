"""How a reply is judged against a question of a question file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from knowledge.figures import figures
from knowledge.language import normalise
from knowledge.library import Library

_PLAIN = re.compile(
    r"没有写|未写|没写|没有提|未提及|没有规定|未规定|未载明|没有说明|未说明|没有列|答不了|不能答|没有这|没有.{0,12}的通知"
)
_LOOSE = re.compile(r"[\s\-‐-―－—_]+")


class Mark(StrEnum):
    """The four outcomes."""

    RIGHT = "right"
    WRONG = "wrong"
    INVENTED = "invented"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The mark and why."""

    mark: Mark
    why: str = ""


def loose(text: str) -> str:
    """NFKC, simplified, lower case, without spaces and dashes."""
    return _LOOSE.sub("", "".join(normalise(line) for line in text.splitlines()))


def known_figures(library: Library) -> frozenset[str]:
    """Every figure that stands in a notice, its header or a typed field."""
    known: set[str] = set()
    for notice in library.notices.values():
        for part in (notice, *notice.relays):
            known |= figures(part.source) | figures(" ".join(part.clauses)) | figures(str(part.header))
            for fact in part.facts:
                known |= figures(str(fact.model_dump()))
    return frozenset(known | {str(n) for n in range(10)})


def judge(question: dict[str, Any], reply: str, known: frozenset[str]) -> Judgement:
    """Right: an alternative of each `must` group, no `must_not`; where the notices are silent, said so."""
    text = loose(reply)
    banned = [word for word in question["must_not"] if loose(word) in text]
    if banned:
        return Judgement(Mark.WRONG, f"says {banned}")
    allowed = known | figures(" ".join(question["turns"]))
    strange = {f for f in figures(_uncounted(reply)) if f not in allowed}
    if question["abstain"]:
        if strange:
            return Judgement(Mark.INVENTED, f"figures {sorted(strange)}")
        if not _PLAIN.search(reply):
            return Judgement(
                Mark.INVENTED if figures(reply) else Mark.MISSED, "does not say that it is not written"
            )
        return Judgement(Mark.RIGHT)
    if strange:
        return Judgement(Mark.WRONG, f"false figures {sorted(strange)}")
    groups: Sequence[Sequence[str]] = question["must"]
    lacking = [group for group in groups if not any(loose(word) in text for word in group)]
    return Judgement(Mark.MISSED, f"lacks {[g[:3] for g in lacking]}") if lacking else Judgement(Mark.RIGHT)


def _uncounted(reply: str) -> str:
    """Without the countdown, which is reckoned from the clock, and the hours in which staff are there."""
    return re.sub(r"还有\d+天|\d\d:\d\d–\d\d:\d\d", "", reply)
