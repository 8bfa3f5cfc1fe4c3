"""What questions came to, self-checks by number, gaps, and wordings that staff have taught."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for name in ("answer", "city", "district", "topic"):
        op.add_column("inbound", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    _check_counts()
    _gaps()
    _learned()


def _check_counts() -> None:
    key = ("day", "city", "district", "programme", "what", "name")
    op.create_table(
        "check_counts",
        *(sa.Column(name, sa.Text(), nullable=False) for name in key),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint("what IN ('begun', 'outcome', 'failed')", name="ck_check_counts_what"),
        sa.PrimaryKeyConstraint(*key, name="pk_check_counts"),
    )


def _gaps() -> None:
    op.create_table(
        "gap_tasks",
        sa.Column("id", KEY, nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_gap_tasks"),
    )
    op.create_table(
        "gaps",
        sa.Column("id", KEY, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("question", sa.Text()),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger()),
        sa.Column("task_id", sa.BigInteger()),
        sa.CheckConstraint("why IN ('unknown', 'silent', 'unhelpful')", name="ck_gaps_why"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_gaps_contact_id"),
        sa.ForeignKeyConstraint(["task_id"], ["gap_tasks.id"], name="fk_gaps_task_id"),
        sa.PrimaryKeyConstraint("id", name="pk_gaps"),
    )
    op.create_index("ix_gaps_contact_id", "gaps", ["contact_id"])
    open_gaps = sa.text("settled_at IS NULL AND question IS NOT NULL")
    op.create_index("ix_gaps_open", "gaps", ["asked_at"], postgresql_where=open_gaps, sqlite_where=open_gaps)


def _learned() -> None:
    op.create_table(
        "learned",
        sa.Column("id", KEY, nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("taught_by", sa.Text(), nullable=False),
        sa.Column("taught_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_learned"),
    )
    held = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_learned_held",
        "learned",
        ["city", "wording"],
        unique=True,
        postgresql_where=held,
        sqlite_where=held,
    )
