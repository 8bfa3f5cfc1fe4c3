"""Every instance says the same: what is answered hangs on no order that differs between two processes."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.talk import SAMPLE

QUESTIONS = SAMPLE.parent / "blind6.jsonl"
ANSWERS = """
import json, sys
from bot.dialogue import Dialogue
from knowledge.library import Library
from tests.talk import talk
dialogue = Dialogue(Library.load())
for line in open(sys.argv[1], encoding="utf-8"):
    for said in talk(dialogue, json.loads(line)["turns"]):
        print(json.dumps(said.text))
"""


def test_two_processes_answer_in_the_same_words() -> None:
    answering = [
        subprocess.Popen(  # noqa: S603 (our own commands)
            [sys.executable, "-c", ANSWERS, str(QUESTIONS)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    first, second = (process.communicate()[0].splitlines() for process in answering)
    assert len(first) >= 200
    assert first == second
