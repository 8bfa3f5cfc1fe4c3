"""Publishing, reading and removing the custom menu (platform document B6)."""

from typing import Final

from bot.simulator.api.contract import OK, Call, Endpoint, Result
from bot.simulator.errors import ApiError


async def create(call: Call) -> Result:
    call.simulator.menu.publish(call.body())
    _tell(call)
    return OK


async def get(call: Call) -> Result:
    if not call.simulator.menu.buttons:
        raise ApiError(46003)
    return {"menu": {"button": call.simulator.menu.buttons}}


async def delete(call: Call) -> Result:
    call.simulator.menu.buttons = []
    _tell(call)
    return OK


def _tell(call: Call) -> None:
    call.simulator.stream.tell("menu", call.simulator.menu.buttons)


ENDPOINTS: Final = (
    Endpoint(method="POST", path="/cgi-bin/menu/create", handle=create, daily=1000),
    Endpoint(method="GET", path="/cgi-bin/menu/get", handle=get, daily=10_000),
    Endpoint(method="GET", path="/cgi-bin/menu/delete", handle=delete, daily=1000),
)
