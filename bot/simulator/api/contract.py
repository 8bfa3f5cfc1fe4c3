"""What an API file writes (Endpoint), gets (Call) and may raise (ApiError)."""

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from bot.simulator.deliveries import Delivery, Fate
from bot.simulator.errors import ApiError
from bot.simulator.knobs import Knobs
from bot.simulator.people import Person
from bot.simulator.simulator import Simulator
from bot.simulator.templates import Template, TemplateKind

Result = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. `raw` is the body as it came, `address` the caller's, `endpoints` all by path."""

    simulator: Simulator
    endpoints: Mapping[str, "Endpoint"]
    query: Mapping[str, str]
    raw: bytes
    address: str

    def body(self) -> dict[str, object]:
        """The JSON object that was posted. Raises ApiError 44002, 40033, 47001 in the platform's order."""
        if not self.raw.strip():
            raise ApiError(44002)
        if b"\\u" in self.raw.replace(b"\\\\", b""):
            raise ApiError(40033)
        try:
            body = json.loads(self.raw)
        except ValueError as error:
            raise ApiError(47001) from error
        if not isinstance(body, dict):
            raise ApiError(47001)
        return body

    def recipient(self, body: Mapping[str, object]) -> Person:
        """Who `touser` names. Raises ApiError 40003."""
        person = self.simulator.people.get(str(body.get("touser")))
        if person is None:
            raise ApiError(40003)
        return person

    def template(self, body: Mapping[str, object], *kinds: TemplateKind) -> Template:
        """Which `template_id` names. Raises ApiError 40037."""
        try:
            return self.simulator.templates.find(body.get("template_id"), *kinds)
        except LookupError as error:
            raise ApiError(40037) from error

    @contextmanager
    def refusals_of(self, draft: Delivery) -> Iterator[None]:
        """Keeps the message as refused when an ApiError is raised within."""
        try:
            yield
        except ApiError as error:
            self.simulator.deliver(replace(draft, fate=Fate.REFUSED, errcode=error.errcode))
            raise


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """`daily` and `minute` are the platform's published limits; `open` needs no access token."""

    method: str
    path: str
    handle: Callable[[Call], Awaitable[Result]]
    daily: int
    minute: int | None = None
    open: bool = False

    def limits(self, knobs: Knobs) -> tuple[int, int | None]:
        """Calls a day and a minute, as the knobs have them now."""
        return knobs.daily.get(self.path, self.daily), knobs.minute.get(self.path) or self.minute


OK: Result = {"errcode": 0, "errmsg": "ok"}
