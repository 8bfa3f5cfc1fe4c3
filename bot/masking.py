"""Numbers that must never be kept: identity cards and bank accounts."""

from __future__ import annotations

import re

_SECRET = re.compile(r"(?<![\dXx])\d(?:[ \-]?\d){13,18}[ \-]?[\dXxＸｘ]?(?![\dXx])")


def mask(text: str) -> str:
    """`text` with every run of 14 to 20 digits (blanks and hyphens between them allowed) starred out.

    Identity card numbers have 15 or 18 places, bank accounts 15 to 19; telephones stay, they are shorter.
    """
    return _SECRET.sub(lambda match: "*" * len(match.group()), text)
