"""QR codes of the account that carry a scene (platform document B6)."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta


class Scenes:
    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._codes: dict[str, tuple[str, datetime | None]] = {}

    def create(self, scene: str, life: timedelta | None) -> str:
        """The ticket of a new code; without `life` it is permanent."""
        ticket = "g" + secrets.token_urlsafe(71)
        self._codes[ticket] = (scene, self._clock() + life if life else None)
        return ticket

    def scene(self, ticket: str) -> str:
        """Raises LookupError for a code that is unknown or has expired."""
        scene, until = self._codes.get(ticket, ("", self._clock()))
        if until is not None and until <= self._clock():
            raise LookupError("the code is unknown or has expired")
        return scene
