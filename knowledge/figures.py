"""The figures in a Chinese text, in one canonical form: so that each can be traced to where it comes from."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import add, mul, sub

_DASHES = re.compile(r"[‐-―－−]+")
_CHINESE = "零〇一二两三四五六七八九十百千万"
_UNITS = "个人名家项万元年岁天日张字份月级位支%％"
_COUNTED = re.compile(rf"(?<![第{_CHINESE}])([{_CHINESE}]+)(?=[{_UNITS}])")
_IDIOMATIC = ("一", "万", "千", "百")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:-\d+)*(?:\s*[万亿](?=元|[^\w]|$))?")
_MULTIPLES = {"万": 10_000, "亿": 100_000_000}
_TENS = {"十": 10, "百": 100, "千": 1000}
_DIGITS = str.maketrans("零〇一二两三四五六七八九", "001223456789")
_PART = "(?:0?[1-9]千)?(?:0?[1-9]百)?(?:0?[1-9]?十[1-9]?|0?[1-9])?"
_RECKONING = re.compile(
    r"(?<![\d.])\d+(?:\.\d+)?(?:([＋－×])\d+(?:\.\d+)?)(?:\1\d+(?:\.\d+)?)*＝(\d+(?:\.\d+)?)"
)
_SIGNS = {"＋": add, "－": sub, "×": mul}
_NUMERAL = re.compile(f"(?!0|.*[百千][1-9][万亿])(?:(?!亿){_PART}亿)?(?:(?!万){_PART}万)?{_PART}")


def plain(text: str) -> str:
    """`text` in NFKC with every kind of dash as `-`."""
    return _DASHES.sub("-", unicodedata.normalize("NFKC", text))


def chinese_number(text: str) -> int | None:
    """The value of Chinese numerals (`五十三`, `两千三`; `二〇二四` digit by digit) below 一万亿, or None."""
    text = text.translate(_DIGITS)
    if text.isdecimal():
        return int(text)
    if not text or not _NUMERAL.fullmatch(text):
        return None
    whole = part = digit = 0
    place = 1  # of a digit that comes next: 两千三 means three hundreds, 两千零三 does not
    for char in text:
        if char.isdecimal():
            digit, place = int(char), place if char != "0" else 1
        elif char in _TENS:
            part += (digit or 1) * _TENS[char]
            digit, place = 0, _TENS[char] // 10
        else:
            whole += (part + digit) * _MULTIPLES[char]
            part, digit, place = 0, 0, _MULTIPLES[char] // 10
    return whole + part + digit * place


def figures(text: str) -> frozenset[str]:
    """Every figure of `text`: `2万元` and `20000` are one; of a telephone number the whole and its parts."""
    text = plain(text)
    found: set[str] = set()
    for match in _NUMBER.finditer(text):
        raw = match.group().replace(",", "").replace(" ", "")
        if raw[-1] in _MULTIPLES:
            found.add(_trim(float(raw[:-1]) * _MULTIPLES[raw[-1]]))
            continue
        found.add(raw if "-" in raw else _trim(float(raw)) if "." in raw else raw.lstrip("0") or "0")
        if "-" in raw:
            found.update(part.lstrip("0") or "0" for part in raw.split("-"))
    for match in _COUNTED.finditer(text):
        value = chinese_number(match[1])
        if value is not None and match[1] not in _IDIOMATIC:
            found.add(str(value))
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Reckoning:
    """A sum, a difference or a product that a text spells out (9＋9＝18, 10×1.2＝12)."""

    operands: tuple[str, ...]
    result: str
    right: str

    @property
    def holds(self) -> bool:
        """Whether the result is the right one."""
        return self.result == self.right


def reckonings(text: str) -> Iterator[Reckoning]:
    """Every reckoning of a text; of one kind each, as a table adds up or a share is taken."""
    for match in _RECKONING.finditer(text):
        operands = tuple(match.group().partition("＝")[0].split(match[1]))
        worth = reduce(_SIGNS[match[1]], map(float, operands))
        yield Reckoning(operands, match[2], _trim(round(worth, 6)))


def _trim(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)
