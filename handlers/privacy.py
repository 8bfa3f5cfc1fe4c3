"""What is kept of a person, and how it is deleted."""

from __future__ import annotations

import secrets

from handlers.contract import NOT_MINE, Choice, Effect, NotMine, Reply, Section, Turn

_RECEIPT_BYTES = 6


class Privacy:
    """隐私说明, 我的, 删除我的信息 (asked once more before it is done)."""

    name = "privacy"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """Deletion gives a receipt that names nobody; who leaves is forgotten too (platform document A6)."""
        if turn.incoming.event == "unsubscribe":
            return Reply(silent=True, alone=True, effects=[_forgetting(_receipt())])
        match turn.reading.act:
            case "privacy" | "menu_mine":
                values = {"stated": dict(turn.context.stated), "city": turn.context.city}
                return Reply(sections=[Section(template="privacy/statement", values=values)], alone=True)
            case "forget":
                choices = [Choice(template="privacy/confirm")]
                return Reply(sections=[Section(template="privacy/ask")], choices=choices, alone=True)
            case "confirm_forget":
                receipt = _receipt()
                return Reply(
                    sections=[
                        Section(
                            template="privacy/done",
                            values={"receipt": receipt},
                            computed={"receipt": receipt},
                        )
                    ],
                    effects=[_forgetting(receipt)],
                    alone=True,
                )
            case _:
                return NOT_MINE


def _receipt() -> str:
    return secrets.token_hex(_RECEIPT_BYTES)


def _forgetting(receipt: str) -> Effect:
    return Effect(name="forget", values={"receipt": receipt})
