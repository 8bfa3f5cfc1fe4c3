"""A city, or a district's relay, is data alone: a folder of YAML, and the bot answers from it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from bot.dialogue import Dialogue, Said
from knowledge import cases
from knowledge.edition import Season
from knowledge.library import Library
from tests.talk import sample, talk
from tests.wire import wire

ADDED = Path(__file__).parent / "added"
IN_SEASON = datetime.fromisoformat("2026-04-20T09:00:00+08:00")
RELAYED = datetime.fromisoformat("2023-06-10T09:00:00+08:00")

Row = tuple[str, Sequence[str], Sequence[str]]

THIRD_CITY: Sequence[Row] = [
    ("临江工匠几号截止", ["2026年4月30日17:00", "还有10天", "三（一）", "临人社发〔2026〕12号"], ["6月27日"]),
    ("临江找谁问", ["周一帆", "0890-5550123", "联系人"], ["83919071", "0510"]),
    ("临江市人社局地址在哪", ["滨河路9号"], ["金桥大道"]),
    ("临江工匠申报条件", ["58周岁", "高级工", "前3名", "6人", "退休人员不得申报"], ["高级技师"]),
    ("临江匠心工作室团队要几个人", ["不少于4人", "一（二）"], ["5人"]),
    ("临江工匠要交什么材料", ["一式两份", "1500字"], ["2000字"]),
    ("东岸区能推几个临江工匠", ["7名", "四"], ["5名"]),
    ("临江西岸区的推荐名额", ["5名", "船舶类"], ["7名"]),
    ("临江匠心工作室满打满算能拿多少钱", ["最多6万元", "五"], ["15万"]),
    ("临江东岸区加上西岸区一共能推几个工匠", ["12名"], ["33"]),
    ("临江工匠在哪个网站报", ["https://rc.linjiang.example/"], ["ggfw", "61.160"]),
    ("我们厂在望潮街道，归哪个区，电话多少", ["望潮街道属东岸区", "0890-5550123"], ["027", "0510"]),
]
SILENT = ["临江工匠奖金多少", "临江工匠最后评几个", "临江邮箱是多少", "临江西岸区的电话"]
STAY: Sequence[Row] = [
    ("武汉工匠找谁问", ["83919071", "83919068"], ["0890", "临江"]),
    ("武汉工匠几号截止", ["2023年6月27日", "已过"], ["4月30日", "临江"]),
    ("无锡几号截止", ["2024年7月14日24:00", "已过"], ["4月30日", "临江"]),
    ("宜兴卓越技师名额", ["9人", "紫砂类"], ["临江"]),
]
RELAYS: Sequence[Row] = [
    ("江夏区武汉工匠几号截止", ["2023年6月20日", "还有10天", "江夏区2023年转发通知 第2段"], ["东西湖区"]),
    ("江夏区找谁问", ["027-85550199", "沈小河", "谭鑫培路1号"], ["83891432"]),
    ("东西湖区武汉工匠几号截止", ["2023年6月26日", "还有16天"], ["6月20日", "江夏区"]),
    ("东西湖区找谁问", ["027-83891432", "吴中街302号"], ["85550199"]),
    ("汉阳区电话多少", ["没有写汉阳区的电话", "83919071"], ["85550199", "83891432"]),
]


CASES = """people:
  welder:
    {unit_city: 临江, unit_kind: enterprise, frontline: yes, retired: working, birth: 1980-01,
     skill_level: 技师, contests: [], linjiang.apprentices: 6, linjiang.craft: no, members: 4}
cases:
  - {id: met, like: welder, why: 一（一）, expect: 符合明文条件, decisive: [gongjiang.2]}
  - {id: judged, like: welder, why: 一（一）3, facts: {linjiang.apprentices: 5, linjiang.craft: yes},
     expect: 待评审认定, decisive: [gongjiang.3]}
  - {id: other_city, like: welder, why: 一（一）, facts: {unit_city: 武汉}, expect: 不符合,
     decisive: [gongjiang.city]}
  - {id: between, like: welder, why: 一（一）年龄在发文日和截止日不同, facts: {birth: 1967-04-01},
     expect: 待主管部门确认, decisive: [gongjiang.age]}
  - {id: open, like: welder, why: 一（一）, unknown: [linjiang.apprentices, linjiang.craft],
     expect: 信息不足, worst: 不符合, best: 符合明文条件, decisive: [gongjiang.2, gongjiang.3]}
"""


@pytest.fixture
def added(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder outside the project that holds a copy of the one notice that the test names."""
    shutil.copytree(ADDED / request.param, tmp_path / "notices" / request.param)
    return tmp_path / "notices"


def only(notice: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("added", [notice], indirect=True)


def misses(row: Row, reply: str) -> list[str]:
    """What the reply lacks, and what it should not say."""
    _, said, unsaid = row
    return [f"lacks {s}" for s in said if s not in reply] + [f"says {s}" for s in unsaid if s in reply]


def about_a_known_city(said: Said) -> bool:
    return said.reading is not None and bool(said.reading.city) and not said.reading.other_city


@only("linjiang-2026")
async def test_a_third_city_is_answered_and_the_others_stay(added: Path, tmp_path: Path) -> None:
    async with wire(tmp_path, now=IN_SEASON, knowledge_dir=added) as line:
        replies = {row[0]: (await line.ask(row[0]))[0] for row in (*THIRD_CITY, *STAY)}
        silent = {question: (await line.ask(question))[0] for question in SILENT}

    assert {q: f for row in (*THIRD_CITY, *STAY) if (f := misses(row, replies[q := row[0]]))} == {}
    for question, reply in silent.items():
        assert "没有写" in reply, question
        assert "0890-5550123" in reply, question


@only("linjiang-2026")
async def test_a_third_city_keeps_a_conversation_and_its_season(added: Path, tmp_path: Path) -> None:
    async with wire(tmp_path, now=IN_SEASON, knowledge_dir=added) as line:
        _, then = await line.ask("临江工匠几号截止", "找谁问")
        (notices,) = await line.ask("看通知")
        passed = datetime.fromisoformat("2026-04-30T17:00:00+08:00")
        await line.service.clock.set(line.service.store, now=passed, rate=1.0)
        (late,) = await line.ask("临江工匠几号截止")

    assert "0890-5550123" in then
    assert "临江2026年通知" in notices
    assert "还有" not in late
    assert "本届申报已截止" in late


@only("jiangxia-2023")
async def test_a_second_district_hears_its_own_date_and_telephone(added: Path, tmp_path: Path) -> None:
    async with wire(tmp_path, now=RELAYED, knowledge_dir=added) as line:
        replies = {row[0]: (await line.ask(row[0]))[0] for row in RELAYS}

    assert {q: f for row in RELAYS if (f := misses(row, replies[q := row[0]]))} == {}


@only("jiangxia-2023")
def test_a_relay_adds_to_its_parent_and_has_no_season_of_its_own(added: Path) -> None:
    library = Library.load(added)
    wuhan = library.notices["wuhan-2023"]

    assert "jiangxia-2023" not in library.notices
    assert [relay.id for relay in wuhan.relays] == ["dongxihu-2023", "jiangxia-2023"]
    assert wuhan.season(datetime.fromisoformat("2023-06-21T00:00:00+08:00")) is Season.OPEN


@only("linjiang-2026")
def test_a_third_city_changes_no_answer_about_another_city(added: Path) -> None:
    before, after = Dialogue(Library.load()), Dialogue(Library.load(added))
    talks = {tuple(question["turns"]): talk(before, question["turns"]) for question in sample()}
    of_a_city = {turns for turns, said in talks.items() if all(map(about_a_known_city, said))}

    assert len(of_a_city) > len(talks) / 2
    for turns in of_a_city:
        assert [said.text for said in talk(after, turns)] == [said.text for said in talks[turns]]


@only("linjiang-2026")
def test_a_third_city_judges_by_its_own_criteria_and_claims(added: Path, tmp_path: Path) -> None:
    library = Library.load(added)
    (tmp_path / "linjiang-gongjiang.yaml").write_text(CASES, encoding="utf-8")

    results = [cases.judge(library, case) for case in cases.load(library, tmp_path)]

    assert len(results) == 5
    assert [(result.case.id, result.found, result.decisive) for result in results if not result.passed] == []
    assert all(cases.judge(library, case).passed for case in cases.load(library))


@only("jiangxia-2023")
def test_periods_are_reckoned_to_the_deadline_of_the_units_own_district(added: Path, tmp_path: Path) -> None:
    library = Library.load(added)
    text = (cases.FOLDER / "wuhan-gongjiang.yaml").read_text(encoding="utf-8")
    people = text[text.index("people:") : text.index("cases:")]
    row = "  - {{id: {0}, like: engineer, why: 满3年, facts: {{engineer_since: 2020-06-22}}, {1}}}\n"
    city = row.format("city", "expect: 待主管部门确认")
    district = row.format("district", "districts: [江夏区], expect: 不符合, decisive: [gongjiang.level]")
    (tmp_path / "wuhan-gongjiang.yaml").write_text(f"{people}cases:\n{city}{district}", encoding="utf-8")

    in_city, in_district = (cases.judge(library, case) for case in cases.load(library, tmp_path))

    assert in_city.passed
    assert in_district.found.outcome is in_district.case.expect
    assert "gongjiang.engineer_years" in in_district.decisive
