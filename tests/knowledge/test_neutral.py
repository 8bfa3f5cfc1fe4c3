"""The facts on which a verdict stands are read only where the candidate plainly states them of himself."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import yaml

from knowledge.dictionary import SURE_NO, Item, Items, Value
from knowledge.interview import Interview, Question
from knowledge.lines import denial
from tests.knowledge.test_telling import LIBRARY, TELLING, TODAY, WUHAN, shown

HERE = Path(__file__).parent / "telling"
ROWS: list[dict[str, Any]] = [
    row
    for name in ("neutral.yaml", "neutral_unseen.yaml")
    for row in yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
]
CONTEXTS = ("我是电工，{}", "我是电工，{}，请问能报吗", "{}。我是电工，想报名")


@cache
def question(fact: str, notice: str) -> Question | None:
    """The question that fills a fact, of whichever notice asks it."""
    for name in (notice, *LIBRARY.notices):
        programmes = [ruleset.programme for ruleset in LIBRARY.notices[name].criteria.rulesets]
        if asked := Interview(LIBRARY, programmes).question(fact, {}, frozenset()):
            return asked
    return None


def sayings(row: dict[str, Any], kind: str) -> Iterator[tuple[str, str | None]]:
    """Every frame of a kind with each of the row's names, and what may be read from it."""
    for frame in row[kind].split():
        text, _, meant = frame.partition("=")
        for name, value in row["names"].items() if "N" in text else [("", None)]:
            yield text.replace("N", name), meant or (value if kind == "told" else None)


def value(fact: str, values: dict[str, Value]) -> Any:
    found = next((v for f, v in values.items() if f.partition("/")[0] == fact), None)
    if isinstance(found, Items):
        return "some" if found.items else "none"
    return None if found is None else shown(found)


def read(row: dict[str, Any], text: str, *, answer: bool = False) -> Any:
    notice = row.get("notice", WUHAN)
    asked = question(row["fact"], notice) if answer else None
    told = TELLING.read(text, today=TODAY[notice], notice=notice, asked=asked)
    return value(row["fact"], dict(told.values))


def misread(kind: str, *, answer: bool) -> tuple[list[str], int]:
    """What is read otherwise than it is meant, of so many sayings."""
    wrong, number = [], 0
    for row in ROWS:
        if answer and question(row["fact"], row.get("notice", WUHAN)) is None:
            continue
        for context, (say, meant) in zip(cycle(CONTEXTS), sayings(row, kind), strict=False):
            number += 1
            got = read(row, say if answer else context.format(say), answer=answer)
            if got is not None and got != meant:
                wrong.append(f"{row['fact']}: {say}: {got}")
    return wrong, number


@pytest.mark.parametrize("kind", ["open", "others"])
def test_what_is_not_stated_of_the_candidate_is_left_open_in_a_story(kind: str) -> None:
    assert misread(kind, answer=False)[0] == []


@pytest.mark.parametrize("kind", ["open", "others"])
def test_hardly_an_answer_is_taken_for_what_it_does_not_state(kind: str) -> None:
    wrong, number = misread(kind, answer=True)

    assert len(wrong) <= 0.05 * number, wrong


@pytest.mark.parametrize("answer", [False, True])
def test_what_is_stated_plainly_is_read(*, answer: bool) -> None:
    said = [(row, say) for row in ROWS for say, _ in sayings(row, "told")]
    missed = [say for row, say in said if read(row, say, answer=answer) is None]

    assert misread("told", answer=answer)[0] == []
    assert len(missed) <= 0.05 * len(said), missed


FIRST = Item.of({"tier": "省", "place": 1})
KNOWN = {
    "contests.class": Items((Item.of({**dict(FIRST.fields), "role": "选手"}),)),
    "contests.role": Items((Item.of({**dict(FIRST.fields), "class": "一类"}),)),
}
"""What a detail is asked of."""


def test_what_is_doubted_passed_on_or_denied_answers_no_question() -> None:
    doubts = yaml.safe_load((HERE / "doubts.yaml").read_text(encoding="utf-8"))
    wrong, number = [], 0
    for id_, options in doubts["options"].items():
        notice, asked = put(id_)
        for say in (frame.replace("X", x) for x in options for frame in doubts["frames"].split()):
            number += 1
            values = TELLING.read(say, today=TODAY[notice], notice=notice, asked=asked).values
            told = [v for f, v in values.items() if f in asked.fills and (id_ == "slot" or not denial(v))]
            wrong += [f"{id_}: {say}: {told}"] if told and told != [SURE_NO] else []

    assert len(wrong) <= 0.01 * number, wrong


def put(id_: str) -> tuple[str, Question]:
    """A question, be it of one programme only, and whose notice asks it."""
    known = {id_.partition(".")[0]: KNOWN[id_]} if id_ in KNOWN else {}
    for notice, found in LIBRARY.notices.items():
        programmes = [ruleset.programme for ruleset in found.criteria.rulesets]
        for some in (programmes, *([programme] for programme in programmes)):
            if asked := Interview(LIBRARY, some).question(id_, known, frozenset()):
                return notice, asked
    raise KeyError(id_)
