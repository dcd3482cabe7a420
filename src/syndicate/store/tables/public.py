"""The public tree: pages, files, what moved, versions of feeds, hubs to tell."""

from sqlalchemy import Column, Integer, String, Table, Text

from syndicate.store.tables.columns import Json, Moment, metadata

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
