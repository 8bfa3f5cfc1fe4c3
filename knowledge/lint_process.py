"""What must hold of a notice's stages, reminders, steps before them and review statuses together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from knowledge.faults import Fault
from knowledge.figures import figures
from knowledge.lint import Draft, bare
from knowledge.notice import Contact, Stage
from knowledge.process import Audience, Preparation, ReviewStatus


def check(drafts: Sequence[Draft]) -> Iterator[Fault]:
    """Every fault of these files, notice by notice."""
    by_id = {draft.header.id: draft for draft in drafts}
    for draft in drafts:
        yield from _Check(draft, by_id.get(draft.header.parent)).faults()


@dataclass(frozen=True)
class _Check:
    draft: Draft
    parent: Draft | None

    def faults(self) -> Iterator[Fault]:
        yield from self._within()
        yield from self._reminders()
        yield from self._preparation()
        yield from self._statuses()

    @cached_property
    def _family(self) -> tuple[Draft, ...]:
        return (self.draft, self.parent) if self.parent else (self.draft,)

    @cached_property
    def _own(self) -> Mapping[str, Stage]:
        return {fact.id: fact for fact, _, _ in self.draft.facts if isinstance(fact, Stage)}

    @cached_property
    def _programmes(self) -> Collection[str]:
        return {programme.id for member in self._family for programme in member.header.programmes}

    @cached_property
    def _clauses(self) -> Mapping[str, str]:
        return {clause.id: clause.text for clause, _ in self.draft.clauses}

    def _within(self) -> Iterator[Fault]:
        """A nearer date is a district's, and it is no later than the city's."""
        city = self.parent or self.draft
        above = {f.id: f for f, _, _ in city.facts if isinstance(f, Stage) and not f.within}
        for fact, file, line in self.draft.facts:
            if not isinstance(fact, Stage) or not fact.within:
                continue
            field = f"{fact.id}.within"
            if not (fact.region or self.draft.header.district):
                yield _fault(file, line, field, "no region", "a stage for one district", "add `region:`")
            yield from _known(file, line, field, (fact.within,), above)
            upper = above.get(fact.within)
            if upper and fact.ends > upper.ends:
                expected = f"no later than the city's {upper.as_written}"
                yield _fault(file, line, field, fact.as_written, expected, "correct one of the dates")

    def _reminders(self) -> Iterator[Fault]:
        source = self.draft.reminding
        if source is None:
            return
        for audience in Audience:
            stages = getattr(self.draft.reminders, audience).stages
            where = (audience.value, "stages")
            yield from _known(source.name, source.line(where), ".".join(where), stages or (), self._own)

    def _preparation(self) -> Iterator[Fault]:
        file = f"{self.draft.folder}/preparation.yaml"
        rows = self.draft.preparation
        ids = [row.id for row, _ in rows]
        for row, line in rows:
            yield from self._row(file, line, row, ids)
            yield from _known(file, line, f"{row.id}.stage", (row.stage,), self._own)
            yield from _known(file, line, f"{row.id}.after", row.after, ids)
            texts = [self._clauses[clause] for clause in row.clause if clause in self._clauses]
            if texts and not any(bare(row.quote) in bare(text) for text in texts):
                expected = "words of its clause"
                yield _fault(file, line, f"{row.id}.quote", row.quote, expected, "copy them from the clause")
        try:
            TopologicalSorter({row.id: row.after for row, _ in rows}).prepare()
        except CycleError as error:
            circle = " < ".join(error.args[1])
            yield _fault(file, rows[0][1], "after", circle, "steps one after the other", "break the circle")

    def _statuses(self) -> Iterator[Fault]:
        file = f"{self.draft.folder}/review.yaml"
        rows = self.draft.statuses
        contacts = {f.id for member in self._family for f, _, _ in member.facts if isinstance(f, Contact)}
        written: dict[tuple[str, str], str] = {}
        for row, line in rows:
            yield from self._row(file, line, row, [each.id for each, _ in rows])
            yield from _known(file, line, f"{row.id}.ask", row.ask, contacts)
            if row.expected:
                yield from _known(file, line, f"{row.id}.expected", (row.expected,), self._own)
            if row.label and not row.ask:
                expected = "who can tell what the status means"
                yield _fault(file, line, f"{row.id}.ask", "nothing", expected, "name a contact in `ask`")
            yield from self._figures(file, line, row)
            for word in row.spellings:
                for programme in row.programmes or sorted(self._programmes):
                    other = written.setdefault((programme, word), row.id)
                    if other != row.id:
                        expected = f"a word that is not {other} already"
                        yield _fault(file, line, f"{row.id}.word", word, expected, "remove one of the two")

    def _figures(self, file: str, line: int, row: ReviewStatus) -> Iterator[Fault]:
        """A date belongs to the stage, not into the words."""
        known = set().union(*(figures(self._clauses.get(clause, "")) for clause in row.clause))
        for name, text in (("says", row.says), ("next", row.next)):
            for figure in sorted(figures(text) - known):
                expected = "only figures of the clauses it cites"
                cure = "leave it out; a date is told by the stage in `expected`"
                yield _fault(file, line, f"{row.id}.{name}", figure, expected, cure)

    def _row(
        self, file: str, line: int, row: Preparation | ReviewStatus, ids: Sequence[str]
    ) -> Iterator[Fault]:
        if ids.count(row.id) > 1:
            yield _fault(file, line, "id", row.id, "each id once", "rename one")
        yield from _known(file, line, f"{row.id}.clause", row.clause, self._clauses)
        yield from _known(file, line, f"{row.id}.programmes", row.programmes, self._programmes)


def _known(
    file: str, line: int, field: str, given: Collection[str], known: Collection[str]
) -> Iterator[Fault]:
    for value in given:
        if value not in known:
            cure = "correct it" + (f"; known: {', '.join(sorted(known))}" if len(known) <= 40 else "")
            yield _fault(file, line, field, value, f"a known {field.rpartition('.')[2]}", cure)


def _fault(file: str, line: int, field: str, found: str, expected: str, cure: str) -> Fault:
    return Fault(file=file, line=line, field=field, found=found, expected=expected, cure=cure)
