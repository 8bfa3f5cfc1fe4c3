"""One person's own matters, offered to handlers within the transaction of a turn (`handlers.affairs`).

Each part is made when it is first asked for: a turn that needs none of them pays for none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Final

from store import (
    applications,
    binding,
    bulletins,
    codes,
    consents,
    entered,
    front,
    occasions,
    privacy,
    progress,
    seats,
    tickets,
    wishes,
)
from store.applications import Application
from store.binding import Tried
from store.bulletins import Owed
from store.engine import Session
from store.entered import Duration, EnteredDay
from store.privacy import Kept
from store.progress import Speaking
from store.reach import Kind, Ways, reach, ways
from store.records import CodePurpose, Contact, Push
from store.seats import Held
from store.tickets import Asked
from store.wishes import Wish

CODE_HOLDS: Final = timedelta(days=7)
"""How long a code that a colleague was given can be used."""


class _Part:
    """What every part stands on: the open transaction, the person, and the moment of the turn."""

    def __init__(self, session: Session, contact: Contact, now: datetime) -> None:
        self._session = session
        self._contact = contact
        self._now = now


class Units(_Part):
    """The units that this person speaks for."""

    def mine(self) -> tuple[Held, ...]:
        """The seats of this person, oldest first."""
        return seats.mine(self._session, contact=self._contact.id)

    def claim(self, *, code: str, phone: str) -> Tried:
        """Bind by a unit's code and a phone (digits) of its roster."""
        return binding.claim(self._session, contact=self._contact.id, code=code, phone=phone, now=self._now)

    def hashed(self, code: str) -> str:
        """What a one-time code can be kept as until it is used."""
        return codes.hashed(self._session, code)

    def offer(self, *, code_hash: str, counts: bool = True) -> Tried:
        """What a one-time code would give; a wrong one is a failure where it `counts`."""
        return binding.offer(
            self._session, contact=self._contact.id, code_hash=code_hash, now=self._now, counts=counts
        )

    def redeem(self, *, code_hash: str) -> Tried:
        """Use a one-time code."""
        return binding.redeem(self._session, contact=self._contact.id, code_hash=code_hash, now=self._now)

    def code(self, *, unit: int, hands_over: bool) -> str:
        """A new one-time code for a colleague at a unit of this person's: for a seat beside theirs, or for
        theirs."""
        return codes.issue(
            self._session,
            purpose=CodePurpose.HAND_OVER if hands_over else CodePurpose.CONFIRM,
            unit=unit,
            issued_by=codes.by_contact(self._contact.id),
            now=self._now,
            span=CODE_HOLDS,
        )

    def leave(self, *, seat: int) -> Held | None:
        """End a seat of this person's; None where they do not sit there."""
        if seat not in (held.seat for held in self.mine()):
            return None
        by = codes.by_contact(self._contact.id)
        return seats.end(self._session, seat_id=seat, by=by, now=self._now)


class Privacy(_Part):
    """What is kept of this person, and what they have agreed to."""

    def kept(self) -> Kept:
        """What is kept, counted."""
        return privacy.kept(self._session, contact=self._contact)

    def consents(self) -> frozenset[str]:
        """The purposes that this person agrees to."""
        return frozenset(one.purpose for one in consents.held(self._session, contact=self._contact.id))

    def agree(self, *, purposes: Sequence[str], version: str) -> None:
        """Keep that this person agrees, by this version of the words."""
        for purpose in purposes:
            consents.give(
                self._session, contact=self._contact.id, purpose=purpose, version=version, now=self._now
            )

    def stop_pushes(self) -> bool:
        """Withdraw the consent to be told anything unasked, at once; whether there was one."""
        return privacy.stop_pushes(self._session, contact=self._contact.id, now=self._now)


class Wishes(_Part):
    """What this person asked to be told, and not to be told any more."""

    def __init__(self, session: Session, contact: Contact, now: datetime, kinds: Mapping[str, Kind]) -> None:
        super().__init__(session, contact, now)
        self._kinds = kinds

    def mine(self) -> tuple[Wish, ...]:
        """What this person wishes to be told of, oldest first."""
        return wishes.mine(self._session, contact=self._contact.id)

    def wish(self, *, kind: str, topic: str, district: str = "") -> None:
        """Keep a wish; one that is held gets the district."""
        wishes.wish(
            self._session,
            contact=self._contact.id,
            kind=kind,
            topic=topic,
            district=district,
            now=self._now,
        )

    def end(self, *, kind: str, topic: str) -> bool:
        """End a wish; whether it was held."""
        return wishes.end(self._session, contact=self._contact.id, kind=kind, topic=topic, now=self._now)

    def muted(self) -> tuple[str, ...]:
        """The topics that this person wants to hear no more of."""
        return wishes.muted(self._session, contact=self._contact.id)

    def mute(self, *, topic: str) -> None:
        """This person wants to hear no more of a topic."""
        wishes.mute(self._session, contact=self._contact.id, topic=topic, now=self._now)

    def unmute(self, *, topic: str) -> None:
        """This person wants to hear of a topic again."""
        wishes.unmute(self._session, contact=self._contact.id, topic=topic)

    def ways(self, *, kind: str, at: datetime, occasion: str = "") -> Ways:
        """By which path a message of a kind would go at a later moment, as things stand now."""
        known = reach(self._session, contact_ids=[self._contact.id], now=at)[self._contact.id]
        return ways(known, self._kinds[kind], at, occasion=occasion)


class Entered(_Part):
    """What staff have entered over the knowledge."""

    def days(self) -> Mapping[date, EnteredDay]:
        """Days of the calendar."""
        return entered.days(self._session)

    def durations(self, *, notice: str) -> tuple[Duration, ...]:
        """How long the steps of a notice take, as staff say."""
        return entered.durations_of(self._session, notice=notice)


class Progress(_Part):
    """The applications that this person may see."""

    def units(self) -> tuple[Speaking, ...]:
        """The units of this person's seats, the oldest seat first."""
        return progress.units(self._session, contact=self._contact.id)

    def own(self) -> tuple[Application, ...]:
        """What a code has shown to be this person's own."""
        return applications.of_person(self._session, contact=self._contact.id)

    def mend(self, *, return_id: int) -> bool:
        """Say that a return is mended."""
        return progress.mend(self._session, contact=self._contact.id, return_id=return_id, now=self._now)

    def code(self, *, application: int) -> str:
        """A one-time code for the candidate of an application of this person's units."""
        return progress.issue_by(
            self._session, contact=self._contact.id, application=application, now=self._now
        )

    def look(self, *, code_hash: str, counts: bool) -> str:
        """What a code would come to; a wrong one is a failure where it `counts`."""
        return progress.look(
            self._session, contact=self._contact.id, code_hash=code_hash, counts=counts, now=self._now
        )

    def redeem(self, *, code_hash: str) -> str:
        """Bind by a code."""
        return progress.redeem(self._session, contact=self._contact.id, code_hash=code_hash, now=self._now)


class Bulletins(_Part):
    """What this person was told as one of many."""

    def owed(self) -> tuple[Owed, ...]:
        """What they have had and not acknowledged, the last first."""
        return bulletins.owed(self._session, contact=self._contact.id)

    def acknowledge(self, *, broadcast: int) -> None:
        """Note that they have read it."""
        bulletins.acknowledge(self._session, contact=self._contact.id, broadcast=broadcast, now=self._now)

    def test_here(self, *, code: str) -> bool:
        """Get the tests of the member of staff who was shown this code; False where it is none."""
        return bulletins.bind_tester(self._session, contact=self._contact.id, code=code, now=self._now)


class Desk(_Part):
    """The staff who answer this person."""

    @property
    def talking(self) -> bool:
        """Whether one of them talks with the person now; known with the person's row."""
        return self._contact.ticket_id is not None

    def asked(self) -> Asked | None:
        """What this person has asked staff and is not closed."""
        return tickets.current(self._session, contact_id=self._contact.id)

    def hours(self, *, city: str, district: str) -> Sequence[tuple[str, str]] | None:
        """From when to when staff of the place are there, if anybody has said so."""
        entered = front.hours(self._session, city=city, district=district)
        return entered.sessions if entered else None


class Affairs:
    """One person's own matters."""

    def __init__(self, session: Session, contact: Contact, now: datetime) -> None:
        self._with = session, contact, now
        self._kinds: Mapping[str, Kind] = {}
        self._session = session
        self.contact = contact.id

    def by(self, kinds: Mapping[str, Kind]) -> Affairs:
        """The same, where `kinds` of message are known."""
        self._kinds = kinds
        return self

    @cached_property
    def units(self) -> Units:
        return Units(*self._with)

    @cached_property
    def privacy(self) -> Privacy:
        return Privacy(*self._with)

    @cached_property
    def wishes(self) -> Wishes:
        return Wishes(*self._with, self._kinds)

    @cached_property
    def entered(self) -> Entered:
        return Entered(*self._with)

    @cached_property
    def progress(self) -> Progress:
        return Progress(*self._with)

    @cached_property
    def bulletins(self) -> Bulletins:
        return Bulletins(*self._with)

    @cached_property
    def desk(self) -> Desk:
        return Desk(*self._with)

    def last_push(self) -> Push | None:
        return occasions.last_push(self._session, contact_id=self.contact)
