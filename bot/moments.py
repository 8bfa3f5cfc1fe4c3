"""A moment as a command or another system gives it."""

from __future__ import annotations

from datetime import datetime


def aware(text: str) -> datetime | None:
    """An ISO time with an offset; None for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
