"""The first tables: people and talks, messages, deliveries, questions for staff, platform and clock."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ROOMY = {"fillfactor": 70, "autovacuum_vacuum_scale_factor": 0.02}
STATES = "'waiting', 'sending', 'sent', 'received', 'refused', 'unclear', 'expired', 'cancelled'"
WAITING = sa.text("state = 'waiting'")
SENDING = sa.text("state = 'sending'")


def upgrade() -> None:
    _people()
    _messages()
    _deliveries()
    _lanes()
    _desk()
    _platform()


def _people() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("follows", sa.Boolean(), nullable=False),
        sa.Column("window_until", sa.BigInteger()),
        sa.Column("window_left", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("forgotten_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_contacts"),
        sa.UniqueConstraint("channel", "account", "sender", name="uq_contacts_channel_account_sender"),
        postgresql_with=ROOMY,
    )
    op.create_table(
        "conversations",
        sa.Column("contact_id", KEY, autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_conversations_contact_id"),
        sa.PrimaryKeyConstraint("contact_id", name="pk_conversations"),
        postgresql_with=ROOMY,
    )


def _messages() -> None:
    op.create_table(
        "inbound",
        sa.Column("id", KEY, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("event_key", sa.Text(), nullable=False),
        sa.Column("text", sa.Text()),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("reply", sa.Text()),
        sa.Column("trace", sa.Text()),
        sa.Column("route", sa.Text()),
        sa.Column("answered_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_inbound"),
        sa.UniqueConstraint("channel", "account", "message_id", name="uq_inbound_channel_account_message_id"),
        sa.CheckConstraint("route IN ('passive', 'outbox', 'silent')", name="ck_inbound_route"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_inbound_contact_id"),
    )
    op.create_index("ix_inbound_contact_id", "inbound", ["contact_id"])
    op.create_index(
        "ix_inbound_legible",
        "inbound",
        ["received_at"],
        postgresql_where=sa.text("text IS NOT NULL"),
        sqlite_where=sa.text("text IS NOT NULL"),
    )
    op.create_index(
        "ix_inbound_unanswered",
        "inbound",
        ["received_at"],
        postgresql_where=sa.text("answered_at IS NULL"),
        sqlite_where=sa.text("answered_at IS NULL"),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", KEY, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text()),
        sa.Column("text", sa.Text()),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("not_after", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("burned", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("first_try_at", sa.BigInteger()),
        sa.Column("settled_at", sa.BigInteger()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("platform_id", sa.Text(), nullable=False),
        sa.CheckConstraint(f"state IN ({STATES})", name="ck_deliveries_state"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_deliveries_contact_id"),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("dedupe_key", name="uq_deliveries_dedupe_key"),
        postgresql_with=ROOMY,
    )
    op.create_index("ix_deliveries_contact_id", "deliveries", ["contact_id"])
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["lane", "due_at", "id"],
        postgresql_where=WAITING,
        sqlite_where=WAITING,
    )
    op.create_index(
        "ix_deliveries_lease", "deliveries", ["lease_until"], postgresql_where=SENDING, sqlite_where=SENDING
    )
    op.create_index(
        "ix_deliveries_not_after", "deliveries", ["not_after"], postgresql_where=WAITING, sqlite_where=WAITING
    )


def _lanes() -> None:
    op.create_table(
        "lanes",
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("parked_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lane", name="pk_lanes"),
    )


def _desk() -> None:
    op.create_table(
        "questions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("inbound_id", sa.BigInteger(), nullable=False),
        sa.Column("question", sa.Text()),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'closed')", name="ck_questions_state"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_questions_contact_id"),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound.id"], name="fk_questions_inbound_id"),
        sa.PrimaryKeyConstraint("id", name="pk_questions"),
    )
    op.create_index("ix_questions_contact_id", "questions", ["contact_id"])
    op.create_index("ix_questions_state_asked_at", "questions", ["state", "asked_at"])
    op.create_table(
        "feedback",
        sa.Column("id", KEY, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("inbound_id", sa.BigInteger()),
        sa.Column("question", sa.Text()),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_feedback_contact_id"),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound.id"], name="fk_feedback_inbound_id"),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
    )
    op.create_index("ix_feedback_contact_id", "feedback", ["contact_id"])


def _platform() -> None:
    op.create_table(
        "tokens",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("access_token", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_tokens"),
    )
    op.create_table(
        "service_clock",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("real_at", sa.BigInteger(), nullable=False),
        sa.Column("service_at", sa.BigInteger(), nullable=False),
        sa.Column("rate", sa.Double(), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_service_clock_one_row"),
        sa.PrimaryKeyConstraint("id", name="pk_service_clock"),
    )
