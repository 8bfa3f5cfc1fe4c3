"""The demo's town (`demo.yaml`): a staffed console, a roster, contacts who have bound, an export to import.

Everything is invented and made alike each time. The accounts have known passwords and second factors, which
is why they exist in a demo alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from itertools import islice, product
from pathlib import Path
from typing import Any, Final

import pyotp
import xlsxwriter
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel, ConfigDict
from stdnum.cn import uscc

from bot.console.passwords import Argon
from bot.console.second import STEP_S, new_recovery, new_secret, recovery_hash
from bot.simulator import Template
from bot.stage import Stage
from knowledge import yaml_source
from store.records import CodePurpose, Role
from store.rosters import Listing, Registration
from store.scope import Scope

_FILE: Final = Path(__file__).with_name("demo.yaml")
_TEMPLATES: Final = Path(__file__).parent / "pages" / "templates"
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_HOLDS: Final = timedelta(days=7)
_CHUNK: Final = 100


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Place(_Row):
    """Where so many units are."""

    city: str
    notice: str
    prefix: str
    code: str
    districts: tuple[str, ...]
    units: int
    department: str


class Bound(_Row):
    """A contact who has bound a unit, and what they say then."""

    unit: int
    says: tuple[str, ...]


class Account(_Row):
    """An account of the console."""

    login: str
    name: str
    role: Role
    city: str
    districts: tuple[str, ...]


class Application(_Row):
    """A row of the platform's export."""

    category: str
    name: str
    unit: int
    at: str
    status: str
    opinion: str


class Card(_Row):
    """The one template of the simulator's account, and which line fills which field."""

    id: str
    title: str
    fields: Mapping[str, str]
    otherwise: Mapping[str, str]
    content: str


class Words(_Row):
    """All that the town is made of."""

    notices: tuple[Place, ...]
    heads: tuple[str, ...]
    trades: tuple[str, ...]
    tail: str
    surnames: tuple[str, ...]
    given: tuple[str, ...]
    phone: str
    bound: tuple[Bound, ...]
    agrees: str
    password: str
    accounts: tuple[Account, ...]
    roster: tuple[str, ...]
    headings: tuple[str, ...]
    applications: tuple[Application, ...]
    template: Card
    kinds: tuple[str, ...]


class Town:
    """Peoples a stage, and shows the way in."""

    def __init__(self) -> None:
        self.words = Words.model_validate(yaml_source.read(_FILE).value)
        self._units = tuple(_units(self.words))
        self._secrets = {account.login: new_secret() for account in self.words.accounts}

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the service is set to beside the stage's own: a template for every kind of message."""
        card = self.words.template
        chosen = {"id": card.id, "fields": dict(card.fields), "otherwise": dict(card.otherwise)}
        return {"templates": {kind: {"template": chosen} for kind in self.words.kinds}}

    async def people(self, stage: Stage) -> None:
        """The template, the roster, the accounts, and the contacts who bind."""
        card = self.words.template
        stage.simulator.templates.add(Template(id=card.id, title=card.title, content=card.content))
        now = stage.service.clock.now()
        store = stage.service.store
        for first in range(0, len(self._units), _CHUNK):
            async with store.work() as work:
                await work.take_roster(registrations=self._units[first : first + _CHUNK], now=now, keep=True)
        await self._accounts(stage)
        for bound in self.words.bound:
            await self._bind(stage, bound, now)

    def routes(self, service: str) -> list[web.RouteDef]:
        """The page with the accounts of `service` and their codes of the moment, and the files to import."""
        return [
            web.get("/town", partial(self._page, f"{service}/console")),
            web.get("/town/export.xlsx", self._export),
            web.get("/town/roster.xlsx", self._roster),
        ]

    async def _accounts(self, stage: Stage) -> None:
        kept = await Argon().hash(self.words.password)
        now = datetime.now(UTC)
        async with stage.service.store.work() as work:
            for account in self.words.accounts:
                staff_id = await work.add_staff(
                    login=account.login,
                    name=account.name,
                    phone="",
                    role=account.role,
                    scope=Scope(city=account.city, districts=account.districts),
                    password_hash=kept,
                    password_due=False,
                    now=now,
                )
                secret = self._secrets[account.login]
                await work.guard(
                    staff_id=staff_id,
                    secret=secret,
                    step=0,
                    recovery=[recovery_hash(code) for code in new_recovery()],
                    now=now,
                    keep="",
                )

    async def _bind(self, stage: Stage, bound: Bound, now: datetime) -> None:
        unit = self._units[bound.unit]
        async with stage.service.store.work() as work:
            kept = await work.unit(code=unit.code)
            assert kept is not None  # it was just taken in
            person = (await work.people_of(unit=kept.id))[0]
            code = await work.issue_code(
                purpose=CodePurpose.INVITE,
                unit=kept.id,
                issued_by="staff",
                now=now,
                span=_HOLDS,
                person=person.id,
            )
        phone = stage.simulator.person(f"{unit.people[0].name} {unit.name}", followed=False)
        await stage.simulator.follow(phone.openid)
        for words in (code, self.words.agrees, *bound.says):
            await stage.simulator.say(phone.openid, words)

    async def _page(self, console: str, request: web.Request) -> web.Response:
        left = STEP_S - int(time.time()) % STEP_S
        codes = {login: pyotp.TOTP(secret).now() for login, secret in self._secrets.items()}
        templates = Environment(
            loader=FileSystemLoader(_TEMPLATES), undefined=StrictUndefined, autoescape=True
        )
        page = templates.get_template("town.html").render(
            accounts=self.words.accounts,
            codes=codes,
            password=self.words.password,
            console=console,
            left=left,
            style=(_TEMPLATES / "page.css").read_text(encoding="utf-8"),
        )
        return web.Response(text=page, content_type="text/html")

    async def _export(self, request: web.Request) -> web.Response:
        rows = [
            (
                str(number),
                row.category,
                row.name,
                "",
                "",
                row.at,
                self._units[row.unit].name,
                "1",
                self._units[row.unit].department,
                str(number),
                row.status,
                row.opinion,
            )
            for number, row in enumerate(self.words.applications, 1)
        ]
        return _book([self.words.headings, *rows])

    async def _roster(self, request: web.Request) -> web.Response:
        """The roster as it was taken in, to be imported again or after a change."""
        rows = [
            (unit.name, unit.code, unit.city, unit.district, unit.department, person.name, person.phone)
            for unit in self._units
            for person in unit.people
        ]
        return _book([self.words.roster, *rows])


def _units(words: Words) -> Iterator[Registration]:
    """So many units for each place, with one contact each."""
    names = product(words.trades, words.heads)
    people = product(words.given, words.surnames)
    for place in words.notices:
        for number, (trade, head) in enumerate(islice(names, place.units)):
            district = place.districts[number % len(place.districts)]
            given, surname = next(people)
            body = f"{place.code}MA{number:07d}"
            yield Registration(
                code=body + uscc.calc_check_digit(body),
                name=f"{place.prefix}{head}{trade}{words.tail}",
                city=place.city,
                district=district,
                department=place.department.format(district=district),
                people=(Listing(name=surname + given, phone=f"{words.phone}{_number(place, number)}"),),
            )


def _number(place: Place, number: int) -> str:
    return f"{int(place.code[-4:]) % 10}{number:03d}"


def _book(rows: Sequence[Sequence[str]]) -> web.Response:
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                sheet.write_string(at, column, value)
    return web.Response(body=file.getvalue(), content_type=_XLSX)
