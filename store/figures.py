"""What is counted: messages, topics, self-checks and deliveries, by day of China's and by place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Text,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)

from store.columns import EPOCH, MICROSECOND, UtcDateTime
from store.engine import Session
from store.limits import CHINA
from store.records import Figure, Span
from store.schema import check_counts, deliveries, inbound, units
from store.scope import Scope, within

_DAY: Final = timedelta(days=1) // MICROSECOND
_AHEAD: Final = timedelta(hours=8) // MICROSECOND
_FIRST: Final = EPOCH.date()
_city: BindParameter[str] = bindparam("in_city", type_=Text)
_district: BindParameter[str] = bindparam("in_district", type_=Text)


def _day(moment: ColumnElement[Any]) -> ColumnElement[int]:
    """The day of China as days since 1970."""
    ahead, long = literal_column(str(_AHEAD), BigInteger), literal_column(str(_DAY), BigInteger)
    days: ColumnElement[int] = ((type_coerce(moment, BigInteger) + ahead) // long).label("day")
    return days


def _between(moment: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(
        moment >= bindparam("since", type_=UtcDateTime()), moment < bindparam("until", type_=UtcDateTime())
    )


def _placed(city: ColumnElement[str], district: ColumnElement[str]) -> ColumnElement[bool]:
    """Inside the scope, and of the place that is asked about where one is."""
    return and_(
        within(city, district),
        or_(_city == "", city == _city),
        or_(_district == "", district == _district),
    )


_asked = and_(
    _between(inbound.c.received_at),
    or_(inbound.c.kind != "event", inbound.c.answer != ""),
    _placed(inbound.c.city, inbound.c.district),
)
MESSAGES: Final = (
    select(_day(inbound.c.received_at), inbound.c.answer.label("name"), func.count().label("count"))
    .where(_asked)
    .group_by("day", inbound.c.answer)
)
TOPICS: Final = (
    select(_day(inbound.c.received_at), inbound.c.topic.label("name"), func.count().label("count"))
    .where(_asked, inbound.c.topic != "")
    .group_by("day", inbound.c.topic)
)
CHECKS: Final = select(
    check_counts.c.day,
    check_counts.c.what,
    check_counts.c.programme,
    check_counts.c.name,
    check_counts.c.count,
).where(
    check_counts.c.day >= bindparam("first", type_=Text),
    check_counts.c.day <= bindparam("last", type_=Text),
    _placed(check_counts.c.city, check_counts.c.district),
)
_unit_city, _unit_district = func.coalesce(units.c.city, ""), func.coalesce(units.c.district, "")
DELIVERIES: Final = (
    select(
        _day(deliveries.c.due_at),
        deliveries.c.kind,
        func.coalesce(deliveries.c.path, "").label("path"),
        deliveries.c.state.label("name"),
        func.count().label("count"),
    )
    .select_from(deliveries.outerjoin(units, units.c.id == deliveries.c.unit_id))
    .where(_between(deliveries.c.due_at), _placed(_unit_city, _unit_district))
    .group_by("day", deliveries.c.kind, deliveries.c.path, deliveries.c.state)
)


def messages(session: Session, *, scope: Scope, span: Span) -> tuple[Figure, ...]:
    """Messages by day and by what they came to (`records.Answer`)."""
    return _figures(session.run(MESSAGES, **scope.values, **_values(span)))


def topics(session: Session, *, scope: Scope, span: Span) -> tuple[Figure, ...]:
    """Questions by day and by topic."""
    return _figures(session.run(TOPICS, **scope.values, **_values(span)))


def checks(session: Session, *, scope: Scope, span: Span) -> tuple[Figure, ...]:
    """Self-checks by day; `of` is what is counted (`records.Counted`) and the programme."""
    place = {"in_city": span.city, "in_district": span.district}
    first, last = span.first.isoformat(), span.last.isoformat()
    found = session.run(CHECKS, **scope.values, **place, first=first, last=last)
    return tuple(
        Figure(
            day=date.fromisoformat(row["day"]),
            of=(row["what"], row["programme"]),
            name=row["name"],
            count=row["count"],
        )
        for row in found
    )


def delivered(session: Session, *, scope: Scope, span: Span) -> tuple[Figure, ...]:
    """Deliveries by the day they were due and by state; `of` is their kind and path. Those of no unit have
    no place."""
    found = session.run(DELIVERIES, **scope.values, **_values(span))
    return _figures(found, "kind", "path")


def _values(span: Span) -> dict[str, Any]:
    return {
        "since": _midnight(span.first),
        "until": _midnight(span.last + timedelta(days=1)),
        "in_city": span.city,
        "in_district": span.district,
    }


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=CHINA)


def _figures(rows: Sequence[Mapping[str, Any]], *of: str) -> tuple[Figure, ...]:
    return tuple(
        Figure(
            day=_FIRST + timedelta(days=row["day"]),
            of=tuple(row[name] for name in of),
            name=row["name"],
            count=row["count"],
        )
        for row in rows
    )
