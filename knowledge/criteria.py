"""Criteria as a notice's files give them: trees of leaves, each a condition on one fact with its clause.

There is no negation: an exclusion is a leaf that fails. Where a tree stands by what is known, `rules` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cached_property, partial
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from knowledge.notice import Record, Strings


class Standing(IntEnum):
    """How far a criterion is met: not at all; only by an exception, a soft limit or a contested reading;
    only by a claim that a jury judges; by the plain text."""

    UNMET = 0
    EXCEPTION = 1
    JUDGED = 2
    MET = 3


class Outcome(StrEnum):
    """The five verdicts; `OPEN` is for ends that do not meet."""

    MET = "met"
    JUDGED = "judged"
    EXCEPTION = "exception"
    UNMET = "unmet"
    OPEN = "open"


_OUTCOMES = {
    Standing.MET: Outcome.MET,
    Standing.JUDGED: Outcome.JUDGED,
    Standing.EXCEPTION: Outcome.EXCEPTION,
    Standing.UNMET: Outcome.UNMET,
}


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """The standings that are still possible, from `low` to `high`."""

    low: Standing
    high: Standing

    @property
    def outcome(self) -> Outcome:
        return _OUTCOMES[self.low] if self.low == self.high else Outcome.OPEN

    @property
    def settled(self) -> bool:
        return self.low == self.high


def _standing(value: object) -> object:
    """`met`, `judged`, `exception` or `unmet`."""
    if isinstance(value, str) and value.upper() in Standing.__members__:
        return Standing[value.upper()]
    raise ValueError("a standing is one of met, judged, exception, unmet")


Rung = Annotated[Standing, BeforeValidator(_standing)]
Test = str | int | tuple[str, ...] | Mapping[Literal["at_most", "since_years"], int]


class Cut(Record):
    """The standing from a lower bound up to the next one."""

    least: float
    stands: Rung


class Match(Record):
    """The standing of a record whose fields pass: a text or one of several, a number `at_most`, a year
    at most so many years (`since_years`) before the last reference day."""

    where: Mapping[str, Test]
    stands: Rung


class Cited(Record):
    """Words of the notice under a short name, with the clause they stand in."""

    name: str
    clause: Strings = Field(min_length=1)
    quote: str = Field(min_length=1)
    note: str = ""


class Leaf(Cited):
    """One fact held against one piece of the notice's text.

    Exactly one of: `when` (option to standing), `at_least` (a level's option, `met` from there up), `cuts`
    (of a number, or of a month by `measure`: full years or months up to the reference day), `matches` (of
    records; the best one counts). Anything else stands as `otherwise`. `note` says what the wording leaves
    open, shown where the leaf stands by exception; `fact` of titles is written `won/<programme>`.
    """

    id: str
    fact: str
    kind: Literal["criterion", "exclusion", "soft", "slot"] = "criterion"
    subject: Literal["candidate", "leader", "members", "host"] = "candidate"
    when: Mapping[str, Rung] = Field(default_factory=dict)
    at_least: str = ""
    cuts: tuple[Cut, ...] = ()
    measure: Literal["", "years", "months"] = ""
    matches: tuple[Match, ...] = ()
    stands: Rung = Standing.MET
    otherwise: Rung = Standing.UNMET

    @model_validator(mode="after")
    def _one_table(self) -> Leaf:
        if sum(map(bool, (self.when, self.at_least, self.cuts, self.matches))) != 1:
            raise ValueError("a leaf has exactly one of `when`, `at_least`, `cuts` and `matches`")
        if self.measure and not self.cuts:
            raise ValueError("`measure` goes with `cuts`")
        return self

    @cached_property
    def possible(self) -> Interval:
        """What the leaf's table can come to, whatever options its fact has."""
        found = [self.otherwise, *self.when.values(), *(cut.stands for cut in self.cuts)]
        if self.at_least:
            found.append(self.stands)
        found += [match.stands for match in self.matches]
        if self.cuts:
            found.remove(self.otherwise)
        return Interval(min(found), max(found))


class AllOf(Record):
    """The least of its parts; `name` is what they are together."""

    name: str = ""
    all_of: tuple[Node, ...] = Field(min_length=1)


class AnyOf(Record):
    """The best of its parts; `name` is what the parts are alternatives for."""

    any_of: tuple[Node, ...] = Field(min_length=1)
    name: str = ""


class AtLeast(Record):
    """The standing that at least `count` of its parts reach."""

    count: int = Field(gt=0)
    of: tuple[Node, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _enough(self) -> AtLeast:
        if self.count > len(self.of):
            raise ValueError("`count` is at most the number of parts in `of`")
        return self


class Switch(Record):
    """The part for the fact's option; `otherwise` for an option without one."""

    switch: str
    cases: Mapping[str, Node]
    otherwise: Node


class Relax(Record):
    """The base, or by exception at best where `by` holds; `by` is never asked, it is told as a note."""

    base: Node
    by: Leaf


_FORMS = {"all_of": "AllOf", "any_of": "AnyOf", "switch": "Switch", "base": "Relax", "count": "AtLeast"}


def _form(value: Any) -> str:
    """The kind of node by the key that only this kind has."""
    has = value.__contains__ if isinstance(value, Mapping) else partial(hasattr, value)
    return next((form for key, form in _FORMS.items() if has(key)), "Leaf")


Node = Annotated[
    Annotated[AllOf, Tag("AllOf")]
    | Annotated[AnyOf, Tag("AnyOf")]
    | Annotated[AtLeast, Tag("AtLeast")]
    | Annotated[Switch, Tag("Switch")]
    | Annotated[Relax, Tag("Relax")]
    | Annotated[Leaf, Tag("Leaf")],
    Discriminator(_form),
]

for _model in (AllOf, AnyOf, AtLeast, Switch, Relax):
    _model.model_rebuild()


class Title(Record):
    """What the programme's title itself counts as in a list: 武汉市技能大师 is also an honour."""

    fact: str
    record: Mapping[str, str | int]


class Ruleset(Record):
    """Who is eligible for one programme. `jury` is wording that nobody can check for himself, `notes` what
    else counts (preferences, priorities): neither is asked. `title` is what holding the title counts as."""

    programme: str
    tree: Node
    jury: tuple[Cited, ...] = ()
    notes: tuple[Cited, ...] = ()
    title: Title | None = None

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """Every leaf, in the order of the text."""
        return tuple(leaves(self.tree))

    @cached_property
    def relaxing(self) -> tuple[Leaf, ...]:
        """The leaves that lift a refusal by exception: never asked, they count where they are claimed."""
        asked = {leaf.id for leaf in leaves(self.tree, relaxing=False)}
        return tuple(leaf for leaf in self.leaves if leaf.id not in asked)

    @cached_property
    def switches(self) -> Mapping[str, frozenset[str]]:
        """Every fact by which a switch takes its part, with the options that have one of their own."""
        found: dict[str, frozenset[str]] = {}
        for switch in _switches(self.tree):
            found[switch.switch] = found.get(switch.switch, frozenset()) | {*switch.cases}
        return found

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """Every fact that a leaf or a switch asks, in the order of the text."""
        return tuple(dict.fromkeys(_facts(self.tree)))


class Together(Cited):
    """A rule across programmes: of these a person may be put forward for one."""

    programmes: Strings = Field(min_length=2)


class Criteria(Record):
    """The file `criteria.yaml` of a notice."""

    rulesets: tuple[Ruleset, ...] = ()
    together: tuple[Together, ...] = ()


def leaves(node: Node, *, relaxing: bool = True) -> Iterator[Leaf]:
    """The leaves of a tree in the order of the text, those of relaxations among them or not."""
    match node:
        case Leaf():
            yield node
        case Relax():
            yield from leaves(node.base, relaxing=relaxing)
            if relaxing:
                yield node.by
        case _:
            for part in parts(node):
                yield from leaves(part, relaxing=relaxing)


def parts(node: Node) -> Sequence[Node]:
    """The parts of a node, a leaf has none."""
    match node:
        case AllOf():
            return node.all_of
        case AnyOf():
            return node.any_of
        case AtLeast():
            return node.of
        case Switch():
            return (*node.cases.values(), node.otherwise)
        case Relax():
            return (node.base, node.by)
        case Leaf():
            return ()


def _facts(node: Node) -> Iterator[str]:
    if isinstance(node, Leaf):
        yield node.fact
        return
    if isinstance(node, Switch):
        yield node.switch
    for part in parts(node):
        yield from _facts(part)


def _switches(node: Node) -> Iterator[Switch]:
    if isinstance(node, Switch):
        yield node
    for part in parts(node):
        yield from _switches(part)
