"""Every key that a view uses has its words, and every word is somebody's."""

from __future__ import annotations

import re
from pathlib import Path

from bot.console.words import WORDS
from store.records import Role

ROOT = Path(__file__).parent.parent.parent
SOURCES = [*(ROOT / "bot" / "console").rglob("*.py"), *(ROOT / "bot" / "commands").rglob("*.py")]
SOURCES.append(ROOT / "bot" / "desk" / "attachment.py")
LOGGED = {"console_failed"}
CODE = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
LITERALS = set(re.findall(r'"([a-z_.]+)"', CODE))
PREFIXES = tuple(re.findall(r'f"([a-z_]+[._])\{', CODE))


def test_every_role_has_a_name() -> None:
    assert set(WORDS["roles"]) == set(Role)


def test_every_act_has_a_name() -> None:
    recorded = set(re.findall(r'(?:action=|record\(\s*work,\s*|_note\(visit, )"([a-z_.]+)"', CODE))

    assert len(recorded) > 10
    assert recorded - LOGGED <= set(WORDS["actions"])


def test_every_word_is_used() -> None:
    for part in ("actions", "faults", "done"):
        assert {
            key for key in WORDS[part] if key not in LITERALS and not key.startswith(PREFIXES)
        } == set(), part
