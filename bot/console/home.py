"""The first page, and the files that every page uses."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Final

from aiohttp import web

from bot.console.visit import Visit

TEMPLATES: Final = Path(__file__).parent / "templates"
_STYLE: Final = (TEMPLATES / "console.css").read_text(encoding="utf-8")
_ICON: Final = (TEMPLATES / "icon.svg").read_text(encoding="utf-8")
_SCRIPT: Final = (TEMPLATES / "console.js").read_text(encoding="utf-8")
EDITION: Final = sha256((_STYLE + _SCRIPT + _ICON).encode()).hexdigest()[:12]
"""Part of these files' addresses, so that browsers keep them until they change."""
_KEPT: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


async def show(visit: Visit) -> web.Response:
    """Who one is and what one may do here."""
    return visit.page("home.html")


async def style(visit: Visit) -> web.Response:
    """The style of all pages."""
    return web.Response(text=_STYLE, content_type="text/css", headers=_KEPT)


async def script(visit: Visit) -> web.Response:
    """The script of all pages, which they can do without."""
    return web.Response(text=_SCRIPT, content_type="text/javascript", headers=_KEPT)


async def icon(visit: Visit) -> web.Response:
    """The sign of the console's tab."""
    return web.Response(text=_ICON, content_type="image/svg+xml", headers=_KEPT)
