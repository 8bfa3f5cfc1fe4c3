"""The demo: the service and a WeChat simulator with a chat page."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import typer
import yaml

from bot import app as service_app
from bot.stage import LOOPBACK, staged

_MENU = Path(__file__).parent / "menu.yaml"


async def run(*, port: int, start: datetime) -> None:
    """Serve until stopped; the address is printed."""
    async with staged(start=start, port=port) as stage:
        assert stage.service.wechat is not None  # the stage configures it
        await stage.service.wechat.api.publish_menu(yaml.safe_load(_MENU.read_text(encoding="utf-8")))
        typer.echo(f"open http://{LOOPBACK}:{stage.port}/ and talk to the bot; Ctrl+C ends the demo")
        await service_app.until_stopped()
