"""The one row that says what time the service lives in."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert  # SQLite's compiler reads its ON CONFLICT as well

from store.engine import Session
from store.records import ServiceClock
from store.schema import service_clock as clock_table

READ: Final = select(clock_table.c.real_at, clock_table.c.service_at, clock_table.c.rate)
_clock = insert(clock_table).values(
    id=1, real_at=bindparam("real_at"), service_at=bindparam("service_at"), rate=bindparam("rate")
)
START: Final = _clock.on_conflict_do_nothing(index_elements=["id"])
SET: Final = _clock.on_conflict_do_update(
    index_elements=["id"], set_={name: _clock.excluded[name] for name in ("real_at", "service_at", "rate")}
)


def service_clock(session: Session) -> ServiceClock | None:
    """The clock that holds for every process, if one was ever started."""
    found = session.run(READ)
    return ServiceClock(**found[0]) if found else None


def start_service_clock(session: Session, *, clock: ServiceClock) -> ServiceClock:
    """Start service time unless it runs already, and give the clock that holds."""
    session.run(START, real_at=clock.real_at, service_at=clock.service_at, rate=clock.rate)
    return ServiceClock(**session.run(READ)[0])


def set_service_clock(session: Session, *, clock: ServiceClock) -> None:
    """Move service time for every process."""
    session.run(SET, real_at=clock.real_at, service_at=clock.service_at, rate=clock.rate)
