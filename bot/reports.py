"""Takes in what a platform reports: what became of messages, and what people allow."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from bot.channels.contract import Permissions, Report
from store.database import Store


class Reports:
    """Keeps reports in the store; `lasting` are the templates that need to be allowed once."""

    def __init__(self, store: Store, clock: Callable[[], datetime], lasting: Collection[str] = ()) -> None:
        self._store = store
        self._clock = clock
        self._lasting = lasting

    async def take(self, report: Report) -> None:
        """Keep one; raises what the store raises, so that the platform sends it again."""
        async with self._store.work() as work:
            if isinstance(report, Permissions):
                await work.permit(
                    channel=report.channel,
                    account=report.account,
                    sender=report.sender,
                    message_id=report.message_id,
                    allowed=report.allowed,
                    lasting=self._lasting,
                    now=report.now,
                )
                return
            await work.receive(
                channel=report.channel,
                account=report.account,
                sender=report.sender,
                platform_id=report.platform_id,
                status=report.refused or "success",
                now=self._clock(),
            )
