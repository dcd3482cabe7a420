"""Subscribers: what they want, what they agreed to, who must never be mailed."""

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    func,
    literal_column,
)

from syndicate.store.tables.columns import Json, Moment, Serial, metadata

# Ordered by bytes on both databases: so a prefix is a range, and the order is the same on both.
_ADDRESS = String(320).with_variant(String(320, collation="C"), "postgresql")
_NAME = Text().with_variant(Text(collation="C"), "postgresql")

subscriber = Table(
    "subscriber",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("email", String(320), nullable=False),
    Column("canonical", _ADDRESS, nullable=False, unique=True),
    Column("name", _NAME, nullable=False),
    Column("languages", Text, nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("status", String(12), nullable=False),
    Column("consent_at", Moment),
    Column("consent_source", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index("ix_subscriber_timezone", "timezone"),
    Index("ix_subscriber_languages", "languages", "id"),
    # The number of somebody erased is in links and in the ledger: nobody else may ever have it.
    sqlite_autoincrement=True,
)


def _last_part(of: ColumnElement[str], separator: str) -> ColumnElement[str]:
    """What stands behind the last ``separator``, spelled so that both databases can keep it in an index."""
    mark: ColumnElement[str] = literal_column(f"'{separator}'")
    nothing: ColumnElement[str] = literal_column("''")
    return func.replace(of, func.rtrim(of, func.replace(of, mark, nothing)), nothing)


# What people are looked for by. Letters from a to z are folded, and no others: SQLite knows no more.
domain_of = _last_part(subscriber.c.canonical, "@")
name_of = func.lower(subscriber.c.name)
family_of = func.lower(_last_part(subscriber.c.name, " "))
Index("ix_subscriber_domain", domain_of, subscriber.c.id)
Index("ix_subscriber_name", name_of, subscriber.c.id)
Index("ix_subscriber_family", family_of, subscriber.c.id)

# Most people are active: only the others are looked for by it.
is_inactive = subscriber.c.status != literal_column("'active'")
Index(
    "ix_subscriber_inactive",
    subscriber.c.status,
    subscriber.c.id,
    sqlite_where=is_inactive,
    postgresql_where=is_inactive,
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
    Index("ix_suppression_reason", "reason"),
)
# Complaints are few and counted on a page; all that is suppressed is not.
is_complaint = suppression.c.reason == literal_column("'complained'")
Index("ix_suppression_complaint", suppression.c.at, sqlite_where=is_complaint, postgresql_where=is_complaint)
# What staff put people together by.
subscriber_tag = Table(
    "subscriber_tag",
    metadata,
    Column("subscriber", Serial, ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", String(80), primary_key=True),
    Index("ix_subscriber_tag_tag", "tag", "subscriber"),
)

# What staff asked for that takes a while: a list taken in, a tag for many. `name` is what its file was called,
# `asked` what it is about, `counts` and `told` (the first of [place, fate, reason]) what became of it. `seen_at` is
# when its process was last heard of; none of it holds an address.
errand = Table(
    "errand",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("kind", String(12), nullable=False),
    Column("state", String(12), nullable=False),
    Column("staff", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("asked", Json, nullable=False),
    Column("stage", Text, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger),
    Column("counts", Json, nullable=False),
    Column("told", Json, nullable=False),
    Column("problem", Text, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("ended_at", Moment),
    sqlite_autoincrement=True,
)
