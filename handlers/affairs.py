"""What a person may ask of the service about their own matters, within the transaction of their turn.

The store offers it (`store.affairs`); a turn without a store (the command line's `ask`) has none.
"""

from __future__ import annotations

from typing import Protocol


class Units(Protocol):
    """The units that this person speaks for."""


class Wishes(Protocol):
    """What this person asked to be told, and not to be told any more."""


class Progress(Protocol):
    """The applications that this person may see."""


class Push(Protocol):
    """What a person was told without asking: an alert's template, its values as JSON, the unit's name."""

    @property
    def template(self) -> str: ...

    @property
    def content(self) -> str: ...

    @property
    def unit(self) -> str: ...


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

    def last_push(self) -> Push | None:
        """What this person was told last without asking."""
        ...
