"""One request to the console, as a view sees it: who asks, what was typed, and how to answer."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final
from urllib.parse import quote, urlencode

from aiohttp import web
from jinja2 import Environment

from bot.console.form import Form, Upload
from bot.console.passwords import Passwords
from bot.console.post import PostOffice
from bot.console.roles import Permission, may
from bot.desk.gaps import Topics
from knowledge.lessons import Lesson, Tried
from knowledge.library import Library
from store.database import Store, Work
from store.reach import Kind
from store.records import Actor, Signed, Staff
from store.scope import EVERYWHERE, Scope

PROOF: Final = "form_proof"
"""The field of every form that proves, by the session's token, that the form is ours."""
_NUMBER_DIGITS: Final = 18


Trial = Callable[[Lesson, Sequence[Lesson], datetime], Awaitable[Tried]]
"""What a lesson would do beside those that are held, at a moment of service time."""


class Missing(Exception):
    """There is no such object, or it is outside the visitor's scope, which is the same: 404, and noted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What the views share. `now` is service time, `real_now` the time of sessions and of the audit log;
    `post` is what broadcasts go by, `kinds` are the kinds of message as the store judges them, `origin` where
    browsers find the service (empty: wherever they say), `secure` whether by https."""

    store: Store
    library: Library
    templates: Environment
    passwords: Passwords
    now: Callable[[], datetime]
    post: PostOffice
    real_now: Callable[[], datetime]
    trial: Trial
    topics: Topics
    origin: str
    rehearsal: bool
    kinds: Mapping[str, Kind]
    proxies: Sequence[IPv4Network | IPv6Network]

    @property
    def secure(self) -> bool:
        """Whether cookies may only travel by https."""
        return self.origin.startswith("https:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request that the guard has let through.

    `signed` is None on open pages; `cookie` is the session's id, or a visitor's without one; `leads` says
    whether this visitor may open a page of the console, by its path.
    """

    house: House
    request: web.Request
    signed: Signed | None
    cookie: str
    address: str
    leads: Callable[[str], bool]
    form: Form = field(default_factory=Form)
    files: Mapping[str, Upload] = field(default_factory=dict)

    @property
    def staff(self) -> Staff:
        """Who asks."""
        assert self.signed
        return self.signed.staff

    @property
    def scope(self) -> Scope:
        """What exists for this visitor: goes into every verb that reads or changes something of a place."""
        return self.staff.scope

    @property
    def actor(self) -> Actor:
        """Who is named in the audit log."""
        if self.signed is None:
            return Actor(staff_id=None, role="", address=self.address)
        return Actor(staff_id=self.staff.id, role=self.staff.role, address=self.address)

    @property
    def real_now(self) -> datetime:
        """Real time, by which sessions and the audit log go."""
        return self.house.real_now()

    @property
    def now(self) -> datetime:
        """Service time, by which everything else goes."""
        return self.house.now()

    @property
    def token(self) -> str:
        """What a form of this session carries; nobody finds the session's id by it."""
        return token_of(self.cookie)

    def work(self) -> AbstractAsyncContextManager[Work]:
        """One transaction; `record` what it does in the same one."""
        return self.house.store.work()

    def may(self, permission: Permission) -> bool:
        """Whether this visitor has a permission; the route's own has been checked."""
        return may(self.staff.role, permission)

    def number(self, name: str) -> int:
        """A number of the path; raises Missing for anything else."""
        text = self.request.match_info[name]
        if not (text.isascii() and text.isdecimal() and len(text) <= _NUMBER_DIGITS):
            raise Missing
        return int(text)

    async def record(
        self,
        work: Work,
        action: str,
        object: str = "",
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Note an act in the audit log, in the transaction that does it.

        `action` is a key of `words.yaml` (actions), `object` names a thing without personal values
        (`unit:7`); `before` and `after` are JSON values, kept sealed and erasable.
        """
        await work.record(
            actor=self.actor, at=self.real_now, action=action, object=object, before=before, after=after
        )

    def link(self, path: str, **query: str) -> str:
        """A page of the console, relative to this one: a proxy may have put us below a path of its own."""
        depth = self.request.path.count("/") - 1
        whole = "../" * depth + "console" + quote(path.rstrip("/"), safe="/?=&%+")
        return f"{whole}?{urlencode(query)}" if query else whole

    def at(self, path: str) -> bool:
        """Whether this page is, or lies below, a page of the menu."""
        here = self.request.path.removeprefix("/console") or "/"
        return here == path or (path != "/" and here.startswith(path + "/"))

    def query(self, name: str) -> str:
        """A value of the address; empty where it has none."""
        return self.request.query.get(name, "")

    @property
    def done(self) -> str:
        """What was done before this page (a key of `words.yaml`, done)."""
        return self.query("done")

    def page(self, template: str, *, status: int = 200, **values: Any) -> web.Response:
        """A page by its template; the layout's values are added."""
        text = self.house.templates.get_template(template).render(
            {"form": self.form, **values, "visit": self, "everywhere": EVERYWHERE}
        )
        return web.Response(text=text, status=status, content_type="text/html")

    def see(self, path: str, done: str = "", **query: str) -> web.Response:
        """After a form: on to a page, which says what was done (a key of `words.yaml`, done)."""
        location = self.link(path, **query, **({"done": done} if done else {}))
        return web.Response(status=303, headers={"Location": location})

    def download(self, data: bytes, name: str, content_type: str) -> web.Response:
        """A file to keep."""
        disposition = f"attachment; filename*=UTF-8''{quote(name)}"
        return web.Response(
            body=data, content_type=content_type, headers={"Content-Disposition": disposition}
        )


def token_of(cookie: str) -> str:
    """The form token of a session's id."""
    return hmac.new(cookie.encode(), b"form", "sha256").hexdigest()
