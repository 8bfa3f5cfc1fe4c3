"""Deadlines in time, from the two notices and added ones: what binds whom, what is due, what comes before."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.calendar import (
    Deadline,
    Due,
    PlannedStep,
    back_plan,
    deadlines,
    due_between,
    expected,
    schedule,
    timeline,
)
from knowledge.library import DATA, Library
from knowledge.notice import CHINA
from knowledge.process import Audience
from knowledge.workdays import Override, WorkingDays

ADDED = Path(__file__).parent / "added"
LIBRARY = Library.load(ADDED)
CANDIDATE, UNIT, STAFF = Audience
CITY = "wuhan-2023/stage.submit"


def china(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def told(dues: Iterable[Due]) -> list[tuple[str, str, str]]:
    """Key, when and until when, in China's time."""
    form = "%m-%d %H:%M"
    return [
        (due.key, f"{due.at.astimezone(CHINA):{form}}", f"{due.not_after.astimezone(CHINA):{form}}")
        for due in dues
    ]


# —— what binds whom


@pytest.mark.parametrize(
    ("programme", "district", "audience", "found"),
    [
        ("wuhan-gongjiang", "东西湖区", UNIT, [("dongxihu-2023/stage.online", "06-26", CITY)]),
        ("wuhan-dashi", "东西湖区", CANDIDATE, [("dongxihu-2023/stage.online", "06-26", CITY)]),
        ("wuhan-dashi", "江夏区", UNIT, [("jiangxia-2023/stage.online", "06-20", CITY)]),
        ("wuhan-gongjiang", "江汉区", UNIT, [(CITY, "06-26", "")]),
        ("wuhan-gongjiang", "", UNIT, [(CITY, "06-26", "")]),
        # the district's date is for the online form, and a studio applies on paper
        ("wuhan-studio", "东西湖区", UNIT, [(CITY, "06-26", "")]),
        # a district's office is bound by the city's date
        ("wuhan-gongjiang", "东西湖区", STAFF, [(CITY, "06-26", "")]),
        ("wuxi-studio", "宜兴市", UNIT, [("wuxi-2024/stage.apply", "07-14", "")]),
        ("wuxi-zhuoyue", "", STAFF, [
            ("wuxi-2024/stage.first_review", "07-21", ""),
            ("wuxi-2024/stage.first_check", "07-27", ""),
            ("wuxi-2024/stage.recheck", "08-20", ""),
            ("wuxi-2024/stage.jury", "08-31", ""),
            ("wuxi-2024/stage.publicity", "09-30", ""),
            ("wuxi-2024/stage.naming", "09-30", ""),
        ]),
        ("linjiang-gongjiang", "东岸区", UNIT, [("linjiang-2026/stage.apply", "04-30", "")]),
    ],
)  # fmt: skip
def test_the_nearest_date_binds_with_the_citys_beside_it(
    programme: str, district: str, audience: Audience, found: list[tuple[str, str, str]]
) -> None:
    bound = deadlines(LIBRARY, programme, district, audience)

    assert [(d.id, f"{d.counted_from:%m-%d}", d.upper.id if d.upper else "") for d in bound] == found


def test_a_deadline_is_an_instant_with_its_clause_and_its_dispute() -> None:
    (online,) = deadlines(LIBRARY, "wuhan-gongjiang", "东西湖区", UNIT)
    (apply,) = deadlines(LIBRARY, "wuxi-studio", "", UNIT)
    (hour,) = deadlines(LIBRARY, "linjiang-studio", "", UNIT)
    assert online.upper is not None

    assert (online.ends, online.safe_end) == (china("2023-06-27"), china("2023-06-27"))
    assert online.stage.citation == "东西湖区2023年转发通知 第2段"
    assert not online.fact.disputed
    # 27日前: whether the 27th counts nobody wrote, so days are counted to the 26th
    assert (online.upper.ends, online.upper.safe_end) == (china("2023-06-28"), china("2023-06-27"))
    assert "27日前" in online.upper.fact.disputed
    assert online.upper.stage.citation == "五（四）"
    # 24:00 of the 14th
    assert (apply.ends, apply.counted_from) == (china("2024-07-15"), date(2024, 7, 14))
    assert (hour.ends, hour.safe_end) == (china("2026-04-30T17:00"), china("2026-04-30T17:00"))
    assert online.ends.tzinfo is online.safe_end.tzinfo is UTC


def test_a_programmes_time_line_has_every_stage() -> None:
    line = timeline(LIBRARY, "wuxi-zhuoyue", "", UNIT)

    assert [d.fact.name for d in line] == [
        "网上申报", "在线初审", "在线初核", "在线复核", "专家评审", "公示", "认定命名",
    ]  # fmt: skip
    assert [d.fact.name for d in line if d.reminder] == ["网上申报"]
    assert [d.fact.name for d in line if d.vague] == ["在线复核", "专家评审", "公示", "认定命名"]
    with pytest.raises(KeyError):
        timeline(LIBRARY, "nanjing-gongjiang", "", UNIT)


# —— what falls due


def test_the_unit_of_a_district_is_told_its_own_date() -> None:
    # the notice of the district is of 14 June: 14 days before, it did not exist
    assert told(schedule(deadlines(LIBRARY, "wuhan-gongjiang", "东西湖区", UNIT))) == [
        ("dongxihu-2023/stage.online:7", "06-19 09:00", "06-23 09:00"),
        ("dongxihu-2023/stage.online:3", "06-23 09:00", "06-25 09:00"),
        ("dongxihu-2023/stage.online:1", "06-25 09:00", "06-26 09:00"),
        ("dongxihu-2023/stage.online:0", "06-26 09:00", "06-27 00:00"),
    ]
    assert told(schedule(deadlines(LIBRARY, "wuhan-studio", "东西湖区", UNIT)))[0] == (
        "wuhan-2023/stage.submit:14",
        "06-12 09:00",
        "06-19 09:00",
    )


def test_a_day_that_ends_at_24_counts_to_that_day() -> None:
    assert told(schedule(deadlines(LIBRARY, "wuxi-studio", "", CANDIDATE))) == [
        ("wuxi-2024/stage.apply:14", "06-30 09:00", "07-07 09:00"),
        ("wuxi-2024/stage.apply:7", "07-07 09:00", "07-11 09:00"),
        ("wuxi-2024/stage.apply:3", "07-11 09:00", "07-13 09:00"),
        ("wuxi-2024/stage.apply:1", "07-13 09:00", "07-14 09:00"),
        ("wuxi-2024/stage.apply:0", "07-14 09:00", "07-15 00:00"),
    ]


def test_an_hour_of_the_notice_ends_the_use_of_the_last_reminder() -> None:
    last = schedule(deadlines(LIBRARY, "linjiang-studio", "", UNIT))[-1]

    assert told([last]) == [("linjiang-2026/stage.apply:0", "04-30 09:00", "04-30 17:00")]


def test_a_stage_without_a_day_is_told_once_as_it_begins() -> None:
    vague = [d for d in deadlines(LIBRARY, "wuxi-studio", "", STAFF) if d.vague]

    assert told(schedule(vague)) == [
        ("wuxi-2024/stage.recheck:opens", "08-01 08:30", "08-21 00:00"),
        ("wuxi-2024/stage.jury:opens", "08-11 08:30", "09-01 00:00"),
        ("wuxi-2024/stage.visit:opens", "08-21 08:30", "09-11 00:00"),
        ("wuxi-2024/stage.naming:opens", "09-01 08:30", "10-01 00:00"),
        ("wuxi-2024/stage.publicity:opens", "09-01 08:30", "10-01 00:00"),
    ]
    assert {due.days_before for due in schedule(vague)} == {None}


def test_a_stage_that_programmes_share_is_told_once() -> None:
    shared = [d for p in ("wuhan-gongjiang", "wuhan-dashi") for d in deadlines(LIBRARY, p, "江汉区", UNIT)]

    assert len(shared) == 2
    assert len(schedule(shared)) == 5


@pytest.mark.parametrize(
    ("after", "until", "keys"),
    [
        # one tick after another
        ("2023-06-23T08:59", "2023-06-23T09:00", ["3"]),
        ("2023-06-23T09:00", "2023-06-23T09:01", []),
        # down over a weekend: of three, the one that still helps
        ("2023-06-18T00:00", "2023-06-25T20:00", ["1"]),
        ("2023-06-18T00:00", "2023-06-26T23:59", ["0"]),
        ("2023-06-18T00:00", "2023-06-27T00:00", []),
        ("2023-06-26T10:00", "2023-06-28T00:00", []),
        # who comes only now
        ("2020-01-01T00:00", "2023-06-24T12:00", ["3"]),
    ],
)
def test_downtime_is_caught_up_with_what_still_helps(after: str, until: str, keys: list[str]) -> None:
    bound = deadlines(LIBRARY, "wuhan-gongjiang", "东西湖区", UNIT)

    due = due_between(bound, china(after), china(until))

    assert [each.key.rpartition(":")[2] for each in due] == keys


EVERY: Sequence[Deadline] = [
    deadline
    for programme in LIBRARY.programmes
    for district in ("", "东西湖区", "江夏区")
    for audience in Audience
    for deadline in deadlines(LIBRARY, programme, district, audience)
]
EDGES = [moment for due in schedule(EVERY) for moment in (due.at, due.not_after)]
moments = st.sampled_from(EDGES) | st.integers(0, 60 * 24 * 1100).map(
    lambda minutes: china("2023-05-01") + timedelta(minutes=minutes)
)


@given(cuts=st.lists(moments, min_size=2, max_size=6).map(sorted))
def test_ticks_anywhere_tell_the_same(cuts: list[datetime]) -> None:
    ticks = [due for a, b in pairwise(cuts) for due in due_between(EVERY, a, b)]
    still = [due for due in ticks if cuts[-1] < due.not_after]

    assert len({due.key for due in ticks}) == len(ticks)
    assert sorted(due.key for due in still) == sorted(
        due.key for due in due_between(EVERY, cuts[0], cuts[-1])
    )


@given(start=moments, minutes=st.integers(1, 60 * 24 * 40))
def test_nothing_is_due_too_early_or_too_late(start: datetime, minutes: int) -> None:
    until = start + timedelta(minutes=minutes)

    due = due_between(EVERY, start, until)

    assert len({each.deadline.id for each in due}) == len(due), "of one deadline at most one"
    for each in due:
        assert start < each.at <= until < each.not_after <= each.deadline.safe_end <= each.deadline.ends
        at = each.at.astimezone(CHINA)
        assert 8 <= at.hour < 21
        assert at.date() >= each.deadline.stage.notice.header.issued
        if each.days_before is not None:
            assert (each.deadline.counted_from - at.date()).days == each.days_before


def test_each_reminder_is_told_by_fine_ticks() -> None:
    online = deadlines(LIBRARY, "wuhan-gongjiang", "东西湖区", UNIT)
    start, step = china("2023-06-01"), timedelta(hours=11)

    ticks = [due for n in range(70) for due in due_between(online, start + n * step, start + (n + 1) * step)]

    assert ticks == list(schedule(online))


# —— a plan of its own


def third(tmp_path: Path, reminders: str) -> Library:
    folder = tmp_path / "notices" / "linjiang-2026"
    shutil.copytree(ADDED / "linjiang-2026", folder)
    (folder / "reminders.yaml").write_text(reminders, encoding="utf-8")
    return Library.load(folder.parent)


def test_a_notice_may_have_a_plan_of_its_own(tmp_path: Path) -> None:
    library = third(
        tmp_path,
        'unit: {days_before: [10, 2], at: "16:30"}\n'
        'candidate: {stages: [stage.apply, stage.jury], days_before: [0], at: "20:00"}\n'
        "staff: {stages: []}\n",
    )

    def plan(audience: Audience) -> list[tuple[str, str, str]]:
        return told(schedule(deadlines(library, "linjiang-gongjiang", "", audience)))

    assert plan(UNIT) == [
        ("linjiang-2026/stage.apply:10", "04-20 16:30", "04-28 16:30"),
        ("linjiang-2026/stage.apply:2", "04-28 16:30", "04-30 17:00"),
    ]
    # at 20:00 of the day itself 17:00 is over
    assert plan(CANDIDATE) == [("linjiang-2026/stage.jury:opens", "05-11 20:00", "05-21 00:00")]
    assert plan(STAFF) == []


def test_a_relay_takes_days_and_hour_from_its_parent(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder, ignore=shutil.ignore_patterns("asked*"))
    (folder / "wuhan-2023" / "reminders.yaml").write_text(
        'unit: {days_before: [5], at: "10:00"}\n', encoding="utf-8"
    )
    (folder / "dongxihu-2023" / "reminders.yaml").write_text("unit: {days_before: [4]}\n", encoding="utf-8")

    online = deadlines(Library.load(base=folder), "wuhan-gongjiang", "东西湖区", UNIT)

    assert told(schedule(online)) == [("dongxihu-2023/stage.online:4", "06-22 10:00", "06-27 00:00")]


# —— what comes before


def of(steps: Sequence[PlannedStep]) -> dict[str, tuple[str, str]]:
    return {p.step.id: (f"{p.start:%m-%d}", f"{p.finish:%m-%d}") for p in steps if p.start and p.finish}


def test_the_steps_before_a_recommendation_stand_in_order_without_durations() -> None:
    (online,) = deadlines(LIBRARY, "wuhan-gongjiang", "东西湖区", UNIT)

    steps = back_plan(online, {}, WorkingDays())

    assert [p.step.id for p in steps] == ["consult", "collective", "police", "discipline", "publicity"]
    assert [p.citation for p in steps][1:] == ["三（一）", *["三（一）、四（一）第1段"] * 3]
    assert {(p.days, p.start, p.finish, p.assumed) for p in steps} == {(None, None, None, False)}


def test_last_safe_days_rest_on_the_durations_that_staff_entered() -> None:
    (online,) = deadlines(LIBRARY, "wuhan-gongjiang", "东西湖区", UNIT)
    every = {"collective": 1, "police": 3, "discipline": 5, "publicity": 5}

    # 22 to 24 June were 端午, and Sunday the 25th was worked
    assert of(back_plan(online, {"publicity": 5}, WorkingDays())) == {"publicity": ("06-16", "06-25")}
    assert of(back_plan(online, every, WorkingDays())) == {
        "publicity": ("06-16", "06-25"),
        "police": ("06-13", "06-15"),
        "discipline": ("06-09", "06-15"),
        "collective": ("06-08", "06-08"),
    }
    # nobody knows when to begin what comes before a step of unknown length
    assert of(back_plan(online, {"collective": 1, "police": 3, "publicity": 5}, WorkingDays())).keys() == {
        "police",
        "publicity",
    }


def test_a_day_that_rests_on_an_unknown_year_is_assumed() -> None:
    (online,) = deadlines(LIBRARY, "wuhan-gongjiang", "东西湖区", UNIT)
    shut = WorkingDays({date(2023, 6, 25): Override(working=False, name="停工", source="单位")})

    assert of(back_plan(online, {"publicity": 1}, shut)) == {"publicity": ("06-21", "06-21")}
    assert not any(p.assumed for p in back_plan(online, {"publicity": 300}, WorkingDays()))
    assert any(p.assumed for p in back_plan(online, {"publicity": 6000}, WorkingDays()))


@pytest.mark.parametrize("durations", [{"publicity": 0}, {"publicity": -1}, {"oath": 3}])
def test_a_duration_that_no_step_can_have_is_refused(durations: dict[str, int]) -> None:
    (online,) = deadlines(LIBRARY, "wuhan-gongjiang", "东西湖区", UNIT)

    with pytest.raises(ValueError, match="publicity"):
        back_plan(online, durations, WorkingDays())


def test_steps_are_those_of_the_programme() -> None:
    (studio,) = deadlines(LIBRARY, "wuxi-studio", "", UNIT)
    (zhuoyue,) = deadlines(LIBRARY, "wuxi-zhuoyue", "", UNIT)

    assert back_plan(studio, {}, WorkingDays()) == ()
    assert [(p.step.name, p.citation) for p in back_plan(zhuoyue, {}, WorkingDays())] == [
        ("单位公示", "二（二）第1项（2）")
    ]


STEPS = ("consult", "collective", "police", "discipline", "publicity")


@given(durations=st.dictionaries(st.sampled_from(STEPS), st.integers(1, 30)), more=st.sampled_from(STEPS))
def test_a_longer_step_never_leaves_more_time(durations: dict[str, int], more: str) -> None:
    (online,) = deadlines(LIBRARY, "wuhan-gongjiang", "东西湖区", UNIT)
    days = WorkingDays()

    steps = {p.step.id: p for p in back_plan(online, durations, days)}
    longer = {p.step.id: p for p in back_plan(online, durations | {more: durations.get(more, 0) + 1}, days)}

    for id_, step in steps.items():
        if step.start and step.finish:
            assert days.is_working(step.start).value
            assert days.between(step.start, step.finish).value == durations[id_] - 1
            assert step.finish < online.counted_from
            later = longer[id_].start
            assert later is not None
            assert later <= step.start
        for before in step.step.after:
            finish = steps[before].finish
            assert finish is None or (step.start is not None and finish < step.start)


# —— how it stands afterwards


@pytest.mark.parametrize(
    ("programme", "district", "word", "stage"),
    [
        # the unit is to act until its district's date, the office until the city's
        ("wuhan-gongjiang", "东西湖区", "初审退回", "dongxihu-2023/stage.online"),
        ("wuhan-gongjiang", "江汉区", "初审退回", "wuhan-2023/stage.submit"),
        ("wuhan-gongjiang", "东西湖区", "进入初审", "wuhan-2023/stage.submit"),
        ("wuhan-gongjiang", "东西湖区", "初审未通过", None),
        ("wuxi-studio", "", "在线复核", "wuxi-2024/stage.recheck"),
        ("wuxi-studio", "", "入围", "wuxi-2024/stage.visit"),
        ("wuxi-zhuoyue", "", "入围", "wuxi-2024/stage.publicity"),
    ],
)
def test_a_status_should_change_until_its_stage_ends(
    programme: str, district: str, word: str, stage: str | None
) -> None:
    status = LIBRARY.programmes[programme][0].status(word, programme)
    assert status is not None

    found = expected(status, timeline(LIBRARY, programme, district, UNIT))

    assert (found.id if found else None) == stage
