"""What a message does: it asks, or it greets, thanks, commands… (`common/speech.yaml`)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from knowledge.language import bare, unmarked
from knowledge.reading import ASK
from knowledge.vocabulary import Speech


class Acts:
    """The kinds of speech of a vocabulary."""

    def __init__(self, speech: Iterable[Speech]) -> None:
        rows = list(speech)
        self._whole = {bare(text): row.id for row in rows for text in row.whole}
        self._parts = [(text, row.id) for row in rows for text in row.has]
        self._some_part = re.compile("|".join(re.escape(text) for text, _ in self._parts))
        self._quiet = [(text, row.id) for row in rows for text in row.quiet]
        self._aside = [(text, row.id) for row in rows for text in row.aside]

    def of(self, text: str) -> str:
        """The act of a message by its words: as a whole, by what it contains, or by its last part where each
        is an act; else it asks."""
        whole = self._whole.get(bare(text)) or self._whole.get(_unsoftened(bare(text)))
        if whole:
            return whole
        if self._some_part.search(text):
            return next((act for word, act in self._parts if word in text), ASK)
        parts = [self._whole.get(_unsoftened(part)) for part in unmarked(text)]
        return (parts[-1] if parts and all(parts) else None) or ASK

    def of_quiet(self, text: str) -> str:
        """The act of a message that is known to ask nothing that the vocabulary knows."""
        return next((act for word, act in self._quiet if word in text), ASK)

    def of_aside(self, text: str) -> str:
        """The act of a message that is known to name no topic, but maybe a place."""
        return next((act for word, act in self._aside if word in text), ASK)


def _unsoftened(text: str) -> str:
    """Without the little words that soften a short message (啊, 呀, 哦…)."""
    return text.strip("啊呀哦呢吧嘛哈呗哇咯啦的亲请")
