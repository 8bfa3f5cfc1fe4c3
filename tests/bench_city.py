"""A city of 3,000 units and 50,000 deliveries, in which the benches of the console look around."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Executable, Text, insert, select

from store.columns import given, packed, stamp
from store.database import Store
from store.recipients import TOLD
from store.records import Actor, DeliveryState, Role, SeatState, Why
from store.schema import (
    application_history,
    applications,
    check_counts,
    consents,
    contacts,
    deliveries,
    gaps,
    imports,
    inbound,
    returns,
    seats,
    tickets,
    unit_people,
    units,
)
from store.scope import Scope
from tests.databases import VAULT
from tests.store import broadcasting as scene
from tests.store.broadcasting import CITY, DONGXIHU, WUCHANG
from tests.store.pushing import NOW

UNITS: Final = 3_000
SENT: Final = 8
MESSAGES: Final = 20_000
TICKETS, GAPS, NOTES, ACTS, COLLEAGUES, LISTS, TAGS = 400, 500, 300, 500, 60, 20, 3
_STREETS: Final = ("径河街道", "吴家山街道", "金银湖街道", "")
_UNHEARD: Final = 5
"""Of so many units one has nobody in chat."""


async def run(store: Store, statement: Executable, **values: Any) -> None:
    """One statement in a transaction of its own."""
    async with store.work() as work:
        await work.do(lambda session: session.run(statement, **values))


async def put(store: Store, table: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows of one table, by one statement; moments as numbers (`stamp`)."""
    kinds = {name: _kind(table.c[name]) for name in rows[0]}
    source = given("rows", **kinds)
    statement = insert(table).from_select(list(kinds), select(*source.c))
    await run(store, statement, rows=packed([row[name] for name in kinds] for row in rows))


def _kind(column: Any) -> Any:
    held = getattr(column.type, "impl", column.type)
    return next((kind() for kind in (Text, Boolean) if isinstance(held, kind)), BigInteger())


async def furnish(store: Store) -> None:
    """Units, each with a person of the roster; in chat there are as many, some units having two."""
    await put(store, units, [_unit(n) for n in range(1, UNITS + 1)])
    at, window = stamp(NOW), stamp(NOW + timedelta(hours=40))
    chat = {"channel": "wechat", "account": "gh_1", "follows": True, "created_at": at, "window_until": window}
    roster = {"channel": "roster", "account": "", "follows": False, "created_at": at, "window_left": 0}
    numbers = range(1, UNITS + 1)
    await put(store, contacts, [{**chat, "id": n, "sender": f"o{n}", "window_left": n % 4} for n in numbers])
    await put(store, contacts, [{**roster, "id": UNITS + n, "sender": str(n)} for n in numbers])
    seat = {"how": "code", "since": at}
    await put(store, seats, [{**seat, "contact_id": n, **_seat(n)} for n in numbers])
    agreed = {"purpose": "push", "version": "1", "given_at": at}
    await put(store, consents, [{**agreed, "contact_id": n} for n in numbers])
    name, phone = VAULT.seal("unit_people.name_sealed", "张三"), VAULT.seal("unit_people.phone_sealed", "138")
    person = {"name_sealed": name, "phone_sealed": phone, "changed_at": at}
    await put(
        store,
        unit_people,
        [{**person, "unit_id": n, "contact_id": UNITS + n, "phone_index": str(n)} for n in numbers],
    )


def _unit(n: int) -> Mapping[str, Any]:
    return {
        "id": n,
        "code": f"code{n}",
        "name": f"武汉第{n}精密机械制造有限公司",
        "city": CITY,
        "district": _district(n),
        "department": "",
        "street": _STREETS[n % 4],
        "created_at": stamp(NOW),
        "changed_at": stamp(NOW),
    }


def _district(n: int) -> str:
    return DONGXIHU if n % 3 else WUCHANG


def _seat(n: int) -> Mapping[str, Any]:
    """One unit's in five has nobody in chat, since theirs sits in the unit before."""
    state = SeatState.PROVISIONAL if n % 20 == 1 else SeatState.CONFIRMED
    return {"unit_id": n if n % _UNHEARD else n - 1, "state": state}


async def send(store: Store, liu: int, chen: int, number: int) -> None:
    """A broadcast to all of them, approved."""
    of = await scene.submit(store, await scene.draft(store, liu, f"f{number}", title=f"第{number}条"), liu)
    assert await scene.approve(store, of, chen)


async def settle_most(store: Store) -> None:
    """Everybody in chat has had theirs, nobody on the roster."""
    reached = deliveries.update().where(deliveries.c.contact_id <= UNITS)
    lost = deliveries.update().where(deliveries.c.contact_id > UNITS)
    values = {"settled_at": NOW}
    await run(store, reached.values(state=TOLD[0], path="custom", **values))
    lost_for_good = lost.values(state=DeliveryState.REFUSED, reason="unreachable:no_email", **values)
    await run(store, lost_for_good)


async def sent_to(store: Store, liu: int, chen: int) -> None:
    """Broadcasts that have gone, and one that has not begun."""
    for number in range(1, SENT + 1):
        await send(store, liu, chen, number)
    await settle_most(store)
    await send(store, liu, chen, SENT + 1)


async def busy(store: Store, liu: int) -> None:
    """What else a season leaves: applications, messages, tickets, gaps, notes, acts, colleagues, lists."""
    await _applications(store)
    at = stamp(NOW)
    asked = {"channel": "wechat", "account": "gh_1", "kind": "text", "event": "", "event_key": ""}
    await put(
        store,
        inbound,
        [
            {
                **asked,
                "id": n,
                "contact_id": 1 + n % UNITS,
                "message_id": f"m{n}",
                "text": f"第{n}问，几号截止",
                "reply": "7 月 8 日 24:00 截止。" * 10,
                "received_at": stamp(NOW - timedelta(minutes=2 * n)),
                "answered_at": at,
                "answer": ("found", "silent", "unknown")[n % 3],
                "city": CITY,
                "district": _district(n),
                "topic": f"aspect:{n % 40}",
            }
            for n in range(1, MESSAGES + 1)
        ],
    )
    await put(store, tickets, [_ticket(n) for n in range(1, TICKETS + 1)])
    gap = {"why": Why.UNKNOWN, "city": CITY}
    await put(
        store,
        gaps,
        [
            {
                **gap,
                "contact_id": n,
                "question": f"评审会第{n % 90}场在{_STREETS[n % 3]}哪里开、要带什么",
                "district": _district(n),
                "asked_at": stamp(NOW - timedelta(minutes=n)),
            }
            for n in range(1, GAPS + 1)
        ],
    )
    await _counted(store)
    async with store.work() as work:
        await _noted(work, liu)


async def _applications(store: Store) -> None:
    at = stamp(NOW)
    name = VAULT.seal("applications.name", "张三")
    opinion = VAULT.seal("applications.opinion", "1、身份证扫描件看不清；2、事迹材料超过2000字，请精简")
    await put(
        store,
        applications,
        [
            {
                "id": n,
                "key": f"key{n}",
                "unit_id": n,
                "unit_name": f"武汉第{n}精密机械制造有限公司",
                "city": CITY,
                "district": _district(n),
                "department": "",
                "notice": "wuhan-2023",
                "programme": "wuhan-gongjiang",
                "category": "武汉工匠",
                "name_sealed": name,
                "declared_at": "2023-06-12 09:20",
                "unit_rank": "1",
                "district_rank": str(n),
                "status": "初审退回" if n % 10 == 0 else "进入初审",
                "status_id": "first_returned" if n % 10 == 0 else "first_review",
                "phase": "returned" if n % 10 == 0 else "submitted",
                "opinion_sealed": opinion,
                "exported_at": at,
                "changed_at": at,
            }
            for n in range(1, UNITS + 1)
        ],
    )
    file = {"kind": "status", "city": CITY, "file_name": "x", "file_hash": "x", "imported_by": "x"}
    await put(store, imports, [{**file, "id": 1, "exported_at": at, "imported_at": at, "counts": "{}"}])
    back = range(10, UNITS + 1, 10)
    step = {"import_id": 1, "status": "初审退回", "status_id": "first_returned", "exported_at": at}
    await put(store, application_history, [{**step, "id": n, "application_id": n} for n in back])
    await put(store, returns, [{"application_id": n, "history_id": n, "opened_at": at} for n in back])


def _ticket(n: int) -> Mapping[str, Any]:
    return {
        "contact_id": n,
        "inbound_id": n,
        "why": ("asked", "asked", "unanswered")[n % 3],
        "question": f"第{n}问：评审会在哪里开、要带什么，能不能委托别人来",
        "city": CITY,
        "district": _district(n),
        "programme": "",
        "state": "closed" if n % 8 == 7 else "open",
        "opened_at": stamp(NOW - timedelta(hours=n)),
        "waits_since": stamp(NOW - timedelta(hours=n)),
        "moved_at": stamp(NOW - timedelta(hours=n)),
    }


async def _counted(store: Store) -> None:
    """Self-checks of ninety days."""
    await put(
        store,
        check_counts,
        [
            {
                "day": (NOW - timedelta(days=day)).date().isoformat(),
                "city": CITY,
                "district": DONGXIHU,
                "programme": "wuhan-gongjiang",
                "what": what,
                "name": name,
                "count": 3,
            }
            for day in range(90)
            for what, name in (("begun", ""), ("outcome", "T"), ("outcome", "F"), ("failed", "二（一）4"))
        ],
    )


async def _noted(work: Any, liu: int) -> None:
    actor = Actor(staff_id=liu, role="admin", address="10.0.0.7")
    for n in range(ACTS):
        after = {"name": f"第{n}人", "districts": [DONGXIHU]}
        await work.record(actor=actor, at=NOW, action="staff.changed", object=f"staff:{n}", after=after)
    for n in range(NOTES):
        content = {"unit": f"武汉第{n}精密机械制造有限公司", "status": "初审退回"}
        await work.note(
            kind="status_gone",
            city=CITY,
            district=_district(n),
            content=content,
            dedupe_key=str(n),
            now=NOW,
        )
    for n in range(COLLEAGUES):
        await work.add_staff(
            login=f"colleague{n}",
            name=f"第{n}同事",
            phone="",
            role=Role.VIEWER,
            scope=Scope(CITY, (DONGXIHU,)),
            password_hash="",
            password_due=False,
            now=NOW,
        )
    where = Scope(CITY)
    for n in range(LISTS):
        streets = {unit: _STREETS[unit % 4] for unit in range(1, UNITS + 1)}
        await work.add_list(token=str(n), name=f"第{n}份名单", scope=where, streets=streets, by=liu, now=NOW)
    for n in range(TAGS):
        await work.tag_listed(scope=where, list_id=n + 1, tag=f"标签{n}")
