"""What the columns hold on both databases: aware moments, numbered rows, the database's own clock.

Moments are kept as whole microseconds since 1970 in UTC: exact on both databases, and quick to
compare.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Dialect,
    Integer,
    Subquery,
    Text,
    TypeDecorator,
    bindparam,
    cast,
    column,
    literal_column,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


def moment(stamp: int) -> datetime:
    """The moment so many microseconds after 1970 in UTC."""
    return EPOCH + timedelta(microseconds=stamp)


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
        return None if value is None else moment(value)


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


class _Elements(FunctionElement[Any]):
    """The elements of a JSON array as rows of one column, `value`."""

    inherit_cache = True
    name = "elements"


@compiles(_Elements, "postgresql")
def _elements_postgresql(element: _Elements, compiler: Any, **options: Any) -> str:
    return f"json_array_elements(CAST({compiler.process(element.clauses, **options)} AS JSON))"


@compiles(_Elements, "sqlite")
def _elements_sqlite(element: _Elements, compiler: Any, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


class Gathered(FunctionElement[str]):
    """The values of a column over a group, as a JSON array."""

    inherit_cache = True
    name = "gathered"
    type = Text()


@compiles(Gathered, "postgresql")
def _gathered_postgresql(element: Gathered, compiler: Any, **options: Any) -> str:
    return f"CAST(json_agg({compiler.process(element.clauses, **options)}) AS TEXT)"


@compiles(Gathered, "sqlite")
def _gathered_sqlite(element: Gathered, compiler: Any, **options: Any) -> str:
    return f"json_group_array({compiler.process(element.clauses, **options)})"


def given(parameter: str, /, **columns: TypeEngine[Any]) -> Subquery:
    """A table that is the value of `parameter` (as `packed` writes it): one statement for many rows."""
    rows = _Elements(bindparam(parameter, type_=Text)).table_valued(column("value"), name=f"each_{parameter}")
    fields = (
        cast(rows.c.value.op("->>")(literal_column(str(place))), kind).label(name)
        for place, (name, kind) in enumerate(columns.items())
    )
    return select(*fields).subquery(parameter)


def packed(rows: Iterable[Sequence[int | str | bool | None]]) -> str:
    """Rows for a `given` table, their values in the order of its columns."""
    return json.dumps(list(rows), separators=(",", ":"))


def stamp(at: datetime | None) -> int | None:
    """A moment as a value of a `given` table (BigInteger)."""
    return None if at is None else (at - EPOCH) // MICROSECOND


def fixed(value: StrEnum) -> ColumnElement[str]:
    """A value written into the statement itself, without which no partial index would be used."""
    return literal_column(repr(str(value)), Text)


# Written into the statement as well, for the partial indexes of what is not empty.
EMPTY: Final[ColumnElement[str]] = literal_column("''", Text)

# Only where the type is spelt INTEGER does SQLite number rows by itself and find them without an index.
ROW_ID: Final = BigInteger().with_variant(Integer, "sqlite")
