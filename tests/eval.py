"""Judges a question file through the encrypted callback, a fresh person for each question."""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from knowledge.judging import Judge, Judgement, Mark
from tests.wire import SEASON, wire

SAMPLE = Path("knowledge/questions/sample.jsonl")


async def judged(
    questions: Sequence[dict[str, Any]], now: datetime
) -> list[tuple[dict[str, Any], str, Judgement]]:
    """Each question with the reply to its last turn and the judgement."""
    results = []
    with tempfile.TemporaryDirectory() as folder:
        async with wire(Path(folder), now=now) as line:
            judge = Judge(line.service.library)
            for question in questions:
                reply = (await line.ask(*question["turns"]))[-1]
                results.append((question, reply, judge.mark(question, reply)))
    return results


def table(results: Sequence[tuple[dict[str, Any], str, Judgement]], key: str) -> list[str]:
    """Counts of each mark by the values of a field."""
    counts: dict[str, Counter[Mark]] = defaultdict(Counter)
    for question, _, judgement in results:
        counts[str(question.get(key, ""))][judgement.mark] += 1
    lines = [f"{key:<26}{''.join(f'{mark:>10}' for mark in Mark)}"]
    lines += [
        f"{name:<26}{''.join(f'{row[mark]:>10}' for mark in Mark)}" for name, row in sorted(counts.items())
    ]
    return lines


def main() -> None:
    """Print what failed, the tables and the totals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, default=[SAMPLE])
    parser.add_argument("--clock-start", type=datetime.fromisoformat, default=SEASON)
    parser.add_argument("--quiet", action="store_true", help="leave out the replies that are not right")
    options = parser.parse_args()
    questions = [
        json.loads(line)
        for path in options.files
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]
    results = asyncio.run(judged(questions, options.clock_start))
    if not options.quiet:
        for question, reply, judgement in results:
            if judgement.mark is not Mark.RIGHT:
                print(f"{question['id']} {judgement.mark}: {judgement.why}")
                print("  问 " + " / ".join(question["turns"]))
                print("  答 " + reply.replace("\n", "\n     "))
    for key in ("topic", "style"):
        print("\n".join(table(results, key)) + "\n")
    counts = Counter(judgement.mark for _, _, judgement in results)
    total = len(results)
    print(f"clock start {options.clock_start.isoformat()}, {total} questions")
    print(", ".join(f"{mark} {counts[mark]} ({counts[mark] / total:.1%})" for mark in Mark))


if __name__ == "__main__":
    main()
