"""Broadcasts until they go: written, looked at, tried on oneself, and approved by somebody else."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any, Final

from aiohttp import web

from bot.announce import announce
from bot.console import post, running
from bot.console.form import Form
from bot.console.running import found
from bot.console.staffing import places
from bot.console.visit import Missing, Visit
from bot.console.words import WORDS
from bot.desk import attachment
from bot.desk.attachment import Unfit
from bot.desk.broadcast import sensitive_in, strange
from knowledge.library import Library
from knowledge.notice import CHINA
from store.broadcasts import Aim, Broadcast, Draft
from store.database import Work
from store.records import BroadcastState
from store.scope import Scope

TITLE_LONGEST: Final = 20
BODY_LONGEST: Final = 500
_REMARK_LONGEST: Final = 200
_PAGE: Final = 50
_TAGS: Final = 20
_SHOWN: Final = 50
_STATUSES: Final = ("", "unsubmitted", "returned")
_LATEST: Final = timedelta(days=60)
_MOST_DIGITS: Final = 18


async def listed(visit: Visit) -> web.Response:
    """The broadcasts of the scope, newest first."""
    below = visit.query("below")
    under = int(below) if below.isdecimal() and len(below) <= _MOST_DIGITS else 1 << 62
    async with visit.work() as work:
        found = await work.broadcast_list(scope=visit.scope, below=under, limit=_PAGE)
        templates = await work.message_templates(scope=visit.scope)
    older = found[-1].id if len(found) == _PAGE else None
    return visit.page("broadcasts.html", broadcasts=found, templates=templates, older=older)


async def show_new(visit: Visit) -> web.Response:
    """The form for a new one, empty or with the text of a template."""
    city = visit.scope.city or next(iter(places(visit.house.library)), "")
    form = Form.of(city=city, token=_token())
    async with visit.work() as work:
        for one in await work.message_templates(scope=visit.scope):
            if str(one.id) == visit.query("template"):
                form = Form.of(city=city, token=_token(), title=one.title, body=one.body)
        return await _form_page(visit, work, None, form=form)


async def add(visit: Visit) -> web.Response:
    """A new draft; the same form twice makes one."""
    async with visit.work() as work:
        draft = await _draft(visit, work, None)
        token = visit.form.text("token", longest=64)
        if draft is None or visit.form.faults:
            return await _form_page(visit, work, None, status=422)
        number = await work.add_broadcast(token=token, draft=draft, by=visit.staff.id, now=visit.now)
        await visit.record(work, "broadcast.written", f"broadcast:{number}", after=_noted(draft))
    return visit.see(f"/broadcasts/{number}", "saved")


async def show(visit: Visit) -> web.Response:
    """A draft with what is to be known before it goes; from its approval on, how far it is."""
    async with visit.work() as work:
        of = await found(visit, work)
        if of.state in (BroadcastState.DRAFT, BroadcastState.PENDING):
            return await _check_page(visit, work, of)
        return await running.page(visit, work, of)


async def show_edit(visit: Visit) -> web.Response:
    """The form of a draft."""
    async with visit.work() as work:
        of = await found(visit, work)
        if of.state is not BroadcastState.DRAFT:
            return await _check_page(visit, work, of, status=409, problem="not_draft")
        return await _form_page(visit, work, of, form=_form_of(of))


async def edit(visit: Visit) -> web.Response:
    """Another text or another audience."""
    async with visit.work() as work:
        of = await found(visit, work)
        draft = await _draft(visit, work, of)
        if draft is None or visit.form.faults:
            return await _form_page(visit, work, of, status=422)
        if not await work.edit_broadcast(broadcast_id=of.id, draft=draft, by=visit.staff.id):
            return await _check_page(visit, work, of, status=409, problem="not_draft")
        await _record(visit, work, "broadcast.changed", of, before=_noted(of.draft), after=_noted(draft))
    return visit.see(f"/broadcasts/{of.id}", "saved")


async def attach(visit: Visit) -> web.Response:
    """A file that recipients open by a link; without one, none any more."""
    upload = visit.files.get("file")
    async with visit.work() as work:
        of = await found(visit, work)
        name = type_ = ""
        try:
            if upload and upload.name:
                name, type_ = attachment.checked(upload.name, upload.data)
        except Unfit as fault:
            visit.form.fault("file", fault.args[0])
        if name and visit.house.post.links is None:
            visit.form.fault("file", "file_link")
        if visit.form.faults:
            return await _check_page(visit, work, of, status=422)
        data = upload.data if upload else b""
        if not await work.attach(broadcast_id=of.id, name=name, type=type_, data=data, by=visit.staff.id):
            return await _check_page(visit, work, of, status=409, problem="not_draft")
        await _record(visit, work, "broadcast.file", of, after={"name": name})
    return visit.see(f"/broadcasts/{of.id}", "saved")


async def test(visit: Visit) -> web.Response:
    """Send it to oneself."""
    token = visit.form.text("token", longest=64)
    async with visit.work() as work:
        of = await found(visit, work)
        tester = await work.tester(staff_id=visit.staff.id, now=visit.now)
        if tester is None or not tester.window or visit.form.faults:
            return await _check_page(visit, work, of, status=409, problem="tester")
        link = await post.linked(visit.house.post, work, of, until=visit.now + post.LINK_HOLDS, now=visit.now)
        district = of.draft.districts[0] if of.draft.districts else ""
        alert = post.test_alert(
            of,
            tester.contact_id,
            token=token,
            district=district,
            corrects=await corrected(visit, work, of),
            link=link,
            now=visit.now,
        )
        await announce(work, [alert], visit.now)
        await _record(visit, work, "broadcast.tested", of)
    return visit.see(f"/broadcasts/{of.id}", "tested")


async def offer_tester(visit: Visit) -> web.Response:
    """The code by which one's own phone gets the tests, shown this once."""
    async with visit.work() as work:
        code = await work.offer_tester(staff_id=visit.staff.id, now=visit.now)
        await visit.record(work, "self.tester")
    return visit.page("broadcast_tester.html", code=code, path=visit.form["back"])


async def keep_template(visit: Visit) -> web.Response:
    """Keep the text for other times."""
    async with visit.work() as work:
        of = await found(visit, work)
        draft = of.draft
        await work.keep_template(
            city=draft.city, title=draft.title, body=draft.body, by=visit.staff.id, now=visit.now
        )
        await _record(visit, work, "broadcast.template", of)
    return visit.see("/broadcasts", "saved")


async def drop_template(visit: Visit) -> web.Response:
    """Drop a kept text."""
    async with visit.work() as work:
        title = await work.drop_template(scope=visit.scope, template_id=visit.number("template"))
        if title is None:
            raise Missing
        await visit.record(work, "broadcast.template_dropped", after={"title": title})
    return visit.see("/broadcasts", "saved")


async def submit(visit: Visit) -> web.Response:
    """Freeze the list and lay all of it before somebody else; what gives pause must be confirmed."""
    form, now = visit.form, visit.now
    async with visit.work() as work:
        of = await found(visit, work)
        if of.state is not BroadcastState.DRAFT:
            return await _check_page(visit, work, of, status=409, problem="not_draft")
        original = await corrected(visit, work, of)
        if original and not await running.settled(work, original, now):
            return await _check_page(visit, work, of, status=409, problem="original_runs")
        frozen = await work.freeze(of=of)
        words = _delicate(visit, of)
        since = now.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
        if not frozen.people:
            form.fault("people", "nobody")
        if words and not form["words"]:
            form.fault("words", "confirm")
        if await work.sent_alike(of=of, since=since) and not form["alike"]:
            form.fault("alike", "confirm")
        if of.draft.not_after and of.draft.not_after <= post.begins(of, now):
            form.fault("not_after", "past")
        if form.faults:
            return await _check_page(visit, work, of, status=422)
        digest = await work.submit(
            of=of,
            by=visit.staff.id,
            people=len(frozen.people),
            duplicates=frozen.duplicates,
            confirmed=words,
            now=now,
        )
        after = {"digest": digest, "people": len(frozen.people), "words": list(words)}
        await _record(visit, work, "broadcast.submitted", of, after=after)
    return visit.see(f"/broadcasts/{of.id}", "submitted")


async def hand_back(visit: Visit) -> web.Response:
    """Not like this: back to its author, with a reason."""
    remark = visit.form.text("remark", longest=_REMARK_LONGEST)
    async with visit.work() as work:
        of = await found(visit, work)
        if visit.form.faults:
            return await _check_page(visit, work, of, status=422)
        if not await work.hand_back(broadcast_id=of.id, remark=remark):
            return await _moved_on(visit, work)
        await _record(visit, work, "broadcast.handed_back", of, after={"remark": remark})
    return visit.see(f"/broadcasts/{of.id}", "handed_back")


async def withdraw(visit: Visit) -> web.Response:
    """Back from the approval to a draft, which alone can be changed."""
    async with visit.work() as work:
        of = await found(visit, work)
        if not await work.hand_back(broadcast_id=of.id):
            return await _moved_on(visit, work)
        await _record(visit, work, "broadcast.withdrawn", of)
    return visit.see(f"/broadcasts/{of.id}", "withdrawn")


async def approve(visit: Visit) -> web.Response:
    """Let exactly what was seen go to exactly the list that was seen, in one transaction."""
    now, seen = visit.now, visit.form["digest"]
    async with visit.work() as work:
        of = await found(visit, work)
        if visit.staff.id in (of.created_by, of.edited_by):
            return await _check_page(visit, work, of, status=409, problem="own")
        begins_at = post.begins(of, now)
        ends_at = post.ends(of, begins_at)
        as_seen = visit.form["submission"] == str(of.submissions)
        if not as_seen or not await work.approve(
            of=of, by=visit.staff.id, seen=seen, send_at=begins_at, not_after=ends_at, now=now
        ):
            return await _moved_on(visit, work)
        alerts = post.alerts(
            of,
            await work.districts_of(of=of),
            begins_at=begins_at,
            ends_at=ends_at,
            corrects=await corrected(visit, work, of),
            link=await post.linked(visit.house.post, work, of, until=ends_at + post.LINK_HOLDS, now=now),
        )
        posted = await announce(work, alerts, now)
        after = {"digest": seen, "people": of.people, "posted": posted, "begins": begins_at.isoformat()}
        await _record(visit, work, "broadcast.approved", of, after=after)
    return visit.see(f"/broadcasts/{of.id}", "approved")


async def corrected(visit: Visit, work: Work, of: Broadcast) -> Broadcast | None:
    """The broadcast that this one corrects."""
    if of.kind != "correction" or of.follows is None:
        return None
    return await work.broadcast(scope=visit.scope, broadcast_id=of.follows)


async def _moved_on(visit: Visit, work: Work) -> web.Response:
    """Somebody else was quicker, or what was seen is not what is there."""
    of = await found(visit, work)
    if of.state in (BroadcastState.DRAFT, BroadcastState.PENDING):
        return await _check_page(visit, work, of, status=409, problem="changed")
    return await running.page(visit, work, of, status=409, problem="changed")


async def _record(visit: Visit, work: Work, action: str, of: Broadcast, **values: Any) -> None:
    await visit.record(work, action, of.occasion, **values)


def _delicate(visit: Visit, of: Broadcast) -> tuple[str, ...]:
    return sensitive_in(f"{of.draft.title} {of.draft.body}", visit.house.post.sensitive)


async def _check_page(
    visit: Visit, work: Work, of: Broadcast, *, status: int = 200, problem: str = ""
) -> web.Response:
    """The text as some would read it, for how many, by which ways, at which cost."""
    now = visit.now
    if of.state is BroadcastState.DRAFT:
        audience = await work.aimed_at(of=of)
        people, duplicates = audience.people, audience.duplicates
    elif of.state is BroadcastState.PENDING:
        people, duplicates = await work.frozen(of=of), of.duplicates
    else:
        return await running.page(visit, work, of, status=status, problem=problem)
    office, corrects = visit.house.post, await corrected(visit, work, of)
    view = await post.foreseen(office, work, of, people, now)
    lost = [one for one in people if one.contact_id in view.lost][:_SHOWN]
    return visit.page(
        "broadcast_check.html",
        status=status,
        of=of,
        problem=problem,
        view=view,
        people=people,
        duplicates=duplicates,
        lost=lost,
        begins_at=post.begins(of, now),
        previews=post.previews(
            office, of, people, now=now, corrects=corrects, url=WORDS["broadcast"]["link"]
        ),
        strange=strange(of.draft.body),
        delicate=_delicate(visit, of),
        corrects=corrects,
        aim=await _aim_words(visit, work, of),
        tester=await work.tester(staff_id=visit.staff.id, now=now),
        token=_token(),
        own=visit.staff.id in (of.created_by, of.edited_by),
        digest=of.digest,
    )


async def _form_page(
    visit: Visit, work: Work, of: Broadcast | None, *, status: int = 200, form: Form | None = None
) -> web.Response:
    known = places(visit.house.library)
    own = {
        city: [one for one in districts if visit.scope.holds(city, one)]
        for city, districts in known.items()
        if visit.scope.holds(city, visit.scope.districts[0] if visit.scope.districts else "")
    }
    return visit.page(
        "broadcast_form.html",
        status=status,
        of=of,
        places=own,
        topics=[(value, label) for city in own for value, label in _topics(visit.house.library, city)],
        tags=await work.tags(scope=visit.scope),
        lists=await work.saved_lists(scope=visit.scope),
        form=form or visit.form,
    )


def _topics(library: Library, city: str) -> list[tuple[str, str]]:
    """What can be applied for in a city: whole notices, then their programmes."""
    found: list[tuple[str, str]] = []
    for notice in library.of_city(city):
        found.append((f"{notice.id}/", f"{city} {notice.header.edition} {WORDS['broadcast']['whole']}"))
        found += [(f"{notice.id}/{one.id}", f"{city} {one.name}") for one in notice.programmes]
    return found


async def _draft(visit: Visit, work: Work, of: Broadcast | None) -> Draft | None:
    """What the form says; what follows another broadcast keeps its audience. Faults stand in the form."""
    form = visit.form
    title = " ".join(form.text("title", longest=TITLE_LONGEST).split())
    body = form.text("body", longest=BODY_LONGEST)
    written: dict[str, Any] = {
        "title": title,
        "body": body,
        "receipt": bool(form["receipt"]),
        "send_at": _moment(visit, "send_at"),
        "not_after": _end_of_day(visit, "not_after"),
    }
    if of is not None and of.draft.aim.who != "units":
        return Draft(city=of.draft.city, districts=of.draft.districts, aim=of.draft.aim, **written)
    scope = _place(visit)
    aim = await _aim(visit, work, scope) if scope else None
    if scope is None or aim is None:
        return None
    return Draft(city=scope.city, districts=scope.districts, aim=aim, **written)


def _place(visit: Visit) -> Scope | None:
    """City and districts of the form, inside the visitor's scope; no district is all of theirs."""
    form, known = visit.form, places(visit.house.library)
    city = form.choice("city", list(known))
    if any(one not in known.get(city, ()) for one in form.many("districts")):
        form.fault("districts", "district")
    chosen = Scope(city, form.many("districts") or visit.scope.districts)
    if not visit.scope.covers(chosen):
        form.fault("districts", "outside")
    return None if {"city", "districts"} & form.faults.keys() else chosen


async def _aim(visit: Visit, work: Work, scope: Scope) -> Aim:
    form = visit.form
    topics = [value for value, _ in _topics(visit.house.library, scope.city)]
    topic, status = form.choice("topic", ["", *topics]), form.choice("status", _STATUSES)
    if status and not topic:
        form.fault("topic", "topic")
    known = await work.tags(scope=visit.scope)
    tags = tuple(dict.fromkeys(tag for tag in form.many("tags") if tag in known))[:_TAGS]
    wanted = form["list"]
    lists = {str(one.id): one.id for one in await work.saved_lists(scope=visit.scope)} if wanted else {}
    if wanted and wanted not in lists:
        form.fault("list", "choice")
    notice, _, programme = topic.partition("/")
    return Aim(programme=programme, status=status, notice=notice, tags=tags, list_id=lists.get(wanted, 0))


def _moment(visit: Visit, name: str) -> datetime | None:
    """A moment of China's clock within the next two months; faults for others."""
    moment = visit.form.moment(name)
    if moment and not visit.now <= moment < visit.now + _LATEST:
        visit.form.fault(name, "past")
    return moment


def _end_of_day(visit: Visit, name: str) -> datetime | None:
    """The end of a day in China that has not passed."""
    day = visit.form.day(name)
    end = datetime.combine(day, time(), CHINA) + timedelta(days=1) if day else None
    if end and not visit.now < end < visit.now + _LATEST:
        visit.form.fault(name, "past")
    return end


def _form_of(of: Broadcast) -> Form:
    draft, aim = of.draft, of.draft.aim
    end = draft.not_after.astimezone(CHINA) - timedelta(days=1) if draft.not_after else None
    return Form.of(
        title=draft.title,
        body=draft.body,
        receipt="1" if draft.receipt else "",
        city=draft.city,
        districts=draft.districts,
        topic=f"{aim.notice}/{aim.programme}" if aim.notice else "",
        status=aim.status,
        tags=aim.tags,
        list=str(aim.list_id) if aim.list_id else "",
        send_at=draft.send_at.astimezone(CHINA).strftime("%Y-%m-%dT%H:%M") if draft.send_at else "",
        not_after=end.date().isoformat() if end else "",
    )


async def _aim_words(visit: Visit, work: Work, of: Broadcast) -> Sequence[str]:
    """For whom it is, piece by piece."""
    aim, words = of.draft.aim, WORDS["broadcast"]
    if aim.who != "units":
        return [words[aim.who]]
    topics = dict(_topics(visit.house.library, of.draft.city))
    found = [words["statuses"][aim.status]] if aim.status else []
    if aim.notice:
        found.append(topics.get(f"{aim.notice}/{aim.programme}", aim.notice))
    if aim.list_id:
        kept = await work.unit_list(scope=visit.scope, list_id=aim.list_id)
        found.append(words["list"].format(name=kept.name if kept else words["removed"]))
    return [*found, *(words["tag"].format(tag=tag) for tag in aim.tags)]


def _noted(draft: Draft) -> dict[str, Any]:
    return {
        "title": draft.title,
        "body": draft.body,
        "receipt": draft.receipt,
        "city": draft.city,
        "districts": list(draft.districts),
        "send_at": draft.send_at.isoformat() if draft.send_at else "",
    }


def _token() -> str:
    return secrets.token_urlsafe(16)
