"""Every command of the command line."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer

from bot import app as service_app
from bot import readiness
from bot.channels.wechat_client import ApiError
from bot.commands import calendar, figures, gaps, staff, status, units
from bot.commands.opened import entered_days
from bot.desk import roster, table, workbook
from bot.desk.words import WORDS
from bot.dialogue import Dialogue, Said
from bot.kinds import Kinds
from bot.moments import aware
from bot.settings import Settings, SettingsError, load
from bot.terminal import case_lines, clause_lines, coverage_lines, explained, programme_lines, year_lines
from handlers.contract import Incoming, Kind
from knowledge import cases, yaml_source
from knowledge.edition import Notice
from knowledge.faults import KnowledgeError
from knowledge.library import Library
from knowledge.notice import CHINA
from store import vault
from store.database import AlreadyOpen, Unavailable

_TERMINAL_BYTES = 1_000_000
MENU = Path(__file__).parent / "menu.yaml"

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
kb = typer.Typer(no_args_is_help=True, help="The knowledge: what the notices say.")
db = typer.Typer(no_args_is_help=True, help="The database.")
wechat = typer.Typer(no_args_is_help=True, help="The Official Account.")
cli.add_typer(kb, name="kb")
cli.add_typer(wechat, name="wechat")
cli.add_typer(db, name="db")
cli.add_typer(staff.commands, name="staff")
cli.add_typer(gaps.commands, name="gaps")
cli.command()(figures.figures)
cli.add_typer(status.commands, name="status")
cli.add_typer(units.commands, name="units")
cli.add_typer(calendar.calendar, name="calendar")
cli.add_typer(calendar.days, name="days")
cli.add_typer(calendar.durations, name="durations")

Folder = Annotated[Path | None, typer.Option("--dir", help="A folder of further notices.")]


@cli.command()
def serve() -> None:
    """Run the service: callbacks, outbox and sweeps in one process."""
    settings = load()
    _run(lambda: _serve(settings))


@cli.command()
def demo(
    port: Annotated[int, typer.Option(help="Port of the chat page; 0 takes a free one.")] = 8090,
    start: Annotated[str, typer.Option(help="When the demo's time starts.")] = "2024-07-01T09:00:00+08:00",
) -> None:
    """Run the bot and a WeChat simulator with a chat page."""
    moment = _moment(start)
    from bot import demo as demonstration  # noqa: PLC0415 — a service's start need not load the simulator

    _run(lambda: demonstration.run(port=port, start=moment))


@cli.command()
def rehearse(
    notice: Annotated[str, typer.Argument(help="The notice's id, as in `jiangwen check`.")],
    speed: Annotated[
        str, typer.Option(help="How fast it is shown: 1d/s, 12h/s; 0 waits for nothing.")
    ] = "1d/s",
    out: Annotated[
        Path | None, typer.Option(help="A folder for the table, as text and as a page with a time line.")
    ] = None,
    folder: Folder = None,
) -> None:
    """Play the season of a notice with invented people: who is told what, and when."""
    library = _library(folder)
    if notice not in library.notices:
        raise typer.BadParameter(f"no notice {notice!r}; there are {', '.join(library.notices)}")
    from bot import rehearse as rehearsal  # noqa: PLC0415 — as above

    pace = rehearsal.pace(speed)
    if pace is None:
        raise typer.BadParameter("--speed is like 1d/s or 12h/s, or 0")
    given = {"knowledge_dir": folder} if folder else {}
    played = asyncio.run(rehearsal.rehearse(library, library.notices[notice], pace=pace, **given))
    typer.echo(played.text())
    if out:
        out.mkdir(parents=True, exist_ok=True)
        _write(out / f"{notice}.txt", played.text().encode())
        _write(out / f"{notice}.html", played.page().encode())


@cli.command()
def ask(
    question: Annotated[list[str], typer.Argument(help="What is asked; several are one conversation.")],
    explain: Annotated[
        bool, typer.Option("--explain", help="Show the reading, the candidates and the facts.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer with its trace as JSON.")] = False,
    at: Annotated[str, typer.Option(help="Answer as of this time (ISO, with offset).")] = "",
    folder: Folder = None,
) -> None:
    """Answer a question, or a conversation of several."""
    dialogue = Dialogue(_library(folder, whole=False))
    now = _moment(at) if at else datetime.now(UTC)
    state: str | None = None
    for number, text in enumerate(question):
        said = _turn(dialogue, text, state, now, number)
        state = said.state
        if as_json:
            trace: dict[str, Any] = json.loads(said.trace)
            reading = explained(said.reading) if said.reading else None
            typer.echo(
                json.dumps(
                    {"text": said.text, "trace": trace, "reading": reading}, ensure_ascii=False, indent=2
                )
            )
            continue
        if explain and said.reading:
            typer.echo(json.dumps(explained(said.reading), ensure_ascii=False, indent=2))
        typer.echo(said.text or "")


@cli.command()
def chat(folder: Folder = None) -> None:
    """Talk to the bot in the terminal; an empty line ends it."""
    dialogue = Dialogue(_library(folder, whole=False))
    state: str | None = None
    number = 0
    while text := input("> ").strip():
        said = _turn(dialogue, text, state, datetime.now(UTC), number)
        state = said.state
        number += 1
        typer.echo(said.text or "")


@cli.command()
def check() -> None:
    """Say what a live account still needs, with the effective settings."""
    settings = load()
    library = _library(settings.knowledge_dir)
    typer.echo(f"knowledge {library.version}: {', '.join(library.notices)}")
    for name in Settings.model_fields:
        typer.echo(f"{name} = {getattr(settings, name)}")
    missing = (
        []
        if settings.has_wechat
        else ["JIANGWEN_WECHAT_APP_ID, _APP_SECRET, _TOKEN and _AES_KEY are not set"]
    )
    missing += asyncio.run(_faults(settings))
    if settings.rehearsal:
        missing.append("JIANGWEN_CLOCK_START is set: deadlines are reckoned from a rehearsal's time")
    if not settings.public_url:
        typer.echo("note: JIANGWEN_PUBLIC_URL is not set, so no link will be sent")
    today = (settings.clock_start or datetime.now(UTC)).astimezone(CHINA).date()
    for line in year_lines(library, today, entered_days(settings)):
        typer.echo(f"note: {line}")
    if not settings.has_mail:
        typer.echo("note: JIANGWEN_SMTP_HOST is not set, so no e-mail will be sent")
    for line in missing:
        typer.echo(f"live: {line}")
    raise typer.Exit(1 if missing else 0)


@cli.command("roster-template")
def roster_template(
    notice: Annotated[str, typer.Argument(help="The notice's id, as in `jiangwen check`.")],
    file: Annotated[Path, typer.Argument(help="The xlsx file to write.")],
    folder: Folder = None,
) -> None:
    """Write the empty roster of a notice, to be filled in."""
    library = _library(folder)
    _write(file, workbook.template(library, _notice(library, notice)))


@cli.command("check-roster")
def check_roster(
    file: Annotated[Path, typer.Argument(help="The roster: xlsx or csv.", exists=True, dir_okay=False)],
    notice: Annotated[str, typer.Option(help="The notice's id; told by the columns otherwise.")] = "",
    out: Annotated[Path | None, typer.Option(help="The xlsx file to write.")] = None,
    folder: Folder = None,
) -> None:
    """Hold a roster against a notice: a verdict for each person and programme, and every fault."""
    library = _library(folder)
    try:
        rows = asyncio.run(table.rows(file.read_bytes()))
        held = _notice(library, notice) if notice else roster.notice_of(library, rows)
        read = roster.read(library, held, rows)
    except table.Unreadable as fault:
        typer.echo(WORDS.refused[fault.reason], err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{held.id}: {len(read.people)} people, {len(read.faulty)} with faults")
    target = out or file.with_name(f"{file.stem}-checked.xlsx")
    _write(target, workbook.results(library, held, read, datetime.now(UTC)))


@kb.command("lint")
def kb_lint(folder: Folder = None) -> None:
    """Check every knowledge file; all faults at once."""
    library = _library(folder)
    facts = sum(len(part.facts) for n in library.notices.values() for part in (n, *n.relays))
    clauses = sum(len(part.clauses) for n in library.notices.values() for part in (n, *n.relays))
    counts = f"{len(library.notices)} notices, {clauses} clauses, {facts} facts"
    typer.echo(f"{counts}, no fault; version {library.version}")


@kb.command("show")
def kb_show(
    what: Annotated[
        str, typer.Argument(help="A programme's id or name, or a clause; nothing lists both.")
    ] = "",
    folder: Folder = None,
) -> None:
    """Show a programme's facts or a clause word for word."""
    library = _library(folder)
    lines = programme_lines(library, what) or clause_lines(library, what)
    if not lines:
        typer.echo(f"no programme or clause {what!r}; `jiangwen kb show` lists them", err=True)
        raise typer.Exit(1)
    typer.echo("\n".join(lines))


@kb.command("test")
def kb_test(
    cases_folder: Annotated[
        Path, typer.Argument(metavar="[FOLDER]", help="A folder of cases, a file for each programme.")
    ] = cases.FOLDER,
    folder: Folder = None,
) -> None:
    """Judge every case by the criteria; each that differs is shown."""
    library = _library(folder)
    results = [cases.judge(library, case) for case in cases.load(library, cases_folder)]
    typer.echo("\n".join(case_lines(results, library.vocabulary.outcomes)))
    raise typer.Exit(0 if all(result.passed for result in results) else 1)


@kb.command("coverage")
def kb_coverage(folder: Folder = None) -> None:
    """Name the clauses of the source texts that no fact cites."""
    typer.echo("\n".join(coverage_lines(_library(folder))))


@db.command("new-key")
def db_new_key() -> None:
    """Make a key for JIANGWEN_DATA_KEY, which seals personal values."""
    typer.echo(vault.new_key())


@wechat.command("menu")
def wechat_menu(
    show: Annotated[bool, typer.Option("--show", help="Print what is published instead.")] = False,
) -> None:
    """Publish the account's menu from bot/menu.yaml."""
    settings = load()
    if not settings.has_wechat:
        typer.echo("JIANGWEN_WECHAT_APP_ID, _APP_SECRET and _TOKEN must be set", err=True)
        raise typer.Exit(1)
    _run(lambda: _menu(settings, show=show))


async def _serve(settings: Settings) -> None:
    gc.disable()  # all that is built until it listens lives as long as the process: there is nothing to find
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(service_app.service(settings))
        port = await stack.enter_async_context(
            service_app.serving(service_app.application(parts), settings.host, settings.port)
        )
        if settings.metrics_port:
            metrics = service_app.metrics_application()
            await stack.enter_async_context(service_app.serving(metrics, "127.0.0.1", settings.metrics_port))
        gc.freeze()
        gc.enable()
        typer.echo(f"listening on http://{settings.host}:{port}; knowledge {parts.library.version}")
        await service_app.until_stopped()


async def _faults(settings: Settings) -> list[str]:
    found: list[str] = []
    if settings.has_wechat:
        async with contextlib.aclosing(service_app.wechat_of(settings, service_app.NoShelf())) as account:
            found += await readiness.template_faults(account.api, Kinds(settings.templates))
    if mail := service_app.mail_of(settings):
        found += await readiness.mail_faults(mail)
    return found


async def _menu(settings: Settings, *, show: bool) -> None:
    async with contextlib.aclosing(service_app.wechat_of(settings, service_app.NoShelf())) as account:
        if show:
            typer.echo(json.dumps(await account.api.menu(), ensure_ascii=False, indent=2))
            return
        await account.api.publish_menu(yaml_source.read(MENU).value)
        typer.echo("the menu is published; clients show it within five minutes")


def _moment(text: str) -> datetime:
    """An ISO time with an offset, as an option gives it."""
    if moment := aware(text):
        return moment
    raise typer.BadParameter("an ISO time with an offset, as 2024-07-01T09:00:00+08:00")


def _turn(dialogue: Dialogue, text: str, state: str | None, now: datetime, number: int) -> Said:
    incoming = Incoming(
        channel="terminal",
        account="terminal",
        sender="terminal",
        message_id=str(number),
        kind=Kind.TEXT,
        received_at=now,
        text=text.encode(errors="replace").decode(),
    )
    return dialogue.turn(incoming, state, limit_bytes=_TERMINAL_BYTES, real_seconds=60.0 * number)


def _notice(library: Library, notice: str) -> Notice:
    found = library.notices.get(notice)
    if found is None or not found.criteria.rulesets:
        known = ", ".join(n.id for n in library.notices.values() if n.criteria.rulesets)
        raise typer.BadParameter(f"no notice {notice!r} with criteria; there are {known}")
    return found


def _write(file: Path, data: bytes) -> None:
    try:
        file.write_bytes(data)
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be written: {error.strerror}") from None
    typer.echo(f"written: {file}")


def _library(folder: Path | None, *, whole: bool = True) -> Library:
    return Library.load(*([folder] if folder else []), whole=whole)


def _run(work: Callable[[], Awaitable[None]]) -> None:
    async def body() -> None:
        await work()

    asyncio.run(body())


def run() -> None:
    """Run the command that is typed; a fault that people can mend is printed without a traceback."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        cli()
    except (KnowledgeError, SettingsError, AlreadyOpen, Unavailable, ApiError) as error:
        typer.echo(str(error), err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
