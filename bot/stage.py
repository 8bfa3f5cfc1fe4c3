"""The service and a simulator that plays WeChat to it, each on its own port, joined by the real wire."""

from __future__ import annotations

import secrets
import string
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import ClientSession, web

from bot import app as service_app
from bot.app import Service
from bot.settings import load
from bot.simulator import Simulator
from bot.simulator import app as simulator_app
from bot.simulator.clock import Move

LOOPBACK = "127.0.0.1"
Beside = Callable[[str], list[web.RouteDef]]
_KEY_LENGTH = 43


@dataclass(frozen=True)
class Stage:
    """Both sides; `port` is that of the simulator and its page."""

    service: Service
    simulator: Simulator
    port: int

    async def move(self, now: datetime, *, rate: float = 0) -> None:
        """Service time is `now`, on both sides, and stands there unless `rate` lets it run."""
        assert self.simulator.remote_clock is not None  # `staged` gives it one
        async with ClientSession() as session:
            await self.simulator.remote_clock.move(session, Move(now=now, rate=rate))


@asynccontextmanager
async def staged(
    *, start: datetime, port: int = 0, beside: Beside | None = None, **given: Any
) -> AsyncIterator[Stage]:
    """Both, on a database that is new each time and kept nowhere; `given` are further settings, `beside`
    routes of the simulator's port that know the service's address."""
    app_id, app_secret = "wxdemo0000000000", secrets.token_hex(16)
    token = secrets.token_hex(8)
    aes_key = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(_KEY_LENGTH))
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="jiangwen-stage-"))
        bot_port = service_app.free_port()
        port = port or service_app.free_port()
        bot = f"http://{LOOPBACK}:{bot_port}"
        simulator = Simulator(
            app_id=app_id,
            app_secret=app_secret,
            token=token,
            aes_key=aes_key,
            callback_url=f"{bot}/wechat",
            clock_url=f"{bot}/rehearsal/clock",
        )
        settings = load(
            port=bot_port,
            database_url=f"sqlite+aiosqlite:///{folder}/stage.db",
            wechat_app_id=app_id,
            wechat_app_secret=app_secret,
            wechat_token=token,
            wechat_aes_key=aes_key,
            wechat_api_base=f"http://{LOOPBACK}:{port}",
            public_url=bot,
            clock_start=start,
            **given,
        )
        parts = await stack.enter_async_context(service_app.service(settings))
        app = service_app.application(parts)
        await stack.enter_async_context(service_app.serving(app, settings.host, settings.port))
        platform = simulator_app(simulator)
        if beside:
            platform.add_routes(beside(bot))
        page = await stack.enter_async_context(service_app.serving(platform, LOOPBACK, port))
        yield Stage(parts, simulator, page)
