"""Broadcasts: for whom, approved by whom, in which state, and what becomes of each recipient."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from store import bulletins
from store.audit import AuditFilter
from store.broadcasts import Aim
from store.database import Store
from store.recipients import NEVER
from store.records import BroadcastState, DeliveryState, Path, Role
from store.schema import broadcasts, deliveries, recipients, returns
from store.scope import EVERYWHERE, Scope
from tests.store import broadcasting as scene
from tests.store.broadcasting import CITY, DONGXIHU, WUCHANG
from tests.store.pushing import (
    NOW,
    add,
    application,
    claim,
    contact,
    history,
    import_,
    mute,
    only,
    seat,
    settle,
)
from tests.store.scene import rows

NOTICE = "wuhan-2024"
SOON = NOW + timedelta(minutes=2)
BY_WINDOW = replace(
    only(), kinds={"notice": replace(only(Path.CUSTOM).kinds["reminder"], name="notice", mute="notice")}
)


async def two(store: Store) -> tuple[int, int]:
    return await scene.staff(store, "liu"), await scene.staff(store, "chen")


# —— for whom


async def test_everybody_of_the_districts_once(store: Store) -> None:
    liu, _ = await two(store)
    first, one = await scene.registered(store, "甲", DONGXIHU)
    second, other = await scene.registered(store, "乙", WUCHANG)
    await seat(store, second, one)  # the same person stands for both
    third = await scene.on_roster(store, first)
    await scene.registered(store, "丙", "惠山区", city="无锡")

    of = await scene.draft(store, liu)
    assert await scene.listed(store, of) == [one, other, third]
    here = replace(of, draft=replace(of.draft, districts=(DONGXIHU,)))
    assert await scene.listed(store, here) == [one, third]
    async with store.work() as work:
        found = await work.aimed_at(of=of)
    assert found.duplicates == 1
    assert [(p.units, p.district) for p in found.people] == [(2, ""), (1, WUCHANG), (1, DONGXIHU)]


async def test_by_what_was_handed_in_or_sent_back(store: Store) -> None:
    liu, _ = await two(store)
    handed_in, one = await scene.registered(store, "甲")
    _, silent = await scene.registered(store, "乙")
    sent_back, third = await scene.registered(store, "丙")
    await application(store, handed_in, notice=NOTICE, programme="craft")
    form = await application(store, sent_back, notice=NOTICE, programme="skill")
    line = await history(store, form, await import_(store))
    await add(store, returns, application_id=form, history_id=line, opened_at=NOW)
    of = await scene.draft(store, liu)

    async def aimed(**aim: Any) -> list[int]:
        return await scene.listed(store, replace(of, draft=replace(of.draft, aim=Aim(**aim))))

    assert await aimed(status="unsubmitted", notice=NOTICE) == [silent]
    assert await aimed(status="unsubmitted", notice=NOTICE, programme="craft") == [silent, third]
    assert await aimed(status="returned", notice=NOTICE) == [third]
    assert await aimed(status="returned", notice=NOTICE, programme="craft") == []
    assert await aimed(notice=NOTICE, programme="craft") == [one]
    assert await aimed(notice=NOTICE) == [one, third]
    assert await aimed(notice="other") == []


async def test_by_list_and_tag(store: Store) -> None:
    liu, _ = await two(store)
    first, one = await scene.registered(store, "甲")
    second, _ = await scene.registered(store, "乙", WUCHANG)
    here = Scope(CITY, (DONGXIHU,))
    async with store.work() as work:
        values: dict[str, Any] = {
            "token": "form",
            "name": "重点",
            "scope": Scope(CITY),
            "by": liu,
            "now": NOW,
        }
        kept = await work.add_list(streets={first: "径河街道", second: ""}, **values)
        assert await work.add_list(streets={second: ""}, **values) == kept, "the form twice"
        assert [u.name for u in await work.units_listed(scope=EVERYWHERE, list_id=kept)] == ["甲", "乙"]
        assert await work.unit_list(scope=here, list_id=kept) is None, "of the whole city"
        await work.tag_listed(scope=here, list_id=kept, tag="重点企业")
        assert await work.tags(scope=EVERYWHERE) == ("重点企业",)
        (tagged,) = await work.units_listed(scope=here, list_id=kept)
        assert (tagged.street, tagged.tags) == ("径河街道", ("重点企业",))
    of = await scene.draft(store, liu)
    of_list = replace(of, draft=replace(of.draft, aim=Aim(list_id=kept)))
    assert len(await scene.listed(store, of_list)) == 2
    tagged_alone = replace(of, draft=replace(of.draft, aim=Aim(tags=("重点企业", "无"))))
    assert await scene.listed(store, tagged_alone) == [one]
    async with store.work() as work:
        await work.untag_listed(scope=EVERYWHERE, list_id=kept, tag="重点企业")
        await work.remove_list(list_id=kept, now=NOW)
        assert await work.saved_lists(scope=EVERYWHERE) == ()
    assert await scene.listed(store, tagged_alone) == []
    assert await scene.listed(store, of_list) == []


# —— whose


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        (EVERYWHERE, "abc"),
        (Scope(CITY), "abc"),
        (Scope(CITY, (DONGXIHU,)), "b"),
        (Scope(CITY, (DONGXIHU, WUCHANG)), "bc"),
        (Scope("无锡"), ""),
        (Scope("无锡", (DONGXIHU,)), ""),
    ],
)
async def test_one_sees_what_lies_wholly_inside(store: Store, scope: Scope, seen: str) -> None:
    liu, _ = await two(store)
    for title, districts in (("a", ()), ("b", (DONGXIHU,)), ("c", (DONGXIHU, WUCHANG))):
        await scene.draft(store, liu, title, title=title, districts=districts)
    async with store.work() as work:
        found = await work.broadcast_list(scope=scope)
        assert sorted(one.draft.title for one in found) == list(seen)
        for number in (1, 2, 3):
            of = await work.broadcast(scope=scope, broadcast_id=number)
            assert (of is not None) is ("abc"[number - 1] in seen)


async def test_a_form_sent_twice_at_once_makes_one(store: Store) -> None:
    liu, _ = await two(store)
    made = await asyncio.gather(*(scene.draft(store, liu) for _ in range(4)))

    assert len({of.id for of in made}) == 1
    assert len(await rows(store, broadcasts)) == 1


# —— two people


async def test_somebody_else_approves_exactly_this(store: Store) -> None:
    liu, chen = await two(store)
    zhao = await scene.staff(store, "zhao", Role.APPROVER)
    _, one = await scene.registered(store, "甲")
    of = await scene.submit(store, await scene.draft(store, liu), chen)

    assert not await scene.approve(store, of, liu), "who made it"
    assert not await scene.approve(store, of, chen), "who submitted it"
    assert not await scene.approve(store, replace(of, digest="0" * 64), zhao), "something else was seen"
    assert await rows(store, deliveries) == []
    assert await scene.approve(store, of, zhao)
    assert not await scene.approve(store, of, zhao), "twice"
    assert await scene.states(store, of) == {one: "waiting"}
    found = await scene.again(store, of.id)
    assert (found.state, found.approver) == (BroadcastState.APPROVED, "zhao")


async def test_any_change_voids_the_approval(store: Store) -> None:
    liu, chen = await two(store)
    await scene.registered(store, "甲")
    of = await scene.submit(store, await scene.draft(store, liu), liu)
    async with store.work() as work:
        other = replace(of.draft, body="另一个")
        assert not await work.edit_broadcast(broadcast_id=of.id, draft=other, by=liu), "while it waits"
        assert not await work.attach(broadcast_id=of.id, name="a.pdf", type="x", data=b"1", by=liu)
        assert await work.hand_back(broadcast_id=of.id, remark="改一下")
        assert await work.edit_broadcast(broadcast_id=of.id, draft=other, by=liu)
    assert not await scene.approve(store, of, chen), "a draft"
    changed = await scene.submit(store, await scene.again(store, of.id), liu)
    assert changed.digest != of.digest
    assert not await scene.approve(store, replace(changed, digest=of.digest), chen)


async def test_the_digest_is_of_text_file_and_list(store: Store) -> None:
    liu, _ = await two(store)
    unit_id, _ = await scene.registered(store, "甲")
    first = await scene.submit(store, await scene.draft(store, liu, "a"), liu)
    same = await scene.submit(store, await scene.draft(store, liu, "b"), liu)
    assert first.digest == same.digest
    seen = {first.digest}
    for token, changes in (("c", {"title": "别的"}), ("d", {"body": "别的"}), ("e", {"receipt": False})):
        seen.add((await scene.submit(store, await scene.draft(store, liu, token, **changes), liu)).digest)
    with_file = await scene.draft(store, liu, "f")
    async with store.work() as work:
        await work.attach(broadcast_id=with_file.id, name="a.pdf", type="x", data=b"1", by=liu)
    seen.add((await scene.submit(store, await scene.again(store, with_file.id), liu)).digest)
    await scene.on_roster(store, unit_id)
    seen.add((await scene.submit(store, await scene.draft(store, liu, "g"), liu)).digest)
    assert len(seen) == 6


async def test_the_list_is_frozen(store: Store) -> None:
    liu, chen = await two(store)
    _, one = await scene.registered(store, "甲")
    of = await scene.submit(store, await scene.draft(store, liu), liu)
    await scene.registered(store, "乙")
    assert await scene.approve(store, of, chen)
    assert list(await scene.states(store, of)) == [one]


async def test_the_same_today_is_noticed(store: Store) -> None:
    liu, chen = await two(store)
    await scene.registered(store, "甲")
    await scene.sent(store, liu, chen, "a")
    of = await scene.draft(store, liu, "b")
    async with store.work() as work:
        await work.freeze(of=of)
        assert await work.sent_alike(of=of, since=NOW - timedelta(hours=1))
        assert await work.sent_alike(of=of, since=NOW + timedelta(hours=1)) is None


# —— stopped


async def test_what_is_paused_does_not_go_until_it_is_resumed(store: Store) -> None:
    liu, chen = await two(store)
    for name in "甲乙丙":
        await scene.registered(store, name)
    of = await scene.sent(store, liu, chen)
    assert len((await claim(store, SOON, BY_WINDOW, limit=1)).ready) == 1
    async with store.work() as work:
        assert await work.pause_broadcast(broadcast_id=of.id)
        await work.hold(of=of)
    assert (await claim(store, SOON, BY_WINDOW)).ready == ()
    async with store.work() as work:
        assert not await work.pause_broadcast(broadcast_id=of.id)
        assert await work.resume_broadcast(broadcast_id=of.id)
        await work.release(of=of, due=SOON)
    assert len((await claim(store, SOON, BY_WINDOW)).ready) == 2


async def test_what_is_called_back_is_not_tried_again(store: Store) -> None:
    liu, chen = await two(store)
    for name in "甲乙":
        await scene.registered(store, name)
    of = await scene.sent(store, liu, chen)
    (flying,) = (await claim(store, SOON, BY_WINDOW, limit=1)).ready
    async with store.work() as work:
        assert await work.cancel_broadcast(broadcast_id=of.id)
        assert await work.call_back(of=of, now=SOON) == 1
    await settle(store, flying, DeliveryState.WAITING, SOON, due_at=SOON)
    found = await claim(store, SOON + timedelta(minutes=1), BY_WINDOW)
    assert (found.ready, found.cancelled) == ((), 1)
    assert set((await scene.states(store, of)).values()) == {"cancelled"}


async def test_another_broadcast_goes_on(store: Store) -> None:
    liu, chen = await two(store)
    await scene.registered(store, "甲")
    first = await scene.sent(store, liu, chen, "a")
    for number in range(10):
        other = await scene.sent(store, liu, chen, f"b{number}", title=f"第{number}")
    async with store.work() as work:
        await work.cancel_broadcast(broadcast_id=first.id)
        assert await work.call_back(of=first, now=NOW) == 1
    assert set((await scene.states(store, other)).values()) == {"waiting"}


# —— what became of them


async def test_progress_counts_the_last_delivery_to_each(store: Store) -> None:
    liu, chen = await two(store)
    people = [(await scene.registered(store, name))[1] for name in "甲乙丙丁"]
    of = await scene.sent(store, liu, chen)
    await scene.end(store, of, people[:1], DeliveryState.SENT)
    await scene.end(store, of, people[1:2], DeliveryState.REFUSED, "unreachable:no_email")
    await scene.end(store, of, people[2:3], DeliveryState.UNCLEAR)
    async with store.work() as work:
        found = await work.broadcast_progress(of=of, now=NOW)
        assert found.number() == 4
        assert (found.number("sent"), found.number("refused"), found.silent) == (1, 1, 2)
        assert found.lately == 3
        (failed,) = await work.results(of=of, states=("refused", "expired", NEVER))
        assert (failed.contact_id, failed.reason) == (people[1], "unreachable:no_email")
        assert len(await work.results(of=of, silent=True)) == 2
        assert [one.contact_id for one in await work.results(of=of, above=people[1], limit=1)] == [people[2]]


async def test_resend_goes_to_the_failed_once(store: Store) -> None:
    liu, chen = await two(store)
    people = [(await scene.registered(store, name))[1] for name in "甲乙丙"]
    of = await scene.sent(store, liu, chen)
    await scene.end(store, of, people[:1], DeliveryState.SENT)
    await scene.end(store, of, people[1:2], DeliveryState.REFUSED, "unreachable:window_closed")
    await scene.end(store, of, people[2:], DeliveryState.UNCLEAR)
    async with store.work() as work:
        assert await work.resend_failed(of=of, by="staff:1", now=NOW) == 1
        assert await work.resend_failed(of=of, by="staff:1", now=NOW) == 0, "it is on its way"
        (doubtful,) = await work.results(of=of, states=("unclear",))
        values: dict[str, Any] = {"of": of, "delivery_id": doubtful.delivery_id, "by": "staff:1", "now": NOW}
        assert await work.resend_one(**values)
        assert not await work.resend_one(**values)
        found = await work.broadcast_progress(of=of, now=NOW)
    assert (found.number(), found.number("waiting"), found.number("refused")) == (3, 2, 0)


async def test_who_wants_nothing_is_in_no_delivery_but_in_the_list(store: Store) -> None:
    liu, chen = await two(store)
    _, one = await scene.registered(store, "甲")
    await mute(store, one)
    of = await scene.sent(store, liu, chen)
    async with store.work() as work:
        assert (await work.broadcast_progress(of=of, now=NOW)).number(NEVER) == 1


async def test_who_is_chased_and_who_is_corrected(store: Store) -> None:
    liu, chen = await two(store)
    people = [(await scene.registered(store, name))[1] for name in "甲乙丙丁"]
    of = await scene.sent(store, liu, chen)
    await scene.end(store, of, people[:2], DeliveryState.RECEIVED)
    await scene.end(store, of, people[2:3], DeliveryState.UNCLEAR)
    await scene.end(store, of, people[3:], DeliveryState.REFUSED)
    async with store.work() as work:
        owed = await work.do(lambda session: bulletins.owed(session, contact=people[0]))
        assert [one.id for one in owed] == [of.id]
        await work.do(
            lambda session: bulletins.acknowledge(session, contact=people[0], broadcast=of.id, now=NOW)
        )
        assert await work.do(lambda session: bulletins.owed(session, contact=people[0])) == ()
        assert await work.do(lambda session: bulletins.owed(session, contact=people[3])) == ()
        numbers = [
            await work.add_broadcast(
                token=who, draft=replace(of.draft, aim=Aim(who=who)), by=liu, now=NOW, follows=of.id
            )
            for who in ("silent", "told")
        ]
    silent, told = [await scene.again(store, number) for number in numbers]
    assert await scene.listed(store, silent) == people[1:3]
    assert await scene.listed(store, told) == people[:3]
    frozen = await scene.submit(store, told, liu)
    assert [
        row["contact_id"] for row in await rows(store, recipients) if row["broadcast_id"] == told.id
    ] == people[:3]
    assert frozen.people == 3
    async with store.work() as work:
        followed = await work.followers(scope=EVERYWHERE, broadcast_id=of.id)
    assert [one.id for one in followed] == [silent.id, told.id]


async def test_the_call_list_is_by_district_and_street(store: Store) -> None:
    liu, chen = await two(store)
    people, streets = [], {}
    for name, district, street in (
        ("甲", WUCHANG, "珞珈山街道"),
        ("乙", DONGXIHU, "径河街道"),
        ("丙", DONGXIHU, "吴家山街道"),
    ):
        unit_id, _ = await scene.registered(store, name, district)
        streets[unit_id] = street
        people.append(await scene.on_roster(store, unit_id, f"{name}某"))
    async with store.work() as work:
        await work.add_list(token="t", name="n", scope=Scope(CITY), streets=streets, by=liu, now=NOW)
    of = await scene.sent(store, liu, chen)
    await scene.end(store, of, people, DeliveryState.REFUSED, "unreachable:no_email")
    async with store.work() as work:
        calls = await work.broadcast_calls(of=of)
    assert [(c.district, c.street, c.name) for c in calls] == [
        (DONGXIHU, "吴家山街道", "丙某"),
        (DONGXIHU, "径河街道", "乙某"),
        (WUCHANG, "珞珈山街道", "甲某"),
    ]
    assert {c.phone for c in calls} == {"13800138000"}


# —— one's own phone


async def test_a_code_binds_the_phone_that_sends_it_once(store: Store) -> None:
    liu, _ = await two(store)
    one = await contact(store, window_until=NOW + timedelta(hours=1), window_left=1)
    async with store.work() as work:
        code = await work.offer_tester(staff_id=liu, now=NOW)
        assert await work.tester(staff_id=liu, now=NOW) is None
        assert not await work.bind_tester(contact=one, code="K7M2-9QXD", now=NOW)
        assert not await work.bind_tester(contact=one, code=code, now=NOW + bulletins.CODE_HOLDS)
        assert await work.bind_tester(contact=one, code=code.lower(), now=NOW)
        assert not await work.bind_tester(contact=one, code=code, now=NOW)
        tester = await work.tester(staff_id=liu, now=NOW)
        assert tester
        assert (tester.contact_id, tester.window) == (one, True)
        later = await work.tester(staff_id=liu, now=NOW + timedelta(hours=2))
        assert later
        assert not later.window


async def test_a_file_is_kept_whole(store: Store) -> None:
    liu, _ = await two(store)
    of = await scene.draft(store, liu)
    data = bytes(range(256)) * 400
    async with store.work() as work:
        for name in ("a.pdf", "b.pdf"):
            await work.attach(broadcast_id=of.id, name=name, type="application/pdf", data=data, by=liu)
        found = await work.broadcast(scope=EVERYWHERE, broadcast_id=of.id)
        assert found
        assert found.file
        assert (found.file.name, found.file.size) == ("b.pdf", len(data))
        assert await work.attachment(file_id=found.file.id) == ("b.pdf", "application/pdf", data)
        await work.attach(broadcast_id=of.id, name="", type="", data=b"", by=liu)
        assert await work.attachment(file_id=found.file.id) is None
        assert await work.recorded(scope=EVERYWHERE, of=AuditFilter(since=NOW, until=NOW)) == ()
