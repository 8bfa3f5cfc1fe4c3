"""`jiangwen figures`: what was asked, checked and sent, for operators without a console."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from typing import Annotated

import typer

from bot.commands.opened import opened
from bot.desk.figures import Figures, Step
from bot.desk.figures import figures as gathered
from bot.settings import load
from knowledge.library import Library
from knowledge.notice import CHINA
from store.records import Answer, Span
from store.scope import EVERYWHERE

_DAYS = 30
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A day, as 2024-07-01.")]


def figures(
    since: Day = None,
    until: Day = None,
    by: Annotated[Step, typer.Option(help="How long a line of the messages is.")] = Step.DAY,
    city: Annotated[str, typer.Option(help="Of one city.")] = "",
    district: Annotated[str, typer.Option(help="Of one district of it.")] = "",
) -> None:
    """Show messages, topics, self-checks and deliveries, of the last 30 days unless said otherwise."""
    settings = load()
    library = Library.load(*([settings.knowledge_dir] if settings.knowledge_dir else []))

    async def run() -> Figures:
        async with opened(settings) as (store, clock), store.work() as work:
            last = until.date() if until else clock.now().astimezone(CHINA).date()
            first = since.date() if since else last - timedelta(days=_DAYS - 1)
            span = Span(first=min(first, last), last=last, city=city, district=district)
            return await gathered(work, library, scope=EVERYWHERE, span=span, step=by)

    _show(asyncio.run(run()))


def _show(found: Figures) -> None:
    typer.echo("period      messages  answered  silent  unanswered  no question")
    for period in found.periods:
        typer.echo(_line(period.first, period.messages, period.by_answer))
    share = f"{found.whole.share:.1%}" if found.whole.share is not None else "-"
    typer.echo(f"in all {found.whole.messages} messages, {found.whole.asked} questions, answered {share}")
    typer.echo(f"self-checks begun: {found.begun}")
    for title, rows in (
        ("topics", found.topics),
        ("self-checks by outcome", found.outcomes),
        ("criteria that failed", found.failed),
        ("deliveries", found.deliveries),
    ):
        typer.echo(f"{title}:")
        for row in rows:
            typer.echo(f"  {row.count:>6}  {'  '.join(filter(None, row.names))}")


def _line(first: date, messages: int, by_answer: dict[Answer, int]) -> str:
    counts = [by_answer[answer] for answer in (Answer.FOUND, Answer.SILENT, Answer.UNKNOWN, Answer.NONE)]
    return f"{first}  {messages:>8}  {counts[0]:>8}  {counts[1]:>6}  {counts[2]:>10}  {counts[3]:>11}"
