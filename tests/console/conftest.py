"""An office on each database; most tests need only one of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

from pytest_asyncio import fixture

from store.database import Store
from tests.console.office import Office, open_office
from tests.databases import VAULT


@fixture
async def office(sqlite_url: str) -> AsyncIterator[Office]:
    store = await Store.open(sqlite_url, VAULT)
    async with open_office(store) as office:
        yield office
    await store.close()


@fixture
async def both(store: Store) -> AsyncIterator[Office]:
    """The same on SQLite and on PostgreSQL."""
    async with open_office(store) as office:
        yield office
