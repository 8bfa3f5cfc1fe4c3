"""Alerts are posted to exactly those whom they are for, once, and only where they are ones."""

from __future__ import annotations

import json
from typing import Any

import pytest

from store.database import Store
from store.records import SeatState
from store.schema import deliveries
from tests.store import pushing
from tests.store.pushing import NOW, audience, contact, person, post, premise, seat, unit, wish
from tests.store.scene import Effect, Mind, in_time, message, rows


async def told(store: Store) -> dict[int, int | None]:
    """Whom deliveries are for, and for which unit."""
    return {row["contact_id"]: row["unit_id"] for row in await rows(store, deliveries)}


async def test_a_unit_is_its_seats_and_the_people_of_its_roster_who_have_none(store: Store) -> None:
    here, elsewhere = await unit(store), await unit(store, "乙公司")
    held, ended, other = [await contact(store, f"openid-{number}") for number in range(3)]
    named, seated_as = await person(store, here), await person(store, here, "李四")
    await seat(store, here, held, person_id=seated_as[1])
    await seat(store, here, ended, ended_at=NOW)
    await seat(store, elsewhere, other)

    assert await post(store, audience("seats", id=here)) == 2
    assert await told(store) == {held: here, named[0]: here}
    lanes = {row["contact_id"]: row["lane"] for row in await rows(store, deliveries)}
    assert lanes == {held: "wechat:gh_1:push", named[0]: "roster::push"}


async def test_of_applicants_only_confirmed_seats_are_told(store: Store) -> None:
    here = await unit(store)
    confirmed, provisional = await contact(store), await contact(store, "openid-2")
    await person(store, here)
    await seat(store, here, confirmed)
    await seat(store, here, provisional, SeatState.PROVISIONAL)

    assert await post(store, audience("seats", id=here, confirmed=True)) == 1
    assert await told(store) == {confirmed: here}


@pytest.mark.parametrize(
    ("districts", "names"),
    [([], {"甲", "乙"}), (["玄武区"], {"甲"}), (["玄武区", "鼓楼区"], {"甲", "乙"}), (["江宁区"], set())],
)
async def test_units_of_a_place(store: Store, districts: list[str], names: set[str]) -> None:
    people = {}
    for name, place in (
        ("甲", {"district": "玄武区"}),
        ("乙", {"district": "鼓楼区"}),
        ("丙", {"city": "wuxi"}),
    ):
        people[await contact(store, name)] = name
        await seat(store, await unit(store, name, **place), max(people))

    await post(store, audience("units", city="nanjing", districts=districts))
    assert {people[one] for one in await told(store)} == names


async def test_who_speaks_for_several_units_is_told_once_and_for_none_by_name(store: Store) -> None:
    one, both = await contact(store), await contact(store, "openid-2")
    first, second = await unit(store), await unit(store, "乙公司")
    for of, who in ((first, one), (first, both), (second, both)):
        await seat(store, of, who)

    assert await post(store, audience("units", city="nanjing")) == 2
    assert await told(store) == {one: first, both: None}


async def test_units_that_have_handed_in_are_not_reminded(store: Store) -> None:
    first, second, both = [await contact(store, f"openid-{number}") for number in range(3)]
    done, open_ = await unit(store), await unit(store, "乙公司")
    for of, who in ((done, first), (open_, second), (done, both), (open_, both)):
        await seat(store, of, who)
    await pushing.application(store, done)

    await post(store, audience("units", city="nanjing"), premise("unsubmitted", "js-2024"))
    assert await told(store) == {second: open_, both: open_}


async def test_who_wished_to_be_told_of_a_topic(store: Store) -> None:
    anywhere, here, there, ended, other = [await contact(store, f"openid-{number}") for number in range(5)]
    await wish(store, anywhere)
    await wish(store, here, district="玄武区")
    await wish(store, there, district="鼓楼区")
    await wish(store, ended, ended_at=NOW)
    await wish(store, other, topic="js-2024/b")

    of = {"kind": "deadline", "topic": "js-2024/a"}
    assert await post(store, audience("wishers", **of)) == 3
    assert await post(store, audience("wishers", **of, districts=["", "玄武区"]), occasion="d:2") == 2
    of_district = [row["contact_id"] for row in await rows(store, deliveries) if row["occasion"] == "d:2"]
    assert set(of_district) == {anywhere, here}


async def test_a_candidate_is_told_where_bound(store: Store) -> None:
    applicant, of = await contact(store), await unit(store)
    bound = await pushing.application(store, of, contact_id=applicant)
    unbound = await pushing.application(store, of, name_sealed="x")

    assert await post(store, audience("candidate", id=unbound)) == 0
    assert await post(store, audience("candidate", id=bound)) == 1
    assert await told(store) == {applicant: of}


async def test_who_is_left_out_or_has_muted_it_or_had_it_is_not_told(store: Store) -> None:
    here = await unit(store)
    people = [await contact(store, f"openid-{number}") for number in range(6)]
    for one in people:
        await seat(store, here, one)
    for one, topic in zip(people, ["", "reminder", "deadline:js-2024", "news"], strict=False):
        await pushing.mute(store, one, topic)
    await post(store, people[4])
    await store.turn(
        message(sender="openid-5", received_at=NOW),
        Mind(Effect(name="forget", values={"receipt": "R1"})),
        passive=in_time,
    )

    assert await post(store, audience("seats", id=here)) == 1
    assert await told(store) == {people[3]: here, people[4]: None}
    assert await post(store, audience("seats", id=here, but=people[3]), occasion="deadline:x") == 2


async def test_an_alert_of_a_turn_is_posted_with_it(store: Store) -> None:
    other = await contact(store, "openid-9")
    values = {
        "kind": "reminder",
        "template": "binding/new_seat",
        "content": "{}",
        "audience": audience("contact", id=other),
        "occasion": "seat:1",
        "due_at": NOW.isoformat(),
        "not_after": (NOW + pushing.DAY).isoformat(),
        "premises": "[]",
        "unit": "",
    }
    mind = Mind(Effect(name="alert", values=values))
    await store.turn(message(received_at=NOW), mind, passive=in_time)
    await store.turn(message("m2", received_at=NOW), mind, passive=in_time)

    (row,) = await rows(store, deliveries)
    assert (row["contact_id"], row["template"], row["posted_at"]) == (other, "binding/new_seat", NOW)
    assert row["dedupe_key"] == f"seat:1:{other}"


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ({"audience": '{"who": "everybody"}'}, "nobody is known as"),
        ({"audience": '{"who": "contact", "age": 3}'}, "not an audience"),
        ({"audience": "[]"}, "not an object"),
        ({"audience": "{"}, "Expecting"),
        ({"content": "[1]"}, "not an object"),
        ({"premises": json.dumps([premise("weather")])}, "no such premise"),
        ({"premises": json.dumps([premise("return", "x")])}, "no such premise"),
        ({"premises": '[{"when": "now"}]'}, "not premises"),
        ({"due_at": "2024-07-01T10:00:00"}, "without a time zone"),
        ({"not_after": "tomorrow"}, "isoformat"),
        ({"unit": "one"}, "invalid literal"),
    ],
)
async def test_what_is_no_alert_is_an_error_of_whoever_made_it(
    store: Store, broken: dict[str, Any], fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        await post(store, 1, **broken)
