"""How a page learns who opened it: the redirect with a code, and the code's exchange."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.simulator.conftest import APP_ID, SECRET, Platform, answer

PAGE = "https://pages.example.org/bind?from=menu"


async def opened(platform: Platform, openid: str, **change: str) -> tuple[int, str]:
    """Status and Location of the link as this person's phone opens it."""
    query = {
        "appid": APP_ID,
        "redirect_uri": PAGE,
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "s7",
        **change,
    }
    response = await platform.client.get(
        "/connect/oauth2/authorize", params=query, cookies={"phone": openid}, allow_redirects=False
    )
    return response.status, response.headers.get("Location", await response.text())


async def code(platform: Platform, openid: str) -> str:
    status, location = await opened(platform, openid)
    assert status == 302
    return parse_qs(urlsplit(location).query)["code"][0]


async def exchanged(platform: Platform, value: str, **change: str) -> dict[str, Any]:
    query = {"appid": APP_ID, "secret": SECRET, "code": value, "grant_type": "authorization_code", **change}
    return await answer(await platform.client.get("/sns/oauth2/access_token", params=query))


async def test_a_link_leads_back_with_a_code_for_whose_phone_opened_it(platform: Platform) -> None:
    first, second = platform.simulator.person(), platform.simulator.person(followed=False)
    for person in (first, second):
        status, location = await opened(platform, person.openid)
        address, _, query = location.partition("?")
        given = parse_qs(query)
        assert (status, address) == (302, "https://pages.example.org/bind")
        assert (given["from"], given["state"]) == (["menu"], ["s7"])
        granted = await exchanged(platform, given["code"][0])
        assert (granted["openid"], granted["scope"]) == (person.openid, "snsapi_base")
        assert granted["expires_in"] == 7200


async def test_a_code_is_good_once(platform: Platform) -> None:
    value = await code(platform, platform.simulator.person().openid)
    assert "openid" in await exchanged(platform, value)
    again = await exchanged(platform, value)
    assert again["errcode"] == 40163
    assert again["errmsg"].startswith("code been used, rid: ")


async def test_a_code_is_good_for_five_minutes(platform: Platform) -> None:
    value = await code(platform, platform.simulator.person().openid)
    platform.wall.advance(minutes=5)
    assert (await exchanged(platform, value))["errcode"] == 40029


@pytest.mark.parametrize(
    ("wrong", "errcode"),
    [
        ({"code": "made-up"}, 40029),
        ({"code": ""}, 41008),
        ({"appid": "wxabc"}, 40013),
        ({"secret": SECRET[::-1]}, 40125),
        ({"grant_type": "client_credential"}, 40002),
    ],
)
async def test_exchanges_that_are_no_good(platform: Platform, wrong: dict[str, str], errcode: int) -> None:
    value = await code(platform, platform.simulator.person().openid)
    assert (await exchanged(platform, value, **wrong))["errcode"] == errcode
    assert "openid" in await exchanged(platform, value)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"appid": "wxabc"}, "10013"),
        ({"redirect_uri": "javascript:alert(1)"}, "10003"),
        ({"scope": "snsapi_all"}, "10005"),
    ],
)
async def test_links_that_are_no_good(platform: Platform, wrong: dict[str, str], named: str) -> None:
    status, text = await opened(platform, platform.simulator.person().openid, **wrong)
    assert status == 400
    assert named in text


async def test_the_order_of_the_parameters_matters(platform: Platform) -> None:
    query = {"redirect_uri": PAGE, "appid": APP_ID, "response_type": "code", "scope": "snsapi_base"}
    response = await platform.client.get("/connect/oauth2/authorize", params=query)
    assert response.status == 400


async def test_a_link_outside_the_phone_leads_nowhere(platform: Platform) -> None:
    assert (await opened(platform, "nobody"))[0] == 400


async def test_a_snapshot_hides_who_it_is(platform: Platform) -> None:
    platform.simulator.knobs.snapshot = True
    person = platform.simulator.person()
    granted = await exchanged(platform, await code(platform, person.openid))
    assert granted["is_snapshotuser"] == 1
    assert granted["openid"] != person.openid
