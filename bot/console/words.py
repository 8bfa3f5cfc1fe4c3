"""The words that pages and exports share, which stand in `words.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from knowledge import yaml_source

WORDS: Final[Mapping[str, Any]] = yaml_source.read(Path(__file__).with_name("words.yaml")).value
