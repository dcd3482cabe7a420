"""readers and the timetable"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _people()
    _issues()
    _feeds()
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=300), nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "duty",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("began_at", _MOMENT, nullable=False),
        sa.Column("done_at", _MOMENT, nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_duty")),
    )


def _people() -> None:
    op.create_index("ix_subscriber_timezone", "subscriber", ["timezone"])
    for name in ("words", "origin"):
        op.add_column("consent_event", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.create_table(
        "signup",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("canonical", sa.String(length=320), nullable=False),
        sa.Column("network", sa.String(length=50), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("mailed_at", _MOMENT, nullable=True),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("confirmed_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signup")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_signup_at", "signup", ["at"])
    op.create_index("ix_signup_canonical", "signup", ["canonical", "mailed_at"])
    op.create_index("ix_signup_network_at", "signup", ["network", "at"])
    is_asked = sa.text("state = 'asked'")
    op.create_index("ix_signup_asked", "signup", ["due_at"], sqlite_where=is_asked, postgresql_where=is_asked)


def _issues() -> None:
    op.add_column("edition", sa.Column("cadence", sa.String(length=12), server_default="", nullable=False))
    op.add_column("issue", sa.Column("note", sa.Text(), server_default="", nullable=False))
    op.add_column("issue", sa.Column("name", sa.String(length=20), server_default="", nullable=False))
    op.execute("UPDATE issue SET name = date")
    op.create_index("ix_issue_newsletter_name", "issue", ["newsletter", "name"], unique=True)


def _feeds() -> None:
    op.create_table(
        "moved",
        sa.Column("path", sa.String(length=400), nullable=False),
        sa.Column("location", sa.String(length=400), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_moved")),
    )
    op.create_table(
        "feed_version",
        sa.Column("path", sa.String(length=400), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("entries", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("path", "sha256", name=op.f("pk_feed_version")),
    )
    op.create_table(
        "ping",
        sa.Column("hub", sa.String(length=400), nullable=False),
        sa.Column("topic", sa.String(length=400), nullable=False),
        sa.Column("queued_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", _MOMENT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hub", "topic", name=op.f("pk_ping")),
    )
    op.create_index("ix_ping_due_at", "ping", ["due_at"])
