"""Questions for staff on both databases: opened, taken by one, talked about, closed, forgotten."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from store.database import Store
from store.records import Role, Ticket, TicketWhy
from store.schema import contacts, ticket_answers, tickets
from store.scope import EVERYWHERE, Scope
from tests.store.scene import NOW, Effect, Mind, in_time, message, rows

EAST, WEST, CITY = Scope("武汉", ("东西湖区",)), Scope("武汉", ("武昌区",)), Scope("武汉")
FORGET = Effect(name="forget", values={"receipt": "R-7f3a"})
LATER = NOW + timedelta(hours=1)


def ask(question: str = "几号截止", **values: str) -> Effect:
    place = {"city": "武汉", "district": "东西湖区", "why": "asked"}
    return Effect(name="ask_staff", values={"question": question, **place, **values})


async def open_ticket(store: Store, sender: str = "openid-1", **values: str) -> Ticket:
    await store.turn(message(f"m-{sender}", sender=sender), Mind(ask(**values)), passive=in_time)
    async with store.work() as work:
        found = await work.tickets_of(scope=EVERYWHERE, why=TicketWhy(values.get("why", "asked")))
    return found[-1]


async def clerk(store: Store, login: str) -> int:
    async with store.work() as work:
        return await work.add_staff(
            login=login,
            name=login,
            phone="",
            role=Role.CLERK,
            scope=EAST,
            password_hash="x",
            password_due=False,
            now=NOW,
        )


async def talk(store: Store, ticket: Ticket, staff_id: int) -> None:
    async with store.work() as work:
        assert await work.take_ticket(ticket_id=ticket.id, staff_id=staff_id, now=NOW)
        assert await work.answer_ticket(ticket_id=ticket.id, staff_id=staff_id, text="7月8日", now=NOW)


async def test_a_ticket_is_of_its_place_alone(store: Store) -> None:
    ticket = await open_ticket(store)
    nowhere = await open_ticket(store, "openid-2", city="", district="")

    async with store.work() as work:
        for scope, seen in ((EAST, 2), (CITY, 2), (EVERYWHERE, 2), (WEST, 1), (Scope("无锡"), 1)):
            found = await work.tickets_of(scope=scope)
            assert len(found) == seen
            assert (await work.ticket(scope=scope, ticket_id=ticket.id) is None) == (seen == 1)
            assert await work.ticket(scope=scope, ticket_id=nowhere.id)


async def test_one_of_two_clerks_takes_a_ticket(store: Store) -> None:
    ticket = await open_ticket(store)
    staff = [await clerk(store, login) for login in ("chen", "liu")]

    async def take(staff_id: int) -> bool:
        async with store.work() as work:
            return await work.take_ticket(ticket_id=ticket.id, staff_id=staff_id, now=NOW)

    taken = await asyncio.gather(*map(take, staff))

    assert sorted(taken) == [False, True]
    other = staff[taken.index(False)]
    async with store.work() as work:
        assert await work.answer_ticket(ticket_id=ticket.id, staff_id=other, text="x", now=NOW) is None
        assert not await work.put_back(ticket_id=ticket.id, staff_id=other, now=NOW)


async def test_a_person_has_one_ticket_and_the_last_question_stands(store: Store) -> None:
    await open_ticket(store)
    for number, effect in enumerate([ask("名额"), ask("别的", why="unanswered")]):
        await store.turn(message(f"n{number}"), Mind(effect), passive=in_time)

    (row,) = await rows(store, tickets)
    assert (row["question"], row["why"]) == ("名额", "asked")


async def test_an_unanswered_question_becomes_one_for_a_person(store: Store) -> None:
    ticket = await open_ticket(store, why="unanswered")
    await store.turn(message("m2"), Mind(ask("名额", district="武昌区")), passive=in_time)

    async with store.work() as work:
        (asked,) = await work.tickets_of(scope=WEST)
    assert (asked.id, asked.question, asked.why) == (ticket.id, "名额", "asked")


async def test_while_staff_talk_the_turn_knows_and_their_answer_is_sealed(store: Store) -> None:
    ticket, staff_id = await open_ticket(store), await clerk(store, "chen")
    await talk(store, ticket, staff_id)

    mind = Mind(Effect(name="say_to_staff"), silent=True)
    await store.turn(message("m2", "还有材料呢", received_at=LATER), mind, passive=in_time)
    async with store.work() as work:
        assert await work.answers_of(ticket_id=ticket.id)
        said = await work.conversation(contact_id=ticket.contact_id, since=NOW)
        (waiting,) = await work.tickets_waiting()
    assert mind.seen[0].affairs.desk.talking
    assert (said[-1].text, said[-1].reply) == ("还有材料呢", None)
    assert waiting.waits_since == LATER
    assert "7月8日" not in str(await rows(store, ticket_answers))


async def test_the_bot_is_back_when_either_leaves(store: Store) -> None:
    staff_id = await clerk(store, "chen")
    for sender, by_person in (("openid-1", True), ("openid-2", False)):
        ticket = await open_ticket(store, sender)
        await talk(store, ticket, staff_id)
        if by_person:
            mind = Mind(Effect(name="leave_staff"))
            await store.turn(message(f"l-{sender}", sender=sender), mind, passive=in_time)
        else:
            async with store.work() as work:
                assert await work.close_ticket(ticket_id=ticket.id, by="staff", now=NOW)
                assert not await work.close_ticket(ticket_id=ticket.id, by="staff", now=NOW)
        mind = Mind()
        await store.turn(message(f"n-{sender}", sender=sender), mind, passive=in_time)
        assert not mind.seen[0].affairs.desk.talking
    assert [row["closed_by"] for row in await rows(store, tickets)] == ["person", "staff"]


async def test_who_is_forgotten_has_asked_and_heard_nothing(store: Store) -> None:
    ticket, staff_id = await open_ticket(store), await clerk(store, "chen")
    await talk(store, ticket, staff_id)
    await store.turn(message("m2", "删除我的信息"), Mind(FORGET), passive=in_time)

    (row,) = await rows(store, tickets)
    assert (row["question"], row["state"], row["closed_by"]) == (None, "closed", "forgotten")
    assert [row["text_sealed"] for row in await rows(store, ticket_answers)] == [None]
    assert [row["ticket_id"] for row in await rows(store, contacts)] == [None]


async def test_old_tickets_are_erased_with_the_conversations(store: Store) -> None:
    ticket, staff_id = await open_ticket(store), await clerk(store, "chen")
    await talk(store, ticket, staff_id)
    async with store.work() as work:
        await work.close_ticket(ticket_id=ticket.id, by="staff", now=NOW)
        while await work.purge(now=NOW + timedelta(days=181), days=180):
            pass
    assert [row["question"] for row in await rows(store, tickets)] == [None]
    assert [row["text_sealed"] for row in await rows(store, ticket_answers)] == [None]


async def test_a_ticket_goes_to_another_place_and_to_a_colleague(store: Store) -> None:
    ticket = await open_ticket(store)
    first, second = await clerk(store, "chen"), await clerk(store, "liu")
    async with store.work() as work:
        await work.take_ticket(ticket_id=ticket.id, staff_id=first, now=NOW)
        assert await work.move_ticket(ticket_id=ticket.id, city="武汉", district="武昌区", now=NOW)
        assert await work.ticket(scope=EAST, ticket_id=ticket.id) is None
    await talk(store, ticket, first)
    async with store.work() as work:
        assert not await work.move_ticket(ticket_id=ticket.id, city="武汉", district="", now=NOW)
        assert await work.take_over(ticket_id=ticket.id, staff_id=second, from_staff=first, now=NOW)
        assert not await work.take_over(ticket_id=ticket.id, staff_id=second, from_staff=first, now=NOW)
        assert await work.answer_ticket(ticket_id=ticket.id, staff_id=second, text="x", now=NOW)


async def test_hours_of_the_district_come_before_those_of_its_city(store: Store) -> None:
    async with store.work() as work:
        assert await work.hours(city="武汉", district="东西湖区") is None
        for district, end in (("", "17:30"), ("东西湖区", "17:00"), ("", "18:00")):
            await work.enter_hours(city="武汉", district=district, sessions=[("09:00", end)], now=NOW)
        east = await work.hours(city="武汉", district="东西湖区")
        west = await work.hours(city="武汉", district="武昌区")
        assert east is not None
        assert west is not None
        assert (east.sessions, west.sessions) == ((("09:00", "17:00"),), (("09:00", "18:00"),))
        assert len(await work.all_hours(scope=CITY)) == 2
        assert await work.all_hours(scope=Scope("无锡")) == ()


async def test_canned_answers_are_of_the_place_and_its_city(store: Store) -> None:
    async with store.work() as work:
        for district, title in (("", "时间"), ("东西湖区", "地址"), ("武昌区", "电话")):
            await work.write_canned(city="武汉", district=district, title=title, text="x", now=NOW)
        again = await work.write_canned(city="武汉", district="东西湖区", title="地址", text="y", now=NOW)
        assert {one.title for one in await work.canned(scope=EAST)} == {"时间", "地址"}
        assert len(await work.canned(scope=CITY)) == 3
        assert await work.drop_canned(scope=WEST, canned_id=again) is None
        assert await work.drop_canned(scope=EAST, canned_id=again) == "地址"
