"""The console as a whole: what its views share, and its routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network
from urllib.parse import urlsplit

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.console.guard import handlers
from bot.console.home import EDITION, TEMPLATES
from bot.console.passwords import Passwords
from bot.console.post import PostOffice
from bot.console.roles import must_be_guarded
from bot.console.visit import PROOF, House, Trial
from bot.console.words import WORDS
from bot.desk.gaps import Topics
from knowledge.library import Library
from knowledge.notice import CHINA
from store.database import Store
from store.reach import Kind


def console(
    store: Store,
    library: Library,
    now: Callable[[], datetime],
    post: PostOffice,
    *,
    trial: Trial,
    public_url: str,
    rehearsal: bool,
    kinds: Mapping[str, Kind],
    proxies: Sequence[IPv4Network | IPv6Network] = (),
    real_now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[web.RouteDef]:
    """The routes of the staff's pages below `/console`. `now` is service time; messages are judged by
    `kinds`; `trial` tries a lesson; `proxies` are believed when they say for whom they ask."""
    parts = urlsplit(public_url)
    house = House(
        store=store,
        library=library,
        templates=_templates(),
        passwords=Passwords(),
        now=now,
        post=post,
        trial=trial,
        topics=Topics(library.vocabulary),
        real_now=real_now,
        origin=f"{parts.scheme}://{parts.netloc}" if public_url else "",
        rehearsal=rehearsal,
        kinds=kinds,
        proxies=proxies,
    )
    return handlers(house)


def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.clear()
    environment.globals.update(words=WORDS, edition=EDITION, PROOF=PROOF, must_be_guarded=must_be_guarded)
    environment.filters["local"] = _local
    environment.filters["reason"] = _reason
    return environment


def _local(moment: datetime, form: str = "%Y-%m-%d %H:%M") -> str:
    """A moment as the clock on the wall shows it."""
    return moment.astimezone(CHINA).strftime(form)


def _reason(reason: str) -> str:
    """Why a delivery stands as it does, in plain words; the platform's own where there are none."""
    words: Mapping[str, str] = WORDS["reasons"]
    for part in (reason, reason.partition(":")[2], reason.partition(":")[0]):
        if part in words:
            return words[part]
    return str(WORDS["other"]).format(reason=reason)
