"""Lists: CSV files merged into the database, and the database written as one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from syndicate.model import Subscriber, SubscriberStatus, SyndicateError, UnsafeValue
from syndicate.store import Connection, Database, subscribers
from syndicate.subscribers import (
    Fate,
    Line,
    Report,
    address_hash,
    merge,
    read_lines,
    subscriber_from,
    write_lines,
)


def sync(
    database: Database, files: Sequence[Path], newsletters: Sequence[str], key: bytes, now: datetime
) -> Report:
    """Merge CSV files into the database; every line's fate is in the report, and a second run changes nothing.

    Raises SyndicateError naming the file that cannot be read.
    """
    report = Report()
    for path in files:
        try:
            with path.open(encoding="utf-8-sig", newline="") as file, database.begin() as connection:
                for line in read_lines(file, newsletters):
                    fate, reason = _merge(connection, line, key, now)
                    report.add(line.number, fate, reason and f"{path.name}:{line.number}: {reason}")
        except (OSError, UnicodeDecodeError, UnsafeValue) as error:
            raise SyndicateError(f"{path}: {error}") from error
    return report


def _merge(connection: Connection, line: Line, key: bytes, now: datetime) -> tuple[Fate, str]:
    if line.subscriber is None:
        return Fate.REFUSED, line.reason
    given = line.subscriber
    if subscribers.is_suppressed(connection, address_hash(key, given.canonical)):
        return Fate.SUPPRESSED, "on the suppression list"
    held = subscribers.by_canonical(connection, given.canonical)
    left = subscribers.left(connection, held.id) if held else frozenset()
    fate, merged = merge(held, given, left)
    if fate in (Fate.ADDED, Fate.UPDATED):
        _save(connection, held, merged, key, now)
    return fate, ""


def _save(
    connection: Connection, held: Subscriber | None, value: Subscriber, key: bytes, now: datetime
) -> None:
    """Write the person, and into the history of consent every newsletter that is new to them."""
    identity = subscribers.save(connection, value, now)
    source = value.consent_source or "list"
    had = {one.newsletter for one in held.subscriptions} if held else set()
    when = now if held else value.consent_at or now
    for one in value.subscriptions:
        if one.newsletter not in had:
            subscribers.note(connection, identity, "subscribed", one.newsletter, source, when)
    if value.status is SubscriberStatus.SUPPRESSED:
        subscribers.suppress(connection, address_hash(key, value.canonical), "list", now)


def export(database: Database, path: Path) -> int:
    """Write everyone as a CSV file that ``sync`` reads; returns how many."""
    with database.read() as connection, path.open("w", encoding="utf-8", newline="") as file:
        return write_lines(file, subscribers.every(connection))


def add(
    database: Database, cells: Mapping[str, str], newsletters: Sequence[str], key: bytes, now: datetime
) -> str:
    """Add one person from cells named like a list's columns; returns their fate. Raises UnsafeValue."""
    given = subscriber_from(cells, newsletters)
    with database.begin() as connection:
        fate, reason = _merge(connection, Line(1, given), key, now)
    return f"{fate}: {reason}" if reason else str(fate)
