"""Pushes: locked when they are due, judged one by one, and armed by the path that is open now.

A push was posted on premises that may hold no more, to a person who may have had enough, by whatever path
is open. All this is read for a whole claim at a time and decided in the transaction that arms it. One whose
last try has an unknown end keeps its `path` while it waits: it goes by that path, under the same key, or not
at all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Select,
    Text,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    select,
    union_all,
    update,
)

from store import premises, spending
from store.audience import CONTENT
from store.columns import EMPTY, MICROSECOND, RealNow, UtcDateTime, fixed, given, moment, packed, stamp
from store.engine import Session
from store.judge import KEY_BYTES, Fit, Judge, Row, Rules, Unfit, again_until
from store.limits import api_of, day_of, month_of, next_day
from store.reach import ADDRESS, OF_CONTACTS, Reach, Shut, Why, reaches
from store.records import Claim, Delivery, DeliveryState, Path
from store.schema import api_calls, contacts, deliveries, lanes, units


def _waiting() -> Select[Any]:
    """Pushes that wait, locked; those that somebody else has locked are passed over."""
    return (
        select(
            deliveries.c.id,
            deliveries.c.lane,
            deliveries.c.contact_id,
            deliveries.c.recipient,
            deliveries.c.dedupe_key,
            deliveries.c.due_at,
            deliveries.c.not_after,
            deliveries.c.attempt,
            deliveries.c.burned,
            deliveries.c.kind,
            deliveries.c.template,
            deliveries.c.content,
            deliveries.c.occasion,
            deliveries.c.premises,
            deliveries.c.path,
            deliveries.c.mass_key,
            deliveries.c.first_try_at,
            deliveries.c.reason,
            deliveries.c.unit_id,
            units.c.name.label("unit"),
            *ADDRESS,
        )
        .join(contacts, contacts.c.id == deliveries.c.contact_id)
        .outerjoin(units, units.c.id == deliveries.c.unit_id)
        .where(deliveries.c.state == fixed(DeliveryState.WAITING))
        .with_for_update(skip_locked=True, key_share=True, of=[deliveries, contacts])
    )


DUE: Final = (
    _waiting()
    .where(
        deliveries.c.lane == bindparam("lane"),
        deliveries.c.due_at <= bindparam("now"),
        deliveries.c.not_after > bindparam("now"),
        ~exists().where(lanes.c.lane == bindparam("lane"), lanes.c.parked_until > bindparam("now")),
    )
    .order_by(deliveries.c.due_at, deliveries.c.id)
    .limit(bindparam("limit"))
)
_keys = given("keys", key=Text())
TOGETHER_WITH: Final = _waiting().where(deliveries.c.mass_key == _keys.c.key)
UNSETTLED: Final = (
    select(deliveries.c.mass_key, func.count().label("members"))
    .where(
        deliveries.c.mass_key == _keys.c.key,
        deliveries.c.state.in_([fixed(DeliveryState.WAITING), fixed(DeliveryState.SENDING)]),
    )
    .group_by(deliveries.c.mass_key)
)


def _of_apis(what: str, lane: Any, number: Any) -> Select[Any]:
    """Facts of APIs in the shape of those of contacts, so that one statement reads both."""
    return select(
        cast(null(), BigInteger), literal(what, Text), lane, cast(number, BigInteger), cast(null(), Text)
    )


# Until when an API rests, and how many calls it had today.
FACTS: Final = union_all(
    *OF_CONTACTS,
    _of_apis("parked", lanes.c.lane, lanes.c.parked_until).where(lanes.c.parked_until > bindparam("now")),
    _of_apis("called", api_calls.c.lane, api_calls.c.used).where(api_calls.c.day == bindparam("day")),
)

# Found by their numbers: named plainly, the state would lead a planner that does not know yet how many rows
# wait to go through all of them.
_waits_still = deliveries.c.state + EMPTY == fixed(DeliveryState.WAITING)
_armed = given("armed", id=BigInteger())
ARM: Final = (
    update(deliveries)
    .where(deliveries.c.id == _armed.c.id, _waits_still)
    .values(
        state=DeliveryState.SENDING,
        path=bindparam("by_path"),
        mass_key=bindparam("by_key"),
        owner=bindparam("owner"),
        attempt=deliveries.c.attempt + 1,
        lease_until=RealNow() + bindparam("lease", type_=BigInteger),
        first_try_at=func.coalesce(deliveries.c.first_try_at, bindparam("now", type_=UtcDateTime())),
    )
)
_unfit = given("unfit", id=BigInteger(), state=Text(), reason=Text(), due_at=UtcDateTime())
_waits = _unfit.c.state == fixed(DeliveryState.WAITING)
SET_ASIDE: Final = (
    update(deliveries)
    .where(deliveries.c.id == _unfit.c.id, _waits_still)
    .values(
        state=_unfit.c.state,
        reason=_unfit.c.reason,
        due_at=func.coalesce(_unfit.c.due_at, deliveries.c.due_at),
        settled_at=case((_waits, null()), else_=bindparam("now", type_=UtcDateTime())),
    )
)


def claim_pushes(
    session: Session, *, lane: str, owner: str, now: datetime, limit: int, lease: timedelta, rules: Rules
) -> Claim:
    """Arm up to `limit` pushes of an account that are due, each by the best path that is open to its person,
    and set aside those that must not, cannot or need not go now. More are armed only to keep the mass
    sends together that are tried again."""
    rows = session.run(DUE, lane=lane, now=now, limit=limit)
    if not rows:
        return Claim(ready=())
    rows, members = _together(session, rows)
    of_apis, of_contacts = _facts(session, {row["contact_id"] for row in rows}, now)
    known = reaches(rows, of_contacts)
    judge = Judge(
        rules=rules,
        now=now,
        reaches=known,
        ground=premises.ground(session, rules.stages, rows, known),
        members=members,
        **_apis(of_apis, lane, now, rules),
    )
    fit, unfit = judge.sort(rows)
    fit, late = _within_quota(session, fit, lane, now, rules)
    _arm(session, fit, owner, lease, now)
    spending.take(session, fit, now, rules)
    _set_aside(session, [*unfit, *late], now)
    ended = Counter(one.state for one in [*unfit, *late])
    day = day_of(now)
    return Claim(
        ready=tuple(_delivery(session, one, owner, now, day, rules, known) for one in fit),
        refused=ended[DeliveryState.REFUSED],
        cancelled=ended[DeliveryState.CANCELLED],
        put_off=ended[DeliveryState.WAITING],
        unclear=ended[DeliveryState.UNCLEAR],
    )


def _together(session: Session, rows: Sequence[Row]) -> tuple[Sequence[Row], Mapping[str, int]]:
    """The rows, with the others of those mass sends that are repeated, and how many each should have."""
    keys = {row["mass_key"] for row in rows if row["mass_key"]}
    if not keys:
        return _opened(session, rows), {}
    asked = packed([key] for key in keys)
    known = {row["id"] for row in rows}
    others = [row for row in session.run(TOGETHER_WITH, keys=asked) if row["id"] not in known]
    counted = session.run(UNSETTLED, keys=asked)
    return _opened(session, [*rows, *others]), {row["mass_key"]: row["members"] for row in counted}


def _opened(session: Session, rows: Sequence[Row]) -> list[Row]:
    """The rows with what they say opened: those that say the same may go together.

    All of one alert share a sealed text, which is opened once.
    """
    texts = {sealed: session.vault.open(CONTENT, sealed) for sealed in {row["content"] for row in rows}}
    return [{**row, "content": texts[row["content"]]} for row in rows]


def _facts(
    session: Session, people: Collection[int], now: datetime
) -> tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]:
    """What is known of the APIs, and of these contacts."""
    ids = packed([one] for one in people)
    found = session.run(FACTS, ids=ids, in_month=month_of(now), now=now, day=day_of(now))
    of_apis = [row for row in found if row["contact_id"] is None]
    return of_apis, [row for row in found if row["contact_id"] is not None]


def _apis(facts: Sequence[Mapping[str, Any]], lane: str, now: datetime, rules: Rules) -> dict[str, Any]:
    """Which paths are at rest, and how many calls those with a limit have left today."""
    parked = {row["name"]: moment(row["number"]) for row in facts if row["what"] == "parked"}
    called = {row["name"]: row["number"] for row in facts if row["what"] == "called"}
    shut, left = {}, {}
    for path in Path:
        api = api_of(path, lane)
        until = max((at for at in (parked.get(api), rules.resting.get(api)) if at), default=now)
        if until > now:
            shut[path] = Shut(why=Why.PARKED, until=until)
        if (quota := rules.quota(path)) is not None:
            left[path] = quota - called.get(api, 0)
    return {"shut": shut, "left": left}


def _within_quota(
    session: Session, fit: Sequence[Fit], lane: str, now: datetime, rules: Rules
) -> tuple[list[Fit], list[Unfit]]:
    """Count the calls. Another process may have had the last ones of the day: then the rest wait."""
    calls: defaultdict[Path, dict[str | int, None]] = defaultdict(dict)
    for one in fit:
        calls[one.path][_call(one)] = None
    late: set[str | int] = set()
    for path in sorted(calls):
        mine, api, quota = list(calls[path]), api_of(path, lane), rules.quota(path)
        used = spending.spend(session, api, day_of(now), len(mine))
        if quota is not None and used > quota:
            over = min(len(mine), used - quota)
            spending.spend(session, api, day_of(now), -over)
            late.update(mine[-over:])
    kept: list[Fit] = []
    wait: list[Unfit] = []
    for one in fit:
        if late and _call(one) in late:
            wait.append(
                Unfit(row=one.row, state=DeliveryState.WAITING, reason=Why.QUOTA, due_at=next_day(now))
            )
        else:
            kept.append(one)
    return kept, wait


def _call(one: Fit) -> str | int:
    """What is one call to an API: a push, or a whole mass send."""
    return one.key if one.path is Path.MASS else int(one.row["id"])


def _arm(session: Session, fit: Sequence[Fit], owner: str, lease: timedelta, now: datetime) -> None:
    calls: defaultdict[tuple[Path, str], list[int]] = defaultdict(list)
    for one in fit:
        calls[one.path, one.key].append(one.row["id"])
    for (path, key), ids in calls.items():
        session.run(
            ARM,
            armed=packed([one] for one in ids),
            by_path=path,
            by_key=key or None,
            owner=owner,
            lease=lease // MICROSECOND,
            now=now,
        )


def _set_aside(session: Session, unfit: Sequence[Unfit], now: datetime) -> None:
    if unfit:
        rows = packed((one.row["id"], one.state, one.reason, stamp(one.due_at)) for one in unfit)
        session.run(SET_ASIDE, unfit=rows, now=now)


def _delivery(
    session: Session,
    one: Fit,
    owner: str,
    now: datetime,
    day: str,
    rules: Rules,
    known: Mapping[int, Reach],
) -> Delivery:
    row, path = one.row, one.path
    email = known[row["contact_id"]].email if path is Path.EMAIL else ""
    return Delivery(
        id=row["id"],
        lane=row["lane"],
        contact_id=row["contact_id"],
        recipient=row["recipient"],
        text="",
        dedupe_key=row["dedupe_key"],
        due_at=row["due_at"],
        not_after=row["not_after"],
        owner=owner,
        attempt=row["attempt"] + 1,
        burned=row["burned"],
        window_until=one.until,
        kind=row["kind"],
        path=path,
        template=row["template"],
        template_id=rules.kinds[row["kind"]].templates.get(path, ""),
        content=row["content"],
        occasion=row["occasion"],
        unit=row["unit"] or "",
        key=one.key or blake2b(row["dedupe_key"].encode(), digest_size=KEY_BYTES).hexdigest(),
        email=session.vault.open("unit_people.email_sealed", email) if email else "",
        again=one.again,
        again_until=again_until(path, row["first_try_at"] or now),
        day=day,
    )
