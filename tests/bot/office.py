"""A post office for tests: a store, the real door of an account, and the simulator behind its real wire.

The words are of a handler that only tests have, `memo`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from sqlalchemy import insert

from bot import app as service_app
from bot.announce import announce
from bot.app import Shelf
from bot.channels.contract import Mail
from bot.channels.wechat import Account, WeChat, routes
from bot.delivery import Delivery
from bot.kinds import Kinds
from bot.lanes import PACE, Pace
from bot.notification import Notifier
from bot.pushes import Pushes
from bot.reports import Reports
from bot.settings import Settings
from bot.simulator import Mode, Simulator, Template, TemplateKind, Trigger
from bot.simulator import app as simulator_app
from bot.wording import Wording
from handlers.alerts import Alert, Audience, Sending, Told, Who
from handlers.contract import Incoming
from knowledge.library import Library
from store.database import Store
from store.schema import consents, deliveries
from tests.databases import VAULT
from tests.store.scene import Mind, event, message, rows
from tests.wire import AES_KEY, APP_ID, APP_SECRET, TOKEN

NOW = datetime.fromisoformat("2024-07-01T10:00:00+08:00")
WORDS = Path(__file__).with_name("words")
LIBRARY = Library.load()
WHEN = "2024年7月5日 17:00"
FIELDS = {"subject": "thing1", "when": "time2", "state": "phrase3"}
TEMPLATES: Mapping[str, Any] = {
    "reminder": {
        "template": {"id": "tmpl", "fields": FIELDS, "otherwise": {"phrase3": "见详情"}},
        "subscribe": {"id": "once", "fields": {"subject": "thing1"}},
    }
}
CONTENT = "主题：{{thing1.DATA}}\n时间：{{time2.DATA}}\n状态：{{phrase3.DATA}}\n"
FORMS = (
    Template(id="tmpl", title="提醒", content=CONTENT),
    Template(id="once", title="提醒", content="主题：{{thing1.DATA}}\n", kind=TemplateKind.ONCE),
)


class Memo:
    """Says what its values say."""

    name = "memo"

    def tell(self, sending: Sending) -> Told:
        usual = {"subject": "区级截止", "body": "还有 3 天", "when": WHEN, "state": "待申报"}
        return Told(values={**usual, "unit": sending.unit, **sending.values}, facts=("wuxi-2024/x",))


def pushes(kinds: Kinds | None = None, mail: Mail | None = None) -> Pushes:
    """As the service has them, but with the words of `memo`."""
    chosen = kinds or Kinds(Settings(templates=TEMPLATES).templates)
    return Pushes(chosen, Notifier(LIBRARY, Wording(WORDS), [Memo()]), mail)


def door(api_base: str, store: Store) -> WeChat:
    """The account that the simulator plays."""
    account = Account(app_id=APP_ID, app_secret=APP_SECRET, token=TOKEN, aes_key=AES_KEY, api_base=api_base)
    return WeChat(account, shelf=Shelf(store))


@dataclass
class Office:
    """What stands between an alert and a phone; `now` is service time, of both sides."""

    store: Store
    simulator: Simulator
    channel: WeChat
    reports: Reports
    api_base: str
    mail: Mail | None = None
    kinds: Kinds | None = None
    now: datetime = field(default=NOW)

    async def reopen(self, url: str) -> None:
        """The same office with the store opened anew, after others have had it."""
        await self.channel.aclose()
        self.store = await Store.open(url, VAULT)
        self.channel = door(self.api_base, self.store)

    async def close(self) -> None:
        """Close the store, as if the process had ended."""
        await self.channel.aclose()
        await self.store.close()

    def delivery(self, pace: Pace = PACE) -> Delivery:
        """An outbox loop of its own."""
        channels = {f"{self.channel.name}:{self.channel.account}": self.channel}
        return Delivery(self.store, channels, lambda: self.now, pace, pushes(self.kinds, self.mail))

    async def person(self, openid: str = "", *, writes: bool = False, consents_to: str = "push") -> int:
        """A follower, who has written something or not; the number of their contact."""
        openid = openid or f"o{len(self.simulator.people):027d}"
        person = self.simulator.person(openid=openid)
        mind = Mind(silent=True)
        where: dict[str, Any] = {"account": APP_ID, "sender": openid, "received_at": self.now}
        await self.store.turn(event("subscribe", f"s{openid}", **where), mind, passive=lambda: True)
        if writes:
            person.opens(Trigger.MESSAGE, self.simulator.clock())
            await self.store.turn(message(f"m{openid}", **where), mind, passive=lambda: True)
        contact = mind.seen[0].contact.id
        if consents_to:
            given = {"purpose": consents_to, "version": "1", "given_at": self.now}
            async with self.store.work() as work:
                await work.do(
                    lambda session: session.run(insert(consents).values(contact_id=contact, **given))
                )
        self.now += timedelta(minutes=2)  # what following opened has closed
        return contact

    async def post(self, *contacts: int, occasion: str = "near:1", **changes: Any) -> None:
        """A reminder to each."""
        for contact in contacts:
            alert = Alert(
                kind="reminder",
                template="memo/near",
                values={},
                audience=Audience(who=Who.CONTACT, id=contact),
                occasion=occasion,
                due_at=self.now,
                not_after=self.now + timedelta(days=3),
            )
            async with self.store.work() as work:
                await announce(work, [replace(alert, **changes)], self.now)

    async def rows(self) -> list[dict[str, Any]]:
        """All deliveries."""
        return await rows(self.store, deliveries)

    async def row(self) -> dict[str, Any]:
        """The only one."""
        (row,) = await self.rows()
        return row


@asynccontextmanager
async def office(store: Store, **given: Any) -> AsyncIterator[Office]:
    """Opened, with receipts that come at once."""
    port, platform = service_app.free_port(), service_app.free_port()
    made: list[Office] = []
    simulator = Simulator(
        app_id=APP_ID,
        app_secret=APP_SECRET,
        token=TOKEN,
        aes_key=AES_KEY,
        callback_url=f"http://127.0.0.1:{port}/wechat",
        mode=Mode.SAFE,
        clock=lambda: made[0].now if made else NOW,
    )
    simulator.knobs.receipt_seconds = (0, 0)
    for form in FORMS:
        simulator.templates.add(form)
    base = f"http://127.0.0.1:{platform}"
    channel = door(base, store)
    reports = Reports(store, lambda: made[0].now)
    made.append(
        Office(store=store, simulator=simulator, channel=channel, reports=reports, api_base=base, **given)
    )

    async def silent(incoming: Incoming) -> None:
        return None

    callbacks = web.Application()
    callbacks.add_routes(routes(channel, silent, reports.take, lambda: made[0].now))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(channel.aclose)
        await stack.enter_async_context(service_app.serving(callbacks, "127.0.0.1", port))
        await stack.enter_async_context(service_app.serving(simulator_app(simulator), "127.0.0.1", platform))
        yield made[0]
