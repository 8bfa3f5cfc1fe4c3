"""The page of a self-check: what it says, to whom it opens, what it lets nobody learn."""

from __future__ import annotations

import re
from datetime import date, datetime
from html import unescape
from pathlib import Path

import pytest

from bot.pages import result
from bot.pages.links import PublicLinks, hashed
from handlers.contract import Effect
from knowledge.criteria import Outcome
from knowledge.dictionary import SURE_YES, Days, Item, Items, OneOf, Span
from tests.pages.door import Door, open_door
from tests.pages.people import (
    HEAD_OF_WORKSHOP,
    LEADER,
    MANAGER,
    MASTER,
    TOKEN,
    WUHAN,
    WUXI,
    content,
    keep,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def opened(door: Door, path: str = f"/p/{TOKEN}", status: int = 200) -> str:
    """The page's text without its marks."""
    response = await door.client.get(path)
    assert response.status == status
    body = re.sub(r"<style>.*?</style>", "", await response.text(), flags=re.DOTALL)
    return re.sub(r"\s+", "", unescape(re.sub(r"<[^>]+>", "", body)))


def has(text: str, *parts: str) -> None:
    assert [part for part in parts if part.replace(" ", "") not in text] == []


async def test_a_page_says_the_verdict_and_what_decided_it(door: Door) -> None:
    await keep(door.store, content(door.library, HEAD_OF_WORKSHOP))
    text = await opened(door)

    has(text, "武汉工匠", door.library.vocabulary.outcomes[Outcome.EXCEPTION], "结果卡在哪里", "车间主任")
    has(text, "五（一）", "现任企事业单位中层以上管理干部、退休人员不得作为推荐对象", "这是自查，不是认定")
    assert text.index("结果卡在哪里") < text.index("逐条对照")


async def test_every_clause_that_counts_is_shown_with_what_was_said(door: Door) -> None:
    await keep(door.store, content(door.library, MASTER, WUHAN[:1]))
    text = await opened(door)

    has(text, "您说的：高级技师（一级）", "您说的：全国技术能手，2021年（可能还有别的）", "您说的：武汉")
    has(
        text, "二（一）第1项", "不影响结果", "“长期”工作在一线", door.library.vocabulary.outcomes[Outcome.MET]
    )
    assert "没说" not in text


async def test_a_refusal_names_every_failure_and_what_would_end_it(door: Door) -> None:
    failing = {**MASTER, "skill_level": OneOf(frozenset({"技师"})), "frontline": SURE_YES}
    without = {"emerging_post": OneOf(frozenset({"none"})), "ent_eval": OneOf(frozenset({"none"}))}
    await keep(door.store, content(door.library, {**failing, **without}, WUHAN[:1]))
    text = await opened(door)

    has(text, "不符合", "为什么不符合", "还差什么", "补上：高级技师")
    decisive = text[text.index("为什么不符合") : text.index("还差什么")]
    assert "全国技术能手" not in decisive


async def test_what_nobody_can_change_is_not_said_to_be_missing(door: Door) -> None:
    await keep(door.store, content(door.library, MANAGER, WUHAN[:1]))
    text = await opened(door)

    has(text, "为什么不符合", "属于，不能报")
    assert "还差什么" not in text


async def test_open_facts_are_listed_by_who_can_tell(door: Door) -> None:
    values = {fact: value for fact, value in LEADER.items() if not fact.startswith("slot")}
    await keep(door.store, content(door.library, values, WUXI[:1], unsure=["slot/wuxi-studio"]))
    text = await opened(door)

    has(text, "谁能说清", "问单位人事：本单位同职业（工种）名额（无锡市技能大师工作室）", "您说的：说不清")


async def test_only_one_project_may_be_chosen_and_the_better_one_is_named(door: Door) -> None:
    await keep(door.store, content(door.library, {**MASTER, "won/wuhan-dashi": SURE_YES}))
    text = await opened(door)

    has(text, "一人只报一个项目", "不得推荐同一人申报多个评选项目", "武汉工匠的条件更稳")
    assert text.index("武汉工匠") < text.index("武汉市技能大师工作室")


async def test_the_deadline_and_the_office_are_those_of_the_district(door: Door) -> None:
    await keep(door.store, content(door.library, MASTER, WUHAN[:1], districts=["东西湖区"]))
    own = await opened(door)
    await keep(door.store, content(door.library, MASTER, WUHAN[:1]), token="other")
    city = await opened(door, "/p/other")

    has(own, "网上申报截止时间为2023年6月26日，还有6天", "027-83891432")
    assert "83919071" not in own
    has(city, "2023年6月27日前", "83919071")
    assert "6月26日" not in city


async def test_a_season_that_is_over_is_said_to_be_over(door: Door) -> None:
    late = content(door.library, LEADER, WUXI, made_at="2024-08-01T09:00:00+08:00")
    check = result.Check.read(late, door.library)
    assert check is not None
    (sheet, _) = result.sheets(check, door.library, datetime.fromisoformat("2024-08-01T09:00:00+08:00"))

    assert [past for _, _, past, _ in sheet.stages] == [True]
    assert sheet.season.value == "closed"


async def test_materials_come_from_the_answers_and_the_notice_with_their_limits(door: Door) -> None:
    await keep(door.store, content(door.library, MASTER, WUHAN[:1]))
    await keep(door.store, content(door.library, LEADER, WUXI[:1]), token="wuxi")

    has(
        await opened(door),
        "证明您说的情况",
        "荣誉证书或文件（荣誉称号）",
        "网上提交",
        "事迹材料（字数不超过2000字）",
    )
    has(await opened(door, "/p/wuxi"), "线下提交", "工作室照片（工作室照片不超过5张）", "一事一议")


async def test_a_page_follows_the_notice_and_says_that_it_has_changed(door: Door) -> None:
    await keep(door.store, content(door.library, MASTER, knowledge="000000000000"))
    await keep(door.store, content(door.library, MASTER), token="same")

    has(await opened(door), "此后通知的内容有过更新")
    assert "有过更新" not in await opened(door, "/p/same")


async def test_what_the_dictionary_no_longer_knows_is_left_out(door: Door) -> None:
    values = {**MASTER, "shoe_size": OneOf(frozenset({"42"})), "rank": OneOf(frozenset({"emperor"}))}
    await keep(door.store, content(door.library, values, WUHAN[:1]))

    has(await opened(door), "信息不足", "职务")


async def test_an_unknown_and_an_expired_and_a_lost_page_look_the_same(door: Door) -> None:
    await keep(door.store, content(door.library, MASTER), token="expired", days=0)
    await keep(door.store, content(door.library, MASTER, notice="atlantis-1"), token="lost")
    answers = [await opened(door, f"/p/{token}", 404) for token in ("unknown", "expired", "lost", "x" * 5000)]

    assert len(set(answers)) == 1
    has(answers[0], "这个链接打不开")


async def test_pages_are_kept_by_nobody_and_run_nothing(door: Door) -> None:
    await keep(door.store, content(door.library, MASTER))
    for path in (f"/p/{TOKEN}", "/p/unknown"):
        headers = (await door.client.get(path)).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Robots-Tag"] == "noindex, nofollow"
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script" not in policy
        assert "unsafe" not in policy


async def test_the_database_does_not_hold_the_token(door: Door) -> None:
    link = PublicLinks("https://bot.example.org").new("result")
    token = link.url.removeprefix("https://bot.example.org/p/")
    effect = link.keep("{}", days=30)

    assert len(token) >= 32
    assert link.token_hash == hashed(token)
    assert token not in str(effect)
    assert effect == Effect(
        name="page",
        values={"token_hash": link.token_hash, "purpose": "result", "content": "{}", "days": "30"},
    )


async def test_text_of_a_page_is_text(door: Door) -> None:
    hostile = OneOf(frozenset({"<script>alert(1)</script>"}))
    await keep(door.store, content(door.library, {**MASTER, "unit_city": hostile}, WUHAN[:1]))
    body = await (await door.client.get(f"/p/{TOKEN}")).text()

    assert "<script" not in body
    assert "&lt;script&gt;" in body


async def test_whatever_is_known_there_is_a_page(door: Door) -> None:
    for programmes in (WUHAN, WUXI):
        for values in ({}, MASTER, HEAD_OF_WORKSHOP, MANAGER, LEADER):
            token = f"{programmes[0]}-{len(values)}-{values is MANAGER}-{values is MASTER}"
            await keep(door.store, content(door.library, values, programmes), token=token)
            has(await opened(door, f"/p/{token}"), "逐条对照", "这是自查，不是认定")


async def test_a_record_that_no_option_stands_for_is_told_by_its_fields(door: Door) -> None:
    eighth = Item.of({"tier": "省", "place": 8, "role": "选手"})
    elsewhere = Item.of({"kind": "技术能手", "tier": "省", "place": "other", "year": 2022})
    values = {**MASTER, "contests": Items((eighth,), complete=True), "honours": Items((elsewhere,))}
    await keep(door.store, content(door.library, values, WUHAN[1:2]))

    await keep(door.store, content(door.library, values, WUHAN[:1]), token="other")

    has(await opened(door), "您说的：省级第8名（选手）")
    has(await opened(door, "/p/other"), "您说的：外省市省级技术能手，2022年（可能还有别的）")


async def test_months_years_and_numbers_are_told_as_they_were_said(door: Door) -> None:
    values = {**LEADER, "members": Span(4, 6), "birth": Days(date(1969, 7, 2), date(1970, 7, 1))}
    await keep(door.store, content(door.library, values, WUXI[:1]))

    has(
        await opened(door),
        "您说的：2021年已经建立",
        "您说的：4～6人",
        "您说的：1969年7月到1970年7月之间",
        "技师（二级）或高级技师（一级）",
    )


async def test_without_an_address_for_people_there_are_no_pages(tmp_path: Path) -> None:
    async with open_door(tmp_path, public_url="") as door:
        await keep(door.store, content(door.library, MASTER))
        assert (await door.client.get(f"/p/{TOKEN}")).status == 404
