"""推荐名额 against what the lists show: of each body of a notice, by programme, with its sub-limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from knowledge.library import Library, Sourced
from knowledge.notice import Quota
from store.boards import Tally
from store.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A limit within a quota, and how much of it is used."""

    of: str
    at_most: int
    used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A body's quota of a programme (its name), what the lists show of it, and where it is written."""

    city: str
    body: str
    programme: str
    count: int
    unit: str
    used: int
    parts: tuple[Part, ...]
    cite: str


def uses(library: Library, tallies: Sequence[Tally], scope: Scope) -> Iterator[Use]:
    """The quotas of the scope's places, in the order of the notices; whole-city bodies are the city's."""
    for notice in library.notices.values():
        for sourced in library.of_kind(notice, Quota):
            quota = sourced.fact
            assert isinstance(quota, Quota)
            if not quota.total and scope.holds(notice.header.city, quota.region):
                own = [one for one in tallies if one.notice == notice.id and _of(quota, one)]
                yield _use(library, notice.header.city, sourced, quota, own)


def _of(quota: Quota, tally: Tally) -> bool:
    if tally.programme not in quota.programmes:
        return False
    named = tally.department in (quota.body, *quota.bodies)
    return named or (bool(quota.region) and tally.district == quota.region)


def _use(library: Library, city: str, sourced: Sourced, quota: Quota, own: Iterable[Tally]) -> Use:
    counted = list(own)
    return Use(
        city=city,
        body=quota.body,
        programme=library.programmes[quota.programmes[0]][1].name,
        count=quota.count,
        unit=quota.unit,
        used=sum(tally.count for tally in counted),
        parts=tuple(
            Part(
                of=limit.of,
                at_most=limit.at_most,
                used=sum(tally.count for tally in counted if _is(limit.of, tally.category)),
            )
            for limit in quota.sub_limits
        ),
        cite=sourced.citation,
    )


def _is(sort: str, category: str) -> bool:
    """紫砂类 and 紫砂 (of a list) are one."""
    return bool(category) and (category in sort or sort in category)
