"""A season over the wire: people who are reminded, and time that is moved by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from sqlalchemy import insert

from bot.simulator import Fate, Template
from bot.simulator.clock import Move
from store.records import CodePurpose
from store.rosters import Listing, Registration
from store.schema import applications, deliveries
from tests.store.scene import rows
from tests.wire import Wire, wire

FIELDS = {"matter": "thing1", "when": "time2", "state": "thing3", "note": "thing4"}
CONTENT = "事项：{{thing1.DATA}}\n时间：{{time2.DATA}}\n状态：{{thing3.DATA}}\n备注：{{thing4.DATA}}\n"
CARD: Mapping[str, Any] = {"template": {"id": "tmpl", "fields": FIELDS}}
TEMPLATES: Mapping[str, Any] = {"reminder": CARD, "correction": CARD, "news": CARD}


def at(text: str) -> datetime:
    """`2023-06-12 09:00`, China's time."""
    return datetime.fromisoformat(f"{text}+08:00")


@dataclass(frozen=True, slots=True)
class Heard:
    """What reached somebody: when (China's time, to the minute), and its text."""

    when: str
    text: str


class Season:
    """Runs a season; `wechat` people get template messages."""

    def __init__(self, line: Wire) -> None:
        self.line = line
        self.simulator = line.simulator
        self.service = line.service

    async def go(self, *moments: str) -> None:
        """Time passes from moment to moment; at each what is due is done."""
        for moment in moments:
            await self.move(moment)
            await self.service.reminding.sweep()
            await self.settle()

    async def move(self, moment: str) -> None:
        assert self.simulator.remote_clock is not None
        async with ClientSession() as session:
            await self.simulator.remote_clock.move(session, Move(now=at(moment), rate=0))

    async def settle(self) -> None:
        """Until nothing that is due waits."""
        now = self.service.clock.now()
        for _ in range(6000):
            self.service.delivery.wake()
            left = [
                row
                for row in await rows(self.service.store, deliveries)
                if row["state"] == "sending" or (row["state"] == "waiting" and row["due_at"] <= now)
            ]
            if not left:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(left)

    async def person(self, *turns: str) -> str:
        """A new follower who says this; their openid."""
        openid = self.simulator.person(followed=False).openid
        await self.simulator.follow(openid)
        for turn in turns:
            await self.simulator.say(openid, turn)
        return openid

    async def say(self, openid: str, text: str) -> str:
        return (await self.simulator.say(openid, text)).text

    async def unit(self, code: str, district: str, *, city: str = "武汉") -> str:
        """A follower bound to a new unit by an invitation; their openid."""
        now = self.service.clock.now()
        listing = Listing(name="王芳", phone=f"138{code[2:10]}")
        registration = Registration(
            code=code, name=f"单位{code[:10]}", city=city, district=district, department="", people=(listing,)
        )
        async with self.service.store.work() as work:
            await work.take_roster(registrations=[registration], now=now, keep=True)
            kept = await work.unit(code=code)
            assert kept
            invitation = await work.issue_code(
                purpose=CodePurpose.INVITE, unit=kept.id, issued_by="staff", now=now, span=timedelta(days=7)
            )
        openid = await self.person(invitation, "同意")
        assert "截止提醒" in await self.say(openid, "我的单位")
        return openid

    async def hands_in(self, code: str, notice: str) -> None:
        """The unit's first application becomes known."""
        store, now = self.service.store, self.service.clock.now()
        async with store.work() as work:
            unit = await work.unit(code=code)
            assert unit
            texts = dict.fromkeys(
                (
                    "unit_name",
                    "city",
                    "district",
                    "department",
                    "programme",
                    "category",
                    "name_sealed",
                    "declared_at",
                    "unit_rank",
                    "district_rank",
                    "status",
                    "status_id",
                ),
                "",
            )
            values = {**texts, "phase": "submitted", "key": code, "unit_id": unit.id, "notice": notice}
            values |= {"exported_at": now, "changed_at": now}
            statement = insert(applications).values(values)
            await work.do(lambda session: session.run(statement))

    def heard(self, openid: str) -> list[Heard]:
        """What reached this person by pushes."""
        return [
            Heard(f"{one.at.astimezone(at('2023-01-01 00:00').tzinfo):%m-%d %H:%M}", one.text)
            for one in self.simulator.deliveries
            if one.openid == openid and one.fate is Fate.DELIVERED
        ]

    def whens(self, openid: str) -> list[str]:
        return [heard.when for heard in self.heard(openid)]


@asynccontextmanager
async def season(folder: Path, start: str, **given: Any) -> AsyncIterator[Season]:
    """Begins at `start` (China's time), and stands still until it is moved."""
    given.setdefault("templates", TEMPLATES)
    async with wire(folder, now=at(start), **given) as line:
        line.simulator.templates.add(Template(id="tmpl", title="提醒", content=CONTENT))
        line.simulator.knobs.receipt_seconds = (0, 0)
        run = Season(line)
        await run.move(start)
        await run.service.reminding.sweep()
        yield run
