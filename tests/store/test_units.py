"""Units, the people of their rosters, seats and codes, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from store import binding, codes
from store.binding import Outcome, Tried
from store.database import Store
from store.records import CodePurpose, SeatState
from store.rosters import Listing, What
from store.schema import contacts, deliveries, failures, seat_requests, seats, staff_notes, unit_people, units
from store.scope import Scope
from tests.store.broadcasting import staff
from tests.store.scene import NOW, Mind, in_time, message, rows, texts_in
from tests.store.units import CODE, DONGHU, OTHER_CODE, OTHER_PHONE, PHONE, WUZHONG, keep, registration

SPAN = timedelta(days=7)


async def person(store: Store, sender: str) -> int:
    """Somebody who has written once."""
    settled = await store.turn(message(f"m-{sender}", sender=sender), Mind(), passive=in_time)
    (row,) = [r for r in await rows(store, contacts) if r["sender"] == sender]
    assert settled.text
    return int(row["id"])


async def claim(store: Store, contact: int, code: str, phone: str, now: datetime = NOW) -> Tried:
    async with store.work() as work:
        return await work.do(lambda s: binding.claim(s, contact=contact, code=code, phone=phone, now=now))


async def issue(store: Store, unit: int, purpose: CodePurpose, by: str = "staff", **more: Any) -> str:
    async with store.work() as work:
        return await work.issue_code(purpose=purpose, unit=unit, issued_by=by, now=NOW, span=SPAN, **more)


async def redeem(store: Store, contact: int, code: str, now: datetime = NOW) -> Tried:
    async with store.work() as work:
        return await work.do(
            lambda s: binding.redeem(s, contact=contact, code_hash=codes.hashed(s, code), now=now)
        )


async def unit_id(store: Store, code: str = CODE) -> int:
    async with store.work() as work:
        unit = await work.unit(code=code)
    assert unit
    return unit.id


async def notes(store: Store) -> list[str]:
    async with store.work() as work:
        return [note.kind for note in await work.notes()]


# —— rosters


async def test_a_street_of_a_roster_yields_to_that_of_a_list(store: Store) -> None:
    author = await staff(store, "liu")

    async def taken(street: str) -> tuple[str, list[tuple[str, str]]]:
        """The unit's street after a roster that says so, and what the roster changed."""
        async with store.work() as work:
            registrations = [replace(WUZHONG, street=street)]
            changes = await work.take_roster(registrations=registrations, now=NOW, keep=True)
        (kept,) = await rows(store, units)
        return kept["street"], [(one.field, one.new) for one in changes if one.what is What.UNIT]

    await taken("")
    assert await taken("徐家棚街道") == ("徐家棚街道", [("street", "徐家棚街道")])
    assert await taken("") == ("徐家棚街道", [])
    assert await taken("杨园街道") == ("杨园街道", [("street", "杨园街道")])
    streets = {await unit_id(store): "积玉桥街道"}
    async with store.work() as work:
        values: dict[str, Any] = {"scope": Scope("武汉"), "by": author, "now": NOW}
        kept = await work.add_list(token="t", name="n", streets=streets, **values)
    assert await taken("杨园街道") == ("积玉桥街道", [])
    async with store.work() as work:
        await work.remove_list(list_id=kept, now=NOW)
    assert await taken("杨园街道") == ("杨园街道", [("street", "杨园街道")])


async def test_a_roster_is_kept_once_and_sealed(store: Store) -> None:
    await keep(store)
    async with store.work() as work:
        again = await work.take_roster(registrations=(WUZHONG, DONGHU), now=NOW, keep=True)
        (unit,) = await work.units_of(city="武汉", district="武昌区")
        people = await work.people_of(unit=unit.id)

    assert again == ()
    assert (unit.code, unit.people, unit.seats) == (CODE, 2, 0)
    assert [(p.name, p.phone, p.email) for p in people] == [
        ("王*", "138****5678", "w***@example.org"),
        ("李*", "139****4321", ""),
    ]
    kept = texts_in([*await rows(store, unit_people), *await rows(store, contacts)])
    assert all(word not in kept for word in (PHONE, "王芳", "wangfang"))
    roster = {row["id"]: row for row in await rows(store, unit_people)}
    addressed = {row["id"]: row for row in await rows(store, contacts)}
    for id_, row in roster.items():
        contact = addressed[row["contact_id"]]
        assert (contact["channel"], contact["account"], contact["sender"]) == ("roster", "", str(id_))


async def test_what_differs_is_shown_and_kept(store: Store) -> None:
    await keep(store)
    moved = registration(
        CODE,
        "武汉重工锻造集团有限公司",
        Listing(name="王芳", phone="13700001111", email="wangfang@example.org"),
        Listing(name="赵敏", phone="13600002222"),
    )
    async with store.work() as work:
        shown = await work.take_roster(registrations=(moved,), now=NOW, keep=False)
        unchanged = await work.people_of(unit=1)
        changes = await work.take_roster(registrations=(moved,), now=NOW, keep=True)
        again = await work.take_roster(registrations=(moved,), now=NOW, keep=True)
        people = await work.people_of(unit=1)

    assert shown == changes
    assert [change.what for change in changes] == [What.UNIT, What.PHONE, What.NEW_PERSON, What.GONE]
    assert (changes[0].field, changes[0].new) == ("name", "武汉重工锻造集团有限公司")
    assert (changes[1].old, changes[1].new) == (
        "王* 138****5678 w***@example.org",
        "王* 137****1111 w***@example.org",
    )
    assert [p.phone for p in unchanged] == ["138****5678", "139****4321"]
    assert [change.what for change in again] == [What.GONE]
    assert [p.phone for p in people] == ["137****1111", "139****4321", "136****2222"]


async def test_two_who_swap_their_phones_are_told_apart(store: Store) -> None:
    await keep(store, WUZHONG)
    swapped = registration(
        CODE, WUZHONG.name, Listing(name="李强", phone=PHONE), Listing(name="王芳", phone=OTHER_PHONE)
    )
    async with store.work() as work:
        changes = await work.take_roster(registrations=(swapped,), now=NOW, keep=True)
        people = await work.people_of(unit=1)

    assert [change.what for change in changes] == [What.PERSON, What.PERSON]
    assert [(p.name, p.phone) for p in people] == [("李*", "138****5678"), ("王*", "139****4321")]


async def test_a_removed_person_is_erased_and_their_seat_stays(store: Store) -> None:
    await keep(store)
    contact = await person(store, "openid-1")
    await claim(store, contact, CODE, PHONE)
    async with store.work() as work:
        assert await work.remove_person(person=1, now=NOW)
        assert not await work.remove_person(person=1, now=NOW)
        (seat,) = await work.seats_of(unit=1)

    assert (seat.name, seat.phone, seat.sender) == ("", "", "ope***d-1")
    assert 1 not in [row["id"] for row in await rows(store, unit_people)]
    assert "removed:1" in [row["sender"] for row in await rows(store, contacts)]


# —— binding by the roster


async def test_a_match_sits_provisionally_and_the_district_is_told(store: Store) -> None:
    await keep(store)
    contact = await person(store, "openid-1")
    tried = await claim(store, contact, CODE, PHONE)
    again = await claim(store, contact, CODE, PHONE)

    assert tried.outcome is Outcome.BOUND
    assert tried.held
    assert (tried.held.state, tried.held.name, tried.held.others) == (
        SeatState.PROVISIONAL,
        WUZHONG.name,
        0,
    )
    assert again.outcome is Outcome.ALREADY
    (note,) = await rows(store, staff_notes)
    assert (note["kind"], note["city"], note["district"]) == ("seat_provisional", "武汉", "武昌区")
    assert PHONE not in texts_in([note])


@pytest.mark.parametrize(
    ("code", "phone"), [(CODE, "13811112222"), (OTHER_CODE, OTHER_PHONE), ("91420100177716821Q", PHONE)]
)
async def test_no_match_waits_for_staff_whatever_was_wrong(store: Store, code: str, phone: str) -> None:
    await keep(store)
    contact = await person(store, "openid-1")
    tried = await claim(store, contact, code, phone)

    assert tried == Tried(outcome=Outcome.WAITING)
    async with store.work() as work:
        (request,) = await work.seat_requests()
    assert (request.contact, request.code) == (contact, code)
    assert phone not in texts_in([*await rows(store, seat_requests), *await rows(store, staff_notes)])
    assert await rows(store, seats) == []


async def test_of_two_with_one_phone_at_once_one_sits(store: Store) -> None:
    await keep(store)
    people = [await person(store, f"openid-{n}") for n in range(4)]
    tried = await asyncio.gather(*(claim(store, contact, CODE, PHONE) for contact in people))

    assert sorted(str(one.outcome) for one in tried) == ["bound", "waiting", "waiting", "waiting"]
    assert len(await rows(store, seats)) == 1


async def test_guessing_is_paused_for_an_hour_that_doubles(store: Store) -> None:
    await keep(store)
    contact = await person(store, "openid-1")
    for n in range(5):
        assert (await claim(store, contact, CODE, f"1381111000{n}")).outcome is Outcome.WAITING
    paused = await claim(store, contact, CODE, PHONE)
    assert (paused.outcome, paused.until) == (Outcome.PAUSED, NOW + timedelta(hours=1))

    later = NOW + timedelta(hours=1, seconds=1)
    assert (await claim(store, contact, CODE, "13811110009", later)).outcome is Outcome.WAITING
    paused = await claim(store, contact, CODE, PHONE, later + timedelta(hours=1))
    assert (paused.outcome, paused.until) == (Outcome.PAUSED, later + timedelta(hours=2))
    assert "guessing" in await notes(store)


async def test_many_guessers_against_one_unit_are_paused_together(store: Store) -> None:
    await keep(store)
    for n in range(5):
        await claim(store, await person(store, f"openid-{n}"), CODE, f"1381111000{n}")
    honest = await person(store, "openid-honest")

    assert (await claim(store, honest, CODE, PHONE)).outcome is Outcome.WAITING
    assert (await claim(store, honest, OTHER_CODE, PHONE)).outcome is Outcome.BOUND
    after = NOW + timedelta(hours=1, seconds=1)
    assert (await claim(store, honest, CODE, PHONE, after)).outcome is Outcome.BOUND


# —— codes


async def test_an_invitation_binds_directly_once(store: Store) -> None:
    await keep(store)
    first, second = await person(store, "openid-1"), await person(store, "openid-2")
    code = await issue(store, await unit_id(store), CodePurpose.INVITE, person=1)
    tried = await redeem(store, first, code.lower().replace("-", " "))

    assert tried.outcome is Outcome.BOUND
    assert tried.held
    assert tried.held.state is SeatState.CONFIRMED
    assert (await redeem(store, second, code)).outcome is Outcome.WRONG
    async with store.work() as work:
        (seat,) = await work.seats_of(unit=tried.held.unit)
    assert (seat.how, seat.phone) == ("invite", "138****5678")


async def test_of_two_with_one_code_at_once_one_sits(store: Store) -> None:
    await keep(store)
    people = [await person(store, f"openid-{n}") for n in range(3)]
    code = await issue(store, await unit_id(store), CodePurpose.INVITE)
    tried = await asyncio.gather(*(redeem(store, contact, code) for contact in people))

    assert sorted(str(one.outcome) for one in tried) == ["bound", "wrong", "wrong"]


async def test_a_code_expires_and_guessing_codes_is_paused(store: Store) -> None:
    await keep(store)
    contact = await person(store, "openid-1")
    code = await issue(store, await unit_id(store), CodePurpose.INVITE)
    assert (await redeem(store, contact, code, NOW + SPAN)).outcome is Outcome.WRONG
    for n in range(4):
        assert (await redeem(store, contact, f"ABCD-234{n + 2}")).outcome is Outcome.WRONG
    assert (await redeem(store, contact, code)).outcome is Outcome.PAUSED


async def test_a_code_confirms_a_provisional_seat(store: Store) -> None:
    await keep(store)
    contact = await person(store, "openid-1")
    await claim(store, contact, CODE, PHONE)
    tried = await redeem(store, contact, await issue(store, await unit_id(store), CodePurpose.CONFIRM))

    assert tried.outcome is Outcome.BOUND
    assert tried.held
    assert tried.held.state is SeatState.CONFIRMED
    assert len(await rows(store, seats)) == 1


async def test_a_hand_over_ends_the_givers_seat(store: Store) -> None:
    await keep(store)
    giver, taker = await person(store, "openid-1"), await person(store, "openid-2")
    unit = await unit_id(store)
    await redeem(store, giver, await issue(store, unit, CodePurpose.INVITE))
    tried = await redeem(
        store, taker, await issue(store, unit, CodePurpose.HAND_OVER, codes.by_contact(giver))
    )

    assert (tried.outcome, tried.giver) == (Outcome.BOUND, giver)
    async with store.work() as work:
        assert await work.seats_held(contact=giver) == ()
        (held,) = await work.seats_held(contact=taker)
    assert (held.state, held.others) == (SeatState.CONFIRMED, 0)
    assert "unit_without_contact" not in await notes(store)


async def test_codes_of_somebody_who_left_are_worth_nothing(store: Store) -> None:
    await keep(store)
    giver, taker = await person(store, "openid-1"), await person(store, "openid-2")
    unit = await unit_id(store)
    bound = await redeem(store, giver, await issue(store, unit, CodePurpose.INVITE))
    code = await issue(store, unit, CodePurpose.HAND_OVER, codes.by_contact(giver))
    assert bound.held
    async with store.work() as work:
        assert len(await work.open_codes(unit=unit, now=NOW)) == 1
        assert await work.end_seat(seat_id=bound.held.seat, by="staff", now=NOW)
        assert await work.end_seat(seat_id=bound.held.seat, by="staff", now=NOW) is None

    assert (await redeem(store, taker, code)).outcome is Outcome.WRONG
    assert "unit_without_contact" in await notes(store)


async def test_a_code_for_progress_is_for_somebody_else(store: Store) -> None:
    await keep(store)
    contact = await person(store, "openid-1")
    tried = await redeem(store, contact, await issue(store, await unit_id(store), CodePurpose.PROGRESS))

    assert tried.outcome is Outcome.ELSEWHERE
    assert await rows(store, failures) == []


# —— staff


async def test_staff_grant_or_refuse_what_waits(store: Store) -> None:
    await keep(store)
    first, second = await person(store, "openid-1"), await person(store, "openid-2")
    for contact in (first, second):
        await claim(store, contact, CODE, "13811112222")
    async with store.work() as work:
        one, two = await work.seat_requests(city="武汉")
        assert (one.name, one.phone) == (WUZHONG.name, "138****2222")
        assert await work.decide(request=two.id, unit=None, now=NOW) == (second, None)
        granted = await work.decide(request=one.id, unit=await unit_id_in(work), now=NOW)
        assert await work.decide(request=one.id, unit=1, now=NOW) is None
        assert await work.seat_requests() == ()

    assert granted
    assert granted[1]
    assert (granted[0], granted[1].state) == (first, SeatState.CONFIRMED)
    assert all(row["claim_sealed"] is None for row in await rows(store, seat_requests))


async def unit_id_in(work: Any) -> int:
    unit = await work.unit(code=CODE)
    return int(unit.id)


async def test_staff_confirm_a_seat_once_and_close_their_notes(store: Store) -> None:
    await keep(store)
    contact = await person(store, "openid-1")
    tried = await claim(store, contact, CODE, PHONE)
    assert tried.held
    async with store.work() as work:
        confirmed = await work.confirm_seat(seat_id=tried.held.seat, now=NOW)
        assert await work.confirm_seat(seat_id=tried.held.seat, now=NOW) is None
        (note,) = await work.notes(city="武汉")
        assert await work.notes(city="无锡") == ()
        assert await work.close_note(note_id=note.id, now=NOW)
        assert await work.notes() == ()

    assert confirmed
    assert confirmed.state is SeatState.CONFIRMED
    assert await rows(store, deliveries) == []
