"""Leads people through the self-check by their own words, and judges the verdicts that they come to.

A file holds a person a line: `programme`, the `story` that begins it, `facts` by topic as they would be typed
in answer to a question (`people/topics.yaml` tells which topic answers which fact), the `expected` verdict.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import yaml

from bot.dialogue import Dialogue, Memory
from handlers.check_state import Check
from handlers.contract import Incoming, Kind
from knowledge.interview import Interview
from knowledge.library import Library
from knowledge.questions import Question

FOLDER: Final = Path(__file__).parent / "people"
SEASONS: Final = {"wuhan": "2023-06-15T09:00:00+08:00", "wuxi": "2024-06-15T09:00:00+08:00"}
WORDS: Final = {"met": "符合明文条件", "judged": "待评审认定", "exception": "待主管部门确认"} | {
    "unmet": "不符合",
    "open": "信息不足",
}
FAVOURABLE: Final = frozenset({"符合明文条件", "待评审认定", "待主管部门确认"})
LISTED: Final = ("honours", "contests", "won", "slot")
PATIENCE: Final = 25
_CLAIM: Final = re.compile("回复“(我?是[^”]+)”")


class Answers:
    """What a person types in answer to a question."""

    def __init__(self, facts: Mapping[str, str]) -> None:
        told = yaml.safe_load((FOLDER / "topics.yaml").read_text(encoding="utf-8"))
        self._topics: Mapping[str, list[str]] = told["topics"]
        self._patterns = {
            name: re.compile(told[name])
            for name in ("none", "flaw", "front", "desk", "line", "old", "age", "left", "open", "one")
        }
        self._facts = facts

    def to(self, question: Question) -> str:
        """By the person's facts; 不知道 where they hold nothing of it."""
        texts = list(dict.fromkeys(filter(None, map(self._of, question.fills))))
        match question.id:
            case "frontline":
                posts = self._patterns["line"].sub("", self._of("frontline") or "")
                works = self._patterns["front"].search(posts) or not self._patterns["desk"].search(posts)
                return "是" if works else "不是"
            case "retired" if not any("退" in text for text in texts):
                return "没有退休"
            case "labour" if not self._patterns["old"].search("，".join(self._posts)):
                return "都没有"
        if question.kind == "many" and not question.id.startswith(LISTED):
            return self._lines(question)
        return "，".join(texts) or "不知道"

    def claim(self, reply: str) -> str:
        """The words in which a verdict asks those to answer who are meant by a relaxation, if he is one."""
        offered, is_one = _CLAIM.search(reply), self._patterns["one"].match(self._of("special_talent") or "")
        return offered[1] if offered and is_one else ""

    def _lines(self, question: Question) -> str:
        """The numbers of the lines that all of a person's facts speak for, then of those he cannot tell."""
        had, open_ = list[str](), list[str]()
        for number, line in enumerate(question.lines, 1):
            facts = [fact for fact in line.values if fact in question.fills]
            if any(self._patterns["open"].match(self._of(fact) or "") for fact in facts):
                open_.append(str(number))
            elif not any(map(self._lacks, facts)):
                had.append(str(number))
        unsure = [f"{'和'.join(open_)}不清楚"] if open_ else []
        parts = [*(["和".join(had)] if had else []), *unsure, *(["别的没有"] if unsure else [])]
        return "，".join(parts) or "都没有"

    def _lacks(self, fact: str) -> bool:
        if fact in ("fit", "conduct"):
            return self._patterns["flaw"].search(self._of(fact) or "") is not None
        return self._patterns["none"].match(self._of(fact) or "没有") is not None

    def _of(self, fact: str) -> str | None:
        topics = self._topics.get(fact.partition("/")[0], ())
        text = next((self._facts[topic] for topic in topics if topic in self._facts), None)
        if fact == "past_retirement_age" and text and self._patterns["age"].fullmatch(text):
            # how old one may get says nothing of whether one is
            return "到了" if self._patterns["left"].search("，".join(self._posts)) else "没到"
        return text

    @cached_property
    def _posts(self) -> list[str]:
        return [text for topic, text in self._facts.items() if "岗位与职务" in topic or "退休" in topic]


@dataclass
class Led:
    """One person's way through the self-check."""

    said: list[str] = field(default_factory=list)
    screens: int = 0
    verdict: str = ""


def lead(person: Mapping[str, Any], dialogue: Dialogue) -> Led:
    """From the story to the verdict on the person's programme."""
    library = dialogue.library
    (programme,) = (id_ for id_, (_, p) in library.programmes.items() if p.name == person["programme"])
    now = datetime.fromisoformat(SEASONS[programme.partition("-")[0]])
    led, answers, state = Led(), Answers(person["facts"]), None

    def say(text: str) -> Check | None:
        nonlocal state
        number = len(led.said)
        incoming = Incoming(
            channel="wechat",
            account="a",
            sender="s",
            message_id=str(number),
            kind=Kind.TEXT,
            received_at=now,
            text=text,
        )
        said = dialogue.turn(incoming, state, limit_bytes=2048, real_seconds=100.0 * number)
        state = said.state
        led.said += [f">>> {text}", said.text or ""]
        return Check.load(Memory.load(state).kept.get("selfcheck", {}), library)

    check = say(person["story"])
    if check is None or programme not in check.programmes:
        check = say(f"自查{person['programme']}")
    while check and led.screens < PATIENCE:
        interview = Interview(library, check.programmes, check.districts)
        question = interview.question(check.current, check.values, check.unsure)
        answer = answers.to(question) if question and Memory.load(state).awaiting else ""
        if not (answer := answer or answers.claim(led.said[-1])):
            break
        led.screens += 1
        check = say(answer)
    if check and (verdict := _verdict(library, check, programme)):
        led.verdict = WORDS[verdict]
    return led


def _verdict(library: Library, check: Check, programme: str) -> str:
    interview = Interview(library, check.programmes, check.districts)
    found = interview.verdicts(check.values, check.unsure).get(programme)
    return str(found.outcome) if found else ""


def people(paths: Iterable[Path]) -> Iterator[dict[str, Any]]:
    for path in paths:
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def main() -> None:
    """Print whoever was judged otherwise, then the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, default=sorted(FOLDER.glob("*.jsonl")))
    parser.add_argument("--talks", action="store_true", help="print the conversations too")
    options = parser.parse_args()
    dialogue = Dialogue(Library.load())
    for path in options.files:
        counts, right, screens, bad = Counter[str](), 0, 0, 0
        for person in people([path]):
            led = lead(person, dialogue)
            screens += led.screens
            counts["people"] += 1
            if led.verdict == person["expected"]:
                right += 1
                continue
            bad += person["expected"] == "不符合" and led.verdict in FAVOURABLE
            print(f"{person['id']} {person['programme']}: {led.verdict}, expected {person['expected']}")
            if options.talks:
                print("\n".join(led.said))
        number = counts["people"]
        print(
            f"{path.name}: {right} of {number} right ({right / number:.1%}), "
            f"{bad} favourable that should be 不符合, {screens / number:.1f} screens each"
        )


if __name__ == "__main__":
    main()
