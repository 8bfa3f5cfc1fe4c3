"""A unit's contact: bound by what the roster has or by a one-time code, after consent; handed over, ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from handlers.affairs import Held, Tried, Units
from handlers.alerts import Alert, Audience, Sending, Told, Who
from handlers.contract import NOT_MINE, Choice, Kind, NotMine, Reply, Section, Turn
from knowledge.figures import chinese_number
from knowledge.notice import CHINA
from knowledge.reading import ASK
from knowledge.registration import Given, given

VERSION: Final = "1"
"""Of the words of `binding/consent`: who agreed to others is asked again."""

PURPOSES: Final = ("seat", "push")
"""To be kept as a unit's contact, and to be told what concerns the unit."""

CODE_DAYS: Final = 7
_TOLD_WITHIN: Final = timedelta(days=7)
_PAUSED_AFTER: Final = timedelta(hours=6)
_SCANNED: Final = frozenset({"subscribe", "scan"})
_SCENE: Final = "qrscene_"
_YES, _NO = 1, 2
_HALF: Final = "agreement"
"""好的 is too little for a consent."""
_BESIDE: Final = frozenset({ASK, "privacy"})
"""What is said beside an open question without turning away from it."""


class Binding:
    """绑定单位, 我的单位, 邀请同事, 移交, 解绑, and whatever a one-time code is sent for."""

    name = "binding"

    def __init__(self) -> None:
        self._commands: Mapping[str, Callable[[Turn, Units], Reply]] = {
            "bind": self._begin,
            "my_units": _listed,
            "invite_colleague": lambda turn, units: _codes(turn, units, hands_over=False),
            "hand_over": lambda turn, units: _codes(turn, units, hands_over=True),
            "unbind": _ask_which,
            "confirm_unbind": _left,
        }

    def answer(self, turn: Turn) -> Reply | NotMine:
        """The next step, or what came of it."""
        units = turn.affairs.units if turn.affairs else None
        command = self._commands.get(turn.reading.act)
        if units is None:
            return _only("no_store") if command else NOT_MINE
        if turn.incoming.kind is Kind.EVENT and not turn.incoming.text:
            return self._scanned(turn, units)
        if command:
            return command(turn, units)
        if turn.asked:
            return self._heard(turn, units)
        said = given(turn.incoming.text)
        if said.codes and turn.reading.act == ASK:
            return self._begin(turn, units)
        # nobody was asked for a one-time code: it is one only if nothing else was said
        alone = said.one_time and len(turn.incoming.text.strip()) <= len(said.one_time)
        return self._coded(turn, units, said.one_time, asked=False) if alone else NOT_MINE

    def again(self, turn: Turn) -> Reply:
        """The open question, in short, after an answer to something else."""
        fresh = turn.now.timestamp() - float(turn.kept.get("at", 0)) < _PAUSED_AFTER.total_seconds()
        if turn.reading.act not in _BESIDE or not fresh:
            return Reply(keep={})
        return _asking(turn, f"back_to_{turn.kept['step']}", **_state(turn))

    def tell(self, sending: Sending) -> Told:
        """Who has come to the unit's seats, or left them."""
        return Told(values={**sending.values, "unit": sending.unit})

    # —— ways in

    def _begin(self, turn: Turn, units: Units) -> Reply:
        said = given(turn.incoming.text)
        code = said.codes[0] if said.codes else ""
        if not _agreed(turn):
            return _asking(turn, "consent", step="consent", code=code, private=bool(said.phones))
        return self._claimed(turn, units, said)

    def _scanned(self, turn: Turn, units: Units) -> Reply | NotMine:
        """A code of ours that was scanned binds like one that was sent; any other scene is no failure."""
        key = turn.incoming.event_key.removeprefix(_SCENE)
        code = given(key).one_time
        if turn.incoming.event not in _SCANNED or code != key or not code:
            return NOT_MINE
        return self._coded(turn, units, code, asked=False)

    def _coded(self, turn: Turn, units: Units, code: str, *, asked: bool) -> Reply | NotMine:
        """A one-time code, after consent; where none was asked for, only a code that is one."""
        code_hash = units.hashed(code)
        counts = asked or "-" in code
        tried = units.offer(code_hash=code_hash, counts=counts)
        if tried.outcome == "elsewhere" or (tried.outcome == "wrong" and not counts):
            return NOT_MINE
        if tried.outcome != "offered":
            return _came_to(turn, tried)
        if not _agreed(turn):
            return _asking(turn, "consent", step="consent", hash=code_hash, unit=tried.name, private=True)
        return _came_to(turn, units.redeem(code_hash=code_hash))

    # —— answers to the open question

    def _heard(self, turn: Turn, units: Units) -> Reply | NotMine:
        if turn.reading.act == "check_quit":
            return Reply(sections=[Section(template="binding/quit")], keep={}, alone=True)
        if turn.incoming.kind is not Kind.TEXT and not turn.incoming.text:
            return _asking(turn, "picture", **_state(turn))
        return self._consented(turn, units) if turn.kept["step"] == "consent" else self._told(turn, units)

    def _consented(self, turn: Turn, units: Units) -> Reply | NotMine:
        assert turn.affairs
        said = _chosen(turn)
        if turn.reading.act == "consent_no" or said == _NO:
            return Reply(sections=[Section(template="binding/declined")], keep={}, alone=True)
        if turn.reading.act == "consent_yes" or said == _YES:
            turn.affairs.privacy.agree(purposes=PURPOSES, version=VERSION)
            if code_hash := turn.kept.get("hash"):
                return _came_to(turn, units.redeem(code_hash=code_hash))
            return self._claimed(turn, units, Given())
        numbers = given(turn.incoming.text)
        if said or numbers != Given() or turn.reading.act == _HALF:
            code = numbers.codes[0] if numbers.codes else turn.kept.get("code", "")
            state = {**_state(turn), "code": code}
            return _asking(turn, "consent_first", **state, private=numbers != Given())
        return NOT_MINE

    def _told(self, turn: Turn, units: Units) -> Reply | NotMine:
        said = given(turn.incoming.text)
        if said == Given() and not any(sign.isdecimal() for sign in turn.incoming.text):
            return NOT_MINE
        if said.one_time and not said.codes:
            return self._coded(turn, units, said.one_time, asked=True)
        return self._claimed(turn, units, said)

    def _claimed(self, turn: Turn, units: Units, said: Given) -> Reply:
        """Binds where code and phone are there, else asks for what is not."""
        code = said.codes[0] if said.codes else str(turn.kept.get("code", ""))
        if code and said.phones:
            return _came_to(turn, units.claim(code=code, phone=said.phones[0]))
        if said.secret:
            template = "secret"
        elif said.flaw:
            template = f"flaw_{said.flaw}"
        elif code:
            # whatever else was sent with figures in it was meant as the phone
            template = "ask_phone" if said.codes or not turn.asked else "flaw_phone"
        else:
            template = "ask_code" if said.phones else "ask_both"
        return _asking(turn, template, step="claim", code=code, private=said != Given())


def _came_to(turn: Turn, tried: Tried) -> Reply:
    """What came of an attempt, told to this person, and to those whom it concerns."""
    held = tried.held
    values: dict[str, Any] = {"days": CODE_DAYS}
    if held:
        values |= {"name": held.name, "state": str(held.state), "others": held.others}
    if tried.until:
        values["until"] = tried.until.astimezone(CHINA)
    alerts = []
    if held and tried.outcome == "bound":
        alerts.append(_alert(turn, held, "joined", state=str(held.state)))
        if tried.giver:
            to_giver = Audience(who=Who.CONTACT, id=tried.giver)
            alerts.append(replace(_alert(turn, held, "handed_over"), audience=to_giver))
    asks = tried.outcome == "wrong"
    kept = {**_state(turn), "step": "claim", "at": turn.now.timestamp()} if asks else {}
    return Reply(
        sections=[Section(template=f"binding/{tried.outcome}", values=values)],
        keep=kept,
        alone=True,
        awaiting=asks,
        alerts=alerts,
        private=True,
    )


def _alert(turn: Turn, held: Held, what: str, **values: str) -> Alert:
    """For those who sit for the unit beside this person."""
    assert turn.affairs
    return Alert(
        kind="binding",
        template="binding/told",
        values={"what": what, "state": "", **values},
        audience=Audience(who=Who.SEATS, id=held.unit, but=turn.affairs.contact),
        occasion=f"seat:{held.seat}:{what}",
        due_at=turn.now,
        not_after=turn.now + _TOLD_WITHIN,
        unit=held.unit,
    )


def _listed(turn: Turn, units: Units) -> Reply:
    """我的单位: each with what this person sees of it."""
    seats = [{"name": held.name, "state": str(held.state), "others": held.others} for held in units.mine()]
    return _only("units", seats=seats)


def _codes(turn: Turn, units: Units, *, hands_over: bool) -> Reply:
    """A code for a colleague, of the unit that is named, or of the only one."""
    mine = units.mine()
    confirmed = [held for held in mine if held.state == "confirmed"]
    meant = _meant(turn, confirmed)
    what = "hand_over" if hands_over else "invite"
    if meant:
        code = units.code(unit=meant.unit, hands_over=hands_over)
        return _only(f"{what}_code", name=meant.name, code=code, days=CODE_DAYS)
    if not confirmed:
        return _only("not_confirmed" if mine else "no_unit")
    return _which("which", f"binding/{what}_choice", confirmed)


def _ask_which(turn: Turn, units: Units) -> Reply:
    """解绑 is done after the unit was chosen, even of one."""
    mine = units.mine()
    return _which("leave_ask", "binding/leave_choice", mine) if mine else _only("no_unit")


def _left(turn: Turn, units: Units) -> Reply:
    meant = _meant(turn, units.mine())
    held = units.leave(seat=meant.seat) if meant else None
    if held is None:
        return _only("no_unit") if not units.mine() else _ask_which(turn, units)
    return replace(_only("left", name=held.name), alerts=[_alert(turn, held, "left")])


def _which(template: str, choice: str, seats: Sequence[Held]) -> Reply:
    choices = [Choice(template=choice, values={"name": held.name}) for held in seats]
    return Reply(sections=[Section(template=f"binding/{template}")], choices=choices, keep={}, alone=True)


def _meant(turn: Turn, seats: Sequence[Held]) -> Held | None:
    """The unit that is named, the longest name first; the only one where none is."""
    named = [held for held in seats if held.name in turn.incoming.text]
    if named:
        return max(named, key=lambda held: len(held.name))
    return seats[0] if len(seats) == 1 else None


def _agreed(turn: Turn) -> bool:
    assert turn.affairs
    return PURPOSES[0] in turn.affairs.privacy.consents()


def _chosen(turn: Turn) -> int | None:
    """The number that is chosen."""
    match = turn.library.vocabulary.patterns.choice.match(turn.reading.text)
    if match is None:
        return None
    return int(match[1]) if match[1].isdecimal() else chinese_number(match[1])


def _state(turn: Turn) -> dict[str, Any]:
    return {key: value for key, value in turn.kept.items() if key != "at"}


def _asking(turn: Turn, template: str, *, private: bool = False, **state: Any) -> Reply:
    """A question of `binding/<template>`, with what is kept until it is answered: no phone is."""
    section = Section(
        template=f"binding/{template}", values={"code": "", "unit": "", **state, "days": turn.kept_days}
    )
    kept = {**{key: value for key, value in state.items() if value}, "at": turn.now.timestamp()}
    return Reply(sections=[section], keep=kept, alone=True, awaiting=True, private=private)


def _only(template: str, **values: Any) -> Reply:
    return Reply(sections=[Section(template=f"binding/{template}", values=values)], keep={}, alone=True)
