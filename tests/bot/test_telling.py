"""Every alert that there is can be told: whole, and as a card whose lines fit the platform's fields."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import product
from typing import Any, Final

import pytest

from bot.cards import LINES, fitted
from bot.notification import Notifier
from bot.simulator.values import takes
from bot.wording import TEMPLATES, Wording
from handlers.registry import TELLING
from tests.bot.office import LIBRARY, NOW, WORDS, Memo
from tests.progressing import ALERTS

BINDINGS = ("joined", "left", "handed_over", "confirmed", "granted", "removed")
_VALUES = {"programmes": ["wuhan-gongjiang", "wuhan-dashi"], "district": "东西湖区", "side": "unit"}
ONLINE = {**_VALUES, "stage": "dongxihu-2023/stage.online"}
APPLY = {**_VALUES, "stage": "wuxi-2024/stage.apply", "programmes": ["wuxi-studio"], "district": ""}
RECHECK = {**APPLY, "stage": "wuxi-2024/stage.recheck", "side": "staff"}
QUESTION = "武汉工匠评审会在哪里开呀请问一下各位"
BULLETIN: Final[Mapping[str, Any]] = {
    "title": "关于报送2024年度高技能人才名单的通知",
    "pieces": ["请", {"name": "unit"}, "报送"],
    "city": "武汉",
    "district": "东西湖区",
    "corrects": {"title": "关于报送2023年度高技能人才名单的通知", "month": 7, "day": 1},
}
SAMPLES: Final[Mapping[str, Sequence[Mapping[str, Any]]]] = {
    "binding/refused": [{}],
    "binding/told": [{"what": what, "state": state} for what in BINDINGS for state in ("", "provisional")],
    "bulletins/notice": [BULLETIN, {**BULLETIN, "receipt": True}],
    "bulletins/correction": [BULLETIN],
    "human/answer": [{"text": "三楼 305 室", "place": "武汉东西湖区", "question": QUESTION, "first": True}],
    "human/ended": [{}],
    "reminders/near": [ONLINE, {**APPLY, "rest": True, "assumed": True}, {**APPLY, "assumed": True}],
    "reminders/opens": [RECHECK],
    "reminders/moved": [{**APPLY, "was": f"2024-07-1{day}:00+08:00"} for day in ("5T00:00", "4T17:00")],
    "reminders/new_edition": [
        {"notice": "wuxi-2024", "before": before} for before in ("wuhan-2023", "wuxi-2024", "gone")
    ],
    **{
        template: [values for name, values in ALERTS if name == template]
        for template in dict.fromkeys(name for name, _ in ALERTS)
    },
}
"""The values of alerts for each template that has a card, as its handler posts them."""

CARDS = sorted(
    path.relative_to(TEMPLATES).as_posix().removesuffix(".card.j2") for path in TEMPLATES.rglob("*.card.j2")
)


def test_every_card_has_a_sample() -> None:
    assert sorted(SAMPLES) == CARDS


def test_every_teller_has_a_name_and_a_card() -> None:
    assert {handler.name for handler in TELLING} == {card.partition("/")[0] for card in CARDS}


@pytest.mark.parametrize("unit", ["", "无锡某精密机械制造股份有限公司第一分公司"])
def test_alerts_in_words(unit: str) -> None:
    notifier = Notifier(LIBRARY)
    for template, days in product(CARDS, (0, 1, 3, 400)):
        now = NOW + timedelta(days=days)
        for values in SAMPLES[template]:
            content = json.dumps(values)
            told = notifier.notification(template=template, content=content, now=now, unit=unit)
            assert told.text
            check(told.card)


def check(card: Mapping[str, str]) -> None:
    """There is a subject, and each line fits a field of its type, words with none of their figures cut."""
    assert card["subject"]
    for line, words in card.items():
        field = f"{LINES[line]}1"
        filled = fitted(field, words)
        assert takes(field, filled)
        if filled != words:
            assert not re.search(r"[0-9]…$", filled)


def test_the_words_of_the_tests_own_teller_are_such() -> None:
    notifier = Notifier(LIBRARY, Wording(WORDS), [Memo()])
    told = notifier.notification(template="memo/near", content="{}", now=NOW, unit="甲公司")
    check(told.card)
    assert told.text == "区级截止：还有 3 天"
    assert told.told.facts == ("wuxi-2024/x",)


@pytest.mark.parametrize("values", ['{"when": "a\\nb: c"}', '{"state": "x\\ncolour: red"}'])
def test_a_line_that_no_card_has_is_a_fault(values: str) -> None:
    notifier = Notifier(LIBRARY, Wording(WORDS), [Memo()])
    told: Any = notifier.notification(template="memo/near", content=values, now=NOW)
    with pytest.raises(ValueError, match="no card has a line"):
        _ = told.card
