"""One message, and how each stretch of it is meant: of whom it speaks, and whether it asserts at all."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property

from knowledge.dictionary import Value
from knowledge.pattern import LazyPattern
from knowledge.plainness import Plainness
from knowledge.sayings import MARK, NAME, Moods, Persons, Sayings

_REACH, _COMMENT = 24, 4


@dataclass(frozen=True, slots=True)
class Found:
    """A fact's value and the words it was read from."""

    value: Value
    words: str


class Mood(Enum):
    """How a stretch is meant; `LEFT` is for a wish, a question, the past, or somebody else."""

    TOLD = auto()
    DENIED = auto()
    LEFT = auto()


class Who(Enum):
    """Of whom a part speaks."""

    CANDIDATE = auto()
    UNIT = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class _Turn:
    """From here on the message speaks of somebody; `end`: the word for whom ends there."""

    at: int
    who: Who
    end: int = 0


class Reading:
    """Divides messages by the words of `Sayings`; safe to share."""

    def __init__(self, sayings: Sayings, plainness: Plainness) -> None:
        self._plain = sayings.plain
        self._plainness = plainness
        self.persons = sayings.persons
        self.moods = sayings.moods
        self._tokens = re.compile(
            "|".join(
                f"(?P<{name}>{getattr(sayings.persons, name).pattern})"
                for name in ("unit", "others", "kin", "staff", "third", "self")
            ).replace("(?P<name>", "(?:")
        )

    def of(self, text: str, *, answer: bool) -> Said | None:
        """The message divided; None where it speaks of several people side by side."""
        tokens = [m for m in self._tokens.finditer(text) if m.group()]
        if not answer and self._several(text):
            return None
        about = _candidate(text, tokens, self.persons, answer=answer)
        turns = tuple(_turns(text, tokens, about, self.persons, self.moods))
        return Said(text, turns, self.moods, self._plainness, self._plain.joins)

    def _several(self, text: str) -> bool:
        names = {match["name"] for match in self.persons.named.finditer(text)}
        return len(names) > 1 or self.persons.several.search(text) is not None


class Said:
    """A message with its turns; every match in it can be asked how it is meant."""

    def __init__(
        self,
        text: str,
        turns: tuple[_Turn, ...],
        moods: Moods,
        plainness: Plainness,
        joins: LazyPattern,
    ) -> None:
        self.text = text
        self.characters = frozenset(text)
        self._turns = turns
        self._starts = [turn.at for turn in turns]
        self._moods = moods
        self._pauses = [0, *(match.end() for match in moods.pause.finditer(text))]
        self._plainness = plainness
        self._ends = [m for m in moods.pause.finditer(text) if not joins.fullmatch(m.group())]
        self._matches: dict[int, Sequence[re.Match[str]]] = {}
        left = (*moods.quoted.finditer(text), *moods.unknown.finditer(text))
        self._quoted = [match.span() for match in left]

    def matches(self, pattern: LazyPattern) -> Sequence[re.Match[str]]:
        """Every match of a pattern; each pattern is sought only once."""
        key = id(pattern)  # patterns hash by their whole code
        if key not in self._matches:
            self._matches[key] = tuple(pattern.finditer(self.text))
        return self._matches[key]

    def segment(self, at: int) -> int:
        """Where the part between two pauses begins that holds `at`."""
        return self._pauses[bisect_right(self._pauses, at) - 1]

    def who(self, at: int) -> Who:
        """Of whom the message speaks at `at`."""
        return self._turns[bisect_right(self._starts, at) - 1].who

    @property
    def of_others(self) -> bool:
        """Whether any part speaks of somebody else."""
        return any(turn.who is Who.OTHER for turn in self._turns)

    def quoted(self, at: int) -> bool:
        """Whether what stands at `at` is quoted of the notice, or said not to be known: it says nothing of
        the candidate."""
        return any(start <= at < end for start, end in self._quoted)

    def sentence(self, at: int) -> int:
        """Where the sentence begins that holds `at`."""
        ends = [match.end() for match in self._moods.sentence.finditer(self.text, 0, at)]
        return ends[-1] if ends else 0

    def mood(
        self,
        match: re.Match[str],
        *,
        ever: bool = False,
        unit: bool = False,
        others: bool = False,
        claim: str = "",
        stated: str = "",
    ) -> Mood:
        """How a match is meant; `ever`: what was so once holds for good; `unit`, `others`: it counts where
        the message speaks of the unit, or of anybody; `claim`: the kind in which it speaks for the
        candidate, so that it is open unless it is told plainly; `stated`: the kind of which all that stands
        in its part, a denial too, must be plain."""
        start, end = match.span()
        who = self.who(start)
        if (who is Who.OTHER and not others) or (who is Who.UNIT and not unit) or self.quoted(start):
            return Mood.LEFT
        moods = self._moods
        segment = self.segment(start)
        since = max(segment, self._starts[bisect_right(self._starts, start) - 1])
        before = self.text[since:start][-_REACH:]
        after = self.text[end : end + _REACH]
        if self._doubtful(before, self.text[segment:end], after) or self._listed(segment):
            return Mood.LEFT
        if not ever and self._past(self.text[self._since_named(segment, start, end) : start], match.group()):
            return Mood.LEFT
        spared = moods.all_but.search(before)
        denying = moods.deny_before.search(before)
        denied = denying or (None if spared else moods.deny_after.search(after))
        if stated:
            first = start - len(before) + denying.start() if denying else start
            last = end + denied.end() if denied and not denying else end
            if not self._alone(first, last, stated):
                return Mood.LEFT
        if denied:
            return Mood.DENIED
        return Mood.TOLD if not claim or self.plainly(start, end, claim) else Mood.LEFT

    def plainly(self, start: int, end: int, kind: str, *, fact: bool = True) -> bool:
        """Whether [start, end), a `fact` or words that hold some, is affirmed by all that stands beside it
        between two pauses, and the parts before and after are about something else."""
        before = [m for m in self._ends if m.end() <= start]
        after = [m for m in self._ends if m.start() >= end]
        if not self._unled(before, kind) or not self._kept(after, kind):
            return False
        return self._alone(start, end, kind, fact=fact)

    def _alone(self, start: int, end: int, kind: str, *, fact: bool = True) -> bool:
        """Whether all that stands beside [start, end) between two pauses affirms it."""
        marked = self._marked
        since = max((m.end() for m in self._ends if m.end() <= start), default=0)
        until = min((m.start() for m in self._ends if m.start() >= end), default=len(self.text))
        asked = "?" if self.text.startswith("?", until) else ""
        inner = MARK * (end - start) if fact else self._moods.pause.sub(MARK, marked[start:end])
        return self._plainness.affirms(marked[since:start] + inner + marked[end:until] + asked, kind)

    @cached_property
    def _marked(self) -> str:
        """The text with what is recognised in it marked, and who stands for the candidate."""
        spans = [(turn.at, turn.end) for turn in self._turns if turn.who is Who.CANDIDATE and turn.end]
        for row, pattern in self._plainness.facts:
            if row.may(self.characters):
                spans += [match.span() for match in self.matches(pattern)]
        text: str = self._plainness.names.sub(lambda match: NAME * len(match.group()), self.text)
        for start, end in spans:
            text = text[:start] + MARK * (end - start) + text[end:]
        return text

    def _unled(self, pauses: Sequence[re.Match[str]], kind: str) -> bool:
        """Whether the part before the last of some pauses does not lead up to what follows it."""
        if not pauses or self._moods.sentence.match(pauses[-1].group()):
            return True
        since = pauses[-2].end() if len(pauses) > 1 else 0
        led = self._moods.leads.search(self.text, since, pauses[-1].start())
        if led or self._moods.anew.match(self.text, pauses[-1].end()):
            return not led
        return self._plainness.apart(self._marked[since : pauses[-1].start()], kind)

    def _kept(self, pauses: Sequence[re.Match[str]], kind: str) -> bool:
        """Whether the part after the first of some pauses does not take back what is before it."""
        if not pauses:
            return True
        rest = pauses[0]
        until = pauses[1].start() if len(pauses) > 1 else len(self.text)
        if self._moods.taken_back.match(self.text[rest.start() :]):
            return False
        ends = self._moods.sentence.match(rest.group()) is not None and until - rest.end() > _COMMENT
        return ends or self._plainness.apart(self._marked[rest.end() : until], kind)

    def stretch(self, spans: Sequence[tuple[int, int]]) -> str:
        """The parts between pauses that hold all of some spans, with what is between them."""
        pause = self._moods.pause.search(self.text, max(end for _, end in spans))
        return self.text[self.segment(min(start for start, _ in spans)) : pause.start() if pause else None]

    def _listed(self, segment: int) -> bool:
        """Whether the part from `segment` on goes on with a list that begins with what is denied."""
        return self._moods.deny_list.search(self.text[max(0, segment - 2 * _REACH) : segment]) is not None

    def _doubtful(self, before: str, whole: str, after: str) -> bool:
        """Whether it is a wish, a question or a supposition."""
        moods = self._moods
        wished = moods.wish.search(before) or moods.wish_after.search(after) or moods.supposed.search(whole)
        asked = moods.ask_before.search(before) or (
            moods.ask_after.search(after) and not moods.asserts.search(whole)
        )
        return bool(wished or asked)

    def wished(self, match: re.Match[str]) -> bool:
        """Whether a match itself has words of a wish or a doubt."""
        return self._moods.wish.search(match.group()) is not None

    def denial(self, match: re.Match[str]) -> str:
        """The words of a denied match together with those that deny it."""
        before = self.text[self.segment(match.start()) : match.start()]
        denied = self._moods.deny_before.search(before)
        if denied:
            return (before[denied.start() :] + match.group()).strip()
        after = self._moods.deny_after.search(self.text[match.end() : match.end() + _REACH])
        return match.group() + (after.group() if after else "")

    def at_least(self, match: re.Match[str]) -> bool:
        """Whether a match is told as the least that holds."""
        before = self.text[self.segment(match.start()) : match.start()]
        return self._moods.least.search(before) is not None

    def _since_named(self, segment: int, start: int, end: int) -> int:
        """Where the words begin that a stretch belongs to: a part that is no more than it only names what the
        part before it told (当过经理,中层)."""
        earlier = [pause for pause in self._pauses if pause < segment]
        alone = start == segment and self._moods.pause.match(self.text, end)
        named = alone and earlier and self.who(earlier[-1]) is self.who(start)
        sentence = self.sentence(start)
        return max(earlier[-1], sentence) if named else segment

    def _past(self, before: str, words: str) -> bool:
        past = [m.end() for m in self._moods.past.finditer(before + words)]
        now = [m.end() for m in self._moods.now.finditer(before + words)]
        return bool(past) and (not now or now[-1] < past[-1])


def _candidate(text: str, tokens: list[re.Match[str]], persons: Persons, *, answer: bool) -> str:
    """Which kind of token stands for the person who is to be judged."""
    helped = persons.helped.search(text)
    if helped:
        for kind in ("kin", "others", "staff"):
            if getattr(persons, kind).search(helped["who"]):
                return kind
        if any(m.lastgroup == "third" for m in tokens):
            return "third"
    if not answer and persons.meant.search(text):
        return _meant(text, tokens, persons)
    if _speaks_of_himself(text, tokens, persons):
        return "self"
    for match in tokens:
        if match.lastgroup in ("kin", "staff") and not _object(text, match, persons):
            return "self" if answer else str(match.lastgroup)
    return "self"


def _meant(text: str, tokens: list[re.Match[str]], persons: Persons) -> str:
    """Which kind of token names whom a judgement is asked for by no more than "he"."""
    named = {m.lastgroup for m in tokens if not _object(text, m, persons)} & {"others", "kin", "staff"}
    return str(*named) if len(named) == 1 else "third"


def _speaks_of_himself(text: str, tokens: list[re.Match[str]], persons: Persons) -> bool:
    """Whether whoever writes speaks of himself, and not only as one who asks for somebody."""
    spoken = [m for m in tokens if m.lastgroup == "self" and not _object(text, m, persons)]
    clerk = [m.span() for m in persons.clerk.finditer(text)]
    return any(not any(a <= m.start() < b for a, b in clerk) for m in spoken)


def _object(text: str, match: re.Match[str], persons: Persons) -> bool:
    """Whether the word is what somebody else acts on, so that the part is not about him."""
    return persons.object.search(text[: match.start()]) is not None and not (
        persons.predicate.match(text, match.end()) and match.lastgroup != "self"
    )


def _turns(text: str, tokens: list[re.Match[str]], about: str, persons: Persons, moods: Moods) -> list[_Turn]:
    """The turns of a message: each person named begins one, the end of a sentence goes back to the candidate;
    a part about the unit ends with its pause."""
    turns = [_Turn(0, Who.CANDIDATE)]
    marks: list[tuple[int, re.Match[str] | None]] = [(m.start(), m) for m in tokens]
    marks += [(m.end(), None) for m in moods.sentence.finditer(text)]
    marks += [(m.end(), None) for m in moods.pause.finditer(text)] if persons.unit.search(text) else []
    himself = about == "self" and _speaks_of_himself(text, tokens, persons)
    sentence_ends = {m.end() for m in moods.sentence.finditer(text)}
    for at, match in sorted(marks, key=lambda mark: (mark[0], mark[1] is not None)):
        now = turns[-1].who
        if match is None:
            if at in sentence_ends or now is Who.UNIT:
                turns.append(_Turn(at, Who.CANDIDATE))
        elif match.lastgroup == "unit":
            turns.append(_Turn(at, Who.UNIT))
        elif match.lastgroup == about != "self" or not _object(text, match, persons):
            who = _whose(match.lastgroup or "", about, now, himself=himself)
            turns.append(_Turn(at, who, at if match.lastgroup == "self" else match.end()))
    return turns


def _whose(kind: str, about: str, now: Who, *, himself: bool) -> Who:
    if kind == about:
        return Who.CANDIDATE
    if himself:
        return Who.OTHER
    if kind == "third":  # he is whoever was spoken of last
        return Who.CANDIDATE if about != "self" and now is not Who.OTHER else now
    return Who.OTHER
