"""What became of sends, written down for many at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Subquery,
    Text,
    bindparam,
    case,
    func,
    null,
    update,
)

from store import receipts, spending
from store.columns import UtcDateTime, fixed, given, packed, stamp
from store.engine import Session
from store.records import ARROWS, DeliveryState, Settlement
from store.schema import contacts, deliveries

ARMED: Final = (DeliveryState.SENDING, DeliveryState.UNCLEAR)
_ended = given("ended", id=BigInteger(), owner=Text(), attempt=Integer(), reason=Text(), platform_id=Text())
_late = given(
    "late",
    id=BigInteger(),
    owner=Text(),
    attempt=Integer(),
    reason=Text(),
    due_at=UtcDateTime(),
    burned=Integer(),
    afresh=Integer(),
)


def _armed(rows: Subquery, target: DeliveryState) -> tuple[ColumnElement[bool], ...]:
    """Of these rows, those still in the hands of whoever settles them; a late answer may clear up a doubt."""
    sources = [fixed(state) for state in ARMED if target in ARROWS[state]]
    return (
        deliveries.c.id == rows.c.id,
        deliveries.c.owner == rows.c.owner,
        deliveries.c.attempt == rows.c.attempt,
        deliveries.c.state.in_(sources),
    )


END: Final = {
    target: update(deliveries)
    .where(*_armed(_ended, target))
    .values(
        state=target,
        reason=_ended.c.reason,
        platform_id=_ended.c.platform_id,
        settled_at=bindparam("now"),
        lease_until=null(),
    )
    .returning(deliveries.c.id, receipts.KEPT_FOR)
    for target in (DeliveryState.SENT, DeliveryState.REFUSED, DeliveryState.UNCLEAR)
}
_afresh = _late.c.afresh == 1
PUT_OFF: Final = (
    update(deliveries)
    .where(*_armed(_late, DeliveryState.WAITING))
    .values(
        state=DeliveryState.WAITING,
        reason=_late.c.reason,
        due_at=func.coalesce(_late.c.due_at, deliveries.c.due_at),
        burned=deliveries.c.burned + _late.c.burned,
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
    ends: defaultdict[DeliveryState, list[tuple[Settlement, bool]]] = defaultdict(list)
    for done in settlements:
        state, afresh = _end(done)
        ends[state].append((done, afresh))
    moved: dict[int, Mapping[str, Any]] = {}
    for state, several in ends.items():
        moved.update({row["id"]: row for row in _write(session, state, several, now)})
    landed = [done for done in settlements if done.delivery.id in moved]
    _correct(session, landed)
    receipts.match(session, [one for one, row in moved.items() if row.get("reported")], now)
    doubtful = {done.delivery.contact_id for done, _ in ends[DeliveryState.UNCLEAR]}
    if doubtful:
        receipts.clear_up(session, doubtful, now)
    return len(moved)


def _write(
    session: Session, state: DeliveryState, several: Sequence[tuple[Settlement, bool]], now: datetime
) -> Sequence[Mapping[str, Any]]:
    if state is DeliveryState.WAITING:
        late = packed(
            (*_guard(done), done.reason, stamp(done.due_at), int(done.burns), int(afresh))
            for done, afresh in several
        )
        return session.run(PUT_OFF, late=late)
    ended = packed((*_guard(done), done.reason, done.platform_id) for done, _ in several)
    return session.run(END[state], ended=ended, now=now)


def _guard(done: Settlement) -> tuple[int, str, int]:
    return done.delivery.id, done.delivery.owner, done.delivery.attempt


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
