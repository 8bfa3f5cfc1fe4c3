"""The browser of these tests and of the README's picture."""

import shutil
from typing import Final

from playwright.async_api import Browser, Playwright, ViewportSize, expect

PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
DESKTOP: Final[ViewportSize] = {"width": 1280, "height": 900}
QUIET: Final = [
    "--lang=zh-CN",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PATIENCE_MS: Final = 60_000
"""What a page is given to come or to change: a busy machine fails no test."""

expect.set_options(timeout=PATIENCE_MS)


async def open_chromium(playwright: Playwright) -> Browser:
    """The system's Chromium; where there is none, the one that `playwright install chromium` brought."""
    return await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
