"""What must hold between `common/telling.yaml` and the dictionary of facts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from knowledge.dictionary import Entry
from knowledge.faults import Fault
from knowledge.notice import Record
from knowledge.pattern import LazyPattern
from knowledge.sayings import Sayings
from knowledge.yaml_source import Path_, Source

_SHOWN = 120


def check(sayings: Sayings, source: Source, entries: Sequence[Entry]) -> Iterator[Fault]:
    """Every fact, option and deed that one names and the other lacks."""
    dictionary = {entry.id: entry for entry in entries}
    for at, row in enumerate(sayings.options):
        where: Path_ = ("options", at)
        options = {*row.says, *row.weak, *row.denied, *(o for left in row.denied.values() for o in left)}
        yield from _options(source, where, row.fact, options, dictionary)
    told = [("periods", at, period.fact, "month") for at, period in enumerate(sayings.periods)]
    told += [("amounts", at, amount.fact, "number") for at, amount in enumerate(sayings.amounts)]
    for name, at, fact, kind in told:
        if fact not in dictionary or dictionary[fact].type != kind:
            yield _fault(source, (name, at, "fact"), fact, f"a fact of the type {kind}")
    for name in ("first", "words"):
        for fact, table in getattr(sayings.answers, name).items():
            yield from _options(source, ("answers", name, fact), fact, set(table), dictionary)
    for fact, option in sayings.reaching.tells.items():
        yield from _options(source, ("reaching", "tells", fact), fact, {option}, dictionary)
    deeds = {deed.id for deed in sayings.deeds}
    for entry in entries:
        for deed in entry.deeds:
            if deed not in deeds:
                yield _fault(source, ("deeds",), deed, f"each deed that {entry.id} names")


def uncompiled(sayings: Sayings, source: Source) -> Iterator[Fault]:
    """Every pattern that is no regular expression; all others are compiled."""
    for where, pattern in _patterns(sayings, ()):
        try:
            pattern.compile()
        except re.error as error:
            yield _fault(source, where, pattern.pattern[:_SHOWN], f"a regular expression ({error})")


def _patterns(value: object, where: Path_) -> Iterator[tuple[Path_, LazyPattern]]:
    """Every pattern within a value, with the way to it."""
    if isinstance(value, LazyPattern):
        yield where, value
    elif isinstance(value, Record):
        for name in type(value).model_fields:
            yield from _patterns(getattr(value, name), (*where, name))
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _patterns(one, (*where, key))
    elif isinstance(value, tuple):
        for at, one in enumerate(value):
            yield from _patterns(one, (*where, at))


def _options(
    source: Source, where: Path_, fact: str, options: set[str], dictionary: Mapping[str, Entry]
) -> Iterator[Fault]:
    entry = dictionary.get(fact)
    if entry is None or not entry.domain():
        yield _fault(source, where, fact, "a fact of facts.yaml with options")
        return
    for option in sorted(options - entry.domain()):
        yield _fault(source, where, option, f"one of {', '.join(sorted(entry.domain()))}")


def _fault(source: Source, where: Path_, found: str, expected: str) -> Fault:
    return Fault(
        file=source.name,
        line=source.line(where),
        field=".".join(map(str, where)),
        found=found,
        expected=expected,
        cure="correct it, or add it to the dictionary",
    )
