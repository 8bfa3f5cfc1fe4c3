"""A list of the platform's held against what is known: the differences, and what follows from taking them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from typing import Any, Final

from bot.announce import announce
from bot.desk.listing import WORDS, Entry
from handlers import reviews
from knowledge.library import Library, Notice
from knowledge.likeness import Names
from knowledge.workdays import WorkingDays
from store.applications import Application, Identity, Import, Listed, Taken, Unit, Write, bare
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What taking a list came to; `unheard` counts changes that no contact of the unit hears of."""

    import_id: int
    units: int
    candidates: int
    unheard: int


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


async def apply(work: Work, delivered: Delivered, *, now: datetime) -> tuple[Comparison, Applied | None]:
    """Take what is new in a list, tell those whom it concerns, and leave staff what is theirs to decide: all
    in the caller's transaction. Nothing is taken of a list older than the last, or the same again."""
    await work.enter(notice=delivered.notice.id, now=now)
    comparison = await compare(work, delivered)
    if comparison.last:
        return comparison, None
    if comparison.empty:
        await _note(work, delivered, comparison, (), "", now)
        return comparison, None
    moved = comparison.of(Sort.NEW, Sort.CHANGED)
    taken = await work.take(
        imported=_import(delivered, comparison),
        rows=[
            *(Write(row=difference.row, changed=True) for difference in moved),
            *(Write(row=found.row, changed=False) for found in comparison.of(Sort.DETAIL)),
        ],
        gone=[found.before.id for found in comparison.of(Sort.GONE) if found.before],
        now=now,
    )
    changes = _changes(moved, taken, await work.confirmed_seats(city=delivered.notice.header.city))
    await _tell(work, changes, f"status:{taken.import_id}", now)
    await _note(work, delivered, comparison, changes, str(taken.import_id), now)
    return comparison, _applied(taken, changes)


async def _tell(work: Work, changes: Sequence[reviews.Change], occasion: str, now: datetime) -> None:
    told = reviews.alerts(changes, occasion=occasion, workdays=WorkingDays(), now=now)
    await announce(work, told, now)


def _import(delivered: Delivered, comparison: Comparison) -> Import:
    return Import(
        city=delivered.notice.header.city,
        notice=delivered.notice.id,
        district=delivered.district,
        whole=delivered.whole,
        file_name=delivered.source,
        file_hash=delivered.digest,
        exported_at=delivered.exported_at,
        imported_by=delivered.by,
        counts=comparison.counts,
    )


def _changes(moved: Sequence[Difference], taken: Taken, seats: Mapping[int, int]) -> list[reviews.Change]:
    return [
        reviews.Change(
            application=written.application_id,
            unit=found.row.unit_id,
            district=found.row.district,
            notice=found.row.notice,
            programme=found.row.programme,
            category=found.row.category,
            name=found.row.name,
            before=found.before.status if found.before else "",
            status=found.row.status,
            opinion=found.row.opinion,
            return_id=written.return_id or 0,
            contact=written.contact_id,
            seats=seats.get(found.row.unit_id or 0, 0),
        )
        for found, written in zip(moved, taken.written, strict=True)
    ]


def _applied(taken: Taken, changes: Sequence[reviews.Change]) -> Applied:
    return Applied(
        import_id=taken.import_id,
        units=len({change.unit for change in changes if change.seats}),
        candidates=sum(change.contact is not None for change in changes),
        unheard=sum(reviews.unheard(changes).values()),
    )


async def _note(
    work: Work,
    delivered: Delivered,
    comparison: Comparison,
    changes: Sequence[reviews.Change],
    by_import: str,
    now: datetime,
) -> None:
    """What is left to staff, each once: words that nobody has described, names that are no unit's, rows that
    contradict each other, who is gone, and whom nobody hears of."""
    for kind, key, district, content in _notes(delivered, comparison, changes, by_import):
        await work.note(
            kind=kind,
            city=delivered.notice.header.city,
            district=district,
            content={"notice": delivered.notice.id, **content},
            dedupe_key=f"{kind}:{delivered.notice.id}:{key}",
            now=now,
        )


def _notes(
    delivered: Delivered, comparison: Comparison, changes: Sequence[reviews.Change], by_import: str
) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Kind, what makes it one, district and content of each note."""
    where = delivered.district
    for word in comparison.unknown:
        yield "status_unknown", word, where, {"status": word}
    for category in comparison.categories:
        yield "category_unknown", category, where, {"category": category}
    for name, units in comparison.proposals.items():
        codes = [{"code": unit.code, "name": unit.name} for unit in units]
        yield "unit_unknown", bare(name), where, {"unit": name, "proposals": codes}
    if ambiguous := comparison.of(Sort.AMBIGUOUS):
        rows = [found.number for found in ambiguous]
        yield "status_ambiguous", delivered.digest, where, {"rows": rows, "source": delivered.source}
    if gone := [found.before.id for found in comparison.of(Sort.GONE) if found.before]:
        yield "status_gone", by_import, where, {"applications": gone}
    for district, count in reviews.unheard(changes).items():
        yield "status_unheard", f"{by_import}:{district}", district, {"changes": count}


async def link(work: Work, notice: Notice, name: str, unit: Unit, *, now: datetime) -> int:
    """Staff say which unit a list means by a name: its applications are the unit's, and its contacts hear how
    they stand. Gives how many."""
    linked = await work.link(city=notice.header.city, unit_name=name, unit=unit.id)
    if not linked:
        return 0
    seats = await work.confirmed_seats(city=notice.header.city)
    known = await work.applications_of(notice=notice.id)
    changes = [_as_it_stands(one, seats.get(unit.id, 0)) for one in known if one.id in linked]
    await _tell(work, changes, f"status:link:{unit.id}:{min(linked)}", now)
    return len(linked)


def _as_it_stands(one: Application, seats: int) -> reviews.Change:
    return reviews.Change(
        application=one.id,
        unit=one.unit_id,
        district=one.district,
        notice=one.notice,
        programme=one.programme,
        category=one.category,
        name=one.name,
        before="",
        status=one.status,
        opinion=one.opinion,
        return_id=one.return_id or 0,
        # the candidate has been told already
        contact=None,
        seats=seats,
    )


def digest(data: bytes) -> str:
    """What a list is known by."""
    return sha256(data).hexdigest()
