"""A list of the platform's held against what is known: what is new, changed, gone, or nobody can say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Final

from bot.desk.listing import WORDS, Entry
from knowledge.edition import Notice
from knowledge.library import Library
from knowledge.likeness import Names
from store.applications import Application, Identity, Listed, Unit, bare
from store.database import Work

_ALIKE: Final = 0.5


class Sort(StrEnum):
    """How a row differs from what is known."""

    NEW = "new"
    CHANGED = "changed"
    DETAIL = "detail"
    GONE = "gone"
    STALE = "stale"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A list with what is said of it. `whole` lists show everybody of a district (empty: of the city), so
    that who is missing is gone; `source` names the file or the system."""

    notice: Notice
    district: str
    whole: bool
    exported_at: datetime
    source: str
    digest: str
    by: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The notice and the district (empty: the whole city) that a list is of."""

    notice: Notice
    district: str


def scope(library: Library, *, city: str, notice: str, district: str) -> Scope | list[tuple[str, str]]:
    """Of what a list is, by a city's name, the id of one of its notices (empty: its only one) and the name of
    a district; or every fault, as a field and what is wrong with it."""
    known = {
        name: n.header.city for n in library.notices.values() for name in (n.header.city, *n.header.cities)
    }
    found = {one.id: one for one in library.notices.values() if one.header.city == known.get(city)}
    if not found:
        return [("city", WORDS.faults["city"])]
    current = [one for one in found.values() if not one.superseded_by]
    chosen = found.get(notice) if notice else current[0] if len(current) == 1 else None
    faults = []
    if chosen is None:
        text = WORDS.faults["notice" if notice else "which"].format(names="、".join(found))
        faults.append(("notice", text))
    regions = {
        name: region.name
        for one in found.values()
        for region in one.regions
        for name in (region.name, *region.names)
    }
    if district and district not in regions:
        faults.append(("district", WORDS.faults["district"]))
    if chosen is None or faults:
        return faults
    return Scope(notice=chosen, district=regions.get(district, ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A row of the list, or an application that it does not show any more (then `row` is as it was known)."""

    sort: Sort
    row: Listed
    number: int = 0
    before: Application | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All differences; `last` is when the newer list was exported that forbids taking this one, else None.
    `newer`: a whole list later than any before it, which is worth keeping for that alone. `proposals` are
    units of the roster that an unknown name may stand for."""

    differences: tuple[Difference, ...]
    last: datetime | None = None
    newer: bool = False
    proposals: Mapping[str, tuple[Unit, ...]] = field(default_factory=dict)

    def of(self, *sorts: Sort) -> list[Difference]:
        """The differences of these sorts in order."""
        return [found for found in self.differences if found.sort in sorts]

    @property
    def counts(self) -> dict[str, int]:
        """How many there are of each sort."""
        found = Counter(difference.sort for difference in self.differences)
        return {sort.value: found[sort] for sort in Sort}

    @property
    def unknown(self) -> list[str]:
        """The statuses that nobody has described, as they are written."""
        return sorted({d.row.status for d in self.of(Sort.NEW, Sort.CHANGED) if not d.row.status_id})

    @property
    def categories(self) -> list[str]:
        """The categories that are none of the notice's programmes."""
        return sorted({d.row.category for d in self.of(Sort.NEW, Sort.CHANGED) if not d.row.programme})

    @property
    def empty(self) -> bool:
        """Whether there is nothing to take."""
        return not self.newer and not self.of(Sort.NEW, Sort.CHANGED, Sort.DETAIL, Sort.GONE)


class Reader:
    """Reads entries by what is known of a notice: its programmes and statuses, the roster, earlier lists."""

    def __init__(self, delivered: Delivered, roster: Sequence[Unit], known: Sequence[Application]) -> None:
        self._delivered = delivered
        self._by_name: dict[str, list[Unit]] = {}
        for unit in roster:
            self._by_name.setdefault(bare(unit.name), []).append(unit)
        self._by_id = {unit.id: unit for unit in roster}
        # what staff once said of a name holds on
        self._said = {bare(one.unit_name): one.unit_id for one in known if one.unit_id in self._by_id}
        header = delivered.notice.header
        self._programmes = {
            bare(name): programme.id
            for programme in reversed(header.programmes)
            for name in (programme.name, *programme.names, *programme.old_names)
        }

    def listed(self, entry: Entry) -> Listed:
        """The row as it is kept."""
        notice = self._delivered.notice
        unit = self._unit(entry.unit)
        programme = self._programmes.get(bare(entry.category), "")
        status = notice.status(entry.status, programme or None)
        return Listed(
            unit_id=unit.id if unit else None,
            unit_name=entry.unit,
            city=notice.header.city,
            district=self._delivered.district
            or (unit.district if unit else self._district(entry.department)),
            department=entry.department,
            notice=notice.id,
            programme=programme,
            category=entry.category,
            name=entry.name,
            declared_at=entry.declared_at,
            unit_rank=entry.unit_rank,
            district_rank=entry.district_rank,
            status=entry.status,
            status_id=status.id if status else "",
            phase=status.phase if status else "",
            opinion=entry.opinion,
        )

    def proposals(self, rows: Sequence[Listed]) -> dict[str, tuple[Unit, ...]]:
        """For each name that is no unit's, the units that it is like, and those that share it."""
        found: dict[str, tuple[Unit, ...]] = {}
        for name in sorted({row.unit_name for row in rows if row.unit_id is None}):
            alike = [bare(name)] if bare(name) in self._by_name else self._alike(name)
            found[name] = tuple(unit for one in alike for unit in self._by_name[one])
        return found

    def _alike(self, name: str) -> list[str]:
        return [found for found, _ in self._names.nearest(bare(name), least=_ALIKE)]

    @cached_property
    def _names(self) -> Names:
        return Names(self._by_name)

    def _unit(self, name: str) -> Unit | None:
        """The one unit that is called so; none where two are."""
        called = self._by_name.get(bare(name), ())
        if len(called) == 1:
            return called[0]
        said = self._said.get(bare(name))
        return self._by_id.get(said) if said else None

    def _district(self, department: str) -> str:
        regions = self._delivered.notice.regions
        return next((region.name for region in regions if region.name in department), "")


async def compare(work: Work, delivered: Delivered) -> Comparison:
    """The differences between a list and what is known; changes nothing."""
    notice = delivered.notice
    known = await work.applications_of(notice=notice.id)
    exported = await work.exported(notice=notice.id)
    reader = Reader(delivered, await work.roster(city=notice.header.city), known)
    rows = [(entry.number, reader.listed(entry)) for entry in delivered.entries]
    covering = [at for district, at in exported.items() if district in ("", delivered.district)]
    last = max(covering, default=None) if delivered.whole else None
    before = exported.get(delivered.district)
    return Comparison(
        differences=tuple(_differences(delivered, rows, known, exported)),
        last=last if last and last > delivered.exported_at else None,
        newer=delivered.whole and (before is None or before < delivered.exported_at),
        proposals=reader.proposals([row for _, row in rows]),
    )


def _differences(
    delivered: Delivered,
    rows: Sequence[tuple[int, Listed]],
    known: Sequence[Application],
    exported: Mapping[str, datetime],
) -> Iterator[Difference]:
    before = {one.identity: one for one in known}
    versions: dict[Identity, set[Listed]] = {}
    for _, row in rows:
        versions.setdefault(row.identity, set()).add(row)
    seen: set[Identity] = set()
    for number, row in rows:
        if len(versions[row.identity]) > 1:
            yield Difference(sort=Sort.AMBIGUOUS, row=row, number=number)
        elif row.identity not in seen:
            seen.add(row.identity)
            yield from _difference(delivered, row, number, before.get(row.identity), exported)
    for one in known if delivered.whole else ():
        within = delivered.district in ("", one.district)
        missing = within and one.identity not in versions and not one.gone_at
        if missing and _known_since(one, exported) <= delivered.exported_at:
            yield Difference(sort=Sort.GONE, row=one, before=one)


def _difference(
    delivered: Delivered,
    row: Listed,
    number: int,
    before: Application | None,
    exported: Mapping[str, datetime],
) -> Iterator[Difference]:
    since = _known_since(before, exported) if before else _covered(row.district, exported)
    row = _completed(row, before) if before else row
    found = _sort(row, before)
    if since is not None and since > delivered.exported_at:
        found = Sort.STALE if found in (Sort.NEW, Sort.CHANGED) else None
    elif found is None and not delivered.whole and delivered.exported_at != since:
        # only by its row is it known that a part of a list has confirmed it
        found = Sort.DETAIL
    if found:
        yield Difference(sort=found, row=row, number=number, before=before)


def _sort(row: Listed, before: Application | None) -> Sort | None:
    if before is None:
        return Sort.NEW
    if _standing(row) != _standing(before):
        return Sort.CHANGED
    other = any(getattr(row, name) != getattr(before, name) for name in Listed.__slots__)
    return Sort.DETAIL if before.gone_at or other else None


def _covered(district: str, exported: Mapping[str, datetime]) -> datetime | None:
    """When the last whole list was exported that shows this district."""
    return max((at for of, at in exported.items() if of in ("", district)), default=None)


def _known_since(one: Application, exported: Mapping[str, datetime]) -> datetime:
    """As of when an application stands as it does: a whole list need not write what has not changed."""
    return max(one.exported_at, _covered(one.district, exported) or one.exported_at)


def _completed(row: Listed, before: Application) -> Listed:
    """The row with the opinion that the same status came with, where a list shows only a link to it."""
    return replace(row, opinion=row.opinion or (before.opinion if row.status == before.status else ""))


def _standing(row: Listed) -> tuple[str, str]:
    return bare(row.status), row.opinion
