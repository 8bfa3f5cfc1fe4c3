"""What differs between two editions of a notice, or two versions of one, and nothing where nothing does."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from knowledge.changes import Change, changes, heirs
from knowledge.edition import Notice
from knowledge.library import DATA, Library, Sourced
from knowledge.notice import Condition, Material, Quota, Stage

ADDED = Path(__file__).parent / "added"
OLD = "linjiang-2026"
NEW = "linjiang-2027"
OWN, LIBRARY = Library.load(), Library.load(ADDED)

EDITION: Mapping[str, str] = {
    "2026年4月30日17:00": "2027年4月28日17:00",
    "2026-04-30T17:00": "2027-04-28T17:00",
    "2026-05-": "2027-05-",
    "2026年": "2027年",
    "〔2026〕12号": "〔2027〕9号",
    'issued: "2026-03-02"': 'issued: "2027-03-01"',
    "year: 2026": "year: 2027",
    f"id: {OLD}": f"id: {NEW}\nsupersedes: {OLD}",
    "linjiang-gongjiang": "linjiang-gongjiang-2027",
    "linjiang-studio": "linjiang-studio-2027",
}
"""What an author changes of every file for a new edition."""
JUDGED = ("criteria.yaml", "facts.yaml", "screens.yaml")


def rewritten(folder: Path, words: Mapping[str, str]) -> None:
    """Every file of a folder with each of these words replaced."""
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8")
        for old, new in words.items():
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")


def edition(tmp_path: Path, words: Mapping[str, str]) -> Notice:
    """The third city's notice of the next year, that differs from the old one in these words too."""
    shutil.copytree(ADDED / OLD, tmp_path / OLD)
    shutil.copytree(ADDED / OLD, tmp_path / NEW, ignore=shutil.ignore_patterns(*JUDGED))
    rewritten(tmp_path / NEW, {**EDITION, **words})
    return Library.load(tmp_path).notices[NEW]


def version(tmp_path: Path, notice: str, words: Mapping[str, str]) -> Notice:
    """A notice of the project as it would stand with other words; a relay's with its parent."""
    shutil.copytree(DATA, tmp_path / "data", ignore=shutil.ignore_patterns("asked*"))
    rewritten(tmp_path / "data" / notice, words)
    notices = Library.load(base=tmp_path / "data").notices
    return notices.get(notice) or notices["wuhan-2023"]


def told(found: Iterable[Change]) -> list[tuple[type, str | None, str | None]]:
    return [(each.kind, name(each.before), name(each.after)) for each in found]


def name(sourced: Sourced | None) -> str | None:
    return sourced.fact.id if sourced else None


@pytest.mark.parametrize("notice", list(LIBRARY.notices))
def test_nothing_differs_between_a_notice_and_itself(notice: str) -> None:
    assert changes(LIBRARY.notices[notice], LIBRARY.notices[notice]) == ()


def test_a_programme_is_found_in_the_next_edition_by_its_name(tmp_path: Path) -> None:
    old = LIBRARY.notices[OLD]
    new = edition(
        tmp_path, {"name: 临江市匠心工作室": "name: 临江市大匠工作室\n    old_names: 临江市匠心工作室"}
    )

    assert heirs(old, new) == {
        "linjiang-gongjiang": "linjiang-gongjiang-2027",
        "linjiang-studio": "linjiang-studio-2027",
    }
    assert heirs(old, old) == {
        "linjiang-gongjiang": "linjiang-gongjiang",
        "linjiang-studio": "linjiang-studio",
    }
    assert heirs(old, LIBRARY.notices["wuxi-2024"]) == {}


def test_a_new_edition_that_changes_nothing_has_new_dates_alone(tmp_path: Path) -> None:
    found = changes(LIBRARY.notices[OLD], edition(tmp_path, {}))

    assert told(found) == [(Stage, "stage.apply", "stage.apply"), (Stage, "stage.jury", "stage.jury")]


def test_a_new_edition_tells_dates_quotas_conditions_and_materials(tmp_path: Path) -> None:
    new = edition(
        tmp_path,
        {
            "临江工匠7名": "临江工匠8名",
            "7名": "8名",
            "count: 7": "count: 8",
            "合计12名": "合计13名",
            "count: 12": "count: 13",
            "58周岁": "60周岁",
            "一式两份": "一式三份",
        },
    )

    found = changes(LIBRARY.notices[OLD], new)

    assert [(kind, after) for kind, _, after in told(found)] == [
        (Stage, "stage.apply"),
        (Stage, "stage.jury"),
        (Quota, "quota.east"),
        (Quota, "quota.total"),
        (Condition, "gongjiang.age"),
        (Material, "material.form"),
    ]
    age = next(each for each in found if each.kind is Condition)
    assert age.programmes == ("linjiang-gongjiang-2027",)
    assert age.before is not None
    assert age.after is not None
    assert (age.before.notice.id, age.after.notice.id) == (OLD, NEW)


def test_a_fact_of_another_id_is_known_by_what_it_is_for(tmp_path: Path) -> None:
    new = edition(
        tmp_path,
        {
            "id: stage.apply": "id: stage.hand_in",
            "id: quota.east": "id: quota.ost",
            "id: gongjiang.age": "id: g.age",
        },
    )

    found = changes(LIBRARY.notices[OLD], new)

    # the quota and the condition say what they said
    assert told(found) == [(Stage, "stage.apply", "stage.hand_in"), (Stage, "stage.jury", "stage.jury")]


def test_what_is_new_and_what_is_gone_is_told(tmp_path: Path) -> None:
    words = {
        "退休人员不得申报": "返聘人员不得申报",
        "id: gongjiang.retired": "id: gongjiang.rehired",
        "about: [retired]": "about: [overview]",
    }
    old, new = LIBRARY.notices[OLD], edition(tmp_path, words)

    there, back = told(changes(old, new)), told(changes(new, old))

    assert (Condition, None, "gongjiang.rehired") in there
    assert (Condition, "gongjiang.retired", None) in there
    assert sorted(map(str, back)) == sorted(str((kind, after, before)) for kind, before, after in there)


@pytest.mark.parametrize(
    ("notice", "words", "found"),
    [
        (
            "wuxi-2024",
            {"7月14日24:00": "7月18日24:00", "2024-07-14T24:00": "2024-07-18T24:00"},
            [(Stage, "stage.apply", "stage.apply")],
        ),
        (
            "dongxihu-2023",
            {"6月26日": "6月25日", "6 月 26 日": "6 月 25 日", "2023-06-26": "2023-06-25"},
            [(Stage, "stage.online", "stage.online")],
        ),
        (
            "wuhan-2023",
            {'safe_day: "2023-06-26"': 'safe_day: "2023-06-25"'},
            [(Stage, "stage.submit", "stage.submit")],
        ),
        # words by which people ask, and a note of the author, change nothing for anybody
        ("wuxi-2024", {"words: [晚上12点,": "words: [半夜,"}, []),
    ],
)  # fmt: skip
def test_a_new_version_of_a_notice_tells_the_stage_that_moved(
    notice: str, words: Mapping[str, str], found: list[tuple[type, str, str]], tmp_path: Path
) -> None:
    new = version(tmp_path, notice, words)

    assert told(changes(OWN.notices[new.id], new)) == found


def test_a_district_that_passes_the_notice_on_adds_its_date() -> None:
    (change,) = changes(OWN.notices["wuhan-2023"], LIBRARY.notices["wuhan-2023"])

    assert change.before is None
    assert change.after is not None
    assert change.after.id == "jiangxia-2023/stage.online"
    assert change.programmes == ("wuhan-gongjiang", "wuhan-dashi")


def test_only_what_is_compared_is_told() -> None:
    found = changes(LIBRARY.notices["wuhan-2023"], LIBRARY.notices["wuxi-2024"])

    assert {each.kind for each in found} == {Stage, Quota, Condition, Material}
