"""A table that somebody sent: its rows, or why it is not read. Nothing of it is kept."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from bot.desk import reader

BYTES: Final = 5 << 20
_SECONDS = reader.SECONDS + 5
_ENVIRONMENT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")

Cell = str | float | bool | date | None


class Unreadable(Exception):
    """`reason` is the name of the words that tell the person what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table with its number as a spreadsheet shows it."""

    number: int
    cells: tuple[Cell, ...]


async def rows(
    data: bytes, *, most: int = reader.ROWS, letters: int = reader.LETTERS, size: int = BYTES
) -> list[Row]:
    """The rows that hold anything, at most so many, of each cell at most so many letters, from a file of at
    most `size` bytes; raises Unreadable."""
    _, answer = await _answered(data, most, letters, size)
    return _rows(answer)


async def text(
    data: bytes, *, most: int = reader.ROWS, letters: int = reader.LETTERS, size: int = BYTES
) -> str:
    """What `rows` reads as a text that can be kept; `loaded` makes rows of it in a tenth of the time."""
    kept, _ = await _answered(data, most, letters, size)
    return kept


def loaded(kept: str) -> list[Row]:
    """The rows that `text` read."""
    return _rows(json.loads(kept))


def _rows(answer: dict[str, Any]) -> list[Row]:
    return [Row(number, tuple(map(_cell, cells))) for number, cells in answer["rows"]]


async def _answered(data: bytes, most: int, letters: int, size: int) -> tuple[str, dict[str, Any]]:
    """What the reader says, as it stands and read; raises Unreadable."""
    if len(data) > size:
        raise Unreadable("size")
    kept = await _read(data, str(most), str(letters))
    answer: dict[str, Any] = json.loads(kept)
    if "refused" in answer:
        raise Unreadable(answer["refused"])
    return kept, answer


async def _read(data: bytes, *size: str) -> str:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        reader.__name__,
        *size,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # a reader that breaks down may name what it read
        stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
    )
    try:
        output, _ = await asyncio.wait_for(child.communicate(data), _SECONDS)
    except TimeoutError:
        raise Unreadable("huge") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        raise Unreadable("huge" if child.returncode < 0 else "broken")
    return output.decode()


def _cell(value: Any) -> Cell:
    if isinstance(value, dict):
        kind = datetime if "T" in value["day"] else date
        return kind.fromisoformat(value["day"])
    cell: str | float | bool | None = value
    return cell
