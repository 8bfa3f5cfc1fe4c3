"""Contacts that staff corrected: told everywhere, the notice's own beside them; and calls that failed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, datetime
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue import Dialogue
from bot.notification import Notifier
from bot.pages.result import Check, sheets
from handlers.reviews import Change, alerts
from knowledge.library import Library
from knowledge.notice import Contact
from knowledge.overlay import Check as Checked
from knowledge.overlay import Overlay, local, printed
from knowledge.workdays import WorkingDays
from tests import progressing
from tests.correcting import (
    DONGXIHU,
    GONGJIANG,
    HUISHAN,
    ON,
    SOURCE,
    corrected_everywhere,
    correction,
    overlay,
)
from tests.pages.people import MASTER, WUHAN, content
from tests.talk import WHOLE, incoming_text, sample, talk
from tests.test_trace import untraced
from tests.wire import SEASON

LATE = datetime.fromisoformat("2024-09-01T10:00:00+08:00")
LABEL = "（工作人员更正，来源：人社局官网公告，2024-06-03）"
NIGHT = datetime.fromisoformat("2024-07-01T21:00:00+08:00")


@cache
def library() -> Library:
    return Library.load()


@cache
def dialogue() -> Dialogue:
    return Dialogue(library())


@cache
def everywhere() -> Dialogue:
    return dialogue().under(library().overlaid(corrected_everywhere(library())))


def told(*turns: str, by: Dialogue, now: datetime = SEASON) -> str:
    return talk(by, turns, now)[-1].text or ""


def left_wrong(text: str) -> list[str]:
    """The corrected contacts of which a text gives the number that is wrong, and not the right one."""
    return [
        office.id
        for office in everywhere().library.corrected
        for number in office.contact.phones
        if re.search(rf"(?<!\d){local(number.dial).split('-')[0]}(?!\d)", text)
        and not any(local(right) in text for right in office.phones)
    ]


PATHS = [
    ["武汉工匠找谁问"],
    ["无锡电话多少"],
    ["惠山区人社局电话地址"],
    ["我在东西湖区，找谁问"],
    ["83919071是谁的电话"],
    ["主管部门后台账号找谁申请"],
    ["平台打不开找谁"],
    ["无锡", "转人工"],
    ["武汉工匠几号截止", "没帮到"],
    ["笨死了"],
    ["汉阳区电话"],
    ["武汉工匠有没有班车"],
    ["无锡卓越技师能不能带家属体检"],
    ["联系人 原文"],
    ["附件7·江阴 原文"],
    ["手册2.2·1 原文"],
    ["看通知", "1"],
    ["自查武汉工匠", "看结果"],
    ["我能报无锡卓越技师吗", "看结果", "逐条看"],
    ["武汉工匠材料送到哪里"],
    ["工作室资料报送地址"],
    ["惠山区电话多少", "没人接"],
    ["无锡的电话打不通", "1"],
    ["83919071没人接"],
    ["东西湖区地址在哪"],
    ["无锡的电话和地址", "更多"],
    *(question["turns"] for question in sample()),
]


@pytest.mark.parametrize("now", [SEASON, LATE], ids=["in season", "after"])
@pytest.mark.parametrize("turns", PATHS, ids=lambda turns: str(turns[0]))
def test_no_reply_gives_a_number_known_to_be_wrong_alone(turns: list[str], now: datetime) -> None:
    for said in talk(everywhere(), turns, now):
        assert left_wrong(said.text or "") == [], said.text


@pytest.mark.parametrize("fact", [s.id for s in library().sourced.values()])
def test_no_clause_gives_one_alone_either(fact: str) -> None:
    for clause in library().sourced[fact].clauses:
        (said,) = talk(everywhere(), [f"{clause.id} 原文"])
        assert left_wrong(said.text or "") == [], said.text


def test_the_corrected_number_comes_first_with_its_source_and_then_the_notice_s() -> None:
    by = dialogue().under(library().overlaid(overlay(correction(library(), GONGJIANG))))
    text = told("武汉工匠找谁问", by=by)

    assert f"027-60000001{LABEL}；通知原写：83919071、83919068" in text
    assert told("武汉市技能大师找谁问", by=by) == told("武汉市技能大师找谁问", by=dialogue())


def test_another_address_and_a_remark_are_told_with_their_source() -> None:
    moved = correction(library(), HUISHAN, phones=(), address="政和大道1号", remark="周五下午不办")
    by = dialogue().under(library().overlaid(overlay(moved)))
    text = told("惠山区人社局地址电话", by=by)

    assert f"地址：政和大道1号{LABEL}；通知原写：无锡市惠山区" in text
    assert "周五下午不办" in text
    assert "0510-83597000-87521（87521是分机号）" in text
    noted = replace(moved, address="")
    text = told("惠山区电话", by=dialogue().under(library().overlaid(overlay(noted))))
    assert f"周五下午不办{LABEL}" in text


@pytest.mark.parametrize(
    "question", ["武汉工匠找谁问", "联系人·武汉工匠 原文", "主管部门后台账号找谁申请", "83919071没人接"]
)
def test_every_figure_of_a_correction_is_traced(question: str) -> None:
    seen = {
        GONGJIANG: Checked(fact=GONGJIANG, printed=_printed(GONGJIANG), correction=1, on=date(2024, 6, 5))
    }
    held = overlay(correction(library(), GONGJIANG, remark="3楼305室"))
    by = dialogue().under(library().overlaid(replace(held, checks=seen)))
    (said,) = talk(by, [question])
    staff = json.loads(said.trace)["staff"]

    assert "027-60000001" in (said.text or "")
    assert untraced(said, f"{question} {json.dumps(staff)}") == set(), said.text
    assert staff[GONGJIANG]["correction"].startswith(f"1 {ON} {SOURCE}")


def test_a_correction_falls_away_where_the_notice_says_something_else_now() -> None:
    held = correction(library(), GONGJIANG)
    for gone in (replace(held, printed="83910000 "), replace(held, fact="wuhan-2023/phone.gone")):
        by = dialogue().under(library().overlaid(overlay(gone)))
        assert told("武汉工匠找谁问", by=by) == told("武汉工匠找谁问", by=dialogue())


def test_what_somebody_made_sure_of_is_said_as_long_as_it_is_the_same() -> None:
    checked = Checked(fact=GONGJIANG, printed=_printed(GONGJIANG), correction=None, on=ON)
    sure = Overlay(checks={GONGJIANG: checked})
    assert "2024-06-03核对过" in told("武汉工匠找谁问", by=dialogue().under(library().overlaid(sure)))
    since = replace(sure, corrections={GONGJIANG: correction(library(), GONGJIANG)})
    assert "核对过" not in told("武汉工匠找谁问", by=dialogue().under(library().overlaid(since)))


def test_the_notice_itself_stays_as_it_is() -> None:
    corrected = everywhere().library
    assert [s.fact for s in corrected.sourced.values()] == [s.fact for s in library().sourced.values()]
    assert corrected.version == library().version


def test_the_rest_of_a_reply_from_before_is_righted() -> None:
    first = dialogue().turn(
        incoming_text("无锡电话和地址 江阴 宜兴 梁溪"), None, limit_bytes=400, real_seconds=0
    )
    said = first
    texts: list[str] = []
    while "更多" in (said.text or "") and len(texts) < 20:
        said = everywhere().turn(incoming_text("更多"), said.state, limit_bytes=400, real_seconds=0)
        texts.append(said.text or "")
    assert texts
    assert left_wrong("\n".join(texts)) == []
    assert all(len(text.encode()) <= 400 for text in texts)


@pytest.mark.parametrize("status", ["初审退回", "进入初审"])
def test_an_alert_on_an_application_names_the_corrected_number(status: str) -> None:
    notifier = Notifier(library())
    notifier.take(everywhere().library)
    returned = "退回" in status
    change = Change(
        **progressing.change(
            before="",
            status=status,
            opinion="缺照片" if returned else "",
            return_id=1 if returned else 0,
            contact=None,
            seats=1,
        )
    )
    for alert in alerts([change], occasion="x", workdays=WorkingDays(), now=progressing.NOW):
        content = json.dumps(alert.values, ensure_ascii=False)
        said = notifier.notification(template=alert.template, content=content, now=progressing.NOW)
        assert left_wrong(said.text) == [], said.text
        assert alert.template == "status/due" or "027-6" in said.text


def test_the_progress_of_applications_names_it_too() -> None:
    person = progressing.Person(speaking=[progressing.speaking(progressing.application())])
    for text in progressing.talk(everywhere(), person, "我的进度", "退回意见", "转人工", "打不通"):
        assert "027-6" in text
        assert left_wrong(text) == [], text


def test_the_page_of_a_self_check_links_to_it() -> None:
    for districts in ([], ["东西湖区"]):
        kept = content(everywhere().library, MASTER, WUHAN[:1], districts=districts)
        check = Check.read(kept, everywhere().library)
        assert check
        (sheet,) = sheets(check, everywhere().library, SEASON)
        assert all(office.phones[0].startswith("027-6") and office.rung for office in sheet.offices)


def test_what_staff_wrote_goes_out_as_it_was_approved() -> None:
    notifier = Notifier(library())
    values = {"title": "改", "pieces": ["电话83919071"], "city": "武汉", "district": "", "corrects": None}
    before = notifier.notification(
        template="bulletins/notice", content=json.dumps(values, ensure_ascii=False), now=SEASON
    ).text
    notifier.take(everywhere().library)
    after = notifier.notification(
        template="bulletins/notice", content=json.dumps(values, ensure_ascii=False), now=SEASON
    ).text
    assert after == before


# —— calls that failed


def person() -> progressing.Person:
    return progressing.Person()


def dialled(
    *turns: str, now: datetime = SEASON, by: Dialogue | None = None
) -> tuple[str, list[dict[str, str]]]:
    """The reply to the last of a person's turns, and what it reports."""
    state: str | None = None
    said = None
    for turn in turns:
        said = (by or dialogue()).turn(
            incoming_text(turn, now), state, limit_bytes=WHOLE, real_seconds=0, affairs=person()
        )
        state = said.state
    assert said
    return said.text or "", [dict(e.values) for e in said.effects if e.name == "report_office"]


FAILED = [
    "打不通",
    "电话打不通",
    "这电话打不通啊",
    "那个号码是空号",
    "打了几次都没人接",
    "没人接",
    "一直占线",
    "打电话老是忙音",
    "你给的号码是空号",
    "电话没人接啊",
    "没人接电话",
    "打了三遍都不通",
    "拨不通",
    "打不进去",
    "冇得人接",
    "没得人接哦",
    "打冇通",
    "电话打唔通",
    "打不同",
    "电话打布通",
    "这个电话停机了",
    "打过去是传真",
    "说是号码不存在",
    "打不通怎么办",
    "電話打不通",
    "总是无法接通",
    "半天没接",
    "他们不接电话",
    "电话号码不对",
    "给的电话根本打不通",
    "响了半天没人接",
    "通了但是没人接",
    "打电话没打通",
    "还没打通",
    "接电话的说打错了",
    "打过去说是卖房的",
    "您拨打的用户已关机",
    "号码停用了",
    "电话停用了",
    "座机没人",
    "打勿通",
    "么得人接",
    "电话冇人听",
    "没人结电话",
    "电话打不痛",
    "dabutong",
    "meirenjie",
    "no answer",
]


@pytest.mark.parametrize("words", FAILED)
def test_a_failed_call_is_noted_of_the_office_named_last(words: str) -> None:
    text, reports = dialled("惠山区人社局电话多少", words)

    assert reports == [{"fact": HUISHAN, "city": "无锡", "district": "惠山区", "number": "", "open": "1"}]
    assert "记下了" in text
    assert "0510-81822591" in text, "the city's line is another way"


@pytest.mark.parametrize(
    "words",
    [
        "平台打不开",
        "平台接不通",
        "系统打不进去",
        "这个审核没通过",
        "公示没人接收材料",
        "我修设备避免停机，这损失怎么折成钱写",
        "万一打不通怎么办",
        "电话会不会打不通",
        "83275590能打通吗",
        "打通了，谢谢",
        "证书号码不对怎么办",
        "工作室电话多少",
        "身份证号码填错了",
        "我电话填错了怎么改",
        "没人接手这个项目行吗",
        "材料没人接待吗",
        "流程走不通",
        "和条件不同",
        "登进去显示账号不存在",
        "我的电话错了怎么改",
        "名字打错了字能改吗",
        "没人听课算不算带徒",
        "有没有人接待",
        "手机号不存在登不上平台",
        "打错了，我要宜兴的",
    ],
)
def test_what_is_no_failed_call_is_left_to_others(words: str) -> None:
    text, reports = dialled("惠山区人社局电话多少", words)

    assert reports == []
    assert "记下了" not in text


@pytest.mark.parametrize(
    ("words", "fact", "number"),
    [
        ("83919069没人接", "wuhan-2023/phone.dashi", "83919069"),
        ("027-8391 9069打不通", "wuhan-2023/phone.dashi", "83919069"),
        ("８３９１９０６９是空号", "wuhan-2023/phone.dashi", "83919069"),
        ("0510-83597000-87521占线", HUISHAN, "0510-83597000-87521"),
        ("姜军电话没人接", "wuhan-2023/phone.dashi", ""),
        ("惠山区人社局电话打不通", HUISHAN, ""),
        ("武汉市技能大师的电话打不通", "wuhan-2023/phone.dashi", ""),
        ("东西湖区电话没人接", DONGXIHU, ""),
        ("无锡平台客服没人接", "wuxi-2024/contact.platform", ""),
    ],
)
def test_what_was_said_goes_before_what_was_named(words: str, fact: str, number: str) -> None:
    for before in ([], ["宜兴电话多少"]):
        _, reports = dialled(*before, words)
        assert [(report["fact"], report["number"]) for report in reports] == [(fact, number)]


def test_a_number_of_two_rows_is_the_one_that_was_named() -> None:
    _, reports = dialled("武汉工匠找谁问", "83919071没人接")
    assert [report["fact"] for report in reports] == [GONGJIANG]


def test_the_other_number_of_the_row_is_offered() -> None:
    text, _ = dialled("83919071占线")
    assert "另一个号码83919068可以试" in text


def test_which_office_is_asked_where_nobody_has_said() -> None:
    text, reports = dialled("打不通怎么办")
    assert reports == []
    assert "哪个城市" in text
    text, reports = dialled("打不通怎么办", "2", "8")
    assert [report["fact"] for report in reports] == [HUISHAN]
    text, reports = dialled("13800001111打不通")
    assert (reports, "记下了" in text) == ([], False)


def test_another_question_is_answered_as_well() -> None:
    text, reports = dialled("惠山区电话多少", "电话没人接，卓越技师哪天截止")
    assert reports
    assert "7月14日" in text
    assert dialled("你们电话一天没人接 卓越技师到底哪天截止")[1] == []


def test_after_a_report_the_same_is_meant_or_the_other_way() -> None:
    assert dialled("惠山区电话多少", "没人接", "还是没人接")[1][0]["fact"] == HUISHAN
    assert dialled("惠山区电话多少", "没人接", "这个也打不通")[1][0]["fact"] == "wuxi-2024/contact.city"
    assert dialled("惠山区电话多少", "没人接", "宜兴电话多少", "没人接")[1][0]["fact"].endswith("yixing")


def test_out_of_hours_it_is_said_and_marked() -> None:
    text, reports = dialled("惠山区电话多少", "没人接", now=NIGHT)
    assert reports[0]["open"] == ""
    assert "现在不是办公时间" in text
    assert "明天 09:00" in text


def test_a_number_that_is_corrected_already_is_told_and_not_reported() -> None:
    text, reports = dialled("83919069打不通", by=everywhere())
    assert reports == []
    assert "83919069已经改了" in text
    assert left_wrong(text) == []


def test_without_a_store_nothing_is_promised() -> None:
    text = told("惠山区电话多少", "没人接", by=dialogue())
    assert "不能替您记下" in text
    assert "记下了" not in text


def test_a_number_of_staff_that_fails_is_reported_as_theirs() -> None:
    by = dialogue().under(library().overlaid(overlay(correction(library(), GONGJIANG))))
    _, reports = dialled("027-60000001没人接", by=by)
    assert [(report["fact"], report["number"]) for report in reports] == [(GONGJIANG, "027-60000001")]


@given(digits=st.text("0123456789 -—", max_size=30))
def test_any_digits_are_read(digits: str) -> None:
    _, reports = dialled(f"{digits}没人接")
    assert all(report["fact"] in library().sourced for report in reports)


def _printed(fact: str) -> str:
    contact = library().sourced[fact].fact
    assert isinstance(contact, Contact)
    return printed(contact)
