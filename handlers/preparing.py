"""What a unit has to do before it can recommend: the steps in their order, and their last safe days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from handlers import season
from handlers.contract import NOT_MINE, Choice, NotMine, Reply, Section, Turn
from knowledge.calendar import Deadline, back_plan, deadlines
from knowledge.notice import CHINA
from knowledge.process import Audience as Side
from knowledge.reading import Scope
from knowledge.workdays import WorkingDays


class Preparing:
    """倒排, 推荐前要做什么."""

    name = "preparing"

    def answer(self, turn: Turn) -> Reply | NotMine:
        """A section for each deadline that wants something done before it; the choice of a programme where
        none is meant."""
        if turn.reading.act != "preparing":
            return NOT_MINE
        programmes = [p for p in turn.reading.programmes if p in turn.library.programmes]
        if not programmes:
            return _choose(turn)
        sections = [*_plans(turn, programmes)]
        if not sections:
            names = [turn.library.programmes[p][1].name for p in programmes]
            sections = [Section(template="preparing/nothing", values={"names": names})]
        return Reply(sections=sections, alone=True)


def _choose(turn: Turn) -> Reply:
    city = turn.reading.city or turn.context.city
    known = [n for n in turn.library.notices.values() if not n.superseded_by and city in ("", n.header.city)]
    choices = [
        Choice(template="preparing/programme", values={"name": programme.name}, says="preparing/says")
        for notice in known
        for programme in notice.programmes
    ]
    return Reply(sections=[Section(template="preparing/which")], choices=choices, alone=True)


def _plans(turn: Turn, programmes: Sequence[str]) -> Iterator[Section]:
    """One for each deadline, whichever of the programmes share it."""
    found: dict[str, list[Deadline]] = {}
    for programme in programmes:
        notice, _ = turn.library.programmes[programme]
        for deadline in deadlines(turn.library, programme, _district(turn, notice.header.city), Side.UNIT):
            if deadline.preparation:
                found.setdefault(deadline.id, []).append(deadline)
    return (_plan(turn, same) for same in found.values())


def _plan(turn: Turn, same: Sequence[Deadline]) -> Section:
    first = same[0]
    notice = turn.library.programmes[first.programme][0]
    entered = _entered(turn, first, _district(turn, notice.header.city))
    calendar = season.workdays(turn.affairs.entered.days()) if turn.affairs else WorkingDays()
    steps = back_plan(first, entered, calendar)
    names = {planned.step.id: planned.step.name for planned in steps}
    return Section(
        template="preparing/plan",
        values={
            "names": [turn.library.programmes[d.programme][1].name for d in same],
            "deadline": first,
            "passed": turn.now >= first.safe_end,
            "today": turn.now.astimezone(CHINA).date(),
            "steps": [
                (planned, [names[id_] for id_ in planned.step.after if id_ in names]) for planned in steps
            ],
            "entered": bool(entered),
            "assumed": any(planned.assumed for planned in steps),
        },
        facts=(first.id,),
        computed={
            f"{planned.step.id}": f"{planned.start}/{planned.finish}/{planned.days}"
            for planned in steps
            if planned.days
        },
        scope=Scope(notice=notice.id, programmes=tuple(d.programme for d in same)),
    )


def _entered(turn: Turn, deadline: Deadline, district: str) -> dict[str, int]:
    """The working days that staff entered for the deadline's steps, the district's before the city's."""
    if turn.affairs is None:
        return {}
    steps = {step.id for step in deadline.preparation}
    notice = turn.library.programmes[deadline.programme][0]
    rows = [row for row in turn.affairs.entered.durations(notice=notice.id) if row.step in steps]
    rows = sorted((row for row in rows if row.district in ("", district)), key=lambda row: row.district)
    return {row.step: row.working_days for row in rows}


def _district(turn: Turn, city: str) -> str:
    said = turn.reading.districts or turn.context.districts
    if said or turn.affairs is None:
        return said[0] if said else ""
    return next((held.district for held in turn.affairs.units.mine() if held.city == city), "")
