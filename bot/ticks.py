"""What is done as time passes: safe to be done twice, by several processes at once, and safe to be missed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from handlers.alerts import Alert
from handlers.season import Season, stages, workdays
from knowledge.library import Library
from store.database import Store, Work
from store.sweeps import KnownStage

_NAME: Final = "reminders"
PART: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """How far a sweep from `since` has come: up to the contact `after` in its list of alerts."""

    since: datetime | None = None
    alert: int = 0
    after: int = 0
    over: bool = False


class Reminding:
    """Reminders of deadlines, corrections of those that moved, and news of notices that are new.

    The cursor in the database says up to when it is done. It moves in the last of the transactions that post
    the alerts, which are many where there are many to tell, since on SQLite replies wait for each: whoever
    begins again posts what is missing, for each alert has a key by which it is posted once. What fell due
    while nobody looked is posted where it still helps. `part`: so many contacts are gone through in one
    statement, and about so many told in one transaction.
    """

    def __init__(
        self,
        store: Store,
        library: Library,
        now: Callable[[], datetime],
        wake: Callable[[], None],
        part: int = PART,
    ) -> None:
        self.season = Season(library)
        self._store = store
        self._library = library
        self._now = now
        self._wake = wake
        self._part = part
        self._done: datetime | None = None

    async def sweep(self) -> int:
        """Do what is due; how many deliveries that made."""
        now = self._now()
        if self._done is not None and not self.season.between(self._done, now):
            return 0
        made, place = 0, _Place()
        while True:
            async with self._store.work() as work:
                posted, place = await self._go_on(work, place, now)
            made += posted
            if posted:
                self._wake()
            if place.over:
                break
        self._done = max(place.since or now, now)
        return made

    async def _go_on(self, work: Work, place: _Place, now: datetime) -> tuple[int, _Place]:
        """Post from this place on until enough is made, or all; then what was due is done."""
        since = await work.since(name=_NAME, now=now)
        if since != place.since:  # somebody else was quicker: what they have not done is another list
            place = _Place(since=since)
        moved, alerts = await self._news(work, now) if self._done is None else (frozenset(), [])
        if since < now:
            alerts += await self._reminders(work, since, now, moved)
        made, last = 0, await work.last_contact()
        for at, after in self._parts(place, len(alerts), last):
            if made >= self._part:
                return made, replace(place, alert=at, after=after)
            made += await work.post((after, after + self._part), now=now, **alerts[at].dump())
        await self._finish(work, since, now)
        return made, replace(place, over=True)

    def _parts(self, place: _Place, alerts: int, last: int) -> Iterator[tuple[int, int]]:
        """What is left from this place on: alerts, and after which contact each part of them begins."""
        for at in range(place.alert, alerts):
            for after in range(place.after if at == place.alert else 0, last, self._part):
                yield at, after

    async def _reminders(
        self, work: Work, since: datetime, now: datetime, moved: Collection[str]
    ) -> list[Alert]:
        calendar = workdays(await work.days())
        # a correction has just said the new date of what has moved
        return [
            alert
            for alert in self.season.reminders(since, now, calendar)
            if alert.values["stage"] not in moved
        ]

    async def _finish(self, work: Work, since: datetime, now: datetime) -> None:
        if self._done is None:
            await work.know_stages(stages=self._current(), now=now)
        if since >= now:
            return
        for note in self.season.notes(since, now):
            await work.note(
                kind=note.kind,
                city=note.city,
                district=note.district,
                content=note.content,
                dedupe_key=note.dedupe_key,
                now=now,
            )
        await work.done(name=_NAME, until=now)

    def _current(self) -> Mapping[str, KnownStage]:
        return {
            stage: KnownStage(notice=notice, until=until)
            for stage, (notice, until) in stages(self._library).items()
        }

    async def _news(self, work: Work, now: datetime) -> tuple[frozenset[str], list[Alert]]:
        """The stages that have moved since everybody was told of them, and what is to be said of these and of
        new notices. Nothing is new in a new database."""
        known, current = await work.stages_known(), self._current()
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
