"""A simulator in front of a tiny account server, with both clocks in the test's hand."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import BaseTestServer, TestClient, TestServer

from bot.simulator import Person, Simulator, app
from tests.simulator.echo import EchoBot

APP_ID, SECRET, TOKEN = "wx5a1c0d3f7e9b2846", "8f14e45fceea167a5a36dedd4bea2543", "AAAAA"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"


class HandClock:
    """Stands still until a test moves it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass(kw_only=True)
class Platform:
    """The simulator, its HTTP side, and its two clocks."""

    simulator: Simulator
    client: TestClient[Any, Any]
    clock: HandClock
    wall: HandClock

    async def token(self) -> str:
        return str((await self.stable_token())["access_token"])

    async def stable_token(self, **more: Any) -> dict[str, Any]:
        body = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET, **more}
        return await answer(await self.client.post("/cgi-bin/stable_token", json=body))

    async def classic_token(self, **more: str) -> dict[str, Any]:
        query = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET, **more}
        return await answer(await self.client.get("/cgi-bin/token", params=query))

    async def call(
        self, path: str, body: object = None, *, token: str | None = None, **query: str
    ) -> dict[str, Any]:
        """One API call with a good token: POST if there is a body."""
        query["access_token"] = token or await self.token()
        if body is None:
            return await answer(await self.client.get(path, params=query))
        raw = body if isinstance(body, bytes) else encoded(body)
        return await answer(await self.client.post(path, params=query, data=raw))

    async def write(self, person: Person, text: str = "好", **more: object) -> int:
        body = {"touser": person.openid, "msgtype": "text", "text": {"content": text}, **more}
        return int((await self.call("/cgi-bin/message/custom/send", body))["errcode"])


def before(server: BaseTestServer, **more: Any) -> Simulator:
    """A simulator for the account whose server this is."""
    url = str(server.make_url("/wechat"))
    return Simulator(app_id=APP_ID, app_secret=SECRET, token=TOKEN, aes_key=AES_KEY, callback_url=url, **more)


def encoded(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


async def answer(response: ClientResponse) -> dict[str, Any]:
    assert response.status == 200
    found = await response.json(content_type=None)
    assert isinstance(found, dict)
    return found


@pytest.fixture
def bot() -> EchoBot:
    return EchoBot(token=TOKEN, aes_key=AES_KEY, app_id=APP_ID)


@pytest.fixture
async def platform(bot: EchoBot) -> AsyncIterator[Platform]:
    clock = HandClock(datetime(2024, 7, 1, 1, 0, tzinfo=UTC))
    wall = HandClock(datetime.now(UTC))
    async with TestServer(bot.app()) as server:
        simulator = before(server, clock=clock, wall=wall)
        async with TestClient(TestServer(app(simulator))) as client:
            yield Platform(simulator=simulator, client=client, clock=clock, wall=wall)
