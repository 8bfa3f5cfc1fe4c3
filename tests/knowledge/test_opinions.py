"""What officers write under a return: item by item, each with the material that it surely concerns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.library import Library
from knowledge.likeness import Names
from knowledge.notice import Material
from knowledge.opinions import Item, Opinions

OPINIONS = Opinions(Library.load())


def materials(items: tuple[Item, ...]) -> list[str]:
    return [
        item.material.fact.item if item.material and isinstance(item.material.fact, Material) else ""
        for item in items
    ]


@pytest.mark.parametrize(
    ("opinion", "lead", "items"),
    [
        ("1、缺章；2、缺照片。3、缺日期", "", ["缺章", "缺照片。", "缺日期"]),
        ("请修改：①缺章②缺照片", "请修改：", ["缺章", "缺照片"]),
        ("（1）缺1.5万元的证明（2）缺章", "", ["缺1.5万元的证明", "缺章"]),
        ("一、缺章 二、缺照片", "", ["缺章", "缺照片"]),
        ("第一，缺章；第二，缺照片", "", ["缺章", "缺照片"]),
        ("缺章；缺照片\n缺日期", "", ["缺章", "缺照片", "缺日期"]),
        ("1. 缺章", "", ["缺章"]),
        ("缺2023年1、2月的社保", "", ["缺2023年1、2月的社保"]),
        ("不符合二（一）第4项的要求", "", ["不符合二（一）第4项的要求"]),
        ("缺章", "", ["缺章"]),
        ("  ", "", []),
    ],
)
def test_an_opinion_is_split_where_it_numbers(opinion: str, lead: str, items: list[str]) -> None:
    read = OPINIONS.read(opinion, "wuhan-gongjiang")

    assert (read.lead, [item.text for item in read.items]) == (lead, items)


@pytest.mark.parametrize(
    ("programme", "text", "material"),
    [
        ("wuhan-gongjiang", "职业资格证书缺少照片页", "职业资格等级（职业技能等级）证书"),
        ("wuhan-gongjiang", "纪检监察意见未盖章", "征求公安部门和纪检监察部门意见材料"),
        ("wuhan-gongjiang", "缺少单位公示情况说明", "公示情况材料"),
        ("wuhan-dashi", "荣誉证书扫描件不清晰，请重新上传", "所获荣誉、奖项的证书或文件"),
        ("wuxi-zhuoyue", "主要业绩超过2000字", "申报人主要工作业绩、个人承诺书等"),
        # what could be either, or is none of the notice's materials, is left unsaid
        ("wuhan-gongjiang", "证书不清晰", ""),
        ("wuhan-gongjiang", "专利证书未上传", ""),
        ("wuhan-gongjiang", "身份证过期", ""),
        ("wuhan-gongjiang", "请重新填写", ""),
        ("wuxi-zhuoyue", "获奖证书缺少2020年的", ""),
        ("", "职业资格证书缺少照片页", ""),
        ("no-programme", "职业资格证书缺少照片页", ""),
    ],
)
def test_an_item_names_its_material_only_where_that_is_sure(programme: str, text: str, material: str) -> None:
    assert materials(OPINIONS.read(text, programme).items) == [material]


@given(st.text(alphabet="1一二（）()①、.；\n 缺章照片", max_size=40))
def test_nothing_that_an_officer_wrote_is_lost(opinion: str) -> None:
    read = OPINIONS.read(opinion, "wuhan-gongjiang")
    told = read.lead + "".join(item.text for item in read.items)

    for sign in "缺章照片":
        assert told.count(sign) == opinion.count(sign)


def test_a_name_is_like_what_shares_its_rare_part() -> None:
    names = Names(
        ["武汉重型机床集团有限公司", "武汉船用机械有限责任公司", "湖北工业大学", "武汉甲乙有限公司"]
    )

    assert [name for name, _ in names.nearest("武汉重型机床集团公司", least=0.5)] == [
        "武汉重型机床集团有限公司"
    ]
    assert [name for name, _ in names.nearest("湖北工大", least=0.5)] == ["湖北工业大学"]
    assert names.nearest("武汉丙丁有限公司", least=0.5) == []
    assert Names([]).nearest("武汉", least=0.5) == []


@given(st.lists(st.text(alphabet="武汉重型机床船用公司", min_size=2, max_size=8), min_size=2, unique=True))
def test_a_name_is_most_like_itself(names: list[str]) -> None:
    shares = dict(Names(names).nearest(names[0], least=0.0, most=len(names)))

    assert all(0 <= share <= 1 for share in shares.values())
    assert names[0] not in shares or shares[names[0]] == max(shares.values())
