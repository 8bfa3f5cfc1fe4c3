"""Requests of other systems are signed: who sends, when, once, and that nothing was changed on the way."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

HEADERS: Final = {
    "client": "X-Jiangwen-Key",
    "timestamp": "X-Jiangwen-Timestamp",
    "nonce": "X-Jiangwen-Nonce",
    "signature": "X-Jiangwen-Signature",
}
HOLDS: Final = timedelta(seconds=300)
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")
_SECONDS: Final = re.compile(r"\d{10}")


class Unsigned(Exception):
    """The request is not what a known system has signed just now; the message says what to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Who signed, with the nonce that may be used once."""

    client: str
    nonce: str


def signature(secret: str, *, method: str, path: str, timestamp: str, nonce: str, body: bytes) -> str:
    """HMAC-SHA256 in hex over method, path with its query, timestamp, nonce and the SHA-256 of the body, each
    on a line."""
    text = "\n".join((method.upper(), path, timestamp, nonce, sha256(body).hexdigest()))
    return hmac.new(secret.encode(), text.encode(), sha256).hexdigest()


def check(
    headers: Mapping[str, str],
    secrets: Mapping[str, str],
    *,
    method: str,
    path: str,
    body: bytes,
    real_now: datetime,
) -> Signed:
    """The sender of a request; raises Unsigned. Whether the nonce is new the caller has to ask the store."""
    client, timestamp, nonce, given = (headers.get(name, "") for name in HEADERS.values())
    if not _SECONDS.fullmatch(timestamp) or not _NONCE.fullmatch(nonce):
        raise Unsigned("timestamp: unix seconds; nonce: 16 to 64 letters, digits, - and _")
    if abs(real_now - datetime.fromtimestamp(int(timestamp), UTC)) > HOLDS:
        raise Unsigned("timestamp: more than 300 seconds from now")
    # an unknown sender costs the same time as a wrong signature
    secret = secrets.get(client, "")
    right = signature(secret, method=method, path=path, timestamp=timestamp, nonce=nonce, body=body)
    if not hmac.compare_digest(right.encode(), given.encode(errors="replace")) or not secret:
        raise Unsigned("key or signature")
    return Signed(client=client, nonce=nonce)
