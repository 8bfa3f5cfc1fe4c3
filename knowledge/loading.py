"""Reads every notice folder and checks it as a whole: all faults at once, or what they hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

from knowledge import lint, lint_process, lint_rules, lint_telling
from knowledge.criteria import Criteria, Outcome
from knowledge.dictionary import Entry, Screen
from knowledge.edition import Notice, Region, Streets
from knowledge.faults import Fault, KnowledgeError
from knowledge.notice import FACT_FILES, Clause, Fact, Header, Silence, Stage, Strings
from knowledge.process import Audience, Defaults, Plan, Preparation, Reminder, Reminders, ReviewStatus
from knowledge.sayings import Sayings
from knowledge.vocabulary import (
    AnswerKind,
    AspectWords,
    Everyday,
    Glossary,
    Matter,
    Outcomes,
    Patterns,
    Speech,
    Statement,
    Vocabulary,
)
from knowledge.yaml_source import Path_, Source, read

_OTHER_FILES = (
    "notice",
    "clauses",
    "silences",
    "regions",
    "streets",
    "asked",
    "facts",
    "screens",
    "criteria",
    "reminders",
    "preparation",
    "review",
)
_TELLING = "common/telling.yaml"
_CONTENTS_KEPT = 4
_Kind = TypeVar("_Kind")
_Stamp: TypeAlias = tuple[str, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What the folders hold, and a `version` that tells whether any of it has changed."""

    version: str
    notices: Mapping[str, Notice]
    vocabulary: Vocabulary
    dictionary: Mapping[str, Entry]
    screens: tuple[Screen, ...]


def contents(base: Path, added: Iterable[Path], *, whole: bool) -> Contents:
    """The notices of `base`, which has the shared files too, and of each folder of `added`; raises
    KnowledgeError with all faults, of the `whole` or but for those of expressions by which people tell facts.
    A process reads files anew only when they have changed."""
    roots = (base, *added)
    files = (path for root in roots for path in sorted(root.rglob("*")) if path.is_file())
    return (_compiled if whole else _contents)(roots, tuple(map(_stamp, files)))


@lru_cache(_CONTENTS_KEPT)
def _compiled(roots: tuple[Path, ...], stamps: tuple[_Stamp, ...]) -> Contents:
    found = _contents(roots, stamps)
    told = read(roots[0] / _TELLING, _TELLING)
    if faults := list(lint_telling.uncompiled(found.vocabulary.telling, told)):
        raise KnowledgeError(faults)
    return found


@lru_cache(_CONTENTS_KEPT)
def _contents(roots: tuple[Path, ...], stamps: tuple[_Stamp, ...]) -> Contents:
    return _Loader(roots[0], roots[1:]).contents()


def _stamp(path: Path) -> _Stamp:
    """What differs once a file is another."""
    now = path.stat()
    return str(path), now.st_mtime_ns, now.st_ctime_ns, now.st_size


class _Loader:
    """Gathers every fault before it gives up."""

    def __init__(self, base: Path, added: Iterable[Path]) -> None:
        self._base = base
        self._folders = [
            folder
            for root in (base, *added)
            for folder in sorted(root.iterdir() if root.is_dir() else ())
            if folder.is_dir() and folder.name != "common"
        ]
        self._missing = [root for root in added if not any(folder.parent == root for folder in self._folders)]
        self._faults: list[Fault] = []
        self._digest = hashlib.sha256()

    def contents(self) -> Contents:
        for root in self._missing:
            self._fault(
                str(root), "(folder)", "no notice folder", "a folder of notice folders", "correct the path"
            )
        common = self._base / "common"
        vocabulary = self._vocabulary(common)
        entries = self._lined(common / "facts.yaml", Entry)
        screens = self._lined(common / "screens.yaml", Screen)
        defaults = self._whole(common / "reminders.yaml", Defaults)
        drafts = [draft for folder in self._folders if (draft := self._notice(folder))]
        self._faults += lint.check(drafts, set(vocabulary.matters) if vocabulary else None)
        self._faults += lint_rules.check(drafts, entries, screens)
        self._faults += lint_process.check(drafts)
        told = self._read(self._base / _TELLING)
        if vocabulary and told:
            every = [entry for entry, _ in (*entries, *(row for draft in drafts for row in draft.entries))]
            self._faults += lint_telling.check(vocabulary.telling, told, every)
            self._faults += lint_telling.uncompiled(vocabulary.telling, told) if self._faults else ()
        if self._faults or vocabulary is None or defaults is None:
            raise KnowledgeError(self._faults)
        return Contents(
            version=self._digest.hexdigest()[:12],
            notices=MappingProxyType(_assemble(drafts, defaults)),
            vocabulary=vocabulary,
            dictionary=MappingProxyType(
                {e.id: e for e, _ in (*entries, *(row for draft in drafts for row in draft.entries))}
            ),
            screens=tuple(screen for screen, _ in screens),
        )

    def _vocabulary(self, common: Path) -> Vocabulary | None:
        aspects = self._rows(common / "aspects.yaml", AspectWords)
        matters = self._lined(common / "matters.yaml", Matter)
        known: set[str] = set()
        for matter, line in matters:
            if matter.id in known:
                self._fault("common/matters.yaml", "id", matter.id, "each id once", "join the two", line)
            known.add(matter.id)
        cities = self._rows(common / "cities.yaml", str)
        speech = self._rows(common / "speech.yaml", Speech)
        kinds = self._rows(common / "kinds.yaml", AnswerKind)
        statements = self._rows(common / "statements.yaml", Statement)
        patterns = self._whole(common / "patterns.yaml", Patterns)
        everyday = self._whole(common / "everyday.yaml", Everyday)
        glossary = self._whole(common / "glossary.yaml", Glossary)
        outcomes = self._whole(common / "outcomes.yaml", Outcomes)
        asked = {
            key: texts
            for path in sorted(common.glob("asked_*.yaml"))
            for key, (texts, _) in self._samples(path).items()
        }
        for key in sorted(asked.keys() - known - {f"aspect:{row.id}" for row in aspects}):
            self._fault(
                "common/asked_*.yaml", key, key, "a matter, or aspect: and an aspect's id", "correct it"
            )
        telling = self._whole(self._base / _TELLING, Sayings)
        if patterns is None or everyday is None or glossary is None or outcomes is None or telling is None:
            return None
        return Vocabulary(
            aspects=MappingProxyType({row.id: row for row in aspects}),
            matters=MappingProxyType({row.id: row for row, _ in matters}),
            cities=frozenset(cities),
            speech=tuple(speech),
            kinds=tuple(kinds),
            statements=tuple(statements),
            patterns=patterns,
            everyday=everyday.words(),
            glossary=MappingProxyType(dict(glossary.words)),
            outcomes=MappingProxyType({outcome: getattr(outcomes, outcome) for outcome in Outcome}),
            asked=MappingProxyType(asked),
            telling=telling,
        )

    def _notice(self, folder: Path) -> lint.Draft | None:
        known = {f"{name}.yaml" for name in (*FACT_FILES, *_OTHER_FILES)}
        for path in sorted(folder.glob("*.yaml")):
            if path.name not in known:
                expected = "one of " + ", ".join(sorted(known))
                self._fault(
                    f"{folder.name}/{path.name}", "(file)", path.name, expected, "rename or remove the file"
                )
        notice = self._read(folder / "notice.yaml")
        header = self._validated(notice, Header, (), notice.value) if notice else None
        text = folder / "source.txt"
        if not text.is_file():
            self._fault(
                f"{folder.name}/source.txt", "(file)", "no such file", "the notice as published", "add it"
            )
        facts: list[tuple[Fact, str, int]] = []
        for name, kind in FACT_FILES.items():
            if source := self._read(folder / f"{name}.yaml", optional=True):
                facts += [(row, source.name, line) for row, line in self._typed(source, kind)]
        clauses = self._lined(folder / "clauses.yaml", Clause)
        silences = self._lined(folder / "silences.yaml", Silence, optional=True)
        regions = self._rows(folder / "regions.yaml", Region, optional=True)
        streets = self._lined(folder / "streets.yaml", Streets, optional=True)
        asked, source_text = self._samples(folder / "asked.yaml"), self._text(text)
        rules = self._read(folder / "criteria.yaml", optional=True)
        reminders = self._read(folder / "reminders.yaml", optional=True)
        preparation = self._lined(folder / "preparation.yaml", Preparation, optional=True)
        statuses = self._lined(folder / "review.yaml", ReviewStatus, optional=True)
        entries = self._lined(folder / "facts.yaml", Entry, optional=True)
        screens = self._lined(folder / "screens.yaml", Screen, optional=True)
        if header is None or notice is None:
            return None
        return lint.Draft(
            header=header,
            notice=notice,
            folder=folder.name,
            clauses=clauses,
            facts=facts,
            silences=silences,
            regions=regions,
            streets=streets,
            source=source_text,
            asked=asked,
            criteria=self._optional(rules, Criteria),
            rules=rules,
            entries=entries,
            screens=screens,
            reminders=self._optional(reminders, Reminders),
            reminding=reminders,
            preparation=preparation,
            statuses=statuses,
        )

    def _optional(self, source: Source | None, kind: type[_Kind]) -> _Kind:
        """A file as its type; as an empty one where there is none, or a faulty one."""
        return (self._validated(source, kind, (), source.value) if source else None) or kind()

    def _samples(self, path: Path) -> dict[str, tuple[tuple[str, ...], int]]:
        """Sample questions by what they ask for, each group with its line."""
        source = self._read(path, optional=True)
        if source is None or self._validated(source, dict[str, Strings], (), source.value) is None:
            return {}
        return {key: (tuple(map(str, texts)), source.line((key,))) for key, texts in source.value.items()}

    def _text(self, path: Path) -> str:
        if not path.is_file():
            return ""
        content = path.read_bytes()
        self._digest.update(content)
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError as error:
            name = f"{path.parent.name}/{path.name}"
            self._fault(name, "(file)", str(error), "text in UTF-8", "save the file as UTF-8")
            return ""

    def _rows(self, path: Path, kind: type[_Kind], *, optional: bool = False) -> list[_Kind]:
        return [row for row, _ in self._lined(path, kind, optional=optional)]

    def _lined(self, path: Path, kind: type[_Kind], *, optional: bool = False) -> list[tuple[_Kind, int]]:
        source = self._read(path, optional=optional)
        return list(self._typed(source, kind)) if source else []

    def _whole(self, path: Path, kind: type[_Kind]) -> _Kind | None:
        source = self._read(path)
        return self._validated(source, kind, (), source.value) if source else None

    def _typed(self, source: Source, kind: type[_Kind]) -> Iterator[tuple[_Kind, int]]:
        rows = source.value
        if not isinstance(rows, list):
            self._fault(
                source.name, "(file)", type(rows).__name__, "a list of rows", "begin each row with a dash"
            )
            return
        for index, value in enumerate(rows):
            row = self._validated(source, kind, (index,), value)
            if row is not None:
                yield row, source.line((index,))

    def _validated(self, source: Source, kind: type[_Kind], path: Path_, value: Any) -> _Kind | None:
        row, faults = lint.validated(source, kind, path, value)
        self._faults += faults
        return row

    def _read(self, path: Path, *, optional: bool = False) -> Source | None:
        name = f"{path.parent.name}/{path.name}"
        if not path.is_file():
            if not optional:
                self._fault(
                    name, "(file)", "no such file", "this file", "add it; docs/notices.md says what it holds"
                )
            return None
        self._digest.update(path.read_bytes())
        try:
            return read(path, name)
        except KnowledgeError as error:
            self._faults += error.faults
            return None

    def _fault(self, file: str, field: str, found: str, expected: str, cure: str, line: int = 1) -> None:
        self._faults.append(
            Fault(file=file, line=line, field=field, found=found, expected=expected, cure=cure)
        )


def _assemble(drafts: Sequence[lint.Draft], defaults: Defaults) -> dict[str, Notice]:
    superseded = {d.header.supersedes: d.header.id for d in drafts if d.header.supersedes}
    reminders = {d.header.id: d.reminders for d in drafts}
    built = {
        d.header.id: _built(
            d,
            superseded.get(d.header.id, ""),
            _plan(d, reminders.get(d.header.parent, Reminders()), defaults),
        )
        for d in drafts
    }
    relays: dict[str, list[Notice]] = {}
    for notice in built.values():
        if notice.header.parent:
            relays.setdefault(notice.header.parent, []).append(notice)
    return {
        id_: replace(notice, relays=tuple(relays.get(id_, ())))
        for id_, notice in built.items()
        if not notice.header.parent
    }


def _plan(draft: lint.Draft, parents: Reminders, defaults: Defaults) -> Plan:
    """Each audience's plan: the notice's own, else its parent's days and hour, else the shared one's."""
    stages = [fact for fact, _, _ in draft.facts if isinstance(fact, Stage)]
    plan = {}
    for audience in Audience:
        own, above = getattr(draft.reminders, audience), getattr(parents, audience)
        default = getattr(defaults, audience)
        bound = (stage.id for stage in stages if stage.binds == default.binds)
        plan[audience] = Reminder(
            stages=frozenset(bound if own.stages is None else own.stages),
            days_before=own.days_before or above.days_before or default.days_before,
            at=own.at or above.at or default.at,
        )
    return MappingProxyType(plan)


def _built(draft: lint.Draft, superseded_by: str, plan: Plan) -> Notice:
    return Notice(
        header=draft.header,
        clauses=MappingProxyType({c.id: c for c, _ in draft.clauses}),
        facts=tuple(fact for fact, _, _ in draft.facts),
        silences=tuple(row for row, _ in draft.silences),
        regions=tuple(draft.regions),
        streets=tuple(row for row, _ in draft.streets),
        source=draft.source,
        asked=MappingProxyType({key: tuple(texts) for key, (texts, _) in draft.asked.items()}),
        superseded_by=superseded_by,
        criteria=draft.criteria,
        screens=tuple(screen for screen, _ in draft.screens),
        plan=plan,
        preparation=tuple(row for row, _ in draft.preparation),
        statuses=tuple(row for row, _ in draft.statuses),
    )
