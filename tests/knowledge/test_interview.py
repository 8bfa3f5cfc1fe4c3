"""The interview asks what can change an outcome, and ends where the complete facts would have led."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import product
from random import Random
from time import process_time
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.criteria import Criteria, Interval, Ruleset, Standing
from knowledge.dictionary import Entry, Item, Items, OneOf, Value, born, dump, known, load, merge
from knowledge.interview import Interview, Question
from knowledge.library import Library
from knowledge.residual import State
from tests.applicants import Facts, Odds, answer, asked, person
from tests.oracle import Oracle

WUHAN = ("wuhan-gongjiang", "wuhan-dashi", "wuhan-studio")
WUXI = ("wuxi-studio", "wuxi-zhuoyue")
SESSIONS = [*((programme,) for programme in (*WUHAN, *WUXI)), WUHAN, WUXI]
NOBODY: frozenset[str] = frozenset()
RELAXING = "special_talent"

seeds = st.integers(0, 2**32 - 1)
quick = settings(max_examples=40, deadline=None)


@cache
def library() -> Library:
    return Library.load()


@cache
def interview(programmes: tuple[str, ...]) -> Interview:
    return Interview(library(), programmes)


def somebody(programmes: Sequence[str], random: Random) -> dict[str, Value]:
    """A person; a relaxation is claimed of one's own accord, so nobody here does."""
    notice = library().programmes[programmes[0]][0].id
    odds: Odds | None = random.choice([None, {}])
    return {f: v for f, v in person(library(), notice, random, odds).items() if f != RELAXING}


def truth(session: Interview, rules: Library, programmes: Sequence[str], facts: Facts) -> dict[str, Interval]:
    return {p: rules.rules[p].verdict(session.known(p, facts, NOBODY)) for p in programmes}


# —— made-up criteria


def tree(random: Random, facts: Sequence[Entry], depth: int, ids: list[int]) -> dict[str, object]:
    """A random node; each fact helps all its leaves alike."""
    roll = random.random()
    if depth == 0 or roll < 0.2:
        ids.append(len(ids))
        entry = random.choice(facts)
        row = {"id": f"leaf{len(ids)}", "name": "名", "clause": "一", "quote": "文", "fact": entry.id}
        if entry.type == "level":
            table: dict[str, object] = {
                "at_least": random.choice(entry.options[1:]).id,
                "stands": random.choice(["met", "judged", "exception"]),
            }
        else:
            table = {"when": {"yes": random.choice(["met", "judged", "exception"])}}
        return row | table
    below = [tree(random, facts, depth - 1, ids) for _ in range(random.randint(2, 3))]
    if roll < 0.5:
        return {"all_of": below}
    if roll < 0.8:
        return {"any_of": below}
    if roll < 0.9:
        return {"count": random.randint(1, len(below)), "of": below}
    entry = random.choice([e for e in facts if e.type == "level"])
    cases = {entry.options[at].id: part for at, part in enumerate(below[1:])}
    return {"switch": entry.id, "cases": cases, "otherwise": below[0]}


def invented(seed: int, *, switches: bool) -> tuple[Library, tuple[str, ...]]:
    """A library of one notice with random criteria for one or two programmes over six facts."""
    random = Random(seed)
    facts = []
    for at in range(6):
        common = {"id": f"f{at}", "name": "名", "ask": "问？", "cost": random.choice([1, 1, 2, 3])}
        if at < 2:
            options = [{"id": f"o{n}"} for n in range(3)]
            odds = {option["id"]: random.random() + 0.05 for option in options}
            facts.append(Entry.model_validate({**common, "type": "level", "options": options, "odds": odds}))
        else:
            share = random.uniform(0.05, 0.95)
            odds = {"yes": share, "no": 1 - share}
            facts.append(
                Entry.model_validate({**common, "type": "yes_no", "answers": ["是", "否"], "odds": odds})
            )
    programmes = WUHAN[: random.randint(1, 2)]
    rulesets = []
    for programme in programmes:
        while True:
            node = tree(random, facts, 3, [])
            ruleset = Ruleset.model_validate({"programme": programme, "tree": node})
            if switches or not ruleset.switches:
                break
        rulesets.append(ruleset)
    notice = replace(library().notices["wuhan-2023"], criteria=Criteria(rulesets=tuple(rulesets)), screens=())
    made = replace(
        library(),
        notices=MappingProxyType({notice.id: notice}),
        dictionary=MappingProxyType({entry.id: entry for entry in facts}),
        screens=(),
    )
    return made, programmes


def completions(made: Library, programmes: Sequence[str]) -> list[dict[str, Value]]:
    """Everybody there can be."""
    facts = list(dict.fromkeys(f for p in programmes for f in made.rules[p].ruleset.facts))
    domains = [sorted(made.dictionary[fact].domain()) for fact in facts]
    return [dict(zip(facts, map(known, options), strict=True)) for options in product(*domains)]


# —— laws


@pytest.mark.parametrize("programmes", SESSIONS, ids="+".join)
@quick
@given(seed=seeds)
def test_ends_with_the_verdict_of_the_complete_facts(programmes: tuple[str, ...], seed: int) -> None:
    session, facts = interview(programmes), somebody(programmes, Random(seed))
    _, values = asked(session, facts)
    assert session.verdicts(values, NOBODY) == truth(session, library(), programmes, facts)


@pytest.mark.parametrize("programmes", SESSIONS, ids="+".join)
@quick
@given(seed=seeds)
def test_stands_where_the_rules_do_and_asks_what_they_leave_open(
    programmes: tuple[str, ...], seed: int
) -> None:
    random = Random(seed)
    session, facts = interview(programmes), somebody(programmes, random)
    values = {f: v for f, v in facts.items() if random.random() < 0.6}
    unsure = frozenset(f for f in facts if f not in values and random.random() < 0.2)
    rules = {p: library().rules[p] for p in programmes}
    state = {p: session.known(p, values, unsure) for p in programmes}
    assert session.verdicts(values, unsure) == {p: rules[p].verdict(state[p]) for p in programmes}
    question = session.next(values, unsure)
    open_ = {p: rules[p].open_facts(state[p]) for p in programmes}
    askable = {f for p in programmes for f in open_[p]} - unsure
    assert (question is None) == (not askable)
    if question:
        assert not unsure & {*question.fills}
        for programme, ids in question.moves.items():
            expected = [id_ for f in question.fills for id_ in open_[programme].get(f, ()) if id_]
            assert ids == tuple(dict.fromkeys(expected))


@pytest.mark.parametrize("programmes", SESSIONS, ids="+".join)
@quick
@given(seed=seeds)
def test_any_order_of_answers_and_corrections_ends_alike(programmes: tuple[str, ...], seed: int) -> None:
    random = Random(seed)
    session, facts = interview(programmes), somebody(programmes, random)
    mistaken = somebody(programmes, random)
    values: dict[str, Value] = {}
    for _ in range(random.randint(0, 6)):
        if question := session.next(values, NOBODY):
            values |= answer(question, mistaken)
    for fact in list(values):
        if random.random() < 0.3:
            before = {f: v for f, v in values.items() if f != fact}
            again = session.question(session.questions_for(fact)[-1], before, NOBODY)
            assert again is not None
            values |= answer(again, facts)
        if values[fact] != facts[fact]:
            del values[fact]
    told = random.sample(sorted(facts), random.randint(0, 4))
    _, values = asked(session, facts, values | {fact: facts[fact] for fact in told})
    assert session.verdicts(values, NOBODY) == truth(session, library(), programmes, facts)


@pytest.mark.parametrize("programmes", SESSIONS, ids="+".join)
@quick
@given(seed=seeds)
def test_never_asks_more_than_it_said(programmes: tuple[str, ...], seed: int) -> None:
    random = Random(seed)
    session, facts = interview(programmes), somebody(programmes, random)
    values: dict[str, Value] = {}
    bounds = [session.left(values, NOBODY)]
    while question := session.next(values, NOBODY):
        values |= answer(question, facts)
        bounds.append(session.left(values, NOBODY))
    assert bounds[-1] == 0
    assert all(bound >= len(bounds) - 1 - at for at, bound in enumerate(bounds))


@pytest.mark.parametrize("programmes", SESSIONS, ids="+".join)
@quick
@given(seed=seeds)
def test_goes_on_without_what_nobody_can_tell(programmes: tuple[str, ...], seed: int) -> None:
    random = Random(seed)
    session, facts = interview(programmes), somebody(programmes, random)
    values: dict[str, Value] = {}
    unsure: set[str] = set()
    for _ in range(60):
        question = session.next(values, frozenset(unsure))
        if question is None:
            break
        assert not unsure & {*question.fills}
        if random.random() < 0.3:
            unsure |= {*question.fills}
        else:
            values |= answer(question, facts)
    else:
        pytest.fail("it never ends")
    for programme, stands in session.verdicts(values, frozenset(unsure)).items():
        whole = truth(session, library(), [programme], facts)[programme]
        assert stands.low <= whole.low
        assert whole.high <= stands.high


@quick
@given(seed=seeds, switches=st.booleans())
def test_invented_criteria_end_alike_too(seed: int, switches: bool) -> None:
    made, programmes = invented(seed, switches=switches)
    session, random = Interview(made, programmes), Random(seed)
    everybody = completions(made, programmes)
    for facts in random.sample(everybody, min(4, len(everybody))):
        some = {f: v for f, v in facts.items() if random.random() < 0.3}
        questions, values = asked(session, facts, some)
        assert session.verdicts(values, NOBODY) == truth(session, made, programmes, facts)
        assert not {f for question in questions for f in question.fills} & {*some}


@quick
@given(seed=seeds)
def test_every_question_can_change_an_outcome(seed: int) -> None:
    made, programmes = invented(seed, switches=False)
    session, random = Interview(made, programmes), Random(seed)
    everybody = completions(made, programmes)
    facts, values = random.choice(everybody), dict[str, Value]()
    while question := session.next(values, NOBODY):
        outcomes: dict[object, set[object]] = {}
        for one in everybody:
            if all(one[fact] == value for fact, value in values.items()):
                others = tuple((f, v) for f, v in one.items() if f not in question.fills)
                verdicts = session.verdicts(one, NOBODY)
                outcomes.setdefault(others, set()).add(tuple(verdicts[p] for p in programmes))
        assert any(len(found) > 1 for found in outcomes.values())
        values |= answer(question, facts)


@quick
@given(seed=seeds, switches=st.booleans())
def test_more_knowledge_never_turns_a_decided_verdict(seed: int, switches: bool) -> None:
    made, programmes = invented(seed, switches=switches)
    session, random = Interview(made, programmes), Random(seed)
    facts = random.choice(completions(made, programmes))
    values: dict[str, Value] = {}
    before = session.verdicts(values, NOBODY)
    for fact in random.sample(sorted(facts), len(facts)):
        values[fact] = facts[fact]
        after = session.verdicts(values, NOBODY)
        for programme in programmes:
            assert before[programme].low <= after[programme].low <= after[programme].high
            assert after[programme].high <= before[programme].high
        before = after
    assert all(stands.settled for stands in before.values())


@quick
@given(seed=seeds)
def test_a_better_fact_never_harms(seed: int) -> None:
    made, programmes = invented(seed, switches=False)
    random = Random(seed)
    facts = random.choice(completions(made, programmes))
    session = Interview(made, programmes)
    before = session.verdicts(facts, NOBODY)
    for fact, value in facts.items():
        entry = made.dictionary[fact]
        scale = [o.id for o in entry.options] if entry.type == "level" else ["no", "yes"]
        assert isinstance(value, OneOf)
        (option,) = value.options
        for better in scale[scale.index(option) :]:
            after = session.verdicts({**facts, fact: known(better)}, NOBODY)
            assert all(after[p].low >= before[p].low for p in programmes)


@pytest.mark.parametrize("programmes", [WUHAN, WUXI], ids="+".join)
@quick
@given(seed=seeds)
def test_merits_never_harm(programmes: tuple[str, ...], seed: int) -> None:
    session, facts = interview(programmes), somebody(programmes, Random(seed))
    before = session.verdicts(facts, NOBODY)
    for fact, value in facts.items():
        entry = library().dictionary[fact.partition("/")[0]]
        better: list[Value] = []
        if entry.type == "level" and isinstance(value, OneOf):
            better = [known(o.id) for o in entry.options if entry.rank(o.id) > entry.rank(*value.options)]
        elif entry.type == "claim":
            better = [known("yes")]
        elif isinstance(value, Items):
            more = [Item.of({**option.record, "year": 2022}) for option in entry.options]
            better = [Items((*value.items, item), complete=True) for item in more]
        for then in better:
            after = session.verdicts({**facts, fact: then}, NOBODY)
            assert all(after[p].low >= before[p].low for p in programmes)


# —— how it asks


def put(programmes: tuple[str, ...], id_: str, values: Mapping[str, Value] | None = None) -> Question:
    question = interview(programmes).question(id_, values or {}, NOBODY)
    assert question is not None
    return question


def labels(question: Question) -> list[str]:
    return [line.label for line in question.lines]


def test_what_was_told_is_not_asked_again() -> None:
    told: dict[str, Value] = {
        "unit_city": known("武汉"),
        "skill_level": known("高级技师"),
        "birth": born(53, library().notices["wuhan-2023"].header.issued),
        "frontline": known("yes"),
    }
    questions, _ = asked(interview(WUHAN), somebody(WUHAN, Random(5)) | told, told)
    assert not {*told} & {fact for question in questions for fact in question.fills}


def test_a_list_shows_only_what_can_matter() -> None:
    shown = labels(put(("wuhan-studio",), "honours"))
    assert "本省、本市的技能大师或首席技师" in shown
    assert "本省、本市的民间工艺技能传承大师" not in shown
    told = {"honours": Items((Item.of({"kind": "全国技术能手", "tier": "国家", "place": "here"}),))}
    assert "全国技术能手" not in labels(put(("wuhan-gongjiang", "wuhan-dashi"), "honours", told))


def test_what_a_list_did_not_show_is_not_denied() -> None:
    studio = put(("wuhan-studio",), "honours")
    values = studio.denied()
    rules, session = library().rules["wuhan-dashi"], interview(WUHAN)
    assert "honours" in rules.open_facts(session.known("wuhan-dashi", values, NOBODY))
    shown = labels(put(WUHAN, "honours", values))
    assert "本省、本市的民间工艺技能传承大师" in shown
    assert "全国技术能手" not in shown
    again = put(WUHAN, "honours", values).denied()["honours"]
    assert isinstance(again, Items)
    assert (again.items, again.complete) == ((), True)


def test_chosen_records_join_those_told_before() -> None:
    mine = Item.of({"kind": "技术能手", "tier": "市", "place": "here", "year": 1999})
    question = put(WUHAN, "honours", {"honours": Items((mine,))})
    assert "本省、本市的技术能手" not in labels(question)
    index = labels(question).index("全国技术能手")
    value = question.chosen([index])["honours"]
    assert isinstance(value, Items)
    assert {item.get("kind") for item in value.items} == {"技术能手", "全国技术能手"}


def test_a_detail_is_asked_of_the_records_that_need_it() -> None:
    def rows(*kinds: str) -> Items:
        return Items(tuple(Item.of({"kind": k, "tier": "市", "place": "here"}) for k in kinds), complete=True)

    one = put(("wuhan-dashi",), "honours.year", {"honours": rows("技术能手", "其他")})
    assert one.kind == "one"
    assert "本省、本市的技术能手" in one.ask
    recent, older = (one.chosen([index])["honours"] for index in (0, 1))
    assert isinstance(recent, Items)
    assert isinstance(older, Items)
    assert len(recent.items) == len(older.items) == 2
    assert {item.get("year") for item in recent.items} == {2022, None}
    two = put(("wuhan-dashi",), "honours.year", {"honours": rows("技术能手", "技能大师")})
    assert two.kind == "many"
    assert two.none
    value = two.chosen([0])["honours"]
    assert isinstance(value, Items)
    assert sorted(str(item.get("year")) for item in value.items) == ["1993", "2022"]


def test_lines_that_contradict_what_is_known_are_left_out() -> None:
    post = put(("wuhan-dashi",), "post", {"rank": known("team_leader")})
    assert "在岗，单位中层以上管理干部" not in labels(post)
    assert "在岗，一线技能操作岗位（含班组长）" in labels(post)
    assert "rank" not in post.chosen([0])


def test_one_answer_tells_city_and_kind_of_unit() -> None:
    unit = put(("wuhan-gongjiang",), "unit")
    assert "在武汉的企业（国企、民企、外资都算）" in labels(unit)
    assert unit.chosen([2]) == {"unit_city": known("武汉"), "unit_kind": known({"university", "institute"})}
    assert unit.chosen([len(unit.lines) - 1]) == {"unit_city": known("elsewhere")}


def test_a_line_left_out_leaves_the_other_options() -> None:
    routes = put(("wuhan-gongjiang",), "wuhan.routes")
    assert routes.denied() == dict.fromkeys(("emerging_post", "eng_title", "ent_eval"), known("none"))
    told = routes.chosen([1])
    assert told["eng_title"] == known({"工程师", "高级工程师", "正高级工程师"})
    levels = [line.values["eng_title"] for line in put(("wuhan-gongjiang",), "eng_title", told).lines]
    assert levels == [known("工程师"), known("高级工程师"), known("正高级工程师")]
    at_least = {"eng_title": known({"工程师", "高级工程师"})}
    assert len(put(("wuhan-gongjiang",), "wuhan.routes", at_least).lines) == 2


@pytest.mark.parametrize("programme", ["wuhan-studio", "wuxi-studio", "wuxi-zhuoyue", "wuhan-dashi"])
def test_costs_little_more_than_the_least_possible(programme: str) -> None:
    session = interview((programme,))
    spent: dict[State, float] = {}

    def expected(state: State) -> float:
        if state not in spent:
            live = {at: rows for at, rows in session.live(state).items() if state[at].asks}
            forms = {form.id: form for form in session.forms.offered(state, live)}
            form = forms.get(session.choose(state) or "")
            spent[state] = (
                0.0
                if form is None
                else form.cost
                + sum(
                    weight * expected(then)
                    for weight, then in session.forms.outcomes(form, state, live.keys())
                    if weight > 1e-9
                )
            )
        return spent[state]

    least = Oracle(session).cost()
    assert least * (1 - 1e-6) <= expected(session.state({}, NOBODY)) <= least * 1.05


def test_titles_are_asked_for_the_programmes_they_matter_to() -> None:
    won = put(("wuhan-dashi",), "won")
    assert labels(won) == ["武汉工匠", "武汉市技能大师"]
    assert won.chosen([0]) == {"won/wuhan-gongjiang": known("yes"), "won/wuhan-dashi": known("no")}


def test_a_title_won_counts_as_an_honour() -> None:
    values = {"won/wuhan-dashi": known("yes")}
    stands = interview(("wuhan-gongjiang",)).known("wuhan-gongjiang", values, NOBODY).values["honours"]
    assert isinstance(stands, Items)
    assert stands.items[0].get("kind") == "技能大师"


def test_a_claimed_relaxation_counts_and_is_never_asked() -> None:
    session = interview(("wuxi-zhuoyue",))
    values = {"unit_kind": known("institute"), "unit_city": known("无锡"), "slot/wuxi-zhuoyue": known("no")}
    assert session.verdicts(values, NOBODY)["wuxi-zhuoyue"].high is Standing.UNMET
    lifted = session.verdicts(values | {RELAXING: known("yes")}, NOBODY)["wuxi-zhuoyue"]
    assert lifted == Interval(Standing.EXCEPTION, Standing.EXCEPTION)
    assert session.questions_for("honours") == ()


def test_values_survive_being_written_and_read() -> None:
    value = put(("wuhan-studio",), "honours").denied()["honours"]
    assert load(dump(value)) == value
    assert isinstance(value, Items)
    assert merge(value, Items(complete=True)) == Items((), True, value.denied)


def test_choosing_takes_a_moment() -> None:
    session = interview(WUHAN)
    session.next({}, NOBODY)
    taken = []
    for _ in range(5):
        begun = process_time()
        session.next({}, NOBODY)
        taken.append(process_time() - begun)
    assert min(taken) < 0.1
