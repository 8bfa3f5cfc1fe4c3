"""What a turn leaves behind for the figures, and for whoever closes the gaps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from handlers.contract import Effect, Reply, Turn
from knowledge.reading import ASK, Reading
from store.records import Answer, Noted

_UNKNOWN: Final = "fallback/"
_SILENT: Final = "silences/"
_ASKED: Final = 0.5


def noted(reading: Reading, reply: Reply) -> Noted:
    """What a reply was to a question, and where it belongs; nothing of what is private."""
    answer = _answer(reply) if reading.act == ASK and not reply.private else Answer.NONE
    district = reading.districts[0] if len(reading.districts) == 1 else ""
    topic = _topic(reading) if answer is not Answer.NONE else ""
    return Noted(answer=answer, city=reading.city, district=district, topic=topic)


def gap(turn: Turn, noted: Noted) -> Iterator[Effect]:
    """The question, where nothing or nothing but silence was found."""
    if noted.answer in (Answer.UNKNOWN, Answer.SILENT):
        values = {"question": turn.reading.text, "why": str(noted.answer)}
        yield Effect(name="gap", values={**values, "city": noted.city, "district": noted.district})


def _answer(reply: Reply) -> Answer:
    if any(section.template.startswith(_UNKNOWN) for section in reply.sections):
        return Answer.UNKNOWN
    said = [section.template for section in reply.sections if section.scope]
    if not said:
        return Answer.NONE
    silent = all(template.startswith(_SILENT) for template in said)
    return Answer.SILENT if silent else Answer.FOUND


def _topic(reading: Reading) -> str:
    """The finest topic asked: a matter, else an aspect."""
    if matters := [matter for matter, weight in reading.matters.items() if weight >= _ASKED]:
        return max(matters, key=reading.matters.__getitem__)
    return f"aspect:{reading.aspects[0]}" if reading.aspects else ""
