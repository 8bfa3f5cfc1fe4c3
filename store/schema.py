"""The tables, the same on SQLite and PostgreSQL.

Times are service time, except `lease_until`, `answered_at` and those of `tokens`, of staff and of the audit
log, which are real time.
What is `sealed` is encrypted by the vault (`store.vault`) before it comes here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
)

from store.columns import ROW_ID, UtcDateTime
from store.records import (
    BroadcastState,
    CodePurpose,
    Counted,
    DeliveryState,
    Purpose,
    Role,
    Route,
    SeatState,
    TicketState,
    TicketWhy,
    Why,
)


def _key() -> Column[int]:
    return Column("id", ROW_ID, primary_key=True)


def _contact() -> Column[int]:
    return Column("contact_id", BigInteger, ForeignKey("contacts.id"), nullable=False)


def _unit(*, nullable: bool = False) -> Column[int]:
    return Column("unit_id", BigInteger, ForeignKey("units.id"), nullable=nullable)


def _where(condition: str) -> dict[str, Any]:
    """The rows that a partial index holds."""
    return {"postgresql_where": text(condition), "sqlite_where": text(condition)}


def _one_of(column: str, values: type[StrEnum], name: str) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(str(value)) for value in values)})", name=name)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# Rows that are rewritten often keep room on their page, so that PostgreSQL need not touch the indexes.
ROOMY: Final[dict[str, Any]] = {"postgresql_with": {"fillfactor": 70, "autovacuum_vacuum_scale_factor": 0.02}}

contacts = Table(
    "contacts",
    metadata,
    _key(),
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("follows", Boolean(create_constraint=False), nullable=False),
    Column("window_until", UtcDateTime),
    Column("window_left", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("forgotten_at", UtcDateTime),
    # the platform's word that nothing reaches this person, whatever the path; empty where it may
    Column("barred", Text, nullable=False, server_default=""),
    # the ticket by which a person of the staff talks with them now, while the bot is silent
    Column("ticket_id", BigInteger),
    UniqueConstraint("channel", "account", "sender"),
    **ROOMY,
)

conversations = Table(
    "conversations",
    metadata,
    Column("contact_id", ROW_ID, ForeignKey("contacts.id"), primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    **ROOMY,
)

inbound = Table(
    "inbound",
    metadata,
    _key(),
    _contact(),
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("event_key", Text, nullable=False),
    Column("text", Text),
    Column("received_at", UtcDateTime, nullable=False),
    Column("reply", Text),
    Column("trace", Text),
    Column("route", Text),
    Column("answered_at", UtcDateTime),
    # what became of it, and of which place and topic it was: kept for the figures when the words are gone
    Column("answer", Text, nullable=False, server_default=""),
    Column("city", Text, nullable=False, server_default=""),
    Column("district", Text, nullable=False, server_default=""),
    Column("topic", Text, nullable=False, server_default=""),
    UniqueConstraint("channel", "account", "message_id"),
    _one_of("route", Route, "route"),
    Index("ix_inbound_contact_id", "contact_id"),
    Index(
        "ix_inbound_unanswered",
        "received_at",
        **_where("answered_at IS NULL"),
    ),
    Index(
        "ix_inbound_legible",
        "received_at",
        **_where("text IS NOT NULL"),
    ),
)

deliveries = Table(
    "deliveries",
    metadata,
    _key(),
    _contact(),
    Column("lane", Text, nullable=False),
    Column("recipient", Text),
    Column("text", Text),
    Column("dedupe_key", Text, nullable=False, unique=True),
    Column("due_at", UtcDateTime, nullable=False),
    Column("not_after", UtcDateTime, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("burned", Integer, nullable=False),
    Column("owner", Text),
    Column("lease_until", UtcDateTime),
    Column("first_try_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    Column("reason", Text, nullable=False),
    Column("platform_id", Text, nullable=False),
    Column("kind", Text, nullable=False, server_default="reply"),
    Column("occasion", Text, nullable=False, server_default=""),
    Column("unit_id", BigInteger, ForeignKey("units.id")),
    Column("template", Text),
    Column("content", Text),
    Column("premises", Text),
    # while it waits: the path by which it may have gone already, so that no other will do
    Column("path", Text),
    # the platform's key of the mass send that it was part of
    Column("mass_key", Text),
    Column("resend_of", BigInteger),
    Column("posted_at", UtcDateTime),
    _one_of("state", DeliveryState, "state"),
    Index("ix_deliveries_contact_id", "contact_id"),
    Index("ix_deliveries_occasion", "occasion", "contact_id", **_where("occasion <> ''")),
    Index("ix_deliveries_platform_id", "platform_id", **_where("platform_id <> ''")),
    Index("ix_deliveries_mass_key", "mass_key", **_where("mass_key IS NOT NULL")),
    Index(
        "ix_deliveries_due",
        "lane",
        "due_at",
        "id",
        **_where("state = 'waiting'"),
    ),
    Index(
        "ix_deliveries_not_after",
        "not_after",
        **_where("state = 'waiting'"),
    ),
    Index(
        "ix_deliveries_lease",
        "lease_until",
        **_where("state = 'sending'"),
    ),
    **ROOMY,
)

lanes = Table(
    "lanes",
    metadata,
    Column("lane", Text, primary_key=True),
    Column("parked_until", UtcDateTime, nullable=False),
)

# How often an API was called on a day of China's, by all processes together.
api_calls = Table(
    "api_calls",
    metadata,
    Column("lane", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("used", Integer, nullable=False),
)

# What the platform reported of a message before its send was settled; contact 0 is all of a mass send.
receipts = Table(
    "receipts",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("platform_id", Text, primary_key=True),
    Column("contact_id", BigInteger, primary_key=True, autoincrement=False),
    Column("status", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_receipts_contact_id", "contact_id"),
)

# A person's question for staff. While it is not closed there is one a person; `waits_since` is when the first
# word came that nobody has answered.
tickets = Table(
    "tickets",
    metadata,
    _key(),
    _contact(),
    Column("inbound_id", BigInteger, ForeignKey("inbound.id"), nullable=False),
    Column("why", Text, nullable=False),
    Column("question", Text),
    Column("city", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("programme", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("staff_id", BigInteger, ForeignKey("staff.id")),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("waits_since", UtcDateTime),
    Column("moved_at", UtcDateTime, nullable=False),
    Column("escalated_at", UtcDateTime),
    Column("closed_by", Text, nullable=False, server_default=""),
    _one_of("state", TicketState, "state"),
    _one_of("why", TicketWhy, "why"),
    Index("ix_tickets_current", "contact_id", unique=True, **_where("state <> 'closed'")),
    Index("ix_tickets_place", "city", "district", "opened_at", **_where("state <> 'closed'")),
    Index("ix_tickets_moved_at", "moved_at"),
)

# What staff wrote to the person of a ticket; each is one delivery (occasion `ticket:<ticket>:<id>`).
ticket_answers = Table(
    "ticket_answers",
    metadata,
    _key(),
    Column("ticket_id", BigInteger, ForeignKey("tickets.id"), nullable=False),
    Column("staff_id", BigInteger, ForeignKey("staff.id"), nullable=False),
    Column("text_sealed", Text),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_ticket_answers_ticket_id", "ticket_id"),
)

# What is answered often; an empty district is the whole city's.
canned_answers = Table(
    "canned_answers",
    metadata,
    _key(),
    Column("city", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    UniqueConstraint("city", "district", "title"),
)

# What files hold that staff have uploaded and not taken in yet (real time); one an account.
import_drafts = Table(
    "import_drafts",
    metadata,
    _key(),
    Column("staff_id", BigInteger, ForeignKey("staff.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("notice", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("table_sealed", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("exported_at", UtcDateTime, nullable=False),
    Column("uploaded_at", UtcDateTime, nullable=False),
    UniqueConstraint("staff_id"),
)

# When staff of a place are there on working days: `sessions` is JSON, pairs of `HH:MM`.
office_hours = Table(
    "office_hours",
    metadata,
    Column("city", Text, primary_key=True),
    Column("district", Text, primary_key=True),
    Column("sessions", Text, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

feedback = Table(
    "feedback",
    metadata,
    _key(),
    _contact(),
    Column("inbound_id", BigInteger, ForeignKey("inbound.id")),
    Column("question", Text),
    Column("given_at", UtcDateTime, nullable=False),
    Index("ix_feedback_contact_id", "contact_id"),
)

pages = Table(
    "pages",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("contact_id", BigInteger, ForeignKey("contacts.id")),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("revoked", Boolean(create_constraint=False), nullable=False),
    _one_of("purpose", Purpose, "purpose"),
    Index("ix_pages_contact_id", "contact_id"),
    Index("ix_pages_expires_at", "expires_at"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("account", Text, primary_key=True),
    Column("access_token", Text, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

service_clock = Table(
    "service_clock",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("real_at", UtcDateTime, nullable=False),
    Column("service_at", UtcDateTime, nullable=False),
    Column("rate", Double, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)

# One-time and lasting permissions for subscribe notices, as the platform counts them.
allowances = Table(
    "allowances",
    metadata,
    Column("contact_id", BigInteger, ForeignKey("contacts.id"), primary_key=True, autoincrement=False),
    Column("template_id", Text, primary_key=True),
    Column("left", Integer, nullable=False),
    Column("lasting", Boolean(create_constraint=False), nullable=False),
    Column("rejected", Boolean(create_constraint=False), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

# Mass messages that a person has had in a month of China's (`YYYY-MM`).
mass_uses = Table(
    "mass_uses",
    metadata,
    Column("contact_id", BigInteger, ForeignKey("contacts.id"), primary_key=True, autoincrement=False),
    Column("month", Text, primary_key=True),
    Column("used", Integer, nullable=False),
)

consents = Table(
    "consents",
    metadata,
    _key(),
    _contact(),
    Column("purpose", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("given_at", UtcDateTime, nullable=False),
    Column("withdrawn_at", UtcDateTime),
    Index("ix_consents_held", "contact_id", "purpose", unique=True, **_where("withdrawn_at IS NULL")),
)

# What a person asked to be told: `topic` is `<notice>/<programme>` for deadlines, `<city>/<programme>`
# for news.
wishes = Table(
    "wishes",
    metadata,
    _key(),
    _contact(),
    Column("kind", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Index("ix_wishes_held", "contact_id", "kind", "topic", unique=True, **_where("ended_at IS NULL")),
    Index("ix_wishes_topic", "kind", "topic", **_where("ended_at IS NULL")),
)

# What a person asked not to be told any more; an empty topic is everything.
mutes = Table(
    "mutes",
    metadata,
    Column("contact_id", BigInteger, ForeignKey("contacts.id"), primary_key=True, autoincrement=False),
    Column("topic", Text, primary_key=True),
    Column("since", UtcDateTime, nullable=False),
)

units = Table(
    "units",
    metadata,
    _key(),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    # as a list of staff's said it last, or the roster where none holds the unit; empty where neither has
    Column("street", Text, nullable=False, server_default=""),
    Index("ix_units_place", "city", "district"),
)

# The contact persons whom the roster names; each can be addressed by a contact, with WeChat or without.
unit_people = Table(
    "unit_people",
    metadata,
    _key(),
    _unit(),
    _contact(),
    Column("name_sealed", Text, nullable=False),
    Column("phone_sealed", Text, nullable=False),
    Column("phone_index", Text, nullable=False),
    Column("email_sealed", Text),
    Column("changed_at", UtcDateTime, nullable=False),
    UniqueConstraint("unit_id", "phone_index"),
    Index("ix_unit_people_contact_id", "contact_id"),
)

seats = Table(
    "seats",
    metadata,
    _key(),
    _unit(),
    _contact(),
    Column("person_id", BigInteger, ForeignKey("unit_people.id")),
    Column("state", Text, nullable=False),
    Column("how", Text, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("confirmed_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("ended_by", Text, nullable=False, server_default=""),
    _one_of("state", SeatState, "state"),
    Index("ix_seats_held", "unit_id", "contact_id", unique=True, **_where("ended_at IS NULL")),
    Index("ix_seats_contact_id", "contact_id"),
    Index("ix_seats_person_id", "person_id"),
)

codes = Table(
    "codes",
    metadata,
    Column("code_hash", Text, primary_key=True),
    Column("purpose", Text, nullable=False),
    _unit(),
    Column("application_id", BigInteger, ForeignKey("applications.id")),
    # for whom of the roster an invitation is, where staff have said so
    Column("person_id", BigInteger, ForeignKey("unit_people.id")),
    Column("issued_by", Text, nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Column("used_by", BigInteger, ForeignKey("contacts.id")),
    _one_of("purpose", CodePurpose, "purpose"),
    Index("ix_codes_unit_id", "unit_id"),
)

# Bindings that wait for staff.
seat_requests = Table(
    "seat_requests",
    metadata,
    _key(),
    _contact(),
    _unit(nullable=True),
    Column("claim_sealed", Text),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("decided_at", UtcDateTime),
    Column("decision", Text, nullable=False, server_default=""),
    Index("ix_seat_requests_open", "asked_at", **_where("decided_at IS NULL")),
    Index("ix_seat_requests_contact_id", "contact_id"),
)

# Failures in a row at something that could be guessed, by whom or against what.
failures = Table(
    "failures",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
)

# Self-checks by day of China's: begun, how they ended, and which criteria failed; nothing of anybody.
check_counts = Table(
    "check_counts",
    metadata,
    Column("day", Text, primary_key=True),
    Column("city", Text, primary_key=True),
    Column("district", Text, primary_key=True),
    Column("programme", Text, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    _one_of("what", Counted, "what"),
)

# Questions that were not answered, or not helpfully; `task` is what is left to whoever owns the knowledge.
gaps = Table(
    "gaps",
    metadata,
    _key(),
    _contact(),
    Column("question", Text),
    Column("why", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    Column("task_id", BigInteger, ForeignKey("gap_tasks.id")),
    _one_of("why", Why, "why"),
    Index("ix_gaps_contact_id", "contact_id"),
    Index("ix_gaps_open", "asked_at", **_where("settled_at IS NULL AND question IS NOT NULL")),
)

# What whoever owns the knowledge has to add.
gap_tasks = Table(
    "gap_tasks",
    metadata,
    _key(),
    Column("wording", Text, nullable=False),
    Column("times", Integer, nullable=False),
    Column("city", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime),
)

# Wordings of topics that staff have taught; a version is never changed, it only ends.
learned = Table(
    "learned",
    metadata,
    _key(),
    Column("city", Text, nullable=False),
    Column("wording", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("taught_by", Text, nullable=False),
    Column("taught_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Index("ix_learned_held", "city", "wording", unique=True, **_where("ended_at IS NULL")),
)

# What is right of an office that a notice (`printed`) has otherwise; `phones` is JSON. A version is never
# changed, it only ends.
office_corrections = Table(
    "office_corrections",
    metadata,
    _key(),
    Column("fact", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("printed", Text, nullable=False),
    Column("phones", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("remark", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("entered_by", Text, nullable=False),
    Column("entered_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Index("ix_office_corrections_held", "fact", unique=True, **_where("ended_at IS NULL")),
)

# Somebody made sure of an office as it is printed, or as a correction has it; the last one counts.
office_checks = Table(
    "office_checks",
    metadata,
    Column("fact", Text, primary_key=True),
    Column("city", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("printed", Text, nullable=False),
    Column("correction_id", BigInteger, ForeignKey("office_corrections.id")),
    Column("checked_by", Text, nullable=False),
    Column("checked_at", UtcDateTime, nullable=False),
)

# Who could not get through to an office: one report a person, office and day. `open`: within its hours.
office_reports = Table(
    "office_reports",
    metadata,
    _key(),
    Column("contact_id", BigInteger, ForeignKey("contacts.id")),
    Column("fact", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("open", Boolean(create_constraint=False), nullable=False),
    Column("day", Text, nullable=False),
    Column("reported_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    Index("ix_office_reports_once", "contact_id", "fact", "day", unique=True),
    Index("ix_office_reports_open", "fact", **_where("settled_at IS NULL")),
)

# What staff should know or do; `content` is JSON without personal values.
staff_notes = Table(
    "staff_notes",
    metadata,
    _key(),
    Column("kind", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("dedupe_key", Text, nullable=False, unique=True),
    Column("noted_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Index("ix_staff_notes_open", "city", "district", "noted_at", **_where("closed_at IS NULL")),
)

applications = Table(
    "applications",
    metadata,
    _key(),
    Column("key", Text, nullable=False, unique=True),
    _unit(nullable=True),
    Column("unit_name", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("notice", Text, nullable=False),
    Column("programme", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("name_sealed", Text, nullable=False),
    Column("declared_at", Text, nullable=False),
    Column("unit_rank", Text, nullable=False),
    Column("district_rank", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("status_id", Text, nullable=False),
    # open, submitted, returned or done; empty where the status is unknown
    Column("phase", Text, nullable=False),
    Column("opinion_sealed", Text),
    Column("exported_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    # since when the lists do not show it any more
    Column("gone_at", UtcDateTime),
    # the candidate's own contact, once a code has bound it
    Column("contact_id", BigInteger, ForeignKey("contacts.id")),
    Index("ix_applications_unit_id", "unit_id"),
    Index("ix_applications_contact_id", "contact_id"),
    Index("ix_applications_place", "city", "district"),
)

application_history = Table(
    "application_history",
    metadata,
    _key(),
    Column("application_id", BigInteger, ForeignKey("applications.id"), nullable=False),
    Column("import_id", BigInteger, ForeignKey("imports.id"), nullable=False),
    Column("status", Text, nullable=False),
    Column("status_id", Text, nullable=False),
    Column("opinion_sealed", Text),
    Column("exported_at", UtcDateTime, nullable=False),
    UniqueConstraint("application_id", "import_id"),
)

# A form that was sent back: its clock runs until it is said to be mended, or the status moves.
returns = Table(
    "returns",
    metadata,
    _key(),
    Column("application_id", BigInteger, ForeignKey("applications.id"), nullable=False),
    Column("history_id", BigInteger, ForeignKey("application_history.id"), nullable=False, unique=True),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("mended_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Index("ix_returns_open", "application_id", unique=True, **_where("closed_at IS NULL")),
)

imports = Table(
    "imports",
    metadata,
    _key(),
    Column("kind", Text, nullable=False),
    Column("city", Text, nullable=False),
    # what a whole list covers: `<notice>/<district>`, an empty district for the city; empty for other files
    Column("scope", Text, nullable=False, server_default=""),
    Column("file_name", Text, nullable=False),
    Column("file_hash", Text, nullable=False),
    Column("exported_at", UtcDateTime, nullable=False),
    Column("imported_at", UtcDateTime, nullable=False),
    Column("imported_by", Text, nullable=False),
    Column("counts", Text, nullable=False),
    Index("ix_imports_latest", "kind", "city", "exported_at"),
)

# What signed requests have used up: a nonce holds as long as a signature (real time).
api_nonces = Table(
    "api_nonces",
    metadata,
    Column("client", Text, primary_key=True),
    Column("nonce", Text, primary_key=True),
    Column("seen_at", UtcDateTime, nullable=False),
)

# Answers to requests that may come again under the same idempotency key (real time).
api_answers = Table(
    "api_answers",
    metadata,
    Column("client", Text, primary_key=True),
    Column("idempotency_key", Text, primary_key=True),
    Column("request_hash", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("answered_at", UtcDateTime, nullable=False),
)

# Headings of files that staff have said the meaning of, once.
column_names = Table(
    "column_names",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("heading", Text, primary_key=True),
    Column("field", Text, nullable=False),
)

# Days that staff have entered over the calendar of the library.
calendar_days = Table(
    "calendar_days",
    metadata,
    Column("day", Text, primary_key=True),
    Column("working", Boolean(create_constraint=False), nullable=False),
    Column("name", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

# How many working days a district needs for a step, as its staff say.
durations = Table(
    "durations",
    metadata,
    Column("notice", Text, primary_key=True),
    Column("district", Text, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("working_days", Integer, nullable=False),
    Column("entered_by", Text, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

# Up to which moment of service time a sweep has done its work.
sweeps = Table(
    "sweeps",
    metadata,
    Column("name", Text, primary_key=True),
    Column("done_until", UtcDateTime, nullable=False),
)

# The knowledge that everybody has been told of: stages as they were when reminders were last planned.
known_stages = Table(
    "known_stages",
    metadata,
    Column("stage", Text, primary_key=True),
    Column("notice", Text, nullable=False),
    Column("until", Text, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)

# Who works with the console. `districts` is a JSON array, empty for a whole city; an empty city is every one.
staff = Table(
    "staff",
    metadata,
    _key(),
    Column("login", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("phone_sealed", Text),
    Column("role", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("districts", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("password_due", Boolean(create_constraint=False), nullable=False),
    Column("totp_sealed", Text),
    Column("totp_step", BigInteger, nullable=False),
    Column("recovery", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", UtcDateTime),
    Column("disabled_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    _one_of("role", Role, "role"),
    UniqueConstraint("login"),
)

# Sessions of the console in real time; the cookie's value is known by its hash alone.
staff_sessions = Table(
    "staff_sessions",
    metadata,
    Column("id_hash", Text, primary_key=True),
    Column("staff_id", BigInteger, ForeignKey("staff.id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("second_at", UtcDateTime),
    Column("offered_sealed", Text),
    Column("address", Text, nullable=False),
    Column("revoked_at", UtcDateTime),
    Index("ix_staff_sessions_staff_id", "staff_id"),
    Index("ix_staff_sessions_expires_at", "expires_at"),
)

# Until when the failed sign-ins of an address (its blind index) have used up what it may try.
sign_in_addresses = Table(
    "sign_in_addresses",
    metadata,
    Column("address", Text, primary_key=True),
    Column("spent_until", UtcDateTime, nullable=False),
)

# What staff did; the database refuses to change or delete a row.
audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("staff_id", BigInteger, ForeignKey("staff.id")),
    Column("role", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("before_hash", Text, nullable=False),
    Column("after_hash", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("ix_audit_staff_id", "staff_id", "id"),
    Index("ix_audit_object", "object", "id"),
)

_KEPT: Final = {
    "sqlite": [
        f"CREATE TRIGGER audit_keeps_{act} BEFORE {act} ON audit"
        " BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END"
        for act in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE FUNCTION audit_keeps() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN RAISE EXCEPTION ''the audit log only grows''; END'",
        "CREATE TRIGGER audit_keeps_rows BEFORE UPDATE OR DELETE ON audit"
        " FOR EACH ROW EXECUTE FUNCTION audit_keeps()",
        "CREATE TRIGGER audit_keeps_table BEFORE TRUNCATE ON audit"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_keeps()",
    ],
}


@event.listens_for(audit, "after_create")
def _keep(_table: Table, connection: Connection, **_options: Any) -> None:
    for statement in _KEPT[connection.dialect.name]:
        connection.exec_driver_sql(statement)


# What stood before and after, sealed; these rows may be erased, and the chain of `audit` holds.
audit_values = Table(
    "audit_values",
    metadata,
    Column("audit_id", BigInteger, ForeignKey("audit.id"), primary_key=True, autoincrement=False),
    Column("part", Text, primary_key=True),
    Column("sealed", Text, nullable=False),
)

# The end of the chain: what is cut off there is missed.
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    Column("seal", Text, nullable=False),
    CheckConstraint("id = 1", name="single"),
)

# Lists of units that staff have uploaded; one that was removed has no units any more.
unit_lists = Table(
    "unit_lists",
    metadata,
    _key(),
    Column("token", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("districts", Text, nullable=False),
    Column("created_by", BigInteger, ForeignKey("staff.id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("removed_at", UtcDateTime),
)

listed_units = Table(
    "listed_units",
    metadata,
    Column("list_id", BigInteger, ForeignKey("unit_lists.id"), primary_key=True, autoincrement=False),
    Column("unit_id", BigInteger, ForeignKey("units.id"), primary_key=True, autoincrement=False),
)

unit_tags = Table(
    "unit_tags",
    metadata,
    Column("unit_id", BigInteger, ForeignKey("units.id"), primary_key=True, autoincrement=False),
    Column("tag", Text, primary_key=True),
    Index("ix_unit_tags_tag", "tag"),
)

# Texts of staff that are written once and used again.
broadcast_templates = Table(
    "broadcast_templates",
    metadata,
    _key(),
    Column("city", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_by", BigInteger, ForeignKey("staff.id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

# What staff tell many at once. `token` is that of the form which made it, `aim` (JSON) for whom it is
# within `city` and `districts`, `digest` that of text, file and list while somebody else is to approve them.
broadcasts = Table(
    "broadcasts",
    metadata,
    _key(),
    Column("token", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("receipt", Boolean(create_constraint=False), nullable=False),
    Column("city", Text, nullable=False),
    Column("districts", Text, nullable=False),
    Column("aim", Text, nullable=False),
    Column("follows_id", BigInteger, ForeignKey("broadcasts.id")),
    Column("send_at", UtcDateTime),
    Column("not_after", UtcDateTime),
    Column("created_by", BigInteger, ForeignKey("staff.id"), nullable=False),
    Column("edited_by", BigInteger, ForeignKey("staff.id"), nullable=False),
    Column("approved_by", BigInteger, ForeignKey("staff.id")),
    Column("created_at", UtcDateTime, nullable=False),
    Column("submitted_at", UtcDateTime),
    Column("approved_at", UtcDateTime),
    Column("digest", Text, nullable=False),
    Column("submissions", Integer, nullable=False),
    Column("people", Integer, nullable=False),
    Column("duplicates", Integer, nullable=False),
    # what whoever approves should know: the words that were found and confirmed, why it was handed back
    Column("confirmed", Text, nullable=False),
    Column("remark", Text, nullable=False),
    _one_of("state", BroadcastState, "state"),
    CheckConstraint("kind IN ('notice', 'correction')", name="kind"),
    Index("ix_broadcasts_follows_id", "follows_id"),
    Index("ix_broadcasts_digest", "digest", **_where("digest <> ''")),
)

# The list of a broadcast, frozen. `unit_id` is the unit, or the first of several `units`; `district` is empty
# where they are of several.
recipients = Table(
    "recipients",
    metadata,
    Column("broadcast_id", BigInteger, ForeignKey("broadcasts.id"), primary_key=True, autoincrement=False),
    Column("contact_id", BigInteger, ForeignKey("contacts.id"), primary_key=True, autoincrement=False),
    Column("unit_id", BigInteger, ForeignKey("units.id"), nullable=False),
    Column("units", Integer, nullable=False),
    Column("district", Text, nullable=False),
    Column("acknowledged_at", UtcDateTime),
    Index("ix_recipients_contact_id", "contact_id"),
)

# The file of a broadcast: one at most.
broadcast_files = Table(
    "broadcast_files",
    metadata,
    _key(),
    Column("broadcast_id", BigInteger, ForeignKey("broadcasts.id"), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", Integer, nullable=False),
)

# The contact to whom tests of a member of staff go; none until the code that was shown has been sent.
staff_contacts = Table(
    "staff_contacts",
    metadata,
    Column("staff_id", BigInteger, ForeignKey("staff.id"), primary_key=True, autoincrement=False),
    Column("contact_id", BigInteger, ForeignKey("contacts.id")),
    Column("code_hash", Text, nullable=False),
    Column("code_until", UtcDateTime),
    Column("bound_at", UtcDateTime),
    Index("ix_staff_contacts_contact_id", "contact_id"),
)
