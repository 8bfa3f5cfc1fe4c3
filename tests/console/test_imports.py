"""Files in the console: every fault with a marked copy, the differences, taken in; and what is not theirs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from aiohttp import FormData

from bot.console.visit import PROOF
from bot.desk import table
from bot.desk.words import WORDS as ROSTER
from store.records import Role
from store.schema import import_drafts, units
from store.scope import Scope
from tests.console.office import Browser, Office
from tests.desk.lists import ROW, workbook
from tests.store.scene import rows
from tests.store.units import CODE, keep

WUCHANG, CITY = Scope("武汉", ("武昌区",)), Scope("武汉")
HEAD = "单位名称,统一社会信用代码,所在区,联系人,联系电话\n"
GOOD = f"{HEAD}武汉重工锻造有限公司,{CODE},武昌区,王芳,13812345678\n"
BAD = f"{HEAD}武汉重工锻造有限公司,{CODE[:-1]}X,武昌区,王芳,138\n"


async def clerk(office: Office, scope: Scope = WUCHANG, login: str = "chen") -> Browser:
    office.now = datetime.now(UTC)
    await office.staff(login, Role.CLERK, scope)
    browser = await office.enter(login)
    await browser.open("/console/imports")
    return browser


async def give(browser: Browser, data: bytes, name: str = "roster.csv", **fields: str) -> str:
    """Upload a file; the address of its page."""
    form = FormData()
    for key, value in {PROOF: browser.token, "kind": "units", "place": "武汉/武昌区", **fields}.items():
        form.add_field(key, value)
    form.add_field("file", data, filename=name, content_type="application/octet-stream")
    async with browser.client.post("/console/imports", data=form) as answer:
        await browser._seen(answer)
    return browser.url


async def test_a_roster_is_looked_at_and_taken_in(both: Office) -> None:
    chen = await clerk(both)
    page = await give(chen, GOOD.encode())
    assert "新单位" in chen.plain
    assert await rows(both.store, units) == []
    assert "13812345678" not in str(await rows(both.store, import_drafts))
    await chen.send(page)
    assert "已采用" in chen.plain
    assert [row["district"] for row in await rows(both.store, units)] == ["武昌区"]
    assert await rows(both.store, import_drafts) == []
    await give(chen, GOOD.encode())
    assert "没有变化" in chen.plain
    assert "import.applied" in [act for act, _ in await both.acts()]


async def test_faults_come_all_at_once_with_a_marked_copy(office: Office) -> None:
    chen = await clerk(office)
    page = await give(chen, BAD.encode())
    assert "有 2 处错" in chen.plain
    await chen.send(page)
    assert chen.status == 409
    async with chen.client.get(f"{page}/faults") as answer:
        copy = await answer.read()
    assert len(await table.rows(copy)) == 2
    assert await rows(office.store, units) == []


async def test_what_is_of_another_district_is_not_taken(office: Office) -> None:
    chen = await clerk(office)
    page = await give(chen, GOOD.replace("武昌区", "东西湖区").encode())
    assert "不在您的范围" in chen.plain
    await chen.send(page)
    assert chen.status == 409


async def test_a_unit_of_another_district_cannot_be_drawn_over(office: Office) -> None:
    await keep(office.store)
    far = await clerk(office, Scope("武汉", ("东西湖区",)))
    page = await give(far, GOOD.replace("武昌区", "东西湖区").encode(), place="武汉/东西湖区")
    assert "不在您的范围" in far.plain
    await far.send(page)
    assert far.status == 409
    assert {row["district"] for row in await rows(office.store, units)} == {"武昌区", "东湖高新区"}


async def test_a_list_is_compared_and_its_columns_are_explained_once(office: Office) -> None:
    await keep(office.store)
    chen = await clerk(office, CITY)
    renamed = workbook([ROW], ["现在的样子" if name == "审核状态" else name for name in ROW])
    given = {"kind": "status", "place": "武汉/"}
    await give(chen, renamed, "list.xlsx", **given)
    assert "列名改过" in chen.plain
    await chen.open("/console/imports/columns")
    await chen.send("/console/imports/columns", heading="现在的样子", field="status")
    assert "现在的样子" in chen.plain
    page = await give(chen, workbook([ROW]), "list.xlsx", **given)
    assert "进入初审" in chen.plain
    await chen.send(page)
    assert "已采用" in chen.plain
    await give(chen, workbook([ROW]), "list.xlsx", **given)
    assert "没有变化" in chen.plain or "不能采用" in chen.plain


async def test_no_file_and_no_table_are_said(office: Office) -> None:
    chen = await clerk(office)
    await chen.send("/console/imports", kind="units", place="武汉/武昌区")
    assert chen.status == 422
    await give(chen, b"\x00\x01 no table")
    assert chen.status == 422
    assert ROSTER.refused["kind"].split("\n")[0] in chen.plain
    assert await rows(office.store, import_drafts) == []
    await give(chen, b"a,b\n1,2\n")
    assert chen.status == 200
    assert "采用</button>" not in chen.text
    await give(chen, GOOD.encode(), place="武汉/东西湖区")
    assert chen.status == 422


async def test_a_file_is_its_owner_s_and_goes_after_a_day(office: Office) -> None:
    chen, liu = await clerk(office), await clerk(office, login="liu")
    page = await give(chen, GOOD.encode())
    await liu.open(page)
    assert liu.status == 404
    async with office.store.work() as work:
        assert await work.purge_drafts(now=office.now + timedelta(hours=23)) == 0
        assert await work.purge_drafts(now=office.now + timedelta(hours=25)) == 1
