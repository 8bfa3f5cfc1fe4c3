"""Tickets, which take the place of questions, with their answers; canned answers, office hours, uploads."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NOT_CLOSED = sa.text("state <> 'closed'")
CURRENT: dict[str, Any] = {"postgresql_where": NOT_CLOSED, "sqlite_where": NOT_CLOSED}


def upgrade() -> None:
    op.drop_table("questions")
    op.add_column("contacts", sa.Column("ticket_id", sa.BigInteger()))
    _tickets()
    _ticket_answers()
    _canned_answers()
    _office_hours()
    _import_drafts()


def _tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("id", KEY, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("inbound_id", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("question", sa.Text()),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.BigInteger()),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("waits_since", sa.BigInteger()),
        sa.Column("moved_at", sa.BigInteger(), nullable=False),
        sa.Column("escalated_at", sa.BigInteger()),
        sa.Column("closed_by", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('open', 'taken', 'talking', 'closed')", name="ck_tickets_state"),
        sa.CheckConstraint("why IN ('asked', 'unanswered')", name="ck_tickets_why"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_tickets_contact_id"),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound.id"], name="fk_tickets_inbound_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_tickets_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tickets"),
    )
    op.create_index("ix_tickets_current", "tickets", ["contact_id"], unique=True, **CURRENT)
    op.create_index("ix_tickets_place", "tickets", ["city", "district", "opened_at"], **CURRENT)
    op.create_index("ix_tickets_moved_at", "tickets", ["moved_at"])


def _ticket_answers() -> None:
    op.create_table(
        "ticket_answers",
        sa.Column("id", KEY, nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("text_sealed", sa.Text()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_ticket_answers_ticket_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_ticket_answers_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_answers"),
    )
    op.create_index("ix_ticket_answers_ticket_id", "ticket_answers", ["ticket_id"])


def _canned_answers() -> None:
    op.create_table(
        "canned_answers",
        sa.Column("id", KEY, nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_canned_answers"),
        sa.UniqueConstraint("city", "district", "title", name="uq_canned_answers_city_district_title"),
    )


def _office_hours() -> None:
    op.create_table(
        "office_hours",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("sessions", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("city", "district", name="pk_office_hours"),
    )


def _import_drafts() -> None:
    op.create_table(
        "import_drafts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("data_sealed", sa.Text(), nullable=False),
        sa.Column("exported_at", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_import_drafts_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_import_drafts"),
        sa.UniqueConstraint("staff_id", name="uq_import_drafts_staff_id"),
    )
