"""What staff lay over the knowledge, taken up by every process within seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from knowledge.lessons import Lesson
from knowledge.library import Library
from knowledge.notice import CHINA
from knowledge.overlay import Check, Correction, Overlay
from store.database import Store
from store.records import OfficeCheck, OfficeCorrection, Taught

_log = structlog.get_logger(__name__)

_EVERY_S: Final = 2.0


class Overlays:
    """Hands the library, as the database has it corrected and taught, to whoever speaks by it."""

    def __init__(self, store: Store, library: Library) -> None:
        self._store = store
        self.library = library
        self._takers: list[Callable[[Library], None]] = []

    @classmethod
    async def open(cls, store: Store, library: Library, *takers: Callable[[Library], None]) -> Overlays:
        """With the state of the database taken up: no answer goes without what staff have corrected."""
        overlays = cls(store, library)
        await overlays.sweep()
        for take in takers:
            overlays.inform(take)
        return overlays

    def inform(self, take: Callable[[Library], None]) -> None:
        """Call `take` with the state that is known, and with every new one from now on."""
        self._takers.append(take)
        take(self.library)

    async def sweep(self) -> None:
        """Take up what was taught, corrected, checked or ended since."""
        async with self._store.work() as work:
            overlay = Overlay(
                lessons=tuple(map(_lesson, await work.lessons())),
                corrections={row.fact: _correction(row) for row in await work.corrections()},
                checks={row.fact: _check(row) for row in await work.office_checks()},
            )
        if overlay != self.library.overlay:
            self.library = self.library.overlaid(overlay)
            for take in self._takers:
                take(self.library)

    async def run(self) -> None:
        """Sweep every two seconds until cancelled."""
        while True:
            try:
                await self.sweep()
            except Exception:
                _log.exception("what staff entered could not be read", action="overlay_failed")
            await asyncio.sleep(_EVERY_S)


def _lesson(row: Taught) -> Lesson:
    return Lesson(wording=row.wording, topic=row.topic, city=row.city)


def _correction(row: OfficeCorrection) -> Correction:
    return Correction(
        id=row.id,
        fact=row.fact,
        printed=row.printed,
        phones=row.phones,
        address=row.address,
        remark=row.remark,
        source=row.source,
        on=row.entered_at.astimezone(CHINA).date(),
    )


def _check(row: OfficeCheck) -> Check:
    day = row.checked_at.astimezone(CHINA).date()
    return Check(fact=row.fact, printed=row.printed, correction=row.correction_id, on=day)
