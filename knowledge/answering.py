"""Answers to a question: its own lines first, then what free text tells."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from knowledge.dictionary import (
    NO,
    SURE_NO,
    SURE_YES,
    Days,
    Item,
    Items,
    OneOf,
    Span,
    Value,
    known,
)
from knowledge.interview import Line, Question
from knowledge.library import Library
from knowledge.lines import (
    DENIALS,
    NONE,
    bared,
    denial,
    denies,
    either,
    fits,
    headed_by,
    likest,
    line_of,
    narrowed,
    pairs_of,
    says,
)
from knowledge.pattern import LazyPattern
from knowledge.periods import number
from knowledge.plainness import NO_CLAIM
from knowledge.said import Found
from knowledge.stories import Stories

_MOST_PACKED = 9
_PLAIN = frozenset({"claim", "titles", "records"})
_DEEDS = frozenset({"claim", "records"})
_LIKE, _PARTLY_LIKE = 0.45, 0.3
_TAKEN = "slot/"
"""Facts of which a no speaks for the candidate."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer tells; not `understood` where it holds none to the question."""

    found: Mapping[str, Found] = field(default_factory=dict)
    unsure: frozenset[str] = frozenset()
    understood: bool = True


class Answering:
    """Reads answers by one library; safe to share."""

    def __init__(self, library: Library, stories: Stories) -> None:
        self._words = library.vocabulary.telling.answers
        self._dictionary = library.dictionary
        options = library.vocabulary.telling.options
        self._claims = frozenset(row.fact for row in options if row.claim)
        self._stated = frozenset(row.fact for row in options if row.stated).difference(self._words.free)
        self._exclusive = frozenset(row.fact for row in options if row.plain and row.stated)
        self._stories = stories

    def read(self, text: str, asked: Question, *, today: date, notice: str) -> Answer | None:
        """What `text` answers; None for a command or a question of his own. What denies another fact
        (没退休) is no "no" to this one."""
        answer = self._sure(text, asked, today=today, notice=notice)
        told = [row for fact, row in answer.found.items() if fact in asked.fills] if answer else []
        if answer is None or not told or not all(denial(row.value) for row in told):
            return answer
        if self._worded(self._words.filler.sub("", text), asked, self._words.words):
            return answer
        others = self._stories.read(text, today=today, notice=notice, asked=asked.id)
        head = self._words.split.split(self._words.filler.sub("", text))[0]
        meant = any(
            not denial(row.value)
            and self._words.refusal.search(row.words)
            and (head in row.words or row.words in head)
            for row in others.values()
        )
        if not meant or not others.keys().isdisjoint(asked.fills):
            return answer
        return Answer(others, understood=False)

    def _sure(self, text: str, asked: Question, *, today: date, notice: str) -> Answer | None:
        """What an answer tells, but for what only its parts of doubt do: that is open, or denied where words
        belie a deed."""
        answer = self._answer(text, asked, today=today, notice=notice)
        if answer is None or asked.kind not in ("one", "many") or self._first(text, asked):
            return answer
        told = answer.found.keys() & set(asked.fills)
        firm, doubted, belied = self._divided(text, asked)
        if told and self._open_record(text, asked, firm, doubted):
            return Answer(_beside(answer.found, told), frozenset(asked.fills))
        if not doubted or (firm and self._recorded(asked)):
            return answer

        def read(parts: Sequence[str]) -> Mapping[str, Found]:
            part = self._answer(",".join(parts), asked, today=today, notice=notice) if parts else None
            return part.found if part else {}

        if not told:
            return self._supposed(text, asked, answer, read(firm), firm, doubted)
        sure, alone, denied = read(firm), read(doubted), read(belied)
        if not sure and self._words.aside.search(text):
            return None
        drop = {f for f in told & alone.keys() if not _upheld(f, answer.found, sure, alone)}
        if any(self._words.doubt.search(part) for part in doubted):
            drop |= {f for f in told - sure.keys() if not denial(answer.found[f].value)}
        elif not any(self._words.unsure.search(part) for part in doubted):
            drop = {fact for fact in drop if fact.startswith(_TAKEN) or not denial(answer.found[fact].value)}
        drop |= {f for f in told if f in self._numbered(asked, doubted) and denial(answer.found[f].value)}
        gone = {f for f in drop if f in denied and self._claim_of(f, answer.found[f].value)}
        found = {fact: row for fact, row in answer.found.items() if fact not in drop}
        noes = {fact: Found(SURE_NO, text) for fact in gone}
        return Answer({**found, **noes}, answer.unsure | (drop - gone))

    def _first(self, text: str, asked: Question) -> bool:
        """Whether an answer's words tell something however they are meant; not after a part that doubts."""
        if len(asked.fills) != 1 or self._words.comment.fullmatch(self._words.parts.split(text)[0]):
            return False
        return bool(self._worded(text, asked, self._words.first, sure=True))

    def _supposed(
        self,
        text: str,
        asked: Question,
        answer: Answer,
        sure: Mapping[str, Found],
        firm: Sequence[str],
        doubted: Sequence[str],
    ) -> Answer:
        """What an answer tells of which nothing was read as parts of it are doubted: where these are only of
        a date the rest holds, where there is no rest all is open."""
        words = self._words
        if firm and all(words.timed.search(part) for part in doubted):
            return Answer(sure, answer.unsure - sure.keys()) if sure.keys() & set(asked.fills) else answer
        open_ = not firm and any(words.doubt.search(part) for part in doubted) and not answer.unsure
        if not open_ or words.aside.search(text) or self._elsewhere(text, asked, answer):
            return answer
        return Answer(answer.found, frozenset(asked.fills))

    def _numbered(self, asked: Question, doubted: Sequence[str]) -> frozenset[str]:
        """The facts of the lines whose numbers begin parts of doubt."""
        numbers = [int(part[0]) - 1 for part in doubted if asked.kind == "many" and part[0] in "123456789"]
        lines = [asked.lines[at] for at in numbers if at < len(asked.lines)]
        return frozenset(fact for line in lines for fact in line.values)

    def _of_record(self, asked: Question) -> bool:
        """Whether a detail of a record is asked for."""
        return asked.id.rpartition(".")[0] in asked.fills

    def _open_record(self, text: str, asked: Question, firm: Sequence[str], doubted: Sequence[str]) -> bool:
        """Whether a detail of a record is doubted, or a record is told of which a detail is not known."""
        words = self._words
        if self._of_record(asked):
            return asked.kind == "one" and bool(words.doubt.search(text))
        unknown = any(map(words.counts.search, doubted)) and words.unsure.search(text)
        return bool(firm and unknown and self._recorded(asked))

    def _recorded(self, asked: Question) -> bool:
        """Whether records are asked for, which are read one by one."""
        return any(self._dictionary[fact.partition("/")[0]].type == "records" for fact in asked.fills)

    def _claim_of(self, fact: str, value: Value) -> bool:
        """Whether a value says of a deed that it was done."""
        return value == SURE_YES and self._dictionary[fact.partition("/")[0]].type == "claim"

    def _divided(self, text: str, asked: Question) -> tuple[list[str], list[str], list[str]]:
        """The parts of an answer that stand, those that are doubted, be it by the part after them, and of
        these those that words belie."""
        words = self._words
        firm, doubted, belied = list[str](), list[str](), list[str]()
        parts = [*filter(None, words.parts.split(words.moot.sub("", text)))]
        for before, part, after in zip(("", *parts), parts, (*parts[1:], ""), strict=False):
            if words.comment.fullmatch(part) or self._questioned(part, asked):
                # what is not known may come after
                own = firm[:-1] if firm[-1:] == [before] and not words.unsure.search(after) else firm
                own = own if not words.counts.search(part) or len(asked.fills) > 1 else []
                meant = firm[len(own) :]
                doubted += [*meant, part]
                belied += meant if words.belies.search(part) else []
                firm = own
            elif words.doubt.search(part) or words.unsure.search(part):
                doubted.append(part)
            elif words.belies.search(part):
                doubted.append(part)
                belied.append(part)
            else:
                firm.append(part)
        return firm, doubted, belied

    def _questioned(self, part: str, asked: Question) -> bool:
        """Whether a part doubts that what is told counts as what the question names."""
        words = self._words
        if len(asked.fills) > 1 or not words.counts.search(part) or not words.unsure.search(part):
            return False
        return not set(pairs_of(part)).isdisjoint(pairs_of(asked.ask))

    def _answer(self, text: str, asked: Question, *, today: date, notice: str) -> Answer | None:
        bare = self._words.filler.sub("", text)
        if self._hedged(text, asked):
            answer = self._sentence(text, bare, asked, today=today, notice=notice)
            return Answer(understood=False) if answer and self._elsewhere(text, asked, answer) else answer
        first = self._worded(bare, asked, self._words.first, sure=True) if len(asked.fills) == 1 else {}
        if self._yes_or_no(asked) and self._words.nod.fullmatch(text.strip(",。!~ ")):
            return Answer({fact: Found(value, text) for fact, value in (self._agreed(asked) or {}).items()})
        if not bare or (bare in self._words.commands and not first):
            return None
        values = first or self._plain(bare, asked)
        open_ = asked.kind in ("number", "month") and not self._vague(bare, asked)
        if values is None and open_ and not self._at_odds(bare, asked, today):
            values = self._told(bare, asked, today) or self._apart(text, bare, asked, today, notice)
        if values is not None:
            return Answer({fact: Found(value, text) for fact, value in values.items()})
        return self._sentence(text, bare, asked, today=today, notice=notice)

    def _yes_or_no(self, asked: Question) -> bool:
        """Whether a question can be answered by no more than a yes or a no."""
        fact, *others = asked.fills
        kind = fact.partition("/")[0]
        return not others and asked.kind == "one" and self._dictionary[kind].yes_or_no

    def _plain(self, bare: str, asked: Question) -> Mapping[str, Value] | None:
        """By the line's number or label, or by a bare yes or no."""
        if not asked.lines:
            return None
        indexes = self._indexes(bare, asked)
        if indexes is not None or self._vague(bare, asked):
            return asked.chosen(indexes) if indexes is not None else None
        labels = [bared(line.label) for line in asked.lines]
        begun = [at for at, label in enumerate(labels) if label.startswith(bare)]
        if bare in labels or (asked.kind == "one" and len(begun) == 1 and len(bare) > 1):
            return asked.chosen(begun[:1])
        if asked.kind == "many" and self._words.all.match(bare) and self._every(bare, asked):
            return asked.chosen(range(len(asked.lines)))
        if self._words.no.match(bare) or self._words.none.match(bare) or bare == bared(asked.none):
            return self._refused(asked)
        return self._agreed(asked) if self._words.yes.match(bare) else None

    def _every(self, bare: str, asked: Question) -> bool:
        """Whether an answer may affirm all lines at once: deeds only where it says that it is all of them."""
        deeds = self._of_deeds(asked)
        return not deeds or self._words.every.search(bare) is not None

    def _of_deeds(self, asked: Question) -> bool:
        """Whether the question is of what the candidate has done."""
        kinds = {self._dictionary[fact.partition("/")[0]].type for fact in asked.fills}
        return asked.who != "unit" and "claim" in kinds

    def _vague(self, bare: str, asked: Question) -> bool:
        """Whether an answer's words are a line's, but may as well mean something else."""
        return any(
            pattern.search(bare)
            for fact in asked.fills
            if (pattern := self._words.vague.get(fact.partition("/")[0])) is not None
        )

    def _worded(
        self,
        bare: str,
        asked: Question,
        table: Mapping[str, Mapping[str, LazyPattern]],
        *,
        sure: bool = False,
    ) -> Mapping[str, Value]:
        """By words that tell something only in answer to this question, `sure`: however they are meant."""
        several = asked.kind == "many" and len(asked.fills) > 1
        vague = not sure and self._vague(bare, asked)
        if asked.kind in ("number", "month") or (several and not self._titled(asked)) or vague:
            return {}
        found: dict[str, Value] = {}
        for fact in asked.fills:
            options = table.get(fact.partition("/")[0], {})
            options = {o: pattern for o, pattern in options.items() if o == NO} if several else options
            free = table is self._words.last or fact in self._words.free
            if option := self._option(bare, options, sure=sure or self._titled(asked), fact=fact, free=free):
                found[fact] = known(option)
        return found

    def _option(
        self,
        text: str,
        options: Mapping[str, LazyPattern],
        *,
        sure: bool = False,
        fact: str = "",
        free: bool = False,
        others: bool = False,
    ) -> str | None:
        """The first option whose words a text asserts, of a fact that is not `free` plainly; `sure`: has;
        `others`: be it in a part about others, as it is about apprentices. A yes and a no told apart from one
        another are neither."""
        told: dict[str, re.Match[str]] = {}
        for option, pattern in options.items():
            match = pattern.search(text)
            claim = fact if fact in self._claims and option not in (NO, *NO_CLAIM) else ""
            stated = fact if fact in self._stated and not free else ""
            if match and (
                sure or self._stories.asserts(text, match, fact, claim=claim, stated=stated, others=others)
            ):
                told.setdefault(option, match)
                if not (fact in self._exclusive and self._dictionary[fact].yes_or_no):
                    return option
        first, *rest = [match.span() for match in told.values()] or [(0, 0)]
        apart = any(end <= first[0] or start >= first[1] for start, end in rest)
        return None if apart else next(iter(told), None)

    def _worded_beside(self, bare: str, asked: Question) -> Mapping[str, Value]:
        """What an answer's words tell of facts that the lines name but that are not asked for."""
        facts = dict.fromkeys(fact for line in asked.lines for fact in line.beside)
        options = {fact: self._option(bare, self._words.words.get(fact, {})) for fact in facts}
        return {fact: known(option) for fact, option in options.items() if option}

    def _by_topic(self, bare: str, asked: Question) -> Mapping[str, Value]:
        """What the parts of an answer tell of the facts whose topics they name."""
        found: dict[str, Value] = {}
        for part in self._words.split.split(bare):
            for fact, topic in self._words.topics.items():
                if fact in asked.fills and topic.search(part):
                    options = self._words.words[fact]
                    own = {o: p for o, p in options.items() if not self._of_other(part, p, fact)}
                    option = self._option(part, own, sure=fact not in self._words.free, others=True)
                    if option == NO or (option and fact not in found):  # one flaw outweighs all praise
                        found[fact] = known(option)
        return found

    def _of_other(self, part: str, pattern: LazyPattern, fact: str) -> bool:
        """Whether words are found only in what is said of somebody else; of apprentices others are spoken."""
        match = None if fact in self._words.free else pattern.search(part)
        return match is not None and self._stories.of_other(part, match)

    def _indexes(self, bare: str, asked: Question) -> list[int] | None:
        if run := self._run(bare, asked):
            return run
        one = self._words.index.match(bare)
        numbers: list[int] = []
        if one:
            found = number(one["n"])
            numbers = [found] if found else []
        if asked.kind == "many":
            if one and one["n"].isdecimal() and len(asked.lines) <= _MOST_PACKED:
                numbers = [int(digit) for digit in one["n"]]
            elif self._words.several.match(bare):
                numbers = [n for char in self._words.digit.findall(bare) if (n := number(char))]
        if not numbers or not all(1 <= n <= len(asked.lines) for n in numbers):
            return None
        return [n - 1 for n in dict.fromkeys(numbers)]

    def _run(self, part: str, asked: Question) -> list[int]:
        """The first or the last few lines of many."""
        run = self._words.run.match(part) if asked.kind == "many" else None
        size, count = len(asked.lines), (number(run["n"]) or 0) if run else 0
        if not run or count > size:
            return []
        return [*range(size - count, size)] if run["last"] else [*range(count)]

    def _refused(self, asked: Question) -> Mapping[str, Value] | None:
        """What a no says: none of many, or the one line that denies."""
        if asked.kind == "many":
            return asked.denied()
        denying = [at for at, line in enumerate(asked.lines) if denies(line)]
        if len(asked.fills) > 1:  # a bare no says nothing of a line that tells more than that
            denying = [at for at in denying if self._words.none.match(bared(asked.lines[at].label))]
        return asked.chosen(denying) if len(denying) == 1 else None

    def _agreed(self, asked: Question) -> Mapping[str, Value] | None:
        """What a yes says: the only line that does not deny, or all that could be meant."""
        meant = [at for at, line in enumerate(asked.lines) if not denies(line)]
        if len(meant) == 1:
            return asked.chosen(meant)
        if asked.kind == "many" or len(meant) == len(asked.lines):
            return None
        return either(asked.chosen([at]) for at in meant)

    def _told(self, bare: str, asked: Question, today: date) -> Mapping[str, Value] | None:
        """A number or a moment within the entry's range."""
        entry = self._dictionary[asked.fills[0].partition("/")[0]]
        assert entry.low is not None
        assert entry.high is not None
        periods = self._stories.periods
        if asked.kind == "month":
            if self._words.not_yet.search(bare) and asked.fills[0] != self._words.age_of:
                return asked.told(Days(today, today))
            match = self._words.age.match(bare) if asked.fills[0] == self._words.age_of else None
            reckoned = self._words.reckoned.match(bare)
            days = periods.reckoned(bare, today) if reckoned else None
            if days:
                match = reckoned
            elif match:
                days = periods.born(match, today)
            elif asked.fills[0] == self._words.age_of:
                day = periods.day(bare, today)
                days = day.of_month() if day else periods.decade(bare, today)
            else:
                days = periods.when(bare, today)
            within = days is not None and entry.low <= days.last.year and days.first.year <= entry.high
            return asked.told(days) if days and within and (match or self._words.moment.match(bare)) else None
        nobody = self._words.nobody.get(asked.fills[0])
        if nobody and nobody.match(bare):
            return {asked.fills[0]: Span(0, 0)}
        match = self._words.amount.match(bare)
        span = periods.share(bare) if match and entry.unit == "%" else periods.amount(bare) if match else None
        if match is None or span is None or not (entry.low <= span.low and span.high <= entry.high):
            return None
        return {asked.fills[0]: span}

    def _at_odds(self, bare: str, asked: Question, today: date) -> bool:
        """Whether the parts of an answer tell several moments that cannot be one."""
        plain = (part for part in self._words.split.split(bare) if not self._words.reckoned.match(part))
        parts = (self._told(part, asked, today) for part in plain)
        days = [v for told in parts if told for v in told.values() if isinstance(v, Days)]
        return any(a.last < b.first for a in days for b in days)

    def _apart(
        self, text: str, bare: str, asked: Question, today: date, notice: str
    ) -> Mapping[str, Value] | None:
        """A number told in a sentence that says what it counts, else a part that is nothing else."""
        if asked.kind == "number":
            found = self._stories.read(text, today=today, notice=notice, asked=asked.id)
            row = found.get(asked.fills[0])
            if row and isinstance(row.value, Span) and row.value.low == row.value.high:
                return {asked.fills[0]: row.value}
        return next(
            (v for part in self._words.split.split(bare) if (v := self._told(part, asked, today))), None
        )

    def _sentence(self, text: str, bare: str, asked: Question, *, today: date, notice: str) -> Answer | None:
        """What a sentence tells of the question, and of anything else."""
        found = self._stories.read(text, today=today, notice=notice, asked=asked.id)
        found = {fact: row for fact, row in found.items() if not self._of_all(fact, row, asked)}
        told = {fact: row.value for fact, row in found.items() if fact in asked.fills}
        if asked.who == "unit":
            found = {fact: row for fact, row in found.items() if fact in told or self._of_unit(fact)}
        doubtful = self._words.unsure.search(self._words.moot.sub("", text)) is not None
        doubtful = doubtful or self._hedged(text, asked)
        if self._claimed(asked) or self._named(asked):
            bare = text  # "well" and "I think" leave a claim open
        worded = {} if doubtful else self._worded(bare, asked, self._words.words)
        refused = [row.words for row in found.values() if self._words.refusal.search(row.words)]
        if not told and refused and worded:
            # what denies something else denies nothing here, the rest may
            rest = self._worded(_without(bare, refused), asked, self._words.words)
            worded = {f: v for f, v in worded.items() if v not in DENIALS or rest.get(f) == v}
        if asked.kind == "one" and not (worded or told or doubtful or self._partial(bare, asked, {})):
            worded = self._worded(bare, asked, self._words.last)
        told = {fact: _narrower(worded.get(fact), told.get(fact)) for fact in {**worded, **told}}
        parts = {} if doubtful else self._by_topic(bare, asked)
        told = {**parts, **told, **{f: v for f, v in parts.items() if v == SURE_NO}}
        headed = {} if told else self._headed(bare, asked, today, notice)
        told = told or {f: v for f, v in headed.items() if not (doubtful and denial(v))}
        if not doubtful and not told and self._words.aside.search(text):
            return None
        if self._titled(asked) and self._names(asked, found):
            told = {**self._unnamed(text, asked, notice), **told}
        elif asked.kind in ("one", "many") and not self._hedged(text, asked):
            beside = {**self._worded_beside(bare, asked), **{f: row.value for f, row in found.items()}}
            hinted = self._stories.hinted(text, notice) - told.keys()
            meant = self._by_words(bare, asked, told, beside)
            told = narrowed(told, {fact: value for fact, value in meant.items() if fact not in hinted})
        if not told and not doubtful and self._denied(bare, asked, notice):
            elsewhere = any(self._words.refusal.search(row.words) for row in found.values())
            told = {} if elsewhere else {**(self._refused(asked) or {})}
        if self._of_record(asked):
            told = {**self._detailed(text, asked, told, today)}
            doubtful = doubtful or (not told and self._words.doubt.search(text) is not None)
        if self._titled(asked) and asked.who == "unit":
            told = self._unopposed(text, told, notice)
        values = {fact: Found(value, text) for fact, value in told.items()}
        for fact, row in found.items():
            values.setdefault(fact, row)
        unsure = frozenset(asked.fills) - told.keys() if doubtful else frozenset()
        if not told and not unsure:
            return Answer(values, understood=False)
        return Answer({**values, **self._completed(asked, values)}, unsure)

    def _of_all(self, fact: str, row: Found, asked: Question) -> bool:
        """Whether a bare age in an answer is that of all of whom the question speaks, nobody's own."""
        ages = (self._words.ages.get(fill) for fill in asked.fills) if fact == self._words.age_of else ()
        return any(pattern.fullmatch(row.words) for pattern in ages if pattern)

    def _names(self, asked: Question, found: Mapping[str, Found]) -> bool:
        """Whether titles are named, be it one of those asked for or another: then these are all."""
        kinds = {fact.partition("/")[0] for fact in asked.fills}
        return any(fact.partition("/")[0] in kinds and row.value == SURE_YES for fact, row in found.items())

    def _unnamed(self, text: str, asked: Question, notice: str) -> dict[str, Value]:
        """The denial of the titles asked for, but of those that a part of the answer names as had."""
        parts = (part for part in self._words.split.split(text) if not self._words.refusal.search(part))
        named = {title for part in parts for title in self._stories.titles(part, notice)}
        return {f: v for f, v in asked.denied().items() if f.partition("/")[2] not in named}

    def _unopposed(self, text: str, told: Mapping[str, Value], notice: str) -> dict[str, Value]:
        """What is told of the unit's titles, but no denial of one that a part of the answer speaks of, be it
        by a former name, and does not deny, unless that is said to be no hindrance."""
        parts = () if self._stories.apart(text) else self._words.split.split(text)
        had = (part for part in parts if not self._words.refusal.search(part))
        named = {title for part in had for title in self._stories.titles(part, notice)}
        return {f: v for f, v in told.items() if not (denial(v) and f.partition("/")[2] in named)}

    def _hedged(self, text: str, asked: Question) -> bool:
        """Whether an answer only supposes what has to be told plainly."""
        firm = self._claims | self._stated
        kinds = {fact.partition("/")[0] for fact in asked.fills}
        plain = any(kind in firm or self._dictionary[kind].type in _PLAIN for kind in kinds)
        return plain and self._words.hedge.search(text) is not None

    def _elsewhere(self, text: str, asked: Question, answer: Answer) -> bool:
        """Whether a supposition is of something that the question does not speak of."""
        if self._words.unsure.search(text) or not answer.found.keys().isdisjoint(asked.fills):
            return False
        named = set(self._words.function.sub("", self._words.hedge.sub("", text)))
        spoken = set("".join((asked.ask, *(line.label for line in asked.lines))))
        return bool(answer.found) or (len(named) > 1 and named.isdisjoint(spoken))

    def _echoes(self, part: str, asked: Question) -> bool:
        """Whether a part only denies what the question's own words name."""
        shared = set(pairs_of(part)) & set(pairs_of(asked.ask))
        named = {at for at, pair in enumerate(pairs_of(part)) if pair in shared}
        rest = "".join(char for at, char in enumerate(part) if at not in named and at - 1 not in named)
        return len(rest) < len(part) and self._words.no.match(rest) is not None

    def _denied(self, bare: str, asked: Question, notice: str) -> bool:
        """Whether an answer comes to a no, and not in words that may as well mean something else."""
        if self._vague(bare, asked):
            return False
        return self._lacks(bare, asked, notice) or self._ends_in_no(bare, asked)

    def _lacks(self, bare: str, asked: Question, notice: str) -> bool:
        """Whether every part of an answer denies, where that can only mean that there is nothing, or names a
        title that is not asked for."""
        named = self._named(asked)
        claim = any(self._dictionary[fact.partition("/")[0]].type == "claim" for fact in asked.fills)
        plain = named or claim or any(NONE in line.values.values() for line in asked.lines)
        kind = asked.fills[0].partition("/")[0]
        text = self._stories.without_districts(bare, notice) if named else bare
        parts = [part for part in self._words.split.split(text) if part]
        own = [part for part in parts if not (named and self._words.dated.fullmatch(part))]
        tried = [part for part in own if named and self._words.tried.match(part)]
        own = [part for part in own if part not in tried] or own  # an attempt beside a denial came to nothing
        return plain and all(
            (self._nothing(part, asked) and (named or self._words.refusal.search(part)))
            or self._echoes(part, asked)
            or (named and self._stories.titles(part, notice) and self._stories.plain(bare, part, kind))
            for part in own or parts
        )

    def _nothing(self, part: str, asked: Question) -> bool:
        """Whether a part denies what is asked: in most words where that is deeds, as these only speak for the
        candidate."""
        kinds = {self._dictionary[fact.partition("/")[0]].type for fact in asked.fills}
        denied = kinds <= _DEEDS and self._words.denies.match(part) and not self._stories.of_others(part)
        return bool(denied or self._words.nothing.match(part))

    def _ends_in_no(self, bare: str, asked: Question) -> bool:
        """Whether an answer comes to a plain no after talk in which nothing is had (不好意思吹,没有)."""
        *talk, last = [part for part in self._words.split.split(bare) if part] or [""]
        claim = all(self._dictionary[fact.partition("/")[0]].type == "claim" for fact in asked.fills)
        none = any(NONE in line.values.values() for line in asked.lines)
        several = asked.kind == "many" and self._words.none.match(last) is not None
        if not talk or not (claim or none or several or self._named(asked)):
            return False
        no = several or self._words.no.match(last) or self._nothing(last, asked) or self._echoes(last, asked)
        tried = self._words.tried
        return bool(no) and not any(self._words.had.search(part) and not tried.match(part) for part in talk)

    def _of_unit(self, fact: str) -> bool:
        return self._dictionary[fact.partition("/")[0]].who == "unit"

    def _headed(self, bare: str, asked: Question, today: date, notice: str) -> Mapping[str, Value]:
        """By a yes or no that goes before a sentence; a no is none where the rest names what is had."""
        head = self._words.split.split(bare)[0]
        alone = head == bare or self._words.several.match(bare)
        if alone:
            return {}
        values = self._plain(head, asked) or {}
        if self._titled(asked) and self._vague(bare, asked):
            return {}  # what follows may be the one that there is
        if self._named(asked) and all(map(denial, values.values())):
            rest = self._stories.read(bare[len(head) + 1 :], today=today, notice=notice, asked=asked.id)
            return (
                {} if any(fact in asked.fills and not denial(rest[fact].value) for fact in rest) else values
            )
        if all(map(denial, values.values())) or not (self._claimed(asked) or self._named(asked)):
            return values
        return values if self._stories.plain(bare, head, asked.fills[0].partition("/")[0]) else {}

    def _by_words(
        self, bare: str, asked: Question, told: Mapping[str, Value], beside: Mapping[str, Value]
    ) -> Mapping[str, Value]:
        """What the lines say whose words the answer uses, or whose values it tells, be it `beside` what is
        asked; lines that a sentence does not name are denied only where it says that there is nothing
        else."""
        if asked.kind == "one":
            return self._by_line(bare, asked, told, beside)
        if any(isinstance(value, Items) for value in told.values()):
            return {}
        chosen, denied, doubted = self._by_lines(bare, asked, told)
        named = self._named(asked)
        refused = {} if named else {f: v for at in denied for f, v in asked.lines[at].denies.items()}
        only, unsure = self._words.only.search(bare), self._words.unsure.search(bare)
        if only and (doubted or (chosen and not unsure)):
            open_ = {fact for at in doubted for fact in asked.lines[at].values}
            values = asked.chosen(chosen) if chosen else asked.denied()
            return {fact: value for fact, value in values.items() if fact not in open_}
        values = asked.chosen(chosen) if chosen else {}
        kept = {f: v for f, v in values.items() if v != SURE_NO and not (unsure and denial(v))}
        return {**refused, **kept}

    def _by_line(
        self, bare: str, asked: Question, told: Mapping[str, Value], beside: Mapping[str, Value]
    ) -> Mapping[str, Value]:
        """What the one line says that an answer means."""
        if self._partial(bare, asked, told):
            return {}
        vague = self._stories.of_others(bare) or self._vague(bare, asked)
        vague = vague or not self._plainly(bare, asked)
        doubtful = self._words.unsure.search(self._words.moot.sub("", bare)) is not None
        like = None if vague else likest(bare, asked, least=_LIKE)
        if like is not None and not self._meant(bare, asked.lines[like]):
            like = None
        said = {**{f: v for f, v in beside.items() if f not in asked.fills}, **told}
        named = any(not said.keys().isdisjoint({**line.values, **line.beside}) for line in asked.lines)
        at = line_of(asked.lines, said) if named else like
        if at is None and like is not None and fits(asked.lines[like], said):
            at = like
        if at is not None and doubtful and not self._words.unsure.search(asked.lines[at].label):
            return {}  # what the line adds may be just what is not known
        return asked.chosen([at]) if at is not None else {}

    def _by_lines(
        self, bare: str, asked: Question, told: Mapping[str, Value]
    ) -> tuple[Sequence[int], Sequence[int], Sequence[int]]:
        """The lines that an answer says to hold, not to hold, and not to be known."""
        chosen = [at for at, line in enumerate(asked.lines) if says(line, told)]
        denied, doubted = list[int](), list[int]()
        parts = () if self._stories.of_others(bare) else self._words.split.split(bare)
        kind = asked.fills[0].partition("/")[0]
        least = _LIKE if self._named(asked) else _PARTLY_LIKE
        numbers = [int(part) - 1 for part in parts if part.isdecimal()]
        if len(numbers) < len(parts) and all(0 <= at < len(asked.lines) for at in numbers):
            chosen += numbers
        for part in filter(None, parts):
            if self._words.unsure.search(part):
                doubted += self._doubted(part, asked)
                continue
            if heads := self._run(part, asked) or headed_by(part, asked.lines, self._words.affirmed):
                chosen += heads
                continue
            at = likest(self._words.filler.sub("", part), asked, least=least)
            named = at is not None and self._named(asked)
            if named and (self._vague(part, asked) or not self._stories.plain(bare, part, kind)):
                continue
            if at is not None:
                (denied if self._words.refusal.search(part) else chosen).append(at)
        return sorted(set(chosen)), denied, doubted

    def _doubted(self, part: str, asked: Question) -> Sequence[int]:
        """The lines of which a part says that it is not known whether they hold."""
        rest = self._words.unsure.sub("", part)
        at = likest(rest, asked, least=_PARTLY_LIKE)
        return self._indexes(rest, asked) or ([] if at is None else [at])

    def _partial(self, bare: str, asked: Question, told: Mapping[str, Value]) -> bool:
        """Whether an answer hints at a fact that it does not tell, so that no line is meant as a whole."""
        return any(
            fact in asked.fills and fact not in told and self._stories.speaks(bare, match)
            for fact, pattern in self._words.partial.items()
            for match in pattern.finditer(bare)
        )

    def _plainly(self, bare: str, asked: Question) -> bool:
        """Whether an answer to a question of what has to be told plainly only affirms something."""
        told = {*asked.fills, *(fact for line in asked.lines for fact in line.beside)}
        if not told <= self._claims | self._stated:
            return True
        return any(self._stories.plain(bare, bare, kind) for kind in asked.fills)

    def _meant(self, bare: str, line: Line) -> bool:
        """Whether an answer asserts all that it shares with a line's label, or says that it is open."""
        if self._words.unsure.search(bare):
            return True
        shared = set(pairs_of(bare)) & set(pairs_of(bared(line.label)))
        words = re.compile("|".join(map(re.escape, sorted(shared))))
        return all(self._stories.asserts(bare, match) for match in words.finditer(bare))

    def _claimed(self, asked: Question) -> bool:
        """Whether the question is of what may only speak for the candidate."""
        return not self._claims.isdisjoint(asked.fills)

    def _titled(self, asked: Question) -> bool:
        """Whether the question is of one fact for each of several programmes."""
        return all("/" in fact for fact in asked.fills)

    def _named(self, asked: Question) -> bool:
        """Whether the lines are names (of honours, contests, titles), that one has or has not."""
        kinds = {self._dictionary[fact.partition("/")[0]].type for fact in asked.fills}
        return not kinds.isdisjoint(("records", "titles"))

    def _detailed(
        self, text: str, asked: Question, read: Mapping[str, Value], today: date
    ) -> Mapping[str, Value]:
        """A year, or one of a few words that is told plainly, for a record of which only that is asked; what
        was `read` of it counts where it holds that."""
        fact, _, name = asked.id.partition(".")
        if options := self._words.details.get(asked.id):
            return self._one_of(text, asked, options)
        told = [_of_detail(line.values.get(fact), name) for line in asked.lines]
        days = self._stories.periods.when(self._words.filler.sub("", text), today)
        value = asked.lines[0].values.get(fact) if asked.lines else None
        if not days or not isinstance(told[0], int) or not isinstance(value, Items):
            return read
        items = [
            Item.of({**dict(item.fields), name: days.last.year}) for item in value.items if item.get(name)
        ]
        return {**read, **({fact: Items(tuple(items), value.complete)} if items else {})}

    def _one_of(self, text: str, asked: Question, options: Mapping[str, LazyPattern]) -> Mapping[str, Value]:
        """The only line whose word an answer tells plainly and without a doubt."""
        fact, _, name = asked.id.partition(".")
        doubtful = self._words.unsure.search(text) or self._words.doubt.search(text)
        named = {
            option
            for option, pattern in options.items()
            for match in pattern.finditer(text)
            if not doubtful and self._stories.asserts(text, match, claim=fact, others=True)
        }
        lines = [
            at for at, line in enumerate(asked.lines) if _of_detail(line.values.get(fact), name) in named
        ]
        return asked.chosen(lines) if len(lines) == 1 else {}

    def _completed(self, asked: Question, values: Mapping[str, Found]) -> dict[str, Found]:
        """Lists that the question asked for: what was told of them is all."""
        return {
            fact: Found(Items(row.value.items, complete=True), row.words)
            for fact, row in values.items()
            if fact in asked.fills and asked.kind == "many" and isinstance(row.value, Items)
        }


def _beside(found: Mapping[str, Found], facts: Collection[str]) -> Mapping[str, Found]:
    """What is told beside some facts."""
    return {fact: row for fact, row in found.items() if fact not in facts}


def _without(text: str, words: Iterable[str]) -> str:
    """A text without some words."""
    for word in words:
        text = text.replace(word, "")
    return text


def _upheld(
    fact: str, told: Mapping[str, Found], sure: Mapping[str, Found], alone: Mapping[str, Found]
) -> bool:
    """Whether what an answer's firm parts tell is what the whole does, and no default beside a doubt."""
    value = told[fact].value
    if fact not in sure or sure[fact].value != value:
        return False
    return not denial(value) or alone[fact].value == value


def _narrower(worded: Value | None, told: Value | None) -> Value:
    """What an answer's own words say where they only narrow what its sentence tells, else the latter."""
    within = isinstance(worded, OneOf) and isinstance(told, OneOf) and worded.options <= told.options
    value = worded if told is None or within else told
    assert value is not None
    return value


def _of_detail(value: Value | None, field: str) -> str | int | None:
    """What a line says of one field of its records."""
    records = value.items if isinstance(value, Items) else ()
    return next((told for item in records if (told := item.get(field)) is not None), None)
