"""What became of the deliveries of an occasion, and what staff can still do about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, bindparam, case, cast, func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert  # SQLite's compiler reads its ON CONFLICT as well

from store.audience import CONTENT
from store.columns import EMPTY, UtcDateTime, fixed, given, packed
from store.engine import Session
from store.records import Call, DeliveryState, Fate, Path, Push
from store.schema import deliveries, seats, unit_people, units

# Something that staff send again is of use for a day at least.
USEFUL: Final = timedelta(days=1)
RESENDABLE: Final = (DeliveryState.UNCLEAR, DeliveryState.REFUSED, DeliveryState.EXPIRED)

_of_occasion = deliveries.c.occasion == bindparam("of_occasion")
FATES: Final = (
    select(
        deliveries.c.id,
        deliveries.c.contact_id,
        func.coalesce(units.c.name, "").label("unit"),
        deliveries.c.kind,
        deliveries.c.state,
        deliveries.c.path,
        deliveries.c.reason,
        deliveries.c.due_at,
        deliveries.c.settled_at,
        deliveries.c.resend_of,
    )
    .outerjoin(units, units.c.id == deliveries.c.unit_id)
    .where(_of_occasion, deliveries.c.occasion != EMPTY)
    .order_by(deliveries.c.id)
)
COUNTS: Final = (
    select(deliveries.c.state, deliveries.c.reason, func.count().label("rows"))
    .where(_of_occasion, deliveries.c.occasion != EMPTY)
    .group_by(deliveries.c.state, deliveries.c.reason)
)

_district = given("districts", name=Text())
# The person of the roster to whom a delivery went: as such, or by a seat that stands for them.
_stands_for = select(seats.c.person_id).where(
    seats.c.contact_id == deliveries.c.contact_id,
    seats.c.ended_at.is_(None),
    seats.c.person_id.is_not(None),
)
_resent = deliveries.alias("resent")
_told_since = (
    select(_resent.c.id)
    .where(
        _resent.c.resend_of == deliveries.c.id,
        _resent.c.occasion == deliveries.c.occasion,
        _resent.c.state.not_in([fixed(DeliveryState.REFUSED), fixed(DeliveryState.CANCELLED)]),
    )
    .exists()
)
CALLS: Final = (
    select(
        deliveries.c.id.label("delivery_id"),
        units.c.name.label("unit"),
        units.c.district,
        unit_people.c.name_sealed,
        unit_people.c.phone_sealed,
        deliveries.c.kind,
        deliveries.c.template,
        deliveries.c.content,
        deliveries.c.occasion,
        deliveries.c.reason,
    )
    .select_from(deliveries)
    .join(
        unit_people,
        or_(unit_people.c.contact_id == deliveries.c.contact_id, unit_people.c.id.in_(_stands_for)),
    )
    .join(units, units.c.id == unit_people.c.unit_id)
    .where(
        _of_occasion,
        deliveries.c.occasion != EMPTY,
        deliveries.c.state == fixed(DeliveryState.REFUSED),
        ~_told_since,
        or_(deliveries.c.unit_id.is_(None), deliveries.c.unit_id == units.c.id),
        units.c.city == bindparam("in_city"),
        or_(bindparam("anywhere") == 1, units.c.district.in_(select(_district.c.name))),
    )
    .order_by(units.c.district, units.c.name, deliveries.c.id)
)

LAST: Final = (
    select(
        deliveries.c.kind,
        deliveries.c.template,
        deliveries.c.content,
        deliveries.c.occasion,
        func.coalesce(units.c.name, "").label("unit"),
    )
    .outerjoin(units, units.c.id == deliveries.c.unit_id)
    .where(
        deliveries.c.contact_id == bindparam("of_contact"),
        deliveries.c.content.is_not(None),
        deliveries.c.state.in_(
            [fixed(state) for state in (DeliveryState.SENT, DeliveryState.RECEIVED, DeliveryState.UNCLEAR)]
        ),
    )
    .order_by(deliveries.c.settled_at.desc(), deliveries.c.id.desc())
    .limit(1)
)

_COPIED: Final = (
    "contact_id",
    "lane",
    "recipient",
    "text",
    "kind",
    "occasion",
    "unit_id",
    "template",
    "content",
    "premises",
)
_now: ColumnElement[Any] = bindparam("now", type_=UtcDateTime())
_useful: ColumnElement[Any] = bindparam("useful", type_=UtcDateTime())
_anew: Final[Mapping[str, ColumnElement[Any]]] = {
    "dedupe_key": literal("resend:", Text) + cast(deliveries.c.id, Text),
    "due_at": _now,
    "posted_at": _now,
    "not_after": case((deliveries.c.not_after > _useful, deliveries.c.not_after), else_=_useful),
    "state": fixed(DeliveryState.WAITING),
    "attempt": literal(0),
    "burned": literal(0),
    "reason": literal("resent_by:", Text) + bindparam("by", type_=Text),
    "platform_id": literal("", Text),
    "resend_of": deliveries.c.id,
}
RESEND: Final = (
    insert(deliveries)
    .from_select(
        [*_COPIED, *_anew],
        select(*(deliveries.c[name] for name in _COPIED), *_anew.values()).where(
            deliveries.c.id == bindparam("delivery_id"),
            deliveries.c.recipient.is_not(None),
            deliveries.c.state.in_([fixed(state) for state in RESENDABLE]),
        ),
    )
    .on_conflict_do_nothing(index_elements=["dedupe_key"])
    .returning(deliveries.c.id)
)


def deliveries_of(session: Session, *, occasion: str) -> tuple[Fate, ...]:
    """Where each delivery of an occasion stands."""
    return tuple(
        Fate(
            **{
                **row,
                "state": DeliveryState(row["state"]),
                "path": Path(row["path"]) if row["path"] else None,
            }
        )
        for row in session.run(FATES, of_occasion=occasion)
    )


def counts_of(session: Session, *, occasion: str) -> Mapping[tuple[DeliveryState, str], int]:
    """How many deliveries of an occasion are in each state, by reason."""
    found = session.run(COUNTS, of_occasion=occasion)
    return {(DeliveryState(row["state"]), row["reason"]): row["rows"] for row in found}


def call_list(session: Session, *, city: str, districts: Collection[str], occasion: str) -> tuple[Call, ...]:
    """Whom nothing reached of an occasion, with name and phone opened; no districts are all of the city's."""
    found = session.run(
        CALLS,
        of_occasion=occasion,
        in_city=city,
        anywhere=int(not districts),
        districts=packed([district] for district in districts),
    )
    opened = session.vault.open
    return tuple(
        Call(
            name=opened("unit_people.name_sealed", row["name_sealed"]),
            phone=opened("unit_people.phone_sealed", row["phone_sealed"]),
            content=opened(CONTENT, row["content"]),
            **{
                name: value
                for name, value in row.items()
                if name != "content" and not name.endswith("_sealed")
            },
        )
        for row in found
    )


def last_push(session: Session, *, contact_id: int) -> Push | None:
    """What a person was told last without asking."""
    found = session.run(LAST, of_contact=contact_id)
    return (
        Push(**{**found[0], "content": session.vault.open(CONTENT, found[0]["content"])}) if found else None
    )


def resend(session: Session, *, delivery_id: int, by: str, now: datetime) -> int | None:
    """Send once more, as `by` decides, what ended unclear, refused or expired: a new delivery, linked to
    the old one. None where there is nothing to resend, or it was resent already."""
    made = session.run(RESEND, delivery_id=delivery_id, by=by, now=now, useful=now + USEFUL)
    return made[0]["id"] if made else None
