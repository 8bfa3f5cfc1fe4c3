"""Laws of the normal form, figures, pinyin and YAML; what is mended, and what is left alone."""

from __future__ import annotations

import time
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import cn2an
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.faults import Fault, KnowledgeError
from knowledge.figures import chinese_number, figures
from knowledge.language import blurred, heard, is_han, latin_runs, latin_syllables, normalise, sound
from knowledge.lexicon import Lexicon, Sense, Sort
from knowledge.library import Library
from knowledge.notice import Aspect
from knowledge.reading import Context
from knowledge.understanding import Reader
from knowledge.yaml_source import read

LIBRARY = Library.load()
READER = Reader(LIBRARY)
QUICK_S = 0.25
"""CPU time that no single message may need, on a slow and busy machine."""

TEXT = st.text(st.characters(codec="utf-8"), max_size=120)
CHINESE = st.text(
    "武汉工匠无锡卓越技师几号截止找谁问电话东西湖区一二三十百万元个名，。？ 0123456789-—:/.aeghinswux",
    max_size=60,
)


def names() -> Iterable[str]:
    for notice in LIBRARY.notices.values():
        for programme in notice.programmes:
            yield from (programme.name, *programme.names, *programme.old_names)
        for part in (notice, *notice.relays):
            for region in part.regions:
                yield from (region.name, *region.names)


def topics() -> Iterable[str]:
    vocabulary = LIBRARY.vocabulary
    rows = [row.words for row in vocabulary.aspects.values()]
    rows += [row.words for row in vocabulary.matters.values()]
    yield from (word.lstrip("~=") for words in rows for word in words)


# —— the normal form


@given(TEXT | CHINESE)
def test_the_normal_form_is_its_own_normal_form(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize("text", ["a" * 499 + " b", "e\u200b\u0301", "\u200b ", "İ"])
def test_the_normal_form_holds_at_its_edges(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
    assert len(normalise(text)) <= 500


@given(TEXT)
def test_the_normal_form_has_nothing_invisible_and_single_spaces(text: str) -> None:
    normal = normalise(text)

    assert "  " not in normal
    assert normal == normal.strip()
    assert not {"\u200b", "\u202e", "\ufeff", "\x00", "\n", "\t"} & set(normal)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("武漢市技能大師工作室", "武汉市技能大师工作室"),
        ("無錫　卓越技師", "无锡 卓越技师"),
        ("ＷＵＨＡＮ１２３", "wuhan123"),
        ("几号\r\n截止\t？", "几号 截止 ?"),
        ("\u202e止截\u200b", "止截"),
        ("②０２４", "2024"),
        ("", ""),
    ],
)
def test_one_normal_form(written: str, normal: str) -> None:
    assert normalise(written) == normal


def test_every_wording_is_in_the_normal_form_so_that_it_can_be_found() -> None:
    assert [word for word in {*names(), *topics()} if normalise(word) != word.lower()] == []


# —— figures


@given(st.lists(TEXT | CHINESE, max_size=4))
def test_the_figures_of_a_text_hold_those_of_its_parts(parts: list[str]) -> None:
    assert figures("。".join(parts)) >= frozenset().union(*map(figures, parts))


@given(st.integers(0, 10**11))
def test_a_number_is_its_own_figure_with_and_without_commas(number: int) -> None:
    assert figures(f"共{number}元") == figures(f"共{number:,}元") == {str(number)}


@given(st.integers(1, 9999).filter(lambda number: number not in (1, 100, 1000)))
def test_chinese_numerals_before_a_unit_are_the_same_figure(number: int) -> None:
    assert figures(f"共{cn2an.an2cn(number)}人") == {str(number)}


@given(st.integers(0, 12).flatmap(lambda digits: st.integers(0, 10**digits - 1)))
def test_chinese_numerals_are_read_as_another_library_writes_them(number: int) -> None:
    assert chinese_number(cn2an.an2cn(number)) == number


@given(st.text("零〇一二两三四五六七八九十百千万亿", max_size=8))
def test_any_numerals_are_one_number_or_none(text: str) -> None:
    value = chinese_number(text)

    assert value is None or chinese_number(cn2an.an2cn(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("两千三", 2300),
        ("两千零三", 2003),
        ("一万二", 12_000),
        ("一亿二", 120_000_000),
        ("一百二十五万三", 1_253_000),
        ("十万零一千", 101_000),
        ("二〇二四", 2024),
        ("一百一万", None),
        ("五十三四", None),
        ("十零三", None),
        ("十十三", None),
        ("百万", None),
        ("", None),
    ],
)
def test_numerals_as_people_say_them(text: str, value: int | None) -> None:
    assert chinese_number(text) == value


@given(st.integers(1, 9999))
def test_ten_thousands_are_the_same_figure(count: int) -> None:
    assert figures(f"{count}万元") == figures(f"{count * 10_000}元")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0510—83597000-87521", {"0510-83597000-87521", "510", "83597000", "87521"}),
        ("２０２４年７月１４日24:00前", {"2024", "7", "14", "24", "0"}),
        ("两千字以内，五张以下", {"2000", "5"}),
        ("5年累计不超过10万元", {"5", "100000"}),
        ("第三届，一线，万一，千万别", set()),
        ("1:1.2或1:1.3", {"1", "1.2", "1.3"}),
        ("", set()),
    ],
)
def test_figures_of(text: str, found: set[str]) -> None:
    assert figures(text) == found


@given(TEXT)
def test_what_is_no_numeral_is_none_and_never_an_error(text: str) -> None:
    assert chinese_number(text) is None or isinstance(chinese_number(text), int)


# —— sounds


def test_every_character_of_a_name_has_a_sound() -> None:
    assert [word for word in names() for char in word if is_han(char) and not sound(char)] == []


def test_what_is_heard_is_heard_the_same_again() -> None:
    syllables = {sound(chr(code)) for code in range(0x4E00, 0xA000)} - {""}

    assert len(syllables) > 350
    assert [s for s in syllables if blurred(blurred(s)) != blurred(s) or not s.isascii()] == []


@pytest.mark.parametrize("pair", ["之资", "吃词", "是四", "张赞", "经今", "光关"])
def test_sounds_that_many_do_not_tell_apart(pair: str) -> None:
    assert heard(pair[0]) == heard(pair[1])


@given(st.lists(st.sampled_from("武汉工匠无锡卓越技师几号截止东西湖"), min_size=1, max_size=12))
def test_spaced_pinyin_is_cut_as_it_was_joined(chars: list[str]) -> None:
    syllables = [sound(char) for char in chars]

    assert latin_syllables(" ".join(syllables)) == syllables
    assert latin_runs(" ".join(syllables)) == [(0, len(" ".join(syllables)))]


@given(TEXT | CHINESE)
def test_runs_of_pinyin_stand_in_order_and_apart(text: str) -> None:
    text = normalise(text)
    runs = latin_runs(text)

    assert all(start < end for start, end in runs)
    assert all(before[1] <= after[0] for before, after in pairwise(runs))
    assert all(text[start].isascii() and text[end - 1].isascii() for start, end in runs)


# —— mending


@pytest.mark.parametrize("words", [names, topics], ids=["names", "topics"])
def test_a_known_wording_is_left_as_it_is(words: Any) -> None:
    read_as = {word: READER.read(word, Context()).mended for word in set(words())}

    assert len(read_as) > 100
    assert {word: mended for word, mended in read_as.items() if mended} == {}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("技能大是", "技能大师"),
        ("武汉公匠几号截止", "武汉工匠"),
        ("武汉工将", "武汉工匠"),
        ("卓悦技师", "卓越技师"),
        ("卓月技师奖多少", "卓越技师"),
        ("卓赿技师", "卓越技师"),
        ("手席技师", "首席技师"),
        ("东西胡区", "东西湖区"),
        ("梁西区电话", "梁溪区"),
        ("推荐名鹅", "推荐名额"),
        ("领板人", "领办人"),
        ("一式一议", "一事一议"),
        ("武漢工匠", "武汉工匠"),
        ("無錫卓越技師", "无锡卓越技师"),
        ("東西湖區", "东西湖区"),
        ("wuhan gongjiang", "武汉 工匠"),
        ("wuhan gongjiang jihao jiezhi", "几号截止"),
        ("wuxi jineng dashi", "无锡 技能大师"),
        ("wuxi zhuoyue jishi", "卓越技师"),
        ("ｗｕｈａｎ gongjiang", "武汉 工匠"),
    ],
)
def test_an_error_is_mended(written: str, meant: str) -> None:
    assert meant.replace(" ", "") in READER.read(written, Context()).text.replace(" ", "")


@pytest.mark.parametrize(
    "text",
    [
        "今天天气怎么样",
        "大事不好了",
        "你说得对",
        "我在公交车上",
        "这个工程师很厉害",
        "我想吃火锅",
        "师傅在家睡觉",
        "他是个大事务所的律师",
        "打死我也不去",
        "结婚戒指多少钱",
        "老公匠气十足",
        "有的放矢",
        "电话打不通怎么办",
        "五一放假吗",
        "hello",
        "he is a good man",
        "https://61.160.99.102:8061/wxjnrc/login.html",
        "me@example.org",
        "第二届的名单",
    ],
)
def test_a_plain_sentence_is_left_as_it_is(text: str) -> None:
    reading = READER.read(text, Context())

    assert reading.mended == ()
    assert reading.text == text
    assert reading.programmes == ()


@pytest.mark.parametrize("context", [Context(aspects=(Aspect.CONTACT,)), Context(districts=("江阴市",))])
def test_a_district_is_readily_heard_where_one_is_expected(context: Context) -> None:
    assert READER.read("宜新的", context).mended == (("宜新", "宜兴"),)
    assert READER.read("宜新的", Context()).mended == ()
    assert READER.read("重新走", context).mended == ()


@pytest.mark.parametrize(
    ("text", "read"),
    [("新五区电话", "新吴区"), ("青善区几个名额", "青山区"), ("汉杨区", "汉阳区"), ("梁西区找谁", "梁溪区")],
)
def test_a_district_is_heard_by_its_sound_where_one_character_is_wrong(text: str, read: str) -> None:
    assert READER.read(text, Context()).districts == (read,)


def test_mending_tells_what_was_read_as_what() -> None:
    lexicon = Lexicon(
        [("技能大师", Sense(Sort.PROGRAMME, "master", 1.0)), ("截止", Sense(Sort.ASPECT, "deadline", 1.0))]
    )

    mended = lexicon.mend("技能大是jiezhi")
    assert lexicon.mend("技能大是 jie zhi").changes == (("jie zhi", "截止"), ("技能大是", "技能大师"))
    assert mended.text.startswith("技能大师")
    assert lexicon.mend("技能大师截止").changes == ()


@given(TEXT | CHINESE)
@settings(max_examples=150)
def test_any_text_is_read_without_error_and_soon(text: str) -> None:
    begun = time.process_time()
    reading = READER.read(text, Context())

    assert time.process_time() - begun < QUICK_S
    assert len(reading.text) < 4000
    assert all(written in normalise(text) or meant for written, meant in reading.mended)


LATIN = ["a", "xian", "xi'an ", "ji", "1", "1-", " ", "http://", "{{7*7}}", "' OR 1=1;--"]
HAN = [
    "师",
    "技能大是",
    "武汉工匠",
    "明年",
    "第一",
    "万",
    "一",
    "十",
    "，",
    "我五十三岁",
    "二（一）4",
    "🙂",
    "\u202e",
    "ㅤ",
]


@pytest.mark.parametrize("unit", LATIN + HAN)
def test_a_long_repetition_is_read_soon(unit: str) -> None:
    begun = time.process_time()
    READER.read(unit * (10_000 // len(unit)), Context())
    figures(unit * (10_000 // len(unit)))

    assert time.process_time() - begun < 2 * QUICK_S


def test_reading_is_deterministic() -> None:
    text = "我五十三了高级技师 武汉工匠几号截止 找谁问"

    assert Reader(LIBRARY).read(text, Context()) == READER.read(text, Context())


# —— YAML

VALUES = st.recursive(
    st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(categories=("L", "N")), min_size=1, max_size=8), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@given(VALUES)
@settings(suppress_health_check=list(HealthCheck))
def test_yaml_is_read_as_it_was_written(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "value.yaml"
    path.write_text(yaml.safe_dump(value, allow_unicode=True), encoding="utf-8")

    assert read(path, "value").value == value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("2024-07-14", "2024-07-14"),
        ("1:1.2", "1:1.2"),
        ("24:00", "24:00"),
        ("0510", "0510"),
        ("83275590", 83275590),
        ("-3", -3),
        ("0", 0),
        ("1_000", "1_000"),
        ("1.5", 1.5),
        (".5", ".5"),
        ("~", None),
        ("'12'", "12"),
    ],
)
def test_a_scalar_means_what_its_author_meant(written: str, value: Any, tmp_path: Path) -> None:
    path = tmp_path / "value.yaml"
    path.write_text(f"- {written}\n", encoding="utf-8")

    (found,) = read(path, "value").value
    assert found == value
    assert type(found) is type(value)


def test_the_line_of_every_value_is_known(tmp_path: Path) -> None:
    path = tmp_path / "rows.yaml"
    path.write_text("# remark\n- id: a\n  say: |-\n    b\n    c\n- {id: d, of: [e, f]}\n", encoding="utf-8")

    source = read(path, "rows")

    assert {place: source.line(place) for place in [(0,), (0, "id"), (0, "say"), (1,), (1, "of", 1)]} == {
        (0,): 2,
        (0, "id"): 2,
        (0, "say"): 3,
        (1,): 6,
        (1, "of", 1): 6,
    }
    assert source.line((0, "no such field")) == 2


@given(st.binary(max_size=60))
@settings(suppress_health_check=list(HealthCheck))
def test_any_bytes_are_a_value_or_faults(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bytes.yaml"
    path.write_bytes(content)

    faults: tuple[Fault, ...] = ()
    try:
        read(path, "bytes")
    except KnowledgeError as error:
        faults = error.faults
    assert all(fault.file == "bytes" and fault.line >= 1 for fault in faults)


def test_yaml_that_holds_itself_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "loop.yaml"
    path.write_text("&a [*a]\n", encoding="utf-8")

    with pytest.raises(KnowledgeError):
        read(path, "loop")
