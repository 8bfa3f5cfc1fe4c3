"""Doors to platforms that are none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.channels.contract import Card, Limits, Outcome


class TextDoor:
    """Takes custom messages alone; a test says how."""

    name = "wechat"
    account = "gh_1"
    limits = Limits(text_bytes=2048)

    async def send_text(self, *, recipient: str, text: str, now: datetime) -> Outcome:
        raise NotImplementedError

    async def send_template(self, *, recipient: str, card: Card, key: str, now: datetime) -> Outcome:
        raise NotImplementedError

    async def send_subscribed(self, *, recipient: str, card: Card, now: datetime) -> Outcome:
        raise NotImplementedError

    async def send_mass(self, *, recipients: Sequence[str], text: str, key: str, now: datetime) -> Outcome:
        raise NotImplementedError
