"""Lessons of the staff, tried before they are taken."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from bot.dialogue import Dialogue, Memory
from handlers.contract import Incoming, Kind
from knowledge.judging import Judge, Mark, questions
from knowledge.lessons import Lesson, Tried
from knowledge.overlay import Overlay
from knowledge.reading import Context
from store.records import Answer

_WHOLE: Final = 1_000_000
_WORTH: Final = {Mark.RIGHT: 2, Mark.MISSED: 1, Mark.WRONG: 0, Mark.INVENTED: 0}


class Trials:
    """Tries a lesson against the question files: it may make no other answer worse."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue

    @cached_property
    def _judge(self) -> Judge:
        return Judge(self._dialogue.library)

    async def trial(self, lesson: Lesson, held: Iterable[Lesson], now: datetime) -> Tried:
        """What `lesson` would do beside those that are held, at a moment of service time; takes seconds, in a
        thread of its own."""
        return await asyncio.to_thread(self._trial, lesson, tuple(held), now)

    def _trial(self, lesson: Lesson, held: tuple[Lesson, ...], now: datetime) -> Tried:
        before, after = map(self._taught, (held, (*held, lesson)))
        said = after.turn(
            _incoming(lesson.wording, now),
            Memory(context=Context(city=lesson.city)).dump(),
            limit_bytes=_WHOLE,
            real_seconds=0,
        )
        return Tried(
            reply=said.text or "",
            answered=said.noted.answer is Answer.FOUND,
            worse=tuple(_worse(before, after, self._judge, now)),
        )

    def _taught(self, lessons: tuple[Lesson, ...]) -> Dialogue:
        """One that goes by the notices and these lessons alone."""
        return self._dialogue.under(self._dialogue.library.overlaid(Overlay(lessons=lessons)))


def _worse(before: Dialogue, after: Dialogue, judge: Judge, now: datetime) -> Iterator[str]:
    """The questions whose reply is judged lower; one of which no turn repeats another lesson is read as
    before."""
    for question in questions():
        turns = question["turns"]
        if all(before.repeats(turn) == after.repeats(turn) for turn in turns):
            continue
        was, will_be = (_WORTH[judge.mark(question, _reply(one, turns, now)).mark] for one in (before, after))
        if will_be < was:
            yield " / ".join(turns)


def _reply(dialogue: Dialogue, turns: Iterable[str], now: datetime) -> str:
    """The reply to the last of one person's turns."""
    text, state = "", None
    for turn in turns:
        said = dialogue.turn(_incoming(turn, now), state, limit_bytes=_WHOLE, real_seconds=0)
        text, state = said.text or "", said.state
    return text


def _incoming(text: str, now: datetime) -> Incoming:
    given: Mapping[str, Any] = {"channel": "trial", "account": "", "sender": "", "message_id": ""}
    return Incoming(**given, kind=Kind.TEXT, received_at=now, text=text)
