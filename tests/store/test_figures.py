"""What is counted of messages, self-checks and deliveries: by day of China's, by place, of nobody."""

from __future__ import annotations

from datetime import date, timedelta

from store.database import Store
from store.records import Answer, Before, Figure, Noted, Span, Think, Thought
from store.scope import EVERYWHERE, Scope
from tests.store.scene import NOW, Effect, Mind, event, in_time, message

FIRST = date(2024, 7, 1)
MONTH = Span(first=FIRST, last=date(2024, 7, 31))
WUHAN, WEST = Scope("武汉"), Scope("武汉", ("东西湖区",))
CHECK = {"programme": "gongjiang", "city": "武汉", "district": "东西湖区"}


def noting(answer: Answer, city: str = "武汉", district: str = "", topic: str = "level") -> Think:
    noted = Noted(answer=answer, city=city, district=district, topic=topic)

    def think(before: Before) -> Thought:
        return Thought(text="x", state="1", trace="{}", noted=noted)

    return think


async def test_messages_are_counted_by_day_of_china_and_place(store: Store) -> None:
    late = NOW.replace(hour=16, minute=0)  # midnight in China
    await store.turn(message("m1"), noting(Answer.FOUND, district="东西湖区"), passive=in_time)
    await store.turn(message("m2"), noting(Answer.FOUND), passive=in_time)
    await store.turn(message("m3", received_at=late), noting(Answer.UNKNOWN), passive=in_time)
    await store.turn(
        message("m4", received_at=late - timedelta(microseconds=1)),
        noting(Answer.SILENT, city="无锡"),
        passive=in_time,
    )
    await store.turn(event("view"), Mind(), passive=in_time)

    async with store.work() as work:
        everything = await work.messages(scope=EVERYWHERE, span=MONTH)
        of_city = await work.messages(scope=WUHAN, span=MONTH)
        of_district = await work.messages(scope=WEST, span=MONTH)
        asked_for = await work.messages(
            scope=EVERYWHERE, span=Span(first=FIRST, last=FIRST, city="武汉", district="东西湖区")
        )
        topics = await work.topics(scope=WUHAN, span=MONTH)
    assert set(everything) == {
        Figure(day=FIRST, name="found", count=2),
        Figure(day=FIRST, name="silent", count=1),
        Figure(day=date(2024, 7, 2), name="unknown", count=1),
    }
    assert {(row.name, row.count) for row in of_city} == {("found", 2), ("unknown", 1)}
    assert of_district == asked_for == (Figure(day=FIRST, name="found", count=1),)
    assert {(row.day.day, row.name, row.count) for row in topics} == {(1, "level", 2), (2, "level", 1)}


async def test_what_is_counted_stays_when_words_are_erased(store: Store) -> None:
    await store.turn(message("m1"), noting(Answer.FOUND), passive=in_time)
    await store.turn(message("m2"), Mind(Effect(name="forget", values={"receipt": "r"})), passive=in_time)

    async with store.work() as work:
        await work.purge(now=NOW + timedelta(days=400), days=180)
        found = await work.messages(scope=WUHAN, span=MONTH)
    assert found == (Figure(day=FIRST, name="found", count=1),)


async def test_self_checks_are_counted_by_criterion(store: Store) -> None:
    failed = Effect(name="count_check", values={"what": "failed", "name": "age", **CHECK})
    for number in range(3):
        await store.turn(message(f"m{number}", sender=f"o{number}"), Mind(failed), passive=in_time)

    async with store.work() as work:
        found = await work.checks(scope=WEST, span=MONTH)
        elsewhere = await work.checks(scope=Scope("无锡"), span=MONTH)
        before = await work.checks(scope=WEST, span=Span(first=date(2024, 6, 1), last=date(2024, 6, 30)))
    assert found == (Figure(day=FIRST, of=("failed", "gongjiang"), name="age", count=3),)
    assert elsewhere == before == ()


async def test_deliveries_are_counted_by_state_and_path(store: Store) -> None:
    await store.turn(message(), Mind(), passive=lambda: False)

    async with store.work() as work:
        found = await work.delivered(scope=EVERYWHERE, span=MONTH)
        of_city = await work.delivered(scope=WUHAN, span=MONTH)
    assert found == (Figure(day=FIRST, of=("reply", ""), name="waiting", count=1),)
    assert of_city == ()  # a reply is of no unit
