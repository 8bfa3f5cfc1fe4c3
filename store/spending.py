"""What a send uses up: calls of an API in a day, a send of a window, an allowance, a mass message a month.

It is taken when the send is armed, and given back when it certainly was not made. Whoever does both locks
the person before the API, so that nobody waits in a circle.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Integer, Text, Update, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite's compiler reads its ON CONFLICT as well

from store.columns import given, packed
from store.engine import Session
from store.judge import Fit, Rules
from store.limits import LIMITS, api_of, day_of, month_of
from store.records import Delivery, Path
from store.schema import allowances, api_calls, contacts, mass_uses

_spent = insert(api_calls).values(lane=bindparam("lane"), day=bindparam("day"), used=bindparam("calls"))
SPEND: Final = _spent.on_conflict_do_update(
    index_elements=["lane", "day"], set_={"used": api_calls.c.used + _spent.excluded.used}
).returning(api_calls.c.used)

CALLS: Final = select(api_calls.c.lane, api_calls.c.used).where(api_calls.c.day == bindparam("day"))

_sends = given("sends", contact_id=BigInteger(), number=Integer())
TAKE_WINDOW: Final = (
    update(contacts)
    .where(contacts.c.id == _sends.c.contact_id)
    .values(window_left=contacts.c.window_left - _sends.c.number)
)
_of_window = (contacts.c.id == bindparam("of_contact"), contacts.c.window_until == bindparam("taken_from"))
GIVE_BACK_WINDOW: Final = update(contacts).where(*_of_window).values(window_left=contacts.c.window_left + 1)
SHUT_WINDOW: Final = update(contacts).where(*_of_window).values(window_left=0)

_held = (
    allowances.c.contact_id == bindparam("of_contact"),
    allowances.c.template_id == bindparam("of_template"),
)
_counted = (*_held, allowances.c.lasting.is_(False))
TAKE_ALLOWANCE: Final = (
    update(allowances).where(*_counted, allowances.c.left > 0).values(left=allowances.c.left - 1)
)
GIVE_BACK_ALLOWANCE: Final = update(allowances).where(*_counted).values(left=allowances.c.left + 1)
SHUT_ALLOWANCE: Final = update(allowances).where(*_held).values(left=0, lasting=False)

# `ON` would be read as that of a join, were there no WHERE before it.
_used = insert(mass_uses).from_select(
    ["contact_id", "month", "used"],
    select(_sends.c.contact_id, bindparam("in_month", type_=Text), _sends.c.number).where(
        _sends.c.number > 0
    ),
)
TAKE_MASS: Final = _used.on_conflict_do_update(
    index_elements=["contact_id", "month"], set_={"used": mass_uses.c.used + _used.excluded.used}
)
_of_month = (mass_uses.c.contact_id == bindparam("of_contact"), mass_uses.c.month == bindparam("in_month"))
GIVE_BACK_MASS: Final = update(mass_uses).where(*_of_month).values(used=mass_uses.c.used - 1)
SHUT_MASS: Final = update(mass_uses).where(*_of_month).values(used=LIMITS[Path.MASS].month)


def spend(session: Session, api: str, day: str, calls: int) -> int:
    """Count calls of an API (negative: give them back), and say how many there were on that day."""
    used: int = session.run(SPEND, lane=api, day=day, calls=calls)[0]["used"]
    return used


def calls_of(session: Session, *, now: datetime) -> Mapping[str, int]:
    """How many calls each API has had on this day of China, by its lane."""
    return {row["lane"]: row["used"] for row in session.run(CALLS, day=day_of(now))}


def take(session: Session, fit: Iterable[Fit], now: datetime, rules: Rules) -> None:
    """Take from each person what the first try of a send uses up."""
    firsts: defaultdict[Path, list[Fit]] = defaultdict(list)
    for one in fit:
        if not one.again:
            firsts[one.path].append(one)
    if custom := firsts[Path.CUSTOM]:
        session.run(TAKE_WINDOW, sends=_number(custom))
    if mass := firsts[Path.MASS]:
        session.run(TAKE_MASS, sends=_number(mass), in_month=month_of(now))
    for one in firsts[Path.SUBSCRIBE]:
        template = rules.kinds[one.row["kind"]].templates[Path.SUBSCRIBE]
        session.run(TAKE_ALLOWANCE, of_contact=one.row["contact_id"], of_template=template)


def give_back(session: Session, sends: Sequence[Delivery]) -> None:
    """Give back what sends that were certainly not made had taken; one that was in doubt keeps it."""
    for sent in sends:
        if not sent.again:
            _apply(session, sent, GIVE_BACK_WINDOW, GIVE_BACK_ALLOWANCE, GIVE_BACK_MASS)
    pushes = {(sent.lane, sent.path, sent.day, sent.key) for sent in sends if sent.day}
    for (lane, path, day), calls in sorted(Counter(each[:3] for each in pushes).items()):
        spend(session, api_of(path, lane), day, -calls)


def can_shut(sent: Delivery) -> bool:
    """Whether anything is kept by which the path of this send could be known to be shut."""
    return sent.path in {Path.CUSTOM, Path.SUBSCRIBE, Path.MASS}


def shut(session: Session, sent: Delivery) -> None:
    """Correct what was known of the path to a person, since the platform says that it is not open."""
    _apply(session, sent, SHUT_WINDOW, SHUT_ALLOWANCE, SHUT_MASS)


def _apply(session: Session, sent: Delivery, window: Update, allowance: Update, mass: Update) -> None:
    of_contact = sent.contact_id
    if sent.path is Path.CUSTOM:
        session.run(window, of_contact=of_contact, taken_from=sent.window_until)
    elif sent.path is Path.SUBSCRIBE:
        session.run(allowance, of_contact=of_contact, of_template=sent.template_id)
    elif sent.path is Path.MASS:
        session.run(mass, of_contact=of_contact, in_month=sent.day[:7])


def _number(fit: Iterable[Fit]) -> str:
    return packed(Counter(one.row["contact_id"] for one in fit).items())
