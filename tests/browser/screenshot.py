"""Takes the README's picture: the demo as its command starts it, one question, one answer."""

import asyncio
import contextlib
import re
import sys
from pathlib import Path
from typing import Final

from playwright.async_api import async_playwright

from tests.browser.chromium import DESKTOP, open_chromium

PICTURE: Final = Path(__file__).parents[2] / "docs" / "chat.png"


async def main() -> None:
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    try:
        await take(await address(demo))
    finally:
        with contextlib.suppress(ProcessLookupError):
            demo.terminate()
        await demo.wait()


async def address(demo: asyncio.subprocess.Process) -> str:
    """The page's address, from what the demo prints."""
    assert demo.stdout is not None
    async for line in demo.stdout:
        if found := re.search(r"http://\S+", line.decode()):
            return found.group()
    raise SystemExit("the demo ended without printing an address")


async def take(url: str) -> None:
    async with async_playwright() as playwright:
        browser = await open_chromium(playwright)
        page = await browser.new_page(viewport=DESKTOP, device_scale_factor=1.5, locale="zh-CN")
        await page.goto(url)
        await page.locator("#examples button").first.click()
        await page.locator(".bubble[data-side=account]").wait_for()
        await page.locator("#line-body dd", has_text="被动回复").wait_for()
        await page.screenshot(path=PICTURE)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
