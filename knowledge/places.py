"""Which city, district, notice and programmes a message means, from what it says and what came before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from knowledge.edition import Notice
from knowledge.lexicon import Found, Sort
from knowledge.library import Library
from knowledge.notice import Stage
from knowledge.reading import Context
from knowledge.unknown import Edition
from knowledge.vocabulary import Patterns

_PLACES = frozenset({Sort.REGION, Sort.STREET, Sort.BODY})
_DENIABLE = frozenset({Sort.REGION, Sort.PROGRAMME})


@dataclass(frozen=True, slots=True)
class Spoken:
    """The places and programmes that a message names, each as found; `another`: it speaks of the other ones
    than were spoken of before."""

    cities: tuple[str, ...]
    others: tuple[Found, ...]
    regions: tuple[tuple[str, str], ...]
    street: str
    programmes: tuple[Found, ...]
    persons: tuple[str, ...]
    bodies: tuple[str, ...]
    another: bool = False

    @classmethod
    def of(cls, found: Sequence[Found], text: str, patterns: Patterns) -> Spoken:
        """What `found` says of places; a district once named after `home` is where somebody lives, and counts
        only where no other is named. A programme's name after `province` is an honour of others."""
        home = patterns.home
        excepted = [match.span(1) for match in patterns.excepted.finditer(text)]
        items: dict[Sort, list[Found]] = defaultdict(list)
        values: dict[Sort, dict[str, None]] = defaultdict(dict)
        named: list[tuple[Found, str]] = []
        for item in _meant(_apart(found), text, patterns):
            if any(start <= item.start and item.end <= end for start, end in excepted):
                # of the others is asked: the place says no more than in which city
                for owner in (_split(s.value)[0] for s in item.senses if s.sort is Sort.REGION):
                    values[Sort.CITY][owner] = None
                if any(sense.sort in _PLACES for sense in item.senses):
                    continue
            for sort in dict.fromkeys(sense.sort for sense in item.senses):
                items[sort].append(item)
            for sense in item.senses:
                values[sense.sort][sense.value] = None
                if sense.sort in (Sort.REGION, Sort.STREET):
                    named.append((item, sense.value))
        homes = {value for item, value in named if home.search(text[: item.start])}
        units = [value for _, value in named if value not in homes]
        places = units or [value for _, value in named]
        return cls(
            cities=tuple(values[Sort.CITY]),
            others=tuple(item for item in items[Sort.OTHER_CITY] if not home.search(text[: item.start])),
            regions=tuple(dict.fromkeys(_split(value) for value in places)),
            street=items[Sort.STREET][0].surface if items[Sort.STREET] else "",
            programmes=tuple(
                item for item in items[Sort.PROGRAMME] if not patterns.province.search(text[: item.start])
            ),
            persons=tuple(values[Sort.PERSON]),
            bodies=tuple(_each_once(items[Sort.BODY])),
            another=patterns.another.search(text) is not None,
        )

    def other_city(self) -> str:
        """A city without a notice that the message is about: none where it names a place that has one."""
        return "" if self.cities or self.regions or not self.others else self.others[0].surface


@dataclass(frozen=True, slots=True)
class Place:
    """Where a question is to be answered. `explicit`: the message itself names a place or programme;
    `foreign`: it names a city with a programme that the city does not have."""

    city: str
    city_from: str
    districts: tuple[str, ...]
    programmes: tuple[str, ...]
    notices: tuple[Notice, ...]
    explicit: bool
    inherited: tuple[str, ...]
    foreign: str = ""

    @classmethod
    def resolve(
        cls, spoken: Spoken, context: Context, library: Library, *, own_topics: bool, compares: bool
    ) -> Place:
        """The place of a message; `own_topics` says that it asks something by itself, `compares` that it sets
        one thing beside another."""
        spoken = _with_cities_of_regions(spoken)
        if compares:
            spoken = _with_cities_of_programmes(spoken, library)
        if len(spoken.cities) > 1:
            return cls._of_several(spoken, library)
        city, city_from = _city(spoken, context, library)
        programmes = _named_programmes(spoken, city, library)
        if not city and programmes:
            cities = {library.programmes[p][0].header.city for p in programmes}
            if len(cities) == 1:
                city, city_from = cities.pop(), "implied"
        inherited: tuple[str, ...] = ()
        if not programmes and not (city_from == "said" and own_topics):
            programmes = _carried(context, city, library)
            programmes = _others(programmes, library) if spoken.another else programmes
            inherited = ("programmes",) if programmes else ()
        districts = tuple(region for owner, region in spoken.regions if owner == city or not city)
        kept = _within(context.districts, city, library) if city != context.city else context.districts
        if not districts and kept and (city == context.city or not context.city):
            districts = kept
            inherited = (*inherited, "districts")
        return cls(
            city=city,
            city_from=city_from,
            districts=districts,
            programmes=programmes,
            notices=_notices(city, programmes, library),
            explicit=bool(spoken.cities or spoken.programmes or spoken.regions or spoken.persons),
            inherited=inherited,
            foreign="" if programmes or not spoken.cities else _foreign(spoken, city, library),
        )

    def of_edition(self, asked: Sequence[Edition]) -> Place:
        """The place of a message that asks about editions: of several notices those that are of one."""
        notices = tuple(n for n in self.notices if any(edition.of(n.header) for edition in asked))
        if len(self.notices) < 2 or not notices or self.city:
            return self
        cities = {notice.header.city for notice in notices}
        city = cities.pop() if len(cities) == 1 else ""
        return replace(self, city=city, city_from="implied" if city else self.city_from, notices=notices)

    def of_each(self, *, bodies: int) -> Place:
        """The place of a message that asks for the figure of each: of all programmes, where it names one
        alone, and one district and one recommending body at the most."""
        several = len(self.programmes) > 1 or len(self.districts) > 1 or bodies > 1 or not self.city
        return self if several else replace(self, programmes=())

    def relayed(self) -> Place | None:
        """The place of a message that sets a district's day beside the city's: where a district has one."""
        notices = tuple(notice for notice in self.notices if _has_own_days(notice))
        cities = {notice.header.city for notice in notices}
        if self.city or len(cities) != 1:
            return self if notices else None
        return replace(self, city=cities.pop(), city_from="implied", notices=notices)

    def beside(self, context: Context, library: Library) -> Place:
        """The place of a message that compares, or asks of one more: one programme that it names alone, with
        those spoken of before."""
        before = [p for p in context.programmes if p in library.programmes]
        if len(self.programmes) != 1 or "programmes" in self.inherited or not before:
            return self
        programmes = tuple(dict.fromkeys((*before, *self.programmes)))
        return replace(self, programmes=programmes, notices=_notices(self.city, programmes, library))

    @classmethod
    def _of_several(cls, spoken: Spoken, library: Library) -> Place:
        """Several cities are named: each is answered for, with its own programmes of the names given."""
        programmes = tuple(
            dict.fromkeys(p for city in spoken.cities for p in _named_programmes(spoken, city, library))
        )
        return cls(
            city="",
            city_from="said",
            districts=tuple(region for _, region in spoken.regions),
            programmes=programmes,
            notices=tuple(notice for city in spoken.cities for notice in library.of_city(city)),
            explicit=True,
            inherited=(),
        )


def _has_own_days(notice: Notice) -> bool:
    """Whether a district's relay of a notice has a day of its own."""
    return any(isinstance(fact, Stage) for relay in notice.relays for fact in relay.facts)


def _apart(found: Sequence[Found]) -> Iterator[Found]:
    """What is found but for names of places within the name of a thing (惠山泥人)."""
    things = [item for item in found if all(sense.sort is Sort.MATTER for sense in item.senses)]
    for item in found:
        within = any(thing.start <= item.start and item.end < thing.end for thing in things)
        if not within or all(sense.sort not in _PLACES for sense in item.senses):
            yield item


def _each_once(found: Sequence[Found]) -> Iterator[str]:
    """The bodies named, of names that overlap the first alone."""
    end = 0
    for item in sorted(found, key=lambda item: (item.start, -item.end)):
        if item.start >= end:
            end = item.end
            yield from (sense.value for sense in item.senses if sense.sort is Sort.BODY)


def _foreign(spoken: Spoken, city: str, library: Library) -> str:
    """The programme named with a city that has none of the name (武汉卓越技师); what was once called so, is
    an honour elsewhere (首席技师)."""
    for item in spoken.programmes:
        ids = [s.value for s in item.senses if s.sort is Sort.PROGRAMME]
        if not any(item.surface in library.programmes[p][1].old_names for p in ids):
            return f"{city}{item.surface}"
    return ""


def _meant(found: Iterable[Found], text: str, patterns: Patterns) -> list[Found]:
    """What is found, but for places and programmes that a message says are not meant beside others that are
    (在武昌不在东西湖, 卓越技师，不是问工作室)."""
    items = list(found)
    denied = [item for item in items if patterns.denied.search(text[: item.start])]
    kept = {sense.sort for item in items if item not in denied for sense in item.senses} & _DENIABLE
    return [i for i in items if i not in denied or kept.isdisjoint(sense.sort for sense in i.senses)]


def _with_cities_of_regions(spoken: Spoken) -> Spoken:
    """A city is named beside another by its districts (武汉是27号，我们梁溪…)."""
    owners = tuple(dict.fromkeys(city for city, _ in spoken.regions))
    if not spoken.cities or not owners or not set(owners).isdisjoint(spoken.cities):
        return spoken
    return replace(spoken, cities=(*spoken.cities, *owners))


def _with_cities_of_programmes(spoken: Spoken, library: Library) -> Spoken:
    """A city is named beside a programme that it has not (卓越技师跟武汉的一样不): the programme's is meant
    too."""
    owners = {
        library.programmes[s.value][0].header.city for p in spoken.programmes for s in p.senses if _is(s.sort)
    }
    if len(spoken.cities) != 1 or len(owners) != 1 or not owners.isdisjoint(spoken.cities):
        return spoken
    return replace(spoken, cities=(*owners, *spoken.cities))


def _split(value: str) -> tuple[str, str]:
    city, _, region = value.partition("/")
    return city, region


def _city(spoken: Spoken, context: Context, library: Library) -> tuple[str, str]:
    if spoken.cities:
        return spoken.cities[0], "said"
    owners = dict.fromkeys(city for city, _ in spoken.regions)
    for person in spoken.persons:
        owners.setdefault(library.notices[person.partition("/")[0]].header.city)
    named = {
        library.programmes[s.value][0].header.city for p in spoken.programmes for s in p.senses if _is(s.sort)
    }
    for city, source in ((context.city, "remembered"), (context.home, "home")):
        if city and (not owners or city in owners) and (not named or city in named):
            return city, source
    return (next(iter(owners)), "implied") if len(owners) == 1 else ("", "")


def _is(sort: Sort) -> bool:
    return sort is Sort.PROGRAMME


def _named_programmes(spoken: Spoken, city: str, library: Library) -> tuple[str, ...]:
    """The programmes named, within the city where one is known; a name the city lacks is taken for the
    city's programme whose name holds it (无锡 技能大师)."""
    result: dict[str, None] = {}
    for item in spoken.programmes:
        ids = [s.value for s in item.senses if s.sort is Sort.PROGRAMME]
        here = [p for p in ids if not city or library.programmes[p][0].header.city == city]
        if not here and city:
            here = [
                programme.id
                for notice in library.of_city(city)
                for programme in notice.programmes
                if item.surface in programme.name
            ]
        current = [p for p in here if not library.programmes[p][0].superseded_by]
        result.update(dict.fromkeys(current or here))
    for person in spoken.persons:
        result.update(dict.fromkeys(person.partition("/")[2].split()))
    return tuple(result)


def _carried(context: Context, city: str, library: Library) -> tuple[str, ...]:
    """The programmes of the conversation so far; in another city those that share a name with them."""
    kept = [p for p in context.programmes if p in library.programmes]
    if not city or all(library.programmes[p][0].header.city == city for p in kept):
        return tuple(kept)
    names = {name for p in kept for name in library.programmes[p][1].names}
    return tuple(
        programme.id
        for notice in library.of_city(city)
        for programme in notice.programmes
        if names & set(programme.names)
    )


def _others(programmes: Sequence[str], library: Library) -> tuple[str, ...]:
    """The other programmes of the notices of these (另一样呢); these where there are none."""
    notices = dict.fromkeys(library.programmes[p][0].id for p in programmes)
    all_of_them = (p.id for notice in notices for p in library.notices[notice].programmes)
    return tuple(p for p in all_of_them if p not in programmes) or tuple(programmes)


def _within(districts: Sequence[str], city: str, library: Library) -> tuple[str, ...]:
    """Those of some districts that are of a city's."""
    own = {region.name for n in library.of_city(city) for part in (n, *n.relays) for region in part.regions}
    return tuple(district for district in districts if district in own)


def _notices(city: str, programmes: Sequence[str], library: Library) -> tuple[Notice, ...]:
    if programmes:
        return tuple({library.programmes[p][0].id: library.programmes[p][0] for p in programmes}.values())
    if city:
        return tuple(library.of_city(city))
    return tuple(notice for notice in library.notices.values() if not notice.superseded_by)
