"""What the platform reports of messages after it took them, before or after their sends are settled.

Source: WeChat service account documents, Template_Message_Interface (TEMPLATESENDJOBFINISH), Batch_Sends
(MASSSENDJOBFINISH) and the subscribe_msg_sent_event. A report names the message by the id that the answer
of the send gave. Where that answer was lost it can still tell what became of the one send to that person
whose end nobody knows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Text, and_, bindparam, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite's compiler reads its ON CONFLICT as well

from store.columns import EMPTY, UtcDateTime, fixed, given, packed
from store.engine import Session
from store.records import DeliveryState, Path
from store.schema import contacts, deliveries, receipts

ALL: Final = 0
"""The contact of a report on all whom a mass send named."""
SOON: Final = timedelta(days=1)
"""Within this time the platform has reported, if it ever does."""
RECEIVED: Final = frozenset({"success", "send success"})

_account = (contacts.c.channel == bindparam("channel"), contacts.c.account == bindparam("account"))
WHO: Final = select(contacts.c.id).where(*_account, contacts.c.sender == bindparam("sender"))
REPORTED_ON: Final = (
    select(deliveries.c.id)
    .join(contacts, contacts.c.id == deliveries.c.contact_id)
    .where(
        *_account,
        deliveries.c.platform_id == bindparam("platform_id"),
        deliveries.c.platform_id != EMPTY,
        or_(bindparam("who", type_=BigInteger) == ALL, deliveries.c.contact_id == bindparam("who")),
    )
)
KEEP: Final = (
    insert(receipts)
    .values({column: bindparam(column.name) for column in receipts.c})
    .on_conflict_do_nothing(index_elements=["channel", "account", "platform_id", "contact_id"])
)
_told = given("told", id=BigInteger(), state=Text(), reason=Text())
REPORT: Final = (
    update(deliveries)
    .where(
        deliveries.c.id == _told.c.id,
        deliveries.c.state.in_([fixed(DeliveryState.SENT), fixed(DeliveryState.UNCLEAR)]),
    )
    .values(state=_told.c.state, reason=_told.c.reason, settled_at=bindparam("now", type_=UtcDateTime()))
    .returning(deliveries.c.id)
)

_sent = given("sent", id=BigInteger())
_of_contact = or_(receipts.c.contact_id == deliveries.c.contact_id, receipts.c.contact_id == ALL)
# Whether `EARLY` can find anything of a delivery; mostly it cannot, and need not be asked.
KEPT_FOR: Final = (
    select(receipts.c.contact_id)
    .where(receipts.c.contact_id.in_([deliveries.c.contact_id, ALL]))
    .correlate(deliveries)
    .exists()
    .label("reported")
)
EARLY: Final = (
    select(deliveries.c.id, receipts.c.status, receipts.c.contact_id, receipts.c.platform_id)
    .join(_sent, _sent.c.id == deliveries.c.id)
    .join(contacts, contacts.c.id == deliveries.c.contact_id)
    .join(
        receipts,
        and_(
            receipts.c.channel == contacts.c.channel,
            receipts.c.account == contacts.c.account,
            receipts.c.platform_id == deliveries.c.platform_id,
            _of_contact,
        ),
    )
)

# A report and the settling of its send may miss each other, where they run at the same moment.
MISSED: Final = (
    select(deliveries.c.id, receipts.c.status)
    .join(receipts, and_(receipts.c.platform_id == deliveries.c.platform_id, _of_contact))
    .join(
        contacts,
        and_(
            contacts.c.id == deliveries.c.contact_id,
            contacts.c.channel == receipts.c.channel,
            contacts.c.account == receipts.c.account,
        ),
    )
    .where(
        deliveries.c.platform_id != "",
        deliveries.c.state.in_([fixed(DeliveryState.SENT), fixed(DeliveryState.UNCLEAR)]),
    )
)
KEPT: Final = select(receipts.c.contact_id).where(receipts.c.contact_id != ALL).distinct()
DROP: Final = delete(receipts).where(receipts.c.at < bindparam("before", type_=UtcDateTime()))

_people = given("people", id=BigInteger())
# By these the platform reports on one person at a time, by an id that only the answer of the send tells.
_nameless = (
    deliveries.c.contact_id == _people.c.id,
    deliveries.c.platform_id == "",
    deliveries.c.path.in_([fixed(Path.TEMPLATE), fixed(Path.SUBSCRIBE)]),
    or_(
        deliveries.c.state.in_(
            [fixed(DeliveryState.WAITING), fixed(DeliveryState.SENDING), fixed(DeliveryState.UNCLEAR)]
        ),
        # the answer to a subscribe notice need not name it
        and_(
            deliveries.c.path == fixed(Path.SUBSCRIBE),
            deliveries.c.state == fixed(DeliveryState.SENT),
            deliveries.c.settled_at > bindparam("since", type_=UtcDateTime()),
        ),
    ),
)
NAMELESS: Final = select(
    deliveries.c.id, deliveries.c.contact_id, deliveries.c.state, deliveries.c.first_try_at
).where(*_nameless)
UNMATCHED: Final = select(receipts).where(receipts.c.contact_id == _people.c.id)
FORGET: Final = delete(receipts).where(
    receipts.c.contact_id == bindparam("of_contact"), receipts.c.platform_id == bindparam("of_message")
)


def receive(
    session: Session,
    *,
    channel: str,
    account: str,
    sender: str,
    platform_id: str,
    status: str,
    now: datetime,
) -> int:
    """Note what the platform says became of a message, and say how many deliveries that settled.

    `sender` is empty where it speaks of all whom a mass send named. A report on a message that is not
    known yet is kept until its send is settled.
    """
    person = {"channel": channel, "account": account}
    known = session.run(WHO, **person, sender=sender) if sender else [{"id": ALL}]
    if not known:
        return 0
    who = known[0]["id"]
    found = session.run(REPORTED_ON, **person, platform_id=platform_id, who=who)
    if found:
        return _report(session, {row["id"]: status for row in found}, now)
    session.run(KEEP, **person, platform_id=platform_id, contact_id=who, status=status, at=now)
    return clear_up(session, {who}, now) if who != ALL else 0


def match(session: Session, ids: Collection[int], now: datetime) -> None:
    """Apply to deliveries that were just sent what was reported of them before."""
    if ids and (early := session.run(EARLY, sent=packed([one] for one in ids))):
        _report(session, {row["id"]: row["status"] for row in early}, now)
        for row in early:
            if row["contact_id"] != ALL:
                session.run(FORGET, of_contact=row["contact_id"], of_message=row["platform_id"])


def sweep(session: Session, *, now: datetime) -> int:
    """Apply the reports that are kept, wherever they have found their sends by now, and drop old ones."""
    missed = {row["id"]: row["status"] for row in session.run(MISSED)}
    applied = _report(session, missed, now) if missed else 0
    if people := {row["contact_id"] for row in session.run(KEPT)}:
        applied += clear_up(session, people, now)
    session.run(DROP, before=now - SOON)
    return applied


def clear_up(session: Session, people: Collection[int], now: datetime) -> int:
    """Where one send to a person has an unknown end, and one report no send, they belong together."""
    asked = packed([one] for one in people)
    reports = _by_contact(session.run(UNMATCHED, people=asked))
    if not reports:
        return 0
    doubts = _by_contact(session.run(NAMELESS, people=asked, since=now - SOON))
    told = {}
    for person, kept in reports.items():
        mine = doubts.get(person, [])
        if (
            len(kept) == len(mine) == 1
            and mine[0]["state"] in (DeliveryState.UNCLEAR, DeliveryState.SENT)
            and kept[0]["at"] >= mine[0]["first_try_at"]
        ):
            told[mine[0]["id"]] = kept[0]["status"]
            session.run(FORGET, of_contact=person, of_message=kept[0]["platform_id"])
    return _report(session, told, now) if told else 0


def _by_contact(rows: Collection[Mapping[str, Any]]) -> dict[int, list[Mapping[str, Any]]]:
    grouped: dict[int, list[Mapping[str, Any]]] = {}
    for row in rows:
        grouped.setdefault(row["contact_id"], []).append(row)
    return grouped


def _report(session: Session, told: Mapping[int, str], now: datetime) -> int:
    rows = packed((one, *_meaning(status)) for one, status in told.items())
    return len(session.run(REPORT, told=rows, now=now))


def _meaning(status: str) -> tuple[DeliveryState, str]:
    if status.strip().lower() in RECEIVED:
        return DeliveryState.RECEIVED, ""
    return DeliveryState.REFUSED, f"refused:{status.removeprefix('failed:').strip()}"
