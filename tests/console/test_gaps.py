"""Gaps over HTTP: grouped, taught, handed on or left; each inside the visitor's scope."""

from __future__ import annotations

import re
from datetime import timedelta

from store.records import Role
from store.scope import Scope
from tests.console.office import DISTRICT, NOON, Browser, Office
from tests.store.scene import Effect, Mind, in_time, message

WUHAN, WUXI = Scope("武汉"), Scope("无锡")
WORDINGS = ("翻毛鸡咋个整", "翻毛鸡咋个整呢", "翻毛鸡要咋个整")
HARMFUL = "宜兴这边网上填表，封口日子是哪天"


async def ask(
    office: Office, *questions: str, city: str = "武汉", district: str = "", people: int = 9
) -> None:
    for number, question in enumerate(questions):
        values = {"question": question, "why": "unknown", "city": city, "district": district}
        arrival = message(
            f"{question}{number}",
            sender=f"o{number}",
            received_at=NOON + timedelta(minutes=number),
        )
        await office.store.turn(arrival, Mind(Effect(name="gap", values=values)), passive=in_time)


async def open_group(office: Office, login: str = "chen") -> tuple[Browser, str]:
    browser = await office.enter(login)
    await browser.open("/console/gaps")
    found = re.search(r"console/gaps/(\d+)", browser.text)
    assert found
    path = f"/console/gaps/{found[1]}"
    await browser.open(path)
    return browser, path


async def test_like_questions_stand_together_with_their_counts(both: Office) -> None:
    await ask(both, *WORDINGS, "完全两样的另外一件事情", "完全两样的另外一件事情")
    await both.staff("chen", Role.ADMIN, WUHAN)
    browser, path = await open_group(both)
    await browser.open("/console/gaps")
    assert "3 次，3 人" in browser.plain
    assert "2 次，2 人" in browser.plain
    assert browser.text.count("console/gaps/") == 2
    await browser.open(path)
    assert browser.status == 200


async def test_what_leads_to_somebody_is_not_shown(office: Office) -> None:
    await ask(office, "我叫王五打13812345678问翻毛鸡")
    await office.staff("chen", Role.ADMIN, WUHAN)
    browser = await office.enter("chen")
    await browser.open("/console/gaps")
    assert "王五" not in browser.text
    assert "只有一个人" in browser.plain
    browser, path = await open_group(office)
    assert "13812345678" not in browser.text
    await browser.send(f"{path}/task", wording="翻毛鸡怎么办")
    assert browser.status == 422
    assert "先看一遍" in browser.plain
    await browser.send(f"{path}/task", wording="翻毛鸡怎么办", looked="yes")
    assert browser.status == 200
    assert "翻毛鸡怎么办" in browser.plain


async def test_a_group_becomes_a_wording_of_a_topic(both: Office) -> None:
    await ask(both, *WORDINGS)
    await both.staff("chen", Role.ADMIN, WUHAN)
    browser, path = await open_group(both)
    await browser.send(f"{path}/teach", wording=WORDINGS[0], topic="aspect:deadline")
    assert browser.url == "/console/gaps"
    assert "已教会" in browser.plain
    async with both.store.work() as work:
        (lesson,) = await work.lessons()
    assert (lesson.city, lesson.wording, lesson.topic, lesson.taught_by) == (
        "武汉",
        WORDINGS[0],
        "aspect:deadline",
        "chen",
    )
    assert (await both.acts())[-1] == ("gap.taught", f"lesson:{lesson.id}")
    await browser.open(path)
    assert browser.status == 404
    await browser.open("/console/gaps")
    await browser.send(f"/console/gaps/lessons/{lesson.id}/end")
    async with both.store.work() as work:
        assert await work.lessons() == ()


async def test_what_makes_another_answer_worse_is_refused_and_shown(office: Office) -> None:
    await ask(office, HARMFUL, HARMFUL, city="无锡")
    await office.staff("chen", Role.ADMIN, WUXI)
    browser, path = await open_group(office)
    await browser.send(f"{path}/teach", wording=HARMFUL, topic="aspect:contact")
    assert browser.status == 409
    assert "会让 1 个本来答得对的问题变差" in browser.plain
    async with office.store.work() as work:
        assert await work.lessons() == ()


async def test_a_form_with_faults_says_where(office: Office) -> None:
    await ask(office, *WORDINGS)
    await office.staff("chen", Role.ADMIN, WUHAN)
    browser, path = await open_group(office)
    await browser.send(f"{path}/teach", wording="短", topic="nothing")
    assert browser.status == 422
    assert "太短了" in browser.plain
    assert "请从给出的里面选" in browser.plain


async def test_a_task_is_handed_on_and_done(office: Office) -> None:
    await ask(office, *WORDINGS, district="东西湖区")
    await office.staff("li", Role.CLERK, DISTRICT)
    await office.staff("chen", Role.ADMIN, WUHAN)
    browser, path = await open_group(office, "li")
    assert "教给它</button>" not in browser.text
    await browser.send(f"{path}/teach", wording=WORDINGS[0], topic="aspect:deadline")
    assert browser.status == 403
    await browser.open(path)
    await browser.send(f"{path}/task", wording=WORDINGS[0])
    assert "已交给" in browser.plain
    admin = await office.enter("chen")
    await admin.open("/console/gaps")
    await admin.send("/console/gaps/tasks/1/done")
    assert "已记为办完" in admin.plain
    assert WORDINGS[0] not in admin.plain


async def test_a_group_may_be_left(office: Office) -> None:
    await ask(office, *WORDINGS)
    await office.staff("chen", Role.ADMIN, WUHAN)
    browser, path = await open_group(office)
    await browser.send(f"{path}/leave")
    assert browser.url == "/console/gaps"
    assert WORDINGS[0] not in browser.plain


async def test_another_city_sees_nothing_of_it(office: Office) -> None:
    await ask(office, *WORDINGS)
    await office.staff("wu", Role.ADMIN, WUXI)
    browser = await office.enter("wu")
    await browser.open("/console/gaps")
    assert "console/gaps/" not in browser.text
    await browser.send("/console/gaps/1/leave")
    assert browser.status == 404


async def test_a_script_in_a_question_stays_text(office: Office) -> None:
    script = "<script>alert(1)</script>翻毛鸡"
    await ask(office, script, script)
    await office.staff("chen", Role.ADMIN, WUHAN)
    browser, _ = await open_group(office)
    assert "<script>alert" not in browser.text
    assert script in browser.plain or "alert(1)" in browser.plain
