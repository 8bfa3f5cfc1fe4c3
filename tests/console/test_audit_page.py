"""The audit log as its reader sees it."""

from __future__ import annotations

import re
from io import BytesIO

import python_calamine

from store.records import Actor, Role
from store.scope import Scope
from tests.console.office import Office

FORMULA = '=HYPERLINK("http://evil.example","x")'


async def fill(office: Office, count: int = 1, **given: object) -> None:
    async with office.store.work() as work:
        for number in range(count):
            await work.record(
                actor=Actor(staff_id=1, role="admin", address="10.0.0.7"),
                at=office.now,
                action="staff.changed",
                object=f"staff:{number}",
                after={"name": FORMULA, **given},
            )


async def test_it_is_read_page_by_page_and_filtered(both: Office) -> None:
    await both.staff("chen", Role.ADMIN)
    await fill(both, 60)
    chen = await both.enter("chen")
    await chen.open("/console/audit")
    assert chen.text.count("<tr><td data-label") == 50
    older = re.search(r'href="([^"]+below=[^"]+)"', chen.text)
    assert older
    await chen.open(f"/console/{older[1].partition('console/')[2]}".replace("&amp;", "&"))
    assert chen.text.count("<tr><td data-label") == 10
    await chen.open("/console/audit?object=staff:7")
    assert chen.text.count("<tr><td data-label") == 1
    await chen.open("/console/audit?since=2024-07-02")
    assert "没有符合的记录" in chen.plain
    await chen.open("/console/audit?since=2024-07-01&until=2024-07-01")
    assert chen.text.count("<tr><td data-label") == 50
    await chen.open("/console/audit?since=soon&until=9999-99-99&below=-1")
    assert "有 2 处要改" in chen.plain


async def test_the_chain_is_verified_at_a_button(both: Office) -> None:
    await both.staff("chen", Role.ADMIN)
    await fill(both, 3)
    chen = await both.enter("chen")
    await chen.open("/console/audit")
    await chen.send("/console/audit/verify")

    assert "3 条全部核对过" in chen.plain


async def test_the_export_holds_texts_and_no_formula(both: Office) -> None:
    await both.staff("chen", Role.ADMIN)
    await fill(both, 2, phone="13800008000")
    chen = await both.enter("chen")
    await chen.open("/console/audit?object=staff:1")
    async with chen.client.post("/console/audit/export", data={"form_proof": chen.token}) as answer:
        data = await answer.read()
        assert "attachment" in answer.headers["Content-Disposition"]
    book = python_calamine.load_workbook(BytesIO(data))
    rows = book.get_sheet_by_index(0).to_python()

    assert rows[0][:3] == ["序号", "时间", "账号"]
    assert [row[6] for row in rows[1:]] == ["staff:1", "staff:0"]
    assert "=HYPERLINK" in str(rows[1][8])
    assert b"<f>" not in data
    assert (await both.acts())[-1][0] == "audit.exported"


async def test_a_city_s_administrator_sees_the_city_s_acts(office: Office) -> None:
    await office.staff("chen", Role.ADMIN, Scope("无锡"))
    await office.staff("wang", Role.ADMIN, Scope("武汉"))
    await fill(office, 4)
    wang = await office.enter("wang")
    await wang.open("/console/audit")

    assert "没有符合的记录" in wang.plain
