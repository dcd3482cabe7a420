"""What staff have on their desks: drafts, approvals, counts, testers."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    literal_column,
)

from syndicate.store.tables.columns import Json, Moment, Serial, metadata

# What staff changed about an issue's automatic choice (model.Draft); `revision` grows with each save. `before` are
# the contents before the last changes, newest last; `applied` is the revision of which the editions were made.
draft = Table(
    "draft",
    metadata,
    Column("issue", Serial, ForeignKey("issue.id", ondelete="CASCADE"), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("staff", BigInteger, nullable=False),
    Column("saved_at", Moment, nullable=False),
    Column("content", Json, nullable=False),
    Column("before", Json, nullable=False),
    Column("applied", Integer, nullable=False),
)

approval = Table(
    "approval",
    metadata,
    Column("issue", Serial, ForeignKey("issue.id", ondelete="CASCADE"), primary_key=True),
    Column("staff", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
)

# The ledger of an issue, counted (see `store.tallies`): a page never counts a million lines. `is_stale`: something was
# heard or done since.
tally = Table(
    "tally",
    metadata,
    Column("issue", Serial, ForeignKey("issue.id", ondelete="CASCADE"), primary_key=True),
    Column("counted_at", Moment, nullable=False),
    Column("counts", Json, nullable=False),
    Column("is_stale", Boolean, nullable=False),
)
# The few that are to be counted again.
is_stale = tally.c.is_stale == literal_column("true")
Index("ix_tally_stale", tally.c.issue, sqlite_where=is_stale, postgresql_where=is_stale)

# Who gets test mails.
tester = Table(
    "tester",
    metadata,
    Column("email", String(320), primary_key=True),
    Column("name", Text, nullable=False),
    Column("added_at", Moment, nullable=False),
)

# What would go out with a newsletter's next issue if it were now (see flows.forecast): worked out by the clock, for a
# page cannot. `people` are the readers counted by [languages, cadence, how many], which is done less often.
forecast = Table(
    "forecast",
    metadata,
    Column("newsletter", String(80), primary_key=True),
    Column("made_at", Moment, nullable=False),
    Column("counted_at", Moment, nullable=False),
    Column("people", Json, nullable=False),
    Column("content", Json, nullable=False),
)
