"""Subscribe: lists merged into the database, and people leaving."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from syndicate.model import NotFound, Subscriber, SubscriberStatus, SyndicateError, UnsafeValue
from syndicate.store import Connection, Database, deliveries, subscribers
from syndicate.subscribers import (
    Fate,
    Line,
    Report,
    address_hash,
    canonical,
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
        _save(connection, merged, fate, key, now)
    return fate, ""


def _save(connection: Connection, value: Subscriber, fate: Fate, key: bytes, now: datetime) -> None:
    identity = subscribers.save(connection, value, now)
    source = value.consent_source or "list"
    for one in value.subscriptions if fate is Fate.ADDED else ():
        subscribers.note(connection, identity, "subscribed", one.newsletter, source, value.consent_at or now)
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


@dataclass(frozen=True, slots=True)
class HeldAbout:
    """Everything held about a person. ``consent`` and ``deliveries`` are rows, oldest and newest first."""

    subscriber: Subscriber
    consent: list[tuple[datetime, str, str, str]]
    deliveries: list[tuple[int, str, str, datetime | None]]


def held_about(database: Database, email: str) -> HeldAbout:
    """Raises NotFound."""
    person = find(database, email)
    with database.read() as connection:
        return HeldAbout(
            person,
            subscribers.history(connection, person.id),
            deliveries.of_subscriber(connection, person.id),
        )


def find(database: Database, email: str) -> Subscriber:
    """Raises NotFound, or UnsafeValue for what is no address."""
    with database.read() as connection:
        found = subscribers.by_canonical(connection, canonical(email))
    if found is None:
        raise NotFound("there is no subscriber with this address")
    return found


def erase(database: Database, email: str, key: bytes, now: datetime) -> None:
    """Delete all that is held about a person; a keyed hash stays, so that no list brings them back."""
    person = find(database, email)
    with database.begin() as connection:
        subscribers.erase(connection, person.id)
        subscribers.suppress(connection, address_hash(key, person.canonical), "erased", now)


def unsubscribe(database: Database, subscriber: int, newsletter: str, source: str, now: datetime) -> bool:
    """End one subscription, effective for mails planned and not yet handed over. False when there was none."""
    with database.begin() as connection:
        return subscribers.unsubscribe(connection, subscriber, newsletter, source, now)


def resubscribe(database: Database, subscriber: int, newsletter: str, source: str, now: datetime) -> bool:
    """Undo an unsubscription. False when the person is no longer there, or was never subscribed."""
    with database.begin() as connection:
        person = subscribers.by_id(connection, subscriber)
        if person is None or newsletter not in subscribers.left(connection, subscriber):
            return False
        subscribers.subscribe(connection, subscriber, newsletter, source, now)
        return True
