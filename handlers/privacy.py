"""What is kept of a person, and how it is deleted."""

from __future__ import annotations

import secrets

from handlers.contract import NOT_MINE, Choice, Effect, NotMine, Reply, Section, Turn

_RECEIPT_BYTES = 6


class Privacy:
    """隐私说明, 我的, 删除我的信息 (asked once more before it is done)."""

    name = "privacy"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """Deletion gives a receipt that names nobody."""
        match turn.reading.act:
            case "privacy" | "menu_mine":
                values = {"stated": dict(turn.context.stated), "city": turn.context.city}
                return Reply(sections=[Section(template="privacy/statement", values=values)], alone=True)
            case "forget":
                choices = [Choice(template="privacy/confirm")]
                return Reply(sections=[Section(template="privacy/ask")], choices=choices, alone=True)
            case "confirm_forget":
                receipt = secrets.token_hex(_RECEIPT_BYTES)
                return Reply(
                    sections=[
                        Section(
                            template="privacy/done",
                            values={"receipt": receipt},
                            computed={"receipt": receipt},
                        )
                    ],
                    effects=[Effect(name="forget", values={"receipt": receipt})],
                    alone=True,
                )
            case _:
                return NOT_MINE
