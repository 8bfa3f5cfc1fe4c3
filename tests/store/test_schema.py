"""The tables are the same however they were made, and moments survive them exactly."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from store.columns import UtcDateTime
from store.database import Store
from store.migrations import NEWEST, migrate, upgrade
from store.records import ServiceClock
from tests.store.scene import NOW

DESCRIPTIONS = (
    """SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
       WHERE table_schema = 'public'""",
    """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
       WHERE connamespace = 'public'::regnamespace""",
    """SELECT tablename, indexname, indexdef FROM pg_indexes
       WHERE schemaname = 'public'""",
    """SELECT relname, reloptions::text FROM pg_class
       WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'""",
    """SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal""",
    """SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace""",
)


def test_on_sqlite_the_migrations_make_what_the_schema_says() -> None:
    def made_by(make: Callable[[Connection], None]) -> set[tuple[object, ...]]:
        engine = create_engine("sqlite://")
        with engine.begin() as connection:
            make(connection)
            made = set(_described(connection))
        engine.dispose()
        return made

    assert made_by(migrate) == made_by(upgrade)


@pytest.mark.parametrize("make", [migrate, upgrade])
def test_a_database_is_up_to_date_after_the_last_step(make: Callable[[Connection], None]) -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        make(connection)
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == NEWEST
        upgrade(connection)
    engine.dispose()


def _described(connection: Connection) -> Iterator[tuple[object, ...]]:
    """Columns, foreign keys, checks, indexes and triggers, in whatever order columns came."""
    objects = connection.execute(text("SELECT type, name, tbl_name, sql FROM sqlite_master")).all()
    for kind, name, table, sql in objects:
        if sql is None:
            continue
        if kind in ("index", "trigger"):
            yield table, " ".join(sql.split())
            continue
        for pragma in ("table_xinfo", "foreign_key_list", "index_list"):
            rows = connection.execute(text(f"PRAGMA {pragma}({name})")).all()
            yield from ((name, pragma, *_lasting(pragma, row)) for row in rows)
        yield from ((name, check) for check in re.findall(r"CONSTRAINT (ck_\w+ CHECK \(.*\))", sql))


def _lasting(pragma: str, row: Sequence[object]) -> Sequence[object]:
    """A row without the numbers that tell only in which order things were made."""
    return row[3:] if pragma == "index_list" else row[2:] if pragma == "foreign_key_list" else row[1:]


async def test_on_postgresql_the_migrations_make_what_the_schema_says(empty_postgres_url: str) -> None:
    async def description(connection: AsyncConnection) -> list[set[tuple[object, ...]]]:
        return [set(map(tuple, (await connection.execute(text(sql))).all())) for sql in DESCRIPTIONS]

    engine = create_async_engine(empty_postgres_url)
    async with engine.connect() as connection:
        transaction = await connection.begin()
        await connection.run_sync(migrate)
        migrated = await description(connection)
        await transaction.rollback()
        assert await description(connection) == [set()] * len(DESCRIPTIONS)
        await connection.run_sync(upgrade)
        created = await description(connection)
    await engine.dispose()

    assert migrated == created


async def test_processes_that_start_at_once_migrate_once(empty_postgres_url: str) -> None:
    stores = await asyncio.gather(*(Store.open(empty_postgres_url) for _ in range(4)))
    for store in stores:
        await store.close()


@given(st.datetimes(timezones=st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23)))))
def test_a_moment_is_kept_to_the_microsecond(moment: datetime) -> None:
    dialect = sqlite.dialect()
    kept = UtcDateTime().process_bind_param(moment, dialect)
    back = UtcDateTime().process_result_value(kept, dialect)

    assert isinstance(kept, int)
    assert back == moment
    assert back is not None
    assert back.tzinfo is UTC


def test_a_naive_moment_is_refused() -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(ValueError, match="time zone"):
        UtcDateTime().process_bind_param(naive, sqlite.dialect())


async def test_a_naive_moment_reaches_no_database(store: Store) -> None:
    async with store.work() as work:
        with pytest.raises(Exception, match="time zone"):
            await work.set_service_clock(
                clock=ServiceClock(real_at=NOW.replace(tzinfo=None), service_at=NOW, rate=1)
            )
