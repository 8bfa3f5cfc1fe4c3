"""Who opens a page: the redirect with a code, and the code's exchange (platform document B6).

The person is whose phone opens the link: the chat page says so by the cookie `phone`.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from bot.simulator.api.contract import Call, Endpoint, Result
from bot.simulator.errors import ApiError
from bot.simulator.simulator import Simulator

AUTHORIZE: Final = "/connect/oauth2/authorize"
IN_ORDER: Final = ["appid", "redirect_uri", "response_type", "scope", "state"]
SCOPES: Final = {"snsapi_base", "snsapi_userinfo"}
LIFE: Final = timedelta(minutes=5)
NO_APP, NO_PAGE, NO_SCOPE, NOBODY = "10013 appid", "10003 redirect_uri", "10005 scope", "no phone opened this"


@dataclass(slots=True, kw_only=True)
class Code:
    openid: str
    scope: str
    until: datetime
    used: bool = False


class Codes:
    def __init__(self) -> None:
        self._codes: dict[str, Code] = {}

    def grant(self, openid: str, scope: str, now: datetime) -> str:
        value = secrets.token_urlsafe(24)
        self._codes[value] = Code(openid=openid, scope=scope, until=now + LIFE)
        return value

    def spend(self, value: str, now: datetime) -> Code:
        """Raises ApiError 40163 (used), 40029 (unknown or older than five minutes)."""
        code = self._codes.get(value)
        if code is not None and code.used:
            raise ApiError(40163)
        if code is None or code.until <= now:
            raise ApiError(40029)
        code.used = True
        return code


def authorize(simulator: Simulator) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The page behind the link: it shows nothing and leads back with a code, or names what is wrong."""

    async def lead_back(request: web.Request) -> web.Response:
        query, openid = request.query, request.cookies.get("phone", "")
        wrong = _wrong(simulator, request, openid)
        if wrong:
            return web.Response(status=400, text=wrong)
        code = simulator.of(Codes).grant(openid, query["scope"], simulator.wall())
        back = urlsplit(query["redirect_uri"])
        given = urlencode({"code": code, "state": query.get("state", "")})
        location = back._replace(query=f"{back.query}&{given}" if back.query else given).geturl()
        return web.Response(status=302, headers={"Location": location})

    return lead_back


def _wrong(simulator: Simulator, request: web.Request, openid: str) -> str:
    query = request.query
    if query.get("appid") != simulator.account.app_id:
        return NO_APP
    if not query.get("redirect_uri", "").startswith(("http://", "https://")):
        return NO_PAGE
    given = [name for name in query if name in IN_ORDER]
    if given != IN_ORDER[: len(given)] or query.get("scope") not in SCOPES:
        return NO_SCOPE
    return "" if openid in simulator.people else NOBODY


async def exchange(call: Call) -> Result:
    query, simulator = call.query, call.simulator
    if query.get("appid") != simulator.account.app_id:
        raise ApiError(40013)
    if query.get("secret") != simulator.account.app_secret:
        raise ApiError(40125)
    if query.get("grant_type") != "authorization_code":
        raise ApiError(40002)
    if not query.get("code"):
        raise ApiError(41008)
    code = simulator.of(Codes).spend(query["code"], simulator.wall())
    answer = {
        "access_token": secrets.token_urlsafe(64),
        "expires_in": 7200,
        "refresh_token": secrets.token_urlsafe(64),
        "openid": code.openid,
        "scope": code.scope,
    }
    if simulator.knobs.snapshot:
        return {**answer, "openid": "o" + secrets.token_urlsafe(21)[:27], "is_snapshotuser": 1}
    return answer


ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/sns/oauth2/access_token",
        handle=exchange,
        daily=72_000_000,
        minute=50_000,
        open=True,
    ),
)
