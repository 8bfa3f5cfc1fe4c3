"""How much the interview asks, and how fast: beside the order of the text and beside the least possible.

People are made up, with the seed below: anybody (each value as likely as the others), and kinds of people
whose facts hang together. The optimum knows how often each answer is given by those it is measured on, and
so does the interview beside it. As it is delivered, the interview knows the odds of the dictionary alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from statistics import fmean, median
from time import perf_counter
from types import MappingProxyType

from knowledge.criteria import Criteria, Ruleset
from knowledge.dictionary import Band, Days, Detail, Entry, Item, Items, OneOf, Span, Value
from knowledge.interview import Interview
from knowledge.library import Library
from knowledge.residual import State
from tests.applicants import Facts, answer, cost, person
from tests.archetypes import CITIES, realistic
from tests.oracle import Oracle

SEED, PEOPLE, LEARNED = 20261121, 300, 3000
COST, SCREENS, PREFILLED = 1.05, 6.5, 3.7
ONE_MS, CITY_MS, LARGE_MS, LARGE = 1.0, 10.0, 20.0, 200
_NOBODY: frozenset[str] = frozenset()
_TOLD = {
    "wuhan-2023": ("unit_city", "skill_level", "birth", "rank", "frontline", "retired"),
    "wuxi-2024": ("unit_city", "skill_level", "birth", "unit_kind"),
}
"""City, level, age, and what somebody is at work (one answer of the screen `post`) or the kind of unit."""

Row = Callable[..., None]
Choose = Callable[[State], str | None]


@dataclass(frozen=True, slots=True)
class Effort:
    """What interviews took, by person: screens and their cost."""

    screens: float
    cost: float


def bench(row: Row) -> None:
    """The rows of the table."""
    library = Library.load()
    for notice in library.notices.values():
        programmes = tuple(ruleset.programme for ruleset in notice.criteria.rulesets)
        if notice.id in CITIES:
            _city(row, library, notice.id, programmes)
    row("what each programme takes", "by the text, as delivered, by the odds, at best")
    for population in ("uniform", "realistic"):
        ratios = []
        for notice_id in CITIES:
            people = _people(library, notice_id, population, PEOPLE, SEED)
            odds = _evenly(library) if population == "uniform" else _learned(library, notice_id)
            for ruleset in library.notices[notice_id].criteria.rulesets:
                ratios.append(_programme(row, library, odds, ruleset.programme, population, people))
        mean = fmean(ratios)
        row(
            f"{population} people: cost beside the optimum, mean",
            f"{mean:.3f}",
            f"<= {COST}",
            met=mean <= COST,
        )
    _speed(row, library)


def _people(library: Library, notice: str, population: str, count: int, seed: int) -> list[Facts]:
    random = Random(seed)
    make = person if population == "uniform" else realistic
    relaxing = {
        leaf.fact for ruleset in library.notices[notice].criteria.rulesets for leaf in ruleset.relaxing
    }
    return [
        {fact: value for fact, value in make(library, notice, random).items() if fact not in relaxing}
        for _ in range(count)
    ]


# —— how much


def _city(row: Row, library: Library, notice: str, programmes: Sequence[str]) -> None:
    people = _people(library, notice, "realistic", PEOPLE, SEED)
    interview = Interview(library, programmes)
    in_order = _effort(library, interview, people, _text_order(interview))
    ours = _effort(library, interview, people)
    told = _effort(library, interview, people, told=_TOLD[notice])
    city = library.notices[notice].header.city
    row(f"{city}, all programmes: screens in the order of the text", f"{in_order.screens:.2f}")
    row(
        f"{city}, all programmes: screens",
        f"{ours.screens:.2f}",
        f"<= {SCREENS}",
        met=ours.screens <= SCREENS,
    )
    row(
        f"{city}, with four facts told before: screens",
        f"{told.screens:.2f}",
        f"<= {PREFILLED}",
        met=told.screens <= PREFILLED,
    )


def _programme(
    row: Row, library: Library, odds: Library, programme: str, population: str, people: Sequence[Facts]
) -> float:
    """The rows of one programme; the cost beside the optimum."""
    delivered, interview = Interview(library, [programme]), Interview(odds, [programme])
    oracle = Oracle(interview)
    efforts = [
        _effort(library, interview, people, _text_order(interview)),
        _effort(library, delivered, people),
        _effort(library, interview, people),
        _effort(library, interview, people, oracle.choose),
    ]
    ratio = efforts[2].cost / efforts[3].cost
    name = f"{programme}, {population}"
    row(f"{name}: screens", ", ".join(f"{one.screens:.2f}" for one in efforts))
    row(f"{name}: cost", ", ".join(f"{one.cost:.2f}" for one in efforts))
    return ratio


def _effort(
    library: Library,
    interview: Interview,
    people: Sequence[Facts],
    choose: Choose | None = None,
    told: Sequence[str] = (),
) -> Effort:
    screens, costs = 0, 0
    for facts in people:
        values: dict[str, Value] = {fact: facts[fact] for fact in told}
        while True:
            if choose is None:
                question = interview.next(values, _NOBODY)
            else:
                id_ = choose(interview.state(values, _NOBODY))
                question = interview.question(id_, values, _NOBODY) if id_ else None
            if question is None:
                break
            values |= answer(question, facts)
            screens += 1
            costs += cost(library, question)
    return Effort(screens / len(people), costs / len(people))


def _text_order(interview: Interview) -> Choose:
    """The questions in the order of the text, those left out that matter no more."""

    def choose(state: State) -> str | None:
        live = {at: rows for at, rows in interview.live(state).items() if state[at].asks}
        offered = interview.forms.offered(state, live)
        ranked = [(min(at for at in form.fills if at in live), form.id) for form in offered]
        return min(ranked)[1] if ranked else None

    return choose


# —— how often each answer is given


def _with(library: Library, change: Callable[[Entry], Mapping[str, object]]) -> Library:
    entries = {id_: e.model_copy(update=dict(change(e))) for id_, e in library.dictionary.items()}
    return replace(library, dictionary=MappingProxyType(entries))


def _evenly(library: Library) -> Library:
    """The library with each answer as likely as the others."""

    def change(entry: Entry) -> Mapping[str, object]:
        bands = tuple(Band(least=b.least, odds=1.0 if b.odds else 0.0) for b in entry.bands)
        share = 1 / (len(entry.options) + 1)
        odds = {option.id: share for option in entry.options} if entry.type == "records" else {}
        return {"bands": bands, "odds": odds, "details": tuple(map(_even, entry.details))}

    return _with(library, change)


def _even(detail: Detail) -> Detail:
    lines = tuple(line.model_copy(update={"odds": 1.0}) for line in detail.lines)
    return detail.model_copy(update={"lines": lines})


def _learned(library: Library, notice: str) -> Library:
    """The library with each answer as likely as it is among other people of the same kinds."""
    people = _people(library, notice, "realistic", LEARNED, SEED + 1)
    issued = library.notices[notice].header.issued
    keys: dict[str, list[str]] = {}
    for key in people[0]:
        keys.setdefault(key.partition("/")[0], []).append(key)

    def band(entry: Entry, value: Value) -> float:
        at = value.low if isinstance(value, Span) else 0.0
        if isinstance(value, Days):
            at = (issued.year - value.first.year) + (issued.month - value.first.month) / 12
        return max((b.least for b in entry.bands if b.least <= at), default=entry.bands[0].least)

    def change(entry: Entry) -> Mapping[str, object]:
        values = [facts[key] for facts in people for key in keys.get(entry.id, ())]
        if not values:
            return {}
        if entry.bands:
            found = [band(entry, value) for value in values]
            shares = {b.least: found.count(b.least) / len(found) for b in entry.bands}
            return {"bands": tuple(Band(least=least, odds=share) for least, share in shares.items())}
        if entry.type == "records":
            return {"odds": {o.id: _share(values, Item.of(o.record)) for o in entry.options}}
        options = [option for value in values if isinstance(value, OneOf) for option in value.options]
        names = sorted({*options})
        here = {name: "here" if entry.type == "place" and name != "elsewhere" else name for name in names}
        return {"odds": {here[name]: options.count(name) / len(options) for name in names}}

    return _with(library, change)


def _share(values: Sequence[Value], record: Item) -> float:
    had = sum(
        any(record == item or record.says_less(item) for item in value.items)
        for value in values
        if isinstance(value, Items)
    )
    return had / len(values)


# —— how fast


def _speed(row: Row, library: Library) -> None:
    for notice, programmes, most in (
        ("wuhan-2023", ("wuhan-gongjiang",), ONE_MS),
        ("wuhan-2023", ("wuhan-gongjiang", "wuhan-dashi", "wuhan-studio"), CITY_MS),
    ):
        cold, warm, first = _times(library, notice, programmes)
        name = "one programme" if len(programmes) == 1 else "a city's three"
        measured = f"{warm:.2f} ms, {cold:.2f} ms, {first:.0f} ms"
        row(f"choice for {name}: kept, new, the very first", measured, f"< {most:g} ms", met=warm < most)
    made = _large(library)
    begun = perf_counter()
    interview = Interview(made, ["wuhan-gongjiang"])
    built = (perf_counter() - begun) * 1e3
    times, values = [], dict[str, Value]()
    while True:
        begun = perf_counter()
        question = interview.next(values, _NOBODY)
        times.append((perf_counter() - begun) * 1e3)
        if question is None:
            break
        values |= question.chosen([0])
    slowest = sorted(times)[int(0.95 * len(times))]
    measured = f"{built:.0f} ms, {times[0]:.0f} ms, {slowest:.1f} ms"
    row(
        f"{LARGE} criteria: built, first choice, p95 of all",
        measured,
        f"< {LARGE_MS:g} ms",
        met=max(times[0], slowest) < LARGE_MS,
    )


def _times(library: Library, notice: str, programmes: Sequence[str]) -> tuple[float, float, float]:
    """Milliseconds: of a choice from the caches (median), of one made for the first time (mean), of the
    very first."""
    interview = Interview(library, programmes)
    cold: list[float] = []
    warm: list[float] = []
    for facts in _people(library, notice, "realistic", 60, SEED):
        values: dict[str, Value] = {}
        while True:
            known = len(interview._chosen)
            begun = perf_counter()
            question = interview.next(values, _NOBODY)
            taken = (perf_counter() - begun) * 1e3
            (warm if len(interview._chosen) == known else cold).append(taken)
            if question is None:
                break
            values |= answer(question, facts)
    return fmean(cold[1:]), median(warm), cold[0]


def _large(library: Library) -> Library:
    """A programme of so many criteria over as many facts, three levels deep."""
    random = Random(SEED)
    facts = [
        Entry.model_validate(
            {
                "id": f"f{at}",
                "type": "yes_no",
                "name": "名",
                "ask": "问？",
                "answers": ["是", "否"],
                "odds": {"yes": (share := random.uniform(0.3, 0.95)), "no": 1 - share},
            }
        )
        for at in range(LARGE)
    ]

    def leaf(at: int) -> dict[str, object]:
        stands = random.choice(["met", "met", "judged", "exception"])
        common = {"id": f"leaf{at}", "name": "名", "clause": "一", "quote": "文", "fact": f"f{at}"}
        return {**common, "when": {"yes": stands}}

    gates = [leaf(at) for at in range(20)]
    groups = [
        {"any_of": [{"all_of": [leaf(at + n) for n in range(3)]} for at in range(start, start + 18, 3)]}
        for start in range(20, LARGE, 18)
    ]
    ruleset = Ruleset.model_validate({"programme": "wuhan-gongjiang", "tree": {"all_of": [*gates, *groups]}})
    notice = replace(library.notices["wuhan-2023"], criteria=Criteria(rulesets=(ruleset,)), screens=())
    return replace(
        library,
        notices=MappingProxyType({notice.id: notice}),
        dictionary=MappingProxyType({entry.id: entry for entry in facts}),
        screens=(),
    )
