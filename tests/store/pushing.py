"""Units, people and alerts for the tests of pushes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Executable, Table, Text, insert

from store.database import Store
from store.judge import Rules
from store.reach import Kind
from store.records import Claim, Delivery, DeliveryState, Path, SeatState, Settlement
from store.schema import (
    application_history,
    applications,
    consents,
    contacts,
    deliveries,
    imports,
    mutes,
    seats,
    unit_people,
    units,
    wishes,
)
from tests.databases import VAULT
from tests.store.scene import rows

# 10:00 of a working day in China
NOW = datetime.fromisoformat("2024-07-01T10:00:00+08:00")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LANE = "wechat:gh_1:push"
ROSTER_LANE = "roster::push"
TEMPLATE, SUBSCRIPTION = "tpl-template", "tpl-subscribe"
REMINDER = Kind(
    name="reminder",
    paths=(Path.TEMPLATE, Path.SUBSCRIBE, Path.CUSTOM, Path.MASS, Path.EMAIL, Path.CALL),
    templates={Path.TEMPLATE: TEMPLATE, Path.SUBSCRIBE: SUBSCRIPTION},
    mute="deadlines",
)
RULES = Rules(kinds={REMINDER.name: REMINDER}, stages={"js-2024/district": "2024-07-08"})


def only(*paths: Path, **changes: Any) -> Rules:
    """Rules by which reminders go by these paths alone."""
    return replace(RULES, kinds={REMINDER.name: replace(REMINDER, paths=paths, **changes)})


async def add(store: Store, table: Table, **values: Any) -> int:
    """A row of a table, and its number."""
    row = insert(table).values(**values)
    statement: Executable = row.returning(table.c.id) if "id" in table.c else row
    async with store.work() as work:
        found = await work.do(lambda session: session.run(statement))
    return int(found[0]["id"]) if found else 0


async def contact(store: Store, sender: str = "openid-1", **changes: Any) -> int:
    """Somebody who follows the account, and has not written of late."""
    values: dict[str, Any] = {"channel": "wechat", "account": "gh_1", "follows": True, "window_left": 0}
    return await add(store, contacts, sender=sender, created_at=NOW, **{**values, **changes})


async def unit(store: Store, name: str = "甲公司", **changes: Any) -> int:
    place = {"city": "nanjing", "district": "玄武区", **changes}
    return await add(
        store, units, code=f"code-{name}", name=name, department="", created_at=NOW, changed_at=NOW, **place
    )


async def seat(
    store: Store, unit_id: int, contact_id: int, state: SeatState = SeatState.CONFIRMED, **changes: Any
) -> int:
    values = {"unit_id": unit_id, "contact_id": contact_id, "state": state, "how": "code", "since": NOW}
    return await add(store, seats, **values, **changes)


async def person(store: Store, unit_id: int, name: str = "张三", email: str = "") -> tuple[int, int]:
    """Somebody whom a unit's roster names: the contact, and the person of the roster."""
    contact_id = await contact(store, f"{unit_id}-{name}", channel="roster", account="", follows=False)
    person_id = await add(
        store,
        unit_people,
        unit_id=unit_id,
        contact_id=contact_id,
        name_sealed=VAULT.seal("unit_people.name_sealed", name),
        phone_sealed=VAULT.seal("unit_people.phone_sealed", "13800138000"),
        phone_index=VAULT.index("unit_people.phone_index", name),
        email_sealed=VAULT.seal("unit_people.email_sealed", email) if email else None,
        changed_at=NOW,
    )
    return contact_id, person_id


async def application(store: Store, unit_id: int | None, **changes: Any) -> int:
    texts = (column.name for column in applications.c if isinstance(column.type, Text))
    values: dict[str, Any] = dict.fromkeys(texts, "") | {"opinion_sealed": None}
    values |= {"key": f"key-{unit_id}-{changes}", "notice": "js-2024", "phase": "submitted"}
    values |= {"exported_at": NOW, "changed_at": NOW}
    return await add(store, applications, **{**values, "unit_id": unit_id, **changes})


async def import_(store: Store) -> int:
    named = dict.fromkeys(("kind", "city", "file_name", "file_hash", "imported_by", "counts"), "")
    return await add(store, imports, **named, exported_at=NOW, imported_at=NOW)


async def history(store: Store, application_id: int, import_id: int) -> int:
    """The line of an import by which a form was sent back."""
    return await add(
        store,
        application_history,
        application_id=application_id,
        import_id=import_id,
        status="退回",
        status_id="returned",
        exported_at=NOW,
    )


async def consent(store: Store, contact_id: int, purpose: str = "push", **changes: Any) -> int:
    return await add(
        store, consents, contact_id=contact_id, purpose=purpose, version="1", given_at=NOW, **changes
    )


async def mute(store: Store, contact_id: int, topic: str = "") -> None:
    await add(store, mutes, contact_id=contact_id, topic=topic, since=NOW)


async def wish(
    store: Store, contact_id: int, topic: str = "js-2024/a", district: str = "", **changes: Any
) -> int:
    values = {"kind": "deadline", "topic": topic, "district": district, "since": NOW}
    return await add(store, wishes, contact_id=contact_id, **values, **changes)


def audience(who: str, **of: Any) -> str:
    return json.dumps({"who": who, **of})


def premise(what: str, of: str = "", version: str = "") -> Mapping[str, str]:
    return {"what": what, "of": of, "version": version}


async def post(
    store: Store, to: int | str, *premises: Mapping[str, str], now: datetime = NOW, **changes: str
) -> int:
    """An alert, to a contact unless `to` names an audience."""
    values = {
        "kind": "reminder",
        "template": "deadlines/near",
        "content": '{"stage": "district"}',
        "audience": audience("contact", id=to) if isinstance(to, int) else to,
        "occasion": "deadline:js-2024/a:7",
        "due_at": now.isoformat(),
        "not_after": (now + 3 * DAY).isoformat(),
        "premises": json.dumps(premises),
        "unit": "",
    }
    async with store.work() as work:
        return await work.post(now=now, **{**values, **changes})


async def claim(
    store: Store,
    now: datetime = NOW,
    rules: Rules = RULES,
    *,
    limit: int = 100,
    lane: str = LANE,
    lease: timedelta = MINUTE,
) -> Claim:
    async with store.work() as work:
        return await work.claim_pushes(lane=lane, owner="me", now=now, limit=limit, lease=lease, rules=rules)


async def claimed(store: Store, now: datetime = NOW, rules: Rules = RULES, **how: Any) -> Delivery:
    """The one push that a claim arms."""
    (one,) = (await claim(store, now, rules, **how)).ready
    return one


async def settle(
    store: Store, delivery: Delivery, state: DeliveryState, now: datetime = NOW, **told: Any
) -> int:
    async with store.work() as work:
        return await work.settle(settlements=[Settlement(delivery=delivery, state=state, **told)], now=now)


async def receive(store: Store, platform_id: str, status: str = "success", **changes: Any) -> int:
    values: dict[str, Any] = {"channel": "wechat", "account": "gh_1", "sender": "openid-1", "now": NOW}
    async with store.work() as work:
        return await work.receive(platform_id=platform_id, status=status, **{**values, **changes})


async def sweep(store: Store, now: datetime = NOW) -> None:
    async with store.work() as work:
        await work.rescue(now=now)
        await work.expire(now=now)


async def ends(store: Store) -> Sequence[tuple[str, str]]:
    """Where each delivery stands, and why."""
    return [(row["state"], row["reason"]) for row in await rows(store, deliveries)]
