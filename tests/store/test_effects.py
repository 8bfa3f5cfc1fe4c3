"""What a reply asks to be kept, and what is left of a person who asks to be forgotten."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from store.database import Store
from store.records import DeliveryState, Route
from store.schema import contacts, conversations, deliveries, feedback, inbound, metadata, pages, questions
from tests.store.scene import NOW, Effect, Mind, event, in_time, late_reply, message, rows, texts_in, too_late

ASK = Effect(name="ask_staff", values={"question": "武昌区找谁", "city": "wuhan", "district": "武昌区"})
FORGET = Effect(name="forget", values={"receipt": "R-7f3a"})


def not_helpful(message_id: str) -> Effect:
    return Effect(name="not_helpful", values={"question": "几号截止", "message_id": message_id})


async def test_a_question_for_staff_is_kept_with_the_reply(store: Store) -> None:
    settled = await store.turn(message(), Mind(ASK), passive=in_time)
    await store.turn(message(), Mind(ASK), passive=in_time)

    async with store.work() as work:
        (question,) = await work.questions()
    assert (question.question, question.city, question.district, question.programme) == (
        "武昌区找谁",
        "wuhan",
        "武昌区",
        "",
    )
    assert (question.inbound_id, question.asked_at) == (settled.inbound_id, NOW)


async def test_questions_come_oldest_first_and_feedback_newest_first(store: Store) -> None:
    for number in range(3):
        arrival = message(f"m{number}", received_at=NOW - timedelta(minutes=number))
        await store.turn(arrival, Mind(ASK, not_helpful("")), passive=in_time)

    async with store.work() as work:
        asked = [question.asked_at for question in await work.questions(limit=2)]
        given = [note.given_at for note in await work.feedback(limit=2)]
    assert asked == [NOW - timedelta(minutes=2), NOW - timedelta(minutes=1)]
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


async def test_erased_tables_are_all_tables_with_words_of_people(store: Store) -> None:
    """A new table with a person's words must be thought of when somebody is forgotten."""
    touched = {contacts, conversations, inbound, deliveries, questions, feedback, pages}
    assert {table.name for table in metadata.sorted_tables if "contact_id" in table.c} == {
        table.name for table in touched - {contacts}
    }
