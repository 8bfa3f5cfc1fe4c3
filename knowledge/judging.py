"""How a reply is judged against a question of a question file, and the files that come with the service."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from knowledge.figures import figures, reckonings
from knowledge.language import normalise
from knowledge.library import Library

QUESTIONS: Final = Path(__file__).parent / "questions"
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


def questions() -> list[dict[str, Any]]:
    """Every question of the files that come with the service."""
    files = sorted(QUESTIONS.glob("*.jsonl"))
    return [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]


class Judge:
    """Judges replies by what a library knows."""

    def __init__(self, library: Library) -> None:
        self._patterns = library.vocabulary.patterns
        self._known = known_figures(library)

    def mark(self, question: Mapping[str, Any], reply: str) -> Judgement:
        """Right: an alternative of each `must` group, no `must_not`; where the notices are silent, said
        so."""
        text = loose(reply)
        banned = [word for word in question["must_not"] if loose(word) in text]
        if banned:
            return Judgement(Mark.WRONG, f"says {banned}")
        allowed = self._known | figures(" ".join(question["turns"]))
        allowed |= {one.result for one in reckonings(reply) if one.holds}
        uncounted = self._patterns.uncounted.sub("", reply)  # counted from the clock, or hours of the staff
        strange = {f for f in figures(uncounted) if f not in allowed}
        if question["abstain"]:
            return self._abstained(reply, strange)
        if strange:
            return Judgement(Mark.WRONG, f"false figures {sorted(strange)}")
        groups: Sequence[Sequence[str]] = question["must"]
        lacking = [group for group in groups if not any(loose(word) in text for word in group)]
        if lacking:
            return Judgement(Mark.MISSED, f"lacks {[g[:3] for g in lacking]}")
        return Judgement(Mark.RIGHT)

    def _abstained(self, reply: str, strange: set[str]) -> Judgement:
        if strange:
            return Judgement(Mark.INVENTED, f"figures {sorted(strange)}")
        if not self._patterns.unwritten.search(reply):
            mark = Mark.INVENTED if figures(reply) else Mark.MISSED
            return Judgement(mark, "does not say that it is not written")
        return Judgement(Mark.RIGHT)
