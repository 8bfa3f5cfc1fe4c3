"""Offices that the notices name: made sure of, corrected with a source, and who could not get through."""

from __future__ import annotations

from typing import Final, TypedDict

from aiohttp import web

from bot.console.form import Form
from bot.console.visit import Missing, Visit
from bot.desk.offices import Kept, Line, gone, lines, numbers
from knowledge.overlay import printed
from store.database import Work

_LONGEST: Final = 120
_PHONES: Final = 80
_MARKS: Final = frozenset("<>\n\r\t")
_FORMULA: Final = ("=", "+", "-", "@")


class Said(TypedDict):
    """What a correction says, as the store takes it."""

    phones: tuple[str, ...]
    address: str
    remark: str
    source: str


async def listed(visit: Visit) -> web.Response:
    """Every office of the visitor's places, and corrections of such as are gone."""
    async with visit.work() as work:
        kept = await _kept(visit, work)
    shown = lines(visit.house.library, visit.scope, kept)
    return visit.page("offices.html", lines=shown, gone=gone(kept, shown))


async def show(visit: Visit) -> web.Response:
    """One office."""
    async with visit.work() as work:
        line = await _line(visit, work)
    held = line.held
    form = Form.of(
        phones="、".join(held.phones) if held else "",
        address=held.address if held else "",
        remark=held.remark if held else "",
    )
    return visit.page("office.html", line=line, form=form, late=False)


async def check(visit: Visit) -> web.Response:
    """Somebody has made sure of it as it is told now, which answers the reports as well."""
    async with visit.work() as work:
        line = await _line(visit, work)
        if visit.form["stands"] != line.stands:
            return visit.page("office.html", status=409, line=line, late=True)
        held, office = line.held, line.office
        await work.check_office(
            fact=office.id,
            city=office.city,
            district=office.district,
            printed=printed(office.contact),
            correction=held.id if held else None,
            by=visit.staff.login,
            now=visit.now,
        )
        settled = await work.settle_office(scope=visit.scope, fact=office.id, now=visit.now)
        after = {"phones": list(line.phones), "rows": settled}
        await visit.record(work, "office.checked", f"office:{office.id}", after=after)
    return visit.see(line.path, "office_checked")


async def correct(visit: Visit) -> web.Response:
    """Something else is right, by a source; it takes effect within seconds and answers the reports."""
    async with visit.work() as work:
        line = await _line(visit, work)
        office, before = line.office, line.correction
        said = _said(visit, line)
        if visit.form.faults:
            return visit.page("office.html", status=422, line=line, late=False)
        late = visit.form["stands"] != line.stands
        made = (
            None
            if late
            else await work.correct_office(
                fact=office.id,
                city=office.city,
                district=office.district,
                printed=printed(office.contact),
                by=visit.staff.login,
                now=visit.now,
                **said,
            )
        )
        if made is None:
            return visit.page("office.html", status=409, line=await _line(visit, work), late=True)
        await work.settle_office(scope=visit.scope, fact=office.id, now=visit.now)
        await visit.record(
            work,
            "office.corrected",
            f"office:{office.id}",
            before={"phones": list(before.phones), "address": before.address} if before else None,
            after={**said, "phones": list(said["phones"])},
        )
    return visit.see(line.path, "office_corrected")


async def settle(visit: Visit) -> web.Response:
    """Nothing is to be done about the reports."""
    async with visit.work() as work:
        line = await _line(visit, work)
        settled = await work.settle_office(scope=visit.scope, fact=line.office.id, now=visit.now)
        await visit.record(work, "office.settled", f"office:{line.office.id}", after={"rows": settled})
    return visit.see(line.path, "office_settled")


async def end(visit: Visit) -> web.Response:
    """A correction holds no more."""
    number = visit.number("correction")
    async with visit.work() as work:
        ended = await work.end_correction(scope=visit.scope, correction=number, now=visit.now)
        if ended is None:
            raise Missing
        before = {"phones": list(ended.phones), "address": ended.address, "source": ended.source}
        await visit.record(work, "office.correction_ended", f"office:{ended.fact}", before=before)
    return visit.see("/offices", "office_ended")


async def _kept(visit: Visit, work: Work) -> Kept:
    return Kept(
        corrections=await work.corrections(scope=visit.scope),
        checks=await work.office_checks(scope=visit.scope),
        reports=await work.office_reports(scope=visit.scope),
        hours=await work.all_hours(scope=visit.scope),
    )


async def _line(visit: Visit, work: Work) -> Line:
    """The office that the path names, inside the visitor's scope."""
    wanted = "{edition}/{office}".format(**visit.request.match_info)
    found = lines(visit.house.library, visit.scope, await _kept(visit, work))
    line = next((line for line in found if line.office.id == wanted), None)
    if line is None:
        raise Missing
    return line


def _said(visit: Visit, line: Line) -> Said:
    """What was typed, as far as the notice says otherwise; what is wrong of it is noted in the form."""
    form = visit.form
    said = Said(
        phones=(),
        address=_text(form, "address", optional=True),
        remark=_text(form, "remark", optional=True),
        source=_text(form, "source"),
    )
    try:
        said["phones"] = numbers(form.text("phones", longest=_PHONES, optional=True))
    except ValueError:
        form.fault("phones", "office_phone")
    if set(said["phones"]) == set(line.office.printed):
        said["phones"] = ()
    if said["address"] == line.office.contact.address:
        said["address"] = ""
    if not (said["phones"] or said["address"] or said["remark"] or form.faults):
        form.fault("phones", "office_same" if form["phones"] or form["address"] else "office_nothing")
    return said


def _text(form: Form, name: str, *, optional: bool = False) -> str:
    """One line that nothing takes for a mark or a formula."""
    text = form.text(name, longest=_LONGEST, optional=optional)
    if not _MARKS.isdisjoint(text) or text.startswith(_FORMULA):
        form.fault(name, "office_marks")
    return text
