"""The wire to the Official Account's interface: access token, requests, answers (platform document B, B1).

The access token travels in the URL, and aiohttp's exceptions hold the URL: they end here, unchained.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import aiohttp
from prometheus_client import Counter

TIMEOUT: Final = aiohttp.ClientTimeout(total=10, connect=3, sock_read=6)
# In a token's last five minutes the platform hands out its successor, and both hold.
_EARLY: Final = timedelta(minutes=4)
_HEADERS: Final = {"Content-Type": "application/json; charset=utf-8"}
DEAD_TOKEN: Final = frozenset({40001, 40014, 42001})
BUSY: Final = (-1, 268487001, 268487002, 268488001)
_NEVER_LEFT: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)

_NONE: Final[Mapping[str, str]] = {}
_SECRET: Final = ("access_token", "code")  # of a query

_calls = Counter("jiangwen_wechat_api_calls", "Calls to the Official Account's interface", ["path", "result"])


class TokenShelf(Protocol):
    """Where processes share an access token; `expires_at` is real time.

    A shelf that is out of order gives None and keeps nothing; it never raises.
    """

    async def get(self, account: str) -> tuple[str, datetime] | None:
        """The token kept for an app id, with the moment when it expires."""
        ...

    async def put(self, account: str, token: str, expires_at: datetime) -> None:
        """Keep the token of an app id in place of any other."""
        ...


class ApiError(Exception):
    """A call did not do what was asked; `result` is a stable code."""

    def __init__(self, message: str, result: str) -> None:
        super().__init__(message)
        self.result = result


class Unreachable(ApiError):
    """The request never left, or there was no token to send it with."""


class Unanswered(ApiError):
    """The request may have left, and no legible answer came back."""


class Rejected(ApiError):
    """The platform answered with an errcode; `answer` is all that it said."""

    def __init__(self, message: str, errcode: int, answer: Mapping[str, Any]) -> None:
        super().__init__(message, str(errcode))
        self.errcode = errcode
        self.answer = answer


class Misconfigured(Rejected):
    """Nothing will work until somebody mends what the message names."""


# Platform document B1, B2 and B7: what to mend, for codes that no retry and no other message mends.
CURES: Final[Mapping[int, str]] = {
    40002: "the platform does not take this kind of token request",
    40013: "the app id is wrong",
    40125: "the app secret is wrong",
    40164: "this machine's address is not on the account's IP whitelist",
    40243: "the app secret is frozen",
    41002: "the app id is missing",
    41004: "the app secret is missing",
    45035: "this machine's address is not on the account's IP whitelist",
    48001: "the account has no right to this interface (is it verified?)",
    48004: "this interface is banned for the account",
    48008: "the account has no right to this type of message",
    61004: "this machine's address is not on the account's IP whitelist",
    65400: "customer service messages are not enabled for the account",
    89503: "the account's administrator must approve this machine's address",
    89506: "the account's administrator has refused this machine's address for 24 hours",
    89507: "the account's administrator has refused this machine's address for one hour",
}


def errcode(answer: Mapping[str, Any]) -> int | None:
    """The number by which an answer says what became of a call; None where it has none."""
    try:
        return int(answer["errcode"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


class WeChatClient:
    """Calls of one Official Account, with one token and one HTTP session."""

    def __init__(
        self,
        *,
        app_id: str,
        app_secret: str,
        api_base: str,
        shelf: TokenShelf,
        timeout: aiohttp.ClientTimeout = TIMEOUT,
    ) -> None:
        self._app_id = app_id
        self._app_secret = app_secret
        self._api_base = api_base.rstrip("/")
        self._shelf = shelf
        self._timeout = timeout
        self._token: tuple[str, datetime] | None = None
        self._refreshing = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None

    async def aclose(self) -> None:
        """Close the HTTP session; a later call opens a new one."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        """What the platform answers; a dead token is replaced once. Raises ApiError for all but success."""
        token = await self._usable()
        try:
            return await self._exchange(method, path, body, {"access_token": token})
        except Rejected as refusal:
            if refusal.errcode not in DEAD_TOKEN:
                raise
        return await self._exchange(method, path, body, {"access_token": await self._usable(refused=token)})

    async def call_open(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        """The same for a path that takes the app's id and secret instead of a token."""
        own = {"appid": self._app_id, "secret": self._app_secret}
        return await self._exchange("GET", path, None, {**own, **query})

    async def new_token(self) -> None:
        """Ask for a token, to see whether the platform gives one. Raises ApiError."""
        await self._fetch()

    async def _usable(self, *, refused: str = "") -> str:
        """A token with life left, other than `refused`: from here, from the shelf, else from the platform."""
        if self._token is None or not _lives(self._token, refused):
            async with self._refreshing:
                if self._token is None or not _lives(self._token, refused):
                    self._token = await self._from_shelf(refused)
        return self._token[0]

    async def _from_shelf(self, refused: str) -> tuple[str, datetime]:
        kept = await self._shelf.get(self._app_id)
        if kept is None or not _lives(kept, refused):
            kept = await self._fetch()
            await self._shelf.put(self._app_id, *kept)
        return kept

    async def _fetch(self) -> tuple[str, datetime]:
        """Normal mode gives every process the same token; without one no message can have left."""
        asked = datetime.now(UTC)
        request = {"grant_type": "client_credential", "appid": self._app_id, "secret": self._app_secret}
        try:
            answer = await self._exchange(
                "POST", "/cgi-bin/stable_token", {**request, "force_refresh": False}
            )
        except Rejected as refusal:
            if refusal.errcode == 40001:
                raise Misconfigured(f"40001: {CURES[40125]}", 40125, {"errcode": 40125}) from None
            if refusal.errcode not in BUSY:
                raise
        except Unanswered:
            pass
        else:
            if token := _granted(answer, asked):
                return token
        raise Unreachable("the platform gave no token", "no_token")

    async def _exchange(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, str] = _NONE,
    ) -> dict[str, Any]:
        """One request and its decoded answer; counts it, and raises ApiError for all but success."""
        try:
            answer = _decoded(*await self._transfer(method, path, body, query))
            if code := errcode(answer):
                raise self._rejected(code, answer, query)
        except ApiError as trouble:
            _calls.labels(path, trouble.result).inc()
            raise
        _calls.labels(path, "0").inc()
        return answer

    async def _transfer(
        self, method: str, path: str, body: Mapping[str, object] | None, query: Mapping[str, str]
    ) -> tuple[int, bytes]:
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        trouble: ApiError
        try:
            async with self._opened().request(
                method,
                self._api_base + path,
                params=query,
                data=data,
                headers=_HEADERS,
                allow_redirects=False,
            ) as response:
                return response.status, await response.read()
        except _NEVER_LEFT:
            trouble = Unreachable("the platform cannot be reached", "unreachable")
        except TimeoutError:
            trouble = Unanswered("the platform did not answer in time", "timeout")
        except (aiohttp.ClientError, OSError):
            trouble = Unanswered("the connection broke before an answer came", "broken_connection")
        raise trouble

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            # A kept connection that the platform closes at the same moment leaves a send unclear.
            connector = aiohttp.TCPConnector(keepalive_timeout=10)
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session

    def _rejected(self, code: int, answer: dict[str, Any], query: Mapping[str, str]) -> Rejected:
        said = str(answer.get("errmsg", ""))
        for secret in filter(None, (self._app_secret, *(query.get(name) for name in _SECRET))):
            said = said.replace(secret, "***")
        if code in CURES:
            return Misconfigured(f"{code}: {CURES[code]} ({said})", code, answer)
        return Rejected(f"{code}: {said}", code, answer)


def _decoded(status: int, raw: bytes) -> dict[str, Any]:
    """Tolerant of content type, control characters and broken UTF-8 (platform document B)."""
    if status != 200:
        raise Unanswered(f"the platform answered HTTP {status}", f"http_{status}")
    try:
        answer = json.loads(raw.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise Unanswered("the answer is not a JSON object", "bad_answer")
    return answer


def _granted(answer: Mapping[str, Any], asked: datetime) -> tuple[str, datetime] | None:
    match answer:
        case {"access_token": str(token), "expires_in": int(seconds)} if token and 0 <= seconds <= 86400:
            return token, asked + timedelta(seconds=seconds)
    return None


def _lives(token: tuple[str, datetime], refused: str) -> bool:
    return token[0] != refused and token[1] - _EARLY > datetime.now(UTC)
