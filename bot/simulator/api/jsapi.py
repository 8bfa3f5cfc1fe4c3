"""The ticket that pages inside WeChat are signed with (platform document B6)."""

import secrets
from typing import Final

from bot.simulator.api.contract import OK, Call, Endpoint, Result
from bot.simulator.errors import ApiError

LIFE_S: Final = 7200


async def ticket(call: Call) -> Result:
    if call.query.get("type") != "jsapi":
        raise ApiError(40097)
    return {**OK, "ticket": secrets.token_urlsafe(48), "expires_in": LIFE_S}


ENDPOINTS: Final = (Endpoint(method="GET", path="/cgi-bin/ticket/getticket", handle=ticket, daily=1_000_000),)
