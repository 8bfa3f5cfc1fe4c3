"""The figures in a Chinese text, in one canonical form: so that each can be traced to where it comes from."""

from __future__ import annotations

import re
import unicodedata

import cn2an

_DASHES = re.compile(r"[‐-―－−]+")
_CHINESE = "零〇一二两三四五六七八九十百千万"
_UNITS = "个人名家项万元年岁天日张字份月级位支%％"
_COUNTED = re.compile(rf"(?<![第{_CHINESE}])([{_CHINESE}]+)(?=[{_UNITS}])")
_IDIOMATIC = ("一", "万", "千", "百")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:-\d+)*(?:\s*[万亿](?=元|[^\w]|$))?")
_MULTIPLES = {"万": 10_000, "亿": 100_000_000}


def plain(text: str) -> str:
    """`text` in NFKC with every kind of dash as `-`."""
    return _DASHES.sub("-", unicodedata.normalize("NFKC", text))


def chinese_number(text: str) -> int | None:
    """The value of Chinese numerals (`五十三`, `两千`), or None where they are none."""
    try:
        return int(cn2an.cn2an(text.replace("两", "二").replace("〇", "零"), "smart"))
    except ValueError:
        return None


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


def _trim(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)
