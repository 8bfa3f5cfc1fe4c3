"""What a push rests on, and whether it still holds (`handlers.alerts.Premise`).

- `stage`: the stage `of` (`<notice>/<stage>`) still ends at `version`.
- `unsubmitted`: the unit has not handed in for the notice `of`; where a contact was told for several units
  at once, one of them has not.
- `return`: of the returns `of` (numbers with commas) one is neither mended nor closed.
- `wish`: the contact still wishes to be told of the topic `of`.
- `seat`: the contact still speaks for the unit, or its roster still names them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import BigInteger, case, func, or_, select

from store.columns import given, packed
from store.engine import Session
from store.reach import Reach
from store.schema import applications, returns, wishes

KNOWN: Final = frozenset({"stage", "unsubmitted", "return", "wish", "seat"})

_asked = given("ids", id=BigInteger())
# Something is handed in, and nothing is left to be done: a form that was sent back is.
DONE: Final = or_(applications.c.phase == "submitted", applications.c.phase == "done")
LEFT: Final = or_(applications.c.phase == "open", applications.c.phase == "returned")
HANDED_IN: Final = (
    select(applications.c.unit_id, applications.c.notice)
    .where(applications.c.unit_id == _asked.c.id, applications.c.gone_at.is_(None))
    .group_by(applications.c.unit_id, applications.c.notice)
    .having(func.sum(case((DONE, 1), else_=0)) > 0, func.sum(case((LEFT, 1), else_=0)) == 0)
)
OPEN_RETURNS: Final = select(returns.c.id).where(
    returns.c.id == _asked.c.id, returns.c.closed_at.is_(None), returns.c.mended_at.is_(None)
)
WISHES: Final = select(wishes.c.contact_id, wishes.c.topic).where(
    wishes.c.contact_id == _asked.c.id, wishes.c.ended_at.is_(None)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Premise:
    """Something that must still hold."""

    what: str
    of: str = ""
    version: str = ""


@lru_cache(maxsize=1024)
def parsed(text: str) -> tuple[Premise, ...]:
    """The premises of a delivery, from the JSON that `checked` let pass."""
    return tuple(Premise(**each) for each in json.loads(text))


def checked(text: str) -> tuple[Premise, ...]:
    """The premises that this JSON says; ValueError where it says none that are known."""
    try:
        premises = parsed(text)
    except TypeError as fault:
        raise ValueError(f"not premises: {text}") from fault
    for one in premises:
        if one.what not in KNOWN or (one.what == "return" and not all(map(str.isdecimal, _ids(one.of)))):
            raise ValueError(f"no such premise: {one.what} {one.of}")
    return premises


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the premises of some deliveries are held against."""

    stages: Mapping[str, str]
    handed_in: Set[tuple[int, str]]
    open_returns: Set[str]
    wishes: Set[tuple[int, str]]

    def broken(self, premises: Sequence[Premise], unit_id: int | None, reach: Reach) -> str:
        """Which premise holds no more; empty while all hold."""
        return next((one.what for one in premises if not self._holds(one, unit_id, reach)), "")

    def _holds(self, premise: Premise, unit_id: int | None, reach: Reach) -> bool:
        units = units_of(unit_id, reach)
        match premise.what:
            case "stage":
                return self.stages.get(premise.of) == premise.version
            case "unsubmitted":
                return not units or any((unit, premise.of) not in self.handed_in for unit in units)
            case "return":
                return not self.open_returns.isdisjoint(_ids(premise.of))
            case "wish":
                return (reach.contact_id, premise.of) in self.wishes
            case "seat":
                return any(unit in reach.seats or unit in reach.rosters for unit in units)
            case _:
                return False


def _ids(of: str) -> list[str]:
    return of.split(",")


def units_of(unit_id: int | None, reach: Reach) -> Collection[int]:
    """The units that a delivery is about: the one that it names, else all that the contact stands for."""
    return (unit_id,) if unit_id is not None else reach.seats.keys() | reach.rosters


def ground(
    session: Session,
    stages: Mapping[str, str],
    rows: Sequence[Mapping[str, Any]],
    reaches: Mapping[int, Reach],
) -> Ground:
    """Read what the premises of these delivery rows need, one query for each sort of premise among them."""
    needs: dict[str, set[int]] = {what: set() for what in KNOWN}
    for row in rows:
        for premise in parsed(row["premises"]):
            if premise.what == "return":
                needs["return"].update(map(int, _ids(premise.of)))
            elif premise.what == "wish":
                needs["wish"].add(row["contact_id"])
            elif premise.what == "unsubmitted" and (reach := reaches.get(row["contact_id"])):
                needs["unsubmitted"].update(units_of(row["unit_id"], reach))

    def read(what: str, statement: Any) -> Sequence[Mapping[str, Any]]:
        return session.run(statement, ids=packed([one] for one in needs[what])) if needs[what] else ()

    return Ground(
        stages=stages,
        handed_in={(row["unit_id"], row["notice"]) for row in read("unsubmitted", HANDED_IN)},
        open_returns={str(row["id"]) for row in read("return", OPEN_RETURNS)},
        wishes={(row["contact_id"], row["topic"]) for row in read("wish", WISHES)},
    )
