"""What a feed document held when it had other bytes, so that clients who have those get only what changed."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, select

from syndicate.store.tables import feed_version

KEPT = 10
"""Versions of each document. A client that is further behind gets the whole document."""


def save(
    connection: Connection, path: str, sha256: str, changed_at: datetime, entries: Mapping[str, str]
) -> None:
    """Remember a version; the oldest beyond :data:`KEPT` are forgotten."""
    this = feed_version.c.path == path
    connection.execute(delete(feed_version).where(this, feed_version.c.sha256 == sha256))
    connection.execute(
        feed_version.insert().values(path=path, sha256=sha256, changed_at=changed_at, entries=dict(entries))
    )
    newest = select(feed_version.c.sha256).where(this).order_by(feed_version.c.changed_at.desc())
    if old := list(connection.scalars(newest.offset(KEPT))):
        connection.execute(delete(feed_version).where(this, feed_version.c.sha256.in_(old)))


def forget(connection: Connection, path: str) -> None:
    """Of a document that is no more."""
    connection.execute(delete(feed_version).where(feed_version.c.path == path))


def entries(connection: Connection, path: str, sha256: str) -> dict[str, str] | None:
    """Entry id -> hash of the version whose sha256 (hex) begins so; None for one that is not known."""
    start = feed_version.c.sha256.startswith(sha256, autoescape=True)
    query = select(feed_version.c.entries).where(feed_version.c.path == path, start)
    found: dict[str, str] | None = connection.scalar(query)
    return found
