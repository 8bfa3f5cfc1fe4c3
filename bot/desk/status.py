"""A list of the platform's taken over: what is kept, who is told, what is left to staff."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from bot.announce import announce
from bot.desk.comparison import Comparison, Delivered, Difference, Sort, compare
from handlers import reviews
from handlers.season import workdays
from knowledge.edition import Notice
from store.applications import Application, Unit, bare
from store.database import Work
from store.lists import Import, Taken, Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What taking a list came to; `unheard` counts changes that no contact of the unit hears of."""

    import_id: int
    units: int
    candidates: int
    unheard: int


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
    calendar = workdays(await work.days())
    told = reviews.alerts(changes, occasion=occasion, workdays=calendar, now=now)
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
