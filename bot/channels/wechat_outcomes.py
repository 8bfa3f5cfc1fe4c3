"""What each answer to a send comes to: the one table of errcodes (platform document B7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.channels.contract import Later, Outcome, Refused, Sent, Shut, Unclear
from bot.channels.wechat_client import BUSY, CURES, DEAD_TOKEN, errcode

_CHINA: Final = ZoneInfo("Asia/Shanghai")

Decide = Callable[[Mapping[str, Any], datetime], Outcome]


def _refused(reason: str, shuts: Shut | None = None) -> Decide:
    return lambda answer, now: Refused(reason=reason, shuts=shuts)


def _unclear(reason: str) -> Decide:
    return lambda answer, now: Unclear(reason=reason)


def _parked(reason: str, until: Callable[[datetime], datetime], *, slower: bool = False) -> Decide:
    return lambda answer, now: Later(
        at=until(now), reason=reason, burns_attempt=False, lane=True, slower=slower
    )


def _after(**span: float) -> Callable[[datetime], datetime]:
    return lambda now: now + timedelta(**span)


def _next_minute(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)


def _next_china_midnight(now: datetime) -> datetime:
    today = now.astimezone(_CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=1)).astimezone(UTC)


def _taken(answer: Mapping[str, Any], now: datetime) -> Outcome:
    """Template messages and notices are numbered by `msgid`, mass messages by `msg_id`."""
    return Sent(platform_id=str(answer.get("msgid") or answer.get("msg_id") or ""))


def _one_minute_apart(answer: Mapping[str, Any], now: datetime) -> Outcome:
    return Later(at=now + timedelta(minutes=1), reason="too_soon", burns_attempt=False)


# 45033, 45067: faults 1.4; 400xx of lists and types: B5. The platform says `busy` also after it has taken a
# message.
OUTCOMES: Final[Mapping[int, Decide]] = {
    0: _taken,
    45065: _taken,
    45066: _one_minute_apart,
    **dict.fromkeys(BUSY, _unclear("system_busy")),
    **dict.fromkeys(DEAD_TOKEN, _parked("token_refused", _after(minutes=1))),
    **{code: _parked(f"misconfigured_{code}", _after(minutes=10)) for code in CURES},
    45009: _parked("daily_quota", _next_china_midnight),
    45011: _parked("minute_quota", _next_minute, slower=True),
    45033: _parked("concurrency", _after(seconds=5), slower=True),
    40003: _refused("bad_recipient", Shut.CONTACT),
    49003: _refused("bad_recipient", Shut.CONTACT),
    43004: _refused("not_following", Shut.CONTACT),
    50005: _refused("not_following", Shut.CONTACT),
    43019: _refused("blacklisted", Shut.CONTACT),
    48002: _refused("switched_off", Shut.CONTACT),
    50002: _refused("recipient_limited", Shut.CONTACT),
    45015: _refused("window_closed", Shut.WINDOW),
    45047: _refused("window_used_up", Shut.WINDOW),
    43101: _refused("not_subscribed", Shut.ALLOWANCE),
    40036: _refused("bad_template", Shut.TEMPLATE),
    40037: _refused("bad_template", Shut.TEMPLATE),
    41030: _refused("bad_page", Shut.TEMPLATE),
    47003: _refused("bad_values"),
    40008: _refused("bad_type"),
    40031: _refused("bad_recipients"),
    40032: _refused("bad_recipients"),
    40130: _refused("bad_recipients"),
    40033: _refused("bad_charset"),
    44002: _refused("empty_body"),
    44004: _refused("empty_body"),
    45002: _refused("too_long"),
    45008: _refused("too_many_articles"),
    45067: _refused("bad_key"),
    47001: _refused("bad_json"),
    70000: _refused("minor_protection"),
}


def outcome(answer: Mapping[str, Any], now: datetime) -> Outcome:
    """Judge the answer to one send; an errcode of no known meaning is certainly not sent."""
    code = errcode(answer)
    if code is None:
        return Unclear(reason="no_errcode")
    if decide := OUTCOMES.get(code):
        return decide(answer, now)
    return Later(at=now + timedelta(minutes=5), reason=f"errcode_{code}")
