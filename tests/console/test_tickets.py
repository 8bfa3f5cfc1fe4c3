"""Questions for staff in the console: taken by one, answered, moved, closed; hours and frequent answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from store.database import Store
from store.records import Role
from store.schema import deliveries, tickets
from store.scope import Scope
from tests.console.office import DISTRICT, ELSEWHERE, NOON, Browser, Office
from tests.store.scene import Effect, Mind, in_time, message, rows

CITY = Scope("武汉")
HOURS = {"morning": "08:30", "noon": "12:00", "afternoon": "14:00", "evening": "17:30"}


async def asked(store: Store, sender: str = "openid-1", question: str = "评审会在哪开", **place: str) -> None:
    values = {"question": question, "why": "asked", "city": "武汉", "district": "东西湖区", **place}
    arrival = message(f"m-{sender}", question, sender=sender, received_at=NOON)
    await store.turn(arrival, Mind(Effect(name="ask_staff", values=values)), passive=in_time)


async def clerk(office: Office, login: str, scope: Scope = DISTRICT) -> Browser:
    await office.staff(login, Role.CLERK, scope, name=login)
    return await office.enter(login)


async def test_a_clerk_takes_answers_and_closes(both: Office) -> None:
    await asked(both.store)
    chen, liu = await clerk(both, "chen"), await clerk(both, "liu")
    await chen.open("/console/tickets")
    assert "评审会在哪开" in chen.plain
    await chen.open("/console/tickets/1")
    assert "48 小时 0 分" in chen.plain
    assert "直接回复" in chen.plain
    await liu.open("/console/tickets/1")
    await chen.send("/console/tickets/1/take")
    assert "可以答复" in chen.plain
    await liu.send("/console/tickets/1/take")
    assert liu.status == 409
    assert "先了一步" in liu.plain
    await liu.send("/console/tickets/1/answer", text="我来答")
    assert liu.status == 409

    await chen.send("/console/tickets/1/answer", text=" ")
    assert chen.status == 422
    await chen.send("/console/tickets/1/answer", text="在三楼会议室<b>")
    assert "在三楼会议室&lt;b&gt;" in chen.text
    assert "等着发（" not in chen.plain
    (row,) = [row for row in await rows(both.store, deliveries) if row["kind"] == "answer"]
    assert row["occasion"] == "ticket:1:1"
    await liu.send("/console/tickets/1/over")
    assert "现在由您办" in liu.plain
    await liu.send("/console/tickets/1/close")
    assert "已结束" in liu.plain
    acts = [act for act, _ in await both.acts() if act.startswith("ticket")]
    assert acts == ["ticket.taken", "ticket.answered", "ticket.taken_over", "ticket.closed"]


async def test_another_district_sees_nothing_until_it_is_given(office: Office) -> None:
    await asked(office.store)
    chen, far = await clerk(office, "chen"), await clerk(office, "far", Scope("武汉", ("武昌区",)))
    await far.open("/console/tickets/1")
    assert far.status == 404
    await far.open("/console/tickets")
    assert "评审会" not in far.plain
    await chen.open("/console/tickets/1")
    await chen.send("/console/tickets/1/move", place="无锡/惠山区")
    assert chen.status == 422
    await chen.send("/console/tickets/1/move", place="武汉/武昌区")
    assert chen.url == "/console/tickets"
    await far.open("/console/tickets/1")
    assert far.status == 200
    await chen.open("/console/tickets/1")
    assert chen.status == 404


async def test_of_no_city_it_is_everybodys(office: Office) -> None:
    await asked(office.store, city="", district="")
    one = await clerk(office, "far", ELSEWHERE)
    await one.open("/console/tickets")
    assert "城市不明" in one.plain
    await one.open("/console/tickets/1")
    await one.send("/console/tickets/1/move", place="武汉/")
    (row,) = await rows(office.store, tickets)
    assert (row["city"], row["district"]) == ("武汉", "")


async def test_past_the_window_it_is_said_how_else(office: Office) -> None:
    await asked(office.store)
    chen = await clerk(office, "chen")
    office.now += timedelta(minutes=1)
    await chen.open("/console/tickets/1")
    assert "47 小时 59 分" in chen.plain
    office.now += timedelta(hours=48)
    chen = await office.enter("chen")
    await chen.open("/console/tickets/1")
    assert "现在没有能送到的路" in chen.plain
    assert "48 小时已过或条数用完" in chen.plain
    assert "等太久了" in chen.plain


async def test_frequent_answers_are_written_used_and_dropped(both: Office) -> None:
    await asked(both.store)
    chen = await clerk(both, "chen")
    await chen.open("/console/front")
    await chen.send("/console/front/canned", place="武汉/东西湖区", title="地址", text="吴家山三楼")
    assert "吴家山三楼" in chen.plain
    await chen.send("/console/front/canned", place="武汉/", title="地址", text="x")
    assert chen.status == 422
    await chen.open("/console/tickets/1")
    await chen.send("/console/tickets/1/take")
    await chen.open("/console/tickets/1?canned=1")
    assert "吴家山三楼</textarea>" in chen.text
    await chen.open("/console/front")
    await chen.send("/console/front/canned/1/drop")
    assert "吴家山" not in chen.plain


@pytest.mark.parametrize(
    "changes",
    [
        {"noon": ""},
        {"noon": "08:00"},
        {"afternoon": "11:00"},
        {"morning": "早上"},
        {"morning": "", "noon": ""},
    ],
)
async def test_hours_are_in_order(office: Office, changes: dict[str, Any]) -> None:
    chen = await clerk(office, "chen")
    await chen.open("/console/front")
    given = {**HOURS, **changes}
    await chen.send("/console/front/hours", given, hours_place="武汉/东西湖区")

    assert chen.status == (200 if changes == {"morning": "", "noon": ""} else 422)


async def test_hours_count(office: Office) -> None:
    await asked(office.store)
    chen = await clerk(office, "chen")
    await chen.open("/console/front")
    await chen.send("/console/front/hours", HOURS, hours_place="武汉/东西湖区")
    assert "08:30–12:00，14:00–17:30" in chen.plain
    office.now += timedelta(hours=3)
    chen = await office.enter("chen")
    await chen.open("/console/tickets")
    assert "1 小时 0 分" in chen.plain
