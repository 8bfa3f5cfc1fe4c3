"""What the account may ask about: followers, the callers' addresses, quotas (platform document B1, B6)."""

from typing import Final

from bot.simulator.api.contract import OK, Call, Endpoint, Result
from bot.simulator.errors import ApiError

CALLS_FROM: Final = ["127.0.0.1/32", "::1/128"]


async def user_info(call: Call) -> Result:
    person = call.simulator.people.get(call.query.get("openid", ""))
    if person is None:
        raise ApiError(40003)
    if not person.followed:
        return {"subscribe": 0, "openid": person.openid, "tagid_list": []}
    return {
        "subscribe": 1,
        "openid": person.openid,
        "language": "zh_CN",
        "subscribe_time": int(person.followed_at.timestamp()),
        "remark": "",
        "groupid": 0,
        "tagid_list": [],
        "subscribe_scene": "ADD_SCENE_QR_CODE" if person.scene else "ADD_SCENE_SEARCH",
        "qr_scene": int(person.scene) if person.scene.isdecimal() else 0,
        "qr_scene_str": "" if person.scene.isdecimal() else person.scene,
    }


async def callback_addresses(call: Call) -> Result:
    return {"ip_list": CALLS_FROM}


async def quota(call: Call) -> Result:
    path = str(call.body().get("cgi_path"))
    endpoint = call.endpoints.get(path)
    if endpoint is None:
        raise ApiError(76021)
    daily, minute = endpoint.limits(call.simulator.knobs)
    used = call.simulator.limits.used_today(path)
    rate = {} if minute is None else {"rate_limit": {"call_count": minute, "refresh_second": 60}}
    return {**OK, "quota": {"daily_limit": daily, "used": used, "remain": daily - used}, **rate}


ENDPOINTS: Final = (
    Endpoint(method="GET", path="/cgi-bin/user/info", handle=user_info, daily=5_000_000),
    Endpoint(method="GET", path="/cgi-bin/getcallbackip", handle=callback_addresses, daily=500_000),
    Endpoint(method="POST", path="/cgi-bin/openapi/quota/get", handle=quota, daily=500_000),
)
