"""What the axe engine finds wrong with a page: the rules of accessibility that a program can check."""

from __future__ import annotations

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

_AXE = Axe()
# Our pages load nothing from elsewhere, so that there is nothing to wait for.
_OPTIONS = {"resultTypes": ["violations"], "preload": False}


async def violations(page: Page) -> list[str]:
    """Each broken rule with its weight and the first elements that break it; a page should have none."""
    found = await _AXE.run(page, options=_OPTIONS)
    return [
        f"{page.url}: {one['impact']} {one['id']}: {[node['html'][:120] for node in one['nodes'][:3]]}"
        for one in found.response["violations"]
    ]
