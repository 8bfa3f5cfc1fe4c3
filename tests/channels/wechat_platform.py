"""A small server that answers as the platform does, or what it is told to, and what talks to it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web

from bot.channels.contract import Outcome
from bot.channels.wechat_api import WeChatApi

NOW = datetime(2024, 7, 1, 1, 30, 20, tzinfo=UTC)
SECRET = "planted-secret"
TOKEN, SEND = "/cgi-bin/stable_token", "/cgi-bin/message/custom/send"
CREATE, GET_MENU = "/cgi-bin/menu/create", "/cgi-bin/menu/get"
OK = {"errcode": 0, "errmsg": "ok"}
PATIENCE_S, HASTE_S = 30.0, 0.5
"""For all but `slow`, that a busy machine is not taken for a platform that fails; and for `slow`."""

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Platform:
    """Counts calls, keeps bodies, gives out numbered tokens; `says` holds answers that come first."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.bodies: list[tuple[str, bytes, dict[str, str]]] = []
        self.says: dict[str, list[Answer | dict[str, Any] | bytes | int]] = {}
        self.token = "planted-token-0"
        self.expires_in = 7200
        self.accepted = 0

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.calls[request.path] += 1
        self.bodies.append((request.path, await request.read(), dict(request.query)))
        if script := self.says.get(request.path):
            return await spoken(script.pop(0), request)
        if request.path == TOKEN:
            return web.json_response({"access_token": self.token, "expires_in": self.expires_in})
        if request.query.get("access_token") != self.token:
            return web.json_response({"errcode": 40001, "errmsg": "invalid credential rid: 6-7-8"})
        self.accepted += 1
        return web.json_response(OK)

    def turn_token(self) -> None:
        self.token = f"planted-token-{int(self.token[-1]) + 1}"


async def spoken(answer: Answer | dict[str, Any] | bytes | int, request: web.Request) -> web.StreamResponse:
    if isinstance(answer, dict):
        return web.json_response(answer)
    if isinstance(answer, bytes):
        return web.Response(body=answer, content_type="text/plain")
    if isinstance(answer, int):
        return web.Response(status=answer, text="<html>trouble</html>", content_type="text/html")
    return await answer(request)


class Shelf:
    """Shared in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, datetime]] = {}

    async def get(self, account: str) -> tuple[str, datetime] | None:
        return self.kept.get(account)

    async def put(self, account: str, token: str, expires_at: datetime) -> None:
        self.kept[account] = (token, expires_at)


async def slow(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(1.5 * HASTE_S)
    return web.json_response(OK)


async def cut(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def half(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b'{"errcode":')
    assert request.transport is not None
    request.transport.abort()
    return response


async def elsewhere(request: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": "/cgi-bin/trap"})


def client(base: str, shelf: Shelf | None = None, *, wait_s: float = PATIENCE_S) -> WeChatApi:
    timeout = aiohttp.ClientTimeout(total=2 * wait_s, connect=wait_s, sock_read=wait_s)
    return WeChatApi(app_id="wxid", app_secret=SECRET, api_base=base, shelf=shelf or Shelf(), timeout=timeout)


async def sent(api: WeChatApi, text: str = "你好") -> Outcome:
    return await api.send_text(recipient="oSomebody", text=text, now=NOW)
