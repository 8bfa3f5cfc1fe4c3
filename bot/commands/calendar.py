"""`jiangwen calendar …`, `days …`, `durations …`: calendars to hand out, and what staff enter over them."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from bot.commands.opened import opened
from bot.pages import feeds
from bot.pages.links import PublicLinks, hashed
from bot.settings import load
from handlers.season import workdays
from knowledge.calendar import deadlines
from knowledge.library import Library
from knowledge.process import Audience
from store.database import Work
from store.entered import Duration, EnteredDay
from store.records import Page, Purpose

calendar = typer.Typer(no_args_is_help=True, help="Calendars of deadlines, by file or by link.")
days = typer.Typer(
    no_args_is_help=True, help="Working days, holidays and shifts over the library's calendar."
)
durations = typer.Typer(no_args_is_help=True, help="How long the steps before a recommendation take.")

WORKING: Final = {"work": True, "rest": False}
_HEADINGS: Final = ["day", "kind", "name", "source"]

Programme = Annotated[str, typer.Argument(help="A programme's id, as `jiangwen kb show` lists them.")]
District = Annotated[str, typer.Option(help="The district; the city's own dates otherwise.")]
Day = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The day, as 2027-02-06.")]


@calendar.command("file")
def file_(
    programme: Programme,
    file: Annotated[Path, typer.Argument(help="The .ics file to write.", dir_okay=False)],
    district: District = "",
) -> None:
    """Write the calendar of a programme."""
    library = _library()
    file.write_bytes(feeds.content(library, **_wanted(library, programme, district)))
    typer.echo(f"written: {file}")


@calendar.command()
def link(
    programme: Annotated[str, typer.Argument(help="A programme's id; or --unit.")] = "",
    district: District = "",
    unit: Annotated[str, typer.Option(help="A unit by its code: all that its city has.")] = "",
    days: Annotated[int, typer.Option(help="For how many days.", min=1, max=800)] = 400,
) -> None:
    """Make a link that calendars subscribe to; it is shown once."""
    settings = load()
    if not settings.public_url:
        raise typer.BadParameter("JIANGWEN_PUBLIC_URL is not set, so there is no link")
    if bool(programme) == bool(unit):
        raise typer.BadParameter("either a programme or --unit")
    library = _library()
    made = PublicLinks(settings.public_url).new(Purpose.FEED)

    async def act(work: Work, now: datetime) -> None:
        if unit:
            found = await work.unit(code=unit)
            if found is None:
                raise typer.BadParameter(f"no unit {unit}")
            wanted: dict[str, Any] = {
                "programmes": [],
                "city": found.city,
                "district": found.district,
                "name": [found.name],
            }
        else:
            wanted = _wanted(library, programme, district)
        page = Page(
            token_hash=made.token_hash,
            purpose=Purpose.FEED,
            content=json.dumps(wanted, ensure_ascii=False),
            contact_id=None,
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        await work.keep_page(page=page)
        typer.echo(f"{made.url}/calendar.ics")

    _act(act)


@calendar.command()
def revoke(url: Annotated[str, typer.Argument(help="The link.")]) -> None:
    """Take a link back: it opens nothing any more."""
    _, _, token = url.partition("/p/")

    async def act(work: Work, now: datetime) -> None:
        if not await work.revoke_page(token_hash=hashed(token.partition("/")[0])):
            raise typer.BadParameter("this link opens nothing")
        typer.echo("taken back")

    _act(act)


@days.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A csv file.", exists=True, dir_okay=False)],
) -> None:
    """Take in days: csv with the columns day (2027-02-06), kind (work or rest), name, source; all or none."""
    try:
        rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{file} is not UTF-8") from None
    faults = [f"line {at}: {fault}" for at, row in enumerate(rows, 2) if (fault := _fault(row))]
    if faults or not rows:
        typer.echo("\n".join(faults or [f"no rows; the columns are {', '.join(_HEADINGS)}"]), err=True)
        raise typer.Exit(1)

    async def act(work: Work, now: datetime) -> None:
        for row in rows:
            entered = EnteredDay(working=WORKING[row["kind"]], name=row["name"], source=row["source"])
            await work.set_day(day=date.fromisoformat(row["day"]), entered=entered, now=now)
        typer.echo(f"{len(rows)} days")

    _act(act)


@days.command("set")
def set_day(
    day: Day,
    kind: Annotated[str, typer.Argument(help="work or rest; library takes the entry back.")],
    name: Annotated[str, typer.Option(help="The holiday or the shift.")] = "",
    source: Annotated[str, typer.Option(help="Where it is announced.")] = "",
) -> None:
    """Enter whether a day is worked."""
    if kind not in (*WORKING, "library"):
        raise typer.BadParameter("work, rest or library")
    if kind != "library" and not source:
        raise typer.BadParameter("--source: where it is announced")

    async def act(work: Work, now: datetime) -> None:
        if kind == "library":
            await work.drop_day(day=day.date())
        else:
            entered = EnteredDay(working=WORKING[kind], name=name, source=source)
            await work.set_day(day=day.date(), entered=entered, now=now)
        typer.echo(f"{day.date()} {kind}")

    _act(act)


@days.command("show")
def show_days(
    first: Day,
    last: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The last day.")],
) -> None:
    """Show which days are worked, which of them staff entered, and which are assumed."""

    async def act(work: Work, now: datetime) -> None:
        entered = await work.days()
        known = workdays(entered)
        for at in range((last.date() - first.date()).days + 1):
            day = first.date() + timedelta(days=at)
            found, own = known.is_working(day), entered.get(day)
            words = ["work" if found.value else "rest", f"{own.name} ({own.source})" if own else ""]
            typer.echo(f"{day:%Y-%m-%d %a} {' '.join(words)}{' assumed' if found.assumed else ''}".rstrip())

    _act(act)


@durations.command("set")
def set_duration(
    notice: Annotated[str, typer.Argument(help="The notice's id.")],
    step: Annotated[str, typer.Argument(help="The step's id, as `durations show` lists them.")],
    working_days: Annotated[
        int, typer.Argument(help="Working days; 0 takes the entry back.", min=0, max=250)
    ],
    district: Annotated[str, typer.Option(help="Whose experience it is; the city's otherwise.")] = "",
    by: Annotated[str, typer.Option(help="Who enters it.")] = "staff",
) -> None:
    """Enter how many working days a step takes."""
    steps = _steps(_library(), notice)
    if step not in steps:
        raise typer.BadParameter(f"no step {step!r} of {notice}; there are {', '.join(steps) or 'none'}")

    async def act(work: Work, now: datetime) -> None:
        if working_days:
            duration = Duration(
                notice=notice, district=district, step=step, working_days=working_days, entered_by=by
            )
            await work.set_duration(duration=duration, now=now)
        else:
            await work.drop_duration(notice=notice, district=district, step=step)
        typer.echo(f"{step}: {working_days}")

    _act(act)


@durations.command("show")
def show_durations(notice: Annotated[str, typer.Argument(help="The notice's id.")]) -> None:
    """Show the steps of a notice with what staff entered for them."""
    steps = _steps(_library(), notice)

    async def act(work: Work, now: datetime) -> None:
        found = await work.durations_of(notice=notice)
        for step, name in steps.items():
            typer.echo(f"{step}  {name}")
            for row in (row for row in found if row.step == step):
                typer.echo(
                    f"  {row.district or 'city'}: {row.working_days} working days, by {row.entered_by}"
                )

    _act(act)


def _steps(library: Library, notice: str) -> dict[str, str]:
    """The steps before the deadlines of a notice, with their names."""
    held = library.notices.get(notice)
    if held is None:
        raise typer.BadParameter(f"no notice {notice!r}; there are {', '.join(library.notices)}")
    found = [d for p in held.programmes for d in deadlines(library, p.id, "", Audience.UNIT)]
    return {step.id: step.name for deadline in found for step in deadline.preparation}


def _wanted(library: Library, programme: str, district: str) -> dict[str, Any]:
    if programme not in library.programmes:
        raise typer.BadParameter(f"no programme {programme!r}; there are {', '.join(library.programmes)}")
    name = library.programmes[programme][1].name
    return {"programmes": [programme], "city": "", "district": district, "name": [name]}


def _fault(row: dict[str, str]) -> str:
    """What is wrong with a row; empty where nothing is."""
    if missing := [heading for heading in _HEADINGS if not row.get(heading)]:
        return f"{', '.join(missing)} missing"
    try:
        date.fromisoformat(row["day"])
    except ValueError:
        return f"no day: {row['day']}"
    return "" if row["kind"] in WORKING else f"kind is work or rest, not {row['kind']}"


def _library() -> Library:
    settings = load()
    return Library.load(*([settings.knowledge_dir] if settings.knowledge_dir else []))


def _act(act: Callable[[Work, datetime], Awaitable[None]]) -> None:
    """Do it in one transaction of the store."""

    async def run() -> None:
        async with opened(load()) as (store, clock), store.work() as work:
            await act(work, clock.now())

    asyncio.run(run())
