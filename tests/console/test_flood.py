"""Passwords under a flood, beside the rest of the service; and secrets that stay out of what is printed."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from time import perf_counter

import aiohttp
import pytest
import structlog

from bot.console.passwords import AT_ONCE, QUEUE, Busy, Passwords
from bot.console.visit import PROOF, token_of
from store.records import Role
from tests.console.office import PASSWORD, SECRET, Office
from tests.wire import wire

FLOOD = 200
COOKIE = "x" * 43


async def test_passwords_are_hashed_two_at_a_time_and_fifty_wait() -> None:
    passwords, inside = Passwords(), 0
    most = 0

    async def verify() -> bool:
        nonlocal inside, most
        async with passwords.turn() as argon:
            inside += 1
            most = max(most, inside)
            right = await argon.verify("", "flood")
            inside -= 1
        return right

    outcomes = await asyncio.gather(*(verify() for _ in range(FLOOD)), return_exceptions=True)

    assert sum(outcome is False for outcome in outcomes) == AT_ONCE + QUEUE
    assert sum(isinstance(outcome, Busy) for outcome in outcomes) == FLOOD - AT_ONCE - QUEUE
    assert most == AT_ONCE


async def test_people_are_answered_while_passwords_are_tried(tmp_path: Path) -> None:
    async with wire(tmp_path, trusted_proxies="127.0.0.0/8") as line, aiohttp.ClientSession() as session:
        await line.ask("武汉工匠几号截止")

        async def sign_in(number: int) -> int:
            async with session.post(
                f"{line.url}/console/login",
                data={"login": "chen", "password": "guess", PROOF: token_of(COOKIE)},
                headers={"Cookie": f"jiangwen={COOKIE}", "X-Forwarded-For": f"10.0.{number // 100}.{number}"},
            ) as answer:
                return answer.status

        flood = [asyncio.ensure_future(sign_in(number)) for number in range(FLOOD)]
        waits = []
        while not all(task.done() for task in flood):
            begun = perf_counter()
            (answer,) = await line.ask("武汉工匠几号截止")
            waits.append(perf_counter() - begun)
            assert "6月" in answer
        statuses = await asyncio.gather(*flood)

    assert set(statuses) == {422, 503}
    assert statuses.count(503) > 0
    assert sorted(waits)[len(waits) * 9 // 10] < 1


async def test_no_secret_is_printed(
    office: Office, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as logs:
        await office.staff("chen", Role.ADMIN)
        browser = office.browser()
        await browser.sign_in("chen", "a planted password")
        await browser.sign_in("chen", PASSWORD)
        code = office.code()
        await browser.send("/console/second", code=code)
        await browser.open("/console/second/enrol")
        offered = browser.text.partition("手工输入密钥：<code>")[2].partition("<")[0]
        await browser.open("/console/staff/abc")
        cookie = browser.cookie
    printed = caplog.text + str(logs) + "".join(capsys.readouterr())

    for secret in ("planted", PASSWORD, SECRET, code, cookie, offered, offered.replace(" ", "")):
        assert len(secret) > 5
        assert secret not in printed
    acts = str(await office.acts())
    assert PASSWORD not in acts
