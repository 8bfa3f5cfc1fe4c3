"""What the platform reports of messages and permissions, as its samples have it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.channels.contract import Permissions, Receipt, Report
from handlers.contract import Kind
from tests.channels.wechat_push import APP_ID, NOW, OPENID, ORIGINAL_ID, SEALED, SERVICE_NOW, safe


def event(name: str, body: str = "", sender: str = OPENID) -> str:
    return (
        f"<xml><ToUserName>{ORIGINAL_ID}</ToUserName><FromUserName>{sender}</FromUserName>"
        f"<CreateTime>1395658920</CreateTime><MsgType>event</MsgType><Event>{name}</Event>{body}</xml>"
    )


def told(message: str) -> tuple[Report, ...] | None:
    parameters, body = safe(message)
    return SEALED.open(parameters, body, now=NOW, received_at=SERVICE_NOW).reports


def receipt(**changes: Any) -> Receipt:
    given: dict[str, Any] = {
        "channel": "wechat",
        "account": APP_ID,
        "sender": OPENID,
        "platform_id": "200163836",
        **changes,
    }
    return Receipt(**given)


@pytest.mark.parametrize(
    ("status", "refused"),
    [
        ("success", ""),
        ("failed:user block", "user block"),
        ("failed: system failed", "system failed"),
        ("failed:system failed", "system failed"),
        ("", "failed"),
    ],
)
def test_a_template_message(status: str, refused: str) -> None:
    body = f"<MsgID>200163836</MsgID><Status><![CDATA[{status}]]></Status>"
    assert told(event("TEMPLATESENDJOBFINISH", body)) == (receipt(refused=refused),)


@pytest.mark.parametrize(
    ("status", "sent", "expected"),
    [
        ("send success", 80, [receipt(sender="")]),
        ("send success", 75, []),
        ("send fail", 0, [receipt(sender="", refused="send fail")]),
        ("err(10001)", 0, [receipt(sender="", refused="err(10001)")]),
    ],
)
def test_a_mass_message(status: str, sent: int, expected: list[Receipt]) -> None:
    body = (
        f"<MsgID>200163836</MsgID><Status>{status}</Status><TotalCount>80</TotalCount>"
        f"<FilterCount>80</FilterCount><SentCount>{sent}</SentCount><ErrorCount>0</ErrorCount>"
        "<CopyrightCheckResult><Count>2</Count><ResultList><item><ArticleIdx>1</ArticleIdx></item>"
        "</ResultList><CheckState>2</CheckState></CopyrightCheckResult>"
    )
    assert told(event("MASSSENDJOBFINISH", body, sender="mphelper")) == tuple(expected)


def test_a_subscribe_notice() -> None:
    body = (
        "<SubscribeMsgSentEvent><List><TemplateId>s1</TemplateId><MsgID>1700827132819554304</MsgID>"
        "<ErrorCode>0</ErrorCode><ErrorStatus>success</ErrorStatus></List><List><TemplateId>s2</TemplateId>"
        "<MsgID>2</MsgID><ErrorCode>43101</ErrorCode><ErrorStatus>refused</ErrorStatus></List>"
        "</SubscribeMsgSentEvent>"
    )
    assert told(event("subscribe_msg_sent_event", body)) == (
        receipt(platform_id="1700827132819554304", template_id="s1"),
        receipt(platform_id="2", template_id="s2", refused="refused"),
    )


@pytest.mark.parametrize("kind", ["Popup", "Change"])
def test_permissions(kind: str) -> None:
    body = "".join(
        f"<List><TemplateId>{id_}</TemplateId><SubscribeStatusString>{said}</SubscribeStatusString></List>"
        for id_, said in (("s1", "accept"), ("s2", "reject"))
    )
    wrapped = f"<SubscribeMsg{kind}Event>{body}</SubscribeMsg{kind}Event>"
    (report,) = told(event(f"subscribe_msg_{kind.lower()}_event", wrapped)) or ()
    assert isinstance(report, Permissions)
    assert (report.sender, report.now) == (OPENID, SERVICE_NOW)
    assert report.allowed == {"s1": True, "s2": False}
    assert len(report.message_id) == 64


def test_other_events_and_messages_belong_to_the_conversation() -> None:
    for name in ("subscribe", "SCAN", "CLICK", "VIEW", "unsubscribe", "LOCATION"):
        assert told(event(name)) is None
    message = event("TEMPLATESENDJOBFINISH").replace(">event<", ">text<")
    parameters, body = safe(message)
    received = SEALED.open(parameters, body, now=NOW, received_at=SERVICE_NOW)
    assert (received.kind, received.reports) == (Kind.TEXT, None)
