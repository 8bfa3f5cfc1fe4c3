"""The whole self-check over the encrypted wire: each programme, to each kind of verdict."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml

from tests.wire import Wire, wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

PEOPLE: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "checks.yaml").read_text(encoding="utf-8")
)
MOST = 20


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Wire]:
    async with wire(tmp_path_factory.mktemp("selfcheck")) as running:
        yield running


def asked(text: str) -> str:
    """The question that a reply ends with; empty where it asks nothing."""
    found = re.findall(r"^第\d+题(?:（[^）]*）)? (.+)", text, re.MULTILINE)
    return found[-1] if found else ""


async def checked(line: Wire, person: dict[str, Any]) -> tuple[list[str], str]:
    """Every question that a person is asked, and the reply that ends the check."""
    openid = line.simulator.person().openid
    reply = (await line.simulator.say(openid, person["say"])).text
    questions: list[str] = []
    while question := asked(reply):
        questions.append(question)
        assert len(questions) <= MOST, questions
        answer = next((a for part, a in person["answers"].items() if part in question), "不知道")
        reply = (await line.simulator.say(openid, answer)).text
    return questions, reply


@pytest.mark.parametrize("person", PEOPLE, ids=lambda p: f"{p['programme']}-{p['verdict']}")
async def test_a_person_is_led_to_the_verdict(line: Wire, person: dict[str, Any]) -> None:
    questions, reply = await checked(line, person)

    assert f"■ {person['programme']}：{person['verdict']}" in reply
    assert [words for words in person.get("hear", []) if words not in reply] == []
    assert len(set(questions)) == len(questions)
    assert "不是认定" in reply


async def test_every_programme_comes_to_each_verdict_that_it_can_come_to() -> None:
    met = {"武汉工匠", "武汉市技能大师"}
    for programme in {person["programme"] for person in PEOPLE}:
        verdicts = {person["verdict"] for person in PEOPLE if person["programme"] == programme}
        assert {"待评审认定", "待主管部门确认", "不符合"} <= verdicts
        assert ("符合明文条件" in verdicts) == (programme in met)


async def test_a_side_question_is_answered_and_the_question_comes_again(line: Wire) -> None:
    first, side, after = await line.ask("我能报武汉工匠吗", "武汉工匠几号截止", "1")
    assert asked(first)
    assert "6月27日" in side
    assert asked(side) == asked(first)
    assert asked(after) != asked(first)


async def test_an_answer_is_changed_and_what_follows_from_it_is_said(line: Wire) -> None:
    *_, refused, changed = await line.ask("我能报武汉工匠吗", "我已经退休了", "改成还没退休，在一线干活")
    assert "不符合" in refused
    assert "变为" in changed
    assert asked(changed)


async def test_the_last_question_can_be_answered_again(line: Wire) -> None:
    first, second, back, other = await line.ask("我能报武汉工匠吗", "1", "上一题", "已经退休")
    assert asked(second)
    assert asked(back) == asked(first)
    assert "不符合" in other


async def test_a_check_goes_on_after_a_pause(line: Wire) -> None:
    _, second, quit_, elsewhere, again = await line.ask(
        "我能报武汉工匠吗", "1", "退出", "无锡卓越技师几号截止", "继续"
    )
    assert not asked(quit_)
    assert "7月14日" in elsewhere
    assert not asked(elsewhere)
    assert asked(again) == asked(second)


async def test_an_answer_off_the_point_is_asked_thrice_and_then_parked(line: Wire) -> None:
    first, *again, parked = await line.ask("我能报武汉工匠吗", "嗯那个啥", "哎呀你猜", "随便吧")
    assert [asked(reply) for reply in again] == [asked(first)] * 2
    assert asked(parked) != asked(first)


async def test_what_gainsays_an_earlier_answer_by_the_way_is_asked_at_once(line: Wire) -> None:
    """五（一）: nobody is checked as at work who said meanwhile that he is retired."""
    told = ("自查武汉工匠", "高级技师，车工", "就是去年退休了又返聘回来带徒弟，碍不碍事", "已经退休了")
    _, before, after, verdict = await line.ask(*told)
    assert "职业资格或技能等级：高级技师" in before
    assert "前面记的是“没有退休”，这句说的是“已经退休（含退休返聘）”" in after
    assert "退休人员不得作为推荐对象" in after
    assert "您现在属于哪种情况" in asked(after)
    assert "■ 武汉工匠：不符合" in verdict


async def test_all_programmes_of_a_city_are_checked_at_once(line: Wire) -> None:
    reply = "".join((await line.ask("自查武汉全部项目", "看结果", "更多", "更多"))[1:])
    for programme in ("武汉工匠", "武汉市技能大师", "武汉市技能大师工作室"):
        assert f"■ {programme}：信息不足" in reply
    assert "不得推荐同一人申报多个评选项目" in reply


async def test_an_unknown_exclusion_is_not_taken_as_absent(line: Wire) -> None:
    """五（三）: whoever does not know whether he was selected before gets no favourable verdict."""
    person = {**PEOPLE[0], "answers": {**PEOPLE[0]["answers"], "评上过": "不知道"}}
    _, reply = await checked(line, person)
    assert "■ 武汉工匠：信息不足" in reply


async def test_without_a_programme_only_the_choice_is_offered(line: Wire) -> None:
    (reply,) = await line.ask("我想查查自己够不够格")
    assert "条件之一" not in reply
    assert "武汉工匠" in reply


async def test_what_was_told_beside_a_question_is_kept_for_the_check_that_follows(line: Wire) -> None:
    openid = line.simulator.person().openid
    await line.simulator.say(openid, "1966年2月生，做锡绣的，年纪超了好几岁，工作室有没有特殊通道？")
    reply = (await line.simulator.say(openid, "自查无锡市技能大师工作室")).text

    assert "1966年2月" in reply
