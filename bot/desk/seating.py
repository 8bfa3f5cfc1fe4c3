"""What staff decide on seats is told to those who sit, or wanted to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from bot.announce import announce
from handlers.alerts import Alert, Audience, Who
from store.binding import Request
from store.database import Work
from store.seats import Held

__all__ = ["Request", "post", "refuse", "tell"]

_TOLD_WITHIN: Final = timedelta(days=7)


async def tell(work: Work, held: Held, what: str, now: datetime) -> None:
    """Tell whoever holds the seat what has become of it (a value of `binding/told`)."""
    await post(work, held, what, Audience(who=Who.CONTACT, id=held.contact), now)


async def post(work: Work, held: Held, what: str, audience: Audience, now: datetime) -> None:
    """The same to others."""
    alert = Alert(
        kind="binding",
        template="binding/told",
        values={"what": what, "state": str(held.state)},
        audience=audience,
        occasion=f"seat:{held.seat}:{what}",
        due_at=now,
        not_after=now + _TOLD_WITHIN,
        unit=held.unit,
    )
    await announce(work, [alert], now)


async def refuse(work: Work, contact: int, request: int, now: datetime) -> None:
    """Tell whoever asked for a seat that staff gave none."""
    alert = Alert(
        kind="binding",
        template="binding/refused",
        values={},
        audience=Audience(who=Who.CONTACT, id=contact),
        occasion=f"seat_request:{request}:refused",
        due_at=now,
        not_after=now + _TOLD_WITHIN,
    )
    await announce(work, [alert], now)
