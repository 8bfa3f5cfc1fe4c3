"""What staff see of an occasion, and what they can do about it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from store.database import Store
from store.records import DeliveryState, Path
from store.schema import deliveries
from tests.store.pushing import (
    DAY,
    NOW,
    ROSTER_LANE,
    audience,
    claim,
    claimed,
    contact,
    ends,
    person,
    post,
    seat,
    settle,
    sweep,
    unit,
)
from tests.store.scene import rows

OCCASION = "deadline:js-2024/a:7"


async def test_an_occasion_is_counted_by_state_and_reason(store: Store) -> None:
    here = await unit(store)
    for number in range(3):
        await seat(store, here, await contact(store, f"openid-{number}", follows=number > 0))
    await post(store, audience("seats", id=here))
    first, second = (await claim(store)).ready
    await settle(store, first, DeliveryState.SENT, platform_id="p1")
    await post(store, await contact(store, "openid-9"), occasion="another")

    async with store.work() as work:
        counted = await work.counts_of(occasion=OCCASION)
        fates = await work.deliveries_of(occasion=OCCASION)
    assert counted == {
        (DeliveryState.SENT, ""): 1,
        (DeliveryState.SENDING, ""): 1,
        (DeliveryState.REFUSED, "unreachable:not_following"): 1,
    }
    assert [(fate.state, fate.path, fate.unit) for fate in fates] == [
        (DeliveryState.REFUSED, None, "甲公司"),
        (DeliveryState.SENT, Path.TEMPLATE, "甲公司"),
        (DeliveryState.SENDING, Path.TEMPLATE, "甲公司"),
    ]
    assert second.attempt == 1


async def test_whom_nothing_reached_is_on_the_call_list_until_they_are_told(store: Store) -> None:
    here, elsewhere = await unit(store), await unit(store, "乙公司", district="鼓楼区")
    await person(store, here, "张三")
    gone, (_, as_person) = await contact(store, follows=False), await person(store, elsewhere, "李四")
    await seat(store, elsewhere, gone, person_id=as_person)
    await post(store, audience("units", city="nanjing"))
    await claim(store)
    await claim(store, lane=ROSTER_LANE)

    async with store.work() as work:
        everybody = await work.call_list(city="nanjing", districts=(), occasion=OCCASION)
        district = await work.call_list(city="nanjing", districts=("鼓楼区",), occasion=OCCASION)
        assert await work.call_list(city="wuxi", districts=(), occasion=OCCASION) == ()
        again = await work.resend(delivery_id=district[0].delivery_id, by="wang", now=NOW)
        left = await work.call_list(city="nanjing", districts=(), occasion=OCCASION)
    assert {(one.unit, one.name, one.phone, one.reason) for one in everybody} == {
        ("甲公司", "张三", "13800138000", "unreachable:no_email"),
        ("乙公司", "李四", "13800138000", "unreachable:not_following"),
    }
    assert [one.name for one in district] == ["李四"]
    assert again is not None
    assert [one.name for one in left] == ["张三"]


@pytest.mark.parametrize(
    ("state", "can"),
    [(DeliveryState.UNCLEAR, True), (DeliveryState.REFUSED, True), (DeliveryState.SENT, False)],
)
async def test_staff_send_again_once_what_may_not_have_come(
    store: Store, state: DeliveryState, can: bool
) -> None:
    await post(store, await contact(store))
    one = await claimed(store)
    await settle(store, one, state, reason="timeout")
    async with store.work() as work:
        made = await work.resend(delivery_id=one.id, by="wang", now=NOW)
        assert (made is not None) is can
        assert await work.resend(delivery_id=one.id, by="wang", now=NOW) is None
    if can:
        again = await claimed(store)
        assert (again.content, again.occasion) == (one.content, one.occasion)
        assert (again.id, again.again) == (made, False)
        assert again.key != one.key
        assert (await rows(store, deliveries))[1]["resend_of"] == one.id
        assert (await ends(store))[0] == (state, "timeout")


async def test_what_is_sent_again_after_its_time_is_of_use_for_a_day(store: Store) -> None:
    await post(store, await contact(store))
    late = NOW + 5 * DAY
    await sweep(store, late)
    (row,) = await rows(store, deliveries)
    async with store.work() as work:
        await work.resend(delivery_id=row["id"], by="wang", now=late)
    assert (await claimed(store, late)).not_after == late + DAY


async def test_what_a_person_was_told_last(store: Store) -> None:
    here, who = await unit(store), await contact(store)
    async with store.work() as work:
        assert await work.last_push(contact_id=who) is None
    for number in range(3):
        await post(store, who, occasion=f"deadline:{number}", content=f'{{"n": {number}}}', unit=str(here))
    for at, one in enumerate((await claim(store)).ready):
        state = DeliveryState.REFUSED if at == 2 else DeliveryState.SENT
        await settle(store, one, state, NOW + timedelta(minutes=at))
    async with store.work() as work:
        last = await work.last_push(contact_id=who)
    assert last is not None
    assert (last.occasion, last.content, last.unit) == ("deadline:1", '{"n": 1}', "甲公司")


async def test_what_waits_of_an_occasion_is_called_back_and_no_other(store: Store) -> None:
    who = await contact(store)
    for occasion in ("deadline:js-2024/a:7", "deadline:js-2024/ab:7", "deadline:js_2024/a:7", "news"):
        await post(store, who, occasion=occasion)
    async with store.work() as work:
        assert await work.cancel_occasion(prefix="deadline:js-2024/a:", reason="moved", now=NOW) == 1
        assert await work.cancel_occasion(prefix="deadline:js_", reason="moved", now=NOW) == 1
    assert [state for state, _ in await ends(store)] == ["cancelled", "waiting", "cancelled", "waiting"]
