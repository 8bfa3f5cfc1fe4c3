"""Pages by link: kept with their turn, found by the hash alone, gone when they should be."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import pytest

from store.database import Store
from store.records import Page, Purpose
from store.schema import pages
from tests.store.scene import NOW, Effect, Mind, in_time, message, rows

HASH = sha256(b"a token that nobody guesses").hexdigest()
CONTENT = '{"notice": "wuhan-2023"}'


def link(token_hash: str = HASH, days: str = "30", **changes: str) -> Effect:
    values = {"token_hash": token_hash, "purpose": "result", "content": CONTENT, "days": days}
    return Effect(name="page", values={**values, **changes})


async def page(store: Store, token_hash: str = HASH, **later: float) -> Page | None:
    async with store.work() as work:
        return await work.page(token_hash=token_hash, now=NOW + timedelta(**later))


async def test_a_page_is_kept_with_its_turn_and_found_by_its_hash(store: Store) -> None:
    await store.turn(message(), Mind(link()), passive=in_time)
    await store.turn(message(), Mind(link()), passive=in_time)

    found = await page(store)
    assert found is not None
    assert (found.purpose, found.content) == (Purpose.RESULT, CONTENT)
    assert (found.created_at, found.expires_at) == (NOW, NOW + timedelta(days=30))
    assert await page(store, "0" * 64) is None


async def test_a_page_expires_and_is_purged(store: Store) -> None:
    await store.turn(message(), Mind(link(), link("1" * 64, "60")), passive=in_time)

    assert await page(store, days=29, hours=23) is not None
    assert await page(store, days=30) is None
    async with store.work() as work:
        assert await work.purge_pages(now=NOW + timedelta(days=29)) == 0
        assert await work.purge_pages(now=NOW + timedelta(days=30)) == 1
    assert [row["token_hash"] for row in await rows(store, pages)] == ["1" * 64]


async def test_a_person_can_close_every_link_that_he_gave_away(store: Store) -> None:
    await store.turn(message("m1"), Mind(link()), passive=in_time)
    await store.turn(message("m2", sender="openid-2"), Mind(link("2" * 64)), passive=in_time)
    await store.turn(message("m3"), Mind(Effect(name="revoke_pages")), passive=in_time)

    assert await page(store) is None
    assert await page(store, "2" * 64) is not None


async def test_forgetting_a_person_deletes_his_pages_alone(store: Store) -> None:
    await store.turn(message("m1"), Mind(link()), passive=in_time)
    await store.turn(message("m2", sender="openid-2"), Mind(link("2" * 64)), passive=in_time)
    await store.turn(message("m3"), Mind(Effect(name="forget", values={"receipt": "R-1"})), passive=in_time)

    assert [row["token_hash"] for row in await rows(store, pages)] == ["2" * 64]


async def test_a_page_may_belong_to_nobody(store: Store) -> None:
    kept = Page(
        token_hash=HASH,
        purpose=Purpose.ROSTER,
        content=CONTENT,
        contact_id=None,
        created_at=NOW,
        expires_at=NOW + timedelta(days=1),
    )
    async with store.work() as work:
        await work.keep_page(page=kept)

    assert await page(store) == kept


@pytest.mark.parametrize("changes", [{"purpose": "gossip"}, {"days": "soon"}])
async def test_a_page_of_an_unknown_kind_fails_its_turn_whole(store: Store, changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"gossip|soon"):
        await store.turn(message(), Mind(link(**changes)), passive=in_time)

    assert await rows(store, pages) == []
