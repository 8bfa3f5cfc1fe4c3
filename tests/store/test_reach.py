"""By which path a message can go, and why not by the others: laws of `ways`, and what is read for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.database import Store
from store.limits import CHINA, LIMITS, next_day, next_month, waking
from store.reach import Allowance, Kind, Reach, Shut, Why, ways
from store.records import Path, SeatState
from store.schema import mass_uses
from tests.store import pushing
from tests.store.pushing import DAY, NOW, SUBSCRIPTION, TEMPLATE, contact, person, seat, unit

MOMENTS = st.timedeltas(timedelta(0), timedelta(days=1400)).map(lambda after: NOW + after)
REACHES = st.builds(
    Reach,
    contact_id=st.just(1),
    channel=st.sampled_from(["wechat", "roster", "terminal"]),
    account=st.just("gh_1"),
    follows=st.booleans(),
    barred=st.sampled_from(["", "43004"]),
    window_until=st.none() | MOMENTS,
    window_left=st.integers(0, 5),
    allowances=st.dictionaries(
        st.just(SUBSCRIPTION),
        st.builds(Allowance, left=st.integers(0, 2), lasting=st.booleans(), rejected=st.booleans()),
    ),
    mass_used=st.integers(0, 5),
    email=st.sampled_from(["", "sealed"]),
    phone=st.booleans(),
    muted=st.frozensets(st.sampled_from(["", "deadlines", "news"])),
    consents=st.frozensets(st.just("push")),
)
KINDS = st.builds(
    Kind,
    name=st.just("reminder"),
    paths=st.lists(st.sampled_from(list(Path)), min_size=1, unique=True).map(tuple),
    consent=st.sampled_from(["", "push"]),
    quiet=st.booleans(),
    templates=st.sampled_from([{}, {Path.TEMPLATE: TEMPLATE, Path.SUBSCRIBE: SUBSCRIPTION}]),
    mute=st.just("deadlines"),
)
SHUT = st.dictionaries(
    st.sampled_from(list(Path)), st.builds(Shut, why=st.just(Why.PARKED), until=MOMENTS), max_size=3
)


@given(REACHES, KINDS, MOMENTS, SHUT)
def test_every_path_is_open_or_has_a_reason(
    reach: Reach, kind: Kind, now: datetime, shut: dict[Path, Shut]
) -> None:
    found = ways(reach, kind, now, shut=shut)
    open_ = [path for path in kind.paths if path not in found.why_not]

    assert set(found.why_not) <= set(kind.paths)
    if found.chosen is not None:
        assert found.opens_at is None
        messages = [path for path in open_ if path is not Path.CALL]
        assert found.chosen == (messages[0] if messages else Path.CALL)
    else:
        assert set(open_) <= {Path.CALL}
        assert found.opens_at is None or found.opens_at > now or shut
    assert ways(reach, kind, now, shut=shut, brief=True).chosen == found.chosen


@given(REACHES, KINDS, MOMENTS)
def test_nothing_goes_that_is_unwanted_and_no_message_at_night(
    reach: Reach, kind: Kind, now: datetime
) -> None:
    chosen = ways(reach, kind, now).chosen
    if chosen is not None:
        assert not reach.muted & {"", "deadlines"}
        assert not kind.consent or kind.consent in reach.consents or reach.channel == "roster"
    if chosen is not None and chosen is not Path.CALL:
        assert not kind.quiet or 8 <= now.astimezone(CHINA).hour < 21
        assert chosen is Path.EMAIL or (reach.follows and not reach.barred and reach.channel == "wechat")


@given(MOMENTS)
def test_the_calendar_of_china(now: datetime) -> None:
    assert now <= waking(now) < now + timedelta(hours=12)
    assert waking(waking(now)) == waking(now)
    assert (next_day(now).hour, next_day(now).minute) == (0, 0)
    assert timedelta(0) < next_day(now) - now <= DAY
    assert next_month(now).day == 1
    assert now < next_month(now) <= now + timedelta(days=31)


def test_each_limit_names_its_source() -> None:
    assert set(LIMITS) == set(Path)
    assert all(limit.source for limit in LIMITS.values())


async def test_all_that_is_known_of_people_is_read(store: Store) -> None:
    here = await unit(store)
    who = await contact(store, window_until=NOW + DAY, window_left=3)
    named, as_person = await person(store, here, email="zhang@example.com")
    await seat(store, here, who, SeatState.PROVISIONAL, person_id=as_person)
    await pushing.mute(store, who, "news")
    await pushing.consent(store, who)
    await pushing.consent(store, who, "calls", withdrawn_at=NOW)
    await pushing.add(store, mass_uses, contact_id=who, month="2024-07", used=2)
    await pushing.add(store, mass_uses, contact_id=who, month="2024-06", used=4)
    openid: dict[str, Any] = {"channel": "wechat", "account": "gh_1", "sender": "openid-1", "now": NOW}
    async with store.work() as work:
        await work.allow(**openid, template_id="a")
        await work.allow(**openid, template_id="a")
        await work.reject(**openid, template_id="b")
        known = await work.reach(contact_ids=(who, named, 99), now=NOW)

    assert known.keys() == {who, named}
    reach = known[who]
    assert (reach.window_until, reach.window_left, reach.follows) == (NOW + DAY, 3, True)
    assert (reach.mass_used, reach.muted, reach.consents) == (2, {"news"}, {"push"})
    assert reach.allowances == {
        "a": Allowance(left=2, lasting=False, rejected=False),
        "b": Allowance(left=0, lasting=False, rejected=True),
    }
    assert (reach.seats, reach.rosters, reach.phone) == ({here: SeatState.PROVISIONAL}, {here}, True)
    assert reach.email == known[named].email != ""


@pytest.mark.parametrize("lasting", [True, False])
async def test_one_more_acceptance_ends_a_rejection(store: Store, lasting: bool) -> None:
    who = await contact(store)
    openid: dict[str, Any] = {
        "channel": "wechat",
        "account": "gh_1",
        "sender": "openid-1",
        "template_id": "a",
        "now": NOW,
    }
    async with store.work() as work:
        await work.reject(**openid)
        await work.allow(**openid, lasting=lasting)
        await work.allow(**{**openid, "sender": "stranger"})
        known = await work.reach(contact_ids=(who,), now=NOW)
    assert known[who].allowances == {"a": Allowance(left=1, lasting=lasting, rejected=False)}
