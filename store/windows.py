"""When, and how often, a custom message may reach a person.

Source: WeChat service account documents, api_sendcustommessage and kf/intro: a message of the person
opens 5 sends for 48 hours; a menu click (click, scancode_push, scancode_waitmsg), a subscription and
the scan of a code open 3 sends for 1 minute. Other events open nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from store.records import Arrival, Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How many sends a trigger opens, and for how long."""

    sends: int
    span: timedelta


MESSAGE: Final = Window(sends=5, span=timedelta(hours=48))
MOMENT: Final = Window(sends=3, span=timedelta(minutes=1))
ON_EVENT: Final[Mapping[str, Window]] = {
    "click": MOMENT,
    "scancode_push": MOMENT,
    "scancode_waitmsg": MOMENT,
    "subscribe": MOMENT,
    "scan": MOMENT,
}


def leaves(arrival: Arrival) -> bool:
    """Whether this is the event of somebody who stops following."""
    return arrival.kind == "event" and arrival.event.lower() == "unsubscribe"


def after(contact: Contact, arrival: Arrival) -> Contact:
    """The contact once this arrival has opened, kept or closed the window; it never shrinks an open one.

    Whoever subscribes anew is barred no more.
    """
    if leaves(arrival):
        return replace(contact, follows=False, window_until=None, window_left=0)
    if arrival.kind == "event" and arrival.event.lower() == "subscribe":
        contact = replace(contact, barred="")
    trigger = ON_EVENT.get(arrival.event.lower()) if arrival.kind == "event" else MESSAGE
    if trigger is None:
        return replace(contact, follows=True)
    until = arrival.received_at + trigger.span
    left = 0
    if contact.window_until is not None and contact.window_until > arrival.received_at:
        left = contact.window_left
        if left and contact.window_until > until:
            return replace(contact, follows=True)
    return replace(contact, follows=True, window_until=until, window_left=max(left, trigger.sends))
