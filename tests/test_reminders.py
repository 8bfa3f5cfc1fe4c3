"""Reminders over the encrypted wire: told once each, not to whom it does not concern, never too late."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio

from knowledge.library import Library
from knowledge.reading import ASK, Context
from knowledge.understanding import Reader
from store.entered import Duration, EnteredDay
from store.schema import consents, deliveries, staff_notes, wishes
from tests.seasons import Season, season
from tests.store.scene import rows
from tests.store.units import CODE

READER = Reader(Library.load())
EACH = ("2023-06-12 09:00", "2023-06-19 09:00", "2023-06-23 09:00", "2023-06-25 09:00", "2023-06-26 09:00")
TOLD = ["06-12 09:00", "06-19 09:00", "06-23 09:00", "06-25 09:00", "06-26 09:00"]


@pytest_asyncio.fixture
async def wuhan(tmp_path: Path) -> AsyncIterator[Season]:
    async with season(tmp_path, "2023-06-01 10:00") as run:
        yield run


async def test_a_candidate_is_told_what_will_come_and_by_which_path(wuhan: Season) -> None:
    openid = await wuhan.person()
    asked = await wuhan.say(openid, "提醒我武汉工匠")
    assert "哪个区" in asked
    said = await wuhan.say(openid, "江岸区")
    for word in (
        "6月26日",
        "还有25天",
        "6月12日、6月19日、6月23日、6月25日、6月26日",
        "通知消息",
        "不再提醒",
    ):
        assert word in said
    (wish,) = await rows(wuhan.service.store, wishes)
    assert (wish["topic"], wish["district"]) == ("wuhan-2023/wuhan-gongjiang", "江岸区")
    assert [row["purpose"] for row in await rows(wuhan.service.store, consents)] == ["push"]


async def test_a_question_beside_the_open_one_is_answered_and_no_wish(wuhan: Season) -> None:
    openid = await wuhan.person()
    assert "哪个项目" in await wuhan.say(openid, "提醒我")
    said = await wuhan.say(openid, "你好 工匠几号截至")
    assert "6月27日" in said
    assert "哪个项目" in said
    assert await rows(wuhan.service.store, wishes) == []
    assert "哪个项目" not in await wuhan.say(openid, "退订")
    assert await rows(wuhan.service.store, wishes) == []


async def test_each_is_told_once_at_each_step(wuhan: Season) -> None:
    candidate = await wuhan.person("提醒我武汉工匠", "江岸区")
    hr = await wuhan.unit(CODE, "武昌区")
    elsewhere = await wuhan.person("提醒我无锡卓越技师")
    for moment in EACH:
        await wuhan.go(moment, moment, moment.replace("09:00", "09:05"))
    assert wuhan.whens(candidate) == TOLD
    assert wuhan.whens(hr) == TOLD
    assert wuhan.whens(elsewhere) == []
    last = wuhan.heard(hr)[-1].text
    assert "今天截止" in last
    assert "2023年6月26日" in last
    notes = [row["dedupe_key"] for row in await rows(wuhan.service.store, staff_notes)]
    assert len([key for key in notes if key.startswith("staff:reminder:wuhan-2023")]) == 5


# —— stopped, put off, resumed


async def test_down_all_weekend_only_what_still_helps_is_sent(wuhan: Season) -> None:
    candidate = await wuhan.person("提醒我武汉工匠", "江岸区")
    await wuhan.go("2023-06-12 09:00")
    await wuhan.go("2023-06-25 15:00")  # T-7, T-3 and T-1 fell due meanwhile
    assert wuhan.whens(candidate) == ["06-12 09:00", "06-25 15:00"]
    assert "明天截止" in wuhan.heard(candidate)[-1].text
    await wuhan.go("2023-06-27 09:00", "2023-06-28 09:00")
    assert len(wuhan.whens(candidate)) == 2, "nothing is sent once it is over"


async def test_quiet_hours_are_kept(wuhan: Season) -> None:
    candidate = await wuhan.person("提醒我武汉工匠", "江岸区")
    await wuhan.go("2023-06-22 23:30")
    assert wuhan.whens(candidate) == []
    await wuhan.go("2023-06-23 07:59")
    assert wuhan.whens(candidate) == []
    await wuhan.go("2023-06-23 08:00")
    assert wuhan.whens(candidate) == ["06-23 08:00"]
    assert "还有3天截止" in wuhan.heard(candidate)[-1].text, "counted when it is sent"


async def test_whoever_says_later_hears_it_again_and_no_more_than_that(wuhan: Season) -> None:
    candidate = await wuhan.person("提醒我武汉工匠", "江岸区")
    assert "没有可以往后推的" in await wuhan.say(candidate, "稍后提醒")
    await wuhan.go("2023-06-23 09:00")
    assert "6月24日9点" in await wuhan.say(candidate, "稍后提醒")
    assert "6月24日9点" in await wuhan.say(candidate, "等会儿再提醒")
    await wuhan.go("2023-06-24 09:00")
    assert "6月25日9点" in await wuhan.say(candidate, "稍后提醒"), "the next one comes by itself"
    await wuhan.go("2023-06-25 09:00", "2023-06-26 09:00")
    assert "6月26日12点" in await wuhan.say(candidate, "稍后提醒")
    await wuhan.go("2023-06-26 12:00")
    assert wuhan.whens(candidate)[-1] == "06-26 12:00"
    await wuhan.move("2023-06-26 20:30")
    assert "请现在就办" in await wuhan.say(candidate, "稍后提醒")
    assert len(wuhan.whens(candidate)) == 5


async def test_whoever_says_no_more_hears_no_more_of_it(wuhan: Season) -> None:
    candidate = await wuhan.person("提醒我武汉工匠", "江岸区", "提醒我无锡卓越技师")
    hr = await wuhan.unit(CODE, "武昌区")
    await wuhan.go("2023-06-19 09:00")
    assert "武汉工匠" in await wuhan.say(candidate, "不再提醒武汉工匠")
    assert "不再提醒" in await wuhan.say(hr, "别再提醒我了")
    await wuhan.go("2023-06-23 09:00")
    assert (len(wuhan.whens(candidate)), len(wuhan.whens(hr))) == (1, 1)
    listed = await wuhan.say(hr, "我的提醒")
    assert "已关" in listed
    assert "无锡市卓越技师" in await wuhan.say(candidate, "我的提醒")
    await wuhan.say(hr, "提醒我武汉工匠")
    await wuhan.go("2023-06-25 09:00")
    assert len(wuhan.whens(hr)) == 2, "asked for again"


async def test_a_wish_is_ended_by_its_number(wuhan: Season) -> None:
    candidate = await wuhan.person("提醒我武汉工匠", "江岸区", "开新通知告诉我 武汉工匠")
    listed = await wuhan.say(candidate, "我的提醒")
    assert "1 不再提醒我武汉工匠的截止" in listed
    assert "2 不用告诉我武汉工匠的新通知" in listed
    assert "新通知" in await wuhan.say(candidate, "2")
    assert "新通知" not in await wuhan.say(candidate, "我的提醒")


async def test_a_unit_that_has_handed_in_is_not_told(wuhan: Season) -> None:
    hr = await wuhan.unit(CODE, "武昌区")
    await wuhan.go("2023-06-12 09:00")
    await wuhan.hands_in(CODE, "wuhan-2023")
    await wuhan.go("2023-06-19 09:00")
    assert wuhan.whens(hr) == ["06-12 09:00"]


async def test_handed_in_between_posting_and_sending(wuhan: Season) -> None:
    hr = await wuhan.unit(CODE, "武昌区")
    await wuhan.go("2023-06-22 22:00")
    await wuhan.hands_in(CODE, "wuhan-2023")
    await wuhan.go("2023-06-23 08:00")
    assert wuhan.whens(hr) == []
    waited = [row for row in await rows(wuhan.service.store, deliveries) if row["kind"] == "reminder"]
    assert {(row["state"], row["reason"]) for row in waited if row["unit_id"]} >= {
        ("cancelled", "unsubmitted")
    }


async def test_whoever_leaves_hears_nothing(wuhan: Season) -> None:
    candidate = await wuhan.person("提醒我武汉工匠", "江岸区")
    await wuhan.simulator.unfollow(candidate)
    await wuhan.go("2023-06-12 09:00")
    assert wuhan.whens(candidate) == []


async def test_whoever_wants_no_pushes_hears_nothing(wuhan: Season) -> None:
    candidate = await wuhan.person("提醒我武汉工匠", "江岸区", "退订")
    await wuhan.go("2023-06-12 09:00")
    assert wuhan.whens(candidate) == []


# —— what is asked, and how honest the answer is


async def test_a_programme_is_asked_once_and_so_is_a_district(wuhan: Season) -> None:
    openid = await wuhan.person()
    asked = await wuhan.say(openid, "提醒我")
    assert "1 武汉工匠" in asked
    assert "哪个区" in await wuhan.say(openid, "1")
    assert "6月27日" in await wuhan.say(openid, "武汉工匠几号截止"), "a side question is answered"
    said = await wuhan.say(openid, "不清楚")
    assert "记下了" in said
    assert "江岸" not in said


async def test_in_wuxi_no_district_is_asked(wuhan: Season) -> None:
    assert "7月14日" in await wuhan.say(await wuhan.person(), "无锡卓越技师快截止了告诉我")


async def test_a_season_that_is_over_offers_the_next(tmp_path: Path) -> None:
    async with season(tmp_path, "2024-07-01 09:00") as run:
        openid = await run.person()
        assert "已截止" in await run.say(openid, "提醒我武汉工匠")
        assert "一有新通知" in await run.say(openid, "1")
        answer = await run.say(openid, "武汉市技能大师几号截止")
        assert "开新通知告诉我（武汉市技能大师）" in answer
        (wish,) = await rows(run.service.store, wishes)
        assert (wish["kind"], wish["topic"]) == ("news", "武汉/wuhan-gongjiang")


async def test_without_a_template_it_is_said_that_nothing_may_come(tmp_path: Path) -> None:
    async with season(tmp_path, "2023-06-01 10:00", templates={}) as run:
        openid = await run.person("提醒我武汉工匠")
        assert "到时可能发不到您" in await run.say(openid, "江岸区")
        await run.go("2023-06-12 09:00")
        assert run.whens(openid) == []


# —— the steps before


async def test_the_order_of_the_steps_without_days_that_nobody_entered(wuhan: Season) -> None:
    said = await wuhan.say(await wuhan.person(), "倒排 武汉工匠")
    steps = ["广泛征求意见", "集体研究", "征求公安部门意见", "征求纪检监察部门意见", "公示（在"]
    assert [said.index(step) for step in steps] == sorted(said.index(step) for step in steps)
    assert "三（一）" in said
    assert "不给具体日子" in said
    assert "最晚" not in said


async def test_days_are_planned_back_from_what_staff_entered_and_said_to_be_theirs(wuhan: Season) -> None:
    async with wuhan.service.store.work() as work:
        for step, days in (("publicity", 5), ("police", 3), ("discipline", 2)):
            duration = Duration(
                notice="wuhan-2023", district="", step=step, working_days=days, entered_by="李经办"
            )
            await work.set_duration(duration=duration, now=wuhan.service.clock.now())
    openid = await wuhan.person()
    said = await wuhan.say(openid, "推荐前要做什么，武汉工匠")
    # 6月22日 and 23日 are a holiday in 2023, 25日 is worked instead: 5 working days before the 26th
    assert "公示（在征求公安部门意见、征求纪检监察部门意见之后）" in said
    assert "最晚6月18日开始" not in said
    assert "最晚6月16日开始、6月25日做完（按经办填的5个工作日）" in said
    assert "最晚6月13日开始、6月15日做完（按经办填的3个工作日）" in said
    assert "经办人员填的经验，不是通知写的" in said
    assert "国务院" not in said
    async with wuhan.service.store.work() as work:
        rest = EnteredDay(working=False, name="停工", source="区里通知")
        await work.set_day(day=date(2023, 6, 21), entered=rest, now=wuhan.service.clock.now())
    assert "最晚6月15日开始、6月25日做完" in await wuhan.say(openid, "推荐前要做什么，武汉工匠")


async def test_where_the_notice_wants_nothing_before_it_is_said(wuhan: Season) -> None:
    said = await wuhan.say(await wuhan.person(), "倒排 无锡市技能大师工作室")
    assert "没有写报上去之前单位要先走哪些步骤" in said
    openid = await wuhan.person()
    assert "1 武汉工匠" in await wuhan.say(openid, "倒排")
    assert "征求公安" in await wuhan.say(openid, "1")


# —— how it is said

SAID = [
    ("提醒我武汉工匠截止", "remind"),
    ("题醒我", "remind"),
    ("武汉技能大师快截止了告诉我一声", "remind"),
    ("帮我设个提醒", "remind"),
    ("tixing wo", "remind"),
    ("别再提醒我了", "remind_stop"),
    ("不在提醒", "remind_stop"),
    ("取消提醒武汉工匠", "remind_stop"),
    ("明天再提醒我", "remind_later"),
    ("等会儿再提醒我一次", "remind_later"),
    ("我设了哪些提醒", "remind_list"),
    ("我的提醒", "remind_list"),
    ("武汉工匠出新通知告诉我", "remind_news"),
    ("下一届开始告诉我", "remind_news"),
    ("不用告诉我新通知了", "remind_news_stop"),
    ("订阅日历", "calendar"),
    ("能不能加到手机日历里", "calendar"),
    ("收回日历", "calendar_revoke"),
    ("推荐前要做哪些事", "preparing"),
    ("帮我倒排一下", "preparing"),
    ("武汉工匠几号截止", ASK),
    ("退回了怎么办", ASK),
    ("公示几天", ASK),
    ("通知什么时候发的", ASK),
]


@pytest.mark.parametrize(("said", "act"), SAID)
def test_everyday_wordings(said: str, act: str) -> None:
    assert READER.read(said, Context()).act == act
