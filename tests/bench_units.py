"""How long a large roster of units takes from its file into a new database, and what memory it takes."""

from __future__ import annotations

import asyncio
import csv
import random
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from io import StringIO
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from stdnum.cn import uscc

from bot.desk import table, units
from bot.desk.imports import take_in
from knowledge.library import Library
from store.database import Store
from store.vault import Vault
from tests.wire import SEASON

ROWS: Final = 50_000
TARGET_S: Final = 20.0
HEAD: Final = ("单位名称", "统一社会信用代码", "所在区", "主管部门", "联系人", "联系电话", "邮箱")


def roster(rows: int) -> bytes:
    """A roster of invented units, two contacts each, as csv."""
    chance = random.Random(4)
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(HEAD)
    for at in range(rows):
        body = f"91420100{at // 2:09d}"
        writer.writerow(
            (
                f"武汉第{at // 2}机械厂",
                body + uscc.calc_check_digit(body),
                "武昌区",
                "市经信局",
                f"王{at}",
                f"138{at:08d}",
                f"hr{chance.randrange(10**9)}@example.org",
            )
        )
    return text.getvalue().encode()


async def measured(url: str, rows: int) -> tuple[float, float, float]:
    """Seconds to read the file, to take it in, and to take it in again."""
    library, data = Library.load(), roster(rows)
    store = await Store.open(url, Vault([bytes(32)]))
    marks = [time.perf_counter()]
    book = units.read(library, await table.rows(data, most=units.ROWS, size=units.BYTES))
    assert book.whole
    marks.append(time.perf_counter())
    changes = await take_in(store, book, now=SEASON, keep=True)
    assert len(changes) == rows + rows // 2
    marks.append(time.perf_counter())
    assert await take_in(store, book, now=SEASON, keep=True) == []
    marks.append(time.perf_counter())
    await store.close()
    return marks[1] - marks[0], marks[2] - marks[1], marks[3] - marks[2]


def run(folder: Path) -> tuple[float, float, float, float]:
    """The same on SQLite, in a process of its own, with the megabytes that it took at most."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        return apart.submit(_apart, f"sqlite+aiosqlite:///{folder}/units.db").result()


def _apart(url: str) -> tuple[float, float, float, float]:
    taken = asyncio.run(measured(url, ROWS))
    return *taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
