"""Many contacts in a few groups, within which `reach.ways` cannot tell anybody from anybody for a message.

The law stays in `ways`, which judges one of each group: here the facts that it goes by are only brought
together. A moment is one of them as far as it lies ahead or not, since `ways` asks no more of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    bindparam,
    case,
    func,
    select,
    union_all,
)

from store.columns import EMPTY, Gathered, UtcDateTime, given, packed
from store.engine import Session
from store.limits import month_of
from store.reach import ASKED, FOR_WAYS, Allowance, Kind, Reach, topics
from store.records import Path
from store.schema import contacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Contacts whom a message of a kind reaches alike: what is known of any of them, and who they are."""

    reach: Reach
    contacts: tuple[int, ...]


_facts = union_all(*FOR_WAYS).subquery("facts")
_topic = given("topics", name=Text())


def _most(what: str, value: Any, *conditions: ColumnElement[bool]) -> ColumnElement[Any]:
    """Of a contact's facts of one sort, the only one that counts for this message."""
    return func.max(case((and_(_facts.c.what == what, *conditions), value)))


_named = _facts.c.name
_is_template = _named == bindparam("template", type_=Text)
_known = (
    select(
        _facts.c.contact_id,
        _most("person", 1).label("phone"),
        _most("person", 1, _named.is_not(None)).label("email"),
        _most("mass", _facts.c.number).label("mass_used"),
        _most("muted", _named, _named.in_(select(_topic.c.name))).label("muted"),
        _most("consent", _named, _named == bindparam("consent", type_=Text)).label("consent"),
        _most("allowance", _facts.c.number, _is_template).label("left"),
        _most("allowance", func.coalesce(_facts.c.more, EMPTY), _is_template).label("standing"),
    )
    .group_by(_facts.c.contact_id)
    .subquery("known")
)
_ahead = case((contacts.c.window_until > bindparam("at", type_=UtcDateTime()), 1), else_=0)
_same = (
    *(contacts.c[name] for name in ("channel", "account", "follows", "barred", "window_left")),
    *(column for column in _known.c if column.name != "contact_id"),
)
GROUPS: Final = (
    select(
        *_same,
        func.max(contacts.c.window_until, type_=UtcDateTime()).label("window_until"),
        Gathered(contacts.c.id).label("contacts"),
    )
    .select_from(
        contacts.join(ASKED, contacts.c.id == ASKED.c.id).outerjoin(
            _known, _known.c.contact_id == contacts.c.id
        )
    )
    .where(contacts.c.forgotten_at.is_(None))
    .group_by(*_same, _ahead)
)


def alike(
    session: Session, *, contact_ids: Iterable[int], kind: Kind, occasion: str, at: datetime
) -> tuple[Alike, ...]:
    """These contacts, but for those who were forgotten, as a message of `kind` finds them at `at`."""
    template = kind.templates.get(Path.SUBSCRIBE, "")
    rows = session.run(
        GROUPS,
        ids=packed([one] for one in contact_ids),
        in_month=month_of(at),
        topics=packed([topic] for topic in topics(kind.mute, occasion)),
        consent=kind.consent,
        template=template,
        at=at,
    )
    return tuple(_alike(row, template) for row in rows)


def _alike(row: Mapping[str, Any], template: str) -> Alike:
    found = tuple(json.loads(row["contacts"]))
    held = {}
    if row["left"] is not None:
        standing = row["standing"]
        held[template] = Allowance(
            left=row["left"], lasting=standing == "lasting", rejected=standing == "rejected"
        )
    reach = Reach(
        contact_id=found[0],
        allowances=held,
        mass_used=row["mass_used"] or 0,
        email="known" if row["email"] else "",
        phone=bool(row["phone"]),
        muted=frozenset() if row["muted"] is None else frozenset({row["muted"]}),
        consents=frozenset() if row["consent"] is None else frozenset({row["consent"]}),
        **{
            name: row[name]
            for name in ("channel", "account", "follows", "barred", "window_until", "window_left")
        },
    )
    return Alike(reach=reach, contacts=found)
