"""Lists of units that staff have uploaded, and tags and streets that they gave to units by them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Text, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite's compiler reads its ON CONFLICT as well

from store.columns import given, packed
from store.engine import Session
from store.schema import listed_units, staff, unit_lists, unit_tags, units
from store.scope import Scope, covering, within


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitList:
    """A saved list; `units` counts those on it."""

    id: int
    name: str
    city: str
    districts: tuple[str, ...]
    author: str
    created_at: datetime
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A unit of a list, with its tags in order."""

    id: int
    code: str
    name: str
    district: str
    street: str
    tags: tuple[str, ...] = ()


_code, _name = given("codes", text=Text()), given("names", text=Text())
_here = within(units.c.city, units.c.district)
_unit = (units.c.id, units.c.code, units.c.name, units.c.district, units.c.street)
MATCH: Final = select(*_unit).where(
    _here, or_(units.c.code.in_(select(_code.c.text)), units.c.name.in_(select(_name.c.text)))
)
ADD: Final = (
    upsert(unit_lists)
    .values({c: bindparam(c.name) for c in unit_lists.c if c.name not in ("id", "removed_at")})
    .on_conflict_do_nothing(index_elements=["token"])
    .returning(unit_lists.c.id)
)
BY_TOKEN: Final = select(unit_lists.c.id).where(
    unit_lists.c.token == bindparam("token"), unit_lists.c.created_by == bindparam("created_by")
)
_put = given("put", unit_id=BigInteger(), street=Text())
PUT: Final = insert(listed_units).from_select(
    ["list_id", "unit_id"], select(bindparam("list_id", type_=BigInteger), _put.c.unit_id)
)
MOVE: Final = (
    update(units).where(units.c.id == _put.c.unit_id, _put.c.street != "").values(street=_put.c.street)
)
_size = select(func.count()).where(listed_units.c.list_id == unit_lists.c.id).scalar_subquery().label("units")
_inside = covering(unit_lists.c.city, unit_lists.c.districts)
LISTS: Final = (
    select(
        unit_lists.c.id,
        unit_lists.c.name,
        unit_lists.c.city,
        unit_lists.c.districts,
        unit_lists.c.created_at,
        staff.c.name.label("author"),
        _size,
    )
    .join(staff, staff.c.id == unit_lists.c.created_by)
    .where(_inside, unit_lists.c.removed_at.is_(None))
    .order_by(unit_lists.c.id.desc())
)
LIST: Final = LISTS.where(unit_lists.c.id == bindparam("of_list", type_=BigInteger))
_of_list = listed_units.c.list_id == bindparam("of_list", type_=BigInteger)
UNITS: Final = (
    select(*_unit).join(listed_units, listed_units.c.unit_id == units.c.id).where(_of_list, _here)
).order_by(units.c.district, units.c.name)
TAGS_OF: Final = (
    select(unit_tags.c.unit_id, unit_tags.c.tag)
    .join(listed_units, listed_units.c.unit_id == unit_tags.c.unit_id)
    .where(_of_list)
    .order_by(unit_tags.c.tag)
)
_marked = (
    select(listed_units.c.unit_id).join(units, units.c.id == listed_units.c.unit_id).where(_of_list, _here)
)
TAG: Final = (
    upsert(unit_tags)
    .from_select(["unit_id", "tag"], _marked.add_columns(bindparam("new_tag", type_=Text)))
    .on_conflict_do_nothing(index_elements=["unit_id", "tag"])
)
UNTAG: Final = delete(unit_tags).where(
    unit_tags.c.tag == bindparam("old_tag"), unit_tags.c.unit_id.in_(_marked)
)
TAGS: Final = (
    select(unit_tags.c.tag)
    .distinct()
    .join(units, units.c.id == unit_tags.c.unit_id)
    .where(_here)
    .order_by(unit_tags.c.tag)
)
EMPTY: Final = delete(listed_units).where(_of_list)
REMOVE: Final = (
    update(unit_lists).where(unit_lists.c.id == bindparam("of_list")).values(removed_at=bindparam("now"))
)


def matching_units(
    session: Session, *, scope: Scope, codes: Collection[str], names: Collection[str]
) -> tuple[Listed, ...]:
    """The units of a scope that have one of these codes, or one of these names."""
    asked = {"codes": packed([code] for code in codes), "names": packed([name] for name in names)}
    return tuple(Listed(**row) for row in session.run(MATCH, **scope.values, **asked))


def add_list(
    session: Session,
    *,
    token: str,
    name: str,
    scope: Scope,
    streets: Mapping[int, str],
    by: int,
    now: datetime,
) -> int:
    """Keep a list of units (each with its street, where the list says one); or the one that this form made
    already. The scope is one city's."""
    of_form = {"token": token, "created_by": by}
    districts = json.dumps(scope.districts, ensure_ascii=False)
    made = session.run(ADD, **of_form, name=name, city=scope.city, districts=districts, created_at=now)
    number: int = (made or session.run(BY_TOKEN, **of_form))[0]["id"]
    if made:
        put = packed(streets.items())
        session.run(PUT, list_id=number, put=put)
        session.run(MOVE, put=put)
    return number


def saved_lists(session: Session, *, scope: Scope) -> tuple[UnitList, ...]:
    """The lists of a scope, newest first."""
    return tuple(map(_list, session.run(LISTS, **scope.values)))


def unit_list(session: Session, *, scope: Scope, list_id: int) -> UnitList | None:
    """One list, if all its districts are inside the scope."""
    found = session.run(LIST, **scope.values, of_list=list_id)
    return _list(found[0]) if found else None


def units_listed(session: Session, *, scope: Scope, list_id: int) -> tuple[Listed, ...]:
    """The units of a list, with their tags."""
    tags: dict[int, tuple[str, ...]] = {}
    for row in session.run(TAGS_OF, of_list=list_id):
        tags[row["unit_id"]] = (*tags.get(row["unit_id"], ()), row["tag"])
    rows = session.run(UNITS, **scope.values, of_list=list_id)
    return tuple(Listed(**row, tags=tags.get(row["id"], ())) for row in rows)


def tag_listed(session: Session, *, scope: Scope, list_id: int, tag: str) -> None:
    """Give a tag to all units of a list."""
    session.run(TAG, **scope.values, of_list=list_id, new_tag=tag)


def untag_listed(session: Session, *, scope: Scope, list_id: int, tag: str) -> None:
    """Take a tag from all units of a list."""
    session.run(UNTAG, **scope.values, of_list=list_id, old_tag=tag)


def tags(session: Session, *, scope: Scope) -> tuple[str, ...]:
    """The tags of a scope's units."""
    return tuple(row["tag"] for row in session.run(TAGS, **scope.values))


def remove_list(session: Session, *, list_id: int, now: datetime) -> None:
    """Let nothing be aimed at it any more; broadcasts that were frozen keep theirs."""
    session.run(EMPTY, of_list=list_id)
    session.run(REMOVE, of_list=list_id, now=now)


def _list(row: Mapping[str, Any]) -> UnitList:
    return UnitList(**{**row, "districts": tuple(json.loads(row["districts"]))})
