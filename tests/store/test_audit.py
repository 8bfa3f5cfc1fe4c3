"""The audit log: it only grows, and shows whatever was done to it behind its back."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from store.audit import START, AuditFilter, Stretch
from store.database import Store
from store.records import Actor, AuditEntry, Role
from store.schema import audit, audit_values, contacts
from store.scope import EVERYWHERE, Scope
from tests.databases import VAULT
from tests.store.scene import NOW, Effect, Mind, in_time, message, rows
from tests.store.test_staff import add

SOMEBODY = Actor(staff_id=None, role="clerk", address="10.0.0.7")
ALWAYS = AuditFilter(since=NOW - timedelta(days=1), until=NOW + timedelta(days=1))


async def record(store: Store, number: int, actor: Actor = SOMEBODY) -> int:
    async with store.work() as work:
        return await work.record(
            actor=actor,
            at=NOW + timedelta(seconds=number),
            action="unit.changed",
            object=f"unit:{number % 3}",
            before={"phone": f"1380000{number:04}"},
            after={"phone": f"1390000{number:04}"},
        )


async def verified(store: Store, limit: int = 1000) -> Stretch:
    stretch = START
    while not stretch.whole and stretch.broken_at is None:
        async with store.work() as work:
            stretch = await work.verify(done=stretch, limit=limit)
    return stretch


async def read(store: Store, scope: Scope = EVERYWHERE, **wanted: Any) -> tuple[AuditEntry, ...]:
    of = AuditFilter(since=ALWAYS.since, until=ALWAYS.until, **wanted)
    async with store.work() as work:
        return await work.recorded(scope=scope, of=of)


async def run(store: Store, statement: Any) -> None:
    async with store.work() as work:
        await work.do(lambda session: session.run(statement))


async def test_an_empty_log_is_whole(store: Store) -> None:
    assert (await verified(store)).whole


async def test_what_was_recorded_is_read_newest_first_and_verified(store: Store) -> None:
    for number in range(7):
        assert await record(store, number) == number + 1
    entries = await read(store)

    assert [entry.id for entry in entries] == [7, 6, 5, 4, 3, 2, 1]
    assert entries[0].before == {"phone": "13800000006"}
    assert (entries[0].role, entries[0].address, entries[0].login) == ("clerk", "10.0.0.7", "")
    assert [entry.id for entry in await read(store, object="unit:1")] == [5, 2]
    for limit in (2, 7, 1000):
        assert (await verified(store, limit)).upto == 7
    assert "1380000" not in str(await rows(store, audit_values))


async def test_many_record_at_once_and_the_chain_has_no_gap(store: Store) -> None:
    await asyncio.gather(*(record(store, number) for number in range(20)))

    assert (await verified(store)).whole
    assert [row["id"] for row in await rows(store, audit)] == list(range(1, 21))


async def test_what_is_rolled_back_leaves_no_trace(store: Store) -> None:
    await record(store, 0)
    with contextlib.suppress(RuntimeError):
        async with store.work() as work:
            await work.record(actor=SOMEBODY, at=NOW, action="unit.changed")
            raise RuntimeError
    await record(store, 1)

    assert (await verified(store)).upto == 2


async def test_the_database_refuses_to_change_or_delete(store: Store) -> None:
    await record(store, 0)
    for statement in (update(audit).values(action="nothing"), delete(audit)):
        with pytest.raises(Exception, match="only grows"):
            await run(store, statement)

    assert (await verified(store)).whole


async def test_erasing_values_keeps_the_chain(store: Store) -> None:
    for number in range(6):
        await record(store, number)
    async with store.work() as work:
        assert await work.erase_recorded(object="unit:1") == 4

    assert (await verified(store)).whole
    assert {entry.before is None for entry in await read(store, object="unit:1")} == {True}
    assert {entry.before is None for entry in await read(store, object="unit:2")} == {False}
    assert "1380000" not in str(await rows(store, audit))


async def test_who_is_forgotten_is_forgotten_here_too(store: Store) -> None:
    await store.turn(message(), Mind(), passive=in_time)
    (person,) = await rows(store, contacts)
    async with store.work() as work:
        await work.record(
            actor=SOMEBODY,
            at=NOW,
            action="ticket.answered",
            object=f"contact:{person['id']}",
            after={"text": "13800000000"},
        )
    await store.turn(message("m2"), Mind(Effect(name="forget", values={"receipt": "r"})), passive=in_time)

    assert [(entry.action, entry.after) for entry in await read(store)] == [("ticket.answered", None)]
    assert (await verified(store)).whole


async def test_an_administrator_reads_the_acts_of_the_own_city(store: Store) -> None:
    for login, city in (("wang", "武汉"), ("zhou", "无锡")):
        staff_id = await add(store, login, Role.CLERK, Scope(city))
        await record(store, 0, Actor(staff_id=staff_id, role="clerk", address=""))
    await record(store, 0)

    assert [entry.login for entry in await read(store, Scope("武汉"))] == ["wang"]
    assert [entry.login for entry in await read(store)] == ["", "zhou", "wang"]
    assert [entry.login for entry in await read(store, login="zhou")] == ["zhou"]


# —— somebody who writes to the database, past its triggers

COLUMNS = [column.name for column in audit.c]
LENGTH = 5


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of five entries as a file without triggers, whose connections are the attacker's."""
    path = tmp_path_factory.mktemp("audit") / "log.db"

    async def filled() -> None:
        store = await Store.open(f"sqlite+aiosqlite:///{path}", VAULT)
        staff_id = await add(store, "wang", Role.CLERK)
        for number in range(LENGTH):
            await record(store, number, Actor(staff_id=staff_id, role="clerk", address="10.0.0.7"))
        await store.close()

    asyncio.run(filled())
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA foreign_keys = OFF")
        for act in ("UPDATE", "DELETE"):
            database.execute(f"DROP TRIGGER audit_keeps_{act}")
        database.commit()
    return path


def broken(log: Path, *changes: tuple[str, tuple[Any, ...]]) -> Stretch:
    """What is found after these statements, which are undone afterwards."""

    async def checked() -> Stretch:
        store = await Store.open(f"sqlite+aiosqlite:///{log}", VAULT)
        stretch = await verified(store)
        await store.close()
        return stretch

    kept = log.read_bytes()
    with contextlib.closing(sqlite3.connect(log)) as database:
        for sql, values in changes:
            database.execute(sql, values)
        database.commit()
    stretch = asyncio.run(checked())
    for ending in ("-wal", "-shm"):
        log.with_name(log.name + ending).unlink(missing_ok=True)
    log.write_bytes(kept)
    return stretch


def test_the_file_is_sound_before(log: Path) -> None:
    assert broken(log).whole


@settings(max_examples=25)
@given(
    number=st.integers(1, LENGTH),
    column=st.sampled_from([name for name in COLUMNS if name != "id"]),
    place=st.integers(0, 200),
    bit=st.integers(0, 6),
)
def test_any_bit_that_is_flipped_is_found(log: Path, number: int, column: str, place: int, bit: int) -> None:
    with contextlib.closing(sqlite3.connect(log)) as database:
        (value,) = database.execute(f"SELECT {column} FROM audit WHERE id = ?", (number,)).fetchone()  # noqa: S608
    text = str(value) or " "
    at = place % len(text)
    other = text[:at] + chr(ord(text[at]) ^ (1 << bit)) + text[at + 1 :]
    if isinstance(value, int):
        other = str(value ^ (1 << place % 50))

    stretch = broken(log, (f"UPDATE audit SET {column} = ? WHERE id = ?", (other, number)))  # noqa: S608
    assert not stretch.whole
    assert stretch.broken_at == number


@pytest.mark.parametrize(
    "changes",
    [
        [("DELETE FROM audit WHERE id = ?", (3,))],
        [("DELETE FROM audit WHERE id = ?", (1,))],
        [("DELETE FROM audit WHERE id = ?", (LENGTH,))],
        [("DELETE FROM audit WHERE id > ?", (0,))],
        [("DELETE FROM audit WHERE id = ?", (LENGTH,)), ("UPDATE audit_head SET number = ?", (LENGTH - 1,))],
        [("DELETE FROM audit", ()), ("DELETE FROM audit_head", ())],
        [("UPDATE audit SET id = id + ? WHERE id > 2", (10,))],
        [
            ("UPDATE audit SET id = ? WHERE id = 2", (99,)),
            ("UPDATE audit SET id = ? WHERE id = 3", (2,)),
            ("UPDATE audit SET id = ? WHERE id = 99", (3,)),
        ],
        [("UPDATE audit_head SET seal = ?", ("0" * 64,))],
        [("UPDATE audit_values SET sealed = ? WHERE audit_id = 2", ("v1.x.y",))],
        [("UPDATE audit_values SET audit_id = audit_id + ? WHERE audit_id = 5", (-5,))],
        [
            (
                "UPDATE audit_values SET sealed ="
                " (SELECT sealed FROM audit_values WHERE audit_id = 3 AND part = ?) WHERE audit_id = 2",
                ("before",),
            )
        ],
    ],
)
def test_what_is_cut_moved_or_put_in_is_found(log: Path, changes: list[tuple[str, tuple[Any, ...]]]) -> None:
    stretch = broken(log, *changes)
    if "audit_id + ?" in changes[0][0]:
        assert stretch.whole, "values that are gone may have been erased"
    else:
        assert not stretch.whole
        assert stretch.broken_at is not None
