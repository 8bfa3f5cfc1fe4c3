"""QR codes with a scene (platform document B6)."""

import secrets
from datetime import timedelta
from typing import Final

from bot.simulator.api.contract import Call, Endpoint, Result
from bot.simulator.errors import ApiError

LONGEST: Final = 2_592_000  # seconds
DEFAULT: Final = 60
SCENES: Final = {  # action -> the field of its scene, whether the code is permanent
    "QR_SCENE": ("scene_id", False),
    "QR_STR_SCENE": ("scene_str", False),
    "QR_LIMIT_SCENE": ("scene_id", True),
    "QR_LIMIT_STR_SCENE": ("scene_str", True),
}


async def create(call: Call) -> Result:
    body = call.body()
    action, info = body.get("action_name"), body.get("action_info")
    if action not in SCENES or not isinstance(info, dict) or not isinstance(info.get("scene"), dict):
        raise ApiError(40053)
    field, permanent = SCENES[str(action)]
    scene = _scene(info["scene"].get(field), permanent)
    seconds = body.get("expire_seconds", DEFAULT)
    if not isinstance(seconds, int) or not 1 <= seconds <= LONGEST:
        raise ApiError(40053)
    life = None if permanent else timedelta(seconds=seconds)
    ticket = call.simulator.scenes.create(scene, life)
    answer = {"ticket": ticket, "url": f"http://weixin.qq.com/q/{secrets.token_urlsafe(18)}"}
    return answer if permanent else {**answer, "expire_seconds": seconds}


def _scene(scene: object, permanent: bool) -> str:
    """Raises ApiError 40053 unless it is a text of 1 to 64 characters, or a number in its range."""
    fits = (
        1 <= len(scene) <= 64
        if isinstance(scene, str)
        else isinstance(scene, int) and 1 <= scene <= (100_000 if permanent else 2**32 - 1)
    )
    if not fits:
        raise ApiError(40053)
    return str(scene)


ENDPOINTS: Final = (Endpoint(method="POST", path="/cgi-bin/qrcode/create", handle=create, daily=100_000),)
