"""What comes unasked, on one phone and on several side by side."""

from urllib.parse import quote

import pytest
from playwright.async_api import Browser

from bot.simulator import Channel, Delivery, Person, Template
from tests.browser.chromium import DESKTOP, PATIENCE_MS
from tests.browser.conftest import Chat, Opener, Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

RETURNED = Template(
    id="returned",
    title="申报材料退回修改",
    content="申报人：{{name1.DATA}}\n审核状态：{{phrase2.DATA}}\n退回意见：{{thing3.DATA}}\n截止时间：{{time4.DATA}}",
)
VALUES = {
    "name1": "王建国",
    "phrase2": "初审退回",
    "thing3": "缺社保缴纳证明，请补后重报",
    "time4": "2024年7月12日 17:00",
}


def send(site: Site, person: Person, channel: Channel, link: str = "") -> None:
    card = RETURNED.fill({key: {"value": value} for key, value in VALUES.items()})
    site.simulator.deliver(
        Delivery(
            at=site.simulator.clock(),
            openid=person.openid,
            channel=channel,
            kind="template",
            text=card.text,
            data=card.data(link),
        )
    )


def send_to_many(site: Site, person: Person, text: str) -> None:
    site.simulator.deliver(
        Delivery(
            at=site.simulator.clock(), openid=person.openid, channel=Channel.MASS, kind="text", text=text
        )
    )


async def test_a_template_message_is_a_card_with_lines_and_a_link(chat: Chat, site: Site) -> None:
    send(site, site.first, Channel.TEMPLATE, "https://example.org/returns/7")
    await chat.reply()
    card = chat.page.locator(".bubble[data-kind=template]")
    assert await card.locator("strong").inner_text() == "申报材料退回修改"
    assert await card.locator("dt").all_inner_texts() == ["申报人", "审核状态", "退回意见", "截止时间"]
    assert await card.locator("dd").all_inner_texts() == list(VALUES.values())
    link = card.get_by_role("link", name="查看详情")
    assert await link.get_attribute("href") == "https://example.org/returns/7"
    assert await chat.page.locator(".row.wide .face").count() == 0


async def test_a_subscribe_message_names_its_path_and_needs_no_link(chat: Chat, site: Site) -> None:
    send(site, site.first, Channel.SUBSCRIBE)
    assert "订阅通知" in await chat.reply()
    assert await chat.page.locator(".bubble[data-kind=template] a").count() == 0


async def test_a_mass_message_reads_as_an_article(chat: Chat, site: Site) -> None:
    send_to_many(site, site.first, "2025年武汉工匠开始申报\n\n全文 https://example.org/a\n区级截止 6月26日")
    await chat.reply()
    card = chat.page.locator(".bubble[data-side=account]")
    assert await card.locator("strong").inner_text() == "2025年武汉工匠开始申报"
    assert await card.locator("p").inner_text() == "全文 https://example.org/a\n区级截止 6月26日"
    assert await card.locator("a").count() == 1


async def test_a_link_opened_on_the_phone_knows_whose_it_is(open_chat: Opener, site: Site) -> None:
    chat = await open_chat(DESKTOP)
    simulator = site.simulator
    back = quote(f"{site.url}page/icon.svg?from=card", safe="")
    send(
        site,
        site.first,
        Channel.TEMPLATE,
        f"{site.url}connect/oauth2/authorize?appid={simulator.account.app_id}"
        f"&redirect_uri={back}&response_type=code&scope=snsapi_base&state=s#wechat_redirect",
    )
    await chat.reply()
    async with chat.page.expect_popup() as opened:
        await chat.page.get_by_role("link", name="查看详情").click()
    page = await opened.value
    await page.wait_for_url("**/icon.svg?from=card&code=*&state=s*")


async def test_phones_side_by_side_are_of_different_people(browser: Browser, site: Site) -> None:
    context = await browser.new_context(viewport=DESKTOP, locale="zh-CN")
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    await page.goto(f"{site.url}phones")
    people = list(site.simulator.people.values())[:3]
    for place, person in enumerate(people):
        phone = page.frame_locator("iframe").nth(place)
        await phone.locator("#who", has_text=person.nickname).wait_for()
        send(site, person, Channel.TEMPLATE)
        await phone.locator(".bubble[data-kind=template]").wait_for()
    assert await page.locator("iframe").count() == len(people)
    await context.close()
