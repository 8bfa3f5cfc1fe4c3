"""Permissions for subscribe notices, as the platform tells of them: one message an acceptance, or lasting."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert  # SQLite's compiler reads its ON CONFLICT as well

from store.engine import Session
from store.records import Route
from store.schema import allowances, inbound
from store.turns import MEET

KEEP: Final = (
    insert(inbound)
    .values(
        contact_id=bindparam("contact_id"),
        channel=bindparam("channel"),
        account=bindparam("account"),
        message_id=bindparam("message_id"),
        kind="event",
        event="",
        event_key="",
        received_at=bindparam("received_at"),
        route=Route.SILENT,
        answered_at=bindparam("answered_at"),
    )
    .on_conflict_do_nothing(index_elements=["channel", "account", "message_id"])
    .returning(inbound.c.id)
)

_permitted = insert(allowances).values(
    contact_id=bindparam("contact_id"),
    template_id=bindparam("template_id"),
    left=bindparam("more"),
    lasting=bindparam("lasting"),
    rejected=bindparam("rejected"),
    changed_at=bindparam("changed_at"),
)
_changed = {name: _permitted.excluded[name] for name in ("lasting", "rejected", "changed_at")}
ALLOW: Final = _permitted.on_conflict_do_update(
    index_elements=["contact_id", "template_id"],
    set_={"left": allowances.c.left + _permitted.excluded.left, **_changed},
)
FORBID: Final = _permitted.on_conflict_do_update(
    index_elements=["contact_id", "template_id"], set_={"left": 0, **_changed}
)


def permit(
    session: Session,
    *,
    channel: str,
    account: str,
    sender: str,
    message_id: str,
    allowed: Mapping[str, bool],
    lasting: Collection[str],
    now: datetime,
) -> bool:
    """Keep what somebody has answered, by template id; False for a report that has been kept before.

    Templates in `lasting` need to be accepted once. `now` is service time.
    """
    person = {"channel": channel, "account": account}
    (contact,) = session.run(MEET, **person, sender=sender, created_at=now)
    told = {**person, "contact_id": contact["id"], "message_id": message_id, "received_at": now}
    if not session.run(KEEP, **told, answered_at=datetime.now(UTC)):
        return False
    for template_id, accepted in allowed.items():
        session.run(
            ALLOW if accepted else FORBID,
            contact_id=contact["id"],
            template_id=template_id,
            more=int(accepted),
            lasting=accepted and template_id in lasting,
            rejected=not accepted,
            changed_at=now,
        )
    return True
