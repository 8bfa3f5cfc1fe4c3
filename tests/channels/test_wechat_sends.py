"""Cards and mass messages as the platform wants them, and what it says of codes, templates and people."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from bot.channels.contract import Card, Refused, Sent, Shut, Unclear
from bot.channels.wechat import Account, WeChat
from bot.channels.wechat_api import Code, Form, WeChatApi
from bot.channels.wechat_client import Misconfigured, Unanswered
from tests.channels.wechat_platform import NOW, OK, SECRET, Platform, Shelf, slow

TEMPLATE, SUBSCRIBED = "/cgi-bin/message/template/send", "/cgi-bin/message/subscribe/bizsend"
MASS = "/cgi-bin/message/mass/send"
CARD = Card(template_id="t1", fields={"thing1": "区级截止", "time2": "2024年7月5日 17:00"})


def asked(platform: Platform) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(platform.bodies[-1][1])
    return body


async def test_a_template_message_carries_its_key(api: WeChatApi, platform: Platform) -> None:
    platform.says[TEMPLATE] = [{**OK, "msgid": 7}]
    assert await api.send_template(recipient="o", card=CARD, key="k-1", now=NOW) == Sent(platform_id="7")
    assert asked(platform) == {
        "touser": "o",
        "template_id": "t1",
        "data": {"thing1": {"value": "区级截止"}, "time2": {"value": "2024年7月5日 17:00"}},
        "client_msg_id": "k-1",
    }


async def test_a_card_may_lead_to_a_page(api: WeChatApi, platform: Platform) -> None:
    card = Card(template_id="t1", fields={}, url="https://example.org/p/1")
    await api.send_template(recipient="o", card=card, key="k", now=NOW)
    assert asked(platform)["url"] == card.url
    await api.send_subscribed(recipient="o", card=card, now=NOW)
    assert asked(platform)["page"] == card.url


async def test_a_subscribe_notice_has_no_key(api: WeChatApi, platform: Platform) -> None:
    assert await api.send_subscribed(recipient="o", card=CARD, now=NOW) == Sent()
    assert sorted(asked(platform)) == ["data", "template_id", "touser"]
    platform.says[SUBSCRIBED] = [{"errcode": 43101}]
    refused = Refused(reason="not_subscribed", shuts=Shut.ALLOWANCE)
    assert await api.send_subscribed(recipient="o", card=CARD, now=NOW) == refused


async def test_a_mass_message_goes_to_a_list(base: str, platform: Platform) -> None:
    door = WeChat(Account(app_id="wxid", app_secret=SECRET, token="t", api_base=base), shelf=Shelf())
    platform.says[MASS] = [{**OK, "msg_id": 34182, "msg_data_id": 1}, {"errcode": 45065, "msg_id": 34182}]
    for _ in range(2):
        outcome = await door.send_mass(recipients=("a", "b"), text="通知\0", key="k", now=NOW)
        assert outcome == Sent(platform_id="34182")
    assert asked(platform) == {
        "touser": ["a", "b"],
        "msgtype": "text",
        "text": {"content": "通知"},
        "clientmsgid": "k",
    }
    await door.aclose()


@pytest.mark.parametrize("answer", [slow, 502, b"<html>"])
async def test_what_may_have_left_by_any_path_is_unclear(
    api: WeChatApi, hasty: WeChatApi, platform: Platform, answer: Any
) -> None:
    api = hasty if answer is slow else api
    platform.says = {path: [answer] for path in (TEMPLATE, SUBSCRIBED, MASS)}
    assert isinstance(await api.send_template(recipient="o", card=CARD, key="k", now=NOW), Unclear)
    assert isinstance(await api.send_subscribed(recipient="o", card=CARD, now=NOW), Unclear)
    assert isinstance(await api.send_mass(recipients=["o", "p"], text="t", key="k", now=NOW), Unclear)


async def test_the_chosen_templates_are_read(api: WeChatApi, platform: Platform) -> None:
    content = "单位:{{thing1.DATA}}\n时间：{{ time2.DATA }}\n"
    platform.says["/cgi-bin/template/get_all_private_template"] = [
        {"template_list": [{"template_id": "t1", "title": "提醒", "content": content}, 7]}
    ]
    platform.says["/wxaapi/newtmpl/gettemplate"] = [
        {**OK, "data": [{"priTmplId": "s1", "title": "提醒", "content": content, "type": 2}]}
    ]
    assert await api.forms(subscribed=False) == [
        Form(template_id="t1", title="提醒", fields=("thing1", "time2"), subscribed=False)
    ]
    (notice,) = await api.forms(subscribed=True)
    assert (notice.template_id, notice.subscribed) == ("s1", True)


async def test_a_code_carries_a_scene(api: WeChatApi, platform: Platform) -> None:
    path = "/cgi-bin/qrcode/create"
    code = {"ticket": "gQ", "url": "http://weixin.qq.com/q/1"}
    platform.says[path] = [code, code, {}]
    assert await api.create_code("bind_7", life=timedelta(days=7)) == Code(
        ticket="gQ", url="http://weixin.qq.com/q/1"
    )
    assert asked(platform) == {
        "action_name": "QR_STR_SCENE",
        "expire_seconds": 604800,
        "action_info": {"scene": {"scene_str": "bind_7"}},
    }
    await api.create_code("bind_7")
    assert asked(platform)["action_name"] == "QR_LIMIT_STR_SCENE"
    with pytest.raises(Unanswered):
        await api.create_code("x")


async def test_who_opens_a_page(api: WeChatApi, platform: Platform) -> None:
    path = "/sns/oauth2/access_token"
    platform.says[path] = [
        {"access_token": "x", "openid": "oSomebody", "scope": "snsapi_base"},
        {"errcode": 40163, "errmsg": "code been used"},
        {"access_token": "x", "openid": "oNobody", "is_snapshotuser": 1},
        {"errcode": 40125, "errmsg": f"invalid appsecret {SECRET} for planted-code"},
    ]
    found = [await api.opener(f"planted-code{n}") for n in range(3)]
    assert found == ["oSomebody", None, None]
    assert platform.bodies[-1][2] == {
        "appid": "wxid",
        "secret": SECRET,
        "code": "planted-code2",
        "grant_type": "authorization_code",
    }
    with pytest.raises(Misconfigured) as caught:
        await api.opener("planted-code")
    assert SECRET not in str(caught.value)
    assert "planted-code" not in str(caught.value)
