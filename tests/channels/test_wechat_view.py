"""GET and POST /wechat over a real socket: what the client, the log and the counters see."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from bot.channels.contract import Report
from bot.channels.wechat import BODY_BYTES, routes
from handlers.contract import Incoming
from tests.channels.wechat_push import (
    APP_ID,
    OPENID,
    PLAIN,
    SEALED,
    SERVICE_NOW,
    encrypt,
    payload,
    query,
    safe,
    sealed,
    text_message,
)

Client = TestClient[web.Request, web.Application]
Logs = list[MutableMapping[str, Any]]


class Bot:
    """Stands where the conversation stands: keeps what it got, gives what it is told to."""

    def __init__(self) -> None:
        self.got: list[Incoming] = []
        self.told: list[Report] = []
        self.says: str | Exception | None = "好的"

    async def answer(self, incoming: Incoming) -> str | None:
        self.got.append(incoming)
        if isinstance(self.says, Exception):
            raise self.says
        return self.says

    async def report(self, report: Report) -> None:
        self.told.append(report)
        if isinstance(self.says, Exception):
            raise self.says


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def bot() -> Bot:
    return Bot()


@pytest.fixture(params=["sealed", "plain"])
async def client(request: pytest.FixtureRequest, bot: Bot) -> AsyncIterator[Client]:
    app = web.Application()
    channel = SEALED if request.param == "sealed" else PLAIN
    app.add_routes(routes(channel, bot.answer, bot.report, lambda: SERVICE_NOW))
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.fixture
async def safe_client(bot: Bot) -> AsyncIterator[Client]:
    app = web.Application()
    app.add_routes(routes(SEALED, bot.answer, bot.report, lambda: SERVICE_NOW))
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.fixture
def logs() -> Any:
    with capture_logs() as captured:
        yield captured


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("jiangwen_wechat_callbacks_total", {"outcome": outcome}) or 0.0


async def post(client: Client, push: tuple[dict[str, str], bytes]) -> tuple[int, str]:
    response = await client.post("/wechat", params=push[0], data=push[1])
    return response.status, await response.text()


async def test_url_verification(client: Client) -> None:
    response = await client.get("/wechat", params=query(now()) | {"echostr": "<b>4375120948345356249</b>"})
    assert (response.status, await response.text()) == (200, "<b>4375120948345356249</b>")
    assert response.content_type == "text/plain"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_nothing_is_echoed_without_a_signature(client: Client) -> None:
    for parameters in ({}, {"echostr": "x"}, query(now()) | {"echostr": "x", "signature": "0" * 40}):
        response = await client.get("/wechat", params=parameters)
        assert (response.status, await response.text()) == (403, "refused")


async def test_a_message_and_its_reply(safe_client: Client, bot: Bot) -> None:
    before = counted("answered")
    response = await safe_client.post(
        "/wechat", params=safe(text_message(), now())[0], data=safe(text_message())[1]
    )
    assert response.status == 403, "another envelope under the same signature"
    status, body = await post(safe_client, safe(text_message(), now()))
    assert status == 200
    assert body.startswith("<xml><Encrypt>")
    assert [(one.text, one.received_at, one.account) for one in bot.got] == [("hello", SERVICE_NOW, APP_ID)]
    assert counted("answered") == before + 1


@pytest.mark.parametrize("says", [None, ""])
async def test_nothing_to_say_is_success(safe_client: Client, bot: Bot, says: str | None) -> None:
    bot.says = says
    before = counted("silent")
    assert await post(safe_client, safe(payload("event_unsubscribe"), now())) == (200, "success")
    assert counted("silent") == before + 1


async def test_a_fault_behind_the_door_stays_there(safe_client: Client, bot: Bot, logs: Logs) -> None:
    bot.says = RuntimeError("planted hello")
    before = counted("failed")
    assert await post(safe_client, safe(payload("event_click"), now())) == (503, "later")
    assert counted("failed") == before + 1
    assert [line["event"] for line in logs] == ["wechat.failed"]
    assert logs[0]["fault"] == "RuntimeError"
    assert logs[0]["message_id"] == bot.got[0].message_id
    assert not any(secret in str(logs) for secret in ("planted", OPENID, "oTestOpenid"))


Push = Callable[[], tuple[dict[str, str], bytes]]
REFUSALS: dict[str, tuple[Push, int, str, str]] = {
    "another token": (
        lambda: (query(now()) | {"signature": "0" * 40}, b"<xml/>"),
        403,
        "refused",
        "bad_signature",
    ),
    "no parameters": (lambda: ({}, text_message().encode()), 403, "refused", "bad_signature"),
    "encryption stripped": (
        lambda: (query(now()), text_message("planted").encode()),
        403,
        "refused",
        "unsealed",
    ),
    "ten minutes old": (
        lambda: safe(text_message("planted"), now() - timedelta(minutes=10)),
        403,
        "refused",
        "stale",
    ),
    "too large": (
        lambda: (safe(text_message(), now())[0], b"x" * (BODY_BYTES + 1)),
        413,
        "refused",
        "too_large",
    ),
    "bad padding": (lambda: sealed(encrypt(text_message())[:-24], now()), 200, "success", "bad_envelope"),
    "another app id": (
        lambda: sealed(encrypt("planted", "wxanother"), now()),
        200,
        "success",
        "wrong_account",
    ),
    "broken message": (lambda: safe(text_message("planted")[:-9], now()), 200, "success", "bad_xml"),
    "json message": (lambda: safe('{"MsgType":"planted"}', now()), 200, "success", "bad_xml"),
    "entity message": (
        lambda: safe("<!DOCTYPE xml><xml>planted</xml>", now()),
        200,
        "success",
        "bad_xml",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_refusal_is_constant_counted_and_logged(
    safe_client: Client, bot: Bot, logs: Logs, name: str
) -> None:
    push, status, body, outcome = REFUSALS[name]
    before = counted(outcome)
    assert await post(safe_client, push()) == (status, body)
    assert counted(outcome) == before + 1
    assert logs == [{"event": "wechat.refused", "log_level": "warning", "outcome": outcome}]
    assert not bot.got


async def test_random_bytes_never_make_a_server_error(client: Client, bot: Bot) -> None:
    bodies = (bytes(range(256)), b"\0" * 999, b"<" * 999, b"\xff\xfe<xml/>", "<xml>é".encode("latin-1"))
    for body in bodies:
        for parameters in (query(now()), safe(text_message(), now())[0]):
            assert (await post(client, (parameters, body)))[0] in (200, 403)
    assert not bot.got


async def test_a_body_without_length_is_cut_off(client: Client, bot: Bot) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 * BODY_BYTES:
            sent += 1024
            yield b"x" * 1024

    response = await client.post("/wechat", params=query(now()), data=endless())
    assert response.status == 413
    assert sent < 100 * BODY_BYTES
    assert not bot.got


async def raw(port: int | None, head: str, body: bytes = b"", *, hang_up: bool = False) -> bytes:
    assert port is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"POST /wechat HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}\r\n\r\n".encode() + body)
    await writer.drain()
    answer = b"" if hang_up else await reader.read(2000)
    await asyncio.sleep(0.05 * hang_up)
    writer.close()
    return answer


async def test_a_length_that_lies(client: Client, bot: Bot) -> None:
    assert b" 413 " in await raw(client.port, f"Content-Length: {10**9}", b"x" * (BODY_BYTES + 1))
    assert not bot.got


async def test_a_client_that_hangs_up(bot: Bot) -> None:
    app = web.Application()
    app.add_routes(routes(SEALED, bot.answer, bot.report, lambda: SERVICE_NOW))
    runner = web.AppRunner(app, access_log=None)  # the test server cancels such a handler, this one does not
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    before = counted("broken")
    await raw(runner.addresses[0][1], "Content-Length: 100", b"x", hang_up=True)
    await runner.cleanup()
    assert counted("broken") == before + 1
    assert not bot.got


async def test_compressed_bodies(client: Client, bot: Bot) -> None:
    packed = gzip.compress(b"\0" * 1_000_000)
    head = f"Content-Encoding: gzip\r\nContent-Length: {len(packed)}"
    assert b" 413 " in await raw(client.port, head, packed)
    answer = await raw(client.port, "Content-Encoding: gzip\r\nContent-Length: 9", b"not gzip!")
    assert b" 400 " in answer
    assert answer.endswith(b"refused")
    assert not bot.got


async def test_only_get_and_post(client: Client) -> None:
    verbs: list[Callable[[str], Awaitable[Any]]] = [client.head, client.put, client.delete, client.patch]
    for verb in verbs:
        assert (await verb("/wechat")).status == 405
