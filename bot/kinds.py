"""The kinds of message (`kinds.yaml`), and the platform's templates that the operator has chosen for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as File
from types import MappingProxyType
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.cards import CONST, LINES, RULES, Misfit, fitted, type_of
from bot.channels.contract import Card
from knowledge import yaml_source
from store.reach import Kind
from store.records import Path

Way = Literal["template", "subscribe"]
CARDS: Final = (Path.TEMPLATE, Path.SUBSCRIBE)
"""The paths that take a card instead of a text."""

_FILE: Final = File(__file__).with_name("kinds.yaml")


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    paths: tuple[Path, ...]
    consent: str = ""
    quiet: bool = True
    mute: str = ""


def _rows() -> Mapping[str, _Row]:
    rows = yaml_source.read(_FILE).value
    return MappingProxyType({name: _Row.model_validate(row) for name, row in rows.items()})


ROWS: Final = _rows()


class Template(BaseModel):
    """A template of the account: its `id`, which line of a card fills which of its `fields`
    (`{unit = "thing1"}`), the values that each of its `const` fields can have, and what stands in a field
    `otherwise`, where it does not take what the line says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    fields: Mapping[str, str]
    choices: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    otherwise: Mapping[str, str] = Field(default_factory=dict)
    lasting: bool = False

    @model_validator(mode="after")
    def _can_be_filled(self) -> Template:
        if not self.id or not self.fields:
            raise ValueError("a template needs an id and fields")
        for line, field in self.fields.items():
            if line not in LINES:
                raise ValueError(f"no card has a line {line!r}; there are {', '.join(LINES)}")
            if type_of(field) == CONST and not self.choices.get(field):
                raise ValueError(f"{field} needs its choices, as the platform lists them")
        if len(set(self.fields.values())) < len(self.fields):
            raise ValueError("two lines fill the same field")
        for field, value in self.otherwise.items():
            fitted(field, value, self.choices.get(field, ()))
        return self

    def filled(self, lines: Mapping[str, str]) -> Mapping[str, str]:
        """The fields with the lines of a card; raises Misfit. A line that the card leaves out is empty."""
        return {field: self._value(field, lines.get(line, "")) for line, field in self.fields.items()}

    def _value(self, field: str, words: str) -> str:
        try:
            return fitted(field, words, self.choices.get(field, ()))
        except Misfit:
            if field in self.otherwise:
                return self.otherwise[field]
            raise


Chosen = Mapping[str, Mapping[Way, Template]]
"""Templates by kind and path."""


def known(chosen: Chosen) -> Chosen:
    """`chosen`, if each is for a kind and a path that there is; else ValueError."""
    for name, ways in chosen.items():
        if name not in ROWS:
            raise ValueError(f"no kind {name!r}; there are {', '.join(ROWS)}")
        for way in ways:
            if Path(way) not in ROWS[name].paths:
                raise ValueError(f"{name} does not go by {way}")
    return chosen


@dataclass(frozen=True)
class Kinds:
    """All kinds, with the templates that are chosen for them."""

    chosen: Chosen

    def without(self, broken: Iterable[str], *, mail: bool) -> Mapping[str, Kind]:
        """As the store judges them, without the templates of these ids, and with e-mail or not."""
        shut = frozenset(broken)
        return {
            name: Kind(
                name=name,
                paths=tuple(path for path in row.paths if mail or path is not Path.EMAIL),
                consent=row.consent,
                quiet=row.quiet,
                mute=row.mute,
                templates={
                    Path(way): template.id
                    for way, template in self.chosen.get(name, {}).items()
                    if template.id not in shut
                },
            )
            for name, row in ROWS.items()
        }

    @property
    def lasting(self) -> frozenset[str]:
        """The templates of subscribe notices that need to be allowed once."""
        return frozenset(t.id for ways in self.chosen.values() for t in ways.values() if t.lasting)

    def card(self, kind: str, path: Path, lines: Mapping[str, str], url: str = "") -> Card:
        """The lines of a card in the fields of the template for a kind and path; raises Misfit."""
        template = self.chosen[kind][_way(path)]
        return Card(template_id=template.id, fields=template.filled(lines), url=url)

    def faults(self, path: Path, forms: Mapping[str, Sequence[str]]) -> Iterator[str]:
        """What of the chosen templates the platform does not have. `forms`: the fields by template id."""
        for name, ways in self.chosen.items():
            template = ways.get(_way(path))
            if template is None:
                continue
            fields = set(template.fields.values())
            there = set(forms.get(template.id, ()))
            if template.id not in forms:
                yield f"{name}: the account has no {path} template {template.id}"
                continue
            for field in sorted(fields - there):
                yield f"{name}: the template {template.id} has no field {field}"
            for field in sorted(there - fields):
                yield f"{name}: nothing fills the field {field} of the template {template.id}"
        yield from self._narrow(path)

    def _narrow(self, path: Path) -> Iterator[str]:
        """Lines of which the words need not fit the field that they are to fill."""
        for name, ways in self.chosen.items():
            template = ways.get(_way(path))
            if template is None:
                continue
            for line, field in template.fields.items():
                kind = type_of(field)
                narrow = kind == CONST or (kind in RULES and kind not in _WIDER[LINES[line]])
                if narrow and field not in template.otherwise:
                    yield f"{name}: {field} does not take every {line}: say what stands there otherwise"


# Which types of field take whatever a type of line holds: a date with a time is both.
_WIDER: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {"thing": frozenset({"thing"}), "time": frozenset({"time", "date", "thing"})}
)


def _way(path: Path) -> Way:
    return "template" if path is Path.TEMPLATE else "subscribe"
