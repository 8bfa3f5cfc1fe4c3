"""Pushes: judged on what holds when they are claimed, sent by the path that is open, never by two."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from store.database import Store
from store.records import DeliveryState, Path
from store.schema import allowances, api_calls, contacts, deliveries, mass_uses, returns
from tests.databases import VAULT
from tests.store import pushing
from tests.store.pushing import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    ROSTER_LANE,
    SUBSCRIPTION,
    claim,
    claimed,
    contact,
    ends,
    only,
    post,
    premise,
    settle,
    sweep,
)
from tests.store.scene import Effect, Mind, event, in_time, message, rows

GONE = timedelta(seconds=-1)
TEMPLATE_API = "wechat:gh_1:template"
MIDNIGHT = datetime.fromisoformat("2024-07-02T00:00:00+08:00")


async def calls(store: Store) -> dict[tuple[str, str], int]:
    return {(row["lane"], row["day"]): row["used"] for row in await rows(store, api_calls)}


async def test_a_push_is_armed_with_all_that_its_sending_needs(store: Store) -> None:
    unit = await pushing.unit(store)
    await post(store, await contact(store), unit=str(unit))
    one = await claimed(store)

    assert (one.kind, one.path, one.template_id) == ("reminder", Path.TEMPLATE, "tpl-template")
    assert (one.template, one.content, one.unit) == ("deadlines/near", '{"stage": "district"}', "甲公司")
    assert (one.recipient, one.occasion, one.text) == ("openid-1", "deadline:js-2024/a:7", "")
    assert len(one.key) == 32
    assert one.key.isalnum()
    assert one.again_until == NOW + 8 * MINUTE
    assert await calls(store) == {(TEMPLATE_API, "2024-07-01"): 1}
    assert (await claim(store)).ready == ()


@pytest.mark.parametrize(
    "broken",
    [
        premise("stage", "js-2024/district", "2024-07-09"),
        premise("stage", "js-2024/gone", ""),
        premise("unsubmitted", "js-2024"),
        premise("return", "77"),
        premise("wish", "js-2024/a"),
        premise("seat"),
    ],
    ids=lambda each: f"{each['what']} {each['of']}",
)
async def test_what_rests_on_something_that_holds_no_more_is_cancelled(
    store: Store, broken: dict[str, str]
) -> None:
    unit = await pushing.unit(store)
    person = await contact(store)
    await pushing.wish(store, person, ended_at=NOW)
    await pushing.seat(store, unit, person, ended_at=NOW)
    await post(store, person, broken, unit=str(unit))
    await pushing.application(store, unit)
    result = await claim(store)

    assert (result.ready, result.cancelled) == ((), 1)
    assert await ends(store) == [("cancelled", broken["what"])]


async def test_what_rests_on_something_that_holds_goes(store: Store) -> None:
    unit, other = await pushing.unit(store), await pushing.unit(store, "乙公司")
    person = await contact(store)
    await pushing.wish(store, person)
    await pushing.seat(store, unit, person)
    form, imported = await pushing.application(store, other), await pushing.import_(store)
    history = await pushing.history(store, form, imported)
    returned = await pushing.add(store, returns, application_id=form, history_id=history, opened_at=NOW)
    await post(
        store,
        person,
        premise("stage", "js-2024/district", "2024-07-08"),
        premise("unsubmitted", "js-2024"),
        premise("return", str(returned)),
        premise("wish", "js-2024/a"),
        premise("seat"),
        unit=str(unit),
    )
    assert (await claimed(store)).unit == "甲公司"


async def test_who_stands_for_two_units_is_reminded_until_both_have_handed_in(store: Store) -> None:
    person = await contact(store)
    both = [await pushing.unit(store, name) for name in ("甲公司", "乙公司")]
    for unit in both:
        await pushing.seat(store, unit, person)
    for days in (7, 3, 1):
        await post(
            store,
            pushing.audience("units", city="nanjing"),
            premise("unsubmitted", "js-2024"),
            occasion=f"deadline:{days}",
        )

    assert (await claimed(store, limit=1)).unit == ""
    await pushing.application(store, both[0])
    await claimed(store, limit=1)
    await pushing.application(store, both[1])
    assert (await claim(store)).cancelled == 1


@pytest.mark.parametrize("topic", ["", "deadlines", "deadline", "deadline:js-2024", "deadline:js-2024/a:7"])
async def test_what_was_muted_meanwhile_is_cancelled(store: Store, topic: str) -> None:
    person = await contact(store)
    await post(store, person)
    await pushing.mute(store, person, topic)

    assert (await claim(store)).cancelled == 1
    assert await ends(store) == [("cancelled", "muted")]


async def test_without_consent_nothing_goes_but_to_people_of_the_roster(store: Store) -> None:
    rules = only(Path.TEMPLATE, Path.EMAIL, consent="push")
    unit = await pushing.unit(store)
    (willing, withdrawn), (named, _) = (
        (await contact(store, "openid-1"), await contact(store, "openid-2")),
        await pushing.person(store, unit, email="zhang@example.com"),
    )
    await pushing.consent(store, willing)
    await pushing.consent(store, withdrawn, withdrawn_at=NOW)
    for person in (willing, withdrawn, named):
        await post(store, person)

    result = await claim(store, rules=rules)
    assert ([one.contact_id for one in result.ready], result.cancelled) == ([willing], 1)
    by_mail = await claimed(store, rules=rules, lane=ROSTER_LANE)
    assert (by_mail.path, by_mail.email) == (Path.EMAIL, "zhang@example.com")
    assert ("cancelled", "no_consent") in await ends(store)


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2024-07-01T20:59:59+08:00", None),
        ("2024-07-01T21:00:00+08:00", "2024-07-02T08:00:00+08:00"),
        ("2024-07-02T07:59:59+08:00", "2024-07-02T08:00:00+08:00"),
        ("2024-07-02T08:00:00+08:00", None),
    ],
)
async def test_nobody_is_disturbed_at_night(store: Store, at: str, until: str | None) -> None:
    await post(store, await contact(store))
    result = await claim(store, datetime.fromisoformat(at))
    (row,) = await rows(store, deliveries)

    if until is None:
        assert len(result.ready) == 1
    else:
        assert (result.put_off, row["state"], row["reason"]) == (1, "waiting", "quiet_hours")
        assert (row["attempt"], row["first_try_at"]) == (0, None)
        assert row["due_at"] == datetime.fromisoformat(until)
        assert await calls(store) == {}


async def test_a_kind_may_go_at_night(store: Store) -> None:
    await post(store, await contact(store))
    assert await claimed(store, NOW + 12 * HOUR, only(Path.TEMPLATE, quiet=False))


async def test_each_path_takes_what_it_uses_and_the_next_is_taken_after_it(store: Store) -> None:
    person = await contact(store, window_until=NOW + DAY, window_left=1)
    await contact(store, "openid-2")
    async with store.work() as work:
        await work.allow(
            channel="wechat", account="gh_1", sender="openid-1", template_id=SUBSCRIPTION, now=NOW
        )
    rules = only(Path.SUBSCRIBE, Path.CUSTOM, Path.EMAIL)
    for number in range(3):
        await post(store, person, occasion=f"deadline:{number}")
    result = await claim(store, rules=rules)

    assert [one.path for one in result.ready] == [Path.SUBSCRIBE, Path.CUSTOM]
    assert result.refused == 1
    assert ("refused", "unreachable:no_allowance") in await ends(store)
    assert [row["left"] for row in await rows(store, allowances)] == [0]
    assert (await rows(store, contacts))[0]["window_left"] == 0


async def test_a_lasting_permission_is_not_used_up_and_a_rejection_ends_it(store: Store) -> None:
    person, rules = await contact(store), only(Path.SUBSCRIBE)
    who = {"channel": "wechat", "account": "gh_1", "sender": "openid-1", "template_id": SUBSCRIPTION}
    async with store.work() as work:
        await work.allow(**who, now=NOW, lasting=True)
    for number in range(3):
        await post(store, person, occasion=f"deadline:{number}")
    assert len((await claim(store, rules=rules, limit=2)).ready) == 2
    async with store.work() as work:
        await work.reject(**who, now=NOW)
    assert (await claim(store, rules=rules)).refused == 1
    assert ("refused", "unreachable:rejected") in await ends(store)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"follows": False}, "not_following"),
        ({"barred": "43004"}, "barred"),
    ],
)
async def test_whom_the_platform_cannot_reach_is_for_staff_to_call(
    store: Store, changes: dict[str, Any], why: str
) -> None:
    await post(store, await contact(store, **changes))
    assert (await claim(store)).refused == 1
    assert await ends(store) == [("refused", f"unreachable:{why}")]


async def test_mass_sends_go_to_two_people_at_least_under_one_key(store: Store) -> None:
    rules = only(Path.MASS, Path.CALL)
    for number in range(3):
        person = await contact(store, f"openid-{number}")
        await post(store, person, content='{"n": 1}' if number < 2 else '{"n": 2}')
    result = await claim(store, rules=rules)

    first, second = result.ready
    assert first.key == second.key
    assert (first.path, first.again_until) == (Path.MASS, NOW + DAY)
    assert result.refused == 1
    assert ("refused", "unreachable:mass_alone") in await ends(store)
    assert await calls(store) == {("wechat:gh_1:mass", "2024-07-01"): 1}
    assert [(row["month"], row["used"]) for row in await rows(store, mass_uses)] == [("2024-07", 1)] * 2


async def test_the_fifth_mass_message_of_a_month_waits_for_the_next(store: Store) -> None:
    rules = only(Path.MASS, quiet=False)
    people = [await contact(store, f"openid-{number}") for number in range(2)]
    for person in people:
        await pushing.add(store, mass_uses, contact_id=person, month="2024-07", used=3)
    until = datetime.fromisoformat("2024-08-02T00:00:00+08:00").isoformat()
    for number in range(2):
        for person in people:
            await post(store, person, occasion=f"news:{number}", not_after=until)
    result = await claim(store, rules=rules)

    assert (len(result.ready), result.put_off) == (2, 2)
    waiting = [row for row in await rows(store, deliveries) if row["state"] == "waiting"]
    assert {row["due_at"] for row in waiting} == {datetime.fromisoformat("2024-08-01T00:00:00+08:00")}
    assert len((await claim(store, waiting[0]["due_at"], rules)).ready) == 2


async def test_a_day_of_china_has_so_many_calls_of_an_api(store: Store) -> None:
    rules = replace(only(Path.TEMPLATE, quiet=False), quotas={Path.TEMPLATE: 2})
    for number in range(5):
        await post(store, await contact(store, f"openid-{number}"))
    evening = MIDNIGHT - MINUTE
    result = await claim(store, evening, rules)

    assert (len(result.ready), result.put_off) == (2, 3)
    assert (await claim(store, evening, rules)).ready == ()
    async with store.work() as work:
        assert (await work.counts())[DeliveryState.WAITING] == 3
    assert len((await claim(store, MIDNIGHT, rules)).ready) == 2
    assert await calls(store) == {(TEMPLATE_API, "2024-07-01"): 2, (TEMPLATE_API, "2024-07-02"): 2}


async def test_processes_share_the_calls_of_a_day_and_never_exceed_them(postgres_url: str) -> None:
    stores = [await Store.open(postgres_url, VAULT) for _ in range(3)]
    for number in range(30):
        await post(stores[0], await contact(stores[0], f"openid-{number}"))
    rules = replace(only(Path.TEMPLATE), quotas={Path.TEMPLATE: 20})
    claims = await asyncio.gather(*(claim(store, rules=rules, limit=5) for store in stores for _ in range(4)))
    rest = await claim(stores[0], rules=rules)

    armed = [one.id for each in (*claims, rest) for one in each.ready]
    assert len(armed) == len(set(armed)) == 20
    assert await calls(stores[0]) == {(TEMPLATE_API, "2024-07-01"): 20}
    for store in stores:
        await store.close()


async def test_a_call_that_was_not_made_is_given_back_to_the_day_it_was_taken_from(store: Store) -> None:
    rules = only(Path.TEMPLATE, quiet=False)
    await post(store, await contact(store))
    one = await claimed(store, MIDNIGHT - MINUTE, rules)
    await settle(store, one, DeliveryState.WAITING, MIDNIGHT, due_at=MIDNIGHT + MINUTE, reason="45009")

    assert await calls(store) == {(TEMPLATE_API, "2024-07-01"): 0}
    again = await claimed(store, MIDNIGHT + MINUTE, rules)
    assert (again.key, again.again, again.attempt, again.burned) == (one.key, False, 2, 1)
    assert again.again_until == MIDNIGHT + 9 * MINUTE


async def test_an_api_at_rest_lets_the_next_path_go_and_is_waited_for_where_there_is_none(
    store: Store,
) -> None:
    person = await contact(store, window_until=NOW + DAY, window_left=1)
    await post(store, person)
    await post(store, person, occasion="deadline:3")
    async with store.work() as work:
        await work.park(lane=TEMPLATE_API, until=NOW + HOUR)
    result = await claim(store, rules=only(Path.TEMPLATE, Path.CUSTOM, Path.CALL))

    assert [one.path for one in result.ready] == [Path.CUSTOM]
    assert result.put_off == 1
    resting = replace(only(Path.TEMPLATE), resting={TEMPLATE_API: NOW + 2 * HOUR})
    assert (await claim(store, NOW + HOUR, resting)).put_off == 1
    assert (await claimed(store, NOW + 2 * HOUR)).path is Path.TEMPLATE


async def test_what_can_only_go_when_it_is_of_no_use_is_for_staff_to_call(store: Store) -> None:
    await post(store, await contact(store))
    async with store.work() as work:
        await work.park(lane=TEMPLATE_API, until=NOW + 4 * DAY)
    await claim(store, rules=only(Path.TEMPLATE))
    assert await ends(store) == [("refused", "unreachable:parked")]


async def test_a_kind_that_nobody_knows_is_refused_alone(store: Store) -> None:
    person = await contact(store)
    await post(store, person, kind="from_later")
    await post(store, person, occasion="deadline:3")
    result = await claim(store)
    assert (len(result.ready), result.refused) == (1, 1)


async def test_a_keyed_send_of_unknown_end_goes_again_by_its_key_and_no_other_path(store: Store) -> None:
    person = await contact(store, window_until=NOW + DAY, window_left=5)
    await post(store, person)
    first = await claimed(store, lease=GONE)
    await sweep(store)
    assert await ends(store) == [("waiting", "lease_expired")]

    second = await claimed(store, NOW + MINUTE)
    assert (second.key, second.path, second.again) == (first.key, Path.TEMPLATE, True)
    assert second.again_until == first.again_until
    assert await settle(store, first, DeliveryState.SENT) == 0
    await settle(
        store, second, DeliveryState.UNCLEAR, NOW + MINUTE, due_at=NOW + 2 * MINUTE, reason="timeout"
    )
    third = await claimed(store, NOW + 2 * MINUTE)
    await settle(store, third, DeliveryState.SENT, NOW + 2 * MINUTE, platform_id="p1")
    assert await ends(store) == [("sent", "")]


async def test_a_key_is_used_no_longer_than_the_platform_remembers_it(store: Store) -> None:
    await post(store, await contact(store))
    one = await claimed(store, lease=GONE)
    await settle(store, one, DeliveryState.UNCLEAR, due_at=NOW + MINUTE)
    result = await claim(store, NOW + 8 * MINUTE)

    assert (result.ready, result.unclear) == ((), 1)
    assert await ends(store) == [("unclear", "key_expired")]
    assert await settle(store, one, DeliveryState.SENT, NOW + 9 * MINUTE, platform_id="p1") == 1


async def test_a_lease_that_expires_beyond_the_key_leaves_a_doubt(store: Store) -> None:
    await post(store, await contact(store))
    await claimed(store, lease=GONE)
    await sweep(store, NOW + 8 * MINUTE)
    assert await ends(store) == [("unclear", "lease_expired")]


async def test_a_second_try_that_was_not_made_settles_nothing_of_the_first(store: Store) -> None:
    await post(store, await contact(store))
    await claimed(store, lease=GONE)
    await sweep(store)
    again = await claimed(store, NOW + MINUTE)
    await settle(store, again, DeliveryState.WAITING, NOW + MINUTE, due_at=NOW + 2 * MINUTE)
    once_more = await claimed(store, NOW + 2 * MINUTE)
    assert (once_more.again, once_more.key) == (True, again.key)
    await settle(store, once_more, DeliveryState.WAITING, NOW + 2 * MINUTE, due_at=MIDNIGHT, reason="45009")
    assert await ends(store) == [("unclear", "45009")]


@pytest.mark.parametrize("path", [Path.CUSTOM, Path.SUBSCRIBE, Path.EMAIL])
async def test_a_send_without_a_key_is_never_repeated(store: Store, path: Path) -> None:
    unit = await pushing.unit(store)
    person = await contact(store, window_until=NOW + DAY, window_left=5)
    _, named = await pushing.person(store, unit, email="zhang@example.com")
    await pushing.seat(store, unit, person, person_id=named)
    async with store.work() as work:
        await work.allow(
            channel="wechat", account="gh_1", sender="openid-1", template_id=SUBSCRIPTION, now=NOW
        )
    await post(store, person)
    await post(store, person, occasion="deadline:3")
    rules = only(path)
    one = await claimed(store, rules=rules, limit=1)
    await settle(store, one, DeliveryState.UNCLEAR, due_at=NOW + MINUTE, reason="timeout")
    await claim(store, rules=rules, limit=1, lease=GONE)
    await sweep(store)
    assert {state for state, _ in await ends(store)} <= {"unclear", "refused"}
    assert (await claim(store, NOW + 2 * MINUTE, rules)).ready == ()


async def test_a_mass_send_of_unknown_end_goes_again_as_a_whole(store: Store) -> None:
    rules = only(Path.MASS)
    for number in range(4):
        await post(store, await contact(store, f"openid-{number}"))
    first = await claim(store, rules=rules, limit=4, lease=GONE)
    await sweep(store)
    again = await claim(store, NOW + HOUR, rules, limit=1)

    assert {one.contact_id for one in again.ready} == {one.contact_id for one in first.ready}
    assert {one.key for one in again.ready} == {first.ready[0].key}
    assert [row["used"] for row in await rows(store, mass_uses)] == [1] * 4
    assert await calls(store) == {("wechat:gh_1:mass", "2024-07-01"): 2}


async def test_a_doubt_remains_one_whatever_ends_the_waiting(store: Store) -> None:
    person = await contact(store)
    for number in range(3):
        await post(store, person, occasion=f"deadline:{number}", now=NOW + number * HOUR)
    await claimed(store, lease=GONE)
    await sweep(store)
    async with store.work() as work:
        assert await work.cancel_occasion(prefix="deadline:", reason="moved", now=NOW) == 3
    assert await ends(store) == [("unclear", "moved"), ("cancelled", "moved"), ("cancelled", "moved")]


async def test_what_waits_in_doubt_beyond_its_use_is_unclear(store: Store) -> None:
    await post(store, await contact(store), not_after=(NOW + MINUTE).isoformat())
    await claimed(store, lease=GONE)
    await sweep(store)
    await sweep(store, NOW + MINUTE)
    assert await ends(store) == [("unclear", "too_late")]


async def test_a_path_that_the_platform_says_is_shut_is_known_to_be(store: Store) -> None:
    person = await contact(store, window_until=NOW + DAY, window_left=5)
    async with store.work() as work:
        await work.allow(
            channel="wechat", account="gh_1", sender="openid-1", template_id=SUBSCRIPTION, now=NOW
        )
    await post(store, person)
    rules = only(Path.SUBSCRIBE, Path.CUSTOM)
    first = await claimed(store, rules=rules)
    await settle(store, first, DeliveryState.WAITING, due_at=NOW, reason="43101", shuts=True, burns=False)
    second = await claimed(store, rules=rules)
    assert (first.path, second.path) == (Path.SUBSCRIBE, Path.CUSTOM)
    await settle(store, second, DeliveryState.WAITING, due_at=NOW, reason="45015", shuts=True, burns=False)
    await claim(store, rules=rules)
    assert await ends(store) == [("refused", "unreachable:no_allowance")]
    assert (await rows(store, contacts))[0]["window_left"] == 0


async def test_a_template_that_is_shut_to_somebody_is_refused(store: Store) -> None:
    await post(store, await contact(store))
    one = await claimed(store)
    await settle(store, one, DeliveryState.WAITING, due_at=NOW, reason="43101", shuts=True)
    assert await ends(store) == [("refused", "43101")]


async def test_who_is_barred_stays_so_until_they_subscribe_anew(store: Store) -> None:
    person = await contact(store)
    await post(store, person)
    one = await claimed(store)
    await settle(store, one, DeliveryState.WAITING, due_at=NOW, reason="43004", bars="43004", burns=False)
    await claim(store)
    assert await ends(store) == [("refused", "unreachable:barred")]
    await store.turn(event("CLICK", received_at=NOW), Mind(), passive=in_time)
    assert (await rows(store, contacts))[0]["barred"] == "43004"
    await store.turn(event("subscribe", "e2", received_at=NOW), Mind(), passive=in_time)
    assert (await rows(store, contacts))[0]["barred"] == ""


async def test_who_leaves_or_is_forgotten_is_told_nothing_more(store: Store) -> None:
    person, other = await contact(store), await contact(store, "openid-2")
    await post(store, person)
    await post(store, other)
    await store.turn(event("unsubscribe", received_at=NOW), Mind(), passive=in_time)
    forget = Mind(Effect(name="forget", values={"receipt": "R1"}))
    await store.turn(message("m2", sender="openid-2", received_at=NOW), forget, passive=in_time)

    assert (await claim(store)).ready == ()
    assert await ends(store) == [("cancelled", "unsubscribed"), ("cancelled", "forgotten")]
    assert (await rows(store, deliveries))[1]["content"] is None
    assert await post(store, other, occasion="deadline:3") == 0
