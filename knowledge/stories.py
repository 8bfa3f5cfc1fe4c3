"""Facts read from free text: each kind of fact by its rows of `common/telling.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache

from knowledge.dictionary import ELSEWHERE, SURE_NO, SURE_YES, YES, Days, Entry, OneOf, Span, known
from knowledge.edition import Notice
from knowledge.library import Library
from knowledge.pattern import LazyPattern, any_of
from knowledge.periods import Periods
from knowledge.plainness import NO_CLAIM, Plainness
from knowledge.records import Records
from knowledge.said import Found, Mood, Reading, Said, Who
from knowledge.sayings import Amount, Options, Period

_ANY = LazyPattern("")
_ENDING = 3
_NONE = "none"
_TEAM = "members"
_FOR_GOOD = frozenset({"records", "titles", "level", "month"})
_OF_PLACE = frozenset({"unit_city", "unit"})
_OF_UNIT = frozenset({"unit_kind", "studio_approved"})


class Stories:
    """Reads free text by one library; safe to share."""

    def __init__(self, library: Library) -> None:
        self._sayings = library.vocabulary.telling
        self._entries = library.dictionary
        self._domains = {id_: entry.domain() for id_, entry in library.dictionary.items()}
        self.periods = Periods(self._sayings.times, self._sayings.numbers)
        self._records = Records(self._sayings, self.periods, library)
        self._facts = {
            notice: frozenset(
                leaf.fact for ruleset in library.notices[notice].criteria.rulesets for leaf in ruleset.leaves
            )
            for notice in library.notices
        }
        self._notices = library.notices
        self._places = any_of(_place_names(library))
        self._regions = {name: city for city, name in _regions(library)}
        self._shared = _shared(self._regions)
        places = self._sayings.places
        self._province = re.compile(f"(?:{'|'.join(places.provinces)}){places.of_province}$")
        names = _place_names(library).union(self._sayings.places.provinces)
        names.update(n for _, p in library.programmes.values() for n in (p.name, *p.old_names))
        self._reading = Reading(self._sayings, Plainness(self._sayings, any_of(names)))
        words = self._sayings.titles
        self._titles = {id_: _titles(notice, words.full) for id_, notice in library.notices.items()}
        self._nicknames = {id_: _titles(notice, _ANY) for id_, notice in library.notices.items()}
        joins = words.joins.pattern
        self._chain = cache(lambda names: re.compile(f"(?:{names})(?:(?:{joins})?(?:{names}))*"))
        self._deeds = {
            id_: {
                fact: self._entries[fact].deeds
                for fact in facts
                if "/" not in fact and self._entries[fact].deeds
            }
            for id_, facts in self._facts.items()
        }

    def read(self, text: str, *, today: date, notice: str, asked: str | None = None) -> dict[str, Found]:
        """Every fact that the text asserts or denies of the candidate or of the unit; `asked` is the id of
        the question that it answers."""
        said = self._reading.of(text, answer=asked is not None)
        if said is None:
            return {}
        found: dict[str, Found] = {}
        for rows in (
            self._options(said, asked or ""),
            self._periods(said, today, notice, asked or ""),
            self._amounts(said, asked or ""),
            self._place(said, notice, asked),
            self._won(said, notice, asked),
            self._done(said, notice),
            self._records.read(said, notice, today, asked=asked or ""),
        ):
            for fact, row in rows:
                found.setdefault(fact, row)
        return self._consistent(found)

    def _consistent(self, found: dict[str, Found]) -> dict[str, Found]:
        """Without what the rest makes unlikely: who has left is on no post, unless his leave is only an early
        one and he says that he is still at work."""
        left, post = found.get("retired"), found.get("frontline")
        if left and post and left.value != known("working"):
            early = left.value == known("internal")
            if not (early and self._sayings.moods.still.search(post.words)):
                found.pop("frontline")
        title = found.get("eng_title")
        if title and title.value == known("none"):
            found.pop("engineer_since", None)
        return found

    def asserts(
        self,
        text: str,
        match: re.Match[str],
        fact: str = "",
        *,
        claim: str = "",
        stated: str = "",
        others: bool = False,
    ) -> bool:
        """Whether a match in an answer is asserted of the candidate, or of the unit where the `fact` is not
        his own; what is of a kind that is a `claim`, or has to be `stated`, plainly."""
        said = self._reading.of(text, answer=True)
        unit = not fact or self._of_unit(fact)
        mood = said.mood(match, unit=unit, claim=claim, stated=stated, others=others) if said else None
        return mood is Mood.TOLD

    def of_other(self, text: str, match: re.Match[str]) -> bool:
        """Whether a match in an answer is said of anybody but the candidate."""
        said = self._reading.of(text, answer=True)
        return said is None or said.who(match.start()) is Who.OTHER

    def speaks(self, text: str, match: re.Match[str]) -> bool:
        """Whether a match in an answer is said of the candidate of today and not denied, be it doubted."""
        said = self._reading.of(text, answer=True)
        if said is None or said.who(match.start()) is Who.OTHER:
            return False
        mood = said.mood(match)
        return mood is not Mood.DENIED and mood is said.mood(match, ever=True)

    def _of_unit(self, fact: str) -> bool:
        """Whether what is said of the unit tells a fact."""
        entry = self._entries[fact.partition("/")[0]]
        return entry.who == "unit" or entry.id in _OF_UNIT

    def plain(self, text: str, part: str, kind: str) -> bool:
        """Whether a part of an answer only affirms facts of a kind, and nothing beside it takes that back."""
        said = self._reading.of(text, answer=True)
        start = text.find(part)
        return said is not None and said.plainly(start, start + len(part), kind, fact=False)

    def without_districts(self, text: str, notice: str) -> str:
        """A text with no more than the word for a district where it names one of the city's."""
        return self._records.without_districts(text, notice)

    def titles(self, text: str, notice: str) -> frozenset[str]:
        """The programmes whose titles a text names."""
        names, programmes = self._nicknames[notice]
        return frozenset(programmes[match.group()] for match in names.finditer(text))

    def apart(self, text: str) -> bool:
        """Whether a title of the unit's that a text names is said to be no hindrance."""
        return self._sayings.titles.apart.search(text) is not None

    def taken_back(self, rest: str) -> bool:
        """Whether what follows a claim in an answer denies it."""
        return self._sayings.moods.taken_back.match(rest) is not None

    def of_others(self, text: str) -> bool:
        """Whether an answer speaks of anybody but the candidate."""
        said = self._reading.of(text, answer=True)
        return said is None or said.of_others

    def _options(self, said: Said, asked: str) -> Iterator[tuple[str, Found]]:
        for row in self._sayings.options:
            if not row.may(said.characters):
                continue
            free = row.fact in self._sayings.answers.free and self._free(row.fact, asked)
            stated = row.fact if row.stated and not free else ""
            weakly = "" if asked else stated
            found = self._option(said, row, self._entries[row.fact], stated, weakly, guesses=not asked)
            if found is not None:
                yield row.fact, found

    def _free(self, fact: str, asked: str) -> bool:
        """Whether an answer may tell a fact in any words: one of the unit's not beside what he has for
        good, as that names other units."""
        return bool(asked) and not (self._of_unit(fact) and self._lasts(asked))

    def _option(
        self, said: Said, row: Options, entry: Entry, stated: str, weakly: str, *, guesses: bool
    ) -> Found | None:
        """What a row tells; its kind where its words have to be `stated`, and where the weak ones do;
        `guesses`: what is only supposed is left."""
        told: dict[str, str] = {}
        allowed = self._domains[entry.id]
        denial = ""
        unit = self._of_unit(entry.id)
        if either := self._either(said, row, unit=unit):
            return either
        against = row.against is not None and row.against.search(said.text) is not None
        sole: set[str] = set()
        spans: list[tuple[int, int]] = []
        for option, match, before in _named(said, row) if row.weak or not against else ():
            guessed = guesses and row.owned is None and self._guessed(option, match, before)
            if guessed or (option in row.unless and _said_too(said, row.unless[option])):
                continue
            claim = row.fact if row.claim and option not in NO_CLAIM else ""
            ever = row.ever and option not in NO_CLAIM
            owned = row.owned is not None and row.owned.search(match.group()) is not None
            kind = "" if owned else stated
            mood = said.mood(match, ever=ever, unit=unit, claim=claim, stated=kind)
            if mood is Mood.TOLD and entry.type == "level" and said.at_least(match):
                allowed, denial = allowed & _from(entry, option), match.group()
            elif mood is Mood.TOLD:
                told.setdefault(option, match.group())
                spans.append(match.span())
                if row.sole and row.sole.search(before):
                    sole.add(option)
            elif mood is Mood.DENIED and not self._sayings.moods.nobody.search(before):
                allowed, denial = allowed & _denied(row, entry, option), said.denial(match)
        if sole and max(map(entry.rank, told)) > max(map(entry.rank, sole)):
            return None
        if row.ordered and len(told.keys() - {_NONE}) > 1 and not row.ordered.search(said.stretch(spans)):
            return None
        if not told and not against:
            for option, pattern in row.weak.items():
                weak = pattern.search(said.text)
                claim = row.fact if row.claim else ""
                if weak and said.mood(weak, ever=True, claim=claim, stated=weakly) is Mood.TOLD:
                    told[option] = weak.group()
        return _settled(row, entry, told, allowed, denial) if told or denial else None

    def _guessed(self, option: str, match: re.Match[str], before: str) -> bool:
        """Whether what is told is only supposed, or is a yes that its own words doubt or belie."""
        answers = self._sayings.answers
        within = option == YES and any(p.search(match.group()) for p in (answers.belies, answers.doubt))
        return within or self._sayings.moods.guessed.search(before) is not None

    def _either(self, said: Said, row: Options, *, unit: bool) -> Found | None:
        """The options of which one is told to hold, it is not known which."""
        for match in said.matches(self._sayings.moods.either):
            named = [
                {option for option, says in row.says.items() if says.search(part)}
                for part in filter(None, match.groups())
            ]
            told = {option for options in named for option in options}
            if len(told) > 1 and all(len(options) == 1 for options in named):
                mood = said.mood(match, ever=row.ever, unit=unit)
                return Found(OneOf(frozenset(told)), match.group()) if mood is Mood.TOLD else None
        return None

    def _periods(self, said: Said, today: date, notice: str, asked: str) -> Iterator[tuple[str, Found]]:
        for row in self._sayings.periods:
            if row.future and row.fact not in self._facts[notice]:
                continue
            for match in said.matches(row.says) if row.may(said.characters) else ():
                own = asked == row.fact or not self._lasts(asked)
                if row.dated and (not own or row.dated.search(said.text[: match.start()])):
                    continue
                age = row.fact == self._sayings.answers.age_of
                mood = said.mood(
                    match,
                    ever=True,
                    unit=row.fact == "studio_since",
                    claim="" if row.future or age else row.fact,
                    stated=row.fact if age else "",
                )
                if mood is not Mood.TOLD and not (row.future and mood is Mood.DENIED):
                    continue
                days = self._moment(row, match, today)
                if days and self._in_range(row.fact, days):
                    yield row.fact, Found(days, match.group().strip())
                    break
        if about := self._sayings.times.decade_age.search(said.text):
            days = self.periods.decade(about.group(), today)
            fact = self._sayings.answers.age_of
            if days and said.mood(about, stated=fact) is Mood.TOLD:
                yield fact, Found(days, about.group())

    def _lasts(self, asked: str) -> bool:
        """Whether a fact is asked that holds for good once it does, so that it has a date of its own."""
        entry = self._entries.get(asked.partition(".")[0])
        return entry is not None and entry.type in _FOR_GOOD

    def _moment(self, row: Period, match: re.Match[str], today: date) -> Days | None:
        groups = match.groupdict()
        if row.future:
            return Days(today, today)
        if "age" in groups:
            return self.periods.born(match, today)
        if "since" in groups:
            return self.periods.since(groups["since"], today)
        if "reckoned" in groups:
            return self.periods.reckoned(groups["reckoned"], today)
        days = self.periods.day(groups["when"], today)
        return days.of_month() if days and row.fact == self._sayings.answers.age_of else days

    def _in_range(self, fact: str, days: Days) -> bool:
        entry = self._entries[fact]
        assert entry.low is not None
        assert entry.high is not None
        return entry.low <= days.first.year + 1 and days.last.year <= entry.high

    def _amounts(self, said: Said, asked: str) -> Iterator[tuple[str, Found]]:
        """The numbers told; of a team that is asked about others are to be counted."""
        for row in self._sayings.amounts:
            for match in row.says.finditer(said.text) if row.may(said.characters) else ():
                mood = said.mood(match, unit=True, others=asked == _TEAM)
                if mood is not Mood.TOLD or said.wished(match) or self._only_required(said, match):
                    continue
                span = self._span(row, match)
                entry = self._entries[row.fact]
                assert entry.low is not None
                assert entry.high is not None
                if span and entry.low <= span.low and span.high <= entry.high:
                    yield row.fact, Found(span, match.group())
                    break

    def _only_required(self, said: Said, match: re.Match[str]) -> bool:
        """Whether a number is what somebody demands, or what he who tells it does not know."""
        end = self._sayings.moods.sentence.search(said.text, match.end())
        rest = (said.text, match.end(), end.start() if end else len(said.text))
        demanded = self._sayings.moods.demanded.search(match.group()) is not None
        return demanded or self._sayings.answers.unsure.search(*rest) is not None

    def _span(self, row: Amount, match: re.Match[str]) -> Span | None:
        if self._entries[row.fact].unit == "%":
            return self.periods.share(match.group())
        span = self.periods.amount(match["n"])
        if span is None:
            return None
        return Span(span.low - row.less - row.either, span.high - row.less)

    def _place(self, said: Said, notice: str, asked: str | None) -> Iterator[tuple[str, Found]]:
        here = self._notices[notice].header.city
        words = self._sayings.places
        found: dict[str, str] = {}
        sure: dict[str, str] = {}
        for match in self._places.finditer(said.text):
            before = self._province.sub("", said.text[said.segment(match.start()) : match.start()])
            after = said.text[match.end() : match.end() + 24]
            city = self._regions.get(match.group(), ELSEWHERE)
            if words.away.search(before) or words.other.search(after):
                continue
            if city != here and words.ruled.search(after):
                continue
            strong = words.strong.search(before)
            named = asked in _OF_PLACE and not before
            if not (strong or named) and not (words.before.search(before) and words.after.search(after)):
                continue
            mood = said.mood(match, unit=True)
            if match.group() in self._shared:
                if asked is None:
                    continue
                city = here
            if mood is Mood.TOLD:
                (sure if strong else found).setdefault(city, match.group())
            elif mood is Mood.DENIED and city == here:
                found.setdefault(ELSEWHERE, match.group())
        found = sure or found
        outside = words.outside.search(said.text)
        if not found and outside and said.mood(outside, unit=True) is Mood.TOLD:
            found[ELSEWHERE] = outside.group()
        if len(found) == 1:
            ((city, name),) = found.items()
            if city == here or asked is not None or sure or not self._speaks_of(said, here, notice):
                yield "unit_city", Found(OneOf(frozenset({city})), name)

    def hinted(self, text: str, notice: str) -> frozenset[str]:
        """The fact of which an answer may tell more than is read: the unit's city, where another is named."""
        here = self._notices[notice].header.city
        named = {self._regions.get(match.group(), ELSEWHERE) for match in self._places.finditer(text)}
        return frozenset({"unit_city"} if named - {here} else ())

    def _speaks_of(self, said: Said, city: str, notice: str) -> bool:
        """Whether a city or one of its districts is named, and not as where one has left or a head office
        is; in the name of a programme it says nothing."""
        titles, _ = self._titles[notice]
        inside = [range(match.start(), match.end()) for match in titles.finditer(said.text)]
        return any(
            self._regions.get(match.group()) == city
            and not any(match.start() in title for title in inside)
            and not self._sayings.places.away.search(said.text[said.segment(match.start()) : match.start()])
            for match in self._places.finditer(said.text)
        )

    def _won(self, said: Said, notice: str, asked: str | None) -> Iterator[tuple[str, Found]]:
        names, programmes = (self._nicknames if asked == "won" else self._titles)[notice]
        words = self._sayings.titles
        for match in self._chain(names.pattern).finditer(said.text):
            spoken = {programmes[name.group()] for name in names.finditer(match.group())}
            before = said.text[said.sentence(match.start()) : match.start()]
            after = said.text[match.end() : match.end() + 24]
            named = asked == "won" and words.bare.search(before)
            if not (named or words.before.search(before) or words.after.search(after)):
                continue
            for kind in ("won", "slot"):
                mood = said.mood(match, ever=True, claim=kind, stated=kind)
                told = mood is Mood.TOLD
                alike = words.nobody.search(before) or (told and not words.apart.search(said.text))
                if mood is Mood.LEFT or (kind == "slot" and not alike):
                    continue
                for fact in sorted({f"{kind}/{programme}" for programme in spoken} & self._facts[notice]):
                    yield fact, Found(SURE_YES if told else SURE_NO, match.group())
        titles, _ = self._nicknames[notice]
        never = words.never.search(said.text) if asked in (None, "won") else None
        if never and asked is None and not (words.own.search(never.group()) or titles.search(said.text)):
            never = None  # of whatever else he speaks
        if never and titles.search(said.text, said.segment(never.start()), never.start()):
            never = None
        if never and said.mood(never, ever=True, stated="won") is not Mood.LEFT:
            others = {programmes[m.group()] for m in names.finditer(said.text)} if asked else frozenset()
            for fact in sorted(self._facts[notice]):
                if fact.startswith("won/") and fact.partition("/")[2] not in others:
                    yield fact, Found(SURE_NO, never.group())

    def _done(self, said: Said, notice: str) -> Iterator[tuple[str, Found]]:
        """The claims that the deeds told speak for."""
        done: dict[str, str] = {}
        refusal = self._sayings.answers.refusal
        for deed in self._sayings.deeds:
            for match in said.matches(deed.says) if deed.may(said.characters) else ():
                mood = said.mood(match, ever=True, others=deed.others, claim="deeds")
                if mood is Mood.TOLD and not refusal.search(match.group()):
                    done.setdefault(deed.id, match.group())
        for fact, deeds in self._deeds[notice].items():
            told = [done[deed] for deed in deeds if deed in done]
            if told:
                yield fact, Found(SURE_YES, told[0])


def _named(said: Said, row: Options) -> Iterator[tuple[str, re.Match[str], str]]:
    """Each option that is named, and not only likened to, with what goes before it; of several that the same
    words name where the order counts, the strongest."""
    taken: list[tuple[int, int]] = []
    for option, pattern in row.says.items():
        for match in said.matches(pattern):
            if row.ordered and any(a < match.end() and match.start() < b for a, b in taken):
                continue
            taken.append(match.span())
            before = said.text[said.segment(match.start()) : match.start()]
            if not _likened(said, row, before):
                yield option, match, before


def _said_too(said: Said, words: LazyPattern) -> bool:
    """Whether words are said of the candidate at all, however they are meant."""
    return any(said.who(match.start()) is Who.CANDIDATE for match in said.matches(words))


def _likened(said: Said, row: Options, before: str) -> bool:
    """Whether what follows is only compared with an option, or given by the unit without any proof."""
    if row.likened and row.likened.search(before):
        return True
    given = row.by_unit is not None and row.by_unit.search(before) is not None
    return given and not (row.proven and row.proven.search(said.text))


def _denied(row: Options, entry: Entry, option: str) -> frozenset[str]:
    """What a denial leaves possible."""
    domain = entry.domain()
    if option in row.denied:
        return frozenset(row.denied[option]) or domain
    if entry.type == "level":
        return frozenset(o for o in domain if entry.rank(o) < entry.rank(option))
    return domain - {option} if entry.yes_or_no else domain


def _from(entry: Entry, option: str) -> frozenset[str]:
    """The options of a level from this one up."""
    return frozenset(o for o in entry.domain() if entry.rank(o) >= entry.rank(option))


def _settled(
    row: Options, entry: Entry, told: Mapping[str, str], allowed: frozenset[str], denial: str
) -> Found | None:
    """One value of all that was told and denied; None where that is nothing or contradicts itself."""
    if row.plain and len(told) > 1:
        return None
    if not told:
        return Found(OneOf(allowed), denial) if allowed != entry.domain() and allowed else None
    option = max(told, key=entry.rank) if entry.type == "level" else next(iter(told))
    return Found(OneOf(frozenset({option})), told[option]) if option in allowed else None


def _regions(library: Library) -> Iterator[tuple[str, str]]:
    """Each city that has a notice, with its names and those of its districts."""
    for notice in library.notices.values():
        city = notice.header.city
        yield from ((city, name) for name in (city, *notice.header.cities))
        for part in (notice, *notice.relays):
            for region in part.regions:
                yield from ((city, name) for name in (region.name, *region.names))
            yield from ((city, name) for row in part.streets for name in row.streets)


def _place_names(library: Library) -> set[str]:
    """Every name of a city or a district."""
    return {name for _, name in _regions(library)} | library.vocabulary.cities


def _shared(regions: Mapping[str, str]) -> frozenset[str]:
    """Names of districts that end the name of another city's, so that alone they name neither."""
    ends = ((name[at:], city) for name, city in regions.items() for at in range(1, len(name)))
    return frozenset(end for end, city in ends if regions.get(end, city) != city)


def _titles(notice: Notice, full: LazyPattern) -> tuple[LazyPattern, Mapping[str, str]]:
    """The names by which a programme's title cannot be taken for anything else."""
    city = notice.header.city
    names = {
        name: programme.id
        for programme in notice.programmes
        for name in (programme.name, *programme.names, *programme.old_names)
        if city in name or full.search(name)
    }
    if full is _ANY:
        endings = [programme.name[-_ENDING:] for programme in notice.programmes]
        names = {
            e: p.id for e, p in zip(endings, notice.programmes, strict=True) if endings.count(e) == 1
        } | names
    return any_of(names), names
