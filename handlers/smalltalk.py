"""Greetings and the like, events without words, and what cannot be read (pictures, unheard voice)."""

from __future__ import annotations

from handlers.contract import NOT_MINE, Choice, Kind, NotMine, Reply, Section, Turn

_ACTS = frozenset({"greeting", "thanks", "goodbye", "agreement", "acknowledge", "who", "astray"})
_WELCOMING = frozenset({"subscribe"})
_SILENT_EVENTS = frozenset({"view", "location", "view_miniprogram"})
_ANSWERED_EVENTS = frozenset({"scan", "scancode_push", "scancode_waitmsg"})
_UNREADABLE = frozenset({Kind.VOICE, Kind.IMAGE, Kind.VIDEO, Kind.LINK, Kind.UNKNOWN})


class Events:
    """Welcomes a new follower; keeps silent where nothing was asked."""

    name = "events"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """One section or silence; a click that carries words is read as those words before it comes here."""
        incoming = turn.incoming
        if incoming.kind is Kind.EVENT:
            if incoming.event in _WELCOMING | _ANSWERED_EVENTS:
                return Reply(sections=[Section(template="smalltalk/welcome")], choices=starters(), alone=True)
            if incoming.event == "unsubscribe":
                return NOT_MINE
            asked = bool(incoming.text) and incoming.event not in _SILENT_EVENTS
            return NOT_MINE if asked else Reply(silent=True, alone=True)
        if incoming.kind in _UNREADABLE and not incoming.text:
            values = {"kind": str(incoming.kind)}
            return Reply(sections=[Section(template="smalltalk/unreadable", values=values)], alone=True)
        if not turn.reading.text:
            return Reply(sections=[Section(template="smalltalk/empty")], choices=starters(), alone=True)
        return NOT_MINE


class Smalltalk:
    """Answers politeness in kind, and says what the bot is for."""

    name = "smalltalk"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """One section; a greeting offers questions to start with."""
        act = turn.reading.act
        if act not in _ACTS:
            return NOT_MINE
        choices = starters() if act in ("greeting", "who", "astray") else ()
        return Reply(sections=[Section(template=f"smalltalk/{act}")], choices=choices, alone=True)


def starters() -> list[Choice]:
    """Questions to begin with, worded in their templates."""
    names = ("eligibility", "deadline", "materials", "contact")
    return [Choice(template=f"smalltalk/start_{name}") for name in names]
