"""The demo: the service, a WeChat simulator with a chat page, and a town whose staff have a console."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import typer

from bot import app as service_app
from bot.stage import LOOPBACK, staged
from bot.town import Town
from knowledge import yaml_source

_MENU = Path(__file__).parent / "menu.yaml"


async def run(*, port: int, start: datetime) -> None:
    """Serve until stopped; the addresses are printed."""
    town = Town()
    async with staged(start=start, port=port, beside=town.routes, **town.settings) as stage:
        assert stage.service.wechat is not None  # the stage configures it
        await stage.service.wechat.api.publish_menu(yaml_source.read(_MENU).value)
        await town.people(stage)
        page = f"http://{LOOPBACK}:{stage.port}"
        typer.echo(f"open {page}/ and talk to the bot; Ctrl+C ends the demo")
        typer.echo(f"open {page}/town for the console of its staff")
        await service_app.until_stopped()
