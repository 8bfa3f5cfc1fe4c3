"""The window of custom messages: what opens it, what closes it, and that nothing shrinks it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from store import windows
from store.database import Store
from store.records import Arrival, Contact, DeliveryState
from store.schema import contacts, deliveries
from tests.store.scene import NOW, Mind, event, in_time, late_reply, message, rows

STRANGER = Contact(
    id=1,
    channel="wechat",
    account="gh_1",
    sender="openid-1",
    follows=False,
    window_until=None,
    window_left=0,
    created_at=NOW,
)

KINDS = st.sampled_from(["text", "voice", "image", "video", "location", "link", "unknown"])
EVENTS = st.sampled_from(["CLICK", "click", "SCAN", "subscribe", "scancode_push", "scancode_waitmsg"])
OTHER_EVENTS = st.sampled_from(["VIEW", "LOCATION", "view_miniprogram", "TEMPLATESENDJOBFINISH"])
SECONDS = st.integers(0, 72 * 3600)
OPENERS = st.one_of(
    st.builds(lambda kind, at: message(kind=kind, received_at=NOW + timedelta(seconds=at)), KINDS, SECONDS),
    st.builds(lambda name, at: event(name, received_at=NOW + timedelta(seconds=at)), EVENTS, SECONDS),
)
WINDOWS = st.builds(
    lambda at, left: replace(STRANGER, window_until=NOW + timedelta(seconds=at), window_left=left),
    SECONDS,
    st.integers(0, 5),
)


@pytest.mark.parametrize(
    ("arrival", "sends", "span"),
    [
        (message(), 5, timedelta(hours=48)),
        (message(kind="unknown"), 5, timedelta(hours=48)),
        (event("CLICK"), 3, timedelta(minutes=1)),
        (event("scancode_waitmsg"), 3, timedelta(minutes=1)),
        (event("subscribe"), 3, timedelta(minutes=1)),
        (event("SCAN"), 3, timedelta(minutes=1)),
    ],
    ids=lambda value: getattr(value, "event", "") or getattr(value, "kind", None),
)
def test_each_trigger_opens_its_own_window(arrival: Arrival, sends: int, span: timedelta) -> None:
    contact = windows.after(STRANGER, arrival)

    assert (contact.window_left, contact.window_until) == (sends, NOW + span)
    assert contact.follows


@given(WINDOWS, OPENERS)
@example(replace(STRANGER, window_until=NOW + timedelta(seconds=30), window_left=5), event("CLICK"))
def test_an_arrival_never_shrinks_an_open_window(contact: Contact, arrival: Arrival) -> None:
    after = windows.after(contact, arrival)

    assert after.window_until is not None
    assert after.window_until > arrival.received_at
    assert after.window_left >= 1
    if contact.window_until and contact.window_until > arrival.received_at and contact.window_left:
        assert after.window_until >= contact.window_until
        assert after.window_left >= contact.window_left


@given(WINDOWS, st.builds(event, OTHER_EVENTS))
def test_other_events_leave_the_window_as_it_is(contact: Contact, arrival: Arrival) -> None:
    assert windows.after(contact, arrival) == replace(contact, follows=True)


@given(WINDOWS)
def test_a_click_opens_a_window_that_is_used_up(contact: Contact) -> None:
    used_up = replace(contact, window_left=0)

    assert windows.after(used_up, event("CLICK")).window_left == 3


async def test_whoever_leaves_is_sent_nothing_more(store: Store) -> None:
    await late_reply(store)
    await store.turn(event("unsubscribe"), Mind(silent=True), passive=in_time)

    (contact,) = await rows(store, contacts)
    assert (contact["follows"], contact["window_until"], contact["window_left"]) == (False, None, 0)
    (delivery,) = await rows(store, deliveries)
    assert (delivery["state"], delivery["reason"]) == (DeliveryState.CANCELLED, "unsubscribed")


async def test_whoever_comes_back_can_be_reached_again(store: Store) -> None:
    await store.turn(event("unsubscribe", "e1"), Mind(silent=True), passive=in_time)
    await store.turn(event("subscribe", "e2"), Mind(), passive=in_time)

    (contact,) = await rows(store, contacts)
    assert (contact["follows"], contact["window_left"]) == (True, 3)
