"""The demo's town (`demo.yaml`): a staffed console, a roster, contacts who have bound, an export to import.

Everything is invented and made alike each time. The accounts have known passwords and second factors, which
is why they exist in a demo alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pyotp
import xlsxwriter
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.console.passwords import Argon
from bot.console.second import STEP_S, new_recovery, new_secret, recovery_hash
from bot.eve import Eve
from bot.invented import Application, Words, units_of
from bot.simulator import Template
from bot.stage import Stage
from knowledge.notice import CHINA
from store.scope import Scope

_TEMPLATES: Final = Path(__file__).parent / "pages" / "templates"
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CHUNK: Final = 100


class Town:
    """Peoples a stage, and shows the way in."""

    def __init__(self) -> None:
        self.words = Words.read()
        self._units = tuple(units_of(self.words))
        self._secrets = {account.login: new_secret() for account in self.words.accounts}
        self._clock = _real_now
        self._morning = _real_now()

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the service is set to beside the stage's own: a template for every kind of message."""
        card = self.words.card
        chosen = {"id": card.id, "fields": dict(card.fields), "otherwise": dict(card.otherwise)}
        return {"templates": {kind: {"template": chosen} for kind in self.words.kinds}}

    async def people(self, stage: Stage) -> None:
        """The template, the roster, the accounts, and what everybody did the day before."""
        card = self.words.card
        stage.simulator.templates.add(Template(id=card.id, title=card.title, content=card.content))
        self._clock = stage.service.clock.now
        self._morning = now = self._clock()
        store = stage.service.store
        for first in range(0, len(self._units), _CHUNK):
            async with store.work() as work:
                await work.take_roster(registrations=self._units[first : first + _CHUNK], now=now, keep=True)
        staff = await self._accounts(stage)
        export = self._list(lambda row: row.before)
        await Eve(stage, self.words, self._units, staff, export).play()

    def routes(self, service: str) -> list[web.RouteDef]:
        """The page with the accounts of `service` and their codes of the moment, and the files to import."""
        return [
            web.get("/town", partial(self._page, f"{service}/console")),
            web.get("/town/export.xlsx", self._export),
            web.get("/town/roster.xlsx", self._roster),
        ]

    async def _accounts(self, stage: Stage) -> dict[str, int]:
        """The accounts with their second factors; their numbers by login."""
        kept, staff = await Argon().hash(self.words.password), {}
        now = datetime.now(UTC)
        async with stage.service.store.work() as work:
            for account in self.words.accounts:
                staff[account.login] = await work.add_staff(
                    login=account.login,
                    name=account.name,
                    phone="",
                    role=account.role,
                    scope=Scope(city=account.city, districts=account.districts),
                    password_hash=kept,
                    password_due=False,
                    now=now,
                )
                await work.guard(
                    staff_id=staff[account.login],
                    secret=self._secrets[account.login],
                    step=0,
                    recovery=[recovery_hash(code) for code in new_recovery()],
                    now=now,
                    keep="",
                )
        return staff

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
            now=self._clock().astimezone(CHINA),
            changed=sum(row.status != row.before for row in self.words.applications),
            told=self.words.told.title,
            waits=self.words.waits.title,
            tail=self.words.tail,
            style=(_TEMPLATES / "page.css").read_text(encoding="utf-8"),
        )
        return web.Response(text=page, content_type="text/html")

    async def _export(self, request: web.Request) -> web.Response:
        return _file(self._list(lambda row: row.status))

    def _list(self, status: Callable[[Application], str]) -> bytes:
        """The applications with their statuses, those without one left out, as the platform exports them."""
        day = self._morning.astimezone(CHINA)
        rows = [
            (
                str(number),
                row.category,
                row.name,
                "",
                "",
                f"{day - timedelta(days=row.days):%Y-%m-%d} 09:{number:02d}:00",
                row.named or self._units[row.unit].name,
                "1",
                self._units[row.unit].department,
                str(number),
                status(row),
                row.opinion if status(row) in self.words.opinions else "",
            )
            for number, row in enumerate(self.words.applications, 1)
            if status(row)
        ]
        return _book([self.words.headings, *rows])

    async def _roster(self, request: web.Request) -> web.Response:
        """The roster as it was taken in, to be imported again or after a change."""
        rows = [
            (
                unit.name,
                unit.code,
                unit.city,
                unit.district,
                unit.street,
                unit.department,
                person.name,
                person.phone,
            )
            for unit in self._units
            for person in unit.people
        ]
        return _file(_book([self.words.roster, *rows]))


def _real_now() -> datetime:
    return datetime.now(UTC)


def _book(rows: Sequence[Sequence[str]]) -> bytes:
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                sheet.write_string(at, column, value)
    return file.getvalue()


def _file(data: bytes) -> web.Response:
    return web.Response(body=data, content_type=_XLSX)
