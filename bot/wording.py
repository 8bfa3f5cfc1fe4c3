"""From templates and values to the words a person reads, within what a channel can carry."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from handlers.contract import Choice, Reply, Section
from knowledge.library import Library
from knowledge.notice_index import aspects_served
from knowledge.reading import Scope

_KEPT = 256
_LABEL = 20
_LEADS = "："
_SLIGHT, _HARDLY, _WHEN_OVER = 0.75, 1.5, 0.45

TEMPLATES = Path(__file__).parent.parent / "handlers" / "templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worded:
    """A reply in words: parts that each fit the channel, and what each numbered line stands for, in order."""

    parts: tuple[str, ...]
    choices: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Scoped:
    """What is said of one scope, under its heading."""

    heading: str
    weight: float
    texts: list[str] = field(default_factory=list)

    def under(self, texts: Sequence[str]) -> Iterator[str]:
        """Some of the texts, the first of them with the heading."""
        if texts:
            yield from (self.heading + texts[0], *texts[1:])


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
        righted = self.righted(whole, library)
        return parts if righted == whole else tuple(pack([righted], limit_bytes, more))

    def word(
        self,
        reply: Reply,
        library: Library,
        *,
        now: datetime,
        order: Mapping[str, int] = MappingProxyType({}),
        before: Sequence[str] = (),
        after: Sequence[str] = (),
        limit_bytes: int,
    ) -> Worded:
        """The whole reply: notes, sections under their notices' headings, numbered choices, closing lines.
        Each notice's sections stand together where all fit into one part; else each notice has its first
        section said before any has its second. What fits into one part follows the `order` of
        the questions."""
        asking = [section for section in reply.sections if section.weight < 0] if reply.awaiting else []
        others = [section for section in reply.sections if section not in asking]
        asked = _as_asked(others, order, library)
        told = self._sections(asked, library, now)
        choices = self._choices(reply.choices)
        tail = [self.render("conversation/choices", lines=list(choices))] if choices else []
        more = "\n" + self.phrase("conversation/more")
        closing = "\n".join(_together(self._sections(asking, library, now)))
        room = limit_bytes - _size(closing) - 2
        parts = pack([*before, *_together(told), *tail, *after], room, more)
        if len(parts) > 1:
            if asked is not others:
                told = self._sections(others, library, now)
            parts = pack([*before, *_in_turn(told), *tail, *after], room, more)
        if closing:
            # what awaits an answer belongs to what is read first
            parts[0] = f"{parts[0]}\n\n{closing}".lstrip()
        return Worded(parts=tuple(parts), choices=choices)

    def _sections(self, sections: Iterable[Section], library: Library, now: datetime) -> list[_Scoped]:
        """What is said of each scope, heaviest first; of those with something of weight to say, a season
        that is over comes after what can still be applied for, unless it fits far better."""
        scopes: dict[Scope | None, _Scoped] = {}
        for section in sorted(sections, key=lambda s: -s.weight):
            if section.scope not in scopes:
                heading = self._heading(section.scope, library, now)
                over = section.scope is not None and library.notices[section.scope.notice].season(now).over
                scopes[section.scope] = _Scoped(heading, section.weight * (_WHEN_OVER if over else 1))
            text = self.righted(self.render(section.template, **section.values), library)
            if section.scope is not None:
                text = _without_heading(text, section.scope, library)
            told = scopes[section.scope].texts
            if told and told[-1].endswith(_LEADS):
                told[-1] += f"\n{text}"
            elif text not in told:
                told.append(text)
        return sorted(scopes.values(), key=lambda scoped: -scoped.weight)

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

    def _choices(self, choices: Iterable[Choice]) -> dict[str, str]:
        rows: dict[str, str] = {}
        for choice in choices:
            label = self.render(choice.template, **choice.values)
            rows.setdefault(label, self.render(choice.says, **choice.values) if choice.says else label)
        return rows


def _as_asked(sections: list[Section], order: Mapping[str, int], library: Library) -> list[Section]:
    """The sections, with what answers each of several questions best in the order of these; each scope's
    others keep their places."""
    answers: dict[Scope, dict[int, Section]] = {}
    for section in sorted(sections, key=lambda section: -section.weight):
        if not section.scope or section.weight < _HARDLY:
            continue
        if (place := _question(section, order, library)) is not None:
            answers.setdefault(section.scope, {}).setdefault(place, section)
    weights: dict[int, float] = {}
    for best in answers.values():
        heaviest = sorted((section.weight for section in best.values()), reverse=True)
        inorder = (section for _, section in sorted(best.items()))
        weights.update({id(section): weight for section, weight in zip(inorder, heaviest, strict=True)})
    if all(weights.get(id(section), section.weight) == section.weight for section in sections):
        return sections
    return [replace(section, weight=weights.get(id(section), section.weight)) for section in sections]


def _question(section: Section, order: Mapping[str, int], library: Library) -> int | None:
    """Which of several questions a section answers, by what its first fact is about."""
    first = library.sourced.get(section.facts[0]) if order and section.facts and not section.beside else None
    if first is None:
        return None
    topics = (*first.fact.about, *aspects_served(first.fact))
    return min((order[topic] for topic in topics if topic in order), default=None)


def _without_heading(text: str, scope: Scope, library: Library) -> str:
    """The text, its lines without beginning with the city or the programmes that the heading names."""
    notice = library.notices[scope.notice]
    asked = tuple(library.programmes[id_][1].name for id_ in scope.programmes)
    names = (*(p.name for p in notice.programmes), *notice.header.cities)
    return _named(notice.header.city, names, asked).sub("· ", text)


@lru_cache(_KEPT)
def _named(city: str, names: tuple[str, ...], asked: tuple[str, ...]) -> re.Pattern[str]:
    """How a line begins that is of a city as a whole, or of all programmes asked about, before what it is
    about or a colon."""
    any_name = f"“?(?:{'|'.join(map(re.escape, names))})”?"
    whole = f"(?!{any_name}){re.escape(city)}"
    of_all = "".join(f"(?=[^：\n]*{re.escape(name)})" for name in asked)
    own = f"|{of_all}{any_name}(?:、{any_name})*" if asked else ""
    return re.compile(f"^· (?:{whole}{own})(?:：|(?=[^，。；：\n]{{1,{_LABEL}}}：))", re.MULTILINE)


def _together(told: Iterable[_Scoped]) -> Iterator[str]:
    """Each scope's sections one after the other."""
    for scoped in told:
        yield from scoped.under(scoped.texts)


def _in_turn(told: Iterable[_Scoped]) -> Iterator[str]:
    """The first section of each scope of weight, then what else each has to say."""
    weighty = [scoped for scoped in told if scoped.weight >= _SLIGHT]
    if len(weighty) < 2:
        yield from _together(told)
        return
    for scoped in weighty:
        yield from scoped.under(scoped.texts[:1])
    for scoped in told:
        yield from scoped.under(scoped.texts if scoped.weight < _SLIGHT else scoped.texts[1:])


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
