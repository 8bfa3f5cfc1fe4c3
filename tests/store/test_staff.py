"""Accounts, their scope, and who may not go."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from store.database import Store
from store.records import Role, Staff
from store.schema import staff, units
from store.scope import EVERYWHERE, Scope, within
from store.staff import LastAdministrator, LoginTaken
from tests.store.scene import NOW, rows

WUHAN, DISTRICT = Scope("武汉"), Scope("武汉", ("东西湖区", "汉阳区"))
INSIDE = select(units.c.code).where(within(units.c.city, units.c.district)).order_by(units.c.code)
OF_CITY = select(units.c.code).where(within(units.c.city)).order_by(units.c.code)
PLACES = {
    "1": ("武汉", "东西湖区"),
    "2": ("武汉", "汉阳区"),
    "3": ("武汉", "江夏区"),
    "4": ("武汉", ""),
    "5": ("无锡", "惠山区"),
    "6": ("武汉", "%"),
}


async def add(
    store: Store, login: str, role: Role = Role.ADMIN, scope: Scope = EVERYWHERE, **given: Any
) -> int:
    values: dict[str, Any] = {"name": login, "phone": "", "password_hash": "$", "password_due": False}
    async with store.work() as work:
        return await work.add_staff(login=login, role=role, scope=scope, now=NOW, **{**values, **given})


async def of(store: Store, staff_id: int, scope: Scope = EVERYWHERE) -> Staff | None:
    async with store.work() as work:
        return await work.staff_member(scope=scope, staff_id=staff_id)


# —— scope


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        (EVERYWHERE, "123456"),
        (WUHAN, "12346"),
        (DISTRICT, "12"),
        (Scope("武汉", ("%",)), "6"),
        (Scope("武汉", ('东西湖区", "江夏区',)), ""),
        (Scope("南京"), ""),
    ],
)
async def test_a_statement_finds_what_is_inside(store: Store, scope: Scope, seen: str) -> None:
    async with store.work() as work:
        for code, (city, district) in PLACES.items():
            values = {"code": code, "name": code, "city": city, "district": district, "department": ""}
            insert = units.insert().values(**values, created_at=NOW, changed_at=NOW)
            await work.do(lambda session, insert=insert: session.run(insert))  # type: ignore[misc]
        found = await work.do(lambda session: session.run(INSIDE, **scope.values))
        in_city = await work.do(lambda session: session.run(OF_CITY, **scope.values))

    assert "".join(row["code"] for row in found) == seen
    assert seen == "".join(code for code, place in PLACES.items() if scope.holds(*place))
    assert {row["code"] for row in in_city} >= set(seen)


def test_a_scope_covers_what_it_sees() -> None:
    one = Scope("武汉", ("汉阳区",))

    assert EVERYWHERE.covers(EVERYWHERE)
    assert EVERYWHERE.covers(one)
    assert WUHAN.covers(WUHAN)
    assert DISTRICT.covers(one)
    for narrow, wide in ((WUHAN, EVERYWHERE), (DISTRICT, WUHAN), (one, DISTRICT), (Scope("无锡"), one)):
        assert not narrow.covers(wide)


# —— accounts


async def test_an_account_is_kept_and_its_phone_sealed(store: Store) -> None:
    staff_id = await add(store, "liu", Role.CLERK, DISTRICT, phone="02783521100")
    account = await of(store, staff_id, WUHAN)

    assert account is not None
    assert (account.login, account.phone, account.scope) == ("liu", "02783521100", DISTRICT)
    assert "02783521100" not in str(await rows(store, staff))
    assert await of(store, staff_id, Scope("无锡")) is None
    with pytest.raises(LoginTaken):
        await add(store, "liu")


async def test_the_list_is_the_city_s(store: Store) -> None:
    for login, scope in (("a", EVERYWHERE), ("b", WUHAN), ("c", DISTRICT), ("d", Scope("无锡"))):
        await add(store, login, Role.VIEWER, scope)
    async with store.work() as work:
        assert [one.login for one in await work.staff_list(scope=EVERYWHERE)] == list("abcd")
        assert [one.login for one in await work.staff_list(scope=WUHAN)] == list("bc")


# —— the last administrator


async def test_the_last_administrator_stays(store: Store) -> None:
    first = await add(store, "first")
    with pytest.raises(LastAdministrator):
        await disable(store, first)
    with pytest.raises(LastAdministrator):
        await change(store, first, Role.CLERK, EVERYWHERE)
    with pytest.raises(LastAdministrator):
        await change(store, first, Role.ADMIN, WUHAN)
    await change(store, first, Role.ADMIN, EVERYWHERE)

    of_city = await add(store, "wuhan", scope=WUHAN)
    with pytest.raises(LastAdministrator):
        await disable(store, first)
    await disable(store, of_city)
    second = await add(store, "second")
    await disable(store, first)
    with pytest.raises(LastAdministrator):
        await disable(store, second)


async def test_two_administrators_do_not_dismiss_each_other(store: Store) -> None:
    first, second = await add(store, "first"), await add(store, "second")
    outcomes = await asyncio.gather(disable(store, first), disable(store, second), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes if outcome is not None] == [LastAdministrator]


async def disable(store: Store, staff_id: int) -> None:
    async with store.work() as work:
        await work.disable_staff(staff_id=staff_id, now=NOW)


async def change(store: Store, staff_id: int, role: Role, scope: Scope) -> None:
    async with store.work() as work:
        await work.change_staff(staff_id=staff_id, name="", role=role, scope=scope, now=NOW)


# —— attempts


async def test_many_attempts_at_once_are_not_more_than_five(store: Store) -> None:
    await add(store, "liu")

    async def attempt(number: int) -> bool:
        async with store.work() as work:
            tried = await work.attempt(login="liu", address=f"10.0.0.{number}", now=NOW)
        return bool(tried.password_hash)

    assert sum(await asyncio.gather(*(attempt(number) for number in range(30)))) == 5


async def test_a_step_is_used_once_however_many_ask(store: Store) -> None:
    staff_id = await add(store, "liu")

    async def use() -> bool:
        async with store.work() as work:
            return await work.accept_step(staff_id=staff_id, step=57)

    assert sum(await asyncio.gather(*(use() for _ in range(8)))) == 1
