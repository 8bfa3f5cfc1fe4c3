"""Kinds of people who ask whether they stand a chance, by city: made up, each with its share and with what is
likelier of it than of anybody. Facts hang together within a kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from knowledge.library import Library
from tests.applicants import Facts, Odds, person

_Likely = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Archetype:
    """A kind of person; what is not named is as likely as in the dictionary."""

    name: str
    share: float
    likely: _Likely = field(default_factory=dict)


def _yes(share: float) -> Mapping[str, float]:
    return {"yes": share, "no": 1 - share}


_FRONT: _Likely = {"frontline": _yes(0.96), "retired": {"working": 1.0}, "past_retirement_age": _yes(0.01)}
_PRIME = {"25": 0.5, "45": 0.5}
_OLD = {"45": 0.75, "55": 0.1, "56": 0.15}
_HIGH = {"技师": 0.3, "高级技师": 0.66, "特级技师": 0.03, "首席技师": 0.01}
_LOW = {"none": 0.35, "初级工": 0.1, "中级工": 0.25, "高级工": 0.3}
_RETIRED: _Likely = {
    "retired": {"retired": 0.9, "internal": 0.1},
    "past_retirement_age": _yes(0.9),
    "frontline": _yes(0.25),
    "birth": {"55": 0.1, "56": 0.9},
    "skill_level": _HIGH,
}
_MANAGER: _Likely = {
    "rank": {"mid_manager": 0.75, "workshop_head": 0.25},
    "frontline": _yes(0.2),
    "retired": {"working": 1.0},
    "birth": _OLD,
    "skill_level": {"none": 0.1, "高级工": 0.2, "技师": 0.4, "高级技师": 0.3},
}
_BEGINNER: _Likely = {
    **_FRONT,
    "birth": {"25": 1.0},
    "rank": {"worker": 0.95, "team_leader": 0.05},
    "skill_level": _LOW,
    "honours": {},
    "contests": {"city": 0.05},
    "mentor": _yes(0.15),
}

WUHAN = (
    Archetype(
        name="master",
        share=0.2,
        likely={
            **_FRONT,
            "birth": _OLD,
            "rank": {"worker": 0.5, "team_leader": 0.5},
            "skill_level": _HIGH,
            "honours": {"national": 0.2, "council": 0.06, "master": 0.35, "expert": 0.5, "other": 0.4},
            "wuhan.breakthrough": _yes(0.6),
            "wuhan.innovation": _yes(0.9),
            "wuhan.invention": _yes(0.6),
            "mentor": _yes(0.97),
            "studio_approved": {"city": 0.3, "unit": 0.1, "none": 0.6},
        },
    ),
    Archetype(
        name="contestant",
        share=0.12,
        likely={
            **_FRONT,
            "birth": {"25": 0.9, "45": 0.1},
            "skill_level": {"高级工": 0.2, "技师": 0.5, "高级技师": 0.3},
            "honours": {"expert": 0.5, "other": 0.3},
            "contests": {
                "national_first": 0.1,
                "province_first": 0.2,
                "national": 0.25,
                "province": 0.4,
                "city": 0.5,
            },
        },
    ),
    Archetype(
        name="technician",
        share=0.22,
        likely={
            **_FRONT,
            "birth": _PRIME,
            "rank": {"worker": 0.7, "team_leader": 0.3},
            "skill_level": {"中级工": 0.1, "高级工": 0.4, "技师": 0.35, "高级技师": 0.15},
            "honours": {"expert": 0.05, "other": 0.15},
            "wuhan.innovation": _yes(0.4),
            "wuhan.breakthrough": _yes(0.1),
        },
    ),
    Archetype(
        name="engineer at a chip works",
        share=0.08,
        likely={
            "frontline": _yes(0.6),
            "birth": {"25": 0.9, "45": 0.1},
            "skill_level": {"none": 0.7, "高级工": 0.2, "技师": 0.1},
            "emerging_post": {"named": 0.85, "other": 0.15},
            "eng_title": {"none": 0.2, "工程师": 0.55, "高级工程师": 0.25},
            "ent_eval": {"none": 0.6, "高级工": 0.1, "技师": 0.1, "高级技师": 0.2},
            "sci_award": {"none": 0.8, "市级": 0.1, "省级": 0.1},
            "honours": {"other": 0.2},
        },
    ),
    Archetype(name="manager", share=0.12, likely=_MANAGER),
    Archetype(name="retired master", share=0.09, likely=_RETIRED),
    Archetype(name="beginner", share=0.1, likely=_BEGINNER),
    Archetype(
        name="teacher at a college",
        share=0.07,
        likely={
            "unit_kind": {"vocational": 1.0},
            "frontline": _yes(0.35),
            "retired": {"working": 1.0},
            "birth": _PRIME,
            "skill_level": {"技师": 0.4, "高级技师": 0.6},
            "honours": {"expert": 0.3, "master": 0.15, "other": 0.3},
            "contests": {"coach_national": 0.2, "province": 0.2},
        },
    ),
)
WUXI = (
    Archetype(
        name="leader of a studio",
        share=0.25,
        likely={
            **_FRONT,
            "birth": {"25": 0.3, "45": 0.55, "55": 0.05, "56": 0.1},
            "skill_level": _HIGH,
            "studio_since": {"0": 0.2, "2": 0.8},
            "members": {"0": 0.05, "4": 0.1, "5": 0.85},
            "venue": _yes(0.97),
            "wuxi.studio_innovation": _yes(0.85),
            "wuxi.studio_mentoring": _yes(0.8),
        },
    ),
    Archetype(
        name="craftsman of a firm",
        share=0.3,
        likely={
            **_FRONT,
            "unit_kind": {"enterprise": 1.0},
            "birth": _PRIME,
            "skill_level": {"高级工": 0.2, "技师": 0.5, "高级技师": 0.3},
            "studio_since": {"0": 0.8, "2": 0.2},
            "venue": _yes(0.3),
            "members": {"0": 0.7, "4": 0.1, "5": 0.2},
            "wuxi.zhuoyue_breakthrough": _yes(0.75),
        },
    ),
    Archetype(
        name="teacher at a college",
        share=0.1,
        likely={
            "unit_kind": {"vocational": 0.8, "university": 0.2},
            "frontline": _yes(0.3),
            "retired": {"working": 1.0},
            "skill_level": _HIGH,
            "venue": _yes(0.95),
        },
    ),
    Archetype(
        name="potter",
        share=0.08,
        likely={
            "unit_kind": {"self_employed": 0.5, "association": 0.2, "enterprise": 0.3},
            "skill_level": {"none": 0.5, "高级工": 0.2, "技师": 0.3},
            "no_certificate_for_trade": _yes(0.4),
            "eng_title": {"none": 0.5, "工程师": 0.5},
            "wuxi.studio_heritage": _yes(0.9),
            "birth": _OLD,
        },
    ),
    Archetype(name="manager", share=0.09, likely={**_MANAGER, "venue": _yes(0.6)}),
    Archetype(name="retired master", share=0.08, likely=_RETIRED),
    Archetype(name="beginner", share=0.1, likely={**_BEGINNER, "venue": _yes(0.2), "members": {"0": 1.0}}),
)
CITIES = {"wuhan-2023": WUHAN, "wuxi-2024": WUXI}


def realistic(library: Library, notice: str, random: Random) -> Facts:
    """Somebody of one of the kinds of the notice's city."""
    kinds = CITIES[notice]
    kind = random.choices(kinds, [one.share for one in kinds])[0]
    odds: Odds = kind.likely
    return person(library, notice, random, odds)
