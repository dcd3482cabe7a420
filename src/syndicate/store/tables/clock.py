"""Which process does what, and how it went."""

from sqlalchemy import Column, String, Table, Text

from syndicate.store.tables.columns import Moment, metadata

# Which of several processes does a piece of work now: whoever holds the lease, until then.
lease = Table(
    "lease",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("holder", String(300), nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment, nullable=False),
)

# What the clock does again and again, and how it went the last time: `problem` is empty when it went well.
duty = Table(
    "duty",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("began_at", Moment, nullable=False),
    Column("done_at", Moment),
    Column("problem", Text, nullable=False),
)
