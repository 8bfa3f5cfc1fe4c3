"""What the author of a capability reads: a turn comes in, a reply goes out.

A handler thinks and never sends. It gets one `Turn`, an immutable snapshot, and gives a `Reply` made
of sections (a template's name and its values) or `NOT_MINE`. Words stand in templates, figures in
facts of the knowledge; `Section.facts` names every fact that a section shows, so that each figure
of an answer can be traced.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from handlers.affairs import Affairs
from handlers.alerts import Alert
from knowledge.library import Library
from knowledge.reading import Context, Reading, Scope


class Kind(StrEnum):
    """What came over the channel; `EVENT` carries its name in `Incoming.event`."""

    TEXT = "text"
    VOICE = "voice"
    IMAGE = "image"
    VIDEO = "video"
    LOCATION = "location"
    LINK = "link"
    EVENT = "event"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One message or event as a channel received it.

    `message_id` is unique within `account`: the platform's MsgId, for events a key made of
    CreateTime, Event and EventKey (platform document A7). `text` is what the person wrote, what
    speech recognition heard, or the label of a location; empty where there is none.
    """

    channel: str
    account: str
    sender: str
    message_id: str
    kind: Kind
    received_at: datetime
    text: str = ""
    event: str = ""
    event_key: str = ""

    def log_context(self) -> dict[str, str]:
        """Ids only: no text and no openid may reach a log."""
        return {"channel": self.channel, "message_id": self.message_id, "kind": str(self.kind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One piece of an answer: `template` is `<folder>/<name>`, without its ending.

    `facts` are ids of the facts that the values were taken from, `computed` names every value that
    was reckoned (days left, a date) with how. Sections of one `scope` stand together under a heading
    that names the notice; heavier ones are said first. Those that answer one of several questions follow the
    order of these, but for one `beside` the questions.
    """

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    facts: tuple[str, ...] = ()
    computed: Mapping[str, str] = field(default_factory=dict)
    scope: Scope | None = None
    weight: float = 0
    beside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An option that the conversation numbers. Choosing it is as if the person had said it: the label, or
    what the template `says` makes of the same values."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A record that goes into the same transaction as the reply (see `store.turns`)."""

    name: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a handler has to say; several handlers may each add theirs. `alone` ends the round: no other
    is asked; `beside` leaves the rest of it to the handlers of these names. `silent` answers nothing (an
    unsubscribe). `keep` is JSON that the handler finds again as `Turn.kept` (None: as before; empty:
    forgotten). `awaiting`: the reply ends with a question of this handler, which has first look at the next
    message. `alerts` go to others, or to this person later. `private`: what was said is kept nowhere once it
    is answered, and nothing of it is remembered."""

    sections: Sequence[Section] = ()
    choices: Sequence[Choice] = ()
    effects: Sequence[Effect] = ()
    alone: bool = False
    beside: Collection[str] | None = None
    silent: bool = False
    keep: Mapping[str, Any] | None = None
    awaiting: bool = False
    alerts: Sequence[Alert] = ()
    private: bool = False


class NotMine:
    """The answer of a handler that has nothing to say to this turn."""


NOT_MINE: Final = NotMine()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The address of a page that is not kept yet, and the hash that the database will know it by."""

    url: str
    token_hash: str
    purpose: str

    def keep(self, content: str, *, days: int) -> Effect:
        """What a reply that says the address asks to be kept: the page, open for so many days."""
        values = {"token_hash": self.token_hash, "purpose": self.purpose, "content": content}
        return Effect(name="page", values={**values, "days": str(days)})


class Links(Protocol):
    """Where links come from."""

    def new(self, purpose: str) -> Link:
        """A link that nobody has had before; `bot.pages` says what each purpose shows."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One snapshot: what was said, how it reads, what came before, what the notices say, the time in
    service. `kept` is what this handler kept for itself; `asked`: it awaits an answer to its question;
    `links` is None where people cannot reach this service by an address; `affairs` are this person's own
    matters in the store, None where there is no store; `kept_days` is for how long conversations are kept."""

    incoming: Incoming
    reading: Reading
    context: Context
    library: Library
    now: datetime
    kept: Mapping[str, Any] = field(default_factory=dict)
    asked: bool = False
    links: Links | None = None
    affairs: Affairs | None = None
    kept_days: int = 180


class Handler(Protocol):
    """One capability. `name` is also the folder of its templates."""

    name: str

    def answer(self, turn: Turn) -> Reply | NotMine:
        """Say this handler's part of the answer; pure, without I/O, within milliseconds."""
        ...


class Asking(Handler, Protocol):
    """A capability that asks questions of its own."""

    def again(self, turn: Turn) -> Reply:
        """Its question once more, after others have answered something in between."""
        ...
