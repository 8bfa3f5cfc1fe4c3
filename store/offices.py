"""What staff know better of an office than its notice, and reports that nobody answers there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, bindparam, func, not_, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite's compiler reads its ON CONFLICT as well

from store.engine import Session
from store.records import OfficeCheck, OfficeCorrection, OfficeReports
from store.schema import office_checks, office_corrections, office_reports
from store.scope import EVERYWHERE, Scope, within

_held = office_corrections.c.ended_at.is_(None)
_entered = [column for column in office_corrections.c if column.name != "ended_at"]
_here = within(office_corrections.c.city, office_corrections.c.district)
HELD: Final = select(*_entered).where(_held, _here).order_by(office_corrections.c.id)
END: Final = (
    update(office_corrections)
    .where(office_corrections.c.id == bindparam("of_correction", type_=BigInteger), _held, _here)
    .values(ended_at=bindparam("now"))
    .returning(*_entered)
)
END_OF: Final = (
    update(office_corrections)
    .where(office_corrections.c.fact == bindparam("of_fact"), _held)
    .values(ended_at=bindparam("now"))
)
CORRECT: Final = (
    insert(office_corrections)
    .values({column: bindparam(column.name) for column in _entered if column.name != "id"})
    .on_conflict_do_nothing(index_elements=["fact"], index_where=_held)
    .returning(office_corrections.c.id)
)
CHECKS: Final = (
    select(office_checks)
    .where(within(office_checks.c.city, office_checks.c.district))
    .order_by(office_checks.c.fact)
)
_checked = insert(office_checks).values({column: bindparam(column.name) for column in office_checks.c})
CHECK: Final = _checked.on_conflict_do_update(
    index_elements=["fact"],
    set_={column.name: column for column in _checked.excluded if column.name != "fact"},
)
_reported = [column for column in office_reports.c if column.name not in ("id", "settled_at")]
REPORT: Final = (
    insert(office_reports)
    .values({column: bindparam(column.name) for column in _reported})
    .on_conflict_do_nothing(index_elements=["contact_id", "fact", "day"])
)
_open = office_reports.c.settled_at.is_(None)
_about = [office_reports.c[name] for name in ("fact", "city", "district", "number")]
REPORTS: Final = (
    select(
        *_about,
        func.count().label("count"),
        func.count().filter(not_(office_reports.c.open)).label("closed"),
        func.max(office_reports.c.reported_at).label("last_at"),
    )
    .where(_open, within(office_reports.c.city, office_reports.c.district))
    .group_by(*_about)
    .order_by(*_about)
)
SETTLE: Final = (
    update(office_reports)
    .where(
        office_reports.c.fact == bindparam("of_fact"),
        _open,
        within(office_reports.c.city, office_reports.c.district),
    )
    .values(settled_at=bindparam("now"))
    .returning(office_reports.c.id)
)


def corrections(session: Session, *, scope: Scope = EVERYWHERE) -> tuple[OfficeCorrection, ...]:
    """What stands corrected, oldest first."""
    return tuple(map(_correction, session.run(HELD, **scope.values)))


def correct_office(
    session: Session,
    *,
    fact: str,
    city: str,
    district: str,
    printed: str,
    phones: Sequence[str],
    address: str,
    remark: str,
    source: str,
    by: str,
    now: datetime,
) -> int | None:
    """A correction in the place of the one that stood; its id, None where another came in between. The caller
    has seen to it that the office is one of the city and district."""
    session.run(END_OF, of_fact=fact, now=now)
    place = {"fact": fact, "city": city, "district": district, "printed": printed}
    said = {"phones": json.dumps(phones), "address": address, "remark": remark, "source": source}
    found = session.run(CORRECT, **place, **said, entered_by=by, entered_at=now)
    return found[0]["id"] if found else None


def end_correction(
    session: Session, *, scope: Scope, correction: int, now: datetime
) -> OfficeCorrection | None:
    """It holds no more; None where it did not."""
    found = session.run(END, **scope.values, of_correction=correction, now=now)
    return _correction(found[0]) if found else None


def office_checks_of(session: Session, *, scope: Scope = EVERYWHERE) -> tuple[OfficeCheck, ...]:
    """Who made sure of which office last."""
    return tuple(OfficeCheck(**row) for row in session.run(CHECKS, **scope.values))


def check_office(
    session: Session,
    *,
    fact: str,
    city: str,
    district: str,
    printed: str,
    correction: int | None,
    by: str,
    now: datetime,
) -> None:
    """Somebody has made sure of an office as it is printed, or as the correction has it."""
    place = {"fact": fact, "city": city, "district": district, "printed": printed}
    session.run(CHECK, **place, correction_id=correction, checked_by=by, checked_at=now)


def report(
    session: Session,
    *,
    contact: int,
    fact: str,
    city: str,
    district: str,
    number: str,
    open: bool,
    day: str,
    now: datetime,
) -> None:
    """Somebody did not get through: once a person, office and day."""
    place = {"contact_id": contact, "fact": fact, "city": city, "district": district, "number": number}
    session.run(REPORT, **place, open=open, day=day, reported_at=now)


def office_reports_of(session: Session, *, scope: Scope) -> tuple[OfficeReports, ...]:
    """What nobody has settled, by office and number."""
    return tuple(OfficeReports(**row) for row in session.run(REPORTS, **scope.values))


def settle_office(session: Session, *, scope: Scope, fact: str, now: datetime) -> int:
    """The reports of an office are seen to; how many there were."""
    return len(session.run(SETTLE, **scope.values, of_fact=fact, now=now))


def _correction(row: Mapping[str, Any]) -> OfficeCorrection:
    return OfficeCorrection(**{**row, "phones": tuple(json.loads(row["phones"]))})
