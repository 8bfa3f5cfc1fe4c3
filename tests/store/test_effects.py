"""What a reply asks to be kept, and what is left of a person who asks to be forgotten."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table, insert

from store.database import Store
from store.records import Before, DeliveryState, Route, Thought
from store.schema import (
    allowances,
    applications,
    consents,
    contacts,
    conversations,
    deliveries,
    failures,
    feedback,
    gaps,
    inbound,
    mass_uses,
    metadata,
    mutes,
    office_reports,
    pages,
    receipts,
    recipients,
    seat_requests,
    seats,
    staff_contacts,
    staff_notes,
    tickets,
    unit_people,
    wishes,
)
from store.scope import EVERYWHERE
from tests.store.scene import NOW, Effect, Mind, event, in_time, late_reply, message, rows, texts_in, too_late
from tests.store.units import CODE, OTHER_CODE, PHONE, keep

ASK = Effect(name="ask_staff", values={"question": "武昌区找谁", "city": "wuhan", "district": "武昌区"})
HELD: dict[Table, dict[str, Any]] = {
    wishes: {"contact_id": 1, "kind": "deadline", "topic": "wuhan-2023", "district": "", "since": NOW},
    mutes: {"contact_id": 1, "topic": "reminder", "since": NOW},
    allowances: {
        "contact_id": 1,
        "template_id": "t",
        "left": 1,
        "lasting": False,
        "rejected": False,
        "changed_at": NOW,
    },
    mass_uses: {"contact_id": 1, "month": "2024-07", "used": 1},
    receipts: {
        "channel": "wechat",
        "account": "gh_1",
        "platform_id": "9",
        "contact_id": 1,
        "status": "ok",
        "at": NOW,
    },
}
"""What is held for the first person, by table."""

FORGET = Effect(name="forget", values={"receipt": "R-7f3a"})


def not_helpful(message_id: str) -> Effect:
    return Effect(name="not_helpful", values={"question": "几号截止", "message_id": message_id})


async def test_a_question_for_staff_is_kept_with_the_reply(store: Store) -> None:
    await store.turn(message(), Mind(ASK), passive=in_time)
    await store.turn(message(), Mind(ASK), passive=in_time)

    async with store.work() as work:
        (ticket,) = await work.tickets_of(scope=EVERYWHERE)
    assert (ticket.question, ticket.city, ticket.district, ticket.programme) == (
        "武昌区找谁",
        "wuhan",
        "武昌区",
        "",
    )
    assert (ticket.opened_at, ticket.waits_since, ticket.why) == (NOW, NOW, "asked")


async def test_feedback_comes_newest_first(store: Store) -> None:
    for number in range(3):
        arrival = message(f"m{number}", received_at=NOW - timedelta(minutes=number))
        await store.turn(arrival, Mind(not_helpful("")), passive=in_time)

    async with store.work() as work:
        given = [note.given_at for note in await work.feedback(limit=2)]
    assert given == [NOW - timedelta(minutes=2), NOW - timedelta(minutes=1)]


async def test_feedback_names_the_message_whose_answer_did_not_help(store: Store) -> None:
    answered = await store.turn(message("m1"), Mind(), passive=in_time)
    await store.turn(message("m2"), Mind(not_helpful("m1")), passive=in_time)
    await store.turn(message("m3"), Mind(not_helpful("gone")), passive=in_time)
    await store.turn(message("m1", sender="openid-2", account="gh_2"), Mind(), passive=in_time)

    async with store.work() as work:
        unknown, known = await work.feedback()
    assert (known.inbound_id, known.question) == (answered.inbound_id, "几号截止")
    assert unknown.inbound_id is None


async def test_nobody_can_complain_about_the_message_of_another(store: Store) -> None:
    await store.turn(message("m1"), Mind(), passive=in_time)
    await store.turn(message("m2", sender="openid-2"), Mind(not_helpful("m1")), passive=in_time)

    async with store.work() as work:
        (note,) = await work.feedback()
    assert note.inbound_id is None


async def test_a_forgotten_person_leaves_nothing_legible(store: Store) -> None:
    await store.turn(event("CLICK", event_key="我的"), Mind(), passive=in_time)
    await late_reply(store, "m1", text="我叫张三")
    await store.turn(message("m2", "没帮到"), Mind(ASK, not_helpful("m1")), passive=in_time)
    await store.note(message("m3", "还没答"))
    await store.turn(message("m4", "别人的话", sender="openid-2"), Mind(), passive=in_time)
    settled = await store.turn(message("m5", "删除我的信息"), Mind(FORGET), passive=in_time)

    assert settled.text == "answer 4"
    everything = [row for table in metadata.sorted_tables for row in await rows(store, table)]
    own = texts_in([row for row in everything if row.get("contact_id", row.get("id")) == 1])
    for trace in (
        "openid-1",
        "张三",
        "还没答",
        "没帮到",
        "几号截止",
        "武昌区找谁",
        "我的",
        "answer 1",
        "turn",
    ):
        assert trace not in own
    assert [row["contact_id"] for row in await rows(store, conversations)] == [2]
    assert [row["state"] for row in await rows(store, deliveries)] == [DeliveryState.CANCELLED]
    assert (await rows(store, contacts))[0]["sender"] == "R-7f3a"
    assert "别人的话" in texts_in(everything)
    async with store.work() as work:
        assert await work.forgotten(receipt="R-7f3a") == NOW
        assert await work.forgotten(receipt="openid-2") is None
        assert await work.unanswered(before=NOW + timedelta(days=1)) == ()


async def test_a_retry_after_forgetting_is_known_and_brings_nobody_back(store: Store) -> None:
    await store.turn(message("m1"), Mind(), passive=in_time)
    mind = Mind(FORGET)
    copies = await asyncio.gather(*(store.turn(message("m2"), mind, passive=in_time) for _ in range(3)))
    old = await store.turn(message("m1"), mind, passive=in_time)
    await store.note(message("m1"))

    assert {copy.text for copy in copies} == {"answer 2"}
    assert (old.repeated, old.text) == (True, None)
    assert len(mind.seen) == 1
    assert [row["sender"] for row in await rows(store, contacts)] == ["R-7f3a"]


async def test_a_forgotten_person_who_writes_again_is_new(store: Store) -> None:
    await store.turn(message("m1"), Mind(), passive=in_time)
    await store.turn(message("m2"), Mind(FORGET), passive=in_time)
    mind = Mind()
    await store.turn(message("m3", received_at=NOW + timedelta(days=1)), mind, passive=in_time)

    assert mind.seen[0].state is None
    assert mind.seen[0].contact.created_at == NOW + timedelta(days=1)


async def test_a_late_farewell_still_arrives_and_is_erased_at_night(store: Store) -> None:
    settled = await store.turn(message(), Mind(FORGET), passive=too_late)

    assert settled.route is Route.OUTBOX
    async with store.work() as work:
        claim = await work.claim(
            lane="wechat:gh_1:custom", owner="o", now=NOW, limit=9, lease=timedelta(seconds=-1)
        )
        assert [(one.recipient, one.text) for one in claim.ready] == [("openid-1", "answer 1")]
        await work.rescue(now=NOW)
        await work.purge(now=NOW, days=30)
    (delivery,) = await rows(store, deliveries)
    assert (delivery["recipient"], delivery["text"]) == (None, None)


async def test_forgetting_twice_with_one_receipt_fails_rather_than_mix_two_people(store: Store) -> None:
    await store.turn(message("m1"), Mind(FORGET), passive=in_time)
    with pytest.raises(Exception, match=r"(?i)unique"):
        await store.turn(message("m2", sender="openid-2"), Mind(FORGET), passive=in_time)

    assert [row["sender"] for row in await rows(store, contacts)] == ["R-7f3a", "openid-2"]


async def test_old_messages_are_erased_and_young_ones_kept(store: Store) -> None:
    old, young = NOW - timedelta(days=40), NOW - timedelta(days=20)
    await store.turn(message("old", "旧话", received_at=old), Mind(), passive=in_time)
    await store.note(message("open", "未答", received_at=old))
    await store.turn(message("young", "新话", sender="openid-2", received_at=young), Mind(), passive=in_time)

    async with store.work() as work:
        assert await work.purge(now=NOW, days=30, limit=1) == 2
        assert await work.purge(now=NOW, days=30, limit=1) == 0
    kept = {row["message_id"]: (row["text"], row["reply"]) for row in await rows(store, inbound)}
    assert kept == {"old": (None, None), "open": ("未答", None), "young": ("新话", "answer 1")}
    assert [row["contact_id"] for row in await rows(store, conversations)] == [2]
    again = await store.turn(message("old", "旧话"), Mind(), passive=in_time)
    assert again.repeated


async def _insert(store: Store, table: Table, values: dict[str, Any]) -> None:
    statement = insert(table).values(**values)
    async with store.work() as work:
        await work.do(lambda session: session.run(statement))


async def test_a_forgotten_person_sits_nowhere_and_agrees_to_nothing(store: Store) -> None:
    await store.turn(message("m0"), Mind(), passive=in_time)
    await keep(store)
    unit, other = 1, 2

    def busy(before: Before) -> Thought:
        before.affairs.privacy.agree(purposes=("seat", "push"), version="1")
        before.affairs.units.claim(code=CODE, phone=PHONE)
        before.affairs.units.claim(code=OTHER_CODE, phone="13811112222")
        before.affairs.units.code(unit=unit, hands_over=True)
        return Mind()(before)

    await store.turn(message("m1"), busy, passive=in_time)
    for table, values in HELD.items():
        await _insert(store, table, values)
    await store.turn(message("m2", "删除我的信息"), Mind(FORGET), passive=in_time)

    async with store.work() as work:
        assert (await work.seats_of(unit=unit), await work.seats_of(unit=other)) == ((), ())
        assert await work.open_codes(unit=unit, now=NOW) == ()
        assert await work.seat_requests() == ()
        assert len(await work.people_of(unit=unit)) == 2
    for table in (consents, *HELD):
        assert await rows(store, table) == [], table
    assert [row["subject"] for row in await rows(store, failures) if "contact" in row["subject"]] == []
    kinds = {row["kind"] for row in await rows(store, staff_notes)}
    assert "unit_without_contact" in kinds


async def test_what_a_redacted_message_said_is_kept_nowhere(store: Store) -> None:
    arrival = message("m1", "13812345678", event_key="K7M29QXD")
    await store.turn(arrival, Mind(Effect(name="redact")), passive=in_time)
    again = await store.turn(arrival, Mind(), passive=in_time)

    (row,) = await rows(store, inbound)
    assert (row["text"], row["event_key"], row["reply"]) == ("", "", "answer 1")
    assert (again.repeated, again.text) == (True, "answer 1")


async def test_erased_tables_are_all_tables_with_words_of_people(store: Store) -> None:
    """A new table with a person's words must be thought of when somebody is forgotten."""
    touched = {
        contacts,
        conversations,
        inbound,
        deliveries,
        tickets,
        feedback,
        pages,
        seats,
        applications,
        gaps,
    }
    touched |= {
        consents,
        wishes,
        mutes,
        allowances,
        mass_uses,
        seat_requests,
        receipts,
        staff_contacts,
        office_reports,
    }
    # a recipient stays counted: the contact names nobody any more
    of_the_unit = {unit_people, recipients}
    assert {table.name for table in metadata.sorted_tables if "contact_id" in table.c} == {
        table.name for table in (touched | of_the_unit) - {contacts}
    }
