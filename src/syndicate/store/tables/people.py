"""Subscribers: what they want, what they agreed to, who must never be mailed."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, literal_column

from syndicate.store.tables.columns import Json, Moment, Serial, metadata

subscriber = Table(
    "subscriber",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("email", String(320), nullable=False),
    Column("canonical", String(320), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("languages", Text, nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("status", String(12), nullable=False),
    Column("consent_at", Moment),
    Column("consent_source", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index("ix_subscriber_timezone", "timezone"),
    # The number of somebody erased is in links and in the ledger: nobody else may ever have it.
    sqlite_autoincrement=True,
)

subscription = Table(
    "subscription",
    metadata,
    Column("subscriber", Serial, ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True),
    Column("newsletter", String(80), primary_key=True),
    Column("cadence", String(12), nullable=False),
    Index("ix_subscription_newsletter", "newsletter", "subscriber"),
)

# The history of a person's consent, append-only: what happened, when, and from where. `words` is what they were shown
# when they agreed, or what they told us when they left; `origin` the page and the network it came from.
consent_event = Table(
    "consent_event",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("subscriber", Serial, ForeignKey("subscriber.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("what", String(24), nullable=False),
    Column("newsletter", String(80), nullable=False),
    Column("source", Text, nullable=False),
    Column("words", Text, nullable=False, server_default=""),
    Column("origin", Text, nullable=False, server_default=""),
)

# Who asked for newsletters on the web, until they confirm by mail; also what limits are counted by. Every request is a
# line, whatever is known of the address: so that all are answered alike. `wish` is what was asked for (languages,
# newsletters, cadence, timezone, name), `words` what the page said, `origin` the page and the network it came from.
# `state` is asked, mailed, confirmed, or dropped (and `reason`).
signup = Table(
    "signup",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("email", String(320), nullable=False),
    Column("canonical", String(320), nullable=False),
    Column("network", String(50), nullable=False),
    Column("language", String(35), nullable=False),
    Column("wish", Json, nullable=False),
    Column("words", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Column("state", String(12), nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("mailed_at", Moment),
    Column("expires_at", Moment, nullable=False),
    Column("confirmed_at", Moment),
    Index("ix_signup_network_at", "network", "at"),
    Index("ix_signup_canonical", "canonical", "mailed_at"),
    # The number is in a link that was mailed: nobody else may ever have it.
    sqlite_autoincrement=True,
)

# Only what waits for its mail is looked for by when it is due.
is_asked = signup.c.state == literal_column("'asked'")
Index("ix_signup_asked", signup.c.due_at, sqlite_where=is_asked, postgresql_where=is_asked)

# Addresses never to be mailed, as a keyed hash: it outlives the subscriber's row.
suppression = Table(
    "suppression",
    metadata,
    Column("address_hash", LargeBinary(32), primary_key=True),
    Column("reason", String(24), nullable=False),
    Column("at", Moment, nullable=False),
)


subscriber_tag = Table(
    "subscriber_tag",
    metadata,
    Column("subscriber", Serial, ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", String(80), primary_key=True),
    Index("ix_subscriber_tag_tag", "tag", "subscriber"),
)
