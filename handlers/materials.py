"""What to hand in, the annexed forms, and what the site visit looks at."""

from __future__ import annotations

from collections.abc import Iterator

from handlers import facts
from handlers.contract import NOT_MINE, NotMine, Reply, Section, Turn
from knowledge.library import Sourced
from knowledge.notice import Aspect, Form, Material
from knowledge.reading import Finding

ASPECTS = frozenset({Aspect.MATERIALS, Aspect.FORMS, Aspect.SITE_VISIT})
_LISTED = frozenset({Aspect.MATERIALS, Aspect.FORMS})
_MANY = 6
_WAYS = ("online", "offline", "both")


class Materials:
    """The list of a programme by way of handing in, or the items and fields asked."""

    name = "materials"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """Sections a notice: lists as a whole, or what fits."""
        sections: list[Section] = []
        for finding in turn.reading.findings:
            asked = set(finding.overview)
            if Aspect.MATERIALS in asked:
                sections += facts.pointed(turn, finding, ASPECTS, Material)
                sections += _lists(turn, finding)
            if Aspect.FORMS in asked:
                forms = list(facts.facts_of(turn, finding.scope, Form))
                sections += [facts.section(turn, finding, forms, heavier=2)] if forms else []
            chosen = facts.hits(turn, finding, ASPECTS - (asked & _LISTED))
            if chosen:
                sections.append(facts.section(turn, finding, chosen))
        return Reply(sections=sections) if sections else NOT_MINE


def _lists(turn: Turn, finding: Finding) -> Iterator[Section]:
    for programme in facts.programmes_of(turn, finding.scope):
        items = [
            (s, s.fact)
            for s in facts.facts_of(turn, finding.scope, Material)
            if isinstance(s.fact, Material) and programme in s.fact.programmes
        ]
        if items:
            ways = [(way, _in_short(turn, [s for s, fact in items if fact.way == way])) for way in _WAYS]
            yield Section(
                template="materials/list",
                values={
                    "programme": turn.library.programmes[programme][1].name,
                    "ways": [(way, [*map(facts.row, rows)]) for way, rows in ways],
                },
                facts=tuple(s.id for _, rows in ways for s in rows),
                scope=finding.scope,
                weight=3,
            )


def _in_short(turn: Turn, items: list[Sourced]) -> list[Sourced]:
    """Of many items those that tell of all the others, where the notice has such."""
    if len(items) <= _MANY:
        return items
    matters = turn.library.vocabulary.matters
    return [s for s in items if matters[s.fact.about[0]].general] or items
