"""The tables. A column that several modules read is explained here, once."""

from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    literal_column,
)


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime. SQLite has no zones, so it is stored there as UTC without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: everything stored is UTC")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def spelled(connection: Connection, moment: datetime) -> Any:
    """A moment as the driver itself takes it."""
    process = Moment().bind_processor(connection.dialect)
    return process(moment) if process else moment


class Json(TypeDecorator[Any]):
    """A small JSON document as text: the same bytes on both databases, never queried into."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else orjson.dumps(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else orjson.loads(value)


Serial = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# What each source was last seen to hold; `fingerprint` is the source's own, opaque.
source_item = Table(
    "source_item",
    metadata,
    Column("source", String(80), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
)

# What is wrong now with what the sources hold. `item` is the source key a warning belongs to ("" for the rest).
problem = Table(
    "problem",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("source", String(80), nullable=False),
    Column("item", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("advice", Text, nullable=False),
    Column("fatal", Boolean, nullable=False),
    Column("noted_at", Moment, nullable=False),
    Index("ix_problem_source_item", "source", "item"),
)

# `item` is the source key that holds the article; `likeness` (sha256 of language, title and body) finds a
# renamed file again.
# `listing` holds what lists, feeds' fingerprints and choices need; `detail` what only a page of the article needs.
# `similar` is the list of the best other articles in the same language, as ids; `related` is false until the index
# of similar posts knows of the article's last change (or that it left).
article = Table(
    "article",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("story", String(64), nullable=False, index=True),
    Column("language", String(35), nullable=False),
    Column("sequence", BigInteger, nullable=False, unique=True),
    Column("source", String(80), nullable=False),
    Column("key", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("group_key", Text, nullable=False),
    Column("permanent_id", Text, nullable=False),
    Column("likeness", String(64), nullable=False),
    Column("state", String(12), nullable=False),
    Column("published", Moment, nullable=False),
    Column("available", Moment, nullable=False, index=True),
    Column("changed", Moment, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("title", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("listing", Json, nullable=False),
    Column("similar", Json, nullable=False),
    Column("related", Boolean, nullable=False, index=True),
    Column("body_html", Text, nullable=False),
    Column("detail", Json, nullable=False),
    UniqueConstraint("source", "key"),
    Index("ix_article_source_group", "source", "group_key"),
    Index("ix_article_source_item", "source", "item"),
)

author = Table(
    "author",
    metadata,
    Column("key", String(80), primary_key=True),
    Column("name", Text, nullable=False),
    Column("names", Json, nullable=False),
    Column("photo", Text, nullable=False),
    Column("links", Json, nullable=False),
)

bio = Table(
    "bio",
    metadata,
    Column("author", String(80), ForeignKey("author.key", ondelete="CASCADE"), primary_key=True),
    Column("language", String(35), primary_key=True),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
)

# What each published page was made from, so that an unchanged one is neither rendered nor written again.
published_page = Table(
    "published_page",
    metadata,
    Column("page", String(300), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
)

# Every file of the public tree. `changed_at` moves with `sha256` and never otherwise: it is the Last-Modified.
public_file = Table(
    "public_file",
    metadata,
    Column("path", String(400), primary_key=True),
    Column("page", String(300), nullable=False, index=True),
    Column("sha256", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("media_type", String(120), nullable=False),
    Column("changed_at", Moment, nullable=False),
)

# Addresses of the public tree that led somewhere and do not any more: `location` is where they moved to (301),
# or empty (410, gone for good).
moved = Table(
    "moved",
    metadata,
    Column("path", String(400), primary_key=True),
    Column("location", String(400), nullable=False),
    Column("at", Moment, nullable=False),
)

# What a feed document held when it had these bytes: entry id -> hash of the entry. A client that has an older version
# gets only what changed since (RFC 3229).
feed_version = Table(
    "feed_version",
    metadata,
    Column("path", String(400), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("changed_at", Moment, nullable=False),
    Column("entries", Json, nullable=False),
)

# Hubs (WebSub) that are still to be told that a feed changed: one line per hub and feed, however often it did.
# `queued_at` is since when the hub does not know, `changed_at` tells the last change from what is being told;
# `due_at` is empty for what was given up.
ping = Table(
    "ping",
    metadata,
    Column("hub", String(400), primary_key=True),
    Column("topic", String(400), primary_key=True),
    Column("queued_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Moment, index=True),
    Column("reason", Text, nullable=False),
)

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

# `date` is the slot's local date, `name` what it is called in addresses: the date, with the local time where a day may
# have several. A name is never given twice, whatever happens to clocks and settings. `note` is why it waits for staff,
# or was folded into the next. Nothing of it leaves before `not_before`: until then an approval can be taken back.
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
    UniqueConstraint("newsletter", "slot"),
    Index("ix_issue_newsletter_name", "newsletter", "name", unique=True),
    sqlite_autoincrement=True,
)

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

# Who may use the console. `totp_secret` is empty until a second factor is confirmed; `totp_step` is the last step of
# time whose code was used; `recovery` are hashes of codes not used yet.
staff = Table(
    "staff",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("email", String(320), nullable=False),
    Column("canonical", String(320), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", String(12), nullable=False),
    Column("language", String(35), nullable=False),
    Column("password", Text, nullable=False),
    Column("totp_secret", String(64), nullable=False),
    Column("totp_step", BigInteger, nullable=False),
    Column("recovery", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
    # The number is in the audit log: nobody else may ever have it.
    sqlite_autoincrement=True,
)

# One-time links, by the hash of what is in them: `purpose` is invite or reset.
staff_link = Table(
    "staff_link",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("staff", Serial, ForeignKey("staff.id"), nullable=False, index=True),
    Column("purpose", String(12), nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
)

staff_session = Table(
    "staff_session",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("staff", Serial, ForeignKey("staff.id"), nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("stepped_up_at", Moment),
    Column("network", String(50), nullable=False),
    Column("agent", String(200), nullable=False),
)

# Failures to sign in; `key` is the hash of an account's address, or a network.
sign_in_failure = Table(
    "sign_in_failure",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("kind", String(12), nullable=False),
    Column("key", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_sign_in_failure_key_at", "kind", "key", "at"),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("secret", String(64), nullable=False, unique=True),
    Column("staff", Serial, ForeignKey("staff.id"), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("role", String(12), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("used_at", Moment),
    Column("revoked_at", Moment),
    sqlite_autoincrement=True,
)

# What was answered to a request with an idempotency key: the same request again gets it again.
answered = Table(
    "answered",
    metadata,
    Column("actor", String(80), primary_key=True),
    Column("key", String(100), primary_key=True),
    Column("request", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", Moment, nullable=False, index=True),
)

# What staff did, append-only: the database itself refuses to change or delete a line. `subject` names what it was done
# to ("issue 12", "subscriber 345"), never an address.
audit = Table(
    "audit",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("staff", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", String(12), nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", String(80), nullable=False, index=True),
    Column("detail", Json, nullable=False),
    Column("network", String(50), nullable=False),
    sqlite_autoincrement=True,
)

# What staff changed about an issue's automatic choice (model.Draft); `revision` grows with each save.
draft = Table(
    "draft",
    metadata,
    Column("issue", Serial, ForeignKey("issue.id", ondelete="CASCADE"), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("staff", BigInteger, nullable=False),
    Column("saved_at", Moment, nullable=False),
    Column("content", Json, nullable=False),
)

approval = Table(
    "approval",
    metadata,
    Column("issue", Serial, ForeignKey("issue.id", ondelete="CASCADE"), primary_key=True),
    Column("staff", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
)

# The ledger of an issue, counted: a page never counts a million lines. `counts` are [edition, state, reason, domain,
# how many].
tally = Table(
    "tally",
    metadata,
    Column("issue", Serial, ForeignKey("issue.id", ondelete="CASCADE"), primary_key=True),
    Column("counted_at", Moment, nullable=False),
    Column("counts", Json, nullable=False),
)

# Who gets test mails.
tester = Table(
    "tester",
    metadata,
    Column("email", String(320), primary_key=True),
    Column("name", Text, nullable=False),
    Column("added_at", Moment, nullable=False),
)

subscriber_tag = Table(
    "subscriber_tag",
    metadata,
    Column("subscriber", Serial, ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", String(80), primary_key=True),
    Index("ix_subscriber_tag_tag", "tag", "subscriber"),
)
