"""What the public tree was made from: page fingerprints and files."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from syndicate.store.chunks import chunks
from syndicate.store.tables import public_file, published_page


@dataclass(frozen=True, slots=True)
class PublicFile:
    """``changed_at`` is the Last-Modified: it moves with ``sha256`` and never otherwise."""

    path: str
    page: str
    sha256: str
    size: int
    media_type: str
    changed_at: datetime


def fingerprints(connection: Connection) -> dict[str, str]:
    rows = connection.execute(select(published_page.c.page, published_page.c.fingerprint))
    return {row.page: row.fingerprint for row in rows}


def files(connection: Connection, page: str | None = None) -> dict[str, PublicFile]:
    """Files by path: of one page, or all."""
    query = select(public_file)
    if page is not None:
        query = query.where(public_file.c.page == page)
    return {row.path: PublicFile(*row) for row in connection.execute(query)}


def file(connection: Connection, path: str) -> PublicFile | None:
    """What is recorded of one file."""
    row = connection.execute(select(public_file).where(public_file.c.path == path)).first()
    return PublicFile(*row) if row else None


def save(connection: Connection, page: str, fingerprint: str, made: Collection[PublicFile]) -> None:
    """Record a page as made from ``fingerprint``, with all its files; other files of the page are forgotten."""
    where = published_page.c.page == page
    if connection.execute(update(published_page).where(where).values(fingerprint=fingerprint)).rowcount == 0:
        connection.execute(published_page.insert().values(page=page, fingerprint=fingerprint))
    connection.execute(delete(public_file).where(public_file.c.page == page))
    rows = [
        {
            "path": f.path,
            "page": page,
            "sha256": f.sha256,
            "size": f.size,
            "media_type": f.media_type,
            "changed_at": f.changed_at,
        }
        for f in made
    ]
    if rows:
        connection.execute(public_file.insert(), rows)


def forget(connection: Connection, pages: Collection[str]) -> None:
    for some in chunks(sorted(pages)):
        connection.execute(delete(public_file).where(public_file.c.page.in_(some)))
        connection.execute(delete(published_page).where(published_page.c.page.in_(some)))


def count_feeds(connection: Connection) -> int:
    """How many feeds there are (each in three formats), archive pages not counted."""
    like = public_file.c.path.like("feeds/%/atom.xml")
    query = (
        select(func.count()).select_from(public_file).where(like, public_file.c.path.not_like("%/archive/%"))
    )
    return connection.execute(query).scalar_one()
