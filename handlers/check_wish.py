"""Whether somebody wants his own chances judged, of which programmes, and whether he asks that alone."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import cache, cached_property, partial
from typing import Final

from handlers.chances import ABOUT_CHANCES, Chances, own_chances
from handlers.contract import NOT_MINE, Choice, NotMine, Reply, Section, Turn
from knowledge.notice import Aspect
from knowledge.reading import ASK, FIGURE
from knowledge.telling import Told

_CONDITIONS: Final = frozenset({"eligibility", "silences"})
_ASKED: Final = 0.5
_OWN: Final = 1
TELLING: Final = 2
_STORY: Final = 3
_LONG: Final = 30
_WORD: Final = 5


class Wish:
    """What a message says of its sender's wish for a check; `told` reads what a text tells of a candidate
    under a notice, each only once."""

    def __init__(self, turn: Turn, told: Callable[[Turn, str, str, str], Told]) -> None:
        self._turn = turn
        self._told = cache(partial(told, turn))
        self._chances = Chances.of(turn)

    def told(self, text: str, notice: str) -> Told:
        """What a text tells of the candidate under a notice."""
        return self._told(text, notice, self.whom_alone)

    @cached_property
    def wanted(self) -> bool:
        """Whether somebody wants to know his own chances: by asking for it, or by telling of himself where
        that is the question."""
        if self._turn.reading.act != ASK or FIGURE in self._turn.reading.inherited:
            return False
        return self._wished or self._goes_on() or self._likely() or self._tells_alone

    @cached_property
    def whom(self) -> str | None:
        """The word for whom a judgement is wanted, or of whom more is told: empty of oneself, None where
        nobody is named."""
        return self._named_in(self._chances.wish, self._turn.reading.unnamed)

    @property
    def whom_alone(self) -> str:
        """The word for the only one that a message speaks of, where it begins with somebody else."""
        return self._alone_in(self._turn.incoming.text)

    @property
    def whom_before(self) -> str:
        """The same of what was said before, where this message names nobody."""
        return self._alone_in(self._turn.context.text) if self.whom is None else ""

    def _alone_in(self, said: str) -> str:
        vocabulary = self._turn.library.vocabulary
        led = vocabulary.telling.persons.whose.match(said)
        for at in (led.end() if led else 0, 0):
            other = vocabulary.patterns.chances.others.match(said, at)
            if other and not vocabulary.patterns.myself.search(said, other.end()):
                return other.group()
        return ""

    def _named_in(self, *texts: str) -> str | None:
        patterns = self._turn.library.vocabulary.patterns
        for said in texts:
            if other := patterns.chances.others.search(said):
                return other.group()
            if patterns.myself.search(said):
                return ""
        return None

    @property
    def goes_on_telling(self) -> bool:
        """Whether somebody only tells more of the candidate."""
        reading, chances = self._turn.reading, self._chances
        if reading.act != ASK or chances.asks or chances.wish or reading.named:
            return False
        myself = self._turn.library.vocabulary.patterns.myself
        # a bare word (高级技师) may as well be what somebody wants to know of
        return bool(len(reading.text) > _WORD or myself.search(reading.text)) and bool(self._facts)

    @property
    def case(self) -> str:
        """What is to be read of the candidate: the story without the wish, where nothing else is asked."""
        chances = self._chances
        return chances.case if chances.wish and not chances.asks else self._turn.incoming.text

    @property
    def doubles(self) -> bool:
        """Whether it is asked first of all who may apply twice, or for two, and asked now."""
        reading, matters = self._turn.reading, self._turn.library.vocabulary.matters
        asked = [m for m, weight in reading.matters.items() if weight >= _ASKED]
        own = any(matters[matter].aspect is Aspect.DUPLICATES for matter in asked)
        return own and "topic" not in reading.inherited and Aspect.DUPLICATES in reading.aspects[:1]

    @property
    def programmes(self) -> tuple[str, ...]:
        """The programmes to check: those named, of one notice; all of the city's where all are wanted, or
        where somebody tells his case and names none."""
        turn, rules = self._turn, self._turn.library.rules
        named = [p for finding in turn.reading.findings for p in finding.scope.programmes if p in rules]
        notices = list(dict.fromkeys(turn.library.programmes[p][0].id for p in named))
        if len(notices) == 1:
            return tuple(dict.fromkeys(named))
        if named or not turn.reading.city:
            return ()
        return _of_city(turn) if self._tells_alone else _every(turn)

    def beside(self, begun: Reply) -> Reply | NotMine:
        """What has `begun`, beside what others answer only where more is asked than one's own chances; where
        the programme is still to be chosen, what is asked most decides."""
        turn, chances = self._turn, self._chances
        if not self.doubles and (self._tells_alone or (begun.awaiting and self._alone())):
            return begun
        told = bool(chances.wish) and bool(self._facts)
        known = turn.library.sourced
        pointed = [known[fact].aspect for finding in turn.reading.findings for fact in finding.pointed]
        by_the_way = ABOUT_CHANCES.issuperset((*turn.reading.aspects[:1], *pointed[:1]))
        story = len(self._facts) >= _STORY
        if self.doubles or ((told or pointed) and not chances.asks and (by_the_way or story)):
            # what a story mentions by the way is no question: conditions are told, and what is not written
            return replace(begun, alone=False, beside=_CONDITIONS)
        if begun.awaiting:
            return replace(begun, alone=False)
        if self._wished:
            return replace(begun, alone=not chances.asks and not told)
        if own_chances(turn) or not pointed:
            return replace(begun, alone=set(turn.reading.aspects[:2]) <= ABOUT_CHANCES)
        return replace(begun, alone=False) if _every(turn) else NOT_MINE

    def _likely(self) -> bool:
        """Whether what is asked is like one's own chances, or so much is told that it can be nothing else."""
        turn = self._turn
        reading, patterns = turn.reading, turn.library.vocabulary.patterns
        inherited = {"topic", "programmes"} <= set(reading.inherited)
        if own_chances(turn) and not inherited:
            return True
        meant = [p for p in reading.programmes if p in turn.library.rules] or _every(turn)
        own, chance = patterns.myself.search(reading.text), patterns.chance.search(reading.text)
        if not meant or not (chance or own or len(reading.text) >= _LONG):
            return False
        notice = turn.library.programmes[meant[0]][0]
        told = len(self.told(turn.incoming.text, notice.id).values)
        if not reading.programmes:
            return bool(own and chance) or told >= (_OWN if own else TELLING)
        if inherited or not chance or not ABOUT_CHANCES.issuperset(reading.aspects[:1]):
            return told >= _STORY
        return told >= (_OWN if own else TELLING)

    @cached_property
    def _wished(self) -> bool:
        """Whether somebody asks for his own chances, by naming himself or by telling his case; beside other
        questions only where he asks for a judgement."""
        reading, chances = self._turn.reading, self._chances
        if not chances.wish or (chances.asks and not chances.judged):
            return False
        words = self._turn.library.vocabulary.patterns.chances
        said = reading.text if reading.programmes else chances.wish
        own = words.who.search(said) or (words.wishes.search(said) and not chances.asks)
        return own is not None or self._bare or bool(self._facts)

    @property
    def _bare(self) -> bool:
        """Whether a named programme and the asking for a judgement are all that is said: who asks means
        himself."""
        reading, chances = self._turn.reading, self._chances
        bare = bool(reading.named) and chances.judged and not chances.case
        return bare and ABOUT_CHANCES.issuperset(reading.aspects)

    def _goes_on(self) -> bool:
        """Whether somebody who was told of conditions now tells of himself, and asks nothing; whoever only
        says which city he means (无锡的) asks the same again."""
        reading = self._turn.reading
        if "topic" in reading.inherited and reading.city_from == "said":
            return False
        if self._chances.asks or not reading.programmes or not set(reading.aspects) <= ABOUT_CHANCES:
            return False
        return not ABOUT_CHANCES.isdisjoint(self._turn.context.aspects) and bool(self._facts)

    @cached_property
    def _tells_alone(self) -> bool:
        """Whether somebody tells his case under no programme and asks for nothing but a judgement, be it
        without a word for it where he tells much."""
        chances = self._chances
        if chances.asks or self._turn.reading.programmes:
            return False
        return len(self._facts) >= (TELLING if chances.judged else _STORY)

    @cached_property
    def _facts(self) -> Collection[str]:
        """The candidate's facts that a message tells beside what it asks."""
        turn, case = self._turn, self._chances.case
        rules, dictionary = turn.library.rules, turn.library.dictionary
        programme = next((p for p in (*turn.reading.programmes, *rules) if p in rules), None)
        if programme is None or not case:
            return ()
        notice = turn.library.programmes[programme][0]
        told = self.told(case, notice.id).values
        return [fact for fact in told if dictionary[fact.partition("/")[0]].who != "unit"]

    def _alone(self) -> bool:
        """Whether nothing is asked beside one's own chances: not by other words than those by which one asks
        what there is for oneself, else neither by an aspect nor by a finer matter."""
        reading, chances = self._turn.reading, self._chances
        patterns, matters = self._turn.library.vocabulary.patterns, self._turn.library.vocabulary.matters
        if not chances.asks and ("topic" in reading.inherited or not chances.case):
            return True
        if patterns.every.search(reading.text):
            return patterns.besides.search(patterns.every.sub("", reading.text)) is None
        asked = set(reading.aspects) - ABOUT_CHANCES
        finer = [m for m, weight in reading.matters.items() if weight >= _ASKED and not matters[m].general]
        return not asked and not finer


def choose(turn: Turn) -> Reply:
    """Which programme: of those spoken of, else those of the city that is known or of all cities, and all of
    a city together."""
    city, spoken_of = turn.reading.city, set(turn.reading.programmes).intersection(turn.library.rules)
    choices: list[Choice] = []
    together: list[Choice] = []
    for notice in turn.library.notices.values():
        meant = [r for r in notice.criteria.rulesets if not spoken_of or r.programme in spoken_of]
        if notice.superseded_by or not meant or (city and notice.header.city != city):
            continue
        for ruleset in meant:
            name = turn.library.programmes[ruleset.programme][1].name
            choices.append(
                Choice(template="selfcheck/programme", values={"programme": name}, says="selfcheck/start")
            )
        if len(meant) > 1:
            values = {"city": notice.header.city}
            together.append(Choice(template="selfcheck/every", values=values, says="selfcheck/start_every"))
    return Reply(sections=[Section(template="selfcheck/choose")], choices=choices + together, alone=True)


def _every(turn: Turn) -> tuple[str, ...]:
    """All programmes of the city, or of the first that has rules, where somebody asks which there is for
    him."""
    return _of_city(turn) if turn.library.vocabulary.patterns.every.search(turn.reading.text) else ()


def _of_city(turn: Turn) -> tuple[str, ...]:
    """All programmes of the city, or of the first that has rules."""
    city = turn.reading.city
    for notice in turn.library.of_city(city) if city else turn.library.notices.values():
        if notice.criteria.rulesets:
            return tuple(ruleset.programme for ruleset in notice.criteria.rulesets)
    return ()
