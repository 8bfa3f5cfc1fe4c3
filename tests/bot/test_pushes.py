"""What we say first, over the real wire: by each path, past each trouble, told once, reported back."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from bot.dialogue import Dialogue
from bot.kinds import Kinds
from bot.lanes import Pace
from bot.simulator import ApiFault, FaultKind, PushFault
from bot.wording import Wording
from handlers.alerts import Premise
from store.database import Store
from store.records import Before, Thought
from store.schema import allowances, contacts
from tests.bot.office import LIBRARY, WORDS, Memo, Office, office
from tests.store.scene import message, rows
from tests.talk import incoming_text
from tests.wire import APP_ID

TEMPLATE, CUSTOM = "/cgi-bin/message/template/send", "/cgi-bin/message/custom/send"
BIZSEND, MASS = "/cgi-bin/message/subscribe/bizsend", "/cgi-bin/message/mass/send"
MINUTE = timedelta(minutes=1)
MIDNIGHT = datetime.fromisoformat("2024-07-02T00:00:00+08:00")


@pytest.fixture
async def post(store: Store) -> AsyncIterator[Office]:
    async with office(store) as opened:
        yield opened


@pytest.fixture
async def bare(store: Store) -> AsyncIterator[Office]:
    """An account without templates."""
    async with office(store, kinds=Kinds({})) as opened:
        yield opened


async def carried(post: Office, *, at: datetime | None = None, pace: Pace | None = None) -> None:
    """All that is due leaves, and what the platform reports is heard."""
    post.now = at or post.now
    delivery = post.delivery(*([pace] if pace else []))
    while await delivery.run_once(post.now):
        pass
    await post.simulator.receipts.settled()
    await delivery.run_once(post.now)  # joins a report that came just while its message was settled


def fates(post: Office) -> Counter[tuple[str, str]]:
    return Counter((str(d.channel), str(d.fate)) for d in post.simulator.deliveries)


async def states(post: Office) -> Counter[tuple[str, str]]:
    return Counter((row["state"], row["reason"]) for row in await post.rows())


# —— each path


async def test_a_template_message_comes_first_and_is_reported(post: Office) -> None:
    contact = await post.person(writes=True)
    await post.post(contact, values={"state": "区级初审未通过"})
    await carried(post)

    (entry,) = [e for p in post.simulator.people.values() for e in p.chat if e.channel == "template"]
    lines = [("主题", "区级截止"), ("时间", "2024年7月5日 17:00"), ("状态", "见详情")]
    assert entry.data["lines"] == lines
    row = await post.row()
    assert (row["state"], row["path"]) == ("received", "template")
    assert row["platform_id"]


async def test_without_a_template_it_is_a_custom_message_within_its_window(bare: Office) -> None:
    near, far = await bare.person(writes=True), await bare.person()
    await bare.post(near, far, values={"body": "很长" * 800})
    await carried(bare)

    assert fates(bare) == {("custom", "delivered"): 1}
    (sent,) = bare.simulator.deliveries
    assert len(sent.text.encode()) <= 2000
    assert sent.text.endswith("（回复“更多”看后面的内容）")
    assert await states(bare) == {("sent", ""): 1, ("refused", "unreachable:window_closed"): 1}


async def test_a_permission_for_one_message_is_used_once(post: Office) -> None:
    contact = await post.person("oNobody")
    post.simulator.templates.remove("tmpl")
    await post.simulator.allow("oNobody", {"once": True})
    assert [row["left"] for row in await rows(post.store, allowances)] == [1]
    await post.post(contact, occasion="near:1")
    await post.post(contact, occasion="near:2")
    with capture_logs():
        await carried(post)

    assert fates(post)["subscribe", "delivered"] == 1
    assert [row["left"] for row in await rows(post.store, allowances)] == [0]
    assert Counter(row["state"] for row in await post.rows()) == {"received": 1, "refused": 1}


async def test_a_permission_that_is_reported_twice_counts_once(post: Office) -> None:
    await post.person("oNobody")
    await post.simulator.allow("oNobody", {"once": True}, fault=PushFault(duplicates=2))
    await post.simulator.allow("oNobody", {"once": True})
    assert [row["left"] for row in await rows(post.store, allowances)] == [1]
    post.now += MINUTE
    await post.simulator.allow("oNobody", {"once": True})
    assert [row["left"] for row in await rows(post.store, allowances)] == [2]
    await post.simulator.forbid("oNobody", ["once"])
    (row,) = await rows(post.store, allowances)
    assert (row["left"], row["rejected"]) == (0, True)


async def test_the_same_words_for_many_are_one_mass_message(bare: Office) -> None:
    people = [await bare.person() for _ in range(5)]
    await bare.post(*people, kind="notice", values={"body": "办理地点改了"})
    await carried(bare)

    assert fates(bare) == {("mass", "delivered"): 5}
    assert len([call for call in bare.simulator.calls if call.path == MASS]) == 1
    assert await states(bare) == {("received", ""): 5}


async def test_one_alone_is_no_mass(bare: Office) -> None:
    await bare.post(await bare.person(), kind="notice")
    await carried(bare)
    assert await states(bare) == {("refused", "unreachable:window_closed"): 1}
    assert fates(bare) == {}


# —— other ways


async def test_a_closed_window_is_learnt_of_and_another_path_taken(bare: Office) -> None:
    contact = await bare.person("oNobody", writes=True)
    bare.simulator.people["oNobody"].windows.clear()
    await bare.post(contact)
    await carried(bare)

    assert await states(bare) == {("refused", "unreachable:window_closed"): 1}
    (known,) = await rows(bare.store, contacts)
    assert known["window_left"] == 0
    assert [call.errcode for call in bare.simulator.calls if call.path == CUSTOM] == [45015]


async def test_whoever_follows_no_more_is_barred_until_they_do(post: Office) -> None:
    contact = await post.person("oNobody")
    post.simulator.people["oNobody"].followed = False
    await post.post(contact)
    await carried(post)

    (known,) = await rows(post.store, contacts)
    assert known["barred"] == "not_following"
    assert await states(post) == {("refused", "unreachable:barred"): 1}
    await post.post(contact, occasion="near:2")
    await carried(post)
    assert [call.errcode for call in post.simulator.calls if call.path == TEMPLATE] == [43004]


async def test_a_template_that_is_gone_is_left_and_told_of_once(post: Office) -> None:
    people = [await post.person(writes=True) for _ in range(8)]
    post.simulator.templates.remove("tmpl")
    await post.post(*people)
    with capture_logs() as logs:
        await carried(post)

    assert fates(post)["custom", "delivered"] == 8
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["template_refused"]


async def test_words_that_fail_are_refused_alone(post: Office) -> None:
    people = [await post.person() for _ in range(4)]
    await post.post(*people[:2], occasion="bad:1", values={"when": "月底"})
    await post.post(people[2], occasion="bad:2", template="memo/unwritten")
    await post.post(people[3])
    with capture_logs() as logs:
        await carried(post)

    assert await states(post) == {
        ("refused", "field:time2"): 2,
        ("refused", "fault:TemplateNotFound"): 1,
        ("received", ""): 1,
    }
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["words_failed"] * 2


async def test_what_is_not_true_any_more_is_not_said(post: Office) -> None:
    contact = await post.person()
    moved = Premise(what="stage", of="wuxi-2024/none", version="2024-07-05T16:00:00+00:00")
    await post.post(contact, premises=[moved])
    await carried(post)

    assert fates(post) == {}
    assert (await post.row())["state"] == "cancelled"


async def test_nobody_is_disturbed_at_night(post: Office) -> None:
    contact = await post.person()
    post.now = datetime.fromisoformat("2024-07-01T22:30:00+08:00")
    await post.post(contact)
    await carried(post)
    assert fates(post) == {}
    await carried(post, at=datetime.fromisoformat("2024-07-02T08:00:00+08:00"))
    assert fates(post) == {("template", "delivered"): 1}


# —— trouble


async def test_a_used_up_day_is_waited_out_until_midnight_in_china(post: Office) -> None:
    people = [await post.person() for _ in range(6)]
    post.now = datetime.fromisoformat("2024-07-01T20:30:00+08:00")
    post.simulator.knobs.daily[TEMPLATE] = 2
    await post.post(*people)
    await carried(post, pace=Pace(pushes=1))

    assert fates(post)["template", "delivered"] == 2
    asked = len([call for call in post.simulator.calls if call.path == TEMPLATE])
    await carried(post, at=MIDNIGHT - MINUTE)
    assert len([call for call in post.simulator.calls if call.path == TEMPLATE]) == asked == 3
    await carried(post, at=MIDNIGHT + timedelta(hours=8))
    assert fates(post)["template", "delivered"] == 4
    await carried(post, at=MIDNIGHT + timedelta(hours=32))
    assert await states(post) == {("received", ""): 6}


async def test_a_dead_token_in_the_middle_costs_one_refresh_and_no_attempt(post: Office) -> None:
    people = [await post.person() for _ in range(12)]
    await post.post(*people[:6])
    await carried(post)
    post.simulator.tokens.kill()
    await post.post(*people[6:])
    await carried(post)

    assert await states(post) == {("received", ""): 12}
    assert {row["burned"] for row in await post.rows()} == {0}
    asked = Counter(call.path for call in post.simulator.calls)
    assert asked["/cgi-bin/stable_token"] == 2


@pytest.mark.parametrize(
    "fault",
    [
        ApiFault(kind=FaultKind.HANG, path=TEMPLATE, accepted=True, seconds=1),
        ApiFault(kind=FaultKind.RESET, path=TEMPLATE, accepted=True),
        ApiFault(kind=FaultKind.STATUS, path=TEMPLATE, accepted=True, status=502),
        ApiFault(kind=FaultKind.HTML, path=TEMPLATE),
        ApiFault(kind=FaultKind.TRUNCATED, path=TEMPLATE, accepted=True),
        ApiFault(kind=FaultKind.ERRCODE, path=TEMPLATE, accepted=True, errcode=-1),
    ],
    ids=lambda fault: str(fault.kind),
)
async def test_a_keyed_send_of_unknown_end_is_repeated_and_arrives_once(
    post: Office, fault: ApiFault
) -> None:
    contact = await post.person("oNobody")
    post.simulator.knobs.receipt_lost = 1
    post.simulator.faults.append(fault)
    await post.post(contact)
    await carried(post, pace=Pace(send=0.3))
    assert (await post.row())["state"] == "waiting"
    await carried(post, at=post.now + MINUTE)

    assert (await post.row())["state"] == "sent"
    assert fates(post)["template", "delivered"] == 1
    assert fates(post)["template", "suppressed"] == int(fault.accepted)


async def test_an_unkeyed_send_of_unknown_end_is_left_to_a_person(bare: Office) -> None:
    contact = await bare.person(writes=True)
    bare.simulator.faults.append(ApiFault(kind=FaultKind.RESET, path=CUSTOM, accepted=True))
    await bare.post(contact)
    await carried(bare)
    await carried(bare, at=bare.now + timedelta(hours=1))

    assert await states(bare) == {("unclear", "broken_connection"): 1}
    assert fates(bare) == {("custom", "delivered"): 1}


async def test_a_minute_s_limit_narrows_the_lane(post: Office) -> None:
    people = [await post.person() for _ in range(30)]
    post.simulator.knobs.minute[TEMPLATE] = 10
    await post.post(*people)
    for minute in range(6):
        await carried(post, at=post.now + minute * MINUTE)

    assert await states(post) == {("received", ""): 30}
    refused = [call for call in post.simulator.calls if call.errcode == 45011]
    assert len(refused) < 45


# —— receipts


async def test_a_receipt_before_the_answer_counts(post: Office) -> None:
    contact = await post.person()
    post.simulator.knobs.receipt_first = 1
    await post.post(contact)
    await carried(post)
    assert await states(post) == {("received", ""): 1}


async def test_a_receipt_that_never_comes_leaves_it_sent(post: Office) -> None:
    contact = await post.person()
    post.simulator.knobs.receipt_lost = 1
    await post.post(contact)
    await carried(post)
    assert await states(post) == {("sent", ""): 1}


async def test_a_block_is_reported(post: Office) -> None:
    contact = await post.person("oNobody")
    post.simulator.people["oNobody"].refuses = 43019
    await post.post(contact)
    await carried(post)
    assert await states(post) == {("refused", "refused:user block"): 1}


async def test_a_receipt_clears_up_what_had_no_answer(post: Office) -> None:
    contact = await post.person()
    post.simulator.knobs.receipt_seconds = (0.3, 0.3)
    post.simulator.faults.append(ApiFault(kind=FaultKind.RESET, path=TEMPLATE, accepted=True))
    await post.post(contact)
    await carried(post)
    await carried(post, at=post.now + timedelta(minutes=9))
    assert Counter(row["state"] for row in await post.rows()) == {"received": 1}
    assert fates(post)["template", "delivered"] == 1


# —— in full


async def test_details_tell_in_full_what_a_card_shortened(post: Office) -> None:
    body = "退回意见：" + "请补充推荐表的单位意见并盖章。" * 60
    contact = await post.person("oNobody")
    await post.post(contact, values={"body": body})
    await carried(post)
    dialogue = Dialogue(LIBRARY, Wording(WORDS), telling=[Memo()])

    async def says(text: str, number: int) -> str:
        def think(before: Before) -> Thought:
            said = dialogue.turn(
                incoming_text(text, post.now),
                before.state,
                limit_bytes=2000,
                real_seconds=0,
                affairs=before.affairs,
            )
            return Thought(text=said.text, state=said.state, trace=said.trace)

        arrival = message(f"d{number}", text, account=APP_ID, sender="oNobody", received_at=post.now)
        return (await post.store.turn(arrival, think, passive=lambda: True)).text or ""

    first, rest = await says("详情", 1), await says("更多", 2)
    assert first.startswith("区级截止：退回意见：请补充")
    assert first.endswith("（回复“更多”看后面的内容）")
    assert (first.rpartition("\n")[0] + rest).replace("\n", "") == f"区级截止：{body}"
