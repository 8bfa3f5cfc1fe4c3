"""What a message asks, as a typed value that can be explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from knowledge.notice import Aspect

ASK = "ask"
"""The act of a message that asks something; the other acts are the ids of `common/speech.yaml`."""

FIGURE = "figure"
"""What is inherited by a message that only holds a figure against the last answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """Something the person says about themselves: `value` read from `words`."""

    fact: str
    value: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where to look: a notice and the programmes asked about (none: all of the notice's)."""

    notice: str
    programmes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A fact that fits the question; `why` names what spoke for it."""

    fact: str
    score: float
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """Something asked on which the notice of the scope says nothing.

    `topic` is what a reply calls it; `near` are facts to show beside it, `note` is the author's own sentence.
    A `case` is one of a matter of which the notice may well tell.
    """

    notice: str
    topic: str
    note: str = ""
    near: tuple[str, ...] = ()
    case: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one scope has to say to the question: facts in order of fit, and what it is silent on.

    `overview` names the aspects asked as a whole, without a finer matter; `pointed` are the hits that
    people ask for in words much like these; `unsure` that none of them fits well.
    """

    scope: Scope
    hits: tuple[Hit, ...] = ()
    silent: tuple[Silent, ...] = ()
    overview: tuple[Aspect, ...] = ()
    pointed: tuple[str, ...] = ()
    unsure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a conversation remembers between two messages; `offices` are the contacts that were named last.
    `home` is the city of the units that the person speaks for: meant where nothing else says which; `year`
    is the one in which the message is said, 0 where that is not known."""

    city: str = ""
    programmes: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    aspects: tuple[Aspect, ...] = ()
    matters: tuple[str, ...] = ()
    stated: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    text: str = ""
    offices: tuple[str, ...] = ()
    home: str = ""
    year: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One message, understood in its context.

    `city_from` is `said`, `remembered` (from an earlier message), `implied` (by a programme or a
    district), `home` (of the person's own units) or empty. `bodies` are recommending bodies named,
    `unnamed` is the wording without names of cities and programmes, `rest` the same without marks,
    `strange` are words that neither the vocabulary nor any notice in scope knows. `order` has for each topic
    which of several questions is the first to name it, `stranger` is a person asked for whom no notice names,
    `compared` are the finer matters in which programmes are to be set beside each other.
    """

    text: str
    act: str
    mended: tuple[tuple[str, str], ...] = ()
    city: str = ""
    city_from: str = ""
    other_city: str = ""
    other_edition: str = ""
    other_selection: str = ""
    districts: tuple[str, ...] = ()
    street: str = ""
    bodies: tuple[str, ...] = ()
    unnamed: str = ""
    rest: str = ""
    programmes: tuple[str, ...] = ()
    aspects: tuple[Aspect, ...] = ()
    matters: Mapping[str, float] = field(default_factory=dict)
    order: Mapping[str, int] = field(default_factory=dict)
    compared: tuple[str, ...] = ()
    stated: tuple[Stated, ...] = ()
    strange: tuple[str, ...] = ()
    stranger: str = ""
    findings: tuple[Finding, ...] = ()
    inherited: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """The programmes that the message itself names."""
        return () if "programmes" in self.inherited else self.programmes

    def topics(self) -> bool:
        """Whether the message asks about anything that the vocabulary knows."""
        return bool(self.aspects or self.matters)
