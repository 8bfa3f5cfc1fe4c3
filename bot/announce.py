"""Alerts that no turn has caused become deliveries, in the transaction of what has."""

from __future__ import annotations

from collections.abc import Iterable

from handlers.alerts import Alert
from store.database import Work


async def announce(work: Work, alerts: Iterable[Alert]) -> int:
    """Post `alerts` in the caller's transaction; how many deliveries that made."""
    return sum([await work.post(**alert.dump()) for alert in alerts])
