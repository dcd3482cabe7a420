"""staff"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_REFUSAL = "the audit log is append-only"


def upgrade() -> None:
    _accounts()
    _records()
    _issues()
    _people()
    _boards()
    if op.get_bind().dialect.name == "postgresql":
        _guard_on_postgres()
    else:
        _guard_on_sqlite()


def _accounts() -> None:
    op.create_table(
        "staff",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("canonical", sa.String(length=320), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("totp_secret", sa.String(length=64), nullable=False),
        sa.Column("totp_step", sa.BigInteger(), nullable=False),
        sa.Column("recovery", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("disabled_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("canonical", name=op.f("uq_staff_canonical")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "staff_link",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("staff", _SERIAL, nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("used_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f("fk_staff_link_staff_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_link")),
    )
    op.create_index("ix_staff_link_staff", "staff_link", ["staff"])
    op.create_table(
        "staff_session",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("staff", _SERIAL, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.Column("stepped_up_at", _MOMENT, nullable=True),
        sa.Column("network", sa.String(length=50), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f("fk_staff_session_staff_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_session")),
    )
    op.create_index("ix_staff_session_staff", "staff_session", ["staff"])
    op.create_table(
        "sign_in_failure",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failure")),
    )
    op.create_index("ix_sign_in_failure_key_at", "sign_in_failure", ["kind", "key", "at"])
    op.create_index("ix_sign_in_failure_at", "sign_in_failure", ["at"])


def _records() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("staff", _SERIAL, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=True),
        sa.Column("used_at", _MOMENT, nullable=True),
        sa.Column("revoked_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f("fk_api_token_staff_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("secret", name=op.f("uq_api_token_secret")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_api_token_staff", "api_token", ["staff"])
    op.create_table(
        "answered",
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("actor", "key", name=op.f("pk_answered")),
    )
    op.create_index("ix_answered_at", "answered", ["at"])
    op.create_table(
        "audit",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("staff", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("network", sa.String(length=50), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_subject", "audit", ["subject"])


def _issues() -> None:
    op.add_column("issue", sa.Column("not_before", _MOMENT, nullable=True))
    op.create_table(
        "draft",
        sa.Column("issue", _SERIAL, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("staff", sa.BigInteger(), nullable=False),
        sa.Column("saved_at", _MOMENT, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("applied", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["issue"], ["issue.id"], name=op.f("fk_draft_issue_issue"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("issue", name=op.f("pk_draft")),
    )
    op.create_table(
        "approval",
        sa.Column("issue", _SERIAL, nullable=False),
        sa.Column("staff", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["issue"], ["issue.id"], name=op.f("fk_approval_issue_issue"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("issue", "staff", name=op.f("pk_approval")),
    )
    op.create_table(
        "tally",
        sa.Column("issue", _SERIAL, nullable=False),
        sa.Column("counted_at", _MOMENT, nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("is_stale", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["issue"], ["issue.id"], name=op.f("fk_tally_issue_issue"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("issue", name=op.f("pk_tally")),
    )
    is_stale = sa.text("is_stale = true")
    op.create_index("ix_tally_stale", "tally", ["issue"], sqlite_where=is_stale, postgresql_where=is_stale)
    op.create_table(
        "tester",
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("added_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("email", name=op.f("pk_tester")),
    )
    op.create_table(
        "subscriber_tag",
        sa.Column("subscriber", _SERIAL, nullable=False),
        sa.Column("tag", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber"],
            ["subscriber.id"],
            name=op.f("fk_subscriber_tag_subscriber_subscriber"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscriber", "tag", name=op.f("pk_subscriber_tag")),
    )
    op.create_index("ix_subscriber_tag_tag", "subscriber_tag", ["tag", "subscriber"])


def _people() -> None:
    """What people are looked for by."""
    if op.get_bind().dialect.name == "postgresql":
        # Ordered by bytes, as on SQLite: a prefix is then a range.
        op.execute('ALTER TABLE subscriber ALTER COLUMN canonical TYPE varchar(320) COLLATE "C"')
        op.execute('ALTER TABLE subscriber ALTER COLUMN name TYPE text COLLATE "C"')
    op.create_index("ix_subscriber_languages", "subscriber", ["languages", "id"])
    family = _last_part("name", " ")
    op.create_index("ix_subscriber_domain", "subscriber", [sa.text(_last_part("canonical", "@")), "id"])
    op.create_index("ix_subscriber_name", "subscriber", [sa.text("lower(name)"), "id"])
    op.create_index("ix_subscriber_family", "subscriber", [sa.text(f"lower({family})"), "id"])
    is_inactive = sa.text("status != 'active'")
    op.create_index(
        "ix_subscriber_inactive",
        "subscriber",
        ["status", "id"],
        sqlite_where=is_inactive,
        postgresql_where=is_inactive,
    )
    op.create_index("ix_suppression_reason", "suppression", ["reason"])
    op.create_table(
        "errand",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("staff", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("began_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_errand")),
        sqlite_autoincrement=True,
    )


def _last_part(of: str, separator: str) -> str:
    return f"replace({of}, rtrim({of}, replace({of}, '{separator}', '')), '')"


def _boards() -> None:
    """What the pages of stories and of today are read from."""
    op.create_table(
        "card",
        sa.Column("story", sa.String(length=64), nullable=False),
        sa.Column("latest", _MOMENT, nullable=False),
        sa.Column("languages", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("story", name=op.f("pk_card")),
    )
    op.create_index("ix_card_latest", "card", ["latest", "story"])
    op.create_table(
        "forecast",
        sa.Column("newsletter", sa.String(length=80), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("counted_at", _MOMENT, nullable=False),
        sa.Column("people", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("newsletter", name=op.f("pk_forecast")),
    )
    is_open = sa.text("state IN ('planned', 'approved', 'sending', 'paused')")
    op.create_index("ix_issue_open", "issue", ["slot"], sqlite_where=is_open, postgresql_where=is_open)
    is_complaint = sa.text("reason = 'complained'")
    op.create_index(
        "ix_suppression_complaint",
        "suppression",
        ["at"],
        sqlite_where=is_complaint,
        postgresql_where=is_complaint,
    )


def _guard_on_sqlite() -> None:
    for what in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_no_{what.lower()} BEFORE {what} ON audit "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )
    # INSERT OR REPLACE deletes without asking the triggers of DELETE.
    op.execute(
        "CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit "
        "WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id) "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
    )


def _guard_on_postgres() -> None:
    op.execute(
        "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_refuse()"
    )
    op.execute(
        "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
    )
