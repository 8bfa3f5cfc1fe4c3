"""From findings to lines: the facts of an answer with the clauses they stand on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from handlers.contract import Choice, Section, Turn
from knowledge.edition import Notice
from knowledge.library import Library, Sourced
from knowledge.notice import Aspect, Condition, Contact, Fact
from knowledge.overlay import Office
from knowledge.reading import Finding, Scope

_BEFORE_OVERVIEWS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of an answer: what the notice says and where; of a contact also how it is told now."""

    say: str
    cite: str
    office: Office | None = None


def row(sourced: Sourced) -> Row:
    """The fact in its own words."""
    return Row(say=sourced.fact.say, cite=sourced.citation)


def told(library: Library, sourced: Sourced) -> Row:
    """The same of a fact that may be a contact, which is told as staff have it."""
    office = library.office(sourced) if isinstance(sourced.fact, Contact) else None
    return Row(say=sourced.fact.say, cite=sourced.citation, office=office)


def hits(turn: Turn, finding: Finding, aspects: Collection[Aspect]) -> list[Sourced]:
    """The finding's facts whose own aspect is one of `aspects`, best first."""
    facts = (turn.library.sourced[hit.fact] for hit in finding.hits)
    return [sourced for sourced in facts if sourced.aspect in aspects]


def pointed(turn: Turn, finding: Finding, aspects: Collection[Aspect], kind: type[Fact]) -> list[Section]:
    """What an overview of `kind` would leave out: facts of other kinds that the question is much like."""
    own = [
        s for s in hits(turn, finding, aspects) if s.id in finding.pointed and not isinstance(s.fact, kind)
    ]
    return [section(turn, finding, own, heavier=_BEFORE_OVERVIEWS)] if own else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Conditions that go together: all of them, or at least one where `role` is `any`."""

    role: str
    rows: tuple[Row, ...]


def groups(conditions: Sequence[Sourced], roles: Sequence[str]) -> list[Group]:
    """Conditions by role in this order; alternatives by the group of which one must be met."""
    found: dict[tuple[str, str], list[Row]] = {}
    for sourced in sorted(conditions, key=lambda s: roles.index(_condition(s).role)):
        condition = _condition(sourced)
        found.setdefault((condition.role, condition.group), []).append(row(sourced))
    return [Group(role=role, rows=tuple(rows)) for (role, _), rows in found.items()]


def _condition(sourced: Sourced) -> Condition:
    assert isinstance(sourced.fact, Condition)
    return sourced.fact


def weight(finding: Finding, facts: Iterable[Sourced]) -> float:
    """How well the best of `facts` fits the question; half as well where neither a topic nor its wording as
    a whole has spoken for it, so that what was asked for comes before it."""
    ids = {sourced.id for sourced in facts}
    return max(
        (
            hit.score if hit.why or hit.fact in finding.pointed else hit.score / 2
            for hit in finding.hits
            if hit.fact in ids
        ),
        default=0.0,
    )


def section(
    turn: Turn, finding: Finding, facts: list[Sourced], *, heavier: float = 0.0, template: str = "facts/list"
) -> Section:
    """The facts as a list under the name of the aspect that most of them answer."""
    aspect, aspects = facts[0].aspect, turn.library.vocabulary.aspects
    return Section(
        template=template,
        values={
            "label": aspects[aspect].name if aspect in aspects else "",
            "rows": [told(turn.library, fact) for fact in facts],
        },
        facts=tuple(sourced.id for sourced in facts),
        scope=finding.scope,
        weight=weight(finding, facts) + heavier,
    )


def notice_of(turn: Turn, scope: Scope) -> Notice:
    """The notice that a scope names."""
    return turn.library.notices[scope.notice]


def programmes_of(turn: Turn, scope: Scope) -> tuple[str, ...]:
    """The programmes asked about; all of the notice's where none is named."""
    return scope.programmes or tuple(programme.id for programme in notice_of(turn, scope).programmes)


def facts_of(turn: Turn, scope: Scope, kind: type[Fact]) -> Iterator[Sourced]:
    """Every fact of a kind that holds for the scope, in the order of the files."""
    return _holding(turn.library, scope, kind)


def _holding(library: Library, scope: Scope, kind: type[Fact]) -> Iterator[Sourced]:
    asked = set(scope.programmes)
    for sourced in library.of_kind(library.notices[scope.notice], kind):
        if not asked or not sourced.fact.programmes or not asked.isdisjoint(sourced.fact.programmes):
            yield sourced


def office(turn: Turn, scope: Scope) -> Sourced | None:
    """Whom to call about a scope: the district's office where one is listed, else the city's line."""
    return office_of(turn.library, scope, turn.reading.districts)


def office_of(library: Library, scope: Scope, districts: tuple[str, ...]) -> Sourced | None:
    """The same for whoever belongs to these districts."""
    usable = [s for s in _holding(library, scope, Contact) if _answers(s, districts)]
    return min(usable, key=lambda s: _distance(s, scope, districts), default=None)


def _answers(sourced: Sourced, districts: tuple[str, ...]) -> bool:
    contact = sourced.fact
    assert isinstance(contact, Contact)
    return bool(contact.phones) and (contact.role == "city" or _local(contact, districts))


def _distance(sourced: Sourced, scope: Scope, districts: tuple[str, ...]) -> tuple[bool, bool]:
    contact = sourced.fact
    assert isinstance(contact, Contact)
    return (not _local(contact, districts), set(scope.programmes).isdisjoint(contact.programmes))


def _local(contact: Contact, districts: tuple[str, ...]) -> bool:
    return bool(districts) and (contact.region in districts or contact.office.startswith(districts))


def tell_me(turn: Turn, scope: Scope) -> Choice:
    """The offer to hear when the next notice is out: beside every answer that says it is too late for this
    one."""
    names = tuple(turn.library.programmes[id_][1].name for id_ in programmes_of(turn, scope))
    return Choice(template="facts/tell_me", values={"names": names}, says="facts/tell_me_says")


def offers(turn: Turn, scopes: Iterable[Scope]) -> list[Choice]:
    """The offer for each of these scopes whose season is over."""
    return [tell_me(turn, s) for s in dict.fromkeys(scopes) if notice_of(turn, s).season(turn.now).over]


def checks(turn: Turn, scopes: Iterable[Scope]) -> list[Choice]:
    """The offer to go through the conditions one by one, where one programme is meant."""
    programmes = {programme for scope in scopes for programme in programmes_of(turn, scope)}
    if len(programmes) != 1 or programmes.isdisjoint(turn.library.rules):
        return []
    name = turn.library.programmes[programmes.pop()][1].name
    return [Choice(template="selfcheck/offer", values={"programme": name}, says="selfcheck/start")]
