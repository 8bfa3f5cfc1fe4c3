"""The store and service time, for a command that works on what is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.app import vault_for
from bot.clock import Clock
from bot.settings import Settings
from store.database import Store


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[tuple[Store, Clock]]:
    """The database of the settings, closed at the end of the block."""
    url = settings.database_url.get_secret_value()
    store = await Store.open(url, vault_for(settings), guest=True)
    try:
        yield store, await Clock.open(store, settings)
    finally:
        await store.close()
