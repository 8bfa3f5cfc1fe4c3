"""Alerts are posted: one statement finds an audience and puts a delivery for each of it on its way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Insert,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert  # SQLite's compiler reads its ON CONFLICT as well

from store import premises as grounds
from store.columns import UtcDateTime, fixed, given, packed
from store.engine import Session
from store.reach import topics
from store.records import DeliveryState, SeatState
from store.schema import (
    applications,
    contacts,
    deliveries,
    mutes,
    recipients,
    seats,
    unit_people,
    units,
    wishes,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Those whom an alert is for (`handlers.alerts.Audience`)."""

    who: str
    id: int = 0
    city: str = ""
    districts: tuple[str, ...] = ()
    kind: str = ""
    topic: str = ""
    confirmed: bool = False
    but: int = 0


CONTENT: Final = "deliveries.content"
Part = tuple[int, int]
"""Contacts whose numbers are above the first, and not above the second."""

EVERYBODY: Final[Part] = (0, 2**63 - 1)

_id: ColumnElement[int] = bindparam("of_id", type_=BigInteger)
_confirmed: ColumnElement[int] = bindparam("confirmed", type_=BigInteger)
_district = given("districts", name=Text())
_anywhere: ColumnElement[int] = bindparam("anywhere", type_=BigInteger)
HERE: Final = (
    units.c.city == bindparam("in_city", type_=Text),
    or_(_anywhere == 1, units.c.district.in_(select(_district.c.name))),
)
_unit_here = select(units.c.id).where(*HERE)


def _part(contact_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether a contact is of those that are gone through now."""
    return and_(
        contact_id > bindparam("above", type_=BigInteger), contact_id <= bindparam("upto", type_=BigInteger)
    )


_notice = bindparam("handed_in_for", type_=Text)


def _handed_in(unit_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether a unit has nothing left to be reminded of; without a notice it never has."""
    shown = select(applications.c.id).where(
        applications.c.unit_id == unit_id,
        applications.c.notice == _notice,
        applications.c.gone_at.is_(None),
    )
    return and_(shown.where(grounds.DONE).exists(), ~shown.where(grounds.LEFT).exists())


def standing(of_units: ColumnElement[bool], of_people: ColumnElement[bool]) -> CompoundSelect[Any]:
    """Contacts with a held seat, and people of the roster who have none, with each unit they stand for."""
    stands_for = seats.alias()
    return union_all(
        select(seats.c.contact_id, seats.c.unit_id).where(
            of_units,
            _part(seats.c.contact_id),
            seats.c.ended_at.is_(None),
            or_(_confirmed == 0, seats.c.state == fixed(SeatState.CONFIRMED)),
            ~_handed_in(seats.c.unit_id),
        ),
        select(unit_people.c.contact_id, unit_people.c.unit_id).where(
            of_people,
            _part(unit_people.c.contact_id),
            _confirmed == 0,
            ~_handed_in(unit_people.c.unit_id),
            ~select(stands_for.c.id)
            .where(stands_for.c.person_id == unit_people.c.id, stands_for.c.ended_at.is_(None))
            .exists(),
        ),
    )


def _addressed(of_units: ColumnElement[bool], of_people: ColumnElement[bool]) -> Select[Any]:
    """Those who stand for units, with the unit each is told for: none where somebody stands for several."""
    found = standing(of_units, of_people).subquery("found")
    one = func.min(found.c.unit_id)
    unit_id = case((one == func.max(found.c.unit_id), one))
    return select(found.c.contact_id, unit_id.label("unit_id")).group_by(found.c.contact_id)


# The list of a broadcast, those of some districts: of which it is none where somebody stands for several.
_frozen = (
    recipients.c.broadcast_id == _id,
    _part(recipients.c.contact_id),
    or_(_anywhere == 1, recipients.c.district.in_(select(_district.c.name))),
)
_no_unit = cast(null(), BigInteger).label("unit_id")
AUDIENCES: Final[Mapping[str, Select[Any]]] = {
    "contact": select(contacts.c.id.label("contact_id"), _no_unit).where(
        contacts.c.id == _id, _part(contacts.c.id)
    ),
    "seats": _addressed(seats.c.unit_id == _id, unit_people.c.unit_id == _id),
    "units": _addressed(seats.c.unit_id.in_(_unit_here), unit_people.c.unit_id.in_(_unit_here)),
    "wishers": select(wishes.c.contact_id, _no_unit).where(
        wishes.c.kind == bindparam("of_kind", type_=Text),
        wishes.c.topic == bindparam("of_topic", type_=Text),
        wishes.c.ended_at.is_(None),
        _part(wishes.c.contact_id),
        or_(_anywhere == 1, wishes.c.district.in_(select(_district.c.name))),
    ),
    "recipients": select(recipients.c.contact_id, _no_unit).where(*_frozen),
    "units_of_recipients": select(
        recipients.c.contact_id, case((recipients.c.units == 1, recipients.c.unit_id)).label("unit_id")
    ).where(*_frozen),
    "candidate": select(applications.c.contact_id, applications.c.unit_id).where(
        applications.c.id == _id, _part(applications.c.contact_id)
    ),
    "told": select(deliveries.c.contact_id, func.max(deliveries.c.unit_id).label("unit_id"))
    .where(
        deliveries.c.occasion != "",
        _part(deliveries.c.contact_id),
        func.substr(deliveries.c.occasion, 1, func.length(bindparam("of_topic", type_=Text)))
        == bindparam("of_topic", type_=Text),
        deliveries.c.state.in_(
            [fixed(state) for state in (DeliveryState.SENT, DeliveryState.RECEIVED, DeliveryState.UNCLEAR)]
        ),
    )
    .group_by(deliveries.c.contact_id),
}


def _post(audience: Select[Any]) -> Insert:
    """One delivery for each of an audience that has not muted it, and has none of this occasion yet."""
    found = audience.subquery("audience")
    occasion = bindparam("of_occasion", type_=Text)
    topic = given("topics", name=Text())
    muted = select(mutes.c.topic).where(
        mutes.c.contact_id == contacts.c.id, mutes.c.topic.in_(select(topic.c.name))
    )
    columns: dict[str, ColumnElement[Any]] = {
        "contact_id": contacts.c.id,
        "lane": contacts.c.channel + ":" + contacts.c.account + ":push",
        "recipient": contacts.c.sender,
        "dedupe_key": occasion + ":" + cast(contacts.c.id, Text),
        "due_at": bindparam("due", type_=UtcDateTime()),
        "not_after": bindparam("until", type_=UtcDateTime()),
        "state": fixed(DeliveryState.WAITING),
        "attempt": literal(0, Integer),
        "burned": literal(0, Integer),
        "reason": literal("", Text),
        "platform_id": literal("", Text),
        "kind": bindparam("alert_kind", type_=Text),
        "occasion": occasion,
        "unit_id": func.coalesce(bindparam("alert_unit", type_=BigInteger), found.c.unit_id),
        "template": bindparam("alert_template", type_=Text),
        "content": bindparam("alert_content", type_=Text),
        "premises": bindparam("alert_premises", type_=Text),
        "posted_at": bindparam("now", type_=UtcDateTime()),
    }
    chosen = (
        select(*columns.values())
        .join(found, found.c.contact_id == contacts.c.id)
        .where(
            contacts.c.forgotten_at.is_(None),
            contacts.c.id != bindparam("but", type_=BigInteger),
            ~muted.exists(),
        )
    )
    return (
        insert(deliveries)
        .from_select(list(columns), chosen)
        .on_conflict_do_nothing(index_elements=["dedupe_key"])
        .returning(deliveries.c.id)
    )


LAST: Final = select(func.coalesce(func.max(contacts.c.id), 0).label("id"))
POSTS: Final = {who: _post(audience) for who, audience in AUDIENCES.items()}


def post(
    session: Session,
    part: Part = EVERYBODY,
    /,
    *,
    kind: str,
    template: str,
    content: str,
    audience: str,
    occasion: str,
    due_at: str,
    not_after: str,
    premises: str,
    unit: str,
    now: datetime,
) -> int:
    """Put an alert (`handlers.alerts.Alert.dump`) on its way to all whom it is for, and say to how many.

    Those who have muted it, whose unit has handed in already where it rests on that, or who had it before,
    are left out, as is whoever is not of this `part` of all contacts. Raises ValueError for values that
    are none.
    """
    of, due, until = _audience(audience), _moment(due_at), _moment(not_after)
    rests_on = grounds.checked(premises)
    _object(content)
    found = session.run(
        POSTS[of.who],
        above=part[0],
        upto=part[1],
        of_id=of.id,
        in_city=of.city,
        districts=packed([district] for district in of.districts),
        anywhere=int(not of.districts),
        of_kind=of.kind,
        of_topic=of.topic,
        confirmed=int(of.confirmed),
        but=of.but,
        handed_in_for=next((one.of for one in rests_on if one.what == "unsubmitted"), ""),
        topics=packed([topic] for topic in topics(kind, occasion)),
        of_occasion=occasion,
        alert_kind=kind,
        alert_unit=int(unit) if unit else None,
        alert_template=template,
        # it may tell of applicants by name
        alert_content=session.vault.seal(CONTENT, content),
        alert_premises=premises,
        now=now,
        due=due,
        until=until,
    )
    return len(found)


def last_contact(session: Session) -> int:
    """The highest number of a contact, where the parts of a post end."""
    last: int = session.run(LAST)[0]["id"]
    return last


def _audience(text: str) -> Audience:
    try:
        audience = Audience(**_object(text))
    except TypeError as fault:
        raise ValueError(f"not an audience: {text}") from fault
    if audience.who not in POSTS:
        raise ValueError(f"nobody is known as {audience.who}")
    return audience


def _object(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError(f"not an object: {text}")
    return value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"a moment without a time zone: {text}")
    return moment
