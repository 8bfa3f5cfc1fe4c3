"""The service's clock, which a person at the page may set and speed up; it lives in the service, not here."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiohttp import ClientError, ClientSession, ClientTimeout
from pydantic import AwareDatetime, TypeAdapter, ValidationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """`rate` is seconds of service time in a real second."""

    now: AwareDatetime
    rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    now: AwareDatetime | None = None
    rate: float | None = None


class ClockError(Exception):
    """The service's clock endpoint did not answer, or refused."""


READING = TypeAdapter(Reading)


def real_time() -> datetime:
    return datetime.now(UTC)


class RemoteClock:
    """Follows the endpoint at `url` (GET and POST `{"now", "rate"}`); between readings it runs on."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._reading = Reading(now=real_time(), rate=1.0)
        self._read_at = time.monotonic()

    def __call__(self) -> datetime:
        elapsed = (time.monotonic() - self._read_at) * self._reading.rate
        return self._reading.now.astimezone(UTC) + timedelta(seconds=elapsed)

    async def read(self, session: ClientSession) -> Reading:
        return await self._ask(session, "GET", None)

    async def move(self, session: ClientSession, change: Move) -> Reading:
        wanted = {
            "now": change.now.isoformat() if change.now else None,
            "rate": change.rate,
        }
        return await self._ask(
            session, "POST", {name: value for name, value in wanted.items() if value is not None}
        )

    async def _ask(self, session: ClientSession, method: str, body: dict[str, str | float] | None) -> Reading:
        try:
            async with session.request(
                method, self._url, json=body, timeout=ClientTimeout(total=5)
            ) as response:
                answer = await response.read()
                if response.status != 200:
                    raise ClockError(f"the service's clock answered HTTP {response.status}: {answer[:200]!r}")
            self._reading = READING.validate_json(answer)
        except (ClientError, TimeoutError, ValidationError) as error:
            raise ClockError(f"the service's clock at {self._url} does not answer: {error}") from error
        self._read_at = time.monotonic()
        return self._reading
