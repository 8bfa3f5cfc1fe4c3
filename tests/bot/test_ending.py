"""The service is told to end while messages are on their way: those arrive, and are written down."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.simulator import ApiFault, FaultKind
from store.database import Store
from tests.bot.office import Office, office
from tests.bot.test_delivery import until
from tests.databases import VAULT
from tests.store.scene import Mind, message, too_late
from tests.wire import AES_KEY, APP_ID, APP_SECRET, DATA_KEY, TOKEN

PEOPLE = 120
PATH = "/cgi-bin/message/custom/send"


async def waiting_replies(post: Office) -> None:
    """A reply that came too late for each of many people."""
    post.now = datetime.now(UTC) - timedelta(hours=PEOPLE / 20)
    people = [f"openid-{number}" for number in range(PEOPLE)]
    for openid in people:
        await post.person(openid, writes=True)
    post.now = datetime.now(UTC)
    for openid in people:
        arrival = message(f"late-{openid}", account=APP_ID, sender=openid, received_at=post.now)
        await post.store.turn(arrival, Mind(), passive=too_late)


async def test_told_to_end_it_lets_what_is_in_flight_arrive(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/x.db"
    async with office(await Store.open(url, VAULT)) as post:
        await waiting_replies(post)
        await post.close()
        slow = ApiFault(kind=FaultKind.HANG, path=PATH, accepted=True, seconds=0.3, times=10**6)
        post.simulator.faults.append(slow)
        settings = {
            "DATABASE_URL": url,
            "DATA_KEY": DATA_KEY,
            "PORT": "0",
            "WECHAT_APP_ID": APP_ID,
            "WECHAT_APP_SECRET": APP_SECRET,
            "WECHAT_TOKEN": TOKEN,
            "WECHAT_AES_KEY": AES_KEY,
            "WECHAT_API_BASE": post.api_base,
        }
        environment = {**os.environ, **{f"JIANGWEN_{name}": value for name, value in settings.items()}}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "serve", env=environment, stdout=PIPE, stderr=PIPE
        )
        await until(lambda: any(post.simulator.deliveries.counts()), seconds=30)
        process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(process.communicate(), 30)
        accepted = sum(c.count for c in post.simulator.deliveries.counts() if c.fate == "delivered")
        await post.reopen(url)
        states = Counter(row["state"] for row in await post.rows())
        await post.close()

    assert process.returncode == 0
    assert b"Traceback" not in errors
    assert 0 < states["sent"] < PEOPLE
    assert states == {"sent": accepted, "waiting": PEOPLE - accepted}
