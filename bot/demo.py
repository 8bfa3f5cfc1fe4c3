"""The demo: the service and a WeChat simulator, each on its own port, joined by the real wire."""

from __future__ import annotations

import secrets
import string
import tempfile
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

import typer
import yaml

from bot import app as service_app
from bot.settings import load
from bot.simulator import Simulator
from bot.simulator import app as simulator_app

_MENU = Path(__file__).parent / "menu.yaml"
_KEY_LENGTH = 43
_LOOPBACK = "127.0.0.1"


async def run(*, port: int, start: datetime) -> None:
    """Serve until stopped; the address is printed. The database is new each time and kept nowhere."""
    app_id, app_secret = "wxdemo0000000000", secrets.token_hex(16)
    token = secrets.token_hex(8)
    aes_key = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(_KEY_LENGTH))
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="jiangwen-demo-"))
        bot_port = service_app.free_port()
        port = port or service_app.free_port()
        bot = f"http://{_LOOPBACK}:{bot_port}"
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
            database_url=f"sqlite+aiosqlite:///{folder}/demo.db",
            wechat_app_id=app_id,
            wechat_app_secret=app_secret,
            wechat_token=token,
            wechat_aes_key=aes_key,
            wechat_api_base=f"http://{_LOOPBACK}:{port}",
            public_url=bot,
            clock_start=start,
        )
        parts = await stack.enter_async_context(service_app.service(settings))
        await stack.enter_async_context(
            service_app.serving(service_app.application(parts), settings.host, settings.port)
        )
        page = await stack.enter_async_context(service_app.serving(simulator_app(simulator), _LOOPBACK, port))
        assert parts.wechat is not None  # the settings above configure it
        await parts.wechat.api.publish_menu(yaml.safe_load(_MENU.read_text(encoding="utf-8")))
        typer.echo(f"open http://{_LOOPBACK}:{page}/ and talk to the bot; Ctrl+C ends the demo")
        await service_app.until_stopped()
