"""转人工 over the wire: a ticket of its place, an answer on the phone, the bot silent and back again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot.desk import tickets as desk
from bot.kinds import Kinds
from bot.simulator.people import Side
from store.records import Role, Ticket, TicketState, TicketWhy
from store.schema import staff_notes, tickets
from store.scope import EVERYWHERE, Scope
from tests.store.scene import rows
from tests.wire import SEASON, Wire, wire

EAST = Scope("武汉", ("东西湖区",))
KIND = Kinds({}).without((), mail=False)[desk.KIND]


@pytest_asyncio.fixture
async def line(tmp_path: Path) -> AsyncIterator[Wire]:
    async with wire(tmp_path) as line:
        yield line


async def pending(line: Wire, why: str = "asked") -> tuple[Ticket, ...]:
    async with line.service.store.work() as work:
        return await work.tickets_of(scope=EVERYWHERE, why=TicketWhy(why))


async def clerk(line: Wire) -> int:
    async with line.service.store.work() as work:
        return await work.add_staff(
            login="chen",
            name="陈",
            phone="",
            role=Role.CLERK,
            scope=EAST,
            password_hash="x",
            password_due=False,
            now=SEASON,
        )


async def answer(line: Wire, text: str, staff_id: int) -> None:
    """Staff take what waits, if nobody has, and answer; the message has left when this returns."""
    now = line.service.clock.now()
    async with line.service.store.work() as work:
        (ticket,) = await work.tickets_of(scope=EAST)
        await work.take_ticket(ticket_id=ticket.id, staff_id=staff_id, now=now)
        (ticket,) = await work.tickets_of(scope=EAST)
        assert await desk.answer(work, ticket, staff_id=staff_id, text=text, now=now)
    await line.service.delivery.run_once(now)


def told(line: Wire, openid: str, wanted: str) -> str:
    """What the account said to the person that has `wanted` in it."""
    chat = line.simulator.someone(openid).chat
    return next(entry.text for entry in chat if entry.side is Side.ACCOUNT and wanted in entry.text)


async def test_a_question_becomes_a_ticket_of_its_district_and_the_answer_arrives(line: Wire) -> None:
    person, staff_id = line.simulator.person(), await clerk(line)

    async def say(text: str) -> str:
        return (await line.simulator.say(person.openid, text)).text

    await say("武汉工匠东西湖区找谁")
    handed = await say("转人工")
    assert "武汉东西湖区工作人员" in handed
    assert "09:00–12:00" in handed
    (ticket,) = await pending(line)
    assert (ticket.city, ticket.district, ticket.why) == ("武汉", "东西湖区", "asked")
    assert await say("武汉工匠几号截止"), "the bot goes on while nobody has answered"

    await answer(line, "到吴家山街道办三楼找张老师。", staff_id)
    text = told(line, person.openid, "吴家山")
    assert text.startswith("【武汉东西湖区工作人员】")
    assert "结束人工" in text
    assert await say("几楼") == ""
    assert await say("1") == ""
    assert await say("转人工") == ""
    await answer(line, "三楼。", staff_id)
    assert "结束人工" not in told(line, person.openid, "三楼。")

    assert "自动回答" in await say("结束人工")
    assert await say("武汉工匠几号截止")
    assert await pending(line) == ()


async def test_what_is_said_in_between_is_on_the_sheet_with_what_became_of_it(line: Wire) -> None:
    person, staff_id = line.simulator.person(), await clerk(line)
    for text in ("东西湖区武汉工匠找谁", "转人工"):
        await line.simulator.say(person.openid, text)
    await answer(line, "我是陈老师", staff_id)
    await line.simulator.say(person.openid, "身份证420106199001011237要带吗")

    async with line.service.store.work() as work:
        (ticket,) = await work.tickets_of(scope=EAST)
        sheet = await desk.sheet(work, ticket, KIND, line.service.clock.now())
    assert ticket.state is TicketState.TALKING
    assert [one.who for one in sheet.lines] == ["", "bot", "", "bot", "陈", ""]
    assert sheet.lines[4].fate is not None
    assert sheet.lines[4].fate.state == "sent"
    last = sheet.lines[-1].text
    assert last is not None
    assert "19900101" not in last
    assert sheet.ways is not None
    assert sheet.ways.chosen == "custom"
    assert sheet.reach is not None
    assert sheet.reach.window_left == 5


async def test_staff_end_a_talk_and_the_bot_says_that_it_is_back(line: Wire) -> None:
    person, staff_id = line.simulator.person(), await clerk(line)
    for text in ("东西湖区武汉工匠找谁", "转人工"):
        await line.simulator.say(person.openid, text)
    await answer(line, "好的", staff_id)
    now = line.service.clock.now()
    async with line.service.store.work() as work:
        (ticket,) = await work.tickets_of(scope=EAST)
        assert await desk.close(work, ticket, by="staff", now=now)
    await line.service.delivery.run_once(now)

    told(line, person.openid, "自动回答")
    assert (await line.simulator.say(person.openid, "武汉工匠几号截止")).text


async def test_rights_hold_while_staff_talk(line: Wire) -> None:
    person, staff_id = line.simulator.person(), await clerk(line)
    for text in ("东西湖区武汉工匠找谁", "转人工"):
        await line.simulator.say(person.openid, text)
    await answer(line, "好的", staff_id)

    assert (await line.simulator.say(person.openid, "隐私说明")).text
    assert (await line.simulator.say(person.openid, "删除我的信息")).text
    assert (await line.simulator.say(person.openid, "确认删除")).text
    (row,) = await rows(line.service.store, tickets)
    assert (row["question"], row["closed_by"]) == (None, "forgotten")


async def test_of_no_city_the_person_is_asked_which(line: Wire) -> None:
    person = line.simulator.person()
    asked = (await line.simulator.say(person.openid, "转人工")).text
    assert "哪个城市" in asked
    assert [ticket.city for ticket in await pending(line)] == [""]

    number = next(row[0] for row in asked.splitlines() if row.endswith("武汉转人工"))
    await line.simulator.say(person.openid, number)
    assert [ticket.city for ticket in await pending(line)] == ["武汉"]


async def test_what_the_bot_could_not_answer_waits_apart(line: Wire) -> None:
    await line.ask("武汉工匠几号截止", "武汉工匠的奖牌多重")
    assert await pending(line) == ()
    (ticket,) = await pending(line, why="unanswered")
    assert ticket.question == "武汉工匠的奖牌多重"


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("2024-07-01T12:30:00+08:00", "今天 13:30"),
        ("2024-07-01T18:00:00+08:00", "明天 09:00"),
        ("2024-07-05T18:00:00+08:00", "7月8日 09:00"),
        ("2024-07-01T10:00:00+08:00", "现在在"),
    ],
)
async def test_office_hours_are_told(tmp_path: Path, now: str, words: str) -> None:
    async with wire(tmp_path, now=datetime.fromisoformat(now)) as line:
        (said,) = await line.ask("东西湖区转人工")
        assert words in said


async def test_who_writes_after_hours_is_told_once_when_staff_are_back(line: Wire) -> None:
    person, staff_id = line.simulator.person(), await clerk(line)
    for text in ("东西湖区武汉工匠找谁", "转人工"):
        await line.simulator.say(person.openid, text)
    await answer(line, "好的", staff_id)
    await line.service.clock.set(line.service.store, now=SEASON.replace(hour=20), rate=1)

    assert "明天 09:00" in (await line.simulator.say(person.openid, "还在吗")).text
    assert (await line.simulator.say(person.openid, "那明天说")).text == ""


async def test_what_waits_for_too_long_is_brought_before_the_city(line: Wire) -> None:
    for text in ("东西湖区转人工",):
        await line.ask(text)
    sweeps: list[tuple[timedelta, int]] = [
        (timedelta(hours=1, minutes=50), 0),
        (timedelta(hours=2, minutes=1), 1),
        (timedelta(hours=3), 0),
    ]
    for after, moved in sweeps:
        async with line.service.store.work() as work:
            assert await desk.sweep(work, SEASON + after) == moved, after
    (ticket,) = await pending(line)
    assert ticket.escalated_at == SEASON + timedelta(hours=2, minutes=1)
    (note,) = await rows(line.service.store, staff_notes)
    assert (note["kind"], note["city"], note["district"]) == ("ticket_waits", "武汉", "")


async def test_a_talk_that_fell_silent_ends(line: Wire) -> None:
    person, staff_id = line.simulator.person(), await clerk(line)
    for text in ("东西湖区武汉工匠找谁", "转人工"):
        await line.simulator.say(person.openid, text)
    await answer(line, "好的", staff_id)

    async with line.service.store.work() as work:
        assert await desk.sweep(work, SEASON + timedelta(hours=23)) == 0
        assert await desk.sweep(work, SEASON + timedelta(hours=25)) == 1
    assert await pending(line) == ()
