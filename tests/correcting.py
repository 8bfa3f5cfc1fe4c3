"""Corrections of contacts, as staff enter them."""

from __future__ import annotations

from datetime import date
from typing import Any

from knowledge.library import Library
from knowledge.notice import Contact
from knowledge.overlay import Correction, Overlay, printed

SOURCE = "人社局官网公告"
ON = date(2024, 6, 3)
GONGJIANG, HUISHAN, DONGXIHU = (
    "wuhan-2023/phone.gongjiang",
    "wuxi-2024/contact.huishan",
    "dongxihu-2023/phone.dongxihu",
)


def correction(library: Library, fact: str, number: int = 1, **given: Any) -> Correction:
    contact = library.sourced[fact].fact
    assert isinstance(contact, Contact)
    values = {"phones": (f"027-6{number:07}",), "source": SOURCE, "on": ON, **given}
    return Correction(id=number, fact=fact, printed=printed(contact), **values)


def overlay(*corrections: Correction) -> Overlay:
    return Overlay(corrections={one.fact: one for one in corrections})


def corrected_everywhere(library: Library) -> Overlay:
    """Every contact with another number, and with another address where it has one."""
    found = [
        correction(
            library,
            sourced.id,
            number,
            phones=(f"027-6{number:07}",) if sourced.fact.phones else (),
            address=f"新址{number}楼" if sourced.fact.address else "",
        )
        for number, sourced in enumerate(library.sourced.values(), 1)
        if isinstance(sourced.fact, Contact)
    ]
    return overlay(*found)
