"""From a broadcast to what its recipients read, and to the alerts that bring it to them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from bot.desk.broadcast import Outlook, outlook, pieces, speaks_of_unit
from bot.notification import Notification, Notifier
from bot.pages.links import PublicLinks
from handlers.alerts import Alert, Audience, Premise, Who
from knowledge.notice import CHINA
from store.broadcasts import Broadcast
from store.database import Work
from store.limits import waking
from store.reach import Kind
from store.recipients import Recipient
from store.records import Page, Purpose

USEFUL: Final = timedelta(days=3)
"""For how long a broadcast is of use where its author says nothing."""
RECALL: Final = timedelta(minutes=1)
"""Between the approval and the first message: the time to think better of it."""
LINK_HOLDS: Final = timedelta(days=30)
_TEST_HOLDS: Final = timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostOffice:
    """What broadcasts go by: the kinds of message, their words, where files are opened (None: nowhere), and
    the words that have to be confirmed."""

    kinds: Mapping[str, Kind]
    notifier: Notifier
    links: PublicLinks | None = None
    sensitive: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where the file of a broadcast is opened, and until when."""

    url: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What one recipient would read."""

    unit: str
    text: str


def begins(of: Broadcast, now: datetime) -> datetime:
    """When the first message may go."""
    return max(of.draft.send_at or now, now + RECALL)


def ends(of: Broadcast, begins_at: datetime) -> datetime:
    """When no message goes any more."""
    return of.draft.not_after or begins_at + USEFUL


def content(
    of: Broadcast,
    *,
    district: str,
    corrects: Broadcast | None = None,
    link: Link | None = None,
    test: bool = False,
) -> dict[str, Any]:
    """What the words are made of (`handlers.bulletins`), the same for all of a district."""
    values: dict[str, Any] = {
        "title": of.draft.title,
        "pieces": pieces(of.draft.body),
        "city": of.draft.city,
        "district": district,
        "receipt": of.draft.receipt,
        "test": test,
    }
    if of.file and link:
        values["file"] = {"name": of.file.name, "url": link.url, "until": link.until.isoformat()}
    if corrects and corrects.approved_at:
        day = corrects.approved_at.astimezone(CHINA)
        values["corrects"] = {"title": corrects.draft.title, "month": day.month, "day": day.day}
    return values


def template(of: Broadcast) -> str:
    """The template of its words."""
    return f"bulletins/{of.kind}"


def notification(
    office: PostOffice, of: Broadcast, *, now: datetime, unit: str, **values: Any
) -> Notification:
    """What somebody of `unit` would be told."""
    told = json.dumps(content(of, **values))
    return office.notifier.notification(template=template(of), content=told, now=now, unit=unit)


def previews(
    office: PostOffice,
    of: Broadcast,
    people: Sequence[Recipient],
    *,
    now: datetime,
    corrects: Broadcast | None,
    url: str,
    most: int = 3,
) -> list[Preview]:
    """What some of the recipients would read: of as many districts as there are, those of several first."""
    firsts: dict[str, Recipient] = {}
    for one in sorted(people, key=lambda one: one.units == 1):
        firsts.setdefault(one.district, one)
    link = Link(url=url, until=now + LINK_HOLDS)
    return [
        Preview(
            unit=one.unit,
            text=notification(
                office,
                of,
                now=now,
                unit=one.unit if one.units == 1 else "",
                district=one.district,
                corrects=corrects,
                link=link,
            ).text,
        )
        for one in list(firsts.values())[:most]
    ]


async def foreseen(
    office: PostOffice, work: Work, of: Broadcast, people: Sequence[Recipient], now: datetime
) -> Outlook:
    """How a broadcast would reach these people."""
    contacts, kind = [one.contact_id for one in people], office.kinds[of.kind]
    begins_at = begins(of, now)
    at = waking(begins_at) if kind.quiet else begins_at
    return outlook(
        contacts,
        await work.alike(contact_ids=contacts, kind=kind, occasion=of.occasion, at=at),
        kind,
        occasion=of.occasion,
        at=at,
        until=ends(of, waking(begins_at)),
        calls=await work.calls_of(now=now),
        alone=speaks_of_unit(of.draft.body),
    )


async def linked(
    office: PostOffice, work: Work, of: Broadcast, *, until: datetime, now: datetime
) -> Link | None:
    """A new link to the file of a broadcast, open until then; None without a file."""
    if of.file is None or office.links is None:
        return None
    link = office.links.new(Purpose.ATTACHMENT)
    page = Page(
        token_hash=link.token_hash,
        purpose=Purpose.ATTACHMENT,
        content=json.dumps({"file": of.file.id}),
        contact_id=None,
        created_at=now,
        expires_at=until,
    )
    await work.keep_page(page=page)
    return Link(url=link.url, until=until)


def alerts(
    of: Broadcast,
    districts: Sequence[str],
    *,
    begins_at: datetime,
    ends_at: datetime,
    corrects: Broadcast | None,
    link: Link | None,
) -> Iterator[Alert]:
    """One for each district of the frozen list: what a text says of it is the same for all of one."""
    by_unit = speaks_of_unit(of.draft.body)
    premises = [Premise(what="broadcast", of=str(of.id))]
    aim = of.draft.aim
    if aim.status == "unsubmitted" and not aim.programme:
        premises.append(Premise(what="unsubmitted", of=aim.notice))
    for district in districts:
        yield Alert(
            kind=of.kind,
            template=template(of),
            values=content(of, district=district, corrects=corrects, link=link),
            audience=Audience(
                who=Who.UNITS_OF_RECIPIENTS if by_unit else Who.RECIPIENTS, id=of.id, districts=(district,)
            ),
            occasion=of.occasion,
            due_at=begins_at,
            not_after=ends_at,
            premises=premises,
        )


def test_alert(
    of: Broadcast,
    contact: int,
    *,
    token: str,
    district: str,
    corrects: Broadcast | None,
    link: Link | None,
    now: datetime,
) -> Alert:
    """The same for one of the staff alone, marked as a test; once for each `token` of a form."""
    return Alert(
        kind="test",
        template=template(of),
        values=content(of, district=district, corrects=corrects, link=link, test=True),
        audience=Audience(who=Who.CONTACT, id=contact),
        occasion=f"test:{of.id}:{token}",
        due_at=now,
        not_after=now + _TEST_HOLDS,
    )
