"""`jiangwen status …`: lists of the platform, open returns, codes for candidates."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from bot.commands.opened import opened
from bot.desk import comparison, listing, status, table
from bot.desk.comparison import Comparison, Delivered, Sort
from bot.desk.listing import REFUSED, WORDS, Listing
from bot.desk.status import Applied
from bot.moments import aware
from bot.settings import load
from knowledge.library import Library
from knowledge.notice import CHINA
from store.applications import Application
from store.database import Store
from store.lists import KIND

_LINES: Final = WORDS.lines
_SHOWN: Final = (Sort.NEW, Sort.CHANGED, Sort.GONE, Sort.AMBIGUOUS, Sort.STALE, Sort.DETAIL)
_OPINION: Final = 40

commands = typer.Typer(no_args_is_help=True, help="How applications stand on the platform.")

City = Annotated[str, typer.Option(help="The city of the list.")]
OfNotice = Annotated[str, typer.Option(help="The notice's id; the city's only one otherwise.")]
District = Annotated[str, typer.Option(help="The district whose list it is; the whole city's otherwise.")]


@commands.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(help="The platform's export: xlsx or csv.", exists=True, dir_okay=False)
    ],
    city: City,
    notice: OfNotice = "",
    district: District = "",
    exported_at: Annotated[
        str,
        typer.Option(
            help="When it was exported (ISO, with offset); when the file was last changed otherwise."
        ),
    ] = "",
    apply: Annotated[bool, typer.Option("--apply", help="Take it over and tell those concerned.")] = False,
    mapped: Annotated[
        list[str] | None,
        typer.Option("--map", help="What a renamed column is, as HEADING=FIELD; it is remembered."),
    ] = None,
) -> None:
    """Show what an exported list changes, and with --apply take it over."""
    settings = load()
    library = Library.load(*([settings.knowledge_dir] if settings.knowledge_dir else []))
    where = _scope(library, city, notice, district)
    meanings = dict(map(_meaning, mapped or []))
    data = file.read_bytes()
    at = _moment(exported_at) if exported_at else datetime.fromtimestamp(file.stat().st_mtime, UTC)

    async def work() -> None:
        async with opened(settings) as (store, clock):
            read = await _listing(store, data, meanings)
            if read.faults:
                _echo([_LINES["faults"].format(count=len(read.faults)), *listing.lines_of(read.faults)])
                raise typer.Exit(1)
            delivered = Delivered(
                notice=where.notice,
                district=where.district,
                whole=True,
                exported_at=at,
                source=file.name,
                digest=status.digest(data),
                by="command",
                entries=read.entries,
            )
            async with store.work() as transaction:
                if apply:
                    found, taken = await status.apply(transaction, delivered, now=clock.now())
                else:
                    found, taken = await comparison.compare(transaction, delivered), None
            _echo(_shown(found, at, taken, apply=apply))

    _run(work)


@commands.command()
def link(
    name: Annotated[str, typer.Argument(help="The unit's name as the list has it.")],
    code: Annotated[str, typer.Argument(help="The unit's unified social credit code.")],
    city: City,
    notice: OfNotice = "",
) -> None:
    """Say which unit of the roster a list means by a name; its contacts are told how things stand."""
    settings = load()
    library = Library.load(*([settings.knowledge_dir] if settings.knowledge_dir else []))
    where = _scope(library, city, notice, "")

    async def work() -> None:
        async with opened(settings) as (store, clock), store.work() as transaction:
            units = await transaction.roster(city=where.notice.header.city)
            unit = next((one for one in units if one.code == code), None)
            if unit is None:
                raise typer.BadParameter(_LINES["no_unit"])
            count = await status.link(transaction, where.notice, name, unit, now=clock.now())
            _echo([_LINES["linked"].format(count=count)])

    _run(work)


@commands.command()
def returns(
    city: City,
    district: District = "",
) -> None:
    """List what was sent back and is not settled by a new status, the oldest first."""
    settings = load()

    async def work() -> None:
        async with opened(settings) as (store, clock), store.work() as transaction:
            found = await transaction.open_returns(city=city, district=district)
            _echo(_board(found, clock.now()))

    _run(work)


@commands.command()
def code(
    unit: Annotated[str, typer.Argument(help="The unit's unified social credit code.")],
    name: Annotated[str, typer.Argument(help="The candidate's name.")],
    city: City,
    category: Annotated[str, typer.Option(help="Which, where the person has several.")] = "",
    notice: OfNotice = "",
) -> None:
    """Make a one-time code by which a candidate sees the own application."""
    settings = load()
    library = Library.load(*([settings.knowledge_dir] if settings.knowledge_dir else []))
    where = _scope(library, city, notice, "")

    async def work() -> None:
        async with opened(settings) as (store, clock), store.work() as transaction:
            units = {one.id: one.code for one in await transaction.roster(city=where.notice.header.city)}
            found = [
                one
                for one in await transaction.applications_of(notice=where.notice.id)
                if units.get(one.unit_id or 0) == unit and one.name == name and category in ("", one.category)
            ]
            if len(found) != 1:
                names = "、".join(one.category for one in found)
                raise typer.BadParameter(_LINES["several" if found else "nobody"].format(names=names))
            made = await transaction.issue_progress(
                application=found[0].id, issued_by="staff", now=clock.now()
            )
            _echo([_LINES["code"].format(name=name, category=found[0].category, code=made)])

    _run(work)


def _scope(library: Library, city: str, notice: str, district: str) -> comparison.Scope:
    found = comparison.scope(library, city=city, notice=notice, district=district)
    if isinstance(found, list):
        raise typer.BadParameter("\n".join(f"--{field}: {text}" for field, text in found))
    return found


def _meaning(text: str) -> tuple[str, str]:
    try:
        return listing.meaning(text)
    except ValueError as fault:
        raise typer.BadParameter(str(fault)) from None


def _moment(text: str) -> datetime:
    if moment := aware(text):
        return moment
    raise typer.BadParameter(WORDS.faults["exported_at"])


async def _listing(store: Store, data: bytes, meanings: dict[str, str]) -> Listing:
    """The list in a file; what was said of its columns is remembered."""
    async with store.work() as work:
        for heading, field in meanings.items():
            await work.name_heading(kind=KIND, heading=heading, field=field)
        known = await work.headings(kind=KIND)
    try:
        rows = await table.rows(data, most=listing.ROWS, letters=listing.LETTERS)
        return listing.read(rows, known)
    except table.Unreadable as fault:
        typer.echo(REFUSED[fault.reason], err=True)
        raise typer.Exit(1) from None


def _shown(found: Comparison, at: datetime, taken: Applied | None, *, apply: bool) -> Iterator[str]:
    if found.last:
        exported, last = (f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M}" for moment in (at, found.last))
        yield _LINES["older"].format(exported=exported, last=last)
    for sort in _SHOWN:
        rows = found.of(sort)
        if rows:
            yield _LINES["head"].format(sort=WORDS.sorts[sort], count=len(rows))
        yield from map(_row, rows)
    if found.proposals:
        yield _LINES["units"]
        for name, units in found.proposals.items():
            names = "、".join(f"{unit.name}（{unit.code}）" for unit in units)
            yield _LINES["unit"].format(
                unit=name, proposals=_LINES["propose"].format(names=names) if names else ""
            )
        yield _LINES["link"]
    if found.unknown:
        yield _LINES["unknown"].format(words="、".join(found.unknown))
    if found.categories:
        yield _LINES["categories"].format(words="、".join(found.categories))
    yield from _end(found, taken, apply=apply)


def _end(found: Comparison, taken: Applied | None, *, apply: bool) -> Iterator[str]:
    if not any(found.counts.values()):
        yield _LINES["nothing"]
    if taken:
        counts = "、".join(f"{WORDS.sorts[sort]} {n}" for sort, n in found.counts.items() if n)
        if counts:
            yield _LINES["applied"].format(counts=counts)
        yield _LINES["told"].format(units=taken.units, candidates=taken.candidates, unheard=taken.unheard)
    elif not apply and not found.last and not found.empty:
        yield _LINES["ask"]


def _row(found: comparison.Difference) -> str:
    row, before = found.row, found.before
    if found.sort is Sort.GONE:
        return _LINES["gone"].format(
            unit=row.unit_name, name=row.name, category=row.category, before=row.status
        )
    change = (
        _LINES["change"].format(before=before.status, after=row.status)
        if before and before.status != row.status
        else row.status
    )
    return _LINES["row"].format(
        number=found.number, unit=row.unit_name, name=row.name, category=row.category, change=change
    )


def _board(found: Iterable[Application], now: datetime) -> Iterator[str]:
    rows = list(found)
    yield _LINES["returns"].format(count=len(rows))
    for one in rows:
        assert one.returned_at is not None  # an open return has its day
        yield _LINES["return"].format(
            days=(now - one.returned_at).days,
            unit=one.unit_name,
            name=one.name,
            category=one.category,
            mended=_LINES["mended"] if one.mended_at else "",
            opinion=" ".join(one.opinion.split())[:_OPINION],
        )


def _echo(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)


def _run(work: Callable[[], Awaitable[None]]) -> None:
    async def body() -> None:
        await work()

    asyncio.run(body())
