"""The ledger: what is owed to whom, who is handing it over, what came back."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)

from syndicate.store.tables.columns import Json, Moment, Serial, metadata

# One row: which database this is, and how many claims were ever made in it. Both are compared with a witness outside
# (see ``witness``), so that a backup restored over newer truth is noticed.
ledger = Table(
    "ledger",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("identity", String(36), nullable=False),
    Column("claims", BigInteger, nullable=False),
)

# The ledger's lines. (issue, subscriber) is unique: one person is owed one message of one issue, whatever happens.
# `claim` is the last claim it was in; `due_at` the time before which one that was put off is not tried again;
# `delivered_at` is when the reader's own server took it, where the carrier tells.
# The foreign keys are SQLite's alone: PostgreSQL would look the parents up for each of a million lines, in two thirds
# of the time that planning takes. `deliveries.plan` asks once, and `issues` locks what it deletes.
delivery = Table(
    "delivery",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("issue", Serial, ForeignKey("issue.id"), nullable=False),
    Column("edition", Serial, ForeignKey("edition.id"), nullable=True, index=True),
    Column("subscriber", Serial, nullable=False, index=True),
    Column("state", String(12), nullable=False),
    Column("reason", Text, nullable=False),
    Column("carrier", String(40), nullable=False),
    Column("message_id", String(320), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("claim", BigInteger),
    Column("due_at", Moment),
    Column("handed_at", Moment),
    Column("settled_at", Moment),
    Column("delivered_at", Moment),
    UniqueConstraint("issue", "subscriber"),
    # The outbox names its files after deliveries: a number is never given twice.
    sqlite_autoincrement=True,
)

# Only what is still to be done, and what is in doubt, is looked for by its state: so only that is kept in an index, and
# a delivery that is done costs no more writing. Conditions are literals: SQLite does not look into parameters.
is_planned = delivery.c.state == literal_column("'planned'")
is_unsure = delivery.c.state == literal_column("'unsure'")
Index(
    "ix_delivery_planned",
    delivery.c.issue,
    delivery.c.id,
    sqlite_where=is_planned,
    postgresql_where=is_planned,
)
Index(
    "ix_delivery_unsure", delivery.c.issue, delivery.c.id, sqlite_where=is_unsure, postgresql_where=is_unsure
)

# Deliveries that one sender has taken to hand over, a row as small as can be because it is written all the time.
# The number (of `ledger.claims`, never given twice) is the fencing epoch: a sender whose row is gone, or has another
# `revision`, may hand nothing over. `deliveries` are [first, last] pairs of ids; `marked` and `taken` are bitmaps
# over them in that order: may have been handed over, and taken by the carrier.
claim = Table(
    "claim",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("issue", Serial, ForeignKey("issue.id"), nullable=False, index=True),
    Column("carrier", String(40), nullable=False),
    Column("holder", String(300), nullable=False),
    Column("until", Moment, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("deliveries", Json, nullable=False),
    Column("marked", LargeBinary, nullable=False),
    Column("taken", LargeBinary, nullable=False),
)

# How many messages each carrier took on each day (UTC): what a warm-up counts. A provider's list of suppressions
# ("sendgrid suppressions") is a line here, too, of the day on which it was taken over.
volume = Table(
    "volume",
    metadata,
    Column("carrier", String(40), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("messages", Integer, nullable=False),
)

# What providers said, as it came, until it is read: the door answers first.
received = Table(
    "received",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("carrier", String(40), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
)

# What came back, once each, whatever the order and however often it was told.
event = Table(
    "event",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("carrier", String(40), nullable=False),
    Column("key", String(128), nullable=False),
    Column("delivery", Serial, nullable=True, index=True),
    Column("kind", String(16), nullable=False),
    Column("at", Moment, nullable=False),
    Column("detail", Text, nullable=False),
    Column("is_machine", Boolean, nullable=False),
    Column("raw", Text, nullable=False),
    Column("heard_at", Moment, nullable=False),
    UniqueConstraint("carrier", "key"),
)
