"""The platform's API, one subject a file: each names its endpoints, and this is the only list of them."""

from typing import Final

from bot.simulator.api import account, custom, menu, token
from bot.simulator.api.contract import Endpoint

ALL: Final[tuple[Endpoint, ...]] = (
    *token.ENDPOINTS,
    *custom.ENDPOINTS,
    *menu.ENDPOINTS,
    *account.ENDPOINTS,
)
