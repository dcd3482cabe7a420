"""corrections"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("article", sa.Column("said", sa.Text(), nullable=True))
    op.add_column("issue", sa.Column("corrects", sa.String(length=64), server_default="", nullable=False))
    is_correction = sa.text("corrects != ''")
    op.create_index(
        "ix_issue_corrects",
        "issue",
        ["corrects"],
        sqlite_where=is_correction,
        postgresql_where=is_correction,
    )
    op.create_table(
        "correction",
        sa.Column("article", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("story", sa.String(length=64), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("staff", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("article", "kind", name=op.f("pk_correction")),
    )
    op.create_index("ix_correction_story", "correction", ["story"])
