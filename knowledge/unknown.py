"""What a message speaks of and the notices in scope do not know: other editions, strange words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from knowledge.edition import Notice
from knowledge.language import bare, is_word
from knowledge.lexicon import Mended, Sort
from knowledge.notice import Header
from knowledge.notice_index import NoticeIndex
from knowledge.segments import Segments
from knowledge.vocabulary import Patterns, Vocabulary

_NAME_TAG = "nr"
_TOPIC_TAGS = ("n", "vn", "l", "i", "j")
_LITTLE = 6
_TOPICS = frozenset({Sort.ASPECT, Sort.MATTER})


def stranger(mended: Mended, words: Vocabulary) -> tuple[str, Mended]:
    """A person asked for of whom no notice tells, and the text without what the name also stands for; none
    where it is a name of something else, or a word."""
    match = words.patterns.person.search(mended.text)
    if match is None:
        return "", mended
    name, (start, end) = match[match.lastindex or 0], match.span(match.lastindex or 0)
    inside = [item for item in mended.found if item.start < end and start < item.end]
    named = any(sense.sort not in _TOPICS for item in inside for sense in item.senses)
    if named or any(item.start <= start and end <= item.end for item in inside):
        return "", mended
    if any(word == name and is_word(word) and not tag.startswith(_NAME_TAG) for word, tag in mended.words):
        return "", mended
    return name, replace(mended, found=tuple(item for item in mended.found if item not in inside))


def strange_words(mended: Mended, words: Vocabulary, notices: Sequence[NoticeIndex]) -> tuple[str, ...]:
    """Content words that neither the vocabulary nor a notice in scope knows; what people call one another by
    is none."""
    covered = {at for item in mended.found for at in range(item.start, item.end)}
    result: list[str] = []
    at = 0
    for word, tag in mended.words:
        span = range(at, at + len(word))
        at += len(word)
        if len(set(word)) < 2 or not tag.startswith(_TOPIC_TAGS) or word in words.everyday:
            continue
        if not (is_word(word) or tag.startswith(_NAME_TAG)):
            continue  # cut by guessing: part of one word and of the next
        if not covered.isdisjoint(span) or any(index.holds(word) for index in notices):
            continue
        if words.patterns.called.fullmatch(word):
            continue
        result.append(word)
    return tuple(dict.fromkeys(result))


@dataclass(frozen=True, slots=True)
class Edition:
    """An edition that a message asks about, by its year or by its number (第三); 上一届 is neither."""

    said: str
    year: int = 0
    number: str = ""

    def of(self, header: Header) -> bool:
        """Whether a notice is of this edition."""
        name = f"{header.edition} {' '.join(header.edition_words)} {header.title}"
        return self.number in name if self.number else self.year == header.year


def editions(text: str, wording: str, segments: Segments, patterns: Patterns, year: int) -> list[Edition]:
    """The editions asked about by their year or number; `year` is the present one, 0 where it is not known.
    One in a story beside the question is not asked about, if its part of the message says more than the
    edition and the names, which `wording` is without."""
    found = [(m, Edition(m.group(), year=int(m[1]))) for m in patterns.year.finditer(text)]
    found += [(m, Edition(m.group(), number=m.group()[:-1])) for m in patterns.round.finditer(text)]
    for match in patterns.other.finditer(text):
        away = patterns.years_away.get(match.group()) if year else None
        found.append((match, Edition(match.group(), year=0 if away is None else year + away)))
    said = {at for match, _ in found for at in range(*match.span())}
    result = []
    for match, edition in found:
        since, until = segments.around(*match.span())
        around = "".join(wording[at] for at in range(since, until) if at not in said)
        if not segments.beside_question(match.start()) or len(bare(around)) <= _LITTLE:
            result.append(edition)
    return result


def unheld(asked: Sequence[Edition], notices: Sequence[Notice]) -> str:
    """The first edition asked about that is none of these notices'; of no notice a year says nothing."""
    headers = [part.header for notice in notices for part in (notice, *notice.relays)]
    for edition in asked:
        if (headers or not edition.year) and not any(map(edition.of, headers)):
            return edition.said
    return ""
