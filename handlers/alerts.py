"""What a handler asks to be said later, or to others: alerts, whom they are for, and what must still hold.

An alert becomes one delivery for each of its audience, in the transaction that caused it. Its words are
found when it is sent, not before: "还有 3 天" is counted then, and what no longer holds is not said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from knowledge.library import Library

_DUMP: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


class Who(StrEnum):
    """Of whom an audience is made."""

    CONTACT = "contact"
    SEATS = "seats"
    UNITS = "units"
    WISHERS = "wishers"
    CANDIDATE = "candidate"
    TOLD = "told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Those whom an alert is for, found when it is posted.

    `contact`: the one contact `id`. `seats`: whoever can be addressed for the unit `id` (its seats, and the
    people of its roster who have none), `confirmed` alone where applicants are spoken of. `units`: the same
    for all units of `city`, and of `districts` if any are named. `wishers`: who asked to be told of `kind`
    and `topic`, in one of `districts` (`""`: in none) if any are named. `candidate`: the applicant of
    application `id`, where bound. `told`: who was told of an occasion that begins with `topic`. `but` is a
    contact who is left out.
    """

    who: Who
    id: int = 0
    city: str = ""
    districts: tuple[str, ...] = ()
    kind: str = ""
    topic: str = ""
    confirmed: bool = False
    but: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Premise:
    """Something that must still hold when the alert is sent, else it is cancelled.

    `stage`: the stage `of` still ends at `version` (ISO). `unsubmitted`: the unit has not handed in for the
    notice `of`. `return`: one of the returns `of` (numbers with commas) is neither mended nor settled.
    `wish`: the contact still wishes `of`. `seat`: the contact still has a seat of the unit.
    """

    what: str
    of: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing to be said to each of `audience`, once: `occasion` and the contact make its key.

    `kind` is a row of `bot/kinds.yaml`: which paths, which consent, whether quiet hours hold. `template` is
    `<handler>/<name>`; that handler's `tell` turns `values` (JSON) into what the template shows.
    """

    kind: str
    template: str
    values: Mapping[str, Any]
    audience: Audience
    occasion: str
    due_at: datetime
    not_after: datetime
    premises: Sequence[Premise] = ()
    unit: int | None = None

    def dump(self) -> Mapping[str, str]:
        """As the plain texts of an effect (`store.effects`: `alert`)."""
        return {
            "kind": self.kind,
            "template": self.template,
            "content": _DUMP(dict(self.values)),
            "audience": _DUMP(asdict(self.audience)),
            "occasion": self.occasion,
            "due_at": self.due_at.isoformat(),
            "not_after": self.not_after.isoformat(),
            "premises": _DUMP([asdict(premise) for premise in self.premises]),
            "unit": "" if self.unit is None else str(self.unit),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """The moment in which an alert is put into words. `unit` is the name of the unit it concerns, `url` the
    page that shows it whole, where there is one."""

    template: str
    values: Mapping[str, Any]
    now: datetime
    library: Library
    unit: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the templates of an alert show: `<template>.j2` is the whole text, `<template>.card.j2` its short
    lines `name: value` for cards (`subject`, `unit`, `matter`, `when`, `state`, `note`)."""

    values: Mapping[str, Any]
    facts: tuple[str, ...] = ()
    computed: Mapping[str, str] = field(default_factory=dict)


class Telling(Protocol):
    """A capability that speaks first. `name` is also the folder of its templates."""

    name: str

    def tell(self, sending: Sending) -> Told:
        """What an alert of this handler says now; pure."""
        ...
