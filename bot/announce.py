"""Alerts that no turn has caused become deliveries, in the transaction of what has."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from handlers.alerts import Alert
from store.database import Work


async def announce(work: Work, alerts: Iterable[Alert], now: datetime) -> int:
    """Post `alerts` in the caller's transaction, at `now` in service; how many deliveries that made."""
    return sum([await work.post(now=now, **alert.dump()) for alert in alerts])
