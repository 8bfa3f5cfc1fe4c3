"""What is done as time passes: safe to be done twice, by several processes at once, and safe to be missed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import Final

from bot.announce import announce
from handlers.alerts import Alert
from handlers.season import Season, stages, workdays
from knowledge.library import Library
from store.database import Store, Work
from store.sweeps import KnownStage

_NAME: Final = "reminders"


class Reminding:
    """Reminders of deadlines, corrections of those that moved, and news of notices that are new.

    The cursor in the database says up to when it is done; it moves in the transaction that posts the alerts,
    and each alert has a key by which it is posted once. What fell due while nobody looked is posted where it
    still helps.
    """

    def __init__(
        self, store: Store, library: Library, now: Callable[[], datetime], wake: Callable[[], None]
    ) -> None:
        self.season = Season(library)
        self._store = store
        self._library = library
        self._now = now
        self._wake = wake
        self._done: datetime | None = None

    async def sweep(self) -> int:
        """Do what is due; how many deliveries that made."""
        now = self._now()
        if self._done is not None and not self.season.between(self._done, now):
            return 0
        async with self._store.work() as work:
            since = await work.since(name=_NAME, now=now)
            moved, alerts = await self._learn(work, now) if self._done is None else (frozenset(), [])
            made = await announce(work, alerts, now)
            if since < now:
                made += await self._remind(work, since, now, moved)
                await work.done(name=_NAME, until=now)
        self._done = max(since, now)
        if made:
            self._wake()
        return made

    async def _remind(self, work: Work, since: datetime, now: datetime, moved: Collection[str]) -> int:
        calendar = workdays(await work.days())
        # a correction has just said the new date of what has moved
        alerts = (
            alert
            for alert in self.season.reminders(since, now, calendar)
            if alert.values["stage"] not in moved
        )
        for note in self.season.notes(since, now):
            await work.note(
                kind=note.kind,
                city=note.city,
                district=note.district,
                content=note.content,
                dedupe_key=note.dedupe_key,
                now=now,
            )
        return await announce(work, alerts, now)

    async def _learn(self, work: Work, now: datetime) -> tuple[frozenset[str], list[Alert]]:
        """The stages that have moved since everybody was told of them, and what is to be said of these and of
        new notices. Nothing is new in a new database."""
        known = await work.stages_known()
        current = {
            stage: KnownStage(notice=notice, until=until)
            for stage, (notice, until) in stages(self._library).items()
        }
        await work.know_stages(stages=current, now=now)
        if not known:
            return frozenset(), []
        both = current.keys() & known.keys()
        moved = frozenset(stage for stage in both if known[stage].until != current[stage].until)
        alerts = [a for stage in sorted(moved) for a in self.season.moved(stage, known[stage].until, now)]
        alerts += self._opened({stage.notice for stage in known.values()}, now)
        return moved, alerts

    def _opened(self, heard_of: Collection[str], now: datetime) -> Iterator[Alert]:
        for notice in self._library.notices.values():
            if notice.id not in heard_of and not notice.superseded_by:
                yield from self.season.opened(notice, now)
