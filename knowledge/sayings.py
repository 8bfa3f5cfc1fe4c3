"""How people tell facts of themselves, as data: the rows of `common/telling.yaml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field, PlainValidator, model_validator

from knowledge.notice import Record, Strings
from knowledge.pattern import LazyPattern

MARK, NAME = "\u25c6", "\u25c7"
"""Stand in a text for each character of a fact, or of the name of a place or a programme."""

_NAME = re.compile(r"\{([a-z_]+)\}")


def _pattern(value: object) -> LazyPattern:
    """A text as a pattern, where it names no part that `parts` lacks."""
    if not isinstance(value, str):
        raise ValueError("a regular expression")
    if left := _NAME.search(value):
        raise ValueError(f"{left.group()} is no name of `parts`")
    return LazyPattern(value)


Pattern = Annotated[LazyPattern, PlainValidator(_pattern)]


class Row(Record):
    """A row that can tell something only of a text with one of the characters of `near` (none: of any)."""

    near: str = ""

    @cached_property
    def _near(self) -> frozenset[str]:
        return frozenset(self.near)

    def may(self, characters: frozenset[str]) -> bool:
        """Whether a text of these characters can tell what the row tells."""
        return not self.near or not self._near.isdisjoint(characters)


class Options(Row):
    """What tells the options of a fact, the strongest option first: of several that are told the first holds,
    of a level the highest.

    `denied` is what a denial leaves possible (default: of a level what lies below, of a yes or no the
    other); `ever` facts stay true of the past; of a `plain` fact several options that are told cancel one
    another. Where `against` is found, nothing counts, or of a fact with `weak` words only these do not;
    what follows words of `likened` is compared with an option, and is none, as is what only the unit gave
    (`by_unit`) where nothing is `proven`. An option is left where `unless` finds its words said of the
    candidate. What follows words of `sole` is
    the highest there is: a higher one told beside it leaves the fact open. Of a `claim` any word of doubt
    leaves it open, as do several levels that no word of `ordered` puts one after the other; of a `stated`
    fact any in its own part, unless what is told is `owned` by its words alone.
    """

    fact: str
    says: Mapping[str, Pattern]
    denied: Mapping[str, Strings] = Field(default_factory=dict)
    ever: bool = False
    plain: bool = False
    weak: Mapping[str, Pattern] = Field(default_factory=dict)
    against: Pattern | None = None
    likened: Pattern | None = None
    by_unit: Pattern | None = None
    proven: Pattern | None = None
    unless: Mapping[str, Pattern] = Field(default_factory=dict)
    sole: Pattern | None = None
    claim: bool = False
    stated: bool = False
    owned: Pattern | None = None
    ordered: Pattern | None = None


class Deed(Row):
    """A kind of achievement (`deeds` of the dictionary) and the words that tell one; one of `others` may be
    told of those whom the candidate taught."""

    id: str
    says: Pattern
    others: bool = False


class Period(Row):
    """What tells since when, or when: the group `when`, or `age` with `less`, `just`, `nominal`, or
    `reckoned` back from when it will have been some years; or the day of today for something that has not
    begun (`future`). Bare words of a moment are of what goes before them where that is `dated`, and in an
    answer of what was asked, where that is something one has for good."""

    fact: str
    says: Pattern
    future: bool = False
    dated: Pattern | None = None


class Amount(Row):
    """What tells a number: the group `n`; `less` of it are not counted, `either` leaves open whether."""

    fact: str
    says: Pattern
    less: int = 0
    either: bool = False


class Honour(Record):
    """A kind of honour; `tier` and `place` where the name itself says them. `held`: the name alone may be a
    question about a programme, it counts only beside words of having it."""

    kind: str
    says: Pattern
    tier: str = ""
    held: bool = False


class Held(Record):
    """Words of having an honour, and its year: before the name, or after it (`year`); `dated` has one."""

    before: Pattern
    after: Pattern
    year: Pattern
    dated: Pattern


class Contests(Record):
    """What a result in a contest is made of; `headed`: a part before it that tells only the tier."""

    about: Pattern
    named: Pattern
    headed: Pattern
    place: Pattern
    places: Mapping[str, int]
    world_only: Strings
    tiers: Mapping[str, Pattern]
    classes: Mapping[str, Pattern]
    below: Strings
    world: str
    first: str
    coach: Pattern
    coach_after: Pattern
    along: Pattern
    roles: tuple[str, str]
    beside: Pattern
    trim: str


class Persons(Record):
    """Who a part of a message is about. `self` and the words for others begin a part; `helped` is for whom
    somebody asks; `object` before a word shows that the part is not about him. `meant` asks for a judgement
    on somebody who is only called he or she. `whose` may go before the word for whom a check is made, and
    `his` after it where another is meant, `tells` after it where he says something of himself; `he` stands
    for him. What is `mine` is then of whoever writes. Those who were `taught` are told of by a coach too,
    and never stood for."""

    self: Pattern
    others: Pattern
    kin: Pattern
    staff: Pattern
    third: Pattern
    unit: Pattern
    object: Pattern
    predicate: Pattern
    meant: Pattern
    whose: Pattern
    his: Pattern
    tells: Pattern
    he: str
    taught: Pattern
    mine: Pattern
    helped: Pattern
    clerk: Pattern
    several: Pattern
    named: Pattern


class Moods(Record):
    """How a statement is meant: what turns it into a wish, a question, a denial or something of the past, or
    is only `quoted` of the notice; what is `demanded` need not be so; `still` tells of what goes on after an
    early leave, `deny_list` begins a list of which the first is denied, `nobody` denies of everybody,
    `all_but` spares what follows from a denial, and what begins `anew` is not touched by what was said
    before. `taken_back` denies what stands before it; a part that `leads` makes the next somebody's words, a
    condition or a wish. What is `unknown` leaves open all that it names; of `either` (its groups) one
    holds. What follows words that end in `guessed` is only supposed."""

    sentence: Pattern
    pause: Pattern
    quoted: Pattern
    unknown: Pattern
    either: Pattern
    still: Pattern
    wish: Pattern
    demanded: Pattern
    wish_after: Pattern
    past: Pattern
    now: Pattern
    ask_before: Pattern
    ask_after: Pattern
    supposed: Pattern
    guessed: Pattern
    asserts: Pattern
    least: Pattern
    deny_before: Pattern
    deny_list: Pattern
    nobody: Pattern
    anew: Pattern
    all_but: Pattern
    deny_after: Pattern
    taken_back: Pattern
    leads: Pattern


class Plain(Record):
    """What may stand around a claim that is taken at once: in its part between pauses (those that `joins`
    finds end none) only `words` and, of its kind, `kinds`; facts, those of `beside` too, stand there as
    `MARK`, places and programmes as `NAME`. What `asks` whether that is enough (and what goes before
    it, its group) asserts it too. A part beside it that is not all of `words` must have a topic of its own
    (`topics`), else it is about the claim."""

    beside: Strings
    joins: Pattern
    asks: Pattern
    topics: Pattern
    words: tuple[Pattern, ...]
    kinds: Mapping[str, Pattern]


class Times(Record):
    """How moments and periods are told; `parts` are days of a month, `seasons` months of a year, `near` the
    months beside this one. What is `reckoned` tells when some years were or will be full, or how much they
    `lack`; what is `around` a date, and `about` a period, is no more exact than that."""

    dates: tuple[Pattern, ...]
    near: Mapping[str, int]
    reckoned: tuple[Pattern, ...]
    lack: Pattern
    parts: Mapping[str, tuple[int, int]]
    seasons: Mapping[str, tuple[int, int]]
    lunar: Mapping[str, int]
    ago: Mapping[str, int]
    lasting: Pattern
    months: Pattern
    half_year: Pattern
    tens: Pattern
    around: Pattern
    about: Pattern
    counted: Pattern
    just: Strings
    least: Strings
    decade: Pattern
    decade_age: Pattern
    decades: Mapping[str, tuple[int, int]]


class Numbers(Record):
    """How amounts are told that are no plain number."""

    single: Pattern
    pair: Pattern
    more: Pattern
    below: Strings
    above: Strings
    under: Pattern
    over: Pattern
    most: float
    about: Pattern
    percent: Mapping[str, tuple[float, float]]
    hundredths: Pattern
    tenths: Pattern


class Places(Record):
    """Where the unit is: before or after the name of a city or district, and the provinces (`of_province` is
    what may follow the name of one); one `ruled` from another city need not be there. What stands after an
    honour may say that it is of a unit or a district (`below`). `district` is the word for one, `named` what
    may stand between its name and an honour."""

    before: Pattern
    strong: Pattern
    after: Pattern
    other: Pattern
    ruled: Pattern
    away: Pattern
    outside: Pattern
    provinces: Strings
    of_province: str
    tiers: Mapping[str, Pattern]
    unit_tier: str
    district: str
    named: Pattern
    below: Pattern
    by_province: str
    by_city: str
    foreign: Pattern


class Titles(Record):
    """Words by which a programme's name is told as won, and those that `never` were, where they have words of
    their `own` or a name stands anywhere; `full` are names that need no city's name to be taken for a
    programme's, of which those that `joins` are told alike; `bare` is what may go before one that only names
    what was won, `apart` says that a title of the unit's is no hindrance."""

    full: Pattern
    joins: Pattern
    before: Pattern
    after: Pattern
    apart: Pattern
    bare: Pattern
    nobody: Pattern
    never: Pattern
    own: Pattern


class Nothing(Row):
    """Words that deny every record of some lists, unless there is something `but` that."""

    facts: Strings
    but: Pattern | None = None
    says: Pattern


class Answers(Record):
    """How questions are answered. What people do at work has no end of words: of `free` facts an answer may
    tell in any, where a story may not. What stands in a part of `doubt`, or before a `comment` that is a part
    of its own, is open; what `belies` a part makes a deed a denial and the rest open; one that `counts`
    doubts all before it, one that is `timed` only a date; `parts` divides. `details` are the words of a
    record's detail. `run` names the first or the `last` few lines; `denies` is a part that denies deeds,
    `tried` one that only tells of an attempt, `nod` is a yes to what is no more than that or a no; words of
    `function` name nothing, only those of `every` affirm all deeds of a list, `nobody` a no that is the
    number 0; `had` tells of anything one has, `affirmed` that what is named holds; what is `moot` leaves
    open only what nobody is asked for. A part that is `dated` tells no more than when. Of a fact of `ages`
    such a bare age is everybody's, not one's own."""

    commands: Strings
    aside: Pattern
    hedge: Pattern
    unsure: Pattern
    doubt: Pattern
    comment: Pattern
    belies: Pattern
    counts: Pattern
    timed: Pattern
    parts: Pattern
    yes: Pattern
    no: Pattern
    all: Pattern
    none: Pattern
    index: Pattern
    run: Pattern
    several: Pattern
    split: Pattern
    filler: Pattern
    first: Mapping[str, Mapping[str, Pattern]]
    words: Mapping[str, Mapping[str, Pattern]]
    last: Mapping[str, Mapping[str, Pattern]]
    details: Mapping[str, Mapping[str, Pattern]]
    digit: Pattern
    function: Pattern
    every: Pattern
    nod: Pattern
    vague: Mapping[str, Pattern]
    partial: Mapping[str, Pattern]
    nothing: Pattern
    tried: Pattern
    denies: Pattern
    nobody: Mapping[str, Pattern]
    had: Pattern
    affirmed: Pattern
    moot: Pattern
    refusal: Pattern
    only: Pattern
    topics: Mapping[str, Pattern]
    free: Strings
    not_yet: Pattern
    age: Pattern
    age_of: str
    ages: Mapping[str, Pattern]
    moment: Pattern
    reckoned: Pattern
    dated: Pattern
    amount: Pattern


class Reaching(Record):
    """What becomes of whoever reaches one of `ages` between the days at which a notice may reckon, by a month
    of birth (the fact `of`) and words that go with the age: `tells`, unless another option of its first fact
    than those of `still` is told."""

    of: str
    still: Strings
    tells: Mapping[str, str] = Field(min_length=1)
    ages: Mapping[int, Pattern]


class Sayings(Record):
    """The whole of `common/telling.yaml`; every pattern may name one of `parts` as `{name}`. `particles` mean
    nothing, be it words that lead up to an answer, vouch for it or end a part; `withdrawn` is a part with the
    words that take it back, `mended` takes back what was told before."""

    parts: Mapping[str, str]
    mends: Mapping[str, str]
    particles: Pattern
    withdrawn: Pattern
    mended: Pattern
    persons: Persons
    moods: Moods
    plain: Plain
    times: Times
    numbers: Numbers
    places: Places
    titles: Titles
    options: tuple[Options, ...]
    deeds: tuple[Deed, ...]
    periods: tuple[Period, ...]
    amounts: tuple[Amount, ...]
    honours: tuple[Honour, ...]
    held: Held
    joint: str
    contests: Contests
    nothing: tuple[Nothing, ...]
    reaching: Reaching
    answers: Answers

    @model_validator(mode="before")
    @classmethod
    def _expanded(cls, value: Any) -> Any:
        """Every pattern in one line and every `{name}` in it replaced by its part, parts within parts too."""
        if not isinstance(value, Mapping) or not isinstance(value.get("parts"), Mapping):
            return value
        parts: dict[str, str] = {}
        for name, text in value["parts"].items():
            parts[name] = _filled(str(text), parts)
        return {key: v if key == "parts" else _deep(v, parts) for key, v in value.items()}


def _filled(text: str, parts: Mapping[str, str]) -> str:
    return _NAME.sub(lambda m: parts.get(m[1], m.group()), text.replace("\n", ""))


def _deep(value: Any, parts: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _filled(value, parts)
    if isinstance(value, Mapping):
        return {key: _deep(v, parts) for key, v in value.items()}
    return [_deep(v, parts) for v in value] if isinstance(value, list) else value
