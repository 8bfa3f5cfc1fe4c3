"""Every fault of a knowledge folder is told with its file, its line and what was found, all at once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from knowledge.faults import Fault, KnowledgeError
from knowledge.library import DATA, Library

NOTICE = "linjiang-2026"
ADDED = Path(__file__).parent / "added"


@dataclass(frozen=True, kw_only=True)
class Slip:
    """A slip of an author's pen: `old` of a file becomes `new`; without `old` the file is written anew.

    The fault is expected at the line that holds `at` (None: at any), in `field`, with `found` in it.
    """

    file: str
    old: str = ""
    new: str
    at: str | None = ""
    field: str
    found: str = ""

    def make(self, folder: Path) -> None:
        path = folder / self.file
        if self.old:
            text = path.read_text(encoding="utf-8")
            assert text.count(self.old) == 1, f"{self.old!r} must stand once in {self.file}"
            path.write_text(text.replace(self.old, self.new), encoding="utf-8")
        else:
            path.write_text(self.new, encoding="utf-8")

    def told(self, faults: Sequence[Fault], folder: Path) -> bool:
        """Whether one of `faults` is this slip's."""
        return any(
            (fault.file, fault.field) == (f"{folder.name}/{self.file}", self.field)
            and (self.at is None or fault.line == self._line(folder))
            and self.found in fault.found
            and fault.expected
            and fault.cure
            for fault in faults
        )

    def _line(self, folder: Path) -> int:
        text = (folder / self.file).read_text(encoding="utf-8")
        return 1 + text[: text.index(self.at or "")].count("\n")


AGE = "- id: gongjiang.age\n  clause: 一（一）\n"
APPLY = '  until: "2026-04-30T17:00"\n'
JURY = 'opens: "2026-05-11"\n'

SHAPE = {
    "indentation": Slip(
        file="quotas.yaml",
        old="  body: 东岸区\n",
        new="   body: 东岸区\n",
        at="   body: 东岸区",
        field="(file)",
        found="did not find expected key",
    ),
    "an open quotation mark": Slip(
        file="money.yaml", new='- id: "money\n  clause: 四\n', at=None, field="(file)", found="quoted scalar"
    ),
    "two documents": Slip(file="forms.yaml", new="[]\n---\n[]\n", at="---", field="(file)", found="document"),
    "a key twice": Slip(
        file="conditions.yaml",
        old=AGE,
        new=AGE + "  clause: 一（二）\n",
        at="  clause: 一（二）\n  programmes: linjiang-gongjiang\n  about: [age]",
        field="1.clause",
        found="'clause' a second time",
    ),
    "a mapping for a list": Slip(file="awards.yaml", new="id: award\n", field="(file)", found="dict"),
    "an empty file": Slip(file="awards.yaml", new="", field="(file)", found="NoneType"),
    "a row that is a word": Slip(file="awards.yaml", new="- 12名\n", field="0", found="'12名'"),
    "an unknown file": Slip(file="conditons.yaml", new="[]\n", field="(file)", found="conditons.yaml"),
    "an unknown field": Slip(
        file="conditions.yaml",
        old=AGE,
        new=AGE + "  clauses: 一\n",
        at="  clauses: 一",
        field="1.clauses",
        found="'一'",
    ),
    "a missing field": Slip(
        file="conditions.yaml",
        old="  say: 临江工匠：年龄不超过58周岁。\n",
        new="",
        at="- id: gongjiang.age",
        field="1.say",
    ),
    "a fact without clause": Slip(
        file="conditions.yaml",
        old=AGE,
        new="- id: gongjiang.age\n",
        at="- id: gongjiang.age",
        field="1.clause",
    ),
    "no clause in the list": Slip(
        file="conditions.yaml",
        old=AGE,
        new="- id: gongjiang.age\n  clause: []\n",
        at="  clause: []",
        field="1.clause",
    ),
    "a telephone as a number": Slip(
        file="contacts.yaml",
        old="shown: 0890—5550123",
        new="shown: 5550123",
        at="    - {shown",
        field="0.phones.0.shown",
    ),
    "a malformed telephone": Slip(
        file="contacts.yaml",
        old="dial: 0890-5550123",
        new="dial: 0890-555012",
        at="    - {shown",
        field="0.phones.0.dial",
        found="0890-555012",
    ),
    "another telephone to dial than printed": Slip(
        file="contacts.yaml",
        old="dial: 0890-5550123",
        new="dial: 0890-5550132",
        at="    - {shown",
        field="0.phones.0",
    ),
    "a moment without a date": Slip(
        file="stages.yaml",
        old=APPLY,
        new="  until: 4月30日\n",
        at="  until",
        field="0.until",
        found="4月30日",
    ),
    "a day that no month has": Slip(
        file="stages.yaml",
        old=APPLY,
        new='  until: "2026-04-31"\n',
        at="  until",
        field="0.until",
        found="2026-04-31",
    ),
    "an hour that no day has": Slip(
        file="stages.yaml",
        old=APPLY,
        new='  until: "2026-04-30T25:00"\n',
        at="  until",
        field="0.until",
        found="25:00",
    ),
    "a minute that no hour has": Slip(
        file="stages.yaml",
        old=APPLY,
        new='  until: "2026-04-30T17:60"\n',
        at="  until",
        field="0.until",
        found="17:60",
    ),
    "a day in figures alone": Slip(
        file="stages.yaml", old=JURY, new="opens: 20260511\n", at="  opens", field="1.opens", found="20260511"
    ),
    "a malformed day of issue": Slip(
        file="notice.yaml",
        old='issued: "2026-03-02"',
        new="issued: 2026-3-2",
        at="issued",
        field="issued",
        found="2026-3-2",
    ),
    "a stage without a time": Slip(file="stages.yaml", old=APPLY, new="", at="- id: stage.apply", field="0"),
    "a vague stage without bounds": Slip(
        file="stages.yaml", old=f"  {JURY}", new="", at="- id: stage.jury", field="1"
    ),
    "a quota for two programmes": Slip(
        file="quotas.yaml",
        old="- id: quota.east\n  clause: 四\n  programmes: linjiang-gongjiang\n",
        new="- id: quota.east\n  clause: 四\n  programmes: [linjiang-gongjiang, linjiang-studio]\n",
        at="  programmes: [",
        field="0.programmes",
    ),
    "an unknown role": Slip(
        file="contacts.yaml", old="role: city", new="role: town", at="  role", field="0.role", found="town"
    ),
}
"""Faults of one value or file."""

SENSE = {
    "a clause that does not exist": Slip(
        file="conditions.yaml",
        old=AGE,
        new="- id: gongjiang.age\n  clause: 一（九）\n",
        at="- id: gongjiang.age",
        field="gongjiang.age.clause",
        found="一（九）",
    ),
    "an unknown matter": Slip(
        file="conditions.yaml",
        old="about: [age]",
        new="about: [aeg]",
        at="- id: gongjiang.age",
        field="gongjiang.age.about",
        found="aeg",
    ),
    "an unknown programme": Slip(
        file="awards.yaml",
        new="""- {id: award, clause: 四, programmes: linjiang-dashi, about: award.count,
   count: 12, unit: 名, say: 评选12名。}
""",
        field="award.programmes",
        found="linjiang-dashi",
    ),
    "an unknown region": Slip(
        file="quotas.yaml",
        old="region: 西岸区",
        new="region: 南岸区",
        at="- id: quota.west",
        field="quota.west.region",
        found="南岸区",
    ),
    "a quotation that its clause lacks": Slip(
        file="conditions.yaml",
        old="quote: 退休人员不得申报",
        new="quote: 退休人员不能申报",
        at="- id: gongjiang.retired",
        field="gongjiang.retired.quote",
        found="退休人员不能申报",
    ),
    "a figure that its clause lacks": Slip(
        file="conditions.yaml",
        old="团队成员不少于4人。\n",
        new="团队成员不少于5人。\n",
        at="- id: studio.team",
        field="studio.team.say",
        found="5",
    ),
    "a figure in Chinese that its clause lacks": Slip(
        file="conditions.yaml",
        old="临江工匠条件之一：带徒不少于6人。",
        new="临江工匠条件之一：带徒不少于十六人。",
        at="- id: gongjiang.mentoring",
        field="gongjiang.mentoring.say",
        found="16",
    ),
    "an id used twice": Slip(
        file="places.yaml",
        old="- id: place.site",
        new="- id: contact.city",
        at="- id: contact.city",
        field="id",
        found="contact.city",
    ),
    "a total that is not the sum": Slip(
        file="quotas.yaml",
        old="count: 12",
        new="count: 13",
        at="- id: quota.total",
        field="quota.total.count",
        found="13",
    ),
    "a reckoning with a wrong result": Slip(
        file="money.yaml",
        old="reckons: 30000＋30000＝60000",
        new="reckons: 30000＋30000＝70000",
        at="- id: money.most",
        field="money.most.reckons",
        found="30000＋30000＝70000",
    ),
    "a reckoning of figures that its clause lacks": Slip(
        file="money.yaml",
        old="reckons: 30000＋30000＝60000",
        new="reckons: 20000×3＝60000",
        at="- id: money.most",
        field="money.most.reckons",
        found="20000",
    ),
    "a wrong reckoning after a right one": Slip(
        file="money.yaml",
        old="reckons: 30000＋30000＝60000",
        new="reckons: 30000＋30000＝60000，30000－10000＝10000",
        at="- id: money.most",
        field="money.most.reckons",
        found="30000＋30000＝60000，30000－10000＝10000",
    ),
    "a reckoning in words": Slip(
        file="money.yaml",
        old="reckons: 30000＋30000＝60000",
        new="reckons: [30000＋30000＝60000, 两项相加]",
        at="- id: money.most",
        field="money.most.reckons",
        found="两项相加",
    ),
    "a limit above its quota": Slip(
        file="quotas.yaml",
        old="at_most: 2",
        new="at_most: 6",
        at="- id: quota.west",
        field="quota.west.sub_limits",
        found="6",
    ),
    "two dates for one step of one actor": Slip(
        file="stages.yaml",
        old="- id: stage.jury\n",
        new="""- {id: stage.again, clause: 三（一）, about: deadline.apply, name: 提交申报材料,
   actor: 申报单位, binds: applicant, order: 1, until: "2026-04-29", as_written: 4月29日,
   say: 临江：4月30日前提交。}
- id: stage.jury
""",
        at="- {id: stage.again",
        field="stage.again.until",
        found="4月29日",
    ),
    "a clause id twice": Slip(
        file="clauses.yaml",
        old="- id: 一（二）\n",
        new="- id: 一（一）\n",
        at="- id: 一（一）\n  text: （二）",
        field="一（一）",
        found="2 clauses",
    ),
    "words left out between clauses": Slip(
        file="clauses.yaml",
        old="- id: 一（一）末段\n  text: 退休人员不得申报。\n",
        new="- id: 一（一）末段\n  text: 不得申报。\n",
        at="- id: 一（一）末段",
        field="一（一）末段",
        found="退休人员",
    ),
    "words that the source lacks": Slip(
        file="clauses.yaml",
        old="text: 2.带徒不少于6人。",
        new="text: 2.带徒不少于7人。",
        at="- id: 一（一）2",
        field="一（一）2",
        found="带徒不少于7人",
    ),
    "words left out at the end": Slip(
        file="clauses.yaml",
        old="    临江市人力资源和社会保障局\n    2026年3月2日\n",
        new="    临江市人力资源和社会保障局\n",
        at=None,
        field="(end)",
        found="2026年3月2日",
    ),
    "an unknown parent": Slip(
        file="notice.yaml",
        old="year: 2026\n",
        new="year: 2026\nparent: linjiang-2025\ndistrict: 东岸区\n",
        at="parent",
        field="parent",
        found="linjiang-2025",
    ),
    "a notice that relays itself": Slip(
        file="notice.yaml",
        old="year: 2026\n",
        new="year: 2026\nparent: linjiang-2026\ndistrict: 东岸区\n",
        at="parent",
        field="parent",
        found="linjiang-2026",
    ),
    "a relay without its district": Slip(
        file="notice.yaml",
        old="year: 2026\n",
        new="year: 2026\nparent: linjiang-2026\n",
        at=None,
        field="district",
    ),
    "an unknown predecessor": Slip(
        file="notice.yaml",
        old="year: 2026\n",
        new="year: 2026\nsupersedes: linjiang-2025\n",
        at="supersedes",
        field="supersedes",
        found="linjiang-2025",
    ),
    "a programme on a clause that does not exist": Slip(
        file="notice.yaml",
        old="clause: 一（二）",
        new="clause: 一（三）",
        at="clause: 一（三）",
        field="clause",
        found="一（三）",
    ),
    "a silence about an unknown matter": Slip(
        file="silences.yaml",
        old="about: money.bonus",
        new="about: money.gold",
        at="- id: silent.money",
        field="silent.money.about",
        found="money.gold",
    ),
    "a silence near an unknown fact": Slip(
        file="silences.yaml",
        old="near: gongjiang.mentoring",
        new="near: gongjiang.teaching",
        at="- id: silent.money",
        field="silent.money.near",
        found="gongjiang.teaching",
    ),
    "a sample question for an unknown fact": Slip(
        file="asked.yaml",
        new="gongjiang.age:\n  - 多大岁数\ngongjiang.aeg:\n  - 几岁\n",
        at="gongjiang.aeg",
        field="gongjiang.aeg",
        found="gongjiang.aeg",
    ),
    "streets of an unknown district": Slip(
        file="streets.yaml",
        old="district: 东岸区",
        new="district: 北岸区",
        at="- district",
        field="district",
        found="北岸区",
    ),
}
"""Faults that show only where rows, files or notices are held against one another."""


ONE_EACH = [
    *(SHAPE[name] for name in ("a missing field", "a stage without a time", "an empty file")),
    *(SHAPE[name] for name in ("a malformed telephone", "an unknown file", "two documents")),
    *(
        SENSE[name]
        for name in ("a total that is not the sum", "a limit above its quota", "an unknown region")
    ),
    *(SENSE[name] for name in ("a quotation that its clause lacks", "a figure that its clause lacks")),
    SENSE["words left out at the end"],
]
"""Slips of which none hides another: together they touch nearly every file."""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A knowledge folder with the shared vocabulary and one small notice."""
    shutil.copytree(DATA / "common", tmp_path / "data" / "common", ignore=shutil.ignore_patterns("asked_*"))
    shutil.copytree(ADDED / NOTICE, tmp_path / "data" / NOTICE)
    return tmp_path / "data"


def faults_of(base: Path, *added: Path) -> tuple[Fault, ...]:
    with pytest.raises(KnowledgeError) as refused:
        Library.load(*added, base=base)
    return refused.value.faults


def test_the_notice_without_a_slip_is_loaded(base: Path) -> None:
    assert list(Library.load(base=base).notices) == [NOTICE]


@pytest.mark.parametrize("slip", [pytest.param(slip, id=name) for name, slip in (SHAPE | SENSE).items()])
def test_a_fault_is_told_with_its_place(slip: Slip, base: Path) -> None:
    slip.make(base / NOTICE)

    faults = faults_of(base)

    assert slip.told(faults, base / NOTICE), "\n".join(map(str, faults))


def test_all_faults_are_told_at_once(base: Path) -> None:
    for slip in ONE_EACH:
        slip.make(base / NOTICE)

    faults = faults_of(base)

    assert [slip for slip in ONE_EACH if not slip.told(faults, base / NOTICE)] == []
    assert list(faults) == sorted(faults)


def test_the_faults_of_several_notices_are_told_together(base: Path) -> None:
    shutil.copytree(DATA / "wuxi-2024", base / "wuxi-2024")
    wuxi = Slip(
        file="quotas.yaml",
        old="count: 33",
        new="count: 34",
        field="quota.studio.total.count",
        found="34",
        at="- id: quota.studio.total",
    )
    linjiang = SENSE["an unknown matter"]
    wuxi.make(base / "wuxi-2024")
    linjiang.make(base / NOTICE)

    faults = faults_of(base)

    assert len(faults) == 2
    assert wuxi.told(faults, base / "wuxi-2024")
    assert linjiang.told(faults, base / NOTICE)


@pytest.mark.parametrize(
    "change",
    [
        ("actor: 申报单位", "actor: 市国资委"),
        ("id: stage.again", "id: stage.again, region: 东岸区"),
    ],
    ids=["another actor", "another district"],
)
def test_one_step_has_different_dates_for(change: tuple[str, str], base: Path) -> None:
    SENSE["two dates for one step of one actor"].make(base / NOTICE)
    path = base / NOTICE / "stages.yaml"
    text = path.read_text(encoding="utf-8")
    start = text.index("- {id: stage.again")
    path.write_text(text[:start] + text[start:].replace(*change), encoding="utf-8")

    assert NOTICE in Library.load(base=base).notices


@pytest.mark.parametrize("name", ["notice.yaml", "clauses.yaml", "source.txt"])
def test_a_needed_file_is_missing(name: str, base: Path) -> None:
    (base / NOTICE / name).unlink()

    assert (f"{NOTICE}/{name}", "no such file") in {(fault.file, fault.found) for fault in faults_of(base)}


@pytest.mark.parametrize("name", ["conditions.yaml", "notice.yaml", "source.txt"])
def test_a_file_is_not_utf8(name: str, base: Path) -> None:
    path = base / NOTICE / name
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))

    assert f"{NOTICE}/{name}" in {fault.file for fault in faults_of(base) if "UTF-8" in fault.expected}


def test_the_added_folder_does_not_exist(base: Path, tmp_path: Path) -> None:
    (fault,) = faults_of(base, tmp_path / "nowhere")

    assert fault.file == str(tmp_path / "nowhere")


def test_two_notices_may_not_share_an_id(base: Path, tmp_path: Path) -> None:
    shutil.copytree(base / NOTICE, tmp_path / "added" / "linjiang-again")

    assert "linjiang-again/notice.yaml" in {fault.file for fault in faults_of(base, tmp_path / "added")}


def test_two_notices_may_not_share_a_programme(base: Path, tmp_path: Path) -> None:
    again = tmp_path / "added" / "linjiang-2027"
    shutil.copytree(base / NOTICE, again)
    Slip(file="notice.yaml", old="id: linjiang-2026", new="id: linjiang-2027", field="").make(again)

    assert "linjiang-2027/notice.yaml" in {fault.file for fault in faults_of(base, tmp_path / "added")}


def test_a_faulty_header_hides_no_fault_of_the_other_files(base: Path) -> None:
    header, condition = SHAPE["a malformed day of issue"], SHAPE["a missing field"]
    header.make(base / NOTICE)
    condition.make(base / NOTICE)

    faults = faults_of(base)

    assert header.told(faults, base / NOTICE)
    assert condition.told(faults, base / NOTICE)


@pytest.mark.parametrize(
    ("name", "line", "field"),
    [
        pytest.param(
            "matters.yaml",
            "- {id: odd, name: 怪, aspect: about, words: [怪], weight: 3}",
            "weight",
            id="unknown field",
        ),
        pytest.param(
            "matters.yaml",
            "- {id: odd, name: 怪, aspect: oddity, words: [怪]}",
            "aspect",
            id="unknown aspect",
        ),
        pytest.param(
            "matters.yaml", "- {id: age, name: 怪, aspect: about, words: [怪]}", "id", id="matter twice"
        ),
        pytest.param("aspects.yaml", "- {id: about, words: [怪]}", "name", id="no name"),
        pytest.param("speech.yaml", "- {whole: [怪]}", "id", id="no id"),
        pytest.param("patterns.yaml", "choice: 怪", "choice", id="key twice"),
    ],
)
def test_the_shared_vocabulary_is_checked_too(name: str, line: str, field: str, base: Path) -> None:
    path = base / "common" / name
    text = path.read_text(encoding="utf-8").rstrip("\n")
    path.write_text(f"{text}\n{line}\n", encoding="utf-8")

    told = {(fault.file, fault.line, fault.field.rpartition(".")[2]) for fault in faults_of(base)}

    assert (f"common/{name}", text.count("\n") + 2, field) in told


def test_the_command_prints_every_fault_and_fails(base: Path, tmp_path: Path) -> None:
    slips = SENSE["a total that is not the sum"], SHAPE["an unknown field"]
    shutil.move(base / NOTICE, tmp_path / "added" / NOTICE)
    for slip in slips:
        slip.make(tmp_path / "added" / NOTICE)

    run = subprocess.run(  # noqa: S603 (our own command)
        [sys.executable, "-m", "bot", "kb", "lint", "--dir", str(tmp_path / "added")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 1
    assert "Traceback" not in run.stdout + run.stderr
    for line in (
        f"{NOTICE}/quotas.yaml:22: quota.total.count",
        f"{NOTICE}/conditions.yaml:10: 1.clauses",
        "    found:    '一'",
        "    to mend:  correct a row or the total",
    ):
        assert line in run.stderr.splitlines()
