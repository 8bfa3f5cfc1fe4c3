"""Every wording the library knows, found in a text in one pass; typing errors are mended to them.

Three kinds of error are mended: Latin pinyin, characters that sound alike (技能大是), and one wrong
character in a long wording (卓赿技师).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from itertools import pairwise
from operator import eq

from knowledge.language import blurred, heard, is_han, is_word, latin_runs, latin_syllables, sound, tagged

_LONGEST = 24
_SHORT_NAME = 2
_SHORTEST_BLURRED = 3
_SHORTEST_TYPO = 4
_WEAK = 0.3


class Sort(StrEnum):
    """What a wording stands for."""

    PROGRAMME = "programme"
    CITY = "city"
    OTHER_CITY = "other_city"
    REGION = "region"
    STREET = "street"
    ASPECT = "aspect"
    MATTER = "matter"
    PERSON = "person"
    BODY = "body"


_NAMES = frozenset({Sort.PROGRAMME, Sort.REGION, Sort.STREET, Sort.PERSON})
_TOPICS = frozenset({Sort.ASPECT, Sort.MATTER})
_DROPPED_IN_NAMES = frozenset({Sort.ASPECT, Sort.MATTER, Sort.REGION, Sort.OTHER_CITY})


@dataclass(frozen=True, slots=True)
class Sense:
    """One thing a wording stands for, and how surely (0..1)."""

    sort: Sort
    value: str
    weight: float


@dataclass(frozen=True, slots=True)
class Found:
    """A wording found in the text at [start, end)."""

    start: int
    end: int
    surface: str
    senses: tuple[Sense, ...]

    def __len__(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Mended:
    """A text with its errors mended, what was read as what, the wordings found in it, and its words with
    their part of speech."""

    text: str
    changes: tuple[tuple[str, str], ...]
    found: tuple[Found, ...]
    words: Sequence[tuple[str, str]]


class Lexicon:
    """Wordings with their senses; built once, then only read.

    `everyday` are further words, without a sense, that Latin pinyin may be read as; `texts` gives still
    more of them, when the first pinyin is to be read.
    """

    def __init__(
        self,
        rows: Iterable[tuple[str, Sense]],
        everyday: Collection[str] = (),
        texts: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self._everyday, self._texts = everyday, texts
        senses: dict[str, list[Sense]] = defaultdict(list)
        self._instances: set[str] = set()
        for written, sense in rows:
            surface = written.lstrip("~=")
            if written.startswith("="):
                self._instances.add(surface)
            weight = sense.weight * (_WEAK if written.startswith("~") else 1)
            if all((sense.sort, sense.value) != (known.sort, known.value) for known in senses[surface]):
                senses[surface].append(Sense(sense.sort, sense.value, weight))
        self._senses = {surface: tuple(found) for surface, found in senses.items() if surface}
        self._lengths: dict[str, tuple[int, ...]] = {}
        by_first: dict[str, set[int]] = defaultdict(set)
        for surface in self._senses:
            by_first[surface[:2]].add(len(surface))
        for first, lengths in by_first.items():
            if first[0] in by_first:
                lengths.add(1)
        self._lengths = {first: tuple(sorted(lengths, reverse=True)) for first, lengths in by_first.items()}
        self._little_words = frozenset(word for word in everyday if len(word) == 1)
        self._index_errors()

    def _index_errors(self) -> None:
        """By sound, and by the two ends of long names, what a misspelling may have meant."""
        self._blurred_sounds: dict[str, str] = {}
        lengths: dict[tuple[str, str], set[int]] = defaultdict(set)
        self._heads: dict[str, list[str]] = defaultdict(list)
        self._tails: dict[str, list[str]] = defaultdict(list)
        for surface in self._audible():
            self._blurred_sounds.setdefault(" ".join(map(heard, surface)), surface)
            lengths[heard(surface[0]), heard(surface[1])].add(len(surface))
            if len(surface) >= _SHORTEST_TYPO and self._only(surface, Sort.PROGRAMME, Sort.REGION):
                self._heads[surface[:2]].append(surface)
                self._tails[surface[-2:]].append(surface)
        self._sound_lengths = {head: tuple(sorted(found, reverse=True)) for head, found in lengths.items()}

    def _audible(self) -> Iterator[str]:
        """The wordings that may be written as they sound, those of the most weight first."""
        for surface in sorted(self._senses, key=lambda s: (-max(x.weight for x in self._senses[s]), s)):
            if (
                2 <= len(surface) <= _LONGEST
                and all(map(is_han, surface))
                and not self._only(surface, Sort.STREET)
            ):
                yield surface

    @cached_property
    def _exact_sounds(self) -> Mapping[str, str]:
        """What pinyin may have meant, by its syllables."""
        words = sorted({*self._everyday, *self._texts()})
        spoken = (word for word in words if len(word) > 1 and all(map(is_han, word)))
        found: dict[str, str] = {}
        for surface in (*self._audible(), *spoken):
            found.setdefault(" ".join(map(sound, surface)), surface)
        return found

    def _only(self, surface: str, *sorts: Sort) -> bool:
        return all(sense.sort in sorts for sense in self._senses[surface])

    def is_instance(self, surface: str) -> bool:
        """Whether the wording is a case of its matter, not another word for it (`=返聘` of 退休人员)."""
        return surface in self._instances

    def scan(self, text: str) -> list[Found]:
        """Every wording in `text`; one inside a longer one is kept only for sorts the longer one lacks."""
        found: list[Found] = []
        cover: dict[Sort, int] = {}
        limit = len(text)
        for start, char in enumerate(text):
            for length in self._lengths.get(text[start : start + 2]) or self._lengths.get(char, ()):
                end = start + length
                if end > limit:
                    continue
                senses = self._senses.get(text[start:end])
                if not senses or (char.isascii() and _within_word(text, start, end)):
                    continue
                kept = [s for s in senses if cover.get(s.sort, 0) < end]
                if kept:
                    cover.update({sense.sort: end for sense in kept})
                    found.append(Found(start, end, text[start:end], tuple(kept)))
        return _outside_names(found)

    def mend(self, text: str, *, district: bool = False) -> Mended:
        """`text` with Latin pinyin, homophones and single wrong characters read as known wordings; where a
        `district` is expected, two characters that are no word are readily taken for one (宜新)."""
        changes: list[tuple[str, str]] = []
        text = self._mend_latin(text, changes)
        found, words = self.scan(text), tagged(text)
        mended = self._mend_homophones(text, found, words, changes)
        if district:
            mended = self._mend_district(mended, changes)
        if mended != text:
            found, words = self.scan(mended), tagged(mended)
        return Mended(mended, tuple(changes), tuple(found), words)

    def _mend_latin(self, text: str, changes: list[tuple[str, str]]) -> str:
        for start, end in reversed(latin_runs(text)):
            run = text[start:end]
            syllables = latin_syllables(run)
            words = self._cover(syllables) if len(syllables) > 1 and run not in self._senses else []
            if words:
                changes.append((run, "".join(words)))
                text = f"{text[:start]}{' '.join(words)}{text[end:]}"
        return text

    def _cover(self, syllables: Sequence[str]) -> list[str]:
        """The wordings that cover most of the syllables; unknown syllables are passed over."""
        size = len(syllables)
        best: list[tuple[float, list[str]]] = [(0.0, [])]
        for end in range(1, size + 1):
            score, words = best[end - 1]
            choice = (score, words)
            for start in range(max(0, end - _LONGEST), end - 1):
                surface = self._by_sound(syllables[start:end])
                if surface is None:
                    continue
                gained = best[start][0] + (end - start) ** 2
                if gained > choice[0]:
                    choice = (gained, [*best[start][1], surface])
            best.append(choice)
        return best[size][1]

    def _by_sound(self, syllables: Sequence[str]) -> str | None:
        exact = self._exact_sounds.get(" ".join(syllables))
        if exact is not None or len(syllables) < _SHORTEST_BLURRED:
            return exact
        return self._blurred_sounds.get(" ".join(map(blurred, syllables)))

    def _mend_homophones(
        self,
        text: str,
        scanned: Sequence[Found],
        tags: Sequence[tuple[str, str]],
        changes: list[tuple[str, str]],
    ) -> str:
        known = [0] * len(text)
        for found in scanned:
            length = len(found)
            for at in range(found.start, found.end):
                known[at] = max(known[at], length)
        words = _spans(tags)
        sounds = [*map(_heard, text)]
        names = self._names(text)
        done = 0
        for at, lengths in enumerate(map(self._sound_lengths.get, pairwise(sounds))):
            if at < done or not (lengths or at in names) or not sounds[at] or words[at][0] != at:
                continue
            surface = self._alike(text, at, lengths or (), known, words, sounds)
            if surface is None and at in names:
                surface = self._one_off(text, at, names[at], known, words)
            if surface is None:
                continue
            done = at + len(surface)
            changes.append((text[at:done], surface))
            text = text[:at] + surface + text[done:]
            names = self._names(text)
        return text

    def _mend_district(self, text: str, changes: list[tuple[str, str]]) -> str:
        """Two characters that are no word, but sound like the short name of a district and share one with
        it."""
        words = _spans(tagged(text))
        for at, sounds in enumerate(pairwise([*map(_heard, text)])):
            written, surface = text[at : at + _SHORT_NAME], self._blurred_sounds.get(" ".join(sounds))
            if (
                surface
                and self._only(surface, Sort.REGION, Sort.BODY)
                and sum(a == b for a, b in zip(written, surface, strict=True)) == 1
                and (words[at][0], words[at + 1][1]) == (at, at + _SHORT_NAME)
                and not is_word(written)
                and not self.scan(written)
            ):
                changes.append((written, surface))
                text = text[:at] + surface + text[at + _SHORT_NAME :]
        return text

    def _names(self, text: str) -> dict[int, list[str]]:
        """The long names whose first two or last two characters stand in the text, by where each would
        begin: those of the first two before the others, and of these the longest first."""
        found: dict[int, list[str]] = defaultdict(list)
        pairs = [text[at : at + 2] for at in range(len(text) - 1)]
        for at, pair in enumerate(pairs):
            if pair in self._heads:
                found[at] += self._heads[pair]
        for at in reversed(range(len(pairs))):
            for name in self._tails.get(pairs[at], ()):
                found[at + 2 - len(name)].append(name)
        return found

    def _alike(
        self,
        text: str,
        at: int,
        lengths: Iterable[int],
        known: Sequence[int],
        words: Sequence[tuple[int, int]],
        sounds: Sequence[str],
    ) -> str | None:
        """The wording that sounds like what stands at `at`, where that means nothing as long."""
        for length in lengths:
            end = at + length
            if (
                end > len(text)
                or known[at] >= length
                or max(known[at:end]) >= length
                or (length == _SHORT_NAME and text[at - 1 : at] == text[end - 1])  # 挤一挤 is one word
            ):
                continue
            surface = self._blurred_sounds.get(" ".join(sounds[at:end]))
            if words[end - 1][1] != end and not (surface and self._place(text[at:end], surface)):
                continue
            if surface and self._overwrites(text[at:end], surface, known[at:end]):
                continue
            if surface and set(self._senses[surface]).issubset(self._senses.get(text[at + 1 : end], ())):
                continue  # 我说的是技能大师工作室 names it as it is
            if surface and surface != text[at:end] and self._plausible(text[at:end], surface, words[at:end]):
                return surface
        return None

    def _place(self, written: str, surface: str) -> bool:
        """Whether a place is written with one character wrong that sounds just the same: what follows may
        make a word with that one (东西胡人社)."""
        same = sum(a == b for a, b in zip(written, surface, strict=True))
        sounds = [*map(sound, written)] == [*map(sound, surface)]
        named = self._only(surface, Sort.REGION, Sort.BODY)
        return same == len(surface) - 1 >= _SHORT_NAME and sounds and named

    def _overwrites(self, written: str, surface: str, known: Sequence[int]) -> bool:
        """Whether a wording that is no name would change a known one that is most of it (公示在: 公司在)."""
        return not self._only(surface, *_NAMES) and any(
            a != b and 2 * length > len(surface) for a, b, length in zip(written, surface, known, strict=True)
        )

    def _one_off(
        self,
        text: str,
        at: int,
        names: Iterable[str],
        known: Sequence[int],
        words: Sequence[tuple[int, int]],
    ) -> str | None:
        """A long name with one wrong character: its first two or its last two are right."""
        for name in names:
            end = at + len(name)
            if end > len(text) or max(known[at:end]) >= len(name) - 1:
                continue
            wrong = [i for i, char in enumerate(name) if text[at + i] != char]
            if len(wrong) != 1 or _number_differs(text[at:end], name):
                continue
            start, stop = words[at + wrong[0]]
            if stop - start == 1 and not self._makes_sense(text[at:end], wrong[0]):
                return name
        return None

    def _makes_sense(self, written: str, wrong: int) -> bool:
        """Whether the wording around the odd character stands by itself (武汉 建 大师工作室)."""
        sides = (written[:wrong], written[wrong + 1 :])
        return not is_han(written[wrong]) or all(not side or side in self._senses for side in sides)

    def _plausible(self, written: str, surface: str, words: Sequence[tuple[int, int]]) -> bool:
        """A homophone is an error where the words written make no sense as long a word of their own."""
        same = sum(a == b for a, b in zip(written, surface, strict=True))
        if self._place(written, surface):
            return not is_word(written)
        if _number_differs(written, surface):
            return False
        longest = max(end - start for start, end in words)
        named = self._only(surface, Sort.PROGRAMME, Sort.REGION, Sort.BODY)
        inside = same == len(written) - 1 and written[0] == surface[0] and written[-1] == surface[-1]
        if not (named or inside) and any(
            a in self._little_words for a, b in zip(written, surface, strict=True) if a != b
        ):
            return False
        if not named and _other_word(written, surface, words):
            return False
        if len(written) < _SHORTEST_BLURRED:
            loose = longest == 1 or (
                set(words) == {(words[0][0], words[0][0] + len(written))} and not is_word(written)
            )
            return loose and same > 0 and [sound(c) for c in written] == [sound(c) for c in surface]
        return same * 3 >= len(written) and longest < len(written)


def _other_word(written: str, surface: str, words: Sequence[tuple[int, int]]) -> bool:
    """Whether a word of what is written shares no character with what it would be read as (党委: 单位)."""
    first = words[0][0]
    return any(
        end - start > 1 and not any(map(eq, written[start - first : end - first], surface[start - first :]))
        for start, end in set(words)
    )


def _within_word(text: str, start: int, end: int) -> bool:
    """Whether a Latin wording is a part of a longer word (app in appendix)."""
    return (
        start > 0 and text[start - 1].isascii() and text[start - 1].isalnum() and text[start].isalnum()
    ) or (end < len(text) and text[end].isascii() and text[end].isalnum() and text[end - 1].isalnum())


def _outside_names(found: list[Found]) -> list[Found]:
    """Without the topics and districts inside a longer name: 卓越技师 says nothing of the level 技师, and
    惠山街道 is a street, not 惠山区; nor is 传承大师 the programme 大师."""
    names = [item for item in found if any(sense.sort in _NAMES for sense in item.senses)]
    kept = [item for item in found if not _all(item, _DROPPED_IN_NAMES) or not _inside(item, names)]
    topics = [item for item in kept if any(sense.sort in _TOPICS for sense in item.senses)]
    return [
        item
        for item in kept
        if len(item) > _SHORT_NAME or not _all(item, _NAMES) or not _inside(item, topics)
    ]


def _all(item: Found, sorts: frozenset[Sort]) -> bool:
    return all(sense.sort in sorts for sense in item.senses)


def _inside(item: Found, others: Iterable[Found]) -> bool:
    return any(o.start <= item.start and item.end <= o.end and len(o) > len(item) for o in others)


def _spans(tags: Iterable[tuple[str, str]]) -> list[tuple[int, int]]:
    """For each character where the dictionary word that it stands in begins and ends."""
    spans: list[tuple[int, int]] = []
    for word, _ in tags:
        spans += [(len(spans), len(spans) + len(word))] * len(word)
    return spans


@lru_cache(maxsize=16384)
def _heard(char: str) -> str:
    return heard(char) if is_han(char) else ""


def _number_differs(written: str, surface: str) -> bool:
    numerals = "一二三四五六七八九十第"
    return any((a in numerals or b in numerals) and a != b for a, b in zip(written, surface, strict=True))
