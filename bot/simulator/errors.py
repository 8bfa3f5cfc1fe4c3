"""The platform's way to say no: HTTP 200 with an errcode and its English text (platform document B7, E1)."""

from collections.abc import Mapping
from typing import Final

NOT_LATEST: Final = (
    "access_token is invalid or not latest, could get access_token by getStableAccessToken, "
    "more details at https://mmbizurl.cn/s/JtxxFh33r"
)
TEXTS: Final[Mapping[int, str]] = {
    -1: "system error",
    40001: f"invalid credential, {NOT_LATEST}",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40007: "invalid media_id",
    40008: "invalid message type",
    40013: "invalid appid",
    40016: "invalid button size",
    40017: "invalid button type",
    40018: "invalid button name size",
    40019: "invalid button key size",
    40020: "invalid button url size",
    40022: "invalid sub button level",
    40023: "invalid sub button size",
    40024: "invalid sub button type",
    40025: "invalid sub button name size",
    40026: "invalid sub button key size",
    40027: "invalid sub button url size",
    40029: "invalid code",
    40031: "invalid openid list",
    40032: "invalid openid list size",
    40033: "invalid charset. please check your request, if include \\uxxxx will create fail!",
    40037: "invalid template_id",
    40053: "invalid action info",
    40097: "invalid args",
    40059: "invalid msg id",
    40125: "invalid appsecret",
    40130: "invalid openid list size, at least two openid",
    40163: "code been used",
    40164: "invalid ip {about} ipv6 ::ffff:{about}, not in whitelist",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41008: "missing code",
    42001: "access_token expired",
    43001: "require GET method",
    43002: "require POST method",
    43004: "require subscribe",
    43019: "user in blacklist",
    43101: "user refuse to accept the msg",
    44002: "empty post data",
    44004: "empty content",
    45002: "content size out of limit",
    45008: "article size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit  mustslower  retry next minute",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    45065: "clientmsgid exist",
    45066: "same clientmsgid retry too fast",
    45067: "clientmsgid size out of limit",
    45072: "invalid command",
    45080: "no interaction with the user in the last 30 seconds",
    45081: "already in typing status",
    46003: "menu no exist",
    47001: "data format error",
    47003: "argument invalid! {about}",
    48001: "api unauthorized",
    48002: "user refuse to accept the msg",
    50002: "user limited",
    70000: "minor protection",
    76021: "cgi_path not found, please check",
}


class ApiError(Exception):
    """Ends an API call with this errcode.

    `about` is what the text names: for 40164 the caller's address, for 47003 the field. `more` goes into
    the answer beside errcode and errmsg.
    """

    def __init__(self, errcode: int, *, about: str = "", **more: object) -> None:
        self.errcode = errcode
        self.errmsg = TEXTS.get(errcode, "system error").format(about=about)
        self.more = more
        super().__init__(errcode, self.errmsg)
