"""Subscribe messages: a person's consent, what it is good for, and the events about both."""

import pytest

from bot.simulator import Fate, Person, Template, TemplateKind
from tests.simulator.conftest import Platform
from tests.simulator.echo import EchoBot

BIZSEND = "/cgi-bin/message/subscribe/bizsend"
ONCE, LASTING = TemplateKind.ONCE, TemplateKind.LASTING


@pytest.fixture
def platform(platform: Platform) -> Platform:
    platform.simulator.knobs.receipt_seconds = (0, 0)
    for kind in (ONCE, LASTING):
        template = Template(id=kind, title="截止提醒", content="事项：{{thing1.DATA}}", kind=kind)
        platform.simulator.templates.add(template)
    return platform


async def test_the_templates_to_subscribe_to_are_listed(platform: Platform) -> None:
    listed = await platform.call("/wxaapi/newtmpl/gettemplate")
    assert [(one["priTmplId"], one["type"]) for one in listed["data"]] == [("once", 2), ("lasting", 3)]


async def remind(platform: Platform, person: Person, template: str = "once") -> int:
    body = {"touser": person.openid, "template_id": template, "data": {"thing1": {"value": "七日后截止"}}}
    return int((await platform.call(BIZSEND, {**body, "page": "https://example.org/"}))["errcode"])


async def test_each_consent_is_one_message(platform: Platform, bot: EchoBot) -> None:
    person = platform.simulator.person()
    assert await remind(platform, person) == 43101
    for _ in range(2):
        await platform.simulator.allow(person.openid, {"once": True})
    assert [await remind(platform, person) for _ in range(3)] == [0, 0, 43101]
    entry = person.chat[-1]
    assert (entry.kind, entry.channel, entry.data["link"]) == (
        "template",
        "subscribe",
        "https://example.org/",
    )
    await platform.simulator.receipts.settled()
    event = bot.told("subscribe_msg_sent_event")[0]
    assert (event["TemplateId"], event["ErrorCode"], event["ErrorStatus"]) == ("once", "0", "success")
    fates = [delivery.fate for delivery in platform.simulator.deliveries]
    assert fates == [Fate.REFUSED, Fate.DELIVERED, Fate.DELIVERED, Fate.REFUSED]


async def test_a_lasting_consent_is_without_end_until_it_is_taken_back(platform: Platform) -> None:
    person = platform.simulator.person(followed=False)
    await platform.simulator.allow(person.openid, {"lasting": True})
    assert [await remind(platform, person, "lasting") for _ in range(3)] == [0, 0, 0]
    await platform.simulator.forbid(person.openid, ["lasting"])
    assert await remind(platform, person, "lasting") == 43101


async def test_a_dialog_is_told_of_with_every_choice(platform: Platform, bot: EchoBot) -> None:
    person = platform.simulator.person()
    await platform.simulator.allow(person.openid, {"once": True, "lasting": False})
    assert person.subscriptions == {"once": 1, "lasting": 0}
    sent = platform.simulator.pushes[-1]
    assert sent.kind == "event:subscribe_msg_popup_event"
    await platform.simulator.forbid(person.openid, ["once"])
    assert bot.seen[-1]["Event"] == "subscribe_msg_change_event"
    assert bot.seen[-1]["SubscribeStatusString"] == "reject"
    with pytest.raises(LookupError):
        await platform.simulator.allow(person.openid, {"unknown": True})


async def test_whether_an_id_is_answered_can_be_turned(platform: Platform) -> None:
    person = platform.simulator.person()
    person.subscriptions["lasting"] = 1
    body = {"touser": person.openid, "template_id": "lasting", "data": {"thing1": {"value": "已初审"}}}
    assert "msgid" not in await platform.call(BIZSEND, body)
    platform.simulator.knobs.subscribe_msgid = True
    assert (await platform.call(BIZSEND, body))["msgid"]
