"""Issues and editions."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)

from syndicate.store.tables.columns import Json, Moment, Serial, metadata

# `date` is the slot's local date, `name` what it is called in addresses: the date, with the local time where a day may
# have several. A name is never given twice, whatever happens to clocks and settings. `note` is why it waits for staff,
# or was folded into the next. Nothing of it leaves before `not_before`: until then an approval can be taken back.
# `corrects` is the story that it corrects, by mail to those who got it, or empty: such an issue is none of the
# timetable's, its slot is the moment at which it was made.
issue = Table(
    "issue",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("newsletter", String(80), nullable=False),
    Column("slot", Moment, nullable=False),
    Column("date", String(10), nullable=False),
    Column("since", Moment),
    Column("cutoff", Moment, nullable=False),
    Column("state", String(12), nullable=False),
    Column("planned_at", Moment, nullable=False),
    Column("choices", Json, nullable=False),
    Column("name", String(20), nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("not_before", Moment),
    Column("corrects", String(64), nullable=False, server_default=""),
    UniqueConstraint("newsletter", "slot"),
    Index("ix_issue_newsletter_name", "newsletter", "name", unique=True),
    sqlite_autoincrement=True,
)

# The few that are not done, found without looking at all that ever were. A literal: SQLite looks into no parameters.
is_open = issue.c.state.in_(
    [literal_column(f"'{state}'") for state in ("planned", "approved", "sending", "paused")]
)
Index("ix_issue_open", issue.c.slot, sqlite_where=is_open, postgresql_where=is_open)

# The few that correct one.
is_correction = issue.c.corrects != literal_column("''")
Index("ix_issue_corrects", issue.c.corrects, sqlite_where=is_correction, postgresql_where=is_correction)

# `cadence` is that of its readers, where it is not the newsletter's own ("" for that).
edition = Table(
    "edition",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("issue", Serial, ForeignKey("issue.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("language", String(35), nullable=False),
    Column("reads", Text, nullable=False),
    Column("cadence", String(12), nullable=False, server_default=""),
    Column("is_main", Boolean, nullable=False),
    Column("subject", Text, nullable=False),
    Column("digest", Json, nullable=False),
)

edition_item = Table(
    "edition_item",
    metadata,
    Column("edition", Serial, ForeignKey("edition.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("story", String(64), nullable=False, index=True),
    Column("article", String(200), nullable=False),
    Column("language", String(35), nullable=False),
    Column("placement", String(8), nullable=False),
    Column("is_fallback", Boolean, nullable=False),
)
