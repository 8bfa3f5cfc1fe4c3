"""Boards of the console, on both databases: each shows the visitor's places and no others."""

from __future__ import annotations

import re
from typing import Any

from bot.desk import quotas
from store.boards import Tally
from store.database import Store
from store.engine import Session
from store.records import DeliveryState, Role
from store.schema import deliveries, seats
from store.scope import EVERYWHERE, Scope
from tests.console.office import NOON, Browser, Office, library
from tests.desk.lists import delivered, entry, returned
from tests.desk.test_status import seat, take
from tests.store.scene import rows
from tests.store.units import DONGHU, WUZHONG, keep

CITY, WUCHANG, FAR = Scope("武汉"), Scope("武汉", ("武昌区",)), Scope("无锡", ("惠山区",))


async def clerk(office: Office, scope: Scope, login: str = "chen") -> Browser:
    await office.staff(login, Role.CLERK, scope)
    return await office.enter(login)


async def pushed(store: Store, unit: int, state: DeliveryState, reason: str = "") -> None:
    """A message to the first contact of a unit that ended so."""

    def keep(session: Session) -> None:
        session.run(
            deliveries.insert().values(
                contact_id=1,
                unit_id=unit,
                lane="x",
                dedupe_key=f"{state}",
                due_at=NOON,
                not_after=NOON,
                state=state,
                attempt=0,
                burned=0,
                reason=reason,
                platform_id="",
            )
        )

    async with store.work() as work:
        await work.do(keep)


async def test_units_that_nothing_reached_are_listed_with_the_reason(both: Office) -> None:
    await keep(both.store)
    async with both.store.work() as work:
        count, found = await work.unreached(scope=CITY)
        assert (count, [(one.people, one.emails, one.seats) for one in found]) == (2, [(1, 0, 0), (2, 1, 0)])
        assert (await work.unreached(scope=FAR))[0] == 0
    await pushed(both.store, 1, DeliveryState.REFUSED, "not_following")
    async with both.store.work() as work:
        _, found = await work.unreached(scope=WUCHANG)
    assert [(one.name, one.tried, one.reason) for one in found] == [(WUZHONG.name, 1, "not_following")]
    await pushed(both.store, 1, DeliveryState.RECEIVED)
    async with both.store.work() as work:
        assert (await work.unreached(scope=WUCHANG))[0] == 0
        count, (other,) = await work.unreached(scope=CITY)
    assert (count, other.name, other.tried, other.reason) == (1, DONGHU.name, 0, "")


async def test_returns_and_rankings_are_those_of_the_scope(both: Office) -> None:
    await keep(both.store)
    await take(both.store, delivered(returned(), entry(2, name="赵六", district_rank="3")))
    async with both.store.work() as work:
        (back,) = await work.returns_here(scope=CITY)
        assert back.opinion
        assert await work.returns_here(scope=FAR) == ()
        ranked = await work.ranking(scope=CITY, programme=back.programme)
        assert "赵六" in [one.name for one in ranked]
        assert await work.ranking(scope=FAR, programme=back.programme) == ()
        assert sum(tally.count for tally in await work.tallies(scope=CITY)) == 2


async def test_the_board_opens_and_a_seat_is_confirmed(office: Office) -> None:
    await keep(office.store)
    await seat(office.store, confirmed=False)
    chen = await clerk(office, WUCHANG)
    for path in ("", "/unreached", "/ranking", "/notes", "/seats"):
        await chen.open(f"/console/boards{path}")
        assert chen.status == 200
    await chen.send("/console/boards/seats/1/confirm")
    assert "已确认" in chen.plain
    (row,) = await rows(office.store, seats)
    assert row["state"] == "confirmed"
    assert [row["occasion"] for row in await rows(office.store, deliveries)] == ["seat:1:confirmed"]


async def test_a_note_is_read_and_closed_in_its_place(office: Office) -> None:
    async with office.store.work() as work:
        await work.note(
            kind="status_gone", city="武汉", district="武昌区", content={"x": 1}, dedupe_key="k", now=NOON
        )
    far, chen = await clerk(office, FAR, "far"), await clerk(office, WUCHANG)
    await far.send("/console/boards/notes/1/close")
    assert far.status == 404
    await chen.open("/console/boards/notes")
    assert "有人从名单里消失了" in chen.plain
    await chen.send("/console/boards/notes/1/close")
    assert "已记为处理完" in chen.plain


async def test_a_note_is_said_in_words(office: Office) -> None:
    proposals = [{"code": "9142", "name": "武汉重工锻造有限公司"}]
    notes: dict[str, dict[str, Any]] = {
        "unit_unknown": {"notice": "wuhan-2023", "unit": "武汉重工", "proposals": proposals},
        "status_gone": {"notice": "wuhan-2023", "applications": [3, 4]},
        "seat_provisional": {"seat": 7, "unit": 9, "name": "东湖精密机械厂"},
    }
    async with office.store.work() as work:
        for kind, content in notes.items():
            await work.note(
                kind=kind, city="武汉", district="武昌区", content=content, dedupe_key=kind, now=NOON
            )
    chen = await clerk(office, WUCHANG)
    await chen.open("/console/boards/notes")
    assert "武汉重工；名册里像是：9142 武汉重工锻造有限公司" in chen.plain
    assert "2 份" in chen.plain
    assert "东湖精密机械厂" in chen.plain
    assert "wuhan-2023" not in chen.plain


def test_quotas_are_counted_with_their_sub_limits() -> None:
    studio = {"notice": "wuxi-2024", "programme": "wuxi-studio", "city": "无锡", "district": "宜兴市"}
    tallies = [
        Tally(**studio, department="", category="紫砂", count=2),
        Tally(**studio, department="", category="机械", count=1),
    ]
    (use,) = [
        use
        for use in quotas.uses(library(), tallies, Scope("无锡", ("宜兴市",)))
        if use.parts and use.count == 4
    ]
    assert (use.used, use.parts[0].used, use.parts[0].at_most) == (3, 2, 1)
    assert all(use.used == 0 for use in quotas.uses(library(), [], EVERYWHERE))


def test_what_each_district_may_recommend_is_its_own() -> None:
    mine = {"notice": "wuhan-2023", "programme": "wuhan-gongjiang", "city": "武汉", "department": ""}
    tallies = [
        Tally(**mine, district="东西湖区", category="", count=3),
        Tally(**mine, district="江夏区", category="", count=1),
    ]
    own = list(quotas.uses(library(), tallies, Scope("武汉", ("东西湖区",))))
    whole = [use for use in quotas.uses(library(), tallies, Scope("武汉")) if use.programme == "武汉工匠"]

    assert [(use.body, use.programme, use.used, use.count) for use in own] == [
        ("东西湖区", "武汉工匠", 3, 5),
        ("东西湖区", "武汉市技能大师", 0, 10),
    ]
    assert [(use.body, use.used) for use in whole][:2] == [("东西湖区", 3), ("江夏区", 1)]


async def test_deadlines_ahead_are_counted(office: Office) -> None:
    chen = await clerk(office, Scope("无锡"))
    await chen.open("/console/boards")
    ahead = chen.plain.partition("往后的时间")[2]
    assert re.search(r"\d+ 天", ahead)
    assert "没有。" not in ahead.partition("没了结的退回")[0]
