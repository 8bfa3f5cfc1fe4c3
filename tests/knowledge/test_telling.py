"""What people tell, in their own words, becomes facts; what is unsure is left out."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from knowledge.dictionary import Days, Item, Items, OneOf, Span, Value, dump, known, merge
from knowledge.faults import KnowledgeError
from knowledge.interview import Interview, Question
from knowledge.language import normalise
from knowledge.library import DATA, Library
from knowledge.lines import denial
from knowledge.pattern import LazyPattern
from knowledge.sayings import Row
from knowledge.telling import Telling, Told

HERE = Path(__file__).parent / "telling"
TODAY = {"wuhan-2023": date(2023, 6, 10), "wuxi-2024": date(2024, 6, 15)}
WUHAN = "wuhan-2023"

LIBRARY = Library.load()
TELLING = Telling(LIBRARY)


def rows(name: str) -> list[dict[str, Any]]:
    loaded = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
    assert isinstance(loaded, list)
    return loaded


def shown(value: Value) -> Any:
    """A value as the rows write it: one option or several, a number or its bounds, two days, records."""
    match value:
        case OneOf(options):
            return next(iter(options)) if len(options) == 1 else sorted(options)
        case Span(low, high):
            return low if low == high else f"{low:g}..{high:g}"
        case Days(first, last):
            return f"{first}..{last}"
        case Items():
            return {key: told for key, told in dump(value).items() if key != "denied"}


@cache
def question(id_: str, notice: str) -> Question:
    """The question as an interview on all of the notice's programmes begins with it; on another notice's
    where this one does not ask it."""
    for name in (notice, *LIBRARY.notices):
        programmes = [ruleset.programme for ruleset in LIBRARY.notices[name].criteria.rulesets]
        if asked := Interview(LIBRARY, programmes).question(id_, {}, frozenset()):
            return asked
    raise AssertionError(id_)


def read(row: Mapping[str, Any]) -> Told:
    notice = row.get("notice", WUHAN)
    asked = question(row["asked"], notice) if "asked" in row else None
    return TELLING.read(row["say"], today=TODAY[notice], notice=notice, asked=asked)


def test_stories_tell_just_what_is_said() -> None:
    stories = rows("stories.yaml")
    found = {row["say"]: {f: shown(v) for f, v in read(row).values.items()} for row in stories}

    assert len(found) >= 150
    assert {row["say"]: found[row["say"]] for row in stories if found[row["say"]] != row["tells"]} == {}


ANSWERS = ["answers.yaml", "answers_unseen.yaml", "answers_people.yaml", "answers_people_unseen.yaml"]


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_are_understood_as_given(name: str) -> None:
    answers = rows(name)
    wrong = []
    for row in answers:
        told = read(row)
        got = ({f: shown(v) for f, v in told.values.items()}, sorted(told.unsure), told.understood)
        if got != (row["tells"], row.get("unsure", []), row.get("understood", True)):
            wrong.append((row["asked"], row["say"], got))

    assert len(answers) >= 150
    assert wrong == []


def test_whatever_is_a_no_denies_what_is_asked() -> None:
    told = yaml.safe_load((HERE / "denials.yaml").read_text(encoding="utf-8"))
    missed = []
    for asked in told["asked"]:
        fills = question(asked, WUHAN).fills
        for say in told["denials"]:
            values = read({"say": say, "asked": asked}).values
            if not all(fact in values and denial(values[fact]) for fact in fills):
                missed.append((asked, say))

    assert len(told["denials"]) >= 80
    assert missed == []


@pytest.mark.parametrize("asked", ["unit_city", "honours", "contests", "won", "mentor"])
@pytest.mark.parametrize("say", ["没退休", "嗯 没退休", "没退休，一线"])
def test_what_denies_something_else_is_no_answer(asked: str, say: str) -> None:
    told = read({"say": say, "asked": asked}).values

    assert told["retired"] == known("working")
    assert not [fact for fact in told if fact.partition("/")[0] == asked]


def test_each_fact_comes_with_its_words() -> None:
    told = TELLING.read("我53岁,高级技师,车间主任", today=TODAY[WUHAN], notice=WUHAN)

    assert told.words == {"birth": "53岁", "skill_level": "高级技师", "rank": "车间主任"}


FRAGMENTS = [row["say"] for name in ("stories.yaml", "answers.yaml") for row in rows(name)]
ASKED = sorted({row["asked"] for row in rows("answers.yaml")})


@given(
    st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=8), max_size=4).map(" ".join),
    st.sampled_from(ASKED) | st.none(),
    st.sampled_from(sorted(TODAY)),
)
def test_whatever_is_said_the_values_are_of_the_dictionary(text: str, asked: str | None, notice: str) -> None:
    told = read({"say": text, "notice": notice} | ({"asked": asked} if asked else {}))

    assert told.values.keys() == told.words.keys()
    assert told.values.keys().isdisjoint(told.unsure)
    for fact, value in told.values.items():
        domain = LIBRARY.dictionary[fact.partition("/")[0]].domain()
        assert not isinstance(value, OneOf) or value.options
        assert not domain or (isinstance(value, OneOf) and value.options <= domain)
        assert not isinstance(value, Days) or value.first <= value.last
        assert not isinstance(value, Span) or value.low <= value.high


def test_what_a_row_needs_stands_in_all_that_it_matches() -> None:
    sayings = LIBRARY.vocabulary.telling
    patterns: list[tuple[Row, LazyPattern]] = [
        (row, pattern) for row in sayings.options for pattern in (*row.says.values(), *row.weak.values())
    ]
    patterns += [
        (row, row.says)
        for rows_ in (sayings.periods, sayings.amounts, sayings.deeds, sayings.nothing)
        for row in rows_
    ]
    texts = [normalise(fragment) for fragment in FRAGMENTS]

    for row, pattern in patterns:
        for text in texts:
            match = pattern.search(text)
            assert match is None or row.may(frozenset(match.group())), (row.near, match.group())


RECORD = st.dictionaries(st.sampled_from(["kind", "tier", "year"]), st.sampled_from(["a", "b"]), min_size=1)
ITEMS = st.builds(
    Items, st.lists(RECORD.map(Item.of), max_size=4).map(lambda xs: tuple(dict.fromkeys(xs))), st.booleans()
)


@given(ITEMS, ITEMS)
def test_records_told_later_join_those_before(old: Items, new: Items) -> None:
    both = merge(old, new)

    assert isinstance(both, Items)
    assert both.complete == (old.complete or new.complete)
    assert set(both.items) <= {*old.items, *new.items}
    assert all(
        any(set(item.fields) <= set(kept.fields) for kept in both.items) for item in (*old.items, *new.items)
    )
    assert merge(both, new) == both


def test_any_other_value_is_replaced_by_the_newer() -> None:
    assert merge(known("yes"), known("no")) == known("no")
    assert merge(None, Span(5, 6)) == Span(5, 6)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("  - fact: rank\n", "  - fact: rung\n", "options.0"),
        ("      mid_manager: |", "      chief: |", "options.0"),
        ("  wish: |-\n    ", "  wish: |-\n    {nowhere}", "moods.wish"),
        ("  past: |-\n    ", "  past: |-\n    (", "moods.past"),
        ("  - id: research\n", "  - id: reserch\n", "deeds"),
    ],
)
def test_a_slip_in_the_sayings_is_told_with_its_line(tmp_path: Path, old: str, new: str, field: str) -> None:
    base = tmp_path / "data"
    shutil.copytree(DATA, base)
    path = base / "common" / "telling.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(KnowledgeError) as raised:
        Library.load(base=base)

    fault = next(f for f in raised.value.faults if f.file == "common/telling.yaml")
    assert fault.field == field
    assert fault.line > 1


ANY = (
    "嗯",
    "有",
    "没有",
    "不是",
    "1",
    "1和2",
    "都没有",
    "都有",
    "大概有吧",
    "2018年",
    "五个",
    "不对 我是技师",
    "问过了没有",
    "？",
)
PROGRAMMES = [(notice.id, p.id) for notice in LIBRARY.notices.values() for p in notice.programmes]


@pytest.mark.parametrize(("notice", "programme"), PROGRAMMES)
def test_any_answer_can_be_given_to_any_question(notice: str, programme: str) -> None:
    interview, unsure, asked = Interview(LIBRARY, [programme]), frozenset[str](), 0
    while question := interview.next({}, unsure):
        for id_ in (question.id, *question.fills):
            put = interview.question(id_, {}, unsure)
            assert put is not None
            assert all(line.label for line in put.lines)
            for text in ANY:
                told = TELLING.read(text, today=TODAY[notice], notice=notice, asked=put)
                assert not told.aside or not told.values
        unsure, asked = unsure.union(question.fills), asked + 1
    assert asked >= 5
