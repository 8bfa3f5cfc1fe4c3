"""What people tell, in their own words, becomes facts; what is unsure is left out."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from knowledge.dictionary import Days, Item, Items, OneOf, Span, Value, dump, known, merge
from knowledge.faults import KnowledgeError
from knowledge.interview import Line, Question
from knowledge.language import normalise
from knowledge.library import DATA, Library
from knowledge.sayings import Row
from knowledge.telling import Telling, Told

HERE = Path(__file__).parent / "telling"
TODAY = {"wuhan-2023": date(2023, 6, 10), "wuxi-2024": date(2024, 6, 15)}
WUHAN = "wuhan-2023"
TITLES = {"won": ("wuhan-gongjiang", "wuhan-dashi"), "slot": ("wuxi-studio",)}

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
            return dump(value)


def question(id_: str) -> Question:
    """The question on a screen, a fact or titles."""
    screens = [*LIBRARY.screens, *(s for n in LIBRARY.notices.values() for s in n.screens)]
    screen = next((s for s in screens if s.id == id_), None)
    if screen:
        lines = [Line(label=x.label, values={f: known(o) for f, o in x.sets.items()}) for x in screen.lines]
        kind = "many" if screen.many else "one"
        return ask(id_, kind, lines, screen.fills, none=screen.none)
    entry = LIBRARY.dictionary[id_]
    if entry.type == "titles":
        facts = {f"{id_}/{p}": LIBRARY.programmes[p][1].name for p in TITLES[id_]}
        lines = [Line(label=name, values={fact: known("yes")}) for fact, name in facts.items()]
        return ask(id_, "many", lines, tuple(facts), none=entry.none, who=entry.who)
    if entry.yes_or_no:
        pairs = [("是", known("yes")), ("不是", known("no"))]
    elif entry.type == "place":
        pairs = [("在", known("武汉")), ("不在", known("elsewhere"))]
    else:
        pairs = [(o.shown, known(o.id)) for o in entry.options if not o.record]
    lines = [Line(label=label, values={id_: value}) for label, value in pairs]
    lines += [
        Line(label=o.shown, values={id_: Items((Item.of(o.record),))}) for o in entry.options if o.record
    ]
    kind = {"records": "many", "number": "number", "month": "month"}.get(entry.type, "one")
    return ask(id_, kind, lines, (id_,), none=entry.none, who=entry.who)


def ask(
    id_: str, kind: Any, lines: Sequence[Line], fills: Sequence[str], *, none: str, who: Any = "self"
) -> Question:
    return Question(
        id=id_,
        kind=kind,
        ask="",
        help="",
        example="",
        unit="",
        lines=tuple(lines),
        none=none,
        fills=tuple(fills),
        moves={},
        who=who,
    )


def read(row: Mapping[str, Any]) -> Told:
    notice = row.get("notice", WUHAN)
    asked = question(row["asked"]) if "asked" in row else None
    return TELLING.read(row["say"], today=TODAY[notice], notice=notice, asked=asked)


def test_stories_tell_just_what_is_said() -> None:
    stories = rows("stories.yaml")
    found = {row["say"]: {f: shown(v) for f, v in read(row).values.items()} for row in stories}

    assert len(found) >= 150
    assert {row["say"]: found[row["say"]] for row in stories if found[row["say"]] != row["tells"]} == {}


def test_answers_are_understood_as_given() -> None:
    answers = rows("answers.yaml")
    wrong = []
    for row in answers:
        told = read(row)
        got = ({f: shown(v) for f, v in told.values.items()}, sorted(told.unsure), told.understood)
        if got != (row["tells"], row.get("unsure", []), row.get("understood", True)):
            wrong.append((row["asked"], row["say"], got))

    assert len(answers) >= 150
    assert wrong == []


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
    told = TELLING.read(text, today=TODAY[notice], notice=notice, asked=question(asked) if asked else None)

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
    patterns: list[tuple[Row, re.Pattern[str]]] = [
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
        ("      mid_manager: '", "      chief: '", "options.0"),
        ("  wish: '", "  wish: '{nowhere}", "moods.wish"),
        ("  past: '", "  past: '(", "moods.past"),
        ("  - {id: research,", "  - {id: reserch,", "deeds"),
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
