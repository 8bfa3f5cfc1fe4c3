"""Staff, units and broadcasts for the tests of broadcasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_

from bot.announce import announce
from bot.console import post
from store.broadcasts import Aim, Broadcast, Draft
from store.database import Store
from store.records import DeliveryState, Role
from store.schema import deliveries
from store.scope import EVERYWHERE, Scope
from tests.store.pushing import NOW, consent, contact, person, seat, unit
from tests.store.scene import rows

CITY = "武汉"
DONGXIHU, WUCHANG = "东西湖区", "武昌区"
DRAFT = Draft(
    title="材料提交提醒",
    body="请{单位}尽快提交。",
    receipt=True,
    city=CITY,
    districts=(),
    aim=Aim(),
    send_at=None,
    not_after=None,
)


async def staff(store: Store, login: str, role: Role = Role.ADMIN, scope: Scope = EVERYWHERE) -> int:
    async with store.work() as work:
        return await work.add_staff(
            login=login,
            name=login,
            phone="",
            role=role,
            scope=scope,
            password_hash="",
            password_due=False,
            now=NOW,
        )


async def registered(
    store: Store, name: str, district: str = DONGXIHU, *, writes: bool = True, **place: Any
) -> tuple[int, int]:
    """A unit with somebody in WeChat who sits there and agrees to be told; unit and contact."""
    unit_id = await unit(store, name, **{"city": CITY, "district": district, **place})
    window = {"window_until": NOW + timedelta(hours=40), "window_left": 5} if writes else {}
    contact_id = await contact(store, f"openid-{name}", **window)
    await seat(store, unit_id, contact_id)
    await consent(store, contact_id)
    return unit_id, contact_id


async def on_roster(store: Store, unit_id: int, name: str = "张三") -> int:
    """Somebody of a unit without WeChat and without e-mail; the contact."""
    return (await person(store, unit_id, name))[0]


async def draft(store: Store, by: int, form: str = "form", **changes: Any) -> Broadcast:
    async with store.work() as work:
        number = await work.add_broadcast(token=form, draft=replace(DRAFT, **changes), by=by, now=NOW)
    return await again(store, number)


async def again(store: Store, number: int, scope: Scope = EVERYWHERE) -> Broadcast:
    async with store.work() as work:
        of = await work.broadcast(scope=scope, broadcast_id=number)
    assert of
    return of


async def submit(store: Store, of: Broadcast, by: int, now: datetime = NOW) -> Broadcast:
    async with store.work() as work:
        found = await work.freeze(of=of)
        await work.submit(
            of=of, by=by, people=len(found.people), duplicates=found.duplicates, confirmed=(), now=now
        )
    return await again(store, of.id)


async def approve(store: Store, of: Broadcast, by: int, now: datetime = NOW) -> bool:
    """As the console does it: approved and posted in one transaction."""
    async with store.work() as work:
        begins_at = post.begins(of, now)
        ends_at = post.ends(of, begins_at)
        if not await work.approve(
            of=of, by=by, seen=of.digest, send_at=begins_at, not_after=ends_at, now=now
        ):
            return False
        alerts = post.alerts(
            of,
            await work.districts_of(of=of),
            begins_at=begins_at,
            ends_at=ends_at,
            corrects=None,
            link=None,
        )
        await announce(work, alerts, now)
    return True


async def sent(store: Store, by: int, other: int, form: str = "form", **changes: Any) -> Broadcast:
    """A broadcast that has been approved."""
    of = await submit(store, await draft(store, by, form, **changes), by)
    assert await approve(store, of, other)
    return await again(store, of.id)


async def listed(store: Store, of: Broadcast) -> list[int]:
    """The contacts for whom it is, found now."""
    async with store.work() as work:
        return [one.contact_id for one in (await work.aimed_at(of=of)).people]


async def states(store: Store, of: Broadcast) -> dict[int, str]:
    """The state of the last delivery to each contact."""
    found = await rows(store, deliveries)
    return {row["contact_id"]: row["state"] for row in found if row["occasion"] == of.occasion}


async def end(
    store: Store, of: Broadcast, contact_ids: Sequence[int], state: DeliveryState, reason: str = ""
) -> None:
    """Let the last deliveries to these contacts end, whatever happened."""
    settled = (
        deliveries.update()
        .where(
            deliveries.c.occasion == of.occasion,
            or_(*(deliveries.c.contact_id == one for one in contact_ids)),
        )
        .values(state=state, reason=reason, settled_at=NOW)
    )
    async with store.work() as work:
        await work.do(lambda session: session.run(settled))
