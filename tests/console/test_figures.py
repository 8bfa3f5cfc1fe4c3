"""The page of figures: what staff of a place see, as charts, tables and xlsx."""

from __future__ import annotations

from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook

from store.database import Store
from store.records import Answer, Before, Noted, Role, Think, Thought
from store.scope import Scope
from tests.console.office import DISTRICT, NOON, Office
from tests.store.scene import Effect, in_time, message

WUHAN, WUXI = Scope("武汉"), Scope("无锡")
AGE = {"what": "failed", "programme": "wuhan-gongjiang", "name": "=1+1", "city": "武汉"}


def thinking(answer: Answer, city: str, district: str, topic: str, *effects: Effect) -> Think:
    noted = Noted(answer=answer, city=city, district=district, topic=topic)

    def think(before: Before) -> Thought:
        return Thought(text="x", state="1", trace="{}", noted=noted, effects=effects)

    return think


async def fill(office: Office) -> None:
    await fill_store(office.store)


async def fill_store(store: Store) -> None:
    failed = Effect(name="count_check", values={**AGE, "district": "东西湖区"})
    acts = [
        thinking(Answer.FOUND, "武汉", "东西湖区", "aspect:deadline", failed),
        thinking(Answer.FOUND, "武汉", "东西湖区", "aspect:deadline"),
        thinking(Answer.UNKNOWN, "武汉", "东西湖区", ""),
        thinking(Answer.FOUND, "无锡", "惠山区", "aspect:contact"),
    ]
    for number, think in enumerate(acts):
        arrival = message(f"m{number}", sender=f"o{number}", received_at=NOON)
        await store.turn(arrival, think, passive=in_time)


async def test_staff_see_the_figures_of_their_place(both: Office) -> None:
    await fill(both)
    await both.staff("li", Role.VIEWER, DISTRICT, guarded=False)
    browser = await both.enter("li")
    await browser.open("/console/figures")
    assert browser.status == 200
    assert "收到 3 条消息" in browser.plain
    assert "66.7%" in browser.plain
    assert "什么时候" in browser.plain or "截止" in browser.plain or "时间" in browser.plain
    assert "=1+1" in browser.plain
    assert "惠山区" not in browser.plain
    assert browser.text.count("<rect") > 4


async def test_another_city_sees_its_own(office: Office) -> None:
    await fill(office)
    await office.staff("li", Role.ADMIN, WUXI)
    browser = await office.enter("li")
    await browser.open("/console/figures")
    assert "收到 1 条消息" in browser.plain
    assert "=1+1" not in browser.plain
    await browser.open("/console/figures?place=武汉")
    assert browser.status == 422
    assert "收到 1 条消息" in browser.plain


@pytest.mark.parametrize(
    ("query", "status", "shown"),
    [
        ("since=2024-06-01&until=2024-07-31&by=month", 200, "2024-06"),
        ("since=2024-06-01&until=2024-07-31&by=week", 200, "07-01"),
        ("since=2024-07-02&until=2024-07-01", 422, "不能早于"),
        ("since=gestern", 422, "日期写成"),
        ("since=2000-02-01", 422, "格子太多"),
        ("since=2000-02-01&until=2199-01-01&by=month", 422, "格子太多"),
        ("place=武汉/东西湖区", 200, "收到 3 条消息"),
    ],
)
async def test_time_and_place_are_chosen(office: Office, query: str, status: int, shown: str) -> None:
    await fill(office)
    await office.staff("li", Role.ADMIN, WUHAN)
    browser = await office.enter("li")
    await browser.open(f"/console/figures?{query}")
    assert browser.status == status
    assert shown in browser.plain


async def test_the_sheet_has_what_the_page_has_and_no_formula(office: Office) -> None:
    await fill(office)
    await office.staff("li", Role.VIEWER, DISTRICT, guarded=False)
    browser = await office.enter("li")
    await browser.open("/console/figures")
    async with browser.client.post(
        "/console/figures/export", data={"form_proof": browser.token, "by": "month"}
    ) as answer:
        assert answer.status == 200
        book = CalamineWorkbook.from_filelike(BytesIO(await answer.read()))
    rows = book.get_sheet_by_index(0).to_python()
    assert ["消息", "2024-07-01", "答上了", "", 2.0] in rows
    assert any(row[3] == "=1+1" and row[4] == 1 for row in rows)
    assert (await office.acts())[-1] == ("figures.exported", "")
