"""The criteria give every case the verdict worked out by hand, and no criterion is without a case."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from knowledge import cases
from knowledge.cases import Case
from knowledge.criteria import Leaf, Node, Outcome, Relax, Ruleset, Standing, Switch, parts
from knowledge.faults import KnowledgeError
from knowledge.library import Library
from knowledge.rules import Rules

PROGRAMMES = ["wuhan-gongjiang", "wuhan-dashi", "wuhan-studio", "wuxi-studio", "wuxi-zhuoyue"]


@pytest.fixture(scope="module")
def library() -> Library:
    return Library.load()


@pytest.fixture(scope="module")
def every(library: Library) -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    for case in cases.load(library):
        found.setdefault(case.programme, []).append(case)
    return found


def test_every_programme_has_its_cases(library: Library, every: dict[str, list[Case]]) -> None:
    assert sorted(every) == sorted(library.rules) == sorted(PROGRAMMES)
    for programme, rows in every.items():
        assert len(rows) >= 25, programme
        assert {case.expect for case in rows} == set(Outcome) - _never(programme)


def _never(programme: str) -> set[Outcome]:
    """Where every way rests on a claim, nobody meets the plain text by himself."""
    return set() if programme in ("wuhan-gongjiang", "wuhan-dashi") else {Outcome.MET}


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_the_criteria_give_the_verdicts_worked_out_by_hand(
    programme: str, library: Library, every: dict[str, list[Case]]
) -> None:
    wrong = {
        case.id: (result.found, result.decisive)
        for case in every[programme]
        if not (result := cases.judge(library, case)).passed
    }

    assert wrong == {}


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_no_criterion_could_be_lost_or_failed_for_all_unseen(
    programme: str, library: Library, every: dict[str, list[Case]]
) -> None:
    ruleset = library.rules[programme].ruleset
    unseen = [
        (leaf.id, standing.name)
        for leaf in ruleset.leaves
        for standing in (Standing.UNMET, leaf.possible.high)
        if leaf.possible.low != leaf.possible.high
        and all(
            _same(Rules(_fixed(ruleset, leaf.id, standing), library.dictionary), case)
            for case in every[programme]
        )
    ]

    assert unseen == []


def _same(rules: Rules, case: Case) -> bool:
    return rules.verdict(case.known).outcome is case.expect


def _fixed(ruleset: Ruleset, id_: str, standing: Standing) -> Ruleset:
    """The ruleset with one leaf that stands the same for everybody."""
    return ruleset.model_copy(update={"tree": _with_fixed(ruleset.tree, id_, standing)})


def _with_fixed(node: Node, id_: str, standing: Standing) -> Node:
    if isinstance(node, Leaf):
        if node.id != id_:
            return node
        table = {"yes": standing, "no": standing}
        every = {"fact": "conduct", "when": table, "at_least": "", "cuts": (), "matches": (), "measure": ""}
        return node.model_copy(update=every)
    if isinstance(node, Switch):
        taken = {option: _with_fixed(part, id_, standing) for option, part in node.cases.items()}
        return node.model_copy(
            update={"cases": taken, "otherwise": _with_fixed(node.otherwise, id_, standing)}
        )
    if isinstance(node, Relax):
        return node.model_copy(
            update={
                "base": _with_fixed(node.base, id_, standing),
                "by": _with_fixed(node.by, id_, standing),
            }
        )
    field = next(name for name in ("all_of", "any_of", "of") if hasattr(node, name))
    return node.model_copy(update={field: tuple(_with_fixed(part, id_, standing) for part in parts(node))})


@pytest.mark.parametrize(
    ("programme", "districts", "last"),
    [
        ("wuhan-gongjiang", (), date(2023, 6, 26)),
        ("wuhan-gongjiang", ("东西湖区",), date(2023, 6, 26)),
        ("wuhan-studio", ("东西湖区",), date(2023, 6, 26)),
        ("wuxi-studio", (), date(2024, 7, 14)),
    ],
)
def test_ages_are_reckoned_at_issue_and_at_the_last_safe_day(
    programme: str, districts: Sequence[str], last: date, library: Library
) -> None:
    notice, _ = library.programmes[programme]

    assert notice.reference_days(programme, districts) == (notice.header.issued, last)


HEAD = """people:
  worker: {unit_city: 无锡, unit_kind: enterprise}
cases:
"""
SOUND = "  - {id: a, like: worker, why: 一（二）, facts: {unit_kind: freelance}, expect: 不符合, "
SOUND += "decisive: [zhuoyue.employer]}\n"


def _faults(folder: Path, library: Library) -> list[tuple[int, str, str]]:
    with pytest.raises(KnowledgeError) as refused:
        cases.load(library, folder)
    assert all(fault.expected and fault.cure for fault in refused.value.faults)
    return [(fault.line, fault.field, fault.found) for fault in refused.value.faults]


def test_a_sound_file_is_read(library: Library, tmp_path: Path) -> None:
    (tmp_path / "wuxi-zhuoyue.yaml").write_text(HEAD + SOUND, encoding="utf-8")

    (case,) = cases.load(library, tmp_path)

    assert cases.judge(library, case).passed


@pytest.mark.parametrize(
    ("row", "field", "found"),
    [
        ("{id: b, why: x, expect: 差不多}", "b.expect", "差不多"),
        ("{id: b, why: x, expect: 信息不足, best: 很好}", "b.best", "很好"),
        ("{id: b, why: x, expect: 不符合}", "b", "no `decisive`"),
        ("{id: b, why: x, expect: 不符合, decisive: [zhuoyue.9]}", "b.decisive", "zhuoyue.9"),
        ("{id: b, why: x, like: boss, expect: 信息不足}", "b.like", "boss"),
        ("{id: b, why: x, unknown: [members], expect: 信息不足}", "b", "members"),
        ("{id: b, why: x, districts: [浦东新区], expect: 信息不足}", "b.districts", "浦东新区"),
        ("{id: b, why: x, facts: {shoe_size: 42}, expect: 信息不足}", "shoe_size", "shoe_size"),
        ("{id: b, why: x, facts: {unit_kind: shop}, expect: 信息不足}", "unit_kind", "'shop'"),
        ("{id: b, why: x, facts: {unit_city: 上海}, expect: 信息不足}", "unit_city", "'上海'"),
        ("{id: b, why: x, facts: {conduct: []}, expect: 信息不足}", "conduct", "[]"),
        ("{id: b, why: x, facts: {members: 999}, expect: 信息不足}", "members", "999"),
        ("{id: b, why: x, facts: {members: 几个}, expect: 信息不足}", "members", "'几个'"),
        ("{id: b, why: x, facts: {birth: 55岁}, expect: 信息不足}", "birth", "'55岁'"),
        ("{id: b, why: x, facts: {birth: 1969-13}, expect: 信息不足}", "birth", "'1969-13'"),
        ("{id: b, why: x, facts: {birth: 1969-02-30}, expect: 信息不足}", "birth", "'1969-02-30'"),
        ("{id: b, why: x, facts: {honours: master}, expect: 信息不足}", "honours", "'master'"),
        ("{id: b, why: x, facts: {honours: [hero]}, expect: 信息不足}", "honours", "['hero']"),
        ("{id: b, why: x, facts: {honours: [{grade: 1}]}, expect: 信息不足}", "honours", "[{'grade': 1}]"),
        ("{id: b, why: x, facts: {won: [wuhan-dashi]}, expect: 信息不足}", "won", "['wuhan-dashi']"),
        ("{id: b, why: x}", "cases.1.expect", "{'id': 'b', 'why': 'x'}"),
        ("{id: b, why: x, expect: 不符合, expected: 不符合}", "cases.1.expected", "'不符合'"),
        (SOUND.strip(" -\n"), "id", "a"),
    ],
)
def test_a_fault_of_a_case_is_told_with_its_line(
    row: str, field: str, found: str, library: Library, tmp_path: Path
) -> None:
    (tmp_path / "wuxi-zhuoyue.yaml").write_text(f"{HEAD}{SOUND}  - {row}\n", encoding="utf-8")

    assert _faults(tmp_path, library) == [(5, field, found)]


def test_the_faults_of_every_file_are_told_at_once(library: Library, tmp_path: Path) -> None:
    (tmp_path / "wuxi-zhuoyue.yaml").write_text(
        "people:\n  a: {conduct: maybe}\ncases:\n  - {id: b, why: x, like: c, expect: 好}\n", encoding="utf-8"
    )
    (tmp_path / "wuxi-zhuoyu.yaml").write_text("cases: []\n", encoding="utf-8")
    (tmp_path / "wuxi-studio.yaml").write_text("cases: []\n", encoding="utf-8")
    (tmp_path / "wuhan-dashi.yaml").write_text("cases: [\n", encoding="utf-8")

    fields = [(line, field) for line, field, _ in _faults(tmp_path, library)]

    assert sorted(fields) == [
        (1, "(file)"),
        (1, "cases"),
        (2, "(file)"),
        (2, "conduct"),
        (4, "b.expect"),
        (4, "b.like"),
    ]


def test_a_folder_without_cases_is_a_fault(library: Library, tmp_path: Path) -> None:
    assert _faults(tmp_path / "nowhere", library) == [(1, "(folder)", "no case file")]


def _command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 (our own command)
        [sys.executable, "-m", "bot", "kb", "test", *arguments], capture_output=True, text=True, check=False
    )


def test_the_command_counts_the_cases_by_programme() -> None:
    run = _command()

    assert run.returncode == 0, run.stdout + run.stderr
    assert [line.partition(":")[0] for line in run.stdout.splitlines()] == sorted(PROGRAMMES)


def test_the_command_shows_each_case_that_differs_and_fails(tmp_path: Path) -> None:
    wrong = "  - {id: b, like: worker, why: 一（二）, expect: 待评审认定, decisive: [zhuoyue.1]}\n"
    (tmp_path / "wuxi-zhuoyue.yaml").write_text(HEAD + SOUND + wrong, encoding="utf-8")

    run = _command(str(tmp_path))

    assert run.returncode == 1
    assert run.stdout.splitlines()[:2] == [
        "wuxi-zhuoyue b: 一（二）",
        "    expected: 待评审认定; zhuoyue.1",
    ]
    assert "信息不足 (不符合 - 待评审认定)" in run.stdout
    assert run.stdout.splitlines()[-1] == "wuxi-zhuoyue: 1 of 2 cases"
