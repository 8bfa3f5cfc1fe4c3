"""The second factor: digits that a phone reckons from a secret and the time (RFC 6238), or a paper code."""

from __future__ import annotations

import hmac
import re
import secrets
import unicodedata
from datetime import datetime
from hashlib import sha256
from typing import Final

import pyotp
import segno

ISSUER: Final = "jiangwen"
STEP_S: Final = 30
RECOVERY_CODES: Final = 10
_RECOVERY_BYTES: Final = 10
_GROUP: Final = 5


def new_secret() -> str:
    """A secret of 160 bits in base32."""
    return pyotp.random_base32()


def step_of(secret: str, code: str, now: datetime, after: int) -> int | None:
    """The step of a code, of this half minute or its neighbours, later than the step that was used last."""
    totp = pyotp.TOTP(secret)
    given = re.sub(r"\s", "", unicodedata.normalize("NFKC", code))
    current = int(now.timestamp()) // STEP_S
    found = [
        step
        for step in (current - 1, current, current + 1)
        if step > after and hmac.compare_digest(totp.generate_otp(step).encode(), given.encode())
    ]
    return found[0] if found else None


def picture(secret: str, login: str) -> str:
    """A QR code for an authenticator app, as SVG."""
    address = pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)
    return str(segno.make(address, error="m").svg_inline(scale=5, border=2, omitsize=False))


def grouped(text: str) -> str:
    """A secret or a code as a person types it."""
    return " ".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def new_recovery() -> tuple[str, ...]:
    """Codes for the day when the phone is gone (80 bits each)."""
    return tuple(secrets.token_hex(_RECOVERY_BYTES) for _ in range(RECOVERY_CODES))


def recovery_hash(code: str) -> str:
    """What is kept of a recovery code, however it was typed."""
    plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", code)).casefold()
    return sha256(plain.encode()).hexdigest()
