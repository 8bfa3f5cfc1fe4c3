"""What to know of a broadcast before it goes: its variables, its delicate words, how it will reach whom."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path as File
from typing import Final

from bot.desk.unit_list import WORDS
from bot.desk.words import plain
from store.alike import Alike
from store.judge import PASSING
from store.limits import LIMITS, api_lane
from store.reach import Kind, Shut, Why, ways
from store.records import Path

PER_SECOND: Final = 20
"""Messages that an account is sure to manage in a second."""
_VARIABLE: Final = re.compile(r"\{([^{}\n]{1,20})\}")
_NAMES: Final = {shown: name for name, shown in WORDS.variables.items()}
_ALONE: Final = Shut(why=Why.MASS_ALONE)

Piece = str | Mapping[str, str]


def pieces(body: str) -> list[Piece]:
    """A text cut at its variables, each as `{"name": …}`; whatever else stands in braces is text."""
    found: list[Piece] = []
    at = 0
    for match in _VARIABLE.finditer(body):
        if match[1] in _NAMES:
            found += [body[at : match.start()], {"name": _NAMES[match[1]]}]
            at = match.end()
    return [piece for piece in (*found, body[at:]) if piece]


def strange(body: str) -> tuple[str, ...]:
    """What stands in braces and is no variable."""
    return tuple(dict.fromkeys(m[0] for m in _VARIABLE.finditer(body) if m[1] not in _NAMES))


def speaks_of_unit(body: str) -> bool:
    """Whether each unit is told something else, so that it cannot go to many in one call."""
    return {"name": "unit"} in pieces(body)


def sensitive_words(path: File | None) -> tuple[str, ...]:
    """The operator's list, a word a line; lines that begin with # are remarks. Raises OSError."""
    if path is None:
        return ()
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))


def sensitive_in(text: str, words: Iterable[str]) -> tuple[str, ...]:
    """The words of the list that a text has, however they are spaced or widened."""
    compared = plain(text)
    return tuple(word for word in words if plain(word) in compared)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Calls of a path's API: needed by this, made today, allowed in a day (None: no limit is known)."""

    path: Path
    needed: int
    used: int
    day: int | None

    @property
    def days(self) -> int:
        """On how many days it goes, today among them."""
        if self.day is None or self.needed <= self.day - self.used:
            return 1
        return 1 + ceil((self.needed - max(0, self.day - self.used)) / self.day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """How a broadcast would go if it began at `at`: `paths` of those it reaches, `later` of those who wait
    for a path, `unreached` with why nothing reaches them, most first, `lost` their contacts."""

    at: datetime
    people: int
    paths: Sequence[tuple[Path, int]]
    later: Sequence[tuple[Why, int]]
    unreached: Sequence[tuple[Why, int]]
    lost: Mapping[int, Why]
    costs: Sequence[Cost]

    @property
    def reached(self) -> int:
        """How many it reaches, at once or later."""
        return self.people - len(self.lost)

    @property
    def takes(self) -> timedelta:
        """How long the sending takes where no quota stops it."""
        return timedelta(seconds=ceil(sum(number for _, number in self.paths) / PER_SECOND))

    @property
    def days(self) -> int:
        """On how many days it goes."""
        return max((cost.days for cost in self.costs), default=1)


def outlook(
    contacts: Sequence[int],
    groups: Iterable[Alike],
    kind: Kind,
    *,
    occasion: str,
    at: datetime,
    until: datetime,
    calls: Mapping[str, int],
    alone: bool,
) -> Outlook:
    """How a message of `kind` would reach these contacts from `at` on; `groups` are of all of them who were
    not forgotten. `calls` are today's by the lanes of their APIs; `alone`: each is told something else."""
    shut = {Path.MASS: _ALONE} if alone else {}
    paths: Counter[Path] = Counter()
    later: Counter[Why] = Counter()
    lost = dict.fromkeys(contacts, Why.NO_CHANNEL)
    lanes: defaultdict[Path, set[str]] = defaultdict(set)
    for group in groups:
        reach = group.reach
        found = ways(reach, kind, at, occasion=occasion, shut=shut, brief=True)
        if found.chosen is not None and found.chosen is not Path.CALL:
            paths[found.chosen] += len(group.contacts)
            lanes[found.chosen].add(api_lane(found.chosen, reach.channel, reach.account))
        elif found.opens_at is not None and found.opens_at < until:
            later[next(why for why in found.why_not.values() if why in PASSING)] += len(group.contacts)
        else:
            lost.update(dict.fromkeys(group.contacts, found.why))
            continue
        for one in group.contacts:
            del lost[one]
    costs = tuple(
        Cost(
            path=path,
            needed=1 if path is Path.MASS else number,
            used=sum(calls.get(lane, 0) for lane in lanes[path]),
            day=LIMITS[path].day,
        )
        for path, number in paths.most_common()
    )
    return Outlook(
        at=at,
        people=len(contacts),
        paths=paths.most_common(),
        later=later.most_common(),
        unreached=Counter(lost.values()).most_common(),
        lost=lost,
        costs=costs,
    )
