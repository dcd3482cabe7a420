"""Addresses of the public tree that led somewhere and do not any more: moved for ever, or gone for good."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from syndicate.store.chunks import chunks
from syndicate.store.tables import moved


@dataclass(frozen=True, slots=True)
class Past:
    """Of an address asked for: where it moved to (a path with a slash in front), or ``""``, gone for good."""

    location: str


def bury(connection: Connection, paths: Collection[str], at: datetime) -> None:
    """Files that were removed (relative paths) are gone from now on; what had moved before stays moved."""
    known = _among(connection, paths)
    rows = [{"path": path, "location": "", "at": at} for path in sorted({*paths} - known)]
    if rows:
        connection.execute(moved.insert(), rows)


def revive(connection: Connection, paths: Collection[str]) -> None:
    """Files (relative paths) that are there again."""
    for some in chunks(sorted({*paths})):
        connection.execute(delete(moved).where(moved.c.path.in_(some)))


def rename(connection: Connection, renamed: Mapping[str, str], at: datetime) -> None:
    """Addresses (with a slash in front; a folder ends in one) that moved. What moved once stays moved."""
    given = {old.removeprefix("/"): new for old, new in renamed.items()}
    held = {row.path: row.location for row in connection.execute(select(moved).where(moved.c.location != ""))}
    news = {old: new for old, new in given.items() if held.get(old) != new}
    revive(connection, news)
    if news:
        rows = [{"path": old, "location": new, "at": at} for old, new in sorted(news.items())]
        connection.execute(moved.insert(), rows)


_HOPS = 10
_LONGEST = 400


def past(connection: Connection, path: str) -> Past | None:
    """What became of a file or folder (relative path as asked for); None for what never was.

    The nearest folder that moved takes all below along; a move wins over a grave. What moved on since is told at
    once; moves in a circle lead nowhere.
    """
    found = _past(connection, path)
    for _ in range(_HOPS):
        further = _past(connection, found.location[1:]) if found and found.location else None
        if further is None or not further.location:
            return found
        found = further
    return None


def _past(connection: Connection, path: str) -> Past | None:
    if len(path) > _LONGEST:  # nothing that long is ever noted
        return None
    parts = path.split("/")
    folders = ["/".join(parts[:n]) + "/" for n in range(1, len(parts))]
    asked = [path, f"{path.rstrip('/')}/index.html", f"{path.rstrip('/')}/"]
    query = select(moved).where(moved.c.path.in_([*folders, *asked]))
    found = {row.path: row.location for row in connection.execute(query)}
    ways = [old for old, location in found.items() if location]
    if ways:
        nearest = max(ways, key=len)
        return Past(_led(found[nearest], path[len(nearest) :]))
    return Past("") if any(one in found for one in asked) else None


def _led(location: str, rest: str) -> str:
    return location + rest if location.endswith("/") else location


def _among(connection: Connection, paths: Collection[str]) -> set[str]:
    found: set[str] = set()
    for some in chunks(sorted({*paths})):
        found.update(connection.scalars(select(moved.c.path).where(moved.c.path.in_(some))))
    return found
