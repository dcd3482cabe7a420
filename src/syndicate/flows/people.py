"""People, for staff: found, and one of them in full, with all that ever happened."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from syndicate.deliveries.why import Answer, why
from syndicate.flows.house import House
from syndicate.model import Event, NotFound, Signup, Subscriber
from syndicate.store import Connection, audit, events, people, sent, signups, subscribers, tags
from syndicate.store.audit import Entry
from syndicate.store.people import Segment
from syndicate.store.sent import Sent
from syndicate.store.subscribers import Consent
from syndicate.subscribers import address_hash, canonical
from syndicate.subscribers.looking import Sought, sought
from syndicate.subscribers.tending import LIFTED_BY_STAFF

MOST = 50
_SENT = 200


@dataclass(frozen=True, slots=True)
class Page:
    """``before`` is where the next page begins, 0 at the end. ``is_cut``: there are more, to be found by more words.

    ``about`` is how many people there are in all, more or less; ``asking`` has signed up with the address that was
    looked for, and has not confirmed.
    """

    people: tuple[Subscriber, ...]
    before: int
    is_cut: bool
    about: int
    asking: Signup | None
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Addressed:
    """What is known of an address. ``is_asking``: somebody signed up with it, and has not confirmed; ``suppressed`` is
    why it is not to be mailed."""

    person: Subscriber | None
    is_asking: bool
    suppressed: str


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of somebody's history; exactly one of the four is there."""

    at: datetime
    consent: Consent | None = None
    sent: Sent | None = None
    event: Event | None = None
    staff: Entry | None = None
    signup: Signup | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """All there is to know of a person; ``happenings`` newest first. ``suppressed`` is why they are not mailed."""

    person: Subscriber
    left: frozenset[str]
    tags: tuple[str, ...]
    suppressed: str
    happenings: tuple[Happening, ...]

    @property
    def may_be_lifted(self) -> bool:
        """By staff."""
        return self.suppressed in LIFTED_BY_STAFF


def search(house: House, words: str, segment: Segment, before: int = 0) -> Page:
    """Whoever ``words`` (an address, ``@domain``, a name, or how one begins) and ``segment`` are true of."""
    meant = sought(words)
    with house.database.read() as connection:
        if meant.address or meant.names:
            found = people.beginning(connection, meant.address, meant.names, segment, MOST)
            ids, onward, is_cut = found.ids, 0, bool(found.before)
        else:
            narrowed = _narrowed(segment, meant)
            found = people.walk(connection, narrowed, MOST, before)
            ids, onward, is_cut = found.ids, found.before, False
        return Page(
            tuple(people.people(connection, ids)),
            onward,
            is_cut,
            people.about(connection),
            _asking(connection, meant),
            tuple(tags.every(connection)),
        )


def person(house: House, number: int) -> Known:
    """Raises NotFound."""
    with house.database.read() as connection:
        found = subscribers.by_id(connection, number)
        if found is None:
            raise NotFound("there is no such subscriber any more")
        return Known(
            found,
            subscribers.left(connection, number),
            tags.of(connection, number),
            subscribers.suppressed(connection, address_hash(house.key, found.canonical)),
            tuple(_happenings(connection, found)),
        )


def why_issue(house: House, number: int, issue: int) -> Answer:
    """Why a person got an issue, or did not. Raises NotFound."""
    with house.database.read() as connection:
        planned = sent.plan(connection, issue)
        if subscribers.by_id(connection, number) is None:
            raise NotFound("there is no such subscriber any more")
        history = [
            (one.at, one.what)
            for one in subscribers.consent(connection, number)
            if one.newsletter == planned.newsletter and one.what in ("subscribed", "unsubscribed")
        ]
        line = sent.line(connection, issue, number)
    return why(line, history, planned.planned_at)


def suppressed(house: House, email: str) -> str:
    """Why an address is not to be mailed; empty when it may be. Raises UnsafeValue for what is no address."""
    address = canonical(email)
    with house.database.read() as connection:
        return subscribers.suppressed(connection, address_hash(house.key, address))


def by_address(house: House, email: str) -> Addressed:
    """Raises UnsafeValue for what is no address."""
    address = canonical(email)
    with house.database.read() as connection:
        found = subscribers.by_canonical(connection, address)
        return Addressed(
            found,
            found is None and bool(signups.of_address(connection, address)),
            subscribers.suppressed(connection, address_hash(house.key, address)),
        )


def every_tag(house: House) -> list[str]:
    with house.database.read() as connection:
        return list(tags.every(connection))


def about(house: House) -> int:
    """How many people there are, more or less."""
    with house.database.read() as connection:
        return people.about(connection)


def suppressions(house: House) -> dict[str, int]:
    """How many addresses are not to be mailed, by reason, most first."""
    with house.database.read() as connection:
        return subscribers.suppressions(connection)


def _narrowed(segment: Segment, meant: Sought) -> Segment:
    return replace(segment, domain=meant.domain or segment.domain)


def _asking(connection: Connection, meant: Sought) -> Signup | None:
    """Only for who was asked for by their whole address."""
    if not meant.is_whole or subscribers.by_canonical(connection, meant.address):
        return None
    return next(reversed(signups.of_address(connection, meant.address)), None)


def _happenings(connection: Connection, person: Subscriber) -> list[Happening]:
    """Newest first; of one moment what was agreed to is older than what was sent."""
    found = [*_told(connection, person), *_mailed(connection, person.id)]
    return sorted(found, key=lambda one: one.at)[::-1]


def _told(connection: Connection, person: Subscriber) -> Iterable[Happening]:
    for consent in subscribers.consent(connection, person.id):
        yield Happening(consent.at, consent=consent)
    for signup in signups.of_address(connection, person.canonical):
        yield Happening(signup.at, signup=signup)
    for entry in audit.entries(connection, subject=f"subscriber {person.id}", limit=_SENT)[::-1]:
        yield Happening(entry.at, staff=entry)


def _mailed(connection: Connection, number: int) -> Iterable[Happening]:
    for one in reversed(sent.to(connection, number, _SENT)):
        yield Happening(one.at, sent=one)
    for event in events.of_subscriber(connection, number):
        yield Happening(event.at, event=event)
