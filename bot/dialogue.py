"""One turn of a conversation as a pure step: what was said and remembered in, words and memory out."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

from bot.notification import Notifier
from bot.noting import gap, noted
from bot.tracing import contacts, trace_of
from bot.wording import Worded, Wording
from handlers.affairs import Affairs, Push
from handlers.alerts import Alert, Telling
from handlers.contract import Choice, Effect, Handler, Incoming, Kind, Links, NotMine, Reply, Section, Turn
from handlers.registry import ALL, ASKING, HUMAN, LAST, TELLING
from knowledge.figures import chinese_number
from knowledge.language import normalise
from knowledge.lessons import Lesson
from knowledge.library import Library
from knowledge.notice import CHINA, Aspect
from knowledge.reading import ASK, Context, Reading
from knowledge.understanding import Reader
from store.records import Noted

MESSAGES_A_MINUTE = 20
_NAMED_BEFORE = frozenset({"remembered", "home"})
_KEPT_MATTER, _KEPT_SHARE = 0.5, 0.6
_json = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one turn says: the first part now, the trace of every figure, what to keep."""

    text: str | None
    state: str
    trace: str
    effects: tuple[Effect, ...] = ()
    reading: Reading | None = None
    noted: Noted = field(default_factory=Noted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is kept between turns: `parts` still to be said, with the `trace` of their figures; `pace` is the
    start of the running minute (real seconds) and its count of messages; `choices` are the numbered lines of
    the last reply with what each stands for; `kept` is what handlers keep for themselves, by their names, and
    `awaiting` the one that has asked something."""

    context: Context = field(default_factory=Context)
    choices: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    trace: str = "{}"
    pace: tuple[float, int] = (0.0, 0)
    kept: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    awaiting: str = ""

    def dump(self) -> str:
        """As JSON."""
        context = self.context
        return _json(
            {
                "city": context.city,
                "programmes": context.programmes,
                "districts": context.districts,
                "aspects": context.aspects,
                "matters": context.matters,
                "stated": dict(context.stated),
                "text": context.text,
                "offices": context.offices,
                "choices": self.choices,
                "parts": self.parts,
                "trace": self.trace,
                "pace": self.pace,
                "kept": self.kept,
                "awaiting": self.awaiting,
            }
        )

    @classmethod
    def load(cls, text: str | None) -> Memory:
        """From JSON; what an earlier version kept in another form is forgotten."""
        try:
            kept: dict[str, Any] = json.loads(text or "{}")
            return cls(
                context=Context(
                    city=kept["city"],
                    programmes=tuple(kept["programmes"]),
                    districts=tuple(kept["districts"]),
                    aspects=tuple(map(Aspect, kept["aspects"])),
                    matters=tuple(kept["matters"]),
                    stated=kept["stated"],
                    text=kept["text"],
                    offices=tuple(kept["offices"]),
                ),
                choices=dict(kept["choices"]),
                parts=tuple(kept["parts"]),
                trace=kept["trace"],
                pace=(kept["pace"][0], kept["pace"][1]),
                kept=dict(kept["kept"]),
                awaiting=str(kept["awaiting"]),
            )
        except (KeyError, IndexError, TypeError, ValueError):
            return cls()


class Dialogue:
    """Answers by the notices of one library; holds no state of any person."""

    def __init__(
        self,
        library: Library,
        wording: Wording | None = None,
        links: Links | None = None,
        *,
        telling: Sequence[Telling] = TELLING,
        kept_days: int = 180,
    ) -> None:
        self.library = library
        self._kept_days = kept_days
        self._links = links
        self._wording = wording or Wording()
        self._notifier = Notifier(library, self._wording, telling)
        self._reader = Reader(library)
        self._choice = library.vocabulary.patterns.choice

    def turn(
        self,
        incoming: Incoming,
        state: str | None,
        *,
        limit_bytes: int,
        real_seconds: float,
        notes: Sequence[str] = (),
        affairs: Affairs | None = None,
    ) -> Said:
        """The answer to one message; `notes` are templates to say before it, `affairs` what the person may
        ask of the store."""
        memory = Memory.load(state)
        words = self._words(incoming)
        talking = affairs is not None and affairs.desk.talking and incoming.kind is not Kind.EVENT
        if not talking and (incoming.kind is not Kind.EVENT or words):
            minute, count = memory.pace
            pace = (minute, count + 1) if real_seconds - minute < 60 else (real_seconds, 1)
            memory = replace(memory, pace=pace)
            if pace[1] > MESSAGES_A_MINUTE:
                return self._plain("conversation/slower", memory)
        chosen = None if talking or memory.awaiting else self._chosen(words, memory)
        if isinstance(chosen, int):
            template = "conversation/no_choice" if memory.choices else "conversation/no_list"
            return self._plain(template, memory, number=chosen)
        incoming = replace(incoming, text=chosen if chosen is not None else words)
        context = replace(memory.context, year=incoming.received_at.astimezone(CHINA).year)
        reading = self._reader.read(incoming.text, context)
        home = _home(affairs) if affairs and reading.act == ASK and not reading.city else ""
        if home:
            reading = self._reader.read(incoming.text, replace(context, home=home))
        if reading.act == "more" and talking:
            return self._answer(incoming, reading, memory, limit_bytes, notes=(), affairs=affairs)
        if reading.act in ("more", "details") and memory.parts:
            return self._more(memory, reading, limit_bytes)
        if reading.act == "details":
            push = affairs.last_push() if affairs else None
            if push:
                return self._details(push, incoming, memory, reading, limit_bytes)
            reading = replace(reading, act="more")
        return self._answer(incoming, reading, memory, limit_bytes, notes=notes, affairs=affairs)

    def take(self, library: Library) -> None:
        """From the next turn on, go by these notices under another overlay."""
        self.library = library
        self._reader = self._reader.taught(library.overlay.lessons)
        self._notifier = self._notifier.under(library)

    def under(self, library: Library) -> Dialogue:
        """One that has taken it; this one stays as it is."""
        other = copy(self)
        other.take(library)
        return other

    def repeats(self, text: str) -> tuple[Lesson, ...]:
        """The lessons that a text repeats."""
        return self._reader.lessons(text)

    def explain(self, text: str, context: Context) -> Reading:
        """How a text is read, for people who want to know why."""
        return self._reader.read(text, context)

    def _words(self, incoming: Incoming) -> str:
        if incoming.kind is Kind.EVENT and incoming.event == "click":
            return incoming.event_key
        if incoming.kind is Kind.LOCATION and incoming.text:
            return self._wording.render("conversation/location", label=incoming.text)
        return incoming.text

    def _chosen(self, words: str, memory: Memory) -> str | int | None:
        """What a bare number stands for, or the number where the list is shorter, or what a line of the list
        stands for that is repeated; None for other words."""
        said = normalise(words)
        match = self._choice.match(said)
        if match is None:
            return next((says for line, says in memory.choices.items() if normalise(line) == said), None)
        number = int(match[1]) if match[1].isdecimal() else chinese_number(match[1]) or 0
        return [*memory.choices.values()][number - 1] if 0 < number <= len(memory.choices) else number

    def _answer(
        self,
        incoming: Incoming,
        reading: Reading,
        memory: Memory,
        limit_bytes: int,
        *,
        notes: Sequence[str],
        affairs: Affairs | None,
    ) -> Said:
        turn = Turn(
            incoming=incoming,
            reading=reading,
            context=memory.context,
            library=self.library,
            now=incoming.received_at,
            links=self._links,
            affairs=affairs,
            kept_days=self._kept_days,
        )
        reply, memory = _answered(turn, memory)
        effects = (*reply.effects, *(Effect(name="alert", values=alert.dump()) for alert in reply.alerts))
        effects += (Effect(name="redact"),) if reply.private else ()
        if reply.silent:
            return Said(
                text=None,
                state=memory.dump(),
                trace=trace_of(self.library, reply, ""),
                effects=effects,
                reading=reading,
            )
        counted = noted(reading, reply)
        effects += tuple(gap(turn, counted))
        worded = self._worded(turn, reply, limit_bytes, notes)
        trace = trace_of(self.library, reply, "\n".join(worded.parts))
        named = tuple(s.id for section in reply.sections for s in contacts(self.library, section))
        context = replace(_remembered(memory.context, reading), offices=named or memory.context.offices)
        kept = replace(
            memory,
            context=memory.context if reply.private else context,
            choices=worded.choices,
            parts=worded.parts[1:],
            trace=trace if worded.parts[1:] else "{}",
        )
        return Said(
            text=worded.parts[0],
            state=kept.dump(),
            trace=trace,
            effects=effects,
            reading=reading,
            noted=counted,
        )

    def _worded(self, turn: Turn, reply: Reply, limit_bytes: int, notes: Sequence[str]) -> Worded:
        reading = turn.reading
        before = [self._wording.phrase(note) for note in notes]
        found = reading.findings and any(section.scope for section in reply.sections)
        if found and reading.city_from in _NAMED_BEFORE:
            before.append(self._wording.phrase(f"conversation/{reading.city_from}", city=reading.city))
        if found:
            before += [
                self._wording.render("conversation/mended", written=written, meant=meant)
                for written, meant in reading.mended
            ]
        after = [] if reply.awaiting or not found else [self._wording.phrase("conversation/feedback")]
        return self._wording.word(
            reply,
            self.library,
            now=turn.now,
            order=reading.order,
            before=before,
            after=after,
            limit_bytes=limit_bytes,
        )

    def _more(self, memory: Memory, reading: Reading, limit_bytes: int) -> Said:
        first, *rest = self._wording.resumed(memory.parts, self.library, limit_bytes)
        kept = replace(memory, parts=tuple(rest))
        return Said(text=first, state=kept.dump(), trace=memory.trace, reading=reading)

    def _details(
        self, push: Push, incoming: Incoming, memory: Memory, reading: Reading, limit_bytes: int
    ) -> Said:
        """The whole of what a card told in short lines."""
        notification = self._notifier.notification(
            template=push.template, content=push.content, now=incoming.received_at, unit=push.unit
        )
        first, *rest = notification.parts(limit_bytes)
        told = notification.told
        section = Section(template=push.template, facts=tuple(told.facts), computed=told.computed)
        trace = trace_of(self.library, Reply(sections=[section]), notification.text)
        kept = replace(memory, parts=tuple(rest), trace=trace if rest else "{}")
        return Said(text=first, state=kept.dump(), trace=trace, reading=reading)

    def _plain(self, template: str, memory: Memory, **values: object) -> Said:
        return Said(text=self._wording.render(template, **values), state=memory.dump(), trace="{}")


def _answered(turn: Turn, memory: Memory) -> tuple[Reply, Memory]:
    """What is said to a message, and what is kept. The handler that has asked something looks first; where it
    leaves the message to the others, it asks again after them, unless one of them has asked something."""
    beside = HUMAN.beside(turn)
    if isinstance(beside, Reply):
        return beside, memory
    asking = next((handler for handler in ASKING if handler.name == memory.awaiting), None)
    if asking is None:
        return _gathered(turn, ALL, memory)
    own = replace(turn, kept=memory.kept.get(asking.name, {}), asked=True)
    first = asking.answer(own)
    if isinstance(first, Reply):
        return first, _kept(memory, asking.name, first)
    reply, memory = _gathered(turn, [handler for handler in ALL if handler is not asking], memory)
    if reply.silent or memory.awaiting != asking.name:
        return reply, memory
    again = asking.again(own)
    joined = Reply(
        sections=[*reply.sections, *again.sections],
        choices=again.choices if again.awaiting else [*reply.choices, *again.choices],
        effects=[*reply.effects, *again.effects],
        alerts=[*reply.alerts, *again.alerts],
        awaiting=again.awaiting,
        private=reply.private,
    )
    return joined, _kept(memory, asking.name, again)


def _gathered(turn: Turn, handlers: Iterable[Handler], memory: Memory) -> tuple[Reply, Memory]:
    """What handlers say together; one that answers alone ends the round."""
    sections: list[Section] = []
    choices: list[Choice] = []
    effects: list[Effect] = []
    alerts: list[Alert] = []
    awaiting = False
    beside: Collection[str] | None = None
    for handler in handlers:
        if beside is not None and handler.name not in beside:
            continue
        kept = memory.kept.get(handler.name)
        reply = handler.answer(replace(turn, kept=kept) if kept else turn)
        if isinstance(reply, NotMine):
            continue
        memory = _kept(memory, handler.name, reply)
        if reply.alone:
            return reply, memory
        sections += reply.sections
        # a number is an answer to what is asked, and chooses nothing beside it
        if reply.awaiting or not awaiting:
            choices = [*([] if reply.awaiting else choices), *reply.choices]
        effects += reply.effects
        alerts += reply.alerts
        awaiting = awaiting or reply.awaiting
        beside = beside if reply.beside is None else reply.beside
    if not sections:
        last = LAST.answer(turn)
        assert isinstance(last, Reply)  # the last handler always speaks
        return last, memory
    reply = Reply(sections=sections, choices=choices, effects=effects, awaiting=awaiting, alerts=alerts)
    return reply, memory


def _kept(memory: Memory, name: str, reply: Reply) -> Memory:
    """The memory with what a handler's reply wants kept, and whether it awaits an answer."""
    kept = {key: value for key, value in memory.kept.items() if key != name or reply.keep is None}
    if reply.keep:
        kept[name] = reply.keep
    awaiting = "" if memory.awaiting == name else memory.awaiting
    return replace(memory, kept=kept, awaiting=name if reply.awaiting else awaiting)


def _home(affairs: Affairs) -> str:
    """The city of the units that a person speaks for, where it is one."""
    cities = {held.city for held in affairs.units.mine()}
    return cities.pop() if len(cities) == 1 else ""


def _remembered(context: Context, reading: Reading) -> Context:
    """What of a reading the next message may lean on."""
    stated: Mapping[str, str] = {**context.stated, **{said.fact: said.value for said in reading.stated}}
    if reading.act != ASK:
        return replace(context, stated=stated)
    least = max(_KEPT_MATTER, _KEPT_SHARE * max(reading.matters.values(), default=0.0))
    asked = [m for m, weight in reading.matters.items() if weight >= least]
    answered = {why for finding in reading.findings for hit in finding.hits for why in hit.why}
    return Context(
        city=context.city if reading.city_from == "home" else reading.city or context.city,
        programmes=reading.programmes,
        districts=reading.districts,
        aspects=reading.aspects or context.aspects,
        matters=tuple(m for m in asked if m in answered)
        or tuple(asked)
        or (() if reading.aspects else context.matters),
        stated=stated,
        text=reading.text,
    )
