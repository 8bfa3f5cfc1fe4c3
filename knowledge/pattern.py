"""Regular expressions as authors write them: over several lines, and compiled when they are first used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator

_METHODS = ("search", "match", "fullmatch", "findall", "finditer", "split", "sub")


def joined(value: object) -> object:
    """An expression without the ends of the lines over which it is written."""
    return value.replace("\n", "") if isinstance(value, str) else value


Expression = Annotated[re.Pattern[str], BeforeValidator(joined)]


class LazyPattern:
    """As re.Pattern, for expressions of which a message needs few of some hundred; one that is no regular
    expression raises re.error when it is used, or by `compile`."""

    __slots__ = ("pattern", *_METHODS)

    pattern: str
    search: Callable[..., re.Match[str] | None]
    match: Callable[..., re.Match[str] | None]
    fullmatch: Callable[..., re.Match[str] | None]
    findall: Callable[..., list[str]]
    finditer: Callable[..., Iterator[re.Match[str]]]
    split: Callable[..., list[str]]
    sub: Callable[..., str]

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern

    def __getattr__(self, name: str) -> Any:
        """A method that is not yet there: from now on all are, at the cost of re.Pattern's own."""
        if name not in _METHODS:
            raise AttributeError(name)
        self.compile()
        return getattr(self, name)

    def compile(self) -> None:
        """Takes the methods of the compiled expression as its own."""
        compiled = re.compile(self.pattern)
        for name in _METHODS:
            setattr(self, name, getattr(compiled, name))


def any_of(names: Iterable[str]) -> LazyPattern:
    """Any of some names, the longest first."""
    return LazyPattern("|".join(map(re.escape, sorted(names, key=lambda n: (-len(n), n)))) or r"(?!)")
