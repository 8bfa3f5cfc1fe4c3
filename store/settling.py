"""What became of sends, written down for many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Integer, Text, and_, bindparam, case, func, null, or_, update

from store import receipts, spending
from store.columns import UtcDateTime, fixed, given, packed, stamp
from store.engine import Session
from store.records import DeliveryState, Settlement
from store.schema import contacts, deliveries

_settled = given(
    "settled",
    id=BigInteger(),
    owner=Text(),
    attempt=Integer(),
    state=Text(),
    reason=Text(),
    platform_id=Text(),
    due_at=UtcDateTime(),
    burned=Integer(),
    afresh=Integer(),
)
_waits, _afresh = _settled.c.state == fixed(DeliveryState.WAITING), _settled.c.afresh == 1
SETTLE: Final = (
    update(deliveries)
    .where(
        deliveries.c.id == _settled.c.id,
        deliveries.c.owner == _settled.c.owner,
        deliveries.c.attempt == _settled.c.attempt,
        or_(
            deliveries.c.state == fixed(DeliveryState.SENDING),
            and_(
                # a late answer may clear up a doubt
                deliveries.c.state == fixed(DeliveryState.UNCLEAR),
                _settled.c.state.in_([fixed(DeliveryState.SENT), fixed(DeliveryState.REFUSED)]),
            ),
        ),
    )
    .values(
        state=_settled.c.state,
        reason=_settled.c.reason,
        platform_id=_settled.c.platform_id,
        due_at=func.coalesce(_settled.c.due_at, deliveries.c.due_at),
        burned=deliveries.c.burned + _settled.c.burned,
        settled_at=case((_waits, null()), else_=bindparam("now", type_=UtcDateTime())),
        lease_until=null(),
        path=case((_afresh, null()), else_=deliveries.c.path),
        mass_key=case((_afresh, null()), else_=deliveries.c.mass_key),
        first_try_at=case((_afresh, null()), else_=deliveries.c.first_try_at),
    )
    .returning(deliveries.c.id)
)

BAR: Final = (
    update(contacts).where(contacts.c.id == bindparam("of_contact")).values(barred=bindparam("reason"))
)


def settle(session: Session, *, settlements: Sequence[Settlement], now: datetime) -> int:
    """Write down what became of sends, and say for how many that could still be done.

    A delivery that certainly was not sent gives back what its send had taken.
    """
    ends = [(done, *_end(done)) for done in settlements]
    rows = packed(
        (
            done.delivery.id,
            done.delivery.owner,
            done.delivery.attempt,
            state,
            done.reason,
            done.platform_id,
            stamp(done.due_at) if state is DeliveryState.WAITING else None,
            int(done.burns and state is DeliveryState.WAITING),
            int(afresh),
        )
        for done, state, afresh in ends
    )
    moved = {row["id"] for row in session.run(SETTLE, settled=rows, now=now)}
    landed = [(done, state) for done, state, _ in ends if done.delivery.id in moved]
    _correct(session, [done for done, _ in landed])
    receipts.match(session, [done.delivery.id for done, _ in landed if done.platform_id], now)
    if unclear := {done.delivery.contact_id for done, state in landed if state is DeliveryState.UNCLEAR}:
        receipts.clear_up(session, unclear, now)
    return len(moved)


def bar(session: Session, *, contact_id: int, reason: str) -> None:
    """Keep the platform's word that nothing reaches this person, until they subscribe anew."""
    session.run(BAR, of_contact=contact_id, reason=reason)


def _end(done: Settlement) -> tuple[DeliveryState, bool]:
    """Where a settled delivery goes, and whether it may go by any path from there: one whose end is, or
    was before, unknown goes by its path and key again, or not at all."""
    sent, state = done.delivery, done.state
    if state is DeliveryState.UNCLEAR or (state is DeliveryState.WAITING and sent.again):
        if done.due_at and sent.again_until and done.due_at < min(sent.again_until, sent.not_after):
            return DeliveryState.WAITING, False
        return DeliveryState.UNCLEAR, False
    if done.shuts and not spending.can_shut(sent):
        return DeliveryState.REFUSED, False
    return state, state is DeliveryState.WAITING


def _correct(session: Session, landed: Sequence[Settlement]) -> None:
    """Give back, or take away, what turned out to be otherwise than it was thought to be."""
    for done in landed:
        if done.shuts:
            spending.shut(session, done.delivery)
        if done.bars:
            bar(session, contact_id=done.delivery.contact_id, reason=done.bars)
    unsent = [done for done in landed if done.state is DeliveryState.WAITING]
    spending.give_back(session, [done.delivery for done in unsent if not done.shuts])
