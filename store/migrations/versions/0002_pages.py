"""Pages that are opened by a link."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "pages",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_pages"),
        sa.CheckConstraint("purpose IN ('result', 'roster')", name="ck_pages_purpose"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_pages_contact_id"),
    )
    op.create_index("ix_pages_contact_id", "pages", ["contact_id"])
    op.create_index("ix_pages_expires_at", "pages", ["expires_at"])
