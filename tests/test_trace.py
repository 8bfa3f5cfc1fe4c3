"""Every figure of every reply comes from somewhere: a fact it names, the person, a computation, a choice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from bot.dialogue import Dialogue, Said
from handlers.contract import Incoming, Reply, Turn
from handlers.registry import ALL
from knowledge.edition import Notice
from knowledge.figures import figures
from knowledge.library import Library, Sourced
from knowledge.reading import ASK, Context, Finding, Hit, Reading, Scope
from tests.talk import incoming_text, sample, talk
from tests.wire import SEASON

LIBRARY = Library.load()
DIALOGUE = Dialogue(LIBRARY)
QUESTIONS = sample()
BEFORE = datetime.fromisoformat("2023-06-10T09:00:00+08:00")
AFTER = datetime.fromisoformat("2024-09-01T09:00:00+08:00")

_UNSAID = {"id", "about", "words", "say", "order", "until", "opens", "closes"}
"""Fields that no reply shows, words of ours and exclusive ends; and `say`, which its clauses answer for."""

_CHOICE = re.compile(r"^\d+(?= )", re.MULTILINE)


def sections(said: Said) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(said.trace).get("sections", [])
    return rows


def sourced(section: dict[str, Any]) -> list[Sourced]:
    return [LIBRARY.sourced[fact] for fact in section["facts"]]


def family(notice: Notice) -> Iterator[Notice]:
    """A notice with the one that it relays, under whose heading its facts stand."""
    yield notice
    if notice.header.parent:
        yield LIBRARY.notices[notice.header.parent]


def told(said: Said) -> str:
    """The reply without the numbers of its choices."""
    return _CHOICE.sub("", said.text or "")


def untraced(said: Said, words: str) -> set[str]:
    """The figures of a reply that nothing in its trace accounts for; `words` are the person's own."""
    known = set(figures(words))
    if said.reading:
        known |= figures(said.reading.text)
    rows = [sourced(section) for section in sections(said)]
    for each in (s for row in rows for s in row):
        known |= figures(" ".join(f"{clause.id} {clause.citation} {clause.text}" for clause in each.clauses))
        known |= figures(f"{each.citation} {each.fact.model_dump_json(exclude=_UNSAID)}")
    named = [part for row in rows for s in row for part in family(s.notice)]
    for notice in named if all(rows) else LIBRARY.notices.values():
        known |= figures(notice.header.model_dump_json())
    for section in sections(said):
        known |= figures(" ".join(section["computed"].values()))
    return {figure for figure in figures(told(said)) if figure not in known}


@pytest.mark.parametrize("now", [BEFORE, SEASON, AFTER], ids=["before", "in season", "after"])
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["id"])
def test_every_figure_of_a_reply_is_traced(question: dict[str, Any], now: datetime) -> None:
    turns = question["turns"]
    for at, said in enumerate(talk(DIALOGUE, turns, now)):
        assert untraced(said, " ".join(turns[: at + 1])) == set(), said.text


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["id"])
def test_a_section_that_states_facts_cites_a_clause(question: dict[str, Any]) -> None:
    for said in talk(DIALOGUE, question["turns"]):
        assert said.text
        for section in sections(said):
            facts = sourced(section)
            assert not facts or any(s.citation in said.text for s in facts), (section, said.text)


def test_the_trace_names_the_knowledge_that_answered() -> None:
    (said,) = talk(DIALOGUE, ["无锡几号截止"])

    assert json.loads(said.trace)["knowledge"] == LIBRARY.version
    assert "wuxi-2024/stage.apply" in {fact for section in sections(said) for fact in section["facts"]}
    assert {key: value for section in sections(said) for key, value in section["computed"].items()} == {
        "left.wuxi-2024/stage.apply": "13"
    }


@pytest.mark.parametrize("figure", ["83919070", "2024年7月15日", "6万元", "还有12天", "二十五人"])
def test_a_figure_from_elsewhere_would_be_found(figure: str) -> None:
    (said,) = talk(DIALOGUE, ["无锡几号截止"])
    forged = Said(text=f"{said.text}\n{figure}", state=said.state, trace=said.trace, reading=said.reading)

    assert untraced(said, "无锡几号截止") == set()
    assert untraced(forged, "无锡几号截止")


ELSEWHERE: list[tuple[str | Incoming, ...]] = [
    ("你好", "1"),
    ("看通知", "1", "2"),
    ("查资格", "1", "我五十三了高级技师"),
    ("转人工",),
    ("没帮到",),
    ("无锡", "更多", "5"),
    ("我们厂在堰桥街道，归哪个区管",),
    ("二（一）第4项 原文", "二（一）4"),
    ("武汉工匠和技能大师有什么区别",),
    ("2025年武汉工匠几号截止",),
    ("南京的工匠奖多少钱",),
    ("隐私说明", "删除我的信息"),
]


@pytest.mark.parametrize("turns", ELSEWHERE, ids=lambda turns: str(turns[0]))
def test_every_figure_is_traced_off_the_beaten_track(turns: tuple[str, ...]) -> None:
    for at, said in enumerate(talk(DIALOGUE, turns)):
        assert untraced(said, " ".join(turns[: at + 1])) == set(), said.text


@pytest.mark.parametrize("fact", LIBRARY.sourced.values(), ids=lambda sourced: sourced.id)
def test_every_fact_that_fits_a_question_is_said(fact: Sourced) -> None:
    notice = fact.notice.header.parent or fact.notice.id
    found = Finding(
        scope=Scope(notice=notice, programmes=fact.fact.programmes),
        hits=(Hit(fact=fact.id, score=1.0, why=()),),
    )
    reading = Reading(text="?", act=ASK, aspects=(fact.fact.aspect,), findings=(found,))
    turn = Turn(incoming=incoming_text("?"), reading=reading, context=Context(), library=LIBRARY, now=SEASON)

    replies = [reply for handler in ALL if isinstance(reply := handler.answer(turn), Reply)]

    assert fact.id in {name for reply in replies for section in reply.sections for name in section.facts}
