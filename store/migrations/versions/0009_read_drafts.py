"""Uploads are read once, when they come: what they hold is kept in the place of the file."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXTS = ("kind", "city", "district", "notice", "file_name", "table_sealed", "digest")


def upgrade() -> None:
    # a file that waits has no table yet; it is kept for a day at the most and can be uploaded again
    op.drop_table("import_drafts")
    op.create_table(
        "import_drafts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in TEXTS),
        sa.Column("exported_at", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_import_drafts_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_import_drafts"),
        sa.UniqueConstraint("staff_id", name="uq_import_drafts_staff_id"),
    )
