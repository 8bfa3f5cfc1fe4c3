"""Accounts: of oneself, and of others."""

from __future__ import annotations

import re

import pyotp
import pytest

from bot.console import passwords, second
from store.records import Role
from store.schema import audit_values, staff
from store.scope import Scope
from tests.console.office import PASSWORD, Office
from tests.store.scene import rows

WUHAN = Scope("武汉")


async def test_an_account_is_made_and_its_owner_comes_in(both: Office) -> None:
    await both.staff("chen", Role.ADMIN, WUHAN)
    chen = await both.enter("chen")
    await chen.open("/console/staff/new")
    await chen.send(
        "/console/staff/new",
        login="liu",
        name="刘经办",
        phone="１３８ ００００ ８０００",
        role="clerk",
        city="武汉",
        districts="东西湖区",
    )
    found = re.search(r'<p class="code"><code>([\w-]+)</code>', chen.text)
    assert found
    await chen.open("/console/staff")
    assert "武汉：东西湖区" in chen.plain
    assert "还没绑定两步验证" in chen.plain

    liu = both.browser()
    await liu.sign_in("liu", found[1])
    assert liu.url == "/console/second/enrol"
    secret = re.search(r"手工输入密钥：<code>([A-Z2-7 ]+)</code>", liu.text)
    assert secret
    assert "<svg" in liu.text
    await liu.open("/console/second/enrol")
    assert secret[1] in liu.text, "the same until it is proved"
    await liu.send("/console/second/enrol", code="000000")
    assert liu.status == 422
    code = pyotp.TOTP(secret[1].replace(" ", "")).at(int(both.now.timestamp()))
    await liu.send("/console/second/enrol", code=code)
    assert len(re.findall(r"<li><code>[0-9a-f ]+</code>", liu.text)) == second.RECOVERY_CODES

    await liu.open("/console")
    assert liu.url == "/console/password"
    await liu.send("/console/password", password=found[1], new_password=PASSWORD, again=PASSWORD)
    assert liu.url == "/console/account"
    assert "13800008000" in liu.text
    assert "138000" not in str(await rows(both.store, staff)) + str(await rows(both.store, audit_values))
    acts = [act for act, _ in await both.acts()]
    assert acts == ["staff.added", "sign_in", "self.guarded", "self.password"]


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"login": "Liu"}, "小写字母"),
        ({"login": ""}, "小写字母"),
        ({"login": "chen"}, "已经有人用了"),
        ({"name": " "}, "请填写"),
        ({"phone": "call me"}, "电话号码"),
        ({"role": "emperor"}, "请从给出的里面选"),
        ({"city": "南京"}, "请从给出的里面选"),
        ({"city": "无锡", "districts": "惠山区"}, "超出了您自己的管辖范围"),
        ({"city": ""}, "超出了您自己的管辖范围"),
        ({"districts": "惠山区"}, "没有这个区"),
        ({"role": "admin", "districts": "东西湖区"}, "不能只选几个区"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field(
    office: Office, fields: dict[str, str], fault: str
) -> None:
    await office.staff("chen", Role.ADMIN, WUHAN)
    chen = await office.enter("chen")
    form = {"login": "liu", "name": "刘", "phone": "", "role": "clerk", "city": "武汉"} | fields
    await chen.send("/console/staff/new", form)

    assert chen.status == 422
    assert fault in chen.plain
    assert len(await rows(office.store, staff)) == 1


async def test_an_administrator_helps_and_dismisses(both: Office) -> None:
    await both.staff("chen", Role.ADMIN, WUHAN)
    liu_id = await both.staff("liu", Role.CLERK, WUHAN)
    chen, liu = await both.enter("chen"), await both.enter("liu")
    await chen.open(f"/console/staff/{liu_id}")
    await chen.send(f"/console/staff/{liu_id}/password")
    assert "只显示这一次" in chen.plain
    await liu.open("/console")
    assert liu.url == "/console/login", "the sessions of before have ended"
    for step, told in (
        ("unguard", "两步验证已清除"),
        ("unlock", "已解锁"),
        ("disable", "已停用"),
        ("enable", "已恢复"),
    ):
        await chen.send(f"/console/staff/{liu_id}/{step}")
        assert told in chen.plain

    assert [act for act, of in await both.acts() if of == f"staff:{liu_id}"] == [
        "staff.password",
        "staff.unguarded",
        "staff.unlocked",
        "staff.disabled",
        "staff.enabled",
    ]


async def test_the_last_administrator_is_told_so(office: Office) -> None:
    staff_id = await office.staff("chen", Role.ADMIN)
    chen = await office.enter("chen")
    await chen.send(f"/console/staff/{staff_id}/disable")
    assert chen.status == 409
    await chen.send(f"/console/staff/{staff_id}", name="陈", role="viewer", city="武汉")
    assert chen.status == 409
    assert "最后一个" in chen.plain
    await chen.open("/console/staff")
    assert chen.status == 200


# —— oneself


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"new_password": "short", "again": "short"}, "至少 12 个字"),
        ({"new_password": "x" * 129, "again": "x" * 129}, "最多 128 个字"),
        ({"new_password": "password1234", "again": "password1234"}, "太容易猜"),
        ({"new_password": "aaaabbbbaaaabbbb", "again": "aaaabbbbaaaabbbb"}, "太容易猜"),
        ({"new_password": "i am weiliu today", "again": "i am weiliu today"}, "太容易猜"),
        ({"new_password": PASSWORD, "again": PASSWORD}, "和现在的密码一样"),
        ({"new_password": "four grey donkeys", "again": "four grey donkey"}, "不一样"),
        ({"password": "wrong"}, "现在的密码不对"),
    ],
)
async def test_a_bad_password_is_refused_with_its_reason(
    office: Office, given: dict[str, str], fault: str
) -> None:
    await office.staff("weiliu", Role.VIEWER, guarded=False)
    browser = await office.enter("weiliu")
    good = {"password": PASSWORD, "new_password": "four grey donkeys", "again": "four grey donkeys"}
    await browser.send("/console/password", good | given)

    assert browser.status == 422
    assert fault in browser.plain
    assert "donkey" not in browser.text, "a password is never shown again"


async def test_a_new_password_ends_the_other_sessions(both: Office) -> None:
    await both.staff("liu", Role.VIEWER, guarded=False)
    here, there = await both.enter("liu"), await both.enter("liu")
    new = "four grey donkeys"
    await here.send("/console/password", password=PASSWORD, new_password=new, again=new)
    assert here.url == "/console/account"
    await there.open("/console")
    assert there.url == "/console/login"
    await there.sign_in("liu", new)
    assert there.url == "/console"


async def test_one_ends_a_session_of_one_s_own_and_no_other_s(both: Office) -> None:
    await both.staff("liu", Role.VIEWER, guarded=False)
    await both.staff("wang", Role.VIEWER, guarded=False)
    here, there, other = [await both.enter(login) for login in ("liu", "liu", "wang")]
    await here.open("/console/account")
    assert here.plain.count("127.0.0.*") == 2
    (session,) = re.findall(r'name="session" value="(\w+)"', here.text)
    await other.send("/console/account/sessions", session=session)
    await there.open("/console")
    assert there.url == "/console"
    await here.send("/console/account/sessions", session=session)
    await there.open("/console")
    assert there.url == "/console/login"


async def test_another_phone_is_enrolled_with_the_password_alone_not_with_a_cookie(office: Office) -> None:
    await office.staff("chen", Role.ADMIN)
    browser = await office.enter("chen")
    await browser.open("/console/second/enrol")
    secret = re.search(r"手工输入密钥：<code>([A-Z2-7 ]+)</code>", browser.text)
    assert secret
    code = pyotp.TOTP(secret[1].replace(" ", "")).at(int(office.now.timestamp()))
    await browser.send("/console/second/enrol", code=code, password="stolen")
    assert browser.status == 422
    await browser.send("/console/second/enrol", code=code, password=PASSWORD)
    assert "恢复码" in browser.plain


def test_a_made_password_is_good_enough() -> None:
    made = {passwords.generated() for _ in range(50)}

    assert len(made) == 50
    assert {passwords.fault(password, "liu") for password in made} == {""}
