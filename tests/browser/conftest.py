"""A simulator with an account server behind it, and its page in one Chromium for all.

`site` starts the echo bot; tests of the real bot override it with their own `Site` and keep the rest.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, ViewportSize, async_playwright
from pytest_asyncio import fixture

from bot.simulator import Person, Simulator, app
from tests.browser.chromium import DESKTOP, PATIENCE_MS, PHONE, open_chromium
from tests.simulator.echo import EchoBot

APP_ID, TOKEN = "wx5a1c0d3f7e9b2846", "AAAAA"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
MENU = {
    "button": [
        {"name": "查资格", "type": "click", "key": "check"},
        {"name": "看通知", "sub_button": [{"name": "武汉工匠", "type": "click", "key": "wuhan"}]},
        {"name": "我的", "sub_button": [{"name": "官网", "type": "view", "url": "https://example.org/"}]},
    ]
}
Opener = Callable[[ViewportSize], Awaitable["Chat"]]


@dataclass(kw_only=True)
class Site:
    """Where the page is, and the simulator that serves it."""

    url: str
    simulator: Simulator
    bot: EchoBot | None = None

    @property
    def first(self) -> Person:
        return next(iter(self.simulator.people.values()))


class ServiceClock:
    """The clock endpoint that the demo's service offers."""

    def __init__(self) -> None:
        self.now, self.rate = datetime(2024, 7, 1, 1, 0, tzinfo=UTC), 1.0

    async def answer(self, request: web.Request) -> web.Response:
        wanted: dict[str, Any] = await request.json() if request.method == "POST" else {}
        self.now = datetime.fromisoformat(wanted.get("now", self.now.isoformat()))
        self.rate = wanted.get("rate", self.rate)
        return web.json_response({"now": self.now.isoformat(), "rate": self.rate})


@asynccontextmanager
async def echo_site() -> AsyncIterator[Site]:
    bot = EchoBot(token=TOKEN, aes_key=AES_KEY, app_id=APP_ID)
    service = bot.app()
    service.router.add_route("*", "/clock", ServiceClock().answer)
    async with TestServer(service) as server:
        simulator = Simulator(
            app_id=APP_ID,
            app_secret="8f14e45fceea167a5a36dedd4bea2543",
            token=TOKEN,
            aes_key=AES_KEY,
            callback_url=str(server.make_url("/wechat")),
            clock_url=str(server.make_url("/clock")),
        )
        simulator.menu.publish(MENU)
        async with TestServer(app(simulator)) as page:
            yield Site(url=str(page.make_url("/")), simulator=simulator, bot=bot)


@dataclass(kw_only=True)
class Chat:
    """The page as a person uses it."""

    page: Page
    troubles: list[str]

    async def say(self, text: str) -> None:
        await self.page.fill("#say", text)
        await self.page.press("#say", "Enter")

    async def bubbles(self, side: str) -> list[str]:
        return await self.page.locator(f".bubble[data-side={side}]").all_inner_texts()

    async def reply(self, count: int = 1) -> str:
        """What the account said last, once it has said `count` things."""
        bubbles = self.page.locator(".bubble[data-side=account]")
        await bubbles.nth(count - 1).wait_for()
        return await bubbles.last.inner_text()

    async def menu(self, *labels: str) -> None:
        if await self.page.locator("#to-menu").is_visible():
            await self.page.click("#to-menu")
        for label in labels:
            await self.page.locator("#menu").get_by_role("button", name=label, exact=True).click()

    async def become(self, nickname: str) -> None:
        if await self.page.locator("#back").is_visible():
            await self.page.click("#back")
        await self.page.locator("#people button", has_text=nickname).click()
        await self.page.locator("#who", has_text=nickname).wait_for()

    async def drawer(self) -> None:
        """Opens what stands beside the phone, where it is folded away."""
        if await self.page.locator("#more").is_visible():
            await self.page.click("#more")

    async def ready(self) -> None:
        await self.page.wait_for_selector("body:not(.waiting)")


@fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await open_chromium(playwright)
        yield browser
        await browser.close()


@fixture(loop_scope="session")
async def site() -> AsyncIterator[Site]:
    async with echo_site() as site:
        yield site


@fixture(loop_scope="session")
async def open_chat(browser: Browser, site: Site) -> AsyncIterator[Opener]:
    """Opens the page at a size; at the end nothing may have gone wrong in it."""
    chats: list[Chat] = []

    async def open_at(size: ViewportSize) -> Chat:
        context = await browser.new_context(viewport=size, locale="zh-CN", timezone_id="America/New_York")
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        chat = Chat(page=page, troubles=[])
        page.on("pageerror", lambda error: chat.troubles.append(str(error)))
        page.on("console", lambda line: chat.troubles.append(line.text) if line.type == "error" else None)
        page.on(
            "request",
            lambda sent: chat.troubles.append(sent.url) if not sent.url.startswith(site.url) else None,
        )
        chats.append(chat)
        await page.goto(site.url)
        await chat.ready()
        return chat

    yield open_at
    for chat in chats:
        await chat.page.context.close()
    assert [chat.troubles for chat in chats] == [[] for _ in chats]


@fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"], loop_scope="session")
async def chat(request: pytest.FixtureRequest, open_chat: Opener) -> Chat:
    return await open_chat(request.param)
