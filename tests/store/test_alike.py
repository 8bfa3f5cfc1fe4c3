"""Groups of contacts whom a message reaches alike: `ways` finds for each what it finds for the one judged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import product
from random import Random

from store.database import Store
from store.reach import Kind, Reach, Why, ways
from store.records import Path, SeatState
from store.schema import allowances, mass_uses
from tests.store.pushing import (
    DAY,
    NOW,
    SUBSCRIPTION,
    TEMPLATE,
    add,
    consent,
    contact,
    mute,
    person,
    seat,
    unit,
)

OCCASION = "broadcast:7"
KINDS = (
    Kind(name="all", paths=tuple(Path), templates={Path.SUBSCRIBE: SUBSCRIPTION}, quiet=False),
    Kind(name="asked", paths=(Path.CUSTOM, Path.MASS, Path.CALL), consent="push", mute="news"),
    *(Kind(name=path, paths=(path,), templates={Path.SUBSCRIBE: SUBSCRIPTION}) for path in Path),
)
MOMENTS = (NOW, NOW + timedelta(hours=5), NOW + DAY, NOW.replace(hour=20))


async def crowd(store: Store, number: int) -> list[int]:
    """People of all sorts; a tenth of them were forgotten."""
    chance, found = Random(number), []
    here = await unit(store)
    for n in range(number):
        named, as_person = await person(store, here, str(n), chance.choice(["", "a@example.org"]))
        who = await contact(
            store,
            f"o{n}",
            channel=chance.choice(["wechat", "wecom"]),
            account=chance.choice(["gh_1", "gh_2"]),
            follows=chance.random() < 0.8,
            barred=chance.choice(["", "", "", "43004"]),
            window_until=chance.choice([None, NOW, NOW + timedelta(hours=3), NOW + 2 * DAY]),
            window_left=chance.randrange(3),
            forgotten_at=NOW if chance.random() < 0.1 else None,
        )
        found += [who, named]
        if chance.random() < 0.5:
            ended = chance.choice([None, NOW])
            await seat(store, here, who, SeatState.CONFIRMED, person_id=as_person, ended_at=ended)
        if chance.random() < 0.6:
            await consent(
                store, who, chance.choice(["push", "calls"]), withdrawn_at=chance.choice([None, NOW])
            )
        for topic in chance.sample(
            ["", "news", "broadcast", OCCASION, "deadlines"], chance.choice([0, 0, 1, 2])
        ):
            await mute(store, who, topic)
        for template in chance.sample([SUBSCRIPTION, TEMPLATE], chance.randrange(3)):
            left, lasting, rejected = chance.randrange(2), chance.random() < 0.3, chance.random() < 0.3
            await add(
                store,
                allowances,
                contact_id=who,
                template_id=template,
                left=left,
                lasting=lasting,
                rejected=rejected,
                changed_at=NOW,
            )
        for month in chance.sample(["2024-06", "2024-07"], chance.randrange(3)):
            await add(store, mass_uses, contact_id=who, month=month, used=chance.choice([1, 4]))
    return found


async def test_what_is_found_for_one_of_a_group_is_found_for_each(store: Store) -> None:
    everybody = await crowd(store, 40)
    async with store.work() as work:
        known = await work.reach(contact_ids=everybody, now=NOW)
        for kind, at in product(KINDS, MOMENTS):
            groups = await work.alike(contact_ids=everybody, kind=kind, occasion=OCCASION, at=at)
            assert sorted(one for group in groups for one in group.contacts) == sorted(known)
            for group in groups:
                expected = _found(group.reach, kind, at)
                assert all(_found(known[one], kind, at) == expected for one in group.contacts)


def _found(reach: Reach, kind: Kind, at: datetime) -> tuple[Path | None, datetime | None, Mapping[Path, Why]]:
    found = ways(reach, kind, at, occasion=OCCASION)
    return found.chosen, found.opens_at, found.why_not
