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
    40033: "invalid charset. please check your request, if include \\uxxxx will create fail!",
    40125: "invalid appsecret",
    40164: "invalid ip {ip} ipv6 ::ffff:{ip}, not in whitelist",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    42001: "access_token expired",
    43001: "require GET method",
    43002: "require POST method",
    43019: "user in blacklist",
    44002: "empty post data",
    44004: "empty content",
    45002: "content size out of limit",
    45008: "article size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit  mustslower  retry next minute",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    45072: "invalid command",
    45080: "no interaction with the user in the last 30 seconds",
    45081: "already in typing status",
    46003: "menu no exist",
    47001: "data format error",
    48001: "api unauthorized",
    48002: "user refuse to accept the msg",
    50002: "user limited",
    70000: "minor protection",
    76021: "cgi_path not found, please check",
}


class ApiError(Exception):
    """Ends an API call with this errcode; `ip` is the caller's address, which 40164 names."""

    def __init__(self, errcode: int, *, ip: str = "") -> None:
        self.errcode = errcode
        self.errmsg = TEXTS.get(errcode, "system error").format(ip=ip)
        super().__init__(errcode, self.errmsg)
