"""People who write, and a mind that answers, for the tests of the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg
from sqlalchemy import Executable, select

from store.database import Store
from store.records import Arrival, Before, Settled, Thought

NOW = datetime(2024, 7, 1, 9, 0, tzinfo=UTC)


def message(message_id: str = "m1", text: str = "几号截止", **changes: Any) -> Arrival:
    defaults: dict[str, Any] = {
        "channel": "wechat",
        "account": "gh_1",
        "sender": "openid-1",
        "kind": "text",
        "received_at": NOW,
    }
    return Arrival(message_id=message_id, text=text, **{**defaults, **changes})


def event(name: str, message_id: str = "e1", **changes: Any) -> Arrival:
    return message(message_id, "", kind="event", event=name, **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    name: str
    values: Mapping[str, str] = field(default_factory=dict)


class Mind:
    """Answers with the number of turns that it has had with a person, and remembers what it was given."""

    def __init__(self, *effects: Effect, silent: bool = False) -> None:
        self.seen: list[Before] = []
        self._effects = effects
        self._silent = silent

    def __call__(self, before: Before) -> Thought:
        self.seen.append(before)
        turns = int(before.state or "0") + 1
        return Thought(
            text=None if self._silent else f"answer {turns}",
            state=str(turns),
            trace=f'{{"turn": {turns}}}',
            effects=self._effects,
        )


class Waiter:
    """Says whether it still waits, and counts how often it is asked."""

    def __init__(self, *, waits: bool) -> None:
        self.asked = 0
        self._waits = waits

    def __call__(self) -> bool:
        self.asked += 1
        return self._waits


def in_time() -> bool:
    return True


def too_late() -> bool:
    return False


async def late_reply(store: Store, message_id: str = "m1", **changes: Any) -> Settled:
    """A turn whose waiter gave up, so that its reply is put into the outbox."""
    return await store.turn(message(message_id, **changes), Mind(), passive=too_late)


async def rows(store: Store, table: Any) -> list[dict[str, Any]]:
    """All rows of a table, by id where it has one."""
    statement: Executable = select(table)
    async with store.work() as work:
        found = await work.do(lambda session: session.run(statement))
    return sorted((dict(row) for row in found), key=lambda row: row.get("id", 0))


def texts_in(records: Sequence[Mapping[str, Any]]) -> str:
    return " ".join(str(value) for record in records for value in record.values())


async def drop_connections(postgres_url: str) -> None:
    """What a restart of the server or a failing network does to all who are connected."""
    raw = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    await raw.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await raw.close()
