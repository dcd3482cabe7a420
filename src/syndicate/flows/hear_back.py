"""Hear back: what providers say becomes what the ledger knows, and nobody is mailed who must not be.

    the door: verified -> kept as it came -> answered
    later:    body -> events -> new ones only -> whose are they? -> people suppressed, unsubscribed
                                                                 -> events kept, deliveries told, body done

People come first, each in a transaction of their own that takes locks in the order in which readers' own wishes do;
then events, deliveries and the body's end in one. A crash in between acts for the same people again, which changes
nothing.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from itertools import islice
from typing import Protocol

from syndicate.deliveries import heard
from syndicate.model import DeliveryState, Event, NotFound, StoreError, UnsafeValue
from syndicate.store import Connection, Database, claims, events, subscribers, tallies
from syndicate.store.events import Line, Received, Told
from syndicate.subscribers import address_hash, canonical

AT_ONCE = 500
"""Events of a provider's list in one transaction."""

_NOTHING = (DeliveryState.ACCEPTED, "")
_Placed = tuple[Event, Line | None]


class Hook(Protocol):
    """How one provider's calls are believed and understood."""

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        """``headers`` have names in small letters. Raises UnsafeValue for a call that the provider did not sign."""
        ...

    def events(self, body: bytes) -> list[Event]:
        """What a verified body tells."""
        ...


@dataclass(slots=True)
class HearReport:
    """In numbers: ``bodies`` read, ``aside`` of them kept because they could not be, wholly or in part; ``events``
    that were new, by kind; ``again`` heard before; ``unknown`` those about no delivery of ours; ``changed``
    deliveries, by state; people ``suppressed`` and subscriptions ``unsubscribed``; ``broken`` events that could not
    be kept, and the last ``fault`` that was met (it may hold an address: doors strike those out).
    """

    bodies: int = 0
    aside: int = 0
    again: int = 0
    unknown: int = 0
    suppressed: int = 0
    unsubscribed: int = 0
    broken: int = 0
    fault: str = ""
    events: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)


def receive(
    database: Database,
    hooks: Mapping[str, Hook],
    carrier: str,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> None:
    """Keep what a provider says, to be heard later. Raises NotFound (no such hook) and UnsafeValue (not theirs)."""
    if carrier not in hooks:
        raise NotFound(f"nothing is heard from {carrier} here; its webhook key is not set")
    hooks[carrier].verify(headers, body, now)
    with database.begin() as connection:
        events.receive(connection, carrier, body, now)


def hear(database: Database, hooks: Mapping[str, Hook], key: bytes, now: datetime) -> HearReport:
    """Read everything that was received. A body that cannot be read is kept aside and stops no other.

    Raises StoreError when the database is away, or a sender holds what is to be told: nothing is lost, come again.
    """
    report = HearReport()
    for body in _received(database):
        report.bodies += 1
        _hear_body(_Ear(database, key, report, _Trust.BAD_ADDRESSES), hooks, body, now)
    return report


def pull_suppressions(database: Database, key: bytes, told: Iterable[Event], now: datetime) -> HearReport:
    """Take a provider's own lists of bounced, complaining and unsubscribed addresses over, so that a change of
    carrier keeps them. ``told`` is read as it comes, outside any transaction.
    """
    ear = _Ear(database, key, HearReport(), _Trust.EVERYTHING)
    rest = iter(told)
    while some := list(islice(rest, AT_ONCE)):
        ear.take_in(some, now)
    return ear.report


def hear_report(
    database: Database, key: bytes, told: Iterable[Event], report: HearReport, now: datetime
) -> list[tuple[Event, Line | None]]:
    """Take in what one mail told. Anybody can write one: only events that name a delivery of ours are acted on.

    Returns each with whose it is, None for nobody's.
    """
    return _Ear(database, key, report, _Trust.OUR_DELIVERIES).take_in(told, now)


def _received(database: Database) -> Iterator[Received]:
    """Bodies one by one, oldest first, each once."""
    last = 0
    while True:
        with database.read() as connection:
            some = events.unread(connection, limit=10, after=last)
        if not some:
            return
        yield from some
        last = some[-1].id


def _hear_body(ear: "_Ear", hooks: Mapping[str, Hook], body: Received, now: datetime) -> None:
    try:
        told = hooks[body.carrier].events(body.body)
    except Exception as error:
        # Foreign bytes, read by a translator of foreign words: whatever it stumbles over is the body's fault.
        _set_aside(ear, body, error)
        return
    try:
        ear.take_in(told, now, body)
    except StoreError:
        raise
    except Exception:
        _hear_one_by_one(ear, told, body, now)


def _hear_one_by_one(ear: "_Ear", told: Sequence[Event], body: Received, now: datetime) -> None:
    """Some event of a body cannot be kept: all others are, and the body stays for a person to look at."""
    fault: Exception | None = None
    for one in told:
        try:
            ear.take_in([one], now)
        except StoreError:
            raise
        except Exception as error:
            fault = error
            ear.report.broken += 1
    if fault:
        _set_aside(ear, body, fault)
    else:
        ear.take_in([], now, body)


def _set_aside(ear: "_Ear", body: Received, fault: Exception) -> None:
    ear.report.aside += 1
    ear.report.fault = f"{type(fault).__name__}: {fault}"[:300]
    with ear.database.begin() as connection:
        events.set_aside(connection, body)


class _Trust(IntEnum):
    """How far what is told is acted on. Anybody can write a mail; a signed call is the provider's, of whatever else is
    sent with the same account; its lists are about us.
    """

    OUR_DELIVERIES = 1
    BAD_ADDRESSES = 2
    EVERYTHING = 3


@dataclass(frozen=True, slots=True, order=True)
class _Who:
    """``subscriber`` is 0 and ``newsletter`` empty for an event of no delivery; ``address`` is canonical."""

    subscriber: int
    address: str
    newsletter: str


@dataclass(frozen=True, slots=True)
class _Ear:
    database: Database
    key: bytes
    report: HearReport
    trust: _Trust

    def take_in(self, told: Iterable[Event], now: datetime, body: Received | None = None) -> list[_Placed]:
        """Each event with whose it is, once; all of it is committed, together with the end of ``body``."""
        unique = list({(one.carrier, one.key): one for one in told}.values())
        with self.database.read() as connection:
            found = events.known(connection, unique)
            placed = _placed(connection, unique)
        fresh = [(one, line) for one, line in placed if not events.is_known(one, found)]
        self._act(fresh, now)
        with self.database.begin() as connection:
            if body is None or events.done(connection, body.id):
                self._keep(connection, placed, now)
        self._count(placed, fresh)
        return placed

    def _act(self, fresh: Iterable[_Placed], now: datetime) -> None:
        """For people, from what is new only: somebody whom staff took back stays until something else is heard."""
        for who, theirs in sorted(_by_person(fresh).items()):
            meaning = heard(*_NOTHING, theirs)
            if meaning.suppress and (who.subscriber or self.trust >= _Trust.BAD_ADDRESSES):
                with self.database.begin() as connection:
                    self.report.suppressed += _suppress(connection, self.key, who, meaning.suppress, now)
            if meaning.unsubscribe and (who.subscriber or self.trust >= _Trust.EVERYTHING):
                with self.database.begin() as connection:
                    self.report.unsubscribed += _unsubscribe(connection, who, theirs[0].carrier, now)

    def _keep(self, connection: Connection, placed: Iterable[_Placed], now: datetime) -> None:
        changed = events.add(connection, [(one, line.id if line else None) for one, line in placed], now)
        lines = events.lock(connection, changed)
        everything = events.of(connection, lines)
        told = [self._told(connection, line, everything[one]) for one, line in sorted(lines.items())]
        events.write(connection, told, now)
        tallies.heard(connection, lines)

    def _told(self, connection: Connection, line: Line, everything: Collection[Event]) -> Told:
        if line.state is DeliveryState.CLAIMED and line.was_tried:
            # An earlier attempt got through after all: this one must not be marked any more.
            claims.recall(connection, subscriber=line.subscriber)
        meaning = heard(line.state, line.reason, everything)
        if meaning.state is not line.state:
            self.report.changed[meaning.state] += 1
        return Told(line.id, meaning.state, meaning.reason, meaning.delivered_at)

    def _count(self, placed: Sequence[_Placed], fresh: Sequence[_Placed]) -> None:
        self.report.again += len(placed) - len(fresh)
        self.report.unknown += sum(line is None for _, line in fresh)
        self.report.events.update(one.kind for one, _ in fresh)


def _placed(connection: Connection, told: Sequence[Event]) -> list[_Placed]:
    numbers = {one.delivery for one in told if one.delivery}
    letters = {_letter(one) for one in told if one.message_id and not one.delivery}
    named = events.named(connection, numbers) if numbers else {}
    mailed = events.mailed(connection, letters)
    return [(one, _whose(one, named.get(one.delivery) or mailed.get(_letter(one)))) for one in told]


def _letter(one: Event) -> tuple[str, str]:
    """What finds the delivery of an event that does not name it: neither is enough without the other."""
    return _canonical(one.recipient), one.message_id


def _whose(one: Event, line: Line | None) -> Line | None:
    """``line``, unless it is somebody else's: another newsroom of the same account numbers deliveries as we do."""
    address = _canonical(one.recipient)
    is_same = line is not None and (not address or not line.canonical or address == line.canonical)
    return line if is_same else None


def _by_person(fresh: Iterable[_Placed]) -> dict[_Who, list[Event]]:
    found: dict[_Who, list[Event]] = {}
    for one, line in fresh:
        address = (line.canonical if line else "") or _canonical(one.recipient)
        who = _Who(line.subscriber if line else 0, address, line.newsletter if line else "")
        found.setdefault(who, []).append(one)
    return found


def _suppress(connection: Connection, key: bytes, who: _Who, reason: str, now: datetime) -> bool:
    """Nobody of ours has the address: its hash keeps lists from bringing it."""
    if not who.address:
        return False
    person = _person(connection, who)
    hashed = address_hash(key, who.address)
    if person:
        return subscribers.suppress_person(connection, person, hashed, reason, now)
    subscribers.suppress(connection, hashed, reason, now)
    return False


def _unsubscribe(connection: Connection, who: _Who, source: str, now: datetime) -> int:
    """From the newsletter of the delivery, or from all where the wish was about no delivery; how many ended."""
    person = subscribers.by_id(connection, _person(connection, who))
    held = [one.newsletter for one in person.subscriptions] if person else []
    ending = [who.newsletter] if who.newsletter else held
    return sum(
        subscribers.unsubscribe(connection, person.id, newsletter, source, now)
        for newsletter in ending
        if person
    )


def _person(connection: Connection, who: _Who) -> int:
    if who.subscriber:
        return who.subscriber
    person = subscribers.by_canonical(connection, who.address) if who.address else None
    return person.id if person else 0


def _canonical(address: str) -> str:
    """Empty for what nobody of ours can have as an address."""
    try:
        return canonical(address)
    except UnsafeValue:
        return ""
