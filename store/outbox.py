"""Deliveries on their way: posted, armed by a claim, sent outside of any transaction, settled.

Every arrow of `records.ARROWS` is one guarded UPDATE. The intent to send is committed before the
call, because a custom message has no key by which the platform would know a second copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, Update, bindparam, case, exists, func, null, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite's compiler reads its ON CONFLICT as well

from store.columns import MICROSECOND, RealNow, UtcDateTime, fixed
from store.engine import Session
from store.records import ARROWS, Claim, Contact, Delivery, DeliveryState, Settlement, custom_lane
from store.schema import contacts, deliveries, lanes

ARMED: Final = frozenset({DeliveryState.SENDING, DeliveryState.UNCLEAR})

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
GIVE_BACK: Final = (
    update(contacts)
    .where(contacts.c.id == bindparam("contact_id"), contacts.c.window_until == bindparam("taken_from"))
    .values(window_left=contacts.c.window_left + 1)
)


def _arrow(target: DeliveryState) -> Update:
    """The guarded UPDATE by which an armed delivery reaches `target`; a late answer may clear up a doubt."""
    sources = [fixed(state) for state in sorted(ARMED) if target in ARROWS[state]]
    return (
        update(deliveries)
        .where(
            deliveries.c.id == bindparam("delivery_id"),
            deliveries.c.owner == bindparam("by"),
            deliveries.c.attempt == bindparam("at_attempt"),
            deliveries.c.state.in_(sources),
        )
        .values(
            state=target,
            reason=bindparam("reason"),
            platform_id=bindparam("platform_id"),
            due_at=func.coalesce(bindparam("due_at", type_=UtcDateTime()), deliveries.c.due_at),
            burned=deliveries.c.burned + bindparam("burned_now"),
            settled_at=bindparam("settled_at"),
            lease_until=null(),
        )
        .returning(deliveries.c.id)
    )


SETTLE: Final = {
    target: _arrow(target)
    for target in (
        DeliveryState.SENT,
        DeliveryState.WAITING,
        DeliveryState.REFUSED,
        DeliveryState.UNCLEAR,
    )
}

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
RESCUE: Final = (
    update(deliveries)
    .where(deliveries.c.state == fixed(DeliveryState.SENDING), deliveries.c.lease_until < RealNow())
    .values(
        state=DeliveryState.UNCLEAR, reason="lease_expired", settled_at=bindparam("now"), lease_until=null()
    )
    .returning(deliveries.c.id)
)
EXPIRE: Final = (
    update(deliveries)
    .where(deliveries.c.state == fixed(DeliveryState.WAITING), deliveries.c.not_after <= bindparam("now"))
    .values(state=DeliveryState.EXPIRED, reason="too_late", settled_at=bindparam("now"))
    .returning(deliveries.c.id)
)
CANCEL: Final = (
    update(deliveries)
    .where(
        deliveries.c.contact_id == bindparam("of_contact"), deliveries.c.state == fixed(DeliveryState.WAITING)
    )
    .values(state=DeliveryState.CANCELLED, reason=bindparam("reason"), settled_at=bindparam("now"))
)

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
    session.run(CANCEL, of_contact=contact.id, reason=reason, now=now)


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


def settle(session: Session, *, settlements: Sequence[Settlement], now: datetime) -> int:
    """Write down what became of sends, and say for how many that could still be done.

    A delivery that certainly was not sent gives its send back to the window it was taken from.
    """
    moved = 0
    for done in settlements:
        sent, waits = done.delivery, done.state is DeliveryState.WAITING
        found = session.run(
            SETTLE[done.state],
            delivery_id=sent.id,
            by=sent.owner,
            at_attempt=sent.attempt,
            reason=done.reason,
            platform_id=done.platform_id,
            due_at=done.due_at,
            burned_now=int(waits and done.burns),
            settled_at=None if waits else now,
        )
        moved += len(found)
        if found and waits:
            session.run(GIVE_BACK, contact_id=sent.contact_id, taken_from=sent.window_until)
    return moved


def rescue(session: Session, *, now: datetime) -> int:
    """Nobody knows what became of sends whose lease ran out: they are unclear, and never sent again."""
    return len(session.run(RESCUE, now=now))


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
