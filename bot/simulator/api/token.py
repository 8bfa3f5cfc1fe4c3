"""How the account's server gets its access token (platform document B1, E2)."""

import hmac
from collections.abc import Mapping
from typing import Final

from bot.simulator.api.contract import Call, Endpoint, Result
from bot.simulator.errors import ApiError
from bot.simulator.tokens import Token

FORCED_A_DAY: Final = 20
STABLE: Final = "/cgi-bin/stable_token"


async def classic(call: Call) -> Result:
    _credentials(call, call.query)
    return _shape(call, call.simulator.tokens.classic())


async def stable(call: Call) -> Result:
    body, simulator = call.body(), call.simulator
    _credentials(call, body)
    if body.get("force_refresh") is not True or not simulator.tokens.may_force():
        return _shape(call, simulator.tokens.stable())
    simulator.limits.spend(f"{STABLE}?force_refresh", daily=FORCED_A_DAY)
    return _shape(call, simulator.tokens.forced())


def _credentials(call: Call, given: Mapping[str, object]) -> None:
    """The app id comes first, whatever else is missing, as recorded from the real host."""
    account, allowed = call.simulator.account, call.simulator.knobs.allowed_ips
    app_id, secret = given.get("appid"), given.get("secret")
    if not app_id:
        raise ApiError(41002)
    if app_id != account.app_id:
        raise ApiError(40013)
    if given.get("grant_type") != "client_credential":
        raise ApiError(40002)
    if not secret:
        raise ApiError(41004)
    if not hmac.compare_digest(str(secret).encode(), account.app_secret.encode()):
        raise ApiError(40125)
    if allowed is not None and call.address not in allowed:
        raise ApiError(40164, about=call.address)


def _shape(call: Call, token: Token) -> Result:
    return {"access_token": token.value, "expires_in": token.left(call.simulator.wall())}


ENDPOINTS: Final = (
    Endpoint(method="GET", path="/cgi-bin/token", handle=classic, daily=2000, open=True),
    Endpoint(method="POST", path=STABLE, handle=stable, daily=500_000, minute=10_000, open=True),
)
