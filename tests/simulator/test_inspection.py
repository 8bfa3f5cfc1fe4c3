"""The simulator's own HTTP side: what tests and the page see and turn."""

import asyncio
import json
import sys
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.simulator import app
from tests.simulator.conftest import Platform, before
from tests.simulator.echo import EchoBot


async def get(platform: Platform, path: str) -> Any:
    response = await platform.client.get(path)
    assert response.status == 200
    return await response.json()


async def post(platform: Platform, path: str, body: object) -> tuple[int, Any]:
    response = await platform.client.post(path, json=body)
    return response.status, await response.json()


async def test_the_pages_people_are_there_from_the_start(platform: Platform) -> None:
    words, state = await get(platform, "/sim/words"), await get(platform, "/sim/state")
    assert [person["nickname"] for person in state["people"]] == [
        person["nickname"] for person in words["people"]
    ]
    assert state["account"]["mode"] == "safe"
    assert state["clock"] is False


async def test_a_person_is_made_and_acts_over_http(platform: Platform, bot: EchoBot) -> None:
    status, person = await post(platform, "/sim/people", {"nickname": "赵工", "note": "质检"})
    home = f"/sim/people/{person['openid']}"
    assert (status, person["followed"]) == (200, True)
    _, push = await post(platform, f"{home}/text", {"text": "几号截止"})
    assert (push["outcome"], push["reply"]["text"]) == ("replied", "你说：几号截止")
    assert push["attempts"][0]["latency_ms"] > 0
    await post(platform, f"{home}/voice", {"recognition": "几号截止"})
    await post(platform, f"{home}/image", {"url": "https://example.org/a.jpg"})
    await post(platform, f"{home}/location", {"latitude": 30.5, "longitude": 114, "label": "武汉"})
    await post(platform, f"{home}/link", {"title": "通知", "url": "https://example.org"})
    await post(platform, f"{home}/scan", {"scene": "7"})
    await post(platform, f"{home}/unfollow", {})
    await post(platform, f"{home}/follow", {})
    kinds = [message.get("Event") or message["MsgType"] for message in bot.seen]
    assert kinds == ["text", "voice", "image", "location", "link", "SCAN", "unsubscribe", "subscribe"]
    chat = (await get(platform, home))["chat"]
    assert [entry["kind"] for entry in chat if entry["side"] == "person"] == kinds[:5]


async def test_a_fault_can_come_with_an_act(platform: Platform, bot: EchoBot) -> None:
    openid = platform.simulator.person().openid
    await post(platform, f"/sim/people/{openid}/text", {"text": "好", "fault": {"copies": 2}})
    assert len(bot.seen) == 2


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/sim/people/nobody/text", {"text": "好"}, 404),
        ("/sim/people/someone/text", {}, 400),
        ("/sim/people/someone/text", {"text": "好", "colour": "red"}, 400),
        ("/sim/people/someone/text", {"text": "好", "fault": {"colour": "red"}}, 400),
        ("/sim/people/someone/text", ["好"], 400),
        ("/sim/people/someone/menu", {"button": "none"}, 404),
        ("/sim/people/someone/scan", {}, 400),
        ("/sim/people/someone/follow", {}, 400),
        ("/sim/people", {"openid": "someone"}, 400),
        ("/sim/faults", {"kind": "errcode"}, 400),
        ("/sim/clock", {"rate": 60}, 404),
        ("/sim/templates", {"id": "t", "title": "提醒", "content": "没有字段"}, 400),
        ("/sim/people/someone/allow", {"templates": {"unknown": True}}, 404),
    ],
)
async def test_a_bad_request_is_explained(platform: Platform, path: str, body: object, status: int) -> None:
    platform.simulator.person(openid="someone")
    found, answer = await post(platform, path, body)
    assert found == status
    assert answer["error"]


async def test_knobs_are_turned_and_faults_wait(platform: Platform) -> None:
    response = await platform.client.patch(
        "/sim/knobs", json={"patience": 0.5, "denied": ["/cgi-bin/menu/create"]}
    )
    assert (await response.json())["patience"] == 0.5
    assert (platform.simulator.knobs.denied, platform.simulator.knobs.tries) == ({"/cgi-bin/menu/create"}, 3)
    assert (await platform.client.patch("/sim/knobs", json={"patience": "long"})).status == 400
    assert (await get(platform, "/sim/knobs"))["patience"] == 0.5
    _, faults = await post(platform, "/sim/faults", {"kind": "status", "path": "/cgi-bin/menu/get"})
    assert faults[0]["status"] == 500
    assert await (await platform.client.delete("/sim/faults")).json() == []


async def test_everything_that_happened_can_be_read(platform: Platform) -> None:
    person = platform.simulator.person()
    await platform.simulator.say(person.openid, "好")
    await platform.write(person, "名单")
    assert [push["kind"] for push in await get(platform, "/sim/pushes")] == ["text"]
    assert [(d["openid"], d["text"], d["errcode"]) for d in await get(platform, "/sim/deliveries")] == [
        (person.openid, "名单", 0)
    ]
    assert [call["path"] for call in await get(platform, "/sim/calls")][-1] == "/cgi-bin/message/custom/send"
    assert [token["killed"] for token in await get(platform, "/sim/tokens")] == [False]
    assert await post(platform, "/sim/verify", {}) == (200, {"ok": True})


async def test_templates_are_set_up_over_http_and_messages_told_by_person_and_key(platform: Platform) -> None:
    template = {"id": "t", "title": "提醒", "content": "事项：{{thing1.DATA}}"}
    _, listed = await post(platform, "/sim/templates", template)
    assert listed == await get(platform, "/sim/templates")
    assert (listed[0]["kind"], listed[0]["fields"]) == ("service", [["事项", "thing1"]])
    first, second = (platform.simulator.person().openid for _ in range(2))
    for openid, key in ((first, "k1"), (first, "k1"), (first, "k2"), (second, "k1")):
        body = {"touser": openid, "template_id": "t", "client_msg_id": key}
        await platform.call("/cgi-bin/message/template/send", {**body, "data": {"thing1": {"value": "好"}}})
    kept = await get(platform, f"/sim/deliveries?openid={first}&key=k1")
    assert [(one["fate"], one["channel"]) for one in kept] == [
        ("delivered", "template"),
        ("suppressed", "template"),
    ]
    assert len(await get(platform, "/sim/deliveries?fate=delivered")) == 3
    counts = {(c["openid"], c["key"], c["fate"]): c["count"] for c in await get(platform, "/sim/counts")}
    assert counts == {
        (first, "k1", "delivered"): 1,
        (first, "k1", "suppressed"): 1,
        (first, "k2", "delivered"): 1,
        (second, "k1", "delivered"): 1,
    }
    response = await platform.client.delete("/sim/templates/t")
    assert await response.json() == []
    assert (await platform.client.delete("/sim/templates/t")).status == 404


async def test_consent_is_given_and_taken_over_http(platform: Platform) -> None:
    template = {"id": "t", "title": "提醒", "content": "事项：{{thing1.DATA}}", "kind": "once"}
    await post(platform, "/sim/templates", template)
    home = f"/sim/people/{platform.simulator.person().openid}"
    status, push = await post(platform, f"{home}/allow", {"templates": {"t": True}})
    assert (status, push["kind"]) == (200, "event:subscribe_msg_popup_event")
    assert (await get(platform, home))["subscriptions"] == {"t": 1}
    await post(platform, f"{home}/forbid", {"templates": ["t"]})
    assert (await get(platform, home))["subscriptions"] == {}


async def test_a_code_is_scanned_over_http_by_its_ticket(platform: Platform, bot: EchoBot) -> None:
    body = {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "unit-7"}}}
    ticket = (await platform.call("/cgi-bin/qrcode/create", body))["ticket"]
    home = f"/sim/people/{platform.simulator.person().openid}"
    assert (await post(platform, f"{home}/scan", {"ticket": ticket}))[0] == 200
    assert bot.seen[-1]["EventKey"] == "unit-7"
    assert (await post(platform, f"{home}/scan", {"ticket": "made-up"}))[0] == 404


async def test_the_stream_begins_with_a_snapshot_and_tells_what_happens(platform: Platform) -> None:
    person = platform.simulator.person("王师傅")
    async with platform.client.get("/sim/stream") as response, asyncio.timeout(60):
        name, snapshot = await frame(response.content)
        assert (name, snapshot["people"][-1]["nickname"]) == ("snapshot", "王师傅")
        await platform.simulator.say(person.openid, "好\n的")
        told = [await frame(response.content) for _ in range(4)]
    assert [name for name, _ in told] == ["entry", "push", "entry", "push"]
    assert (told[0][1]["entry"]["text"], told[3][1]["outcome"]) == ("好\n的", "replied")


async def frame(stream: Any) -> tuple[str, Any]:
    lines: dict[str, str] = {}
    while line := (await stream.readline()).decode().strip():
        name, _, value = line.partition(": ")
        lines[name] = value
    return lines["event"], json.loads(lines["data"])


async def test_the_services_clock_is_read_moved_and_followed(bot: EchoBot) -> None:
    service = {"now": "2024-07-01T09:00:00+08:00", "rate": 1.0}

    async def clock(request: web.Request) -> web.Response:
        if request.method == "POST":
            wanted = await request.json()
            if wanted.get("rate", 1) <= 0:
                return web.Response(status=400, text="a rate is positive")
            service.update(wanted)
        return web.json_response(service)

    account = bot.app()
    account.router.add_route("*", "/clock", clock)
    async with TestServer(account) as server:
        simulator = before(server, clock_url=str(server.make_url("/clock")))
        async with TestClient(TestServer(app(simulator))) as client:
            assert simulator.clock().isoformat().startswith("2024-07-01T01:00:0")
            moved = await client.post("/sim/clock", json={"now": "2024-08-01T00:00:00+08:00", "rate": 3600})
            assert (await moved.json())["rate"] == 3600
            await asyncio.sleep(0.01)
            assert simulator.clock().isoformat() >= "2024-07-31T16:00:30"
            assert (await (await client.get("/sim/state")).json())["clock"] is True
            assert (await client.post("/sim/clock", json={"rate": -1})).status == 502
            assert (await client.post("/sim/clock", json={"now": "noon"})).status == 400
            await server.close()
            assert (await client.get("/sim/clock")).status == 502


async def test_the_page_asks_nobody_else(platform: Platform) -> None:
    response = await platform.client.get("/")
    assert response.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert (await platform.client.get("/page/words.yaml")).status == 200


async def test_the_command_line_explains_itself() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.simulator", "--help", stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    assert b"--callback-url" in out


async def test_a_simulator_alone_can_push(bot: EchoBot) -> None:
    async with TestServer(bot.app()) as server, before(server) as simulator:
        push = await simulator.say(simulator.person().openid, "好")
    assert push.text == "你说：好"
