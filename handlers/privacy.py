"""What is kept of a person, how it is deleted, and how pushes are stopped."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from handlers.affairs import Held
from handlers.alerts import Alert, Audience, Who
from handlers.contract import NOT_MINE, Choice, Effect, NotMine, Reply, Section, Turn
from knowledge.notice import CHINA

PUSH: Final = "push"
VERSION: Final = "1"
_RECEIPT_BYTES: Final = 6
_TOLD_WITHIN: Final = timedelta(days=7)


class Privacy:
    """隐私说明, 我的信息, 删除我的信息 (asked once more before it is done), 退订, 恢复推送."""

    name = "privacy"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """Deletion gives a receipt that names nobody; who leaves is forgotten too (platform document A6)."""
        if turn.incoming.event == "unsubscribe":
            return Reply(silent=True, alone=True, effects=[_forgetting(_receipt())], alerts=[*_told(turn)])
        command = _COMMANDS.get(turn.reading.act)
        return command(turn) if command else NOT_MINE


def _statement(turn: Turn) -> Reply:
    return _only("statement")


def _kept(turn: Turn) -> Reply:
    """What is kept, with how long; without a store only what the conversation holds."""
    values = {
        "stated": dict(turn.context.stated),
        "city": turn.context.city,
        "days": turn.kept_days,
        "kept": turn.affairs.privacy.kept() if turn.affairs else None,
        "china": CHINA,
    }
    return _only("kept", **values)


def _ask(turn: Turn) -> Reply:
    asked = _only("ask", seats=[held.name for held in _seats(turn)])
    return replace(asked, choices=[Choice(template="privacy/confirm")])


def _forgotten(turn: Turn) -> Reply:
    receipt = _receipt()
    values = {"receipt": receipt, "seats": [held.name for held in _seats(turn)]}
    section = Section(template="privacy/done", values=values, computed={"receipt": receipt})
    return Reply(sections=[section], effects=[_forgetting(receipt)], alerts=[*_told(turn)], alone=True)


def _stopped(turn: Turn) -> Reply:
    return _only("stopped", had=turn.affairs is not None and turn.affairs.privacy.stop_pushes())


def _resumed(turn: Turn) -> Reply:
    if turn.affairs is None:
        return _only("no_store")
    turn.affairs.privacy.agree(purposes=(PUSH,), version=VERSION)
    return _only("resumed")


def _seats(turn: Turn) -> list[Held]:
    return list(turn.affairs.units.mine()) if turn.affairs else []


def _told(turn: Turn) -> Iterable[Alert]:
    """The units whose contact this person is no more."""
    for held in _seats(turn):
        assert turn.affairs
        yield Alert(
            kind="binding",
            template="binding/told",
            values={"what": "left", "state": ""},
            audience=Audience(who=Who.SEATS, id=held.unit, but=turn.affairs.contact),
            occasion=f"seat:{held.seat}:left",
            due_at=turn.now,
            not_after=turn.now + _TOLD_WITHIN,
            unit=held.unit,
        )


def _receipt() -> str:
    return secrets.token_hex(_RECEIPT_BYTES)


def _forgetting(receipt: str) -> Effect:
    return Effect(name="forget", values={"receipt": receipt})


def _only(template: str, **values: object) -> Reply:
    return Reply(sections=[Section(template=f"privacy/{template}", values=values)], alone=True)


_COMMANDS: Final[Mapping[str, Callable[[Turn], Reply]]] = {
    "privacy": _statement,
    "menu_mine": _kept,
    "my_data": _kept,
    "forget": _ask,
    "confirm_forget": _forgotten,
    "stop_push": _stopped,
    "resume_push": _resumed,
}
