"""What a person may ask of the service about their own matters, within the transaction of their turn.

The store offers it (`store.affairs`); a turn without a store (the command line's `ask`) has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class Units(Protocol):
    """The units that this person speaks for."""


class Wishes(Protocol):
    """What this person asked to be told, and not to be told any more."""


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

    def redeem(self, *, code: str, counts: bool) -> str:
        """Bind by a code: `bound`, `already`, `wrong` (a failure where it `counts`), or `paused`."""
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
    def wishes(self) -> Wishes: ...

    @property
    def progress(self) -> Progress: ...
