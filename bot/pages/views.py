"""What a person opens by link, below `/p/<token>`: HTML without scripts, kept by nobody on the way."""

from __future__ import annotations

import asyncio
import json
import secrets
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

from aiohttp import BodyPartReader, web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.desk import roster, table, workbook
from bot.desk.reader import ROWS
from bot.desk.words import WORDS
from bot.pages import feeds, result
from bot.pages.feed import MIME
from bot.pages.links import hashed
from bot.pages.subscribing import Door, policy
from knowledge.edition import Notice
from knowledge.library import Library
from knowledge.notice import CHINA
from store.database import Store
from store.records import Page, Purpose

_TEMPLATES: Final = Path(__file__).parent / "templates"
_STYLE: Final = (_TEMPLATES / "page.css").read_text(encoding="utf-8")
_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()

HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_UPLOAD_S: Final = 60
_AT_ONCE: Final = 2
_BESIDE_FILE: Final = 64 << 10
"""What a form may hold around its file."""


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.clear()
    environment.globals.update(style=_STYLE, told=result.told)
    return environment


class Pages:
    """The views; they read the store and the library and keep nothing."""

    def __init__(
        self,
        store: Store,
        library: Library,
        now: Callable[[], datetime],
        *,
        public_url: str,
        door: Door | None = None,
        subscribable: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._store = store
        self._public_url = public_url
        self._door = door
        self._subscribable = subscribable
        self._library = library
        self._now = now
        self._templates = _environment()
        self._room = asyncio.Semaphore(_AT_ONCE)

    def take(self, library: Library) -> None:
        """Go by these notices under another overlay."""
        self._library = library

    def routes(self) -> list[web.RouteDef]:
        """Where the pages are."""
        return [
            web.get("/p/{token}", self.show),
            web.get("/p/{token}/template.xlsx", self.template),
            web.get("/p/{token}/calendar.ics", self.calendar),
            web.post("/p/{token}", self.check),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """The page behind a token, whatever it is for."""
        page = await self._page(request)
        if page is None:
            return self._gone()
        if page.purpose is Purpose.RESULT:
            return self._result(page)
        if page.purpose is Purpose.ATTACHMENT:
            return await self._attachment(page)
        if page.purpose is Purpose.FEED:
            return self._calendar(request, page)
        if page.purpose is Purpose.REMIND:
            return await self._remind(request, page)
        notice = self._notice(page)
        return self._roster(request, page, notice) if notice else self._gone()

    async def template(self, request: web.Request) -> web.Response:
        """The empty roster."""
        page = await self._page(request)
        notice = self._notice(page) if page and page.purpose is Purpose.ROSTER else None
        if notice is None:
            return self._gone()
        return _download(workbook.template(self._library, notice), f"{WORDS.sheets['people']}.xlsx")

    async def calendar(self, request: web.Request) -> web.Response:
        """The feed of a calendar, by the name that programs expect."""
        page = await self._page(request)
        return self._calendar(request, page) if page and page.purpose is Purpose.FEED else self._gone()

    async def check(self, request: web.Request) -> web.Response:
        """The table of verdicts for the roster that is sent, in the same response."""
        page = await self._page(request)
        notice = self._notice(page) if page and page.purpose is Purpose.ROSTER else None
        if page is None or notice is None:
            return self._gone()
        try:
            data = await asyncio.wait_for(_uploaded(request), _UPLOAD_S)
            async with self._room:
                rows = await table.rows(data)
                found = await asyncio.to_thread(self._matrix, notice, rows)
        except (table.Unreadable, TimeoutError) as fault:
            reason = fault.reason if isinstance(fault, table.Unreadable) else "broken"
            return self._roster(request, page, notice, fault=WORDS.refused[reason])
        return _download(found, f"{WORDS.sheets['results']}.xlsx")

    async def _page(self, request: web.Request) -> Page | None:
        async with self._store.work() as work:
            return await work.page(token_hash=hashed(request.match_info["token"]), now=self._now())

    def _notice(self, page: Page) -> Notice | None:
        return self._library.notices.get(json.loads(page.content)["notice"])

    def _matrix(self, notice: Notice, rows: list[table.Row]) -> bytes:
        read = roster.read(self._library, notice, rows)
        return workbook.results(self._library, notice, read, self._now())

    def _roster(self, request: web.Request, page: Page, notice: Notice, *, fault: str = "") -> web.Response:
        return self._html(
            "roster.html",
            status=400 if fault else 200,
            header=notice.header,
            programmes=[self._library.programmes[r.programme][1].name for r in notice.criteria.rulesets],
            # relative: a proxy may have put us below a path of its own
            path=request.match_info["token"],
            rows=ROWS,
            megabytes=table.BYTES >> 20,
            fault=fault,
            expires_at=page.expires_at.astimezone(CHINA),
        )

    def _result(self, page: Page) -> web.Response:
        check = result.Check.read(page.content, self._library)
        if check is None:
            return self._gone()
        sheets = result.sheets(check, self._library, self._now())
        return self._html(
            "result.html",
            outcomes=self._library.vocabulary.outcomes,
            header=check.notice.header,
            sheets=sheets,
            choices=result.choices(check, sheets),
            unsure=check.unsure,
            cite=lambda cited: check.notice.citation(cited.clause),
            made_at=check.made_at.astimezone(CHINA),
            expires_at=page.expires_at.astimezone(CHINA),
            changed=check.knowledge != self._library.version,
        )

    async def _attachment(self, page: Page) -> web.Response:
        """The file of a broadcast, to be kept, never to be run by a browser."""
        async with self._store.work() as work:
            found = await work.attachment(file_id=json.loads(page.content)["file"])
        if found is None:
            return self._gone()
        name, content_type, data = found
        disposition = f"attachment; filename*=UTF-8''{quote(name)}"
        return web.Response(
            body=data, content_type=content_type, headers={**HEADERS, "Content-Disposition": disposition}
        )

    async def _remind(self, request: web.Request, page: Page) -> web.Response:
        """Where the person that it was made for allows a notice: WeChat leads them here with a code."""
        template_id = self._subscribable.get(json.loads(page.content)["kind"])
        if self._door is None or template_id is None:
            return self._gone()
        url = f"{self._public_url}/p/{request.match_info['token']}"
        if "code" not in request.query:
            return web.Response(status=302, headers={**HEADERS, "Location": self._door.way_in(url)})
        opener = await self._door.opener(request.query["code"])
        async with self._store.work() as work:
            owner = await work.page_owner(token_hash=page.token_hash)
        if opener is None or opener != owner:
            return self._html("remind.html", status=403, state="other" if opener else "nobody")
        config = await self._door.signed(f"{url}?{request.query_string}")
        if config is None:
            return self._html("remind.html", status=503, state="nobody")
        nonce = secrets.token_urlsafe(16)
        shown = self._html(
            "remind.html",
            state="ready",
            template_id=template_id,
            scripts=self._door.scripts,
            nonce=nonce,
            config={**config, "jsApiList": [], "openTagList": ["wx-open-subscribe"]},
        )
        shown.headers["Content-Security-Policy"] = policy(self._door.scripts, nonce)
        return shown

    def _calendar(self, request: web.Request, page: Page) -> web.Response:
        """Unchanged where the program has this one already."""
        try:
            found = feeds.shown(self._library, page.content)
        except KeyError:
            return self._gone()
        tag = sha256(found).hexdigest()
        headers = {**HEADERS, "Cache-Control": "private, no-cache", "ETag": f'"{tag}"'}
        if request.if_none_match and any(known.value in (tag, "*") for known in request.if_none_match):
            return web.Response(status=304, headers=headers)
        return web.Response(body=found, headers={**headers, "Content-Type": MIME})

    def _gone(self) -> web.Response:
        """The same for a token that never was and one that has expired: nobody learns which."""
        return self._html("gone.html", status=404)

    def _html(self, template: str, *, status: int = 200, **values: Any) -> web.Response:
        text = self._templates.get_template(template).render(values)
        return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)


async def _uploaded(request: web.Request) -> bytes:
    """The file of the form; raises Unreadable where there is none or it is too long."""
    if (request.content_length or 0) > table.BYTES + _BESIDE_FILE:
        raise table.Unreadable("size")
    if request.content_type != "multipart/form-data":
        raise table.Unreadable("none")
    data = bytearray()
    with suppress(ValueError):  # a form that breaks off
        part = await (await request.multipart()).next()
        if isinstance(part, BodyPartReader) and part.name == "file":
            while chunk := await part.read_chunk(1 << 16):
                data += chunk
                if len(data) > table.BYTES:
                    raise table.Unreadable("size")
    if not data:
        raise table.Unreadable("none")
    return bytes(data)


def _download(data: bytes, name: str) -> web.Response:
    disposition = f"attachment; filename=\"roster.xlsx\"; filename*=UTF-8''{quote(name)}"
    return web.Response(
        body=data, content_type=_XLSX, headers={**HEADERS, "Content-Disposition": disposition}
    )
