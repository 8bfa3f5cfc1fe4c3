"""QR codes with a scene."""

import pytest

from tests.simulator.conftest import Platform
from tests.simulator.echo import EchoBot


async def test_a_new_code_is_scanned_by_strangers_and_followers(platform: Platform, bot: EchoBot) -> None:
    info = {"scene": {"scene_str": "bind-3f9a"}}
    made = await platform.call(
        "/cgi-bin/qrcode/create",
        {"expire_seconds": 600, "action_name": "QR_STR_SCENE", "action_info": info},
    )
    assert made["expire_seconds"] == 600
    person = platform.simulator.person(followed=False)
    for _ in range(2):
        await platform.simulator.scan(person.openid, ticket=made["ticket"])
    assert [(seen["Event"], seen["EventKey"], seen["Ticket"]) for seen in bot.seen] == [
        ("subscribe", "qrscene_bind-3f9a", made["ticket"]),
        ("SCAN", "bind-3f9a", made["ticket"]),
    ]
    platform.clock.advance(seconds=600)
    with pytest.raises(LookupError):
        await platform.simulator.scan(person.openid, ticket=made["ticket"])


async def test_a_permanent_code_does_not_expire(platform: Platform, bot: EchoBot) -> None:
    asked = {"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 7}}}
    made = await platform.call("/cgi-bin/qrcode/create", asked)
    assert "expire_seconds" not in made
    platform.clock.advance(days=400)
    await platform.simulator.scan(platform.simulator.person().openid, ticket=made["ticket"])
    assert bot.seen[-1]["EventKey"] == "7"


@pytest.mark.parametrize(
    ("action", "scene", "seconds"),
    [
        ("QR_DANCE", {"scene_str": "a"}, 60),
        ("QR_STR_SCENE", {"scene_str": ""}, 60),
        ("QR_STR_SCENE", {"scene_str": "a" * 65}, 60),
        ("QR_SCENE", {"scene_id": 0}, 60),
        ("QR_LIMIT_SCENE", {"scene_id": 100_001}, 60),
        ("QR_STR_SCENE", {"scene_str": "a"}, 2_592_001),
    ],
)
async def test_codes_that_are_no_good(
    platform: Platform, action: str, scene: dict[str, object], seconds: int
) -> None:
    body = {"action_name": action, "action_info": {"scene": scene}, "expire_seconds": seconds}
    assert (await platform.call("/cgi-bin/qrcode/create", body))["errcode"] == 40053
