"""Pushes: claimed like replies, then judged one by one before they may be sent.

A push was posted on premises that may hold no more, to a person who may have had enough, by whatever path
is open now. All this is read for a whole claim at a time, and decided in the transaction that arms it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from store.reach import Kind
from store.records import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a claim judges by: the `kinds` by name, the end (ISO) of each stage by `<notice>/<stage>`, calls
    a day by path where they differ from `reach.LIMITS`, and the lanes of APIs (`reach.api_lane`) that this
    process lets rest, and until when, beside those parked in the database."""

    kinds: Mapping[str, Kind]
    stages: Mapping[str, str]
    quotas: Mapping[Path, int] = field(default_factory=dict)
    resting: Mapping[str, datetime] = field(default_factory=dict)
