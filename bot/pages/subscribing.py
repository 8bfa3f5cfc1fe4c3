"""What a page needs to obtain the permission for a subscribe notice from the person who opens it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Door(Protocol):
    """WeChat, as a page inside it sees it; None where it does not answer."""

    @property
    def scripts(self) -> str:
        """Where its script is loaded from."""
        ...

    def way_in(self, back: str) -> str:
        """Where somebody is sent to come back with a code that says who they are."""
        ...

    async def opener(self, code: str) -> str | None:
        """Who came back with this code."""
        ...

    async def signed(self, url: str) -> Mapping[str, str] | None:
        """What the script is configured with on the page at `url`."""
        ...


def policy(scripts: str, nonce: str) -> str:
    """The content security policy of a page with WeChat's script, which draws its button in a frame."""
    hosts = f"{scripts} https://*.qq.com"
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'unsafe-inline'; img-src {hosts} data:; "
        f"connect-src {hosts}; frame-src {hosts} weixin: wvjbscheme:; frame-ancestors 'none'; base-uri 'none'"
    )
