"""How sections stand in a reply: by notice where all fits, each notice's first thing first where not."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bot.wording import Wording
from handlers.contract import Reply, Section
from knowledge.library import Library
from knowledge.reading import Scope

NOW = datetime(2024, 7, 1, tzinfo=UTC)
LIBRARY = Library.load()
FIRST, SECOND = Scope(notice="wuhan-2023"), Scope(notice="wuxi-2024")


def said(limit_bytes: int, *, first: float = 9) -> list[tuple[str, str]]:
    """The cities of the headings and the topics of four sections, in the order of a reply's first part; the
    one of the city whose season is over weighs `first`."""
    sections = [
        Section(template="silences/silent", values=silence(topic), scope=scope, weight=weight)
        for topic, scope, weight in (("a", FIRST, first), ("b", SECOND, 8), ("c", FIRST, 7), ("d", SECOND, 6))
    ]
    worded = Wording().word(Reply(sections=sections), LIBRARY, now=NOW, limit_bytes=limit_bytes)
    return re.findall(r"【(武汉|无锡)】|关于“(.)”", worded.parts[0])


def silence(topic: str) -> dict[str, object]:
    return {"topics": [topic], "notes": ["x" * 100], "near": [], "office": None, "cite": ""}


def listed(scope: Scope, *says: str) -> list[str]:
    """The lines of a list of these sentences below the heading."""
    values = {"label": "", "rows": [{"say": say, "cite": "一", "office": None} for say in says]}
    sections = [Section(template="facts/list", values=values, scope=scope, weight=2)]
    worded = Wording().word(Reply(sections=sections), LIBRARY, now=NOW, limit_bytes=2048)
    return worded.parts[0].splitlines()[1:]


def test_a_notices_sections_stand_together_where_all_fit_the_open_season_first() -> None:
    assert said(2048) == [("无锡", ""), ("", "b"), ("", "d"), ("武汉", ""), ("", "a"), ("", "c")]


def test_a_season_that_is_over_comes_first_where_it_fits_far_better() -> None:
    assert said(2048, first=20)[:2] == [("武汉", ""), ("", "a")]


def test_each_notice_has_its_first_word_where_not_all_fits() -> None:
    assert said(700)[:4] == [("无锡", ""), ("", "b"), ("武汉", ""), ("", "a")]


def test_a_line_does_not_begin_with_what_its_heading_says() -> None:
    one = Scope(notice="wuxi-2024", programmes=("wuxi-zhuoyue",))
    assert listed(one, "无锡市卓越技师：每人1万元。") == ["· 每人1万元。〔一〕"]
    assert listed(one, "无锡市卓越技师申报表：要填。") == ["· 申报表：要填。〔一〕"]
    both = Scope(notice="wuhan-2023", programmes=("wuhan-gongjiang",))
    assert listed(both, "武汉工匠、武汉市技能大师：上传。") == ["· 上传。〔一〕"]
    assert listed(both, "武汉市技能大师：上传。") == ["· 武汉市技能大师：上传。〔一〕"]
    assert listed(SECOND, "无锡在线复核：8月。", "无锡市卓越技师：每人1万元。") == [
        "· 在线复核：8月。〔一〕",
        "· 无锡市卓越技师：每人1万元。〔一〕",
    ]


def test_what_leads_to_a_list_stands_before_it() -> None:
    rows = {"label": "", "rows": [{"say": "x", "cite": "一", "office": None}]}
    sections = [
        Section(template="silences/unsure", scope=SECOND, weight=10),
        Section(template="facts/list", values=rows, scope=SECOND, weight=2),
    ]
    worded = Wording().word(Reply(sections=sections), LIBRARY, now=NOW, limit_bytes=2048)
    assert worded.parts[0].splitlines()[-2:] == [
        "您问的这一点，这份通知里可能没有写。最接近的规定是：",
        "· x〔一〕",
    ]


def in_order(asked: dict[str, int], limit_bytes: int, *, beside: bool = False) -> list[str]:
    """The topics of a phone's section and of a heavier deadline's, in the order of a reply's first part."""
    sections = [
        Section(
            template="facts/list",
            values={"label": label, "rows": [{"say": "x" * 100, "cite": "一", "office": None}]},
            facts=(fact,),
            scope=FIRST,
            weight=weight,
            beside=beside and label == "a",
        )
        for label, fact, weight in (
            ("a", "wuhan-2023/phone.gongjiang", 2),
            ("b", "wuhan-2023/stage.submit", 3),
        )
    ]
    worded = Wording().word(Reply(sections=sections), LIBRARY, now=NOW, order=asked, limit_bytes=limit_bytes)
    return re.findall("■ (.)", worded.parts[0])


def test_several_questions_are_answered_in_their_order_where_all_fits() -> None:
    phone_first = {"contact": 0, "deadline": 1}
    assert in_order(phone_first, 2048) == ["a", "b"]
    assert in_order(phone_first, 300)[:1] == ["b"]
    assert in_order(phone_first, 2048, beside=True) == ["b", "a"]
    assert in_order({"deadline": 0, "contact": 1}, 2048) == ["b", "a"]
    assert in_order({}, 2048) == ["b", "a"]
