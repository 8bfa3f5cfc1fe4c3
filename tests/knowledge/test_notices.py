"""What the two notices say and must never be told wrong, held against their printed text."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.terminal import coverage_lines
from knowledge.edition import Season
from knowledge.figures import figures
from knowledge.library import DATA, Library, clause_key
from knowledge.notice import Award, Clause, Contact, Fact, Form, Material, Money, Place, Quota, Stage, Status

LIBRARY = Library.load()
PARTS = [part for notice in LIBRARY.notices.values() for part in (notice, *notice.relays)]


def facts(kind: type[Fact], notice: str) -> list[Any]:
    """The facts of a kind that the notice itself says, without its relays."""
    return [fact for part in PARTS if part.id == notice for fact in part.facts if isinstance(fact, kind)]


def fact(notice: str, name: str) -> Any:
    return LIBRARY.sourced[f"{notice}/{name}"].fact


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_the_library_holds_both_notices_and_the_relay() -> None:
    assert {n.id: [r.id for r in n.relays] for n in LIBRARY.notices.values()} == {
        "wuhan-2023": ["dongxihu-2023"],
        "wuxi-2024": [],
    }
    assert {n.header.doc_no: n.header.issued for n in LIBRARY.notices.values()} == {
        "武人社函〔2023〕193号": date(2023, 5, 29),
        "锡人社函〔2024〕78号": date(2024, 5, 28),
    }


# —— time


@pytest.mark.parametrize(
    ("notice", "binds", "actor", "ends"),
    [
        ("wuhan-2023", "applicant", "各区、各行业主管部门、各单位", "2023-06-28T00:00:00+08:00"),
        ("dongxihu-2023", "applicant", "东西湖区各有关单位和企业", "2023-06-27T00:00:00+08:00"),
        ("wuxi-2024", "applicant", "申报人员和单位", "2024-07-15T00:00:00+08:00"),
        ("wuxi-2024", "office", "各市（县）、区人社部门", "2024-07-22T00:00:00+08:00"),
        ("wuxi-2024", "office", "市高技能人才公共实训服务中心", "2024-07-29T00:00:00+08:00"),
    ],
)
def test_a_deadline_is_an_exact_exclusive_instant_of_its_actor(
    notice: str, binds: str, actor: str, ends: str
) -> None:
    (stage,) = [s for s in facts(Stage, notice) if s.until and s.actor == actor]

    assert stage.binds == binds
    assert stage.ends == instant(ends)
    assert stage.ends.utcoffset() is not None


def test_no_other_stage_has_a_day() -> None:
    exact = {stage.id for part in PARTS for stage in facts(Stage, part.id) if stage.until}

    assert exact == {"stage.submit", "stage.online", "stage.apply", "stage.first_review", "stage.first_check"}


def test_24_00_is_the_next_midnight_and_its_last_day_the_fourteenth() -> None:
    stage = fact("wuxi-2024", "stage.apply")

    assert stage.until == instant("2024-07-14T16:00:00+00:00")
    assert stage.last_day == date(2024, 7, 14)


@pytest.mark.parametrize(
    ("stage", "opens", "closes"),
    [
        ("stage.recheck", date(2024, 8, 1), date(2024, 8, 20)),
        ("stage.jury", date(2024, 8, 11), date(2024, 8, 31)),
        ("stage.visit", date(2024, 8, 21), date(2024, 9, 10)),
        ("stage.publicity", date(2024, 9, 1), date(2024, 9, 30)),
        ("stage.naming", date(2024, 9, 1), date(2024, 9, 30)),
    ],
)
def test_a_stage_without_a_day_stays_vague(stage: str, opens: date, closes: date) -> None:
    vague = fact("wuxi-2024", stage)

    assert (vague.vague, vague.until, vague.opens, vague.closes) == (True, None, opens, closes)
    assert vague.binds == "office"


@pytest.mark.parametrize(
    ("notice", "stage", "safe"),
    [
        ("wuhan-2023", "stage.submit", date(2023, 6, 26)),
        ("wuxi-2024", "stage.first_check", date(2024, 7, 27)),
    ],
)
def test_a_disputed_last_day_names_the_safe_one(notice: str, stage: str, safe: date) -> None:
    disputed = fact(notice, stage)

    assert disputed.disputed
    assert disputed.safe_day == safe


@pytest.mark.parametrize(
    ("notice", "moment", "season"),
    [
        ("wuhan-2023", "2023-05-28T23:59:59+08:00", Season.COMING),
        ("wuhan-2023", "2023-05-29T00:00:00+08:00", Season.OPEN),
        ("wuhan-2023", "2023-06-27T23:59:59+08:00", Season.OPEN),
        ("wuhan-2023", "2023-06-28T00:00:00+08:00", Season.CLOSED),
        ("wuhan-2023", "2024-07-01T09:00:00+08:00", Season.CLOSED),
        ("wuxi-2024", "2024-05-27T23:59:59+08:00", Season.COMING),
        ("wuxi-2024", "2024-05-27T16:00:00+00:00", Season.OPEN),
        ("wuxi-2024", "2024-07-01T09:00:00+08:00", Season.OPEN),
        ("wuxi-2024", "2024-07-14T23:59:59+08:00", Season.OPEN),
        ("wuxi-2024", "2024-07-15T00:00:00+08:00", Season.CLOSED),
        ("wuxi-2024", "2024-07-14T16:00:00+00:00", Season.CLOSED),
        ("wuxi-2024", "2024-07-14T15:59:59+00:00", Season.OPEN),
    ],
)
def test_a_season_opens_and_closes_in_chinas_time(notice: str, moment: str, season: Season) -> None:
    assert LIBRARY.notices[notice].season(datetime.fromisoformat(moment)) is season


def test_the_test_dates_of_the_manuals_screens_are_no_stages() -> None:
    assert not [s for part in PARTS for s in facts(Stage, part.id) if s.ends.month == 4]


# —— people and places

TELEPHONES = [
    ("wuhan-2023", "联系人·武汉工匠", ["wuhan-gongjiang"], ["83919071", "83919068"], ["刘燕羽", "杨桂冰"]),
    ("wuhan-2023", "联系人·武汉市技能大师", ["wuhan-dashi"], ["83919069"], ["姜军"]),
    ("wuhan-2023", "联系人·工作室", ["wuhan-studio"], ["83919075"], ["陈民"]),
    ("wuhan-2023", "手册2.2·1", [], ["83919071"], []),
    ("dongxihu-2023", "区通知3", [], ["027-83891432"], ["李龙", "李分芳"]),
    ("wuxi-2024", "附件7·市人社局", [], ["0510-81822591"], ["于占勇"]),
    ("wuxi-2024", "附件7·市实训中心", [], ["0510-83275590"], []),
    ("wuxi-2024", "附件7·平台技术支持", [], ["18019306941"], []),
    ("wuxi-2024", "附件7·江阴", [], ["0510-86711013"], []),
    ("wuxi-2024", "附件7·宜兴", [], ["0510-87981920"], []),
    ("wuxi-2024", "附件7·梁溪", [], ["0510-88772627"], []),
    ("wuxi-2024", "附件7·锡山", [], ["0510-88702762"], []),
    ("wuxi-2024", "附件7·惠山", [], ["0510-83597000-87521"], []),
    ("wuxi-2024", "附件7·滨湖", [], ["0510-85708797"], []),
    ("wuxi-2024", "附件7·新吴", [], ["0510-81891593"], []),
    ("wuxi-2024", "附件7·经开区", [], ["0510-80580168"], []),
]


@pytest.mark.parametrize(("notice", "clause", "programmes", "dial", "people"), TELEPHONES)
def test_each_line_of_telephones_goes_with_its_programme_and_people(
    notice: str, clause: str, programmes: list[str], dial: list[str], people: list[str]
) -> None:
    (line,) = [c for c in facts(Contact, notice) if clause in c.clause]

    assert (list(line.programmes), [p.dial for p in line.phones], list(line.people)) == (
        programmes,
        dial,
        people,
    )


def test_no_telephone_stands_anywhere_else() -> None:
    told = {phone.dial for part in PARTS for line in facts(Contact, part.id) for phone in line.phones}

    assert told == {dial for *_, dials, _ in TELEPHONES for dial in dials}


def test_a_number_printed_without_area_code_says_so() -> None:
    for part in PARTS:
        for line in facts(Contact, part.id):
            assert [p.dial for p in line.phones if re.fullmatch(r"\d{8}", p.shown) and not p.note] == []


@pytest.mark.parametrize(
    ("notice", "clause", "address"),
    [
        ("wuhan-2023", "联系人·资料报送地址", "江岸区金桥大道111号武汉市人社局517办公室"),
        ("dongxihu-2023", "区通知3", "东西湖区人社局201室（东西湖区吴中街302号，两馆一中心）"),
        ("wuxi-2024", "附件7·市人社局", "无锡市滨湖区观山路199号市民中心4号楼"),
        ("wuxi-2024", "附件7·市实训中心", "无锡市惠山区职教园钱藕路6号"),
        ("wuxi-2024", "附件7·江阴", "江阴市长江路141号"),
        ("wuxi-2024", "附件7·经开区", "无锡市万新路77号"),
    ],
)
def test_an_address_is_as_printed(notice: str, clause: str, address: str) -> None:
    (line,) = [c for c in facts(Contact, notice) if clause in c.clause]

    assert line.address == address


def test_the_office_networks_address_is_never_offered_to_people() -> None:
    closed = {p.url for part in PARTS for p in facts(Place, part.id) if p.closed_to_public}
    offered = {p.url for part in PARTS for p in facts(Place, part.id) if not p.closed_to_public and p.url}

    assert closed == {"http://10.9.136.71/"}
    assert offered == {
        "http://ggfw.rsj.wuhan.gov.cn/",
        "http://rsj.wuhan.gov.cn/",
        "https://61.160.99.102:8061/WXJNRC/wxjnrc/login.html",
    }


# —— numbers and money

PLACES = {
    "江阴市人力资源和社会保障局": (4, 9),
    "宜兴市人力资源和社会保障局": (4, 9),
    "梁溪区人力资源和社会保障局": (3, 7),
    "锡山区人力资源和社会保障局": (3, 7),
    "惠山区人力资源和社会保障局": (3, 7),
    "滨湖区人力资源和社会保障局": (3, 7),
    "新吴区人力资源和社会保障局": (3, 7),
    "经开区社会事业局": (1, 4),
    "无锡市人力资源和社会保障局": (2, 0),
    "无锡市教育局": (1, 0),
    "无锡市总工会": (1, 1),
    "无锡市国资委": (3, 5),
    "其他行业主管部门及行业组织": (2, 2),
    "合计": (33, 65),
}


def quotas(notice: str) -> dict[tuple[str, str], Quota]:
    return {(quota.body, quota.programmes[0]): quota for quota in facts(Quota, notice)}


def test_wuxis_table_of_places_is_annex_3() -> None:
    told = quotas("wuxi-2024")

    assert {key: quota.count for key, quota in told.items()} == {
        (body, programme): count
        for body, counts in PLACES.items()
        for programme, count in zip(("wuxi-studio", "wuxi-zhuoyue"), counts, strict=True)
    }
    assert {body for (body, _), quota in told.items() if quota.total} == {"合计"}


def test_only_yixing_has_a_limit_for_zisha() -> None:
    limits = {key: [(x.of, x.at_most) for x in q.sub_limits] for key, q in quotas("wuxi-2024").items()}

    assert {key: limit for key, limit in limits.items() if limit} == {
        ("宜兴市人力资源和社会保障局", "wuxi-studio"): [("紫砂类", 1)],
        ("宜兴市人力资源和社会保障局", "wuxi-zhuoyue"): [("紫砂类", 2)],
    }


def test_wuhans_places_by_kind_of_body() -> None:
    assert {key: quota.count for key, quota in quotas("wuhan-2023").items()} == {
        ("各区（开发区、功能区）", "wuhan-gongjiang"): 5,
        ("各区（开发区、功能区）", "wuhan-dashi"): 10,
        ("市直主管部门", "wuhan-gongjiang"): 5,
        ("市直主管部门", "wuhan-dashi"): 10,
        ("中央、省属在汉单位", "wuhan-gongjiang"): 2,
        ("中央、省属在汉单位", "wuhan-dashi"): 4,
        ("市属大型企业", "wuhan-gongjiang"): 2,
        ("市属大型企业", "wuhan-dashi"): 4,
    }


def test_the_numbers_selected_with_their_vagueness() -> None:
    assert {
        award.programmes[0]: (award.count, award.unit, award.word)
        for notice in LIBRARY.notices
        for award in facts(Award, notice)
    } == {
        "wuhan-gongjiang": (20, "名", "左右"),
        "wuhan-dashi": (50, "名", "左右"),
        "wuhan-studio": (5, "个", "以上"),
        "wuxi-studio": (10, "个", "左右"),
        "wuxi-zhuoyue": (30, "人", "左右"),
    }


def test_the_sums_of_money_and_who_gets_them() -> None:
    sums = {m.id: (m.programmes, m.amount, m.cap) for m in facts(Money, "wuxi-2024") if m.amount}

    assert sums == {
        "money.studio.startup": (("wuxi-studio",), 50_000, None),
        "money.studio.unit": (("wuxi-studio",), 40_000, None),
        "money.studio.leader": (("wuxi-studio",), 10_000, None),
        "money.studio.yearly": (("wuxi-studio",), 20_000, 100_000),
        "money.studio.most": (("wuxi-studio",), 150_000, None),
        "money.zhuoyue.bonus": (("wuxi-zhuoyue",), 10_000, None),
    }
    assert {m.region for m in facts(Money, "wuxi-2024") if not m.amount} == {"江阴市", "宜兴市"}
    assert facts(Money, "wuhan-2023") == facts(Money, "dongxihu-2023") == []


# —— what to hand in


@pytest.mark.parametrize(
    ("notice", "limit"),
    [
        ("wuhan-2023", (2000, "字")),
        ("wuxi-2024", (5, "张")),
        ("wuxi-2024", (5, "年")),
    ],
)
def test_the_limits_of_what_is_handed_in(notice: str, limit: tuple[int, str]) -> None:
    assert limit in {(x.at_most, x.unit) for m in facts(Material, notice) for x in m.limits}


def test_a_form_for_every_annex_that_is_one() -> None:
    assert {form.annex for form in facts(Form, "wuxi-2024")} >= {f"附件{n}" for n in (1, 2, 4, 5, 6)}


def test_a_statuss_meaning_is_labelled_as_our_reading() -> None:
    shown = {status.name for status in facts(Status, "wuhan-2023")}
    statuses = LIBRARY.notices["wuhan-2023"].statuses

    assert shown == {"初审退回", "初审未通过", "进入初审", "进行中"} == {status.word for status in statuses}
    assert [status.id for status in statuses if "手册未作说明" not in status.label or not status.ask] == []


# —— clauses


def test_every_clause_is_cited_by_a_fact() -> None:
    lines = coverage_lines(LIBRARY)

    assert [line for line in lines if line.startswith(" ")] == []
    assert [line.split(":")[0] for line in lines] == [part.id for part in PARTS]


@pytest.mark.parametrize(
    ("clause", "citation"),
    [
        ("二（一）4", "二（一）第4项"),
        ("一（二）", "一（二）"),
        ("二（一）1（2）", "二（一）第1项（2）"),
        ("五（四）", "五（四）"),
        ("附件5·二", "附件5·二"),
        ("手册1.3.2", "手册1.3.2"),
        ("一（一）末段", "一（一）末段"),
    ],
)
def test_a_clause_is_cited_as_people_quote_it(clause: str, citation: str) -> None:
    assert Clause(id=clause, text="…").citation == citation


def test_a_fact_is_cited_by_its_clause_and_a_relays_with_its_name() -> None:
    contests = [
        s for s in LIBRARY.sourced.values() if s.notice.id == "wuhan-2023" and s.fact.clause == ("二（一）4",)
    ]

    assert {contest.citation for contest in contests} == {"二（一）第4项"}
    assert LIBRARY.sourced["wuxi-2024/stage.apply"].citation == "三（一）"
    assert LIBRARY.sourced["dongxihu-2023/stage.online"].citation == "东西湖区2023年转发通知 第2段"


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.id)
def test_a_clause_is_found_by_its_citation_and_by_no_other(part: Any) -> None:
    keys = [clause_key(clause) for clause in part.clauses]

    assert len(set(keys)) == len(keys)
    for clause in part.clauses.values():
        assert (part.id, clause.id) in {(p.id, c.id) for _, p, c in LIBRARY.clauses[clause_key(clause.id)]}
        if not clause.cite:
            assert clause_key(clause.citation) == clause_key(clause.id)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.id)
def test_a_silence_names_no_figure_but_those_of_the_facts_beside_it(part: Any) -> None:
    for silence in part.silences:
        near = [LIBRARY.sourced[f"{part.id}/{near}"] for near in silence.near]
        known = figures(str(part.header)).union(
            *(figures(f"{clause.id} {clause.citation} {clause.text}") for s in near for clause in s.clauses)
        )
        assert figures(silence.say) <= known, silence.id


# —— nothing can be changed


def test_what_the_library_holds_cannot_be_changed() -> None:
    notice = LIBRARY.notices["wuxi-2024"]
    stage = fact("wuxi-2024", "stage.apply")

    with pytest.raises(ValidationError):
        stage.until = None
    with pytest.raises(AttributeError):
        notice.source = ""  # type: ignore[misc]  # the refusal is what is tested
    with pytest.raises(AttributeError):
        LIBRARY.version = ""  # type: ignore[misc]
    for mapping in (LIBRARY.notices, LIBRARY.sourced, LIBRARY.programmes, LIBRARY.clauses, notice.clauses):
        with pytest.raises(TypeError):
            mapping["new"] = None  # type: ignore[index]
    assert isinstance(notice.facts, tuple)
    assert isinstance(stage.about, tuple)


def test_the_same_files_give_the_same_version_and_changed_ones_another(tmp_path: Path) -> None:
    copied = shutil.copytree(DATA, tmp_path / "data")
    before = Library.load(base=copied)
    assert before.version == Library.load(base=copied).version == LIBRARY.version

    statuses = copied / "wuhan-2023" / "statuses.yaml"
    statuses.write_text(f"{statuses.read_text(encoding='utf-8')}# one line more\n", encoding="utf-8")
    assert Library.load(base=copied).version != before.version
