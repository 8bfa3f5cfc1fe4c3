"""The XML of a callback, read without trust: small, flat, without a document type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from xml.parsers import expat

from bot.channels.wechat_crypto import BadXml

UNWRITABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DEPTH: Final = 16
_ELEMENTS: Final = 200


class Parsed:
    """The text of each child of `<xml>`, the first of a name, in `fields`; in `rows` that of each `<List>`
    within one of them. Stops at the first element too many or too deep."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.rows: list[dict[str, str]] = []
        self._pieces: list[str] = []
        self._words: list[str] = []
        self._depth = 0
        self._count = 0
        self._listed = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        self._count += 1
        if self._depth > _DEPTH or self._count > _ELEMENTS or (self._depth == 1 and tag != "xml"):
            raise BadXml
        if self._depth == 2:
            self._pieces = []
        elif self._depth == 3:
            self._listed = tag == "List"
            if self._listed:
                self.rows.append({})
        elif self._depth == 4:
            self._words = []

    def data(self, text: str) -> None:
        if self._depth == 2:
            self._pieces.append(text)
        elif self._depth == 4:
            self._words.append(text)

    def end(self, tag: str) -> None:
        if self._depth == 2:
            self.fields.setdefault(tag, "".join(self._pieces))
        elif self._depth == 4 and self._listed:
            self.rows[-1].setdefault(tag, "".join(self._words))
        self._depth -= 1


def parsed(body: bytes) -> Parsed:
    """The document; raises BadXml.

    Control characters are dropped first: the platform passes on what people paste, XML forbids it.
    """
    children = Parsed()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _no_doctype
    parser.StartElementHandler = children.start
    parser.CharacterDataHandler = children.data
    parser.EndElementHandler = children.end
    try:
        parser.Parse(UNWRITABLE.sub("", body.decode("utf-8", "replace")), True)
    except expat.ExpatError:
        raise BadXml from None
    return children


def _no_doctype(*_: object) -> None:
    """Without a document type no entity can be declared, inside or out: there is nothing to expand."""
    raise BadXml
