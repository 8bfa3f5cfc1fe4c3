"""The façade: a store is opened, turns are kept in it, and work is done by verbs in one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache, wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import structlog
from sqlalchemy.engine import make_url

from store import (
    alike,
    allowances,
    applications,
    audience,
    audit,
    binding,
    boards,
    broadcasts,
    bulletins,
    calls,
    clock,
    codes,
    consents,
    desk,
    drafts,
    entered,
    figures,
    front,
    gaps,
    inbox,
    lists,
    occasions,
    offices,
    outbox,
    pages,
    permissions,
    progress,
    pushes,
    reach,
    receipts,
    recipients,
    rosters,
    seats,
    settling,
    sign_in,
    spending,
    staff,
    staff_sessions,
    sweeps,
    tickets,
    tokens,
    turns,
    unit_lists,
    units,
)
from store.engine import AlreadyOpen, Do, Engine, NoVault, Session, Unavailable
from store.records import Arrival, Passive, Settled, Think
from store.sqlite import Sqlite
from store.vault import Vault

__all__ = ["AlreadyOpen", "NoVault", "Store", "Unavailable", "Work"]

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger(__name__)


def verb(act: Callable[Concatenate[Session, P], T]) -> Callable[Concatenate[Work, P], Awaitable[T]]:
    """Offer what a subject does in a session as a verb of `Work`."""

    @wraps(act)
    async def method(work: Work, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await work.do(lambda session: act(session, *args, **kwargs))

    return method


class Work:
    """One transaction, and all that can be done in it. Wait for nothing slow while it is open."""

    def __init__(self, do: Do) -> None:
        self.do = do

    claim = verb(outbox.claim)
    post = verb(audience.post)
    last_contact = verb(audience.last_contact)
    claim_pushes = verb(pushes.claim_pushes)
    settle = verb(settling.settle)
    receive = verb(receipts.receive)
    sweep_receipts = verb(receipts.sweep)
    bar = verb(settling.bar)
    allow = verb(allowances.allow)
    reject = verb(allowances.reject)
    resend = verb(occasions.resend)
    deliveries_of = verb(occasions.deliveries_of)
    counts_of = verb(occasions.counts_of)
    call_list = verb(occasions.call_list)
    last_push = verb(occasions.last_push)
    rescue = verb(outbox.rescue)
    expire = verb(outbox.expire)
    cancel_occasion = verb(outbox.cancel_occasion)
    park = verb(outbox.park)
    counts = verb(outbox.counts)
    oldest_waiting = verb(outbox.oldest_waiting)
    reach = verb(reach.reach)
    alike = verb(alike.alike)

    unanswered = verb(inbox.unanswered)
    purge = verb(inbox.purge)
    forgotten = verb(inbox.forgotten)

    feedback = verb(desk.feedback)
    note = verb(desk.note)
    notes = verb(desk.notes)
    close_note = verb(desk.close_note)

    keep_draft = verb(drafts.keep_draft)
    draft = verb(drafts.draft)
    drop_draft = verb(drafts.drop_draft)
    purge_drafts = verb(drafts.purge_drafts)

    unreached = verb(boards.unreached)
    provisional = verb(boards.provisional)
    tallies = verb(boards.tallies)
    ranking = verb(boards.ranking)
    notes_here = verb(boards.notes_here)
    close_note_here = verb(boards.close_note_here)
    returns_here = verb(applications.returns_here)

    tickets_of = verb(tickets.tickets_of)
    ticket = verb(tickets.ticket)
    asker = verb(tickets.asker)
    conversation = verb(tickets.conversation)
    answers_of = verb(tickets.answers_of)
    take_ticket = verb(tickets.take_ticket)
    take_over = verb(tickets.take_over)
    put_back = verb(tickets.put_back)
    move_ticket = verb(tickets.move_ticket)
    answer_ticket = verb(tickets.answer_ticket)
    close_ticket = verb(tickets.close_ticket)
    tickets_waiting = verb(tickets.tickets_waiting)
    tickets_idle = verb(tickets.tickets_idle)
    escalate = verb(tickets.escalate)
    hours = verb(front.hours)
    all_hours = verb(front.all_hours)
    enter_hours = verb(front.enter_hours)
    canned = verb(front.canned)
    write_canned = verb(front.write_canned)
    drop_canned = verb(front.drop_canned)
    messages = verb(figures.messages)
    topics = verb(figures.topics)
    checks = verb(figures.checks)
    delivered = verb(figures.delivered)

    open_gaps = verb(gaps.open_gaps)
    settle_gaps = verb(gaps.settle_gaps)
    add_task = verb(gaps.add_task)
    tasks = verb(gaps.tasks)
    finish_task = verb(gaps.finish_task)
    lessons = verb(gaps.lessons)
    lessons_of = verb(gaps.lessons_of)
    teach = verb(gaps.teach)
    unteach = verb(gaps.unteach)
    corrections = verb(offices.corrections)
    correct_office = verb(offices.correct_office)
    end_correction = verb(offices.end_correction)
    office_checks = verb(offices.office_checks_of)
    check_office = verb(offices.check_office)
    office_reports = verb(offices.office_reports_of)
    settle_office = verb(offices.settle_office)

    unit = verb(units.unit)
    units_of = verb(units.units_of)
    people_of = verb(units.people_of)
    remove_person = verb(units.remove_person)
    take_roster = verb(rosters.take_roster)

    seat = verb(seats.seat)
    seats_of = verb(seats.seats_of)
    seats_held = verb(seats.mine)
    confirm_seat = verb(seats.confirm)
    end_seat = verb(seats.end)
    seat_requests = verb(binding.requests)
    decide = verb(binding.decide)

    issue_code = verb(codes.issue)
    open_codes = verb(codes.open_codes)
    consents = verb(consents.held)

    permit = verb(permissions.permit)

    keep_page = verb(pages.keep_page)
    page = verb(pages.page)
    page_owner = verb(pages.page_owner)
    revoke_page = verb(pages.revoke_page)
    purge_pages = verb(pages.purge_pages)

    attempt = verb(sign_in.attempt)
    attempt_code = verb(sign_in.attempt_code)
    accept = verb(sign_in.accept)
    accept_step = verb(sign_in.accept_step)
    accept_recovery = verb(sign_in.accept_recovery)
    open_session = verb(staff_sessions.open_session)
    renew_session = verb(staff_sessions.renew_session)
    offer = verb(staff_sessions.offer)
    signed = verb(staff_sessions.signed)
    sessions_of = verb(staff_sessions.sessions_of)
    revoke_session = verb(staff_sessions.revoke_session)
    revoke_sessions = verb(staff_sessions.revoke_sessions)
    purge_sessions = verb(staff_sessions.purge_sessions)
    purge_addresses = verb(sign_in.purge_addresses)

    staff_list = verb(staff.staff_list)
    staff_member = verb(staff.staff_member)
    staff_named = verb(staff.staff_named)
    add_staff = verb(staff.add_staff)
    change_staff = verb(staff.change_staff)
    disable_staff = verb(staff.disable_staff)
    enable_staff = verb(staff.enable_staff)
    change_self = verb(staff.change_self)
    set_password = verb(staff.set_password)
    guard = verb(staff.guard)
    unguard = verb(staff.unguard)
    unlock = verb(staff.unlock)

    add_broadcast = verb(broadcasts.add_broadcast)
    broadcast = verb(broadcasts.broadcast)
    broadcast_list = verb(broadcasts.broadcast_list)
    followers = verb(broadcasts.followers)
    edit_broadcast = verb(broadcasts.edit_broadcast)
    attach = verb(broadcasts.attach)
    attachment = verb(broadcasts.attachment)
    submit = verb(broadcasts.submit)
    hand_back = verb(broadcasts.hand_back)
    approve = verb(broadcasts.approve)
    pause_broadcast = verb(broadcasts.pause_broadcast)
    resume_broadcast = verb(broadcasts.resume_broadcast)
    cancel_broadcast = verb(broadcasts.cancel_broadcast)
    sent_alike = verb(broadcasts.sent_alike)
    message_templates = verb(broadcasts.message_templates)
    keep_template = verb(broadcasts.keep_template)
    drop_template = verb(broadcasts.drop_template)

    aimed_at = verb(recipients.aimed_at)
    freeze = verb(recipients.freeze)
    frozen = verb(recipients.frozen)
    districts_of = verb(recipients.districts_of)
    broadcast_progress = verb(recipients.progress)
    results = verb(recipients.results)
    broadcast_calls = verb(recipients.broadcast_calls)
    hold = verb(recipients.hold)
    release = verb(recipients.release)
    call_back = verb(recipients.call_back)
    resend_failed = verb(recipients.resend_failed)
    resend_one = verb(recipients.resend_one)

    matching_units = verb(unit_lists.matching_units)
    add_list = verb(unit_lists.add_list)
    saved_lists = verb(unit_lists.saved_lists)
    unit_list = verb(unit_lists.unit_list)
    units_listed = verb(unit_lists.units_listed)
    tag_listed = verb(unit_lists.tag_listed)
    untag_listed = verb(unit_lists.untag_listed)
    tags = verb(unit_lists.tags)
    remove_list = verb(unit_lists.remove_list)

    offer_tester = verb(bulletins.offer_tester)
    bind_tester = verb(bulletins.bind_tester)
    tester = verb(bulletins.tester)
    calls_of = verb(spending.calls_of)

    record = verb(audit.record)
    recorded = verb(audit.recorded)
    erase_recorded = verb(audit.erase_recorded)
    verify = verb(audit.verify)
    applications_of = verb(applications.applications_of)
    open_returns = verb(applications.open_returns)
    roster = verb(applications.roster)
    exported = verb(lists.exported)
    confirmed_seats = verb(applications.confirmed_seats)
    headings = verb(lists.headings)
    name_heading = verb(lists.name_heading)
    link = verb(lists.link)
    enter = verb(lists.enter)
    take = verb(lists.take)
    issue_progress = verb(progress.issue)

    use_nonce = verb(calls.use_nonce)
    answer = verb(calls.answer)
    keep_answer = verb(calls.keep_answer)

    token = verb(tokens.token)
    keep_token = verb(tokens.keep_token)
    drop_token = verb(tokens.drop_token)

    since = verb(sweeps.since)
    done = verb(sweeps.done)
    stages_known = verb(sweeps.stages_known)
    know_stages = verb(sweeps.know_stages)

    days = verb(entered.days)
    set_day = verb(entered.set_day)
    drop_day = verb(entered.drop_day)
    durations_of = verb(entered.durations_of)
    set_duration = verb(entered.set_duration)
    drop_duration = verb(entered.drop_duration)

    service_clock = verb(clock.service_clock)
    start_service_clock = verb(clock.start_service_clock)
    set_service_clock = verb(clock.set_service_clock)


class Store:
    """What happened, on SQLite in one process or on PostgreSQL in many."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    async def open(cls, url: str, vault: Vault | None = None, *, guest: bool = False) -> Store:
        """Open `sqlite+aiosqlite:///<path>` or `postgresql+asyncpg://…`, and bring its tables up to date.

        `vault` seals personal values; a store without one keeps none. A `guest` does a short piece of work
        beside the process that has the SQLite file.

        Raises `AlreadyOpen` where another process has the SQLite file, `Unavailable` where no server
        answers, `ValueError` for any other address.
        """
        address = make_url(url)
        if address.get_backend_name() == "postgresql":
            # the asyncio side of SQLAlchemy costs a tenth of the start and 8 MB, and SQLite needs none of it
            from store.postgres import Postgres  # noqa: PLC0415

            return cls(await Postgres.open(address, vault))
        if address.get_backend_name() == "sqlite" and address.database:
            return cls(await Sqlite.open(Path(address.database), vault, guest=guest))
        raise ValueError(f"not a database of this service: {address.render_as_string(hide_password=True)}")

    async def close(self) -> None:
        """Finish what has begun, then let go of the database."""
        await self._engine.close()

    async def turn(self, arrival: Arrival, think: Think, *, passive: Passive) -> Settled:
        """Answer an arrival once, whoever asks how often: dedupe, think, and keep all in one transaction.

        `think` is pure and quick. `passive` is asked once, right before the commit: True promises that
        the caller will send the reply, False puts a delivery beside it. On SQLite both run in the
        writer's thread. What `think` raises is raised here, and the arrival kept unanswered.
        """
        decide = cache(passive)
        try:
            return await self._engine.share(lambda session: turns.turn(session, arrival, think, decide))
        except Unavailable:
            raise
        except Exception:
            log.exception(
                "turn_failed",
                channel=arrival.channel,
                account=arrival.account,
                message_id=arrival.message_id,
            )
            await self.note(arrival)
            raise

    async def note(self, arrival: Arrival) -> None:
        """Keep an arrival that will be answered later; one that is known already stays as it is."""
        await self._engine.share(lambda session: turns.note(session, arrival))

    @asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        """One transaction: kept at the end of the block, taken back if the block raises."""
        async with self._engine.transaction() as do:
            yield Work(do)
