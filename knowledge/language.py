"""Chinese as people type it: one normal form, and how it sounds."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from functools import lru_cache

import opencc
import rjieba

# its table of phrases is 50 MB that single characters do not need
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "true")
from pypinyin.constants import PINYIN_DICT

_FIRST_HAN, _LAST_HAN, _ZERO = 0x4E00, 0x9FFF, 0x3007
_READINGS = {
    code: sys.intern(readings.partition(",")[0])
    for code, readings in PINYIN_DICT.items()
    if _FIRST_HAN <= code <= _LAST_HAN or code == _ZERO
}
PINYIN_DICT.clear()  # the rest of its table is 9 MB that nothing reads
_SIMPLIFY = opencc.OpenCC("t2s")
_DROPPED = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufe0e\ufe0f\ufeff\x00-\x08\x0b-\x1f\x7f]")
_SPACE = re.compile(r"\s+")
_LATIN_WORD = re.compile(r"(?<![a-z0-9./:@_-])[a-z]+(?:'[a-z]+)*(?![a-z0-9./:@_-])")
_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"))
_MARKS = re.compile(r"[^\w\u4e00-\u9fff]+")
_CLIP = 500


def normalise(text: str) -> str:
    """NFKC, simplified, lower case, single spaces, nothing invisible; at most 500 characters."""
    text = unicodedata.normalize("NFKC", _DROPPED.sub("", text[: 4 * _CLIP]))
    text = _SIMPLIFY.convert(text).lower()
    return _SPACE.sub(" ", text).strip()[:_CLIP].rstrip()


def unmarked(text: str) -> list[str]:
    """The stretches of `text` between marks and spaces."""
    return [part for part in _MARKS.split(text) if part]


def bare(text: str) -> str:
    """`text` without marks and spaces, in lower case."""
    return _MARKS.sub("", text).lower()


def is_han(char: str) -> bool:
    """Whether `char` is a Chinese character."""
    return "\u4e00" <= char <= "\u9fff" or char == "\u3007"


def tagged(text: str) -> list[tuple[str, str]]:
    """The words of `text` with their part of speech (n, v, ns, eng…)."""
    return rjieba.tag(text)


def is_word(text: str) -> bool:
    """Whether the dictionary has `text` as one word."""
    return rjieba.has_word(text)


@lru_cache(maxsize=16384)
def sound(char: str) -> str:
    """The commonest reading of a character without its tone; `""` for anything else."""
    return _toneless(_READINGS.get(ord(char), ""))


def _toneless(reading: str) -> str:
    return sys.intern("".join(c for c in unicodedata.normalize("NFD", reading) if c.isascii()).lower())


@lru_cache(maxsize=4096)
def blurred(syllable: str) -> str:
    """A syllable as it is heard where zh/z, ch/c, sh/s and -ng/-n are not told apart."""
    for sharp, flat in _INITIALS:
        if syllable.startswith(sharp):
            syllable = flat + syllable[len(sharp) :]
            break
    return syllable[:-1] if syllable.endswith("ng") else syllable


@lru_cache(maxsize=16384)
def heard(char: str) -> str:
    """The blurred sound of a character."""
    return blurred(sound(char))


@lru_cache(maxsize=1)
def _syllables() -> frozenset[str]:
    return frozenset(map(_toneless, set(_READINGS.values()))) - {"", "n", "m", "ng", "hm"}


def latin_syllables(run: str) -> list[str]:
    """The pinyin syllables of a run that `latin_runs` gave; spaces and apostrophes are boundaries."""
    return [syllable for word in re.split(r"['\s]+", run) for syllable in _cut_word(word) or ()]


@lru_cache(maxsize=1024)
def _cut_word(word: str) -> list[str] | None:
    """The split into the fewest syllables (`xian` stays one; `xi'an` is two by its mark)."""
    known = _syllables()
    best: list[list[str] | None] = [[]] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - 6), end):
            before = best[start]
            if before is not None and word[start:end] in known:
                here = best[end]
                if here is None or len(before) + 1 < len(here):
                    best[end] = [*before, word[start:end]]
    return best[-1]


def latin_runs(text: str) -> list[tuple[int, int]]:
    """The stretches of `text` that are pinyin words one after the other; English words end them."""
    runs: list[tuple[int, int]] = []
    for match in _LATIN_WORD.finditer(text):
        if any(_cut_word(part) is None for part in match.group().split("'")):
            continue
        start, end = match.span()
        if runs and text[runs[-1][1] : start].isspace():
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    return runs
