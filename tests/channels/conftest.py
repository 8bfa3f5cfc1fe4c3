"""The small platform, running."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.channels.wechat_api import WeChatApi
from tests.channels.wechat_platform import HASTE_S, Platform, client


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
async def base(platform: Platform) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", platform.serve)
    server = TestServer(app)
    await server.start_server(access_log=None)
    yield str(server.make_url("")).rstrip("/")
    await server.close()


@pytest.fixture
async def api(base: str) -> AsyncIterator[WeChatApi]:
    made = client(base)
    yield made
    await made.aclose()


@pytest.fixture
async def hasty(base: str) -> AsyncIterator[WeChatApi]:
    made = client(base, wait_s=HASTE_S)
    yield made
    await made.aclose()
