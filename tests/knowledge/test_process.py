"""Reminders, steps before and statuses after: what the notices give, and every slip told with its place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from knowledge.library import DATA, Library
from knowledge.notice import Stage
from knowledge.process import Audience
from tests.knowledge.test_faults import ADDED, NOTICE, Slip, faults_of

LIBRARY = Library.load(ADDED)
WUHAN, WUXI = LIBRARY.notices["wuhan-2023"], LIBRARY.notices["wuxi-2024"]

PREPARATION = """- {id: talk, name: 征求意见, clause: 三（一）, quote: 提交申报材料, stage: stage.apply}
- {id: vote, name: 研究, clause: 三（一）, quote: 提交申报材料, stage: stage.apply, after: [talk]}
"""
REVIEW = """- id: first
  word: 初审
  words: [在审]
  clause: 三（一）
  phase: submitted
  says: 正在初审。
  actor: 区人社局
  next: 等专家评审。
  expected: stage.jury
- id: back
  word: 退回
  clause: 三（一）
  phase: returned
  says: 要修改。
  label: 通知未作说明，这是我们的理解
  ask: contact.city
  actor: 申报单位
  next: 改好再交。
"""
NEARER = """- id: stage.east
  clause: 三（一）
  about: [deadline.apply]
  name: 区里收件
  actor: 东岸区各单位
  binds: applicant
  order: 1
  until: "2026-04-20"
  as_written: 4月20日
  say: 东岸区先交。
  region: 东岸区
  within: stage.apply
"""
LAST = "  quote: 5月中旬，市人力资源和社会保障局组织专家评审\n"


def reminders(new: str, field: str, found: str = "") -> Slip:
    return Slip(file="reminders.yaml", new=new, at=None, field=field, found=found)


def preparation(old: str, new: str, field: str, found: str, at: str = "- {id: talk") -> Slip:
    assert PREPARATION.count(old) == 1
    return Slip(file="preparation.yaml", new=PREPARATION.replace(old, new), at=at, field=field, found=found)


def review(old: str, new: str, field: str, found: str, at: str | None = "- id: first") -> Slip:
    assert REVIEW.count(old) == 1
    return Slip(file="review.yaml", new=REVIEW.replace(old, new), at=at, field=field, found=found)


def nearer(old: str, new: str, field: str, found: str) -> Slip:
    assert NEARER.count(old) == 1
    return Slip(
        file="stages.yaml",
        old=LAST,
        new=LAST + NEARER.replace(old, new),
        at="- id: stage.east",
        field=field,
        found=found,
    )


SLIPS = {
    "an unknown audience": reminders("units: {stages: []}\n", "units"),
    "a reminder of an unknown stage": reminders(
        "unit: {stages: [stage.aply]}\n", "unit.stages", "stage.aply"
    ),
    "a reminder at night": reminders('unit: {at: "22:30"}\n', "unit.at", "22:30"),
    "an hour that no day has": reminders('unit: {at: "25:00"}\n', "unit.at", "25:00"),
    "an hour with an offset": reminders('unit: {at: "09:00+08:00"}\n', "unit.at", "09:00+08:00"),
    "days and words": reminders("unit: {days_before: [3, 当天]}\n", "unit.days_before.1", "当天"),
    "days upwards": reminders("unit: {days_before: [1, 3]}\n", "unit.days_before", "[1, 3]"),
    "a day twice": reminders("unit: {days_before: [3, 3]}\n", "unit.days_before", "[3, 3]"),
    "a day after": reminders("unit: {days_before: [3, -1]}\n", "unit.days_before.1", "-1"),
    "no day": reminders("unit: {days_before: []}\n", "unit.days_before", "[]"),
    "a day as a word": reminders("unit: {days_before: [三]}\n", "unit.days_before.0", "三"),
    "a step on an unknown clause": preparation(
        "talk, name: 征求意见, clause: 三（一）",
        "talk, name: 征求意见, clause: 三（九）",
        "talk.clause",
        "三（九）",
    ),
    "a step in other words": preparation(
        "征求意见, clause: 三（一）, quote: 提交",
        "征求意见, clause: 三（一）, quote: 递交",
        "talk.quote",
        "递交",
    ),
    "a step before an unknown stage": preparation("stage.apply}", "stage.aply}", "talk.stage", "stage.aply"),
    "a step after an unknown one": preparation("[talk]", "[tlak]", "vote.after", "tlak", "- {id: vote"),
    "steps in a circle": preparation(
        "stage: stage.apply}", "stage: stage.apply, after: [vote]}", "after", "talk"
    ),
    "a step twice": preparation("id: vote", "id: talk", "id", "talk"),
    "a status on an unknown clause": review(
        "words: [在审]\n  clause: 三（一）", "clause: 三（九）", "first.clause", "三（九）"
    ),
    "an unknown phase": review("phase: submitted", "phase: sent", "0.phase", "sent", "  phase: sent"),
    "a status expected by an unknown stage": review("stage.jury", "stage.jry", "first.expected", "stage.jry"),
    "a date among the words": review("正在初审。", "正在初审，5月3日出结果。", "first.says", "3"),
    "a reading without anybody to ask": review(
        "  ask: contact.city\n", "", "back.ask", "nothing", "- id: back"
    ),
    "an unknown contact": review("contact.city", "contact.ctiy", "back.ask", "contact.ctiy", "- id: back"),
    "one word for two statuses": review("word: 退回", "word: 在审", "back.word", "在审", "- id: back"),
    "a status of an unknown programme": review(
        "words: [在审]", "programmes: [wuxi-studio]", "first.programmes", "wuxi-studio"
    ),
    "a nearer date of no district": nearer("  region: 东岸区\n", "", "stage.east.within", "no region"),
    "a nearer date for an unknown stage": nearer(
        "within: stage.apply", "within: stage.aply", "stage.east.within", "stage.aply"
    ),
    "a nearer date that is later": nearer('"2026-04-20"', '"2026-05-20"', "stage.east.within", "4月20日"),
    "a safe day after the last": Slip(
        file="stages.yaml",
        old='  until: "2026-04-30T17:00"\n',
        new='  until: "2026-04-30T17:00"\n  safe_day: "2026-05-01"\n',
        at="- id: stage.apply",
        field="0",
    ),
}


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A knowledge folder with the shared vocabulary and one small notice."""
    shutil.copytree(DATA / "common", tmp_path / "data" / "common", ignore=shutil.ignore_patterns("asked_*"))
    shutil.copytree(ADDED / NOTICE, tmp_path / "data" / NOTICE)
    return tmp_path / "data"


@pytest.mark.parametrize("slip", [pytest.param(slip, id=name) for name, slip in SLIPS.items()])
def test_a_slip_is_told_with_its_place(slip: Slip, base: Path) -> None:
    slip.make(base / NOTICE)

    faults = faults_of(base)

    assert slip.told(faults, base / NOTICE), "\n".join(map(str, faults))


def test_without_slips_the_files_are_loaded(base: Path) -> None:
    folder = base / NOTICE
    (folder / "preparation.yaml").write_text(PREPARATION, encoding="utf-8")
    (folder / "review.yaml").write_text(REVIEW, encoding="utf-8")
    stages = folder / "stages.yaml"
    stages.write_text(stages.read_text(encoding="utf-8") + NEARER, encoding="utf-8")

    notice = Library.load(base=base).notices[NOTICE]

    assert [step.id for step in notice.preparation] == ["talk", "vote"]
    assert [status.word for status in notice.statuses] == ["初审", "退回"]


def test_the_shared_plan_is_needed_and_checked(base: Path) -> None:
    path = base / "common" / "reminders.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("binds: office", "binds: city"), encoding="utf-8"
    )

    (fault,) = faults_of(base)

    assert (fault.file, fault.field) == ("common/reminders.yaml", "staff.binds")


@pytest.mark.parametrize(
    ("notice", "audience", "stages"),
    [
        ("wuhan-2023", Audience.CANDIDATE, {"stage.submit"}),
        ("wuhan-2023", Audience.STAFF, {"stage.submit"}),
        ("wuxi-2024", Audience.UNIT, {"stage.apply"}),
        ("linjiang-2026", Audience.STAFF, {"stage.jury"}),
    ],
)
def test_an_audience_is_reminded_of_what_binds_it(notice: str, audience: Audience, stages: set[str]) -> None:
    reminder = LIBRARY.notices[notice].plan[audience]

    assert reminder.stages == stages
    assert reminder.days_before == (14, 7, 3, 1, 0)


@pytest.mark.parametrize(
    ("word", "phase", "actor"),
    [
        ("进行中", "open", "申报单位"),
        ("进入初审", "submitted", "主管部门"),
        ("初审退回", "returned", "申报单位"),
        (" 初审 退回\n", "returned", "申报单位"),
        ("初审未通过", "done", "申报单位"),
    ],
)
def test_the_platforms_word_says_how_an_application_stands(word: str, phase: str, actor: str) -> None:
    status = WUHAN.status(word)

    assert status is not None
    assert (status.phase, status.actor) == (phase, actor)
    assert status.label == "手册未作说明，这是我们的理解"
    assert {WUHAN.header.id + "/" + contact for contact in status.ask} <= LIBRARY.sourced.keys()


def test_an_unknown_word_has_no_status() -> None:
    assert WUHAN.status("终审通过") is None
    assert WUXI.status("初审退回") is None
    assert WUXI.status("现场考察", "wuxi-zhuoyue") is None


def test_the_steps_of_wuxi_stand_in_the_order_of_the_notice() -> None:
    studio = [s for s in WUXI.statuses if not s.programmes or "wuxi-studio" in s.programmes]

    assert [s.word for s in studio] == [
        "初审",
        "初核",
        "复核",
        "专家评审",
        "入围",
        "现场考察",
        "公示",
        "命名",
    ]
    assert [s.phase for s in studio] == [*["submitted"] * 7, "done"]
    dates = [LIBRARY.sourced[f"{WUXI.id}/{s.expected}"].fact for s in studio]
    assert [d.ends for d in dates if isinstance(d, Stage)] == sorted(
        d.ends for d in dates if isinstance(d, Stage)
    )
    assert {s.label for s in studio} == {""}
