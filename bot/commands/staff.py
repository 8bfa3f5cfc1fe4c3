"""`jiangwen staff …`: the accounts of the console, where nobody can sign in yet or any more."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from bot.commands.opened import opened
from bot.console.passwords import Argon, fault, generated
from bot.console.staffing import LOGIN, WHOLE_CITY, places
from bot.settings import load
from knowledge.library import Library
from store.database import Store, Work
from store.records import Actor, Role, Staff
from store.scope import EVERYWHERE, Scope
from store.staff import LastAdministrator, LoginTaken

commands = typer.Typer(no_args_is_help=True, help="The accounts of the console.")

_TERMINAL: Final = Actor(staff_id=None, role="", address="terminal")

Login = Annotated[str, typer.Argument(help="The account's login.")]
Generate = Annotated[
    bool, typer.Option("--generate", help="Print a made password, to be changed at the first sign-in.")
]


@commands.command("add")
def add(
    login: Annotated[str, typer.Argument(help="2 to 32 small letters, digits, dots, dashes.")],
    name: Annotated[str, typer.Option(help="The person's name; the login while it is empty.")] = "",
    role: Annotated[Role, typer.Option(help="What the account may do.")] = Role.ADMIN,
    city: Annotated[str, typer.Option(help="The city that it sees; empty for every one.")] = "",
    district: Annotated[
        list[str] | None,
        typer.Option(help="A district that it sees, again for more; none for the whole city."),
    ] = None,
    generate: Generate = False,
) -> None:
    """Add an account; the first administrator is made here."""
    if not LOGIN.fullmatch(login):
        raise typer.BadParameter("a login is 2 to 32 of a-z, 0-9, dot, dash, underscore, a letter first")
    scope = _scope(role, city, tuple(district or ()))
    password = _password(login, generate=generate)

    async def work(store: Store) -> None:
        kept = await Argon().hash(password)
        async with store.work() as work:
            staff_id = await work.add_staff(
                login=login,
                name=name or login,
                phone="",
                role=role,
                scope=scope,
                password_hash=kept,
                password_due=generate,
                now=datetime.now(UTC),
            )
            await _record(work, "staff.added", staff_id)

    try:
        _with_store(work)
    except LoginTaken:
        raise typer.BadParameter(f"there is an account {login!r} already") from None
    _tell(login, password, generate=generate)


@commands.command("list")
def listed() -> None:
    """List the accounts with what they may do and see."""

    async def work(store: Store) -> None:
        async with store.work() as work:
            accounts = await work.staff_list(scope=EVERYWHERE)
        for one in accounts:
            typer.echo(f"{one.login}  {one.role}  {_place(one.scope)}  {_state(one)}")

    _with_store(work)


@commands.command("reset")
def reset(
    login: Login,
    generate: Generate = False,
    second: Annotated[bool, typer.Option("--second", help="Forget the second factor too.")] = False,
) -> None:
    """Give an account another password, and unlock it; its sessions end."""
    password = _password(login, generate=generate)

    async def work(store: Store) -> None:
        kept = await Argon().hash(password)
        async with store.work() as work:
            account = await _account(work, login)
            now = datetime.now(UTC)
            await work.set_password(staff_id=account.id, password_hash=kept, due=generate, now=now)
            await _record(work, "staff.password", account.id)
            if second:
                await work.unguard(staff_id=account.id, now=now)
                await _record(work, "staff.unguarded", account.id)

    _with_store(work)
    _tell(login, password, generate=generate)


@commands.command("disable")
def disable(login: Login) -> None:
    """Let an account sign in no more; its sessions end."""

    async def work(store: Store) -> None:
        async with store.work() as work:
            account = await _account(work, login)
            await work.disable_staff(staff_id=account.id, now=datetime.now(UTC))
            await _record(work, "staff.disabled", account.id)

    try:
        _with_store(work)
    except LastAdministrator:
        typer.echo(f"{login} is the last administrator of what it sees; add another one first", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{login} is disabled")


def _with_store(work: Callable[[Store], Awaitable[None]]) -> None:
    settings = load()

    async def body() -> None:
        async with opened(settings) as (store, _):
            await work(store)

    asyncio.run(body())


async def _account(work: Work, login: str) -> Staff:
    account = await work.staff_named(login=login)
    if account is None:
        raise typer.BadParameter(f"no account {login!r}; `jiangwen staff list` names them")
    return account


async def _record(work: Work, action: str, staff_id: int) -> None:
    await work.record(actor=_TERMINAL, at=datetime.now(UTC), action=action, object=f"staff:{staff_id}")


def _password(login: str, *, generate: bool) -> str:
    """A made password, or one that is typed twice and never shown."""
    if generate:
        return generated()
    password = unicodedata.normalize(
        "NFKC", typer.prompt("password", hide_input=True, confirmation_prompt=True)
    )
    if fault(password, login):
        raise typer.BadParameter(
            "a password has 12 to 128 signs, five different ones, not the login, and is no common one"
        )
    return password


def _scope(role: Role, city: str, districts: tuple[str, ...]) -> Scope:
    settings = load()
    known = places(Library.load(*([settings.knowledge_dir] if settings.knowledge_dir else [])))
    if city and city not in known:
        raise typer.BadParameter(f"no city {city!r}; there are {', '.join(known)}")
    if unknown := [district for district in districts if district not in known.get(city, ())]:
        raise typer.BadParameter(f"no district {unknown[0]!r} of {city or 'every city'}")
    if districts and role in WHOLE_CITY:
        raise typer.BadParameter(f"an account of the role {role} sees a whole city")
    return Scope(city, districts)


def _tell(login: str, password: str, *, generate: bool) -> None:
    if generate:
        typer.echo(f"{login}: {password}")
        typer.echo("shown this once; it has to be changed at the first sign-in")
    else:
        typer.echo(f"{login} may sign in")


def _place(scope: Scope) -> str:
    return f"{scope.city or '*'}/{','.join(scope.districts) or '*'}"


def _state(account: Staff) -> str:
    if account.disabled_at:
        return "disabled"
    if account.locked_until and account.locked_until > datetime.now(UTC):
        return "locked"
    return "guarded" if account.guarded else "password alone"
