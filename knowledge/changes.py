"""What differs between two editions of a notice, or two versions of one, in typed facts by the same role."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from knowledge.edition import Notice
from knowledge.figures import figures
from knowledge.library import Sourced
from knowledge.lint import bare
from knowledge.notice import Condition, Fact, Material, Programme, Quota, Stage

COMPARED: tuple[type[Fact], ...] = (Stage, Quota, Condition, Material)
"""The kinds that are compared, in the order in which people are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A fact that is new (`before` is None), gone (`after` is None) or says something else.

    `kind` is one of COMPARED; `programmes` are the newer notice's, none for the whole notice, and the older
    one's for a programme that has no heir.
    """

    kind: type[Fact]
    programmes: tuple[str, ...]
    before: Sourced | None
    after: Sourced | None


def heirs(old: Notice, new: Notice) -> Mapping[str, str]:
    """Each programme of a notice, and what it is in another of the same city: by id, else by its name."""
    found = {}
    for programme in old.programmes:
        same = [p for p in new.programmes if p.id == programme.id]
        same += [p for p in new.programmes if programme.name in _called(p) or p.name in programme.old_names]
        if same:
            found[programme.id] = same[0].id
    return found


def _called(programme: Programme) -> tuple[str, ...]:
    return (programme.name, *programme.old_names)


def changes(old: Notice, new: Notice) -> tuple[Change, ...]:
    """What differs, relays' facts among it: those of the newer in their order, then what is gone.

    Facts are held against each other by id, else by what they are for; clauses, wording around a
    quotation and sample words do not count. Nothing differs between a notice and itself, and what a
    district said of an edition that it has not passed on yet is not gone.
    """
    heir = heirs(old, new)
    found: list[Change] = []
    for kind in COMPARED:
        found += _of_kind(kind, old, new, heir)
    return tuple(found)


def _of_kind(kind: type[Fact], old: Notice, new: Notice, heir: Mapping[str, str]) -> Iterator[Change]:
    before, after = list(_facts(kind, old)), list(_facts(kind, new))
    match = _paired(before, after, heir)
    for sourced in after:
        was = match.get(sourced.id)
        if was is None or _says(was, heir) != _says(sourced, {}):
            yield Change(kind=kind, programmes=sourced.fact.programmes, before=was, after=sourced)
    kept = {sourced.id for sourced in match.values()}
    there = {part.header.district for part in (new, *new.relays)}
    for sourced in before:
        if sourced.id not in kept and (old.id == new.id or sourced.notice.header.district in there):
            yield Change(kind=kind, programmes=_mapped(sourced.fact, heir), before=sourced, after=None)


def _paired(
    before: Sequence[Sourced], after: Sequence[Sourced], heir: Mapping[str, str]
) -> Mapping[str, Sourced]:
    """What each newer fact was, by its id: the one of the same id, of the same words, of the same role."""
    found: dict[str, Sourced] = {}
    for signature in (_name, _words, _role):
        taken = {sourced.id for sourced in found.values()}
        left: dict[Hashable, list[Sourced]] = {}
        for sourced in before:
            if sourced.id not in taken:
                left.setdefault(signature(sourced, heir), []).append(sourced)
        for sourced in after:
            if sourced.id not in found and (same := left.get(signature(sourced, {}))):
                found[sourced.id] = same.pop(0)
    return found


def _facts(kind: type[Fact], notice: Notice) -> Iterator[Sourced]:
    for part in (notice, *notice.relays):
        yield from (Sourced(part, fact) for fact in part.facts if isinstance(fact, kind))


def _mapped(fact: Fact, heir: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(heir.get(programme, programme) for programme in fact.programmes)


def _place(sourced: Sourced, heir: Mapping[str, str]) -> tuple[Hashable, ...]:
    return (sourced.notice.header.district, sourced.fact.region, _mapped(sourced.fact, heir))


def _name(sourced: Sourced, _: Mapping[str, str]) -> Hashable:
    return (sourced.notice.header.district, sourced.fact.id)


def _words(sourced: Sourced, heir: Mapping[str, str]) -> Hashable:
    return (*_place(sourced, heir), bare(sourced.fact.quote or sourced.fact.say))


def _role(sourced: Sourced, heir: Mapping[str, str]) -> Hashable:
    """What a fact is for, whatever it says of it."""
    fact, place = sourced.fact, _place(sourced, heir)
    match fact:
        case Stage():
            return (*place, bare(fact.name), fact.binds)
        case Quota():
            return (*place, bare(fact.body), fact.total)
        case Material():
            return (*place, bare(fact.item), fact.way)
    return (*place, fact.about)


def _says(sourced: Sourced, heir: Mapping[str, str]) -> Hashable:
    """What counts of a fact when it is compared."""
    fact, place = sourced.fact, _place(sourced, heir)
    match fact:
        case Stage():
            return (*place, fact.ends, fact.opens, fact.counted_from)
        case Quota():
            return (*place, fact.body, fact.count, fact.unit, fact.sub_limits)
        case Material():
            return (*place, bare(fact.item), fact.way, fact.limits, _figures(sourced))
    assert isinstance(fact, Condition)
    return (*place, fact.role, bare(fact.quote or fact.say), _figures(sourced))


def _figures(sourced: Sourced) -> frozenset[str]:
    """The figures of what is said, but for those that name the edition."""
    header = sourced.notice.header
    return frozenset(figures(sourced.fact.say) - figures(f"{header.edition} {header.doc_no}"))
