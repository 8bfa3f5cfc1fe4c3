"""`jiangwen units …`: rosters of units, their seats, invitations and what waits for staff."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import segno
import typer

from bot.app import NoShelf, wechat_of
from bot.commands.opened import opened
from bot.desk import imports, seating, table, units
from bot.desk.annotated import annotated
from bot.desk.units import REFUSED, WORDS, Book, Fault
from bot.settings import load
from handlers.alerts import Audience, Who
from knowledge.library import Library
from knowledge.notice import CHINA
from knowledge.registration import Flaw, unit_code
from store.database import Work
from store.records import CodePurpose
from store.rosters import Change, What
from store.units import Unit

commands = typer.Typer(no_args_is_help=True, help="Registered units, their contacts and their seats.")

BY: Final = "staff"
_SHOWN: Final = 50

Code = Annotated[str, typer.Argument(help="The unit's unified social credit code.")]
City = Annotated[str, typer.Option(help="The city; all of them otherwise.")]


@commands.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The roster: xlsx or csv.", exists=True, dir_okay=False)],
    city: Annotated[str, typer.Option(help="The city of all units, where no column names it.")] = "",
    out: Annotated[Path | None, typer.Option(help="Where the annotated copy of a faulty file goes.")] = None,
    without_faulty: Annotated[
        bool, typer.Option("--rows-without-faults", help="Take in the rows that have no fault.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")
    ] = False,
) -> None:
    """Take in a roster of units: every fault at once; what it changes is shown."""
    settings = load()
    library = Library.load(*([settings.knowledge_dir] if settings.knowledge_dir else []))
    rows, book = _read(file, library, city)
    if book.faults:
        _complain(file, out, rows, book)
        if not (without_faulty and book.usable):
            raise typer.Exit(1)

    async def work() -> None:
        async with opened(settings) as (store, clock):
            changes = await imports.take_in(store, book, now=clock.now(), keep=not dry_run)
        _show_changes(book, changes, dry_run=dry_run)

    _run(work)


@commands.command("list")
def list_(
    city: City = "",
    district: Annotated[str, typer.Option(help="The district; all of them otherwise.")] = "",
    name: Annotated[str, typer.Option(help="A part of the name.")] = "",
    limit: Annotated[int, typer.Option(help="How many at most.")] = 100,
) -> None:
    """List units with how many people their rosters name and how many seats are held."""

    async def act(work: Work, now: datetime) -> None:
        found = await work.units_of(city=city, district=district, name=name, limit=limit)
        _echo(f"{u.code}  {u.name}  {u.city} {u.district}  people {u.people}, seats {u.seats}" for u in found)

    _act(act)


@commands.command()
def show(code: Code) -> None:
    """Show a unit: people, seats and open codes, all masked, with the numbers that other commands take."""

    async def act(work: Work, now: datetime) -> None:
        unit = await _unit(work, code)
        _echo([f"{unit.code}  {unit.name}  {unit.city} {unit.district}  {unit.department}"])
        for person in await work.people_of(unit=unit.id):
            seated = "seated" if person.seated else "no seat"
            _echo([f"person {person.id}: {person.name} {person.phone} {person.email} ({seated})"])
        for seat in await work.seats_of(unit=unit.id):
            since = f"{seat.since.astimezone(CHINA):%Y-%m-%d %H:%M}"
            who = f"{seat.name} {seat.phone}".strip() or seat.sender
            _echo([f"seat {seat.id}: {who}, {seat.state}, by {seat.how}, since {since}"])
        for one in await work.open_codes(unit=unit.id, now=now):
            until = f"{one.expires_at.astimezone(CHINA):%Y-%m-%d %H:%M}"
            _echo([f"code: {one.purpose}, by {one.issued_by}, until {until}"])

    _act(act)


@commands.command()
def invite(
    code: Code,
    person: Annotated[int, typer.Option(help="For whom of the roster, as `show` numbers them.")] = 0,
    days: Annotated[int, typer.Option(help="For how many days.", min=1, max=30)] = 7,
    qr: Annotated[
        Path | None,
        typer.Option(help="A PNG file for the QR code (of the account, where there is one)."),
    ] = None,
) -> None:
    """Make a one-time invitation, which binds directly; it is shown once."""
    codes: list[str] = []

    async def act(work: Work, now: datetime) -> None:
        unit = await _unit(work, code)
        if person and person not in [one.id for one in await work.people_of(unit=unit.id)]:
            raise typer.BadParameter(f"no person {person} on the roster of {unit.name}")
        made = await work.issue_code(
            purpose=CodePurpose.INVITE,
            unit=unit.id,
            issued_by=BY,
            now=now,
            span=timedelta(days=days),
            person=person or None,
        )
        codes.append(made)
        _echo([f"{unit.name}: {made} (once, within {days} days)"])

    _act(act)
    if qr:
        content = asyncio.run(_scene(codes[0], days))
        segno.make(content, error="m").save(str(qr), kind="png", scale=10)


@commands.command()
def confirm(seat: Annotated[int, typer.Argument(help="The seat's number, as `show` has it.")]) -> None:
    """Confirm a provisional seat: its contact sees the unit's applicants from now on, and is told so."""

    async def act(work: Work, now: datetime) -> None:
        held = await work.confirm_seat(seat_id=seat, now=now)
        if held is None:
            raise typer.BadParameter(f"no provisional seat {seat}")
        await seating.tell(work, held, "confirmed", now)
        _echo([f"confirmed: seat {seat} of {held.name}"])

    _act(act)


@commands.command("remove-seat")
def remove_seat(seat: Annotated[int, typer.Argument(help="The seat's number, as `show` has it.")]) -> None:
    """End a seat; its contact and the unit's other contacts are told."""

    async def act(work: Work, now: datetime) -> None:
        held = await work.end_seat(seat_id=seat, by=BY, now=now)
        if held is None:
            raise typer.BadParameter(f"no seat {seat}")
        await seating.tell(work, held, "removed", now)
        others = Audience(who=Who.SEATS, id=held.unit, but=held.contact)
        await seating.post(work, held, "left", others, now)
        _echo([f"ended: seat {seat} of {held.name}"])

    _act(act)


@commands.command("remove-person")
def remove_person(
    person: Annotated[int, typer.Argument(help="The person's number, as `show` has it.")],
) -> None:
    """Erase somebody of a roster; a seat taken by their phone stays until it is removed."""

    async def act(work: Work, now: datetime) -> None:
        if not await work.remove_person(person=person, now=now):
            raise typer.BadParameter(f"no person {person}")
        _echo([f"erased: person {person}"])

    _act(act)


@commands.command()
def requests(city: City = "") -> None:
    """List bindings that wait for staff."""

    async def act(work: Work, now: datetime) -> None:
        for one in await work.seat_requests(city=city):
            at = f"{one.asked_at.astimezone(CHINA):%Y-%m-%d %H:%M}"
            unit = f"{one.name} ({one.district})" if one.unit else "no unit has this code"
            _echo([f"{one.id}: {at}  {one.code}  {unit}  {one.phone}"])

    _act(act)


@commands.command()
def decide(
    request: Annotated[int, typer.Argument(help="The request's number, as `requests` has it.")],
    grant: Annotated[bool, typer.Option("--grant/--refuse", help="Give a confirmed seat, or none.")],
    code: Annotated[
        str, typer.Option(help="The unit to seat them at, where another than they claimed.")
    ] = "",
) -> None:
    """Answer a binding that waits; whoever asked is told."""

    async def act(work: Work, now: datetime) -> None:
        waiting = {one.id: one for one in await work.seat_requests(limit=10_000)}
        if request not in waiting:
            raise typer.BadParameter(f"no request {request} waits")
        unit = await _unit(work, code or waiting[request].code) if grant else None
        decided = await work.decide(request=request, unit=unit.id if unit else None, now=now)
        if decided is None:
            raise typer.BadParameter(f"no request {request} waits")
        contact, held = decided
        if held:
            await seating.tell(work, held, "granted", now)
        else:
            await seating.refuse(work, contact, request, now)
        _echo([f"{'granted' if held else 'refused'}: request {request}"])

    _act(act)


@commands.command()
def notes(
    city: City = "",
    close: Annotated[int, typer.Option(help="Close the note of this number instead.")] = 0,
) -> None:
    """List what staff should know of units: bindings, guessing, units without a contact."""

    async def act(work: Work, now: datetime) -> None:
        if close:
            if not await work.close_note(note_id=close, now=now):
                raise typer.BadParameter(f"no open note {close}")
            _echo([f"closed: note {close}"])
            return
        for one in await work.notes(city=city):
            at = f"{one.noted_at.astimezone(CHINA):%Y-%m-%d %H:%M}"
            said = WORDS.notes.get(one.kind, one.kind)
            content = json.dumps(one.content, ensure_ascii=False)
            _echo([f"{one.id}: {at}  {one.city} {one.district}  {said}  {content}"])

    _act(act)


def _read(file: Path, library: Library, city: str) -> tuple[list[table.Row], Book]:
    try:
        rows = asyncio.run(table.rows(file.read_bytes(), most=units.ROWS, size=units.BYTES))
        return rows, units.read(library, rows, city)
    except table.Unreadable as fault:
        typer.echo(REFUSED[fault.reason], err=True)
        raise typer.Exit(1) from None


def _complain(file: Path, out: Path | None, rows: Sequence[table.Row], book: Book) -> None:
    target = out or file.with_name(f"{file.stem}-faults.xlsx")
    target.write_bytes(annotated(rows, book.faults))
    _echo(map(_fault, book.faults[:_SHOWN]))
    _echo([f"{len(book.faults)} faults in {book.rows} rows; all of them in {target}"])


async def _scene(code: str, days: int) -> str:
    """What a QR code of an invitation holds: the address of a scene, the code itself without an account."""
    settings = load()
    if not settings.has_wechat:
        return code
    async with contextlib.aclosing(wechat_of(settings, NoShelf())) as account:
        scene = code.replace("-", "")
        return (await account.api.create_code(scene, life=timedelta(days=days))).url


def _fault(fault: Fault) -> str:
    line = WORDS.lines["fault" if fault.row else "head"]
    return line.format(row=fault.row, column=fault.column, text=fault.text)


def _show_changes(book: Book, changes: Sequence[Change], *, dry_run: bool) -> None:
    counts = Counter(change.what for change in changes)
    telling = [change for change in changes if change.what not in (What.NEW_UNIT, What.NEW_PERSON)]
    for change in telling[:_SHOWN]:
        field = WORDS.titles.get(change.field, change.field)
        said = WORDS.changes[change.what].format(field=field, old=change.old, new=change.new)
        _echo([f"{change.code} {change.unit}  {said}"])
    if len(telling) > _SHOWN:
        _echo([f"… and {len(telling) - _SHOWN} more"])
    done = "would change" if dry_run else "changed"
    made = ", ".join(f"{what} {counts[what]}" for what in What if counts[what])
    _echo([f"{len(book.registrations)} units read; {done}: {made or 'nothing'}"])


async def _unit(work: Work, text: str) -> Unit:
    code = unit_code(text)
    if isinstance(code, Flaw):
        raise typer.BadParameter(f"{text} is no unified social credit code ({code})")
    unit = await work.unit(code=code)
    if unit is None:
        raise typer.BadParameter(f"no unit {code}; `jiangwen units list` has them")
    return unit


def _act(act: Callable[[Work, datetime], Awaitable[None]]) -> None:
    """One transaction on the database of the settings."""

    async def work() -> None:
        async with opened(load()) as (store, clock), store.work() as transaction:
            await act(transaction, clock.now())

    _run(work)


def _echo(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)


def _run(work: Callable[[], Awaitable[None]]) -> None:
    async def body() -> None:
        await work()

    asyncio.run(body())
