"""Subscribe: what is held about people, what they want, and people leaving."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from syndicate.flows.fates import forget_traces
from syndicate.flows.house import House
from syndicate.languages import visible
from syndicate.model import Actor, Event, NotFound, Signup, Subscriber, SubscriberStatus
from syndicate.store import Connection, Database, audit, deliveries, events, signups, subscribers
from syndicate.store.subscribers import Consent
from syndicate.subscribers import address_hash, canonical
from syndicate.subscribers.signups import returned, shown_name, tongues, zone

PREFERENCES = "preferences"
"""The source of what people say on that page, in the history of consent."""

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class HeldAbout:
    """Everything held about a person; who asked and has not confirmed yet is PENDING and has no number.

    ``consent``, ``events`` and ``signups`` are oldest first, ``deliveries`` (issue, state, reason, settled at) newest
    first. ``suppressed`` is why the address is not to be mailed, kept as a keyed hash; empty when it may be.
    """

    subscriber: Subscriber
    consent: list[Consent]
    deliveries: list[tuple[int, str, str, datetime | None]]
    events: list[Event]
    signups: list[Signup]
    suppressed: str


def held(house: House, subscriber: int) -> HeldAbout:
    """Raises NotFound."""
    with house.database.read() as connection:
        person = subscribers.by_id(connection, subscriber)
        if person is None:
            raise NotFound("there is no such subscriber any more")
        return _held(connection, house.key, person)


def held_about(house: House, email: str) -> HeldAbout:
    """The same by address. Raises NotFound, or UnsafeValue for what is no address."""
    address = canonical(email)
    with house.database.read() as connection:
        person = subscribers.by_canonical(connection, address)
        asked = signups.of_address(connection, address)
        if person is None and not asked:
            raise NotFound("there is no subscriber with this address")
        return _held(connection, house.key, person or _asking(asked[-1]))


def _held(connection: Connection, key: bytes, person: Subscriber) -> HeldAbout:
    return HeldAbout(
        person,
        subscribers.consent(connection, person.id),
        deliveries.of_subscriber(connection, person.id),
        events.of_subscriber(connection, person.id),
        signups.of_address(connection, person.canonical),
        subscribers.suppressed(connection, address_hash(key, person.canonical)),
    )


def _asking(asked: Signup) -> Subscriber:
    wish = asked.wish
    return Subscriber(
        email=asked.email,
        canonical=asked.canonical,
        languages=wish.languages,
        name=wish.name,
        timezone=wish.timezone,
    )


def find(database: Database, email: str) -> Subscriber:
    """Raises NotFound, or UnsafeValue for what is no address."""
    with database.read() as connection:
        found = subscribers.by_canonical(connection, canonical(email))
    if found is None:
        raise NotFound("there is no subscriber with this address")
    return found


def erase(database: Database, email: str, key: bytes, now: datetime) -> None:
    """Delete all that is held about a person; a keyed hash stays, so that no list brings them back.

    Raises NotFound when nothing is, not even that somebody asked with this address and never confirmed.
    """
    address = canonical(email)
    with database.begin() as connection:
        person = subscribers.by_canonical(connection, address)
        asked = signups.forget(connection, address)
        if person:
            _erase(connection, person, key, now)
        elif not asked:
            raise NotFound("there is no subscriber with this address")


def erase_reader(house: House, subscriber: int, now: datetime, by: Actor | None = None) -> bool:
    """Erase somebody who says so, to us or to staff (``by``); False when they are gone already."""
    with house.database.begin() as connection:
        person = subscribers.by_id(connection, subscriber)
        if person:
            signups.forget(connection, person.canonical)
            _erase(connection, person, house.key, now)
            if by:
                audit.note(connection, by, "subscriber.erase", f"subscriber {subscriber}", now)
    if person:
        forget_traces(house.database, house.reports, person.canonical)
    return person is not None


def _erase(connection: Connection, person: Subscriber, key: bytes, now: datetime) -> None:
    subscribers.erase(connection, person.id)
    subscribers.suppress(connection, address_hash(key, person.canonical), "erased", now)


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a person wants: ``languages`` in order, ``newsletters`` with how often (empty: as often as it comes)."""

    name: str
    languages: tuple[str, ...]
    timezone: str
    newsletters: Mapping[str, str]


def change(
    database: Database, subscriber: int, preferences: Preferences, origin: str, now: datetime
) -> Subscriber | None:
    """Make it what they want, and effective for mails planned and not yet handed over; None for who is gone.

    Every newsletter that is not named ends. Raises UnsafeValue; its text is a message of the catalogues.
    """
    languages, timezone = tongues(preferences.languages), zone(preferences.timezone)
    with database.begin() as connection:
        person = subscribers.locked(connection, subscriber)
        if person is None:
            return None
        wanted = replace(
            person,
            name=shown_name(preferences.name),
            languages=languages,
            timezone=timezone,
            status=returned(person.status, preferences.newsletters),
        )
        _change_person(connection, person, wanted, origin, now)
        _change_subscriptions(connection, person, preferences.newsletters, origin, now)
        return subscribers.by_id(connection, subscriber)


def _change_person(
    connection: Connection, person: Subscriber, wanted: Subscriber, origin: str, now: datetime
) -> None:
    if wanted == person:
        return
    subscribers.set_person(connection, wanted)
    words = f"{wanted.status}; {' '.join(wanted.languages)}; {wanted.timezone}"
    subscribers.note(connection, person.id, "changed", "", PREFERENCES, now, words=words, origin=origin)


def _change_subscriptions(
    connection: Connection, person: Subscriber, wanted: Mapping[str, str], origin: str, now: datetime
) -> None:
    has = {one.newsletter: one.cadence for one in person.subscriptions}
    for newsletter in has.keys() - wanted.keys():
        subscribers.unsubscribe(connection, person.id, newsletter, PREFERENCES, now, origin)
    for newsletter, cadence in wanted.items():
        if newsletter not in has:
            subscribers.subscribe(connection, person.id, newsletter, PREFERENCES, now, cadence, origin)
        elif has[newsletter] != cadence:
            subscribers.set_cadence(connection, person.id, newsletter, cadence)


def tell_reason(database: Database, subscriber: int, newsletter: str, reason: str, now: datetime) -> None:
    """Keep why somebody left, in the history of their consent; nothing for who is gone, or says nothing."""
    words = visible(reason)[:LONGEST_REASON]
    with database.begin() as connection:
        if words and subscribers.locked(connection, subscriber):
            subscribers.note(connection, subscriber, "reason", newsletter, PREFERENCES, now, words=words)


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
