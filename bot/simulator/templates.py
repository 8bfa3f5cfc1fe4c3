"""The templates that the account has chosen on the platform's pages (platform document B3, B4)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from bot.simulator.errors import ApiError
from bot.simulator.knobs import STRICT
from bot.simulator.values import takes

FIELD: Final = re.compile("([^\n{}]*?)[:\uff1a]?\\s*{{(\\w+)\\.DATA}}")


class TemplateKind(StrEnum):
    """A service template goes to followers; the others need a subscription, for one message or lasting."""

    SERVICE = "service"
    ONCE = "once"
    LASTING = "lasting"


@dataclass(frozen=True, slots=True)
class Card:
    """A template message as a person sees it; `lines` are label and value."""

    title: str
    lines: list[tuple[str, str]]

    @property
    def text(self) -> str:
        return "\n".join([self.title, *(f"{label}\uff1a{value}" for label, value in self.lines)])

    def data(self, link: object) -> dict[str, object]:
        """`link` is what a tap opens: a URL, or a mini program by appid and pagepath."""
        return {"title": self.title, "lines": self.lines, "link": link}


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """`content` has a field a line, `label: {{thing1.DATA}}`; `choices` the values of each const field.

    Raises ValueError for content without a field, and for a const field without choices.
    """

    __pydantic_config__ = STRICT

    id: str
    title: str
    content: str
    kind: TemplateKind = TemplateKind.SERVICE
    choices: Mapping[str, frozenset[str]] = field(default_factory=dict)
    fields: tuple[tuple[str, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        fields = tuple((label.strip(), key) for label, key in FIELD.findall(self.content))
        if not fields:
            raise ValueError(f"template {self.id} has no field such as {{{{thing1.DATA}}}}")
        for _, key in fields:
            if key.startswith("const") and key not in self.choices:
                raise ValueError(f"template {self.id} names no choices for {key}")
        object.__setattr__(self, "fields", fields)

    def fill(self, data: object) -> Card:
        """Raises ApiError 47003, which names the first field that is empty or against its rule."""
        given = data if isinstance(data, dict) else {}
        lines = []
        for label, key in self.fields:
            found = given.get(key)
            value = found.get("value") if isinstance(found, dict) else None
            if value is None or value == "":
                raise ApiError(47003, about=f"data.{key}.value is emtpy")
            if not isinstance(value, str) or not self._takes(key, value):
                raise ApiError(47003, about=f"data.{key}.value invalid")
            lines.append((label, value))
        return Card(title=self.title, lines=lines)

    def _takes(self, key: str, value: str) -> bool:
        return value in self.choices[key] if key in self.choices else takes(key, value)


class Templates:
    def __init__(self) -> None:
        self._all: dict[str, Template] = {}

    def __iter__(self) -> Iterator[Template]:
        return iter(self._all.values())

    def add(self, template: Template) -> None:
        """Replaces one of the same id."""
        self._all[template.id] = template

    def remove(self, template_id: str) -> None:
        """As when its category is deleted. Raises LookupError."""
        if self._all.pop(template_id, None) is None:
            raise LookupError(f"there is no template {template_id}")

    def find(self, template_id: object, *kinds: TemplateKind) -> Template:
        """Raises LookupError."""
        template = self._all.get(str(template_id))
        if template is None or template.kind not in kinds:
            raise LookupError(f"there is no template {template_id} of kind {' or '.join(kinds)}")
        return template
