"""A conversation without any channel: what one person says, and what is said to them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.dialogue import Dialogue, Said
from handlers.contract import Incoming, Kind
from tests.wire import SEASON

SAMPLE = Path(__file__).parent.parent / "knowledge" / "questions" / "sample.jsonl"
WHOLE = 1_000_000
"""A limit in bytes that no reply reaches: each is said in one part."""


def talk(dialogue: Dialogue, turns: Iterable[str | Incoming], now: datetime = SEASON) -> list[Said]:
    """What is said to a new person's turns, one after the other."""
    said: list[Said] = []
    for turn in turns:
        incoming = incoming_text(turn, now) if isinstance(turn, str) else turn
        state = said[-1].state if said else None
        said.append(dialogue.turn(incoming, state, limit_bytes=WHOLE, real_seconds=0))
    return said


def incoming_text(text: str, now: datetime = SEASON, *, kind: Kind = Kind.TEXT, **more: str) -> Incoming:
    return Incoming(
        channel="test",
        account="test",
        sender="test",
        message_id="1",
        received_at=now,
        kind=kind,
        text=text,
        **more,
    )


def sample() -> list[dict[str, Any]]:
    """The sample questions, in the order of their file."""
    return [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
