"""Workers that carry pushes to the simulator until they are killed: `python -m tests.bot.pusher <url> <api>`.

Each line on the standard input begins one, as a fork that need not import anything any more. It prints its
process number when it begins to carry; `dead` follows once it has ended.
"""

from __future__ import annotations

import asyncio
import os
import sys

import structlog

from bot.delivery import Delivery
from bot.kinds import Kinds
from bot.lanes import Pace
from bot.settings import Settings
from store.database import Store
from tests.bot.office import NOW, TEMPLATES, door, pushes
from tests.databases import VAULT

PACE = Pace(pushes=16, send=60, lease=90, poll=0.05, doubts=1000)


async def carry(url: str, api_base: str) -> None:
    store = await Store.open(url, VAULT)
    channel = door(api_base, store)
    kinds = Kinds(Settings(templates=TEMPLATES).templates)
    channels = {f"{channel.name}:{channel.account}": channel}
    print(os.getpid(), flush=True)
    await Delivery(store, channels, lambda: NOW, PACE, pushes(kinds)).run()


def main(url: str, api_base: str) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    for _ in sys.stdin:
        process = os.fork()
        if not process:
            asyncio.run(carry(url, api_base))
        os.waitpid(process, 0)
        print("dead", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
