"""What staff know better of an office than its notice, and people who could not get through to it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _corrections()
    _checks()
    _reports()


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _corrections() -> None:
    op.create_table(
        "office_corrections",
        sa.Column("id", KEY, nullable=False),
        *_texts("fact", "city", "district", "printed", "phones", "address", "remark", "source", "entered_by"),
        sa.Column("entered_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_office_corrections"),
    )
    _partial("ix_office_corrections_held", "office_corrections", "ended_at IS NULL", unique=True)


def _checks() -> None:
    op.create_table(
        "office_checks",
        *_texts("fact", "city", "district", "printed"),
        sa.Column("correction_id", sa.BigInteger()),
        *_texts("checked_by"),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["correction_id"], ["office_corrections.id"], name="fk_office_checks_correction_id"
        ),
        sa.PrimaryKeyConstraint("fact", name="pk_office_checks"),
    )


def _reports() -> None:
    op.create_table(
        "office_reports",
        sa.Column("id", KEY, nullable=False),
        sa.Column("contact_id", sa.BigInteger()),
        *_texts("fact", "city", "district", "number"),
        sa.Column("open", sa.Boolean(), nullable=False),
        *_texts("day"),
        sa.Column("reported_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_office_reports_contact_id"),
        sa.PrimaryKeyConstraint("id", name="pk_office_reports"),
    )
    op.create_index("ix_office_reports_once", "office_reports", ["contact_id", "fact", "day"], unique=True)
    _partial("ix_office_reports_open", "office_reports", "settled_at IS NULL")


def _partial(name: str, table: str, condition: str, *, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, table, ["fact"], unique=unique, postgresql_where=where, sqlite_where=where)
