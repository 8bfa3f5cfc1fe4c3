"""我的进度 over the encrypted wire: lists come in, contacts and candidates hear, ask, mend."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot.desk import status
from bot.desk.listing import Entry
from bot.simulator.people import Side
from store.records import CodePurpose
from store.schema import applications, inbound, staff_notes
from store.schema import returns as returns_table
from tests.desk.lists import EXPORTED, UNIT, delivered, entry, returned
from tests.store.scene import rows
from tests.store.units import CODE, DONGHU, OTHER_CODE, PHONE, WUZHONG
from tests.wire import Wire, wire

NOW = EXPORTED + timedelta(hours=1)
CODE_SHOWN = re.compile(r"[A-Z2-9]{4}-[A-Z2-9]{4}")


@pytest_asyncio.fixture
async def line(tmp_path: Path) -> AsyncIterator[Wire]:
    async with wire(tmp_path, now=NOW) as running:
        await running.service.clock.set(running.service.store, now=NOW, rate=0)
        async with running.service.store.work() as work:
            await work.take_roster(registrations=(WUZHONG, DONGHU), now=NOW, keep=True)
        yield running


async def take(line: Wire, *entries: Entry, hours: float = 0) -> None:
    async with line.service.store.work() as work:
        await status.apply(work, delivered(*entries, hours=hours), now=line.service.clock.now())
    line.service.delivery.wake()


async def invitation(line: Wire, code: str) -> str:
    async with line.service.store.work() as work:
        unit = await work.unit(code=code)
        assert unit
        return await work.issue_code(
            purpose=CodePurpose.INVITE, unit=unit.id, issued_by="staff", now=NOW, span=timedelta(days=7)
        )


class Talker:
    """One person's side of a conversation."""

    def __init__(self, line: Wire) -> None:
        self.line = line
        self.openid = line.simulator.person(followed=True).openid

    async def say(self, *texts: str) -> str:
        for text in texts:
            push = await self.line.simulator.say(self.openid, text)
        parts = [push.text]
        while parts[-1].endswith("（回复“更多”看后面的内容）"):
            parts.append((await self.line.simulator.say(self.openid, "更多")).text)
        return "\n".join(parts)

    async def confirmed(self, code: str = CODE) -> Talker:
        await self.say(await invitation(self.line, code), "同意")
        return self

    async def hears(self, word: str) -> str:
        """What is said to this person unasked and has the word in it."""
        person = self.line.simulator.someone(self.openid)
        async with asyncio.timeout(60):
            while True:
                for said in person.chat:
                    if said.side is Side.ACCOUNT and said.channel == "custom" and word in said.text:
                        return said.text
                await asyncio.sleep(0.02)

    def unasked(self) -> list[str]:
        person = self.line.simulator.someone(self.openid)
        return [said.text for said in person.chat if said.channel == "custom"]


async def test_a_return_is_told_in_full_and_mended(line: Wire) -> None:
    hr = await Talker(line).confirmed()
    await take(line, returned(), entry(name="李四"))
    told = await hr.hears("被退回")

    for words in (
        "武汉重工锻造有限公司：1份申报被退回",
        "初审退回",
        "（1）职业资格证书缺少照片页——涉及：职业资格等级（职业技能等级）证书〔四（一）第1段〕",
        "（3）照片不清楚\n",
        "李四，武汉市工匠：新出现在名单里 → 进入初审",
        "手册未作说明",
        "还有14天",
        "已改好",
    ):
        assert words in told, words
    shown = await hr.say("我的进度")
    assert "2份申报（按6月12日10:00导出的名单）" in shown
    assert "【初审退回】1人\n· 王五，武汉市工匠，单位排名45，今天退回，还没改好" in shown
    assert "（2）公示材料未盖章" in await hr.say("退回意见")
    mended = await hr.say("已改好")
    assert "改好的：王五（武汉市工匠）" in mended
    assert "没有等着改的退回" in await hr.say("已改好")
    assert [row["mended_at"] for row in await rows(line.service.store, returns_table)] == [NOW]
    assert [row["kind"] for row in await rows(line.service.store, staff_notes)].count("return_mended") == 1
    assert "已说改好" in await hr.say("我的进度")


async def test_nobody_is_reminded_of_what_is_mended(line: Wire) -> None:
    hr, other = await Talker(line).confirmed(), await Talker(line).confirmed(OTHER_CODE)
    await take(line, returned(), returned(unit=DONGHU.name, name="赵六"))
    await hr.hears("被退回")
    await hr.say("已改好")
    await other.say("我的进度")
    tomorrow = datetime.fromisoformat("2023-06-13T09:31:00+08:00")
    await line.service.clock.set(line.service.store, now=tomorrow, rate=0)
    line.service.delivery.wake()

    assert "赵六" in await other.hears("还没有收到“改好”的消息")
    assert not any("还没有收到" in text for text in hr.unasked())


async def test_a_provisional_contact_is_told_why_not_and_how(line: Wire) -> None:
    hr = Talker(line)
    await hr.say("绑定单位", "同意", f"{CODE} {PHONE}")
    await take(line, returned())

    shown = await hr.say("我的进度")
    assert "没有确认" in shown
    assert "确认码" in shown
    assert "王五" not in shown
    assert "王五" not in await hr.say("退回意见")
    assert "没有等着改" in await hr.say("已改好")
    assert "暂时不能开" in await hr.say("给王五开进度码")
    assert hr.unasked() == []


async def test_a_stranger_sees_nothing_and_is_told_the_ways(line: Wire) -> None:
    await take(line, returned())
    stranger = Talker(line)

    for words in ("我的进度", "退回意见"):
        shown = await stranger.say(words)
        assert "绑定单位" in shown
        assert "王五" not in shown
    assert "请单位联系人" in await stranger.say("给王五开进度码")


async def test_a_candidate_sees_the_own_alone_by_a_code_from_the_unit(line: Wire) -> None:
    hr, candidate = await Talker(line).confirmed(), Talker(line)
    await take(line, entry(), entry(name="李四"))
    shown = await hr.say("给王五开进度码")
    code = CODE_SHOWN.search(shown)
    assert code
    asked = await candidate.say(code[0])
    assert "保存什么" in asked
    assert "王五" not in asked
    own = await candidate.say("同意")
    assert "武汉市工匠（武汉重工锻造有限公司）：进入初审" in own
    assert "李四" not in own

    await take(line, returned(), entry(name="李四", status="初审未通过"), hours=1)
    told = await candidate.hears("您的申报被退回")
    assert "（1）职业资格证书缺少照片页" in told
    assert "同时告诉了：单位联系人" in told
    assert "李四" not in told
    assert "同时告诉了：王五本人" in await hr.hears("被退回")
    assert "6月12日 进入初审 → 6月12日 初审退回" in await candidate.say("我的进度")
    assert "改好的：王五" in await candidate.say("改好了")


async def test_a_code_is_used_once_and_only_after_consent(line: Wire) -> None:
    hr, candidate, other = await Talker(line).confirmed(), Talker(line), Talker(line)
    await take(line, entry())
    code = CODE_SHOWN.search(await hr.say("帮王五申请一个进度码"))
    assert code
    assert "什么都没有保存" in await candidate.say(code[0], "不同意")
    assert [row["contact_id"] for row in await rows(line.service.store, applications)] == [None]
    await candidate.say(f"进度码 {code[0].lower()}", "1")
    assert "不对" in await other.say(f"进度码{code[0]}")
    assert "还没有查到" in await other.say("我的进度")


async def test_codes_that_are_guessed_are_slowed(line: Wire) -> None:
    guesser = Talker(line)
    for _ in range(5):
        assert "不对" in await guesser.say("进度码 ABCD-2345")
    assert "停一停" in await guesser.say("进度码 ABCD-2345")


async def test_a_contact_of_two_units_chooses_and_is_told_of_each(line: Wire) -> None:
    hr = await (await Talker(line).confirmed()).confirmed(OTHER_CODE)
    await take(line, entry(), entry(unit=DONGHU.name, name="赵六"))

    asked = await hr.say("我的进度")
    assert f"1 {UNIT}的进度" in asked.replace(".", "").replace("、", "")
    assert "赵六" in await hr.say("2")
    shown = await hr.say(f"我的进度 {UNIT}")
    assert "王五" in shown
    assert "赵六" not in shown


async def test_of_several_returns_the_number_says_which_is_mended(line: Wire) -> None:
    hr = await Talker(line).confirmed()
    await take(line, returned(), returned(name="李四", opinion="缺公示"), returned(name="赵六"))

    assert "哪一份" in await hr.say("改好了")
    assert "改好的：李四（武汉市工匠）" in await hr.say("2")
    assert "今天退回，已说改好" in (await hr.say("退回意见")).replace("初审退回，", "")
    assert "改好的：赵六" in await hr.say("已改好第3项")
    assert "改好的：王五" in await hr.say("都改好了")


async def test_two_of_one_name_are_told_apart(line: Wire) -> None:
    hr = await Talker(line).confirmed()
    await take(line, entry(), entry(category="武汉市技能大师", declared_at="2023-04-11"))

    assert "给哪一份开" in await hr.say("给王五开进度码")
    assert "王五（武汉市技能大师）的进度码" in await hr.say("2")
    assert "没有叫“张三”的人" in await hr.say("给张三开进度码")
    assert "给谁开" in await hr.say("进度码")


async def test_words_with_a_code_or_a_name_are_not_kept(line: Wire) -> None:
    hr = await Talker(line).confirmed()
    await take(line, entry())
    shown = await hr.say("给王五开进度码")
    candidate = Talker(line)
    code = CODE_SHOWN.search(shown)
    assert code
    await candidate.say(code[0], "同意")

    said = [row["text"] or "" for row in await rows(line.service.store, inbound)]
    assert not any(code[0] in text or "王五" in text for text in said)


@pytest.mark.parametrize("words", ["查进度", "我的进渡", "wodejindu", "我们单位的进度", "审核到哪了"])
async def test_progress_is_asked_in_many_ways(line: Wire, words: str) -> None:
    hr = await Talker(line).confirmed()
    await take(line, entry())
    assert "王五" in await hr.say(words)
