"""Numbers that must never be kept: identity cards and bank accounts; and what staff need not see."""

from __future__ import annotations

import re

from knowledge.registration import codes_in, meant_as_code

_TOKEN = re.compile(r"[0-9A-Za-z０-９Ａ-Ｚａ-ｚ]+")
_GAP = r"[\s\-.·—_,，、]{1,2}"
_SECRET = re.compile(
    r"\d{14,}[\dXxＸｘ]?"  # in one piece: an identity card has 15 or 18 places, a bank account 15 to 19
    rf"|(?<!\d)\d{{6}}{_GAP}\d{{13}}(?!\d)"  # a bank account in two
    rf"|(?<!\d)\d{{4}}(?:{_GAP}\d{{4}}){{2,3}}(?:{_GAP}\d{{1,4}})(?!\d)"  # a bank account in fours
    # an identity card in its parts: place, year and day of birth, the rest
    rf"|(?<!\d)\d{{6}}{_GAP}(?:19|20)\d{{2}}(?:{_GAP})?\d{{4}}(?:{_GAP})?\d{{3}}[\dXxＸｘ](?![\dXx])"
    rf"|(?<!\d)\d{{6}}{_GAP}\d{{6}}{_GAP}\d{{3}}(?!\d)"  # one of the old ones
)

_REACHES = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # an e-mail address
    rf"|(?<!\d)\+?\d(?:(?:{_GAP})?\d){{6,}}(?!\d)"  # a telephone, a QQ number
)


def hide(text: str) -> str:
    """`text` for somebody who has not to know whose it is: telephones, addresses and all that `mask` stars
    out."""
    return _REACHES.sub(lambda match: "*" * len(match.group()), mask(text))


def mask(text: str) -> str:
    """`text` with identity card and bank account numbers starred out; telephones, dates and units' codes
    stay."""
    if not _SECRET.search(text):
        return text
    kept = [(start, end) for start, end, _ in codes_in(text)]
    kept += [match.span() for match in _TOKEN.finditer(text) if meant_as_code(match[0])]
    pieces, at = [], 0
    for start, end in sorted(kept):
        if start >= at:
            pieces += [_masked(text[at:start]), text[start:end]]
            at = end
    return "".join([*pieces, _masked(text[at:])])


def _masked(text: str) -> str:
    return _SECRET.sub(lambda match: "*" * len(match.group()), text)
