"""Offices over HTTP: made sure of, corrected with a source, settled; each inside the visitor's scope."""

from __future__ import annotations

import pytest

from store.audit import AuditFilter
from store.records import Role
from store.scope import EVERYWHERE, Scope
from tests.console.office import DISTRICT, ELSEWHERE, NOON, Browser, Office
from tests.store.scene import Effect, Mind, in_time, message

WUHAN, WUXI = Scope("武汉"), Scope("无锡")
GONGJIANG, DONGXIHU = "wuhan-2023/phone.gongjiang", "dongxihu-2023/phone.dongxihu"
PAGE = f"/console/offices/{DONGXIHU}"
RIGHT = {"phones": "027-83890001", "source": "区人社局官网公告 2024-06-01", "stands": ""}


async def fail(office: Office, *senders: str, fact: str = DONGXIHU, open: str = "1") -> None:
    place = {"city": "武汉", "district": "东西湖区" if fact == DONGXIHU else "", "number": "027-83891432"}
    for sender in senders:
        effect = Effect(name="report_office", values={"fact": fact, "open": open, **place})
        arrival = message(f"{sender}{fact}", sender=sender, received_at=NOON)
        await office.store.turn(arrival, Mind(effect), passive=in_time)


async def clerk(office: Office, scope: Scope = DISTRICT, role: Role = Role.CLERK) -> Browser:
    await office.staff("liu", role, scope)
    return await office.enter("liu")


async def test_a_clerk_sees_the_offices_of_her_district_and_no_other(office: Office) -> None:
    browser = await clerk(office)
    await browser.open("/console/offices")
    assert "027-83891432" in browser.plain
    assert "吴中街302号" in browser.plain
    assert "联系人、咨询电话和地址" in browser.plain, "the clause"
    assert "83919071" not in browser.text
    await browser.open(f"/console/offices/{GONGJIANG}")
    assert browser.status == 404
    await browser.send(f"/console/offices/{GONGJIANG}/correct", RIGHT)
    assert browser.status == 404
    assert (await office.acts())[-1][0] == "missing"


async def test_the_city_sees_all_of_its_own(office: Office) -> None:
    browser = await clerk(office, WUXI, Role.ADMIN)
    await browser.open("/console/offices")
    for number in ("0510-81822591", "18019306941", "0510-83597000-87521", "0510-80580168"):
        assert number in browser.plain
    assert "83919071" not in browser.text


async def test_a_correction_holds_with_its_source_and_is_logged(both: Office) -> None:
    await fail(both, "a", "b")
    browser = await clerk(both)
    await browser.open(PAGE)
    assert "2 次" in browser.plain
    await browser.send(f"{PAGE}/correct", {**RIGHT, "address": "", "remark": "上午打"})
    assert browser.url == PAGE
    assert "已更正" in browser.plain
    assert "区人社局官网公告 2024-06-01；liu 2024-07-01" in browser.plain
    async with both.store.work() as work:
        (held,) = await work.corrections()
        assert await work.office_reports(scope=EVERYWHERE) == ()
    assert (held.fact, held.phones, held.remark, held.printed) == (
        DONGXIHU,
        ("027-83890001",),
        "上午打",
        "027-83891432 东西湖区人社局201室（东西湖区吴中街302号，两馆一中心）",
    )
    assert (await both.acts())[-1] == ("office.corrected", f"office:{DONGXIHU}")
    await browser.open("/console/offices")
    assert "027-83890001" in browser.plain
    assert "027-83891432" in browser.plain, "the notice's own stays"
    await browser.send(f"/console/offices/corrections/{held.id}/end")
    assert "更正已结束" in browser.plain
    async with both.store.work() as work:
        assert await work.corrections() == ()


async def test_whoever_comes_with_an_old_page_changes_nothing(office: Office) -> None:
    browser = await clerk(office)
    await browser.open(PAGE)
    await browser.send(f"{PAGE}/correct", RIGHT)
    for path in ("correct", "check"):
        await browser.send(f"{PAGE}/{path}", {**RIGHT, "phones": "027-83890009"})
        assert browser.status == 409
        assert "别人刚刚改过" in browser.plain
    async with office.store.work() as work:
        assert [one.phones for one in await work.corrections()] == [("027-83890001",)]
        assert await work.office_checks() == ()


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ({"source": ""}, "请填写"),
        ({"phones": "12"}, "电话写成"),
        ({"phones": "027-83890001 ext"}, "电话写成"),
        ({"phones": "=HYPERLINK(1)"}, "电话写成"),
        ({"phones": ""}, "至少填一样"),
        ({"phones": "027-83891432"}, "和通知写的一样"),
        ({"address": "=1+1"}, "一行"),
        ({"source": "<a href='https://example.org'>公告</a>"}, "一行"),
        ({"remark": "一\n二"}, "一行"),
        ({"remark": "长" * 121}, "太长了"),
    ],
)
async def test_what_is_no_correction_is_refused(office: Office, typed: dict[str, str], fault: str) -> None:
    browser = await clerk(office)
    await browser.open(PAGE)
    await browser.send(f"{PAGE}/correct", {**RIGHT, **typed})
    assert browser.status == 422
    assert fault in browser.plain
    async with office.store.work() as work:
        assert await work.corrections() == ()


async def test_numbers_are_read_as_people_type_them(office: Office) -> None:
    browser = await clerk(office)
    await browser.open(PAGE)
    await browser.send(f"{PAGE}/correct", {**RIGHT, "phones": "０２７—83890001、13800001111"})
    async with office.store.work() as work:
        (held,) = await work.corrections()
    assert held.phones == ("027-83890001", "13800001111")


async def test_what_is_right_is_made_sure_of(both: Office) -> None:
    await fail(both, "a", open="")
    browser = await clerk(both)
    await browser.open("/console/offices")
    assert "其中 1 次不在办公时间" in browser.plain
    await browser.open(PAGE)
    await browser.send(f"{PAGE}/check", stands="")
    assert "已记为核对无误" in browser.plain
    await browser.open("/console/offices")
    assert "2024-07-01liu" in browser.plain.replace("\n", "")
    assert "1 次" not in browser.plain
    assert (await both.acts())[-1] == ("office.checked", f"office:{DONGXIHU}")
    await browser.open(PAGE)
    await browser.send(f"{PAGE}/correct", RIGHT)
    assert "还没有人核对过现在的样子" in browser.plain


async def test_reports_are_settled_and_shown_on_the_board(both: Office) -> None:
    await fail(both, "a", "b", "c")
    await fail(both, "a", fact=GONGJIANG)
    browser = await clerk(both)
    await browser.open("/console/boards")
    assert "电话打不通 3" in browser.plain
    await browser.open(PAGE)
    assert "027-83891432：3 次" in browser.plain
    await browser.send(f"{PAGE}/settle")
    assert "已记为处理过" in browser.plain
    async with both.store.work() as work:
        assert [one.fact for one in await work.office_reports(scope=EVERYWHERE)] == [GONGJIANG]


async def test_a_viewer_reads_and_changes_nothing(office: Office) -> None:
    browser = await clerk(office, role=Role.VIEWER)
    await browser.open(PAGE)
    assert browser.status == 200
    assert "<form" not in browser.text.partition("<main")[2]
    for path in ("check", "correct", "settle"):
        await browser.send(f"{PAGE}/{path}", RIGHT)
        assert browser.status == 403


async def test_a_form_without_its_token_is_refused(office: Office) -> None:
    browser = await clerk(office)
    await browser.open(PAGE)
    for path in ("check", "correct", "settle"):
        await browser.send(f"{PAGE}/{path}", {**RIGHT, "form_proof": "forged"})
        assert browser.status in (400, 403)
    async with office.store.work() as work:
        assert (await work.corrections(), await work.office_checks()) == ((), ())


async def test_a_correction_of_what_the_notice_no_longer_has_is_shown_so(office: Office) -> None:
    async with office.store.work() as work:
        for fact, printed in (("dongxihu-2023/phone.old", "027-83890000 "), (DONGXIHU, "027-83899999 ")):
            await work.correct_office(
                fact=fact,
                city="武汉",
                district="东西湖区",
                printed=printed,
                phones=["027-83890001"],
                address="",
                remark="",
                source="公告",
                by="x",
                now=office.now,
            )
    browser = await clerk(office)
    await browser.open("/console/offices")
    assert "通知里已没有这一条" in browser.plain
    assert "通知改过了，原来的更正不再生效" in browser.plain
    other = office
    await other.staff("hui", Role.CLERK, ELSEWHERE)
    elsewhere = await other.enter("hui")
    await elsewhere.open("/console/offices")
    assert "通知里已没有" not in elsewhere.plain


async def test_a_script_in_a_correction_stays_text(office: Office) -> None:
    async with office.store.work() as work:
        await work.correct_office(
            fact=DONGXIHU,
            city="武汉",
            district="东西湖区",
            printed="027-83891432 东西湖区人社局201室（东西湖区吴中街302号，两馆一中心）",
            phones=[],
            address="<script>alert(1)</script>",
            remark="",
            source="<img src=x onerror=alert(1)>",
            by="x",
            now=office.now,
        )
    browser = await clerk(office)
    for path in ("/console/offices", PAGE):
        await browser.open(path)
        assert "<script>alert" not in browser.text
        assert "<img src=x" not in browser.text


async def test_the_log_says_what_was_before_and_after(office: Office) -> None:
    browser = await clerk(office)
    await browser.open(PAGE)
    await browser.send(f"{PAGE}/correct", RIGHT)
    of = AuditFilter(since=NOON, until=NOON.replace(year=2030))
    async with office.store.work() as work:
        entry = (await work.recorded(scope=EVERYWHERE, of=of, limit=9))[0]
    assert entry.action == "office.corrected"
    assert entry.after
    assert entry.after["phones"] == ["027-83890001"]
    assert entry.after["source"] == "区人社局官网公告 2024-06-01"
