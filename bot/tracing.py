"""Where every figure of a reply comes from: the facts shown, what was reckoned, what staff entered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from handlers.contract import Reply, Section
from knowledge.library import Library, Sourced
from knowledge.notice import Contact
from knowledge.overlay import Office

_json: Final = json.JSONEncoder(ensure_ascii=False)


def trace_of(library: Library, reply: Reply, text: str) -> str:
    """Where every figure of the reply comes from."""
    named = [sourced for section in reply.sections for sourced in contacts(library, section)]
    offices = {office.id: office for office in (*map(library.office, named), *library.corrected)}
    return _json.encode(
        {
            "knowledge": library.version,
            "sections": [
                {"template": s.template, "facts": s.facts, "computed": dict(s.computed)}
                for s in reply.sections
            ],
            "staff": {id_: told for id_, office in offices.items() if (told := _staff(office, text))},
        }
    )


def contacts(library: Library, section: Section) -> Iterator[Sourced]:
    """The contacts that a section shows, as far as the library still has them."""
    for fact in section.facts:
        sourced = library.sourced.get(fact)
        if sourced and isinstance(sourced.fact, Contact):
            yield sourced


def _staff(office: Office, text: str) -> dict[str, str]:
    """What a reply says of an office by the word of staff, and by which correction."""
    said = office.correction
    corrected = said is not None and said.source in text
    return {
        **({"correction": f"{said.id} {said.on} {said.source} {said.remark}"} if said and corrected else {}),
        **({"phones": " ".join(office.phones), "address": office.address} if corrected else {}),
        **({"checked": office.checked_on.isoformat()} if office.checked_on else {}),
    }
