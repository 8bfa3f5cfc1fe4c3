"""The steps by which a database becomes what `store.schema` says."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    inspect,
    select,
)

from store.schema import metadata

_FOLDER: Final = Path(__file__).parent
NEWEST: Final = max(path.name for path in (_FOLDER / "versions").glob("*.py")).partition("_")[0]


_VERSION: Final = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def upgrade(connection: Connection) -> None:
    """Bring the database up to date within the caller's transaction; an empty one is made as it is now."""
    if not inspect(connection).get_table_names():
        metadata.create_all(connection, checkfirst=False)
        _VERSION.create(connection)
        connection.execute(_VERSION.insert().values(version_num=NEWEST))
    elif _revision(connection) != NEWEST:
        migrate(connection)


def migrate(connection: Connection) -> None:
    """Take every step that is missing, from the first one on."""
    # 0.1 s and 10 MB that a start with a new database or one of this version can do without
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    """The last step that was made."""
    if not inspect(connection).has_table(_VERSION.name):
        return None
    return connection.execute(select(_VERSION.c.version_num)).scalar()
