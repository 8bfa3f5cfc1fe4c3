"""Permissions for subscribe notices, as the platform tells them: accepted once, lasting, or rejected.

Source: WeChat service account documents, subscribe_msg_popup_event and subscribe_msg_change_event.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Boolean, Insert, Integer, Text, bindparam, literal, select
from sqlalchemy.dialects.postgresql import insert  # SQLite's compiler reads its ON CONFLICT as well

from store.columns import UtcDateTime
from store.engine import Session
from store.schema import allowances, contacts


def _told(*, left: int, rejected: bool) -> Insert:
    said = insert(allowances).from_select(
        ["contact_id", "template_id", "left", "lasting", "rejected", "changed_at"],
        select(
            contacts.c.id,
            bindparam("of_template", type_=Text),
            literal(left, Integer),
            bindparam("for_good", type_=Boolean(create_constraint=False)),
            literal(rejected, Boolean(create_constraint=False)),
            bindparam("now", type_=UtcDateTime()),
        ).where(
            contacts.c.channel == bindparam("channel"),
            contacts.c.account == bindparam("account"),
            contacts.c.sender == bindparam("sender"),
        ),
    )
    return said.on_conflict_do_update(
        index_elements=["contact_id", "template_id"],
        set_={
            "left": literal(0, Integer) if rejected else allowances.c.left + said.excluded.left,
            "lasting": said.excluded.lasting,
            "rejected": said.excluded.rejected,
            "changed_at": said.excluded.changed_at,
        },
    )


ALLOW: Final = _told(left=1, rejected=False)
REJECT: Final = _told(left=0, rejected=True)


def allow(
    session: Session,
    *,
    channel: str,
    account: str,
    sender: str,
    template_id: str,
    now: datetime,
    lasting: bool = False,
) -> None:
    """The person accepts one more notice of this template, or all of them from now on."""
    session.run(
        ALLOW,
        channel=channel,
        account=account,
        sender=sender,
        of_template=template_id,
        for_good=lasting,
        now=now,
    )


def reject(
    session: Session, *, channel: str, account: str, sender: str, template_id: str, now: datetime
) -> None:
    """The person wants no notice of this template."""
    session.run(
        REJECT,
        channel=channel,
        account=account,
        sender=sender,
        of_template=template_id,
        for_good=False,
        now=now,
    )
