"""`jiangwen gaps …`: what was not answered, for operators without a console."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from bot.commands.opened import opened
from bot.desk.gaps import Group, grouped
from bot.settings import load
from knowledge.notice import CHINA
from store.records import Why
from store.scope import Scope

commands = typer.Typer(no_args_is_help=True, help="Questions that were not answered, or not helpfully.")

Limit = Annotated[int, typer.Option(help="How many groups at most.", min=1, max=500)]


@commands.command("list")
def list_(city: Annotated[str, typer.Option(help="Of one city.")] = "", limit: Limit = 50) -> None:
    """List them grouped by likeness, newest first; of what one person alone asked, not the words."""

    async def run() -> list[Group]:
        async with opened(load()) as (store, _), store.work() as work:
            return grouped(await work.open_gaps(scope=Scope(city)))

    for group in asyncio.run(run())[:limit]:
        why = ", ".join(f"{reason} {count}" for reason in Why if (count := group.count(reason)))
        day = group.newest.astimezone(CHINA).date()
        words = "(one person's words)" if group.alone else group.wordings[0]
        typer.echo(f"{day}  {len(group.gaps)} ({why})  {group.city or '-'} {group.district}  {words}")
