"""Reports of the platform: each settles a send once, whether it comes after the answer or before it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from store.database import Store
from store.records import DeliveryState, Path
from store.schema import receipts
from tests.store.pushing import (
    HOUR,
    MINUTE,
    NOW,
    claim,
    claimed,
    contact,
    ends,
    only,
    post,
    receive,
    settle,
    sweep,
)
from tests.store.scene import rows

GONE = timedelta(seconds=-1)


@pytest.mark.parametrize(
    ("status", "end"),
    [
        ("success", ("received", "")),
        ("failed:user block", ("refused", "refused:user block")),
        ("failed: system failed", ("refused", "refused:system failed")),
    ],
)
@pytest.mark.parametrize("early", [True, False])
async def test_a_report_settles_a_send_whenever_it_comes(
    store: Store, status: str, end: tuple[str, str], early: bool
) -> None:
    await post(store, await contact(store))
    one = await claimed(store)
    if early:
        assert await receive(store, "p1", status) == 0
    await settle(store, one, DeliveryState.SENT, platform_id="p1")
    if not early:
        assert await receive(store, "p1", status) == 1
    assert await ends(store) == [end]
    assert await rows(store, receipts) == []


async def test_a_report_is_of_one_person_and_one_account(store: Store) -> None:
    for sender in ("openid-1", "openid-2"):
        await post(store, await contact(store, sender))
    for one in (await claim(store)).ready:
        await settle(store, one, DeliveryState.SENT, platform_id="p1")
    await receive(store, "p1", account="gh_2")
    await receive(store, "p1", sender="stranger")
    await receive(store, "p2")
    await receive(store, "p1", sender="openid-2")
    assert await ends(store) == [("sent", ""), ("received", "")]


@pytest.mark.parametrize("early", [True, False])
async def test_a_report_on_a_mass_send_is_of_all_whom_it_named(store: Store, early: bool) -> None:
    for number in range(3):
        await post(store, await contact(store, f"openid-{number}"))
    if early:
        await receive(store, "job-1", "send success", sender="")
    for one in (await claim(store, rules=only(Path.MASS))).ready:
        await settle(store, one, DeliveryState.SENT, platform_id="job-1")
    if not early:
        assert await receive(store, "job-1", "send success", sender="") == 3
    assert await ends(store) == [("received", "")] * 3


@pytest.mark.parametrize("first", ["report", "doubt"])
async def test_a_report_ends_the_one_doubt_that_there_is_of_a_person(store: Store, first: str) -> None:
    await post(store, await contact(store))
    await claimed(store, lease=GONE)
    if first == "report":
        await receive(store, "p1", now=NOW + MINUTE)
    await sweep(store, NOW + HOUR)
    if first == "doubt":
        assert await receive(store, "p1", now=NOW + MINUTE) == 1
    assert await ends(store) == [("received", "")]
    assert await rows(store, receipts) == []


async def test_a_report_ends_no_doubt_where_it_may_mean_another_send(store: Store) -> None:
    person = await contact(store)
    for number in range(2):
        await post(store, person, occasion=f"deadline:{number}")
    await claim(store, lease=GONE)
    await sweep(store, NOW + HOUR)
    await receive(store, "p1", now=NOW + HOUR)
    assert await ends(store) == [("unclear", "lease_expired")] * 2


async def test_a_report_from_before_a_send_is_not_of_it(store: Store) -> None:
    await post(store, await contact(store))
    await receive(store, "p1", now=NOW - MINUTE)
    await claimed(store, lease=GONE)
    await sweep(store, NOW + HOUR)
    assert await ends(store) == [("unclear", "lease_expired")]


async def test_old_reports_are_not_kept(store: Store) -> None:
    await contact(store)
    await receive(store, "p1")
    async with store.work() as work:
        assert await work.purge(now=NOW + timedelta(days=1), days=2) == 0
        assert await work.purge(now=NOW + timedelta(days=3), days=2) == 1
    assert await rows(store, receipts) == []
