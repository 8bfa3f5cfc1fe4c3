"""What staff lay over the knowledge: wordings that they taught, and what they know better of an office.

A notice's own text stays as it is. A correction holds for the contact as the notice printed it when it was
entered: where the notice says something else now, or has no such contact any more, it falls away.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from knowledge.lessons import Lesson
from knowledge.notice import Contact

_AREA = re.compile(r"^0\d{2,3}-")
_BLANK = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What is right of a contact (its id in the library) that the notice `printed` otherwise: numbers to dial
    or an address (empty: the notice's stand), a remark, and the source."""

    id: int
    fact: str
    printed: str
    phones: tuple[str, ...] = ()
    address: str = ""
    remark: str = ""
    source: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Somebody made sure of a contact as `printed`, or as corrected by `correction`, on a day."""

    fact: str
    printed: str
    correction: int | None
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """All that holds now; of a contact one correction and one check at most."""

    lessons: tuple[Lesson, ...] = ()
    corrections: Mapping[str, Correction] = field(default_factory=lambda: MappingProxyType({}))
    checks: Mapping[str, Check] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A contact of a notice as it is told now: what staff corrected first, and beside it what is printed.

    An empty district is the whole city.
    """

    id: str
    city: str
    district: str
    contact: Contact
    cite: str
    correction: Correction | None = None
    checked_on: date | None = None

    @property
    def printed(self) -> tuple[str, ...]:
        """The notice's own numbers."""
        return tuple(phone.dial for phone in self.contact.phones)

    @property
    def phones(self) -> tuple[str, ...]:
        """The numbers to dial: those of staff where they gave any, else the notice's."""
        return (self.correction and self.correction.phones) or self.printed

    @property
    def address(self) -> str:
        """Where to go, likewise."""
        return (self.correction and self.correction.address) or self.contact.address

    @property
    def rung(self) -> bool:
        """Whether the numbers are those of staff."""
        return self.phones != self.printed

    @property
    def moved(self) -> bool:
        """Whether the address is that of staff."""
        return self.address != self.contact.address

    def has(self, digits: str) -> str:
        """The number of this office, printed or corrected, that `digits` hold; empty where they hold none."""
        known = (*self.phones, *self.printed)
        return next((number for number in known if _main(number) in digits), "")

    def misled(self, text: str) -> bool:
        """Whether a text leads to a number or an address known to be wrong, without the right one."""
        gone = {local(number) for number in self.printed} - {local(number) for number in self.phones}
        if gone and not any(local(number) in text for number in self.phones):
            wrong = (number.split("-")[0] for number in gone)
            if any(number in text and re.search(rf"(?<!\d){number}(?!\d)", text) for number in wrong):
                return True
        if not self.moved or not self.contact.address:
            return False
        bare = _BLANK.sub("", text)
        return _BLANK.sub("", self.contact.address) in bare and _BLANK.sub("", self.address) not in bare


def printed(contact: Contact) -> str:
    """What a notice prints of a contact, to see whether it is still the same."""
    return " ".join((*(phone.dial for phone in contact.phones), contact.address))


def local(number: str) -> str:
    """A number to dial without its area code."""
    return _AREA.sub("", number)


def _main(number: str) -> str:
    """The same without an extension."""
    return local(number).split("-")[0]
