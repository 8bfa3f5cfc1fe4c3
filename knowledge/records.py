"""Honours and results in contests as people tell them, each as a record with the fields that are told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from knowledge.dictionary import Item, Items, OneOf
from knowledge.edition import Notice
from knowledge.library import Library
from knowledge.pattern import LazyPattern, any_of
from knowledge.periods import Periods, number
from knowledge.said import Found, Mood, Said, Who
from knowledge.sayings import Honour, Sayings

_LEAD, _REST, _BESIDE = 14, 16, 6
_LAST_OF_TEN = 9
_HERE, _OTHER, _NONE = "here", "other", "none"
_OPEN = Item(())


class Records:
    """Reads the lists of the dictionary."""

    def __init__(self, sayings: Sayings, periods: Periods, library: Library) -> None:
        self._sayings = sayings
        self._periods = periods
        self._lists = {e.id for e in library.dictionary.values() if e.type == "records"}
        provinces = sayings.places.provinces
        self._named = re.compile(
            "|".join((*provinces, *sorted(library.vocabulary.cities, key=len, reverse=True)))
        )
        self._homes = {
            id_: {notice.header.city}
            | {p for p in provinces if any(name.startswith(p) for name in notice.header.cities)}
            for id_, notice in library.notices.items()
        }
        self._districts = {id_: _districts(notice) for id_, notice in library.notices.items()}

    def read(self, said: Said, notice: str, today: date, *, asked: str = "") -> Iterator[tuple[str, Found]]:
        """The records of each list that are told, and the lists that are denied as a whole; of the list that
        was `asked` for, naming only what does not count is a denial; what is named but left open is none."""
        told = {
            "honours": list(self._honours(said, notice, today, asked=asked.startswith("honours"))),
            "contests": list(self._contests(said, asked=asked.startswith("contests"))),
        }
        for fact, rows in told.items():
            items = tuple(dict.fromkeys(item for item, _ in rows if item and item != _OPEN))
            refused = bool(rows) and fact == asked and all(item is None for item, _ in rows)
            if items or refused:
                yield (
                    fact,
                    Found(
                        Items(items, complete=not items),
                        self._sayings.joint.join(dict.fromkeys(w for _, w in rows)),
                    ),
                )
        for row in self._sayings.nothing:
            match = row.says.search(said.text) if row.may(said.characters) else None
            if row.but and row.but.search(said.text):
                continue
            kind = asked if asked in row.facts else row.facts[0]
            if match and said.mood(match, ever=True, stated=kind) is Mood.TOLD:
                for fact in (asked,) if asked in row.facts else row.facts:
                    if not told.get(fact):
                        none = Items((), complete=True) if fact in self._lists else OneOf(frozenset({_NONE}))
                        yield fact, Found(none, match.group())

    def without_districts(self, text: str, notice: str) -> str:
        """A text with no more than the word for a district where it names one of the city's."""
        return self._districts[notice].sub(self._sayings.places.district, text)

    def _honours(
        self, said: Said, notice: str, today: date, *, asked: bool
    ) -> Iterator[tuple[Item | None, str]]:
        for row in self._sayings.honours:
            for match in said.matches(row.says):
                since = said.segment(match.start())
                lead = said.text[since : match.start()]
                rest = said.text[match.end() : match.end() + _REST]
                mood = said.mood(match, ever=True)
                if mood is Mood.DENIED and asked:
                    yield None, match.group()
                if mood is not Mood.TOLD:
                    continue
                lower = not row.tier and self._lower(lead, rest, notice)
                beside = rest[:_BESIDE] if rest.startswith("(") else ""
                fields = None if lower else self._tiered(row, lead[-_LEAD:], beside, self._homes[notice])
                if fields is None:
                    yield None, match.group()
                elif not said.plainly(*match.span(), "honours"):
                    if not row.held:  # what shares a programme's name may be all that is asked about
                        yield _OPEN, match.group()
                elif not row.held or asked or self._held(fields, lead, rest):
                    year = self._year(lead, rest, today)
                    named = {**fields, **({"year": year} if year else {})}
                    yield Item.of(named), (lead[-_LEAD:] + match.group()).strip()

    def _held(self, fields: Mapping[str, str | int], lead: str, rest: str) -> bool:
        """Whether a name that a programme shares is told as had; of a province it is no programme's."""
        held = self._sayings.held
        province = fields.get("tier") == self._sayings.places.by_province
        return province or held.before.search(lead) is not None or held.after.search(rest) is not None

    def _lower(self, lead: str, rest: str, notice: str) -> bool:
        """Whether what follows an honour, or the name of a district, tells that it is of no city."""
        words = self._sayings.places
        places = self._districts[notice].finditer(lead)
        named = any(words.named.fullmatch(lead, match.end()) for match in places)
        return named or words.below.match(rest) is not None

    def _tiered(self, row: Honour, lead: str, beside: str, home: set[str]) -> dict[str, str | int] | None:
        """The kind with its tier and place as far as they are told; None for one of a unit or district."""
        fields: dict[str, str | int] = {"kind": row.kind}
        words = self._sayings.places
        tier = row.tier or next((name for name, pattern in words.tiers.items() if pattern.search(lead)), "")
        names = list(self._named.finditer(lead)) or list(self._named.finditer(beside))
        if tier == words.unit_tier:
            return None
        if not tier and names and not beside and names[-1].end() >= len(lead) - 1:
            tier = words.by_province if names[-1].group() in words.provinces else words.by_city
        if tier:
            fields["tier"] = tier
        if words.foreign.search(lead) or (names and names[-1].group() not in home and not row.tier):
            fields["place"] = _OTHER
        elif tier:
            fields["place"] = _HERE
        return fields

    def _year(self, lead: str, rest: str, today: date) -> int | None:
        """The year told just before the honour, or just after it."""
        for text in (lead, self._sayings.held.year.match(rest)):
            words = text if isinstance(text, str) else text.group() if text else ""
            days = self._periods.when(words, today) if self._sayings.held.dated.search(words) else None
            if days:
                return days.last.year
        return None

    def _contests(self, said: Said, *, asked: bool) -> Iterator[tuple[Item | None, str]]:
        words = self._sayings.contests
        done, last = 0, False
        for match in said.matches(words.place):
            start = max(done, said.sentence(match.start()))
            window = said.text[start : match.start()]
            contests = list(words.about.finditer(window))
            if not contests and asked:
                contests = list(words.named.finditer(window))
            if not contests:
                continue
            beside = words.beside.match(said.text, match.end())
            begins = self._begins(window, contests[-1])
            along = start == done and words.along.match(said.text, done) is not None
            window = window[begins:] + (beside.group() if beside else "")
            coached = self._coached(said, start, match.end()) or (along and last)
            done, last = match.end(), coached
            mood = said.mood(match, ever=True, others=coached)
            if mood is Mood.DENIED and asked:
                yield None, match.group()
            if mood is not Mood.TOLD:
                continue
            if any(words.tiers[tier].search(window) for tier in words.below):
                yield None, match.group()
            elif not coached and not said.plainly(*match.span(), "contests"):
                yield _OPEN, match.group()
            elif fields := self._result(match, window, coach=coached):
                yield Item.of(fields), said.text[start + begins : match.end()].strip(words.trim)

    def _classed(self, pattern: LazyPattern, window: str) -> bool:
        """Whether a class is named in the words about a contest, and neither denied nor doubted there."""
        moods, answers = self._sayings.moods, self._sayings.answers
        for match in pattern.finditer(window):
            begins = max((m.end() for m in moods.pause.finditer(window, 0, match.start())), default=0)
            before = window[begins : match.start()]
            if not (moods.deny_before.search(before) or answers.doubt.search(before)):
                return True
        return False

    def _coached(self, said: Said, start: int, end: int) -> bool:
        """Whether a result told in [start, end) is of somebody whom the candidate taught."""
        words = self._sayings.contests
        told = [match.span() for match in words.coach.finditer(said.text, start, end)]
        if after := words.coach_after.match(said.text[end:]):
            told.append((end + after.start(), end + after.end()))
        return any(Who.CANDIDATE in (said.who(first), said.who(last - 1)) for first, last in told)

    def _begins(self, window: str, contest: re.Match[str]) -> int:
        """Where the words about one contest begin: at the pause before it, or at the part before that where
        only this tells the tier."""
        words = self._sayings.contests
        pauses = self._sayings.moods.pause.finditer(window, 0, contest.start())
        start = max((m.end() for m in pauses), default=0)
        tiered = any(pattern.search(window, start) for pattern in words.tiers.values())
        headed = None if tiered else words.headed.search(window[:start])
        return headed.start() if headed else start

    def _result(self, match: re.Match[str], window: str, *, coach: bool) -> dict[str, str | int] | None:
        """The fields of a result; None for no place at all."""
        words = self._sayings.contests
        tier = next((name for name, pattern in words.tiers.items() if pattern.search(window)), "")
        word = match["word"]
        if word in words.world_only and tier != words.world:
            return None
        tens = number(match["tens"]) if match["tens"] else None
        if tens:
            place: int | None = tens + _LAST_OF_TEN  # the worst that it can be
        else:
            place = words.places[word] if word else number(match["n"] or match["top"])
        if place is None:
            return None
        fields: dict[str, str | int] = {"place": place, "role": words.roles[coach]}
        if tier:
            fields["tier"] = tier
        classes = [name for name, pattern in words.classes.items() if self._classed(pattern, window)]
        if tier == words.world:
            fields["class"] = words.first
        elif len(classes) == 1:
            fields["class"] = classes[0]
        return fields


def _districts(notice: Notice) -> LazyPattern:
    """The names of the districts of a notice's city."""
    return any_of({name for region in notice.regions for name in (region.name, *region.names)})
