"""What we ask of the Official Account (platform document B2 to B6): to send, to show a menu, to make codes,
to name its templates, to say who opens a page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import aiohttp

from bot.channels.contract import Card, Later, Outcome, Unclear
from bot.channels.wechat_client import (
    TIMEOUT,
    Rejected,
    TokenShelf,
    Unanswered,
    Unreachable,
    WeChatClient,
    errcode,
)
from bot.channels.wechat_outcomes import outcome

_CUSTOM: Final = "/cgi-bin/message/custom/send"
_TEMPLATE: Final = "/cgi-bin/message/template/send"
_SUBSCRIBED: Final = "/cgi-bin/message/subscribe/bizsend"
_MASS: Final = "/cgi-bin/message/mass/send"
_NO_MENU: Final = 46003
_SPENT_CODES: Final = frozenset({40029, 40163, 41008, 42003})
_FIELD: Final = re.compile(r"{{\s*(\w+)\.DATA\s*}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A template as the account has chosen it; `subscribed` ones go to whoever has allowed them."""

    template_id: str
    title: str
    fields: tuple[str, ...]
    subscribed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A QR code that carries a scene; a picture of `url` is the code."""

    ticket: str
    url: str


class WeChatApi:
    """The interface of one Official Account. `now` is service time; all but the sends raise ApiError."""

    def __init__(
        self,
        *,
        app_id: str,
        app_secret: str,
        api_base: str,
        shelf: TokenShelf,
        timeout: aiohttp.ClientTimeout = TIMEOUT,
    ) -> None:
        self._client = WeChatClient(
            app_id=app_id, app_secret=app_secret, api_base=api_base, shelf=shelf, timeout=timeout
        )

    async def send_text(self, *, recipient: str, text: str, now: datetime) -> Outcome:
        """Send a custom message, which has no key."""
        return await self._send(
            _CUSTOM, {"touser": recipient, "msgtype": "text", "text": {"content": text}}, now
        )

    async def send_template(self, *, recipient: str, card: Card, key: str, now: datetime) -> Outcome:
        """Send a template message; the same key within ten minutes is the same message."""
        link = {"url": card.url} if card.url else {}
        return await self._send(
            _TEMPLATE, {"touser": recipient, **_filled(card), **link, "client_msg_id": key}, now
        )

    async def send_subscribed(self, *, recipient: str, card: Card, now: datetime) -> Outcome:
        """Send a subscribe notice, which has no key."""
        link = {"page": card.url} if card.url else {}
        return await self._send(_SUBSCRIBED, {"touser": recipient, **_filled(card), **link}, now)

    async def send_mass(self, *, recipients: Sequence[str], text: str, key: str, now: datetime) -> Outcome:
        """Send one text to 2 to 10,000 openids; the same key within a day is the same message."""
        message = {"touser": list(recipients), "msgtype": "text", "text": {"content": text}}
        return await self._send(_MASS, {**message, "clientmsgid": key}, now)

    async def publish_menu(self, menu: Mapping[str, object]) -> None:
        """Replace the whole menu; people see it within five minutes."""
        answer = await self._client.call("POST", "/cgi-bin/menu/create", menu)
        if errcode(answer) is None:
            raise Unanswered("the answer has no errcode", "no_errcode")

    async def menu(self) -> dict[str, Any] | None:
        """The menu as `publish_menu` left it; None where there is none."""
        try:
            return await self._client.call("GET", "/cgi-bin/menu/get")
        except Rejected as refusal:
            if refusal.errcode == _NO_MENU:
                return None
            raise

    async def live_menu(self) -> dict[str, Any]:
        """The menu that people see, also if made on the platform's page."""
        return await self._client.call("GET", "/cgi-bin/get_current_selfmenu_info")

    async def check(self) -> None:
        """Ask for a token and read the menu; raises Misconfigured with what to mend."""
        await self._client.new_token()
        await self.menu()

    async def forms(self, *, subscribed: bool) -> list[Form]:
        """The templates that the account has chosen: of subscribe notices, or of template messages."""
        path, rows, name = (
            ("/wxaapi/newtmpl/gettemplate", "data", "priTmplId")
            if subscribed
            else ("/cgi-bin/template/get_all_private_template", "template_list", "template_id")
        )
        answer = await self._client.call("GET", path)
        return [
            Form(
                template_id=str(row.get(name, "")),
                title=str(row.get("title", "")),
                fields=tuple(_FIELD.findall(str(row.get("content", "")))),
                subscribed=subscribed,
            )
            for row in _objects(answer.get(rows))
        ]

    async def create_code(self, scene: str, *, life: timedelta | None = None) -> Code:
        """A QR code of this scene (1 to 64 characters), for at most 30 days, or for ever without `life`."""
        action = {"action_name": "QR_LIMIT_STR_SCENE" if life is None else "QR_STR_SCENE"}
        span = {} if life is None else {"expire_seconds": int(life.total_seconds())}
        body = {**action, **span, "action_info": {"scene": {"scene_str": scene}}}
        match await self._client.call("POST", "/cgi-bin/qrcode/create", body):
            case {"ticket": str(ticket), "url": str(url)}:
                return Code(ticket=ticket, url=url)
        raise Unanswered("the answer has no ticket", "bad_answer")

    async def opener(self, code: str) -> str | None:
        """The openid of who opened a page, by the code that the platform led them there with.

        None for a code that is unknown or used, and for the borrowed identity of a page's snapshot.
        """
        query = {"code": code, "grant_type": "authorization_code"}
        try:
            answer = await self._client.call_open("/sns/oauth2/access_token", query)
        except Rejected as refusal:
            if refusal.errcode in _SPENT_CODES:
                return None
            raise
        match answer:
            case {"openid": str(openid)} if openid and not answer.get("is_snapshotuser"):
                return openid
        return None

    async def page_ticket(self) -> tuple[str, float]:
        """The ticket that pages are signed with, and for how many seconds it holds."""
        match await self._client.call("GET", "/cgi-bin/ticket/getticket?type=jsapi"):
            case {"ticket": str(ticket), "expires_in": int(seconds)} if ticket:
                return ticket, float(seconds)
        raise Unanswered("the answer has no ticket", "bad_answer")

    async def aclose(self) -> None:
        """Close the HTTP session; a later call opens a new one."""
        await self._client.aclose()

    async def _send(self, path: str, message: Mapping[str, object], now: datetime) -> Outcome:
        try:
            return outcome(await self._client.call("POST", path, message), now)
        except Rejected as refusal:
            return outcome(refusal.answer, now)
        except Unreachable as trouble:
            return Later(
                at=now + timedelta(seconds=30), reason=trouble.result, burns_attempt=False, lane=True
            )
        except Unanswered as trouble:
            return Unclear(reason=trouble.result)


def _filled(card: Card) -> dict[str, object]:
    data = {name: {"value": value} for name, value in card.fields.items()}
    return {"template_id": card.template_id, "data": data}


def _objects(rows: object) -> Iterator[Mapping[str, Any]]:
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict):
            yield row
