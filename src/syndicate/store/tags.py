"""Tags that staff give people, so that they find them together."""

from collections.abc import Collection

from sqlalchemy import Connection, delete, select, text
from sqlalchemy.dialects import postgresql, sqlite

from syndicate.store.chunks import among
from syndicate.store.tables import subscriber_tag

_MOST = 200
# Each tag costs one look into the index, however many people have it.
_EVERY = text(
    "WITH RECURSIVE found(one) AS (SELECT min(tag) FROM subscriber_tag UNION ALL "
    "SELECT (SELECT min(tag) FROM subscriber_tag WHERE tag > found.one) FROM found "
    "WHERE found.one IS NOT NULL) SELECT one FROM found WHERE one IS NOT NULL LIMIT :most"
)


def every(connection: Connection) -> list[str]:
    """All that anybody has, the first two hundred."""
    return list(connection.execute(_EVERY, {"most": _MOST}).scalars())


def of(connection: Connection, identity: int) -> tuple[str, ...]:
    """Those of one person."""
    query = select(subscriber_tag.c.tag).where(subscriber_tag.c.subscriber == identity)
    return tuple(connection.execute(query.order_by(subscriber_tag.c.tag)).scalars())


def add(connection: Connection, ids: Collection[int], tag: str) -> int:
    """Give a tag; how many had it not."""
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    rows = [{"subscriber": identity, "tag": tag} for identity in ids]
    if not rows:
        return 0
    before = _count(connection, ids, tag)
    connection.execute(insert(subscriber_tag).on_conflict_do_nothing(), rows)
    return _count(connection, ids, tag) - before


def take(connection: Connection, ids: Collection[int], tag: str) -> int:
    """Take a tag away; how many had it."""
    where = (among(connection, subscriber_tag.c.subscriber, ids), subscriber_tag.c.tag == tag)
    return connection.execute(delete(subscriber_tag).where(*where)).rowcount


def _count(connection: Connection, ids: Collection[int], tag: str) -> int:
    where = (among(connection, subscriber_tag.c.subscriber, ids), subscriber_tag.c.tag == tag)
    return len(connection.execute(select(subscriber_tag.c.subscriber).where(*where)).scalars().all())
