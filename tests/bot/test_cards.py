"""Fields of templates: what fits, and how words are shortened so that they still say the truth."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards import LINES, RULES, Misfit, fitted, shortened, type_of
from bot.simulator.values import takes

WORDS = st.text("无锡市精密机械有限公司退回原因：，。；（）0123456789 abcXYZ.", min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("区级截止", "区级截止"),
        ("无锡卓越技师区级截止，请单位盖章后报送区人社局", "无锡卓越技师区级截止…"),
        ("无锡市某某精密机械制造股份有限公司第一分公司", "无锡市某某精密机械制造股份有限公司第一…"),
        ("请在年底以前把全部材料送到区人社局2024年7月15日前有效", "请在年底以前把全部材料送到区人社局…"),
        ("联系电话是区人社局技能人才科的0510-82752610", "联系电话是区人社局技能人才科的…"),
        ("12345678901234567890123", "1234567890123456789…"),
    ],
)
def test_words_are_shortened_by_clauses_and_never_within_a_number(text: str, short: str) -> None:
    assert shortened(text, 20) == short


@given(WORDS, st.integers(4, 30))
def test_what_is_shortened_fits_and_begins_as_it_did(text: str, longest: int) -> None:
    short = shortened(text, longest)
    assert len(short) <= longest
    if text != short:
        assert short.endswith("…")
        assert text.startswith(short[:-1])
        kept, rest = short[:-1], text[len(short) - 1 :]
        whole_number = re.fullmatch(r"[0-9A-Za-z.,:/%-]+", text[: longest - 1])
        assert whole_number or not (kept[-1:].isdigit() and rest[:1].isdigit())


@given(st.sampled_from(sorted(RULES)), st.one_of(WORDS, st.text(max_size=50)))
def test_a_field_is_filled_as_the_platform_takes_it_or_not_at_all(kind: str, value: str) -> None:
    with suppress(Misfit):
        assert takes(f"{kind}1", fitted(f"{kind}1", value))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("thing1", "无锡某精密机械有限公司"),
        ("time2", "2024年7月5日 17:00"),
        ("time2", "2024-07-05 17:00"),
        ("date3", "2024年7月5日"),
        ("date3", "2024年7月5日 17:00"),
        ("phrase4", "初审退回"),
        ("character_string5", "WX-2024/7"),
        ("number6", "3"),
        ("name7", "张三"),
        ("amount8", "3000元"),
        ("phone_number9", "0510-82752610"),
        ("keyword1", "任何文字" * 20),
    ],
)
def test_what_fits_is_left_as_it_is(field: str, value: str) -> None:
    assert fitted(field, value) == value
    assert takes(field, value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("thing1", ""),
        ("time2", "7月5日前"),
        ("date3", "月底"),
        ("phrase4", "专家评审通过"),
        ("phrase4", "ok"),
        ("character_string5", "字"),
        ("number6", "三"),
    ],
)
def test_what_does_not_fit_names_its_field(field: str, value: str) -> None:
    with pytest.raises(Misfit, match=f"^{field} "):
        fitted(field, value)


def test_a_constant_is_one_of_its_choices() -> None:
    assert fitted("const1", "已退回", ["已退回", "待申报"]) == "已退回"
    with pytest.raises(Misfit):
        fitted("const1", "别的", ["已退回"])


def test_every_line_has_a_type_that_there_is() -> None:
    assert set(LINES.values()) <= set(RULES)
    assert type_of("character_string12") == "character_string"
