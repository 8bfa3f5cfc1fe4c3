"""The chat page in Chromium, as wide as a phone and as a desk."""

import asyncio
from datetime import UTC, datetime

import pytest

from bot.simulator import Side
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.conftest import Chat, Opener, Site
from tests.simulator.echo import Message

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_typed_line_is_answered(chat: Chat, site: Site) -> None:
    await chat.say("武汉工匠几号截止")
    assert await chat.reply() == "你说：武汉工匠几号截止"
    assert await chat.bubbles("person") == ["武汉工匠几号截止"]
    assert await chat.page.input_value("#say") == ""
    assert site.first.chat[1].channel == "passive"


async def test_a_suggested_question_is_one_tap_away(chat: Chat) -> None:
    examples = chat.page.locator("#examples button")
    assert await examples.count() == 5
    await examples.first.click()
    assert "五十三" in await chat.reply()
    assert await chat.page.locator("#examples").count() == 0


async def test_the_send_button_comes_with_the_text(chat: Chat) -> None:
    assert not await chat.page.locator("#send").is_visible()
    await chat.page.fill("#say", "好")
    await chat.page.click("#send")
    assert await chat.reply() == "你说：好"


async def test_shift_enter_and_an_open_input_method_do_not_send(chat: Chat) -> None:
    await chat.page.fill("#say", "一")
    await chat.page.press("#say", "Shift+Enter")
    await chat.page.type("#say", "二")
    await chat.page.dispatch_event("#say", "keydown", {"key": "Enter", "isComposing": True})
    assert await chat.page.input_value("#say") == "一\n二"
    await chat.page.press("#say", "Enter")
    assert await chat.reply() == "你说：一\n二"


async def test_a_voice_message_is_a_transcript_without_punctuation(chat: Chat, site: Site) -> None:
    await chat.page.click("#to-voice")
    await chat.say("武汉工匠，几号截止？")
    assert await chat.reply() == "你说：武汉工匠几号截止"
    assert site.bot is not None
    assert site.bot.seen[0]["MsgType"] == "voice"
    assert await chat.page.locator(".heard").inner_text() == "武汉工匠几号截止"


async def test_the_published_menu(chat: Chat, site: Site) -> None:
    await chat.menu("查资格")
    assert await chat.reply() == "你说：check"
    await chat.menu("看通知", "武汉工匠")
    assert await chat.reply(2) == "你说：wuhan"
    await chat.page.locator("#menu").get_by_role("button", name="打字").click()
    assert await chat.page.locator("#say").is_visible()
    site.simulator.menu.buttons = []
    site.simulator.stream.tell("menu", [])
    await chat.page.wait_for_selector("#to-menu", state="hidden")


async def receipt(_: Message) -> str:
    return "收到\n" * 6


async def test_other_things_to_send(chat: Chat, site: Site) -> None:
    assert site.bot is not None
    site.bot.answer = receipt
    for place in range(5):
        await chat.page.click("#to-more")
        await chat.page.locator("#tiles button").nth(place).click()
        await chat.page.wait_for_selector("#tiles", state="hidden")
        await chat.reply(place + 1)
    kinds = [push.kind for push in site.simulator.pushes]
    assert kinds == ["image", "location", "location", "link", "event:SCAN"]
    assert await chat.page.locator(".bubble img").evaluate(
        "image => image.complete && image.naturalWidth > 0"
    )


async def test_every_person_has_a_chat_and_a_reload_keeps_it(chat: Chat) -> None:
    await chat.say("我是王师傅")
    await chat.reply()
    await chat.become("李HR")
    assert await chat.bubbles("person") == []
    await chat.say("我是李HR")
    await chat.reply()
    await chat.page.reload()
    await chat.ready()
    assert "李HR" in await chat.page.inner_text("#who")
    assert await chat.bubbles("person") == ["我是李HR"]
    await chat.become("王师傅")
    assert await chat.bubbles("person") == ["我是王师傅"]


async def test_somebody_new_is_added(chat: Chat, site: Site) -> None:
    if await chat.page.locator("#back").is_visible():
        await chat.page.click("#back")
    await chat.page.fill("#add-name", "赵工")
    await chat.page.press("#add-name", "Enter")
    await chat.page.locator("#who", has_text="赵工").wait_for()
    await chat.say("好")
    await chat.reply()
    assert list(site.simulator.people.values())[-1].nickname == "赵工"


async def test_following_and_leaving(chat: Chat, site: Site) -> None:
    await chat.become("陈小燕")
    assert not await chat.page.locator("#say").is_visible()
    await chat.page.click("#follow")
    await chat.page.locator("#say").wait_for()
    assert await chat.page.locator(".note[data-kind=followed]").count() == 1
    await chat.drawer()
    await chat.page.click("#unfollow")
    await chat.page.locator(".note[data-kind=unfollowed]").wait_for()
    assert site.bot is not None
    assert [message["Event"] for message in site.bot.seen] == ["subscribe", "unsubscribe"]


async def test_a_message_from_the_account_appears_by_itself_and_marks_the_others(
    chat: Chat, site: Site
) -> None:
    first, second = list(site.simulator.people.values())[:2]
    site.simulator.note(first, Side.ACCOUNT, "text", "名单出来了", "custom")
    assert await chat.reply() == "名单出来了"
    site.simulator.note(second, Side.ACCOUNT, "text", "材料要补", "custom")
    await chat.page.wait_for_selector("#people .dot", state="attached")
    await chat.become("李HR")
    assert await chat.reply() == "材料要补"
    assert await chat.page.locator("#people .dot").count() == 0


async def test_typing_shows_while_an_answer_is_under_way(chat: Chat, site: Site) -> None:
    ready = asyncio.Event()

    async def when_ready(_: Message) -> str:
        await ready.wait()
        return "好了"

    assert site.bot is not None
    site.bot.answer = when_ready
    await chat.say("好")
    await chat.page.locator("#title", has_text="对方正在输入").wait_for()
    ready.set()
    assert await chat.reply() == "好了"
    await chat.page.locator("#title", has_text="匠问").wait_for()


async def test_a_service_out_of_order_is_said_as_the_platform_says_it(chat: Chat, site: Site) -> None:
    assert site.bot is not None
    site.bot.token = "another"
    await chat.say("好")
    assert "服务出现故障" in await chat.page.locator(".note[data-kind=unavailable]").inner_text()


HOSTILE = (
    "<script>document.title='x'</script><img src=x onerror=alert(1)>\n  第二行 {{7*7}}\n"
    '<a href="javascript:alert(1)">坏</a> <a href="https://example.org/a?b=1&c=2">全文</a> '
    "https://example.org/" + "long/" * 40 + "，电话027-83891432、83919071。日期2023-06-26 "
    '<a href="weixin://bizmsgmenu?msgmenucontent=没帮到&msgmenuid=9">没帮到</a>'
)


async def test_text_is_text_lines_are_lines_and_only_links_are_links(chat: Chat, site: Site) -> None:
    site.simulator.note(site.first, Side.ACCOUNT, "text", HOSTILE, "passive")
    shown = await chat.reply()
    assert shown.startswith(
        "<script>document.title='x'</script><img src=x onerror=alert(1)>\n  第二行 {{7*7}}\n坏 全文"
    )
    links = chat.page.locator(".bubble[data-side=account] a")
    addresses = [await link.get_attribute("href") for link in await links.all()]
    assert addresses[0] == "https://example.org/a?b=1&c=2"
    assert addresses[2:] == ["tel:027-83891432", "tel:83919071", "#say"]
    assert await links.first.get_attribute("rel") == "noopener noreferrer"
    await links.last.click()
    assert await chat.reply(2) == "你说：没帮到"
    assert site.bot is not None
    assert site.bot.seen[-1]["bizmsgmenuid"] == "9"
    assert await fits(chat)


async def fits(chat: Chat) -> bool:
    return bool(
        await chat.page.evaluate(
            "[document.documentElement, document.querySelector('#messages')]"
            ".every((box) => box.scrollWidth <= box.clientWidth)"
        )
    )


async def test_a_long_answer_is_read_from_its_question_on(chat: Chat, site: Site) -> None:
    assert site.bot is not None
    site.bot.answer = receipt
    for count in (1, 2, 3):
        await chat.say("好")
        await chat.reply(count)
    site.bot.answer = long_answer
    await chat.say("都说说")
    await chat.reply(4)
    await chat.page.wait_for_function("document.querySelectorAll('.row.account').length === 4")
    for side in ("person", "account"):
        box = await chat.page.locator(f".bubble[data-side={side}]").last.bounding_box()
        assert box is not None
        assert box["y"] > 50


async def long_answer(_: Message) -> str:
    return "条件\n" * 80


async def test_choices_and_articles(chat: Chat, site: Site) -> None:
    choices = [{"id": "1", "content": "帮到了"}, {"id": "2", "content": "没帮到"}]
    articles = [{"title": "通知", "description": "全文", "url": "https://example.org/"}]
    note = site.simulator.note
    note(site.first, Side.ACCOUNT, "news", "", "custom", articles=articles)
    note(site.first, Side.ACCOUNT, "msgmenu", "", "custom", head_content="帮到您了吗", list=choices)
    await chat.page.locator(".choice", has_text="没帮到").click()
    assert await chat.reply(3) == "你说：没帮到"
    assert await fits(chat)


async def test_the_clock_is_shown_set_and_sped_up(chat: Chat, site: Site) -> None:
    await chat.drawer()
    await chat.page.locator("#clock .now", has_text="2024年7月1日 周一 09:0").wait_for()
    await chat.page.click("[data-skip='86400']")
    await chat.page.locator("#clock .now", has_text="2024年7月2日 周二 09:0").wait_for()
    await chat.page.click("#clock summary")
    await chat.page.fill("#moment", "2023-06-20T08:30")
    await chat.page.press("#moment", "Enter")
    await chat.page.locator("#clock .now", has_text="2023年6月20日 周二 08:3").wait_for()
    assert abs(site.simulator.clock() - datetime(2023, 6, 20, 0, 30, tzinfo=UTC)).total_seconds() < 60
    await chat.page.click("[data-rate='3600']")
    await chat.page.wait_for_selector("[data-rate='3600'][aria-pressed=true]")
    await chat.page.locator("#clock .rate", has_text="一秒走一小时").wait_for()


async def test_without_a_clock_to_set_there_is_none_to_see(open_chat: Opener, site: Site) -> None:
    site.simulator.remote_clock = None
    for size in (PHONE, DESKTOP):
        chat = await open_chat(size)
        assert not await chat.page.locator("#clock-strip").is_visible()
        assert not await chat.page.locator("#clock").is_visible()


async def test_the_line_shows_the_last_callback(chat: Chat, site: Site) -> None:
    await chat.say("好")
    await chat.reply()
    await chat.drawer()
    push = site.simulator.pushes[-1]
    shown = await chat.page.inner_text("#line-body")
    for part in (f"{push.attempts[0].cipher_bytes} 字节", "毫秒", "安全模式", "被动回复"):
        assert part in shown
    await chat.page.click("#line summary")
    assert not await chat.page.locator("#line-body").is_visible()


async def test_the_drawers_of_a_phone_open_and_close_by_keyboard(open_chat: Opener) -> None:
    chat = await open_chat(PHONE)
    for opener, panel in (("#back", "#cast"), ("#more", "#side"), ("#clock-strip", "#side")):
        await chat.page.focus(opener)
        await chat.page.keyboard.press("Enter")
        await chat.page.locator(panel).wait_for()
        await chat.page.keyboard.press("Escape")
        await chat.page.locator(panel).wait_for(state="hidden")
        assert await chat.page.evaluate("document.activeElement.id") == opener.removeprefix("#")


async def test_a_lost_connection_is_said_and_mended(chat: Chat, site: Site) -> None:
    await chat.page.context.set_offline(True)
    site.simulator.stream.close()
    await chat.page.locator("#toast", has_text="重连").wait_for()
    site.simulator.note(site.first, Side.ACCOUNT, "text", "断线时来的", "custom")
    await chat.page.context.set_offline(False)
    chat.troubles.clear()
    assert await chat.reply() == "断线时来的"


async def test_nothing_jumps(chat: Chat, site: Site) -> None:
    await chat.page.evaluate(
        "window.jumps = 0; new PerformanceObserver((list) => list.getEntries().forEach("
        "(entry) => { if (!entry.hadRecentInput) window.jumps += entry.value; }"
        ")).observe({ type: 'layout-shift', buffered: true })"
    )
    assert site.bot is not None
    site.bot.answer = receipt
    for count in range(1, 7):
        await chat.say("好")
        await chat.reply(count)
    assert float(await chat.page.evaluate("window.jumps")) < 0.02


async def test_everything_has_a_name_and_can_be_read(chat: Chat) -> None:
    await chat.say("好")
    await chat.reply()
    await chat.drawer()
    assert await chat.page.evaluate(NAMELESS) == []
    assert await chat.page.evaluate(FAINT) == []


NAMELESS = """
[...document.querySelectorAll('button, input, textarea')]
  .filter((one) => !(one.textContent.trim() || one.ariaLabel || one.labels[0]?.textContent.trim()))
  .map((one) => one.outerHTML)
"""
FAINT = """
(() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.8) return colour;
    }
    return [223, 231, 227];
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim();
    if (!text || !one.checkVisibility({ visibilityProperty: true })) continue;
    const [a, b] = [light(numbers(getComputedStyle(one).color)), light(ground(one))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) faint.push(`${text}: ${contrast.toFixed(2)}`);
  }
  return faint;
})()
"""
