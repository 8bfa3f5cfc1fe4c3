"""One door for the tests of a file, without pages for each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pytest_asyncio import fixture
from sqlalchemy import delete

from store.schema import pages
from tests.pages.door import Door, open_door

EMPTY = delete(pages)


@fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with open_door(tmp_path_factory.mktemp("door")) as door:
        yield door


@fixture(loop_scope="module")
async def door(house: Door) -> AsyncIterator[Door]:
    yield house
    async with house.store.work() as work:
        await work.do(lambda session: session.run(EMPTY))
