"""Puts the service together: settings in, a web application with its loops out."""

from __future__ import annotations

import asyncio
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import structlog
from aiohttp import web
from prometheus_client import generate_latest

from bot.api.status import StatusApi
from bot.channels.email import Email, Server
from bot.channels.wechat import BODY_BYTES, Account, WeChat, routes
from bot.channels.wechat_client import TokenShelf
from bot.channels.wechat_page import PageDoor
from bot.clock import Clock, ticking
from bot.console.console import console
from bot.console.post import PostOffice
from bot.conversation import Conversation
from bot.delivery import Delivery
from bot.desk.broadcast import sensitive_words
from bot.desk.tickets import Watch
from bot.dialogue import Dialogue
from bot.kinds import Kinds
from bot.learning import Trials
from bot.notification import Notifier
from bot.overlays import Overlays
from bot.pages.links import PublicLinks
from bot.pages.views import Pages
from bot.pushes import Pushes
from bot.reports import Reports
from bot.settings import SQLITE, Settings
from bot.ticks import Reminding
from bot.wording import Wording
from knowledge.library import Library
from store.database import Store, Unavailable
from store.records import Token
from store.vault import Vault, vault_of

_log = structlog.get_logger(__name__)

_WAITING_TOO_LONG = timedelta(minutes=15)
_PURGE_S = 3600.0
_FIRST_PORT, _PORTS = 20_000, 12_000
_LAST_YEAR, _FASTEST = 2200, 1_000_000


@dataclass(frozen=True)
class Service:
    """The parts of a running service."""

    settings: Settings
    library: Library
    store: Store
    clock: Clock
    overlays: Overlays
    dialogue: Dialogue
    conversation: Conversation
    delivery: Delivery
    reports: Reports
    post: PostOffice
    wechat: WeChat | None
    reminding: Reminding
    loops: Sequence[Callable[[], Awaitable[None]]] = ()


class Shelf:
    """The access tokens of all processes, in the database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, account: str) -> tuple[str, datetime] | None:
        """The kept token with its expiry (real time)."""
        with suppress(Unavailable):
            async with self._store.work() as work:
                token = await work.token(account=account)
            return (token.access_token, token.expires_at) if token else None
        return None

    async def put(self, account: str, token: str, expires_at: datetime) -> None:
        """Keeps a new token."""
        with suppress(Unavailable):
            async with self._store.work() as work:
                await work.keep_token(token=Token(account=account, access_token=token, expires_at=expires_at))


class NoShelf:
    """For a command that needs a token once and has no store."""

    async def get(self, account: str) -> None:
        """Never a kept one."""

    async def put(self, account: str, token: str, expires_at: datetime) -> None:
        """Keeps nothing."""


def wechat_of(settings: Settings, shelf: TokenShelf) -> WeChat:
    """The configured Official Account's door."""
    account = Account(
        app_id=settings.wechat_app_id,
        app_secret=settings.wechat_app_secret.get_secret_value(),
        token=settings.wechat_token.get_secret_value(),
        aes_key=settings.wechat_aes_key.get_secret_value(),
        api_base=settings.wechat_api_base,
    )
    return WeChat(account, shelf=shelf)


def mail_of(settings: Settings) -> Email | None:
    """The configured mail server; None where there is none."""
    if not settings.has_mail:
        return None
    server = Server(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.smtp_from,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value(),
        tls=settings.smtp_tls,
    )
    return Email(server)


@asynccontextmanager
async def service(settings: Settings) -> AsyncIterator[Service]:
    """Every part, opened in order and closed in the opposite one."""
    library = Library.load(*([settings.knowledge_dir] if settings.knowledge_dir else []), whole=False)
    async with AsyncExitStack() as stack:
        store = await Store.open(settings.database_url.get_secret_value(), vault_for(settings))
        stack.push_async_callback(store.close)
        clock = await Clock.open(store, settings)
        wechat = wechat_of(settings, Shelf(store)) if settings.has_wechat else None
        if wechat:
            stack.push_async_callback(wechat.aclose)
        channels = {f"{wechat.name}:{wechat.account}": wechat} if wechat else {}
        wording = Wording()
        kinds, notifier = Kinds(settings.templates), Notifier(library, wording)
        pushes = Pushes(kinds, notifier, mail_of(settings))
        links = PublicLinks(settings.public_url) if settings.public_url else None
        post = PostOffice(
            kinds=kinds.without((), mail=settings.has_mail),
            notifier=notifier,
            links=links,
            sensitive=sensitive_words(settings.sensitive_words),
        )
        delivery = Delivery(store, channels, clock.now, pushes=pushes)
        dialogue = Dialogue(library, wording, links=links, kept_days=settings.retention_days)
        overlays = await Overlays.open(store, library, dialogue.take, notifier.take)
        conversation = Conversation(
            store,
            dialogue,
            limits={"wechat": wechat.limits.text_bytes} if wechat else {},
            clock=clock.now,
            late=delivery.wake,
            kinds=pushes.kinds,
        )
        reminding = Reminding(store, library, clock.now, delivery.wake)
        loops = [
            conversation.run,
            overlays.run,
            delivery.run,
            Watch(store, clock.now).run,
            lambda: clock.follow(store),
            lambda: ticking({"reminders": reminding.sweep}),
            lambda: _purge(store, clock, settings),
        ]
        reports = Reports(store, clock.now, kinds.lasting)
        yield Service(
            settings,
            library,
            store,
            clock,
            overlays,
            dialogue,
            conversation,
            delivery,
            reports,
            post,
            wechat,
            reminding,
            loops,
        )
        await delivery.stop()


def vault_for(settings: Settings) -> Vault | None:
    """What seals personal values: by the settings' key, else by the one beside the SQLite file."""
    address = settings.database_url.get_secret_value().removeprefix(SQLITE)
    beside = None if settings.has_postgres else Path(f"{address}.key")
    return vault_of(settings.data_key.get_secret_value(), beside)


async def _purge(store: Store, clock: Clock, settings: Settings) -> None:
    """Erases conversation texts and pages past their time, until cancelled."""
    while True:
        try:
            async with store.work() as work:
                erased = await work.purge(now=clock.now(), days=settings.retention_days)
                erased += await work.purge_pages(now=clock.now())
                erased += await work.purge_sessions(now=datetime.now(UTC))
                erased += await work.purge_addresses(now=datetime.now(UTC))
                erased += await work.purge_drafts(now=datetime.now(UTC))
            if erased:
                continue
        except Exception:
            _log.exception("old texts could not be erased", action="purge_failed")
        await asyncio.sleep(_PURGE_S)


def application(parts: Service) -> web.Application:
    """The routes of the service; its loops run while the application does."""
    app = web.Application(client_max_size=BODY_BYTES)
    app.add_routes([web.get("/healthz", _healthy), web.get("/readyz", partial(_ready, parts))])
    if parts.wechat:
        app.add_routes(routes(parts.wechat, parts.conversation.answer, parts.reports.take, parts.clock.now))
    if parts.settings.public_url:
        app.add_routes(_pages(parts).routes())
    app.add_routes(
        console(
            parts.store,
            parts.library,
            parts.clock.now,
            parts.post,
            trial=Trials(parts.dialogue).trial,
            public_url=parts.settings.public_url,
            rehearsal=parts.settings.rehearsal,
            proxies=parts.settings.proxies,
            kinds=Kinds(parts.settings.templates).without((), mail=parts.settings.has_mail),
        )
    )
    if parts.settings.api_keys:
        secrets = {name: secret.get_secret_value() for name, secret in parts.settings.api_keys.items()}
        app.add_routes(StatusApi(parts.store, parts.library, parts.clock.now, secrets).routes())
    if parts.settings.rehearsal:
        app.add_routes(
            [
                web.get("/rehearsal/clock", partial(_clock, parts)),
                web.post("/rehearsal/clock", partial(_set_clock, parts)),
            ]
        )
    app.cleanup_ctx.append(lambda _: _running(parts))
    return app


def _pages(parts: Service) -> Pages:
    settings, wechat = parts.settings, parts.wechat
    ways = settings.templates.items()
    pages = Pages(
        parts.store,
        parts.library,
        parts.clock.now,
        public_url=settings.public_url,
        door=PageDoor(wechat.api, wechat.account, settings.wechat_api_base) if wechat else None,
        subscribable={kind: chosen["subscribe"].id for kind, chosen in ways if "subscribe" in chosen},
    )
    parts.overlays.inform(pages.take)
    return pages


async def _running(parts: Service) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(loop()) for loop in parts.loops]
    yield
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _healthy(request: web.Request) -> web.Response:
    return web.json_response({"alive": True})


async def _ready(parts: Service, request: web.Request) -> web.Response:
    """The database answers, the knowledge is loaded, and nothing waits in the outbox for too long."""
    try:
        async with parts.store.work() as work:
            oldest = await work.oldest_waiting()
    except Exception:
        _log.exception("the database does not answer", action="not_ready")
        return web.json_response({"ready": False, "database": False}, status=503)
    waited = (parts.clock.now() - oldest) if oldest else timedelta()
    ready = waited < _WAITING_TOO_LONG
    state = {
        "ready": ready,
        "knowledge": parts.library.version,
        "oldest_waiting_s": max(0, int(waited.total_seconds())),
    }
    return web.json_response(state, status=200 if ready else 503)


async def _clock(parts: Service, request: web.Request) -> web.Response:
    return web.json_response({"now": parts.clock.now().isoformat(), "rate": parts.clock.rate})


async def _set_clock(parts: Service, request: web.Request) -> web.Response:
    """Moves service time; only a rehearsal has this route, and only this machine may use it."""
    if not (request.remote and request.remote in ("127.0.0.1", "::1")):
        raise web.HTTPForbidden
    try:
        wanted = await request.json()
        now = datetime.fromisoformat(wanted["now"]) if "now" in wanted else parts.clock.now()
        rate = float(wanted.get("rate", parts.clock.rate))
        if now.tzinfo is None or not 2000 <= now.year <= _LAST_YEAR or not 0 <= rate <= _FASTEST:
            raise ValueError
    except (ValueError, TypeError, KeyError, AttributeError):
        error = (
            "now: an ISO time with offset, 2000 to 2200; rate: service seconds in a real second, 0 to 1000000"
        )
        return web.json_response({"error": error}, status=400)
    await parts.clock.set(parts.store, now=now, rate=rate)
    return await _clock(parts, request)


def metrics_application() -> web.Application:
    """Prometheus figures, for a port of their own on the loopback."""

    async def metrics(request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), content_type="text/plain", charset="utf-8")

    app = web.Application()
    app.add_routes([web.get("/metrics", metrics)])
    return app


@asynccontextmanager
async def serving(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """The application on a port (0: any free one), which it gives."""
    # no access log: a callback's query holds the openid; no decompression: the platform sends none
    runner = web.AppRunner(app, access_log=None, auto_decompress=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def until_stopped() -> None:
    """Returns when the process is told to end (SIGTERM, SIGINT)."""
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    await stopped.wait()


def free_port() -> int:
    """A port of the loopback that nobody listens on now, of those that the system gives to no connection: it
    is still free when it is to be listened on."""
    while True:
        port = _FIRST_PORT + secrets.randbelow(_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
