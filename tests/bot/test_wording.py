"""How sections stand in a reply: by notice where all fits, each notice's first thing first where not."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bot.wording import Wording
from handlers.contract import Reply, Section
from knowledge.library import Library
from knowledge.reading import Scope

NOW = datetime(2024, 7, 1, tzinfo=UTC)
LIBRARY = Library.load()
FIRST, SECOND = Scope(notice="wuhan-2023"), Scope(notice="wuxi-2024")


def said(limit_bytes: int) -> list[tuple[str, str]]:
    """The cities of the headings and the topics of four sections, in the order of a reply's first part."""
    sections = [
        Section(template="silences/silent", values=silence(topic), scope=scope, weight=weight)
        for topic, scope, weight in (("a", FIRST, 9), ("b", SECOND, 8), ("c", FIRST, 7), ("d", SECOND, 6))
    ]
    worded = Wording().word(Reply(sections=sections), LIBRARY, now=NOW, limit_bytes=limit_bytes)
    return re.findall(r"【(武汉|无锡)】|关于“(.)”", worded.parts[0])


def silence(topic: str) -> dict[str, object]:
    return {"topics": [topic], "notes": ["x" * 100], "near": [], "office": None, "cite": ""}


def test_a_notices_sections_stand_together_where_all_fit() -> None:
    assert said(2048) == [("武汉", ""), ("", "a"), ("", "c"), ("无锡", ""), ("", "b"), ("", "d")]


def test_each_notice_has_its_first_word_where_not_all_fits() -> None:
    assert said(700)[:4] == [("武汉", ""), ("", "a"), ("无锡", ""), ("", "b")]
