"""The platform's API, one subject a file: each names its endpoints, and this is the only list of them."""

from typing import Final

from bot.simulator.api import account, custom, jsapi, mass, menu, oauth, qrcode, subscribe, template, token
from bot.simulator.api.contract import Endpoint

ALL: Final[tuple[Endpoint, ...]] = (
    *token.ENDPOINTS,
    *custom.ENDPOINTS,
    *template.ENDPOINTS,
    *subscribe.ENDPOINTS,
    *mass.ENDPOINTS,
    *menu.ENDPOINTS,
    *account.ENDPOINTS,
    *qrcode.ENDPOINTS,
    *oauth.ENDPOINTS,
    *jsapi.ENDPOINTS,
)
