"""What somebody has answered on a page that asked for permission to notify them; kept once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert  # SQLite's compiler reads its ON CONFLICT as well

from store import allowances
from store.engine import Session
from store.records import Route
from store.schema import inbound
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
    """Keep the answers, by template id; False for a report that has been kept before.

    Templates in `lasting` need to be accepted once. `now` is service time.
    """
    account_of = {"channel": channel, "account": account}
    (contact,) = session.run(MEET, **account_of, sender=sender, created_at=now)
    told = {**account_of, "contact_id": contact["id"], "message_id": message_id}
    if not session.run(KEEP, **told, received_at=now, answered_at=datetime.now(UTC)):
        return False
    person = {**account_of, "sender": sender}
    for template_id, accepted in allowed.items():
        if accepted:
            lasts = template_id in lasting
            allowances.allow(session, **person, template_id=template_id, now=now, lasting=lasts)
        else:
            allowances.reject(session, **person, template_id=template_id, now=now)
    return True
