"""the first schema"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "article",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("story", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("group_key", sa.Text(), nullable=False),
        sa.Column("permanent_id", sa.Text(), nullable=False),
        sa.Column("likeness", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("published", sa.DateTime(timezone=True), nullable=False),
        sa.Column("available", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("listing", sa.Text(), nullable=False),
        sa.Column("similar", sa.Text(), nullable=False),
        sa.Column("related", sa.Boolean(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article")),
        sa.UniqueConstraint("sequence", name=op.f("uq_article_sequence")),
        sa.UniqueConstraint("source", "key", name=op.f("uq_article_source_key")),
    )
    op.create_index(op.f("ix_article_available"), "article", ["available"], unique=False)
    op.create_index("ix_article_source_group", "article", ["source", "group_key"], unique=False)
    op.create_index("ix_article_source_item", "article", ["source", "item"], unique=False)
    op.create_index(op.f("ix_article_related"), "article", ["related"], unique=False)
    op.create_index(op.f("ix_article_story"), "article", ["story"], unique=False)
    op.create_table(
        "author",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("photo", sa.Text(), nullable=False),
        sa.Column("links", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_author")),
    )
    op.create_table(
        "issue",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("newsletter", sa.String(length=80), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.Column("date", sa.String(length=10), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cutoff", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("choices", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue")),
        sa.UniqueConstraint("newsletter", "slot", name=op.f("uq_issue_newsletter_slot")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "problem",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("advice", sa.Text(), nullable=False),
        sa.Column("fatal", sa.Boolean(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_problem")),
    )
    op.create_index("ix_problem_source_item", "problem", ["source", "item"], unique=False)
    op.create_table(
        "public_file",
        sa.Column("path", sa.String(length=400), nullable=False),
        sa.Column("page", sa.String(length=300), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(length=120), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_public_file")),
    )
    op.create_index(op.f("ix_public_file_page"), "public_file", ["page"], unique=False)
    op.create_table(
        "published_page",
        sa.Column("page", sa.String(length=300), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("page", name=op.f("pk_published_page")),
    )
    op.create_table(
        "source_item",
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "key", name=op.f("pk_source_item")),
    )
    op.create_table(
        "subscriber",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("canonical", sa.String(length=320), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("languages", sa.Text(), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("consent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("consent_source", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriber")),
        sa.UniqueConstraint("canonical", name=op.f("uq_subscriber_canonical")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "suppression",
        sa.Column("address_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("pk_suppression")),
    )
    op.create_table(
        "bio",
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author"], ["author.key"], name=op.f("fk_bio_author_author"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("author", "language", name=op.f("pk_bio")),
    )
    op.create_table(
        "consent_event",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("subscriber", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(length=24), nullable=False),
        sa.Column("newsletter", sa.String(length=80), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber"],
            ["subscriber.id"],
            name=op.f("fk_consent_event_subscriber_subscriber"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_event")),
    )
    op.create_index(op.f("ix_consent_event_subscriber"), "consent_event", ["subscriber"], unique=False)
    op.create_table(
        "edition",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("issue", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("reads", sa.Text(), nullable=False),
        sa.Column("is_main", sa.Boolean(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["issue"], ["issue.id"], name=op.f("fk_edition_issue_issue"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition")),
    )
    op.create_index(op.f("ix_edition_issue"), "edition", ["issue"], unique=False)
    op.create_table(
        "subscription",
        sa.Column("subscriber", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("newsletter", sa.String(length=80), nullable=False),
        sa.Column("cadence", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber"],
            ["subscriber.id"],
            name=op.f("fk_subscription_subscriber_subscriber"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscriber", "newsletter", name=op.f("pk_subscription")),
    )
    op.create_index("ix_subscription_newsletter", "subscription", ["newsletter", "subscriber"], unique=False)
    op.create_table(
        "delivery",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("issue", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("subscriber", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("carrier", sa.String(length=40), nullable=False),
        sa.Column("message_id", sa.String(length=320), nullable=False),
        sa.Column("handed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["edition"], ["edition.id"], name=op.f("fk_delivery_edition_edition")),
        sa.ForeignKeyConstraint(["issue"], ["issue.id"], name=op.f("fk_delivery_issue_issue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("issue", "subscriber", name=op.f("uq_delivery_issue_subscriber")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_delivery_edition"), "delivery", ["edition"], unique=False)
    op.create_index("ix_delivery_issue_state", "delivery", ["issue", "state"], unique=False)
    op.create_index(op.f("ix_delivery_subscriber"), "delivery", ["subscriber"], unique=False)
    op.create_table(
        "edition_item",
        sa.Column("edition", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("story", sa.String(length=64), nullable=False),
        sa.Column("article", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("placement", sa.String(length=8), nullable=False),
        sa.Column("is_fallback", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition"], ["edition.id"], name=op.f("fk_edition_item_edition_edition"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition", "position", name=op.f("pk_edition_item")),
    )
    op.create_index(op.f("ix_edition_item_story"), "edition_item", ["story"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_edition_item_story"), table_name="edition_item")
    op.drop_table("edition_item")
    op.drop_index(op.f("ix_delivery_subscriber"), table_name="delivery")
    op.drop_index("ix_delivery_issue_state", table_name="delivery")
    op.drop_index(op.f("ix_delivery_edition"), table_name="delivery")
    op.drop_table("delivery")
    op.drop_index("ix_subscription_newsletter", table_name="subscription")
    op.drop_table("subscription")
    op.drop_index(op.f("ix_edition_issue"), table_name="edition")
    op.drop_table("edition")
    op.drop_index(op.f("ix_consent_event_subscriber"), table_name="consent_event")
    op.drop_table("consent_event")
    op.drop_table("bio")
    op.drop_table("suppression")
    op.drop_table("subscriber")
    op.drop_table("source_item")
    op.drop_table("published_page")
    op.drop_index(op.f("ix_public_file_page"), table_name="public_file")
    op.drop_table("public_file")
    op.drop_index("ix_problem_source_item", table_name="problem")
    op.drop_table("problem")
    op.drop_table("issue")
    op.drop_table("author")
    op.drop_index(op.f("ix_article_story"), table_name="article")
    op.drop_index("ix_article_source_item", table_name="article")
    op.drop_index("ix_article_source_group", table_name="article")
    op.drop_index(op.f("ix_article_available"), table_name="article")
    op.drop_table("article")
