"""The list of a broadcast: found, frozen, and what became of each of it.

While a broadcast is a draft its list is found anew each time it is looked at; from its submission on it is
`recipients`, whatever happens to units and seats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    cast,
    delete,
    distinct,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from store.audience import EVERYBODY, HERE, standing
from store.broadcasts import Broadcast
from store.columns import EMPTY, UtcDateTime, fixed, given, packed
from store.engine import Session
from store.occasions import USEFUL, resending
from store.premises import DONE
from store.records import Call, DeliveryState, Path
from store.schema import (
    applications,
    contacts,
    deliveries,
    listed_units,
    recipients,
    returns,
    seats,
    unit_people,
    unit_tags,
    units,
)

NEVER: Final = "never"
"""The state of whom nothing was posted for: they had asked to be told nothing, or were forgotten."""
TOLD: Final = (DeliveryState.SENT, DeliveryState.RECEIVED, DeliveryState.UNCLEAR)
FAILED: Final = (DeliveryState.REFUSED, DeliveryState.EXPIRED)
UNSETTLED: Final = (DeliveryState.WAITING, DeliveryState.SENDING)
PACE_OVER: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody for whom a broadcast is; `unit` is the only one, or the first of several `units`."""

    contact_id: int
    unit_id: int
    unit: str
    units: int
    district: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An audience without duplicates, and how many of these there were."""

    people: tuple[Recipient, ...]
    duplicates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """So many recipients of whom the last delivery ended alike; `state` is a DeliveryState, or NEVER."""

    state: str
    reason: str
    path: Path | None
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a broadcast is: `counts` of its recipients, how many acknowledged it, how many were settled
    within the last minute, and when the last one was."""

    counts: tuple[Count, ...]
    acknowledged: int
    silent: int
    lately: int
    last_at: datetime | None

    def number(self, *states: str) -> int:
        """How many recipients are in these states; all without any."""
        return sum(one.people for one in self.counts if not states or one.state in states)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one recipient; `delivery_id` 0 where there was no delivery."""

    contact_id: int
    delivery_id: int
    code: str
    unit: str
    units: int
    district: str
    street: str
    state: str
    reason: str
    path: Path | None
    settled_at: datetime | None
    acknowledged_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetCall(Call):
    """The same with the street."""

    street: str


# —— finding

_notice, _programme, _status = (
    bindparam(name, type_=Text) for name in ("for_notice", "for_programme", "in_status")
)
_list = bindparam("of_list", type_=BigInteger)
_tag = given("tags", name=Text())
_untagged = bindparam("untagged", type_=BigInteger)
_applied = (
    select(applications.c.id)
    .where(
        applications.c.unit_id == units.c.id,
        applications.c.gone_at.is_(None),
        or_(_notice == "", applications.c.notice == _notice),
        or_(_programme == "", applications.c.programme == _programme),
    )
    .correlate(units)
)
_sent_back = _applied.join(
    returns,
    and_(
        returns.c.application_id == applications.c.id,
        returns.c.closed_at.is_(None),
        returns.c.mended_at.is_(None),
    ),
)
_aimed = select(units.c.id).where(
    *HERE,
    or_(
        _list == 0,
        units.c.id.in_(select(listed_units.c.unit_id).where(listed_units.c.list_id == _list)),
    ),
    or_(
        _untagged == 1,
        units.c.id.in_(select(unit_tags.c.unit_id).where(unit_tags.c.tag.in_(select(_tag.c.name)))),
    ),
    or_(_status != "unsubmitted", ~_applied.where(DONE).exists()),
    or_(_status != "returned", _sent_back.exists()),
    or_(_status != "", _notice == "", _applied.exists()),
)
_pairs = standing(seats.c.unit_id.in_(_aimed), unit_people.c.unit_id.in_(_aimed)).subquery("pairs")
_people = (
    select(
        _pairs.c.contact_id,
        func.min(_pairs.c.unit_id).label("unit_id"),
        func.count(distinct(_pairs.c.unit_id)).label("units"),
        func.count().label("times"),
        case(
            (func.min(units.c.district) == func.max(units.c.district), func.min(units.c.district)), else_=""
        ).label("district"),
    )
    .join(units, units.c.id == _pairs.c.unit_id)
    .join(contacts, contacts.c.id == _pairs.c.contact_id)
    .where(contacts.c.forgotten_at.is_(None))
    .group_by(_pairs.c.contact_id)
)
_followed = bindparam("follows", type_=BigInteger)
_had_it = (
    select(deliveries.c.id)
    .where(
        deliveries.c.contact_id == recipients.c.contact_id,
        deliveries.c.occasion == literal("broadcast:", Text) + cast(recipients.c.broadcast_id, Text),
        deliveries.c.state.in_([fixed(state) for state in TOLD]),
    )
    .exists()
)
_followers = (
    select(
        recipients.c.contact_id,
        recipients.c.unit_id,
        recipients.c.units,
        literal(1, Integer).label("times"),
        recipients.c.district,
    )
    .join(contacts, contacts.c.id == recipients.c.contact_id)
    .where(recipients.c.broadcast_id == _followed, contacts.c.forgotten_at.is_(None), _had_it)
)
AUDIENCES: Final = {
    "units": _people,
    "told": _followers,
    "silent": _followers.where(recipients.c.acknowledged_at.is_(None)),
}
_columns = ("contact_id", "unit_id", "units", "district")


def _named(audience: Any) -> Any:
    people = audience.subquery("people")
    return (
        select(people, units.c.name.label("unit"))
        .join(units, units.c.id == people.c.unit_id)
        .order_by(people.c.contact_id)
    )


def _freezing(audience: Any) -> Any:
    people = audience.subquery("people")
    of = bindparam("of_broadcast", type_=BigInteger).label("broadcast_id")
    return insert(recipients).from_select(
        ["broadcast_id", *_columns], select(of, *(people.c[name] for name in _columns))
    )


FIND: Final = {who: _named(audience) for who, audience in AUDIENCES.items()}
FREEZE: Final = {who: _freezing(audience) for who, audience in AUDIENCES.items()}
THAW: Final = delete(recipients).where(recipients.c.broadcast_id == bindparam("of_broadcast"))
_listed = recipients.c.broadcast_id == bindparam("of_broadcast", type_=BigInteger)
FROZEN: Final = (
    select(*(recipients.c[name] for name in _columns), units.c.name.label("unit"))
    .join(units, units.c.id == recipients.c.unit_id)
    .where(_listed)
    .order_by(recipients.c.contact_id)
)
DISTRICTS: Final = select(recipients.c.district).distinct().where(_listed)

# —— what became of them

_occasion = bindparam("of_occasion", type_=Text)
_last, _newer = deliveries.alias("last"), deliveries.alias("newer")
_last_of = and_(
    _last.c.occasion == _occasion,
    _last.c.occasion != EMPTY,
    ~select(_newer.c.id)
    .where(
        _newer.c.occasion == _occasion,
        _newer.c.occasion != EMPTY,
        _newer.c.contact_id == _last.c.contact_id,
        _newer.c.id > _last.c.id,
    )
    .exists(),
)
_state = func.coalesce(_last.c.state, NEVER).label("state")
_joined = recipients.outerjoin(_last, and_(_last.c.contact_id == recipients.c.contact_id, _last_of))
_reason = func.coalesce(_last.c.reason, "").label("reason")
_told = _last.c.state.in_([fixed(state) for state in TOLD])
COUNTS: Final = (
    select(
        _state,
        _reason,
        _last.c.path,
        func.count().label("people"),
        func.count(recipients.c.acknowledged_at).label("acknowledged"),
        func.sum(case((and_(_told, recipients.c.acknowledged_at.is_(None)), 1), else_=0)).label("silent"),
        func.sum(case((_last.c.settled_at > bindparam("since", type_=UtcDateTime()), 1), else_=0)).label(
            "lately"
        ),
        func.max(_last.c.settled_at).label("last_at"),
    )
    .select_from(_joined)
    .where(_listed)
    .group_by(_state, _reason, _last.c.path)
)
_wanted = given("states", name=Text())
RESULTS: Final = (
    select(
        recipients.c.contact_id,
        func.coalesce(_last.c.id, 0).label("delivery_id"),
        units.c.code,
        units.c.name.label("unit"),
        recipients.c.units,
        recipients.c.district,
        units.c.street,
        _state,
        _reason,
        _last.c.path,
        _last.c.settled_at,
        recipients.c.acknowledged_at,
    )
    .select_from(_joined.join(units, units.c.id == recipients.c.unit_id))
    .where(
        _listed,
        recipients.c.contact_id > bindparam("above", type_=BigInteger),
        or_(bindparam("any_state", type_=BigInteger) == 1, _state.in_(select(_wanted.c.name))),
        or_(
            bindparam("silent_only", type_=BigInteger) == 0,
            and_(_told, recipients.c.acknowledged_at.is_(None)),
        ),
    )
    .order_by(recipients.c.contact_id)
    .limit(bindparam("limit"))
)
# Whom to ring up for whom: the roster's person of the contact, and whom their seats stand for.
_rung = (
    select(unit_people.c.contact_id, unit_people.c.id)
    .union(
        select(seats.c.contact_id, seats.c.person_id).where(
            seats.c.ended_at.is_(None), seats.c.person_id.is_not(None)
        )
    )
    .subquery("rung")
)
# All whom nothing reached.
CALLS: Final = (
    select(
        func.coalesce(_last.c.id, 0).label("delivery_id"),
        units.c.name.label("unit"),
        units.c.district,
        units.c.street,
        unit_people.c.name_sealed,
        unit_people.c.phone_sealed,
        _reason,
    )
    .select_from(
        _joined.join(_rung, _rung.c.contact_id == recipients.c.contact_id)
        .join(unit_people, unit_people.c.id == _rung.c.id)
        .join(units, units.c.id == unit_people.c.unit_id)
    )
    .where(
        _listed,
        _state.in_([*(fixed(state) for state in FAILED), literal(NEVER, Text)]),
        or_(recipients.c.units > 1, recipients.c.unit_id == units.c.id),
    )
    .order_by(units.c.district, units.c.street, units.c.name, unit_people.c.id)
)

_waiting = (
    deliveries.c.occasion == _occasion,
    deliveries.c.occasion != EMPTY,
    deliveries.c.state == fixed(DeliveryState.WAITING),
)
HOLD: Final = update(deliveries).where(*_waiting).values(due_at=deliveries.c.not_after)
CALL_BACK: Final = (
    update(deliveries)
    .where(*_waiting)
    .values(state=DeliveryState.CANCELLED, reason="called_back", settled_at=bindparam("now"))
    .returning(deliveries.c.id)
)
RELEASE: Final = update(deliveries).where(*_waiting).values(due_at=bindparam("due", type_=UtcDateTime()))
RESEND_FAILED: Final = resending(
    deliveries.c.id.in_(
        select(_last.c.id).where(_last_of, _last.c.state.in_([fixed(state) for state in FAILED]))
    )
)
RESEND_ONE: Final = resending(
    deliveries.c.id == bindparam("delivery_id", type_=BigInteger), deliveries.c.occasion == _occasion
)


def _aim(of: Broadcast) -> dict[str, Any]:
    aim, draft = of.draft.aim, of.draft
    if aim.who != "units":
        return {"follows": of.follows}
    return {
        "in_city": draft.city,
        "districts": packed([one] for one in draft.districts),
        "anywhere": int(not draft.districts),
        "for_notice": aim.notice,
        "for_programme": aim.programme,
        "in_status": aim.status,
        "tags": packed([tag] for tag in aim.tags),
        "untagged": int(not aim.tags),
        "of_list": aim.list_id,
        # what `audience.standing` asks besides
        "above": EVERYBODY[0],
        "upto": EVERYBODY[1],
        "confirmed": 0,
        "handed_in_for": "",
    }


def aimed_at(session: Session, *, of: Broadcast) -> Found:
    """For whom a broadcast would be if it were frozen now."""
    rows = session.run(FIND[of.draft.aim.who], **_aim(of))
    return Found(
        people=tuple(_recipient(row) for row in rows), duplicates=sum(row["times"] - 1 for row in rows)
    )


def freeze(session: Session, *, of: Broadcast) -> Found:
    """Write the list down, in place of an earlier one."""
    found = aimed_at(session, of=of)
    session.run(THAW, of_broadcast=of.id)
    session.run(FREEZE[of.draft.aim.who], of_broadcast=of.id, **_aim(of))
    return found


def frozen(session: Session, *, of: Broadcast) -> tuple[Recipient, ...]:
    """The list as it is written down."""
    return tuple(_recipient(row) for row in session.run(FROZEN, of_broadcast=of.id))


def districts_of(session: Session, *, of: Broadcast) -> tuple[str, ...]:
    """The districts of the frozen list; an empty one for those of several."""
    return tuple(sorted(row["district"] for row in session.run(DISTRICTS, of_broadcast=of.id)))


def progress(session: Session, *, of: Broadcast, now: datetime) -> Progress:
    """How far it is, by the last delivery to each."""
    rows = session.run(COUNTS, of_broadcast=of.id, of_occasion=of.occasion, since=now - PACE_OVER)
    return Progress(
        counts=tuple(
            Count(state=row["state"], reason=row["reason"], path=_path(row), people=row["people"])
            for row in rows
        ),
        acknowledged=sum(row["acknowledged"] for row in rows),
        silent=sum(row["silent"] for row in rows),
        lately=sum(row["lately"] for row in rows),
        last_at=max((row["last_at"] for row in rows if row["last_at"]), default=None),
    )


def results(
    session: Session,
    *,
    of: Broadcast,
    states: Sequence[str] = (),
    silent: bool = False,
    above: int = 0,
    limit: int = 100,
) -> tuple[Result, ...]:
    """What became of each, by the number of the contact; of some states only, or of the silent."""
    rows = session.run(
        RESULTS,
        of_broadcast=of.id,
        of_occasion=of.occasion,
        states=packed([state] for state in states),
        any_state=int(not states),
        silent_only=int(silent),
        above=above,
        limit=limit,
    )
    return tuple(Result(**{**row, "path": _path(row)}) for row in rows)


def broadcast_calls(session: Session, *, of: Broadcast) -> tuple[StreetCall, ...]:
    """Whom nothing reached, with name and phone opened, by district and street."""
    opened = session.vault.open
    return tuple(
        StreetCall(
            name=opened("unit_people.name_sealed", row["name_sealed"]),
            phone=opened("unit_people.phone_sealed", row["phone_sealed"]),
            kind=of.kind,
            template="",
            content="",
            occasion=of.occasion,
            **{name: value for name, value in row.items() if not name.endswith("_sealed")},
        )
        for row in session.run(CALLS, of_broadcast=of.id, of_occasion=of.occasion)
    )


def hold(session: Session, *, of: Broadcast) -> None:
    """Let nothing of it be due before it is of no use any more; what is on its way arrives."""
    session.run(HOLD, of_occasion=of.occasion)


def release(session: Session, *, of: Broadcast, due: datetime) -> None:
    """Let what was held be due."""
    session.run(RELEASE, of_occasion=of.occasion, due=due)


def call_back(session: Session, *, of: Broadcast, now: datetime) -> int:
    """Cancel all that has not gone, and say how many."""
    return len(session.run(CALL_BACK, of_occasion=of.occasion, now=now))


def resend_failed(session: Session, *, of: Broadcast, by: str, now: datetime) -> int:
    """Send once more, to those alone whom it did not reach."""
    return len(session.run(RESEND_FAILED, of_occasion=of.occasion, by=by, now=now, useful=now + USEFUL))


def resend_one(session: Session, *, of: Broadcast, delivery_id: int, by: str, now: datetime) -> bool:
    """Send one once more, also one of which nobody knows whether it arrived."""
    values: Mapping[str, Any] = {"of_occasion": of.occasion, "by": by, "now": now, "useful": now + USEFUL}
    return bool(session.run(RESEND_ONE, delivery_id=delivery_id, **values))


def _recipient(row: Mapping[str, Any]) -> Recipient:
    return Recipient(**{name: row[name] for name in (*_columns, "unit")})


def _path(row: Mapping[str, Any]) -> Path | None:
    return Path(row["path"]) if row["path"] else None
