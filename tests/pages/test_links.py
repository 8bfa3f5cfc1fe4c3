"""Pages that people and calendars open by link: the subscription of reminders, and feeds."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from aiohttp import ClientResponse, ClientSession
from typer.testing import CliRunner

from bot.cli import cli
from bot.simulator import Template, TemplateKind
from tests.seasons import CARD, Season, season
from tests.store.units import CODE

PUBLIC = "http://127.0.0.1:9"
ONCE = {"id": "once", "fields": {"matter": "thing1", "when": "time2"}}
FORM = "事项：{{thing1.DATA}}\n时间：{{time2.DATA}}\n"


@pytest_asyncio.fixture
async def run(tmp_path: Path) -> AsyncIterator[Season]:
    templates = {"reminder": {"subscribe": ONCE}, "binding": CARD}
    async with season(tmp_path, "2023-06-01 10:00", public_url=PUBLIC, templates=templates) as running:
        running.simulator.templates.add(
            Template(id="once", title="提醒", content=FORM, kind=TemplateKind.ONCE)
        )
        yield running


async def opened(run: Season, url: str, phone: str = "", **headers: str) -> tuple[ClientResponse, str]:
    """The page behind a link of ours, or of the platform's, as this phone opens it."""
    async with ClientSession(cookies={"phone": phone} if phone else None) as session:
        address = url.replace(PUBLIC, run.line.url)
        async with session.get(address, allow_redirects=False, headers=headers) as response:
            return response, await response.text()


async def shown(run: Season, url: str, phone: str) -> tuple[ClientResponse, str]:
    """Where the platform leads somebody who opens a link inside WeChat."""
    first, _ = await opened(run, url)
    assert first.status == 302
    assert "scope=snsapi_base" in first.headers["Location"]
    assert urlsplit(first.headers["Location"]).path == "/connect/oauth2/authorize"
    back, _ = await opened(run, first.headers["Location"], phone)
    return await opened(run, back.headers["Location"])


async def test_a_page_obtains_the_subscription_and_the_reminder_comes_by_it(run: Season) -> None:
    openid = await run.person("提醒我武汉工匠")
    said = await run.say(openid, "江岸区")
    assert "想收到订阅通知" in said
    (url,) = re.findall(r"http://\S+", said)
    page, text = await shown(run, url, openid)
    assert page.status == 200
    (template,) = re.findall(r'<wx-open-subscribe template="(\w+)"', text)
    (nonce,) = set(re.findall(r'nonce="([\w-]+)"', text))
    assert f"'nonce-{nonce}'" in page.headers["Content-Security-Policy"]
    assert '"openTagList": ["wx-open-subscribe"]' in text
    await run.simulator.allow(openid, {template: True})
    assert "授权一次只够发一条" in await run.say(openid, "提醒我武汉工匠")
    await run.go("2023-06-12 09:00", "2023-06-19 09:00")
    assert run.whens(openid) == ["06-12 09:00"], "one permission, one message"


async def test_a_link_is_of_one_person_alone(run: Season) -> None:
    openid, other = await run.person("提醒我武汉工匠"), await run.person()
    (url,) = re.findall(r"http://\S+", await run.say(openid, "江岸区"))
    page, text = await shown(run, url, other)
    assert page.status == 403
    assert "给别人的" in text
    page, text = await opened(run, f"{url}?code=made-up")
    assert (page.status, "请在微信里打开" in text) == (403, True)


async def test_a_feed_is_subscribed_to_and_taken_back(run: Season) -> None:
    openid = await run.person()
    said = await run.say(openid, "订阅日历 武汉工匠，东西湖区")
    (url,) = re.findall(r"http://\S+\.ics", said)
    page, text = await opened(run, url)
    assert page.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "DTSTART;VALUE=DATE:20230626" in text
    assert text.count("BEGIN:VEVENT") >= 1
    again, _ = await opened(run, url, **{"If-None-Match": page.headers["ETag"]})
    assert again.status == 304
    assert "收回" in await run.say(openid, "收回日历")
    gone, _ = await opened(run, url)
    assert gone.status == 404


async def test_a_unit_has_a_feed_of_all_that_its_city_has(run: Season) -> None:
    hr = await run.unit(CODE, "东西湖区")
    (url,) = re.findall(r"http://\S+\.ics", await run.say(hr, "订阅日历"))
    _, text = await opened(run, url)
    # 东西湖区's own date, and the city's for the programme without one
    assert text.count("BEGIN:VEVENT") == 2


async def test_whoever_names_nothing_chooses(run: Season) -> None:
    openid = await run.person()
    assert "1 武汉工匠" in await run.say(openid, "加到日历")
    assert ".ics" in await run.say(openid, "1")


def test_staff_make_and_take_back_links_by_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIANGWEN_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/a.db")
    monkeypatch.setenv("JIANGWEN_PUBLIC_URL", "https://jiangwen.example")
    commands = CliRunner()
    made = commands.invoke(cli, ["calendar", "link", "wuhan-gongjiang", "--district", "东西湖区"])
    assert made.exit_code == 0, made.output
    url = made.output.strip()
    assert url.startswith("https://jiangwen.example/p/")
    assert commands.invoke(cli, ["calendar", "revoke", url]).exit_code == 0
    assert commands.invoke(cli, ["calendar", "revoke", url]).exit_code == 2
    file = tmp_path / "a.ics"
    assert commands.invoke(cli, ["calendar", "file", "wuhan-gongjiang", str(file)]).exit_code == 0
    assert file.read_bytes().startswith(b"BEGIN:VCALENDAR")


def test_staff_enter_days_and_durations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIANGWEN_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/a.db")
    commands = CliRunner()

    def said(*words: str, code: int = 0) -> str:
        result = commands.invoke(cli, list(words))
        assert result.exit_code == code, result.output
        return result.output

    table = tmp_path / "days.csv"
    table.write_text(
        "day,kind,name,source\n2027-02-06,rest,春节,国办发明电\n2027-02-07,nap,,x\n", encoding="utf-8"
    )
    assert "line 3" in said("days", "import", str(table), code=1)
    assert "assumed" in said("days", "show", "2027-02-06", "2027-02-06"), "nothing was kept"
    table.write_text("day,kind,name,source\n2027-02-06,rest,春节,国办发明电\n", encoding="utf-8")
    said("days", "import", str(table))
    said("days", "set", "2027-02-07", "work", "--name", "调休", "--source", "国办发明电")
    shown_days = said("days", "show", "2027-02-06", "2027-02-08").splitlines()
    assert shown_days == [
        "2027-02-06 Sat rest 春节 (国办发明电)",
        "2027-02-07 Sun work 调休 (国办发明电)",
        "2027-02-08 Mon work  assumed",
    ]
    said("days", "set", "2027-02-07", "library")
    said("days", "set", "2027-02-07", "rest", code=2)
    said("durations", "set", "wuhan-2023", "publicity", "5", "--district", "东西湖区", "--by", "李经办")
    assert "东西湖区: 5 working days, by 李经办" in said("durations", "show", "wuhan-2023")
    said("durations", "set", "wuhan-2023", "holiday", "5", code=2)
