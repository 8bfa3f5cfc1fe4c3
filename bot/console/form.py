"""What a person typed into a form, with what is wrong beside each field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from knowledge.notice import CHINA

_EARLIEST: Final = date(2000, 1, 1)
_LATEST: Final = date(2200, 1, 1)
_INVISIBLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u202a-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file of a form."""

    name: str
    data: bytes


class Form:
    """The fields by name; `faults` has for each faulty field a key of the words for it (`words.yaml`)."""

    def __init__(self, fields: Mapping[str, Sequence[str]] | None = None) -> None:
        self._fields = fields or {}
        self.faults: dict[str, str] = {}

    @classmethod
    def of(cls, **values: str | Sequence[str]) -> Form:
        """A form that shows what is kept, before anybody has typed into it."""
        return cls({name: [value] if isinstance(value, str) else value for name, value in values.items()})

    def __getitem__(self, name: str) -> str:
        """What was typed, as it was typed; empty where the field is missing."""
        values = self._fields.get(name)
        return values[0] if values else ""

    def many(self, name: str) -> tuple[str, ...]:
        """All values of a field that may have several."""
        return tuple(self._fields.get(name, ()))

    def text(self, name: str, *, longest: int, optional: bool = False) -> str:
        """One line or several without signs that nobody sees; notes where it is missing or too long."""
        text = _INVISIBLE.sub("", unicodedata.normalize("NFC", self[name]).replace("\r\n", "\n")).strip()
        if not text and not optional:
            self.fault(name, "missing")
        if len(text) > longest:
            self.fault(name, "long")
        return text

    def choice(self, name: str, options: Collection[str]) -> str:
        """One of `options`; notes anything else."""
        if self[name] not in options:
            self.fault(name, "choice")
        return self[name]

    def day(self, name: str) -> date | None:
        """A day, None where the field is empty; notes anything else, and days that are none of ours."""
        text = self[name].strip()
        if not text:
            return None
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = None
        if day is None or not _EARLIEST < day < _LATEST:
            self.fault(name, "day")
            return None
        return day

    def moment(self, name: str) -> datetime | None:
        """A moment of China's clock, likewise."""
        text = self[name].strip()
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text).replace(tzinfo=CHINA)
        except ValueError:
            self.fault(name, "moment")
            return None
        return moment

    def fault(self, name: str, key: str) -> None:
        """Note what is wrong with a field; the first fault of each stands."""
        self.faults.setdefault(name, key)
