"""The words of the roster, which stand in `roster.yaml`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from knowledge import yaml_source


class Words(BaseModel):
    """The file as a whole; texts with braces are filled with `format`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sheets: Mapping[str, str]
    name: str
    guide: str
    titled: str
    alike: str
    guides: Mapping[str, str]
    yes: frozenset[str]
    no: frozenset[str]
    here: frozenset[str]
    unknown: frozenset[str]
    answers: tuple[str, str, str]
    elsewhere: str
    results: Mapping[str, str]
    columns: Mapping[str, str]
    faults: Mapping[str, str]
    header: str
    refused: Mapping[str, str]
    about: tuple[str, ...]


def plain(text: str) -> str:
    """A text as it is compared: no spaces, narrow signs, small letters."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()


WORDS: Final = Words.model_validate(yaml_source.read(Path(__file__).with_name("roster.yaml")).value)
