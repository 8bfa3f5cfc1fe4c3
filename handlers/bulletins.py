"""What staff tell many at once: put into words for each, acknowledged by a reply."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from handlers.affairs import Bulletins as Owing
from handlers.alerts import Sending, Told
from handlers.contract import NOT_MINE, NotMine, Reply, Section, Turn
from knowledge.notice import CHINA
from knowledge.registration import given

_MADE_FOR_ALL: Final = {"corrects": None, "file": None, "receipt": False, "test": False}


class Bulletins:
    """收到, and the code by which staff get their tests."""

    name = "bulletins"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """Whatever concerns the last broadcast that this person had; else nothing."""
        told = turn.affairs.bulletins if turn.affairs else None
        if told is None:
            return NOT_MINE
        match turn.reading.act:
            case "acknowledge":
                return _acknowledged(told)
            case "staff_bind":
                return _tester(turn, told)
            case _:
                return NOT_MINE

    def tell(self, sending: Sending) -> Told:
        """The text of staff, in which nothing but the names of variables is ever replaced."""
        values = {**_MADE_FOR_ALL, **sending.values}
        if values["file"]:
            until = datetime.fromisoformat(values["file"]["until"]).astimezone(CHINA)
            values["file"] = {**values["file"], "until": until}
        return Told(values={**values, "unit": sending.unit, "today": sending.now.astimezone(CHINA)})


def _acknowledged(told: Owing) -> Reply | NotMine:
    """The last one that is owed; the others are named, since nobody knows which of them was meant."""
    owed = told.owed()
    if not owed:
        return NOT_MINE
    told.acknowledge(broadcast=owed[0].id)
    values = {"title": owed[0].title, "others": [one.title for one in owed[1:]]}
    return Reply(sections=[Section(template="bulletins/acknowledged", values=values)], alone=True)


def _tester(turn: Turn, told: Owing) -> Reply:
    code = given(turn.incoming.text).one_time
    bound = bool(code) and told.test_here(code=code)
    template = "bulletins/tester" if bound else "bulletins/no_tester"
    return Reply(sections=[Section(template=template)], alone=True, private=True)
