"""What the Official Account's server reports of messages and permissions (platform document A6).

These events are no turns of a conversation: nobody has said anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from bot.channels.contract import Permissions, Receipt, Report

Rows = Sequence[Mapping[str, str]]

_FAILED: Final = "failed:"


def reports(
    account: str, fields: Mapping[str, str], rows: Rows, *, message_id: str, now: datetime
) -> tuple[Report, ...] | None:
    """What an event reports, of the Official Account `account`; None for one that belongs to a conversation.

    `fields` are those of the event, `rows` its nested lists.
    """
    event = fields.get("Event", "").lower()
    sender = fields.get("FromUserName", "")
    if event in _PERMITTING:
        allowed = {
            row["TemplateId"]: row.get("SubscribeStatusString") == "accept"
            for row in rows
            if "TemplateId" in row
        }
        return (
            Permissions(
                channel="wechat",
                account=account,
                sender=sender,
                message_id=message_id,
                allowed=allowed,
                now=now,
            ),
        )
    report = _RECEIPTS.get(event)
    return report(account, sender, fields, rows) if report else None


def _template(account: str, sender: str, fields: Mapping[str, str], rows: Rows) -> tuple[Receipt, ...]:
    status = fields.get("Status", "")
    refused = "" if status == "success" else status.removeprefix(_FAILED).strip() or "failed"
    return (_receipt(account, sender, fields.get("MsgID", ""), refused=refused),)


def _mass(account: str, sender: str, fields: Mapping[str, str], rows: Rows) -> tuple[Receipt, ...]:
    """Of a message that came to some, the platform does not say to whom: then nothing is known."""
    status, counts = fields.get("Status", ""), [fields.get(name) for name in ("TotalCount", "SentCount")]
    if status == "send success" and counts[0] != counts[1]:
        return ()
    refused = "" if status == "send success" else status or "failed"
    return (_receipt(account, "", fields.get("MsgID", ""), refused=refused),)


def _subscribed(account: str, sender: str, fields: Mapping[str, str], rows: Rows) -> tuple[Receipt, ...]:
    return tuple(
        _receipt(
            account,
            sender,
            row.get("MsgID", ""),
            template_id=row.get("TemplateId", ""),
            refused="" if row.get("ErrorCode") == "0" else row.get("ErrorStatus") or "failed",
        )
        for row in rows
    )


def _receipt(account: str, sender: str, platform_id: str, *, refused: str, template_id: str = "") -> Receipt:
    return Receipt(
        channel="wechat",
        account=account,
        sender=sender,
        platform_id=platform_id,
        template_id=template_id,
        refused=refused,
    )


_PERMITTING: Final = frozenset({"subscribe_msg_popup_event", "subscribe_msg_change_event"})
_RECEIPTS: Final[Mapping[str, Callable[[str, str, Mapping[str, str], Rows], tuple[Receipt, ...]]]] = {
    "templatesendjobfinish": _template,
    "masssendjobfinish": _mass,
    "subscribe_msg_sent_event": _subscribed,
}
