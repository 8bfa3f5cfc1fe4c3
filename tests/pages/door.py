"""The service as it runs, with links, and a client at its door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot import app as service_app
from bot.settings import load
from knowledge.library import Library
from store.database import Store
from tests.pages.people import NOW


@dataclass(frozen=True, kw_only=True)
class Door:
    """Where pages are opened."""

    client: TestClient[web.Request, web.Application]
    store: Store
    library: Library
    folder: Path

    def url(self, path: str) -> str:
        return str(self.client.make_url(path))


@asynccontextmanager
async def open_door(folder: Path, public_url: str = "https://bot.example.org") -> AsyncIterator[Door]:
    settings = load(
        {},
        database_url=f"sqlite+aiosqlite:///{folder}/jiangwen.db",
        public_url=public_url,
        clock_start=NOW,
        clock_rate=0,
    )
    async with service_app.service(settings) as parts:
        server = TestServer(service_app.application(parts))
        async with TestClient(server) as client:
            yield Door(client=client, store=parts.store, library=parts.library, folder=folder)
