"""The simulator's HTTP side as one aiohttp application: the platform's API, the inspection, the page."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import yaml
from aiohttp import web

from bot.simulator.api import ALL
from bot.simulator.api.gate import Gate
from bot.simulator.api.oauth import AUTHORIZE, authorize
from bot.simulator.inspection import Inspection
from bot.simulator.simulator import Simulator

PAGE: Final = Path(__file__).parent / "page"
POLICY: Final = "default-src 'self'; img-src 'self' data:; frame-ancestors 'self'; base-uri 'none'"


def app(simulator: Simulator) -> web.Application:
    """Serves `simulator` and opens it while the application runs. An empty one gets the page's people."""
    words: dict[str, Any] = yaml.safe_load((PAGE / "words.yaml").read_text(encoding="utf-8"))

    async def opened(_: web.Application) -> AsyncIterator[None]:
        async with simulator:
            if not simulator.people:
                for person in words["people"]:
                    simulator.person(**person)
            yield

    async def end_streams(_: web.Application) -> None:
        simulator.stream.close()

    async def checked_anew(request: web.Request, response: web.StreamResponse) -> None:
        if request.path.startswith("/page/"):
            response.headers["Cache-Control"] = "no-cache"

    application = web.Application()
    application.on_response_prepare.append(checked_anew)
    application.cleanup_ctx.append(opened)
    application.on_shutdown.append(end_streams)
    application.add_routes(Gate(simulator, ALL).routes())
    application.add_routes(Inspection(simulator, words).routes())
    application.router.add_get(AUTHORIZE, authorize(simulator))
    application.router.add_get("/", _page("index.html"))
    application.router.add_get("/phones", _page("phones.html"))
    application.router.add_static("/page/", PAGE)
    return application


def _page(name: str) -> Callable[[web.Request], Awaitable[web.FileResponse]]:
    async def answer(_: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE / name, headers={"Content-Security-Policy": POLICY})

    return answer
