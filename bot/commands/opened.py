"""The store and service time, for a command that works on what is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from bot.app import vault_for
from bot.clock import Clock
from bot.settings import SQLITE, Settings
from handlers.season import workdays
from knowledge.workdays import WorkingDays
from store.database import Store, Unavailable


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[tuple[Store, Clock]]:
    """The database of the settings, closed at the end of the block."""
    url = settings.database_url.get_secret_value()
    store = await Store.open(url, vault_for(settings), guest=True)
    try:
        yield store, await Clock.open(store, settings)
    finally:
        await store.close()


def entered_days(settings: Settings) -> WorkingDays:
    """The calendar with what staff entered over it; the library's alone where there is no database yet, or it
    does not answer."""
    file = Path(settings.database_url.get_secret_value().removeprefix(SQLITE))
    if not settings.has_postgres and not file.exists():
        return WorkingDays()
    with suppress(Unavailable):
        return asyncio.run(_days(settings))
    return WorkingDays()


async def _days(settings: Settings) -> WorkingDays:
    async with opened(settings) as (store, _), store.work() as work:
        return workdays(await work.days())
