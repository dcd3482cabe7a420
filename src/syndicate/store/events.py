"""What came back: raw bodies until they are read, events once each, and what they mean for the ledger's lines.

receive (the door) -> unread -> known (which events are new) -> place (whose they are) -> add -> write -> done
                             -> set_aside (could not be read; kept until somebody looks)
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from syndicate.model import DeliveryState, Event, EventKind
from syndicate.store.chunks import among, chunks
from syndicate.store.tables import Moment, delivery, event, issue, received, subscriber, volume

_ASIDE = "aside:"
"""Before the carrier's name of what could not be read."""

_LONGEST_KEY = 128
_LARGEST_NUMBER = 2**63 - 1
_PATIENCE = "500ms"


@dataclass(frozen=True, slots=True)
class Received:
    """A body as a provider sent it, and when."""

    id: int
    carrier: str
    body: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """What is known of a delivery when something of it comes back. ``canonical`` is empty for somebody erased."""

    id: int
    subscriber: int
    canonical: str
    newsletter: str
    message_id: str
    state: DeliveryState
    reason: str
    was_tried: bool


def receive(connection: Connection, carrier: str, body: bytes, now: datetime) -> int:
    """Keep a body until it is read; its number."""
    insert = received.insert().values(carrier=carrier, body=body, at=now).returning(received.c.id)
    return int(connection.execute(insert).scalar_one())


def unread(connection: Connection, limit: int, after: int = 0) -> list[Received]:
    """At most ``limit`` bodies, oldest first, numbered above ``after``; what was set aside is not among them."""
    where = (received.c.id > after, ~received.c.carrier.startswith(_ASIDE, autoescape=True))
    rows = connection.execute(select(received).where(*where).order_by(received.c.id).limit(limit))
    return [Received(row.id, row.carrier, row.body, row.at) for row in rows]


def done(connection: Connection, identity: int) -> bool:
    """Forget a body; False when another reader has (it waits for one that is about to)."""
    return connection.execute(delete(received).where(received.c.id == identity)).rowcount == 1


def set_aside(connection: Connection, one: Received) -> None:
    """Keep a body that could not be read, out of the way of others."""
    values = {"carrier": f"{_ASIDE}{one.carrier}"[:40]}
    connection.execute(update(received).where(received.c.id == one.id).values(values))


def aside(connection: Connection) -> int:
    """How many bodies could not be read."""
    where = received.c.carrier.startswith(_ASIDE, autoescape=True)
    return connection.execute(select(func.count()).select_from(received).where(where)).scalar_one()


def read_again(connection: Connection) -> int:
    """Put what was set aside back, for a syndicate that has learned to read it; how many."""
    where = received.c.carrier.startswith(_ASIDE, autoescape=True)
    name = func.substr(received.c.carrier, len(_ASIDE) + 1)
    return connection.execute(update(received).where(where).values(carrier=name)).rowcount


def known(connection: Connection, events: Iterable[Event]) -> set[tuple[str, str]]:
    """(carrier, key) of those that were heard before."""
    keys: dict[str, list[str]] = {}
    for one in events:
        keys.setdefault(one.carrier, []).append(_key(one))
    found: set[tuple[str, str]] = set()
    for carrier, of in keys.items():
        for some in chunks(of):
            where = (event.c.carrier == carrier, event.c.key.in_(some))
            found |= {
                (carrier, key) for key in connection.execute(select(event.c.key).where(*where)).scalars()
            }
    return found


def is_known(one: Event, found: Collection[tuple[str, str]]) -> bool:
    """Whether an event is among those of :func:`known`."""
    return (one.carrier, _key(one)) in found


def add(connection: Connection, placed: Iterable[tuple[Event, int | None]], now: datetime) -> set[int]:
    """Keep events with the delivery each is about, once; the deliveries of which something new was heard."""
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    # In one order for everybody: two who add the same events would else wait for each other.
    rows = sorted((_row(one, of, now) for one, of in placed), key=lambda row: (row["carrier"], row["key"]))
    if not rows:
        return set()
    once = insert(event).on_conflict_do_nothing(index_elements=["carrier", "key"]).returning(event.c.delivery)
    return {of for of in connection.execute(once, rows).scalars() if of}


def of(connection: Connection, ids: Collection[int]) -> dict[int, list[Event]]:
    """Every event of each delivery."""
    found: dict[int, list[Event]] = {}
    for row in connection.execute(select(event).where(among(connection, event.c.delivery, ids))):
        found.setdefault(row.delivery, []).append(_event(row))
    return found


def of_subscriber(connection: Connection, identity: int) -> list[Event]:
    """Every event of what one person was mailed, oldest first."""
    theirs = select(delivery.c.id).where(delivery.c.subscriber == identity)
    rows = connection.execute(select(event).where(event.c.delivery.in_(theirs)).order_by(event.c.id))
    return [_event(row) for row in rows]


def named(connection: Connection, ids: Collection[int]) -> dict[int, Line]:
    """The lines of the ledger with these numbers, those that there are."""
    possible = [one for one in ids if 0 < one <= _LARGEST_NUMBER]
    rows = connection.execute(_lines().where(among(connection, delivery.c.id, possible)))
    return {row.id: _line(row) for row in rows}


def mailed(connection: Connection, letters: Collection[tuple[str, str]]) -> dict[tuple[str, str], Line]:
    """(canonical address, Message-ID) to the line of the ledger.

    By way of the addresses: the Message-ID alone is not looked for, a ledger has millions of them.
    """
    found: dict[tuple[str, str], Line] = {}
    addresses = sorted({address for address, _ in letters if address})
    for some in chunks(addresses):
        for row in connection.execute(_lines().where(subscriber.c.canonical.in_(some))):
            if (row.canonical, row.message_id) in letters:
                found[row.canonical, row.message_id] = _line(row)
    return found


def lock(connection: Connection, ids: Collection[int]) -> dict[int, Line]:
    """:func:`named`, and nobody else changes them until the end of the transaction.

    Whoever sends must never wait for us, nor be stopped as one of two that wait for each other: we give up first, with
    StoreError, and come again.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE}'"))
        where = among(connection, delivery.c.id, ids)
        connection.execute(select(delivery.c.id).where(where).order_by(delivery.c.id).with_for_update())
    return named(connection, ids)


@dataclass(frozen=True, slots=True)
class Told:
    """What was heard of a delivery, to be written into its line."""

    id: int
    state: DeliveryState
    reason: str
    delivered_at: datetime | None


def write(connection: Connection, told: Collection[Told], now: datetime) -> None:
    """Each into its line; one that had not ended has now."""
    statement = (
        update(delivery)
        .where(delivery.c.id == bindparam("_id"))
        .values(
            state=bindparam("_state"),
            reason=bindparam("_reason"),
            delivered_at=bindparam("_delivered_at"),
            settled_at=func.coalesce(delivery.c.settled_at, bindparam("_now", type_=Moment)),
            due_at=None,
        )
    )
    rows = [
        {
            "_id": one.id,
            "_state": one.state,
            "_reason": _text(one.reason),
            "_delivered_at": one.delivered_at,
            "_now": now,
        }
        for one in told
    ]
    if rows:
        connection.execute(statement, rows)


def _lines() -> Any:
    columns = ("id", "subscriber", "message_id", "state", "reason", "handed_at")
    return (
        select(*(delivery.c[name] for name in columns), subscriber.c.canonical, issue.c.newsletter)
        .join(issue, issue.c.id == delivery.c.issue)
        .join(subscriber, subscriber.c.id == delivery.c.subscriber, isouter=True)
    )


def _line(row: Row[*tuple[Any, ...]]) -> Line:
    return Line(
        id=row.id,
        subscriber=row.subscriber,
        canonical=row.canonical or "",
        newsletter=row.newsletter,
        message_id=row.message_id,
        state=DeliveryState(row.state),
        reason=row.reason,
        was_tried=row.handed_at is not None,
    )


def _row(one: Event, of: int | None, now: datetime) -> dict[str, Any]:
    return {
        "carrier": one.carrier,
        "key": _key(one),
        "delivery": of,
        "kind": one.kind,
        "at": one.at,
        "detail": _text(one.detail),
        "is_machine": one.is_machine,
        "raw": _text(one.raw),
        "heard_at": now,
    }


def _event(row: Row[*tuple[Any, ...]]) -> Event:
    return Event(
        carrier=row.carrier,
        key=row.key,
        kind=EventKind(row.kind),
        at=row.at,
        delivery=row.delivery,
        detail=row.detail,
        is_machine=row.is_machine,
        raw=row.raw,
    )


def _key(one: Event) -> str:
    """A key that is too long for its column, or that a database would refuse, as a hash."""
    is_fit = len(one.key) <= _LONGEST_KEY and _text(one.key) == one.key
    return one.key if is_fit else f"sha256:{sha256(one.key.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _text(value: str) -> str:
    """Without what PostgreSQL refuses in a text: NUL, and halves of characters."""
    return value.replace("\0", "").encode("utf-8", "replace").decode()


def last_pull(connection: Connection, carrier: str) -> str:
    """The day (UTC, ISO) on which the carrier's own list of suppressions was last taken over; empty for never."""
    where = volume.c.carrier == f"{carrier} suppressions"
    return connection.execute(select(func.max(volume.c.day)).where(where)).scalar() or ""


def note_pull(connection: Connection, carrier: str, events: int, now: datetime) -> None:
    """That it was taken over today, with so many entries. Not twice a day."""
    values = {"carrier": f"{carrier} suppressions", "day": now.date().isoformat(), "messages": events}
    connection.execute(volume.insert().values(values))
