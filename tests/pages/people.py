"""People whose self-check became a page, and the page as a handler asks for it to be kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.pages.links import hashed
from knowledge.dictionary import SURE_NO, SURE_YES, Item, Items, Span, Value, dump, known, month
from knowledge.library import Library
from store.database import Store
from store.records import Page, Purpose

TOKEN = "a-token-that-nobody-guesses"
NOW = datetime.fromisoformat("2023-06-20T09:00:00+08:00")
WUHAN = ("wuhan-gongjiang", "wuhan-dashi", "wuhan-studio")
WUXI = ("wuxi-studio", "wuxi-zhuoyue")

MASTER: Mapping[str, Value] = {
    "unit_city": known("武汉"),
    "unit_kind": known("enterprise"),
    "skill_level": known("高级技师"),
    "frontline": SURE_YES,
    "rank": known("worker"),
    "retired": known("working"),
    "honours": Items(
        (Item.of({"kind": "全国技术能手", "tier": "国家", "place": "here", "year": 2021}),), complete=False
    ),
    "won/wuhan-gongjiang": SURE_NO,
    "won/wuhan-dashi": SURE_NO,
    "won/wuhan-studio": SURE_NO,
    "birth": month(1980, 8),
}
HEAD_OF_WORKSHOP = {**MASTER, "rank": known("workshop_head")}
MANAGER = {**MASTER, "rank": known("mid_manager"), "frontline": SURE_NO}
LEADER: Mapping[str, Value] = {
    "unit_city": known("无锡"),
    "unit_kind": known("enterprise"),
    "studio_since": month(2021),
    "venue": SURE_YES,
    "members": Span(4, 4),
    "birth": month(1970, 5),
    "skill_level": known(["技师", "高级技师"]),
    "fit": SURE_YES,
    "conduct": SURE_YES,
    "wuxi.studio_breakthrough": SURE_YES,
    "slot/wuxi-studio": SURE_NO,
    "contests": Items((), complete=True),
}


def content(
    library: Library,
    values: Mapping[str, Value],
    programmes: Sequence[str] = WUHAN,
    **changes: Any,
) -> str:
    """What a page of a result keeps."""
    kept = {
        "notice": library.programmes[programmes[0]][0].id,
        "programmes": list(programmes),
        "districts": [],
        "values": {fact: dump(value) for fact, value in values.items()},
        "unsure": [],
        "made_at": NOW.isoformat(),
        "knowledge": library.version,
    }
    return json.dumps({**kept, **changes}, ensure_ascii=False)


async def keep(
    store: Store, text: str, purpose: Purpose = Purpose.RESULT, token: str = TOKEN, days: int = 30
) -> None:
    """The page, open for so many days from now."""
    page = Page(
        token_hash=hashed(token),
        purpose=purpose,
        content=text,
        contact_id=None,
        created_at=NOW,
        expires_at=NOW + timedelta(days=days),
    )
    async with store.work() as work:
        await work.keep_page(page=page)
