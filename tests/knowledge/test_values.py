"""Where a criterion stands by one value: numbers and days at the edges, records partly known, options."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.criteria import Interval, Ruleset, Standing
from knowledge.dictionary import (
    Days,
    Entry,
    Item,
    Items,
    OneOf,
    Span,
    Value,
    born,
    dump,
    known,
    load,
    month,
    months_before,
    whole_months,
)
from knowledge.rules import Known, Rules

U, E, J, M = Standing
DAYS = (date(2024, 5, 28), date(2024, 7, 14))
CITED = {"name": "n", "clause": "c", "quote": "q"}

Spec = dict[str, Any]


def single(leaf: Spec, entry: Spec) -> Rules:
    """A single leaf on a fact f."""
    fact = Entry.model_validate({"id": "f", "name": "n", "ask": "a", **entry})
    tree = {**CITED, "id": "l", "fact": "f", **leaf}
    return Rules(Ruleset.model_validate({"programme": "p", "tree": tree}), {"f": fact})


def by(judge: Rules, value: Value | None, *days: date) -> Interval:
    """Where the single leaf stands."""
    return judge.verdict(Known(values={} if value is None else {"f": value}, days=days or DAYS))


def one(leaf: Spec, entry: Spec, value: Value | None, *days: date) -> Interval:
    """Where a single leaf on such a fact stands."""
    return by(single(leaf, entry), value, *days)


SHARE = {"type": "number", "unit": "%", "low": 0, "high": 100, "bands": [{"least": 0, "odds": 1}]}
HALF = {"cuts": [{"least": 0, "stands": "unmet"}, {"least": 50, "stands": "met"}]}
TEAM = {
    "cuts": [
        {"least": 0, "stands": "unmet"},
        {"least": 4, "stands": "exception"},
        {"least": 5, "stands": "met"},
    ]
}
MONTH = {"type": "month", "low": 1900, "high": 2100, "bands": [{"least": 0, "odds": 1}]}
TWO_YEARS = {
    "measure": "months",
    "cuts": [{"least": 0, "stands": "unmet"}, {"least": 24, "stands": "met"}],
}
JUDGED_BEFORE = {
    "measure": "months",
    "cuts": [{"least": 0, "stands": "judged"}, {"least": 24, "stands": "met"}],
}
HARD = {
    "measure": "years",
    "cuts": [
        {"least": 0, "stands": "met"},
        {"least": 55, "stands": "exception"},
        {"least": 56, "stands": "unmet"},
    ],
}
SOFT = {"measure": "years", "cuts": [{"least": 0, "stands": "met"}, {"least": 56, "stands": "exception"}]}


class TestNumbers:
    @pytest.mark.parametrize(
        ("leaf", "low", "high", "expected"),
        [
            (HALF, 49.9, 49.9, (U, U)),
            (HALF, 50, 50, (M, M)),
            (HALF, 49.9, 50, (U, M)),
            (HALF, 0, 100, (U, M)),
            (TEAM, 3, 3, (U, U)),
            (TEAM, 4, 4, (E, E)),
            (TEAM, 5, 5, (M, M)),
            (TEAM, 3, 5, (U, M)),
            (TEAM, 4, 9, (E, M)),
        ],
    )
    def test_a_bound_is_included(
        self, leaf: Spec, low: float, high: float, expected: tuple[Standing, Standing]
    ) -> None:
        assert one(leaf, SHARE, Span(low, high)) == Interval(*expected)

    def test_what_is_not_known_stands_at_every_cut(self) -> None:
        assert one(TEAM, SHARE, None) == Interval(U, M)

    @given(st.integers(0, 100), st.integers(0, 100))
    def test_a_span_is_all_its_numbers(self, a: int, b: int) -> None:
        low, high = sorted((a, b))
        judge = single(TEAM, SHARE)
        found = [by(judge, Span(n, n)).low for n in range(low, high + 1)]

        assert one(TEAM, SHARE, Span(low, high)) == Interval(min(found), max(found))


class TestDays:
    @pytest.mark.parametrize(
        ("leaf", "value", "expected"),
        [
            (TWO_YEARS, month(2022, 4), (M, M)),
            (TWO_YEARS, month(2022, 5), (E, E)),
            (TWO_YEARS, month(2022, 6), (E, E)),
            (TWO_YEARS, month(2022, 8), (U, U)),
            (TWO_YEARS, month(2022), (U, M)),
            (TWO_YEARS, month(2024, 6), (U, U)),
            (TWO_YEARS, month(2025), (U, U)),
            (JUDGED_BEFORE, month(2022), (E, M)),
            (HARD, month(1970), (M, M)),
            (HARD, month(1969, 2), (E, E)),
            (HARD, month(1968, 2), (U, U)),
            (HARD, month(1968), (U, E)),
            (SOFT, month(1968), (E, M)),
            (SOFT, month(1940), (E, E)),
        ],
    )
    def test_months_and_years(self, leaf: Spec, value: Days, expected: tuple[Standing, Standing]) -> None:
        assert one(leaf, MONTH, value) == Interval(*expected)

    @pytest.mark.parametrize(
        ("since", "expected"),
        [
            (date(2022, 5, 28), M),
            (date(2022, 5, 29), E),
            (date(2022, 7, 14), E),
            (date(2022, 7, 15), U),
        ],
    )
    def test_reference_days_that_disagree_make_an_exception(self, since: date, expected: Standing) -> None:
        assert one(TWO_YEARS, MONTH, Days(since, since)) == Interval(expected, expected)

    def test_one_reference_day_leaves_no_doubt(self) -> None:
        since = Days(date(2022, 5, 29), date(2022, 5, 29))

        assert one(TWO_YEARS, MONTH, since, DAYS[0]) == Interval(U, U)
        assert one(TWO_YEARS, MONTH, since, DAYS[1]) == Interval(M, M)

    @given(
        st.dates(date(1965, 1, 1), date(1972, 1, 1)),
        st.integers(0, 500),
        st.sampled_from([HARD, SOFT, TWO_YEARS, JUDGED_BEFORE]),
    )
    def test_a_stretch_of_days_is_all_its_days(self, first: date, length: int, leaf: Spec) -> None:
        start = months_before(first, -53 * 12) if leaf["measure"] == "months" else first
        every = [start + timedelta(days=n) for n in range(length + 1)]
        judge = single(leaf, MONTH)
        found = {by(judge, Days(day, day)).low for day in every}

        within_a_month = len(found) > 1 and length <= 31

        assert one(leaf, MONTH, Days(every[0], every[-1])) == (
            Interval(E, E) if within_a_month else Interval(min(found), max(found))
        )

    @given(st.dates(date(1950, 1, 1), date(2050, 1, 1)), st.integers(0, 800))
    def test_months_before_a_day_are_whole_until_it(self, day: date, months: int) -> None:
        since = months_before(day, months)

        assert whole_months(since, day) == months
        assert whole_months(since + timedelta(days=1), day) == months - 1
        assert months_before(day, months, days=1) == since + timedelta(days=1)

    @given(st.integers(1, 90), st.dates(date(2000, 1, 1), date(2050, 1, 1)))
    def test_birthdays_of_an_age_are_all_that_make_it(self, age: int, on: date) -> None:
        days = born(age, on)

        ages = [
            whole_months(days.first - timedelta(days=1), on) // 12,
            whole_months(days.first, on) // 12,
            whole_months(days.last, on) // 12,
            whole_months(days.last + timedelta(days=1), on) // 12,
        ]
        assert ages == [age + 1, age, age, age - 1]

    def test_a_month_is_all_its_days(self) -> None:
        assert month(2024, 2) == Days(date(2024, 2, 1), date(2024, 2, 29))
        assert month(2023) == Days(date(2023, 1, 1), date(2023, 12, 31))


LIST = {"type": "records", "none": "-", "options": [{"id": "o", "record": {"tier": "市", "place": 3}}]}
RESULTS = {
    "matches": [
        {"where": {"tier": "国家", "class": "一类", "place": {"at_most": 3}}, "stands": "met"},
        {"where": {"tier": ["省", "市"], "year": {"since_years": 5}}, "stands": "judged"},
        {"where": {"tier": ["省", "市"]}, "stands": "exception"},
    ]
}
FIELDS: dict[str, list[str | int]] = {
    "tier": ["国家", "省", "区"],
    "class": ["一类", "二类"],
    "place": [3, 4],
    "year": [2019, 2018],
}
RECORDS = st.fixed_dictionaries(
    {}, optional={key: st.sampled_from(values) for key, values in FIELDS.items()}
).map(Item.of)
LISTS = st.builds(
    lambda items, complete: Items(tuple(items), complete), st.lists(RECORDS, max_size=2), st.booleans()
)


class TestRecords:
    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"tier": "国家", "class": "一类", "place": 3}, (M, M)),
            ({"tier": "国家", "class": "一类", "place": 4}, (U, U)),
            ({"tier": "国家", "class": "二类", "place": 1}, (U, U)),
            ({"tier": "国家", "place": 1}, (U, M)),
            ({"tier": "省", "year": 2019}, (J, J)),
            ({"tier": "市", "year": 2018}, (E, E)),
            ({"tier": "市"}, (E, J)),
            ({"tier": "区"}, (U, U)),
            ({"place": 1, "class": "二类"}, (U, J)),
        ],
    )
    def test_the_best_match_counts(
        self, fields: Mapping[str, str | int], expected: tuple[Standing, Standing]
    ) -> None:
        assert one(RESULTS, LIST, Items((Item.of(fields),), True)) == Interval(*expected)

    def test_none_is_none_and_perhaps_more_is_open(self) -> None:
        assert one(RESULTS, LIST, Items((), True)) == Interval(U, U)
        assert one(RESULTS, LIST, Items((), False)) == Interval(U, M)
        assert one(RESULTS, LIST, None) == Interval(U, M)

    @given(LISTS)
    def test_no_completion_of_the_records_leaves_the_interval(self, value: Items) -> None:
        judge = single(RESULTS, LIST)
        interval = by(judge, value)

        for filled in product(*(list(_filled(item)) for item in value.items)):
            found = by(judge, Items(filled, True))
            assert interval.low <= found.low <= found.high <= interval.high

    @given(LISTS, RECORDS)
    def test_another_record_never_stands_lower(self, value: Items, record: Item) -> None:
        before = one(RESULTS, LIST, value)
        after = one(RESULTS, LIST, Items((*value.items, record), value.complete))

        assert (before.low, before.high) <= (after.low, after.high)
        assert before.high <= after.high


def _filled(item: Item) -> Iterator[Item]:
    """Every way in which the record's other fields may be."""
    missing = [field for field in FIELDS if item.get(field) is None]
    for chosen in product(*(FIELDS[field] for field in missing)):
        yield Item.of({**dict(item.fields), **dict(zip(missing, chosen, strict=True))})


class TestOptions:
    def test_an_unknown_fact_stands_by_the_options_it_has(self) -> None:
        choice = {"type": "choice", "options": [{"id": "a"}, {"id": "b"}]}
        table = {"when": {"a": "met", "b": "exception"}}

        assert one(table, choice, None) == Interval(E, M)
        assert one(table, choice, known("b")) == Interval(E, E)
        assert one({"at_least": "a", "otherwise": "judged"}, {**choice, "type": "level"}, None) == Interval(
            M, M
        )

    def test_an_exclusion_that_is_not_known_is_not_absent(self) -> None:
        leaf = {"kind": "exclusion", "when": {"yes": "unmet"}, "otherwise": "met"}

        assert one(leaf, {"type": "yes_no"}, None) == Interval(U, M)

    def test_a_place_without_a_row_is_another_city(self) -> None:
        leaf = {"when": {"武汉": "met"}}

        assert one(leaf, {"type": "place"}, known("武汉")) == Interval(M, M)
        assert one(leaf, {"type": "place"}, known("elsewhere")) == Interval(U, U)
        assert one(leaf, {"type": "place"}, None) == Interval(U, M)


VALUES: st.SearchStrategy[Value] = st.one_of(
    st.builds(OneOf, st.frozensets(st.text(max_size=5), min_size=1)),
    st.builds(Span, st.floats(0, 1e6), st.floats(0, 1e6)),
    st.builds(Days, st.dates(), st.dates()),
    LISTS,
)


@given(VALUES)
def test_a_value_that_is_stored_comes_back(value: Value) -> None:
    assert load(json.loads(json.dumps(dump(value)))) == value


@pytest.mark.parametrize(
    "stored", [{}, {"low": 1}, {"first": "soon", "last": "later"}, 3, None, {"items": 1}]
)
def test_a_value_that_was_never_stored_is_refused(stored: object) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        load(stored)
