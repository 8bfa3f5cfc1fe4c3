"""What a turn leaves behind for the figures and the gaps, without anything of the person."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from bot.dialogue import Dialogue, Said
from knowledge.library import Library
from store.records import Answer
from tests.talk import talk


@cache
def dialogue() -> Dialogue:
    return Dialogue(Library.load())


def last(*turns: str) -> Said:
    return talk(dialogue(), turns)[-1]


def counted(said: Said) -> list[tuple[str, str]]:
    rows = [effect.values for effect in said.effects if effect.name == "count_check"]
    return [(row["what"], row["name"]) for row in rows]


@pytest.mark.parametrize(
    ("text", "answer", "city"),
    [
        ("武汉工匠几号截止", Answer.FOUND, "武汉"),
        ("无锡卓越技师去哪里交材料", Answer.FOUND, "无锡"),
        ("宇宙飞船怎么开", Answer.UNKNOWN, ""),
        ("你好", Answer.NONE, ""),
        ("转人工", Answer.NONE, ""),
    ],
)
def test_a_message_is_noted_by_what_it_came_to(text: str, answer: Answer, city: str) -> None:
    noted = last(text).noted

    assert (noted.answer, noted.city) == (answer, city)
    assert bool(noted.topic) == (answer is Answer.FOUND)


def test_a_district_is_noted_where_one_is_named() -> None:
    assert last("东西湖区武汉工匠交到哪里").noted.district == "东西湖区"


def test_what_was_not_answered_is_a_gap_and_what_was_is_none() -> None:
    gaps = [effect.values for effect in last("宇宙飞船怎么开").effects if effect.name == "gap"]

    assert gaps == [{"question": "宇宙飞船怎么开", "why": "unknown", "city": "", "district": ""}]
    assert [effect for effect in last("武汉工匠几号截止").effects if effect.name == "gap"] == []


def test_what_did_not_help_is_a_gap_of_the_question_before() -> None:
    gaps = [effect.values for effect in last("武汉工匠几号截止", "没帮到").effects if effect.name == "gap"]

    assert gaps == [{"question": "武汉工匠几号截止", "why": "unhelpful", "city": "武汉", "district": ""}]


def test_a_self_check_is_counted_once_when_it_begins_and_once_when_it_ends() -> None:
    turns = ["我能报武汉工匠吗", *["不知道"] * 60, "查看结果"]
    said = talk(dialogue(), turns)
    found = Counter(row for one in said for row in counted(one))

    assert found[("begun", "")] == 1
    assert sum(count for (what, _), count in found.items() if what == "outcome") == 1


def test_a_refusal_counts_the_criteria_that_failed() -> None:
    said = talk(dialogue(), ["我能报武汉工匠吗", *["我已经退休了，单位返聘"] * 8, *["不知道"] * 10])
    found = {row for one in said for row in counted(one)}

    assert ("outcome", "unmet") in found
    assert {what for what, _ in found} == {"begun", "outcome", "failed"}
