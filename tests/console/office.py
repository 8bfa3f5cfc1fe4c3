"""A console with its staff, and browsers at its door."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from html import unescape
from typing import Any

import pyotp
from aiohttp import ClientResponse, ClientSession, CookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from bot.console.console import console
from bot.console.passwords import Argon
from bot.console.post import PostOffice
from bot.console.second import STEP_S
from bot.console.session import hashed, new_id
from bot.console.visit import PROOF, token_of
from bot.dialogue import Dialogue
from bot.kinds import Kinds
from bot.learning import Trials
from bot.notification import Notifier
from bot.pages.links import PublicLinks
from knowledge.library import Library
from store.audit import AuditFilter
from store.database import Store
from store.records import Role
from store.scope import EVERYWHERE, Scope

NOON = datetime(2024, 7, 1, 4, 0, tzinfo=UTC)
PASSWORD = "three brown horses"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
DISTRICT = Scope("武汉", ("东西湖区",))
ELSEWHERE = Scope("无锡", ("惠山区",))


@cache
def library() -> Library:
    return Library.load()


@cache
def post_office() -> PostOffice:
    """Broadcasts as a service without templates sends them, with a word that gives pause."""
    return PostOffice(
        kinds=Kinds({}).without((), mail=True),
        notifier=Notifier(library()),
        links=PublicLinks("https://example.org"),
        sensitive=("保过",),
    )


class Remote:
    """A browser's connections to a service that runs elsewhere."""

    def __init__(self, url: str) -> None:
        self._url = URL(url)
        self.session = ClientSession(url, cookie_jar=CookieJar(unsafe=True))
        self.get, self.post = self.session.get, self.session.post

    def make_url(self, path: str) -> URL:
        return self._url.join(URL(path))


def trials() -> Trials:
    return Trials(Dialogue(library()))


@dataclass(kw_only=True)
class Office:
    """A console on a store, served here or at `url`; `now` is real time for it, and moves when a test moves
    it."""

    store: Store
    server: TestServer | None = None
    url: str = ""
    now: datetime = NOON
    password_hash: str = ""
    browsers: list[Browser] = field(default_factory=list)

    def at(self, path: str) -> str:
        """The address of a page."""
        return str(self.server.make_url(path)) if self.server else f"{self.url}{path}"

    def code(self, steps: int = 0) -> str:
        return pyotp.TOTP(SECRET).generate_otp(int(self.now.timestamp()) // STEP_S + steps)

    def pass_time(self, **span: float) -> None:
        self.now += timedelta(**span)

    async def staff(
        self, login: str, role: Role = Role.CLERK, scope: Scope = EVERYWHERE, **given: Any
    ) -> int:
        """An account with the password above; guarded by the secret above unless `guarded=False`."""
        guarded = given.pop("guarded", True)
        values = {"name": login, "phone": "", "password_due": False, **given}
        async with self.store.work() as work:
            staff_id = await work.add_staff(
                login=login,
                role=role,
                scope=scope,
                password_hash=self.password_hash,
                now=self.now,
                **values,
            )
            if guarded:
                await work.guard(staff_id=staff_id, secret=SECRET, step=0, recovery=[], now=self.now, keep="")
        return staff_id

    def browser(self) -> Browser:
        client: Remote | TestClient[web.Request, web.Application]
        if self.server is None:
            client = Remote(self.url)
        else:
            client = TestClient(self.server, cookie_jar=CookieJar(unsafe=True))
        self.browsers.append(Browser(office=self, client=client))
        return self.browsers[-1]

    async def enter(self, login: str) -> Browser:
        """A browser with a complete session of `login`, without the way there."""
        browser, session_id = self.browser(), new_id()
        async with self.store.work() as work:
            account = await work.staff_named(login=login)
            assert account
            await work.open_session(
                id_hash=hashed(session_id), staff_id=account.id, address="127.0.0.*", now=self.now
            )
            await work.renew_session(
                id_hash=hashed(session_id), new_hash=hashed(session_id), second_at=self.now
            )
        browser.client.session.cookie_jar.update_cookies(
            {"jiangwen": session_id}, URL(browser.client.make_url("/"))
        )
        return browser

    async def acts(self) -> list[tuple[str, str]]:
        """Actions and objects of the audit log, oldest first."""
        of = AuditFilter(since=self.now - timedelta(days=999), until=self.now + timedelta(days=999))
        async with self.store.work() as work:
            found = await work.recorded(scope=EVERYWHERE, of=of, limit=999)
        return [(entry.action, entry.object) for entry in reversed(found)]

    async def signed(self, login: str) -> Browser:
        """A browser in which `login` has signed in, with the second factor."""
        browser = self.browser()
        await browser.sign_in(login)
        if browser.url.endswith("/second"):
            self.pass_time(seconds=STEP_S)
            await browser.send("/console/second", code=self.code())
        return browser


@dataclass(kw_only=True)
class Browser:
    """Keeps cookies, follows redirects, and takes the token of a form from the page that it saw last."""

    office: Office
    client: Remote | TestClient[web.Request, web.Application]
    text: str = ""
    status: int = 0
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def token(self) -> str:
        """The token of the page seen last, else the one that its session's forms would have."""
        found = re.search(rf'name="{PROOF}" value="(\w+)"', self.text)
        return found[1] if found else token_of(self.cookie)

    @property
    def cookie(self) -> str:
        cookies = self.client.session.cookie_jar.filter_cookies(URL(self.client.make_url("/console")))
        return cookies["jiangwen"].value if "jiangwen" in cookies else ""

    @property
    def plain(self) -> str:
        """The page without its marks."""
        return unescape(re.sub(r"<[^>]+>", "", self.text))

    async def open(self, path: str | URL, **given: Any) -> str:
        async with self.client.get(path, **given) as answer:
            return await self._seen(answer)

    async def send(
        self,
        path: str,
        given: Mapping[str, str] | None = None,
        /,
        *,
        headers: Mapping[str, str] | None = None,
        follow: bool = True,
        **fields: Any,
    ) -> str:
        """Send a form, with the token of the page seen last unless another is given."""
        data = {PROOF: self.token, **(given or {}), **fields}
        async with self.client.post(path, data=data, headers=headers, allow_redirects=follow) as answer:
            return await self._seen(answer)

    async def sign_in(self, login: str, password: str = PASSWORD) -> str:
        await self.open("/console/login")
        return await self.send("/console/login", login=login, password=password)

    async def _seen(self, answer: ClientResponse) -> str:
        self.status, self.url, self.headers = answer.status, answer.url.path, answer.headers
        body = await answer.read()
        self.text = body.decode(errors="replace")
        return self.text


@asynccontextmanager
async def open_office(store: Store, public_url: str = "", **given: Any) -> AsyncIterator[Office]:
    app = web.Application()
    post = given.pop("post", None) or post_office()
    office: Office | None = None

    def now() -> datetime:
        assert office
        return office.now

    app.add_routes(
        console(
            store,
            library(),
            now,
            post,
            public_url=public_url,
            rehearsal=False,
            kinds=Kinds({}).without((), mail=False),
            trial=trials().trial,
            real_now=now,
            **given,
        )
    )
    server = TestServer(app)
    async with server:
        office = Office(store=store, server=server, password_hash=await Argon().hash(PASSWORD))
        yield office
        for browser in office.browsers:
            await browser.client.session.close()
