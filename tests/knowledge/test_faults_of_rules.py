"""Every fault of criteria, facts and screens is told with its file, line and finding, all at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from knowledge.library import DATA, Library
from tests.knowledge.test_faults import ADDED, NOTICE, Slip, faults_of

CITY = "          when: {临江: met}\n"
LEVEL = "fact: skill_level, at_least: 高级工, clause"
STUDIO = "领办人技师以上, fact: skill_level, at_least: 技师, clause"
AGE = "          cuts: [{least: 0, stands: met}, {least: 59, stands: unmet}]\n"
RETIRED = "          when: {retired: unmet}\n"
CRAFT = "- id: linjiang.craft\n"
LINES = "    - {label: 在一线,"

SLIPS = {
    # criteria.yaml, row by row
    "a criterion without clause": Slip(
        file="criteria.yaml",
        old=CITY + "          clause: 一（一）\n",
        new=CITY,
        at="        - id: gongjiang.city",
        field="rulesets.0.tree.all_of.0.clause",
    ),
    "a criterion without quotation": Slip(
        file="criteria.yaml",
        old=CITY + "          clause: 一（一）\n          quote: 在我市企业生产一线工作\n",
        new=CITY + "          clause: 一（一）\n",
        at="        - id: gongjiang.city",
        field="rulesets.0.tree.all_of.0.quote",
    ),
    "an unknown standing": Slip(
        file="criteria.yaml",
        old=CITY,
        new="          when: {临江: perhaps}\n",
        at="          when: {临江: perhaps}",
        field="rulesets.0.tree.all_of.0.when.临江",
        found="perhaps",
    ),
    "two tables": Slip(
        file="criteria.yaml",
        old=RETIRED,
        new=RETIRED + "          at_least: retired\n",
        at="        - id: gongjiang.x.retired",
        field="rulesets.0.tree.all_of.6",
    ),
    "no table": Slip(
        file="criteria.yaml",
        old=RETIRED,
        new="",
        at="        - id: gongjiang.x.retired",
        field="rulesets.0.tree.all_of.6",
    ),
    "a measure without cuts": Slip(
        file="criteria.yaml",
        old=RETIRED,
        new=RETIRED + "          measure: years\n",
        at="        - id: gongjiang.x.retired",
        field="rulesets.0.tree.all_of.6",
    ),
    "an unknown field": Slip(
        file="criteria.yaml",
        old=RETIRED,
        new=RETIRED + "          unless: internal\n",
        at="          unless",
        field="rulesets.0.tree.all_of.6.unless",
        found="internal",
    ),
    "no parts": Slip(
        file="criteria.yaml",
        old="    tree:\n      all_of:\n        - {id: studio.level",
        new="    tree:\n      all_of: []\n      name:\n        - {id: studio.level",
        at="      all_of: []",
        field="rulesets.1.tree.all_of",
        found="[]",
    ),
    "more parts needed than there are": Slip(
        file="criteria.yaml",
        old="        - name: 三项条件之一\n          any_of:\n",
        new="        - count: 4\n          of:\n",
        at="        - count",
        field="rulesets.0.tree.all_of.5",
    ),
    # criteria.yaml against clauses, facts and programmes
    "a clause that does not exist": Slip(
        file="criteria.yaml",
        old="clause: 一（一）末段",
        new="clause: 一（一）尾段",
        at="        - id: gongjiang.x.retired",
        field="gongjiang.x.retired",
        found="一（一）尾段",
    ),
    "a quotation that its clause lacks": Slip(
        file="criteria.yaml",
        old="quote: 退休人员不得申报",
        new="quote: 退休人员不能申报",
        at="        - id: gongjiang.x.retired",
        field="gongjiang.x.retired",
        found="退休人员不能申报",
    ),
    "wording for the jury that its clause lacks": Slip(
        file="criteria.yaml",
        old="quote: 在行业内有较大影响",
        new="quote: 在行业内有重大影响",
        at="      - {name: 影响",
        field="影响",
        found="在行业内有重大影响",
    ),
    "a rule across programmes that its clause lacks": Slip(
        file="criteria.yaml",
        old="quote: 申报单位应于",
        new="quote: 申报单位不得",
        at="  - name: 一处单位",
        field="一处单位",
        found="申报单位不得",
    ),
    "a rule across an unknown programme": Slip(
        file="criteria.yaml",
        old="programmes: [linjiang-gongjiang, linjiang-studio]",
        new="programmes: [linjiang-gongjiang, linjiang-dashi]",
        at="  - name: 一处单位",
        field="一处单位",
        found="linjiang-dashi",
    ),
    "an unknown programme": Slip(
        file="criteria.yaml",
        old="  - programme: linjiang-studio\n",
        new="  - programme: linjiang-dashi\n",
        at="  - programme: linjiang-dashi",
        field="linjiang-dashi",
        found="linjiang-dashi",
    ),
    "a programme twice": Slip(
        file="criteria.yaml",
        old="  - programme: linjiang-studio\n",
        new="  - programme: linjiang-gongjiang\n",
        at="  - programme: linjiang-gongjiang",
        field="linjiang-gongjiang",
        found="2 rulesets",
    ),
    "a criterion's id twice": Slip(
        file="criteria.yaml",
        old="{id: studio.team.other,",
        new="{id: studio.team,",
        at="{id: studio.team, name",
        field="studio.team",
        found="2 leaves",
    ),
    "an unknown fact": Slip(
        file="criteria.yaml",
        old="fact: linjiang.craft",
        new="fact: linjiang.crafts",
        at="            - {id: gongjiang.3",
        field="gongjiang.3",
        found="linjiang.crafts",
    ),
    "a title without a programme": Slip(
        file="criteria.yaml",
        old='fact: frontline, when: {"yes": met}',
        new='fact: won, when: {"yes": met}',
        at="        - {id: gongjiang.frontline",
        field="gongjiang.frontline",
        found="won",
    ),
    "a title of another notice's programme": Slip(
        file="criteria.yaml",
        old='fact: frontline, when: {"yes": met}',
        new='fact: won/wuhan-dashi, when: {"yes": met}',
        at="        - {id: gongjiang.frontline",
        field="gongjiang.frontline",
        found="won/wuhan-dashi",
    ),
    "a table of another type": Slip(
        file="criteria.yaml",
        old='fact: linjiang.craft, when: {"yes": judged}',
        new="fact: linjiang.craft, cuts: [{least: 0, stands: judged}]",
        at="            - {id: gongjiang.3",
        field="gongjiang.3",
        found="claim",
    ),
    "a month without measure": Slip(
        file="criteria.yaml",
        old="          measure: years\n",
        new="",
        at="        - id: gongjiang.age",
        field="gongjiang.age",
        found="month",
    ),
    "an option that the fact lacks": Slip(
        file="criteria.yaml",
        old=RETIRED,
        new="          when: {retiring: unmet}\n",
        at="        - id: gongjiang.x.retired",
        field="gongjiang.x.retired",
        found="retiring",
    ),
    "a level that the scale lacks": Slip(
        file="criteria.yaml",
        old=LEVEL,
        new=LEVEL.replace("高级工", "特级工"),
        at="        - {id: gongjiang.level",
        field="gongjiang.level",
        found="特级工",
    ),
    "another city": Slip(
        file="criteria.yaml",
        old=CITY,
        new="          when: {临海: met}\n",
        at="        - id: gongjiang.city",
        field="gongjiang.city",
        found="临海",
    ),
    "no cut for small numbers": Slip(
        file="criteria.yaml",
        old="fact: linjiang.apprentices\n              cuts: [{least: 0, stands: unmet}, {least: 6",
        new="fact: linjiang.apprentices\n              cuts: [{least: 6",
        at="            - id: gongjiang.2",
        field="gongjiang.2",
        found="6",
    ),
    "no cut for the young": Slip(
        file="criteria.yaml",
        old=AGE,
        new="          cuts: [{least: 18, stands: met}, {least: 59, stands: unmet}]\n",
        at="        - id: gongjiang.age",
        field="gongjiang.age",
        found="18",
    ),
    "a field that no record has": Slip(
        file="criteria.yaml",
        old="{role: 选手, place: {at_most: 3}}",
        new="{role: 选手, rank: {at_most: 3}}",
        at="            - id: gongjiang.1",
        field="gongjiang.1",
        found="rank",
    ),
    "a title that counts as a field that no record has": Slip(
        file="criteria.yaml",
        old="record: {kind: 技能大师, tier: 市}",
        new="record: {sort: 技能大师, tier: 市}",
        at="  - programme: linjiang-gongjiang",
        field="linjiang-gongjiang",
        found="sort",
    ),
    "a title that counts as no list": Slip(
        file="criteria.yaml",
        old="title: {fact: honours,",
        new="title: {fact: skill_level,",
        at="  - programme: linjiang-gongjiang",
        field="linjiang-gongjiang",
        found="skill_level",
    ),
    "a switch on an unknown fact": Slip(
        file="criteria.yaml",
        old="switch: unit_kind",
        new="switch: unit_sort",
        at="        - switch",
        field="unit_sort",
        found="unit_sort",
    ),
    "a switch to an option that the fact lacks": Slip(
        file="criteria.yaml",
        old="            enterprise: {id",
        new="            company: {id",
        at="        - switch",
        field="unit_kind",
        found="company",
    ),
    "a fact that helps and harms": Slip(
        file="criteria.yaml",
        old='fact: linjiang.craft, when: {"yes": judged}',
        new="fact: retired, when: {retired: judged}",
        at="            - {id: gongjiang.3",
        field="retired",
        found="retired",
    ),
    "a number that helps and harms": Slip(
        file="criteria.yaml",
        old=AGE,
        new=AGE
        + "          clause: 一（一）\n          quote: 年龄不超过58周岁\n"
        + "        - id: gongjiang.grown\n          name: 成年\n          fact: birth\n"
        + "          measure: years\n          cuts: [{least: 0, stands: unmet}, {least: 18, stands: met}]\n",
        at="        - id: gongjiang.age",
        field="birth",
        found="birth",
    ),
    "a condition that no criterion holds": Slip(
        file="criteria.yaml",
        old="          clause: 一（一）末段\n          quote: 退休人员不得申报\n",
        new="          clause: 一（一）\n          quote: 生产一线\n",
        at="  - programme: linjiang-gongjiang",
        field="linjiang-gongjiang",
        found="none for gongjiang.retired",
    ),
    # facts.yaml
    "a choice without options": Slip(
        file="facts.yaml", old="type: claim", new="type: choice", at=CRAFT, field="1"
    ),
    "a yes or no with options": Slip(
        file="facts.yaml",
        old="type: claim",
        new="type: claim\n  options: [{id: a}]",
        at=CRAFT,
        field="1",
    ),
    "a number without bounds": Slip(
        file="facts.yaml", old="  high: 100\n", new="", at="- id: linjiang.apprentices", field="0"
    ),
    "a list without a word for none": Slip(
        file="facts.yaml",
        old="type: claim",
        new="type: records\n  options: [{id: a}]",
        at=CRAFT,
        field="1",
    ),
    "a weight for no option": Slip(
        file="facts.yaml",
        old="  changeable: true\n",
        new='  changeable: true\n  odds: {"yes": 0.5, maybe: 0.5}\n',
        at=CRAFT,
        field="1",
    ),
    "an unknown type": Slip(
        file="facts.yaml", old="type: claim", new="type: boast", at="  type: boast", field="1.type"
    ),
    "a fact's id twice": Slip(
        file="facts.yaml", old=CRAFT, new="- id: honours\n", at="- id: honours", field="id", found="honours"
    ),
    # screens.yaml
    "a screen's id twice": Slip(
        file="screens.yaml",
        old="id: linjiang.work",
        new="id: post",
        at="- id: post",
        field="id",
        found="post",
    ),
    "a screen that fills an unknown fact": Slip(
        file="screens.yaml",
        old="fills: [frontline, retired]",
        new="fills: [frontline, retired, resting]",
        at="- id: linjiang.work",
        field="linjiang.work.fills",
        found="resting",
    ),
    "a line that sets what its screen does not fill": Slip(
        file="screens.yaml",
        old="fills: [frontline, retired]",
        new="fills: [frontline]",
        at="- id: linjiang.work",
        field="linjiang.work",
        found="retired",
    ),
    "a line that sets an option that the fact lacks": Slip(
        file="screens.yaml",
        old=f'{LINES} sets: {{frontline: "yes"',
        new=f"{LINES} sets: {{frontline: often",
        at="- id: linjiang.work",
        field="linjiang.work.frontline",
        found="often",
    ),
    "a claim without its two answers": Slip(
        file="facts.yaml",
        old="  answers: [有, 没有]\n",
        new="",
        at=CRAFT,
        field="linjiang.craft.answers",
    ),
    "a fact on two lines of which all that hold are chosen": Slip(
        file="screens.yaml",
        old="fills: [frontline, retired]",
        new="many: true\n  fills: [frontline, retired]",
        at="- id: linjiang.work",
        field="linjiang.work.frontline",
    ),
    "a screen that fills nothing": Slip(
        file="screens.yaml",
        old="fills: [frontline, retired]",
        new="fills: []",
        at="  fills: []",
        field="0.fills",
    ),
}

ONE_EACH = [
    SLIPS[name]
    for name in (
        "a clause that does not exist",
        "a rule across an unknown programme",
        "a programme twice",
        "a criterion's id twice",
        "a level that the scale lacks",
        "another city",
        "no cut for small numbers",
        "a field that no record has",
        "a title that counts as no list",
        "a switch to an option that the fact lacks",
        "a table of another type",
        "a screen that fills an unknown fact",
    )
]
"""Slips of which none hides another."""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A knowledge folder with the shared vocabulary and one small notice."""
    shutil.copytree(DATA / "common", tmp_path / "data" / "common", ignore=shutil.ignore_patterns("asked_*"))
    shutil.copytree(ADDED / NOTICE, tmp_path / "data" / NOTICE)
    return tmp_path / "data"


@pytest.mark.parametrize("slip", [pytest.param(slip, id=name) for name, slip in SLIPS.items()])
def test_a_fault_is_told_with_its_place(slip: Slip, base: Path) -> None:
    slip.make(base / NOTICE)

    faults = faults_of(base)

    assert slip.told(faults, base / NOTICE), "\n".join(map(str, faults))


def test_all_faults_are_told_at_once(base: Path) -> None:
    for slip in ONE_EACH:
        slip.make(base / NOTICE)

    faults = faults_of(base)

    assert [slip for slip in ONE_EACH if not slip.told(faults, base / NOTICE)] == []


@pytest.mark.parametrize("name", ["facts.yaml", "screens.yaml", "outcomes.yaml"])
def test_a_shared_file_is_needed(name: str, base: Path) -> None:
    (base / "common" / name).unlink()

    assert (f"common/{name}", "no such file") in {(fault.file, fault.found) for fault in faults_of(base)}


def test_a_verdict_without_a_name_is_told(base: Path) -> None:
    path = base / "common" / "outcomes.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("open:", "opened:"), encoding="utf-8")

    told = {(fault.file, fault.field) for fault in faults_of(base)}

    assert {("common/outcomes.yaml", "open"), ("common/outcomes.yaml", "opened")} <= told


def test_a_notice_needs_no_criteria(base: Path) -> None:
    for name in ("criteria.yaml", "facts.yaml", "screens.yaml"):
        (base / NOTICE / name).unlink()

    assert dict(Library.load(base=base).rules) == {}
