"""The numbers by which units and their people are known, as people type them.

A 统一社会信用代码 (GB 32100-2015) has 18 signs, the last of which checks the others.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum, ValidationError

CODE_LENGTH: Final = 18
_NEARLY: Final = range(15, 22)
# these letters stand in no code, and are typed for the digits that they look like
_LOOK_ALIKE: Final = str.maketrans("OIZS", "0125")
_SIGNS: Final = re.compile(r"[0-9A-Za-z０-９Ａ-Ｚａ-ｚ]+")
_GAP: Final = re.compile(r"[\s\-·.()+]{0,3}")
_PHONE: Final = re.compile(r"(?:00)?(?:86)?(1[3-9]\d{9}|0\d{9,11}|[2-8]\d{6,7})")
_BIRTH: Final = re.compile(r"\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX]")
_ONE_TIME: Final = re.compile(r"(?<![0-9A-Z])[A-HJ-NP-Z][2-9A-HJ-NP-Z]{3}[\s-]?[2-9A-HJ-NP-Z]{4}(?![0-9A-Z])")
_MEANT: Final = re.compile(r"[159ANY][0-9]{7}(?=.*[A-Z])(?!\d{9}X)[0-9A-Z]{10}")
_ACCOUNT: Final = re.compile(r"[^159]\d{17}")
_PIECES: Final = 6
_STARS: Final = re.compile(r"\*{14,}")


class Flaw(StrEnum):
    """What is wrong with a unit's code."""

    LENGTH = "length"
    SIGNS = "signs"
    CHECK = "check"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a message gives to bind by. `flaw`: of what may have been meant as a unit's code; `secret`: a
    number that was starred out stood there."""

    codes: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    one_time: str = ""
    flaw: Flaw | None = None
    secret: bool = False


def plain(text: str) -> str:
    """Narrow signs, capital letters."""
    return unicodedata.normalize("NFKC", text).upper()


def unit_code(text: str) -> str | Flaw:
    """A unit's code in its normal form, or what is wrong with it."""
    code = re.sub(r"[\s\-]", "", plain(text)).translate(_LOOK_ALIKE)
    if len(code) != CODE_LENGTH:
        return Flaw.LENGTH
    try:
        return uscc.validate(code)
    except InvalidChecksum:
        return Flaw.CHECK
    except ValidationError:
        return Flaw.SIGNS


def codes_in(text: str) -> list[tuple[int, int, str]]:
    """Where the codes of units stand in a text, whatever stands between their signs; what may be the number
    of an identity card or a bank account is none."""
    found: list[tuple[int, int, str]] = []
    for start, end in _runs(text):
        code = unit_code(text[start:end])
        if not isinstance(code, Flaw) and not _BIRTH.fullmatch(code) and not _ACCOUNT.fullmatch(code):
            found.append((start, end, code))
    return found


def meant_as_code(text: str) -> bool:
    """Whether a stretch of signs can only be a unit's code, perhaps mistyped: letters stand in its second
    half, where no identity card and no bank account has any."""
    signs = plain(text)
    return _MEANT.fullmatch(signs) is not None and _BIRTH.match(signs) is None


def phone(text: str) -> str:
    """The digits of a telephone number, without the country's; empty for anything else."""
    match = _PHONE.fullmatch(re.sub(r"[\s\-·.()+]", "", plain(text)))
    return match[1] if match else ""


def given(text: str) -> Given:
    """The codes and phones of a message."""
    codes = codes_in(text)
    left = text
    for start, end, _ in codes:
        left = left[:start] + " " * (end - start) + left[end:]
    one_time = _ONE_TIME.search(plain(left))
    phones: dict[str, None] = {}
    for start, end in sorted(_runs(left), key=lambda run: run[0] - run[1]):
        if found := phone(left[start:end]):
            phones[found] = None
            left = left[:start] + "|" * (end - start) + left[end:]
    return Given(
        codes=tuple(dict.fromkeys(code for _, _, code in codes)),
        phones=tuple(phones),
        one_time=one_time[0] if one_time else "",
        flaw=None if codes else _flaw(left),
        secret=_STARS.search(left) is not None,
    )


def _runs(text: str) -> Iterator[tuple[int, int]]:
    """Every stretch of signs, alone and with those that follow it closely."""
    found = [match.span() for match in _SIGNS.finditer(text)]
    for at, (start, last) in enumerate(found):
        end = last
        yield start, end
        for following, its_end in found[at + 1 : at + _PIECES]:
            if not _GAP.fullmatch(text[end:following]):
                break
            end = its_end
            yield start, end


def _flaw(left: str) -> Flaw | None:
    """What is wrong with the stretch that looks most like a code."""
    for match in _SIGNS.finditer(left):
        if len(match[0]) in _NEARLY:
            flaw = unit_code(match[0])
            return flaw if isinstance(flaw, Flaw) else None
    return None
