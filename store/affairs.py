"""One person's own matters, offered to handlers within the transaction of a turn (`handlers.affairs`).

Each part is made when it is first asked for: a turn that needs none of them pays for none.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from store import occasions
from store.engine import Session
from store.records import Contact, Push


class _Part:
    """What every part stands on: the open transaction, the person, and the moment of the turn."""

    def __init__(self, session: Session, contact: Contact, now: datetime) -> None:
        self._session = session
        self._contact = contact
        self._now = now


class Units(_Part):
    """The units that this person speaks for."""


class Wishes(_Part):
    """What this person asked to be told, and not to be told any more."""


class Progress(_Part):
    """The applications that this person may see."""


class Affairs:
    """One person's own matters."""

    def __init__(self, session: Session, contact: Contact, now: datetime) -> None:
        self._with = session, contact, now
        self._session = session
        self.contact = contact.id

    @cached_property
    def units(self) -> Units:
        return Units(*self._with)

    @cached_property
    def wishes(self) -> Wishes:
        return Wishes(*self._with)

    @cached_property
    def progress(self) -> Progress:
        return Progress(*self._with)

    def last_push(self) -> Push | None:
        return occasions.last_push(self._session, contact_id=self.contact)
