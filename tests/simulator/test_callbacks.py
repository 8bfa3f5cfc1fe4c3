"""How the simulator calls the account's server, and how it takes the answers."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from aiohttp import web

from bot.simulator import Mode, Outcome, Person, PushFault, Side, Verdict
from bot.simulator.pushing import Pusher
from tests.simulator.conftest import Platform
from tests.simulator.echo import EchoBot, Message, fields, signed


def chat(person: Person) -> list[tuple[Side, str, str]]:
    return [(entry.side, entry.kind, entry.text) for entry in person.chat]


async def in_mode(platform: Platform, mode: Mode) -> None:
    """The account as if its owner had chosen another mode."""
    simulator = platform.simulator
    simulator.account = replace(simulator.account, mode=mode)
    await simulator.pusher.close()
    simulator.pusher = Pusher(simulator.account, simulator.knobs, simulator.wall)
    await simulator.pusher.open()


async def test_verifies_the_url(platform: Platform, bot: EchoBot) -> None:
    assert await platform.simulator.verify()
    bot.token = "another"
    assert not await platform.simulator.verify()


@pytest.mark.parametrize("mode", Mode)
async def test_says_and_hears_in_every_mode(platform: Platform, bot: EchoBot, mode: Mode) -> None:
    await in_mode(platform, mode)
    bot.sealed = mode is not Mode.PLAIN
    person = platform.simulator.person("王师傅")
    push = await platform.simulator.say(person.openid, "几号]]>截止\n<b>?</b>")
    assert (push.outcome, push.text) == (Outcome.REPLIED, bot_text(bot))
    assert chat(person) == [(Side.PERSON, "text", "几号]]>截止\n<b>?</b>"), (Side.ACCOUNT, "text", push.text)]
    assert person.chat[1].channel == "passive"
    assert (push.attempts[0].cipher_bytes > 0) is (mode is not Mode.PLAIN)


def bot_text(bot: EchoBot) -> str:
    return "你说：" + (bot.seen[-1].get("Content") or "")


async def test_a_message_has_the_documented_fields(platform: Platform, bot: EchoBot) -> None:
    person = platform.simulator.person()
    await platform.simulator.say(person.openid, "好", choice="101")
    await platform.simulator.speak(person.openid, "武汉工匠几号截止")
    await platform.simulator.place(person.openid, 30.5, 114.25, "东西湖区")
    text, voice, place = bot.seen
    assert (text["ToUserName"], text["FromUserName"]) == (
        platform.simulator.account.original_id,
        person.openid,
    )
    assert (text["MsgType"], text["Content"], text["bizmsgmenuid"]) == ("text", "好", "101")
    assert text["CreateTime"] == str(int(platform.clock.now.timestamp()))
    assert int(voice["MsgId"]) == int(text["MsgId"]) + 1
    assert (voice["Format"], voice["Recognition"]) == ("amr", "武汉工匠几号截止")
    assert (place["Location_X"], place["Location_Y"], place["Label"]) == ("30.5", "114.25", "东西湖区")
    assert len(person.openid) == 28


async def test_events_of_following_scanning_and_leaving(platform: Platform, bot: EchoBot) -> None:
    simulator = platform.simulator
    person = simulator.person(followed=False)
    await simulator.scan(person.openid, "hanyang")
    await simulator.scan(person.openid, "hanyang")
    await simulator.unfollow(person.openid)
    await simulator.follow(person.openid)
    seen = [(message["Event"], message.get("EventKey")) for message in bot.seen]
    assert seen == [
        ("subscribe", "qrscene_hanyang"),
        ("SCAN", "hanyang"),
        ("unsubscribe", ""),
        ("subscribe", ""),
    ]
    assert not any("MsgId" in message for message in bot.seen)
    with pytest.raises(ValueError, match="already"):
        await simulator.follow(person.openid)


async def test_nobody_who_left_can_write_or_is_shown_anything(platform: Platform) -> None:
    person = platform.simulator.person()
    await platform.simulator.unfollow(person.openid)
    with pytest.raises(ValueError, match="does not follow"):
        await platform.simulator.say(person.openid, "好")
    assert chat(person) == [(Side.SYSTEM, "unfollowed", "")]


@pytest.mark.parametrize("quiet", [b"success", b""])
async def test_success_and_nothing_are_silence(platform: Platform, bot: EchoBot, quiet: bytes) -> None:
    bot.raw = lambda _: web.Response(body=quiet)
    push = await platform.simulator.say(platform.simulator.person().openid, "好")
    assert (push.outcome, len(push.attempts)) == (Outcome.SILENT, 1)


async def test_three_tries_of_the_same_message_then_the_person_is_told(
    platform: Platform, bot: EchoBot
) -> None:
    async def never(_: Message) -> str:
        await asyncio.sleep(60)
        return ""

    bot.answer = never
    platform.simulator.knobs.patience = 0.05
    person = platform.simulator.person()
    push = await platform.simulator.say(person.openid, "好")
    assert push.outcome is Outcome.FAILED
    assert [attempt.verdict for attempt in push.attempts] == [Verdict.TIMEOUT] * 3
    assert len({(message["MsgId"], message["CreateTime"]) for message in bot.seen}) == 1
    assert chat(person)[-1] == (Side.SYSTEM, "unavailable", "")


async def test_the_second_try_may_still_answer_and_the_late_first_one_is_lost(
    platform: Platform, bot: EchoBot
) -> None:
    async def slow_at_first(_: Message) -> str:
        first = len(bot.seen) == 1
        await asyncio.sleep(0.3 if first else 0)
        return "迟" if first else "早"

    bot.answer = slow_at_first
    platform.simulator.knobs.patience = 0.1
    person = platform.simulator.person()
    push = await platform.simulator.say(person.openid, "好")
    await asyncio.sleep(0.3)
    assert (push.text, len(push.attempts)) == ("早", 2)
    assert [text for _, _, text in chat(person)] == ["好", "早"]


async def test_an_error_status_is_tried_again(platform: Platform, bot: EchoBot) -> None:
    bot.raw = lambda _: web.Response(status=500)
    push = await platform.simulator.say(platform.simulator.person().openid, "好")
    assert [attempt.status for attempt in push.attempts] == [500, 500, 500]


def sealed(bot: EchoBot, change: Callable[[str], str]) -> Callable[[Message], web.Response]:
    """A sealed answer that is wrong inside."""

    def respond(message: Message) -> web.Response:
        reply = fields(bot.reply(message, "好", "n"))
        inner = bot.seal(change(bot.open(reply["Encrypt"])))
        signature = signed(bot.token, reply["TimeStamp"], "n", inner)
        return web.Response(
            text=f"<xml><Encrypt>{inner}</Encrypt><MsgSignature>{signature}</MsgSignature>"
            f"<TimeStamp>{reply['TimeStamp']}</TimeStamp><Nonce>n</Nonce></xml>"
        )

    return respond


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda xml: xml.replace("ToUserName", "X").replace("FromUserName", "ToUserName"), "not swapped"),
        (lambda xml: xml.replace("好", "好" * 683), "2049 bytes"),
        (lambda xml: xml.replace("好", " "), "empty Content"),
        (lambda xml: xml.replace("好", "\x01"), "well-formed"),
        (lambda xml: xml.replace(">text<", ">telepathy<"), "telepathy"),
        (lambda xml: xml.replace("CreateTime>", "CreateTime>soon"), "CreateTime"),
        (lambda xml: xml.replace("<xml>", '<!DOCTYPE x [<!ENTITY e "">]><xml>'), "well-formed"),
        (lambda xml: xml.replace(">text<", ">news<").replace("Content", "Articles"), "0 articles"),
    ],
)
async def test_a_wrong_reply_is_the_services_fault(
    platform: Platform, bot: EchoBot, change: Callable[[str], str], reason: str
) -> None:
    bot.raw = sealed(bot, change)
    person = platform.simulator.person()
    push = await platform.simulator.say(person.openid, "好")
    assert (push.outcome, len(push.attempts)) == (Outcome.FAILED, 1)
    assert reason in push.attempts[0].reason
    assert chat(person)[-1][1] == "unavailable"


async def test_a_reply_in_clear_is_wrong_in_safe_mode(platform: Platform, bot: EchoBot) -> None:
    bot.sealed = False
    push = await platform.simulator.say(platform.simulator.person().openid, "好")
    assert "clear reply" in push.attempts[0].reason


@pytest.mark.parametrize("body", ['{"errcode":0}', "ok", "<html/>"])
async def test_anything_else_is_wrong_too(platform: Platform, bot: EchoBot, body: str) -> None:
    bot.raw = lambda _: web.Response(text=body)
    push = await platform.simulator.say(platform.simulator.person().openid, "好")
    assert (push.outcome, push.attempts[0].verdict) == (Outcome.FAILED, Verdict.MALFORMED)


async def test_news_may_hold_eight_articles_on_an_event_only(platform: Platform, bot: EchoBot) -> None:
    items = "<item><Title>通知</Title><Url>https://example.org</Url></item>" * 2
    bot.raw = sealed(
        bot,
        lambda xml: xml.replace(">text<", ">news<").replace(
            "<Content>好</Content>", f"<Articles>{items}</Articles>"
        ),
    )
    person = platform.simulator.person(followed=False)
    assert (await platform.simulator.follow(person.openid)).outcome is Outcome.REPLIED
    assert (await platform.simulator.say(person.openid, "好")).outcome is Outcome.FAILED
    assert person.chat[1].data["articles"] == [{"title": "通知", "url": "https://example.org"}] * 2


async def test_failures_in_a_row_silence_the_server_for_a_minute(platform: Platform, bot: EchoBot) -> None:
    bot.raw = lambda _: web.Response(text="oops")
    openid = platform.simulator.person().openid
    for _ in range(platform.simulator.knobs.mark_fail_after):
        await platform.simulator.say(openid, "好")
    bot.raw = None
    dropped = await platform.simulator.say(openid, "在吗")
    assert (dropped.outcome, dropped.attempts) == (Outcome.DROPPED, [])
    platform.wall.advance(seconds=60)
    assert (await platform.simulator.say(openid, "在吗")).outcome is Outcome.REPLIED


async def test_a_duplicate_is_delivered_even_after_success(platform: Platform, bot: EchoBot) -> None:
    person = platform.simulator.person()
    await platform.simulator.say(person.openid, "好", fault=PushFault(duplicates=2))
    assert len({message["MsgId"] for message in bot.seen}) == 1
    assert len(bot.seen) == 3
    assert len(person.chat) == 2


async def test_copies_arrive_at_the_same_moment_and_the_first_answer_counts(
    platform: Platform, bot: EchoBot
) -> None:
    async def in_turn(_: Message) -> str:
        place = len(bot.seen)
        await asyncio.sleep(0.05 * (4 - place))
        return f"第{place}"

    bot.answer = in_turn
    person = platform.simulator.person()
    push = await platform.simulator.say(person.openid, "好", fault=PushFault(copies=3))
    assert (push.text, len(push.attempts), len(person.chat)) == ("第3", 3, 2)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (PushFault(wrong_signature=True), 403),
        (PushFault(stale_seconds=3600), 403),
        (PushFault(app_id="wx0000000000000000"), 403),
        (PushFault(doctype=True), 403),
        (PushFault(padding_bytes=200_000), 413),
    ],
)
async def test_a_hostile_push_is_tried_once_and_leaves_no_trace(
    platform: Platform, bot: EchoBot, fault: PushFault, status: int
) -> None:
    person = platform.simulator.person()
    push = await platform.simulator.say(person.openid, "好", fault=fault)
    assert [attempt.status for attempt in push.attempts] == [status]
    assert (bot.seen, person.chat, person.windows) == ([], [], {})


async def test_people_are_served_side_by_side(platform: Platform, bot: EchoBot) -> None:
    people = [platform.simulator.person() for _ in range(30)]
    pushes = await asyncio.gather(*(platform.simulator.say(person.openid, "好") for person in people))
    assert all(push.outcome is Outcome.REPLIED for push in pushes)
    assert all(len(person.chat) == 2 for person in people)
