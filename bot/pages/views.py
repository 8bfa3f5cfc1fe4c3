"""What a person opens by link, below `/p/<token>`: HTML without scripts, kept by nobody on the way."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bot.pages import result
from bot.pages.links import hashed
from knowledge.library import Library
from knowledge.notice import CHINA
from store.database import Store
from store.records import Page

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
    environment.globals.update(style=Markup(_STYLE), told=result.told)  # noqa: S704 (our own file)
    return environment


class Pages:
    """The views; they read the store and the library and keep nothing."""

    def __init__(self, store: Store, library: Library, now: Callable[[], datetime]) -> None:
        self._store = store
        self._library = library
        self._now = now
        self._templates = _environment()

    def routes(self) -> list[web.RouteDef]:
        """Where the pages are."""
        return [web.get("/p/{token}", self.show)]

    async def show(self, request: web.Request) -> web.Response:
        """The page behind a token, whatever it is for."""
        page = await self._page(request)
        if page is None:
            return self._gone()
        return self._result(page)

    async def _page(self, request: web.Request) -> Page | None:
        async with self._store.work() as work:
            return await work.page(token_hash=hashed(request.match_info["token"]), now=self._now())

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
            cite=partial(result.citation, check.notice),
            made_at=check.made_at.astimezone(CHINA),
            expires_at=page.expires_at.astimezone(CHINA),
            changed=check.knowledge != self._library.version,
        )

    def _gone(self) -> web.Response:
        """The same for a token that never was and one that has expired: nobody learns which."""
        return self._html("gone.html", status=404)

    def _html(self, template: str, *, status: int = 200, **values: Any) -> web.Response:
        text = self._templates.get_template(template).render(values)
        return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)
