"""From a delivery that is about to leave to the words that its person reads, as things stand now."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from bot.cards import LINES
from bot.wording import Wording, pack
from handlers.alerts import Sending, Telling, Told
from handlers.registry import TELLING
from knowledge.library import Library

_PRESSED: Final = re.compile(r'<a href="weixin://bizmsgmenu\?[^"<>]*">([^<>]*)</a>')
_MORE: Final = "conversation/more"


@dataclass(frozen=True)
class Notification:
    """What is told: the `text` whole, and the `card` in short lines by their names.

    `told` has the facts that it shows, and what was reckoned.
    """

    template: str
    told: Told
    wording: Wording
    library: Library

    @cached_property
    def chat(self) -> str:
        """The text with lines that the platform's chat lets people press."""
        text = self.wording.render(self.template, **self.told.values)
        # what staff wrote themselves shows no facts, and goes out as somebody approved it
        return self.wording.righted(text, self.library) if self.told.facts else text

    @cached_property
    def text(self) -> str:
        return _PRESSED.sub(r"\1", self.chat)

    @cached_property
    def card(self) -> Mapping[str, str]:
        """Raises ValueError for a line that no card has."""
        lines = self.wording.render(f"{self.template}.card", **self.told.values).splitlines()
        pairs = [(name.strip(), words.strip()) for name, _, words in (line.partition(":") for line in lines)]
        if unknown := [name for name, _ in pairs if name not in LINES]:
            raise ValueError(f"no card has a line {unknown[0]!r}")
        return {name: words for name, words in pairs if words}

    def parts(self, limit_bytes: int, *, pressed: bool = False) -> list[str]:
        """The text in parts of at most so many UTF-8 bytes; all but the last say how to get the next. Where
        lines can be `pressed`, it is the chat's."""
        return pack([self.chat if pressed else self.text], limit_bytes, "\n" + self.wording.phrase(_MORE))


class Notifier:
    """Finds the words of alerts: the handler whose name a template begins with knows what they show."""

    def __init__(
        self, library: Library, wording: Wording | None = None, telling: Sequence[Telling] = TELLING
    ) -> None:
        self.library = library
        self._wording = wording or Wording()
        self._telling = {handler.name: handler for handler in telling}

    def take(self, library: Library) -> None:
        """Go by these notices under another overlay."""
        self.library = library

    def under(self, library: Library) -> Notifier:
        """One that does; this one stays as it is."""
        other = copy(self)
        other.take(library)
        return other

    def notification(
        self, *, template: str, content: str, now: datetime, unit: str = "", url: str = ""
    ) -> Notification:
        """What an alert says at `now`; `content` are its values as JSON. Raises what its handler raises."""
        handler = self._telling[template.partition("/")[0]]
        sending = Sending(
            template=template,
            values=json.loads(content),
            now=now,
            library=self.library,
            unit=unit,
            url=url,
        )
        return Notification(template, handler.tell(sending), self._wording, self.library)
