"""The whole service behind the simulator's real, encrypted wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bot import app as service_app
from bot.app import Service
from bot.settings import load
from bot.simulator import Mode, Simulator
from bot.simulator import app as simulator_app

APP_ID, APP_SECRET, TOKEN = "wx0123456789abcdef", "b" * 32, "spamtest"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
DATA_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
SEASON = datetime.fromisoformat("2024-07-01T09:00:00+08:00")


@dataclass(frozen=True)
class Wire:
    """A running service and the platform that calls it."""

    simulator: Simulator
    service: Service
    url: str

    async def ask(self, *turns: str) -> list[str]:
        """One new person's messages, one after the other; the passive reply to each."""
        person = self.simulator.person()
        return [(await self.simulator.say(person.openid, text)).text for text in turns]


@asynccontextmanager
async def wire(
    folder: Path, *, now: datetime = SEASON, mode: Mode = Mode.SAFE, **given: Any
) -> AsyncIterator[Wire]:
    """The service on a new database (or on `database_url`), its API pointed at the simulator."""
    port, platform = service_app.free_port(), service_app.free_port()
    url = f"http://127.0.0.1:{port}"
    given.setdefault("database_url", f"sqlite+aiosqlite:///{folder}/jiangwen.db")
    given.setdefault("data_key", DATA_KEY)
    settings = load(
        port=port,
        wechat_app_id=APP_ID,
        wechat_app_secret=APP_SECRET,
        wechat_token=TOKEN,
        wechat_aes_key="" if mode is Mode.PLAIN else AES_KEY,
        wechat_api_base=f"http://127.0.0.1:{platform}",
        clock_start=now,
        **given,
    )
    simulator = Simulator(
        app_id=APP_ID,
        app_secret=APP_SECRET,
        token=TOKEN,
        aes_key=AES_KEY,
        callback_url=f"{url}/wechat",
        mode=mode,
        clock_url=f"{url}/rehearsal/clock",
    )
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(service_app.service(settings))
        app = service_app.application(parts)
        await stack.enter_async_context(service_app.serving(app, settings.host, settings.port))
        api = simulator_app(simulator)
        await stack.enter_async_context(service_app.serving(api, "127.0.0.1", platform))
        yield Wire(simulator, parts, url)
