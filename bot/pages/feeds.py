"""What the link of a calendar shows: the stages of some programmes, or of all that a unit's city has."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from typing import Any

from bot.pages.feed import feed
from knowledge.calendar import Deadline, timeline
from knowledge.library import Library
from knowledge.process import Audience


def content(library: Library, *, programmes: list[str], city: str, district: str, name: list[str]) -> bytes:
    """The calendar (RFC 5545, UTF-8) of these programmes, else of all of the city's; the same until the
    knowledge changes. Raises KeyError where none of the programmes is known any more."""
    known = [p for p in programmes if p in library.programmes]
    if city:
        known = [programme.id for notice in library.of_city(city) for programme in notice.programmes]
    if not known:
        raise KeyError(*programmes, city)
    side = Audience.UNIT if city else Audience.CANDIDATE
    stages: list[Deadline] = [d for p in known for d in timeline(library, p, district, side)]
    issued = max(library.programmes[p][0].header.issued for p in known)
    return feed(library, " ".join(name), stages, datetime.combine(issued, time(), UTC))


def shown(library: Library, kept: str) -> bytes:
    """The calendar of a page's content (JSON of `content`'s arguments)."""
    wanted: dict[str, Any] = json.loads(kept)
    return content(library, **wanted)
