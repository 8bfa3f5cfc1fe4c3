"""Roster people without WeChat are told by letter, and on the list to be called where none arrives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Insert, insert

from bot.channels.contract import Later, Mail, Outcome, Refused, Sent, Shut
from store.database import Store
from store.engine import Session
from store.schema import contacts, unit_people, units
from tests.bot.office import NOW, Office, office
from tests.databases import VAULT

MINUTE = timedelta(minutes=1)


class Letters:
    """Takes letters, or says what it is told to."""

    def __init__(self, *answers: Outcome) -> None:
        self.sent: list[tuple[str, str, str]] = []
        self._answers = [*answers]

    async def send_mail(self, *, recipient: str, subject: str, text: str, key: str, now: datetime) -> Outcome:
        self.sent.append((recipient, subject, text))
        return self._answers.pop(0) if self._answers else Sent()


UNIT = insert(units).values(
    id=1, code="c", name="甲公司", city="无锡市", district="", department="", created_at=NOW, changed_at=NOW
)
CONTACT = insert(contacts).values(
    id=7, channel="roster", account="", sender="1", follows=False, window_left=0, created_at=NOW
)
PERSON = insert(unit_people).values(
    id=1,
    unit_id=1,
    contact_id=7,
    name_sealed=VAULT.seal("unit_people.name_sealed", "张三"),
    phone_sealed=VAULT.seal("unit_people.phone_sealed", "13800000000"),
    phone_index="x",
    email_sealed=VAULT.seal("unit_people.email_sealed", "hr@example.com"),
    changed_at=NOW,
)


@asynccontextmanager
async def told(store: Store, mail: Mail | None) -> AsyncIterator[Office]:
    """One person of a roster, to whom a reminder is posted."""
    async with office(store, mail=mail) as post:
        async with store.work() as work:
            for statement in (UNIT, CONTACT, PERSON):
                await work.do(partial(_run, statement))
        await post.post(7, unit=1)
        yield post


def _run(statement: Insert, session: Session) -> None:
    session.run(statement)


async def carried(post: Office) -> dict[str, object]:
    delivery = post.delivery()
    while await delivery.run_once(post.now):
        pass
    return await post.row()


async def test_a_letter_tells_it_whole(store: Store) -> None:
    letters = Letters()
    async with told(store, letters) as post:
        row = await carried(post)
    assert (row["state"], row["path"]) == ("sent", "email")
    assert letters.sent == [("hr@example.com", "区级截止", "区级截止：还有 3 天")]


@pytest.mark.parametrize("shuts", [None, Shut.CONTACT])
async def test_who_gets_no_letters_is_called(store: Store, shuts: Shut | None) -> None:
    async with told(store, Letters(Refused(reason="smtp_550", shuts=shuts))) as post:
        row = await carried(post)
    assert (row["state"], row["reason"]) == ("refused", "unreachable:smtp_550")


async def test_without_a_mail_server_everybody_is_called(store: Store) -> None:
    async with told(store, None) as post:
        row = await carried(post)
    assert row["state"] == "refused"
    assert str(row["reason"]).startswith("unreachable:")


async def test_a_mail_server_that_is_away_is_waited_for(store: Store) -> None:
    away = Later(at=NOW + MINUTE, reason="unreachable", burns_attempt=False, lane=True)
    letters = Letters(away)
    async with told(store, letters) as post:
        assert (await carried(post))["state"] == "waiting"
        post.now = NOW + MINUTE
        assert (await carried(post))["state"] == "sent"
    assert len(letters.sent) == 2
