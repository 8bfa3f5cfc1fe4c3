"""Deliveries on their way: posted, armed by a claim, sent outside of any transaction, settled.

Every arrow of `records.ARROWS` is a guarded UPDATE. The intent to send is committed before the call,
because a custom message has no key by which the platform would know a second copy. Here are replies, and
what all deliveries share; what is said first is posted by `store.audience` and claimed by `store.pushes`,
and `store.settling` writes down what became of either.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Text,
    bindparam,
    case,
    exists,
    func,
    literal,
    null,
    select,
    type_coerce,
    update,
)
from sqlalchemy.dialects.postgresql import insert  # SQLite's compiler reads its ON CONFLICT as well

from store import receipts
from store.columns import EMPTY, MICROSECOND, RealNow, UtcDateTime, fixed
from store.engine import Session
from store.limits import LIMITS
from store.records import Claim, Contact, Delivery, DeliveryState, custom_lane
from store.schema import contacts, deliveries, lanes

POST: Final = (
    insert(deliveries)
    .values(
        contact_id=bindparam("contact_id"),
        lane=bindparam("lane"),
        recipient=bindparam("recipient"),
        text=bindparam("text"),
        dedupe_key=bindparam("dedupe_key"),
        due_at=bindparam("due_at"),
        not_after=bindparam("not_after"),
        state=DeliveryState.WAITING,
        attempt=0,
        burned=0,
        reason="",
        platform_id="",
    )
    .on_conflict_do_nothing(index_elements=["dedupe_key"])
)

# Locked rows are passed over, so that a claim waits for nobody and nobody deadlocks with it.
_due = (
    select(deliveries.c.id)
    .join(contacts, contacts.c.id == deliveries.c.contact_id)
    .where(
        deliveries.c.state == fixed(DeliveryState.WAITING),
        deliveries.c.lane == bindparam("in_lane"),
        deliveries.c.due_at <= bindparam("now"),
        deliveries.c.not_after > bindparam("now"),
        ~exists().where(lanes.c.lane == bindparam("in_lane"), lanes.c.parked_until > bindparam("now")),
    )
    .order_by(deliveries.c.due_at, deliveries.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True, key_share=True)
    .cte("due")
)
CLAIM: Final = (
    update(deliveries)
    .where(deliveries.c.id == _due.c.id, deliveries.c.state == fixed(DeliveryState.WAITING))
    .values(
        state=DeliveryState.SENDING,
        owner=bindparam("owner"),
        attempt=deliveries.c.attempt + 1,
        lease_until=RealNow() + bindparam("lease", type_=BigInteger),
        first_try_at=func.coalesce(deliveries.c.first_try_at, bindparam("now", type_=UtcDateTime())),
    )
    .returning(
        deliveries.c.id,
        deliveries.c.lane,
        deliveries.c.contact_id,
        deliveries.c.recipient,
        deliveries.c.text,
        deliveries.c.dedupe_key,
        deliveries.c.due_at,
        deliveries.c.not_after,
        deliveries.c.owner,
        deliveries.c.attempt,
        deliveries.c.burned,
    )
)

TAKE: Final = (
    update(contacts)
    .where(
        contacts.c.id == bindparam("contact_id"),
        contacts.c.window_left > 0,
        contacts.c.window_until > bindparam("now"),
    )
    .values(window_left=contacts.c.window_left - 1)
    .returning(contacts.c.window_until)
)
REFUSE: Final = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("delivery_id"), deliveries.c.state == fixed(DeliveryState.SENDING))
    .values(
        state=DeliveryState.REFUSED,
        reason=bindparam("reason"),
        settled_at=bindparam("now"),
        lease_until=null(),
    )
)
# How long a try may be repeated under its key, in microseconds; nothing for a path without one.
_key = case(
    *(
        (deliveries.c.path == path, literal(limit.key // MICROSECOND, BigInteger))
        for path, limit in LIMITS.items()
        if limit.key
    ),
    else_=literal(0, BigInteger),
)
_lost = (
    deliveries.c.state == fixed(DeliveryState.SENDING),
    deliveries.c.lease_until < RealNow(),
)
REPEAT: Final = (
    update(deliveries)
    .where(
        *_lost,
        type_coerce(deliveries.c.first_try_at, BigInteger) + _key > bindparam("now", type_=UtcDateTime()),
        deliveries.c.not_after > bindparam("now"),
    )
    .values(
        state=DeliveryState.WAITING,
        reason="lease_expired",
        due_at=bindparam("now", type_=UtcDateTime()),
        lease_until=null(),
    )
    .returning(deliveries.c.id)
)
RESCUE: Final = (
    update(deliveries)
    .where(*_lost)
    .values(
        state=DeliveryState.UNCLEAR, reason="lease_expired", settled_at=bindparam("now"), lease_until=null()
    )
    .returning(deliveries.c.id, deliveries.c.contact_id)
)


def _given_up(state: DeliveryState) -> Any:
    """Where one that waits ends; of one that may have gone already nobody knows whether it was received."""
    return case((deliveries.c.path.is_(None), fixed(state)), else_=fixed(DeliveryState.UNCLEAR))


EXPIRE: Final = (
    update(deliveries)
    .where(deliveries.c.state == fixed(DeliveryState.WAITING), deliveries.c.not_after <= bindparam("now"))
    .values(state=_given_up(DeliveryState.EXPIRED), reason="too_late", settled_at=bindparam("now"))
    .returning(deliveries.c.id)
)
_cancelled = update(deliveries).values(
    state=_given_up(DeliveryState.CANCELLED), reason=bindparam("why"), settled_at=bindparam("now")
)
CANCEL: Final = _cancelled.where(
    deliveries.c.contact_id == bindparam("of_contact"), deliveries.c.state == fixed(DeliveryState.WAITING)
)
CANCEL_OCCASION: Final = _cancelled.where(
    deliveries.c.state == fixed(DeliveryState.WAITING),
    deliveries.c.occasion != EMPTY,
    func.substr(deliveries.c.occasion, 1, func.length(bindparam("prefix", type_=Text)))
    == bindparam("prefix", type_=Text),
).returning(deliveries.c.id)

_parked = insert(lanes).values(lane=bindparam("lane"), parked_until=bindparam("parked_until"))
PARK: Final = _parked.on_conflict_do_update(
    index_elements=["lane"],
    set_={
        "parked_until": case(
            (lanes.c.parked_until > _parked.excluded.parked_until, lanes.c.parked_until),
            else_=_parked.excluded.parked_until,
        )
    },
)

COUNTS: Final = select(deliveries.c.state, func.count().label("rows")).group_by(deliveries.c.state)
OLDEST: Final = select(func.min(deliveries.c.due_at).label("due_at")).where(
    deliveries.c.state == fixed(DeliveryState.WAITING)
)


def post(
    session: Session, contact: Contact, *, text: str, dedupe_key: str, due_at: datetime, not_after: datetime
) -> None:
    """Put a custom message to `contact` on its way; a second one with the same key is none."""
    session.run(
        POST,
        contact_id=contact.id,
        lane=custom_lane(contact.channel, contact.account),
        recipient=contact.sender,
        text=text,
        dedupe_key=dedupe_key,
        due_at=due_at,
        not_after=not_after,
    )


def cancel(session: Session, contact: Contact, *, reason: str, now: datetime) -> None:
    """Call back what waits for `contact`."""
    session.run(CANCEL, of_contact=contact.id, why=reason, now=now)


def cancel_occasion(session: Session, *, prefix: str, reason: str, now: datetime) -> int:
    """Call back what waits of all occasions that begin with `prefix`."""
    return len(session.run(CANCEL_OCCASION, prefix=prefix, why=reason, now=now))


def claim(session: Session, *, lane: str, owner: str, now: datetime, limit: int, lease: timedelta) -> Claim:
    """Arm up to `limit` deliveries that are due, each against one send of its person's window.

    Where no send is left the delivery is refused without a call, as is one whose person was forgotten.
    """
    rows = session.run(CLAIM, in_lane=lane, owner=owner, now=now, limit=limit, lease=lease // MICROSECOND)
    ready = []
    for row in sorted(rows, key=lambda row: (row["due_at"], row["id"])):
        taken = session.run(TAKE, contact_id=row["contact_id"], now=now) if row["recipient"] else ()
        if taken:
            ready.append(Delivery(**row, window_until=taken[0]["window_until"]))
        else:
            reason = "window_closed" if row["recipient"] else "forgotten"
            session.run(REFUSE, delivery_id=row["id"], reason=reason, now=now)
    return Claim(ready=tuple(ready), refused=len(rows) - len(ready))


def rescue(session: Session, *, now: datetime) -> int:
    """Nobody knows what became of sends whose lease ran out: what the platform knows a second copy of is
    sent again, everything else is unclear, and never sent again by itself."""
    repeated = session.run(REPEAT, now=now)
    unclear = session.run(RESCUE, now=now)
    if unclear:
        receipts.clear_up(session, {row["contact_id"] for row in unclear}, now)
    return len(repeated) + len(unclear)


def expire(session: Session, *, now: datetime) -> int:
    """Give up what waited until it was of no use any more."""
    return len(session.run(EXPIRE, now=now))


def park(session: Session, *, lane: str, until: datetime) -> None:
    """Let nothing be claimed from `lane` before `until`; a longer parking stays."""
    session.run(PARK, lane=lane, parked_until=until)


def counts(session: Session) -> dict[DeliveryState, int]:
    """How many deliveries are in each state."""
    found = {row["state"]: row["rows"] for row in session.run(COUNTS)}
    return {state: found.get(state, 0) for state in DeliveryState}


def oldest_waiting(session: Session) -> datetime | None:
    """When the delivery that has waited longest was due."""
    due_at: datetime | None = session.run(OLDEST)[0]["due_at"]
    return due_at
