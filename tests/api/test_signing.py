"""A signature says who sends, when, and that nothing was changed on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.api.signing import HEADERS, HOLDS, Unsigned, check, signature

NOW = datetime(2024, 7, 1, 1, tzinfo=UTC)
SECRETS = {"platform": "s" * 32, "other": "o" * 32}
REQUEST: dict[str, Any] = {"method": "POST", "path": "/api/v1/status?x=1", "body": b'{"rows": []}'}


def headers(**changes: str) -> dict[str, str]:
    """Headers as `platform` signs them; changes are made before it signs, but for its signature."""
    values = {"client": "platform", "timestamp": str(int(NOW.timestamp())), "nonce": "n" * 16, **changes}
    values.setdefault(
        "signature",
        signature(
            SECRETS["platform"],
            method="POST",
            path="/api/v1/status?x=1",
            timestamp=values["timestamp"],
            nonce=values["nonce"],
            body=b'{"rows": []}',
        ),
    )
    return {HEADERS[name]: value for name, value in values.items()}


def test_what_was_signed_now_is_known() -> None:
    signed = check(headers(), SECRETS, **REQUEST, real_now=NOW)

    assert (signed.client, signed.nonce) == ("platform", "n" * 16)


@pytest.mark.parametrize(
    ("given", "changes"),
    [
        (headers(), {"body": b'{"rows": [1]}'}),
        (headers(), {"path": "/api/v1/status?x=2"}),
        (headers(), {"method": "PUT"}),
        (headers(client="other"), {}),
        (headers(client="nobody"), {}),
        (headers(client=""), {}),
        (headers(signature=""), {}),
        (headers(signature="é"), {}),
        (headers(nonce="short"), {}),
        (headers(timestamp="now"), {}),
        ({}, {}),
        ({**headers(), HEADERS["nonce"]: "m" * 16}, {}),
        ({**headers(), HEADERS["timestamp"]: str(int(NOW.timestamp()) + 1)}, {}),
    ],
)
def test_what_was_changed_or_is_of_nobody_is_refused(given: dict[str, str], changes: dict[str, Any]) -> None:
    with pytest.raises(Unsigned):
        check(given, SECRETS, **{**REQUEST, **changes}, real_now=NOW)


def test_a_signature_holds_for_minutes() -> None:
    for moment in (NOW + HOLDS, NOW - HOLDS):
        assert check(headers(), SECRETS, **REQUEST, real_now=moment)
    for moment in (NOW + HOLDS + timedelta(seconds=1), NOW - HOLDS - timedelta(seconds=1)):
        with pytest.raises(Unsigned):
            check(headers(), SECRETS, **REQUEST, real_now=moment)
