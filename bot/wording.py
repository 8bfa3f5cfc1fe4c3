"""From templates and values to the words a person reads, within what a channel can carry."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from handlers.contract import Choice, Reply, Section
from knowledge.library import Library
from knowledge.reading import Scope

_KEPT = 256
_SLIGHT = 1.0

TEMPLATES = Path(__file__).parent.parent / "handlers" / "templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worded:
    """A reply in words: parts that each fit the channel, and what each number stands for."""

    parts: tuple[str, ...]
    choices: tuple[str, ...]


class Wording:
    """Renders templates; an undefined value is an error, never a gap."""

    def __init__(self, folder: Path = TEMPLATES) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(folder),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            autoescape=select_autoescape(),  # by ending: HTML alone, and a chat's text is none
            auto_reload=False,
            cache_size=-1,
        )
        # no template uses Jinja's own globals, and every render would copy them
        self._templates.globals.clear()
        for name in self._templates.list_templates():
            self._templates.get_template(name)
        self._kept = lru_cache(_KEPT)(self.render)

    def render(self, template: str, **values: Any) -> str:
        """The text of a template, without blank lines."""
        text = self._templates.get_template(f"{template}.j2").render(values)
        return "\n".join(line for line in text.splitlines() if line.strip())

    def phrase(self, template: str, **values: Hashable) -> str:
        """The text of a template whose few values come again and again: rendered once, and kept."""
        return self._kept(template, **values)

    def righted(self, text: str, library: Library) -> str:
        """The text below every correction of a number or an address that it gives wrong alone."""
        wrong = library.misled(text)
        return "\n".join([self.render("facts/righted", offices=wrong), text]) if wrong else text

    def resumed(self, parts: tuple[str, ...], library: Library, limit_bytes: int) -> tuple[str, ...]:
        """The parts of a reply that are still to be said, righted by what was corrected since."""
        more = "\n" + self.phrase("conversation/more")
        whole = "\n".join(part.removesuffix(more) for part in parts)
        return (
            tuple(pack([self.righted(whole, library)], limit_bytes, more)) if library.misled(whole) else parts
        )

    def word(
        self,
        reply: Reply,
        library: Library,
        *,
        now: datetime,
        before: Sequence[str] = (),
        after: Sequence[str] = (),
        limit_bytes: int,
    ) -> Worded:
        """The whole reply: notes, sections under their notices' headings, numbered choices, closing lines."""
        asking = [section for section in reply.sections if section.weight < 0] if reply.awaiting else []
        others = [section for section in reply.sections if section not in asking]
        blocks = [*before, *self._sections(others, library, now)]
        labels, says = self._choices(reply.choices)
        tail = [self.render("conversation/choices", lines=labels)] if labels else []
        more = "\n" + self.phrase("conversation/more")
        closing = "\n".join(self._sections(asking, library, now))
        parts = pack([*blocks, *tail, *after], limit_bytes - _size(closing) - 2, more)
        if closing:
            # what awaits an answer belongs to what is read first
            parts[0] = f"{parts[0]}\n\n{closing}".lstrip()
        return Worded(parts=tuple(parts), choices=says)

    def _sections(self, sections: Iterable[Section], library: Library, now: datetime) -> Iterable[str]:
        """Heaviest first; of several scopes each has its first section said before any has its second, but
        one that has nothing of weight to say comes last."""
        by_scope: dict[Scope | None, list[str]] = {}
        slight: list[Scope | None] = []
        for section in sorted(sections, key=lambda s: -s.weight):
            if section.scope not in by_scope and section.weight < _SLIGHT:
                slight.append(section.scope)
            texts = by_scope.setdefault(section.scope, [])
            text = self.righted(self.render(section.template, **section.values), library)
            if text not in texts:
                texts.append(text)
        headings = {scope: self._heading(scope, library, now) for scope in by_scope}
        weighty = [scope for scope in by_scope if scope not in slight]
        if len(weighty) > 1:
            for scope in weighty:
                yield headings[scope] + by_scope[scope].pop(0)
        for scope, texts in by_scope.items():
            if texts:
                yield from (headings[scope] + texts[0], *texts[1:])

    def _heading(self, scope: Scope | None, library: Library, now: datetime) -> str:
        """Which notice and programmes a section speaks of, with a line break; empty for none."""
        if scope is None:
            return ""
        notice = library.notices[scope.notice]
        programmes = [library.programmes[p][1] for p in scope.programmes]
        heading = self.phrase(
            "conversation/heading",
            names=tuple(p.name for p in programmes) or (notice.header.city,),
            editions=tuple(dict.fromkeys(p.edition for p in programmes)) or (notice.header.edition,),
            doc_no=notice.header.doc_no,
            season=str(notice.season(now)),
        )
        return f"{heading}\n"

    def _choices(self, choices: Iterable[Choice]) -> tuple[list[str], tuple[str, ...]]:
        rows: dict[str, str] = {}
        for choice in choices:
            label = self.render(choice.template, **choice.values)
            rows.setdefault(label, self.render(choice.says, **choice.values) if choice.says else label)
        return list(rows), tuple(rows.values())


def pack(blocks: Sequence[str], limit_bytes: int, more: str) -> list[str]:
    """Blocks put into parts of at most `limit_bytes` UTF-8 bytes, cut between lines where a block is longer,
    within a line only where a line is; every part but the last ends with `more`."""
    whole = "\n\n".join(blocks)
    if _size(whole) <= limit_bytes:
        return [whole]
    room = limit_bytes - _size(more)
    parts: list[str] = [""]
    for piece in (piece for line in whole.split("\n") for piece in _cut(line, room)):
        joined = f"{parts[-1]}\n{piece}" if parts[-1] else piece
        if _size(joined) <= room:
            parts[-1] = joined
        elif piece:
            parts.append(piece)
    return [part.rstrip() + more for part in parts[:-1]] + [parts[-1].rstrip()]


def _cut(line: str, room: int) -> Iterable[str]:
    while _size(line) > room:
        end = len(line.encode()[:room].decode(errors="ignore"))
        yield line[:end]
        line = line[end:]
    yield line


def _size(text: str) -> int:
    return len(text.encode())
