"""Reminders over the encrypted wire: told once each, not to whom it does not concern, never too late."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from store.schema import consents, staff_notes, wishes
from tests.seasons import Season, season
from tests.store.scene import rows
from tests.store.units import CODE

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
