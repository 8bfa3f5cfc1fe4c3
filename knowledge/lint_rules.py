"""What must hold across criteria, the dictionary of facts and the screens; each check yields its faults."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from knowledge.criteria import Cited, Leaf, Node, Ruleset, Standing, Switch, leaves, parts
from knowledge.dictionary import ELSEWHERE, Entry, Screen
from knowledge.faults import Fault
from knowledge.lint import Draft, bare
from knowledge.notice import Condition
from knowledge.rules import of_number, of_option

_LINES = 9
_COVERED = ("all", "any", "soft", "judged", "exclusion", "host", "slot")


def check(
    drafts: Sequence[Draft],
    entries: Sequence[tuple[Entry, int]],
    screens: Sequence[tuple[Screen, int]],
) -> Iterator[Fault]:
    """Every fault within and between them."""
    files = [
        ("common", entries, screens),
        *((draft.folder, draft.entries, draft.screens) for draft in drafts),
    ]
    dictionary = {entry.id: entry for _, rows, _ in files for entry, _ in rows}
    yield from _once([(folder, "facts.yaml", e.id, line) for folder, rows, _ in files for e, line in rows])
    yield from _once([(folder, "screens.yaml", s.id, line) for folder, _, rows in files for s, line in rows])
    for folder, _, rows in files:
        for screen, line in rows:
            yield from _screen(screen, folder, line, dictionary)
    for folder, told, _ in files:
        for entry, line in told:
            if entry.type in ("yes_no", "claim", "place") and not all(entry.answers):
                yield Fault(
                    file=f"{folder}/facts.yaml",
                    line=line,
                    field=f"{entry.id}.answers",
                    found="none",
                    expected="the words for yes and for no (of a place: here and elsewhere)",
                    cure="add them",
                )
    for draft in drafts:
        if draft.rules is not None:
            yield from _Folder(draft, dictionary).check()


def _once(rows: Sequence[tuple[str, str, str, int]]) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for folder, file, id_, line in rows:
        name = f"{folder}/{file}"
        if id_ in seen:
            expected = f"an id not used in {seen[id_]}"
            yield Fault(file=name, line=line, field="id", found=id_, expected=expected, cure="rename one")
        seen[id_] = name


def _screen(screen: Screen, folder: str, line: int, dictionary: Mapping[str, Entry]) -> Iterator[Fault]:
    file = f"{folder}/screens.yaml"

    def fault(field: str, found: str, expected: str) -> Fault:
        return Fault(file=file, line=line, field=field, found=found, expected=expected, cure="correct it")

    for fact in screen.fills:
        if fact not in dictionary:
            yield fault(f"{screen.id}.fills", fact, "a fact of facts.yaml")
    if len(screen.lines) > _LINES:
        yield fault(f"{screen.id}.lines", str(len(screen.lines)), f"at most {_LINES}, as many as one reads")
    for fact in screen.fills:
        if fact not in dictionary:
            yield fault(f"{screen.id}.fills", fact, "a fact of facts.yaml")
    held = Counter(fact for row in screen.lines for fact in row.sets) if screen.many else Counter[str]()
    for fact, times in held.items():
        if times > 1:
            yield fault(f"{screen.id}.{fact}", f"{times} lines", "one line for each fact that may hold")
    for row in screen.lines:
        for fact, options in row.sets.items():
            entry = dictionary.get(fact)
            if entry is None or fact not in screen.fills:
                yield fault(screen.id, fact, "a fact of facts.yaml that `fills` names")
                continue
            domain = entry.domain() or {"here", ELSEWHERE}
            for option in sorted({*options} - domain):
                yield fault(f"{screen.id}.{fact}", option, f"one of {', '.join(sorted(domain))}")


class _Folder:
    """The criteria of one notice."""

    def __init__(self, draft: Draft, dictionary: Mapping[str, Entry]) -> None:
        self._draft = draft
        self._dictionary = dictionary
        self._clauses = {clause.id: clause.text for clause, _ in draft.clauses}
        self._programmes = {programme.id for programme in draft.header.programmes}

    def check(self) -> Iterator[Fault]:
        """The faults of every ruleset, and the conditions of the notice that none holds."""
        for row in self._draft.criteria.together:
            yield from self._cited(row)
            yield from self._known(row.programmes, row.name)
        ids: Counter[str] = Counter()
        programmes = Counter(ruleset.programme for ruleset in self._draft.criteria.rulesets)
        for programme, times in programmes.items():
            if times > 1:
                yield self._fault(programme, f"{times} rulesets", "each programme once", "join them")
        for ruleset in self._draft.criteria.rulesets:
            yield from self._known((ruleset.programme,), ruleset.programme)
            sound = set()
            for leaf in ruleset.leaves:
                ids[leaf.id] += 1
                faults = list(self._leaf(leaf))
                yield from faults
                if not faults:
                    sound.add(leaf.id)
            yield from self._switches(ruleset.tree)
            yield from self._title(ruleset)
            for cited in (*ruleset.jury, *ruleset.notes):
                yield from self._cited(cited)
            yield from self._one_direction(ruleset, sound)
            yield from self._gaps(ruleset)
        for id_, times in ids.items():
            if times > 1:
                yield self._fault(id_, f"{times} leaves", "each id once", "rename one")

    def _fault(self, field: str, found: str, expected: str, cure: str) -> Fault:
        source = self._draft.rules
        assert source is not None  # check() is for folders that have the file
        lines = (source.named(keys, field) for keys in (("id", "name", "programme", "switch"), ("fact",)))
        line = next(filter(None, lines), 1)
        return Fault(file=source.name, line=line, field=field, found=found, expected=expected, cure=cure)

    def _known(self, programmes: Sequence[str], field: str) -> Iterator[Fault]:
        for programme in programmes:
            if programme not in self._programmes:
                expected = f"a programme of the notice: {', '.join(sorted(self._programmes))}"
                yield self._fault(field, programme, expected, "correct it")

    def _cited(self, cited: Cited) -> Iterator[Fault]:
        field = cited.id if isinstance(cited, Leaf) else cited.name
        texts = []
        for clause in cited.clause:
            if clause in self._clauses:
                texts.append(bare(self._clauses[clause]))
            else:
                yield self._fault(
                    field, clause, "a clause of clauses.yaml", "correct the id or add the clause"
                )
        if texts and not any(bare(cited.quote) in text for text in texts):
            yield self._fault(field, cited.quote, "words of its clause", "copy them from the clause")

    def _leaf(self, leaf: Leaf) -> Iterator[Fault]:
        yield from self._cited(leaf)
        name, _, programme = leaf.fact.partition("/")
        entry = self._dictionary.get(name)
        if entry is None:
            yield self._fault(leaf.id, leaf.fact, "a fact of facts.yaml", "correct it or add the fact")
            return
        if (entry.type == "titles") != (programme in self._programmes):
            yield self._fault(
                leaf.id, leaf.fact, "titles with a programme of the notice, other facts without", "correct it"
            )
        fits = {
            "number": bool(leaf.cuts) and not leaf.measure,
            "month": bool(leaf.cuts) and bool(leaf.measure),
            "records": bool(leaf.matches),
            "level": bool(leaf.at_least or leaf.when),
        }.get(entry.type, bool(leaf.when))
        if not fits:
            expected = "the table for the type: cuts (of a month with measure), matches, at_least, when"
            yield self._fault(leaf.id, entry.type, expected, "use the table that fits the type")
            return
        known = entry.domain() or {self._draft.header.city}
        for option in (*leaf.when, *([leaf.at_least] if leaf.at_least else [])):
            if option not in known:
                yield self._fault(leaf.id, option, f"one of {', '.join(sorted(known))}", "correct the option")
        yield from self._lowest_cut(leaf, entry)
        yield from self._fields(leaf.id, entry, [field for match in leaf.matches for field in match.where])

    def _lowest_cut(self, leaf: Leaf, entry: Entry) -> Iterator[Fault]:
        """The first cut stands where the numbers begin."""
        least = min((cut.least for cut in leaf.cuts), default=None)
        begin = 0 if leaf.measure else entry.low
        if least is not None and begin is not None and least > begin:
            yield self._fault(leaf.id, f"{least:g}", f"a first cut at {begin:g}", "add the lowest cut")

    def _fields(self, field: str, entry: Entry, named: Iterable[str]) -> Iterator[Fault]:
        """The fields that a record of the fact can have."""
        known = {name for option in entry.options for name in option.record}
        known |= {detail.field for detail in entry.details}
        for name in dict.fromkeys(named):
            if name not in known:
                yield self._fault(field, name, f"one of {', '.join(sorted(known))}", "correct the field")

    def _title(self, ruleset: Ruleset) -> Iterator[Fault]:
        """A title counts as a record of a list."""
        if ruleset.title is None:
            return
        entry = self._dictionary.get(ruleset.title.fact)
        if entry is None or entry.type != "records":
            found, expected = ruleset.title.fact, "a fact of facts.yaml that is a list"
            yield self._fault(ruleset.programme, found, expected, "correct the fact of `title`")
        else:
            yield from self._fields(ruleset.programme, entry, ruleset.title.record)

    def _switches(self, node: Node) -> Iterator[Fault]:
        if isinstance(node, Switch):
            entry = self._dictionary.get(node.switch)
            domain = entry.domain() if entry else frozenset()
            if not domain:
                expected = "a fact of facts.yaml with options"
                yield self._fault(node.switch, node.switch, expected, "correct it or add the fact")
            for option in node.cases if domain else ():
                if option not in domain:
                    yield self._fault(
                        node.switch, option, f"one of {', '.join(sorted(domain))}", "correct the option"
                    )
        for part in parts(node):
            yield from self._switches(part)

    def _one_direction(self, ruleset: Ruleset, sound: Collection[str]) -> Iterator[Fault]:
        """A fact that helps one leaf and harms another makes "can still change the outcome" inexact."""
        rows: dict[str, list[Leaf]] = defaultdict(list)
        for leaf in leaves(ruleset.tree, relaxing=False):
            if leaf.id in sound:
                rows[leaf.fact].append(leaf)
        for fact, asked in rows.items():
            entry = self._dictionary[fact.partition("/")[0]]
            tables = [_table(leaf, asked, entry) for leaf in asked]
            if any(_against(one, other) for one, other in combinations(tables, 2)):
                expected = "a fact that helps or harms all its leaves alike"
                yield self._fault(fact, fact, expected, "split the fact in two")

    def _gaps(self, ruleset: Ruleset) -> Iterator[Fault]:
        """Every condition of the programme stands in a leaf, with the jury or among the notes."""
        cited = {clause for row in (*ruleset.leaves, *ruleset.jury, *ruleset.notes) for clause in row.clause}
        for fact, _, _ in self._draft.facts:
            if not isinstance(fact, Condition) or fact.role not in _COVERED:
                continue
            if fact.programmes and ruleset.programme not in fact.programmes:
                continue
            if cited.isdisjoint(fact.clause):
                expected = f"a criterion of {ruleset.programme} on {'、'.join(fact.clause)}"
                yield self._fault(
                    ruleset.programme,
                    f"none for {fact.id}",
                    expected,
                    "add a leaf, or list it under jury or notes",
                )


def _against(one: Sequence[Standing], other: Sequence[Standing]) -> bool:
    """Whether a change of the fact raises one leaf and lowers the other."""
    return any(
        (a - b) * (c - d) < 0 for (a, c), (b, d) in combinations(list(zip(one, other, strict=True)), 2)
    )


def _table(leaf: Leaf, asked: Sequence[Leaf], entry: Entry) -> list[Standing]:
    """Where a leaf stands by each option of its fact, or at each number where a leaf of it changes."""
    if leaf.cuts:
        return [of_number(leaf, least) for least in sorted({cut.least for row in asked for cut in row.cuts})]
    return [of_option(leaf, option, entry) for option in sorted(entry.domain())]
