"""Pages inside WeChat: who opens one, and the signature without which it may use nothing of WeChat's
(platform document B6)."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import structlog

from bot.channels.wechat_api import WeChatApi
from bot.channels.wechat_client import ApiError

log = structlog.get_logger(__name__)

PLATFORM: Final = "https://api.weixin.qq.com"
_AUTHORIZE: Final = "https://open.weixin.qq.com"
_SCRIPTS: Final = "https://res.wx.qq.com"
_EARLY_S: Final = 300.0


class PageDoor:
    """Speaks to WeChat for pages; what fails gives None, and the page says that it cannot be shown now.

    `scripts` is where a page loads WeChat's script from.
    """

    def __init__(self, api: WeChatApi, app_id: str, api_base: str) -> None:
        self._api = api
        self._app_id = app_id
        # whoever plays the platform plays its other hosts too
        self._authorize = _AUTHORIZE if api_base == PLATFORM else api_base
        self.scripts = _SCRIPTS if api_base == PLATFORM else api_base
        self._ticket = ("", 0.0)

    def way_in(self, back: str) -> str:
        """Where somebody is sent to come back with a code that says who they are, without being asked."""
        # the platform wants this very order
        query = (
            f"appid={self._app_id}&redirect_uri={quote(back, safe='')}&response_type=code"
            "&scope=snsapi_base&state=remind"
        )
        return f"{self._authorize}/connect/oauth2/authorize?{query}#wechat_redirect"

    async def opener(self, code: str) -> str | None:
        """The openid of whoever came back with this code."""
        try:
            return await self._api.opener(code)
        except ApiError:
            log.exception("nobody says who opens a page", action="opener_failed")
            return None

    async def signed(self, url: str) -> Mapping[str, str] | None:
        """What `wx.config` needs on the page at `url`."""
        try:
            ticket = await self._usable()
        except ApiError:
            log.exception("a page could not be signed", action="ticket_failed")
            return None
        nonce, stamp = secrets.token_hex(8), str(int(time.time()))
        plain = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={stamp}&url={url}"
        signature = hashlib.sha1(plain.encode()).hexdigest()  # noqa: S324 — the platform's choice
        return {"appId": self._app_id, "timestamp": stamp, "nonceStr": nonce, "signature": signature}

    async def _usable(self) -> str:
        ticket, until = self._ticket
        if time.monotonic() >= until:
            ticket, seconds = await self._api.page_ticket()
            self._ticket = ticket, time.monotonic() + max(0.0, seconds - _EARLY_S)
        return ticket
