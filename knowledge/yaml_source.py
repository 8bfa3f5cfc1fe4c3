"""Reads YAML as authors mean it, and remembers the line of every value.

YAML 1.1 turns `no` into false, 2024-07-14 into a date and 1:1.2 into a number; here only `true` and
`false` are booleans, dates and ratios stay text, and a key given twice is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from knowledge.faults import Fault, KnowledgeError

Path_ = tuple[str | int, ...]

_PLAIN = "plain"
_CONSTANTS = {"true": True, "false": False, **dict.fromkeys(("", "~", "null", "Null", "NULL"))}
_INT = re.compile(r"0|-?[1-9][0-9]*")
_FLOAT = re.compile(r"-?[0-9]+\.[0-9]+")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Builds nodes without YAML 1.1's own search for the kind of each: `_scalar` knows ours."""

    def resolve(self, kind: type[yaml.Node], _value: str, implicit: object) -> str:
        """The tag of a node: of a scalar whether it is written plainly."""
        return _PLAIN if kind is yaml.ScalarNode and isinstance(implicit, tuple) and implicit[0] else ""

    def descend_resolver(self, _node: object, _index: object) -> None:
        """Nothing depends on where a node stands."""

    def ascend_resolver(self) -> None:
        """Nothing depends on where a node stands."""


@dataclass(frozen=True, slots=True)
class Source:
    """A YAML file's value and the line (from 1) at which each part of it begins."""

    name: str
    value: Any
    lines: Mapping[Path_, int]

    def line(self, path: Path_) -> int:
        """The line of the deepest known part on the way to `path`."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def named(self, keys: Collection[str], text: str) -> int | None:
        """The line of the first mapping in which one of `keys` is this text."""
        return next((line for path, line in self.lines.items() if self._says(path, keys, text)), None)

    def _says(self, path: Path_, keys: Collection[str], text: str) -> bool:
        value = self.value
        for key in path:
            value = value[key]
        return isinstance(value, dict) and any(value.get(key) == text for key in keys)


def read(path: Path, name: str = "") -> Source:
    """The file as a `Source` called `name` (as it is, by default); raises KnowledgeError where it is no YAML
    of ours."""
    name = name or path.name
    lines: dict[Path_, int] = {}
    faults: list[Fault] = []
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_Loader)
        value = None if node is None else _build(node, (), name, lines, faults)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise KnowledgeError([_unreadable(name, mark.line + 1 if mark else 1, str(error))]) from None
    if faults:
        raise KnowledgeError(faults)
    return Source(name, value, lines)


def _unreadable(name: str, line: int, problem: str) -> Fault:
    return Fault(
        file=name,
        line=line,
        field="(file)",
        found=" ".join(problem.split())[:200],
        expected="YAML in UTF-8",
        cure="correct the indentation or quoting at this line",
    )


def _build(node: yaml.Node, path: Path_, name: str, lines: dict[Path_, int], faults: list[Fault]) -> Any:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*path, index), name, lines, faults) for index, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return _build_mapping(node, path, name, lines, faults)
    return _scalar(node)


def _build_mapping(
    node: yaml.MappingNode, path: Path_, name: str, lines: dict[Path_, int], faults: list[Fault]
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        if key in result:
            faults.append(
                Fault(
                    file=name,
                    line=key_node.start_mark.line + 1,
                    field=".".join(map(str, (*path, key))),
                    found=f"the key {key!r} a second time",
                    expected="each key once",
                    cure="join the two or remove one of them",
                )
            )
        result[key] = _build(value_node, (*path, key), name, lines, faults)
        lines[*path, key] = key_node.start_mark.line + 1
    return result


def _scalar(node: yaml.Node) -> Any:
    text = node.value
    if node.tag != _PLAIN:
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
