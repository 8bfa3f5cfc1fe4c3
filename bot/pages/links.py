"""Links to pages: the token goes to the person, its hash into the database."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import sha256

from handlers.contract import Link

_TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True)
class PublicLinks:
    """Makes links below the address by which people reach this service."""

    public_url: str

    def new(self, purpose: str) -> Link:
        """A link that nobody can guess (192 bits) and that is never made twice."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        return Link(url=f"{self.public_url}/p/{token}", token_hash=hashed(token), purpose=purpose)


def hashed(token: str) -> str:
    """What the database knows a token by."""
    return sha256(token.encode()).hexdigest()
