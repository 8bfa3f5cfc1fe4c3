"""A door for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from pytest_asyncio import fixture

from tests.pages.door import Door, open_door


@fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as door:
        yield door
