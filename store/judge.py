"""What is to be done with each push of a claim; pure, on what was read for all of them together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any, Final

from store.limits import FEWEST_IN_MASS, LIMITS, next_day, waking
from store.premises import Ground, parsed
from store.reach import Kind, Reach, Shut, Ways, Why, ways
from store.records import DeliveryState, Path

Row = Mapping[str, Any]

SILENCED: Final = frozenset({Why.MUTED, Why.NO_CONSENT})
PASSING: Final = frozenset({Why.QUIET, Why.PARKED, Why.QUOTA, Why.MASS_USED})
ALONE: Final = Shut(why=Why.MASS_ALONE)
# Until the others of a mass send can be locked with it.
TOGETHER: Final = timedelta(seconds=5)
KEY_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a claim judges by: the `kinds` by name, the end (ISO) of each stage by `<notice>/<stage>`, calls
    a day by path where they differ from `limits.LIMITS`, and the lanes of APIs (`limits.api_lane`) that this
    process lets rest, and until when, beside those parked in the database."""

    kinds: Mapping[str, Kind]
    stages: Mapping[str, str]
    quotas: Mapping[Path, int] = field(default_factory=dict)
    resting: Mapping[str, datetime] = field(default_factory=dict)

    def quota(self, path: Path) -> int | None:
        """Calls of a path's API in a day of China; None where no limit is known."""
        return self.quotas.get(path, LIMITS[path].day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A push that goes now. `until`: the end of the window that it takes a send of. `key`: that of its mass
    send. `again`: a try of unknown end is repeated, and takes nothing anew."""

    row: Row
    path: Path
    until: datetime | None = None
    key: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """A push that does not go: where it goes instead, and why."""

    row: Row
    state: DeliveryState
    reason: str
    due_at: datetime | None = None


class Judge:
    """Judges one claim. What it lets go is counted at once: a send of a window is given to one push only.

    `shut` are paths whose APIs are at rest, `left` the calls that paths with a limit have left today,
    `members` how many of each mass send that is repeated have no end yet.
    """

    def __init__(
        self,
        *,
        rules: Rules,
        now: datetime,
        reaches: Mapping[int, Reach],
        ground: Ground,
        shut: Mapping[Path, Shut],
        left: Mapping[Path, int],
        members: Mapping[str, int],
    ) -> None:
        self._rules = rules
        self._now = now
        self._reaches = dict(reaches)
        self._ground = ground
        self._shut = dict(shut)
        self._left = dict(left)
        self._members = members
        for path, calls in left.items():
            if calls <= 0:
                self._run_out(path)

    def sort(self, rows: Iterable[Row]) -> tuple[list[Fit], list[Unfit]]:
        """Those that go, and those that do not."""
        judged: list[Fit | Unfit] = []
        masses: defaultdict[Any, list[Fit]] = defaultdict(list)
        for row in rows:
            one = self._judge(row)
            if isinstance(one, Fit) and one.path is Path.MASS:
                masses[one.key or _words(row)].append(one)
            else:
                judged.append(one)
        for mass in masses.values():
            judged += self._repeated(mass) if mass[0].again else self._gathered(mass)
        fit = [one for one in judged if isinstance(one, Fit)]
        return fit, [one for one in judged if isinstance(one, Unfit)]

    def _judge(self, row: Row) -> Fit | Unfit:
        contact = self._reaches.get(row["contact_id"])
        if contact is None or row["recipient"] is None:
            return _ended(row, DeliveryState.CANCELLED, "forgotten")
        kind = self._rules.kinds.get(row["kind"])
        if kind is None:
            return _ended(row, DeliveryState.REFUSED, f"unknown_kind:{row['kind']}")
        if broken := self._ground.broken(parsed(row["premises"]), row["unit_id"], contact):
            return _ended(row, DeliveryState.CANCELLED, broken)
        return self._repeat(row, kind, contact) if row["path"] else self._choose(row, kind, contact)

    def _choose(self, row: Row, kind: Kind, contact: Reach, *, alone: bool = False) -> Fit | Unfit:
        shut = {**self._shut, Path.MASS: self._shut.get(Path.MASS, ALONE)} if alone else self._shut
        found = ways(contact, kind, self._now, occasion=row["occasion"], shut=shut, brief=True)
        if found.chosen is None or found.chosen is Path.CALL:
            return _nowhere(row, found)
        self._count(contact, kind, found.chosen)
        return Fit(row=row, path=found.chosen, until=found.until)

    def _repeat(self, row: Row, kind: Kind, contact: Reach) -> Fit | Unfit:
        """By the same path, under the same key, while the platform still knows a second copy by it; quiet
        hours hold for what can wait them out."""
        path = Path(row["path"])
        until = min(again_until(path, row["first_try_at"]) or self._now, row["not_after"])
        if contact.barred or not contact.follows:
            return _ended(row, DeliveryState.UNCLEAR, Why.BARRED if contact.barred else Why.NOT_FOLLOWING)
        morning = waking(self._now) if kind.quiet else self._now
        at = morning if morning < until else self._now
        if shut := self._shut.get(path):
            at = max(at, shut.until or until)
        if at >= until:
            return _ended(row, DeliveryState.UNCLEAR, "key_expired")
        if at > self._now:
            return Unfit(row=row, state=DeliveryState.WAITING, reason=row["reason"], due_at=at)
        if path is not Path.MASS:
            self._call(path)
        return Fit(row=row, path=path, key=row["mass_key"] or "", again=True)

    def _gathered(self, mass: Sequence[Fit]) -> Sequence[Fit | Unfit]:
        """One call for all who are told the same; fewer than the platform takes go by other paths."""
        if len(mass) >= FEWEST_IN_MASS and Path.MASS not in self._shut:
            self._call(Path.MASS)
            key = token_hex(KEY_BYTES)
            return [replace(one, key=key) for one in mass]
        return [self._instead(one.row) for one in mass]

    def _instead(self, row: Row) -> Fit | Unfit:
        contact = self._reaches[row["contact_id"]]
        contact = self._reaches[contact.contact_id] = replace(contact, mass_used=contact.mass_used - 1)
        return self._choose(row, self._rules.kinds[row["kind"]], contact, alone=True)

    def _repeated(self, mass: Sequence[Fit]) -> Sequence[Fit | Unfit]:
        """A key stands for all whom its call named: some of them alone would use it up for the others."""
        if len(mass) < self._members[mass[0].key]:
            at = self._now + TOGETHER
            return [
                Unfit(row=one.row, state=DeliveryState.WAITING, reason=one.row["reason"], due_at=at)
                for one in mass
            ]
        if len(mass) < FEWEST_IN_MASS or Path.MASS in self._shut:
            return [_ended(one.row, DeliveryState.UNCLEAR, "key_expired") for one in mass]
        self._call(Path.MASS)
        return mass

    def _count(self, contact: Reach, kind: Kind, path: Path) -> None:
        if path is Path.MASS:
            contact = replace(contact, mass_used=contact.mass_used + 1)
        elif path is Path.CUSTOM:
            contact = replace(contact, window_left=contact.window_left - 1)
        elif path is Path.SUBSCRIBE:
            template = kind.templates[path]
            held = contact.allowances[template]
            fewer = replace(held, left=held.left - 1)
            contact = replace(contact, allowances={**contact.allowances, template: fewer})
        if path is not Path.MASS:
            self._call(path)
        self._reaches[contact.contact_id] = contact

    def _call(self, path: Path) -> None:
        if path in self._left:
            self._left[path] -= 1
            if self._left[path] <= 0:
                self._run_out(path)

    def _run_out(self, path: Path) -> None:
        self._shut.setdefault(path, Shut(why=Why.QUOTA, until=next_day(self._now)))


def again_until(path: Path, first_try_at: datetime) -> datetime | None:
    """How long a try by this path may be repeated under its key; None where there is no key."""
    key = LIMITS[path].key
    return None if key is None else first_try_at + key


def _words(row: Row) -> tuple[Any, ...]:
    """What the words of a push are made of: the same for all of a mass send."""
    return row["kind"], row["template"], row["content"], row["unit_id"]


def _ended(row: Row, state: DeliveryState, reason: str) -> Unfit:
    """Whatever ends one that may have gone already, nobody knows whether it was received."""
    return Unfit(row=row, state=DeliveryState.UNCLEAR if row["path"] else state, reason=reason)


def _nowhere(row: Row, found: Ways) -> Unfit:
    """No path is open now: it waits if one opens in time, else staff see to it, unless it is not wanted."""
    reasons = list(found.why_not.values())
    if reasons and reasons[0] in SILENCED:
        return _ended(row, DeliveryState.CANCELLED, reasons[0])
    if found.opens_at is not None and found.opens_at < row["not_after"]:
        passing = next(why for why in reasons if why in PASSING)
        return Unfit(row=row, state=DeliveryState.WAITING, reason=passing, due_at=found.opens_at)
    return _ended(row, DeliveryState.REFUSED, f"unreachable:{found.why}")
