"""What a person may ask of the service about their own matters, within the transaction of their turn.

The store offers it (`store.affairs`); a turn without a store (the command line's `ask`) has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol


class Held(Protocol):
    """A seat that is held: `state` is `provisional` (deadlines alone) or `confirmed` (applicants as well),
    `others` are the unit's other seats."""

    @property
    def seat(self) -> int: ...
    @property
    def unit(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def city(self) -> str: ...
    @property
    def district(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def since(self) -> datetime: ...
    @property
    def others(self) -> int: ...


class Tried(Protocol):
    """What came of an attempt to get a seat. `outcome`: `bound` (`held` is the seat; `giver` the contact
    whose seat a hand-over ended, else 0), `already` (held before), `offered` (by a code, for the unit
    `name`), `waiting` (for staff), `wrong`, `paused` (nothing is looked at before `until`), `elsewhere` (a
    code for something else)."""

    @property
    def outcome(self) -> str: ...
    @property
    def held(self) -> Held | None: ...
    @property
    def until(self) -> datetime | None: ...
    @property
    def name(self) -> str: ...
    @property
    def giver(self) -> int: ...


class Units(Protocol):
    """The units that this person speaks for."""

    def mine(self) -> Sequence[Held]:
        """The seats of this person, oldest first."""
        ...

    def claim(self, *, code: str, phone: str) -> Tried:
        """Bind by a unit's code and a phone (digits) of its roster; nothing tells which of them was wrong."""
        ...

    def hashed(self, code: str) -> str:
        """What a one-time code can be kept as until it is used."""
        ...

    def offer(self, *, code_hash: str, counts: bool = True) -> Tried:
        """What a one-time code would give; a wrong one is a failure where it `counts`."""
        ...

    def redeem(self, *, code_hash: str) -> Tried:
        """Use a one-time code."""
        ...

    def code(self, *, unit: int, hands_over: bool) -> str:
        """A new one-time code for a colleague: for a seat beside this person's, or for theirs."""
        ...

    def leave(self, *, seat: int) -> Held | None:
        """End a seat of this person's; None where they do not sit there."""
        ...


class Wish(Protocol):
    """Something that a person asked to be told of."""

    @property
    def kind(self) -> str: ...
    @property
    def topic(self) -> str: ...
    @property
    def district(self) -> str: ...
    @property
    def since(self) -> datetime: ...


class Ways(Protocol):
    """The best path that is open (`template`, `subscribe`, `custom`, `mass`, `email`, `call`), or None; and
    why not each of the others."""

    @property
    def chosen(self) -> str | None: ...
    @property
    def why_not(self) -> Mapping[Any, str]: ...


class EnteredDay(Protocol):
    """A day of the calendar as staff entered it."""

    @property
    def working(self) -> bool: ...
    @property
    def name(self) -> str: ...
    @property
    def source(self) -> str: ...


class Duration(Protocol):
    """The working days that a district's staff say they need for a step; an empty district is the city."""

    @property
    def district(self) -> str: ...
    @property
    def step(self) -> str: ...
    @property
    def working_days(self) -> int: ...


class Consent(Protocol):
    """What a person agrees to, by which version of the words."""

    @property
    def purpose(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def given_at(self) -> datetime: ...


class Kept(Protocol):
    """What is kept of a person, by its sorts; `sender` is masked."""

    @property
    def sender(self) -> str: ...
    @property
    def known_since(self) -> datetime: ...
    @property
    def messages(self) -> int: ...
    @property
    def said_since(self) -> datetime | None: ...
    @property
    def pages(self) -> int: ...
    @property
    def pages_until(self) -> datetime | None: ...
    @property
    def seats(self) -> Sequence[Held]: ...
    @property
    def requests(self) -> int: ...
    @property
    def applications(self) -> int: ...
    @property
    def wishes(self) -> Sequence[Wish]: ...
    @property
    def mutes(self) -> Sequence[str]: ...
    @property
    def consents(self) -> Sequence[Consent]: ...


class Privacy(Protocol):
    """What is kept of this person, and what they have agreed to."""

    def kept(self) -> Kept:
        """What is kept, counted."""
        ...

    def consents(self) -> frozenset[str]:
        """The purposes that this person agrees to."""
        ...

    def agree(self, *, purposes: Sequence[str], version: str) -> None:
        """Keep that this person agrees, by this version of the words."""
        ...

    def stop_pushes(self) -> bool:
        """Withdraw the consent to be told anything unasked, at once; whether there was one."""
        ...


class Wishes(Protocol):
    """What this person asked to be told, and not to be told any more.

    Wishes are of a kind: `deadline` with topics `<notice>/<programme>`, or `news` with `<city>/<programme>`.
    A muted topic is the beginning of the occasions that it silences, up to a `:` or a `/`.
    """

    def mine(self) -> Sequence[Wish]:
        """What this person wishes to be told of, oldest first."""
        ...

    def wish(self, *, kind: str, topic: str, district: str = "") -> None:
        """Keep a wish; one that is held gets the district."""
        ...

    def end(self, *, kind: str, topic: str) -> bool:
        """End a wish; whether it was held."""
        ...

    def muted(self) -> Sequence[str]:
        """The topics that this person wants to hear no more of."""
        ...

    def mute(self, *, topic: str) -> None:
        """This person wants to hear no more of a topic."""
        ...

    def unmute(self, *, topic: str) -> None:
        """This person wants to hear of a topic again."""
        ...

    def ways(self, *, kind: str, at: datetime, occasion: str = "") -> Ways:
        """By which path a message of a kind would go at a later moment, as things stand now."""
        ...


class Entered(Protocol):
    """What staff have entered over the knowledge."""

    def days(self) -> Mapping[date, EnteredDay]:
        """Days of the calendar."""
        ...

    def durations(self, *, notice: str) -> Sequence[Duration]:
        """How long the steps of a notice take, as staff say."""
        ...


class Step(Protocol):
    """A status that an application had, as of the list that first showed it."""

    @property
    def status(self) -> str: ...
    @property
    def exported_at(self) -> datetime: ...


class Application(Protocol):
    """An application as the platform's last list shows it. `gone_at`: since when lists do not show it;
    `return_id` is its open return, `mended_at` when somebody said that it is mended."""

    @property
    def id(self) -> int: ...
    @property
    def unit_name(self) -> str: ...
    @property
    def district(self) -> str: ...
    @property
    def notice(self) -> str: ...
    @property
    def programme(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def opinion(self) -> str: ...
    @property
    def unit_rank(self) -> str: ...
    @property
    def district_rank(self) -> str: ...
    @property
    def exported_at(self) -> datetime: ...
    @property
    def gone_at(self) -> datetime | None: ...
    @property
    def return_id(self) -> int | None: ...
    @property
    def returned_at(self) -> datetime | None: ...
    @property
    def mended_at(self) -> datetime | None: ...
    @property
    def history(self) -> Sequence[Step]: ...


class Speaking(Protocol):
    """A unit that a person speaks for; only a confirmed seat sees its applications."""

    @property
    def name(self) -> str: ...
    @property
    def confirmed(self) -> bool: ...
    @property
    def applications(self) -> Sequence[Application]: ...


class Progress(Protocol):
    """The applications that this person may see."""

    def units(self) -> Sequence[Speaking]:
        """The units of this person's seats, the oldest seat first."""
        ...

    def own(self) -> Sequence[Application]:
        """What a code has shown to be this person's own."""
        ...

    def mend(self, *, return_id: int) -> bool:
        """Say that a return is mended; False where this person may not, or it is not open."""
        ...

    def code(self, *, application: int) -> str:
        """A one-time code for the candidate of an application of this person's units; empty where this
        person may give none."""
        ...

    def look(self, *, code_hash: str, counts: bool) -> str:
        """What a code (`Units.hashed`) would come to: `offered`, `wrong` (a failure where it `counts`) or
        `paused`."""
        ...

    def redeem(self, *, code_hash: str) -> str:
        """Bind by a code: `bound`, `wrong` or `paused`."""
        ...


class Push(Protocol):
    """What a person was told without asking: an alert's kind, template and occasion, its values as JSON, the
    unit's name."""

    @property
    def kind(self) -> str: ...

    @property
    def occasion(self) -> str: ...

    @property
    def template(self) -> str: ...

    @property
    def content(self) -> str: ...

    @property
    def unit(self) -> str: ...


class Owed(Protocol):
    """A broadcast that was had and not acknowledged."""

    @property
    def id(self) -> int: ...
    @property
    def title(self) -> str: ...


class Bulletins(Protocol):
    """What this person was told as one of many."""

    def owed(self) -> Sequence[Owed]:
        """What they have had and not acknowledged, the last first."""
        ...

    def acknowledge(self, *, broadcast: int) -> None:
        """Note that they have read it."""
        ...

    def test_here(self, *, code: str) -> bool:
        """Get the tests of the member of staff who was shown this code; False where it is none."""
        ...


class Asked(Protocol):
    """What a person has asked staff and is not closed. `why`: `asked` for, or left `unanswered` by the bot;
    `state`: `open`, `taken`, `talking`; `waits_since` is None while staff have answered every word."""

    @property
    def why(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def city(self) -> str: ...
    @property
    def district(self) -> str: ...
    @property
    def opened_at(self) -> datetime: ...
    @property
    def waits_since(self) -> datetime | None: ...


class Desk(Protocol):
    """The staff who answer this person."""

    @property
    def talking(self) -> bool:
        """Whether one of them talks with the person now."""
        ...

    def asked(self) -> Asked | None:
        """What this person has asked staff and is not closed."""
        ...

    def hours(self, *, city: str, district: str) -> Sequence[tuple[str, str]] | None:
        """From when to when (`HH:MM`) staff of the place are there, if anybody has said so."""
        ...


class Affairs(Protocol):
    """One person's own matters."""

    @property
    def contact(self) -> int:
        """The number of this person's contact."""
        ...

    @property
    def units(self) -> Units: ...

    @property
    def privacy(self) -> Privacy: ...

    @property
    def wishes(self) -> Wishes: ...

    @property
    def entered(self) -> Entered: ...

    @property
    def progress(self) -> Progress: ...

    @property
    def bulletins(self) -> Bulletins: ...

    @property
    def desk(self) -> Desk: ...

    def last_push(self) -> Push | None:
        """What this person was told last without asking."""
        ...
