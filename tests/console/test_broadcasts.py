"""Broadcasts as staff make them: written, looked at, submitted, approved by another, followed, chased."""

from __future__ import annotations

import asyncio
import re
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from aiohttp import FormData
from python_calamine import CalamineWorkbook

from bot.console.visit import PROOF
from store.audience import CONTENT
from store.records import DeliveryState, Role
from store.schema import broadcast_files, broadcasts, deliveries, pages, recipients, unit_lists, units
from store.scope import Scope
from tests.console.office import DISTRICT, Browser, Office
from tests.databases import VAULT
from tests.store import broadcasting as scene
from tests.store.broadcasting import CITY, DONGXIHU, WUCHANG
from tests.store.pushing import NOW, mute
from tests.store.scene import rows

TEXT = {"title": "材料提交提醒", "body": "请{单位}在{日期}前提交。", "receipt": "1", "city": CITY}
PDF = b"%PDF-1.7 invented"


async def crew(office: Office) -> tuple[Browser, Browser]:
    """A clerk of one district, and somebody there who may approve."""
    office.now = NOW
    await office.staff("liu", Role.CLERK, DISTRICT)
    await office.staff("chen", Role.APPROVER, DISTRICT)
    return await office.enter("liu"), await office.enter("chen")


async def write(browser: Browser, **fields: Any) -> str:
    """A draft by the form; the path of its page."""
    await browser.open("/console/broadcasts/new")
    token = re.search(r'name="token" value="([\w-]+)"', browser.text)
    assert token
    values: dict[str, Any] = {**TEXT, "token": token[1], **fields}
    await browser.send("/console/broadcasts/new", **values)
    return browser.url


async def sent(office: Office, liu: Browser, chen: Browser, **fields: Any) -> str:
    """A broadcast that was approved."""
    path = await write(liu, **fields)
    await liu.send(f"{path}/submit")
    await chen.open(path)
    await chen.send(f"{path}/approve", **seen_in(chen))
    assert "已批准" in chen.plain
    return path


async def submitted(office: Office) -> tuple[Browser, Browser, str]:
    """A broadcast to one unit that waits for an approval, open before who may give it."""
    liu, chen = await crew(office)
    await scene.registered(office.store, "甲")
    path = await write(liu)
    await liu.send(f"{path}/submit")
    await chen.open(path)
    return liu, chen, path


def seen_in(browser: Browser) -> dict[str, Any]:
    """What the form of the approval says was seen."""
    return dict(re.findall(r'name="(digest|submission)" value="(\w+)"', browser.text))


async def upload(browser: Browser, path: str, file: str, data: bytes, **fields: str) -> str:
    form = FormData({PROOF: browser.token, **fields}, quote_fields=False)
    form.add_field("file", BytesIO(data), filename=file)
    async with browser.client.post(path, data=form) as answer:
        return await browser._seen(answer)


async def test_a_clerk_writes_another_approves_and_it_goes(both: Office) -> None:
    liu, chen = await crew(both)
    unit_id, _ = await scene.registered(both.store, "重工锻造")
    await scene.on_roster(both.store, unit_id)
    await scene.registered(both.store, "别区的", WUCHANG)
    path = await write(liu)

    assert "发给 2 人" in liu.plain
    assert "请重工锻造在7月1日前提交。" in liu.plain
    assert "发不到：没有绑定微信，也没有邮箱" in liu.plain
    await liu.send(f"{path}/submit")
    assert "等批准" in liu.plain
    assert "要另一个人批准" in liu.plain
    assert await rows(both.store, deliveries) == []
    await chen.open(path)
    await chen.send(f"{path}/approve", **seen_in(chen))
    assert "已批准" in chen.plain
    assert "2 人" in chen.plain
    assert len(await rows(both.store, deliveries)) == 2
    acts = [action for action, _ in await both.acts()]
    assert acts == ["broadcast.written", "broadcast.submitted", "broadcast.approved"]


async def test_nobody_approves_their_own_not_even_an_administrator(office: Office) -> None:
    office.now = NOW
    await office.staff("boss", Role.ADMIN, Scope(CITY))
    boss = await office.enter("boss")
    await scene.registered(office.store, "甲")
    path = await write(boss)
    await boss.send(f"{path}/submit")
    assert "批准，发给" not in boss.plain
    (row,) = await rows(office.store, broadcasts)
    await boss.send(f"{path}/approve", digest=row["digest"], submission="1")
    assert boss.status == 409
    assert await rows(office.store, deliveries) == []


async def test_what_was_not_seen_is_not_approved(office: Office) -> None:
    liu, chen, path = await submitted(office)
    seen = seen_in(chen)
    await liu.send(f"{path}/withdraw")
    changed: dict[str, Any] = {**TEXT, "body": "改过了"}
    await liu.send(f"{path}/edit", **changed)
    await chen.send(f"{path}/approve", **seen)
    assert chen.status == 409
    await liu.send(f"{path}/submit")
    await chen.send(f"{path}/approve", **seen)
    assert chen.status == 409
    assert "没有执行" in chen.plain
    assert await rows(office.store, deliveries) == []
    await chen.send(f"{path}/approve", **seen_in(chen))
    assert len(await rows(office.store, deliveries)) == 1


async def test_two_who_approve_at_once_send_once(both: Office) -> None:
    _, chen, path = await submitted(both)
    form = {PROOF: chen.token, **seen_in(chen)}

    async def press() -> int:
        async with chen.client.post(f"{path}/approve", data=form, allow_redirects=False) as answer:
            return answer.status

    assert sorted(await asyncio.gather(press(), press(), press())) == [303, 409, 409]
    assert len(await rows(both.store, deliveries)) == 1


async def test_another_hour_is_another_thing_to_approve(office: Office) -> None:
    liu, chen, path = await submitted(office)
    seen = seen_in(chen)
    await liu.send(f"{path}/withdraw")
    later: dict[str, Any] = {**TEXT, "send_at": "2024-07-05T09:00"}
    await liu.send(f"{path}/edit", **later)
    await liu.send(f"{path}/submit")
    await chen.send(f"{path}/approve", **seen)
    assert chen.status == 409
    await chen.send(f"{path}/approve", **seen_in(chen))
    assert "2024-07-05 09:00 开始发" in chen.plain


async def test_it_is_handed_back_with_a_reason(office: Office) -> None:
    liu, chen = await crew(office)
    await scene.registered(office.store, "甲")
    path = await write(liu)
    await liu.send(f"{path}/submit")
    await chen.send(f"{path}/back", remark="")
    assert chen.status == 422
    await chen.send(f"{path}/back", remark="<b>日期</b>不对")
    await liu.open(path)
    assert "<b>日期" not in liu.text
    assert "被退回：<b>日期</b>不对" in liu.plain
    await liu.open(f"{path}/edit")
    assert liu.status == 200


async def test_a_delicate_word_and_the_same_again_must_be_confirmed(office: Office) -> None:
    liu, chen = await crew(office)
    await scene.registered(office.store, "甲")
    body = "包 保 过 不可信，我们不保　过"
    path = await write(liu, body=body)
    assert "敏感词：保过" in liu.plain
    await liu.send(f"{path}/submit")
    assert liu.status == 422
    await liu.send(f"{path}/submit", words="1")
    await chen.open(path)
    assert "确认过这些敏感词：保过" in chen.plain
    await chen.send(f"{path}/approve", **seen_in(chen))

    path = await write(liu, body=body)
    await liu.send(f"{path}/submit", words="1")
    assert liu.status == 422
    assert "今天已经发给同样的人" in liu.plain
    await liu.send(f"{path}/submit", words="1", alike="1")
    assert "等批准" in liu.plain


async def test_nothing_goes_to_nobody(office: Office) -> None:
    liu, _ = await crew(office)
    path = await write(liu)
    await liu.send(f"{path}/submit")
    assert liu.status == 422
    assert "现在没有人" in liu.plain


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"title": ""}, "请填写"),
        ({"title": "长" * 21}, "太长了"),
        ({"body": "长" * 501}, "太长了"),
        ({"city": "无锡"}, "超出了您自己的管辖范围"),
        ({"city": "深圳"}, "请从给出的里面选"),
        ({"districts": WUCHANG}, "超出了您自己的管辖范围"),
        ({"districts": "惠山区"}, "没有这个区"),
        ({"status": "returned"}, "还要选是哪个通知"),
        ({"topic": "nonsense/"}, "请从给出的里面选"),
        ({"list": "999"}, "请从给出的里面选"),
        ({"send_at": "2024-06-30T09:00"}, "已经过去"),
        ({"send_at": "tomorrow"}, "写成"),
        ({"not_after": "2024-06-30"}, "已经过去"),
        ({"not_after": "9999-12-31"}, "2024-07-01"),
    ],
)
async def test_a_fault_is_shown_and_nothing_is_kept(
    office: Office, fields: dict[str, str], fault: str
) -> None:
    liu, _ = await crew(office)
    await write(liu, **fields)
    assert liu.status == 422
    assert fault in liu.plain
    assert await rows(office.store, broadcasts) == []


HOSTILE = [
    "{{ 7*7 }}{% for x in [1] %}",
    "{0.__class__.__mro__}",
    "%(title)s %s ${jndi:ldap://x}",
    "'; DROP TABLE units; --",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "{单位",
    "{单}{unit}",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_is_text_everywhere(office: Office, text: str) -> None:
    liu, chen = await crew(office)
    await scene.registered(office.store, text)
    path = await write(liu, title=text[:20], body=f"{text}：{{单位}}")
    assert liu.status == 200
    assert f"{text}：{text}" in liu.plain
    assert "<script>alert" not in liu.text
    await liu.send(f"{path}/submit")
    await chen.open(path)
    await chen.send(f"{path}/approve", **seen_in(chen))
    await chen.open(f"{path}/recipients")
    assert text in chen.plain
    assert "<img" not in chen.text


async def test_quiet_hours_are_told(office: Office) -> None:
    liu, _ = await crew(office)
    await scene.registered(office.store, "甲")
    await write(liu, send_at="2024-07-01T22:30")
    assert "2024-07-02 08:00 起发" in liu.plain


async def test_paused_resumed_cancelled(office: Office) -> None:
    liu, chen = await crew(office)
    await scene.registered(office.store, "甲")
    path = await sent(office, liu, chen)
    await liu.send(f"{path}/pause")
    assert "已暂停，还有 1 人没发" in liu.plain
    await liu.send(f"{path}/pause")
    assert liu.status == 409
    await liu.send(f"{path}/resume")
    await liu.send(f"{path}/cancel")
    assert "已取消" in liu.plain
    (row,) = await rows(office.store, deliveries)
    assert (row["state"], row["reason"]) == ("cancelled", "called_back")
    await liu.send(f"{path}/resend")
    assert liu.status == 409


async def test_progress_is_read_alone_and_stops_when_it_is_over(office: Office) -> None:
    liu, chen = await crew(office)
    _, one = await scene.registered(office.store, "甲")
    _, other = await scene.registered(office.store, "乙")
    path = await sent(office, liu, chen)
    part = await liu.open(f"{path}/progress")
    assert "data-poll" in part
    assert "<html" not in part
    of = await scene.again(office.store, 1)
    await scene.end(office.store, of, [one], DeliveryState.SENT)
    await scene.end(office.store, of, [other], DeliveryState.REFUSED, "refused:user block")
    part = await liu.open(f"{path}/progress")
    assert "data-poll" not in part
    assert "发完了" in liu.plain
    assert "本人屏蔽了公众号" in liu.plain
    await liu.open(f"{path}/recipients?group=failed")
    assert "乙" in liu.plain
    assert "甲" not in liu.plain.replace("甲乙", "")


async def test_failed_are_sent_again_silent_are_chased_told_are_corrected(office: Office) -> None:
    liu, chen = await crew(office)
    people = [(await scene.registered(office.store, name))[1] for name in ("甲", "乙", "丙")]
    path = await sent(office, liu, chen)
    of = await scene.again(office.store, 1)
    await liu.send(f"{path}/correct", token="x")
    assert liu.status == 409, "nobody has had it yet"
    await scene.end(office.store, of, people[:2], DeliveryState.SENT)
    await scene.end(office.store, of, people[2:], DeliveryState.REFUSED, "unreachable:window_closed")
    await liu.send(f"{path}/resend")
    assert "已重新排队" in liu.plain
    await liu.send(f"{path}/resend")
    assert liu.status == 409

    await liu.send(f"{path}/chase", token="x")
    assert "只发给收到了但没有回执的人" in liu.plain
    chase = liu.url.removesuffix("/edit")
    await liu.send(f"{chase}/edit", title="请回执", body="还没回执的请回复")
    assert "发给 2 人" in liu.plain

    await liu.send(f"{path}/correct", token="y")
    correction = liu.url.removesuffix("/edit")
    await liu.send(f"{correction}/edit", title="时间改了", body="改到周五")
    assert "发给 2 人" in liu.plain
    assert "【更正】" in liu.plain
    assert "7月1日发的“材料提交提醒”作废" in liu.plain
    await liu.send(f"{correction}/submit")
    assert liu.status == 409
    assert "还有没发完的" in liu.plain
    await liu.send(f"{path}/cancel")
    await liu.send(f"{correction}/submit")
    await chen.open(correction)
    await chen.send(f"{correction}/approve", **seen_in(chen))
    frozen = [row["contact_id"] for row in await rows(office.store, recipients) if row["broadcast_id"] == 3]
    assert frozen == people[:2]
    await liu.open(path)
    assert "更正：时间改了" in liu.plain


async def test_exports_are_text_and_audited(office: Office) -> None:
    liu, chen = await crew(office)
    _, one = await scene.registered(office.store, "=1+1")
    await mute(office.store, one)
    path = await sent(office, liu, chen)
    async with liu.client.post(f"{path}/export", data={PROOF: liu.token}) as answer:
        book = CalamineWorkbook.from_filelike(BytesIO(await answer.read()))
    row = book.get_sheet_by_index(0).to_python()[1]
    assert row[1:7] == ["=1+1", 1, DONGXIHU, "", "没发，本人不要", ""]
    assert ("broadcast.exported", "broadcast:1") in await office.acts()


async def test_the_call_list_is_printed_by_street_and_audited(office: Office) -> None:
    liu, chen = await crew(office)
    unit_id, _ = await scene.registered(office.store, "甲")
    one = await scene.on_roster(office.store, unit_id, "王芳")
    path = await sent(office, liu, chen)
    await scene.end(office.store, await scene.again(office.store, 1), [one], DeliveryState.REFUSED)
    await liu.open(f"{path}/calls")
    assert "东西湖区 （没有登记街道）（1）" in liu.plain
    assert "王芳" in liu.plain
    assert "13800138000" in liu.plain
    assert ("broadcast.calls", "broadcast:1") in await office.acts()
    await office.staff("wang", Role.VIEWER, DISTRICT, guarded=False)
    viewer = await office.enter("wang")
    await viewer.open(f"{path}/calls")
    assert viewer.status == 403
    await viewer.open(path)
    assert viewer.status == 200


async def test_a_file_is_opened_by_a_link_that_expires(office: Office) -> None:
    liu, chen = await crew(office)
    await scene.registered(office.store, "甲")
    path = await write(liu)
    for name, data in (
        ("a.exe", PDF),
        ("a.pdf", b"MZ"),
        ("a.docx", archive("word/document.xml", "word/vbaProject.bin")),
        ("a.xlsx", archive("word/document.xml")),
        ("a.pdf", b""),
    ):
        await upload(liu, f"{path}/file", name, data)
        assert liu.status == 422, name
    await upload(liu, f"{path}/file", "../..\\表 格.pdf", PDF)
    assert "表 格.pdf（1 KB）" in liu.plain
    assert "附件：表 格.pdf" in liu.plain
    (kept,) = await rows(office.store, broadcast_files)
    assert kept["data"] == PDF
    await liu.send(f"{path}/submit")
    await chen.open(path)
    await chen.send(f"{path}/approve", **seen_in(chen))
    (page,) = await rows(office.store, pages)
    assert page["purpose"] == "attachment"
    (row,) = await rows(office.store, deliveries)
    assert "https://example.org/p/" in VAULT.open(CONTENT, row["content"])


async def test_a_file_that_is_too_long_is_refused(office: Office) -> None:
    liu, _ = await crew(office)
    path = await write(liu)
    await upload(liu, f"{path}/file", "a.pdf", PDF + bytes(4 << 20))
    assert liu.status == 413


async def test_a_test_goes_to_oneself_alone(office: Office) -> None:
    liu, _ = await crew(office)
    _, mine = await scene.registered(office.store, "甲")
    path = await write(liu)
    await liu.send(f"{path}/test", token="t")
    assert liu.status == 409
    await liu.send("/console/broadcasts/tester", back=path)
    code = re.search(r"经办绑定 ([A-Z0-9-]{9})", liu.plain)
    assert code
    async with office.store.work() as work:
        assert await work.bind_tester(contact=mine, code=code[1], now=office.now)
    await liu.open(path)
    await liu.send(f"{path}/test", token="t")
    await liu.send(f"{path}/test", token="t")
    (row,) = await rows(office.store, deliveries)
    assert (row["kind"], row["contact_id"]) == ("test", mine)
    assert '"test":true' in VAULT.open(CONTENT, row["content"])


async def test_templates_are_kept_and_used(office: Office) -> None:
    liu, _ = await crew(office)
    path = await write(liu)
    await liu.send(f"{path}/template")
    await liu.open("/console/broadcasts/new?template=1")
    assert "请{单位}在{日期}前提交。" in liu.plain
    await liu.send("/console/broadcasts/templates/1/drop")
    await liu.send("/console/broadcasts/templates/1/drop")
    assert liu.status == 404


# —— lists


def csv(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def archive(*names: str) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w") as packed:
        for name in names:
            packed.writestr(name, "x")
    return out.getvalue()


async def test_a_list_shows_all_faults_at_once_and_keeps_nothing(office: Office) -> None:
    liu, _ = await crew(office)
    for name, district in (("甲公司", DONGXIHU), ("乙公司", WUCHANG), ("双胞胎", DONGXIHU)):
        await scene.registered(office.store, name, district)
    await scene.registered(office.store, "双胞胎 ", DONGXIHU)
    await liu.open("/console/lists")
    rows_ = ("单位名称,街道", "甲公司,径河街道", "乙公司,", "没有的,", "甲公司,", ",径河街道")
    await upload(liu, "/console/lists", "l.csv", csv(*rows_), name="重点", city=CITY, token="t")
    assert liu.status == 422
    assert "3 行要改" in liu.plain
    for row in ("3", "4", "6"):
        assert f'<td class="number">{row}</td>' in liu.text
    assert await rows(office.store, unit_lists) == []

    good = csv("单位名称,街道", "甲公司,径河街道", "甲公司,")
    await upload(liu, "/console/lists", "l.csv", good, name="重点", city=CITY, token="t")
    assert "1 家" in liu.plain
    assert "有 1 行重复" in liu.plain
    (street,) = {row["street"] for row in await rows(office.store, units) if row["name"] == "甲公司"}
    assert street == "径河街道"
    await liu.send("/console/lists/1/tag", tag="重点企业")
    await write(liu, list="1", tags="重点企业")
    assert "发给 1 人" in liu.plain
    assert "名单“重点”" in liu.plain
    await liu.send("/console/lists/1/tag", tag="")
    assert liu.status == 422
    await liu.send("/console/lists/1/remove")
    assert liu.status == 200


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04rubbish", b"\xd0\xcf\x11\xe0", b"a,b\n1,2\n", b"%PDF-1.4"])
async def test_what_is_no_list_is_refused(office: Office, data: bytes) -> None:
    liu, _ = await crew(office)
    await liu.open("/console/lists")
    await upload(liu, "/console/lists", "l.xlsx", data, name="重点", city=CITY, token="t")
    assert liu.status == 422
    assert await rows(office.store, unit_lists) == []
