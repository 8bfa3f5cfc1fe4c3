"""推荐名额 against what the lists show: of each body of a notice, by programme, with its sub-limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    """The quotas of the scope's places, in the order of the notices; whole-city bodies are the city's. One
    that each district has for itself (各区) is a district's own; of a whole city, those that have used it."""
    for notice in library.notices.values():
        city, regions = notice.header.city, {region.name for region in notice.regions}
        for sourced in library.of_kind(notice, Quota):
            quota = sourced.fact
            assert isinstance(quota, Quota)
            if quota.total:
                continue
            own = [one for one in tallies if one.notice == notice.id and one.programme in quota.programmes]
            shared = () if quota.region else quota.bodies
            used = {one.district for one in own}
            each = [
                body
                for body in shared
                if body in (regions if scope.districts else used) and scope.holds(city, body)
            ]
            for district in each:
                yield _use(library, city, sourced, district, [one for one in own if one.district == district])
            if not each and scope.holds(city, quota.region):
                yield _use(library, city, sourced, quota.body, [one for one in own if _of(quota, one)])


def _of(quota: Quota, tally: Tally) -> bool:
    named = tally.department in (quota.body, *quota.bodies)
    return named or (bool(quota.region) and tally.district == quota.region)


def _use(library: Library, city: str, sourced: Sourced, body: str, counted: Sequence[Tally]) -> Use:
    quota = sourced.fact
    assert isinstance(quota, Quota)
    return Use(
        city=city,
        body=body,
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
