"""Gaps: what was not answered, to be taught, handed on or left; tasks for the knowledge, and lessons held."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from bot.console.form import Form
from bot.console.visit import Missing, Visit
from bot.desk.gaps import Group, grouped
from knowledge.lessons import Lesson, Tried
from store.database import Work
from store.records import Taught

_LONGEST: Final = 60
_SHORTEST: Final = 4
_SHOWN: Final = 100


async def listed(visit: Visit) -> web.Response:
    """The groups, newest first, and what became of earlier ones."""
    async with visit.work() as work:
        groups = grouped(await work.open_gaps(scope=visit.scope))
        tasks = await work.tasks(scope=visit.scope)
        lessons = await work.lessons_of(scope=visit.scope)
    return visit.page(
        "gaps.html",
        groups=groups[:_SHOWN],
        more=len(groups) - _SHOWN,
        tasks=tasks,
        lessons=lessons,
        names=visit.house.topics.names,
    )


async def show(visit: Visit) -> web.Response:
    """One group, with every wording of it."""
    async with visit.work() as work:
        group = await _group(visit, work)
    wording = group.wordings[0]
    proposed = visit.house.topics.proposed(wording)
    form = Form.of(wording=wording[:_LONGEST], topic=proposed[0] if proposed else "")
    return _page(visit, group, form=form)


async def teach(visit: Visit) -> web.Response:
    """A new wording of a topic, tried first; what makes an answer worse is not taken."""
    async with visit.work() as work:
        group = await _group(visit, work)
        held = await work.lessons()
    lesson = _lesson(visit, group)
    if visit.form.faults:
        return _page(visit, group, status=422)
    tried = await visit.house.trial(lesson, [_of(row) for row in held], visit.now)
    if not tried.accepted:
        return _page(visit, group, status=409, tried=tried)
    async with visit.work() as work:
        taken = await work.teach(
            city=lesson.city,
            wording=lesson.wording,
            topic=lesson.topic,
            by=visit.staff.login,
            now=visit.now,
        )
        if taken is None:
            visit.form.fault("wording", "taught")
            return _page(visit, group, status=422)
        await work.settle_gaps(scope=visit.scope, ids=group.ids, now=visit.now)
        after = {"wording": lesson.wording, "topic": lesson.topic, "city": lesson.city}
        await visit.record(work, "gap.taught", f"lesson:{taken}", after=after)
    return visit.see("/gaps", "taught")


async def hand_on(visit: Visit) -> web.Response:
    """A task for whoever owns the knowledge."""
    wording = _wording(visit)
    async with visit.work() as work:
        group = await _group(visit, work)
        _looked_at(visit, group)
        if visit.form.faults:
            return _page(visit, group, status=422)
        task = await work.add_task(
            wording=wording,
            times=len(group.gaps),
            city=group.city,
            district=group.district,
            made_by=visit.staff.login,
            now=visit.now,
        )
        await work.settle_gaps(scope=visit.scope, ids=group.ids, now=visit.now, task=task)
        await visit.record(work, "gap.handed_on", f"task:{task}", after={"wording": wording})
    return visit.see("/gaps", "handed_on")


async def leave(visit: Visit) -> web.Response:
    """Nothing is to be done."""
    async with visit.work() as work:
        group = await _group(visit, work)
        await work.settle_gaps(scope=visit.scope, ids=group.ids, now=visit.now)
        await visit.record(work, "gap.left", f"gap:{group.id}", after={"rows": len(group.gaps)})
    return visit.see("/gaps", "left")


async def finish(visit: Visit) -> web.Response:
    """A task is done."""
    task = visit.number("task")
    async with visit.work() as work:
        if not await work.finish_task(scope=visit.scope, task=task, now=visit.now):
            raise Missing
        await visit.record(work, "task.done", f"task:{task}")
    return visit.see("/gaps", "finished")


async def end(visit: Visit) -> web.Response:
    """A lesson holds no more."""
    lesson = visit.number("lesson")
    async with visit.work() as work:
        if not await work.unteach(scope=visit.scope, lesson=lesson, now=visit.now):
            raise Missing
        await visit.record(work, "lesson.ended", f"lesson:{lesson}")
    return visit.see("/gaps", "ended")


async def _group(visit: Visit, work: Work) -> Group:
    """The group that a gap stands in now."""
    number = visit.number("gap")
    groups = grouped(await work.open_gaps(scope=visit.scope))
    found = next((group for group in groups if number in group.ids), None)
    if found is None:
        raise Missing
    return found


def _lesson(visit: Visit, group: Group) -> Lesson:
    wording = _wording(visit)
    topic = visit.form.choice("topic", visit.house.topics.names)
    _looked_at(visit, group)
    return Lesson(wording=wording, topic=topic, city=group.city)


def _wording(visit: Visit) -> str:
    wording = visit.form.text("wording", longest=_LONGEST)
    if len(wording) < _SHORTEST:
        visit.form.fault("wording", "short")
    return wording


def _looked_at(visit: Visit, group: Group) -> None:
    """One person's words become everybody's only after somebody has looked for what is that person's own."""
    if group.alone and visit.form["looked"] != "yes":
        visit.form.fault("looked", "looked")


def _page(
    visit: Visit, group: Group, *, status: int = 200, tried: Tried | None = None, **values: Any
) -> web.Response:
    topics = visit.house.topics
    proposed = topics.proposed(group.wordings[0])
    others = sorted(topics.names.keys() - set(proposed), key=topics.names.__getitem__)
    offered = [(topic, topics.names[topic]) for topic in (*proposed, *others)]
    return visit.page("gap.html", status=status, group=group, topics=offered, tried=tried, **values)


def _of(row: Taught) -> Lesson:
    return Lesson(wording=row.wording, topic=row.topic, city=row.city)
