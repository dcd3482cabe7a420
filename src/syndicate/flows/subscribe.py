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


def unsubscribe_all(database: Database, subscriber: int, source: str, now: datetime) -> tuple[str, ...]:
    """End every subscription of a person, in one transaction; returns the newsletters that ended."""
    with database.begin() as connection:
        person = subscribers.by_id(connection, subscriber)
        held = person.subscriptions if person else ()
        return tuple(
            one.newsletter
            for one in held
            if subscribers.unsubscribe(connection, subscriber, one.newsletter, source, now)
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """A person as a reader's page needs them; ``left`` are the newsletters they unsubscribed from."""

    person: Subscriber
    left: frozenset[str]

    @property
    def is_active(self) -> bool:
        return self.person.status is SubscriberStatus.ACTIVE

    def gets(self, newsletter: str) -> bool:
        """Whether an issue of ``newsletter`` would be mailed to them."""
        return self.is_active and any(one.newsletter == newsletter for one in self.person.subscriptions)

    def may_return(self, newsletter: str) -> bool:
        """Whether taking an unsubscription back would bring mail again."""
        return self.is_active and newsletter in self.left


def standing(database: Database, subscriber: int) -> Standing | None:
    """None for a person who was erased."""
    with database.read() as connection:
        person = subscribers.by_id(connection, subscriber)
        return Standing(person, subscribers.left(connection, subscriber)) if person else None
