"""Subscribe: what is held about people, and people leaving."""

from dataclasses import dataclass
from datetime import datetime

from syndicate.model import NotFound, Subscriber, SubscriberStatus
from syndicate.store import Database, deliveries, subscribers
from syndicate.subscribers import address_hash, canonical


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
