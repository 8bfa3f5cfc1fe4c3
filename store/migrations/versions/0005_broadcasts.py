"""Broadcasts with their lists, files and templates; lists and tags of units."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATES = "state IN ('draft', 'pending', 'approved', 'paused', 'cancelled')"


def upgrade() -> None:
    op.add_column("units", sa.Column("street", sa.Text(), server_default="", nullable=False))
    # what became of each of a broadcast's list is found by both
    op.drop_index("ix_deliveries_occasion", "deliveries")
    told = sa.text("occasion <> ''")
    op.create_index(
        "ix_deliveries_occasion",
        "deliveries",
        ["occasion", "contact_id"],
        postgresql_where=told,
        sqlite_where=told,
    )
    _unit_lists()
    _broadcasts()
    _recipients()
    _templates_and_files()
    _staff_contacts()


def _unit_lists() -> None:
    op.create_table(
        "unit_lists",
        sa.Column("id", KEY, nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("districts", sa.Text(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["created_by"], ["staff.id"], name="fk_unit_lists_created_by"),
        sa.PrimaryKeyConstraint("id", name="pk_unit_lists"),
        sa.UniqueConstraint("token", name="uq_unit_lists_token"),
    )
    op.create_table(
        "listed_units",
        sa.Column("list_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("unit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["unit_lists.id"], name="fk_listed_units_list_id"),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name="fk_listed_units_unit_id"),
        sa.PrimaryKeyConstraint("list_id", "unit_id", name="pk_listed_units"),
    )
    op.create_table(
        "unit_tags",
        sa.Column("unit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name="fk_unit_tags_unit_id"),
        sa.PrimaryKeyConstraint("unit_id", "tag", name="pk_unit_tags"),
    )
    op.create_index("ix_unit_tags_tag", "unit_tags", ["tag"])


def _broadcasts() -> None:
    op.create_table(
        "broadcasts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("receipt", sa.Boolean(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("districts", sa.Text(), nullable=False),
        sa.Column("aim", sa.Text(), nullable=False),
        sa.Column("follows_id", sa.BigInteger()),
        sa.Column("send_at", sa.BigInteger()),
        sa.Column("not_after", sa.BigInteger()),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("edited_by", sa.BigInteger(), nullable=False),
        sa.Column("approved_by", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("submitted_at", sa.BigInteger()),
        sa.Column("approved_at", sa.BigInteger()),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("submissions", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("confirmed", sa.Text(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.CheckConstraint(STATES, name="ck_broadcasts_state"),
        sa.CheckConstraint("kind IN ('notice', 'correction')", name="ck_broadcasts_kind"),
        *(
            sa.ForeignKeyConstraint([column], ["staff.id"], name=f"fk_broadcasts_{column}")
            for column in ("created_by", "edited_by", "approved_by")
        ),
        sa.ForeignKeyConstraint(["follows_id"], ["broadcasts.id"], name="fk_broadcasts_follows_id"),
        sa.PrimaryKeyConstraint("id", name="pk_broadcasts"),
        sa.UniqueConstraint("token", name="uq_broadcasts_token"),
    )
    op.create_index("ix_broadcasts_follows_id", "broadcasts", ["follows_id"])
    has_one = sa.text("digest <> ''")
    op.create_index(
        "ix_broadcasts_digest", "broadcasts", ["digest"], postgresql_where=has_one, sqlite_where=has_one
    )


def _recipients() -> None:
    op.create_table(
        "recipients",
        sa.Column("broadcast_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["broadcast_id"], ["broadcasts.id"], name="fk_recipients_broadcast_id"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_recipients_contact_id"),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name="fk_recipients_unit_id"),
        sa.PrimaryKeyConstraint("broadcast_id", "contact_id", name="pk_recipients"),
    )
    op.create_index("ix_recipients_contact_id", "recipients", ["contact_id"])


def _templates_and_files() -> None:
    op.create_table(
        "broadcast_templates",
        sa.Column("id", KEY, nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["staff.id"], name="fk_broadcast_templates_created_by"),
        sa.PrimaryKeyConstraint("id", name="pk_broadcast_templates"),
    )
    op.create_table(
        "broadcast_files",
        sa.Column("id", KEY, nullable=False),
        sa.Column("broadcast_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["broadcast_id"], ["broadcasts.id"], name="fk_broadcast_files_broadcast_id"),
        sa.PrimaryKeyConstraint("id", name="pk_broadcast_files"),
        sa.UniqueConstraint("broadcast_id", name="uq_broadcast_files_broadcast_id"),
    )


def _staff_contacts() -> None:
    op.create_table(
        "staff_contacts",
        sa.Column("staff_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.BigInteger()),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("code_until", sa.BigInteger()),
        sa.Column("bound_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_staff_contacts_staff_id"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_staff_contacts_contact_id"),
        sa.PrimaryKeyConstraint("staff_id", name="pk_staff_contacts"),
    )
    op.create_index("ix_staff_contacts_contact_id", "staff_contacts", ["contact_id"])
