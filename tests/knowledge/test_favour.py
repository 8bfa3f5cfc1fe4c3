"""What speaks for a candidate is read only where it is plainly had: all else is left open, and asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from itertools import cycle
from pathlib import Path

import pytest
import yaml

from knowledge.dictionary import SURE_YES, Items, OneOf, Value, known
from knowledge.interview import Interview, Question
from knowledge.library import Library
from knowledge.telling import Telling

LIBRARY = Library.load()
TELLING = Telling(LIBRARY)
TODAY = {"wuhan-2023": date(2023, 6, 10), "wuxi-2024": date(2024, 6, 15)}

FRAMES = {
    "denied": """没拿过N 我没有N N没有 N我没评上 还没升N 还没升到N 没考到N 没评N 还没晋升N 没聘上N 未取得N
还没够到N 没上N 没够上N 离N还差得远 N一直没拿下来 N考了三次都没过 评N被刷下来了 N评审没通过
N跟我没关系 哪有什么N N轮不到我 不是N N没戏 N还没影子 N没我的份 N与我无缘 从来没沾过N的边
N，没评上 N，可惜没拿到 N这些我都没有 N这类称号从来没拿过 N让别人拿走了 N我弃权了 N申请被退回
N落空了 N成了泡影 错失N 放弃了N 懒得考N 陪跑N""",
    "likened": """我手艺顶个N 老板说我早就顶个N了 我顶得上N 我抵得上N 活儿赶得上N 我不比N差 我跟N差不多
水平不输N
相当于N 老板说我够N了 大家都说我是N水平 我算半个N 干的活跟N一样 拿N的工资 享受跟N一样的待遇
比N还厉害 当N用 冒充N 近似N 接近N 候补N 类似N 仅次于N 媲美N""",
    "wished": """想考N 想拿N 梦想是N 明年考N 打算评N 争取拿N 正在考N 准备报N 目标是N 一心想要N 盼着拿N
就想弄个N
要能拿个N就好了 早晚是N 下一步N 下个月考N N想都不敢想""",
    "possible": """能考N 可以考N 这工种能考N 有资格评N 够条件评N N随时能考 符合N条件 够格考N
单位推荐我报N 有望评N
可能评上N 本来可以拿N的 差点拿了N 差一点就是N N的证还在路上 N只差论文 N还在审 N排队等着
答应评我N""",
    "of others": """我师傅是N 徒弟是N 同事拿了N 班长是N 师弟有N 厂里有三个N 我们主任是N 隔壁车间老李是N
我老婆是N
跟着N学过 给N打过下手 教我的是N 带我的人是N 身边都是N 老班长是N N那是人家的事""",
    "lost": """N被撤销了 N作废了 N被取消了 以前的N后来被收回了 拿过N又被撤了 N资格被取消 N被收走 N除名了""",
    "hearsay": """听说我是N 有人说我是N 据说评了N 别人以为我是N 大家都喊我N 外号叫N 人家叫我N 传我拿了N""",
    "quoted": """文件要求N 通知里写的是N 条件是N 要有N才行 必须是N 是N才能报 要N才可以 规定得有N 你们说的N
政策是N 得是N 光有N才行""",
    "supposed": """要是有N就好了 如果我是N 假如拿了N 等我拿了N再说 万一评上N 我要是N就不问了""",
    "asked": """我算N吗 我是不是N N怎么考 N有什么用 N是什么 怎样才算N 这算不算N""",
}

CLAIMS = {
    ("skill_level", "wuhan-2023"): "高级工 技师 高级技师 特级技师 二级技师 一级证 高级技师证 技师证",
    ("eng_title", "wuhan-2023"): "工程师 高级工程师 正高级工程师 高工职称 工程师资格",
    (
        "honours",
        "wuhan-2023",
    ): """中华技能大奖 全国技术能手 国务院特殊津贴 湖北省首席技师 省技能大师 省技术能手
武汉市技术能手 民间工艺技能传承大师 省政府专项津贴 省突出贡献人才 市五一劳动奖章 荆楚工匠""",
    ("contests", "wuhan-2023"): """省赛第一名 国赛第三名 市一类大赛第一名 全国技能大赛冠军 世界技能大赛金牌
全市职工技能比武前三名""",
    ("sci_award", "wuhan-2023"): "省科技进步奖 国家科技进步二等奖 市科技进步奖",
    ("studio_approved", "wuhan-2023"): "市人社局批的技能大师工作室 市级技能大师工作室 省级技能大师工作室",
    ("won", "wuhan-2023"): "武汉工匠 武汉市技能大师",
    ("won", "wuxi-2024"): "无锡市卓越技师 无锡市技能大师工作室",
}

DEEDS = """改造设备一年省了50万 攻克了三项技术难题 解决了行业难题 发明专利5项 首创了快换操作法 革新搞了20项
编写了操作规程 带出了10个技师 填补了国内空白"""
DEED_FRAMES = """没有人说我D 想要D 准备D 梦想是D 争取明年D 如果我D 要是能D就好了 等我D再说 假如D 听说我D
别人以为我D 我师傅D 同事D 我们班长D 教我的人D 文件要求D 条件是D 必须D才行 是不是要D 可能D 可以D
能够D 从来没有D 未曾D 没能D"""

PHRASES: dict[str, str] = yaml.safe_load(
    (Path(__file__).parent / "telling" / "favour.yaml").read_text(encoding="utf-8")
)


@cache
def question(id_: str, notice: str) -> Question | None:
    """The question as an interview on all of the notice's programmes begins with it."""
    programmes = [ruleset.programme for ruleset in LIBRARY.notices[notice].criteria.rulesets]
    return Interview(LIBRARY, programmes).question(id_, {}, frozenset())


def had(fact: str, value: Value) -> bool:
    """Whether a value says that there is something, whatever it is."""
    if isinstance(value, Items):
        return any(item.get("role") != "教练" for item in value.items)
    if not isinstance(value, OneOf):
        return fact.startswith("engineer")
    entry = LIBRARY.dictionary[fact.partition("/")[0]]
    return value == SURE_YES if entry.yes_or_no else value.options.isdisjoint({"none", "unit"})


def told(text: str, id_: str, notice: str, *, answer: bool = False) -> dict[str, Value]:
    """What a text tells as had of the facts of a kind."""
    asked = question(id_, notice) if answer else None
    values = TELLING.read(text, today=TODAY[notice], notice=notice, asked=asked).values
    kinds = {id_, "slot"} if id_ == "won" else {id_, "engineer_since"} if id_ == "eng_title" else {id_}
    return {f: v for f, v in values.items() if f.partition("/")[0] in kinds and had(f, v)}


def sayings(frames: str, names: str) -> Iterator[str]:
    return (frame.replace("N", name) for frame in frames.split() for name in names.split())


@pytest.mark.parametrize(("id_", "notice"), CLAIMS)
@pytest.mark.parametrize("meant", FRAMES)
def test_what_is_not_had_is_not_told(meant: str, id_: str, notice: str) -> None:
    wrong = []
    contexts = cycle(["我是电工，{}", "我是电工，{}，在武汉一家机械厂上班", "{}。我是厂里的电工"])
    for said, context in zip(sayings(FRAMES[meant], CLAIMS[id_, notice]), contexts, strict=False):
        wrong += [said for _ in told(context.format(said), id_, notice)]
        wrong += ["? " + said for _ in told(said, id_, notice, answer=True)]

    assert wrong == []


@pytest.mark.parametrize("meant", sorted(PHRASES.keys() - {"deeds"}))
def test_words_that_no_list_of_doubts_has_are_left_open_too(meant: str) -> None:
    wrong = []
    claims = cycle(CLAIMS)
    contexts = cycle(["我是电工，{}", "我是电工，{}，在武汉一家机械厂上班", "{}。我是厂里的电工"])
    for at, frame in enumerate(PHRASES[meant].split()):
        for id_, notice in (next(claims) for _ in range(2)):
            names = CLAIMS[id_, notice].split()
            said = frame.replace("N", names[at % len(names)])
            wrong += [said for _ in told(next(contexts).format(said), id_, notice)]
            wrong += ["? " + said for _ in told(said, id_, notice, answer=True)]

    assert wrong == []


@pytest.mark.parametrize(("id_", "notice"), CLAIMS)
def test_what_is_had_is_told(id_: str, notice: str) -> None:
    said = {
        name: any(told(frame.format(name), id_, notice) for frame in ("我拿过{}", "我是{}", "我有{}"))
        for name in CLAIMS[id_, notice].split()
    }

    assert [name for name, found in said.items() if not found] == []


@pytest.mark.parametrize(
    "say", ["我是{}", "{}", "焊工，{}，在武汉一家厂上班", "2019年考到{}，还在一线", "有{}证"]
)
@pytest.mark.parametrize("level", ["高级工", "技师", "高级技师"])
def test_a_level_told_plainly_is_taken_at_once(say: str, level: str) -> None:
    values = TELLING.read(say.format(level), today=TODAY["wuhan-2023"], notice="wuhan-2023").values

    assert values["skill_level"] == known(level)


@pytest.mark.parametrize(
    ("say", "level"),
    [
        ("高级工，修空压机的，技师", None),
        ("技师，厂里，高级技师，在武汉", None),
        ("先是高级工，2015年考到技师", "技师"),
        ("原来是技师，去年升的高级技师", "高级技师"),
        ("证是技师，还没升高级技师", "技师"),
        ("高级工，老板说我手艺早就顶个技师了，这工种能考技师", "高级工"),
    ],
)
def test_the_higher_of_two_levels_holds_only_where_time_orders_them(say: str, level: str | None) -> None:
    values = TELLING.read(say, today=TODAY["wuhan-2023"], notice="wuhan-2023").values

    assert values.get("skill_level") == (known(level) if level else None)


def test_deeds_not_done_are_not_told() -> None:
    wrong = []
    for notice, today in TODAY.items():
        facts = {
            leaf.fact for ruleset in LIBRARY.notices[notice].criteria.rulesets for leaf in ruleset.leaves
        }
        deeds = {fact for fact in facts if LIBRARY.dictionary[fact.partition("/")[0]].deeds}
        for at, frame in enumerate((DEED_FRAMES + " " + PHRASES["deeds"]).split()):
            for deed in DEEDS.split()[at % 3 :: 3]:
                text = "我是电工，" + frame.replace("D", deed)
                values = TELLING.read(text, today=today, notice=notice).values
                wrong += [(text, fact) for fact in deeds & values.keys() if values[fact] == SURE_YES]

    assert wrong == []
