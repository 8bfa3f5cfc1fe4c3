"""A process that carries deliveries until it is killed: `python -m tests.bot.sender <url> <log>`.

The platform is a file: a line in it is a message that was accepted.
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import datetime
from pathlib import Path

from bot.channels.contract import Outcome, Sent
from bot.delivery import Delivery
from store.database import Store
from tests.bot.doors import TextDoor
from tests.store.scene import NOW


class FilePlatform(TextDoor):
    """Accepts each message half way through the call, so that a kill can come before and after it."""

    def __init__(self, log: Path) -> None:
        self._file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def send_text(self, *, recipient: str, text: str, now: datetime) -> Outcome:
        await asyncio.sleep(0.01)
        os.write(self._file, f"{recipient}\n".encode())
        await asyncio.sleep(0.01)
        return Sent()


async def carry(url: str, log: Path) -> None:
    store = await Store.open(url)
    await Delivery(store, {"wechat:gh_1": FilePlatform(log)}, lambda: NOW).run()


if __name__ == "__main__":
    asyncio.run(carry(sys.argv[1], Path(sys.argv[2])))
