"""Figures: what was asked and answered, how self-checks ended, what was sent; as charts, tables and xlsx."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from aiohttp import web

from bot.console.charts import stacked
from bot.console.form import Form
from bot.console.spreadsheet import XLSX, spreadsheet
from bot.console.staffing import places
from bot.console.visit import Visit
from bot.console.words import WORDS
from bot.desk.figures import Figures, Row, Step, figures, periods_in
from knowledge.notice import CHINA
from store.records import Answer, Span

_DAYS: Final = 30
_PERIODS: Final = 100
_FIELDS: Final = ("since", "until", "by", "place")


async def show(visit: Visit) -> web.Response:
    """The figures of the last 30 days, or of what was asked for."""
    form = Form({name: [value] for name in _FIELDS if (value := visit.query(name))})
    span, step = _asked(visit, form)
    found = await _figures(visit, span, step)
    labels = [_label(period.first, step) for period in found.periods]
    answers = [answer for answer in Answer if answer is not Answer.NONE]
    chart = stacked(labels, [[period.by_answer[answer] for period in found.periods] for answer in answers])
    shown = Form.of(
        since=span.first.isoformat(),
        until=span.last.isoformat(),
        by=step,
        place="/".join(filter(None, (span.city, span.district))),
    )
    shown.faults = form.faults
    return visit.page(
        "figures.html",
        form=shown,
        status=422 if form.faults else 200,
        found=found,
        labels=labels,
        answers=answers,
        chart=chart,
        places=[(place, place) for place in _places(visit)],
    )


async def export(visit: Visit) -> web.Response:
    """The same as xlsx, one figure a row."""
    span, step = _asked(visit, visit.form)
    found = await _figures(visit, span, step)
    rows = list(_rows(found, step))
    async with visit.work() as work:
        await visit.record(work, "figures.exported", after={"rows": len(rows)})
    words = WORDS["figures_sheet"]
    return visit.download(spreadsheet(words["name"], words["columns"], rows), f"{words['name']}.xlsx", XLSX)


async def _figures(visit: Visit, span: Span, step: Step) -> Figures:
    async with visit.work() as work:
        return await figures(work, visit.house.library, scope=visit.scope, span=span, step=step)


def _asked(visit: Visit, form: Form) -> tuple[Span, Step]:
    """The span and the step of the form; what is wrong in it stays as it is without it."""
    today = visit.now.astimezone(CHINA).date()
    last = form.day("until") or today
    first = form.day("since") or last - timedelta(days=_DAYS - 1)
    if first > last:
        form.fault("until", "before")
        first = last
    step = Step(form["by"]) if form["by"] in set(Step) else Step.DAY
    city, _, district = form["place"].partition("/")
    if form["place"] and form["place"] not in _places(visit):
        form.fault("place", "choice")
        city = district = ""
    span = Span(first=first, last=last, city=city, district=district)
    if (last - first).days > _PERIODS * 31 or len(periods_in(span, step)) > _PERIODS:
        form.fault("by", "periods")
        step, span = Step.DAY, replace(span, first=last - timedelta(days=_DAYS - 1))
    return span, step


def _places(visit: Visit) -> list[str]:
    """The cities and districts inside the visitor's scope, as the form names them."""
    scope, found = visit.scope, []
    for city, districts in places(visit.house.library).items():
        if not scope.districts and scope.holds(city):
            found.append(city)
        found += [f"{city}/{district}" for district in districts if scope.holds(city, district)]
    return found


def _label(first: date, step: Step) -> str:
    return first.strftime("%Y-%m" if step is Step.MONTH else "%m-%d")


def _rows(found: Figures, step: Step) -> Iterator[list[str | int | float]]:
    words = WORDS["figures"]
    for period in found.periods:
        label = period.first.isoformat()
        yield [words["messages"], label, words["all"], "", period.messages]
        for answer in Answer:
            yield [words["messages"], label, words["answers"][answer or "none"], "", period.by_answer[answer]]
    yield [words["checks"], "", words["begun"], "", found.begun]
    for part in ("topics", "outcomes", "failed"):
        for row in getattr(found, part):
            yield [words[part], "", *_two(row), row.count]
    for row in found.deliveries:
        kind, path, state = row.names
        way = f"{words['paths'].get(path, path)}·{words['states'][state]}"
        yield [words["deliveries"], "", words["kinds"].get(kind, kind), way, row.count]


def _two(row: Row) -> tuple[str, str]:
    return row.names[0], row.names[1] if len(row.names) > 1 else ""
