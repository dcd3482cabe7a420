"""What the sources hold, and the articles and authors made of it."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, String, Table, Text, UniqueConstraint

from syndicate.store.tables.columns import Json, Moment, Serial, metadata

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
# Where staff corrected or withdrew it, the row is as they want it, and `said` holds what the source says otherwise (see
# `store.corrections`).
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
    Column("said", Json),
    UniqueConstraint("source", "key"),
    Index("ix_article_source_group", "source", "group_key"),
    Index("ix_article_source_item", "source", "item"),
)

# What staff said of an article, against its source or beside it: `kind` is "note" or "withdrawal", `note` what readers
# are told. `is_whole`: the story was withdrawn in all its languages, those that are still to come included.
correction = Table(
    "correction",
    metadata,
    Column("article", String(200), primary_key=True),
    Column("kind", String(12), primary_key=True),
    Column("story", String(64), nullable=False, index=True),
    Column("is_whole", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    Column("staff", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("at", Moment, nullable=False),
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

# A story as staff look for it. `latest` is when its newest version was out, or will be; `languages` are those it is
# published in, each between spaces (" en zh-TW zh "); `words` all its titles, authors and tags, folded. Made again from
# its articles whenever one of them changes: one narrow row, where the articles are wide.
card = Table(
    "card",
    metadata,
    Column("story", String(64), primary_key=True),
    Column("latest", Moment, nullable=False),
    Column("languages", Text, nullable=False),
    Column("words", Text, nullable=False),
    Index("ix_card_latest", "latest", "story"),
)
