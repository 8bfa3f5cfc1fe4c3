"""我的进度: how applications stand, what was sent back and what to mend; and what is told of it unasked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from handlers import status_words as words
from handlers.affairs import Application, Progress, Speaking
from handlers.alerts import Sending, Told
from handlers.contract import NOT_MINE, Choice, NotMine, Reply, Section, Turn
from handlers.status_words import Case
from knowledge.figures import chinese_number
from knowledge.language import normalise
from knowledge.library import Library
from knowledge.notice import CHINA
from knowledge.opinions import Opinions
from knowledge.reading import ASK

VERSION: Final = "1"
"""Of the words of `status/consent`: who agreed to others is asked again."""

_PURPOSE: Final = "progress"
_PAUSED_AFTER: Final = timedelta(hours=6)
_YES, _NO = "1", "2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An application in a list of them; `days` since it was sent back."""

    name: str
    category: str
    unit: str
    before: str
    status: str
    history: tuple[tuple[str, datetime], ...] = ()
    ranks: tuple[str, str] = ("", "")
    days: int | None = None
    mended: bool = False
    gone: bool = False
    told: words.Told | None = None
    also: tuple[bool, int] = (False, 0)


class Status:
    """The list of the platform, as far as this person may see it."""

    name = "status"

    def __init__(self) -> None:
        self._opinions: tuple[str, Opinions] | None = None
        self._acts = {
            "progress": self._progress,
            "returns": self._returns,
            "mended": self._mended,
            "progress_code": self._code,
        }

    # —— what is asked

    def answer(self, turn: Turn) -> Reply | NotMine:
        """How things stand, the open returns, that one is mended, a code given or taken."""
        act = self._acts.get(turn.reading.act)
        if turn.affairs is None:
            return _said("status/no_store") if act else NOT_MINE
        if act:
            return act(turn, turn.affairs.progress)
        if turn.asked:
            return self._consented(turn)
        return self._sent_code(turn) or NOT_MINE

    def _progress(self, turn: Turn, progress: Progress) -> Reply:
        units, own = progress.units(), progress.own()
        if not units and not own:
            return _said("status/nothing_bound")
        named = [unit for unit in units if normalise(unit.name) in normalise(turn.incoming.text)]
        sections = [self._own(turn, own)] if own and not named else []
        if len(units) > 1 and not named:
            choices = [
                Choice(template="status/unit_choice", values={"unit": unit.name}, says="status/unit_says")
                for unit in units
            ]
            return Reply(
                sections=[*sections, Section(template="status/which_unit", weight=-1)],
                choices=choices,
                alone=True,
            )
        shown = (named or units)[:1]
        sections += [self._unit(turn, unit) for unit in shown]
        visible = [*own, *(one for unit in shown for one in _seen(unit))]
        return Reply(sections=sections, choices=_offers(visible), alone=True)

    def _own(self, turn: Turn, own: Sequence[Application]) -> Section:
        sheet = words.sheet(turn.library, map(_case, own), turn.now)
        return Section(
            template="status/own",
            values={"lines": [_line(one, turn.now) for one in own], "as_of": _as_of(own), **sheet.values},
            facts=sheet.facts,
            computed=sheet.computed,
            weight=1,
        )

    def _unit(self, turn: Turn, unit: Speaking) -> Section:
        if not unit.confirmed:
            return Section(template="status/provisional", values={"unit": unit.name})
        seen = _seen(unit)
        sheet = words.sheet(turn.library, map(_case, seen), turn.now)
        groups: dict[str, list[Line]] = {}
        for one in seen:
            groups.setdefault(one.status, []).append(_line(one, turn.now))
        gone = [_line(one, turn.now) for one in unit.applications if one.gone_at]
        values = {"unit": unit.name, "groups": groups, "gone": gone, "as_of": _as_of(unit.applications)}
        return Section(
            template="status/unit",
            values={**values, **sheet.values},
            facts=sheet.facts,
            computed=sheet.computed,
        )

    def _returns(self, turn: Turn, progress: Progress) -> Reply:
        if not progress.units() and not progress.own():
            return _said("status/nothing_bound")
        found = _open(progress)
        if not found:
            return _said("status/nothing_returned")
        sheet = words.sheet(turn.library, map(_case, found), turn.now, dues=True)
        lines = [self._told(turn.library, one, turn.now) for one in found]
        materials = dict.fromkeys(fact for line in lines if line.told for fact in line.told.facts)
        section = Section(
            template="status/returns",
            values={"lines": lines, **sheet.values},
            facts=(*materials, *sheet.facts),
            computed=sheet.computed,
        )
        return Reply(sections=[section], choices=_mending(found), keep=_numbered(found), alone=True)

    def _mended(self, turn: Turn, progress: Progress) -> Reply:
        found = [one for one in _open(progress) if not one.mended_at]
        if not found:
            return _said("status/nothing_to_mend")
        chosen = self._chosen(turn, found)
        if not chosen:
            section = Section(template="status/which_return", weight=-1)
            return Reply(sections=[section], choices=_mending(found), keep=_numbered(found), alone=True)
        done = [one for one in chosen if one.return_id and progress.mend(return_id=one.return_id)]
        sheet = words.sheet(turn.library, map(_case, done), turn.now, dues=True)
        left = [one for one in found if one not in done]
        values = {"lines": [_line(one, turn.now) for one in done], "left": len(left), **sheet.values}
        section = Section(template="status/mended", values=values, facts=sheet.facts, computed=sheet.computed)
        return Reply(sections=[section], choices=_mending(left), keep=_numbered(left), alone=True)

    def _chosen(self, turn: Turn, found: Sequence[Application]) -> list[Application]:
        """The returns that are meant: the only one, all, or those of the numbers last shown; else none."""
        text, patterns = normalise(turn.incoming.text), turn.library.vocabulary.patterns
        if len(found) == 1 or patterns.all_of_them.search(text):
            return list(found)
        shown = turn.kept.get("returns", [one.return_id for one in found])
        numbers = (int(n) if n.isdecimal() else chinese_number(n) or 0 for n in patterns.which.findall(text))
        meant = {shown[n - 1] for n in numbers if 0 < n <= len(shown)}
        return [one for one in found if one.return_id in meant]

    # —— codes

    def _code(self, turn: Turn, progress: Progress) -> Reply:
        patterns = turn.library.vocabulary.patterns
        if match := patterns.progress_code.search(turn.incoming.text.upper()):
            return self._coded(turn, "".join(match.groups()), counts=True) or _wrong("wrong")
        speaking = [unit for unit in progress.units() if unit.confirmed]
        if not speaking:
            return _said("status/how_code", {"seated": bool(progress.units())})
        match = patterns.code_for.search(turn.incoming.text)
        if match is None:
            return _said("status/code_for_whom")
        seen = [one for unit in speaking for one in _seen(unit)]
        return _given(progress, match[1], seen, patterns.which.search(turn.incoming.text, match.end()))

    def _sent_code(self, turn: Turn) -> Reply | None:
        """A code alone is one of this handler's only if it opens something here."""
        pattern = turn.library.vocabulary.patterns.progress_code
        match = pattern.fullmatch(turn.incoming.text.strip().upper())
        return self._coded(turn, "".join(match.groups()), counts=False) if match else None

    def _coded(self, turn: Turn, code: str, *, counts: bool) -> Reply | None:
        """A candidate's code, after consent; None for one that is none, where nobody called it one."""
        assert turn.affairs
        code_hash = turn.affairs.units.hashed(code)
        outcome = turn.affairs.progress.look(code_hash=code_hash, counts=counts)
        if outcome != "offered":
            return _wrong(outcome) if counts else None
        if _PURPOSE in turn.affairs.privacy.consents():
            return self._redeemed(turn, turn.affairs.progress, code_hash)
        return _consent("consent", {"hash": code_hash, "at": turn.now.timestamp()}, days=turn.kept_days)

    def _redeemed(self, turn: Turn, progress: Progress, code_hash: str) -> Reply:
        outcome = progress.redeem(code_hash=code_hash)
        if outcome != "bound":
            return _wrong(outcome)
        own = progress.own()
        bound = Section(template="status/bound", weight=2)
        return Reply(
            sections=[bound, self._own(turn, own)], choices=_offers(own), keep={}, alone=True, private=True
        )

    def _consented(self, turn: Turn) -> Reply | NotMine:
        assert turn.affairs
        act, number = turn.reading.act, turn.incoming.text.strip()
        if act in ("consent_no", "check_quit") or number == _NO:
            return _said("status/declined", keep={})
        if act == "consent_yes" or number == _YES:
            turn.affairs.privacy.agree(purposes=(_PURPOSE, "push"), version=VERSION)
            return self._redeemed(turn, turn.affairs.progress, str(turn.kept["hash"]))
        return NOT_MINE

    def again(self, turn: Turn) -> Reply:
        """The consent that is still to be given, after an answer to something else."""
        fresh = turn.now.timestamp() - float(turn.kept.get("at", 0)) < _PAUSED_AFTER.total_seconds()
        if turn.reading.act != ASK or not fresh:
            return Reply(keep={})
        return _consent("back_to_consent", turn.kept, days=turn.kept_days)

    # —— what is told unasked

    def tell(self, sending: Sending) -> Told:
        """Changes and returns as they were found, with the time that is left now."""
        changes = sending.values["changes"]
        cases = [_changed_case(change) for change in changes]
        returned = [change for change in changes if change["return_id"]]
        sheet = words.sheet(
            sending.library,
            cases if not returned else [_changed_case(change) for change in returned],
            sending.now,
            dues=bool(returned),
        )
        lines = [self._changed(sending.library, change) for change in returned]
        others = [self._changed(sending.library, change) for change in changes if not change["return_id"]]
        materials = dict.fromkeys(fact for line in lines if line.told for fact in line.told.facts)
        return Told(
            values={
                "unit": sending.unit,
                "mine": sending.values["mine"],
                "returned": lines,
                "others": others,
                "days": _days(sending.values.get("since"), sending.now),
                **sheet.values,
            },
            facts=(*materials, *sheet.facts),
            computed=sheet.computed,
        )

    def _changed(self, library: Library, change: Mapping[str, Any]) -> Line:
        told = words.told(self._reader(library), change["opinion"], change["programme"])
        return Line(
            name=change["name"],
            category=change["category"],
            unit="",
            before=change["before"],
            status=change["status"],
            told=told,
            also=(change["contact"] is not None, change["seats"]),
        )

    def _told(self, library: Library, one: Application, now: datetime) -> Line:
        told = words.told(self._reader(library), one.opinion, one.programme)
        return replace(_line(one, now), told=told)

    def _reader(self, library: Library) -> Opinions:
        if self._opinions is None or self._opinions[0] != library.version:
            self._opinions = library.version, Opinions(library)
        return self._opinions[1]


def _given(progress: Progress, name: str, seen: Iterable[Application], number: re.Match[str] | None) -> Reply:
    """The code for the person of this name; of several applications for the one of the number, else which?"""
    meant = [one for one in seen if normalise(one.name) == normalise(name)]
    if number and number[1].isdecimal() and int(number[1]) <= len(meant):
        meant = [meant[int(number[1]) - 1]]
    if len(meant) > 1:
        choices = [
            Choice(
                template="status/code_choice",
                values={"name": name, "category": one.category, "number": n},
                says="status/code_says",
            )
            for n, one in enumerate(meant, start=1)
        ]
        section = Section(template="status/which_application", weight=-1)
        return Reply(sections=[section], choices=choices, alone=True, private=True)
    code = progress.code(application=meant[0].id) if meant else ""
    if not code:
        return replace(_said("status/nobody", {"name": name}), private=True)
    values = {"name": name, "category": meant[0].category, "code": code}
    return replace(_said("status/code", values), private=True)


def _said(
    template: str, values: Mapping[str, Any] | None = None, keep: Mapping[str, Any] | None = None
) -> Reply:
    return Reply(sections=[Section(template=template, values=values or {})], keep=keep, alone=True)


def _wrong(outcome: str) -> Reply:
    return _said("status/wrong_code", {"paused": outcome == "paused"}, keep={})


def _consent(template: str, kept: Mapping[str, Any], *, days: int) -> Reply:
    section = Section(template=f"status/{template}", values={"days": days}, weight=-1)
    return Reply(sections=[section], keep=kept, awaiting=True, alone=True, private=True)


def _case(one: Application) -> Case:
    return Case(notice=one.notice, programme=one.programme, district=one.district, status=one.status)


def _changed_case(change: Mapping[str, Any]) -> Case:
    return Case(**{name: change[name] for name in ("notice", "programme", "district", "status")})


def _seen(unit: Speaking) -> list[Application]:
    return [one for one in unit.applications if not one.gone_at]


def _open(progress: Progress) -> list[Application]:
    """The open returns that this person may see, each once, the oldest first."""
    every = (*(one for unit in progress.units() for one in unit.applications), *progress.own())
    found = {one.return_id: one for one in every if one.return_id}
    return [found[id_] for id_ in sorted(found)]


def _numbered(found: Iterable[Application]) -> dict[str, Any]:
    return {"returns": [one.return_id for one in found]}


def _offers(visible: Iterable[Application]) -> list[Choice]:
    return [Choice(template="status/see_returns")] if any(one.return_id for one in visible) else []


def _mending(found: Sequence[Application]) -> list[Choice]:
    return [
        Choice(
            template="status/mend_choice",
            values={"name": one.name, "category": one.category, "number": n},
            says="status/mend_says",
        )
        for n, one in enumerate(found, start=1)
        if not one.mended_at
    ]


def _line(one: Application, now: datetime) -> Line:
    return Line(
        name=one.name,
        category=one.category,
        unit=one.unit_name,
        before="",
        status=one.status,
        history=tuple((step.status, step.exported_at.astimezone(CHINA)) for step in one.history),
        ranks=(one.unit_rank, one.district_rank),
        days=(now - one.returned_at).days if one.returned_at else None,
        mended=one.mended_at is not None,
        gone=one.gone_at is not None,
    )


def _as_of(found: Iterable[Application]) -> datetime | None:
    return max((one.exported_at.astimezone(CHINA) for one in found), default=None)


def _days(since: str | None, now: datetime) -> int:
    return (now - datetime.fromisoformat(since)).days if since else 0
