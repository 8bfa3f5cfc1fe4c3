"""What is known is judged as the notice would, whatever is still open: laws of the chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import combinations, count, product
from random import Random
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from knowledge.criteria import Interval, Leaf, Ruleset, Standing, leaves
from knowledge.dictionary import Days, Entry, Item, Items, OneOf, Span, Value, known
from knowledge.library import Library
from knowledge.rules import Known, Rules

U, E, J, M = Standing
DAYS = (date(2024, 5, 28), date(2024, 7, 14))
OPTIONS = ("0", "1", "2")
SHARED = ("a", "b", "c", "d")
CITED = {"name": "n", "clause": "c", "quote": "q"}

Spec = dict[str, Any]
Said = Mapping[str, frozenset[str]]


def level(fact: str, *, changeable: bool = True) -> Entry:
    """A fact of three steps."""
    options = [{"id": option} for option in OPTIONS]
    return Entry.model_validate(
        {"id": fact, "type": "level", "name": "n", "ask": "a", "options": options, "changeable": changeable}
    )


def rules(tree: Spec, *, changeable: bool = True) -> Rules:
    ruleset = Ruleset.model_validate({"programme": "p", "tree": tree})
    facts = {*ruleset.facts, *SHARED}
    return Rules(ruleset, {fact: level(fact, changeable=changeable) for fact in facts})


def said(values: Said) -> Known:
    return Known(values={fact: OneOf(options) for fact, options in values.items()}, days=DAYS)


def completions(values: Said, facts: Sequence[str]) -> Iterator[Said]:
    """Every way in which all of the facts may be."""
    for chosen in product(*(sorted(values.get(fact, OPTIONS)) for fact in facts)):
        yield {fact: frozenset({option}) for fact, option in zip(facts, chosen, strict=True)}


def stands(judge: Rules, values: Said) -> Standing:
    """The verdict by complete facts."""
    interval = judge.verdict(said(values))
    assert interval.settled
    return interval.low


RUNGS = st.sampled_from([rung.name.lower() for rung in Standing])
TABLES = st.dictionaries(st.sampled_from(OPTIONS), RUNGS, min_size=1)
ANY_LEAF = st.fixed_dictionaries({"fact": st.sampled_from(SHARED), "when": TABLES, "otherwise": RUNGS})
RISING_LEAF = st.builds(
    lambda fact, at_least, rungs: {
        "fact": fact,
        "at_least": at_least,
        "otherwise": min(rungs, key=_rank),
        "stands": max(rungs, key=_rank),
    },
    st.sampled_from(SHARED),
    st.sampled_from(OPTIONS[1:]),
    st.tuples(RUNGS, RUNGS),
)


def _rank(rung: str) -> Standing:
    return Standing[rung.upper()]


def _nodes(parts: st.SearchStrategy[Spec]) -> st.SearchStrategy[Spec]:
    several = st.lists(parts, min_size=1, max_size=3)
    return st.one_of(
        several.map(lambda p: {"all_of": p}),
        several.map(lambda p: {"any_of": p}),
        several.flatmap(lambda p: st.integers(1, len(p)).map(lambda n: {"count": n, "of": p})),
    )


def _with_switch(parts: st.SearchStrategy[Spec]) -> st.SearchStrategy[Spec]:
    cases = st.dictionaries(st.sampled_from(OPTIONS), parts, min_size=1, max_size=2)
    switch = st.fixed_dictionaries({"switch": st.sampled_from(SHARED), "cases": cases, "otherwise": parts})
    return st.one_of(_nodes(parts), switch)


def _numbered(spec: Spec, ids: Iterator[int], *, own: bool) -> Spec:
    """The tree with an id for every leaf; with facts of its `own` for every leaf and switch."""
    node = dict(spec)
    if "fact" in node:
        id_ = f"l{next(ids)}"
        return {**CITED, **node, "id": id_, "fact": id_ if own else node["fact"]}
    if "switch" in node and own:
        node["switch"] = f"s{next(ids)}"
    for key in ("all_of", "any_of", "of"):
        if key in node:
            node[key] = [_numbered(part, ids, own=own) for part in node[key]]
    if "cases" in node:
        node["cases"] = {option: _numbered(part, ids, own=own) for option, part in node["cases"].items()}
        node["otherwise"] = _numbered(node["otherwise"], ids, own=own)
    return node


def _trees(
    leaf: st.SearchStrategy[Spec], *, switch: bool = False, own: bool = False
) -> st.SearchStrategy[Spec]:
    grown = st.recursive(leaf, _with_switch if switch else _nodes, max_leaves=5)
    return grown.map(lambda spec: _numbered(spec, count(), own=own))


ANY = _trees(ANY_LEAF, switch=True)
READ_ONCE = _trees(ANY_LEAF, switch=True, own=True)
RISING = _trees(RISING_LEAF)
RISING_ONCE = _trees(RISING_LEAF, own=True)
SUBSETS = st.sets(st.sampled_from(OPTIONS), min_size=1).map(frozenset)


@st.composite
def _cases(draw: st.DrawFn, trees: st.SearchStrategy[Spec]) -> tuple[Rules, Said]:
    """A tree of at most six facts, and what is known of them."""
    judge = rules(draw(trees))
    facts = judge.ruleset.facts
    assume(len(facts) <= 6)
    return judge, {fact: draw(SUBSETS) for fact in facts if draw(st.booleans())}


class TestWhatIsOpen:
    """An interval is what all completions of the facts can come to."""

    @given(_cases(ANY))
    def test_no_completion_leaves_the_interval(self, case: tuple[Rules, Said]) -> None:
        judge, values = case
        interval = judge.verdict(said(values))

        found = {stands(judge, every) for every in completions(values, judge.ruleset.facts)}

        assert interval.low <= min(found)
        assert max(found) <= interval.high

    @given(_cases(READ_ONCE))
    def test_an_interval_is_no_wider_than_its_completions_where_each_fact_stands_once(
        self, case: tuple[Rules, Said]
    ) -> None:
        judge, values = case
        found = {stands(judge, every) for every in completions(values, judge.ruleset.facts)}

        assert judge.verdict(said(values)) == Interval(min(found), max(found))

    @given(_cases(ANY), st.data())
    def test_more_knowledge_narrows_and_never_turns_a_verdict(
        self, case: tuple[Rules, Said], data: st.DataObject
    ) -> None:
        judge, values = case
        more = {
            fact: frozenset(
                data.draw(st.sets(st.sampled_from(sorted(values.get(fact, OPTIONS))), min_size=1))
            )
            for fact in judge.ruleset.facts
        }
        before, after = judge.verdict(said(values)), judge.verdict(said(more))

        assert before.low <= after.low <= after.high <= before.high

    @given(_cases(READ_ONCE))
    def test_a_fact_is_open_if_and_only_if_it_can_change_the_verdict(self, case: tuple[Rules, Said]) -> None:
        judge, values = case
        facts = judge.ruleset.facts
        verdicts = {
            tuple(every[fact] for fact in facts): stands(judge, every) for every in completions(values, facts)
        }
        moves = {
            facts[at]
            for (one, a), (other, b) in combinations(verdicts.items(), 2)
            if a != b
            and len(differ := [i for i, (x, y) in enumerate(zip(one, other, strict=True)) if x != y]) == 1
            for at in differ
        }

        assert set(judge.open_facts(said(values))) == moves


class TestTheChain:
    """Parts together."""

    @given(_cases(RISING), st.data())
    def test_to_have_more_never_stands_lower(self, case: tuple[Rules, Said], data: st.DataObject) -> None:
        judge, _ = case
        low = {fact: data.draw(st.sampled_from(OPTIONS)) for fact in judge.ruleset.facts}
        high = {fact: max(option, data.draw(st.sampled_from(OPTIONS))) for fact, option in low.items()}

        before, after = (
            stands(judge, {fact: frozenset({option}) for fact, option in each.items()})
            for each in (low, high)
        )

        assert before <= after

    @given(st.lists(ANY_LEAF, min_size=1, max_size=4), st.sampled_from(["all_of", "any_of", "of"]), st.data())
    def test_the_order_of_parts_does_not_matter(
        self, leaves: list[Spec], key: str, data: st.DataObject
    ) -> None:
        least = {"count": data.draw(st.integers(1, len(leaves)))} if key == "of" else {}
        values = {fact: data.draw(SUBSETS) for fact in SHARED if data.draw(st.booleans())}
        one, other = (
            rules(_numbered({**least, key: parts}, count(), own=False))
            for parts in (leaves, data.draw(st.permutations(leaves)))
        )

        assert one.verdict(said(values)) == other.verdict(said(values))

    @given(st.lists(ANY_LEAF, min_size=1, max_size=4), st.data())
    def test_at_least_one_is_any_and_at_least_all_is_all(
        self, leaves: list[Spec], data: st.DataObject
    ) -> None:
        values = said({fact: data.draw(SUBSETS) for fact in SHARED if data.draw(st.booleans())})

        def verdict(spec: Spec) -> Interval:
            return rules(_numbered(spec, count(), own=False)).verdict(values)

        assert verdict({"count": 1, "of": leaves}) == verdict({"any_of": leaves})
        assert verdict({"count": len(leaves), "of": leaves}) == verdict({"all_of": leaves})

    @given(_cases(RISING), st.sampled_from([None, *OPTIONS]))
    def test_a_relaxation_lifts_to_an_exception_at_most_and_never_lowers(
        self, case: tuple[Rules, Said], claim: str | None
    ) -> None:
        base, values = case
        by = Leaf.model_validate(
            {**CITED, "id": "by", "fact": "special", "when": {"2": "met"}, "otherwise": "unmet"}
        )
        relaxed = rules({"base": base.ruleset.tree, "by": by})
        claimed = {**values, **({"special": frozenset({claim})} if claim else {})}

        before, after = base.verdict(said(values)), relaxed.verdict(said(claimed))

        lift = E if claim == "2" else U
        assert after == Interval(max(before.low, lift), max(before.high, lift))
        assert "special" not in relaxed.open_facts(said(values))


class TestReasons:
    """What holds a verdict, and what would end a refusal."""

    @given(_cases(ANY))
    def test_what_decides_stands_where_the_verdict_stands(self, case: tuple[Rules, Said]) -> None:
        judge, values = case
        verdict = judge.verdict(said(values))

        decisive = [judge.leaf(leaf, said(values)) for leaf in judge.decisive(said(values))]

        if verdict.settled and verdict.low in (U, M):
            assert decisive
        if verdict == Interval(U, U):
            assert {interval.high for interval in decisive} == {U}
        elif not verdict.settled:
            assert not any(interval.settled for interval in decisive)

    @given(_cases(RISING))
    def test_a_lift_ends_the_refusal(self, case: tuple[Rules, Said]) -> None:
        judge, values = case
        assume(judge.verdict(said(values)).high is U)

        for lift in judge.lifts(said(values)):
            mended = {**values, **{leaf.fact: frozenset({OPTIONS[-1]}) for leaf in lift}}
            assert judge.verdict(said(mended)).high > U

    @given(_cases(RISING_ONCE))
    def test_no_smaller_lift_is_missed(self, case: tuple[Rules, Said]) -> None:
        judge, values = case
        assume(judge.verdict(said(values)).high is U)
        lifts = judge.lifts(said(values))

        fewest = next(
            (
                size
                for size in range(1, 7)
                for some in combinations(judge.ruleset.facts, size)
                if _lifted(case, some)
            ),
            None,
        )

        assert (len(lifts[0]) if lifts else None) == fewest

    @given(RISING_ONCE)
    def test_what_nobody_can_change_is_no_advice(self, tree: Spec) -> None:
        judge = rules(tree, changeable=False)
        lowest = {fact: frozenset({OPTIONS[0]}) for fact in judge.ruleset.facts}
        assume(judge.verdict(said(lowest)).high is U)

        assert judge.lifts(said(lowest)) == []

    def test_an_unknown_criterion_is_no_reason_of_a_refusal(self) -> None:
        judge = rules({"all_of": [_leaf("a"), _leaf("b"), {"any_of": [_leaf("c"), _leaf("d")]}]})

        assert _ids(judge, {"a": "0"}) == ["a"]
        assert _ids(judge, {"a": "0", "b": "0", "c": "0"}) == ["a", "b"]
        assert _ids(judge, {"a": "2", "b": "2", "c": "0", "d": "0"}) == ["c", "d"]
        assert _ids(judge, {"a": "2", "b": "2", "c": "2"}) == ["a", "b", "c"]

    def test_at_least_is_lifted_by_as_many_as_are_missing(self) -> None:
        judge = rules({"count": 2, "of": [_leaf("a"), _leaf("b"), _leaf("c")]})
        nothing = {fact: frozenset({"0"}) for fact in "abc"}

        assert [len(lift) for lift in judge.lifts(said(nothing))] == [2, 2, 2]
        assert [len(lift) for lift in judge.lifts(said({**nothing, "a": frozenset({"2"})}))] == [1, 1]


def _leaf(fact: str) -> Spec:
    return {**CITED, "id": fact, "fact": fact, "at_least": "2"}


def _ids(judge: Rules, values: Mapping[str, str]) -> list[str]:
    known_ = said({fact: frozenset({option}) for fact, option in values.items()})
    return [leaf.id for leaf in judge.decisive(known_)]


def _lifted(case: tuple[Rules, Said], facts: Sequence[str]) -> bool:
    judge, values = case
    return judge.verdict(said({**values, **{fact: frozenset({OPTIONS[-1]}) for fact in facts}})).high > U


@st.composite
def _people(draw: st.DrawFn) -> tuple[Rules, dict[str, Value], frozenset[str]]:
    """Everything that a programme asks of somebody, and which of it is known.

    A relaxation is never open: it counts from when it is claimed, so a claim is known from the start.
    """
    library = _library()
    judge = library.rules[draw(st.sampled_from(sorted(library.rules)))]
    values = {fact: draw(_value_of(judge.entry(fact))) for fact in judge.ruleset.facts}
    asked = {leaf.fact for leaf in leaves(judge.ruleset.tree, relaxing=False)}
    claims = {leaf.fact for leaf in judge.ruleset.leaves} - asked
    return judge, values, frozenset(fact for fact in values if fact in claims or draw(st.booleans()))


@cache
def _library() -> Library:
    return Library.load()


def _value_of(entry: Entry) -> st.SearchStrategy[Value]:
    match entry.type:
        case "number":
            return st.integers(int(entry.low or 0), int(entry.high or 0)).map(lambda n: Span(n, n))
        case "month":
            return st.dates(date(1960, 1, 1), date(2024, 9, 1)).map(lambda day: Days(day, day))
        case "records":
            chosen = st.sets(st.sampled_from(range(len(entry.options))), max_size=3)
            return chosen.map(
                lambda some: Items(tuple(Item.of(entry.options[at].record) for at in some), True)
            )
        case _:
            return st.sampled_from(sorted(entry.domain() or {"武汉", "无锡", "elsewhere"})).map(known)


class TestTheNotices:
    """The criteria of the notices, for anybody."""

    @given(_people())
    def test_a_verdict_only_narrows_as_facts_come_in(
        self, person: tuple[Rules, dict[str, Value], frozenset[str]]
    ) -> None:
        judge, values, told = person
        facts = Known(values={fact: values[fact] for fact in told}, days=DAYS)

        partly, wholly = judge.verdict(facts), judge.verdict(Known(values=values, days=DAYS))

        assert partly.low <= wholly.low <= wholly.high <= partly.high
        assert bool(judge.open_facts(facts)) == (not partly.settled)

    @given(_people(), st.randoms(use_true_random=False))
    def test_a_fact_that_is_not_open_changes_nothing(
        self, person: tuple[Rules, dict[str, Value], frozenset[str]], random: Random
    ) -> None:
        judge, values, told = person
        facts = {fact: values[fact] for fact in told}
        closed = sorted(values.keys() - told - judge.open_facts(Known(values=facts, days=DAYS)).keys())
        assume(closed)

        before = judge.verdict(Known(values=facts, days=DAYS))
        fact = random.choice(closed)

        assert judge.verdict(Known(values={**facts, fact: values[fact]}, days=DAYS)) == before
