"""Registered units, reminders, review status, and an outbox of several paths."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PURPOSES = "purpose IN ('result', 'roster', 'remind', 'feed', 'attachment')"


def upgrade() -> None:
    _units()
    _unit_people()
    _applications()
    _imports()
    _application_history()
    _returns()
    _seats()
    _codes()
    _seat_requests()
    _failures()
    _staff_notes()
    _consents()
    _wishes()
    _mutes()
    _api_calls()
    _receipts()
    _allowances()
    _mass_uses()
    _api_nonces()
    _api_answers()
    _column_names()
    _calendar_days()
    _durations()
    _sweeps()
    _known_stages()
    _deliveries()
    _pages()


def _where(condition: str) -> dict[str, Any]:
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}


def _units() -> None:
    op.create_table(
        "units",
        sa.Column("id", KEY, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_units"),
        sa.UniqueConstraint("code", name="uq_units_code"),
    )
    op.create_index("ix_units_place", "units", ["city", "district"])


def _unit_people() -> None:
    op.create_table(
        "unit_people",
        sa.Column("id", KEY, nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("name_sealed", sa.Text(), nullable=False),
        sa.Column("phone_sealed", sa.Text(), nullable=False),
        sa.Column("phone_index", sa.Text(), nullable=False),
        sa.Column("email_sealed", sa.Text()),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_unit_people_contact_id"),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name="fk_unit_people_unit_id"),
        sa.PrimaryKeyConstraint("id", name="pk_unit_people"),
        sa.UniqueConstraint("unit_id", "phone_index", name="uq_unit_people_unit_id_phone_index"),
    )
    op.create_index("ix_unit_people_contact_id", "unit_people", ["contact_id"])


def _applications() -> None:
    op.create_table(
        "applications",
        sa.Column("id", KEY, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger()),
        sa.Column("unit_name", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("name_sealed", sa.Text(), nullable=False),
        sa.Column("declared_at", sa.Text(), nullable=False),
        sa.Column("unit_rank", sa.Text(), nullable=False),
        sa.Column("district_rank", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_id", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("opinion_sealed", sa.Text()),
        sa.Column("exported_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("gone_at", sa.BigInteger()),
        sa.Column("contact_id", sa.BigInteger()),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_applications_contact_id"),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name="fk_applications_unit_id"),
        sa.PrimaryKeyConstraint("id", name="pk_applications"),
        sa.UniqueConstraint("key", name="uq_applications_key"),
    )
    op.create_index("ix_applications_contact_id", "applications", ["contact_id"])
    op.create_index("ix_applications_place", "applications", ["city", "district"])
    op.create_index("ix_applications_unit_id", "applications", ["unit_id"])


def _imports() -> None:
    op.create_table(
        "imports",
        sa.Column("id", KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False, server_default=""),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_hash", sa.Text(), nullable=False),
        sa.Column("exported_at", sa.BigInteger(), nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.Column("imported_by", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
    )
    op.create_index("ix_imports_latest", "imports", ["kind", "city", "exported_at"])


def _application_history() -> None:
    op.create_table(
        "application_history",
        sa.Column("id", KEY, nullable=False),
        sa.Column("application_id", sa.BigInteger(), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_id", sa.Text(), nullable=False),
        sa.Column("opinion_sealed", sa.Text()),
        sa.Column("exported_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.id"], name="fk_application_history_application_id"
        ),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name="fk_application_history_import_id"),
        sa.PrimaryKeyConstraint("id", name="pk_application_history"),
        sa.UniqueConstraint(
            "application_id", "import_id", name="uq_application_history_application_id_import_id"
        ),
    )


def _returns() -> None:
    op.create_table(
        "returns",
        sa.Column("id", KEY, nullable=False),
        sa.Column("application_id", sa.BigInteger(), nullable=False),
        sa.Column("history_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("mended_at", sa.BigInteger()),
        sa.Column("closed_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name="fk_returns_application_id"),
        sa.ForeignKeyConstraint(["history_id"], ["application_history.id"], name="fk_returns_history_id"),
        sa.PrimaryKeyConstraint("id", name="pk_returns"),
        sa.UniqueConstraint("history_id", name="uq_returns_history_id"),
    )
    op.create_index(
        "ix_returns_open", "returns", ["application_id"], unique=True, **_where("closed_at IS NULL")
    )


def _seats() -> None:
    op.create_table(
        "seats",
        sa.Column("id", KEY, nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("ended_by", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('provisional', 'confirmed')", name="ck_seats_state"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_seats_contact_id"),
        sa.ForeignKeyConstraint(["person_id"], ["unit_people.id"], name="fk_seats_person_id"),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name="fk_seats_unit_id"),
        sa.PrimaryKeyConstraint("id", name="pk_seats"),
    )
    op.create_index("ix_seats_contact_id", "seats", ["contact_id"])
    op.create_index(
        "ix_seats_held", "seats", ["unit_id", "contact_id"], unique=True, **_where("ended_at IS NULL")
    )
    op.create_index("ix_seats_person_id", "seats", ["person_id"])


def _codes() -> None:
    op.create_table(
        "codes",
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("application_id", sa.BigInteger()),
        sa.Column("person_id", sa.BigInteger()),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger()),
        sa.Column("used_by", sa.BigInteger()),
        sa.CheckConstraint(
            "purpose IN ('invite', 'hand_over', 'confirm', 'progress')", name="ck_codes_purpose"
        ),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name="fk_codes_application_id"),
        sa.ForeignKeyConstraint(["person_id"], ["unit_people.id"], name="fk_codes_person_id"),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name="fk_codes_unit_id"),
        sa.ForeignKeyConstraint(["used_by"], ["contacts.id"], name="fk_codes_used_by"),
        sa.PrimaryKeyConstraint("code_hash", name="pk_codes"),
    )
    op.create_index("ix_codes_unit_id", "codes", ["unit_id"])


def _seat_requests() -> None:
    op.create_table(
        "seat_requests",
        sa.Column("id", KEY, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger()),
        sa.Column("claim_sealed", sa.Text()),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger()),
        sa.Column("decision", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_seat_requests_contact_id"),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name="fk_seat_requests_unit_id"),
        sa.PrimaryKeyConstraint("id", name="pk_seat_requests"),
    )
    op.create_index("ix_seat_requests_contact_id", "seat_requests", ["contact_id"])
    op.create_index("ix_seat_requests_open", "seat_requests", ["asked_at"], **_where("decided_at IS NULL"))


def _failures() -> None:
    op.create_table(
        "failures",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_failures"),
    )


def _staff_notes() -> None:
    op.create_table(
        "staff_notes",
        sa.Column("id", KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_staff_notes"),
        sa.UniqueConstraint("dedupe_key", name="uq_staff_notes_dedupe_key"),
    )
    op.create_index(
        "ix_staff_notes_open", "staff_notes", ["city", "district", "noted_at"], **_where("closed_at IS NULL")
    )


def _consents() -> None:
    op.create_table(
        "consents",
        sa.Column("id", KEY, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_consents_contact_id"),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
    )
    op.create_index(
        "ix_consents_held",
        "consents",
        ["contact_id", "purpose"],
        unique=True,
        **_where("withdrawn_at IS NULL"),
    )


def _wishes() -> None:
    op.create_table(
        "wishes",
        sa.Column("id", KEY, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_wishes_contact_id"),
        sa.PrimaryKeyConstraint("id", name="pk_wishes"),
    )
    op.create_index(
        "ix_wishes_held", "wishes", ["contact_id", "kind", "topic"], unique=True, **_where("ended_at IS NULL")
    )
    op.create_index("ix_wishes_topic", "wishes", ["kind", "topic"], **_where("ended_at IS NULL"))


def _mutes() -> None:
    op.create_table(
        "mutes",
        sa.Column("contact_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_mutes_contact_id"),
        sa.PrimaryKeyConstraint("contact_id", "topic", name="pk_mutes"),
    )


def _api_calls() -> None:
    op.create_table(
        "api_calls",
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("lane", "day", name="pk_api_calls"),
    )


def _receipts() -> None:
    op.create_table(
        "receipts",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("platform_id", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "account", "platform_id", "contact_id", name="pk_receipts"),
    )
    op.create_index("ix_receipts_contact_id", "receipts", ["contact_id"])


def _allowances() -> None:
    op.create_table(
        "allowances",
        sa.Column("contact_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("template_id", sa.Text(), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.Column("lasting", sa.Boolean(), nullable=False),
        sa.Column("rejected", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_allowances_contact_id"),
        sa.PrimaryKeyConstraint("contact_id", "template_id", name="pk_allowances"),
    )


def _mass_uses() -> None:
    op.create_table(
        "mass_uses",
        sa.Column("contact_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_mass_uses_contact_id"),
        sa.PrimaryKeyConstraint("contact_id", "month", name="pk_mass_uses"),
    )


def _api_nonces() -> None:
    op.create_table(
        "api_nonces",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("client", "nonce", name="pk_api_nonces"),
    )


def _api_answers() -> None:
    op.create_table(
        "api_answers",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("client", "idempotency_key", name="pk_api_answers"),
    )


def _column_names() -> None:
    op.create_table(
        "column_names",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "heading", name="pk_column_names"),
    )


def _calendar_days() -> None:
    op.create_table(
        "calendar_days",
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_calendar_days"),
    )


def _durations() -> None:
    op.create_table(
        "durations",
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("working_days", sa.Integer(), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("notice", "district", "step", name="pk_durations"),
    )


def _sweeps() -> None:
    op.create_table(
        "sweeps",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("done_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_sweeps"),
    )


def _known_stages() -> None:
    op.create_table(
        "known_stages",
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stage", name="pk_known_stages"),
    )


def _deliveries() -> None:
    op.add_column("contacts", sa.Column("barred", sa.Text(), nullable=False, server_default=""))
    for name in ("template", "content", "premises", "path", "mass_key"):
        op.add_column("deliveries", sa.Column(name, sa.Text()))
    op.add_column("deliveries", sa.Column("kind", sa.Text(), nullable=False, server_default="reply"))
    op.add_column("deliveries", sa.Column("occasion", sa.Text(), nullable=False, server_default=""))
    for name in ("resend_of", "posted_at"):
        op.add_column("deliveries", sa.Column(name, sa.BigInteger()))
    # alembic would make the key apart from its column, which SQLite cannot
    op.execute(
        "ALTER TABLE deliveries ADD COLUMN unit_id BIGINT"
        " CONSTRAINT fk_deliveries_unit_id REFERENCES units (id)"
    )
    op.create_index("ix_deliveries_occasion", "deliveries", ["occasion"], **_where("occasion <> ''"))
    op.create_index("ix_deliveries_platform_id", "deliveries", ["platform_id"], **_where("platform_id <> ''"))
    op.create_index("ix_deliveries_mass_key", "deliveries", ["mass_key"], **_where("mass_key IS NOT NULL"))


def _pages() -> None:
    """Only PostgreSQL changes a check in place; on SQLite the table is made anew and its rows move over."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("ck_pages_purpose", "pages")
        op.create_check_constraint("ck_pages_purpose", "pages", PURPOSES)
        return
    op.drop_index("ix_pages_contact_id", "pages")
    op.drop_index("ix_pages_expires_at", "pages")
    op.rename_table("pages", "old_pages")
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
        sa.CheckConstraint(PURPOSES, name="ck_pages_purpose"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_pages_contact_id"),
    )
    op.execute("INSERT INTO pages SELECT * FROM old_pages")
    op.drop_table("old_pages")
    op.create_index("ix_pages_contact_id", "pages", ["contact_id"])
    op.create_index("ix_pages_expires_at", "pages", ["expires_at"])
