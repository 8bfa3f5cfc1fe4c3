"""The tables, the same on SQLite and PostgreSQL, and the two notions of time that they keep.

Moments are kept as whole microseconds since 1970 in UTC: exact on both databases, and quick to
compare. Times are service time, except `lease_until` and `answered_at`, which are real time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.ext.compiler import compiles

from store.records import DeliveryState, Purpose, Route

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, given back in UTC; a naive one is refused."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without a time zone cannot be kept: {value!r}")
        return (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else EPOCH + timedelta(microseconds=value)


class RealNow(ColumnElement[datetime]):
    """The database's own clock: leases hold between processes whose clocks disagree."""

    inherit_cache = True
    type = UtcDateTime()


@compiles(RealNow, "postgresql")
def _real_now_postgresql(element: RealNow, compiler: Any, **options: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"


@compiles(RealNow, "sqlite")
def _real_now_sqlite(element: RealNow, compiler: Any, **options: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"


def fixed(value: StrEnum) -> ColumnElement[str]:
    """A value written into the statement itself, without which no partial index would be used."""
    return literal_column(repr(str(value)), Text)


# Only where the type is spelt INTEGER does SQLite number rows by itself and find them without an index.
ROW_ID: Final = BigInteger().with_variant(Integer, "sqlite")


def _key() -> Column[int]:
    return Column("id", ROW_ID, primary_key=True)


def _contact() -> Column[int]:
    return Column("contact_id", BigInteger, ForeignKey("contacts.id"), nullable=False)


def _one_of(
    column: str, values: type[Route] | type[DeliveryState] | type[Purpose], name: str
) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(str(value)) for value in values)})", name=name)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# Rows that are rewritten often keep room on their page, so that PostgreSQL need not touch the indexes.
ROOMY: Final[dict[str, Any]] = {"postgresql_with": {"fillfactor": 70, "autovacuum_vacuum_scale_factor": 0.02}}

contacts = Table(
    "contacts",
    metadata,
    _key(),
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("follows", Boolean(create_constraint=False), nullable=False),
    Column("window_until", UtcDateTime),
    Column("window_left", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("forgotten_at", UtcDateTime),
    UniqueConstraint("channel", "account", "sender"),
    **ROOMY,
)

conversations = Table(
    "conversations",
    metadata,
    Column("contact_id", ROW_ID, ForeignKey("contacts.id"), primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    **ROOMY,
)

inbound = Table(
    "inbound",
    metadata,
    _key(),
    _contact(),
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("event_key", Text, nullable=False),
    Column("text", Text),
    Column("received_at", UtcDateTime, nullable=False),
    Column("reply", Text),
    Column("trace", Text),
    Column("route", Text),
    Column("answered_at", UtcDateTime),
    UniqueConstraint("channel", "account", "message_id"),
    _one_of("route", Route, "route"),
    Index("ix_inbound_contact_id", "contact_id"),
    Index(
        "ix_inbound_unanswered",
        "received_at",
        postgresql_where=text("answered_at IS NULL"),
        sqlite_where=text("answered_at IS NULL"),
    ),
    Index(
        "ix_inbound_legible",
        "received_at",
        postgresql_where=text("text IS NOT NULL"),
        sqlite_where=text("text IS NOT NULL"),
    ),
)

deliveries = Table(
    "deliveries",
    metadata,
    _key(),
    _contact(),
    Column("lane", Text, nullable=False),
    Column("recipient", Text),
    Column("text", Text),
    Column("dedupe_key", Text, nullable=False, unique=True),
    Column("due_at", UtcDateTime, nullable=False),
    Column("not_after", UtcDateTime, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("burned", Integer, nullable=False),
    Column("owner", Text),
    Column("lease_until", UtcDateTime),
    Column("first_try_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    Column("reason", Text, nullable=False),
    Column("platform_id", Text, nullable=False),
    _one_of("state", DeliveryState, "state"),
    Index("ix_deliveries_contact_id", "contact_id"),
    Index(
        "ix_deliveries_due",
        "lane",
        "due_at",
        "id",
        postgresql_where=text("state = 'waiting'"),
        sqlite_where=text("state = 'waiting'"),
    ),
    Index(
        "ix_deliveries_not_after",
        "not_after",
        postgresql_where=text("state = 'waiting'"),
        sqlite_where=text("state = 'waiting'"),
    ),
    Index(
        "ix_deliveries_lease",
        "lease_until",
        postgresql_where=text("state = 'sending'"),
        sqlite_where=text("state = 'sending'"),
    ),
    **ROOMY,
)

lanes = Table(
    "lanes",
    metadata,
    Column("lane", Text, primary_key=True),
    Column("parked_until", UtcDateTime, nullable=False),
)

questions = Table(
    "questions",
    metadata,
    _key(),
    _contact(),
    Column("inbound_id", BigInteger, ForeignKey("inbound.id"), nullable=False),
    Column("question", Text),
    Column("city", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("programme", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    CheckConstraint("state IN ('open', 'closed')", name="state"),
    Index("ix_questions_contact_id", "contact_id"),
    Index("ix_questions_state_asked_at", "state", "asked_at"),
)

feedback = Table(
    "feedback",
    metadata,
    _key(),
    _contact(),
    Column("inbound_id", BigInteger, ForeignKey("inbound.id")),
    Column("question", Text),
    Column("given_at", UtcDateTime, nullable=False),
    Index("ix_feedback_contact_id", "contact_id"),
)

pages = Table(
    "pages",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("contact_id", BigInteger, ForeignKey("contacts.id")),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("revoked", Boolean(create_constraint=False), nullable=False),
    _one_of("purpose", Purpose, "purpose"),
    Index("ix_pages_contact_id", "contact_id"),
    Index("ix_pages_expires_at", "expires_at"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("account", Text, primary_key=True),
    Column("access_token", Text, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

service_clock = Table(
    "service_clock",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("real_at", UtcDateTime, nullable=False),
    Column("service_at", UtcDateTime, nullable=False),
    Column("rate", Double, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)
